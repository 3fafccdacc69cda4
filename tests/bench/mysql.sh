#!/bin/bash
# SPDX-License-Identifier: MIT
# Speed on MariaDB or MySQL, as ratios within one run: the survey of a table (row digests, column digests, sketch and
# the independent count) against the vendor's own dump, CHECKSUM TABLE, and pt-table-checksum and mydumper where they
# are installed. Prints medians of alternating runs. $RP_MY_BINDIR chooses the server, as for the tests.
# usage: tests/bench/mysql.sh BUILDDIR [ROWS] [RUNS]
set -u
build=$(realpath "$1") rows=${2:-5000000} runs=${3:-5}
root=$(dirname "$(realpath "$0")")/../..
. "$root/tests/lib/mysql.sh"
my_begin
my_start --innodb-buffer-pool-size=2G --skip-log-bin --max-connections=50

now() { date +%s%N; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
timed() { local a b; a=$(now); "$@" >/dev/null || echo "failed: $*" >&2; b=$(now); echo $(((b - a) / 1000000)); }

echo "loading $rows rows into $my_vendor ..." >&2
numbers="WITH d(d) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
	UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)
	SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d + 100000 * g.d + 1000000 * h.d AS i
	FROM d h, d g, d f, d e, d c, d b, d a"
fill() { # DB ROWS
	sql "" "CREATE DATABASE $1"
	sql "$1" "CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, customer bigint NOT NULL, amount decimal(12,2) NOT NULL,
		at timestamp NOT NULL, note text, ref binary(16) NOT NULL, paid boolean NOT NULL, rate double NOT NULL)
		CHARACTER SET utf8mb4"
	sql "$1" "SET time_zone = '+00:00'; INSERT INTO t SELECT i, i * 7919 % 100000, (i % 1000000) / 100,
		'2024-01-01' + INTERVAL i * 7 SECOND, IF(i % 4 > 0, CONCAT('note for order number ', i), NULL),
		UNHEX(SUBSTR(SHA2(i, 256), 1, 32)), i % 3 = 0, i / 7e0 FROM ($numbers) n WHERE i <= $2; ANALYZE TABLE t" >/dev/null
}
fill tall "$rows"
fill small 50000
columns=$(for i in $(seq 12); do printf 'i%d int, b%d bigint, n%d decimal(10,2), d%d double, t%d varchar(64), ' $i $i $i $i $i; done)
values=$(for i in $(seq 12); do printf "i + %d, i * %d, i / 100, i / 7e0, SUBSTR(SHA2(i + %d, 256), 1, 32), " $i $i $i; done)
sql "" "CREATE DATABASE wide"
sql wide "CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, ${columns%, }) CHARACTER SET latin1"
sql wide "INSERT INTO t SELECT i, ${values%, } FROM ($numbers) n WHERE i <= $((rows / 25)); ANALYZE TABLE t" >/dev/null

dump() { "$my_dump_tool" --no-defaults -S "$work/socket/s" -u root --single-transaction "$1" 2>/dev/null; }
others() { # DB: what is installed
	[ "$my_vendor" != mariadb ] || ! command -v mydumper >/dev/null || echo mydumper
	! command -v pt-table-checksum >/dev/null || echo pt-table-checksum
}
other() { # NAME DB
	case $1 in
	mydumper) mydumper -S "$work/socket/s" -u root -B "$2" -t 1 -o "$work/mydumper" -c 0 2>/dev/null; rm -rf "$work/mydumper" ;;
	pt-table-checksum) pt-table-checksum "S=$work/socket/s,u=root" --databases "$2" --no-check-binlog-format --quiet 2>/dev/null ;;
	esac
}

compare() { # DB
	local db=$1 i name
	rm -f "$work"/r.*
	for ((i = 0; i <= runs; i++)); do
		: "$i is 0: warming up, not counted"
		[ "$i" -gt 0 ] && out=$work/r || out=$work/warm
		timed dump "$db" >>"$out.dump"
		"$build/tests/bench/scan" "$(my_uri "$db")" 1 | tee "$work/last1" | cut -d' ' -f1 >>"$out.one"
		timed sql "$db" "CHECKSUM TABLE t EXTENDED" >>"$out.checksum"
		"$build/tests/bench/scan" "$(my_uri "$db")" 2 | tee "$work/last2" | cut -d' ' -f1 >>"$out.two"
		for name in $(others); do
			[ "$i" -gt 2 ] || timed other "$name" "$db" >>"$out.$name"
		done
	done
	local dump
	dump=$(median <"$work/r.dump")
	printf '%s: %s rows\n' "$db" "$(sql "$db" 'SELECT COUNT(*) FROM t')"
	row() { printf '  %-46s %7d ms  %5.2f of the dump\n' "$1" "$2" "$(awk "BEGIN {print $2 / $dump}")"; }
	row "$(basename "$my_dump_tool") --single-transaction >/dev/null" "$dump"
	row "CHECKSUM TABLE ... EXTENDED (32 bits)" "$(median <"$work/r.checksum")"
	for name in $(others); do row "$name" "$(median <"$work/r.$name")"; done
	row "reprove survey, one connection" "$(median <"$work/r.one")"
	row "reprove survey, two connections" "$(median <"$work/r.two")"
	printf '  peak memory: %d KiB with one, %d KiB with two\n' "$(cut -d' ' -f2 "$work/last1")" "$(cut -d' ' -f2 "$work/last2")"
}
compare tall
compare wide
"$build/tests/bench/scan" "$(my_uri small)" 2 >"$work/small"
printf 'peak memory for 50,000 rows with two connections: %d KiB\n' "$(cut -d' ' -f2 "$work/small")"
