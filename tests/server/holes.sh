#!/bin/bash
# SPDX-License-Identifier: MIT
# Ways in which a verifier could end in 0 and must not, by their number in docs/security.md. Those that need no server
# are unit tests whose names begin with hole_N.
# usage: holes.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
cat >h.sql <<'S'
CREATE TABLE a (id bigint PRIMARY KEY, t text, v numeric);
INSERT INTO a SELECT i, 'row ' || i, i / 7.0 FROM generate_series(1, 3000) i;
CREATE TABLE b (id bigint PRIMARY KEY, a bigint REFERENCES a, at timestamptz);
INSERT INTO b SELECT i, i, timestamptz '2026-01-01 00:00 UTC' + i * interval '1 minute' FROM generate_series(1, 2000) i;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
S
pg_load h h.sql || exit 1
seal() { # NAME DATABASE [OPTION...]: NAME.json, and the backup NAME.sql
	local name=$1 db=$2
	shift 2
	"$reprove" seal --source "$(pg_uri "$db")" --key reprove.key --target h --manifest "$name.json" --backup "$name.sql" \
		--backup-command "pg_dump --snapshot={snapshot} $db" "$@"
}
verify() { "$reprove" verify --state none --target h --manifest good.json --trust reprove.pub --reports out "$@"; }
answers() { # CHECK VERDICTS NAME
	local got
	got=$(python3 "$root/tests/server/verdicts.py" out/result.json "$1")
	[ "$got" = "$2" ]
	tap $? "$3" || echo "# $1: expected $2, got $got" >&2
}
edited() { awk -v sql="$1" '/^-- PostgreSQL database dump complete/ {print sql "\n\n--"} {print}' good.sql >edited.sql; }
# Until something of a run's scratch is there: $1 is a pattern below it.
await() {
	local i
	for ((i = 0; i < 200; i++)); do
		compgen -G "$TMPDIR/reprove-*/$1" >/dev/null && return
		sleep 0.05
	done
	return 1
}
runs 0 "a good backup to begin with" seal good h
runs 0 "is verified" verify good.sql

runs 2 "hole 1: one check alone proves nothing" verify --check restore.time good.sql
has "This run is partial" "hole 1: and the run is called partial" "$out"

runs 0 "hole 2: without a manifest" "$reprove" verify --target h --no-manifest --reports bare good.sql
has '"verdict": "restorable"' "hole 2: it is restorable, not verified" "$(cat bare/result.json)"
has "does not count as a proof" "hole 2: which is said" "$out"
[ ! -e "$XDG_STATE_HOME" ]
tap $? "hole 2: and nothing is remembered as proved"

for check in manifest.trust artifact.digest restore.complete schema.objects relation.rows relation.digest; do
	runs 2 "hole 3: $check cannot be left out" verify --skip $check good.sql
done
accept() { printf 'waivers:\n  - check: %s\n    object: %s\n    reason: known\n    owner: dba\n    until: %s\n' "$1" "$2" "$3" >waivers.yaml; }
soon=$(date -u -d '+30 days' +%F)
runs 0 "hole 3: a backup with an index less" "$reprove" seal --source "$(pg_uri h)" --key reprove.key --target h --manifest less.json
sql h "CREATE INDEX more ON a (t)" && pg_dump h >more.sql
less() { "$reprove" verify --state none --target h --manifest less.json --trust reprove.pub --reports less "$@" more.sql; }
runs 1 "hole 3: differs" less
accept schema.objects public.more "$soon"
runs 1 "hole 3: a waiver of one object's difference leaves the others" less --waivers waivers.yaml
accept schema.counts "'public: index'" "$soon" && sed 1d waivers.yaml >second && accept schema.objects public.more "$soon" && cat second >>waivers.yaml
runs 0 "hole 3: waivers of all of them are counted, and it passes" less --waivers waivers.yaml
has "waive" "hole 3: which the verdict says" "$out"
accept schema.objects '"*"' "$soon"
runs 1 "hole 3: there are no wildcards" less --waivers waivers.yaml
accept schema.objects public.more 2020-01-01
runs 1 "hole 3: one that has ended covers nothing" less --waivers waivers.yaml
accept schema.objects public.more 2099-01-01
runs 4 "hole 3: none lasts longer than a year" less --waivers waivers.yaml
accept restore.complete "''" "$soon"
runs 4 "hole 3: completeness cannot be waived" less --waivers waivers.yaml
sql h "DROP INDEX more"

