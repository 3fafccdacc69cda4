#!/bin/bash
# SPDX-License-Identifier: MIT
# Base backups of PostgreSQL: each form that pg_basebackup makes is restored, recovered to the sealed moment and to others, and
# compared; what is damaged, missing or hostile is caught, and nothing of it runs.
# usage: format_pg_base.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/pg_base.sh"
pg_begin
# A transaction that was prepared when the backup was made: its locks are nobody's to end there.
pg_base_objects() { sql shop "BEGIN; INSERT INTO goods VALUES (2500, 'prepared'); PREPARE TRANSACTION 'left'"; }
pg_base_more() {
	sql shop "ROLLBACK PREPARED 'left'"
	pg_basebackup -D tgz -X stream -c fast -Ft -z
	[ "$major" -ge 15 ] || return
	pg_basebackup -D zstd -X stream -c fast -Ft --compress=client-zstd
	pg_basebackup -D lz4 -X fetch -c fast -Ft --compress=server-lz4
}
pg_base_begin
# The forms.
runs 0 "a data directory, with a tablespace: verified" sealed --reports plain-out plain
has "recovered to" "says where recovery stopped" "$(cat plain-out/result.json)"
has "unlogged table" "says why an unlogged table is empty" "$(cat plain-out/result.json)"
runs 0 "tars in gzip: verified" sealed tgz
if [ "$major" -ge 15 ]; then
	runs 0 "tars in zstd: verified" sealed zstd
	runs 0 "tars in lz4, the log inside: verified" sealed lz4
fi
tar -czf one.tar.gz -C plain --dereference .
runs 0 "a data directory in one tar: verified" sealed one.tar.gz
has "pg_basebackup" "is known for what it is" "$("$reprove" points one.tar.gz)"

# Where recovery stops.
last 3005
runs 0 "to the end of the log" bare --logs "$arch" --recover-to end --smoke last.sql plain
last 3001
runs 0 "to a restore point" bare --logs "$arch" --recover-to name:here --smoke last.sql plain
runs 0 "to a position" bare --logs "$arch" --recover-to "lsn:$point" --smoke last.sql plain
last 3002
runs 0 "to a time" bare --logs "$arch" --recover-to "time:$moment" --smoke last.sql plain
last 2000
runs 0 "with its own log, no further than that" bare --smoke last.sql plain
runs 2 "which is not the sealed moment, so that nothing is concluded" verify --trust reprove.pub --manifest s.json --recover-to end plain
runs 1 "a restore point that is not in the log" bare --logs "$arch" --recover-to name:elsewhere plain
has "the log ends before restore point 'elsewhere'" "says so" "$out"
runs 1 "a position that is not in the log" bare --logs "$arch" --recover-to lsn:7/70000000 plain
runs 1 "a time that is not in the log" bare --logs "$arch" --recover-to time:2090-01-01T00:00:00Z plain
runs 1 "the sealed position without the archive" verify --trust reprove.pub --manifest s.json plain
has "--logs" "names the option" "$out"
runs 4 "no such kind of position" bare --logs "$arch" --recover-to binlog:a:4 plain
pg_basebackup -D later -X stream -c fast --tablespace-mapping="$work/ts=$work/ts-later"
runs 2 "a backup that was made after the seal is compared, and nothing is concluded" sealed later
has "no recovery leads back" "says why" "$err"
runs 4 "and the sealed position is out of its reach" sealed --recover-to sealed later
createdb other
pg_basebackup -D two -X stream -c fast --tablespace-mapping="$work/ts=$work/ts-two"
runs 4 "several databases, and none is named" verify --no-manifest two
has "other, postgres, shop" "lists them" "$out"
runs 1 "a database that is not in it" verify --no-manifest --database none two
tap_done
