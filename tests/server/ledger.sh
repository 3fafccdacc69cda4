#!/bin/bash
# SPDX-License-Identifier: MIT
# What verify writes into a ledger, read back by history, and by hand with openssl, jq and sha256sum as
# docs/ledger-format.md tells.
# usage: ledger.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1")
root=$2
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tsa.sh"

pg_begin
pg_start
pg_load shop "$root/fixtures/postgres/shop.sql"
cd "$work" || exit 1
tsa_make tsa ec
for who in runner reviewer second; do "$reprove" keygen $who >/dev/null; done
(umask 077 && echo 'correct horse' >pass)
"$reprove" keygen --type p256 --encrypt --key-passphrase-file pass seal >/dev/null
runs 4 "a seal whose key does not open ends before any work" "$reprove" seal --source "$(pg_uri shop)" --key seal/reprove.key \
	--manifest m.json
runs 0 "a seal" "$reprove" seal --source "$(pg_uri shop)" --key seal/reprove.key --key-passphrase-file pass --manifest m.json \
	--backup shop.dump --environment production --stamp-command ./tsa/answer --stamp-authority tsa/ca.pem
pg_stop

cat >trust.yaml <<'Y'
keys:
  - {file: seal/reprove.pub, roles: [manifest], owner: backup team, targets: shop*}
  - {file: second/reprove.pub, roles: [manifest], owner: security team}
  - {file: runner/reprove.pub, roles: [result]}
  - {file: reviewer/reprove.pub, roles: [review]}
stamps:
  - {file: tsa/ca.pem, owner: a test}
policies:
  - {targets: shop, max-age: 36h, environment: production}
Y
verify() { # [option...] ARTIFACT
	"$reprove" verify --target shop --manifest m.json --trust trust.yaml --state none --ledger led \
		--result-key "${as:-runner/reprove.key}" --reports out "$@"
}
history() {
	"$reprove" history --ledger led --trust-result trust.yaml "$@"
}

runs 4 "where there is no ledger that is said" "$reprove" history --ledger led --trust-result runner/reprove.pub --overdue 92d
runs 4 "a ledger needs a key for results" "$reprove" verify --target shop --no-manifest --ledger led shop.dump

# A run that is killed once it has begun is one that began.
"$reprove" verify --target shop --manifest m.json --trust seal/reprove.pub --state none --ledger led \
	--result-key runner/reprove.key shop.dump >/dev/null 2>&1 &
pid=$!
for ((i = 0; i < 100; i++)); do [ -e led/entries/000000000001.json ] && break; sleep 0.05; done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
[ -e led/entries/000000000001.json ] && [ ! -e led/entries/000000000002.json ]
tap $? "the intent is written before the end"