createdb empty
runs 0 "hole 4: a database without relations can be sealed" seal empty empty
runs 2 "hole 4: and is not verified" "$reprove" verify --state none --target h --manifest empty.json --trust reprove.pub empty.sql

sql h "CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader; ALTER TABLE a ENABLE ROW LEVEL SECURITY;
	CREATE POLICY odd ON a USING (id % 2 = 1)"
runs 2 "hole 5: rows hidden by a policy are no seal" "$reprove" seal --source "postgresql://reader@/h?host=$work/socket" \
	--key reprove.key --target h --manifest hidden.json
"$reprove" verify --state none --target h --manifest hidden.json --trust reprove.pub good.sql >/dev/null 2>&1
[ $? -ne 0 ]
tap $? "hole 5: and what was sealed of them verifies nothing"
sql h "DROP POLICY odd ON a; ALTER TABLE a DISABLE ROW LEVEL SECURITY"

runs 0 "hole 6: a manifest without a backup" "$reprove" seal --source "$(pg_uri h)" --key reprove.key --target h --manifest alone.json
alone() { "$reprove" verify --state none --target h --manifest alone.json --trust reprove.pub --reports out "$@"; }
runs 0 "hole 6: rests on the strong digests of its rows" alone good.sql
has "strong digests" "hole 6: and says so" "$(cat out/result.json)"
edited "UPDATE public.a SET v = v + 1 WHERE id = 5;"
runs 1 "hole 6: any file will not do" alone edited.sql
answers artifact.digest not-run "hole 6: nothing stands in for the digest then"

# Swapped while it is being restored: whatever was restored is what was hashed.
edited "DELETE FROM public.a WHERE id = 2509;"
cp good.sql swapped.sql
cp edited.sql other.sql
verify swapped.sql >/dev/null 2>&1 &
pid=$!
await srv/data && mv other.sql swapped.sql
wait $pid
status=$?
restored=$(python3 "$root/tests/server/verdicts.py" out/result.json relation.digest a) # of no relation: must be none
digest=$(python3 "$root/tests/server/verdicts.py" out/result.json artifact.digest)
rows=$(python3 "$root/tests/server/verdicts.py" out/result.json relation.digest)
case "$status $digest $rows" in
"0 pass pass" | "1 fail fail pass" | "1 fail not-run") tap 0 "hole 7: the digest is of the bytes that were restored" ;;
*) tap 1 "hole 7: the digest is of the bytes that were restored" || echo "# $status, $digest, $rows, $restored" >&2 ;;
esac

head -c $(($(wc -c <good.sql) / 2)) good.sql >cut.sql
runs 1 "hole 9: a plain dump cut within its rows" verify cut.sql
answers restore.complete fail "hole 9: did not restore"
runs 1 "hole 9: the same without a manifest" "$reprove" verify --target h --no-manifest cut.sql
: >nothing.sql
runs 1 "hole 9: an empty file" verify nothing.sql
runs 1 "hole 9: an empty file, without a manifest" "$reprove" verify --target h --no-manifest nothing.sql
grep -v '^-- PostgreSQL database dump complete' good.sql >trailer.sql
runs 1 "hole 9: a dump without its end, without a manifest" "$reprove" verify --target h --no-manifest trailer.sql
pg_dump -Fc h >good.dump
head -c $(($(wc -c <good.dump) * 9 / 10)) good.dump >cut.dump
runs 1 "hole 9: a custom archive cut short, without a manifest" "$reprove" verify --target h --no-manifest cut.dump

