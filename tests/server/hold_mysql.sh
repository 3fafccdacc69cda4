#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB and MySQL: what can go wrong while the source is held, each seen failing; and that nothing stays behind.
# usage: hold_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start --log-bin=binlog --server-id=1
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
cat >shop.sql <<'S'
CREATE TABLE a (id int NOT NULL PRIMARY KEY, v varchar(200)) ENGINE=InnoDB;
INSERT INTO a VALUES (1, REPEAT('x', 200)), (2, 'y');
CREATE TABLE loose (id int NOT NULL PRIMARY KEY) ENGINE=MyISAM;
INSERT INTO loose VALUES (1);
S
my_load shop shop.sql || exit 1
my_load plain shop.sql && sql plain "DROP TABLE loose" || exit 1

seal() { # DB [USER [option...]]
	"$reprove" seal --source "$(my_uri "$1" "${2:-root}")" --key reprove.key --manifest m.json --backup b.sql "${@:3}"
}
script() { # NAME: a backup command of one's own, from standard input
	{ echo '#!/bin/sh'; cat; } >"$work/$1.sh"
	chmod 755 "$work/$1.sh"
}
# The tool's full name: a command of one's own is found on PATH alone.
dump=$my_dump_tool
script exits <<<'echo no such thing >&2; exit 3'
script says_nothing <<<'echo hello'
script moved <<S
"$dump" --defaults-file="\$1" --single-transaction "\$2" | sed 's/LOG_POS=[0-9]*/LOG_POS=1/'
S
script locks <<S
exec "$dump" --no-defaults --user=root --socket="\$3" --ssl-mode=DISABLED "\$2"
S
[ "$my_vendor" = mysql ] || sed -i 's/--ssl-mode=DISABLED/--skip-ssl/' locks.sh
script dies <<S
"$dump" --defaults-file="\$1" --single-transaction "\$2" >dying.sql & sleep 0.5; echo half; kill -9 \$\$
S
own() { printf '%s/%s.sh {defaults} {database} {socket}' "$work" "$1"; }

runs 0 "a database without loose tables is sealed" seal plain
[ "$my_vendor" = mysql ] || has "of the same snapshot" "of one snapshot" "$out"
runs 0 "tables without transactions are kept locked" seal shop
has "stay locked until all is read" "and that is said" "$err"
runs 4 "a command that does not come by the socket is refused" seal plain root --backup-command "true {database}"
has "uses neither {defaults} nor {socket}" "by name" "$err"
runs 2 "a command that fails at once" seal plain root --backup-command "$(own exits)"
has "exit status 3: no such thing" "says why" "$err"
runs 2 "a command that sees no moment" seal plain root --backup-command "$(own says_nothing)"
has "ended before it saw the moment" "is told so" "$err"
runs 2 "a command that locks tables" seal plain root --backup-command "$(own locks)"
has "locks tables one by one" "is told so" "$err"
runs 2 "a backup whose header names another moment" seal plain root --backup-command "$(own moved)"
has "of another moment than the survey: its binlog is" "is refused" "$err"
runs 2 "a command that dies half way" seal plain root --backup-command "$(own dies)"
has "killed by signal 9" "is told so" "$err"

# A login that may lock nothing is not held, and says so.
sql "" "CREATE USER poor@localhost; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON plain.* TO poor@localhost"
if [ "$my_vendor" = mariadb ]; then
	sql "" "GRANT SELECT ON mysql.proc TO poor@localhost"
else
	sql "" "GRANT SHOW_ROUTINE ON *.* TO poor@localhost"
fi
runs 0 "a login that may lock nothing" seal plain poor
has "the survey is not of one moment" "is not held, and that is said" "$err"
sql "" "GRANT LOCK TABLES ON plain.* TO poor@localhost"
runs 0 "a login that may lock tables" seal plain poor
case $err in *"not of one moment"*) tap 1 "is held" ;; *) tap 0 "is held" ;; esac

# Killed at any time: nobody waits for a lock that nobody has.
sql plain "CREATE TABLE after (id int)"
for i in 02 05 08 11 14 17 20 25 30 40; do
	seal plain >/dev/null 2>&1 &
	sleep 0.$i
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	timeout 20 "$my_client" --no-defaults --socket="$work/socket/s" -u root -e "INSERT INTO after VALUES (1)" plain ||
		tap 1 "writers wait for a run that was killed"
done 2>/dev/null
tap 0 "no lock outlives a run that is killed"
runs 0 "the next run" seal plain
[ -z "$(find "$TMPDIR" -maxdepth 1 -name 'reprove-relay-*')" ]
tap $? "removes what killed runs left"

# For a physical backup the log's place is wanted, also by one connection, which needs no lock to see a moment.
physical() { "$reprove" seal --source "$(my_uri plain "${1:-root}")" --key reprove.key --manifest p.json --physical --jobs 1 --json; }
place() { jq -r ".recovery.$1" "$work/stdout"; }
sql "" "GRANT $([ "$my_vendor" = mariadb ] && echo BINLOG MONITOR || echo REPLICATION CLIENT) ON *.* TO poor@localhost"
stands=$(sql "" "SHOW MASTER STATUS" 2>/dev/null || sql "" "SHOW BINARY LOG STATUS")
runs 0 "sealed for a physical backup" physical
[ "$(place recovery_by)" = "binary log" ] && [ "$(place binlog)" = "$(cut -f1,2 <<<"$stands" | tr '\t' :)" ]
tap $? "at its place in the binary log" || echo "# $out; $stands" >&2
runs 0 "by a login that may lock tables alone" physical poor
[ "$(place binlog)" = "$(cut -f1,2 <<<"$stands" | tr '\t' :)" ]
tap $? "it is the same place" || echo "# $out; $stands" >&2
my_stop
my_run --skip-log-bin
runs 0 "without a binary log" physical
has "not snapshot-bound" "there is no place, and that is said" "$err"
[ "$(place recovery_by)" = none ]
tap $? "also in the manifest" || echo "# $out" >&2
tap_done
