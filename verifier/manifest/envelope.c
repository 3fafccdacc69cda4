/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/envelope.h"

#include <stdio.h>
#include <string.h>

#include "verifier/manifest/base64.h"
#include "verifier/manifest/json.h"
#include "verifier/manifest/key.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* An envelope needs three values and three for each signature; others may add fields of theirs. */
static const struct rp_json_limits limits = {.depth = 16, .values = 4096};

/* "DSSEv1", the type's length, the type, the payload's length, and then the payload, blanks between them. */
static int pae_head(char *ret, size_t size, size_t payload_len)
{
	return snprintf(ret, size, "DSSEv1 %zu %s %zu ", strlen(RP_PAYLOAD_TYPE), RP_PAYLOAD_TYPE,
			payload_len);
}

static int read_payload(struct rp_envelope *e, const json_t *text, struct rp_err **err)
{
	const char *s = json_string_value(text);
	size_t s_len = json_string_length(text), len = 0;
	char head[128];
	if (!rp_base64_size(s, s_len, &len))
		return rp_err_set(err, RP_ERR_TRUST, "the payload is not standard base64, or truncated");
	int head_len = pae_head(head, sizeof head, len);
	e->pae = malloc((size_t)head_len + len);
	if (e->pae == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	memcpy(e->pae, head, (size_t)head_len);
	if (!rp_base64_decode(s, s_len, e->pae + head_len))
		return rp_err_set(err, RP_ERR_TRUST, "the payload is not standard base64");
	e->payload = e->pae + head_len;
	e->payload_len = len;
	e->pae_len = (size_t)head_len + len;
	return 0;
}

static int read_bytes(struct rp_envelope *e, const json_t *from, const char *what, size_t most,
		      const uint8_t **ret, size_t *ret_len, struct rp_err **err)
{
	const char *s = json_string_value(from);
	size_t len = 0;
	bool fits = rp_base64_size(s, json_string_length(from), &len) && len > 0 && len <= most;
	uint8_t *bytes = fits ? rp_arena_alloc(e->memory, len) : NULL;
	if (fits && bytes == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (!fits || !rp_base64_decode(s, json_string_length(from), bytes))
		return rp_err_set(err, RP_ERR_TRUST, "%s is not standard base64 of 1 to %zu bytes", what,
				  most);
	*ret = bytes;
	*ret_len = len;
	return 0;
}

static int read_signature(struct rp_envelope *e, struct rp_signature *to, const json_t *from, size_t i,
			  struct rp_err **err)
{
	char what[48];
	const json_t *keyid = NULL, *sig = NULL, *stamp = NULL;
	const struct rp_json_field fields[] = {
		{"keyid", JSON_STRING, true, &keyid},
		{"sig", JSON_STRING, false, &sig},
		{"stamp", JSON_STRING, true, &stamp},
	};
	snprintf(what, sizeof what, "signature %zu", i + 1);
	if (rp_json_fields(from, what, fields, 3, true, err) < 0)
		return -1;
	to->keyid = rp_arena_strdup(e->memory, keyid != NULL ? json_string_value(keyid) : "");
	if (to->keyid == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (read_bytes(e, sig, what, RP_SIGNATURE_MAX, &to->sig, &to->len, err) < 0)
		return -1;
	(void)snprintf(what, sizeof what, "the stamp of signature %zu", i + 1);
	return stamp == NULL ? 0 : read_bytes(e, stamp, what, RP_STAMP_MAX, &to->stamp, &to->stamp_len, err);
}

static int read_signatures(struct rp_envelope *e, const json_t *list, struct rp_err **err)
{
	size_t n = json_array_size(list);
	if (n == 0)
		return rp_err_set(err, RP_ERR_TRUST, "it has no signature");
	if (n > RP_SIGNATURES_MAX)
		return rp_err_set(err, RP_ERR_TRUST, "it has %zu signatures, expected at most %d", n,
				  RP_SIGNATURES_MAX);
	struct rp_signature *all = rp_arena_array(e->memory, n, sizeof *all);
	if (all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (read_signature(e, &all[i], json_array_get(list, i), i, err) < 0)
			return -1;
	e->signatures = all;
	e->n_signatures = n;
	return 0;
}

static int split(struct rp_envelope *e, const void *bytes, size_t len, struct rp_err **err)
{
	rp_autojson json = NULL;
	const json_t *payload = NULL, *type = NULL, *signatures = NULL;
	const struct rp_json_field fields[] = {
		{"payload", JSON_STRING, false, &payload},
		{"payloadType", JSON_STRING, false, &type},
		{"signatures", JSON_ARRAY, false, &signatures},
	};
	/* The specification wants unknown fields of the envelope ignored; nobody signed them. */
	if (rp_json_parse(&json, bytes, len, &limits, "it", err) < 0 ||
	    rp_json_fields(json, "it", fields, 3, true, err) < 0)
		return -1;
	char shown[RP_SHOWN];
	if (strcmp(json_string_value(type), RP_PAYLOAD_TYPE) != 0)
		return rp_err_set(err, RP_ERR_TRUST, "its payload type is '%s', expected '%s'",
				  rp_shown(shown, json_string_value(type)), RP_PAYLOAD_TYPE);
	if (read_signatures(e, signatures, err) < 0)
		return -1;
	return read_payload(e, payload, err);
}

int rp_envelope_read(struct rp_envelope **ret, const void *bytes, size_t len, struct rp_err **err)
{
	rp_auto(rp_envelope) e = calloc(1, sizeof *e);
	if (e == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_arena_new(&e->memory, err) < 0)
		return -1;
	if (split(e, bytes, len, err) < 0) {
		if (err != NULL && rp_err_kind(*err) != RP_ERR_TRUST)
			return -1;
		rp_err_hint(err,
			    "it was damaged, truncated or edited, or is no manifest at all: get it again "
			    "from where 'reprove seal' wrote it");
		return rp_err_wrap(err, "not a signed envelope (DSSE)");
	}
	*ret = rp_take(e);
	return 0;
}

void rp_envelope_free(struct rp_envelope *e)
{
	if (e == NULL)
		return;
	rp_arena_free(e->memory);
	free(e->pae);
	free(e);
}

/* Twice over the list: first those that name the key, for each attempt hashes the whole payload. */
const struct rp_signature *rp_envelope_next(const struct rp_envelope *e, const struct rp_key *key,
					    const struct rp_signature *after)
{
	bool behind = after == NULL;
	for (int named = 1; named >= 0; named--)
		for (size_t i = 0; i < e->n_signatures; i++) {
			const struct rp_signature *s = &e->signatures[i];
			if ((strcmp(s->keyid, key->id) == 0) != named)
				continue;
			if (behind && rp_key_verify(key, e->pae, e->pae_len, s->sig, s->len))
				return s;
			behind |= s == after;
		}
	return NULL;
}

bool rp_envelope_signed_by(const struct rp_envelope *e, const struct rp_key *key)
{
	return rp_envelope_next(e, key, NULL) != NULL;
}

static int add_signature(struct rp_buf *ret, const struct rp_buf *pae, const struct rp_key *key,
			 struct rp_err **err)
{
	uint8_t sig[RP_SIGNATURE_MAX];
	size_t len = sizeof sig;
	if (rp_key_sign(key, pae->s, pae->len, sig, &len, err) < 0)
		return -1;
	rp_buf_addf(ret, "{\"keyid\":\"%s\",\"sig\":\"", key->id);
	rp_base64_add(ret, sig, len);
	rp_buf_add(ret, "\"}");
	return 0;
}

static int same_key_twice(struct rp_key *const keys[], size_t n_keys, struct rp_err **err)
{
	for (size_t i = 0; i < n_keys; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(keys[i]->id, keys[j]->id) == 0)
				return rp_err_set(err, RP_ERR_CONFIG, "key %s is given twice", keys[i]->id);
	return 0;
}

int rp_envelope_write(struct rp_buf *ret, const void *payload, size_t len, struct rp_key *const keys[],
		      size_t n_keys, struct rp_err **err)
{
	if (n_keys == 0 || n_keys > RP_SIGNATURES_MAX)
		return rp_err_set(err, RP_ERR_CONFIG, "%zu keys to sign with, expected 1 to %d", n_keys,
				  RP_SIGNATURES_MAX);
	if (same_key_twice(keys, n_keys, err) < 0)
		return -1;
	char head[128];
	int head_len = pae_head(head, sizeof head, len);
	rp_autobuf pae = RP_BUF_INIT((size_t)head_len + len);
	rp_buf_add_mem(&pae, head, (size_t)head_len);
	rp_buf_add_mem(&pae, payload, len);
	if (rp_buf_check(&pae, err) < 0)
		return -1;

	rp_buf_add(ret, "{\"payload\":\"");
	rp_base64_add(ret, payload, len);
	rp_buf_add(ret, "\",\"payloadType\":\"" RP_PAYLOAD_TYPE "\",\"signatures\":[");
	for (size_t i = 0; i < n_keys; i++) {
		rp_buf_add(ret, i > 0 ? "," : "");
		if (add_signature(ret, &pae, keys[i], err) < 0)
			return -1;
	}
	rp_buf_add(ret, "]}\n");
	return rp_buf_check(ret, err);
}
