#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB and MySQL: what goes wrong with a server, a dump or a client there, each with its exit status and in words
# that say what to do. Statuses that depend on no engine are in exit_status.sh.
# usage: exit_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start --max-allowed-packet=64M
my_load shop "$root/fixtures/mysql/shop.sql" || exit 1
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
seal() { # URI [OPTION...]
	local source=$1
	shift
	rm -f x.json
	"$reprove" seal --source "$source" --key reprove.key --manifest x.json "$@"
}
unsealed() {
	[ ! -e x.json ]
	tap $? "and no manifest is left behind"
}
"$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest m.json --backup shop.sql >/dev/null 2>&1
tap $? "a shop is sealed"
# A seal without a backup: any file is asked whether it has what was there, and restored to its end.
"$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest alone.json >/dev/null 2>&1
verify() { "$reprove" verify --state none --target shop --manifest alone.json --trust reprove.pub --reports out "$@"; }
answers() { # CHECK VERDICTS NAME
	local got
	got=$(python3 "$root/tests/server/verdicts.py" out/result.json "$1")
	[ "$got" = "$2" ]
	tap $? "$3" || echo "# $1: expected $2, got $got" >&2
}
cp shop.sql good.sql
runs 0 "0: verified" verify good.sql

# The source

runs 2 "2: nobody listens there" seal "$my_vendor://root@localhost/shop?socket=$work/nowhere"
has "$work/nowhere" "the socket is named" "$err"
unsealed
runs 2 "2: no such database" seal "$(my_uri nosuch)"
has "nosuch" "it is named" "$err"
unsealed
runs 4 "4: no database is named" seal "$(my_uri '')"
has "name it in the URI" "which is said" "$err"
runs 4 "4: a password in the URI" seal "$my_vendor://root:secret@localhost/shop?socket=$work/socket/s"
has "seen by everybody" "why not is said" "$err"
has ".my.cnf" "and where to put it" "$err"
runs 4 "4: an unknown parameter" seal "$(my_uri shop)&colour=red"
has "colour" "is named" "$err"
sql "" "CREATE USER app@localhost IDENTIFIED BY 'right'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON shop.* TO app@localhost"
runs 2 "2: no password" seal "$(my_uri shop app)"
has "Access denied" "the server's own words are there" "$err"
unsealed
printf '[client]\npassword=wrong\n' >wrong.cnf
printf '[client]\npassword=right\n' >right.cnf
chmod 600 wrong.cnf right.cnf
runs 2 "2: a wrong password" seal "$(my_uri shop app)&defaults-file=$work/wrong.cnf"
has "Access denied" "is told" "$err"
case $err in *right* | *"=wrong"*) false ;; esac
tap $? "and not printed"
runs 4 "4: an option file that is not there" seal "$(my_uri shop app)&defaults-file=$work/none.cnf"
has "none.cnf" "is named" "$err"
cp right.cnf "$HOME/.my.cnf"
seal "$(my_uri shop app)" >"$work/stdout" 2>"$work/stderr"
case $(cat "$work/stderr") in *"Access denied for user 'app'@'localhost' (using"*) false ;; esac
tap $? "a person's own option file is read"
rm "$HOME/.my.cnf"

# One table that may not be read: the rest is sealed, and the whole is not.
sql "" "CREATE USER clerk@localhost"
for table in $(sql "" "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' AND table_name <> 'payments'"); do
	sql "" "GRANT SELECT, SHOW VIEW, TRIGGER ON shop.$table TO clerk@localhost"
done
runs 2 "2: access denied to one table" seal "$(my_uri shop clerk)"
has "lacks: " "and which rights are missing is said" "$err$out"

# A view that no longer compiles stops the vendors' tools.
sql shop "CREATE TABLE gone (a int); CREATE VIEW broken AS SELECT a FROM gone; DROP TABLE gone"
runs 2 "2: a view that no longer compiles" seal "$(my_uri shop)" --backup x.sql
has "broken" "is named" "$err$out"
sql shop "DROP VIEW broken"

# Rows of more than the server lets through at once.
sql "" "CREATE DATABASE wide; CREATE TABLE wide.t (id int PRIMARY KEY, b longblob); INSERT INTO wide.t VALUES (1, REPEAT('x', 30 * 1024 * 1024)), (2, 'y')"
runs 0 "a row of 30 MB is sealed with its backup" "$reprove" seal --source "$(my_uri wide)" --key reprove.key --manifest wide.json --backup wide.sql
runs 0 "and comes back" "$reprove" verify --target wide --manifest wide.json --trust reprove.pub wide.sql
my_dump wide --max-allowed-packet=16M >small.sql 2>small.err
runs 1 "1: a dump whose client let no such row through" "$reprove" verify --target wide --state none --manifest wide.json --trust reprove.pub --reports out small.sql
answers artifact.digest fail "is another file"
has '"restore.complete"' "and no whole one" "$(cat out/result.json)"
sql "" "SET GLOBAL max_allowed_packet = 1048576"
# A server that lets no such row through any more may refuse, and must not leave it out.
if seal "$(my_uri wide)" --backup wide2.sql >"$work/stdout" 2>"$work/stderr"; then
	runs 0 "a row that is wider than the server's limit is there all the same" "$reprove" verify --state none --target wide \
		--manifest x.json --trust reprove.pub wide2.sql
