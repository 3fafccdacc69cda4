/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define SAID_SHOWN 4000 /* bytes of what a failed restore's tool said */

/* Asking every question, and all that a check should not have to think of. */

struct asked {
	const struct rp_evidence *e;
	struct rp_result *result;
	struct rp_findings *to;
	size_t mark; /* findings before this question */
	int64_t began_ms;
};

static bool is_among(const char *const *list, const char *name)
{
	for (; list && *list; list++) {
		if (strcmp(*list, name) == 0)
			return true;
	}
	return false;
}

static void excuse_all(struct asked *a)
{
	for (size_t i = a->mark; i < a->to->n; i++) {
		if (a->to->all[i].verdict == RP_NOT_RUN)
			a->to->all[i].excused = true;
	}
}

static void not_run(struct asked *a, bool excused, const char *why)
{
	rp_not_run(a->to, "", "%s", why);
	if (excused)
		excuse_all(a);
}

/* Was it left out by choice? */
static const char *deselected(const struct rp_target *t, const char *name)
{
	if (t->only && !is_among(t->only, name))
		return "left out: --check names others";
	return is_among(t->skip, name) ? "left out: --skip names it" : NULL;
}

static const char *lacking(const struct rp_evidence *e, unsigned needs)
{
	if ((needs & RP_NEEDS_MANIFEST) && !e->manifest)
		return e->target->without_manifest ? "there is no manifest to compare with"
						   : "there is no trusted manifest to compare with";
	if ((needs & RP_NEEDS_ARTIFACT) && !e->artifact)
		return "the backup was not opened";
	if ((needs & RP_NEEDS_RESTORE) && !e->restored.format)
		return "the backup was not restored";
	if ((needs & RP_NEEDS_FOUND) && (!e->db || !e->found))
		return "the restored database was not surveyed";
	return NULL;
}

/* A restore that failed: the first messages of its tool are what a person works from. */
static void tell_what_was_said(struct asked *a)
{
	const char *said = a->e->restored.said;

	if (a->e->restored.format || !said || !*said || a->to->n == a->mark)
		return;
	a->to->all[a->to->n - 1].found = rp_findings_text(a->to, "%.*s", SAID_SHOWN, said);
}

/* Answer what need not be asked. True: it is answered. */
static bool settled(struct asked *a, const char *name, unsigned needs, bool required)
{
	const struct rp_evidence *e = a->e;
	const char *why = deselected(e->target, name);

	for (size_t i = 0; i < a->mark; i++) {
		if (strcmp(a->to->all[i].check, name) == 0)
			return true;
	}
	if (e->stopped_at && strcmp(e->stopped_at, name) == 0) {
		rp_answer_error(a->to, "", e->stopped);
		tell_what_was_said(a);
		return true;
	}
	if (why) {
		not_run(a, !required, why);
		return true;
	}
	why = lacking(e, needs);
	if (!why)
		return false;
	/* Without a manifest there is nothing to compare with, and the user has said so; but what is not there
	 * because the run stopped is not excused. */
	bool chosen = e->target->without_manifest && (needs & RP_NEEDS_MANIFEST) && !e->stopped_at;
	not_run(a, chosen, why);
	return true;
}

static uint64_t looked_at(const struct asked *a)
{
	uint64_t n = 0;

	for (size_t i = a->mark; i < a->to->n; i++)
		n += a->to->all[i].looked ? a->to->all[i].looked : 1;
	return n;
}

/* What was expected against what was answered: a check that quietly looks at less must not pass. */
static void account(struct asked *a, const struct rp_check *c, uint64_t expected, uint64_t looked)
{
	if (looked < expected) {
		rp_answer(a->to, &(struct rp_finding){
					 .object = "",
					 .verdict = RP_ERROR,
					 .message = "fewer things were looked at than the manifest names",
				 });
	} else if (a->to->n == a->mark) {
		/* A required question about nothing proves nothing: it stays a 2. */
		if (expected == 0)
			not_run(a, !c->required, "the manifest names nothing that this is about");
		else
			not_run(a, true, "what this is about is gone or was left out: see schema.objects");
	}
}

/* What differs from what was sealed may be what was written between two moments. */
static void set_apart(struct asked *a)
{
	const char *why = rp_evidence_elsewhere(a->e);

	for (size_t i = a->mark; i < a->to->n && why; i++) {
		struct rp_finding *f = &a->to->all[i];
		if (f->verdict != RP_FAIL || f->cause != RP_BY_DAMAGE)
			continue;
		f->verdict = RP_ERROR;
		f->cause = RP_BY_MOMENT;
		f->message = rp_findings_text(a->to, "%s%s%s", f->message ? f->message : "",
					      f->message ? "; " : "", why);
	}
}

