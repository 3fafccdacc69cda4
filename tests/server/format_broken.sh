#!/bin/bash
# SPDX-License-Identifier: MIT
# Every format and wrapping, cut at 20 places and with one byte flipped at 20 places: never a 0, a crash or a hang, and the message
# names the backup. --sample: at one place each, for every day; all of them with `make broken`.
# $RP_PLACES: at how many. $RP_ONLY: of the backup with that name alone.
# usage: format_broken.sh REPROVE SOURCE_ROOT postgres|mysql [--sample]
set -u
reprove=$(realpath "$1") root=$(realpath "$2") engine=$3 places=${RP_PLACES:-20}
[ "${4:-}" != --sample ] || places=1
. "$root/tests/lib/tap.sh"

# A line for each: its name, the function that makes the backup of 'shop' at $1 and seals it with the manifest $2, and what
# 'verify' needs to be told besides. A backup that is a directory is called so by its function.
postgres_formats() {
	broken custom.dump sealed_by --format custom
	broken plain.sql sealed_by --format plain
	broken dump.tar sealed_by --format tar
	broken directory sealed_by --format directory
	broken all.sql cluster_by
	broken base base_backup_by
	broken plain.sql.gz packed_by gzip
	wrapped plain --format plain
	[ "$places" -gt 1 ] || return
	broken tarred.tar tarred_by
	# What lies in pg_wal behind the last record nobody needs.
	only='(?!pg_wal/)' broken plain_base plain_base_by
	! command -v pgbackrest >/dev/null || only='backup/main/[^/]*/pg_data/' named=main/ broken repo repository_by
	! command -v barman >/dev/null || only='main/base/[^/]*/data/(?!pg_wal/)' named=main/ broken home catalogue_by
}
mysql_formats() {
	broken dump.sql sealed_by --format mysqldump
	broken mydumper sealed_by --format mydumper
	broken dump.sql.gz packed_by gzip
	wrapped dump
	[ "$my_vendor" = mariadb ] || return 0
	. "$root/tests/lib/mariadb_backup.sh"
	mb_find
	broken files.xb files_by
	[ "$places" -gt 1 ] || return 0
	# A directory has no checksum of its own. What nobody needs in one (the space behind the end of Aria's log, pages that
	# hold second copies of others) can be changed, and the same data comes back.
	only='shop/|.*\.ibd$' broken files files_dir_by
}
# NAME [option of seal...]: every wrapping. Every day they are the business of format_wrappings.sh.
wrapped() {
	local name=$1 lock="openssl enc -aes-256-cbc -pbkdf2 -pass file:pw"
	local gpg="gpg --homedir $work/keys --batch --quiet --pinentry-mode loopback --passphrase-file pw"
	shift
	[ "$places" -gt 1 ] || return 0
	(umask 077 && mkdir keys && echo "correct horse" >pw && age-keygen -o id 2>/dev/null)
	broken "$name.bz2" sealed_by "$@" --backup-filter 'bzip2 -c'
	broken "$name.xz" sealed_by "$@" --backup-filter 'xz -c'
	broken "$name.zst" sealed_by "$@" --backup-filter 'zstd -qc'
	broken "$name.lz4" sealed_by "$@" --backup-filter 'lz4 -qc'
	broken "$name.enc" sealed_by "$@" --backup-filter "$lock" -- --passphrase-file pw
	broken "$name.gpg" sealed_by "$@" --backup-filter "$gpg --symmetric" -- --passphrase-file pw
	broken "$name.asc" sealed_by "$@" --backup-filter "$gpg --symmetric --armor" -- --passphrase-file pw
	gpgconf --homedir "$work/keys" --kill gpg-agent
	broken "$name.age" sealed_by "$@" --backup-filter "age -r $(age-keygen -y id)" -- --identity id
	broken "$name.zst.enc.gz" sealed_by "$@" --backup-filter 'zstd -qc' --backup-filter "$lock" --backup-filter 'gzip -c' -- --passphrase-file pw
}

# MAKE BACKUP MANIFEST ARGUMENT...: backup and manifest in one go, by 'seal' itself.
sealed_by() {
	local backup=$1 manifest=$2
	shift 2
	"$reprove" seal --source "$source" --key reprove.key --manifest "$manifest" --backup "$backup" "$@"
}

# BACKUP MANIFEST FILTER...: what the engine's own dump writes, through a filter, by a command of one's own. There is no shell in a
# seal, so the pipe stands in a script.
packed_by() {
	local backup=$1 manifest=$2
	shift 2
	printf '#!/bin/bash\nset -o pipefail\n%s | %s\n' "$dump" "$*" >"$backup.sh" && chmod +x "$backup.sh"
	"$reprove" seal --source "$source" --key reprove.key --manifest "$manifest" --backup "$backup" --backup-command "$work/$backup.sh $word"
}

# BACKUP MANIFEST: of a server that nobody writes to.
base_backup_by() {
	"$reprove" seal --source "$source" --key reprove.key --manifest "$2" && pg_basebackup -D "$1" -X stream -c fast -Ft -z
}

# BACKUP MANIFEST: the same as a directory.
plain_base_by() {
	"$reprove" seal --source "$source" --key reprove.key --manifest "$2" && pg_basebackup -D "$1" -X stream -c fast
}

# What the server does with its log from now on: %p is $1, %f is $2. (pgbackrest looks for its name in the command.)
archives_by() { printf '#!/bin/bash\n%s\n' "$1" >archive.pgbackrest; }

