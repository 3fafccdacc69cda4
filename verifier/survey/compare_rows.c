/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/compare.h"
#include "verifier/survey/sample.h"
#include "verifier/util/error.h"

static int cannot_tell(struct rp_row_changes *c, struct rp_err **err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int cannot_tell(struct rp_row_changes *c, struct rp_err **err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vasprintf(&c->reason, fmt, args);
	va_end(args);
	if (n < 0) {
		c->reason = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	c->incomparable = c->reason;
	return 0;
}

/* Sums of differently made rows say nothing. A column's type is for people and not compared here. */
static int comparable(struct rp_row_changes *c, const struct rp_relation *sealed,
		      const struct rp_relation *found, struct rp_err **err)
{
	if (sealed->not_surveyed != NULL)
		return cannot_tell(c, err, "not surveyed when it was sealed: %s", sealed->not_surveyed);
	if (found == NULL)
		return 0;
	if (found->not_surveyed != NULL)
		return cannot_tell(c, err, "not surveyed: %s", found->not_surveyed);
	if (found->n_columns != sealed->n_columns)
		return cannot_tell(c, err, "sealed with %zu columns, read with %zu", sealed->n_columns,
				   found->n_columns);
	for (size_t i = 0; i < sealed->n_columns; i++) {
		const struct rp_column *a = &sealed->columns[i], *b = &found->columns[i];
		if (strcmp(a->name, b->name) != 0 || strcmp(a->encoding, b->encoding) != 0 ||
		    a->key != b->key)
			return cannot_tell(
				c, err,
				"column %zu was sealed as '%s' (%s, key %u) and read as '%s' (%s, key %u)",
				i + 1, a->name, a->encoding, a->key, b->name, b->encoding, b->key);
	}
	if (sealed->strong != NULL && found->strong == NULL)
		return cannot_tell(c, err, "sealed with a strong digest, read without one");
	return 0;
}

/* Not one of the sums alone: rows that differ must not be missed because one sum was forged or unlucky. */
static void find_differences(struct rp_row_changes *c, const struct rp_relation *sealed,
			     const struct rp_relation *found)
{
	c->differ = found == NULL || sealed->rows != found->rows || sealed->digest.lo != found->digest.lo ||
		    sealed->digest.hi != found->digest.hi ||
		    (sealed->strong != NULL && memcmp(sealed->strong, found->strong, RP_STRONG_LEN) != 0);
	for (size_t i = 0; i < sealed->n_columns; i++) {
		c->columns[i] = found == NULL ? sealed->rows > 0
					      : sealed->columns[i].digest != found->columns[i].digest ||
							sealed->columns[i].nulls != found->columns[i].nulls;
		c->differ |= c->columns[i];
	}
}

static void name_change(struct rp_row_changes *c, enum rp_change change, const struct rp_sketch_item *sealed,
			const struct rp_sketch_item *found)
{
	uint64_t *const counts[] = {
		[RP_LOST] = &c->lost, [RP_CHANGED] = &c->changed, [RP_GAINED] = &c->gained};
	++*counts[change];
	c->all[c->n++] = (struct rp_row_change){.change = change,
						.key = sealed != NULL ? sealed->key : found->key,
						.sealed_hash = sealed != NULL ? sealed->row_hash : 0,
						.found_hash = found != NULL ? found->row_hash : 0};
}

static bool same_key(const struct rp_sketch_item *a, const struct rp_sketch_item *b)
{
	return a->key.len > 0 && a->key.len == b->key.len &&
	       memcmp(a->key.bytes, b->key.bytes, a->key.len) == 0;
}

/* Items of one key lie together, the sealed ones first; without keys every row stands for itself. */
static int pair(struct rp_row_changes *c, const struct rp_sketch_items *items, struct rp_err **err)
{
	c->all = calloc(items->n + 1, sizeof *c->all);
	if (c->all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0, gained, end; i < items->n; i = end) {
		for (end = i + 1; end < items->n && same_key(&items->all[i], &items->all[end]);)
			end++;
		for (gained = i; gained < end && items->all[gained].sign > 0;)
			gained++;
		size_t lost = i, border = gained;
		for (; lost < border && gained < end; lost++, gained++)
			name_change(c, RP_CHANGED, &items->all[lost], &items->all[gained]);
		for (; lost < border; lost++)
			name_change(c, RP_LOST, &items->all[lost], NULL);
		for (; gained < end; gained++)
			name_change(c, RP_GAINED, NULL, &items->all[gained]);
	}
	return 0;
}

/* What the named rows add up to must be what the counts and digests differ by: neither sketch is believed
 * against the sums. */
static bool adds_up(const struct rp_sketch_items *items, const struct rp_relation *sealed,
		    uint64_t found_rows, uint64_t found_lo)
{
	uint64_t rows = found_rows, lo = found_lo;
	for (size_t i = 0; i < items->n; i++) {
		rows += items->all[i].sign > 0 ? 1 : UINT64_MAX;
		lo += items->all[i].sign > 0 ? items->all[i].row_hash : -items->all[i].row_hash;
	}
	return items->n > 0 && rows == sealed->rows && lo == sealed->digest.lo;
}

/* Rows that differ, a changed one counted once, out of the sketch's count of both sides' rows. */
static uint64_t rows_out_of(uint64_t items, uint64_t sealed, uint64_t found)
{
	uint64_t net = sealed > found ? sealed - found : found - sealed,
		 most = sealed > found ? sealed : found;
	uint64_t n = items > net ? net + (items - net) / 2 : net;
	n = n < most ? n : most;
	return n > 0 ? n : 1;
}

/* What only one side has. NULL: there are no two sketches of one shape, and no rows are named. */
static int subtract(struct rp_sketch **ret, const struct rp_relation *sealed, const struct rp_relation *found,
		    struct rp_err **err)
{
	if (sealed->sketch == NULL || (found != NULL && found->sketch == NULL))
		return 0;
	rp_auto(rp_sketch) left = NULL;
	if (rp_sketch_new_like(&left, sealed->sketch, err) < 0)
		return -1;
	if (rp_sketch_merge(left, sealed->sketch, NULL) == 0 &&
	    (found == NULL || rp_sketch_subtract(left, found->sketch, NULL) == 0))
		*ret = rp_take(left);
	return 0;
}

/* Too many for the sketch: some of them, and where all of them are. A single cell is believed, for the row in it is
 * proved by a keyed hash of 64 bits; that a changed row is one, by the restored row. */
static int locate(struct rp_row_changes *c, const struct rp_relation *sealed, const struct rp_relation *found,
		  struct rp_err **err)
{
	if (found == NULL)
		return 0;
	if (sealed->ranges != NULL && found->ranges != NULL &&
	    rp_ranges_compare(&c->ranges, sealed->ranges, found->ranges, err) < 0)
		return -1;
	if (sealed->sample == NULL || found->sample == NULL)
		return 0;
	rp_auto(rp_sample) left = NULL;
	struct rp_sketch_items items = {0};
	if (rp_sample_new_like(&left, sealed->sample, err) < 0 ||
	    rp_sample_merge(left, sealed->sample, err) < 0)
		return -1;
	if (rp_sample_subtract(left, found->sample, NULL) < 0)
		return 0; /* of another shape: nothing is known */
	if (rp_sample_decode(left, &items, err) < 0)
		return -1;
	int r = pair(c, &items, err);
	free(items.all);
	if (rp_sample_has_twins(left))
		c->sample = rp_take(left);
	return r;
}

static int decode(struct rp_row_changes *c, const struct rp_relation *sealed, const struct rp_relation *found,
		  struct rp_err **err)
{
	uint64_t found_rows = found != NULL ? found->rows : 0,
		 found_lo = found != NULL ? found->digest.lo : 0;
	rp_auto(rp_sketch) left = NULL;
	if (subtract(&left, sealed, found, err) < 0)
		return -1;
	struct rp_sketch_items items = {0};
	if (left != NULL && rp_sketch_decode(left, &items, err) < 0)
		return -1;
	c->complete = items.complete && adds_up(&items, sealed, found_rows, found_lo);
	c->estimate = rows_out_of(items.estimate, sealed->rows, found_rows);
	c->estimate_most = items.estimate > c->estimate ? items.estimate : c->estimate;
	int r = c->complete ? pair(c, &items, err) : locate(c, sealed, found, err);
	if (c->complete)
		c->estimate = c->estimate_most = c->n;
	free(items.all);
	return r;
}

int rp_compare_rows(struct rp_row_changes *ret, const struct rp_relation *sealed,
		    const struct rp_relation *found, struct rp_err **err)
{
	*ret = (struct rp_row_changes){.n_columns = sealed->n_columns};
	ret->columns = calloc(sealed->n_columns + 1, sizeof *ret->columns);
	if (ret->columns == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (comparable(ret, sealed, found, err) < 0)
		goto fail;
	if (ret->incomparable != NULL)
		return 0;
	find_differences(ret, sealed, found);
	if (!ret->differ || (found == NULL && sealed->rows == 0)) {
		ret->complete = true;
		return 0;
	}
	if (decode(ret, sealed, found, err) == 0)
		return 0;
fail:
	rp_row_changes_done(ret);
	return -1;
}

void rp_row_changes_done(struct rp_row_changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->all[i].row);
	free(c->all);
	free(c->columns);
	free(c->altered);
	free(c->reason);
	free(c->ranges.all);
	rp_sample_free(c->sample);
	*c = (struct rp_row_changes){0};
}
