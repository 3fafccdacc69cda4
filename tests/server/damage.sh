#!/bin/bash
# SPDX-License-Identifier: MIT
# Every damage of the catalogue is found, by the checks it names and by no other. Prints what found each.
# usage: damage.sh REPROVE SOURCE_ROOT [DAMAGE...]
set -u
reprove=$(realpath "$1") root=$2
shift 2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
pg_load shop "$root/fixtures/postgres/shop.sql" && psql -X -q -v ON_ERROR_STOP=1 -d shop -f "$root/fixtures/damage/postgresql/also/shop.sql" >/dev/null ||
	exit 1
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
runs 0 "the shop is sealed" \
	"$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest m.json --backup shop.dump
runs 0 "and verifies with no finding" \
	"$reprove" verify --target shop --manifest m.json --trust reprove.pub --reports good shop.dump
# What the catalogue damages is what a restore gives, not the source.
createdb good && pg_restore -d good shop.dump && pg_dump good >good.sql || exit 1

# A damage is done to a good copy, which is then dumped; or stands at the end of the dump itself, where a dump of the
# damaged copy would mend it.
damaged() { # ENTRY
	if grep -q '^-- in: the dump$' "$1"; then
		awk -v entry="$1" '/^-- PostgreSQL database dump complete/ { while ((getline line <entry) > 0) if (line !~ /^--/) print line
			print "\n--" } { print }' good.sql >damaged.dump
	else
		createdb -T good damaged && psql -X -q -v ON_ERROR_STOP=1 -d damaged -f "$1" >/dev/null &&
			pg_dump -Fc damaged >damaged.dump && dropdb damaged
	fi
}

for entry in "$root"/fixtures/damage/postgresql/*.sql; do
	name=$(basename "$entry" .sql)
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	damaged "$entry" || exit 1
	read -ra options <<<"$(sed -n 's/^-- verify: //p' "$entry")"
	"$reprove" verify --target shop --manifest m.json --trust reprove.pub --reports "$name" "${options[@]}" damaged.dump >out 2>err
	status=$?
	said=$(python3 "$root/tests/server/damage.py" "$entry" "$name/result.json" 2>&1)
	[ $status -eq 1 ] && [ -z "$said" ]
	tap $? "$name: $(sed -n 's/^-- damage: //p' "$entry")" ||
		{ echo "exit status $status"; echo "$said"; head -20 err; } | sed 's/^/# /' >&2
done
tap_done
