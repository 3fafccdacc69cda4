/* SPDX-License-Identifier: MIT */
/* A whole manifest file, as a stranger may hand it to us: frame, signatures, and behind a good signature all of
 * the rest. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/manifest/key.h"
#include "verifier/manifest/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fixtures/keys/ed25519.pub and p256.pub, which signed what is good in the corpus. */
static const char *const pems[] = {
	"-----BEGIN PUBLIC KEY-----\n"
	"MCowBQYDK2VwAyEAHoee5tbrto38xBTUaulK+H9GG+1wTK9PQreZalrKIp4=\n"
	"-----END PUBLIC KEY-----\n",
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEz7hyC96eSq6FMmLrNuuNOi3cem5T\n"
	"WM3c5AWO5d4fwvMSNWtm+lIvlDn41fv43jvWqoD3Lkcvy0tQHQ6+9z4gUg==\n"
	"-----END PUBLIC KEY-----\n",
};

static void make_keys(struct rp_trusted_key keys[2])
{
	for (size_t i = 0; i < 2; i++) {
		EVP_PKEY *pkey = NULL;
		struct rp_key *key = NULL;
		if (rp_key_parse(&pkey, pems[i], strlen(pems[i]), false, NULL, NULL) < 0 ||
		    rp_key_of(&key, pkey, NULL) < 0)
			abort();
		keys[i] = (struct rp_trusted_key){.key = key, .roles = RP_SIGNS_MANIFESTS};
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rp_trusted_key keys[2]; /* for the life of the process */
	if (keys[0].key == NULL)
		make_keys(keys);
	const struct rp_trust trust = {.keys = keys,
				       .n_keys = 2,
				       .threshold = 1,
				       .target = "shop",
				       .now_ms = INT64_C(1769839200123)};
	rp_auto(rp_manifest) m = NULL;
	if (rp_manifest_open(&m, data, size, &trust, NULL) == 0 && (m->n_signed_by == 0 || m->survey == NULL))
		abort();
	return 0;
}
