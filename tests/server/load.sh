#!/bin/bash
# SPDX-License-Identifier: MIT
# Under write load the survey and the backup are of one moment: twenty seals, twenty passes.
# usage: load.sh REPROVE SOURCE_ROOT [SEALS]
set -u
reprove=$(realpath "$1") root=$2 seals=${3:-20}
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start synchronous_commit=off
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
createdb bench && pgbench -q -i -s 2 bench >/dev/null 2>&1 || exit 1
sql bench "CREATE SEQUENCE ticket; CREATE TABLE tickets (id bigint DEFAULT nextval('ticket') PRIMARY KEY, at timestamptz DEFAULT now())"
cat >script.sql <<'S'
\set a random(1, 200000)
\set d random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :d WHERE aid = :a;
UPDATE pgbench_branches SET bbalance = bbalance + :d WHERE bid = 1;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, :a, :d, now());
INSERT INTO tickets DEFAULT VALUES;
DELETE FROM pgbench_history WHERE ctid = (SELECT min(ctid) FROM pgbench_history);
COMMIT;
S
pgbench -n -f script.sql -c 4 -j 2 -R 400 -T 3600 bench >/dev/null 2>&1 &
load=$!
for ((i = 1; i <= seals; i++)); do
	runs 0 "seal $i under load" "$reprove" seal --source "$(pg_uri bench)" --key reprove.key --manifest m.json --backup b.dump
	runs 0 "seal $i verifies" "$reprove" verify --target bench --manifest m.json --trust reprove.pub --reports out b.dump
done
kill -0 $load 2>/dev/null
tap $? "and the load went on all the time"
kill $load
tap_done
