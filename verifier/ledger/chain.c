/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/ledger/inside.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/policy.h"
#include "verifier/result/result.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define FAULTS_MAX 1000 /* more of them say no more */

/* One reading of a ledger, from its first entry to its last. */
struct walk {
	struct rp_ledger *l;
	const struct rp_trust *trust;
	bool recorded;
	struct rp_chain *c;
	uint64_t *numbers;
	size_t n_numbers;
	int64_t latest_ms; /* of the entries so far, as far as it is not of the future: none that follows is older */
};

static int __attribute__((format(printf, 4, 5)))
fault(struct rp_chain *c, uint64_t number, struct rp_err **err, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	if (c->n_faults == FAULTS_MAX)
		return 0;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (c->faults == NULL)
		c->faults = rp_arena_array(c->memory, FAULTS_MAX, sizeof *c->faults);
	char *says = rp_arena_strdup(c->memory, text);
	if (c->faults == NULL || says == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	c->faults[c->n_faults++] = (struct rp_fault){.number = number, .says = says};
	return 0;
}

static bool anybody_may(const struct rp_trust *trust, enum rp_role role)
{
	for (size_t i = 0; i < trust->n_keys; i++)
		if ((trust->keys[i].roles & role) != 0)
			return true;
	return role != RP_SIGNS_REVIEWS;
}

/* ---- One entry by itself ---- */

/* RP_ERR_TRUST of what is read is a fault of the ledger; everything else is ours. */
static int as_fault(struct rp_chain *c, uint64_t number, struct rp_err *why, struct rp_err **err)
{
	if (rp_err_kind(why) == RP_ERR_TRUST)
		return fault(c, number, err, "%s", rp_err_text(why));
	return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
}

static int look_at_recorded(struct walk *w, const struct rp_entry *e, struct rp_err **err)
{
	rp_autobuf bytes = RP_BUF_INIT(RP_RESULT_MAX);
	rp_autoerr struct rp_err *why = NULL;
	if (e->recorded.name == NULL || rp_ledger_recorded(w->l, e, &bytes, &why) == 0)
		return 0;
	return as_fault(w->c, e->number, why, err);
}

/* An entry cannot be older than the one before it, whatever it says: a key that was revoked in between cannot write
 * itself back into its own time. */
static int look_at_signers(struct walk *w, struct rp_entry *e, const struct rp_envelope *envelope,
			   struct rp_err **err)
{
	const struct rp_said said = {.role = rp_entry_role(e->kind),
				     .target = e->target,
				     .when_ms = e->at_ms,
				     .latest_ms = e->at_ms > w->latest_ms ? e->at_ms : w->latest_ms,
				     .stampable = e->kind == RP_ENTRY_RESULT};
	struct rp_signers by;
	if (rp_trust_signers(w->trust, &said, envelope, w->c->memory, &by, err) < 0)
		return -1;
	e->signed_by = by.ids;
	e->stamped = by.stamped;
	e->n_signed_by = by.n;
	if (by.n > 0 && e->at_ms > w->latest_ms && e->at_ms <= w->trust->now_ms + RP_CLOCK_SKEW_MS)
		w->latest_ms = e->at_ms;
	/* Who was told of no reviewer at all cannot tell whose reviews are good: they do not count, and are no fault. */
	if (by.n > 0 || !anybody_may(w->trust, said.role))
		return 0;
	return fault(w->c, e->number, err, "it is signed by no key that may speak so (%s of '%s')%s%s",
		     rp_entry_kind_name(e->kind), e->target != NULL ? e->target : "",
		     by.why != NULL ? ", but by one " : "", by.why != NULL ? by.why : "");
}

/* 1: it is one, and stands behind the last of c->all. */
static int read_one(struct walk *w, uint64_t number, struct rp_err **err)
{
	rp_auto(rp_envelope) envelope = NULL;
	rp_autoerr struct rp_err *why = NULL;
	struct rp_entry *e = &w->c->all[w->c->n];
	if (rp_ledger_envelope(w->l, number, &envelope, &why) < 0 ||
	    rp_entry_read(e, w->c->memory, envelope->payload, envelope->payload_len, &why) < 0)
		return as_fault(w->c, number, why, err);
	if (e->number != number)
		return fault(w->c, number, err, "the file of this number holds entry %" PRIu64, e->number);
	if (strcmp(e->ledger, w->l->id) != 0)
		return fault(w->c, number, err, "it is of the ledger %s, and this one is %s", e->ledger,
			     w->l->id);
	if (look_at_signers(w, e, envelope, err) < 0)
		return -1;
	if (w->recorded && look_at_recorded(w, e, err) < 0)
		return -1;
	w->c->n++;
	return 1;
}

/* ---- One after the other ---- */

/* The digest that a later entry keeps of one that was pruned; NULL: none does. */
static const char *kept_digest(const struct rp_chain *c, uint64_t number)
{
	char digits[24];
	(void)snprintf(digits, sizeof digits, "%012" PRIu64, number);
	for (size_t i = 0; i < c->n; i++) {
		const char *digest = c->all[i].kind == RP_ENTRY_PRUNED && c->all[i].n_signed_by > 0
					     ? rp_entry_says(&c->all[i], digits)
					     : NULL;
		if (digest != NULL)
			return digest;
	}
	return NULL;
}

static int by_number(const void *number, const void *entry)
{
	uint64_t a = *(const uint64_t *)number, b = ((const struct rp_entry *)entry)->number;
	return a < b ? -1 : a > b;
}

const struct rp_entry *rp_chain_entry(const struct rp_chain *c, uint64_t number)
{
	return bsearch(&number, c->all, c->n, sizeof *c->all, by_number);
}

static const char *digest_of(const struct rp_chain *c, uint64_t number)
{
	const struct rp_entry *e = rp_chain_entry(c, number);
	return e != NULL ? e->sha256 : kept_digest(c, number);
}

static int link_one(struct walk *w, uint64_t number, const char *previous, struct rp_err **err)
{
	const struct rp_entry *e = rp_chain_entry(w->c, number);
	if (e == NULL && kept_digest(w->c, number) != NULL) {
		w->c->pruned++;
		return 0;
	}
	if (e == NULL) /* what could not be read has been told */
		return bsearch(&number, w->numbers, w->n_numbers, sizeof number, rp_ledger_ascending) != NULL
			       ? 0
			       : fault(w->c, number, err,
				       "it is missing, and nothing says that it was pruned");
	if (previous != NULL && strcmp(e->previous, previous) != 0)
		return fault(w->c, number, err,
			     "the entry before it is %s, and it was %s when this one was written", previous,
			     e->previous);
	return 0;
}

/* An answer to an entry says which by its digest, too. */
static int look_at_answer(struct walk *w, const struct rp_entry *e, struct rp_err **err)
{
	const char *digest = rp_entry_says(e, RP_SAYS_DIGEST);
	uint64_t of = rp_entry_number(e, RP_SAYS_OF);
	const char *is = digest != NULL ? digest_of(w->c, of) : NULL;
	if (digest == NULL || (of < e->number && is != NULL && strcmp(is, digest) == 0))
		return 0;
	return fault(w->c, e->number, err, "it is about entry %" PRIu64 " as it is not", of);
}

static int link_all(struct walk *w, struct rp_err **err)
{
	struct rp_chain *c = w->c;
	uint8_t digest[RP_SHA256_LEN];
	char first[RP_SHA256_HEX];
	const char *previous = first;
	rp_sha256(w->l->id, strlen(w->l->id), digest);
	rp_sha256_hex(digest, first);
	memcpy(c->head.sha256, first, sizeof first);
	uint64_t last = w->n_numbers > 0 ? w->numbers[w->n_numbers - 1] : 0;
	for (uint64_t number = 1; number <= last; number++) {
		if (c->n_faults == FAULTS_MAX)
			break;
		if (link_one(w, number, previous, err) < 0)
			return -1;
		previous = digest_of(c, number);
	}
	for (size_t i = 0; i < c->n; i++)
		if (look_at_answer(w, &c->all[i], err) < 0)
			return -1;
	if (c->n > 0) {
		const struct rp_entry *e = &c->all[c->n - 1];
		c->head = (struct rp_head){.number = e->number, .at_ms = e->at_ms};
		memcpy(c->head.sha256, e->sha256, sizeof c->head.sha256);
	}
	return 0;
}

/* What was published elsewhere is part of it, as it was then. */
static int look_for(struct walk *w, const struct rp_head *kept, struct rp_err **err)
{
	if (kept == NULL || kept->number == 0)
		return 0;
	const char *is = digest_of(w->c, kept->number);
	if (is == NULL)
		return fault(w->c, kept->number, err,
			     "the head that was kept names this entry, and the ledger ends at %" PRIu64
			     " or lacks it",
			     w->c->head.number);
	if (strcmp(is, kept->sha256) != 0)
		return fault(w->c, kept->number, err, "it is %s, and the head that was kept says %s", is,
			     kept->sha256);
	return 0;
}

int rp_ledger_read(struct rp_ledger *l, const struct rp_trust *trust, const struct rp_head *kept,
		   bool recorded, struct rp_chain **ret, struct rp_err **err)
{
	rp_auto(rp_chain) c = calloc(1, sizeof *c);
	rp_autofree uint64_t *numbers = NULL;
	struct walk w = {.l = l, .trust = trust, .recorded = recorded, .c = c};
	if (c == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_arena_new(&c->memory, err) < 0 || rp_ledger_numbers(l, &numbers, &w.n_numbers, err) < 0)
		return -1;
	w.numbers = numbers;
	c->all = rp_arena_array(c->memory, w.n_numbers + 1, sizeof *c->all);
	if (c->all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < w.n_numbers; i++)
		if (read_one(&w, numbers[i], err) < 0)
			return rp_err_wrap(err, "ledger '%s'", l->dir);
	if (link_all(&w, err) < 0 || look_for(&w, kept, err) < 0)
		return rp_err_wrap(err, "ledger '%s'", l->dir);
	*ret = rp_take(c);
	return 0;
}

void rp_chain_free(struct rp_chain *c)
{
	if (c == NULL)
		return;
	rp_arena_free(c->memory);
	free(c);
}

int rp_ledger_recorded(struct rp_ledger *l, const struct rp_entry *e, struct rp_buf *ret, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	uint8_t digest[RP_SHA256_LEN];
	if (e->recorded.name == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "entry %" PRIu64 " records nothing", e->number);
	if (rp_ledger_path(l, "results", e->number, &path, err) < 0)
		return -1;
	if (access(rp_buf_text(&path), F_OK) < 0 && errno == ENOENT)
		return rp_err_set(err, RP_ERR_TRUST, "what it recorded is missing: '%s'", rp_buf_text(&path));
	if (rp_file_read(rp_buf_text(&path), ret, err) < 0)
		return -1;
	rp_sha256(rp_buf_text(ret), ret->len, digest);
	if (ret->len == e->recorded.size && rp_sha256_equal(digest, e->recorded.sha256))
		return 0;
	return rp_err_set(err, RP_ERR_TRUST, "'%s' is not what it recorded", rp_buf_text(&path));
}
