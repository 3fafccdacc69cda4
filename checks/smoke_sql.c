/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

static void judge(struct rp_findings *to, const struct rp_smoke *s, const struct rp_reply *got)
{
	char rows[32], wanted[64];

	snprintf(rows, sizeof(rows), "%llu rows", (unsigned long long)got->rows);
	switch (s->expect) {
	case RP_EXPECT_NO_ROWS:
		if (got->rows == 0)
			rp_answer_pass(to, s->name, 1, "no rows", "no rows, as expected");
		else
			rp_fail(to, s->name, "no rows", rows, "expected no rows");
		return;
	case RP_EXPECT_VALUE:
		if (got->first && strcmp(got->first, s->value) == 0)
			rp_answer_pass(to, s->name, 1, got->first, "the value that was expected");
		else
			rp_fail(to, s->name, s->value,
				got->first  ? got->first
				: got->rows ? "NULL"
					    : "no rows",
				"expected another value");
		return;
	case RP_EXPECT_AT_LEAST:
		snprintf(wanted, sizeof(wanted), "at least %llu rows", (unsigned long long)s->at_least);
		if (got->rows >= s->at_least)
			rp_answer_pass(to, s->name, 1, rows, "as many rows as expected");
		else
			rp_fail(to, s->name, wanted, rows, "expected more rows");
		return;
	}
}

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	const struct rp_engine *engine = rp_db_engine(e->db);

	if (e->target->n_smoke == 0) {
		rp_answer_excused(to, "", RP_BY_DAMAGE, 0, "no smoke SQL was given");
		return 0;
	}
	if (!engine->ask) {
		rp_not_run(to, "", "%s has no language to ask in", engine->name);
		return 0;
	}
	for (size_t i = 0; i < e->target->n_smoke; i++) {
		const struct rp_smoke *s = &e->target->smoke[i];
		struct rp_question q = {.text = s->text, .role = s->role, .limit_ms = s->limit_ms};
		struct rp_reply got = {0};
		rp_autoerr struct rp_err *why = NULL;

		if (engine->ask(rp_db_conn(e->db, 0), &q, &got, &why) == 0) {
			judge(to, s, &got);
			free(got.first);
		} else if (rp_err_kind(why) == RP_ERR_OBJECT) {
			/* One question that cannot be answered does not keep the next from being asked. */
			rp_answer_error(to, s->name, why);
		} else {
			return rp_err_set(err, rp_err_kind(why), "'%s': %s", s->name, rp_err_text(why));
		}
	}
	return 0;
}

const struct rp_check rp_check_smoke_sql = {
	.name = "smoke.sql",
	.summary = "the user's own questions get the answers that were expected",
	.severity = RP_HIGH,
	.needs = RP_NEEDS_FOUND,
	.run = run,
};
