/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "checks/answer.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/store.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define DEFINITION_MAX (16u << 20)

/* Only the text of the same thing's definition, which the versions do not explain. */
static bool may_agree(const struct rp_difference *d)
{
	return d->change == RP_CHANGED && !d->fact && !d->drift && d->sealed->definition &&
	       d->found->definition;
}

/* 1: the sealed definition prints here as the found one does; 0: it does not, or cannot be run here. */
static int agrees_once_run(struct rp_conn *c, const struct rp_engine *engine, const struct rp_difference *d,
			   struct rp_err **err)
{
	rp_autobuf printed = RP_BUF_INIT(DEFINITION_MAX);
	rp_autoerr struct rp_err *why = NULL;

	if (engine->reparse(c, d->sealed, &printed, &why) < 0) {
		/* It cannot be run here, and so proves nothing: the difference stands. */
		if (rp_err_kind(why) == RP_ERR_OBJECT)
			return 0;
		return rp_err_set(err, rp_err_kind(why), "run the sealed definition of '%s': %s",
				  d->sealed->name, rp_err_text(why));
	}
	return !printed.failed && strcmp(rp_buf_text(&printed), d->found->definition) == 0;
}

/* Drop the differences that are none. */
static int reparse(struct rp_evidence *e, struct rp_conn *c, const struct rp_engine *engine,
		   struct rp_err **err)
{
	struct rp_differences *d = &e->differences;
	size_t kept = 0;

	for (size_t i = 0; i < d->n; i++) {
		int agrees = 0;

		if (may_agree(&d->all[i])) {
			if (rp_run_check(rp_db_run(e->db), err) < 0)
				return -1;
			agrees = agrees_once_run(c, engine, &d->all[i], err);
			if (agrees < 0)
				return -1;
		}
		if (!agrees)
			d->all[kept++] = d->all[i];
	}
	d->n = kept;
	return 0;
}

int rp_evidence_compare(struct rp_evidence *e, struct rp_err **err)
{
	const struct rp_engine *engine = rp_db_engine(e->db);
	struct rp_conn *c = NULL;
	bool any = false;

	if (!e->manifest || !e->found)
		return 0;
	if (rp_compare_objects(&e->differences, e->manifest->survey, e->found, engine->drift, err) < 0)
		return rp_err_wrap(err, "compare");
	for (size_t i = 0; i < e->differences.n; i++)
		any = any || may_agree(&e->differences.all[i]);
	if (!any || !engine->reparse)
		return 0;
	/* A connection of its own: the sealed text is run there, and must not be seen by the others' moment. */
	if (engine->connect(&c, rp_db_uri(e->db), rp_db_run(e->db), err) < 0)
		return rp_err_wrap(err, "compare");
	int done = reparse(e, c, engine, err);
	engine->close(c);
	return done;
}

/* Everything that may be open towards the scratch, so that it can be removed. */
static void let_go(struct rp_evidence *e)
{
	rp_db_close(e->db);
	e->db = NULL;
}

void rp_evidence_close(struct rp_evidence *e, struct rp_findings *to)
{
	rp_autoerr struct rp_err *err = NULL;

	if (!e->scratch)
		return;
	let_go(e);
	rp_ask(to, "scratch.removed", RP_MEDIUM);
	if (rp_scratch_remove(e->scratch, &err) < 0)
		rp_answer_error(to, "", err);
	else if (e->scratch->keep && e->scratch->how_to_connect)
		rp_answer_excused(to, "", RP_BY_DAMAGE, 0, "the restored database was left up, as asked for");
	else
		rp_answer_pass(to, "", 1, NULL, "all that was restored has been removed");
}

void rp_evidence_done(struct rp_evidence *e)
{
	let_go(e);
	rp_differences_done(&e->differences);
	rp_survey_free(e->found);
	rp_restored_done(&e->restored);
	rp_scratch_free(e->scratch);
	rp_artifact_free(e->artifact);
	rp_point_free(e->point);
	rp_store_close(e->store);
	/* Last: scratch and differences borrow from its survey. */
	rp_manifest_free(e->manifest);
	rp_err_free(e->stopped);
	*e = (struct rp_evidence){.target = e->target};
}
