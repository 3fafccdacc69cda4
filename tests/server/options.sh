#!/bin/bash
# SPDX-License-Identifier: MIT
# What a person may ask of a verification besides the verdict: questions of their own, what to leave out, which
# manifest, what to keep, in which form.
# usage: options.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
pg_load shop "$root/fixtures/postgres/shop.sql" || exit 1
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
runs 0 "sealed, with a summary for scripts" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m.json \
	--backup shop.dump --json
has '"schema": "reprove/seal/v1"' "which names its form" "$out"
"$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m2.json --backup - >piped.dump 2>err
tap $? "a backup may go to standard output" || sed 's/^/# /' err >&2
grep -q "sha256 *$(sha256sum piped.dump | cut -d' ' -f1)" err
tap $? "and nothing else is there"
[ "$(stat -c %a m.json)" = 600 ]
tap $? "nobody else can read a manifest"
verify() { "$reprove" verify --target shop --manifest m.json --trust reprove.pub "$@"; }
# verdicts FILE: check, object and verdict of what is about smoke SQL, a line each
smoke() {
	python3 -c 'import json, sys
for f in json.load(open(sys.argv[1]))["findings"]:
    if f["check"] == "smoke.sql": print(f["object"], f["verdict"])' "$1"
}

echo 'SELECT * FROM shop.customers WHERE balance > 1e9' >none.sql
printf -- '-- expect: value 2000\nSELECT count(*) FROM shop.customers;\n' >value.sql
printf -- '-- expect: at least 500\nSELECT * FROM shop.products\n' >least.sql
runs 0 "smoke SQL: what was expected" verify --smoke none.sql --smoke value.sql --smoke least.sql --reports good shop.dump
[ "$(smoke good/result.json)" = $'none.sql pass\nvalue.sql pass\nleast.sql pass' ]
tap $? "each question has its answer"
printf -- '-- expect: value 1\nSELECT count(*) FROM shop.customers\n' >value.sql
printf -- '-- expect: at least 501\nSELECT * FROM shop.products\n' >least.sql
echo 'SELECT * FROM shop.customers' >none.sql
runs 1 "smoke SQL: what was not expected" verify --smoke none.sql --smoke value.sql --smoke least.sql --reports bad shop.dump
[ "$(smoke bad/result.json)" = $'none.sql fail\nvalue.sql fail\nleast.sql fail' ]
tap $? "fails, each"
echo 'DELETE FROM shop.audit RETURNING 1' >write.sql
printf -- '-- expect: value 1\nSELECT 1\n' >one.sql
runs 2 "smoke SQL that would write cannot be asked" verify --smoke write.sql --smoke one.sql --reports write shop.dump
[ "$(smoke write/result.json)" = $'write.sql error\none.sql pass' ]
tap $? "and the next question is" || smoke write/result.json | sed 's/^/# /' >&2

runs 0 "an optional check may be left out" verify --skip engine.amcheck --skip restore.time --reports skipped shop.dump
has 'left out: --skip names it' "and stands in the report" "$(cat skipped/result.json)"
sha=$("$reprove" show --trust reprove.pub m.json | awk '$1 == "sha256" {print $2; exit}')
runs 0 "the manifest that is expected" verify --expect-manifest "$sha" shop.dump
runs 3 "and no other" verify --expect-manifest "${sha//[0-9]/f}" shop.dump
runs 3 "an older one is refused by its time" verify --not-older-than 2100-01-01T00:00:00Z shop.dump
runs 3 "and by its number" verify --min-sequence 99999999999999 shop.dump
sleep 1.1
runs 3 "and by its age" verify --max-age 1s shop.dump
runs 0 "a result for scripts" verify --json shop.dump
python3 -m json.tool <"$work/stdout" >/dev/null
tap $? "is JSON"
runs 4 "the server that was sealed is no scratch" verify --scratch "$(pg_uri postgres)" shop.dump
[ "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname LIKE 'reprove%'")" = 0 ]
tap $? "and nothing was made there"

# What is kept can be connected to, is left alone by the next run, and told of by doctor.
runs 0 "a restored database may be kept" verify --keep shop.dump
connect=$(grep -o "postgresql://[^' ]*" "$work/stderr" | head -1)
directory=$(printf '%s\n' "$TMPDIR"/reprove-*)
[ -d "$directory" ] && [ "$(psql -X -At "$connect" -c 'SELECT count(*) FROM shop.customers')" = 2000 ]
tap $? "and answers under what is printed"
runs 0 "the next run" verify shop.dump
[ -d "$directory" ]
tap $? "leaves it alone"
runs 0 "doctor" "$reprove" doctor
has "$directory: kept by --keep" "tells of it" "$out"
kill -QUIT "$(awk '$1 == "server" {print $2}' "$directory/owner" | tail -1)"
tap $? "its server is there to be stopped"
sleep 0.5

# Keys that are personal stay out of the manifest; a row that differs is then named by a fingerprint.
runs 0 "sealed with fingerprints" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest fp.json --fingerprint-keys \
	--backup fp.dump
createdb copy && pg_restore -d copy fp.dump && sql copy "DELETE FROM shop.order_lines WHERE order_id = 11990" &&
	pg_dump -Fc copy >lost.dump || exit 1
runs 1 "a row is lost" "$reprove" verify --target shop --manifest fp.json --trust reprove.pub --reports fp lost.dump
has '"": "fp:' "and named by its fingerprint" "$(cat fp/result.json)"
runs 1 "the same with keys" verify --reports keys lost.dump
has '"order_id": "11990"' "named by its key" "$(cat keys/result.json)"
has '3 rows lost' "in words" "$out"
tap_done
