/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_KEY_H
#define RP_SURVEY_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "verifier/survey/sketch.h"
#include "verifier/util/error.h"

struct rp_method;

/* How many columns the key has; their places must be 1, 2, ... without a gap or a repetition. kind: of the
 * error when they are not. */
int rp_key_columns(const struct rp_column *columns, size_t n, size_t *ret, enum rp_err_kind kind,
		   struct rp_err **err);

/* From a row's key columns to what a sketch carries of them. One per tally. */
struct rp_key_part {
	const uint8_t *at; /* the encoded field, its length before it */
	size_t len;
};
struct rp_key_maker {
	struct rp_key_part *parts; /* in the key's order; filled anew for every row */
	size_t n;
	unsigned size; /* the sketch's key size */
	bool whole;
	uint64_t seed;	  /* of a fingerprint that is only short */
	uint8_t base[32]; /* of one that must not be turned back */
	EVP_MD_CTX *md;	  /* NULL when whole */
};

int rp_key_maker_init(struct rp_key_maker *k, const struct rp_relation *r, const struct rp_method *how,
		      unsigned size, struct rp_err **err);
/* Of the row whose parts were filled in and which ends at 'end'. */
int rp_key_make(struct rp_key_maker *k, const uint8_t *end, struct rp_key_bytes *ret, struct rp_err **err);
void rp_key_maker_done(struct rp_key_maker *k);

#endif
