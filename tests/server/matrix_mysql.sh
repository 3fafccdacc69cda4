#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB and MySQL: sealed on one version, verified on it and on every newer one of the same vendor: nothing fails,
# and on the same version nothing even drifts, restored from a copy of the server's files too. Needs tests/server-matrix install mariadb10.5 mariadb10.11 mariadb11.8
# mysql9; `make matrix` does that first.
# usage: matrix_mysql.sh REPROVE SOURCE_ROOT [NAME...]
set -u
reprove=$(realpath "$1") root=$2
shift 2
. "$root/tests/lib/tap.sh"
names=(mariadb10.5 mariadb10.11 mariadb11.8 mysql9)
[ $# -eq 0 ] || names=("$@")
bindir() { "$root/tests/server-matrix" bindir "$1"; }
# Where reprove finds its programs: the scripts in bindir start those of an unpacked installation.
programs() { realpath -e -q "$(bindir "$1")/../root/usr" || echo /usr; }
fixtures_for() { # NAME: the vendor's
	printf '%s\n' "$root"/fixtures/mysql/*.sql "$root/fixtures/${1%%[0-9]*}-only"/*.sql
}

seal_on() { # NAME: every fixture, into $kept; of MariaDB also what mariadb-backup makes of all of them
	(
		RP_MY_BINDIR=$(bindir "$1")
		. "$root/tests/lib/mysql.sh"
		. "$root/tests/lib/mariadb_backup.sh"
		my_begin
		my_start --log-bin=mysql-bin --server-id=7 --log-bin-trust-function-creators=1
		for fixture in $(fixtures_for "$1"); do
			db=$(basename "$fixture" .sql)
			my_load "$db" "$fixture" 2>"$work/load.err" || { head -3 "$work/load.err" >&2; continue; }
			REPROVE_SERVERS=$(programs "$1") "$reprove" seal --source "$(my_uri "$db")" --key "$kept/reprove.key" \
				--manifest "$kept/$1-$db.json" --backup "$kept/$1-$db.sql" >"$work/seal.out" 2>&1 || cat "$work/seal.out" >&2
		done
		[ "$my_vendor" = mariadb ] || exit
		mb_find && mb_backup --target-dir="$kept/$1-copy"
		for fixture in $(fixtures_for "$1"); do
			db=$(basename "$fixture" .sql)
			REPROVE_SERVERS=$(programs "$1") "$reprove" seal --source "$(my_uri "$db")" --key "$kept/reprove.key" \
				--manifest "$kept/$1-$db-copy.json" >"$work/seal.out" 2>&1 || cat "$work/seal.out" >&2
		done
	)
}

work=$(mktemp -d "${TMPDIR:-/tmp}/rp-XXXXXX")
kept=$work/kept
mkdir "$kept"
chmod 711 "$work"
trap 'rm -rf "$work"' EXIT
"$reprove" keygen "$kept" >/dev/null
for ((i = 0; i < ${#names[@]}; i++)); do
	from=${names[i]}
	seal_on "$from"
	for fixture in $(fixtures_for "$from"); do
		db=$(basename "$fixture" .sql)
		[ -s "$kept/$from-$db.json" ]
		tap $? "$db is sealed on $from" || continue
		for to in "${names[@]:i}"; do
			[ "${to%%[0-9]*}" = "${from%%[0-9]*}" ] || continue
			# A true loss, and found: MariaDB's dumps with history say 2038 for rows that are current, and from 11.5 on
			# that is in the past of 2106. Every row of such a table is history there.
			expected=0
			[ "$db $from $to" != "versioned mariadb10.11 mariadb11.8" ] || expected=1
			REPROVE_SERVERS=$(programs "$to") runs $expected "$db of $from verifies on $to ($expected)" "$reprove" verify --state none --target "$db" \
				--manifest "$kept/$from-$db.json" --trust "$kept/reprove.pub" --reports "$work/out" "$kept/$from-$db.sql"
			if [ "$to" = "$from" ]; then
				! grep -q '"cause": "version"' "$work/out/result.json"
				tap $? "and nothing drifts"
			else
				echo "# drift: $(grep -c '"cause": "version"' "$work/out/result.json")"
			fi
		done
		[ -d "$kept/$from-copy" ] || continue
		REPROVE_SERVERS=$(programs "$from") runs 0 "$db of $from verifies from a copy of its files" "$reprove" verify --state none --target "$db" \
			--manifest "$kept/$from-$db-copy.json" --trust "$kept/reprove.pub" --reports "$work/out" "$kept/$from-copy"
		! grep -q '"cause": "version"' "$work/out/result.json"
		tap $? "and nothing drifts"
	done
done
tap_done
