#!/bin/bash
# SPDX-License-Identifier: MIT
# Every exit status, one by one: what it means is in `reprove --help`.
# usage: exit_status.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
pg_load shop "$root/fixtures/postgres/shop.sql" || exit 1
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
mkdir other && "$reprove" keygen other >/dev/null
"$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m.json --backup shop.dump >/dev/null 2>&1
verify() { "$reprove" verify --target shop --manifest m.json --trust reprove.pub "$@"; }

runs 0 "0: verified" verify shop.dump

# 1: not what was sealed
head -c 3000 shop.dump >cut.dump
runs 1 "1: a truncated archive" verify --reports cut cut.dump
has "restore.complete" "which is a failed restore" "$(cat cut/result.json)"
printf 'no dump at all\n' >text.dump
runs 1 "1: no backup at all" verify text.dump
: >empty.dump
runs 1 "1: an empty file" verify empty.dump
pg_dump shop >shop.sql
head -c 400000 shop.sql >cut.sql
runs 1 "1: a plain dump cut inside COPY, which psql loads with exit status 0" verify cut.sql

# 2: could not tell
runs 2 "2: no server binary" env REPROVE_SERVERS=/nonexistent "$reprove" verify --target shop --manifest m.json --trust reprove.pub shop.dump
has "postgresql-15" "with the package that would help" "$out$err"
runs 2 "2: every check skipped" verify --check restore.time shop.dump
runs 2 "2: a required check skipped" verify --skip relation.digest shop.dump
createdb empty
"$reprove" seal --source "$(pg_uri empty)" --key reprove.key --manifest empty.json --backup empty-db.dump >/dev/null 2>&1
runs 2 "2: no relation at all" "$reprove" verify --target empty --manifest empty.json --trust reprove.pub empty-db.dump
runs 2 "2: the backup cannot be read" verify nowhere.dump
runs 2 "2: no time left" verify --timeout 1s --tmpdir "$work" shop.dump
runs 2 "2: seal: nobody listens there" "$reprove" seal --source "postgresql://postgres@/shop?host=$work/nowhere" --key reprove.key --manifest x.json
sql postgres "CREATE ROLE pw LOGIN PASSWORD 'right'"
runs 2 "2: seal: no such database" "$reprove" seal --source "$(pg_uri nosuch)" --key reprove.key --manifest x.json
[ ! -e x.json ]
tap $? "and no manifest is left behind"

# 3: not trusted
sed 's/"payload": *"./&A/' m.json >edited.json
truncated() { head -c 500 m.json >short.json; "$reprove" verify --target shop --manifest short.json --trust reprove.pub shop.dump; }
runs 3 "3: an edited manifest" "$reprove" verify --target shop --manifest edited.json --trust reprove.pub shop.dump
runs 3 "3: a truncated manifest" truncated
runs 3 "3: no manifest" "$reprove" verify --target shop --manifest none.json --trust reprove.pub shop.dump
runs 3 "3: signed by another key" "$reprove" verify --target shop --manifest m.json --trust other/reprove.pub shop.dump
runs 3 "3: another target" "$reprove" verify --target staging --manifest m.json --trust reprove.pub shop.dump
has "staging" "named as expected" "$out$err"
runs 3 "3: show checks the signature too" "$reprove" show --trust other/reprove.pub m.json
runs 0 "and prints with the right key" "$reprove" show --trust reprove.pub m.json

# 4: used wrongly
runs 4 "4: no target" "$reprove" verify --manifest m.json --trust reprove.pub shop.dump
runs 4 "4: an unknown option" verify --nonsense shop.dump
runs 4 "4: an unknown check" verify --check no.such shop.dump
runs 4 "4: no command" "$reprove"
chmod 644 reprove.key
runs 4 "4: a key file that others can read" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest x.json
has "chmod 600" "with what to do" "$err"
chmod 600 reprove.key
if [ "$(id -u)" -ne 0 ]; then
	mkdir -m 500 locked
	runs 2 "2: reports cannot be written" verify --reports locked/out shop.dump
else
	: >file
	runs 2 "2: reports cannot be written" verify --reports file/out shop.dump
fi

# A run that is interrupted stops all it started and says so.
"$reprove" verify --target shop --manifest m.json --trust reprove.pub --reports stopped shop.dump >out 2>err &
pid=$!
for _ in $(seq 100); do
	[ -n "$(ls -d "${TMPDIR:-/tmp}"/reprove-*/srv/data 2>/dev/null)" ] && break
	sleep 0.05
done
kill -INT $pid
wait $pid
status=$?
[ $status -eq 2 ]
tap $? "2: interrupted" || { echo "# status $status"; head -20 err | sed 's/^/# /'; } >&2
has '"status": 2' "the recorded result says so" "$(head -20 stopped/result.json)"
ls -d "${TMPDIR:-/tmp}"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "and nothing is left" || sed 's/^/# /' left >&2

# kill -9 leaves things; the next run removes them.
"$reprove" verify --target shop --manifest m.json --trust reprove.pub shop.dump >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do
	[ -n "$(ls "${TMPDIR:-/tmp}"/reprove-*/srv/data/postmaster.pid 2>/dev/null)" ] && break
	sleep 0.05
done
kill -9 $pid
wait $pid 2>/dev/null
ls -d "${TMPDIR:-/tmp}"/reprove-* >left 2>/dev/null
[ -s left ]
tap $? "kill -9 leaves a directory"
runs 0 "the next run verifies" verify shop.dump
ls -d "${TMPDIR:-/tmp}"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "and has removed what the killed one left" || sed 's/^/# /' left >&2
tap_done