# BACKUP MANIFEST: a repository of pgBackRest with one set, which lies at the end of its log.
repository_by() {
	. "$root/tests/lib/repositories.sh"
	servers_dir "$work/$1" "$work/$1.spool"
	printf '[global]\nrepo1-path=%s\nrepo1-retention-full=9\nlog-level-file=off\nlock-path=%s\nspool-path=%s\nstart-fast=y\n' \
		"$work/$1" "$work/$1.spool" "$work/$1.spool" >"$1.conf"
	printf '[main]\npg1-path=%s\npg1-socket-path=%s\npg1-user=postgres\n' "$work/pg/data" "$work/socket" >>"$1.conf"
	local backrest=(pgbackrest "--config=$work/$1.conf" --stanza=main)
	"${as_server[@]}" "${backrest[@]}" stanza-create || return
	archives_by "exec ${backrest[*]} archive-push \$1"
	"$reprove" seal --source "$source" --key reprove.key --manifest "$2" && "${as_server[@]}" "${backrest[@]}" --type=full backup
}

# BACKUP MANIFEST: the same of Barman.
catalogue_by() {
	. "$root/tests/lib/repositories.sh"
	servers_dir "$work/$1" "$work/$1/main" "$work/$1/main/incoming" "$work/$1/inc"
	cat >"$1.conf" <<-C
		[barman]
		barman_home = $work/$1
		barman_user = ${pg_user:-$(id -un)}
		barman_lock_directory = $work/$1
		configuration_files_directory = $work/$1/inc
		[main]
		description = x
		conninfo = host=$work/socket user=postgres dbname=postgres
		streaming_conninfo = host=$work/socket user=postgres
		backup_method = postgres
		archiver = on
		immediate_checkpoint = on
	C
	local barman=("${as_server[@]}" env HOME="$work/$1" PATH="$PATH" barman -c "$work/$1.conf")
	archives_by "exec cp \$1 $work/$1/main/incoming/\$2"
	"${barman[@]}" list-servers && log_archived && "${barman[@]}" archive-wal main &&
		"$reprove" seal --source "$source" --key reprove.key --manifest "$2" &&
		"${barman[@]}" backup main && log_archived && "${barman[@]}" archive-wal main
}

# BACKUP MANIFEST: the same of MariaDB's.
files_by() {
	"$reprove" seal --source "$source" --key reprove.key --manifest "$2" && mb_backup --stream=xbstream >"$1"
}

# BACKUP MANIFEST: the same as a directory. What the server's log still had of a table would heal what is broken, so it is
# begun anew.
files_dir_by() {
	my_stop
	my_run --log-bin=mysql-bin --server-id=7
	"$reprove" seal --source "$source" --key reprove.key --manifest "$2" && mb_backup --target-dir="$1"
}

# BACKUP MANIFEST: all of a server that nobody writes to, for pg_dumpall takes no snapshot from others.
cluster_by() {
	printf '#!/bin/bash\nexec pg_dumpall\n' >"$1.sh" && chmod +x "$1.sh"
	"$reprove" seal --source "$source" --key reprove.key --manifest "$2" --backup "$1" --backup-command "$work/$1.sh $word"
}

# A directory that was put into a tar after the seal.
tarred_by() {
	sealed_by tarred "$2" --format directory && tar -cf "$1" tarred
}

broken() { # BACKUP MAKE [argument of MAKE...] [-- option of verify...]
	local name=$1 make=$2 arguments=()
	shift 2
	[ "${RP_ONLY:-$name}" = "$name" ] || return 0
	while [ $# -gt 0 ] && [ "$1" != -- ]; do arguments+=("$1"); shift; done
	[ $# -eq 0 ] || shift
	"$make" "$name" "$name.json" "${arguments[@]}" >made.log 2>&1
	tap $? "$name: made and sealed" || { sed 's/^/# /' made.log >&2; return; }
	# Every day that is the business of each format's own test.
	[ "$places" -eq 1 ] ||
		runs 0 "$name: verified" "$reprove" verify --target shop --state none --trust reprove.pub --manifest "$name.json" "$@" "$name" || return
	python3 "$root/tests/server/broken.py" --places "$places" --only "${only:-}" ${named:+--named "$named"} "$reprove" "$name" "$name.json" "$@"
	tap $? "$name: broken in $((2 * places)) places, and refused each time"
}

case $engine in
postgres)
	. "$root/tests/lib/postgres.sh"
	pg_begin
	cd "$work" || exit 1
	printf '#!/bin/bash\n' >archive.pgbackrest && chmod 755 archive.pgbackrest
	pg_start archive_mode=on "archive_command=$work/archive.pgbackrest %p %f"
	source=$(pg_uri shop) word="{snapshot}" dump="pg_dump --snapshot=\"\$1\" shop"
	createdb shop
	sql shop "CREATE TABLE goods (id int PRIMARY KEY, name text);
		INSERT INTO goods SELECT i, 'thing ' || md5(i::text) FROM generate_series(1, 300) i; CREATE INDEX ON goods (name)"
	;;
mysql)
	. "$root/tests/lib/mysql.sh"
	my_begin
	my_start --log-bin=mysql-bin --server-id=7
	cd "$work" || exit 1
	source=$(my_uri shop) word="{defaults}"
	dump="$my_dump_tool --defaults-file=\"\$1\" --single-transaction --routines --events shop"
	sql "" "CREATE DATABASE shop"
	sql shop "CREATE TABLE goods (id INT PRIMARY KEY, name VARCHAR(100), KEY (name)) ENGINE=InnoDB;
		INSERT INTO goods WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT i, MD5(i) FROM n"
	;;
esac
"$reprove" keygen . >/dev/null
"${engine}_formats"
tap_done