else
	has "max_allowed_packet" "the server lets no such row through, and the setting is named" "$(cat "$work/stderr")"
	unsealed
fi
sql "" "SET GLOBAL max_allowed_packet = 67108864"

# Writers are never held up for long: a query that keeps the lock from being had is told.
my_client shop -e "SELECT COUNT(*), SLEEP(15) FROM customers WHERE id = 1" >/dev/null 2>&1 &
sleeper=$!
sleep 0.5
began=$(date +%s)
seal "$(my_uri shop)" --backup x.sql >"$work/stdout" 2>"$work/stderr"
status=$?
[ $(($(date +%s) - began)) -lt 40 ]
tap $? "a long query is not waited for without end"
[ $status -eq 0 ]
tap $? "and the seal succeeds when it has ended" || sed 's/^/# /' "$work/stderr" >&2
began=$(date +%s%N)
sql shop "INSERT INTO audit VALUES ('2024-01-01', 'not held up', NULL); DELETE FROM audit WHERE what = 'not held up'"
[ $((($(date +%s%N) - began) / 1000000)) -lt 5000 ]
tap $? "and nobody is kept from writing afterwards"
wait $sleeper 2>/dev/null

# The dump

head -c 700000 good.sql >cut.sql
runs 1 "1: a dump cut inside an INSERT" verify cut.sql
answers restore.complete fail "is no whole one"
head -n $(($(grep -n '^INSERT INTO `payments`' good.sql | head -1 | cut -d: -f1) - 1)) good.sql >cut.sql
runs 1 "1: a dump cut between two statements" verify cut.sql
answers restore.complete fail "is no whole one"
has "Dump completed" "the line that is missing is named" "$out"
grep -v '^-- Dump completed' good.sql >cut.sql
runs 1 "1: a dump without its last line" verify cut.sql
: >empty.sql
runs 1 "1: an empty file" verify empty.sql
gzip -c good.sql | head -c 90000 >cut.sql.gz
runs 1 "1: a gzip file cut short" verify cut.sql.gz

awk '{print} /^-- Table structure for table `orders`/ {print "mysqldump: Error 2013: Lost connection to server during query when dumping table `orders` at row: 17"}' good.sql >message.sql
runs 1 "1: a message of the tool in the middle of its dump" verify message.sql
has "Lost connection" "and its words are told" "$out"
awk '{print} /^-- Table structure for table `orders`/ {print "SELECT nonsense FROM nowhere;"}' good.sql >edited.sql
runs 1 "1: a statement that fails: the client's own 'continue on error' is no pass" verify edited.sql
answers restore.complete fail "is a restore that failed"
has "nowhere" "with the server's words" "$out"
awk '{print} /^-- Table structure for table `orders`/ {print "\\! touch '"$work"'/ran\n\\T '"$work"'/ran\nsystem touch '"$work"'/ran"}' good.sql >shell.sql
runs 1 "1: a command of the client's in a dump" verify shell.sql
[ ! -e "$work/ran" ]
tap $? "and it did not run"

{ printf '/*M!999999\\- enable the sandbox mode */ \n'; grep -v 'enable the sandbox mode' good.sql; } >sandbox.sql
runs 0 "the sandbox line of newer dumps is no obstacle" verify sandbox.sql
{ head -20 good.sql; printf "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';\n"; tail -n +21 good.sql; } >gtid.sql
runs 0 "nor is GTID_PURGED, which no other server takes" verify gtid.sql

# A collation of other servers: not the dump's fault, and not this server's.
case $my_vendor in
mariadb) foreign=utf8mb4_zh_0900_as_cs knows=MySQL ;;
mysql) foreign=utf8mb4_uca1400_ai_ci knows=MariaDB ;;
esac
sed "s/utf8mb4_unicode_ci/$foreign/g" good.sql >foreign.sql
runs 2 "2: a collation that this server does not know" verify foreign.sql
has "$foreign" "is named" "$out$err"
has "$knows" "and who knows it" "$out$err"

sql "" "CREATE DATABASE second; CREATE TABLE second.t (id int PRIMARY KEY)"
my_dump shop --databases second >both.sql
runs 0 "the sealed one of two databases is restored" verify both.sql
my_dump second --databases >only.sql
runs 1 "1: a dump of another database alone" verify only.sql
has "it holds no database 'shop', but 'second'" "both are named" "$out$err"
iconv -f UTF-8 -t UTF-16 good.sql >wide16.sql
runs 1 "1: a dump that became UTF-16" verify wide16.sql
has "UTF-16" "is said to be that" "$out$err"
printf 'no dump at all\n' >text.sql
runs 1 "1: no dump at all" verify text.sql

