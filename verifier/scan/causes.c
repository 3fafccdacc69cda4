/* SPDX-License-Identifier: MIT */
#include "verifier/survey/causes.h"
#include <string.h>

#include "verifier/scan/scan.h"
#include "verifier/survey/digest.h"
#include "verifier/util/error.h"

/* How many rows differ: about so many, 0 if that is not known, and no more than. */
static int count_changed(const struct rp_relation *was, const struct rp_relation *r, uint64_t *ret_about,
			 uint64_t *ret_at_most, struct rp_err **err)
{
	rp_cleanup(rp_row_changes_done) struct rp_row_changes changes = {0};
	if (rp_compare_rows(&changes, was, r, err) < 0)
		return -1;
	uint64_t apart = changes.lost > changes.gained ? changes.lost : changes.gained;
	*ret_about = changes.complete ? changes.changed + apart : changes.estimate;
	*ret_at_most = changes.complete ? *ret_about : UINT64_MAX;
	/* Never so far off. */
	if (!changes.complete && changes.estimate_most > 0)
		*ret_at_most = 8 * changes.estimate_most;
	return 0;
}

static bool have_the_same_columns(const struct rp_relation *a, const struct rp_relation *b)
{
	bool same = a->n_columns == b->n_columns;
	for (size_t i = 0; same && i < a->n_columns; i++)
		same = strcmp(a->columns[i].name, b->columns[i].name) == 0;
	return same;
}

int rp_columns_explain(struct rp_db *db, const struct rp_survey *sealed, const struct rp_relation *was,
		       const struct rp_relation *r, const bool *differs, struct rp_buf *out,
		       struct rp_err **err)
{
	const struct rp_engine *engine = rp_db_engine(db);
	rp_auto(rp_causes) causes = NULL;
	uint64_t changed = 0, at_most = UINT64_MAX;
	if (engine->suspicions == NULL || was->rows != r->rows || !have_the_same_columns(was, r))
		return 0;
	if (count_changed(was, r, &changed, &at_most, err) < 0 ||
	    rp_causes_new(&causes, was, r, differs, at_most, rp_method_seed(&sealed->method),
			  engine->suspicions, engine->glimpse, err) < 0 ||
	    engine->stream(rp_db_conn(db, 0), r, NULL, rp_causes_row, causes, err) < 0 ||
	    (rp_causes_explain_all(causes) &&
	     engine->stream(rp_db_conn(db, 0), r, NULL, rp_causes_row_again, causes, err) < 0))
		return rp_err_wrap(err, "look into the columns of '%s'", r->name);
	rp_causes_tell(causes, changed, out);
	return 0;
}
