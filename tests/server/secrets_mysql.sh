#!/bin/bash
# SPDX-License-Identifier: MIT
# The password of a login of MariaDB's is nowhere to be seen; secrets.sh does the rest.
# usage: secrets_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1")
root=$2
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/mysql.sh"

my_begin
trap 'touch "$work/watched.stop"; my_end' EXIT
my_start
cd "$work" || exit 1
mkdir -m 700 secrets
umask 077
word=S3cret-$RANDOM$RANDOM$RANDOM
canary=S3cret-canary-$RANDOM$RANDOM
printf '%s\n' "$word" "$canary" >secrets/all
printf '[client]\nuser=app\npassword=%s\n' "$word" >secrets/my.cnf
sql '' "CREATE DATABASE small; CREATE TABLE small.t (id int PRIMARY KEY); INSERT INTO small.t VALUES (1), (2);
	CREATE USER app@localhost IDENTIFIED BY '$word'; GRANT ALL ON *.* TO app@localhost" </dev/null
python3 "$root/tests/lib/watch_secrets.py" secrets/all watched &
watch=$!
for ((i = 0; i < 100; i++)); do [ -e watched.started ] && break; sleep 0.05; done
sh -c 'sleep 0.3; :' "$canary"
"$reprove" keygen k >/dev/null

uri=$(my_uri small app)
runs 0 "a seal, the password in an option file" "$reprove" seal --source "$uri&defaults-file=$work/secrets/my.cnf" --key k/reprove.key \
	--manifest m.json --backup small.sql
runs 0 "verified" "$reprove" verify --target small --manifest m.json --trust k/reprove.pub --reports out small.sql
touch watched.stop
wait $watch
[ -z "$(grep -v '^looked\|^cmdline sh -c: 2$' watched | tee /dev/stderr)" ]
tap $? "no process had it in its arguments or environment"
grep -q '^cmdline sh -c: 2$' watched
tap $? "and one that had would have been seen"
left=$(grep -rlaF "$word" --exclude-dir=secrets "$work" 2>/dev/null)
[ -z "$left" ] && [ -z "$(ls -A "$TMPDIR")" ]
tap $? "and it is left nowhere" || printf '# %s\n' "$left" >&2
tap_done
