# SPDX-License-Identifier: MIT
# Repositories of PostgreSQL's backup tools, for tests; behind tests/lib/postgres.sh.

# Skip the test where a tool is missing, unless it must be here.
needs_tool() { # PROGRAM
	command -v "$1" >/dev/null && return
	if [ -n "${RP_REQUIRE_SERVERS:-}" ]; then
		echo "$1 is not installed, and RP_REQUIRE_SERVERS is set" >&2
		exit 1
	fi
	echo "1..0 # SKIP $1 is not installed"
	exit 0
}

# A directory that the server's user may fill.
servers_dir() { # DIR...
	install -d -m 700 "$@"
	[ ${#as_server[@]} -eq 0 ] || chown "$pg_user" "$@"
}

# Wait until the server has archived all that is in its log now.
log_archived() {
	local wal i
	wal=$(sql postgres "SELECT pg_walfile_name(pg_current_wal_lsn())")
	sql postgres "SELECT pg_switch_wal()" >/dev/null
	for ((i = 0; i < 200; i++)); do
		[ "$(sql postgres "SELECT last_archived_wal >= '$wal' FROM pg_stat_archiver")" = t ] && return
		sleep 0.1
	done
	echo "'$wal' was not archived" >&2
	return 1
}

# Flip a byte in the middle of a file.
flip() { # FILE
	python3 - "$1" <<-'PY'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    data = f.read()
		    f.seek(len(data) // 2)
		    f.write(bytes([data[len(data) // 2] ^ 1]))
	PY
}
