#!/bin/bash
# SPDX-License-Identifier: MIT
# Sealed under write load for a physical backup: recovered to the sealed place, a base backup that was made before is
# what was sealed; by a logical slot, by a lock of all tables, on a paused standby. Where no place can be had, what
# differs is no damage.
# usage: seal_physical.sh REPROVE SOURCE_ROOT [SEALS]
set -u
reprove=$(realpath "$1") root=$2 seals=${3:-2}
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/repositories.sh"
pg_begin
servers_dir "$work/archive" "$work/base" "$work/standby"
settings=(archive_mode=on "archive_command=cp %p $work/archive/%f" synchronous_commit=off max_wal_size=1GB)
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
seal() { "$reprove" seal --source "$(pg_uri bench)" --key reprove.key --physical --json "$@"; }
verify() { "$reprove" verify --state none --target bench --trust reprove.pub "$@"; }
load() {
	pgbench -n -f script.sql -c 4 -j 2 -R 400 -T 3600 bench >/dev/null 2>&1 &
	load=$!
	sleep 0.5
}
unload() {
	kill -0 "$load" 2>/dev/null
	tap $? "the load went on all the time"
	kill "$load"
	wait "$load" 2>/dev/null
}
said() { jq -r ".recovery.$1" "$work/stdout"; }

pg_start wal_level=logical "${settings[@]}"
createdb bench && pgbench -q -i -s 1 bench >/dev/null 2>&1 || exit 1
sql bench "CREATE SEQUENCE ticket; CREATE TABLE tickets (id bigint DEFAULT nextval('ticket') PRIMARY KEY, at timestamptz DEFAULT now())"
cat >script.sql <<'S'
\set a random(1, 100000)
\set d random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :d WHERE aid = :a;
UPDATE pgbench_branches SET bbalance = bbalance + :d WHERE bid = 1;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, :a, :d, now());
INSERT INTO tickets DEFAULT VALUES;
DELETE FROM pgbench_history WHERE ctid = (SELECT min(ctid) FROM pgbench_history);
COMMIT;
S
"${as_server[@]}" pg_basebackup -D "$work/base" -c fast -X none >/dev/null 2>&1 || exit 1
"${as_server[@]}" pg_basebackup -D "$work/standby" -c fast -X stream -R >/dev/null 2>&1 || exit 1

load
for ((i = 1; i <= seals; i++)); do
	options=()
	[ "$i" -gt 1 ] || options=(--backup slot1.dump)
	runs 0 "seal $i under load" seal --manifest "slot$i.json" "${options[@]}"
	[ "$(said recovery_by)" = "logical slot" ]
	tap $? "has its place by a slot" || echo "# $out" >&2
	sleep 0.1
done
# Rights that are not there are named, with what to do.
sql bench "CREATE ROLE reader LOGIN BYPASSRLS; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader"
runs 0 "without rights it is sealed all the same" "$reprove" seal --source "postgresql://reader@/bench?host=$work/socket" --key reprove.key \
	--physical --manifest none.json
has "not snapshot-bound" "and warns" "$err"
has "ALTER ROLE reader REPLICATION" "and says what to do" "$err"
has "permission denied" "also for the lock" "$err"
sql postgres "ALTER ROLE reader REPLICATION"
runs 0 "a slot and read rights are enough" "$reprove" seal --source "postgresql://reader@/bench?host=$work/socket" --key reprove.key \
	--physical --manifest reader.json --json
[ "$(said recovery_by)" = "logical slot" ]
tap $? "for a place" || echo "# $out" >&2
unload
[ "$(sql postgres "SELECT count(*) FROM pg_replication_slots")" = 0 ]
tap $? "no slot is left"

# A standby that replays, and one that does not.
pg_standby() { (cd "$work" && exec "${as_server[@]}" postgres -D "$work/standby" -c listen_addresses= -c port=5433 -c archive_mode=off \
	-c "unix_socket_directories=$work/socket" -c fsync=off -c "primary_conninfo=host=$work/socket user=postgres") >"$work/standby.log" 2>&1 & standby=$!; }
on_standby() { psql -X -q -At -p 5433 -d postgres -c "$1" 2>/dev/null; }
pg_standby
for ((i = 0; i < 200; i++)); do
	[ "$(on_standby "SELECT pg_last_wal_replay_lsn() IS NOT NULL AND EXISTS (SELECT FROM pg_stat_wal_receiver)")" = t ] && break
	sleep 0.1
done
load
runs 0 "on a standby that goes on replaying" "$reprove" seal --source "postgresql://postgres@/bench?host=$work/socket&port=5433" \
	--key reprove.key --physical --manifest replays.json
has "pg_wal_replay_pause()" "there is no place, and it is told how to have one" "$err"
on_standby "SELECT pg_wal_replay_pause()"
sleep 0.3
runs 0 "on a paused one" "$reprove" seal --source "postgresql://postgres@/bench?host=$work/socket&port=5433" --key reprove.key --physical \
	--manifest standby.json --json
[ "$(said recovery_by)" = "paused standby" ]
tap $? "the place is where it stands" || echo "# $out" >&2
unload
kill -INT "$standby"
wait "$standby" 2>/dev/null

# Without logical decoding it takes a lock.
log_archived || exit 1
pg_stop
pg_run wal_level=replica "${settings[@]}"
load
for ((i = 1; i < seals; i++)); do
	runs 0 "under load, without logical decoding, seal $i" seal --manifest "lock$i.json"
	[ "$(said recovery_by)" = "share lock" ]
	tap $? "has its place under a lock" || echo "# $out" >&2
	held=$(jq .heldMs "$work/stdout")
	[ "$held" -lt 5000 ]
	tap $? "of $held ms, as it says"
done
unload
log_archived || exit 1
pg_stop

for manifest in slot*.json standby.json lock*.json; do
	runs 0 "the base backup is what was sealed: ${manifest%.json}" verify --manifest "$manifest" --logs archive --reports r base
done
runs 0 "so is the dump of the same seal" verify --manifest slot1.json slot1.dump
runs 2 "without a place, what differs is no damage" verify --manifest none.json --logs archive --reports none base
has '"moment"' "and its cause is the moment" "$(cat none/result.json)"
has "sealed" "which is said" "$out"
tap_done