if [ "$my_vendor" = mysql ]; then
	# MariaDB's dumps bring values for generated columns; MySQL takes none.
	awk '/^INSERT INTO `products`/ && !done {sub(/INTO `products` (\([^)]*\) )?VALUES/, "INTO `products` (`sku`,`title`,`price`,`price_net`,`attributes`,`about`) VALUES (0x00,\047t\047,1,2,\047{}\047,\047a\047);\nINSERT INTO `products` VALUES"); done = 1} {print}' good.sql >generated.sql
	runs 2 "2: values for generated columns" verify generated.sql
	has "price_net" "the column is named" "$out$err"
fi

# A server that dies half way

sql "" "CREATE DATABASE big; CREATE TABLE big.t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, v char(200) NOT NULL DEFAULT 'x')"
sql big "INSERT INTO t (v) SELECT line FROM shop.order_lines$(printf '; INSERT INTO t (v) SELECT v FROM t%.0s' 1 2 3 4 5 6)"
rm -f x.json big.sql
"$reprove" seal --source "$(my_uri big)" --key reprove.key --manifest x.json --backup big.sql >"$work/stdout" 2>"$work/stderr" &
pid=$!
for _ in $(seq 200); do
	[ -n "$(find . -maxdepth 1 -name '*big.sql*' -size +100k)" ] && break
	sleep 0.01
done
kill -KILL "$my_pid"
wait "$my_pid" 2>/dev/null
wait $pid
status=$?
[ $status -eq 2 ]
tap $? "2: the server dies while it is sealed" || { echo "# status $status"; sed 's/^/# /' "$work/stderr"; } >&2
grep -qi "lost connection\|gone away\|the server\|connection" "$work/stderr"
tap $? "which is told" || sed 's/^/# /' "$work/stderr" >&2
unsealed
[ ! -e big.sql ]
tap $? "nor half a backup"
my_run --max-allowed-packet=64M

# The private server dies while it restores.
"$reprove" seal --source "$(my_uri big)" --key reprove.key --manifest big.json --backup big.sql >/dev/null 2>&1
tap $? "started again, it is sealed"
"$reprove" verify --target big --manifest big.json --trust reprove.pub --reports died big.sql >"$work/stdout" 2>"$work/stderr" &
pid=$!
for _ in $(seq 400); do
	server=$(awk '$1 == "server" {print $2}' "$TMPDIR"/reprove-*/owner 2>/dev/null | tail -1)
	[ -n "$server" ] && [ -n "$(find "$TMPDIR" -name 't.ibd' -size +1M 2>/dev/null)" ] && break
	sleep 0.02
done
kill -KILL "$server"
wait $pid
status=$?
[ $status -eq 2 ]
tap $? "2: the private server dies" || { echo "# status $status"; sed 's/^/# /' "$work/stdout" "$work/stderr"; } >&2
"$reprove" verify --target big --manifest big.json --trust reprove.pub --reports stopped big.sql >"$work/stdout" 2>"$work/stderr" &
pid=$!
for _ in $(seq 400); do
	[ -n "$(find "$TMPDIR" -name 't.ibd' -size +1M 2>/dev/null)" ] && break
	sleep 0.02
done
kill -INT $pid
wait $pid
status=$?
[ $status -eq 2 ]
tap $? "2: interrupted" || { echo "# status $status"; head -20 "$work/stderr" | sed 's/^/# /'; } >&2
has '"status": 2' "the recorded result says so" "$(head -20 stopped/result.json)"
"$reprove" verify --target big --manifest big.json --trust reprove.pub --timeout 2s big.sql >"$work/stdout" 2>"$work/stderr"
[ $? -eq 2 ]
tap $? "2: no time left"
ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left" || sed 's/^/# /' left >&2

# kill -9 leaves things; the next run removes them.
"$reprove" verify --target big --manifest big.json --trust reprove.pub big.sql >/dev/null 2>&1 &
pid=$!
for _ in $(seq 400); do
	[ -n "$(find "$TMPDIR" -name 't.ibd' -size +1M 2>/dev/null)" ] && break
	sleep 0.02
done
kill -9 $pid
wait $pid 2>/dev/null
ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ -s left ]
tap $? "kill -9 leaves a directory"
runs 0 "the next run verifies" verify good.sql
ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "and has removed what the killed one left" || sed 's/^/# /' left >&2

# What is kept can be connected to.
runs 0 "a restored database may be kept" verify --keep good.sql
command=$(grep -h -o "/[^ ]*/\(mariadb\|mysql\) --.*" "$work/stdout" "$work/stderr" | head -1)
[ -n "$command" ] && [ "$(bash -c "$command -N -e 'SELECT COUNT(*) FROM customers'")" = 2000 ]
tap $? "and answers to what is printed" || { echo "# $command"; sed 's/^/# /' "$work/stderr"; } >&2
directory=$(printf '%s\n' "$TMPDIR"/reprove-*)
kill -TERM "$(awk '$1 == "server" {print $2}' "$directory/owner" | tail -1)"
tap $? "its server is there to be stopped"
sleep 0.5
tap_done
