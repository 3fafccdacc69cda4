/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/survey/survey.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define TEXT_MAX (64u << 10)

/* Whole numbers of any length, as servers print them. */
static bool is_less(const char *a, const char *b)
{
	bool below = a[0] == '-', b_below = b[0] == '-';
	if (below != b_below)
		return below;
	size_t la = strlen(a), lb = strlen(b);
	int by_size = la != lb ? (la < lb ? -1 : 1) : strcmp(a, b);
	return below ? by_size > 0 : by_size < 0;
}

/* The interval "low..high" that 'again' belongs to as well as 'once', which is a number or such an interval. */
static int add_interval(struct rp_buf *both, const char *once, const char *again, struct rp_err **err)
{
	const char *dots = strstr(once, "..");
	rp_autofree char *low = dots != NULL ? strndup(once, (size_t)(dots - once)) : strdup(once);
	if (low == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	const char *high = dots != NULL ? dots + 2 : once;
	rp_buf_addf(both, "%s..%s", is_less(again, low) ? again : low, is_less(high, again) ? again : high);
	return rp_buf_check(both, err);
}

static int replace(struct rp_survey *s, struct rp_object *o, size_t fact, const char *value,
		   struct rp_err **err)
{
	struct rp_fact *facts = rp_arena_memdup(s->memory, o->facts, o->n_facts * sizeof *facts);
	if (facts == NULL || (facts[fact].value = rp_arena_strdup(s->memory, value)) == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	o->facts = facts;
	return 0;
}

int rp_survey_widen(struct rp_survey *s, struct rp_object *o, const char *again, struct rp_err **err)
{
	for (size_t i = 0; i < o->n_facts; i++) {
		if (strcmp(o->facts[i].name, RP_FACT_POSITION) != 0)
			continue;
		rp_autobuf both = RP_BUF_INIT(TEXT_MAX);
		return add_interval(&both, o->facts[i].value, again, err) < 0
			       ? -1
			       : replace(s, o, i, rp_buf_text(&both), err);
	}
	return 0;
}
