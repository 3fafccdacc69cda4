#!/bin/bash
# SPDX-License-Identifier: MIT
# Sealed on one version, verified on every one that can take it: nothing fails, and on the same version nothing even
# drifts; there also of a base backup, recovered to the sealed place in the log. Needs tests/server-matrix install pg13 pg15 pg17 pg18; `make matrix` does that first.
# usage: matrix.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/tap.sh"
versions=(${RP_VERSIONS:-13 15 17 18})
fixtures=(shop library billing telemetry everything)
# The programs themselves, unpacked or the system's: what server-matrix puts in front are scripts, and the box has no shell.
bindir() {
	realpath -e -q "$("$root/tests/server-matrix" bindir "pg$1")/../root/usr/lib/postgresql/$1/bin" || echo "/usr/lib/postgresql/$1/bin"
}

seal_on() { # VERSION: every fixture, into $kept; and again in a place of the log that a base backup is recovered to
	(
		RP_PG_BINDIR=$(bindir "$1")
		. "$root/tests/lib/postgres.sh"
		pg_begin
		pg_initdb=(--data-checksums)
		arch=$work/arch
		install -d -m 777 "$arch"
		pg_start wal_level=logical archive_mode=on "archive_command=cp %p $arch/%f"
		for db in "${fixtures[@]}"; do
			sed -f <(only_for "$1") "$root/fixtures/postgres/$db.sql" >"$work/$db.sql"
			pg_load "$db" "$work/$db.sql" 2>"$work/load.err" || { head -3 "$work/load.err" >&2; continue; }
			REPROVE_SERVERS=$RP_PG_BINDIR "$reprove" seal --source "$(pg_uri "$db")" --key "$kept/reprove.key" \
				--manifest "$kept/$1-$db.json" --backup "$kept/$1-$db.dump" >"$work/seal.out" 2>&1 || cat "$work/seal.out" >&2
		done
		pg_basebackup -D "$kept/$1-base" -X stream -c fast || exit
		for db in "${fixtures[@]}"; do
			REPROVE_SERVERS=$RP_PG_BINDIR "$reprove" seal --source "$(pg_uri "$db")" --key "$kept/reprove.key" --physical \
				--manifest "$kept/$1-$db-physical.json" >"$work/seal.out" 2>&1 || cat "$work/seal.out" >&2
		done
		sql postgres "CREATE TABLE last ()"
		last=$(sql postgres "SELECT pg_walfile_name(pg_current_wal_lsn())")
		sql postgres "SELECT pg_switch_wal()" >/dev/null
		for ((i = 0; i < 300; i++)); do
			[ ! -e "$arch/$last" ] || [ -e "$work/pg/data/pg_wal/archive_status/$last.ready" ] || break
			sleep 0.1
		done
		cp -r "$arch" "$kept/$1-logs"
	)
}

# What version 13 does not know yet.
only_for() {
	[ "$1" -ge 14 ] || printf '%s\n' 's/, bitrates int4multirange//' 's/, bitrates)/)/' "s/, '{\[64,128),\[192,320\]}'//" \
		's/ COMPRESSION pglz//' "s/, 'Infinity'\\]/, 7]/"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/rp-XXXXXX")
kept=$work/kept
mkdir "$kept"
chmod 711 "$work"
trap 'rm -rf "$work"' EXIT
"$reprove" keygen "$kept" >/dev/null
for from in "${versions[@]}"; do
	seal_on "$from"
	for db in "${fixtures[@]}"; do
		[ -s "$kept/$from-$db.json" ]
		tap $? "$db is sealed on $from" || continue
		for to in "${versions[@]}"; do
			[ "$to" -ge "$from" ] || continue
			REPROVE_SERVERS=$(bindir "$to") runs 0 "$db of $from verifies on $to" "$reprove" verify --state none --target "$db" \
				--manifest "$kept/$from-$db.json" --trust "$kept/reprove.pub" --reports "$work/out" "$kept/$from-$db.dump"
			[ "$to" -ne "$from" ] || { ! grep -q '"cause": "version"' "$work/out/result.json"; tap $? "and nothing drifts"; }
		done
		REPROVE_SERVERS=$(bindir "$from") runs 0 "$db of $from verifies physically" "$reprove" verify --state none --target "$db" --reports "$work/out" \
			--manifest "$kept/$from-$db-physical.json" --trust "$kept/reprove.pub" --logs "$kept/$from-logs" "$kept/$from-base"
		! grep -q '"cause": "version"' "$work/out/result.json"
		tap $? "and nothing drifts"
	done
done
tap_done
