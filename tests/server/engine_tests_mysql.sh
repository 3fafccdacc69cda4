#!/bin/bash
# SPDX-License-Identifier: MIT
# The engine's own tests of MariaDB and MySQL, on a real server: what each of them sees, what it cannot know and says so,
# and tables that are damaged on the disk.
# usage: engine_tests_mysql.sh MY_TESTS SOURCE_ROOT
set -u
ask=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start
cd "$work" || exit 1

# answers DATABASE CHECK NAME LINE...: "verdict|object|message|found", all of its answers and no other, in any order
answers() {
	local db=$1 check=$2 name=$3 got wanted
	shift 3
	got=$("$ask" "$(my_uri "$db")" "$check" 2>&1 | cut -f2- | tr '\t' '|' | sort)
	wanted=$(printf '%s\n' "$@" | sort)
	[ "$got" = "$wanted" ]
	tap $? "$name" || { echo "wanted:"; echo "$wanted"; echo "got:"; echo "$got"; } | sed 's/^/# /' >&2
}
# finds DATABASE CHECK OBJECT NAME: a failure about this object
finds() {
	local got
	got=$("$ask" "$(my_uri "$1")" "$2" 2>&1)
	printf '%s\n' "$got" | cut -f2,3 | grep -qxF "fail	$3"
	tap $? "$4" || printf '%s\n' "$got" | sed 's/^/# /' >&2
}
load() { # DATABASE: from stdin
	cat >load.sql
	my_load "$1" load.sql || exit 1
}

load empty <<'S'
SELECT 1;
S
answers empty constraint.orphans "no foreign key is no hole" "excused not-run||there is no foreign key|"
answers empty engine.views "nor is no view" "excused not-run||there is no view, routine, trigger or event|"
answers empty engine.definers "nor is no definer" "excused not-run||nothing here has a definer|"
answers empty engine.check_table "nor is no table" "excused not-run||there is no table|"

load orphans <<'S'
SET foreign_key_checks = 0;
CREATE TABLE pair (a int, b varchar(20) COLLATE utf8mb4_general_ci, PRIMARY KEY (a, b)) CHARACTER SET utf8mb4;
CREATE TABLE child (id int PRIMARY KEY, a int, b varchar(20) COLLATE utf8mb4_general_ci, up int,
	CONSTRAINT both_of FOREIGN KEY (a, b) REFERENCES pair (a, b),
	CONSTRAINT above FOREIGN KEY (up) REFERENCES child (id)) CHARACTER SET utf8mb4;
CREATE TABLE bytes (k binary(2) PRIMARY KEY);
CREATE TABLE of_bytes (k binary(2), CONSTRAINT of_bytes_k FOREIGN KEY (k) REFERENCES bytes (k));
CREATE TABLE word (w enum('a', 'b') PRIMARY KEY);
CREATE TABLE of_word (w enum('x', 'y', 'z'), CONSTRAINT by_number FOREIGN KEY (w) REFERENCES word (w));
CREATE TABLE alone (id int PRIMARY KEY, x int, CONSTRAINT no_table FOREIGN KEY (x) REFERENCES nowhere (id));
CREATE TABLE `o'dd ``one``.` (`i.d` int PRIMARY KEY);
CREATE TABLE `of odd` (`x\y` int, CONSTRAINT `n'a``me` FOREIGN KEY (`x\y`) REFERENCES `o'dd ``one``.` (`i.d`));
INSERT INTO pair VALUES (1, 'one');
INSERT INTO child VALUES (1, 1, 'ONE', NULL), (2, 1, NULL, 1), (3, NULL, 'two', 3), (4, 2, 'two', NULL), (5, 1, 'two', 99);
INSERT INTO bytes VALUES (x'0001');
INSERT INTO of_bytes VALUES (x'0001'), (x'ff00'), (x'ff00');
INSERT INTO word VALUES ('a'), ('b');
INSERT INTO of_word VALUES ('x'), ('y'), ('z');
INSERT INTO `o'dd ``one``.` VALUES (1);
INSERT INTO `of odd` VALUES (1), (2);
S
answers orphans constraint.orphans "orphans of composite, self-referring, binary, enumerated and oddly named keys" \
	"fail|child.both_of|2 rows of 'child' refer to rows of 'pair' that are not there|(1, two), (2, two)" \
	"fail|child.above|1 row of 'child' refers to rows of 'child' that are not there|(99)" \
	"fail|of_bytes.of_bytes_k|2 rows of 'of_bytes' refer to rows of 'bytes' that are not there|(0xFF00)" \
	"fail|of_word.by_number|1 row of 'of_word' refers to rows of 'word' that are not there|(z)" \
	"fail|alone.no_table|the table 'nowhere' that it refers to is not there|Table 'orphans.nowhere' doesn't exist (1146)" \
	"fail|of odd.n'a\`me|1 row of 'of odd' refers to rows of 'o'dd \`one\`.' that are not there|(2)"

