#!/bin/bash
# SPDX-License-Identifier: MIT
# Backups in every wrapping, made by the real tools around a real dump: restored and compared, with nothing said of how
# they are packed; and whatever is wrong with one is told by its name.
# usage: format_wrappings.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
createdb small
sql small "CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 20000) i"
cd "$work" || exit 1
export HOME=$work/home
mkdir -m 700 home keys
"$reprove" keygen . >/dev/null
"$reprove" seal --source "$(pg_uri small)" --key reprove.key --manifest alone.json >/dev/null || exit 1
pg_dump small >dump.sql || exit 1
verify() { "$reprove" verify --target small --manifest alone.json --trust reprove.pub "$@"; }
# read_it FILE OPTION...: only as far as it takes to say what is wrong
read_it() { "$reprove" verify --target small --no-manifest "$@"; }

printf 'correct horse\n' >pw && printf 'wrong horse\n' >wrong && chmod 600 pw wrong
age-keygen -o id 2>/dev/null && age-keygen -o other 2>/dev/null
gpg="gpg --homedir $work/keys --batch --quiet --pinentry-mode loopback --trust-model always"
$gpg --passphrase '' --quick-gen-key 'backup@example.org' rsa2048 encr never 2>/dev/null
recipient=$(age-keygen -y id)
enc() { openssl enc -salt -pass file:pw "$@" 2>/dev/null; }
# What age asks for on a terminal.
age_password() {
	python3 -c '
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.dup2(os.open(sys.argv[1], os.O_RDONLY), 0)
    os.dup2(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT, 0o600), 1)
    os.execvp("age", ["age", "-p"])
for wait in b"Enter passphrase", b"Confirm passphrase":
    seen = b""
    while wait not in seen: seen += os.read(fd, 1000)
    time.sleep(0.2)
    os.write(fd, b"correct horse\n")
try:
    while os.read(fd, 1000): pass
except OSError: pass
sys.exit(os.waitpid(pid, 0)[1] != 0)' "$1" "$2"
}

gzip -c dump.sql >gz && bzip2 -c dump.sql >bz2 && xz -0 -c dump.sql >xz && zstd -q -c dump.sql >zst && lz4 -q -c dump.sql >lz4 || exit 1
enc -aes-256-cbc -pbkdf2 -in dump.sql >enc
enc -aes-256-cbc -pbkdf2 -iter 100000 -in zst >enc_iter
enc -aes-128-ctr -pbkdf2 -md sha512 -in dump.sql >enc_ctr
enc -aes-256-cbc -md md5 -in dump.sql >enc_old
enc -aes-256-cbc -pbkdf2 -a -in zst >enc_a
$gpg --passphrase-file pw -o gpg -c dump.sql && $gpg --passphrase-file pw -a -o gpg_a -c dump.sql &&
	$gpg -r backup@example.org -o gpg_key -e dump.sql && $gpg -r backup@example.org -a -o gpg_key_a -e dump.sql || exit 1
gpgconf --homedir "$work/keys" --kill gpg-agent
age -r "$recipient" -o age dump.sql && age -a -r "$recipient" -o age_a dump.sql && age_password dump.sql age_p || exit 1
zstd -q -c dump.sql | enc -aes-256-cbc -pbkdf2 | gzip -c >three && age -r "$recipient" -o four three || exit 1

# name: the layers as they are found, and the options that open them
openssl_old="--passphrase-file pw --openssl-kdf bytes-to-key:md5"
openssl_ctr="--passphrase-file pw --openssl-cipher aes-128-ctr --openssl-kdf pbkdf2:10000:sha512"
table="gz|
bz2|
xz|
zst|
lz4|
enc|--passphrase-file pw
enc_iter|--passphrase-file pw --openssl-kdf pbkdf2:100000
enc_ctr|$openssl_ctr
enc_old|$openssl_old
enc_a|--passphrase-file pw
gpg|--passphrase-file pw
gpg_a|--passphrase-file pw
gpg_key|--gnupghome keys
gpg_key_a|--gnupghome keys
age|--identity id
age_a|--identity id
age_p|--passphrase-file pw
three|--passphrase-file pw
four|--passphrase-file pw --identity id"
while IFS='|' read -r name options; do
	# shellcheck disable=SC2086
	runs 0 "$name: verified" verify $options "$name"
done <<<"$table"
tap_done
