#!/bin/bash
# SPDX-License-Identifier: MIT
# PostgreSQL: the same rows and definitions, under other settings, in another order on disk, dumped in another way.
# Nothing of that may be a finding.
# usage: false_alarms.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
# A currency of its own, for the server alone.
locale=C
if command -v localedef >/dev/null && [ -e /usr/share/i18n/locales/de_DE ]; then
	mkdir "$work/locales"
	localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" >/dev/null 2>&1 && export LOCPATH=$work/locales && locale=de_DE.UTF-8
fi
pg_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
seal() { # DB MANIFEST [option...]
	local db=$1 manifest=$2
	shift 2
	"$reprove" seal --source "$(pg_uri "$db")" --key reprove.key --manifest "$manifest" "$@"
}
verifies() { # NAME DB MANIFEST BACKUP [option...]: with 0, nothing but passes, and nothing that a version would explain
	local name=$1 db=$2 manifest=$3 backup=$4
	shift 4
	rm -rf out
	runs 0 "$name" "$reprove" verify --state none --target "$db" --manifest "$manifest" --trust reprove.pub --reports out "$@" "$backup" || return
	python3 -c 'import json, sys
bad = [f for f in json.load(open("out/result.json"))["findings"] if f["verdict"] not in ("pass", "not-run") or f.get("cause") == "version"]
print(*("# %s %s %s %s\n" % (f["check"], f["object"], f["verdict"], f.get("message")) for f in bad), sep="", end="")' >said
	[ ! -s said ]
	tap $? "$name: nothing differs" || cat said >&2
}

# What rows look like after years: columns dropped between others, rows updated in place and moved, values of every
# type that prints in another way under another setting, and some that are kept outside their row.
rows=$(cat <<'SQL'
CREATE SCHEMA old;
CREATE TABLE old.rows (gone1 text, id int PRIMARY KEY, gone2 int, at timestamptz, day date, span interval, price money,
	ratio float8, small real, raw bytea, doc xml, words tsvector, body text, gone3 bytea, several timestamptz[], during tstzrange,
	pair point, flags bit(5), net inet, many money[]);
INSERT INTO old.rows SELECT 'x', i, i, '2024-03-31 00:30Z'::timestamptz + i * interval '37 minutes', date '1999-12-31' + i,
	make_interval(months => i % 30, days => -(i % 40), secs => i * 1.25), (i * 1.37)::numeric::money, i / 7.0, i / 3.0::real, decode(md5(i::text), 'hex') || '\x005c27'::bytea,
	xmlparse(content '<a>' || i || '</a>'), to_tsvector('pg_catalog.simple', 'the quick ' || i || ' foxes'),
	CASE WHEN i % 50 = 0 THEN (SELECT string_agg(md5((i * g)::text), E'\\') FROM generate_series(1, 400) g) ELSE 'it''s \ ' || i END, '\x00',
	ARRAY['2024-10-27 01:00Z'::timestamptz + i * interval '1 minute', NULL], tstzrange('2024-01-01Z', '2024-01-01Z'::timestamptz + i * interval '1 day'),
	point(i / 9.0, -i), (i % 32)::bit(5), ('10.0.' || i % 256 || '.1/24')::inet, ARRAY[i::money, NULL]
FROM generate_series(1, 2000) i;
ALTER TABLE old.rows DROP COLUMN gone1, DROP COLUMN gone2, DROP COLUMN gone3;
CREATE TABLE old.twice (a int, b text);
INSERT INTO old.twice SELECT i % 100, 'r' || i % 10 FROM generate_series(1, 1000) i;
CREATE TABLE old.parts (id int, k text, dropped int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE old.part_a PARTITION OF old.parts FOR VALUES IN ('a');
CREATE TABLE old.part_b (k text NOT NULL, extra int, id int NOT NULL);
ALTER TABLE old.part_b DROP COLUMN extra;
ALTER TABLE old.parts DROP COLUMN dropped;
ALTER TABLE old.parts ATTACH PARTITION old.part_b FOR VALUES IN ('b');
INSERT INTO old.parts SELECT i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 500) i;
CREATE INDEX by_day ON old.rows (day DESC, left(body, 9)) WHERE at > '2024-04-01 12:00+02';
CREATE INDEX by_word ON old.rows USING gin (to_tsvector('english', body));
CREATE VIEW old.late AS SELECT id, at AT TIME ZONE 'Asia/Tokyo' AS there, span, price FROM old.rows
	WHERE at > '2024-04-01 12:00+02'::timestamptz AND span < interval '1 year 2 days' AND raw <> '\x5c00' AND ratio > 0.1::float8;
ALTER TABLE old.rows ADD CHECK (at > '1999-01-01 00:00-05'), ADD CHECK (ratio < 1e300), ADD CHECK (span > '-400 days'),
	ALTER COLUMN at SET DEFAULT '2024-05-05 05:05+05', ALTER COLUMN day SET DEFAULT '2024-02-01', ALTER COLUMN span SET DEFAULT '1 mon 3 days 04:05:06',
	ALTER COLUMN price SET DEFAULT 12.5, ALTER COLUMN raw SET DEFAULT '\x5c27', ALTER COLUMN ratio SET DEFAULT 0.1, ALTER COLUMN body SET DEFAULT E'back\\slash''';
CREATE FUNCTION old.quoted() RETURNS text LANGUAGE sql AS $$SELECT 'a\b'::text || E'\\'$$;
SQL
)
createdb rows
sql rows "$rows" || exit 1
pg_load everything "$root/fixtures/postgres/everything.sql" 2>/dev/null || exit 1
runs 0 "rows: sealed as they are" seal rows plain.json
runs 0 "everything: sealed as it is" seal everything all.json

