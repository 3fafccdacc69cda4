#!/bin/bash
# SPDX-License-Identifier: MIT
# Private keys wherever they can be kept: encrypted, on a token (SoftHSM), behind a command. What they sign is checked by
# openssl; docs/keys.md shows the same commands.
# usage: keys.sh REPROVE MANIFEST_TOOL SOURCE_ROOT
set -u
reprove=$(realpath "$1")
tool=$(realpath "$2")
root=$3
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/dsse.sh"
work=$(mktemp -d) || exit 99
dir=$work
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

for program in openssl jq softhsm2-util pkcs11-tool; do
	command -v $program >/dev/null && continue
	[ -z "${RP_REQUIRE_SERVERS:-}" ] || { echo "Bail out! there is no $program" && exit 1; }
	echo "1..0 # SKIP needs openssl, jq, softhsm2 and opensc's pkcs11-tool" && exit 0
done
secret() { (umask 077 && printf '%s\n' "$2" >"$1"); } # FILE TEXT
secret pass 'correct horse'
secret wrong 'battery staple'
secret pin 1234
secret badpin 9999
mkdir credentials && secret credentials/seal 'correct horse'
export CREDENTIALS_DIRECTORY=$work/credentials

# Encrypted, of both kinds, by us and by openssl.
runs 0 "a pair of ECDSA keys" "$reprove" keygen --type p256 --encrypt --key-passphrase-file pass p256
runs 0 "a pair of Ed25519 keys" "$reprove" keygen --encrypt --key-passphrase-fd 3 ed 3<pass
runs 0 "openssl opens it with the same passphrase" openssl pkey -in ed/reprove.key -passin file:pass -noout
runs 1 "and with no other" openssl pkey -in ed/reprove.key -passin file:wrong -noout
openssl genpkey -algorithm ED25519 -aes-256-cbc -pass file:pass -out theirs.key && chmod 600 theirs.key
runs 0 "one that openssl encrypted opens here" "$reprove" keygen --public-of theirs.key --key-passphrase-file pass
[ "$out" = "$(openssl pkey -in theirs.key -passin file:pass -pubout)" ]
tap $? "and its public half is what openssl says"
runs 4 "the wrong passphrase is refused" "$reprove" keygen --public-of theirs.key --key-passphrase-file wrong
has "private key 'theirs.key': the passphrase is wrong, or the file is damaged" "and the file is named" "$err"
runs 4 "no passphrase is refused" "$reprove" keygen --public-of theirs.key
has "is encrypted, and no passphrase is given" "with a reason" "$err"

# A token, with more keys on it than we can use.
export SOFTHSM2_CONF=$work/softhsm2.conf
mkdir tokens && printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$work" >softhsm2.conf
module=
for m in /usr/lib/softhsm /usr/lib/x86_64-linux-gnu/softhsm /usr/lib/aarch64-linux-gnu/softhsm; do
	[ -e $m/libsofthsm2.so ] && module=$m/libsofthsm2.so
done
softhsm2-util --init-token --free --label backup --pin 1234 --so-pin 5678 >/dev/null || exit 99
on_token() { pkcs11-tool --module "$module" --token-label backup --login --pin 1234 "$@" >/dev/null 2>&1 || exit 99; }
n=0
for key in p256:EC:prime256v1 ed:EC:edwards25519 p384:EC:secp384r1 rsa:rsa:2048; do
	n=$((n + 1))
	on_token --keypairgen --key-type "${key#*:}" --label "${key%%:*}" --id 0$n
done
# One that wants its PIN for every signature, and one whose public half is in a certificate, as on a PIV card.
on_token --keypairgen --key-type EC:prime256v1 --label always --id 08 --always-auth
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout piv.key -out piv.pem -subj /CN=backup -days 2 2>piv.log
openssl pkcs8 -topk8 -nocrypt -in piv.key -outform DER -out piv.der
on_token --write-object piv.der --type privkey --label piv --id 09 --usage-sign
openssl x509 -in piv.pem -outform DER -out piv.der
on_token --write-object piv.der --type cert --label piv --id 09
openssl x509 -in piv.pem -noout -pubkey >token-piv.pub
token() { echo "pkcs11:token=backup;object=$1"; }
for key in p256 ed always; do
	runs 0 "the public half of a key on a token" "$reprove" keygen --public-of "$(token $key)" --key-passphrase-file pin
	printf '%s\n' "$out" >token-$key.pub
done
refuse_token() { # TEXT URI [option...]
	local text=$1 uri=$2
	shift 2
	runs 4 "refused: $uri" "$reprove" keygen --public-of "$uri" "$@"
	has "$text" "because: $text" "$err"
	case $err in *4321*) tap 1 "and no PIN is shown" ;; esac
}
refuse_token "the PIN is wrong" "$(token p256)" --key-passphrase-file badpin
refuse_token "it wants a PIN, and none is given" "$(token p256)"
refuse_token "it has the PIN in it" "$(token p256)?pin-value=4321"
refuse_token "0 tokens fit" "pkcs11:token=other;object=p256" --key-passphrase-file pin
refuse_token "no private key fits on the token" "$(token none)" --key-passphrase-file pin
refuse_token "several private keys fit on the token" "pkcs11:token=backup" --key-passphrase-file pin
refuse_token "is no key for Ed25519 or ECDSA P-256" "$(token rsa)" --key-passphrase-file pin
refuse_token "has no public half beside it that is Ed25519 or ECDSA P-256" "$(token p384)" --key-passphrase-file pin
refuse_token "it is not understood" "pkcs11:tokn=backup" --key-passphrase-file pin
refuse_token "cannot be loaded" "$(token p256)?module-path=/none.so" --key-passphrase-file pin

