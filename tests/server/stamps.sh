#!/bin/bash
# SPDX-License-Identifier: MIT
# Time stamps by an authority of the test's own, over HTTP and by a command, RSA and EC, expired since; what 'show' prints of
# them; and the same files checked by others: openssl as 'show --how' says, Python's cryptography, Sigstore's library.
# usage: stamps.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1")
root=$2
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/python.sh"
. "$root/tests/lib/npm.sh"
. "$root/tests/lib/tsa.sh"

python_with cryptography
pg_begin
pg_start
pg_load shop "$root/fixtures/postgres/shop.sql"
cd "$work" || exit 1
tsa_make "$work/rsa" rsa && tsa_make "$work/ec" ec || exit 1
"$rp_python" "$root/tests/lib/tsa.py" port rsa="$work/rsa/answer" ec="$work/ec/answer" &
tsa=$!
trap 'kill $tsa 2>/dev/null; pg_end' EXIT
for who in seal runner; do "$reprove" keygen $who >/dev/null; done
mkdir -m 700 second
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out second/reprove.key 2>/dev/null
chmod 600 second/reprove.key
openssl pkey -in second/reprove.key -pubout -out second/reprove.pub
for ((i = 0; i < 100; i++)); do [ -e port ] && break; sleep 0.05; done
at=http://127.0.0.1:$(cat port)

seal() { # MANIFEST [option...]
	"$reprove" seal --source "$(pg_uri shop)" --key seal/reprove.key --manifest "$@"
}
runs 4 "an address that is none is refused before any work" seal m.json --stamp ftp://127.0.0.1/rsa
runs 4 "and so is a certificate that is none" seal m.json --stamp "$at/rsa" --stamp-authority seal/reprove.pub
[ ! -e m.json ]
tap $? "nothing was written"
runs 0 "a seal that is stamped over HTTP" seal m.json --backup shop.dump --stamp "$at/rsa" --stamp-authority rsa/ca.pem
has "stamped" "says that it is" "$out"
runs 2 "an authority that does not answer makes a seal a 2" seal late.json --no-sketch --stamp "$at/down"
has "the manifest bears no time stamp" "and says what is missing" "$err"
pg_stop
cp late.json brief.json
tsa_make "$work/brief" ec 8
brief_until=$(($(date +%s) + 9))
runs 0 "a stamp by an authority whose certificate is about to run out" "$reprove" stamp --stamp-command "$work/brief/answer" \
	--stamp-authority brief/ca.pem brief.json
jq -c 'del(.signatures[0].stamp)' m.json >asked.json
runs 2 "an old answer, to the same question, is no stamp" "$reprove" stamp --stamp "$at/old" asked.json
has "nonce mismatch" "for its number is another one" "$err"
runs 2 "a page is no stamp" "$reprove" stamp --stamp "$at/html" late.json
has "it is no reply of a time stamping authority" "and is told from one" "$err"
runs 2 "another authority's stamp is refused when it is made" "$reprove" stamp --stamp "$at/ec" --stamp-authority rsa/ca.pem late.json
runs 0 "a manifest can be stamped later" "$reprove" stamp --stamp "$at/ec" --stamp-authority ec/ca.pem late.json
runs 0 "and again" "$reprove" stamp --stamp "$at/ec" late.json
has "every signature bears a stamp already" "which changes nothing" "$out"

# Two signatures of both algorithms, two stamps of both algorithms.
"$reprove" sign --manifest m.json --key second/reprove.key --trust seal/reprove.pub >/dev/null 2>&1
runs 0 "a second signature is stamped, too" "$reprove" stamp --stamp "$at/ec" m.json
has "stamped: 1 signature" "the first one's stamp is kept" "$out"
cat >trust.yaml <<'Y'
keys:
  - {file: seal/reprove.pub, roles: [manifest], owner: backup team, targets: shop*, from: 2026-01-01}
  - {file: second/reprove.pub, roles: [manifest], owner: data team}
  - {file: runner/reprove.pub, roles: [result]}
stamps:
  - {file: rsa/ca.pem, owner: our authority}
  - {file: ec/ca.pem}
  - {file: brief/ca.pem}
policies:
  - {targets: shop, signatures: 2, stamp: required}
Y
show() {
	"$reprove" show --trust trust.yaml "$@"
}
runs 0 "show" show m.json
has "key of            backup team" "says whose key it is" "$out"
has "trusted since     2026-01-01T00:00:00.000Z" "since when that is trusted" "$out"
has "stamped by        CN=Time stamps by rsa" "by whom it was stamped" "$out"
has "stamped by        CN=Time stamps by ec" "each signature by its own" "$out"
runs 0 "show of one signature where two are asked for" show late.json
has "signatures          1, and the policy asks for 2: 'verify' will refuse it" "says that it is not enough" "$out"
runs 0 "as JSON" show --json m.json
[ "$(printf '%s\n' "$out" | jq -r '.signatures | map(.stampedBy) | join(" ")')" = "CN=Time stamps by rsa CN=Time stamps by ec" ]
tap $? "there as well"

# A result, which is stamped as the manifest is. This one is soon told: it is too old.
runs 3 "a run that is recorded and stamped" "$reprove" verify --target shop --manifest m.json --trust trust.yaml --state none \
	--max-age 1s --ledger led --result-key runner/reprove.key --reports out --stamp "$at/rsa" shop.dump
