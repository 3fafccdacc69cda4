#!/bin/bash
# SPDX-License-Identifier: MIT
# What a configuration asks of its targets, what surrounds a run in its record, and a ledger that is written by several at
# once, by runs that are killed, and under a clock that is set back.
# usage: objectives.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1")
root=$2
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/postgres.sh"

pg_begin
pg_start
cd "$work" || exit 1
for who in seal runner; do "$reprove" keygen $who >/dev/null; done
"$RP_PG_BINDIR/createdb" shop
sql() { "$RP_PG_BINDIR/psql" -Xqd shop -c "$1" >/dev/null; }
seal() { # NAME
	"$reprove" seal --target shop --source "$(pg_uri shop)" --key seal/reprove.key --backup "backups/$1.dump" \
		--manifest "backups/$1.manifest.json"
}
mkdir backups
sql "CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 100) i; CREATE TABLE carts (id int); CREATE TABLE odd (id int)"
runs 0 "a seal" seal full
cp backups/full.dump backups/copied.dump
printf x >>backups/copied.dump
sql "DELETE FROM orders WHERE id > 40; DROP TABLE carts; DROP TABLE odd"
runs 0 "a seal after most was deleted" seal emptied
pg_stop

cat >c.yaml <<'Y'
defaults:
  trust: [seal/reprove.pub]
  trust-result: [runner/reprove.pub]
  ledger: led
  result-key: runner/reprove.key
  state: none
  due: 92d
targets:
  shop:
    points: backups
    manifest: backups
    rpo: 1h
    rto: 1h
  crm:
    due: 1d
  cache:
    excluded: is made anew from shop at every start
Y
verify() { "$reprove" verify --config c.yaml --target shop --reports out "$@"; }
history() { "$reprove" history --config c.yaml "$@"; }
is() { # JQ-FILTER EXPECTED FILE NAME: FILE "" is the run's result
	local got
	got=$(jq -r "$1" "${3:-out/result.json}")
	[ "$got" = "$2" ] || echo "# $1: expected $2, got $got" >&2
	[ "$got" = "$2" ]
	tap $? "$4"
}

runs 0 "the good one" verify --point full.dump --rpo-period 1ms
is '[.findings[] | select(.check == "objective.rpo" and .object == "largest gap")][0] | "\(.verdict) \(.excused)"' "not-run true" "" \
	"what lies before the period is no gap"
is '.objectives.rpo | "\(.points) \(.newest)"' "2 emptied.dump" "" "the newest good backup is known"
is '.objectives | [.rto.parts[].name] | join(" ")' "artifact scratch restore connect" "" "restore time has its phases"
is '.objectives.rto.conditions | map(select(.name == "server"))[0].value | contains("no fsync")' true "" "and its conditions"
is '.population | "\(.points) \(.sealed) \(.unsealed) \(.unreadable)"' "3 2 1 0" "" "what lies there is counted"
is '.population | "\(.targets) \(.withoutRun) \(.excluded)"' "3 2 1" "" "and so are the targets"
is '.population.list[2].reason' "is made anew from shop at every start" "" "an exclusion has its reason"
is '.history.attempt, (.changes | has("since"))' $'1\nfalse' "" "there is no history yet"
is '.speakers | "\(has("sameKey")) \(.sameHost) \(.review)"' "false true not reviewed" "" "who speaks"
is '[.findings[] | select(.check == "scope.drop")][0] | "\(.verdict) \(.excused)"' "not-run true" "" "nothing to compare with is excused"

runs 1 "objectives are missed, and much is gone" verify --point emptied.dump --rpo 1ms --max-drop 10
is '[.findings[] | select(.verdict == "fail") | "\(.check) \(.object)"] | join(", ")' \
	"objective.rpo newest backup, objective.rpo largest gap, scope.drop " "" "and nothing else failed"
