#!/bin/bash
# SPDX-License-Identifier: MIT
# Dumps of MariaDB and MySQL, packed and encrypted as they are sealed: restored, compared, and refused when they are cut.
# How each wrapping is told whole, damaged or locked is the business of format_wrappings.sh.
# usage: format_wrappings_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
sql "" "CREATE DATABASE shop"
sql shop "CREATE TABLE goods (id INT PRIMARY KEY, name VARCHAR(100), KEY (name)) ENGINE=InnoDB;
	INSERT INTO goods WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, MD5(i) FROM n"
(umask 077 && echo "correct horse" >pw && echo "wrong horse" >wrong && age-keygen -o id 2>/dev/null)
verify() { "$reprove" verify --target shop --trust reprove.pub --manifest m.json --state none "$@"; }
gpg="gpg --homedir $work/keys --batch --quiet --pinentry-mode loopback --passphrase-file pw --symmetric"

mkdir -m 700 keys

while IFS='|' read -r name first second options; do
	filters=(--backup-filter "$first")
	[ -z "$second" ] || filters+=(--backup-filter "$second")
	runs 0 "$name: sealed" "$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest m.json --backup "$name" "${filters[@]}"
	# shellcheck disable=SC2086
	runs 0 "$name: verified" verify $options "$name"
	head -c $(($(stat -c %s "$name") * 2 / 3)) "$name" >cut
	# shellcheck disable=SC2086
	runs 1 "$name: cut" verify $options cut
	has "truncated" "$name: that is said" "$out"
done <<-TABLE
	zst.enc|zstd -qc|openssl enc -aes-256-cbc -pbkdf2 -iter 20000 -pass file:pw|--passphrase-file pw --openssl-kdf pbkdf2:20000
	xz.age|xz -0c|age -r $(age-keygen -y id)|--identity id
	gpg|$gpg||--passphrase-file pw
TABLE
gpgconf --homedir "$work/keys" --kill gpg-agent
runs 2 "another password is no fault of the backup" verify --passphrase-file wrong gpg
has "the backup itself is intact" "for its digest is the sealed one" "$out"
tap_done
