#!/bin/bash
# SPDX-License-Identifier: MIT
# What is typed wrongly: exit status 4, one sentence and a hint on standard error, and nothing done.
# usage: usage.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
work=$(mktemp -d)
export XDG_STATE_HOME=$work/state
trap 'rm -rf "$work"' EXIT
. "$root/tests/lib/tap.sh"
cd "$work" || exit 1
uri=postgresql://nobody@127.0.0.1:1/none

# wrong NAME SENTENCE COMMAND...: status 4, the sentence on its own line, a hint, and nothing on standard output
wrong() {
	local name=$1 sentence=$2
	shift 2
	runs 4 "$name" "$@" || return
	has "reprove: $sentence" "$name: says so" "$err"
	[ -z "$out" ] && [ "$(grep -c '^reprove: ' "$work/stderr")" -eq 1 ]
	tap $? "$name: one sentence, and nothing on standard output"
}
hinted() { wrong "$@" && has "hint: " "$1: with a hint" "$err"; }

hinted "no command" "what is to be done?" "$reprove"
hinted "an unknown command" "there is no command 'prove'" "$reprove" prove
hinted "an option before the command" "unknown option '--jobs'; options come behind a command" "$reprove" --jobs
for command in keygen seal verify show report doctor help; do
	hinted "$command: an unknown option" "$command: unknown option '--nonsense'" "$reprove" "$command" --nonsense
	runs 0 "$command --help" "$reprove" "$command" --help
	for status in 0 1 2 3 4; do
		grep -q "^  $status  " "$work/stdout" || { tap 1 "$command --help tells of exit status $status"; }
	done
	has "examples:" "$command --help has examples" "$out"
done
hinted "keygen: no directory" "keygen: DIR is missing" "$reprove" keygen
hinted "seal: no source" "seal: option '--source URI' is missing" "$reprove" seal
hinted "seal: no key" "seal: option '--key KEY' is missing" "$reprove" seal --source "$uri" --manifest m
hinted "seal: no manifest" "seal: option '--manifest FILE' is missing" "$reprove" seal --source "$uri" --key k
hinted "seal: an option given twice" "seal: option '--key' is given twice" "$reprove" seal --key a --key b
hinted "seal: an abbreviated option" "seal: unknown option '--sour'" "$reprove" seal --sour "$uri"
hinted "seal: a bad number" "seal: '--jobs many': expected a whole number from 1 to 256" "$reprove" seal --jobs many
hinted "seal: a number out of range" "seal: '--jobs 0': expected" "$reprove" seal --jobs 0
hinted "seal: an operand" "seal: 'extra' is one word too many" "$reprove" seal extra
hinted "seal: no such engine" "seal: '--source' is no URI" "$reprove" seal --source oracle://x --key k --manifest m
wrong "seal: a command without a backup" "seal: --backup-command needs --backup FILE" \
	"$reprove" seal --source "$uri" --key k --manifest m --backup-command pg_dump
wrong "seal: manifest and backup are one file" "seal: manifest and backup cannot be the same file" \
	"$reprove" seal --source "$uri" --key k --manifest m --backup m
wrong "seal: no key file" "seal: " "$reprove" seal --source "$uri" --key none --manifest m
"$reprove" keygen . >/dev/null
tap $? "keygen makes a pair"
[ "$(stat -c %a reprove.key)" = 600 ]
tap $? "whose private half nobody else can read"
wrong "keygen never overwrites" "keygen: " "$reprove" keygen .
hinted "seal: a pipe in the command" "seal: --backup-command: command 'pg_dump | gzip': '|' means something to a shell" \
	"$reprove" seal --source "$uri" --key reprove.key --manifest m --backup b --backup-command 'pg_dump | gzip'
[ ! -e m ] && [ ! -e b ]
tap $? "nothing is left behind"