awk '/^CREATE TABLE/ && !n++ {print "\\connect postgres"} {print}' good.sql >elsewhere.sql
runs 1 "hole 10: a dump that goes to another database" verify elsewhere.sql
answers restore.complete fail "hole 10: did not restore"
sql h "ALTER DATABASE h SET work_mem = '5MB'; COMMENT ON DATABASE h IS 'it''s h'; REVOKE TEMPORARY ON DATABASE h FROM PUBLIC"
runs 0 "hole 10: a dump that makes a database of its own" "$reprove" seal --source "$(pg_uri h)" --key reprove.key \
	--manifest create.json --backup create.sql --backup-command "pg_dump -C --snapshot={snapshot} h"
runs 0 "hole 10: is restored into ours" "$reprove" verify --target h --state none --trust reprove.pub \
	--manifest create.json --reports create create.sql
sql h "ALTER DATABASE h RESET work_mem; COMMENT ON DATABASE h IS NULL; GRANT TEMPORARY ON DATABASE h TO PUBLIC"
runs 0 "hole 10: a kept run" verify --keep good.sql
kept=$(printf '%s\n' "$TMPDIR"/reprove-*)
edited "DROP TABLE public.b;"
runs 1 "hole 10: does not fill in for what the next one lacks" verify edited.sql
kill -QUIT "$(awk '$1 == "server" {print $2}' "$kept/owner" | tail -1)"
sleep 0.5
rm -rf "$kept"

edited "DELETE FROM public.a WHERE id = 2500;"
led() { env "$@" "$reprove" verify --state none --target h --manifest good.json --trust reprove.pub --reports out edited.sql; }
runs 1 "hole 11: the environment leads nobody to the source" led PGDATABASE=h PGOPTIONS=-csearch_path=public PGSSLMODE=prefer
answers relation.rows "fail pass" "hole 11: the lost row is seen"
runs 4 "hole 11: what would lead libpq elsewhere whatever it is told is refused" led PGSERVICE=h
runs 4 "hole 11: by address, too" led PGHOSTADDR=127.0.0.1
runs 4 "hole 11: the sealed server is no scratch" verify --scratch "$(pg_uri postgres)" good.sql

sql h "CREATE TABLE big AS SELECT i AS id, repeat(md5(i::text), 3) AS t FROM generate_series(1, 1500000) i"
(
	for ((i = 0; i < 400; i++)); do
		[ "$(sql postgres "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = 'h'
			AND query LIKE 'COPY%' AND pid <> pg_backend_pid() LIMIT 1) x")" = 1 ] && break
	done
) &
runs 2 "hole 12: a reader that is lost ends the survey" "$reprove" seal --source "$(pg_uri h)" --key reprove.key --target h --manifest lost.json --jobs 2
wait $!
[ ! -e lost.json ]
tap $? "hole 12: and nothing is signed"
sql h "DROP TABLE big"

edited "CREATE TABLE public.c (id int); INSERT INTO public.a VALUES (0, 'more', 0);
	CREATE FUNCTION public.g() RETURNS int LANGUAGE sql AS 'SELECT 2'; CREATE ROLE evil SUPERUSER; ALTER FUNCTION public.g() OWNER TO evil;"
runs 1 "hole 14: a table, a row, a function and a superuser more" verify edited.sql
for object in public.c "public.g()" evil; do
	has "\"object\": \"$object\", \"verdict\": \"fail\"" "hole 14: $object is reported" "$(grep schema.objects out/result.json)"
done
answers relation.rows "fail pass" "hole 14: and the row"

edited "ALTER TABLE public.a ADD COLUMN more int DEFAULT 1;"
runs 1 "hole 15: a column more" verify edited.sql
has '"object": "public.a.more", "verdict": "fail"' "hole 15: is reported" "$(grep schema.objects out/result.json)"

runs 0 "hole 16: yesterday's pass" verify good.sql
verify good.sql >/dev/null 2>&1 &
pid=$!
await srv/data
kill -9 $pid
wait $pid 2>/dev/null
has '"status": 2' "hole 16: is not there when today's run dies" "$(head -5 out/result.json)"
has '"state": "started"' "hole 16: but that it was started" "$(head -8 out/result.json)"
[ ! -e out/report.html ] && [ ! -e out/TEST-h.xml ]
tap $? "hole 16: and the other reports are gone"

