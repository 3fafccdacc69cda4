/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

#define MESSAGE_MAX (4u << 10)

static void compare(const struct rp_evidence *e, struct rp_findings *to, const struct rp_relation *sealed,
		    const struct rp_relation *found)
{
	char expected[32], got[32];
	bool more = found->rows > sealed->rows;
	unsigned long long off = more ? found->rows - sealed->rows : sealed->rows - found->rows;
	const char *lacks = rp_evidence_lacks(e, sealed, found), *apart = rp_evidence_apart(e);
	const char *empties = rp_evidence_empties(e, sealed, found);

	snprintf(expected, sizeof(expected), "%llu", (unsigned long long)sealed->rows);
	snprintf(got, sizeof(got), "%llu", (unsigned long long)found->rows);
	if (off == 0) {
		rp_answer(to, &(struct rp_finding){.object = sealed->name,
						   .verdict = RP_PASS,
						   .looked = 1,
						   .expected = expected,
						   .found = got});
	} else if (empties) {
		rp_answer_excused(to, sealed->name, RP_BY_FORMAT, 1, "its %llu row%s: %s", off,
				  off == 1 ? "" : "s", empties);
	} else if (lacks) {
		rp_autobuf message = RP_BUF_INIT(MESSAGE_MAX);
		rp_buf_addf(&message, "%llu row%s too few, all there were; lossy by the dump format: %s", off,
			    off == 1 ? "" : "s", lacks);
		rp_answer(to, &(struct rp_finding){.object = sealed->name,
						   .verdict = RP_FAIL,
						   .cause = RP_BY_FORMAT,
						   .looked = 1,
						   .expected = expected,
						   .found = got,
						   .message = rp_buf_text(&message)});
	} else if (apart) {
		rp_answer(to, &(struct rp_finding){.object = sealed->name,
						   .verdict = RP_ERROR,
						   .cause = RP_BY_MOMENT,
						   .looked = 1,
						   .expected = expected,
						   .found = got,
						   .message = apart});
	} else {
		rp_fail(to, sealed->name, expected, got, "%llu row%s %s", off, off == 1 ? "" : "s",
			more ? "too many" : "too few");
	}
}

static bool is_new_object(const struct rp_evidence *e, const char *name)
{
	for (size_t i = 0; i < e->differences.n; i++) {
		const struct rp_difference *d = &e->differences.all[i];
		if (d->change == RP_GAINED && !d->fact && strcmp(d->found->name, name) == 0)
			return true;
	}
	return false;
}

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const struct rp_survey *sealed = e->manifest->survey;

	(void)err;
	for (size_t i = 0; i < sealed->n_relations; i++) {
		const struct rp_relation *found = rp_relation_found(e, to, &sealed->relations[i]);
		if (found)
			compare(e, to, &sealed->relations[i], found);
	}
	/* A table that is new is schema.objects' to report. */
	for (size_t i = 0; i < e->found->n_relations; i++) {
		const char *name = e->found->relations[i].name;
		if (!rp_survey_relation(sealed, name) && !is_new_object(e, name))
			rp_fail(to, name, NULL, NULL, "the relation was not there when it was sealed");
	}
	return 0;
}

const struct rp_check rp_check_relation_rows = {
	.name = "relation.rows",
	.summary = "every relation has as many rows as sealed",
	.severity = RP_HIGH,
	.needs = RP_NEEDS_BOTH,
	.required = true,
	.expects = rp_relations_expected,
	.run = run,
};
