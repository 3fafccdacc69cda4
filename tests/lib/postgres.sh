# SPDX-License-Identifier: MIT
# A throw-away PostgreSQL for a demo or a test, as a library for bash scripts:
#
#     . tests/lib/postgres.sh
#     pg_begin          a private directory in $work, removed with everything in it when the script ends
#     pg_start          a server on a socket in it; PGHOST, PGPORT, PGUSER and $uri (without a database) point there
#     pg_run            the same on the data directory that is there, after pg_stop
#     pg_load DB FILE   make a database and load an SQL file
#
# $RP_PG_BINDIR chooses the version; the newest installed one otherwise. Root starts servers as another user.

pg_begin() {
	# Short: a socket's path must fit into 107 bytes.
	work=$(mktemp -d "${TMPDIR:-/tmp}/rp-XXXXXX")
	chmod 711 "$work"
	# Scratch directories of the runs under test go here: tests run side by side, and look for what is left over.
	mkdir -m 1777 "$work/t"
	export TMPDIR=$work/t
	# What they remember of manifests stays here, too, and out of the user's home.
	export XDG_STATE_HOME=$work/state
	pg_pid=
	pg_initdb=() # a test's own options
	trap pg_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	if [ -z "${RP_PG_BINDIR:-}" ]; then
		RP_PG_BINDIR=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5 -n | tail -1)
	fi
	if [ ! -x "$RP_PG_BINDIR/initdb" ]; then
		if [ -n "${RP_REQUIRE_SERVERS:-}" ]; then
			echo "no PostgreSQL server in '$RP_PG_BINDIR', and RP_REQUIRE_SERVERS is set" >&2
			exit 1
		fi
		echo "1..0 # SKIP no PostgreSQL server is installed"
		exit 0
	fi
	as_server=()
	if [ "$(id -u)" -eq 0 ]; then
		pg_user=$(id -un postgres 2>/dev/null || echo nobody)
		as_server=(setpriv --reuid "$pg_user" --regid "$(id -gn "$pg_user")" --clear-groups --)
	fi
	PATH=$RP_PG_BINDIR:$PATH
	unset PGDATABASE PGSERVICE PGOPTIONS PGPASSWORD STATE_DIRECTORY
}

pg_start() { # [setting=value...]
	install -d -m 700 "$work/pg"
	[ ${#as_server[@]} -eq 0 ] || chown "$pg_user" "$work/pg"
	(
		cd "$work" || exit 1
		"${as_server[@]}" initdb -D "$work/pg/data" -U postgres --auth=trust --no-sync -E UTF8 --locale=C.UTF-8 "${pg_initdb[@]}" \
			>"$work/initdb.log" 2>&1 || { cat "$work/initdb.log" >&2; exit 1; }
	) || exit 1
	install -d -m 755 "$work/socket"
	[ ${#as_server[@]} -eq 0 ] || chown "$pg_user" "$work/socket"
	pg_run "$@"
}

# Start it on the data directory that is there.
pg_run() { # [setting=value...]
	local setting options=()
	for setting; do options+=(-c "$setting"); done
	# In the background from this shell: its pid is ours to stop.
	(cd "$work" && exec "${as_server[@]}" postgres -D "$work/pg/data" -c listen_addresses= \
		-c "unix_socket_directories=$work/socket" -c fsync=off "${options[@]}") >"$work/server.log" 2>&1 &
	pg_pid=$!
	export PGHOST=$work/socket PGPORT=5432 PGUSER=postgres
	uri="postgresql://postgres@/%s?host=$work/socket"
	local i
	for ((i = 0; i < 200; i++)); do
		psql -X -q -d postgres -c 'SELECT 1' >/dev/null 2>&1 && return
		kill -0 "$pg_pid" 2>/dev/null || break
		sleep 0.1
	done
	echo "the server did not start:" >&2
	cat "$work/server.log" >&2
	exit 1
}

pg_uri() { printf 'postgresql://postgres@/%s?host=%s' "$1" "$work/socket"; }

sql() { # DB STATEMENT
	psql -X -q -v ON_ERROR_STOP=1 -At -d "$1" -c "$2"
}

pg_load() { # DB FILE
	createdb "$1" && psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f "$2" >/dev/null
}

pg_stop() {
	[ -n "$pg_pid" ] || return 0
	kill -INT "$pg_pid" 2>/dev/null
	wait "$pg_pid" 2>/dev/null
	pg_pid=
}

pg_end() {
	local status=$?
	trap - EXIT
	pg_stop
	rm -rf "$work"
	exit "$status"
}
