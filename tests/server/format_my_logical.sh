#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB and MySQL, logical backups: one of several databases in a dump, and mydumper's directories. Each made by its
# own tool, restored and compared; damaged copies of each are caught. $RP_MY_BINDIR chooses the version.
# usage: format_my_logical.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
command -v mydumper >/dev/null || my_skip "mydumper is not installed"
my_start --log-bin=binlog --server-id=1 --binlog-format=ROW
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
cat >shop.sql <<'S'
CREATE TABLE customers (id int NOT NULL PRIMARY KEY, name varchar(40) NOT NULL, about blob) ENGINE=InnoDB;
INSERT INTO customers VALUES (1, 'Ä; USE `other`;', x'00ff0a0d275c22'), (2, 'two\nlines;\n', NULL);
CREATE TABLE orders (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, customer int NOT NULL, total decimal(10,2) NOT NULL,
	FOREIGN KEY (customer) REFERENCES customers (id)) ENGINE=InnoDB;
INSERT INTO orders (customer, total) SELECT 1 + (a.id + b.id) % 2, a.id * 1.5 FROM customers a, customers b, customers c, customers d;
CREATE TABLE nothing (id int NOT NULL PRIMARY KEY) ENGINE=InnoDB;
CREATE DEFINER=`gone`@`nowhere` VIEW of_two AS SELECT id, total FROM orders WHERE customer = 2;
CREATE DEFINER=`gone`@`nowhere` VIEW of_that AS SELECT id FROM of_two;
DELIMITER ;;
CREATE DEFINER=`gone`@`nowhere` TRIGGER paid BEFORE INSERT ON orders FOR EACH ROW
BEGIN
	SET NEW.total = ROUND(NEW.total, 2);
	SET @last = NEW.id;
END;;
DELIMITER ;
S
cat >code.sql <<'S'
DELIMITER ;;
CREATE PROCEDURE clean(IN since int)
BEGIN
	-- USE `other`;
	DELETE FROM nothing WHERE id < since;
	SELECT 'a;
USE `other`;
b';
END;;
CREATE FUNCTION twice(a int) RETURNS int DETERMINISTIC RETURN 2 * a;;
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO CALL clean(7);;
DELIMITER ;
S
# Who owns code is no account of the scratch server's.
sql "" "CREATE USER gone@nowhere IDENTIFIED BY 'x'; GRANT ALL ON *.* TO gone@nowhere"
my_load shop shop.sql && my_load other shop.sql || exit 1
sql "" "DELETE FROM other.orders; CREATE TABLE other.alone (id int PRIMARY KEY)"
sql "" "CREATE USER app@localhost IDENTIFIED BY 'x'; GRANT ALL ON shop.* TO app@localhost"
seal() { "$reprove" seal --source "$(my_uri "$1")" --key reprove.key --manifest "$1.json" "${@:2}"; }
verify() { "$reprove" verify --state none --target shop --manifest shop.json --trust reprove.pub --reports out "$@"; }

# mydumper 0.10 writes SQL that is none for routines of MySQL 9, whose lists have a column more.
[ "$my_vendor" = mysql ] || sql shop <code.sql
runs 0 "mydumper: sealed" seal shop --backup sealed --format mydumper
has "of the same snapshot" "of the same snapshot" "$out"
has "held up for" "and says how long writers waited" "$out"
runs 0 "mydumper: verified" verify sealed
has "mydumper, restored whole" "as what it is" "$out"
[ "$my_vendor" = mariadb ] || sql shop <code.sql

