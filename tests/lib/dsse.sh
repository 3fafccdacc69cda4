# SPDX-License-Identifier: MIT
# An envelope taken apart by hand, for openssl to look at. $dir: where the parts go.

# dsse_take FILE INDEX: the INDEXth signature's parts: $dir/body, pae, sig.
dsse_take() {
	jq -r .payload "$1" | base64 -d >"$dir/body" || return 1
	type=$(jq -r .payloadType "$1")
	{
		printf 'DSSEv1 %d %s %d ' "$(printf %s "$type" | wc -c)" "$type" "$(wc -c <"$dir/body")"
		cat "$dir/body"
	} >"$dir/pae"
	jq -r ".signatures[$2].sig" "$1" | base64 -d >"$dir/sig"
}
# dsse_ed25519 PUB, dsse_p256 PUB: does it hold?
dsse_ed25519() { openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in "$dir/pae" -sigfile "$dir/sig"; }
dsse_p256() { openssl dgst -sha256 -verify "$1" -signature "$dir/sig" "$dir/pae"; }
dsse_key_id() { openssl pkey -pubin -in "$1" -outform DER | sha256sum | cut -d' ' -f1; }
