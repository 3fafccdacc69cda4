#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB and MySQL: the same rows and definitions, under other settings, in another order on disk, dumped in another
# way. Nothing of that may be a finding. $RP_MY_BINDIR chooses the version.
# usage: false_alarms_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
seal() { # DB MANIFEST [option...]
	local db=$1 manifest=$2
	shift 2
	"$reprove" seal --source "$(my_uri "$db")" --key reprove.key --manifest "$manifest" "$@"
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
# Every global setting that this server has. Sessions that begin afterwards have it.
setting() { # NAME VALUE
	sql "" "SET GLOBAL $1 = $2" 2>/dev/null || sql "" "SELECT @@GLOBAL.$1" >/dev/null 2>&1 || return 0
}

# What rows look like after years: columns dropped between others, rows written again, values that print in another way
# under another setting, and some that are kept outside their page.
cat >rows.sql <<'SQL'
SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET sql_mode = '';
CREATE TABLE aged (gone1 int, id int NOT NULL PRIMARY KEY AUTO_INCREMENT, gone2 varchar(30), at timestamp NULL DEFAULT '2024-03-31 01:30:00',
	dt datetime(3) DEFAULT '2024-05-05 05:05:05.125', ratio double DEFAULT 0.1, price decimal(12,4) DEFAULT 12.5, fixed char(20) DEFAULT 'it''s \\ "x"',
	latin varchar(60) CHARACTER SET latin1 COLLATE latin1_german1_ci, raw varbinary(40), body longtext, kind enum('a\\b', 'c"d', '') DEFAULT 'a\\b',
	flags set('x', 'y'), gone3 blob, half decimal(12,6) GENERATED ALWAYS AS (price / 7) STORED, KEY by_dt (dt, ratio), KEY by_body (body(20)),
	CONSTRAINT sane CHECK (fixed <> 'a\\''b' AND ratio < 1e300)) ENGINE=InnoDB COMMENT 'back\\slash and ''quote''';
INSERT INTO aged (gone1, gone2, at, dt, ratio, price, fixed, latin, raw, body, kind, flags)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
SELECT i, 'g', TIMESTAMPADD(MINUTE, i * 37, '2024-03-30 23:00:00'), TIMESTAMPADD(MINUTE, i * 41, '2024-10-26 23:00:00.125'), i / 7e0, i / 16, CONCAT(i, CHAR(92), CHAR(39)),
	CONCAT(_utf8mb4 'Äpfel ', i), UNHEX(CONCAT('005C270A1A', LPAD(HEX(i), 4, '0'))),
	CASE WHEN i % 60 = 0 THEN REPEAT(CONCAT(SHA2(i, 256), CHAR(10), CHAR(92), CHAR(37)), 500) ELSE CONCAT('line\n\\n "', i, '"') END,
	ELT(i % 3 + 1, 'a\\b', 'c"d', ''), ELT(i % 3 + 1, 'x', 'x,y', '') FROM n;
ALTER TABLE aged DROP COLUMN gone1, DROP COLUMN gone2, DROP COLUMN gone3;
CREATE TABLE twice (a int, b varchar(9)) ENGINE=InnoDB;
INSERT INTO twice SELECT id % 50, CONCAT('r', id % 7) FROM aged;
CREATE TABLE parts (id int NOT NULL, k int NOT NULL, v varchar(20), PRIMARY KEY (id, k)) ENGINE=InnoDB PARTITION BY HASH (k) PARTITIONS 4;
INSERT INTO parts SELECT id, id % 9, CONCAT('v', id) FROM aged;
CREATE TABLE loose (id int NOT NULL PRIMARY KEY, v varchar(20)) ENGINE=MyISAM;
INSERT INTO loose SELECT id, CONCAT('l', id) FROM aged WHERE id < 90;
CREATE VIEW late AS SELECT id, price / 3 AS third, CONCAT(fixed, '\\', "'", '"') AS quoted, NOT id BETWEEN 3 AND 5 AS outside, id || 0 AS either FROM aged WHERE at > '2024-04-01 12:00:00';
SET sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
CREATE VIEW ansi AS SELECT "id" || '\' AS "joined" FROM "aged";
DELIMITER ;;
CREATE FUNCTION joined(a int) RETURNS varchar(20) DETERMINISTIC RETURN a || '\' || "a";;
SET sql_mode = '';;
CREATE TRIGGER noted AFTER UPDATE ON twice FOR EACH ROW INSERT INTO loose VALUES (NEW.a + 10000, "it's \\ here");;
DELIMITER ;
SQL
my_load rows rows.sql || exit 1
my_load everything "$root/fixtures/mysql/everything.sql" || exit 1
runs 0 "rows: sealed as they are" seal rows plain.json
runs 0 "everything: sealed as it is" seal everything all.json

# In another order on disk, every row written again; no table is where it was. Before the settings: with a GLOBAL sql_mode
# like the one below, MySQL can neither open nor rebuild a table whose checks have a backslash.
sql rows "UPDATE aged SET body = CONCAT(body, 'x'); UPDATE aged SET body = LEFT(body, CHAR_LENGTH(body) - 1);
	DELETE FROM twice WHERE a < 9; OPTIMIZE TABLE aged, parts, loose; ALTER TABLE parts FORCE, ALGORITHM=COPY; ALTER TABLE loose ORDER BY v DESC" >/dev/null || exit 1
sql rows "INSERT INTO twice SELECT id % 50, CONCAT('r', id % 7) FROM aged WHERE id % 50 < 9 ORDER BY id DESC; CREATE TABLE other LIKE aged; DROP TABLE other" || exit 1

modes="ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,IGNORE_SPACE,REAL_AS_FLOAT,NO_AUTO_VALUE_ON_ZERO"
setting sql_mode "'$modes,PAD_CHAR_TO_FULL_LENGTH'"
[ -n "$(sql "" "SELECT @@GLOBAL.sql_mode LIKE '%NO_BACKSLASH%' OR NULL" | grep 1)" ] || setting sql_mode "'$modes'"
setting time_zone "'-07:30'"
setting character_set_server latin1
setting collation_server latin1_german2_ci
setting character_set_client latin1
setting character_set_results latin1
setting collation_connection latin1_german2_ci
setting div_precision_increment 11
setting sql_quote_show_create 0
setting default_week_format 3
setting max_sort_length 8
setting lc_time_names "'de_DE'"
setting lc_messages "'de_DE'"
setting group_concat_max_len 4
setting default_storage_engine MyISAM
setting explicit_defaults_for_timestamp 0
setting transaction_isolation "'READ-COMMITTED'"
setting tx_isolation "'READ-COMMITTED'"
setting auto_increment_increment 10
setting auto_increment_offset 3
setting sql_auto_is_null 1
setting foreign_key_checks 0
setting unique_checks 0
setting sql_safe_updates 1
setting innodb_strict_mode 0
setting innodb_default_row_format compact
setting old_mode "'NO_DUP_KEY_WARNINGS_WITH_IGNORE'"
setting character_set_collations "''"
setting default_collation_for_utf8mb4 utf8mb4_general_ci
setting completion_type 1
[ "$(sql "" "SELECT @@GLOBAL.div_precision_increment, @@GLOBAL.time_zone, @@GLOBAL.sql_mode LIKE '%ANSI_QUOTES%'" | tr '\t' ' ')" = "11 -07:30 1" ]
tap $? "the server has other settings"
my_dump rows >moved.sql 2>dump.err || cat dump.err >&2
verifies "a server's settings, and rows in another order" rows plain.json moved.sql --jobs 3
runs 0 "sealed under these settings" seal rows set.json --backup set.sql --jobs 3
verifies "a seal under these settings" rows set.json set.sql --jobs 1
runs 0 "everything: sealed under these settings" seal everything allset.json --backup allset.sql
verifies "everything under these settings" everything allset.json allset.sql
verifies "everything, sealed before them" everything all.json allset.sql
my_dump rows --skip-extended-insert --complete-insert --skip-hex-blob --order-by-primary --skip-quick >inserts.sql
verifies "every row a statement" rows plain.json inserts.sql
my_load again set.sql && my_dump again >again.sql
sed -i 's/`again`/`rows`/g' again.sql
verifies "a dump of a dump" rows plain.json again.sql

# A character set and a collation of the database's own, other than all its tables'.
sql "" "CREATE DATABASE words CHARACTER SET latin1 COLLATE latin1_swedish_ci"
sql words "SET NAMES utf8mb4; CREATE TABLE w (t varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, l varchar(20), g varchar(20) CHARACTER SET gbk, c char(9) CHARACTER SET ucs2) COLLATE latin1_german1_ci;
	INSERT INTO w VALUES ('ä', 'ä', '中', 'x '), ('a', 'Ä', '文', '\\'), ('A ', NULL, '', '')"
runs 0 "a database of another character set is sealed" seal words words.json --backup words.sql
verifies "a database of another character set" words words.json words.sql

# Pages of another size, on either side. (PostgreSQL's are a matter of how it was built, and Debian's are all built alike.)
sql "" "CREATE DATABASE tables CHARACTER SET utf8mb4"
"$my_dump_tool" --no-defaults --socket="$work/socket/s" -u root --skip-triggers --hex-blob rows aged twice parts >tables.sql
sql tables <tables.sql
runs 0 "tables alone are sealed with pages of 16k" seal tables tables.json --backup tables.sql
for size in 4k 64k; do
	my_stop
	rm -rf "$work/my"
	my_made=("--innodb-page-size=$size")
	my_start --server-id=7
	my_load rows rows.sql
	runs 0 "sealed with pages of $size" seal rows "pages$size.json" --backup "pages$size.sql"
	verifies "pages of $size become pages of 16k" rows "pages$size.json" "pages$size.sql"
	sql "" "CREATE USER dba@localhost IDENTIFIED BY ''; GRANT ALL ON \`reprove\_%\`.* TO dba@localhost"
	[ "$my_vendor" = mysql ] || sql "" "GRANT SELECT ON mysql.proc TO dba@localhost"
	verifies "pages of 16k become pages of $size" tables tables.json tables.sql --scratch "$(my_uri "" dba)"
done
tap_done