load elsewhere <<'S'
SET foreign_key_checks = 0;
CREATE TABLE t (id int PRIMARY KEY, x int, CONSTRAINT away FOREIGN KEY (x) REFERENCES orphans.child (id));
CREATE TABLE many_up (id int PRIMARY KEY);
CREATE TABLE many (x int, CONSTRAINT up FOREIGN KEY (x) REFERENCES many_up (id));
INSERT INTO many VALUES (1), (2), (3), (4), (5), (6), (7);
S
answers elsewhere constraint.orphans "a key into another database is not asked; of many orphans a few are named" \
	"excused not-run|t.away|it refers to another database ('orphans'), which no backup of this one brings|" \
	"fail|many.up|7 rows of 'many' refer to rows of 'many_up' that are not there|(1), (2), (3), (4), (5), ..."

load gone_too <<'S'
CREATE TABLE t (id int);
S
sql orphans 'CREATE TABLE gone_too (id int)'
load views <<'S'
CREATE TABLE t (id int PRIMARY KEY, q int);
CREATE TABLE gone (id int);
CREATE TABLE other (id int);
CREATE FUNCTION lost() RETURNS int DETERMINISTIC RETURN 1;
CREATE VIEW good AS SELECT id FROM t;
CREATE VIEW no_table AS SELECT id FROM gone;
CREATE VIEW no_column AS SELECT q FROM t;
CREATE VIEW no_function AS SELECT lost() AS f FROM t;
CREATE VIEW upon_it AS SELECT id FROM no_table;
CREATE DEFINER = 'nobody'@'localhost' VIEW no_definer AS SELECT id FROM t;
CREATE VIEW abroad AS SELECT id FROM orphans.gone_too;
CREATE VIEW no_database AS SELECT id FROM gone_too.t;
CREATE USER 'weak'@'localhost';
CREATE DEFINER = 'weak'@'localhost' VIEW no_right AS SELECT id FROM t;
CREATE DEFINER = 'nobody'@'localhost' PROCEDURE p(x int) SELECT x;
CREATE FUNCTION f(x int, y int) RETURNS int DETERMINISTIC RETURN x;
DELIMITER //
CREATE FUNCTION writes(x int) RETURNS int DETERMINISTIC MODIFIES SQL DATA BEGIN DELETE FROM t WHERE id = x; RETURN x; END//
DELIMITER ;
CREATE VIEW writing AS SELECT writes(id) AS w FROM other;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id;
CREATE EVENT e ON SCHEDULE AT '2037-01-01' DO DELETE FROM t;
DROP TABLE gone;
DROP FUNCTION lost;
ALTER TABLE t DROP COLUMN q;
S
sql "" 'DROP TABLE orphans.gone_too; DROP DATABASE gone_too'
got=$("$ask" "$(my_uri views)" engine.views | cut -f2-4 | tr '\t' '|')
for line in "fail|no_table|the view does not compile: a table that it names is not there" \
	"fail|no_column|the view does not compile: a column that it names is not there" \
	"fail|no_function|the view does not compile: a function that it names is not there" \
	"excused not-run|abroad|it names what is of another database, which no backup of this one brings" \
	"excused not-run|no_database|it names what is of another database, which no backup of this one brings" \
	"not-run|upon_it|it uses what cannot be used here, by who asks or by a definer" \
	"not-run|no_definer|its definer does not exist on this server: it cannot be used" \
	"not-run|no_right|it compiles, but its definer may not use what it names"; do
	printf '%s\n' "$got" | grep -qxF "$line"
	tap $? "$line" || printf '%s\n' "$got" | sed 's/^/# /' >&2
done
[ "$(printf '%s\n' "$got" | wc -l)" -eq 9 ]
tap $? "and nothing is said of those that compile" || printf '%s\n' "$got" | sed 's/^/# /' >&2
answers views engine.definers "an account that does not exist is told, and is no damage" "pass|||" \
	"excused not-run|nobody@localhost|the account 'nobody@localhost' does not exist on this server, and is the definer of 2 objects ('routine p')|"

# Who may only read: what is not his to see is told, and nothing is called broken for it.
sql "" "CREATE USER 'reader'@'localhost'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON views.* TO 'reader'@'localhost';
	GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON orphans.* TO 'reader'@'localhost'"
got=$("$ask" "$(my_uri orphans reader)" constraint.orphans | grep -c '^constraint.orphans	fail')
[ "$got" -eq 6 ]
tap $? "reading is enough to ask for orphans" || echo "# $got" >&2
got=$("$ask" "$(my_uri views reader)" engine.definers | cut -f2,4)
[ "$got" = "excused not-run	which accounts there are is not ours to see: it takes SELECT on mysql.user" ]
tap $? "accounts are not everybody's to see" || echo "# $got" >&2
got=$("$ask" "$(my_uri views reader)" engine.views | cut -f2- | grep -v '^fail	no_\(table\|column\|function\)	')
! printf '%s\n' "$got" | grep -q '^fail'
tap $? "no view is called broken that is only not ours to use" || printf '%s\n' "$got" | sed 's/^/# /' >&2

