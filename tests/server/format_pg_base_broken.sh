#!/bin/bash
# SPDX-License-Identifier: MIT
# Base backups of PostgreSQL that are damaged, incomplete or hostile: each is caught and named, and nothing of it runs.
# usage: format_pg_base_broken.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/pg_base.sh"
pg_begin
# What a restored server would do by itself, if it was let.
pg_base_objects() {
	sql shop "CREATE SUBSCRIPTION s CONNECTION 'host=$work/socket dbname=postgres user=postgres' PUBLICATION p
		WITH (connect = false, slot_name = 'canary')"
	sql shop "ALTER SUBSCRIPTION s ENABLE"
	sql postgres "ALTER DATABASE shop SET session_preload_libraries = 'canary'"
	sql postgres "ALTER SYSTEM SET shared_preload_libraries = 'canary'"
	sql postgres "ALTER SYSTEM SET archive_command = 'touch $work/canary/archived'"
	sql postgres "ALTER SYSTEM SET restore_command = 'touch $work/canary/restored'"
	sql postgres "ALTER SYSTEM SET listen_addresses = '*'"
	sql postgres "ALTER SYSTEM SET primary_conninfo = 'host=$work/socket user=postgres application_name=canary'"
}
install -d -m 777 "$work/canary"
pg_base_begin max_logical_replication_workers=0
goods=$(PGOPTIONS='-c session_preload_libraries=' sql shop "SELECT pg_relation_filepath('goods')")
index=$(PGOPTIONS='-c session_preload_libraries=' sql shop "SELECT pg_relation_filepath('goods_name_idx')")

copy() { rm -rf "$1" && cp -rL plain "$1"; }
# FILE OFFSET: one bit of that byte is turned over
flip() {
	python3 - "$@" <<-'PY'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2])); b = f.read(1)
		    f.seek(-1, 1); f.write(bytes([b[0] ^ 0x10]))
	PY
}

# Hostile.
copy evil
touch evil/recovery.signal
echo "include_if_exists '/canary.conf'" >>evil/postgresql.auto.conf
rm evil/backup_manifest
oid=$(ls evil/pg_tblspc)
echo "$oid $work/canary/ts" >evil/tablespace_map
has canary "the backup names what is to run" "$(cat evil/postgresql.auto.conf)"
runs 0 "settings, signals, a subscription, libraries at login, a path of a tablespace: verified, and none of them counts" sealed evil
[ -z "$(ls canary)" ]
tap $? "nothing ran, nothing was made"
[ -z "$(grep canary server.log)" ]
tap $? "nobody came to replicate"
echo "99999 $work/canary/ts" >>evil/tablespace_map
runs 1 "a tablespace that is not in the backup" sealed evil
has "tablespace 99999" "is named" "$out"
copy linked
ln -s /etc/passwd linked/base/passwd
runs 1 "a link" sealed linked
has "base/passwd" "is named" "$out"
(cd plain && tar -cf ../linked.tar --transform 's|^\./||' backup_label PG_VERSION global base pg_wal && ln -s /etc/passwd ../link && tar -rf ../linked.tar -C .. link)
runs 1 "a link in a tar" sealed linked.tar

# Incomplete, or another one's.
copy broken
flip "broken/$goods" 5000
runs 1 "a file that is not as its own manifest says" sealed broken
has "$goods" "is named" "$out"
copy broken
rm "broken/$index"
runs 1 "a file that is missing" sealed broken
has "$index" "is named" "$out"
rm broken/backup_manifest broken/backup_label
runs 2 "no backup_label" sealed broken
copy broken
echo 99 >broken/PG_VERSION
rm broken/backup_manifest
runs 2 "a version that is not here" sealed broken
has "postgresql-99" "names the package" "$out"

# Pages: without the backup's own manifest nobody else has a checksum of them.
copy broken
rm broken/backup_manifest
flip "broken/$goods" 5000
flip "broken/$index" 30000
runs 1 "a page of a table, and one of an index" sealed broken
has "public.goods" "the one is named" "$(grep -A40 engine.page_checksums "$work/stdout")"
has "goods_name_idx" "and the other" "$out"

# The log. A full segment of it lies between the backup's end and the sealed position.
first=$(cd plain/pg_wal && ls | grep -E '^[0-9A-F]{24}$' | tail -1)
segment() { printf '%s%08X' "${first:0:16}" $((16#${first:16} + $1)); }
wal() { rm -rf log && cp -r "$arch" log; }
with_log() { verify --trust reprove.pub --manifest s.json --logs log "$@" plain; }
sealed_in=$(python3 -c 'import json, base64, sys; print([f["value"] if isinstance(f, dict) else f for f in [json.loads(base64.b64decode(json.load(open("s.json"))["payload"]))["predicate"]["position"]["facts"]["recovery_wal"]]][0])' 2>/dev/null || echo)
[ -n "$sealed_in" ] || sealed_in=$(segment 1)
wal
rm "log/$sealed_in"
runs 1 "a hole in the log" with_log
has "$sealed_in" "is named" "$out"
runs 1 "and to its end" with_log --recover-to end
has "has a hole" "is said" "$out"
wal
truncate -s 5000000 "log/$sealed_in"
runs 1 "a segment that is truncated" with_log
has "$sealed_in' of the log is truncated" "is named" "$out"
wal
cp "$arch/$first" "log/$sealed_in"
runs 1 "a segment under another one's name" with_log
has "$sealed_in" "is named" "$out"
wal
python3 - "log/$sealed_in" <<-'PY'
	import sys
	with open(sys.argv[1], "r+b") as f:
	    f.seek(24); f.write(b"\1\2\3\4\5\6\7\10")
PY
runs 1 "a segment of another server" with_log
has "another server's" "is said" "$out"
wal
flip "log/$sealed_in" 300
runs 1 "a damaged record before the sealed position" with_log
runs 1 "and to the end" with_log --recover-to end
has "the log is damaged at" "is said" "$out"
wal
gzip -1 log/0000*[0-9A-F]
runs 0 "an archive of compressed segments" with_log
tap_done
