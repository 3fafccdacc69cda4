#!/bin/bash
# SPDX-License-Identifier: MIT
# Every damage of MariaDB's and MySQL's catalogue is found, by the checks it names and by no other.
# usage: damage_mysql.sh REPROVE SOURCE_ROOT [DAMAGE...]
set -u
reprove=$(realpath "$1") root=$2
shift 2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/mariadb_backup.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start
cd "$work" || exit 1
cat "$root/fixtures/mysql/shop.sql" "$root/fixtures/damage/mysql/also/both.sql" \
	"$root/fixtures/damage/mysql/also/$my_vendor.sql" >source.sql
my_load shop source.sql || exit 1
"$reprove" keygen . >/dev/null
runs 0 "the shop is sealed" \
	"$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest m.json --backup shop.sql
runs 0 "and verifies with no finding" \
	"$reprove" verify --target shop --manifest m.json --trust reprove.pub --reports good shop.sql

# A script damages the good dump, or puts something else in its place. A damage is done to a good copy, which is then dumped; or stands at the end of the dump itself, where a dump of the
# damaged copy would mend it.
damaged() { # ENTRY
	rm -rf damaged.sql
	if [[ $1 == *.sh ]]; then
		cp shop.sql damaged.sql || return
		# shellcheck disable=SC1090
		(. "$1")
	elif grep -q '^-- in: the dump$' "$1"; then
		awk -v entry="$1" '/^-- Dump completed/ { while ((getline line <entry) > 0) print line } { print }' \
			shop.sql >damaged.sql
	else
		my_load damaged source.sql && sql damaged <"$1" && my_dump damaged >damaged.sql &&
			sql "" "DROP DATABASE damaged"
	fi
}

version=$(sql "" "SELECT VERSION()")
said_in() { sed -n "s/^\(--\|#\) $2: //p" "$1"; } # ENTRY WHAT
for entry in "$root"/fixtures/damage/mysql/*.{sql,sh}; do
	name=$(basename "${entry%.*}")
	only=$(said_in "$entry" only)
	[ -z "$only" ] || [ "$only" = "$my_vendor" ] || continue
	needs=$(said_in "$entry" needs)
	[ -z "$needs" ] || command -v "$needs" >/dev/null || continue
	since=$(said_in "$entry" since)
	[ "$(printf '%s\n' "${since:-0}" "$version" | sort -V | head -1)" = "${since:-0}" ] || continue
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	damaged "$entry" || exit 1
	"$reprove" verify --target shop --manifest m.json --trust reprove.pub --reports "$name" damaged.sql >out 2>err
	status=$?
	said=$(python3 "$root/tests/server/damage.py" "$entry" "$name/result.json" 2>&1)
	[ $status -eq 1 ] && [ -z "$said" ]
	tap $? "$name: $(said_in "$entry" damage)" ||
		{ echo "exit status $status"; echo "$said"; head -20 err; } | sed 's/^/# /' >&2
done
tap_done
