#!/bin/sh
# SPDX-License-Identifier: MIT
# A manifest is checked by hand, with tools that share no code with us (openssl, jq, sha256sum, and Python's
# cryptography), and one made by hand is read by us. docs/manifest-format.md shows the same commands.
# Arguments: the test's tool, the folder of the test keys. Writes TAP.
set -u
tool=$1 keys=$2
. "$(dirname "$0")/../lib/dsse.sh"
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0

ok() { n=$((n + 1)) && echo "ok $n - $1"; }
not_ok() { n=$((n + 1)) && echo "not ok $n - $1"; }
skip() { n=$((n + 1)) && echo "ok $n - $1 # SKIP $2"; }
# check WHAT COMMAND...: the command must end with 0. refuse: must not.
check() { what=$1 && shift && if "$@" >"$dir/out" 2>&1; then ok "$what"; else not_ok "$what" && sed 's/^/# /' "$dir/out"; fi; }
refuse() { what=$1 && shift && if "$@" >"$dir/out" 2>&1; then not_ok "$what"; else ok "$what"; fi; }

for key in ed25519 p256 ed25519-other; do
	install -m 600 "$keys/$key.key" "$dir/$key.key"
done

same() { [ "$1" = "$2" ]; }

"$tool" sign "$dir/ed25519.key" "$dir/p256.key" >"$dir/m.json" || exit 99

if ! command -v jq >/dev/null || ! command -v openssl >/dev/null; then
	skip 'openssl verifies what we signed, and we verify what openssl signed' 'needs openssl and jq'
else
	dsse_take "$dir/m.json" 0
	check 'openssl verifies our Ed25519 signature' dsse_ed25519 "$keys/ed25519.pub"
	refuse 'openssl refuses it for another key' dsse_ed25519 "$keys/ed25519-other.pub"
	check 'the Ed25519 key id is the digest of the DER form' \
		same "$(jq -r '.signatures[0].keyid' "$dir/m.json")" "$(dsse_key_id "$keys/ed25519.pub")"
	dsse_take "$dir/m.json" 1
	check 'openssl verifies our P-256 signature' dsse_p256 "$keys/p256.pub"
	check 'the P-256 key id is the digest of the DER form' \
		same "$(jq -r '.signatures[1].keyid' "$dir/m.json")" "$(dsse_key_id "$keys/p256.pub")"
	check 'the name of a manifest is the digest of its payload' same \
		"$("$tool" open "$dir/m.json" "$keys/ed25519.pub" | head -1)" "$(sha256sum <"$dir/body" | cut -d' ' -f1)"
	check 'the payload is a statement of in-toto' \
		jq -e '._type == "https://in-toto.io/Statement/v1" and .predicate.target == "shop"' "$dir/body"

	# The other way round.
	"$tool" payload >"$dir/body"
	{
		printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c <"$dir/body")"
		cat "$dir/body"
	} >"$dir/pae"
	envelope() {
		jq -n --arg p "$(base64 -w0 "$dir/body")" --arg s "$(base64 -w0 "$dir/sig")" \
			'{payloadType: "application/vnd.in-toto+json", payload: $p, signatures: [{sig: $s}]}' >"$dir/hand.json"
	}
	openssl pkeyutl -sign -inkey "$dir/ed25519.key" -rawin -in "$dir/pae" -out "$dir/sig" && envelope
	check 'we verify an Ed25519 signature that openssl made' "$tool" open "$dir/hand.json" "$keys/ed25519.pub"
	refuse 'we refuse it for another key' "$tool" open "$dir/hand.json" "$keys/ed25519-other.pub"
	openssl dgst -sha256 -sign "$dir/p256.key" -out "$dir/sig" "$dir/pae" && envelope
	check 'we verify a P-256 signature that openssl made' "$tool" open "$dir/hand.json" "$keys/p256.pub"
	openssl pkeyutl -sign -inkey "$dir/ed25519.key" -rawin -in "$dir/body" -out "$dir/sig" && envelope
	refuse 'we refuse a signature over the payload without its type' "$tool" open "$dir/hand.json" "$keys/ed25519.pub"
fi

cat >"$dir/verify.py" <<'PY'
import base64, hashlib, json, sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

envelope = json.load(open(sys.argv[1]))
body = base64.b64decode(envelope["payload"], validate=True)
kind = envelope["payloadType"].encode()
pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)
for path, signature in zip(sys.argv[2:], envelope["signatures"]):
    key = serialization.load_pem_public_key(open(path, "rb").read())
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert hashlib.sha256(der).hexdigest() == signature["keyid"]
    sig = base64.b64decode(signature["sig"], validate=True)
    key.verify(sig, pae, ec.ECDSA(hashes.SHA256())) if isinstance(key, ec.EllipticCurvePublicKey) else key.verify(sig, pae)
PY
python=
for p in python3 /usr/bin/python3; do
	[ -n "$python" ] || ! $p -c 'import cryptography' 2>/dev/null || python=$p
done
if [ -z "$python" ]; then
	skip "Python's cryptography verifies both signatures" 'needs python3-cryptography'
else
	check "Python's cryptography verifies both signatures" \
		"$python" "$dir/verify.py" "$dir/m.json" "$keys/ed25519.pub" "$keys/p256.pub"
	refuse "Python's cryptography refuses them for swapped keys" \
		"$python" "$dir/verify.py" "$dir/m.json" "$keys/p256.pub" "$keys/ed25519.pub"
fi
echo "1..$n"
