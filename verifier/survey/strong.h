/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_STRONG_H
#define RP_SURVEY_STRONG_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/relation.h"

struct rp_err;

/* LtHash32-1024: the digest that nobody can aim at, also when the data are theirs and the salt is known. A row
 * is stretched to 1024 numbers of 32 bits (SHA-256, then ChaCha20) which are added, each modulo 2^32. 32 and
 * not 16: 65,536 equal rows would vanish. About 1 us a row. */
struct rp_strong;

int rp_strong_new(struct rp_strong **ret, const uint8_t salt[32], const char *relation, struct rp_err **err);
void rp_strong_free(struct rp_strong *s);
int rp_strong_add(struct rp_strong *s, const uint8_t *row, size_t len, struct rp_err **err);
void rp_strong_merge(struct rp_strong *into, const struct rp_strong *from);
/* SHA-256 of the 1024 sums. */
void rp_strong_digest(const struct rp_strong *s, uint8_t ret[RP_STRONG_LEN]);

#endif