mkdir damaged
head -c 4000 shop.dump >damaged/shop.dump
runs 1 "a damaged backup fails" verify damaged/shop.dump
has "earlier: abandoned" "the report says that there was an attempt before" "$out"
runs 0 "the good one is verified" verify shop.dump
has "this is attempt 3 at this recovery point; earlier: abandoned, failed" "and says what came before" "$out"
has "ledger head: " "the head is printed" "$out"
head=${out##*ledger head: }
runs 3 "a manifest that is not trusted is on record, too" verify --max-age 1s shop.dump

runs 0 "the history" history
has "1 passed, 2 failed (1 open), 0 could not tell, 1 abandoned" "counts what happened" "$out"
has "answers #3" "a pass says which failure it answers" "$out"
runs 0 "the head that was kept is part of it" history --check --head "$head"
runs 0 "and nothing is overdue" history --overdue 92d
runs 1 "what is not there is" history --overdue 92d other
sleep 1.1
runs 1 "and what is too old" history --overdue 1s
runs 0 "as JSON" history --json
printf '%s\n' "$out" >h.json
[ "$(jq -r '.targets[0].attempts | map(.verdict) | join(" ")' h.json)" = "abandoned failed verified untrusted" ]
tap $? "JSON lists the attempts"

runs 0 "a reviewer decides on the open failure" "$reprove" sign 7 --ledger led --key reviewer/reprove.key --trust-result \
	runner/reprove.pub --decision --says "OPS-231: the age was asked for by mistake"
runs 0 "the history again" history
has "(0 open)" "and no failure is open" "$out"
runs 3 "who signed the result cannot review it" "$reprove" sign 5 --ledger led --key runner/reprove.key --trust-result \
	runner/reprove.pub --trust-review reviewer/reprove.pub --says "looks good to me"

# A page made a year later shows who has reviewed the result since, and other controls; the record stays as it is.
mkdir decided
cp led/results/000000000007.json decided/result.json
report() { # [option...]
	"$reprove" report decided/result.json --reports later --ledger led --trust-result runner/reprove.pub "$@"
}
printf '%s\n' "controls:" "  - framework: Policy" "    id: BC-7.3" "    asks: a restore every quarter" >controls.yaml
runs 3 "a report without the reviewer's key" report
grep -q "not reviewed" later/report.html && ! grep -q "OPS-231" later/report.html
tap $? "says that the result is not reviewed"
runs 3 "a report with it" report --trust-review reviewer/reprove.pub --controls controls.yaml
grep -q "OPS-231" later/report.html && ! grep -q "> not reviewed<" later/report.html && grep -q "BC-7.3" later/report.html
tap $? "shows the decision, and the controls that were asked for"
cmp -s decided/result.json later/result.json
tap $? "and the record is what it was"
echo >>decided/result.json
runs 3 "a result that is not in the ledger has no reviews" report --trust-review reviewer/reprove.pub
has "has no entry that records" "and that is said" "$err"

# By hand.
payload() { jq -r .payload "led/entries/$1.json" | base64 -d; }
[ "$(payload 000000000004 | sha256sum | cut -d' ' -f1)" = "$(payload 000000000005 | jq -r .predicate.previous)" ]
tap $? "each entry names the one before by its digest"
[ "$(payload 000000000005 | jq -r '.subject[0].digest.sha256')" = "$(sha256sum <led/results/000000000005.json | cut -d' ' -f1)" ]
tap $? "and the result by its own"
{
	printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(payload 000000000005 | wc -c)"
	payload 000000000005
} >pae
jq -r '.signatures[0].sig' led/entries/000000000005.json | base64 -d >sig
openssl pkeyutl -verify -pubin -inkey runner/reprove.pub -rawin -in pae -sigfile sig >/dev/null
tap $? "openssl verifies the signature"
# The report directory has the last run's.
cmp -s led/entries/000000000007.json out/result.dsse.json && cmp -s led/results/000000000007.json out/result.json
tap $? "the report directory holds the same entry and the same result"

# One archive for the auditor, and its own instructions, typed on a machine that has nothing else.
runs 0 "a reviewer looks at a result" "$reprove" sign 5 --ledger led --key reviewer/reprove.key --trust-result \
	runner/reprove.pub --says "seen, and compared with the dashboard"
mkdir again passed
cp led/results/000000000005.json passed/result.json
cp out/result.dsse.json passed/ # of another run: the ledger has the one that is asked for
bundle() { # FILE
	"$reprove" report passed/result.json --reports again --bundle "$1" --manifest m.json --ledger led --trust trust.yaml \
		--result-key runner/reprove.key --log work.log
}
echo "restored" >work.log
runs 0 "a bundle of the evidence" bundle one.tar.zst
runs 0 "and again" bundle two.tar.zst
cmp -s one.tar.zst two.tar.zst
tap $? "the same evidence gives the same bytes"
runs 4 "an archive of an unknown kind is refused" bundle one.zip
jq -c '.payload |= (@base64d | sub("shop"; "shep") | @base64)' m.json >other.json
runs 3 "a manifest of another run does not go with it" "$reprove" report passed/result.json --reports again --bundle no.tar \
	--manifest other.json --ledger led --trust trust.yaml --result-key runner/reprove.key
has "and the result is about another one, $(jq -r .manifest.sha256 passed/result.json)" "and both are named" "$err"
runs 3 "nor does a signature without its key" "$reprove" report passed/result.json --reports again --bundle no.tar \
	--manifest m.json --trust runner/reprove.pub
sed 's/"status": 0/"status":  0/' passed/result.json >passed/changed.json
runs 3 "nor a result that no entry records" "$reprove" report passed/changed.json --reports again --bundle no.tar --ledger led \
	--trust trust.yaml
has "has no entry that records 'passed/changed.json'" "and that is said" "$err"
[ ! -e no.tar ]
tap $? "and no archive is left"

mkdir bare
for program in openssl sha256sum jq base64 wc cat sed date python3; do ln -s "$(command -v $program)" bare/; done
zstd -dcq one.tar.zst | tar -xf - && cd evidence-shop || exit 1
# What is indented, but for the call of reprove in the document's beginning, and up to the ten questions.
commands() { sed '/^## Ten questions/,$d' "$1" | sed -n 's/^    //p' | sed '/^reprove /,/[^\\]$/d'; }
{ echo "set -eu"; commands README.md; } >../walk.sh
commands "$root/docs/auditing.md" | sed "s/^runner=.*/$(grep -m1 -o 'runner=.*' README.md)/" >../walk-docs.sh
diff <(sed 1d ../walk.sh) ../walk-docs.sh >&2
tap $? "docs/auditing.md and the archive tell of the same walk"
runs 0 "which can be gone with openssl, jq and sha256sum alone" env -i PATH="$work/bare" "$BASH" ../walk.sh
entries=(ledger/entries/*.json)
[ "$(printf '%s\n' "$out" | grep -cE "Signature Verified Successfully|Verified OK")" -eq $((${#entries[@]} + 3)) ]
tap $? "every signature holds"
[ "$(printf '%s\n' "$out" | grep "^head: ")" = "head: $("$reprove" history --ledger ../led --trust-result ../trust.yaml --json |
	jq -r .head)" ]
tap $? "the walk arrives at the ledger's head"
has "manifest.json, signature 0: it was there on " "at the time stamp" "$out"
has "seen, and compared with the dashboard" "and at the review" "$(sed -n '/^head: /,$p' <<<"$out")"
has restored "what the job said is there" "$(cat logs/1-work.log)"
tampered() { # NAME COMMAND...: on a copy, whose list of digests is made anew
	rm -rf ../copy && cp -r . ../copy
	(
		cd ../copy || exit 1
		"${@:2}"
		rm -f statement signed signature
		sed -i '/sha256sum -c SHA256SUMS\|holds "keys\/$runner.pub"/d' ../walk.sh
		! env -i PATH="$work/bare" "$BASH" ../walk.sh >/dev/null 2>&1
	)
	tap $? "$1"
}
printf ' ' >>result.json
runs 1 "what was changed in it shows" env -i PATH="$work/bare" "$BASH" ../walk.sh
tampered "also where the list was made anew" true
truncate -s -1 result.json
tampered "an entry that is gone shows" rm ledger/entries/000000000003.json
tampered "two that have changed places show" mv ledger/entries/000000000004.json ledger/entries/000000000002.json
tampered "a signature of a key that is not there shows" sh -c 'rm keys/*'
cd "$work" || exit 1

# What the trust store asks for.
runs 0 "show says whose key it is" "$reprove" show --trust trust.yaml m.json
has "backup team" "by name" "$out"
sed -i 's/production/staging/' trust.yaml
runs 3 "a manifest of another environment is refused" verify shop.dump
has "it is about the environment 'production', expected 'staging'" "and both are named" "$out"
sed -i 's/staging/production/; s/max-age: 36h/max-age: 36h, signatures: 2/' trust.yaml
runs 3 "one signature where two are asked for is refused" verify shop.dump
has "signatures of trusted keys: 1, expected at least 2" "and both numbers are said" "$out"
runs 0 "the second of two signs" "$reprove" sign --manifest m.json --key second/reprove.key --trust trust.yaml --target shop
as=runner/reprove.pub runs 0 "two are enough, and a command signs the result" verify --result-sign-command \
	'openssl pkeyutl -sign -inkey runner/reprove.key -rawin -in /dev/stdin' shop.dump
has "manifest and result were signed on one host" "that it was on one host is said" "$out"
runs 0 "and what the command signed counts" history
as=seal/reprove.key runs 3 "who signs manifests signs no results" verify --result-key-passphrase-file pass shop.dump
has "is trusted to sign manifests, expected results" "and why is said" "$out"
sed -i 's/signatures: 2/ledger: 00000000000000000000000000000000/' trust.yaml
runs 3 "another ledger than the policy's is refused" verify shop.dump
sed -i 's/, ledger: 0*//' trust.yaml

# What a reviewer wrote is no damage to whoever runs the next test; a gap is, and no run on top of it is a 0.
runs 0 "a run after a review" verify shop.dump
! grep -q "does not hold together" out/result.json
tap $? "and the review is no fault of the ledger"
mv led/entries/000000000002.json aside.json
runs 2 "a run on a ledger with a gap could not tell what came before" verify shop.dump
has "the ledger does not hold together: entry 2" "and says where" "$out"
mv aside.json led/entries/000000000002.json

chmod 500 led/entries
if [ "$(id -u)" -ne 0 ]; then
	runs 2 "a run that cannot be recorded is not a 0" verify shop.dump
fi
chmod 700 led/entries
printf '{}' >led/entries/000000000099.json
runs 3 "on a ledger that is damaged no run is a 0" verify shop.dump
runs 3 "and history says what is wrong" history --check
has "entry 99: " "which entry it is" "$out"
tap_done
