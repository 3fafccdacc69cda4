#!/bin/bash
# SPDX-License-Identifier: MIT
# A backup of a MariaDB or MySQL is damaged on purpose, in a copy, and each damage is found. $RP_MY_BINDIR chooses the
# version.
# usage: selftest_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
my_load shop "$root/fixtures/mysql/shop.sql" || exit 1
runs 0 "sealed with its backup" "$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest m.json --backup b.sql
selftest() { "$reprove" selftest --state none --target shop --manifest m.json --trust reprove.pub --reports out "$@"; }
answers() { # VERDICT [NAME]: how many answers of selftest have it
	python3 -c 'import json, sys
print(sum(f["check"] == "selftest" and f["verdict"] == sys.argv[1] and sys.argv[2] in ("", f["object"])
	for f in json.load(open("out/result.json"))["findings"]))' "$1" "${2:-}"
}
runs 0 "a good backup" selftest b.sql
[ "$(answers pass)" -eq 19 ] && [ "$(answers not-run)" -eq 0 ]
tap $? "every damage there is was done, and found" || grep '"selftest"' out/result.json >&2
has "UPDATE \`" "which damage was done is said" "$(grep value-changed out/result.json)"
has "selftest" "and it is in the report" "$(cat out/report.html)"

sql "" "CREATE DATABASE small; CREATE TABLE small.t (a int)"
runs 0 "a database with next to nothing in it" "$reprove" seal --source "$(my_uri small)" --key reprove.key --manifest small.json --backup small.sql
runs 0 "shows the few that there can be" "$reprove" selftest --state none --target small --manifest small.json --trust reprove.pub --reports out small.sql
[ "$(answers pass)" -eq 3 ] && [ "$(answers not-run)" -eq 16 ] && has "no relation has two rows" "and says what could not be tried" "$(cat out/result.json)"

# Rows that no transaction would bring back are let alone, and so is what would fire a trigger.
sql "" "CREATE DATABASE loose"
sql loose "CREATE TABLE m (a int PRIMARY KEY, b int) ENGINE=MyISAM; INSERT INTO m VALUES (1, 1), (2, 2), (3, 3);
	CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 1), (2, 2);
	CREATE TRIGGER gone AFTER DELETE ON t FOR EACH ROW INSERT INTO m VALUES (OLD.a + 10, 0)"
runs 0 "a database without transactions" "$reprove" seal --source "$(my_uri loose)" --key reprove.key --manifest loose.json --backup loose.sql
"$reprove" selftest --state none --target loose --manifest loose.json --trust reprove.pub --reports out loose.sql >/dev/null 2>&1
[ "$(answers not-run row-lost)" -eq 1 ] && [ "$(answers pass value-changed)" -eq 1 ] && [ "$(answers pass trigger-lost)" -eq 1 ]
tap $? "is damaged where that can be taken back" || grep '"selftest"' out/result.json >&2
[ "$(answers error)" -eq 0 ]
tap $? "and nothing is left of it" || grep '"selftest"' out/result.json >&2

sed 's/^-- Dump completed/DELETE FROM payments WHERE id = 17;\n&/' b.sql >damaged.sql
runs 1 "a damaged backup stays a failure" selftest damaged.sql
[ "$(answers pass)" -ge 17 ] && [ "$(answers error)" -eq 0 ]
tap $? "and what is whole of it shows the damages" || grep '"selftest"' out/result.json >&2
tap_done