# The seals that follow bind no backup: each of these is asked whether it has what was there.
[ "$my_vendor" = mariadb ] || cp shop.json plain.json
runs 0 "a seal without a backup" seal shop
my_dump shop --databases other | gzip >two.sql.gz
runs 0 "the sealed one of two databases" verify two.sql.gz
all=(--all-databases --flush-privileges --add-drop-database)
[ "$my_vendor" = mysql ] || all+=(--system=all --master-data=1)
"$my_dump_tool" --no-defaults --socket="$work/socket/s" -u root --single-transaction --routines --events "${all[@]}" >all.sql 2>/dev/null
runs 0 "of all databases, with accounts, positions and the server's own" verify all.sql
at=$(grep -n '^USE `other`' all.sql | head -1 | cut -d: -f1)
head -$((at + 20)) all.sql >cut.sql
runs 1 "cut within a database that is not wanted" verify cut.sql
has "truncated" "it is truncated all the same" "$out$err"
sed 's/two\\nlines/too\\nlines/' all.sql >changed.sql
runs 1 "a row of it that was changed" verify changed.sql
has "id=2" "is named" "$out"
runs 4 "without a manifest nobody says which" "$reprove" verify --state none --target shop --no-manifest --reports out all.sql
has "several databases: 'other', 'shop'" "they are named" "$out$err"
runs 0 "and with --database one does" "$reprove" verify --state none --target shop --no-manifest --database other --reports out all.sql
sql "" "CREATE DATABASE third; CREATE TABLE third.t (id int PRIMARY KEY); CREATE VIEW third.v AS SELECT t.id FROM third.t JOIN other.alone USING (id)"
seal third >/dev/null 2>&1
my_dump third --databases other >third.sql
runs 2 "a view that needs another database" "$reprove" verify --state none --target third --manifest third.json --trust reprove.pub --reports out third.sql
has "refers to another database" "is said to be that" "$out$err"
case $my_vendor in
mariadb) foreign=utf8mb4_0900_ai_ci knows=MySQL ;;
mysql) foreign=utf8mb4_uca1400_ai_ci knows=MariaDB ;;
esac
zcat two.sql.gz | sed "s/utf8mb4_unicode_520_ci/$foreign/g" >foreign.sql
grep -q "$foreign" foreign.sql && runs 2 "a collation of the other vendor's" verify foreign.sql
has "$foreign" "is named" "$out$err"
has "$knows" "and who knows it" "$out$err"

# mydumper, as people run it

[ "$my_vendor" = mariadb ] || cp plain.json shop.json
[ "$my_vendor" = mariadb ] || sql shop "DROP PROCEDURE clean; DROP FUNCTION twice; DROP EVENT tidy"
[ "$my_vendor" = mariadb ] || runs 0 "a seal without a backup or routines" seal shop
dumper() { mydumper --socket="$work/socket/s" --user=root --triggers --events --routines --outputdir="$@" 2>/dev/null; }
dumper parts --database=shop --rows=4 --compress
[ "$(find parts -name 'shop.orders.0*.sql.gz' | wc -l)" -gt 1 ] || [ "$my_vendor" = mysql ] # whose estimates are lower
tap $? "mydumper: rows in parts, compressed" || ls parts >&2
runs 0 "restored" verify parts
tar -C parts -cf - . | gzip >parts.tar.gz
runs 0 "a tar of it" verify parts.tar.gz
sql shop "CREATE DATABASE many"
for i in $(seq 90); do echo "CREATE TABLE a$i (id int PRIMARY KEY);"; done | sql many
dumper many --database=many
# What says most stands behind the part of it that is looked at.
tar -C many -cf many.tar --sort=name --exclude=metadata --exclude='*create*' . && tar -C many -rf many.tar metadata many-schema-create.sql
runs 0 "a tar that tells late what it is" "$reprove" verify --state none --target many --no-manifest --reports out many.tar
has "mydumper, restored whole" "is recognised" "$out"
dumper server --regex='^(shop|other)\.'
[ -f server/other.orders-schema.sql ]
tap $? "mydumper: of several databases"
runs 0 "the sealed one of them" verify server
runs 4 "without a manifest nobody says which" "$reprove" verify --state none --target shop --no-manifest --reports out server
has "'other', 'shop'" "they are named" "$out$err"

