/* SPDX-License-Identifier: MIT */
#include "verifier/survey/causes.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "verifier/survey/digest.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* What is longer is not tried: nobody waits for a document to be decoded. */
#define VALUE_MAX (16u << 20)

/* One way in which it may have happened. */
struct trial {
	const struct rp_suspicion *of;
	unsigned way;
	uint64_t sum, nulls, undone;
	bool failed;
};
struct suspect {
	bool differs;
	struct trial *trials;
	size_t n;
	const struct trial *proved;
	struct rp_guess guess;
};
struct rp_causes {
	const struct rp_relation *sealed, *found;
	rp_glimpse_fn *glimpse;
	uint64_t seed, at_most;
	struct rp_column_sum *seeds;
	struct suspect *all; /* one a column */
	struct rp_buf room;
	struct rp_row row; /* as it was, when all is undone */
	struct rp_u128 sum;
	bool all_explained, refuted;
};

static size_t ways_for(const struct rp_suspicion *list, const struct rp_column *column)
{
	size_t n = 0;
	for (; list->ways > 0; list++)
		n += list->suits(column) ? list->ways : 0;
	return n;
}

static int add_trials(struct suspect *s, const struct rp_suspicion *list, const struct rp_column *column,
		      struct rp_err **err)
{
	s->differs = true;
	s->trials = calloc(ways_for(list, column) + 1, sizeof *s->trials);
	if (s->trials == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (; list->ways > 0; list++)
		for (unsigned way = 0; way < list->ways && list->suits(column); way++)
			s->trials[s->n++] = (struct trial){.of = list, .way = way};
	return 0;
}

int rp_causes_new(struct rp_causes **ret, const struct rp_relation *sealed, const struct rp_relation *found,
		  const bool *differs, uint64_t at_most, uint64_t seed, const struct rp_suspicion *list,
		  rp_glimpse_fn *glimpse, struct rp_err **err)
{
	rp_auto(rp_causes) c = calloc(1, sizeof *c);
	if (c == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*c = (struct rp_causes){.sealed = sealed,
				.found = found,
				.glimpse = glimpse,
				.seed = seed,
				.at_most = at_most,
				.room = RP_BUF_INIT(2 * VALUE_MAX),
				.seeds = calloc(found->n_columns + 1, sizeof *c->seeds),
				.all = calloc(found->n_columns + 1, sizeof *c->all)};
	if (c->seeds == NULL || c->all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_column_sums_seed(c->seeds, found->n_columns, seed);
	for (size_t i = 0; i < found->n_columns; i++)
		if (differs[i] && add_trials(&c->all[i], list, &found->columns[i], err) < 0)
			return -1;
	*ret = rp_take(c);
	return 0;
}

void rp_causes_free(struct rp_causes *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; c->all != NULL && i < c->found->n_columns; i++)
		free(c->all[i].trials);
	free(c->all);
	free(c->seeds);
	rp_buf_done(&c->room);
	rp_row_done(&c->row);
	free(c);
}

static int not_a_row(const struct rp_causes *c, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_ENGINE, "'%s': not a row of %zu columns", c->found->name,
			  c->found->n_columns);
}

static bool undo(struct rp_causes *c, const struct trial *t, const struct rp_column *column,
		 const struct rp_field *found, struct rp_field *ret)
{
	rp_buf_reset(&c->room);
	*ret = *found;
	return found->len <= VALUE_MAX && t->of->undo(column, t->way, found, ret, &c->room);
}

static void try_all(struct rp_causes *c, size_t i, const struct rp_field *found)
{
	struct suspect *s = &c->all[i];
	uint64_t seed = c->seeds[i].seed;
	uint64_t hash = found->value != NULL ? XXH3_64bits_withSeed(found->value, found->len, seed) : 0;
	for (size_t k = 0; k < s->n; k++) {
		struct trial *t = &s->trials[k];
		struct rp_field was;
		if (t->failed)
			continue;
		if (!undo(c, t, &c->found->columns[i], found, &was)) {
			t->failed = true;
			continue;
		}
		/* By pointer first: most ways leave most values as they are, without a copy. */
		uint64_t h = was.value == NULL ? 0 : hash;
		if (was.value != NULL && (was.value != found->value || was.len != found->len))
			h = XXH3_64bits_withSeed(was.value, was.len, seed);
		t->undone += h != hash || (was.value == NULL) != (found->value == NULL);
		t->failed = t->undone > c->at_most;
		t->nulls += was.value == NULL;
		t->sum += h;
	}
}

int rp_causes_row(void *causes, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct rp_causes *c = causes;
	const uint8_t *end = row + len;
	struct rp_field f;
	for (size_t i = 0; i < c->found->n_columns; i++) {
		if (rp_row_next(&row, end, &f) <= 0)
			return not_a_row(c, err);
		if (!c->all[i].differs)
			continue;
		try_all(c, i, &f);
		struct rp_glimpse seen = {.as = RP_SEEN_NOTHING};
		if (c->glimpse != NULL && f.value != NULL)
			c->glimpse(&c->sealed->columns[i], &f, &seen); /* whose type may have allowed more */
		rp_guess_add(&c->all[i].guess, &seen, f.len);
	}
	return row == end ? 0 : not_a_row(c, err);
}

bool rp_causes_explain_all(struct rp_causes *c)
{
	bool all = true;
	for (size_t i = 0; i < c->found->n_columns; i++) {
		struct suspect *s = &c->all[i];
		const struct rp_column *sealed = &c->sealed->columns[i];
		for (size_t k = 0; k < s->n && s->proved == NULL; k++) {
			const struct trial *t = &s->trials[k];
			if (!t->failed && t->undone > 0 && t->sum == sealed->digest &&
			    t->nulls == sealed->nulls)
				s->proved = t;
		}
		all = all && (!s->differs || s->proved != NULL);
	}
	c->all_explained = all;
	return all;
}

int rp_causes_row_again(void *causes, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct rp_causes *c = causes;
	const uint8_t *end = row + len;
	struct rp_field f, was;
	rp_row_begin(&c->row);
	for (size_t i = 0; i < c->found->n_columns; i++) {
		const struct trial *t = c->all[i].proved;
		if (rp_row_next(&row, end, &f) <= 0)
			return not_a_row(c, err);
		was = f;
		if (t != NULL)
			(void)undo(c, t, &c->found->columns[i], &f, &was);
		if (was.value != NULL)
			rp_row_add(&c->row, was.value, was.len);
		else
			rp_row_add_null(&c->row);
	}
	if (c->row.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_u128_add(&c->sum, rp_row_hash(c->row.bytes, c->row.len, c->seed));
	return row == end ? 0 : not_a_row(c, err);
}

static void tell_proved(const struct rp_causes *c, const struct trial *t, struct rp_buf *out)
{
	t->of->tell(t->way, out);
	if (t->undone < c->found->rows)
		rp_buf_addf(out, " (in %llu of %llu rows)", (unsigned long long)t->undone,
			    (unsigned long long)c->found->rows);
	if (!c->all_explained)
		rp_buf_add(out, ", by this column's sum alone");
}

void rp_causes_tell(struct rp_causes *c, uint64_t changed, struct rp_buf *out)
{
	bool refuted =
		c->all_explained && (c->sum.lo != c->sealed->digest.lo || c->sum.hi != c->sealed->digest.hi);
	for (size_t i = 0; i < c->found->n_columns; i++) {
		const struct suspect *s = &c->all[i];
		rp_autobuf what = RP_BUF_INIT(1024);
		if (s->proved != NULL && !refuted)
			tell_proved(c, s->proved, &what);
		else if (s->differs && s->proved == NULL)
			rp_guess_tell(&s->guess, changed, c->found->rows, &what);
		if (what.len == 0 || what.failed)
			continue;
		rp_buf_add(out, out->len > 0 ? "; " : "");
		rp_buf_add_plain(out, c->found->columns[i].name);
		rp_buf_addf(out, ": %s", rp_buf_text(&what));
	}
}
