#!/bin/bash
# SPDX-License-Identifier: MIT
# Repositories that pgBackRest makes, in the clear and encrypted: full and incremental sets, restored by pgbackrest, recovered
# to the sealed moment, compared, damaged, hostile.
# usage: format_pgbackrest.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/repositories.sh"
pg_begin
needs_tool pgbackrest
servers_dir "$work/repo" "$work/locked" "$work/log" "$work/lock" "$work/spool" "$work/fast"
passphrase=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && printf '%s\n' "$passphrase" >"$work/passphrase" && echo wrong >"$work/wrong")
cat >"$work/pgbackrest.conf" <<C
[global]
repo1-path=$work/repo
repo1-retention-full=9
repo2-path=$work/locked
repo2-retention-full=9
repo2-cipher-type=aes-256-cbc
repo2-cipher-pass=$passphrase
log-path=$work/log
lock-path=$work/lock
spool-path=$work/spool
start-fast=y
compress-type=lz4
log-level-console=error
[main]
pg1-path=$work/pg/data
pg1-socket-path=$work/socket
pg1-user=postgres
C
chmod 644 "$work/pgbackrest.conf"
backrest() { "${as_server[@]}" pgbackrest --config="$work/pgbackrest.conf" --stanza=main "$@" >"$work/backrest.log" 2>&1 ||
	{ sed 's/^/# /' "$work/backrest.log" >&2; exit 1; }; }
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
verify() { "$reprove" verify --state none --target shop --trust reprove.pub --manifest m.json "$@"; }
pg_start wal_level=logical archive_mode=on max_wal_size=64MB \
	"archive_command=pgbackrest --config=$work/pgbackrest.conf --stanza=main archive-push %p"
backrest stanza-create
pg_load shop "$root/fixtures/postgres/shop.sql" || exit 1
sql postgres "CREATE TABLESPACE fast LOCATION '$work/fast'"
sql shop "CREATE TABLE written (id int PRIMARY KEY, v text) TABLESPACE fast; INSERT INTO written SELECT i, repeat('x', 50) FROM generate_series(1, 5000) i; CREATE UNLOGGED TABLE volatile AS SELECT 1 AS i"
backrest --repo=1 --type=full backup
sql shop "UPDATE written SET v = 'later' WHERE id % 7 = 0; DELETE FROM written WHERE id % 11 = 0"
backrest --repo=1 --type=incr backup
backrest --repo=2 --type=full backup
sql shop "INSERT INTO written SELECT i, 'in the log alone' FROM generate_series(5001, 6000) i"
runs 0 "sealed for a physical backup" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m.json --physical
sql shop "DELETE FROM written WHERE id % 2 = 0"
log_archived || exit 1
full=$(basename "$(find repo/backup/main -maxdepth 1 -name '*F')") incr=$(basename "$(find repo/backup/main -maxdepth 1 -name '*I')")

runs 0 "a repository's sets are listed" "$reprove" points repo
has "main/$incr" "the incremental one" "$out"
has "main/$full" "and the full one that it rests upon" "$out"
runs 0 "the newest set verifies at the sealed moment" verify --reports r repo
has "main/$incr" "and it was the incremental one" "$(cat r/result.json)"
runs 0 "so does the full one, by its name" verify --point "main/$full" repo

runs 0 "an encrypted repository is listed" "$reprove" points locked
runs 0 "and verifies with its passphrase" verify --passphrase-file passphrase locked
runs 4 "not without" verify locked
has "--passphrase" "and says what is missing" "$out$err"
runs 2 "nor with another" verify --passphrase-file wrong locked
grep -r "$passphrase" r >/dev/null
[ $? -ne 0 ]
tap $? "no report has the passphrase"

# What is not what was made.
copy() { rm -rf broken && cp -a repo broken; }
largest() { find "broken/backup/main/$full/pg_data/base" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-; }
copy
flip "$(largest)"
runs 1 "a flipped byte in a file" verify broken
has "checksum" "is told by its checksum" "$out"
copy
rm "$(largest)"
runs 1 "a file that is missing" verify broken
copy
wal=$(ls broken/archive/main/*/*/ | grep -E '^[0-9A-F]{24}-' | tail -2 | head -1)
rm broken/archive/main/*/*/"$wal"
runs 1 "a file of the log that is missing" verify broken
copy
rm "broken/backup/main/$full/backup.manifest" "broken/backup/main/$incr/backup.manifest"
runs 2 "sets that were never finished are none" verify broken
has "no backup" "and there is no other" "$out$err"

# A repository may be a stranger's. What it says of where files go is not obeyed, and links in it lead nowhere.
copy
victim=$(largest)
rm "$victim" && ln -s /etc/passwd "$victim"
printf '[global]\nrepo1-path=/nowhere\n' >broken/pgbackrest.conf
runs 1 "a link in place of a file is not followed" verify broken
# Lies about places, under a checksum that is right.
lie() { # FROM TO: in the full set's manifest
	python3 - "$1" "$2" "broken/backup/main/$full/backup.manifest" <<-'PY'
		import hashlib, sys
		was, now, path = sys.argv[1:]
		lines = open(path).read().split("\n")
		body = lines[: max(i for i, line in enumerate(lines) if line == "[backrest]")]
		body = [line.replace(was, now) for line in body]
		assert body != lines[: len(body)]
		text, section, first = "{", None, True
		for line in filter(None, body):
		    if line[0] == "[":
		        text += ("}," if section else "") + '"%s":{' % line[1:-1]
		        section, first = line, True
		    else:
		        key, value = line.split("=", 1)
		        text += ("" if first else ",") + '"%s":%s' % (key, value)
		        first = False
		digest = hashlib.sha1((text + "}}").encode()).hexdigest()
		for name in (path, path + ".copy"):
		    open(name, "w").write("\n".join(body) + '[backrest]\nbackrest-checksum="%s"\n' % digest)
	PY
}
install -d -m 777 out
copy
lie "\"path\":\"$work/fast\"" "\"path\":\"$work/out\""
runs 0 "where a tablespace was is of no interest" verify --point "main/$full" broken
copy
lie '"tablespace-name":"fast"' "\"tablespace-name\":\"../../../../../../../..$work/out/fast\""
"$reprove" verify --state none --target shop --trust reprove.pub --manifest m.json --point "main/$full" broken >lied 2>&1
[ $? -ne 0 ]
tap $? "a name that leads out of the scratch is no place" || sed 's/^/# /' lied >&2
copy
lie "pg_data/pg_ident.conf=" "pg_data/../../../../../../../..$work/out/pg_ident.conf="
"$reprove" verify --state none --target shop --trust reprove.pub --manifest m.json --point "main/$full" broken >lied 2>&1
[ $? -ne 0 ]
tap $? "nor is a file's" || sed 's/^/# /' lied >&2
[ -z "$(ls out)" ]
tap $? "and nothing was written there"
runs 4 "a set without its repository is said to be one" verify "repo/backup/main/$full"
ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left in the temporary directory" || sed 's/^/# /' left >&2
tap_done
