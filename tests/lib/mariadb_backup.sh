# SPDX-License-Identifier: MIT
# Backups of a server's files, as a library beside tests/lib/mysql.sh:
#
#     mb_find               the server's own mariadb-backup in $backup_tool; skips the test where there is none
#     mb_backup OPTION...   run it against the server of my_start
#     mb_spoil FILE         other bytes in the middle of a page of rows

mb_find() {
	[ "$my_vendor" = mariadb ] || my_skip "mariadb-backup is MariaDB's"
	backup_tool=$(command -v mariadb-backup) || my_skip "mariadb-backup is not installed"
}

mb_backup() {
	"$backup_tool" --no-defaults --backup --user=root --socket="$work/socket/s" "$@" 2>"$work/backup.log" && return
	tail -5 "$work/backup.log" >&2
	exit 1
}

mb_spoil() {
	# The fifth page of a table is the first of its rows, or of what leads to them.
	printf 'spoilt by a test' | dd of="$1" bs=1 seek=$((16384 * 4 + 8000)) conv=notrunc status=none
}
