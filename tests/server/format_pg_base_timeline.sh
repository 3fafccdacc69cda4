#!/bin/bash
# SPDX-License-Identifier: MIT
# A log that branches: the source goes on from a restore point, on a timeline of its own. And files of a server at rest.
# usage: format_pg_base_timeline.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/pg_base.sh"
pg_begin
pg_base_begin
kill -INT "$pg_pid"
wait "$pg_pid"

cp -rL pg/data rest
last 3005
runs 0 "files of a server at rest" bare --smoke last.sql rest
rm -r rest/pg_wal
runs 1 "without their log" bare rest

# The source, restored to the point and promoted.
cp -r plain pg/branch
oid=$(ls plain/pg_tblspc)
cp -r ts-copy pg/branch-ts && ln -sfn "$work/pg/branch-ts" "pg/branch/pg_tblspc/$oid"
cat >>pg/branch/postgresql.auto.conf <<-CONF
	restore_command = 'cp $arch/%f %p'
	recovery_target_name = 'here'
	recovery_target_action = promote
CONF
touch pg/branch/recovery.signal
[ ${#as_server[@]} -eq 0 ] || chown -R "$pg_user" pg/branch pg/branch-ts
(cd "$work" && exec "${as_server[@]}" postgres -D "$work/pg/branch" -c listen_addresses= -c "unix_socket_directories=$work/socket" \
	-c fsync=off -c wal_level=logical -c archive_mode=on -c "archive_command=cp %p $arch/%f" -c max_prepared_transactions=3) >branch.log 2>&1 &
pg_pid=$!
for ((i = 0; i < 200; i++)); do
	[ "$(sql shop 'SELECT pg_is_in_recovery()' 2>/dev/null)" = f ] && break
	sleep 0.1
done
sql shop "INSERT INTO goods VALUES (4001, 'on the second timeline')"
runs 0 "sealed on the second timeline" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest second.json --physical
sql shop "INSERT INTO goods VALUES (4002, 'behind the seal')"
segment=$(sql shop "SELECT pg_walfile_name(pg_switch_wal())")
for ((i = 0; i < 100; i++)); do
	[ "$(sql shop "SELECT last_archived_wal >= '$segment' FROM pg_stat_archiver")" = t ] && break
	sleep 0.1
done
runs 0 "a backup of the first, verified on the second" verify --trust reprove.pub --manifest second.json --logs "$arch" plain
runs 0 "and by the manifest of the first" sealed plain
last 4002
runs 0 "the end is that of the newest" bare --logs "$arch" --smoke last.sql plain
rm "$arch/00000002.history"
runs 1 "without the second's history" verify --trust reprove.pub --manifest second.json --logs "$arch" plain
has "00000002.history" "it is named" "$out"
tap_done
