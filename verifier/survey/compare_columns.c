/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "verifier/survey/compare.h"
#include "verifier/survey/digest.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* What the sums of the found relation are without the rows that it gained. */
static bool without_gained(struct rp_column_sum *sums, const struct rp_row_changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct rp_row_change *r = &c->all[i];
		if (r->change == RP_GAINED &&
		    (r->row == NULL || !rp_column_sums_take(sums, c->n_columns, r->row, r->row_len)))
			return false;
	}
	return true;
}

int rp_row_changes_columns(struct rp_row_changes *c, const struct rp_relation *sealed,
			   const struct rp_relation *found, const struct rp_method *how, struct rp_err **err)
{
	if (!c->complete || c->changed == 0 || c->lost > 0 || found == NULL ||
	    found->n_columns != c->n_columns)
		return 0;
	rp_autofree struct rp_column_sum *sums = calloc(c->n_columns + 1, sizeof *sums);
	rp_autofree bool *altered = calloc(c->n_columns + 1, sizeof *altered);
	if (sums == NULL || altered == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_column_sums_seed(sums, c->n_columns, rp_method_seed(how));
	for (size_t i = 0; i < c->n_columns; i++) {
		sums[i].sum = found->columns[i].digest;
		sums[i].nulls = found->columns[i].nulls;
	}
	if (!without_gained(sums, c))
		return 0;
	for (size_t i = 0; i < c->n_columns; i++)
		altered[i] =
			sums[i].sum != sealed->columns[i].digest || sums[i].nulls != sealed->columns[i].nulls;
	c->altered = rp_take(altered);
	return 0;
}
