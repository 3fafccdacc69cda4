# SPDX-License-Identifier: MIT
# A PostgreSQL whose log is archived, with base backups from before its database 'shop' was sealed for them; after lib/postgres.sh
# and lib/tap.sh:
#
#     pg_base_begin          $work has plain (and what pg_base_more makes), arch, s.json, reprove.key
#     verify, sealed, bare   verify; with the manifest and the log archive; without a manifest
#
# Goods up to 2000 are in the backups; 3001 lies before $point and the restore point 'here', 3002 before $moment, 3003 before the
# seal, 3004 and 3005 after it.

# A test may make further backups, and objects of its own in 'shop'.
pg_base_more() { :; }
pg_base_objects() { :; }

pg_base_begin() { # [setting=value...]
	pg_initdb=(--data-checksums)
	arch=$work/arch
	install -d -m 777 "$arch" "$work/ts"
	[ ${#as_server[@]} -eq 0 ] || chown "$pg_user" "$work/ts"
	pg_start wal_level=logical archive_mode=on "archive_command=cp %p $arch/%f" max_prepared_transactions=3 \
		max_wal_size=64MB "$@"
	cd "$work" || exit 1
	"$reprove" keygen . >/dev/null
	major=$(sql postgres "SELECT current_setting('server_version_num')::int / 10000")

	sql postgres "CREATE TABLESPACE fast LOCATION '$work/ts'"
	createdb shop
	sql shop "CREATE TABLE goods (id int PRIMARY KEY, name text);
		INSERT INTO goods SELECT i, 'thing ' || md5(i::text) FROM generate_series(1, 2000) i; CREATE INDEX ON goods (name);
		CREATE TABLE elsewhere (id serial PRIMARY KEY, t text) TABLESPACE fast; INSERT INTO elsewhere (t) SELECT 'x' FROM generate_series(1, 200);
		CREATE UNLOGGED TABLE passing (id int PRIMARY KEY); INSERT INTO passing SELECT generate_series(1, 20);
		CHECKPOINT"
	pg_base_objects
	pg_basebackup -D plain -X stream -c fast --tablespace-mapping="$work/ts=$work/ts-copy"
	pg_base_more
	# What an object of the test's own would load, these sessions do not.
	export PGOPTIONS='-c session_preload_libraries='
	sql shop "INSERT INTO goods VALUES (3001, 'before the point')"
	sql shop "SELECT pg_create_restore_point('here')" >/dev/null
	point=$(sql shop "SELECT pg_current_wal_lsn()")
	sql shop "INSERT INTO elsewhere (t) VALUES ('its sequence is ahead in the log')"
	sql shop "INSERT INTO goods VALUES (3002, 'behind the point')"
	sleep 0.1
	moment=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
	sleep 0.1
	sql shop "INSERT INTO goods VALUES (3003, 'behind the time')"
	unset PGOPTIONS
	runs 0 "sealed with a place in the log" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest s.json --physical
	has "stops before LSN" "and says where that is" "$out"
	export PGOPTIONS='-c session_preload_libraries='
	sql shop "INSERT INTO goods VALUES (3004, 'behind the seal')"
	sql shop "SELECT pg_switch_wal()" >/dev/null
	sql shop "INSERT INTO goods VALUES (3005, 'last')"
	local segment i
	segment=$(sql shop "SELECT pg_walfile_name(pg_switch_wal())")
	for ((i = 0; i < 100; i++)); do
		[ "$(sql shop "SELECT last_archived_wal >= '$segment' FROM pg_stat_archiver")" = t ] && break
		sleep 0.1
	done
	unset PGOPTIONS
}

verify() { "$reprove" verify --state none --target shop "$@"; }
sealed() { verify --trust reprove.pub --manifest s.json --logs "$arch" "$@"; }
bare() { verify --no-manifest --database shop "$@"; }
last() { # EXPECTED: the newest of the goods
	printf -- '-- expect: value %s\nSELECT max(id) FROM public.goods\n' "$1" >last.sql
}
