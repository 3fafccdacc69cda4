/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

static void equal(struct rp_findings *to, const struct rp_relation *r)
{
	char digest[33];

	snprintf(digest, sizeof(digest), "%016llx%016llx", (unsigned long long)r->digest.hi,
		 (unsigned long long)r->digest.lo);
	rp_answer(to, &(struct rp_finding){.object = r->name,
					   .verdict = RP_PASS,
					   .looked = 1,
					   .expected = digest,
					   .found = digest});
}

/* Sums that agree are not enough where the manifest carries the digest that cannot be forged. */
static bool forged(const struct rp_relation *sealed, const struct rp_relation *found)
{
	return sealed->strong &&
	       (!found->strong || memcmp(sealed->strong, found->strong, RP_STRONG_LEN) != 0);
}

static int compare(const struct rp_evidence *e, struct rp_findings *to, const struct rp_relation *sealed,
		   const struct rp_relation *found, struct rp_err **err)
{
	rp_cleanup(rp_row_changes_done) struct rp_row_changes changes = {0};
	rp_autoerr struct rp_err *why = NULL;

	if (rp_compare_rows(&changes, sealed, found, err) < 0)
		return rp_err_wrap(err, "'%s'", sealed->name);
	if (changes.incomparable) {
		rp_not_run(to, sealed->name, "%s", changes.incomparable);
		return 0;
	}
	if (!changes.differ && !forged(sealed, found)) {
		equal(to, sealed);
		return 0;
	}
	const char *empties = rp_evidence_empties(e, sealed, found);
	if (empties) {
		rp_answer_excused(to, sealed->name, RP_BY_FORMAT, 1, "%s", empties);
		return 0;
	}
	/* What was found out stands whether or not the rows can be looked up: lost ones have only their key. */
	int looked_up = rp_rows_find(e->db, e->found, found, &changes, &why);
	if (looked_up == 0 &&
	    rp_row_changes_columns(&changes, sealed, found, &e->manifest->survey->method, err) < 0)
		return -1;
	rp_answer_rows(to, e, sealed, &changes);
	if (looked_up < 0)
		return rp_err_set(err, rp_err_kind(why), "look up the rows of '%s': %s", sealed->name,
				  rp_err_text(why));
	return 0;
}

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const struct rp_survey *sealed = e->manifest->survey;
	int failed = 0;

	/* The first relation that cannot be looked into does not keep the others from being compared. */
	for (size_t i = 0; i < sealed->n_relations; i++) {
		const struct rp_relation *found = rp_relation_found(e, to, &sealed->relations[i]);
		if (found && compare(e, to, &sealed->relations[i], found, err) < 0)
			failed = -1;
	}
	return failed;
}

const struct rp_check rp_check_relation_digest = {
	.name = "relation.digest",
	.summary = "every relation has the very rows that were sealed",
	.severity = RP_HIGH,
	.needs = RP_NEEDS_BOTH,
	.required = true,
	.expects = rp_relations_expected,
	.run = run,
};
