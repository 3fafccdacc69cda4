/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "checks/answer.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define MESSAGE_MAX (8u << 10)

static const struct rp_column *column(const struct rp_relation *r, const char *name)
{
	for (size_t i = 0; i < r->n_columns; i++) {
		if (strcmp(r->columns[i].name, name) == 0)
			return &r->columns[i];
	}
	return NULL;
}

static void tell(struct rp_buf *out, const struct rp_column *sealed, const struct rp_column *found)
{
	rp_buf_add(out, out->len ? ", " : "");
	rp_buf_add_plain(out, sealed->name);
	if (!found)
		rp_buf_add(out, " (gone)");
	else if (found->nulls != sealed->nulls)
		rp_buf_addf(out, " (%llu NULL sealed, %llu found)", (unsigned long long)sealed->nulls,
			    (unsigned long long)found->nulls);
}

static int explain(const struct rp_evidence *e, const struct rp_relation *sealed,
		   const struct rp_relation *found, const bool *differs, struct rp_buf *message,
		   struct rp_err **err)
{
	rp_autobuf causes = RP_BUF_INIT(MESSAGE_MAX);

	if (rp_columns_explain(e->db, e->manifest->survey, sealed, found, differs, &causes, err) < 0)
		return -1;
	if (causes.len && !causes.failed)
		rp_buf_addf(message, "; %s", rp_buf_text(&causes));
	return 0;
}

static int compare(const struct rp_evidence *e, struct rp_findings *to, const struct rp_relation *sealed,
		   const struct rp_relation *found, struct rp_err **err)
{
	rp_autobuf which = RP_BUF_INIT(MESSAGE_MAX);
	rp_autofree bool *differs = calloc(sealed->n_columns + 1, sizeof(*differs));
	size_t n = 0;

	if (!differs)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	/* With a row more or less every column's sum is another one, and that says nothing. */
	if (sealed->rows != found->rows) {
		rp_answer_excused(to, sealed->name, RP_BY_DAMAGE, 0,
				  "the number of rows differs, so every column does: see relation.digest");
		return 0;
	}
	for (size_t i = 0; i < sealed->n_columns; i++) {
		const struct rp_column *f = column(found, sealed->columns[i].name);

		differs[i] =
			!f || f->digest != sealed->columns[i].digest || f->nulls != sealed->columns[i].nulls;
		if (differs[i]) {
			tell(&which, &sealed->columns[i], f);
			n++;
		}
	}
	if (n == 0) {
		rp_answer_pass(to, sealed->name, 1, NULL, "%zu column%s as sealed", sealed->n_columns,
			       sealed->n_columns == 1 ? "" : "s");
		return 0;
	}
	const char *lossy = rp_evidence_loses(e, sealed, differs);
	rp_autobuf message = RP_BUF_INIT(MESSAGE_MAX * 2);
	rp_buf_addf(&message, "%zu of %zu columns differ: %s", n, sealed->n_columns,
		    which.failed ? "too many to be listed" : rp_buf_text(&which));
	/* What differs stands whether or not it can be told why. */
	rp_autoerr struct rp_err *why = NULL;
	int explained = lossy ? 0 : explain(e, sealed, found, differs, &message, &why);
	if (lossy)
		rp_buf_addf(&message, "; lossy by the dump format: %s", lossy);
	bool moment = !lossy && rp_evidence_apart(e);
	rp_answer(to, &(struct rp_finding){.object = sealed->name,
					   .verdict = moment ? RP_ERROR : RP_FAIL,
					   .cause = lossy    ? RP_BY_FORMAT
						    : moment ? RP_BY_MOMENT
							     : RP_BY_DAMAGE,
					   .looked = 1,
					   .message = rp_buf_text(&message)});
	if (explained < 0)
		return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	return 0;
}

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const struct rp_survey *sealed = e->manifest->survey;
	int failed = 0;

	/* The first relation that cannot be looked into does not keep the others from being compared. */
	for (size_t i = 0; i < sealed->n_relations; i++) {
		const struct rp_relation *r = &sealed->relations[i];
		const struct rp_relation *found = rp_survey_relation(e->found, r->name);

		/* What is gone has no columns that could differ, and relation.rows says that it is gone. */
		if (!r->not_surveyed && !found) {
			rp_answer_excused(to, r->name, RP_BY_DAMAGE, 0,
					  "the relation is gone: see relation.rows");
			continue;
		}
		found = rp_relation_found(e, to, r);
		if (found && compare(e, to, r, found, err) < 0)
			failed = -1;
	}
	return failed;
}

const struct rp_check rp_check_relation_columns = {
	.name = "relation.columns",
	.summary = "every column has the values that were sealed: says which one differs",
	.severity = RP_MEDIUM,
	.needs = RP_NEEDS_BOTH,
	.expects = rp_relations_expected,
	.run = run,
};
