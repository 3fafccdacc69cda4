/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "verifier/manifest/base64.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/json.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* Stamps are put into an envelope that is there already: what was signed stays as it is, byte for byte, and so do fields
 * of others. */

#define ENVELOPE_MAX ((size_t)512 << 20)

static const struct rp_json_limits limits = {.depth = 16, .values = 4096};

static int add_stamp(json_t *signature, const struct rp_signature *s, rp_stamp_ask *ask, void *ctx,
		     struct rp_err **err)
{
	rp_autobuf reply = RP_BUF_INIT(RP_STAMP_MAX);
	rp_autobuf text = RP_BUF_INIT(2 * RP_STAMP_MAX);
	if (ask(ctx, s->sig, s->len, &reply, err) < 0)
		return -1;
	rp_base64_add(&text, reply.s, reply.len);
	if (rp_buf_check(&text, err) < 0)
		return -1;
	return json_object_set_new(signature, "stamp", json_string(rp_buf_text(&text))) == 0
		       ? 0
		       : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* Was nothing spoilt on the way? */
static int check_same(const struct rp_envelope *before, const struct rp_buf *after, struct rp_err **err)
{
	rp_auto(rp_envelope) e = NULL;
	if (rp_envelope_read(&e, after->s, after->len, err) < 0)
		return rp_err_wrap(err, "read back what was stamped");
	bool same = e->pae_len == before->pae_len && memcmp(e->pae, before->pae, e->pae_len) == 0 &&
		    e->n_signatures == before->n_signatures;
	for (size_t i = 0; same && i < e->n_signatures; i++)
		same = e->signatures[i].len == before->signatures[i].len &&
		       memcmp(e->signatures[i].sig, before->signatures[i].sig, e->signatures[i].len) == 0;
	return same ? 0 : rp_err_set(err, RP_ERR_IO, "what was stamped reads back as something else");
}

int rp_envelope_stamp(struct rp_buf *ret, size_t *ret_n, const void *bytes, size_t len, rp_stamp_ask *ask,
		      void *ctx, struct rp_err **err)
{
	rp_auto(rp_envelope) e = NULL;
	rp_autojson json = NULL;
	rp_autobuf text = RP_BUF_INIT(ENVELOPE_MAX);
	*ret_n = 0;
	if (rp_envelope_read(&e, bytes, len, err) < 0 ||
	    rp_json_parse(&json, bytes, len, &limits, "it", err) < 0)
		return -1;
	json_t *signatures = json_object_get(json, "signatures");
	for (size_t i = 0; i < e->n_signatures; i++) {
		if (e->signatures[i].stamp != NULL)
			continue;
		if (add_stamp(json_array_get(signatures, i), &e->signatures[i], ask, ctx, err) < 0)
			return rp_err_wrap(err, "time stamp");
		(*ret_n)++;
	}
	if (rp_json_add(&text, json, JSON_COMPACT | JSON_SORT_KEYS, err) < 0)
		return -1;
	rp_buf_add(&text, "\n");
	if (rp_buf_check(&text, err) < 0)
		return -1;
	if (check_same(e, &text, err) < 0)
		return -1;
	rp_buf_add_mem(ret, text.s, text.len);
	return rp_buf_check(ret, err);
}
