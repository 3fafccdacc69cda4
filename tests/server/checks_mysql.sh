#!/bin/bash
# SPDX-License-Identifier: MIT
# Every check passes where all is well and answers otherwise where it is not, on MariaDB or MySQL. What a restored database
# can be damaged by from within is in the damage catalogue (damage_mysql.sh); here is the rest.
# usage: checks_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start
my_load shop "$root/fixtures/mysql/shop.sql" || exit 1
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
seal() { # DATABASE NAME [OPTION...]
	local db=$1 name=$2
	shift 2
	"$reprove" seal --source "$(my_uri "$db")" --target shop --key reprove.key --manifest "$name.json" "$@"
}
verify() { "$reprove" verify --state none --target shop --manifest m.json --trust reprove.pub --reports out "$@"; }
# answers CHECK VERDICTS [OBJECT]: what the last run answered to one check
answers() {
	local got
	got=$(python3 "$root/tests/server/verdicts.py" out/result.json "$1" ${3:+"$3"})
	[ "$got" = "$2" ]
	tap $? "$1: $2" || { echo "# got: $got"; grep -F "\"$1\"" out/result.json | head -5 | sed 's/^/# /'; } >&2
}
# edited SQL: a dump that does something more before it ends
edited() { awk -v sql="$1" '/^-- Dump completed/ { print sql "\n" } { print }' shop.sql >edited.sql; }

printf -- '-- expect: value 6000\nSELECT count(*) FROM orders\n' >smoke.sql
runs 0 "sealed" seal shop m --backup shop.sql
runs 0 "a good backup is verified" verify --rto 1h --smoke smoke.sql shop.sql
for check in manifest.trust artifact.digest restore.complete restore.time scratch.connect schema.counts relation.rows \
	relation.digest relation.columns sequence.position privilege.grants smoke.sql constraint.orphans engine.views \
	engine.definers engine.charsets engine.check_table scratch.removed; do
	answers $check pass
done

cp m.json good.json
sed 's/"payload": *"./&A/' good.json >m.json
runs 3 "the manifest was edited" verify shop.sql
answers manifest.trust fail
cp good.json m.json

edited ''
runs 1 "one byte more" verify edited.sql
answers artifact.digest fail
answers restore.complete pass
answers relation.digest pass

edited 'SELECT nonsense;'
runs 1 "a statement that fails" verify edited.sql
answers restore.complete fail
answers relation.digest not-run

head -c -40 shop.sql >edited.sql
runs 1 "a dump that ends before its end" verify edited.sql
answers restore.complete fail

runs 1 "a restore that takes longer than it may" verify --rto 1ms shop.sql
answers restore.time fail

runs 2 "no server to restore to" env REPROVE_SERVERS=/nonexistent "$reprove" verify --state none --target shop \
	--manifest m.json --trust reprove.pub --reports out shop.sql
answers scratch.connect error

printf -- '-- expect: value 6001\nSELECT count(*) FROM orders\n' >smoke.sql
runs 1 "an answer that was not expected" verify --smoke smoke.sql shop.sql
answers smoke.sql fail smoke.sql
printf -- '-- expect: no rows\nDELETE FROM orders\n' >smoke.sql
runs 2 "a question that would change something" verify --smoke smoke.sql shop.sql
answers smoke.sql error smoke.sql

# What the source has already.
sql shop "SET foreign_key_checks = 0; UPDATE orders SET customer = 100000 + id WHERE id <= 3" || exit 1
runs 0 "a source with orphans is sealed" seal shop m --backup shop.sql
has "constraint.orphans: orders.orders_customer: 3 rows" "which is told" "$err"
case $err in *100001*) false ;; esac
tap $? "and no key of theirs"
runs 0 "its faithful copy is verified" verify shop.sql
answers constraint.orphans pass orders.orders_customer
has "the source had this itself when it was sealed: constraint.orphans: orders.orders_customer" "and what it stands under says it" "$(cat out/result.json)"
has "the source was so when it was sealed" "and the report says why" "$(cat out/result.json)"
runs 1 "nothing is known of the source without a manifest" \
	"$reprove" verify --state none --target shop --no-manifest --reports out shop.sql
answers constraint.orphans fail orders.orders_customer
edited "SET foreign_key_checks = 0; UPDATE orders SET customer = 100004 WHERE id = 4;"
runs 1 "one orphan more" verify edited.sql
answers constraint.orphans fail orders.orders_customer

# A dump tool ends at a view that does not compile: such a source is sealed alone.
sql shop "CREATE TABLE audit_2 (id int); CREATE VIEW broken AS SELECT id FROM audit_2; DROP TABLE audit_2" || exit 1
seal shop broken >/dev/null 2>stderr
has "engine.views: broken: the view does not compile" "a view that does not compile is told when it is sealed" \
	"$(cat stderr)"
has "engine.views" "and the manifest says so" "$("$reprove" show broken.json --trust reprove.pub 2>&1)"
sql shop "DROP VIEW broken"

# A table of the restored server is damaged on its disk, behind its back: while a question waits.
sql shop "CREATE TABLE on_disk (id int PRIMARY KEY, t varchar(100), KEY (t)) ENGINE = MyISAM;
	INSERT INTO on_disk SELECT id, CONCAT('value ', id) FROM orders WHERE id <= 1000" || exit 1
seal shop m --backup shop.sql >/dev/null 2>&1
printf -- '-- expect: value 0\nSELECT SLEEP(5)\n' >wait.sql
verify --smoke wait.sql shop.sql >stdout 2>stderr &
run=$!
python3 - "$TMPDIR" <<'P'
import glob, sys, time
for _ in range(1200):
    for path in glob.glob(sys.argv[1] + "/**/on_disk.MYD", recursive=True):
        with open(path, "r+b") as f:
            at = f.read().find(b"value 500")
            if at >= 0:
                time.sleep(2)
                f.seek(at)
                f.write(b"w")
                sys.exit(0)
    time.sleep(0.05)
sys.exit("there was no such file")
P
tap $? "a bit of the scratch's disk is turned"
wait $run
[ $? -eq 1 ]
tap $? "the run fails" || head -5 stderr >&2
answers engine.check_table "fail pass"
tap_done