is '[.findings[] | select(.check == "scope.drop")][0] | "\(.expected) > \(.found)"' \
	"3 relations, 100 rows > 1 relations, 40 rows" "" "both amounts are told"
is '.changes.since, (.changes.list[] | select(.what == "relations") | .says)' \
	$'2\nno longer there: public.carts, public.odd' "" "what is gone is named"
has "less is proved than in the last run that ended with an answer (entry 2): relations: no longer there: public.carts" \
	"on the first screen" "$out"

# What docs/auditing.md has an auditor type finds something.
while read -r command; do
	answer=$(bash -c "$command" 2>&1)
	case $answer in
	'' | null | *error*)
		echo "# $command: $answer" >&2
		tap 1 "docs/auditing.md: $command" || :
		;;
	esac
done < <(sed -n 's/^    \(jq .* out\/result.json\) .*/\1/p' "$root/docs/auditing.md")
[ "$(grep -c '^    jq .* out/result.json ' "$root/docs/auditing.md")" -ge 10 ]
tap $? "ten questions have their answers"

# A waiver that is over, one that is not, a check that is required, and one that is left out.
cat >waivers.yaml <<Y
waivers:
  - {check: objective.rpo, object: newest backup, reason: moved house, owner: dba, until: $(date -u -d '+30 days' +%F)}
  - {check: objective.rpo, object: largest gap, reason: moved house, owner: dba, until: $(date -u -d '-2 days' +%F)}
Y
runs 1 "a waiver holds for its object, as long as it lasts" verify --point emptied.dump --rpo 1ms --waivers waivers.yaml \
	--require smoke.sql --require engine.check_table --skip engine.amcheck
is '[.findings[] | select(.check == "objective.rpo") | .verdict] | join(" ")' "waived fail" "" "and no longer"
is '[.waivers[] | "\(.used) \(.expired)"] | join(", ")' "true null, null true" "" "both are listed"
is '[.findings[] | select(.message != null and (.message | contains("required for this target"))) | "\(.check) \(has("excused"))"] | sort | join(", ")' \
	"engine.check_table false, smoke.sql false" "" "what is required and not answered is not excused"
is '.changes.list[] | select(.what == "configuration") | .says' \
	"new: skip, waivers, require; no longer given: max-drop" "" "options that are others are named"
is '.changes.list[] | select(.what == "checks") | .says' "no longer asked: engine.amcheck" "" "a check that is left out is named"
runs 4 "a check that does not exist cannot be required" verify --require no.such
sed 's/objective.rpo/artifact.digest/' waivers.yaml >final.yaml
runs 4 "the digest cannot be waived" verify --waivers final.yaml

# Who has no proof.
runs 1 "a target without a run is overdue" history
has "crm: there is nothing of it in this ledger, OVERDUE" "and it is listed" "$out"
has "cache: excluded: is made anew from shop at every start" "with those that are excluded" "$out"
has "c.yaml: 3 targets: 0 proved, 1 never run, 1 excluded, 1 otherwise" "and all are counted" "$out"
runs 0 "one that was proved is not" history --target shop
history --json >h.json
is '[.targets[] | "\(.target) \(.state) \(.overdue)"] | join(", ")' "shop failed false, crm never run true, cache excluded false" \
	h.json "the same as JSON"
sed 's/excluded:/excluded: [a, b] #/' c.yaml >list.yaml
runs 4 "a run of what is excluded is told why" "$reprove" verify --config c.yaml cache
has "the target 'cache' is excluded: is made anew from shop at every start" "with the reason" "$err"
runs 4 "an exclusion is one reason" "$reprove" history --config list.yaml

