/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/scratch/scratch.h"
#include "verifier/survey/survey.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

/* An empty server takes 40 MB, its first log segments as much again. */
#define SERVER_BYTES (UINT64_C(128) << 20)

static uint64_t sum(uint64_t a, uint64_t b)
{
	uint64_t r;
	return __builtin_add_overflow(a, b, &r) ? UINT64_MAX : r;
}

/* A restore writes rows and builds indexes over them: the sealed size once more, and half of it for sorting. */
static uint64_t bytes_needed(const struct rp_scratch *s, const struct rp_scratch_wish *wish)
{
	uint64_t sealed = s->sealed != NULL ? s->sealed->identity.bytes : 0;
	uint64_t restored = wish->disk > 0 ? wish->disk : sum(sealed, sealed / 2);
	return sum(sum(restored, wish->copy), SERVER_BYTES);
}

int rp_preflight_disk(struct rp_scratch *s, const struct rp_scratch_wish *wish, struct rp_err **err)
{
	if (rp_disk_free(s->dir, &s->place.disk, err) < 0)
		return -1;
	s->expected = bytes_needed(s, wish);
	if (s->place.disk >= s->expected)
		return 0;
	char want[RP_TIME_TEXT], have[RP_TIME_TEXT], lack[RP_TIME_TEXT];
	rp_size_format(s->expected, want);
	rp_size_format(s->place.disk, have);
	rp_size_format(s->expected - s->place.disk, lack);
	rp_err_set(err, RP_ERR_IO,
		   "not enough disk for a restore: it needs about %s, '%s' has %s: %s are missing", want,
		   s->dir, have, lack);
	return rp_err_hint(err, "make room there, or name another directory with --tmpdir or $TMPDIR");
}

/* Two servers that cannot be told apart are taken for the same one: the price of an unjust refusal is small. */
int rp_preflight_not_source(struct rp_scratch *s, struct rp_conn *c, struct rp_err **err)
{
	if (s->sealed == NULL)
		return 0;
	struct rp_identity here = {0};
	struct rp_position at = {0};
	if (s->engine->identify(c, &here, &at, err) < 0)
		return -1;
	const char *sealed = s->sealed->identity.instance;
	if (sealed != NULL && here.instance != NULL && sealed[0] != '\0' && here.instance[0] != '\0' &&
	    strcmp(sealed, here.instance) != 0)
		return 0;
	rp_err_set(err, RP_ERR_USAGE, "the server named for the scratch %s the one that was sealed (%s)",
		   here.instance != NULL && here.instance[0] != '\0' && sealed != NULL && sealed[0] != '\0'
			   ? "is"
			   : "cannot be told from",
		   here.instance != NULL ? here.instance : "it does not tell its identity");
	return rp_err_hint(err, "name another server, or none: then a private one is started here");
}
