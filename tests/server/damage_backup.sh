#!/bin/bash
# SPDX-License-Identifier: MIT
# Every damage to the backup's file and to the manifest is found, by the checks it names and by no other.
# usage: damage_backup.sh REPROVE SOURCE_ROOT [DAMAGE...]
set -u
reprove=$(realpath "$1") root=$2
shift 2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
pg_load shop "$root/fixtures/postgres/shop.sql" && createdb other || exit 1
# Of the whole server, which only the output of pg_dumpall brings.
sql postgres "CREATE ROLE auditor SUPERUSER; CREATE ROLE clerk"
sql shop "GRANT SELECT ON shop.products TO clerk"
cd "$work" || exit 1
mkdir stranger
"$reprove" keygen . >/dev/null && "$reprove" keygen stranger >/dev/null || exit 1
seal() { # NAME DATABASE KEY [OPTION...]
	local name=$1 db=$2 key=$3
	shift 3
	"$reprove" seal --source "$(pg_uri "$db")" --key "$key" --manifest "$name.json" --backup "$name.dump" "$@" >/dev/null
}
verify() { "$reprove" verify --target shop --trust reprove.pub --reports out "$@"; }
runs 0 "one is sealed" seal older shop reprove.key
sleep 1.1 # a sequence number is a second
runs 0 "and a newer one" seal good shop reprove.key
runs 0 "and by a stranger" seal stranger shop stranger/reprove.key
runs 0 "and another database" seal other other reprove.key --target other
runs 0 "the newer one verifies" verify --manifest good.json good.dump

for entry in "$root"/fixtures/damage/backup/*.sh; do
	name=$(basename "$entry" .sh)
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	cp good.dump backup && cp good.json manifest || exit 1
	# shellcheck disable=SC1090
	(. "$entry") || exit 1
	expected=$(sed -n 's/^# status: //p' "$entry")
	read -ra options <<<"$(sed -n 's/^# verify: //p' "$entry")"
	verify --manifest manifest "${options[@]}" backup >stdout 2>stderr
	status=$?
	said=$(python3 "$root/tests/server/damage.py" "$entry" out/result.json 2>&1)
	[ $status -eq "${expected:-1}" ] && [ -z "$said" ]
	tap $? "$name: $(sed -n 's/^# damage: //p' "$entry")" ||
		{ echo "exit status $status"; echo "$said"; head -20 stderr; } | sed 's/^/# /' >&2
done
tap_done