cat >settings <<EOS
TimeZone|Pacific/Chatham
DateStyle|SQL, DMY
IntervalStyle|sql_standard
lc_numeric|$locale
extra_float_digits|-3
standard_conforming_strings|off
escape_string_warning|off
backslash_quote|on
bytea_output|escape
xmloption|document
xmlbinary|hex
default_text_search_config|pg_catalog.german
quote_all_identifiers|on
default_transaction_isolation|serializable
session_replication_role|replica
transform_null_equals|on
array_nulls|off
enable_seqscan|off
synchronize_seqscans|off
default_toast_compression|pglz
constraint_exclusion|off
check_function_bodies|off
row_security|off
EOS
# Of the whole server, as postgresql.conf has them.
while IFS='|' read -r name value; do
	[ "$name" = session_replication_role ] || sql postgres "ALTER SYSTEM SET $name = '$value'"
done <settings
sql postgres "ALTER SYSTEM SET search_path = 'old, kinds, shop'"
sql postgres "SELECT pg_reload_conf()" >/dev/null
for _ in $(seq 50); do
	[ "$(sql rows "SHOW DateStyle")" = "SQL, DMY" ] && break
	sleep 0.1
done
[ "$(sql rows "SHOW DateStyle")" = "SQL, DMY" ]
tap $? "the server has other settings"
# In another order on disk, every row written again, no two dumps' rows in one order.
sql rows "UPDATE old.rows SET body = body, id = id"
sql rows "CREATE INDEX zz ON old.rows (flags, id DESC)"
sql rows "CLUSTER old.rows USING zz"
sql rows "DROP INDEX old.zz"
sql rows "DELETE FROM old.twice WHERE a < 10; INSERT INTO old.twice SELECT i % 100, 'r' || i % 10 FROM generate_series(1, 1000) i WHERE i % 100 < 10"
sql rows "VACUUM FULL"
sql rows "UPDATE old.parts SET id = id WHERE k = 'b'"
pg_dump -Fc rows >moved.dump
verifies "a server's settings, and rows in another order" rows plain.json moved.dump --jobs 3
runs 0 "sealed under these settings" seal rows set.json --backup set.dump --jobs 3
verifies "a seal under these settings" rows set.json set.dump --jobs 1
runs 0 "everything: sealed under these settings" seal everything allset.json --backup allset.dump
verifies "everything under these settings" everything allset.json allset.dump
verifies "everything, sealed before them" everything all.json allset.dump

# The same of database and role, which come before what the server says.
sql postgres "ALTER SYSTEM RESET ALL"
sql postgres "SELECT pg_reload_conf()" >/dev/null
while IFS='|' read -r name value; do
	sql postgres "ALTER ROLE postgres SET $name = '$value'"
	[ "$name" = session_replication_role ] || sql postgres "ALTER DATABASE rows SET $name = '$value'"
done <settings
sql postgres "ALTER ROLE postgres SET client_encoding = 'LATIN1'; ALTER ROLE postgres SET search_path = 'old, public'; ALTER DATABASE rows SET search_path = 'old'"
pg_dump --inserts --rows-per-insert=7 rows >inserts.sql
verifies "a database's and a role's settings between seal and dump, rows as INSERT" rows plain.json inserts.sql
runs 0 "sealed under the role's settings" seal rows role.json --backup role.dump
verifies "a seal under a role's settings" rows role.json role.dump
sql postgres "ALTER ROLE postgres RESET ALL"
createdb again
pg_restore -d again role.dump
pg_dump -Fc --disable-triggers again >again.dump
verifies "a dump of a dump" rows plain.json again.dump
pg_dump --column-inserts --quote-all-identifiers --no-comments again | gzip >columns.sql.gz
verifies "every column named, every name quoted" rows plain.json columns.sql.gz

# Words in order by each library that can put them in order; the scratch is made like the source.
collations=("LC_COLLATE 'C' LC_CTYPE 'POSIX'")
[ "$(psql --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -lt 15 ] || collations+=("LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'")
[ "$(psql --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -lt 17 ] || collations+=("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'")
for collation in "${collations[@]}"; do
	dropdb --if-exists words 2>/dev/null
	sql postgres "CREATE DATABASE words TEMPLATE template0 ENCODING UTF8 $collation"
	sql words "CREATE TABLE w (t text PRIMARY KEY) PARTITION BY RANGE (t); CREATE TABLE w1 PARTITION OF w FOR VALUES FROM (MINVALUE) TO ('m');
		CREATE TABLE w2 PARTITION OF w FOR VALUES FROM ('m') TO (MAXVALUE); INSERT INTO w SELECT DISTINCT chr(40 + i % 80) || i % 7 FROM generate_series(1, 900) i"
	runs 0 "sealed: $collation" seal words words.json --backup words.dump
	verifies "$collation" words words.json words.dump
done

# What a dump does not say cannot be known: it is told, and is no verdict on the backup.
if [ "$locale" != C ]; then
	sql postgres "ALTER DATABASE rows SET lc_monetary = '$locale'"
	pg_dump -Fc rows >money.dump
	runs 2 "amounts in a currency that the scratch has not are no damage" "$reprove" verify --state none --target rows --manifest plain.json \
		--trust reprove.pub --reports out money.dump
	has "lc_monetary" "and it is said what to do" "$(cat out/result.json)"
fi
tap_done