"$reprove" verify --state none --target h --manifest good.json --trust reprove.pub good.sql >/dev/full 2>err
[ $? -eq 2 ]
tap $? "hole 17: a report that cannot be printed is no 0"
"$reprove" verify --state none --target h --manifest good.json --trust reprove.pub --reports gone good.sql >/dev/null 2>err &
pid=$!
await srv/data
rm -rf gone
: >gone
wait $pid
[ $? -eq 2 ]
tap $? "hole 17: nor one that cannot be written" || sed 's/^/# /' err >&2

# From here on with a memory.
remember() { "$reprove" verify --state state --target h --manifest "$1.json" --trust reprove.pub --reports out "$1.sql"; }
runs 0 "hole 20: the first one seen" remember good
has "no manifest of this target and key was verified here before" "hole 20: is told to be the first" "$out"
has "it may be an old one" "hole 20: and not told to be new" "$out"
runs 0 "hole 20: the second time" remember good
[[ $out != *"could not be told"* ]]
tap $? "hole 20: there is nothing to excuse"
[ "$(stat -c %a state/ratchet)" = 700 ]
tap $? "hole 20: what is remembered is the user's own"
runs 0 "hole 20: a newer one" seal newer h
edited "DELETE FROM public.a WHERE id = 2500;"
cp newer.sql kept.sql
cp edited.sql newer.sql
runs 1 "hole 20: that fails" remember newer
runs 0 "hole 20: is not remembered" remember good
mv kept.sql newer.sql
runs 0 "hole 20: when it is proved" remember newer
runs 3 "hole 20: the old one is refused" remember good
has "a newer one" "hole 20: because there is a newer one" "$out$err"
runs 0 "hole 20: another target" "$reprove" seal --source "$(pg_uri h)" --key reprove.key --target i --manifest i.json --backup i.dump
runs 0 "hole 20: is not affected" "$reprove" verify --state state --target i --manifest i.json --trust reprove.pub i.dump
sha=$("$reprove" show --trust reprove.pub good.json | awk '$1 == "sha256" {print $2; exit}')
runs 0 "hole 20: the old one on purpose" "$reprove" verify --state state --target h --manifest good.json --trust reprove.pub \
	--expect-manifest "$sha" good.sql
