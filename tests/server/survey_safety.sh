#!/bin/bash
# SPDX-License-Identifier: MIT
# What lives in a database and would make a survey run its code, or believe it: each of the numbered rules for a safe
# survey, at the source. Those that need two sessions at once are in test_pg_scan.c, and what a backup brings is in
# tests/hostile.
# usage: survey_safety.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
cd "$work" || exit 1
mkdir -m 1777 canary
"$reprove" keygen . >/dev/null

as() { printf 'postgresql://%s@/%s?host=%s' "$1" "$2" "$work/socket"; }
seal() { # URI [OPTION...]
	local uri=$1
	shift
	"$reprove" seal --source "$uri" --key reprove.key --manifest m.json --json "$@"
}
rows() { printf '%s' "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["rows"])'; }
quiet() { # NAME: nothing of the database's has run
	[ -z "$(ls canary)" ]
	tap $? "$1" || ls canary >&2
	rm -f canary/*
}

# A function that leaves a trace, and one that ends whatever calls it.
traps="CREATE FUNCTION trace() RETURNS int LANGUAGE plpgsql AS \$\$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch $work/canary/ran';
	RETURN 1; END \$\$;
	CREATE FUNCTION stop() RETURNS int LANGUAGE plpgsql AS \$\$ BEGIN PERFORM public.trace(); RAISE EXCEPTION 'called'; END \$\$;"

sql postgres "CREATE ROLE surveyor LOGIN BYPASSRLS; GRANT pg_read_all_data TO surveyor; CREATE ROLE filtered LOGIN; GRANT
	pg_read_all_data TO filtered" 2>/dev/null || {
	echo "1..0 # SKIP pg_read_all_data is not known here"
	exit 0
}
cat >base.sql <<SQL
$traps
CREATE TABLE parent (id int PRIMARY KEY, at timestamptz, price numeric, raw bytea, len interval, f float8);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent SELECT g, TIMESTAMPTZ '2026-01-01' + g * interval '1 day', g * 1.5, decode('00ff', 'hex'),
	g * interval '1 hour', g / 3.0 FROM generate_series(1, 40) g;
INSERT INTO child SELECT * FROM parent LIMIT 3;
CREATE TABLE "x"";DROP TABLE parent;--" (id int PRIMARY KEY);
INSERT INTO "x"";DROP TABLE parent;--" VALUES (1);
SQL
pg_load safe base.sql
all=$((40 + 3 + 1))

# 1: settings
runs 0 "1: before" seal "$(as surveyor safe)"
[ "$(rows)" = $all ]
tap $? "5: ONLY: a parent's rows are counted without its children's, and names are quoted"
for setting in "search_path = pg_temp, public" "statement_timeout = 1" "lock_timeout = 1" "quote_all_identifiers = on" \
	"row_security = on" "default_transaction_read_only = off" "\"TimeZone\" = 'Asia/Kathmandu'" "\"DateStyle\" = 'German'" \
	"\"IntervalStyle\" = 'iso_8601'" "extra_float_digits = -10" "bytea_output = escape" "xmloption = document" \
	"standard_conforming_strings = off" "client_encoding = 'LATIN1'" "lc_monetary = 'C.UTF-8'" \
	"idle_in_transaction_session_timeout = 1" "enable_tidscan = off" "local_preload_libraries = 'no_such_library'"; do
	printf 'ALTER DATABASE safe SET %s;\nALTER ROLE surveyor SET %s;\nALTER ROLE surveyor IN DATABASE safe SET %s;\n' \
		"$setting" "$setting" "$setting"
done >settings.sql
psql -X -q -v ON_ERROR_STOP=1 -d postgres -f settings.sql
psql -X -q -U surveyor -d safe -c 'SELECT 1' >/dev/null 2>&1
[ $? -ne 0 ]
tap $? "1: with these settings psql cannot even log in"
runs 0 "1: they do not reach us" seal "$(as surveyor safe)"
[ "$(rows)" = $all ]
tap $? "1: nor change what is read"
runs 0 "1: nor a superuser" seal "$(as postgres safe)"
PGOPTIONS='-c search_path=public -c row_security=on -c DateStyle=German' PGTZ=Asia/Kathmandu PGDATESTYLE=German \
	runs 0 "1: nor does the environment" seal "$(as surveyor safe)"
runs 2 "1: what would hide damage is told and not overruled" env PGOPTIONS='-c zero_damaged_pages=on' "$reprove" seal \
	--source "postgresql://postgres@/safe?host=$work/socket&options=-czero_damaged_pages%3Don" --key reprove.key --manifest m.json
has "zero_damaged_pages" "1: by its name" "$err"
PGHOSTADDR=127.0.0.1 runs 4 "1: a variable that leads elsewhere is refused" seal "$(as surveyor safe)"

# 2: casts and operators of the user's own
sql postgres "CREATE DATABASE casts"
sql casts "$traps
	CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN short AS text;
	CREATE FUNCTION to_text(pair) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN public.stop(); END';
	CREATE FUNCTION to_text(mood) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN public.stop(); END';
	CREATE FUNCTION to_text(int) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN public.stop(); END';
	CREATE CAST (pair AS text) WITH FUNCTION to_text(pair) AS IMPLICIT; CREATE CAST (mood AS text) WITH FUNCTION to_text(mood) AS IMPLICIT;
	CREATE FUNCTION same(pair, pair) RETURNS bool LANGUAGE plpgsql AS 'BEGIN PERFORM public.stop(); RETURN true; END';
	CREATE OPERATOR = (LEFTARG = pair, RIGHTARG = pair, FUNCTION = same);
	CREATE FUNCTION joined(pair, text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN public.stop(); END';
	CREATE OPERATOR || (LEFTARG = pair, RIGHTARG = text, FUNCTION = joined);
	CREATE TABLE t (id int PRIMARY KEY, p pair, ps pair[], m mood, s short, r regclass);
	INSERT INTO t VALUES (1, '(1,x)', '{\"(1,x)\"}', 'good', 'x', 't'), (2, NULL, NULL, NULL, NULL, NULL), (3, '(,)', '{}', 'bad', '', 0)"
sql casts "SELECT p::text FROM t" >/dev/null 2>&1
[ $? -ne 0 ] && [ -e canary/ran ]
tap $? "2: the trap works: a cast runs a program, and fails"
rm -f canary/ran
runs 0 "2: casts and operators of the user's own are not called" seal "$(as surveyor casts)"
quiet "2: and have left no trace"

# 4: policies
sql postgres "CREATE DATABASE policies"
sql policies "$traps CREATE TABLE t AS SELECT generate_series(1, 10) AS id; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
	ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id > 8 AND trace() = 1)"
runs 0 "4: BYPASSRLS reads all rows" seal "$(as surveyor policies)"
[ "$(rows)" = 10 ]
tap $? "4: all of them"
runs 2 "4: without it the table is not surveyed" seal "$(as filtered policies)"
has "row-level security" "4: and the reason is told" "$out$err"
quiet "4: no policy was asked"

# 3 and 7: what is not a table is not read
sql postgres "CREATE DATABASE views"
sql views "$traps CREATE TABLE t (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED); INSERT INTO t VALUES (1);
	CREATE VIEW v AS SELECT stop() AS x; CREATE MATERIALIZED VIEW m AS SELECT stop() AS x WITH NO DATA;
	CREATE EXTENSION file_fdw; CREATE SERVER f FOREIGN DATA WRAPPER file_fdw;
	CREATE FOREIGN TABLE ft (x text) SERVER f OPTIONS (program 'touch $work/canary/ran');
	CREATE FUNCTION idx(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT \$1'; CREATE INDEX ON t (idx(id));
	CREATE OR REPLACE FUNCTION idx(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT public.stop()'" 2>/dev/null
runs 0 "7: views, foreign tables and index expressions are not evaluated" seal "$(as surveyor views)"
quiet "7: and have left no trace"

# 9: the rows that came against a count of another kind
sql postgres "CREATE DATABASE counts"
sql counts "CREATE TABLE t AS SELECT generate_series(1, 10) AS id; UPDATE pg_aggregate SET agginitval = '5' WHERE aggfnoid = 2803"
runs 2 "9: rows that were read and rows that are counted differ" seal "$(as postgres counts)"
has "10 rows were read, and 15 are counted" "9: both numbers are told" "$err"

# 11: the catalogue itself
sql postgres "CREATE DATABASE lies"
sql lies "CREATE TABLE t AS SELECT 1 AS a; CREATE VIEW v AS TABLE t; CREATE OR REPLACE FUNCTION pg_catalog.pg_get_viewdef(oid)
	RETURNS text LANGUAGE sql STABLE STRICT AS 'SELECT ''SELECT 1''::text'"
"$reprove" seal --source "$(as surveyor lies)" --key reprove.key --manifest m.json >stdout 2>stderr
has "catalog.intact: pg_catalog.pg_get_viewdef" "11: a replaced function is told when it is sealed" "$(cat stderr)"
has "catalog.intact" "11: and the manifest says so for ever" \
	"$("$reprove" show --trust reprove.pub --json m.json 2>/dev/null || cat stdout)"

# 8: the user's own questions, when a backup is verified
"$reprove" seal --source "$(as postgres casts)" --key reprove.key --manifest c.json --backup casts.dump >/dev/null 2>&1
for q in "off|SELECT current_setting('is_superuser')" "on|SELECT current_setting('transaction_read_only')" \
	"3|SELECT count(*) FROM t"; do
	printf -- '-- expect: value %s\n%s\n' "${q%%|*}" "${q#*|}" >"q$((n = ${n:-0} + 1)).sql"
done
verify() { "$reprove" verify --target casts --manifest c.json --trust reprove.pub --skip engine.amcheck "$@" casts.dump; }
runs 0 "8: questions are asked without rights, after the survey" verify --smoke q1.sql --smoke q2.sql --smoke q3.sql
printf -- "-- expect: no rows\nCOPY (SELECT 1) TO PROGRAM 'touch %s/canary/ran'\n" "$work" >q4.sql
runs 2 "8: one that runs a program is refused" verify --smoke q4.sql
printf -- '-- expect: value 1\nSELECT 1; COMMIT; CREATE TABLE x ()\n' >q5.sql
runs 2 "8: and one that ends its transaction" verify --smoke q5.sql
quiet "8: nothing ran"
tap_done
