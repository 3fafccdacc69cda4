/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/manifest/base64.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/json.h"
#include "verifier/manifest/key.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* As when it is read: envelope.c. */
static const struct rp_json_limits limits = {.depth = 16, .values = 4096};

static json_t *new_signature(const struct rp_envelope *e, const struct rp_key *key, struct rp_err **err)
{
	uint8_t sig[RP_SIGNATURE_MAX];
	size_t len = sizeof sig;
	rp_autobuf text = RP_BUF_INIT(4 * RP_SIGNATURE_MAX);
	if (rp_key_sign(key, e->pae, e->pae_len, sig, &len, err) < 0)
		return NULL;
	rp_base64_add(&text, sig, len);
	json_t *s = json_pack("{s:s, s:s}", "keyid", key->id, "sig", rp_buf_text(&text));
	if (s == NULL)
		rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return s;
}

int rp_envelope_cosign(struct rp_buf *ret, const void *bytes, size_t len, const struct rp_key *key,
		       struct rp_err **err)
{
	rp_auto(rp_envelope) e = NULL;
	rp_autojson json = NULL;
	if (rp_envelope_read(&e, bytes, len, err) < 0 ||
	    rp_json_parse(&json, bytes, len, &limits, "it", err) < 0)
		return -1;
	if (rp_envelope_signed_by(e, key))
		return rp_err_set(err, RP_ERR_CONFIG, "key %s has signed it already", key->id);
	if (e->n_signatures >= RP_SIGNATURES_MAX)
		return rp_err_set(err, RP_ERR_CONFIG, "it has %zu signatures, and there is no room for more",
				  e->n_signatures);
	json_t *added = new_signature(e, key, err);
	if (added == NULL)
		return -1;
	/* Whatever else stands in it stays, time stamps among it. */
	if (json_array_append_new(json_object_get(json, "signatures"), added) < 0)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_json_add(ret, json, JSON_COMPACT, err) < 0)
		return -1;
	rp_buf_add(ret, "\n");
	return rp_buf_check(ret, err);
}
