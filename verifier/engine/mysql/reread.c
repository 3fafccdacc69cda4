/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/hold.h"
#include "verifier/engine/mysql/objects.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"

/* What moved while the backup was made is known as an interval: whatever the backup saw lies within. */

#define TEXT_MAX (64 << 10)

/* Whole numbers of any length, as the server prints them. */
static bool is_less(const char *a, const char *b)
{
	bool below = a[0] == '-', b_below = b[0] == '-';
	if (below != b_below)
		return below;
	size_t la = strlen(a), lb = strlen(b);
	int by_size = la != lb ? (la < lb ? -1 : 1) : strcmp(a, b);
	return below ? by_size > 0 : by_size < 0;
}

/* The interval "low..high" that 'again' belongs to as well as 'once', which is a number or such an
 * interval. */
static int add_interval(struct rp_buf *both, const char *once, const char *again, struct rp_err **err)
{
	const char *dots = strstr(once, "..");
	rp_autofree char *low = dots != NULL ? strndup(once, (size_t)(dots - once)) : strdup(once);
	if (low == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "no memory for the positions of counters");
	const char *high = dots != NULL ? dots + 2 : once;
	rp_buf_addf(both, "%s..%s", is_less(again, low) ? again : low, is_less(high, again) ? again : high);
	return rp_buf_check(both, err);
}

/* The survey's facts are const to everybody else; what is outside the moment is widened here. */
static int widen(struct rp_survey *into, struct rp_object *o, const char *again, struct rp_err **err)
{
	for (size_t i = 0; i < o->n_facts; i++) {
		if (strcmp(o->facts[i].name, RP_FACT_POSITION) != 0)
			continue;
		rp_autobuf both = RP_BUF_INIT(TEXT_MAX);
		if (add_interval(&both, o->facts[i].value, again, err) < 0)
			return -1;
		struct rp_fact *facts = rp_arena_memdup(into->memory, o->facts, o->n_facts * sizeof *facts);
		if (facts == NULL ||
		    (facts[i].value = rp_arena_strdup(into->memory, rp_buf_text(&both))) == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "no memory for the positions of counters");
		o->facts = facts;
		return 0;
	}
	return 0;
}

static int widen_all(struct rp_survey *into, const struct rp_my_positions *again, struct rp_err **err)
{
	for (size_t i = 0; i < again->n; i++) {
		const struct rp_my_counter *k = &again->all[i];
		const struct rp_object *o = rp_survey_object(into, k->kind, k->name);
		if (o != NULL && widen(into, &into->objects[o - into->objects], k->at, err) < 0)
			return -1;
	}
	return 0;
}

int rp_my_reread(struct rp_conn *conn, struct rp_survey *into, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	rp_autopositions *now = NULL;
	if (rp_my_moment_end(c, err) < 0)
		return -1;
	if (rp_my_note_positions(&now, c, err) < 0)
		return rp_err_wrap(err, "read counters again");
	if (c->seen != NULL && c->seen->before != NULL && widen_all(into, c->seen->before, err) < 0)
		return -1;
	return widen_all(into, now, err);
}