runs 3 "hole 20: does not turn it back" remember good
for record in state/ratchet/*.json; do grep -q '"target": "h"' "$record" && break; done
cp "$record" record
echo '{' >"$record"
runs 3 "hole 20: a damaged record" remember newer
has "remove it" "hole 20: with what to do about it" "$out$err"
runs 0 "hole 20: without a state" verify good.sql
has "could not be told" "hole 20: the report says so" "$out"
: >file
runs 0 "hole 20: where nothing can be remembered" "$reprove" verify --state file/state --target h --manifest newer.json \
	--trust reprove.pub newer.sql
has "what was verified before cannot be" "hole 20: the report says why" "$out"
runs 0 "hole 20: the state is where the session keeps it" "$reprove" verify --target h --manifest newer.json --trust reprove.pub newer.sql
compgen -G "$XDG_STATE_HOME/reprove/ratchet/*.json" >/dev/null
tap $? "hole 20: in XDG_STATE_HOME"
runs 0 "hole 20: or where systemd says" env STATE_DIRECTORY="$work/systemd:$work/more" "$reprove" verify --target h --manifest newer.json \
	--trust reprove.pub newer.sql
compgen -G "$work/systemd/ratchet/*.json" >/dev/null
tap $? "hole 20: in STATE_DIRECTORY, the first of them"

sed 's/"verifiedAt": "20/"verifiedAt": "21/' record >"$record"
runs 2 "hole 18: the clock was set back since the last time" remember newer
has "the clock was set back" "hole 18: and that is told" "$out$err"
cp record "$record"
runs 0 "hole 18: with the right time" remember newer

runs 3 "hole 19: another target's manifest" "$reprove" verify --state none --target production --manifest good.json --trust reprove.pub good.sql
runs 4 "hole 19: the target is never taken from the manifest" "$reprove" verify --state none --manifest good.json --trust reprove.pub good.sql

echo 'SELECT * FROM nowhere' >nowhere.sql
runs 2 "hole 21: a question that cannot be asked" verify --smoke nowhere.sql good.sql
runs 4 "hole 21: a question that is not there" verify --smoke 'smoke/*.sql' good.sql
: >blank.sql
runs 4 "hole 21: a question that asks nothing" verify --smoke blank.sql good.sql

runs 0 "hole 22: page checksums of a restored dump" verify good.sql
answers engine.page_checksums not-run "hole 22: are the scratch server's own, and not read"
runs 2 "hole 22: unless they are asked for" verify --check engine.page_checksums good.sql
has "a dump carries none" "hole 22: and named so" "$(grep engine.page_checksums out/result.json)"

# A server of the user's own, beside the one that was sealed.
install -d -m 700 "$work/pg2"
[ ${#as_server[@]} -eq 0 ] || chown "$pg_user" "$work/pg2"
(cd "$work" && "${as_server[@]}" initdb -D "$work/pg2/data" -U postgres --auth=trust --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null)
(cd "$work" && exec "${as_server[@]}" postgres -D "$work/pg2/data" -c listen_addresses= -c port=5433 \
	-c "unix_socket_directories=$work/socket" -c fsync=off) >"$work/server2.log" 2>&1 &
second=$!
for ((i = 0; i < 200; i++)); do
	psql -X -q -p 5433 -d postgres -c 'CREATE ROLE tester LOGIN CREATEDB' >/dev/null 2>&1 && break
	sleep 0.1
done
named="postgresql://tester@/postgres?host=$work/socket&port=5433"
runs 0 "hole 23: an archive" "$reprove" seal --source "$(pg_uri h)" --key reprove.key --target h --manifest archive.json --backup archive.dump
runs 0 "hole 23: restored on a server that was named" "$reprove" verify --state none --target h --manifest archive.json \
	--trust reprove.pub --scratch "$named" --skip engine.amcheck archive.dump
has "what that server says is believed" "hole 23: the first screen says whose word it is" "$out"
runs 4 "hole 23: whose superuser a backup does not get" verify --scratch "${named/tester/postgres}" good.sql
kill -INT $second
wait $second
edited "UPDATE pg_proc SET prosrc = 'int4um' WHERE oid = 'pg_catalog.int4up(int)'::regprocedure;"
runs 1 "hole 23: a function of the server's own was replaced" verify edited.sql
answers catalog.intact fail "hole 23: and that is seen"

createdb zero
sed 's/^INSERT.*//' h.sql >zero.sql
psql -X -q -d zero -f zero.sql >/dev/null
runs 0 "hole 24: an emptied database can be sealed" seal zero zero
runs 0 "hole 24: restores to what was sealed" "$reprove" verify --state none --target h --manifest zero.json --trust reprove.pub zero.sql
has "every relation was empty when it was sealed" "hole 24: and the report says how little that is" "$out"

edited "DELETE FROM public.a WHERE id = 2500;"
verify edited.sql >/dev/null 2>&1
runs 1 "hole 25: a failed result printed again has failed" "$reprove" report out/result.json
mkdir other && "$reprove" keygen other >/dev/null
runs 3 "hole 25: a manifest shown without trust is not trusted" "$reprove" show --trust other/reprove.pub good.json

awk '/^CREATE TABLE/ && !n++ {print "CREATE EXTENSION nosuch;"} {print}' good.sql >extension.sql
runs 2 "hole 26: an extension that this machine lacks is no fault of the backup" "$reprove" verify --target h --no-manifest \
	--reports out extension.sql
answers restore.complete error "hole 26: could not tell"
edited "SELECT 1 / 0;"
runs 1 "hole 26: an error of the backup's own is one" "$reprove" verify --target h --no-manifest --reports out edited.sql
answers restore.complete fail "hole 26: does not restore"

edited "ALTER TABLE public.a ALTER v TYPE numeric(30, 15);"
runs 1 "hole 28: a change on one and the same version is none of the version's" verify edited.sql
! grep -q '"cause": "version"' out/result.json
tap $? "hole 28: nothing is called drift"
tap_done
