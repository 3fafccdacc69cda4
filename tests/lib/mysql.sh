# SPDX-License-Identifier: MIT
# A throw-away MariaDB or MySQL for a demo or a test, as a library for bash scripts:
#
#     . tests/lib/mysql.sh
#     my_begin          a private directory in $work, removed with everything in it when the script ends
#     my_start          a server on a socket in it; the functions below speak to it, as its root
#     my_load DB FILE   make a database and load an SQL file
#     sql DB STATEMENT  run it there, print its rows
#     my_dump DB        back it up as a person would, to standard output
#     my_uri DB [USER]  where it is, for reprove
#
# $RP_MY_BINDIR chooses the installation (a directory with mariadbd or mysqld, as tests/server-matrix bindir prints);
# the system's otherwise. Root starts servers as another user. No option file of this machine is read, by anyone.

my_begin() {
	# Short: a socket's path must fit into 107 bytes.
	work=$(mktemp -d "${TMPDIR:-/tmp}/rp-XXXXXX")
	chmod 711 "$work"
	# Scratch directories of the runs under test go here: tests run side by side, and look for what is left over.
	mkdir -m 1777 "$work/t"
	export TMPDIR=$work/t
	# What they remember of manifests stays here, too, and out of the user's home; his option files stay out of this.
	export XDG_STATE_HOME=$work/state HOME=$work/home MARIADB_HOME=$work/home MYSQL_HOME=$work/home
	mkdir "$work/home"
	unset MYSQL_PWD MYSQL_HOST MYSQL_TCP_PORT MYSQL_UNIX_PORT MYSQL_GROUP_SUFFIX MYSQL_TEST_LOGIN_FILE STATE_DIRECTORY
	my_pid=
	trap my_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	my_find || my_skip "no MariaDB or MySQL server is installed"
	as_server=()
	if [ "$(id -u)" -eq 0 ]; then
		my_user=$(id -un mysql 2>/dev/null || echo nobody)
		as_server=(setpriv --reuid "$my_user" --regid "$(id -g "$my_user")" --clear-groups --)
	fi
}

my_skip() { # REASON
	if [ -n "${RP_REQUIRE_SERVERS:-}" ]; then
		echo "$1, and RP_REQUIRE_SERVERS is set" >&2
		exit 1
	fi
	echo "1..0 # SKIP $1"
	exit 0
}

# The server's program in $my_daemon, its vendor in $my_vendor (mariadb, mysql), and its own clients before others.
my_find() {
	local directory name
	for directory in ${RP_MY_BINDIR:-/usr/sbin /usr/bin /usr/libexec}; do
		for name in mariadbd mysqld; do
			[ -x "$directory/$name" ] || continue
			my_daemon=$directory/$name
			[ -z "${RP_MY_BINDIR:-}" ] || PATH=$RP_MY_BINDIR:$PATH
			case $("$my_daemon" --no-defaults --version 2>/dev/null) in
			*MariaDB*) my_vendor=mariadb ;;
			*) my_vendor=mysql ;;
			esac
			my_client=$(command -v mariadb || command -v mysql) my_dump_tool=$(command -v mariadb-dump || command -v mysqldump)
			# An installation that has only its vendor's names: the other vendor's, found behind it, will not do.
			[ -z "${RP_MY_BINDIR:-}" ] || [ "$my_vendor" = mariadb ] || my_client=$RP_MY_BINDIR/mysql my_dump_tool=$RP_MY_BINDIR/mysqldump
			# Unpacked by tests/server-matrix: what stands in its directory of programs are scripts, and the scripts'
			# programs are what goes into reprove's box.
			my_base=$(realpath -e -q "$directory/../root/usr") && export REPROVE_SERVERS=$my_base
			return 0
		done
	done
	return 1
}

