#!/bin/bash
# SPDX-License-Identifier: MIT
# A sealed manifest against what the vendor's own client prints of the same tables, put together by a program that shares
# no code with ours.
# usage: tests/server/independent_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$(realpath "$2")
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/mysql.sh"
my_begin
my_start

ask() { # STATEMENT
	my_client -N -B --raw -e "SET time_zone = '+00:00', sql_mode = ''; $1" types
}
sql "" "CREATE DATABASE types CHARACTER SET utf8mb4"
{
	echo "SET sql_mode = '', time_zone = '+00:00';"
	echo "CREATE TABLE t (id int PRIMARY KEY, i1 tinyint, i2 smallint unsigned, i3 mediumint unsigned zerofill, i8 bigint,
		i8u bigint unsigned, y year, f float, d double, dc decimal(30,10), dz decimal(10,3) unsigned zerofill, da date, ti time(3),
		dt datetime(6), ts timestamp(2) NULL, c char(5) CHARACTER SET latin1, v varchar(20), u2 varchar(5) CHARACTER SET ucs2,
		sj text CHARACTER SET sjis, bi binary(4), vb varbinary(9), bl longblob, e enum('a','b'), e2 enum('','b'), s set('x','y'),
		b bit(12), g geometry, j json, gen int GENERATED ALWAYS AS (id + 1) VIRTUAL);"
	echo "CREATE TABLE no_key (a int, b varchar(20)); INSERT INTO no_key VALUES (1, 'same'), (1, 'same'), (NULL, '');"
	fields="id, i1, i2, i3, i8, i8u, y, f, d, dc, dz, da, ti, dt, ts, c, v, u2, sj, bi, vb, bl, e, e2, s, b, g, j"
	echo "INSERT INTO t ($fields) VALUES
		(1, -1, 65535, 5, -9223372036854775808, 18446744073709551615, 2024, 16777216, 0.1, -12.5, 3.1, '2024-02-29', '-100:10:11.5',
		'2024-01-02 03:04:05.000006', '2024-01-02 03:04:05.25', _utf8mb4 x'c3a4', 'tab\t newline\n back\\\\', _ucs2 x'00e4', _sjis x'82a0',
		'ab', x'00ff27', x'00', 'b', '', 'x,y', b'101010101010', ST_GeomFromText('POINT(1 2)'), '{\"b\": 1, \"a\": [1.0, 2]}'),
		(3, 0, 0, 0, 0, 0, 0, 3.4e38, 5e-324, 0, 0, '0000-00-00', '00:00:00', '0000-00-00', '0000-00-00', '', 'NULL', '', '', '', '', '', 'q', 0,
		'', 0, NULL, 'null');"
	echo "INSERT INTO t (id) VALUES (2);"
	for i in $(seq 10 200); do echo "INSERT INTO t (id, f, d, v) VALUES ($i, $i / 7, $i / 7e0, 'row $i');"; done
	echo "CREATE TABLE parted (shop smallint, id int unsigned, name varchar(20), PRIMARY KEY (shop, id));
		INSERT INTO parted SELECT a.id % 3 - 1, a.id * 200 + b.id, CONCAT('n', b.id) FROM t a, t b WHERE a.id > 160 AND b.id > 197;
		CREATE TABLE named (name varchar(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY);
		INSERT INTO named SELECT CONCAT('customer ', id, _utf8mb4 x'c3a4') FROM t WHERE id > 130;"
} | sql types
"$reprove" keygen "$work" >/dev/null
runs 0 "the database is sealed" "$reprove" seal --source "$(my_uri types)" --key "$work/reprove.key" --manifest "$work/m.json" || exit 1

check() { # TABLE
	local query
	query=$(python3 -B "$root/tests/independent/mysql.py" query "$work/m.json" "$1" types) || return
	ask "$query" | python3 -B "$root/tests/independent/mysql.py" rows "$work/m.json" "$1"
}
for table in t no_key parted named; do
	runs 0 "'$table' has the digests that the client's output gives" check "$table"
done
sql types "UPDATE t SET f = f + 1 WHERE id = 77"
runs 1 "and others once a value is another" check t
has "not equal" "which it says" "$out"
tap_done
