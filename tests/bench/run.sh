#!/bin/bash
# SPDX-License-Identifier: MIT
# Speed, as ratios within one run: the survey of a table (row digests, column digests, sketch, independent count)
# against what the server needs at least, against psql, and against the md5 recipe that people use instead; then what
# verification adds to a restore. Prints medians of alternating runs.
# usage: tests/bench/run.sh BUILDDIR [ROWS] [RUNS]
set -u
build=$(realpath "$1") rows=${2:-5000000} runs=${3:-5}
root=$(dirname "$(realpath "$0")")/../..
. "$root/tests/lib/postgres.sh"
pg_begin
pg_start shared_buffers=1GB max_wal_size=8GB autovacuum=off full_page_writes=off

now() { date +%s%N; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
timed() { local a b; a=$(now); "$@" >/dev/null || echo "failed: $*" >&2; b=$(now); echo $(((b - a) / 1000000)); }

echo "loading $rows rows ..." >&2
createdb tall && createdb wide && createdb small || exit 1
shape="CREATE TABLE t (id bigint NOT NULL, customer bigint NOT NULL, amount numeric(12,2) NOT NULL,
	at timestamptz NOT NULL, note text, ref uuid NOT NULL, paid boolean NOT NULL)"
fill() { # DB ROWS
	psql -X -q -v ON_ERROR_STOP=1 -d "$1" <<-SQL
		$shape;
		INSERT INTO t SELECT i, i::bigint * 7919 % 100000, (i % 1000000) / 100.0, timestamptz '2024-01-01 UTC' + i * interval '7 s',
			CASE WHEN i % 4 > 0 THEN 'note for order number ' || i END, md5(i::text)::uuid, i % 3 = 0
			FROM generate_series(1, $2) i;
		ALTER TABLE t ADD PRIMARY KEY (id);
		VACUUM ANALYZE t;
	SQL
}
fill tall "$rows" && fill small 50000 || exit 1
columns=$(for i in $(seq 12); do printf 'i%d integer, b%d bigint, n%d numeric(10,2), d%d double precision, t%d text, ' $i $i $i $i $i; done)
sql wide "CREATE TABLE t (id bigint PRIMARY KEY, ${columns%, })"
values=$(for i in $(seq 12); do printf 'i + %d, i * %d, i / 100.0, i / 7.0::float8, md5((i + %d)::text), ' $i $i $i; done)
sql wide "INSERT INTO t SELECT i, ${values%, } FROM generate_series(1, $((rows / 25))) i"
sql wide "VACUUM ANALYZE t"

compare() { # DB
	local db=$1 i
	rm -f "$work"/r.*
	for ((i = 0; i <= runs; i++)); do
		: "$i is 0: warming up, not counted"
		[ "$i" -gt 0 ] && out=$work/r || out=$work/warm
		timed psql -X -q -d "$db" -c "COPY t TO '/dev/null' (FORMAT binary)" >>"$out.floor"
		timed psql -X -q -d "$db" -c "COPY t TO STDOUT (FORMAT binary)" >>"$out.psql"
		"$build/tests/bench/scan" "$(pg_uri "$db")" 0 | cut -d' ' -f1 >>"$out.bare"
		"$build/tests/bench/scan" "$(pg_uri "$db")" 1 | tee "$work/last1" | cut -d' ' -f1 >>"$out.one"
		"$build/tests/bench/scan" "$(pg_uri "$db")" 2 | tee "$work/last2" | cut -d' ' -f1 >>"$out.two"
		[ "$i" -gt 2 ] || timed psql -X -q -d "$db" -c "SELECT md5(string_agg(md5(t::text), '' ORDER BY id)) FROM t" >>"$out.md5"
	done
	local floor psql md5 bare one two
	floor=$(median <"$work/r.floor") psql=$(median <"$work/r.psql") md5=$(median <"$work/r.md5")
	bare=$(median <"$work/r.bare") one=$(median <"$work/r.one") two=$(median <"$work/r.two")
	printf '%s: %s rows\n' "$db" "$(sql "$db" 'SELECT count(*) FROM t')"
	row() { printf '  %-46s %7d ms  %5.2f of the floor\n' "$1" "$2" "$(awk "BEGIN {print $2 / $floor}")"; }
	row "server alone: COPY TO '/dev/null', the floor" "$floor"
	row "psql: COPY TO STDOUT >/dev/null" "$psql"
	row "SELECT md5(string_agg(md5(t::text) ...))" "$md5"
	row "reprove survey, one connection" "$one"
	row "reprove survey, two connections" "$two"
	printf '  columns and sketch: %.2f of the row digest alone (%d ms)\n' "$(awk "BEGIN {print $one / $bare}")" "$bare"
	printf '  peak memory: %d KiB with one, %d KiB with two\n' "$(cut -d' ' -f2 "$work/last1")" "$(cut -d' ' -f2 "$work/last2")"
}
compare tall
compare wide
"$build/tests/bench/scan" "$(pg_uri small)" 2 >"$work/small"
printf 'peak memory for 50,000 rows with two connections: %d KiB\n' "$(cut -d' ' -f2 "$work/small")"

echo "the box, per start of a program in it (psql --version, median of 30):"
"$build/tests/bench/box"

echo "sealing and verifying ..." >&2
cd "$work" || exit 1
reprove=$build/reprove
"$reprove" keygen . >/dev/null
printf 'pg_dump -Fc alone: %d ms; ' "$(timed pg_dump -Fc -f plain.dump tall)"
printf 'reprove seal with it: %d ms\n' "$(timed "$reprove" seal --source "$(pg_uri tall)" --key reprove.key --manifest m.json --backup b.dump)"
"$reprove" verify --target tall --manifest m.json --trust reprove.pub --skip engine.amcheck --reports out b.dump >/dev/null 2>&1
python3 - out/result.json <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
ms = {p["name"]: int(p["ms"]) for p in r["phases"]}
added = sum(v for k, v in ms.items() if k in ("survey", "checks", "compare"))
print(f"verify: restore {ms['restore']} ms; survey and checks {added} ms: {100 * added / ms['restore']:.0f} % of it ({r['verdict']})")
PY
