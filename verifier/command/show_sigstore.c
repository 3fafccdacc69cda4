/* SPDX-License-Identifier: MIT */
#include "verifier/command/show.h"
#include "verifier/manifest/base64.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* A bundle as Sigstore's tools read it, offline: a public key that they are given, one signature, its time stamp. Key ids
 * are left empty: some of those tools pass over a signature whose id they would have written otherwise. */
int rp_show_sigstore(const struct shown *s, struct rp_buf *out, struct rp_err **err)
{
	if (s->n_signed_by != 1) {
		rp_err_set(err, RP_ERR_USAGE,
			   "%zu trusted keys have signed it, and a Sigstore bundle holds one signature",
			   s->n_signed_by);
		return rp_err_hint(err, "name one key with --trust, and make a bundle for each");
	}
	const struct rp_signature *sig = rp_shown_signature(s, 0);
	if (!sig)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_buf_add(out, "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
			"\"verificationMaterial\":{\"publicKey\":{\"hint\":\"\"}");
	if (sig->stamp) {
		rp_buf_add(out,
			   ",\"timestampVerificationData\":{\"rfc3161Timestamps\":[{\"signedTimestamp\":\"");
		rp_base64_add(out, sig->stamp, sig->stamp_len);
		rp_buf_add(out, "\"}]}");
	}
	rp_buf_add(out, "},\"dsseEnvelope\":{\"payload\":\"");
	rp_base64_add(out, s->e->payload, s->e->payload_len);
	rp_buf_add(out, "\",\"payloadType\":\"" RP_PAYLOAD_TYPE "\",\"signatures\":[{\"sig\":\"");
	rp_base64_add(out, sig->sig, sig->len);
	rp_buf_add(out, "\",\"keyid\":\"\"}]}}\n");
	return rp_buf_check(out, err);
}