# What newer ones write is not to be had here: their metadata, after their documentation, and zstd.
cp -r server newer && zstd -q --rm newer/*.sql
cat >newer/metadata <<'S'
# Started dump at: 2026-11-21 10:00:00
[config]
quote-character = BACKTICK

[source]
# SOURCE_LOG_FILE = "binlog.000001"
# SOURCE_LOG_POS = 4

[`shop`.`customers`]
real_table_name=customers
rows = 2

[`shop`.`nothing`]
rows = 0
# Finished dump at: 2026-11-21 10:00:01
S
runs 0 "the metadata of newer ones, and zstd" verify newer
rm newer/shop.customers.sql.zst
runs 1 "rows that were counted and are missing" verify newer
has "the rows of 'shop.customers' are missing" "the table is named" "$out$err"

copy() { rm -rf damaged && cp -r server damaged; }
copy && rm damaged/shop.orders-schema.sql
runs 1 "a table's definition that is missing" verify damaged
has "shop.orders-schema.sql" "is named" "$out$err"
copy && sed -i '/Finished/d' damaged/metadata
runs 1 "mydumper had not finished" verify damaged
has "has not finished" "which is said" "$out$err"
copy && truncate -s -9 damaged/shop.customers.sql
runs 1 "rows that were cut inside of a statement" verify damaged
has "truncated inside of a statement: 'shop.customers.sql'" "the file is named" "$out$err"
# Between two statements no file of mydumper's tells that it was cut. The digests do.
copy && head -3 server/shop.orders.sql >damaged/shop.orders.sql
runs 1 "rows that were cut between two statements" verify damaged
has "orders" "the digests tell of which table" "$(grep -A3 relation.digest "$work/stdout")"
copy && rm damaged/shop.customers.sql
runs 1 "so they do of a file of rows that is missing" verify damaged
copy && printf '\\! touch %s\n;\nsystem touch %s\n;\n' "$work/t/ran" "$work/t/ran" >>damaged/shop.nothing-schema.sql
runs 1 "commands of the client's own" verify damaged
has "shop.nothing-schema.sql" "the file is named" "$out$err"
[ ! -e "$work/t/ran" ]
tap $? "and nothing has run"
copy && touch damaged/shop.orders.00000.dat
runs 2 "a file that is not SQL" verify damaged
has "shop.orders.00000.dat" "is named" "$out$err"
copy && ln -sf /etc/passwd damaged/shop.customers.sql
"$reprove" verify --state none --target shop --manifest shop.json --trust reprove.pub --reports out damaged >"$work/stdout" 2>"$work/stderr"
[ $? -ne 0 ] && ! grep -q root:x "$work/stdout" "$work/stderr"
tap $? "a link is not followed"

# Sealing with a command of one's own

runs 0 "mydumper under a lock of its own" seal shop --backup own \
	--backup-command "mydumper --defaults-file={defaults} -B {database} -o {path} -t 3 -G -E -R --trx-consistency-only"
runs 0 "verifies" verify own
runs 2 "without a lock, and without a word of how many connections" seal shop --backup bad \
	--backup-command "mydumper --defaults-file={defaults} -B {database} -o {path} -t 3 -G -E -R --no-locks"
has "begins a second transaction, which would see another moment" "which the tool is told, and says" "$err"
[ ! -e bad ]
tap $? "no backup is left"
if [ "$my_vendor" = mariadb ]; then # MySQL 9 has no SHOW MASTER STATUS, and mydumper 0.10 no other way to ask
	cat >later.sh <<-'S'
		mydumper --defaults-file="$1" -B "$2" -o "$3" -t 2 --no-locks --long-query-guard=9999 && sed -i 's/Pos: .*/Pos: 4/' "$3/metadata"
	S
	runs 2 "a position that is another moment's" seal shop --backup bad --jobs 2 \
		--backup-command "bash later.sh {defaults} {database} {path} {jobs}"
	has "of another moment" "which is said" "$err"
fi
ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left in the temporary directory" || sed 's/^/# /' left >&2
tap_done
