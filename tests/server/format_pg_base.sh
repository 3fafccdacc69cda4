#!/bin/bash
# SPDX-License-Identifier: MIT
# Base backups of PostgreSQL: each form that pg_basebackup makes is restored, recovered to the sealed moment and to others, and
# compared; what is damaged, missing or hostile is caught, and nothing of it runs.
# usage: format_pg_base.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_initdb=(--data-checksums)
arch=$work/arch
install -d -m 777 "$arch" "$work/ts"
[ ${#as_server[@]} -eq 0 ] || chown "$pg_user" "$work/ts"
pg_start wal_level=logical archive_mode=on "archive_command=cp %p $arch/%f" max_prepared_transactions=3 max_wal_size=64MB
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
major=$(sql postgres "SELECT current_setting('server_version_num')::int / 10000")

sql postgres "CREATE TABLESPACE fast LOCATION '$work/ts'"
createdb shop
sql shop "CREATE TABLE goods (id int PRIMARY KEY, name text);
	INSERT INTO goods SELECT i, 'thing ' || md5(i::text) FROM generate_series(1, 2000) i; CREATE INDEX ON goods (name);
	CREATE TABLE elsewhere (id serial PRIMARY KEY, t text) TABLESPACE fast; INSERT INTO elsewhere (t) SELECT 'x' FROM generate_series(1, 200);
	CREATE UNLOGGED TABLE passing (id int PRIMARY KEY); INSERT INTO passing SELECT generate_series(1, 20);
	CHECKPOINT"
pg_basebackup -D plain -X stream -c fast --tablespace-mapping="$work/ts=$work/ts-copy"
pg_basebackup -D tars -X stream -c fast -Ft
sql shop "INSERT INTO goods VALUES (3001, 'before the point')"
sql shop "SELECT pg_create_restore_point('here')" >/dev/null
point=$(sql shop "SELECT pg_current_wal_lsn()")
sql shop "INSERT INTO goods VALUES (3002, 'behind the point')"
sleep 0.1
moment=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
sleep 0.1
sql shop "INSERT INTO goods VALUES (3003, 'behind the time')"
runs 0 "sealed with a place in the log" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest s.json --physical
has "logical slot" "by a logical slot" "$out"
sql shop "INSERT INTO goods VALUES (3004, 'behind the seal')"
sql shop "SELECT pg_switch_wal()" >/dev/null
sql shop "INSERT INTO goods VALUES (3005, 'last')"
sql shop "SELECT pg_switch_wal(); CHECKPOINT" >/dev/null
for ((i = 0; i < 100; i++)); do
	[ "$(sql shop "SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver")" = t ] && break
	sleep 0.1
done

verify() { "$reprove" verify --state none --target shop "$@"; }
sealed() { verify --trust reprove.pub --manifest s.json --logs "$arch" "$@"; }
bare() { verify --no-manifest --database shop "$@"; }
last() { # EXPECTED: the newest of the goods
	printf -- '-- expect: value %s\nSELECT max(id) FROM public.goods\n' "$1" >last.sql
}

# The forms.
runs 0 "a data directory, with a tablespace: verified" sealed --reports plain-out plain
has "recovered to" "says where recovery stopped" "$(cat plain-out/result.json)"
has "unlogged table" "says why an unlogged table is empty" "$(cat plain-out/result.json)"
runs 0 "tars: verified" sealed tars
mkdir tgz && for file in tars/*.tar; do gzip -1 -c "$file" >"tgz/$(basename "$file").gz"; done && cp tars/backup_manifest tgz
for tool in zstd lz4; do
	if [ "$major" -ge 15 ]; then
		pg_basebackup -D $tool -X none -c fast -Ft --compress=client-$tool || cp -r tars $tool
	fi
done
