/* SPDX-License-Identifier: MIT */
#include "verifier/command/keys.h"

#include <stdlib.h>

#include "verifier/util/error.h"

static size_t count(const char **paths)
{
	size_t n = 0;

	while (paths && paths[n])
		n++;
	return n;
}

static int load(struct keyring *k, const char **paths, unsigned roles, struct rp_err **err)
{
	for (size_t i = 0; paths && paths[i]; i++) {
		struct rp_key **key = &k->keys[k->n];
		if (rp_key_load_public(key, paths[i], err) < 0)
			return -1;
		k->trusted[k->n++] = (struct rp_trusted_key){.key = *key, .roles = roles};
	}
	return 0;
}

static int make(struct keyring *ret, size_t n, struct rp_err **err)
{
	*ret = (struct keyring){.keys = calloc(n + 1, sizeof(*ret->keys)),
				.trusted = calloc(n + 1, sizeof(*ret->trusted))};
	return ret->keys && ret->trusted ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

int keyring_load_manifests(struct keyring *ret, const char **manifests, struct rp_err **err)
{
	return make(ret, count(manifests), err) < 0 ? -1 : load(ret, manifests, RP_SIGNS_MANIFESTS, err);
}

int keyring_load(struct keyring *ret, const char **results, const char **reviews, struct rp_err **err)
{
	if (make(ret, count(results) + count(reviews), err) < 0)
		return -1;
	if (load(ret, results, RP_SIGNS_RESULTS, err) < 0)
		return -1;
	return load(ret, reviews, RP_SIGNS_REVIEWS, err);
}

void keyring_done(struct keyring *k)
{
	for (size_t i = 0; i < k->n; i++)
		rp_key_free(k->keys[i]);
	free(k->keys);
	free(k->trusted);
	*k = (struct keyring){0};
}
