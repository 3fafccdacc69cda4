#!/bin/bash
# SPDX-License-Identifier: MIT
# A backup of a server's files and the binary logs that lead on from it: replayed to the sealed position, another one, a
# GTID, a time and the end, with rows written before, while and after; logs that are missing, cut and damaged.
# $RP_MY_BINDIR chooses the version.
# usage: format_my_binlog.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/mariadb_backup.sh"
. "$root/tests/lib/tap.sh"
my_begin
mb_find
my_start --log-bin=mysql-bin --server-id=7 --binlog-format=MIXED --innodb-buffer-pool-size=64M
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
verify() { "$reprove" verify --state none --target shop --trust reprove.pub "$@"; }
sql "" "CREATE DATABASE shop; CREATE DATABASE other"
sql shop "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL DEFAULT 0, v VARCHAR(200)); INSERT INTO t (v) SELECT REPEAT('x', 50) FROM seq_1_to_3000"
sql other "CREATE TABLE t (id INT PRIMARY KEY) ENGINE=Aria; INSERT INTO t VALUES (1)"
position() { sql "" "SHOW MASTER STATUS" | awk '{print $1 ":" $2}'; }
gtid() { sql "" "SELECT @@gtid_binlog_pos"; }

# Inserts, updates and deletes from three sessions, in one transaction each time, until 'writing' goes.
writer() {
	while [ -e writing ]; do
		for ((i = 0; i < 5; i++)); do
			printf 'BEGIN; INSERT INTO t (v) VALUES ("w%s"); UPDATE t SET n = n + 1 WHERE id %% 97 = %s; DELETE FROM t WHERE id = %s; COMMIT;\n' \
				"$RANDOM" "$((RANDOM % 97))" "$((RANDOM % 3000))"
		done
		sleep 0.02
	done | my_client shop 2>>writer.err
}
touch writing
writers=()
for n in 1 2 3; do
	writer &
	writers+=($!)
done
sleep 0.3
mb_backup --target-dir=full
has 'mysql-bin.000001' "the backup knows where the log stood" "$(cat full/*binlog_info)"
sql "" "FLUSH BINARY LOGS"
sql shop "CREATE TABLE made (id INT PRIMARY KEY, r DOUBLE); INSERT INTO made VALUES (1, RAND()), (2, RAND())"
sql other "INSERT INTO t VALUES (2); CREATE TABLE gone (a INT); DROP TABLE gone"
for n in 1 2; do
	runs 0 "sealed while rows are written, $n" "$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest "m$n.json"
	sleep 0.2
done
rm writing
wait "${writers[@]}"
here=$(position) number=$(gtid)
runs 0 "and sealed once more" "$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest m4.json
sleep 1.1
time=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep 1.1
sql shop "DELETE FROM t WHERE id % 2 = 0"
sql "" "FLUSH BINARY LOGS"
sql shop "INSERT INTO t (v) VALUES ('late')"
end=$(position) late=$(gtid)
mkdir logs
cp "$my_data"/mysql-bin.* logs

for n in 1 2; do
	runs 0 "replayed to what was sealed under load, $n" verify --manifest "m$n.json" --logs logs full
done
has "replayed the binary log from" "and the report says from where to where" "$out"
moment=(verify --manifest m4.json --logs logs)
runs 0 "to a position" "${moment[@]}" --recover-to "binlog:$here" full
runs 0 "to a GTID" "${moment[@]}" --recover-to "gtid:$number" full
runs 0 "to a time" "${moment[@]}" --recover-to "time:$time" full
runs 0 "to the sealed position, said" "${moment[@]}" --recover-to sealed full
runs 2 "to the end is another moment" "${moment[@]}" --recover-to end full
has "$end" "and the end was reached" "$out"
runs 2 "to a later GTID as well" "${moment[@]}" --recover-to "gtid:$late" full
runs 2 "without its logs the backup is of another moment" verify --manifest m4.json full

mkdir packed
gzip -c logs/mysql-bin.000001 >packed/mysql-bin.000001.gz
gzip -c logs/mysql-bin.000002 >packed/mysql-bin.000002.gz
runs 0 "compressed logs" verify --manifest m4.json --logs packed full

# What is not in them, and what is not whole.
runs 1 "a position between two events" "${moment[@]}" --recover-to "binlog:${here%:*}:$((${here##*:} - 1))" full
has "no transaction ends at" "is none" "$out"
runs 2 "a position before the backup" "${moment[@]}" --recover-to binlog:mysql-bin.000001:256 full
has "choose an older backup" "and what to do" "$out"
runs 1 "a position behind the end" "${moment[@]}" --recover-to "binlog:mysql-bin.000003:99999999" full
runs 1 "a GTID that never was" "${moment[@]}" --recover-to gtid:0-7-99999999 full
has "${end%:*}" "says how far the log goes" "$out"
runs 2 "a time before the backup" "${moment[@]}" --recover-to time:2020-01-01T00:00:00Z full
runs 1 "a time that the log does not reach" "${moment[@]}" --recover-to time:2099-01-01T00:00:00Z full
runs 4 "a place that is none" "${moment[@]}" --recover-to lsn:0/3000060 full
runs 4 "a place, and no logs" verify --manifest m4.json --recover-to "binlog:$here" full
mkdir empty && runs 1 "no log at all" verify --manifest m4.json --logs empty full
damaged() { # STATUS NAME LOG COMMAND...: on a copy of the logs
	local status=$1 name=$2 log=$3
	rm -rf bad
	cp -r logs bad
	"${@:4}"
	runs "$status" "$name" verify --manifest m4.json --logs bad --recover-to end full
	has "$log" "names it" "$out"
}
size=$(stat -c %s logs/mysql-bin.000002)
damaged 1 "a log that is missing" mysql-bin.000002 rm bad/mysql-bin.000002
damaged 1 "a log that is cut inside of an event" mysql-bin.000002 truncate -s $((size / 2 + 1)) bad/mysql-bin.000002
damaged 1 "a log that is cut between two transactions" mysql-bin.000002 truncate -s "${here##*:}" bad/mysql-bin.000002
spoil() { printf X | dd of=bad/mysql-bin.000002 bs=1 seek="$1" conv=notrunc status=none; }
damaged 1 "a byte that was changed" mysql-bin.000002 spoil $((size / 2))
damaged 1 "what is no binary log" mysql-bin.000002 cp /etc/services bad/mysql-bin.000002

ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left in the temporary directory" || sed 's/^/# /' left >&2
tap_done