# One manifest, signed by all of them.
for key in ed25519 p256; do install -m 600 "$root/fixtures/keys/$key.key" $key.key; done
cp "$root/fixtures/keys/ed25519.pub" "$root/fixtures/keys/p256.pub" .
"$tool" sign ed25519.key >m.json || exit 99
cat >trust.yaml <<'Y'
keys:
  - {file: ed25519.pub, roles: [manifest]}
  - {file: token-p256.pub, roles: [manifest]}
  - {file: p256/reprove.pub, roles: [result]}
policies:
  - {targets: shop, signatures: 2}
Y
sign() { "$reprove" sign --manifest m.json --trust trust.yaml "$@"; }
runs 3 "a key that signs results signs no manifest" sign --key p256/reprove.key --key-passphrase-file pass
has "is not trusted to sign manifests: the trust store gives it another role" "and why is said" "$err"
runs 3 "nothing is signed that nobody else has signed" "$reprove" sign --manifest m.json --trust p256.pub --key "$(token p256)" \
	--key-passphrase-file pin
runs 3 "nor what is about another target" sign --target other --key "$(token p256)" --key-passphrase-file pin
runs 0 "ECDSA on a token" sign --target shop --key "$(token p256)?pin-source=file:$work/pin"
has "signatures   2, and the policy asks for 2" "the policy's number is reached" "$out"
runs 0 "Ed25519 on a token" sign --key "$(token ed)?module-path=$module" --key-passphrase-file pin
has "--trust does not count it" "and nobody counts it" "$out"
runs 0 "a key that wants its PIN each time" sign --key "$(token always)" --key-passphrase-file pin
runs 0 "a key with a certificate" sign --key "$(token piv)" --key-passphrase-file pin
runs 0 "an encrypted key, by systemd's credential" sign --key ed/reprove.key --key-passphrase-credential seal
runs 0 "an encrypted key, by a variable" env PASS='correct horse' "$reprove" sign --manifest m.json --trust ed25519.pub \
	--key theirs.key --key-passphrase-env PASS
openssl pkey -in theirs.key -passin file:pass -pubout -out theirs.pub
runs 0 "a command" sign --key p256.pub --sign-command 'openssl pkeyutl -sign -inkey p256.key -rawin -digest sha256 -in /dev/stdin'
runs 4 "twice is refused" sign --key p256.key
has "has signed it already" "as that" "$err"
ok=0
for signer in 0:ed25519:ed25519.pub 1:p256:token-p256.pub 2:ed25519:token-ed.pub 3:p256:token-always.pub 4:p256:token-piv.pub \
	5:ed25519:ed/reprove.pub 6:ed25519:theirs.pub 7:p256:p256.pub; do
	pub=${signer##*:} kind=${signer#*:}
	dsse_take m.json "${signer%%:*}" && "dsse_${kind%%:*}" "$pub" >/dev/null &&
		[ "$(jq -r ".signatures[${signer%%:*}].keyid" m.json)" = "$(dsse_key_id "$pub")" ] && ok=$((ok + 1))
done
[ $ok -eq 8 ]
tap $? "openssl verifies all eight signatures"
runs 0 "and so do we" "$tool" open m.json token-p256.pub

# What the configuration says of the target counts here, too, but for the key: it is a person's.
"$tool" sign ed25519.key >m2.json && chmod 640 m2.json
printf 'targets:\n  shop:\n    key: none.key\n    trust: trust.yaml\n' >c.yaml
runs 0 "the trust store of the configuration" "$reprove" sign --config c.yaml --target shop --manifest m2.json --key p256.key
[ "$(stat -c %a m2.json)" = 640 ]
tap $? "the file's mode stays"

printf 'targets:\n  shop:\n    key: "pkcs11:object=seal?pin-value=4321"\n' >pin.yaml
runs 0 "doctor tells of a configuration with a PIN in it" "$reprove" doctor --config pin.yaml
has "key: pkcs11:object=seal?pin-value=***" "and does not show it" "$out"

# A command is believed in nothing. What it gives must be a signature, of that key, over those bytes.
cp m.json before.json
printf '#!/bin/sh\ncat >/dev/null\necho secret-of-the-service >&2\nexit 3\n' >fails && chmod 755 fails
cp "$root/fixtures/keys/ed25519-other.pub" other.pub
refuse_command() { # STATUS TEXT COMMAND
	runs "$1" "refused: $3" sign --key other.pub --sign-command "$3"
	has "$2" "because: $2" "$err"
}
refuse_command 4 "is no signature of key" "openssl pkeyutl -sign -inkey ed25519.key -rawin -in /dev/stdin"
refuse_command 4 "is no signature of key" "head -c 64"
refuse_command 4 "wrote nothing" "true"
refuse_command 4 "wrote more than a signature is" "cat"
refuse_command 2 "sign command 'fails' failed: exit status 3: secret-of-the-service" "$work/fails"
refuse_command 2 "No such file or directory" "/none/sign"
refuse_command 4 "means something to a shell" "true | cat"
runs 4 "a command and a passphrase are refused" sign --key other.pub --sign-command true --key-passphrase-file pass
runs 4 "a command and a token are refused" sign --key "$(token p256)" --sign-command true
cmp -s m.json before.json
tap $? "and the manifest is as it was"
tap_done
