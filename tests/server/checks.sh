#!/bin/bash
# SPDX-License-Identifier: MIT
# Every check passes where all is well and answers otherwise where it is not, on a real server. What a restored
# database can be damaged by from within is in the damage catalogue (damage.sh); here is the rest.
# usage: checks.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
pg_load shop "$root/fixtures/postgres/shop.sql" || exit 1
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
verify() { "$reprove" verify --state none --target shop --manifest m.json --trust reprove.pub --reports out "$@"; }
# answers CHECK VERDICTS [OBJECT]: what the last run answered to one check
answers() {
	local got
	got=$(python3 "$root/tests/server/verdicts.py" out/result.json "$1" ${3:+"$3"})
	[ "$got" = "$2" ]
	tap $? "$1: $2" || { echo "# got: $got"; grep -F "\"$1\"" out/result.json | head -5 | sed 's/^/# /'; } >&2
}
# edited SQL: a plain dump that does something more before it ends
edited() { awk -v sql="$1" '/^-- PostgreSQL database dump complete/ {print sql "\n\n--"} {print}' shop.sql >edited.sql; }

sql shop "CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk');
	CREATE FUNCTION grade(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT \$1 % 7';
	CREATE TABLE graded (id int PRIMARY KEY); INSERT INTO graded SELECT generate_series(1, 500);
	CREATE INDEX graded_grade ON graded (grade(id))" || exit 1
printf -- '-- expect: value 500\nSELECT count(*) FROM graded\n' >smoke.sql
runs 0 "sealed, with a plain dump" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m.json \
	--backup shop.sql --backup-command "pg_dump --snapshot={snapshot} shop"
runs 0 "a good backup is verified" verify --rto 1h --smoke smoke.sql shop.sql
for check in manifest.trust artifact.digest restore.complete restore.time scratch.connect schema.counts schema.objects \
	relation.rows relation.digest relation.columns sequence.position constraint.valid index.valid engine.amcheck \
	collation.version privilege.grants smoke.sql catalog.intact scratch.removed; do
	answers $check pass
done
runs 2 "pages that the scratch server wrote are looked at when that is asked for" verify --check engine.page_checksums shop.sql
answers engine.page_checksums pass

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

runs 1 "a restore that takes longer than it may" verify --rto 1ms shop.sql
answers restore.time fail
python3 - <<'PY'
import json, sys
f, = [f for f in json.load(open("out/result.json"))["findings"] if f["check"] == "restore.time"]
sys.exit(0 if f["expected"] == "1 ms" and f["found"] and f["found"] != f["expected"] else str(f))
PY
tap $? "with the objective and the time it took"
runs 4 "an objective of no time at all is none" verify --rto 0 shop.sql

runs 2 "no server to restore to" env REPROVE_SERVERS=/nonexistent "$reprove" verify --state none --target shop \
	--manifest m.json --trust reprove.pub --reports out shop.sql
answers scratch.connect error
edited "UPDATE pg_database SET datallowconn = false WHERE datname = current_database();"
runs 1 "a restored database that lets nobody in" verify edited.sql
answers scratch.connect error
answers relation.digest not-run

edited 'CREATE VIEW shop.another AS SELECT 1 AS one;'
runs 1 "an object more" verify edited.sql
answers schema.counts "fail pass"
answers schema.objects fail shop.another

edited "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.graded_grade'::regclass;"
runs 1 "an index that is not valid any more" verify edited.sql
answers index.valid fail public.graded_grade

edited "UPDATE pg_constraint SET convalidated = false WHERE conrelid = 'shop.order_lines'::regclass AND contype = 'f';"
runs 1 "foreign keys that are not valid any more" verify edited.sql
answers constraint.valid "fail pass"

sequence=$(sql shop "SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences ORDER BY 1 LIMIT 1")
edited "DELETE FROM public.graded WHERE id = 17; UPDATE shop.customers SET balance = balance + 1 WHERE id = 3;
	SELECT setval('$sequence', 1); ALTER TABLE public.graded OWNER TO pg_database_owner;"
runs 1 "rows, a sequence and an owner" verify edited.sql
answers relation.rows fail public.graded
answers relation.digest fail public.graded
answers relation.digest fail shop.customers
answers relation.columns fail shop.customers
answers sequence.position fail "$sequence"
answers privilege.grants fail public.graded

# The index was built when the function had another result, as a restore with another library's order would leave it.
edited "CREATE OR REPLACE FUNCTION public.grade(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT \$1 % 8';"
runs 1 "an index that does not agree with its table" verify edited.sql
answers engine.amcheck fail public.graded_grade

# A page of an index is overwritten on the scratch server's disk, behind its back.
page="pg_relation_filepath('public.graded_pkey')"
edited "CHECKPOINT; SELECT lo_from_bytea(4711, set_byte(pg_read_binary_file($page), 12000, 90));
	SELECT lo_export(4711, current_setting('data_directory') || '/' || $page); SELECT lo_unlink(4711);"
runs 1 "a page that was not written so" verify --check engine.page_checksums edited.sql
answers engine.page_checksums fail

printf -- '-- expect: value 501\nSELECT count(*) FROM graded\n' >smoke.sql
runs 1 "an answer that was not expected" verify --smoke smoke.sql shop.sql
answers smoke.sql fail smoke.sql

# Sealed where the library that sorts was another one.
sql shop "UPDATE pg_collation SET collversion = '1.1' WHERE collname = 'german'"
runs 0 "sealed with another version of a collation" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key \
	--manifest m.json --backup other.dump
runs 1 "texts may sort otherwise" verify other.dump
answers collation.version fail public.german
answers schema.objects pass
tap_done
