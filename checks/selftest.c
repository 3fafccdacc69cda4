/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "checks/answer.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* "How do you know that it would have failed?" The same checks, over the same copy, damaged on purpose. */

#define TEXT_MAX    (64u << 10)
#define FOUND_SHOWN 8
#define VICTIMS	    8
#define ROWS_LIKED  1000000u /* a relation that is large enough to mean something, and read in a second */

/* Those that compare, and no others: an integrity test looks for other things, and takes its time. */
static const char *const compared[] = {
	"schema.counts",     "schema.objects",	 "relation.rows", "relation.digest",  "relation.columns",
	"sequence.position", "constraint.valid", "index.valid",	  "privilege.grants", NULL,
};

struct selftest {
	const struct rp_evidence *e;
	struct rp_findings *to;
	const struct rp_engine *engine;
	struct rp_db *db; /* a connection of our own, which sees what it has damaged */
	const struct rp_relation *victims[VICTIMS]; /* whose rows are damaged, the first that can be */
	size_t n_victims;
	struct rp_result *before; /* what the checks say undamaged */
};

/* check NULL: any of them. */
static bool fails(const struct rp_result *r, const char *check, const char *object)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		if (f->verdict == RP_FAIL && (!check || strcmp(f->check, check) == 0) &&
		    strcmp(f->object, object) == 0)
			return true;
	}
	return false;
}

/* Rather one with many rows, but not so many that each damage takes minutes. */
static bool is_better(const struct rp_relation *r, const struct rp_relation *than)
{
	bool liked = r->rows <= ROWS_LIKED, than_liked = than->rows <= ROWS_LIKED;

	return liked != than_liked ? liked : liked == (r->rows > than->rows);
}

static void choose_victims(struct selftest *s)
{
	const struct rp_survey *found = s->e->found;

	for (size_t i = 0; i < found->n_relations; i++) {
		const struct rp_relation *r = &found->relations[i];
		size_t at = s->n_victims;

		/* One that differs already cannot show anything. */
		if (r->not_surveyed || !r->source || r->rows < 2 || fails(s->before, NULL, r->name))
			continue;
		while (at > 0 && is_better(r, s->victims[at - 1]))
			at--;
		if (at == VICTIMS)
			continue;
		s->n_victims += s->n_victims < VICTIMS;
		memmove(s->victims + at + 1, s->victims + at, (s->n_victims - at - 1) * sizeof(*s->victims));
		s->victims[at] = r;
	}
}

/* What the checks say of a survey. Definitions are compared as they are printed: both times alike. */
static int ask(const struct selftest *s, struct rp_survey *found, struct rp_result **ret, struct rp_err **err)
{
	struct rp_target target = *s->e->target;
	struct rp_evidence e = *s->e;
	rp_auto(rp_result) result = NULL;

	target.only = compared;
	target.skip = NULL;
	target.n_waivers = 0;
	e.target = &target;
	e.found = found;
	e.db = s->db;
	e.differences = (struct rp_differences){0};
	if (rp_result_new(&result, target.name, err) < 0 ||
	    rp_compare_objects(&e.differences, e.manifest->survey, found, s->engine->drift, err) < 0)
		return -1;
	rp_checks_run(&e, result);
	rp_differences_done(&e.differences);
	*ret = rp_take(result);
	return 0;
}

/* Was it found, by the check that must? And what else was said that was not said before. */
static bool caught(const struct selftest *s, const struct rp_engine_damage *d, const struct rp_result *after,
		   struct rp_buf *by)
{
	bool found = false;
	unsigned told = 0;

	for (size_t i = 0; i < after->findings.n; i++) {
		const struct rp_finding *f = &after->findings.all[i];
		if (f->verdict != RP_FAIL || fails(s->before, f->check, f->object))
			continue;
		found = found || strcmp(f->check, d->caught_by) == 0;
		if (told++ < FOUND_SHOWN) {
			rp_buf_addf(by, "%s%s%s", told > 1 ? ", " : "", f->check, *f->object ? " " : "");
			rp_buf_add_plain(by, f->object);
		}
	}
	if (told > FOUND_SHOWN)
		rp_buf_addf(by, " and %u more", told - FOUND_SHOWN);
	return found;
}