# What is no backup ends at once: runs of it may be killed at any moment, and come several at a time.
echo "no backup" >junk
quick() {
	"$reprove" verify --target quick --no-manifest --ledger led2 --result-key runner/reprove.key --state none junk >/dev/null 2>&1
}
check() { "$reprove" history --ledger led2 --trust-result runner/reprove.pub --check; }
began=$(date +%s%N)
quick
took=$((($(date +%s%N) - began) / 1000))
[ -e led2/entries/000000000002.json ]
tap $? "what is no backup is on record"
for ((i = 1; i <= 25; i++)); do
	quick &
	pid=$!
	sleep "$(printf '%d.%06d' $((took * i / 25 / 1000000)) $((took * i / 25 % 1000000)))"
	# The shell that waits for it is the parent of the one that is meant.
	child=$(ps -o pid= --ppid $pid)
	kill -KILL $child $pid 2>/dev/null
	wait $pid 2>/dev/null
done
before=$(find led2/entries -name '0*.json' | wc -l)
# One that is surely killed between its intent and its result.
"$reprove" verify --target quick --no-manifest --ledger led2 --result-key runner/reprove.key --state none --filter "sleep 60" junk \
	>/dev/null 2>&1 &
pid=$!
for ((i = 0; i < 400 && $(find led2/entries -name '0*.json' | wc -l) == before; i++)); do sleep 0.05; done
kill -KILL $pid
wait $pid 2>/dev/null
runs 0 "a ledger of runs that were killed holds together" check
runs 1 "so does the next run" "$reprove" verify --target quick --no-manifest --ledger led2 --result-key runner/reprove.key --state none junk
before=$(find led2/entries -name '0*.json' | wc -l)
pids=()
for i in 1 2 3 4 5; do quick & pids+=($!); done
wait "${pids[@]}"
runs 0 "a ledger of several runs at once holds together" check
[ "$(find led2/entries -name '0*.json' | wc -l)" -eq $((before + 10)) ]
tap $? "and has all of them"
"$reprove" history --ledger led2 --trust-result runner/reprove.pub --json >h.json
is '.targets[0].abandoned > 0' true h.json "those that were killed are counted"
for i in 1 2 3; do
	"$reprove" verify --target silent --no-manifest --ledger led2 --result-key runner/reprove.key --state none --timeout 1ms junk \
		>/dev/null 2>&1
done
runs 0 "three that could not tell" "$reprove" history --ledger led2 --trust-result runner/reprove.pub silent
has "nothing could be told 3 times in a row" "are pointed out" "$out"

# An entry of tomorrow, by the runner's own key: then the clock was set back.
last=$(find led2/entries -name '0*.json' | wc -l)
entry() { printf 'led2/entries/%012d.json' "$1"; }
python3 - "$(entry $last)" "$(entry $((last + 1)))" <<'P'
import base64, datetime, hashlib, json, subprocess, sys
last, new = sys.argv[1:]
payload = lambda name: base64.b64decode(json.load(open(name))["payload"])
said = json.loads(payload("led2/entries/000000000001.json"))
p = said["predicate"]
p["number"] = str(int(new[-17:-5]))
p["previous"] = hashlib.sha256(payload(last)).hexdigest()
p["at"] = (datetime.datetime.utcnow() + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
body = json.dumps(said).encode()
kind = b"application/vnd.in-toto+json"
open("pae", "wb").write(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
subprocess.run("openssl pkeyutl -sign -inkey runner/reprove.key -rawin -in pae -out sig".split(), check=True)
e = json.load(open(last))
e["payload"] = base64.b64encode(body).decode()
e["signatures"] = [{"keyid": e["signatures"][0]["keyid"], "sig": base64.b64encode(open("sig", "rb").read()).decode()}]
json.dump(e, open(new, "w"))
P
runs 0 "an entry of tomorrow" check
runs 2 "a clock that was set back is a 2" "$reprove" verify --target quick --no-manifest --ledger led2 --result-key runner/reprove.key \
	--state none --reports back junk
has "the clock was set back" "and that is said" "$out$err"
is '[.findings[] | select(.verdict == "error") | .check] | index("manifest.trust") != null' true back/result.json "in the record, too"
[ -e "$(entry $((last + 3)))" ]
tap $? "which is in the ledger"
tap_done