static void ask(struct asked *a, const struct rp_check *c)
{
	const struct rp_survey *sealed = rp_evidence_sealed(a->e);
	rp_autoerr struct rp_err *err = NULL;
	uint64_t expected = 1, looked = 0;
	unsigned needs = c->needs | (c->concern ? RP_NEEDS_BOTH : 0);

	if (settled(a, c->name, needs, c->required))
		return;
	if (c->concern)
		expected = rp_concern_expects(c, sealed);
	else if (c->expects && sealed)
		expected = c->expects(sealed);
	int done = c->concern ? rp_concern_ask(c, a->e, a->to, &looked, &err) : c->run(a->e, a->to, &err);
	if (done < 0)
		rp_answer_error(a->to, "", err);
	else
		account(a, c, expected, c->concern ? looked : looked_at(a));
	if ((needs & RP_NEEDS_BOTH) == RP_NEEDS_BOTH)
		set_apart(a);
}

/* Was this the answer at the source, too? There it became a line of the coverage. */
static bool is_sealed_so(const struct rp_survey *sealed, const struct rp_finding *f)
{
	rp_autobuf said = RP_BUF_INIT(64U << 10);

	rp_buf_addf(&said, "%s%s%s", f->object, *f->object ? ": " : "", f->message ? f->message : "");
	for (size_t i = 0; i < sealed->n_coverage && !said.failed; i++) {
		const struct rp_coverage *c = &sealed->coverage[i];
		if (strcmp(c->what, f->check) == 0 && c->reason && strcmp(c->reason, rp_buf_text(&said)) == 0)
			return true;
	}
	return false;
}

/* What a source has, a faithful copy of it has. It is told all the same. */
static void inherit(struct asked *a)
{
	const struct rp_survey *sealed = rp_evidence_sealed(a->e);

	for (size_t i = a->mark; i < a->to->n && sealed; i++) {
		struct rp_finding *f = &a->to->all[i];
		if ((f->verdict != RP_FAIL && f->verdict != RP_NOT_RUN) || !is_sealed_so(sealed, f))
			continue;
		if (f->verdict == RP_FAIL)
			f->verdict = RP_PASS;
		else
			f->excused = true;
		f->looked = f->looked ? f->looked : 1;
		f->message = rp_findings_text(a->to, "%s; the source was so when it was sealed",
					      f->message ? f->message : "");
	}
}

/* A dump's own server wrote the pages: they say that its disk did not spoil the other answers, and nothing of the backup.
 * What a physical backup is compared with may be the backup's as well. */
static void tell_whose(struct asked *a, const struct rp_engine_test *t)
{
	bool physical = a->e->restored.format && a->e->restored.format->physical;
	const char *whose = physical   ? t->brought
			    : t->pages ? "pages that the restored server wrote itself: a dump carries none"
				       : NULL;

	for (size_t i = a->mark; i < a->to->n && whose; i++) {
		struct rp_finding *f = &a->to->all[i];
		if (f->verdict == RP_PASS)
			f->message = rp_findings_text(a->to, "%s", whose);
	}
}

static void ask_engine(struct asked *a, const struct rp_engine_test *t)
{
	rp_autoerr struct rp_err *err = NULL;

	if (settled(a, t->name, RP_NEEDS_FOUND, false))
		return;
	/* Reading every page would take as long as the survey, and say nothing of the backup. */
	if (t->pages && a->e->restored.format && !a->e->restored.format->physical &&
	    !is_among(a->e->target->only, t->name) && !is_among(a->e->target->require, t->name)) {
		rp_answer_excused(a->to, "", RP_BY_FORMAT, 0,
				  "a dump brings no pages, and the scratch server wrote its own; "
				  "'--check %s' has those read",
				  t->name);
		return;
	}
	const char *moot = t->moot ? t->moot(rp_db_conn(a->e->db, 0)) : NULL;
	if (moot) {
		not_run(a, true, moot);
		return;
	}
	if (t->run(rp_db_conn(a->e->db, 0), a->e->found, a->to, &err) < 0)
		rp_answer_error(a->to, "", err);
	else if (a->to->n == a->mark)
		not_run(a, false, "it gave no answer");
	if (t->inherited)
		inherit(a);
	tell_whose(a, t);
}

/* Somebody answers for it, and it ends within a year: without that it is a hole, and not a decision. */
#define WAIVED_MAX_MS (INT64_C(366) * 24 * 60 * 60 * 1000)

static bool is_valid(const struct rp_waiver *w, int64_t now_ms)
{
	return w->reason && *w->reason && w->owner && *w->owner && now_ms < w->until_ms &&
	       w->until_ms - now_ms <= WAIVED_MAX_MS;
}