static int look(const struct selftest *s, const struct rp_engine_damage *d, const char *relation,
		const struct rp_buf *what, struct rp_err **err)
{
	rp_auto(rp_survey) found = NULL;
	rp_auto(rp_result) after = NULL;
	rp_autobuf by = RP_BUF_INIT(TEXT_MAX);

	if (rp_survey_retake_one(&found, s->db, s->e->manifest->survey, s->e->found, relation, err) < 0 ||
	    ask(s, found, &after, err) < 0)
		return -1;
	if (caught(s, d, after, &by))
		rp_answer_pass(s->to, d->name, 1, NULL, "%s: found by %s; done to a copy: %s", d->says,
			       rp_buf_text(&by), rp_buf_text(what));
	else
		rp_answer(s->to, &(struct rp_finding){
					 .object = d->name,
					 .verdict = RP_ERROR,
					 .looked = 1,
					 .expected = d->caught_by,
					 .found = rp_buf_text(&by),
					 .message = rp_findings_text(
						 s->to, "%s, and the check that must find it did not: %s",
						 d->says, rp_buf_text(what)),
				 });
	return 0;
}

/* 1: it is done, to *ret where it is about rows; 0: there is nothing here for it, and that is answered. */
static int damage(const struct selftest *s, const struct rp_engine_damage *d, const struct rp_relation **ret,
		  struct rp_buf *what, struct rp_err **err)
{
	struct rp_conn *c = rp_db_conn(s->db, 0);
	rp_autoerr struct rp_err *why = NULL;
	size_t n = d->of_rows ? s->n_victims : 1;

	for (size_t i = 0; i < n; i++) {
		*ret = d->of_rows ? s->victims[i] : NULL;
		rp_buf_reset(what);
		rp_err_free(rp_take(why));
		if (s->engine->damage(c, d, *ret, what, &why) == 0)
			return 1;
		if (rp_err_kind(why) != RP_ERR_OBJECT)
			return rp_err_set(err, rp_err_kind(why), "%s: %s", d->name, rp_err_text(why));
	}
	rp_answer_excused(s->to, d->name, RP_BY_DAMAGE, 0, "%s: %s", d->says,
			  why ? rp_err_text(why) : "no relation has two rows");
	return 0;
}

/* -1: the connection is lost, or the run is to stop. */
static int show(const struct selftest *s, const struct rp_engine_damage *d, struct rp_err **err)
{
	rp_autobuf what = RP_BUF_INIT(TEXT_MAX), shown = RP_BUF_INIT(4 * TEXT_MAX);
	const struct rp_relation *relation = NULL;
	rp_autoerr struct rp_err *why = NULL;

	if (rp_run_check(rp_db_run(s->db), err) < 0)
		return -1;
	int done = damage(s, d, &relation, &what, err);
	if (done <= 0)
		return done;
	rp_buf_add_plain(&shown, rp_buf_text(&what));
	if (look(s, d, relation ? relation->name : NULL, &shown, &why) < 0)
		rp_answer_error(s->to, d->name, why);
	return s->engine->undo(rp_db_conn(s->db, 0), err);
}

static int begin(struct selftest *s, struct rp_err **err)
{
	const struct rp_scratch *scratch = s->e->scratch;
	struct rp_conn *c = NULL;

	if (s->engine->connect(&c, scratch->uri, scratch->run, err) < 0 ||
	    rp_db_of(&s->db, s->engine, scratch->uri, c, scratch->run, err) < 0)
		return -1;
	if (ask(s, s->e->found, &s->before, err) < 0)
		return -1;
	choose_victims(s);
	return 0;
}

static const char *impossible(const struct rp_evidence *e, const struct rp_engine *engine)
{
	if (!e->manifest || !e->found || !e->db)
		return "there are no two surveys to compare: the run did not get so far";
	if (!e->scratch || !e->scratch->faithful)
		return "damages are done on a private server, where the login may do anything";
	return engine && engine->damages ? NULL : "this engine has no damages to show it with";
}

static int run(struct selftest *s, struct rp_err **err)
{
	size_t mark = s->to->n, shown = 0;

	if (begin(s, err) < 0)
		return -1;
	for (const struct rp_engine_damage *d = s->engine->damages; d->name; d++) {
		if (show(s, d, err) < 0)
			return -1;
	}
	for (size_t i = mark; i < s->to->n; i++)
		shown += s->to->all[i].verdict == RP_PASS;
	if (!shown)
		rp_not_run(s->to, "", "nothing was shown: there was nothing here that could be damaged");
	return 0;
}

void rp_selftest_run(struct rp_evidence *e, struct rp_result *result)
{
	struct selftest s = {.e = e, .to = &result->findings, .engine = rp_evidence_engine(e)};
	const char *why = impossible(e, s.engine);
	rp_autoerr struct rp_err *err = NULL;

	rp_ask(s.to, RP_SELFTEST, RP_MEDIUM);
	if (why) {
		rp_not_run(s.to, "", "%s", why);
		return;
	}
	/* What its connections have read they may still hold locks on. */
	rp_db_close(e->db);
	e->db = NULL;
	if (run(&s, &err) < 0)
		rp_answer_error(s.to, "", err);
	rp_db_close(s.db);
	rp_result_free(s.before);
}
