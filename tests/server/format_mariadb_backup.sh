#!/bin/bash
# SPDX-License-Identifier: MIT
# Backups that mariadb-backup makes: full and incremental, as a directory, a tar and the tool's own stream; restored,
# compared, damaged, hostile. $RP_MY_BINDIR chooses the version.
# usage: format_mariadb_backup.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/mariadb_backup.sh"
. "$root/tests/lib/tap.sh"
my_begin
mb_find
my_start --log-bin=mysql-bin --server-id=7
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
verify() { "$reprove" verify --state none --target shop --trust reprove.pub --manifest m.json "$@"; }
restorable() { "$reprove" verify --target shop --no-manifest "$@"; }
my_load shop "$root/fixtures/mysql/shop.sql" || exit 1
sql "" "CREATE DATABASE other"
sql other "CREATE TABLE t (id INT PRIMARY KEY, v TEXT) ENGINE=Aria; INSERT INTO t VALUES (1, 'a')"
sql "" "CREATE USER clerk@localhost IDENTIFIED BY 'x'; GRANT SELECT, INSERT ON shop.* TO clerk@localhost"
sql shop "CREATE TABLE written (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200)); INSERT INTO written (v) SELECT REPEAT('x', 100) FROM seq_1_to_2000"

mkdir chain
mb_backup --target-dir=chain/full
sql shop "INSERT INTO written (v) SELECT CONCAT('one', seq) FROM seq_1_to_500; DELETE FROM written WHERE id % 7 = 0"
# From here on the log is a new one, so that what was changed is in the incremental backup's own files.
my_stop
my_run --log-bin=mysql-bin --server-id=7
mb_backup --target-dir=chain/one --incremental-basedir=chain/full
sql shop "UPDATE written SET v = CONCAT('two', id) WHERE id % 3 = 0; CREATE TABLE late (id INT PRIMARY KEY); INSERT INTO late VALUES (1)"
mb_backup --target-dir=chain/two --incremental-basedir=chain/one
mb_backup --target-dir=last
mb_backup --stream=xbstream >last.xb
runs 0 "sealed" "$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest m.json

# What people have.
runs 0 "a full backup and two incremental ones" verify --reports r chain
has '"privilege.grants"' "with the rights of its accounts" "$(cat r/result.json)"
runs 0 "a full one alone" verify last
tar -czf named.tar.gz last
runs 0 "a compressed tar of its directory" verify named.tar.gz
gzip -k last.xb
runs 0 "compressed" verify last.xb.gz
cp -r last prepared
"$backup_tool" --no-defaults --prepare --target-dir=prepared >prepare.log 2>&1
runs 0 "one that was prepared before" verify prepared
runs 0 "the tool's own stream, in the other box" env REPROVE_BOX=landlock "$reprove" verify --state none --target shop --trust reprove.pub --manifest m.json last.xb
runs 0 "without a manifest it is restorable" restorable --database other last
runs 4 "which of several databases has to be said" restorable last
has "other, shop" "and they are named" "$out$err"

# What is not what was sealed.
runs 2 "the full backup alone is of an earlier moment, which is no damage" verify chain/full
has "moment that was sealed" "and says so" "$out"
cp -r chain broken
rm -r broken/one
sed -i 's/^from_lsn = .*/from_lsn = 4321/' broken/two/*_checkpoints
runs 1 "a chain without its middle" verify broken
has "'two' begins at" "names the one that hangs in the air" "$out"
runs 4 "an incremental backup alone" verify chain/two
has "the full one that it was made on" "says what is missing" "$out$err"
cp -r prepared flipped
mb_spoil flipped/shop/written.ibd
runs 1 "bytes of a page that were changed" verify flipped
has "written" "name the table" "$out"
cp -r chain delta
truncate -s 20000 delta/one/shop/written.ibd.delta
runs 1 "an incremental backup's file that was cut" verify delta
has "failed to apply one//shop/written.ibd.delta" "is named" "$out"
cp -r last short
truncate -s 50000 short/mysql/help_topic.MAD
runs 1 "a table of the server's own that was cut" verify short
has "mysql.help_topic" "is named" "$out"
cp -r prepared gone
rm gone/shop/late.ibd
runs 1 "a table's file that is gone" verify gone
has "late" "names the table" "$out"
for cut in 100 100000 50%; do
	case $cut in
	*%) bytes=$(($(stat -c %s last.xb) * ${cut%\%} / 100)) ;;
	*) bytes=$cut ;;
	esac
	head -c "$bytes" last.xb >cut.xb
	runs 1 "a stream that was cut at $cut" verify cut.xb
done
{ head -c 3000000 last.xb; printf XXXXXXXX; tail -c +3000009 last.xb; } >bent.xb
runs 1 "a stream with eight other bytes" verify bent.xb
cp -r last undone
rm undone/*_checkpoints
runs 1 "a backup that was not finished" verify undone
has "was not finished" "says so" "$out"

# What a stranger may have put into it. Nothing of it is run, followed or loaded.
cp -r last hostile
printf '[mysqld]\ninnodb_page_size=16384\nplugin_load=evil.so\nplugin_dir=%s\ninit_file=%s/evil.sql\n' "$work" "$work" >>hostile/backup-my.cnf
printf '#!/bin/sh\ntouch %s/ran\n' "$work" >evil.so
printf 'CREATE DATABASE evil;\n' >evil.sql
printf '33\nmysql-bin.000001\n4\n127.0.0.1\nroot\n\n3306\n60\n0\n' >hostile/master.info
cp hostile/master.info hostile/relay-log.info
printf '[mysqld]\nport=1\n' >hostile/my.cnf
sed 's/^tool_command = .*/tool_command = ; touch ran/' last/*_info >/dev/null
runs 0 "settings, plugins and replication of its own are left out" verify hostile
[ ! -e ran ]
tap $? "and nothing was run"
cp -r last linked
ln -s /etc/passwd linked/shop/passwd.ibd
runs 1 "a link" verify linked
has "passwd.ibd" "is named" "$out"
cp -r last outside
echo /etc/reprove.ibd >outside/shop/late.isl
runs 2 "a table that lies elsewhere" verify outside
has "DATA DIRECTORY" "is refused, and why" "$out"
cp -r last paged
sed -i 's/^innodb_page_size=.*/innodb_page_size=12345/' paged/backup-my.cnf
runs 1 "a page size that there is not" verify paged
cp -r last shared
sed -i 's|^innodb_data_file_path=.*|innodb_data_file_path=/etc/ibdata1:12M:autoextend|' shared/backup-my.cnf
runs 2 "a shared tablespace that lies elsewhere" verify shared
cp -r last percona
sed -i 's/^tool_name = .*/tool_name = xtrabackup/; s/^server_version = .*/server_version = 8.0.36/' percona/*_info
runs 2 "a backup of Percona XtraBackup" verify percona
has "xtrabackup" "is refused by name" "$out"
cp -r last newer
sed -i 's/^server_version = .*/server_version = 12.9.1-MariaDB/' newer/*_info
runs 2 "a backup of another release" verify newer
has "12.9" "names it" "$out"

ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left in the temporary directory" || sed 's/^/# /' left >&2
tap_done
