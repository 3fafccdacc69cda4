/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_SEED_H
#define RP_SURVEY_SEED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <endian.h>

#include "verifier/util/sha256.h"

/* What the folder's files share and nobody else sees: one salt per manifest, and from it one 32-byte base per
 * use, so that no two uses are fed by the same seed. */
#define RP_SALT_LEN 32

#define RP_SEED_ROW    "reprove/v1/row"
#define RP_SEED_SKETCH "reprove/v1/sketch"
#define RP_SEED_SAMPLE "reprove/v1/sample"
#define RP_SEED_KEY    "reprove/v1/key"
#define RP_SEED_STRONG "reprove/v1/strong"

static inline uint64_t rp_le64_get(const uint8_t *at)
{
	uint64_t v;
	memcpy(&v, at, sizeof v);
	return le64toh(v);
}
static inline void rp_le64_put(uint8_t *at, uint64_t v)
{
	v = htole64(v);
	memcpy(at, &v, sizeof v);
}

/* SHA-256(use, salt). The salt's length is fixed, so no two (use, salt) run together the same way. */
static inline void rp_seed_base(const char *use, const uint8_t salt[RP_SALT_LEN], uint8_t ret[RP_SHA256_LEN])
{
	uint8_t bytes[32 + RP_SALT_LEN];
	size_t n = strlen(use);
	memcpy(bytes, use, n);
	memcpy(bytes + n, salt, RP_SALT_LEN);
	rp_sha256(bytes, n + RP_SALT_LEN, ret);
}

#endif
