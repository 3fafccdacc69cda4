/* SPDX-License-Identifier: MIT */
#include "verifier/survey/key.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "verifier/survey/seed.h"
#include "verifier/util/error.h"

int rp_key_columns(const struct rp_column *columns, size_t n, size_t *ret, enum rp_err_kind kind,
		   struct rp_err **err)
{
	rp_autofree bool *taken = calloc(n + 1, sizeof *taken);
	size_t last = 0, count = 0;
	if (taken == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		unsigned key = columns[i].key;
		if (key == 0)
			continue;
		if (key > n || taken[key])
			return rp_err_set(err, kind, "column '%s': its place in the key is %u",
					  columns[i].name, key);
		taken[key] = true;
		count++;
		last = key > last ? key : last;
	}
	if (last != count)
		return rp_err_set(err, kind, "the columns of the key are not numbered 1 to %zu", last);
	*ret = count;
	return 0;
}

int rp_key_maker_init(struct rp_key_maker *k, const struct rp_relation *r, const struct rp_method *how,
		      unsigned size, struct rp_err **err)
{
	*k = (struct rp_key_maker){.size = size, .whole = how->whole_keys};
	if (rp_key_columns(r->columns, r->n_columns, &k->n, RP_ERR_ENGINE, err) < 0)
		return rp_err_wrap(err, "relation '%s'", r->name);
	rp_seed_base(RP_SEED_KEY, how->salt, k->base);
	k->seed = rp_le64_get(k->base);
	if (k->n == 0)
		return 0;
	k->parts = calloc(k->n, sizeof *k->parts);
	if (k->parts == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (k->whole)
		return 0;
	k->md = EVP_MD_CTX_new();
	if (k->md == NULL || EVP_DigestInit_ex(k->md, EVP_sha256(), NULL) != 1)
		return rp_err_set(err, RP_ERR_NOMEM, "SHA-256 cannot be had");
	return 0;
}

void rp_key_maker_done(struct rp_key_maker *k)
{
	free(k->parts);
	EVP_MD_CTX_free(k->md);
	*k = (struct rp_key_maker){0};
}

/* A key that is merely too long: fast, and known to everybody who knows the manifest anyway. */
static void fast_fingerprint(const struct rp_key_maker *k, const uint8_t *span, size_t len, uint8_t ret[32])
{
	XXH128_hash_t h;
	if (span != NULL) {
		h = XXH3_128bits_withSeed(span, len, k->seed);
	} else {
		XXH3_state_t state;
		XXH3_INITSTATE(&state);
		XXH3_128bits_reset_withSeed(&state, k->seed);
		for (size_t i = 0; i < k->n; i++)
			XXH3_128bits_update(&state, k->parts[i].at, k->parts[i].len);
		h = XXH3_128bits_digest(&state);
	}
	rp_le64_put(ret, h.low64);
	rp_le64_put(ret + 8, h.high64);
}

/* A key that is personal: XXH3 of a short key can be turned back by arithmetic, SHA-256 only by guessing. */
static int private_fingerprint(struct rp_key_maker *k, uint8_t ret[32], struct rp_err **err)
{
	bool ok = EVP_DigestInit_ex2(k->md, NULL, NULL) == 1 &&
		  EVP_DigestUpdate(k->md, k->base, sizeof k->base) == 1;
	for (size_t i = 0; ok && i < k->n; i++)
		ok = EVP_DigestUpdate(k->md, k->parts[i].at, k->parts[i].len) == 1;
	if (!ok || EVP_DigestFinal_ex(k->md, ret, NULL) != 1)
		return rp_err_set(err, RP_ERR_NOMEM, "SHA-256 of a key failed");
	return 0;
}

/* The encoded key's length, and where it lies when it lies in one piece: keys mostly come first, in order. */
static const uint8_t *span_of(const struct rp_key_maker *k, size_t *ret_len)
{
	const uint8_t *span = k->parts[0].at;
	size_t len = k->parts[0].len;
	for (size_t i = 1; i < k->n; i++) {
		if (span != NULL && k->parts[i].at != span + len)
			span = NULL;
		len += k->parts[i].len;
	}
	*ret_len = len;
	return span;
}

#define ONES 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

static void carry_whole(const struct rp_key_maker *k, const uint8_t *span, size_t len, const uint8_t *end,
			struct rp_key_bytes *ret)
{
	/* 24 bytes of ones, then of zeroes: what is behind the key is blanked without asking how long it is. */
	static const uint8_t mask[2 * RP_KEY_MAX] = {ONES, ONES, ONES};
	ret->len = (uint8_t)len;
	if (span != NULL && (size_t)(end - span) >= RP_KEY_MAX) {
		uint64_t keep[RP_KEY_MAX / 8], lanes[RP_KEY_MAX / 8];
		memcpy(keep, mask + RP_KEY_MAX - len, sizeof keep);
		memcpy(lanes, span, sizeof lanes);
		for (size_t i = 0; i < RP_KEY_MAX / 8; i++)
			lanes[i] &= keep[i];
		memcpy(ret->bytes, lanes, sizeof lanes);
		return;
	}
	uint8_t *to = ret->bytes;
	memset(to, 0, RP_KEY_MAX);
	for (size_t i = 0; i < k->n; to += k->parts[i++].len)
		memcpy(to, k->parts[i].at, k->parts[i].len);
}

int rp_key_make(struct rp_key_maker *k, const uint8_t *end, struct rp_key_bytes *ret, struct rp_err **err)
{
	size_t len = 0;
	const uint8_t *span = k->size > 0 && k->n > 0 ? span_of(k, &len) : NULL;
	if (k->whole && len > 0 && len <= k->size) {
		carry_whole(k, span, len, end, ret);
		return 0;
	}
	*ret = (struct rp_key_bytes){0};
	if (len == 0)
		return 0;
	uint8_t print[32];
	if (k->whole)
		fast_fingerprint(k, span, len, print);
	else if (private_fingerprint(k, print, err) < 0)
		return -1;
	ret->len = (uint8_t)(k->size < 17 ? k->size : 17);
	ret->bytes[0] = RP_KEY_FINGERPRINT;
	memcpy(ret->bytes + 1, print, ret->len - 1u);
	return 0;
}
