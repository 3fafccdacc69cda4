/* SPDX-License-Identifier: MIT */
#include "verifier/command/reviews.h"

#include <string.h>

#include "verifier/ledger/ledger.h"
#include "verifier/result/result.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/sha256.h"

/* What is looked for, and where it goes. */
struct search {
	const char *file;
	struct rp_ledger *ledger;
	char sha256[RP_SHA256_HEX]; /* of the result's bytes */
	struct rp_arena *memory;
	const struct rp_review **ret;
	size_t *ret_n;
};

static const struct rp_entry *entry_of(const struct rp_chain *c, const char *sha256)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct rp_entry *e = &c->all[i];
		char recorded[RP_SHA256_HEX];
		if (e->kind != RP_ENTRY_RESULT || !e->recorded.name)
			continue;
		rp_sha256_hex(e->recorded.sha256, recorded);
		if (strcmp(recorded, sha256) == 0)
			return e;
	}
	return NULL;
}

static bool is_about(const struct rp_entry *e, const struct rp_entry *result)
{
	const char *digest = rp_entry_says(e, RP_SAYS_DIGEST);

	return (e->kind == RP_ENTRY_REVIEW || e->kind == RP_ENTRY_DECISION) &&
	       rp_entry_number(e, RP_SAYS_OF) == result->number && digest &&
	       strcmp(digest, result->sha256) == 0 && e->n_signed_by > 0;
}

/* The chain goes before the report is written, so what it says is copied. */
static int keep(const struct search *s, const struct rp_chain *c, const struct rp_entry *result,
		struct rp_err **err)
{
	struct rp_review *all = rp_arena_array(s->memory, c->n + 1, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; all && i < c->n; i++) {
		const struct rp_entry *e = &c->all[i];
		const char *says = rp_entry_says(e, RP_SAYS_TEXT);
		if (!is_about(e, result))
			continue;
		all[n] = (struct rp_review){.entry = e->number,
					    .at_ms = e->at_ms,
					    .decision = e->kind == RP_ENTRY_DECISION,
					    .key = rp_arena_strdup(s->memory, e->signed_by[0]),
					    .says = rp_arena_strdup(s->memory, says ? says : "")};
		if (!all[n].key || !all[n].says)
			all = NULL;
		n++;
	}
	if (!all)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*s->ret = all;
	*s->ret_n = n;
	return 0;
}

static int search(const void *ctx, const struct rp_trust *trust, struct rp_err **err)
{
	const struct search *s = ctx;
	rp_auto(rp_chain) chain = NULL;
	const struct rp_entry *result;

	if (rp_ledger_read(s->ledger, trust, NULL, false, &chain, err) < 0)
		return -1;
	if (chain->n_faults > 0) {
		rp_err_set(err, RP_ERR_TRUST, "ledger '%s': entry %llu: %s", rp_ledger_dir(s->ledger),
			   (unsigned long long)chain->faults[0].number, chain->faults[0].says);
		return rp_err_hint(err, "'reprove history --check' lists all that is wrong with it");
	}
	result = entry_of(chain, s->sha256);
	if (!result)
		return rp_err_set(err, RP_ERR_TRUST,
				  "the ledger '%s' has no entry that records '%s', byte for byte",
				  rp_ledger_dir(s->ledger), s->file);
	return keep(s, chain, result, err);
}

int rp_reviews_of(const char *result_file, const char *ledger, const struct ledger_trust_options *who,
		  struct rp_arena *memory, const struct rp_review **ret, size_t *ret_n, struct rp_err **err)
{
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);
	rp_auto(rp_ledger) opened = NULL;
	uint8_t digest[RP_SHA256_LEN];

	if (rp_file_read(result_file, &json, err) < 0 || rp_ledger_open(&opened, ledger, false, err) < 0)
		return rp_err_wrap(err, "report");
	struct search s = {
		.file = result_file, .ledger = opened, .memory = memory, .ret = ret, .ret_n = ret_n};
	rp_sha256(rp_buf_text(&json), json.len, digest);
	rp_sha256_hex(digest, s.sha256);
	return rp_ledger_trust(who, "report", search, &s, err);
}