hinted "verify: no target" "verify: option '--target NAME' is missing" "$reprove" verify shop.dump
hinted "verify: no manifest" "verify: option '--manifest FILE' is missing" "$reprove" verify --target shop shop.dump
hinted "verify: nobody to trust" "verify: option '--trust PUB' is missing" "$reprove" verify --target shop --manifest m shop.dump
hinted "verify: no backup" "verify: ARTIFACT is missing" "$reprove" verify --target shop --manifest m --trust reprove.pub
wrong "verify: a manifest and none" "verify: --no-manifest does not go with" \
	"$reprove" verify --target shop --no-manifest --manifest m shop.dump
hinted "verify: an unknown check" "verify: '--check no.such': there is no such check" \
	"$reprove" verify --target shop --no-manifest --check no.such shop.dump
hinted "verify: a bad length of time" "verify: '--timeout soon': expected a length of time" \
	"$reprove" verify --target shop --no-manifest --timeout soon shop.dump
hinted "verify: a bad time" "verify: '--not-older-than today': expected a time" \
	"$reprove" verify --target shop --not-older-than today shop.dump
hinted "verify: a bad digest" "verify: '--expect-manifest 12': expected 64" \
	"$reprove" verify --target shop --expect-manifest 12 shop.dump
hinted "verify: an empty value" "verify: option '--target' has an empty value" "$reprove" verify --target "" shop.dump
wrong "verify: smoke SQL that is not there" "verify: --smoke: " \
	"$reprove" verify --target shop --no-manifest --smoke none.sql shop.dump
printf -- '-- expect: rows\nSELECT 1\n' >bad.sql
hinted "verify: smoke SQL that expects nothing" "verify: --smoke: 'bad.sql': cannot tell what 'rows' expects" \
	"$reprove" verify --target shop --no-manifest --smoke bad.sql shop.dump
runs 4 "verify: a limit and nothing to compare with" "$reprove" verify --target shop --no-manifest --max-drop 5 shop.dump
runs 0 "verify --list-checks needs nothing else" "$reprove" verify --list-checks
for check in manifest.trust artifact.digest restore.complete restore.time objective.rpo scope.drop scratch.connect schema.counts schema.objects \
	relation.rows relation.digest relation.columns sequence.position constraint.valid index.valid engine.amcheck \
	engine.page_checksums constraint.orphans engine.views engine.definers engine.charsets engine.check_table \
	catalog.intact collation.version privilege.grants smoke.sql; do
	grep -q "^$check " "$work/stdout" || tap 1 "--list-checks lists $check"
done

hinted "show: nobody to trust" "show: option '--trust PUB' is missing" "$reprove" show m
hinted "report: no result" "report: RESULT is missing" "$reprove" report
hinted "help: no such command" "help: there is no command 'prove'" "$reprove" help prove

# Not used wrongly: what is not there, or cannot be told.
runs 3 "show: no manifest" "$reprove" show --trust reprove.pub none.json
runs 2 "report: no result" "$reprove" report none.json
runs 2 "verify: no backup" "$reprove" verify --target shop --no-manifest --reports out none.dump
has '"verdict": "inconclusive"' "and the result is recorded" "$(cat out/result.json)"
runs 2 "report: the recorded status" "$reprove" report out/result.json
# Yesterday's pass is not read for today's failure to begin.
sed -i 's/"inconclusive"/"verified"/' out/result.json
runs 3 "verify: no manifest" "$reprove" verify --target shop --manifest none.json --trust reprove.pub --reports out none.dump
has '"verdict": "untrusted"' "and an older result is replaced" "$(cat out/result.json)"
echo '{"schema": "reprove/result/v2"}' >strange.json
"$reprove" report strange.json >/dev/null 2>&1
[ $? -ne 0 ]
tap $? "report: a result of another version is refused"
"$reprove" help verify >/dev/full 2>/dev/null
[ $? -eq 2 ]
tap $? "a full disk behind standard output is told"
tap_done
