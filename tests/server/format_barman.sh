#!/bin/bash
# SPDX-License-Identifier: MIT
# A Barman catalogue with backups of its own making, by pg_basebackup and by rsync, recovered to the sealed moment, compared,
# damaged, hostile. Where rsync would take the files from another machine by ssh, a script runs that machine's part here.
# usage: format_barman.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/repositories.sh"
pg_begin
needs_tool barman
needs_tool rsync
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
verify() { "$reprove" verify --state none --target shop --trust reprove.pub --manifest m.json "$@"; }
servers_dir "$work/home" "$work/home/main" "$work/home/main/incoming" "$work/home/copied" "$work/home/copied/incoming" \
	"$work/home/inc" "$work/fast"
pg_initdb=(--data-checksums)
pg_start wal_level=logical archive_mode=on max_wal_size=64MB \
	"archive_command=cp %p $work/home/main/incoming/%f && cp %p $work/home/copied/incoming/%f"
cat >ssh <<'S'
#!/bin/sh
# Options and the host's name, then a line for its shell.
host=
while :; do
	case $1 in
	-[opli]) shift 2 ;;
	-*) shift ;;
	*) [ -z "$host" ] || exec sh -c "$*"; host=$1; shift ;;
	esac
done
S
chmod 755 ssh
cat >barman.conf <<C
[barman]
barman_home = $work/home
barman_user = ${pg_user:-$(id -un)}
barman_lock_directory = $work/home
log_file = $work/home/barman.log
configuration_files_directory = $work/home/inc
compression = gzip
immediate_checkpoint = on
[main]
description = x
archiver = on
conninfo = host=$work/socket user=postgres dbname=postgres
streaming_conninfo = host=$work/socket user=postgres
backup_method = postgres
[copied]
description = x
archiver = on
conninfo = host=$work/socket user=postgres dbname=postgres
ssh_command = $work/ssh nowhere
backup_method = rsync
reuse_backup = link
C
chmod 644 barman.conf
barman() { "${as_server[@]}" env HOME="$work/home" PATH="$PATH" barman -c "$work/barman.conf" "$@" >barman.out 2>&1 ||
	{ sed 's/^/# /' barman.out home/barman.log >&2; exit 1; }; }
barman list-servers
log_archived || exit 1
barman archive-wal main
barman archive-wal copied
pg_load shop "$root/fixtures/postgres/shop.sql" || exit 1
sql postgres "CREATE TABLESPACE fast LOCATION '$work/fast'"
sql shop "CREATE TABLE written (id int PRIMARY KEY, v text) TABLESPACE fast; INSERT INTO written SELECT i, repeat('x', 50) FROM generate_series(1, 5000) i"
barman backup main
barman backup copied
sql shop "UPDATE written SET v = 'in the log alone' WHERE id % 7 = 0"
runs 0 "sealed for a physical backup" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m.json --physical
sql shop "DELETE FROM written WHERE id % 2 = 0"
log_archived || exit 1
barman archive-wal main
barman archive-wal copied
id=$(basename home/main/base/2*)

runs 0 "a catalogue is listed" "$reprove" points home
has "main/$id" "with its backup" "$out"
runs 0 "Barman's home verifies at the sealed moment" verify --point "main/$id" home
runs 0 "so does a server's directory in it, of files that rsync copied" verify home/copied
runs 2 "at the end of the log it is another moment, which is no damage" verify --recover-to end --reports end home/main
has '"moment"' "and says so" "$(cat end/result.json)"

# What is not what was made.
copy() { rm -rf broken && cp -a "home/${1:-main}" broken; }
largest() { find broken/base/*/data/base -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-; }
copy
flip "$(largest)"
runs 1 "a flipped byte in a file" verify broken
has "checksum mismatch" "is told by the base backup's own manifest" "$out"
copy copied
flip "$(largest)"
runs 1 "one in a file that rsync copied" verify broken
has "page" "is told by its page's checksum" "$out"
copy
flip "$(find broken/wals -type f -regextype posix-extended -regex '.*/[0-9A-F]{24}' | sort | tail -2 | head -1)"
runs 1 "one that is damaged" verify broken
copy
sed -i 's/^status=.*/status=FAILED/' "broken/base/$id/backup.info"
runs 2 "what Barman calls failed is no backup" verify broken

# A catalogue may be a stranger's.
copy
victim=$(largest)
rm "$victim" && ln -s /etc/passwd "$victim"
runs 1 "a link in place of a file is not followed" verify broken
copy
printf "shared_preload_libraries = '/tmp/hostile'\nrestore_command = 'touch %s/owned'\n" "$work" >>"broken/base/$id/data/postgresql.auto.conf"
rm "broken/base/$id/data/backup_manifest"
chmod -R a+rX broken
runs 0 "what its configuration says is not done" verify broken
[ ! -e owned ]
tap $? "not even at recovery"
ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left in the temporary directory" || sed 's/^/# /' left >&2
tap_done