static void accept(struct asked *a, struct rp_finding *f, const struct rp_waiver *w)
{
	char until[RP_TIME_TEXT];

	rp_time_format(w->until_ms, until);
	f->verdict = RP_WAIVED;
	f->message = rp_findings_text(a->to, "%s%saccepted by %s until %s: %s", f->message ? f->message : "",
				      f->message ? "; " : "", w->owner, until, w->reason);
}

/* Whoever looks for the reason of a failure that was accepted until yesterday finds it there. */
static void regret(struct asked *a, struct rp_finding *f, const struct rp_waiver *w)
{
	char until[RP_TIME_TEXT];

	if (a->result->started_ms < w->until_ms)
		return;
	rp_time_format(w->until_ms, until);
	f->message = rp_findings_text(a->to, "%s%sit was accepted by %s until %s, which is over",
				      f->message ? f->message : "", f->message ? "; " : "",
				      w->owner ? w->owner : "nobody", until);
}

/* A waiver covers one failure of one check about one object, as long as it lasts; never one of a final check. */
static void waive(struct asked *a, const char *check)
{
	const struct rp_target *t = a->e->target;

	for (size_t i = a->mark; i < a->to->n; i++) {
		struct rp_finding *f = &a->to->all[i];
		for (size_t w = 0; f->verdict == RP_FAIL && w < t->n_waivers; w++) {
			if (strcmp(t->waivers[w].check, check) != 0 ||
			    strcmp(t->waivers[w].object, f->object) != 0)
				continue;
			if (is_valid(&t->waivers[w], a->result->started_ms))
				accept(a, f, &t->waivers[w]);
			else
				regret(a, f, &t->waivers[w]);
		}
	}
}

static void begin(struct asked *a, const char *name, enum rp_severity severity)
{
	a->mark = a->to->n;
	a->began_ms = rp_run_clock_ms();
	rp_ask(a->to, name, severity);
}

static void end(struct asked *a, const char *name)
{
	rp_result_timing(a->result, "check", name, rp_run_clock_ms() - a->began_ms);
}

/* What the user requires has to have an answer: no reason, however good, stands in for one. */
static void insist(struct asked *a, const char *name)
{
	bool answered = false;

	if (!is_among(a->e->target->require, name))
		return;
	for (size_t i = 0; i < a->to->n && !answered; i++) {
		const struct rp_finding *f = &a->to->all[i];
		answered = strcmp(f->check, name) == 0 && f->verdict != RP_NOT_RUN && f->looked > 0;
	}
	for (size_t i = 0; i < a->to->n && !answered; i++) {
		struct rp_finding *f = &a->to->all[i];
		if (strcmp(f->check, name) != 0 || f->verdict != RP_NOT_RUN)
			continue;
		f->excused = false;
		f->message = rp_findings_text(a->to, "%s%srequired for this target",
					      f->message ? f->message : "", f->message ? "; " : "");
	}
}

/* The tests of another engine are no question here, and whoever requires one has to hear it. */
static void insist_on_the_rest(struct asked *a, const struct rp_engine *engine)
{
	for (const char *const *name = a->e->target->require; name && *name; name++) {
		bool asked = false;
		for (size_t i = 0; i < a->to->n && !asked; i++)
			asked = strcmp(a->to->all[i].check, *name) == 0;
		if (asked)
			continue;
		begin(a, *name, RP_MEDIUM);
		rp_not_run(a->to, "", "required for this target, and no question to %s",
			   engine ? engine->name : "a database that was not restored");
	}
}

void rp_checks_ask(const struct rp_check *const list[], const struct rp_evidence *e, struct rp_result *result)
{
	struct asked a = {.e = e, .result = result, .to = &result->findings};
	const struct rp_engine *engine = rp_evidence_engine(e);

	for (; *list; list++) {
		begin(&a, (*list)->name, (*list)->severity);
		ask(&a, *list);
		end(&a, (*list)->name);
		if (!(*list)->final)
			waive(&a, (*list)->name);
		insist(&a, (*list)->name);
	}
	/* Last: one of them may end the moment that the connection sees. What the other connections have read may
	 * still be locked by them, and a test that waits for such a lock waits for ourselves. */
	if (e->db && engine->tests)
		rp_db_alone(e->db);
	for (const struct rp_engine_test *t = engine ? engine->tests : NULL; t && t->name; t++) {
		begin(&a, t->name, t->severity);
		ask_engine(&a, t);
		end(&a, t->name);
		waive(&a, t->name);
		insist(&a, t->name);
	}
	insist_on_the_rest(&a, engine);
}

void rp_checks_run(const struct rp_evidence *e, struct rp_result *result)
{
	rp_checks_ask(rp_checks, e, result);
}
