/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "checks/answer.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

/* A source that lost its data is sealed, backed up and restored without a fault. Only what was there the last time can
 * tell. Data is deleted on purpose, too: how much of it is too much is for a person to say. */

static uint64_t rows_of(const struct rp_survey *s)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < s->n_relations; i++)
		rows += s->relations[i].rows;
	return rows;
}

/* In percent, rounded up: 0 is none at all. */
static unsigned drop(uint64_t before, uint64_t now)
{
	if (now >= before)
		return 0;
	/* Beyond 2^57 rows the remainder is of no account. */
	uint64_t gone = before - now, unit = before / 100;
	uint64_t percent = unit == 0 ? (gone * 100 + before - 1) / before : gone / unit + (gone % unit != 0);
	return percent > 100 ? 100 : (unsigned)percent;
}

/* Whoever set a limit has to hear that it was not looked at. */
static void untold(struct rp_findings *to, const struct rp_evidence *e, uint64_t entry)
{
	static const char why[] = "what the last proof looked at could not be read";

	if (e->target->max_drop)
		rp_not_run(to, "", "%s (entry %" PRIu64 ")", why, entry);
	else
		rp_answer_excused(to, "", RP_BY_DAMAGE, 0, "%s (entry %" PRIu64 ")", why, entry);
}

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const struct rp_survey *now = e->manifest->survey;
	const struct rp_scope *before = e->proved;
	char expected[96], found[96];

	(void)err;
	if (!before) {
		rp_answer_excused(to, "", RP_BY_DAMAGE, 0,
				  "there is no earlier proof of this target in a ledger to compare with");
		return 0;
	}
	if (!before->went_through) {
		untold(to, e, before->entry);
		return 0;
	}
	uint64_t rows = rows_of(now);
	unsigned by_rows = drop(before->rows, rows),
		 by_relations = drop(before->n_relations, now->n_relations);
	unsigned most = by_rows > by_relations ? by_rows : by_relations;
	(void)snprintf(expected, sizeof(expected), "%zu relations, %" PRIu64 " rows", before->n_relations,
		       before->rows);
	(void)snprintf(found, sizeof(found), "%zu relations, %" PRIu64 " rows", now->n_relations, rows);
	if (e->target->max_drop && most > e->target->max_drop) {
		rp_fail(to, "", expected, found,
			"%u %% fewer than in the last proof (entry %" PRIu64 "); at most %u %% may be gone",
			most, before->entry, e->target->max_drop);
		return 0;
	}
	rp_autobuf message = RP_BUF_INIT(4096);
	if (most > 0)
		rp_buf_addf(&message, "%u %% fewer than in the last proof (entry %" PRIu64 ")%s", most,
			    before->entry, e->target->max_drop ? "" : "; no limit has been set");
	else
		rp_buf_addf(&message, "no fewer than in the last proof (entry %" PRIu64 ")", before->entry);
	rp_answer(to, &(struct rp_finding){.object = "",
					   .verdict = RP_PASS,
					   .looked = 1,
					   .expected = expected,
					   .found = found,
					   .message = rp_buf_text(&message)});
	return 0;
}

const struct rp_check rp_check_scope_drop = {
	.name = "scope.drop",
	.summary = "no more relations and rows are gone since the last proof than --max-drop allows",
	.severity = RP_HIGH,
	.needs = RP_NEEDS_MANIFEST,
	.run = run,
};