# Checks being off, each vendor lets such a key come to be in a way of its own.
unlike='k varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'
[ "$my_vendor" = mariadb ] && unlike_made=$unlike unlike_altered='' ||
	unlike_made='k varchar(20)' unlike_altered="ALTER TABLE c MODIFY $unlike;"
cat >load.sql <<S
SET foreign_key_checks = 0;
CREATE TABLE c ($unlike_made, CONSTRAINT unlike FOREIGN KEY (k) REFERENCES p (k)) CHARACTER SET utf8mb4
	COLLATE utf8mb4_general_ci;
CREATE TABLE p (k varchar(20) PRIMARY KEY) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE TABLE same (k varchar(20), other varchar(20) CHARACTER SET latin1, CONSTRAINT like_with_like FOREIGN KEY (k)
	REFERENCES p (k)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO c VALUES ('a'), ('A'), ('b');
INSERT INTO p VALUES ('a');
$unlike_altered
S
# MariaDB 10.5 does not.
if my_load charsets load.sql 2>/dev/null; then
	finds charsets engine.charsets c.unlike "a foreign key between two collations"
	answers charsets constraint.orphans "its rows are asked for all the same, as the parent's index compares" \
		"pass|||" "fail|c.unlike|1 row of 'c' refers to rows of 'p' that are not there|(b)"
fi

load tables <<'S'
CREATE TABLE inno (id int PRIMARY KEY, t varchar(100), KEY (t));
CREATE TABLE my_isam (id int PRIMARY KEY, t varchar(100), KEY (t)) ENGINE = MyISAM;
CREATE TABLE mem (id int) ENGINE = MEMORY;
CREATE TABLE part (id int, t varchar(100)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (100),
	PARTITION p1 VALUES LESS THAN (20000));
CREATE TABLE odd (id int);
CREATE TABLE `o'dd ``one``.` (id int);
INSERT INTO inno VALUES (0, 'value 0');
INSERT INTO inno SELECT id + 1, CONCAT('value ', id + 1) FROM inno;
INSERT INTO inno SELECT id + 2, CONCAT('value ', id + 2) FROM inno;
INSERT INTO inno SELECT id + 4, CONCAT('value ', id + 4) FROM inno;
INSERT INTO inno SELECT id + 8, CONCAT('value ', id + 8) FROM inno;
INSERT INTO inno SELECT id + 16, CONCAT('value ', id + 16) FROM inno;
INSERT INTO inno SELECT id + 32, CONCAT('value ', id + 32) FROM inno;
INSERT INTO inno SELECT id + 64, CONCAT('value ', id + 64) FROM inno;
INSERT INTO inno SELECT id + 128, CONCAT('value ', id + 128) FROM inno;
INSERT INTO inno SELECT id + 256, CONCAT('value ', id + 256) FROM inno;
INSERT INTO inno SELECT id + 512, CONCAT('value ', id + 512) FROM inno;
INSERT INTO my_isam SELECT * FROM inno;
INSERT INTO part SELECT * FROM inno;
S
answers tables engine.check_table "tables that are whole pass, and one that cannot be checked does not" "pass|||" \
	"excused not-run|mem|tables of engine MEMORY cannot be checked|"

flip() { # FILE TEXT: one bit of it, at its first place
	python3 - "$work/my/data/$1" "$2" <<'P'
import sys
with open(sys.argv[1], "r+b") as f:
    at = f.read().index(sys.argv[2].encode())
    f.seek(at)
    f.write(bytes([sys.argv[2].encode()[0] ^ 1]))
P
}
sql tables 'FLUSH TABLES' && flip tables/my_isam.MYD 'value 500' || exit 1
finds tables engine.check_table my_isam "one bit of a MyISAM table on the disk"
sql tables 'DROP TABLE my_isam'

sql tables 'CREATE TABLE one (id int) ENGINE = MyISAM; CREATE TABLE merged (id int, x int) ENGINE = MERGE UNION = (one)'
finds tables engine.check_table merged "a MERGE of tables that do not fit"
sql tables 'DROP TABLE merged'

if sql tables 'CREATE TABLE swap LIKE part; ALTER TABLE swap REMOVE PARTITIONING; INSERT INTO swap VALUES (500, NULL);
	ALTER TABLE part EXCHANGE PARTITION p0 WITH TABLE swap WITHOUT VALIDATION' 2>/dev/null; then
	finds tables engine.check_table part "a row in a partition that is not its own"
fi

my_stop
flip tables/inno.ibd 'value 500' || exit 1
my_run
if [ "$my_vendor" = mariadb ]; then
	finds tables engine.check_table inno "one bit of an InnoDB table on the disk"
else
	# MySQL ends itself over such a page, and the check with it.
	got=$("$ask" "$(my_uri tables)" engine.check_table 2>&1)
	[ $? -eq 2 ] && printf '%s\n' "$got" | cut -f2 | grep -qx error && ! printf '%s\n' "$got" | cut -f2 | grep -qx pass
	tap $? "one bit of an InnoDB table on the disk ends the server, and that is no pass" ||
		printf '%s\n' "$got" | sed 's/^/# /' >&2
fi
tap_done