# Make an empty data directory and start a server on it. Options are the server's own: --sql-mode=..., --log-bin...
# Those that it must be made with, too, stand in my_made.
my_made=()
my_start() { # [option...]
	my_data=$work/my/data
	install -d -m 700 "$work/my" "$work/my/tmp"
	install -d -m 755 "$work/socket"
	[ ${#as_server[@]} -eq 0 ] || chown -R "$my_user" "$work/my" "$work/socket"
	my_common=(--no-defaults "--datadir=$my_data" "--tmpdir=$work/my/tmp" "${my_made[@]}")
	[ "$my_vendor" = mariadb ] || my_common+=(--mysqlx=OFF --secure-file-priv=)
	# Unpacked by tests/server-matrix: not where its own defaults think.
	local base=$my_base share
	if [ -n "$base" ]; then
		for share in "$base/share/mysql" "$base/share/mariadb"; do
			[ -f "$share/english/errmsg.sys" ] || continue
			my_common+=("--basedir=$base" "--lc-messages-dir=$share" "--character-sets-dir=$share/charsets")
		done
		[ ! -d "$base/lib/mysql/plugin" ] || my_common+=("--plugin-dir=$base/lib/mysql/plugin")
	fi
	(
		cd "$work" || exit 1
		if [ "$my_vendor" = mariadb ]; then
			install_db=$(dirname "$my_daemon")/mariadb-install-db
			[ -x "$install_db" ] || install_db=$(command -v mariadb-install-db)
			"${as_server[@]}" "$install_db" "${my_common[@]}" --auth-root-authentication-method=normal --skip-test-db \
				--skip-name-resolve
		else
			"${as_server[@]}" "$my_daemon" "${my_common[@]}" --initialize-insecure
		fi >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; exit 1; }
	) || exit 1
	my_run "$@"
}

# Start it on the data directory that is there.
my_run() { # [option...]
	# In the background from this shell: its pid is ours to stop. No durability: it is thrown away.
	(cd "$work" && exec "${as_server[@]}" "$my_daemon" "${my_common[@]}" --skip-networking "--socket=$work/socket/s" \
		"--pid-file=$work/my/pid" --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --sync-binlog=0 "$@") \
		>"$work/server.log" 2>&1 &
	my_pid=$!
	local i
	for ((i = 0; i < 600; i++)); do
		sql "" "DO 1" >/dev/null 2>&1 && return
		kill -0 "$my_pid" 2>/dev/null || break
		sleep 0.1
	done
	echo "the server did not start:" >&2
	cat "$work/server.log" >&2
	exit 1
}

my_login=(-u root)
my_client() { # [option...]: the vendor's own client, connected
	"$my_client" --no-defaults --socket="$work/socket/s" "${my_login[@]}" --default-character-set=utf8mb4 "$@"
}

# Rows come out with a tab between columns. Statements come from standard input when none is given.
sql() { # DB [STATEMENT]
	if [ $# -gt 1 ]; then my_client -N -B -e "$2" ${1:+"$1"}; else my_client -N -B --binary-mode ${1:+"$1"}; fi
}

my_load() { # DB FILE
	# Another character set and collation than any server's own: what a dump forgets shows.
	sql "" "CREATE DATABASE \`$1\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci" && my_client --binary-mode "$1" <"$2" >/dev/null
}

my_dump() { # DB [option...]: a dump as a person would make it
	local db=$1
	shift
	[ "$my_vendor" = mariadb ] || set -- --set-gtid-purged=OFF "$@"
	"$my_dump_tool" --no-defaults --socket="$work/socket/s" "${my_login[@]}" --single-transaction --routines --events --triggers --hex-blob \
		--default-character-set=utf8mb4 "$@" "$db"
}

my_uri() { # DB [USER]
	printf '%s://%s@localhost/%s?socket=%s' "$my_vendor" "${2:-root}" "$1" "$work/socket/s"
}

my_stop() {
	[ -n "$my_pid" ] || return 0
	kill -TERM "$my_pid" 2>/dev/null
	wait "$my_pid" 2>/dev/null
	my_pid=
}

my_end() {
	local status=$?
	trap - EXIT
	my_stop
	rm -rf "$work"
	exit "$status"
}