runs 0 "holds together where stamps are required" "$reprove" history --check --ledger led --trust-result trust.yaml
cmp -s led/entries/000000000002.json out/result.dsse.json
tap $? "beside the report lies the same"
runs 0 "show knows a result" show out/result.dsse.json
has "stamped by        CN=Time stamps by rsa" "and its stamp" "$out"
"$reprove" verify --target shop --manifest m.json --trust seal/reprove.pub --state none --max-age 1s --ledger led2 \
	--result-key second/reprove.key --reports out2 --stamp-command "$work/ec/answer" shop.dump >/dev/null 2>&1

# By hand, with exactly what is printed.
sed 's/roles: \[manifest\], owner: data team/roles: [result], owner: data team/' trust.yaml >trust2.yaml
by_hand() { # FILE STORE
	"$reprove" show --trust "$2" --how "$1" >check.sh && sh -eu check.sh
}
count() { # WORDS: how many lines of $out have them
	printf '%s\n' "$out" | grep -c "$1"
}
runs 0 "a manifest is checked as show --how says" by_hand m.json trust.yaml
[ "$(count 'Signature Verified Successfully') $(count 'Verification: OK')" = "2 2" ]
tap $? "both signatures, Ed25519 and ECDSA, and both stamps, RSA and EC"
cp m.json good.json
flip() { # JQ-PATH FILE: another last byte
	jq -c "$1 |= (.[:-8] + (if .[-8:-7] == \"A\" then \"B\" else \"A\" end) + .[-7:])" "$2" >flipped.json && mv flipped.json "$2"
}
for part in payload 'signatures[1].sig' 'signatures[0].stamp'; do
	cp good.json m.json
	"$reprove" show --trust trust.yaml --how m.json >check.sh
	flip ".$part" m.json
	sh -eu check.sh >/dev/null 2>&1
	[ $? -ne 0 ]
	tap $? "and does not pass when .$part was changed"
done
cp good.json m.json
runs 0 "a result, signed with Ed25519" by_hand out/result.dsse.json trust.yaml
has "out/result.json: OK" "with the result itself" "$out"
runs 0 "a result, signed with ECDSA" by_hand out2/result.dsse.json trust2.yaml
printf ' ' >>out/result.json
runs 1 "a changed result does not pass" by_hand out/result.dsse.json trust.yaml

cat >check.py <<'PY'
import base64, hashlib, json, sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

envelope = json.load(open(sys.argv[1]))
body = base64.b64decode(envelope["payload"], validate=True)
pae = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(body), body)
for path, signature in zip(sys.argv[2:], envelope["signatures"], strict=True):
    key = serialization.load_pem_public_key(open(path, "rb").read())
    sig = base64.b64decode(signature["sig"], validate=True)
    key.verify(sig, pae, ec.ECDSA(hashes.SHA256())) if isinstance(key, ec.EllipticCurvePublicKey) else key.verify(sig, pae)
PY
runs 0 "Python's cryptography verifies the manifest" python check.py m.json seal/reprove.pub second/reprove.pub
runs 0 "and both results" python check.py out/result.dsse.json runner/reprove.pub
runs 0 "of both algorithms" python check.py out2/result.dsse.json second/reprove.pub
runs 1 "and not for another key" python check.py out2/result.dsse.json runner/reprove.pub

if npm_install sigstore "$work/npm"; then
	sigstore() { # FILE PUB [TSA]
		"$reprove" show --trust "$2" --sigstore "$1" >npm/bundle.json || return
		(cd npm && node "$root/tests/npm/sigstore/verify.mjs" bundle.json "../$2" ${3:+"../$3/tsa.pem" "../$3/ca.pem"})
	}
	runs 0 "Sigstore's library verifies the manifest by its Ed25519 key, with the RSA stamp" sigstore m.json seal/reprove.pub rsa
	runs 0 "by its ECDSA key, with the EC stamp" sigstore m.json second/reprove.pub ec
	runs 0 "a result" sigstore out/result.dsse.json runner/reprove.pub rsa
	runs 1 "and not with another authority's certificates" sigstore m.json second/reprove.pub rsa
	(cd npm && node "$root/tests/npm/sigstore/verify.mjs" bundle.json ../seal/reprove.pub) >/dev/null 2>&1
	[ $? -ne 0 ]
	tap $? "nor for another key"
else
	echo "ok $((tap_n += 1)) - Sigstore's library verifies bundles # SKIP $npm_why"
fi
runs 4 "a bundle has one signature" show --sigstore m.json

# By now that certificate has run out: what it stamped in its time stands.
sed -i 's/signatures: 2, //' trust.yaml
while [ "$(date +%s)" -lt "$brief_until" ]; do sleep 0.2; done
runs 1 "a certificate that has run out" openssl x509 -in brief/tsa.pem -noout -checkend 0
runs 0 "still vouches for what it stamped before" show brief.json
has "stamped by        CN=Time stamps by ec" "by name" "$out"
runs 0 "by hand, too" by_hand brief.json trust.yaml
jq -c 'del(.signatures[0].stamp)' brief.json >bare.json
runs 2 "and what it stamps from then on is refused" "$reprove" stamp --stamp-command "$work/brief/answer" \
	--stamp-authority brief/ca.pem bare.json
has "certificate has expired" "for that reason" "$err"
tap_done
