#!/bin/bash
# SPDX-License-Identifier: MIT
# A backup is damaged on purpose, in a copy, and each damage is found; the copy is the scratch's and nothing else changes.
# usage: selftest.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
pg_load shop "$root/fixtures/postgres/shop.sql" || exit 1
runs 0 "sealed with its backup" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m.json --backup b.dump
selftest() { "$reprove" selftest --state none --target shop --manifest m.json --trust reprove.pub --reports out "$@"; }
answers() { # VERDICT: how many answers of selftest have it
	python3 -c 'import json, sys
print(sum(f["check"] == "selftest" and f["verdict"] == sys.argv[1] for f in json.load(open("out/result.json"))["findings"]))' "$1"
}
runs 0 "a good backup" selftest b.dump
[ "$(answers pass)" -eq 17 ] && [ "$(answers not-run)" -eq 0 ]
tap $? "every damage there is was done, and found" || grep '"selftest"' out/result.json >&2
has "UPDATE ONLY" "which damage was done is said" "$(grep value-changed out/result.json)"
has "selftest" "and it is in the report" "$(cat out/report.html)"

createdb small
sql small "CREATE TABLE t (a int)"
runs 0 "a database with next to nothing in it" "$reprove" seal --source "$(pg_uri small)" --key reprove.key --manifest small.json --backup small.dump
runs 2 "proves next to nothing" "$reprove" selftest --state none --target small --manifest small.json --trust reprove.pub --reports out small.dump
[ "$(answers not-run)" -gt 10 ] && has "no relation has two rows" "and says what could not be tried" "$(cat out/result.json)"

createdb damaged && pg_restore -d damaged b.dump && sql damaged "DELETE FROM shop.order_lines WHERE order_id = 4711" &&
	pg_dump -Fc damaged >damaged.dump
runs 1 "a damaged backup stays a failure" selftest damaged.dump
[ "$(answers pass)" -gt 14 ] && [ "$(answers error)" -eq 0 ]
tap $? "and what is whole of it shows the damages" || grep '"selftest"' out/result.json >&2
head -c 5000 b.dump >cut.dump
runs 1 "one that does not restore, too" selftest cut.dump
has "the run did not get so far" "and nothing was tried" "$(grep '"selftest"' out/result.json)"
sql postgres "CREATE ROLE dba LOGIN CREATEDB CREATEROLE"
pg_stop
rm -rf "$work/pg" "$work/socket"
pg_start
sql postgres "CREATE ROLE dba LOGIN CREATEDB CREATEROLE"
runs 2 "on a server that was named nothing is damaged" selftest --skip engine.amcheck \
	--scratch "postgresql://dba@/postgres?host=$work/socket" b.dump
has "private server" "and the reason is given" "$(grep '"selftest"' out/result.json)"
tap_done
