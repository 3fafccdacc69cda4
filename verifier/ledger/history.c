/* SPDX-License-Identifier: MIT */
#include "verifier/ledger/history.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define DAY_MS	      (INT64_C(24) * 60 * 60 * 1000)
#define EARLIER_SHOWN 20
#define SKEW_MS	      (5 * 60 * 1000) /* as for manifests: clocks of two machines */

static bool is_about(const struct rp_entry *e, const char *target)
{
	return e->target != NULL && strcmp(e->target, target) == 0;
}

static bool counts(const struct rp_entry *e)
{
	return e->n_signed_by > 0;
}

/* ---- The targets there are ---- */

static int by_name(const void *va, const void *vb)
{
	const struct rp_target_history *a = va, *b = vb;
	return strcmp(a->target, b->target);
}

static int by_text(const void *va, const void *vb)
{
	return strcmp(*(const char *const *)va, *(const char *const *)vb);
}

static int name_targets(struct rp_history *h, const struct rp_chain *c, struct rp_err **err)
{
	const char **names = rp_arena_array(c->memory, c->n + 1, sizeof *names);
	h->all = rp_arena_array(c->memory, c->n + 1, sizeof *h->all);
	size_t n = 0;
	if (names == NULL || h->all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].target != NULL && counts(&c->all[i]))
			names[n++] = c->all[i].target;
	if (n > 1)
		qsort(names, n, sizeof *names, by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			h->all[h->n++].target = names[i];
	return 0;
}

const struct rp_target_history *rp_history_target(const struct rp_history *h, const char *target)
{
	const struct rp_target_history key = {.target = target};
	return bsearch(&key, h->all, h->n, sizeof *h->all, by_name);
}

static struct rp_target_history *history_of(struct rp_history *h, const char *target)
{
	const struct rp_target_history *t = rp_history_target(h, target);
	return t != NULL ? &h->all[t - h->all] : NULL;
}

/* ---- Their attempts ---- */

static struct rp_attempt *attempt_of(struct rp_target_history *t, uint64_t intent)
{
	for (size_t i = t->n; i > 0; i--)
		if (t->all[i - 1].intent != NULL && t->all[i - 1].intent->number == intent)
			return &t->all[i - 1];
	return NULL;
}

static void take_answer(struct rp_history *h, const struct rp_chain *c, const struct rp_entry *e)
{
	const struct rp_entry *of = rp_chain_entry(c, rp_entry_number(e, RP_SAYS_OF));
	struct rp_target_history *t = of != NULL && of->target != NULL ? history_of(h, of->target) : NULL;
	for (size_t i = 0; t != NULL && i < t->n; i++) {
		struct rp_attempt *a = &t->all[i];
		if (a->result != of && a->intent != of)
			continue;
		a->review = e;
		if (e->kind == RP_ENTRY_DECISION && a->open) {
			a->open = false;
			a->closed_by = e->number;
		}
	}
}

static const char *point_of(const struct rp_attempt *a)
{
	const struct rp_entry *e = a->result != NULL ? a->result : a->intent;
	const char *point = e != NULL ? rp_entry_says(e, RP_SAYS_POINT) : NULL;
	return point != NULL ? point : "";
}

static const char *verdict_of(const struct rp_entry *result)
{
	const char *verdict = rp_entry_says(result, RP_SAYS_VERDICT);
	return verdict != NULL ? verdict : "";
}

static bool is_pass(const struct rp_entry *result)
{
	return result != NULL && strcmp(verdict_of(result), "verified") == 0 &&
	       rp_entry_number(result, RP_SAYS_STATUS) == 0;
}

static bool is_failure(const struct rp_entry *result)
{
	const char *verdict = verdict_of(result);
	return strcmp(verdict, "failed") == 0 || strcmp(verdict, "untrusted") == 0;
}

/* A pass of the same point answers its failures. */
static void close_failures(struct rp_target_history *t, const struct rp_entry *pass)
{
	const char *point = rp_entry_says(pass, RP_SAYS_POINT);
	for (size_t i = 0; i < t->n; i++)
		if (t->all[i].open && strcmp(point_of(&t->all[i]), point) == 0) {
			t->all[i].open = false;
			t->all[i].closed_by = pass->number;
		}
}

static void take_result(struct rp_target_history *t, const struct rp_entry *e)
{
	struct rp_attempt *a = attempt_of(t, rp_entry_number(e, RP_SAYS_INTENT));
	if (a == NULL || a->result != NULL)
		a = &t->all[t->n++];
	a->result = e;
	a->open = is_failure(e);
	if (is_pass(e)) {
		t->last_pass = e;
		close_failures(t, e);
	}
}

static void take(struct rp_history *h, const struct rp_chain *c, const struct rp_entry *e)
{
	struct rp_target_history *t = e->target != NULL ? history_of(h, e->target) : NULL;
	if (!counts(e))
		return;
	if (e->kind == RP_ENTRY_REVIEW || e->kind == RP_ENTRY_DECISION)
		take_answer(h, c, e);
	else if (t != NULL && e->kind == RP_ENTRY_INTENT)
		t->all[t->n++].intent = e;
	else if (t != NULL && e->kind == RP_ENTRY_RESULT)
		take_result(t, e);
}

static int make_room(struct rp_history *h, const struct rp_chain *c, struct rp_err **err)
{
	for (size_t i = 0; i < h->n; i++) {
		size_t n = 1;
		for (size_t j = 0; j < c->n; j++)
			n += is_about(&c->all[j], h->all[i].target);
		h->all[i].all = rp_arena_array(c->memory, n, sizeof *h->all[i].all);
		if (h->all[i].all == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return 0;
}

static void count(struct rp_target_history *t, size_t i, int64_t now_ms)
{
	struct rp_attempt *a = &t->all[i];
	bool untold = false;
	if (a->result == NULL) {
		a->abandoned = i + 1 < t->n || now_ms - DAY_MS > a->intent->at_ms;
		t->abandoned += a->abandoned;
		untold = a->abandoned;
	} else if (is_pass(a->result)) {
		t->passed++;
	} else if (is_failure(a->result)) {
		t->failed++;
	} else {
		t->untold++;
		untold = true;
	}
	t->open += a->open;
	t->untold_in_a_row = untold ? t->untold_in_a_row + 1 : 0;
}

static void count_all(struct rp_target_history *t, int64_t now_ms)
{
	t->passed = t->failed = t->untold = t->abandoned = t->open = t->untold_in_a_row = 0;
	for (size_t i = 0; i < t->n; i++)
		count(t, i, now_ms);
}

void rp_history_begin(struct rp_history *h, const char *target)
{
	struct rp_target_history *t = history_of(h, target);
	if (t != NULL)
		count_all(t, INT64_MAX);
}

int rp_history_of(struct rp_history *ret, const struct rp_chain *c, int64_t now_ms, struct rp_err **err)
{
	*ret = (struct rp_history){0};
	if (name_targets(ret, c, err) < 0 || make_room(ret, c, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		take(ret, c, &c->all[i]);
	for (size_t i = 0; i < ret->n; i++)
		count_all(&ret->all[i], now_ms);
	return 0;
}

size_t rp_history_earlier(const struct rp_target_history *h, const char *point, struct rp_buf *ret_how,
			  uint64_t *ret_open)
{
	size_t n = 0, of = 0;
	*ret_open = 0;
	for (size_t i = 0; h != NULL && i < h->n; i++)
		of += strcmp(point_of(&h->all[i]), point) == 0;
	if (of > EARLIER_SHOWN)
		rp_buf_addf(ret_how, "%zu and then ", of - EARLIER_SHOWN);
	for (size_t i = 0; h != NULL && i < h->n; i++) {
		const struct rp_attempt *a = &h->all[i];
		if (strcmp(point_of(a), point) != 0)
			continue;
		if (n + EARLIER_SHOWN >= of)
			rp_buf_addf(ret_how, "%s%s", n > 0 && n + EARLIER_SHOWN > of ? ", " : "",
				    a->result != NULL ? verdict_of(a->result) : "abandoned");
		n++;
		if (a->open)
			*ret_open = a->result->number;
	}
	return n;
}

bool rp_history_overdue(const struct rp_target_history *h, int64_t due_ms, int64_t now_ms)
{
	const struct rp_entry *pass = h != NULL ? h->last_pass : NULL;
	return pass == NULL || pass->at_ms > now_ms + SKEW_MS || now_ms - pass->at_ms > due_ms;
}
