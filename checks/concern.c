/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Most checks ask whether facts of some objects are as they were sealed. This is all of them at once: it goes
 * through the differences and judges those that are the check's. */

#define NAMES_SHOWN   8 /* of objects that are answered together */
#define MESSAGE_MAX   (8u << 10)
#define SERVER_CANNOT "the restore had no superuser rights on the server that was named"
#define SERVERS_OWN   "it belongs to the server that was named; such a backup carries none"

/* Things with one excuse are one answer: fourteen roles that no dump carries are one sentence, not fourteen. */
struct group {
	const char *kind; /* NULL: of any */
	const char *fact, *why;
	enum rp_cause cause;
	uint64_t n;
	const struct rp_object *first[NAMES_SHOWN];
};
struct asking {
	const struct rp_check *check;
	const struct rp_evidence *e;
	struct rp_findings *to;
	bool *differs; /* of each sealed object */
	struct group *groups;
	size_t n_groups;
};

static bool is_listed(const char *const *facts, const char *fact)
{
	for (; *facts; facts++) {
		if (strcmp(*facts, fact) == 0)
			return true;
	}
	return false;
}

static bool is_kind(const struct rp_check *c, const struct rp_object *o)
{
	return !c->concern->kind || strcmp(c->concern->kind, o->kind) == 0;
}

/* Which check asks for this fact of this object? One that names the kind goes before one that takes any. What
 * none asks for is schema.objects' own, so that a fact which a new engine brings is compared without anybody
 * having thought of it. */
static const struct rp_check *asker(const struct rp_object *o, const char *fact)
{
	const struct rp_check *any = NULL;

	for (const struct rp_check *const *c = rp_checks; *c; c++) {
		const struct rp_concern *concern = (*c)->concern;

		if (!concern || !concern->facts || !is_kind(*c, o) || !is_listed(concern->facts, fact))
			continue;
		if (concern->kind)
			return *c;
		any = *c;
	}
	return any;
}

static bool is_concerned(const struct rp_check *c, const struct rp_object *o)
{
	if (!is_kind(c, o))
		return false;
	if (!c->concern->facts)
		return true;
	for (const char *const *f = c->concern->facts; *f; f++) {
		if (asker(o, *f) == c && rp_object_fact(o, *f))
			return true;
	}
	return false;
}

/* Is this difference the check's to judge? */
static bool is_mine(const struct rp_check *c, const struct rp_difference *d)
{
	const struct rp_object *o = d->sealed ? d->sealed : d->found;

	if (!is_kind(c, o))
		return false;
	if (!d->fact)
		return !c->concern->facts;
	return asker(o, d->fact) == (c->concern->facts ? c : NULL);
}

uint64_t rp_concern_expects(const struct rp_check *check, const struct rp_survey *sealed)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sealed->n_objects; i++)
		n += is_concerned(check, &sealed->objects[i]);
	return n;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static const struct rp_object *object_of(const struct rp_difference *d)
{
	return d->sealed ? d->sealed : d->found;
}

static int excuse(struct asking *a, const struct rp_difference *d, const struct group *like,
		  struct rp_err **err)
{
	struct group *g = NULL;

	for (size_t i = 0; i < a->n_groups && !g; i++) {
		struct group *h = &a->groups[i];
		if (same(h->kind, like->kind) && same(h->fact, d->fact) && same(h->why, like->why))
			g = h;
	}
	if (!g) {
		struct group *more = reallocarray(a->groups, a->n_groups + 1, sizeof(*more));
		if (!more)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		a->groups = more;
		g = &more[a->n_groups++];
		*g = *like;
		g->fact = d->fact;
	}
	if (g->n < NAMES_SHOWN)
		g->first[g->n] = object_of(d);
	g->n++;
	return 0;
}

static void answer_group(struct asking *a, const struct group *g)
{
	rp_autobuf message = RP_BUF_INIT(MESSAGE_MAX);
	const char *of = g->fact ? g->fact : "";

	if (g->n == 1) {
		rp_answer_excused(a->to, g->first[0]->name, g->cause, 1, "%s%s%s not compared: %s", of,
				  *of ? " of the " : "", g->first[0]->kind, g->why);
		return;
	}
	rp_buf_addf(&message, "%s%s%llu ", of, *of ? " of " : "", (unsigned long long)g->n);
	if (g->kind)
		rp_buf_addf(&message, "of kind '%s'", g->kind);
	else
		rp_buf_add(&message, "objects");
	rp_buf_addf(&message, " not compared: %s (", g->why);
	for (size_t i = 0; i < g->n && i < NAMES_SHOWN; i++) {
		rp_buf_add(&message, i ? ", " : "");
		rp_buf_add_plain(&message, g->first[i]->name);
	}
	rp_buf_add(&message, g->n > NAMES_SHOWN ? ", ...)" : ")");
	rp_answer_excused(a->to, g->kind ? g->kind : "", g->cause, g->n, "%s",
			  message.failed ? g->why : rp_buf_text(&message));
}

/* Whoever owns what, and may do what, needs rights to be restored. */
static bool needs_rights(const char *fact)
{
	return fact && (strcmp(fact, RP_FACT_OWNER) == 0 || strcmp(fact, RP_FACT_GRANTS) == 0);
}

static void drifted(struct asking *a, const struct rp_difference *d)
{
	const struct rp_object *o = object_of(d);
	rp_autobuf message = RP_BUF_INIT(MESSAGE_MAX);

	rp_buf_addf(&message, "%s%s%s: %s", d->fact ? d->fact : "", d->fact ? " of the " : "", o->kind,
		    d->drift);
	rp_answer(a->to, &(struct rp_finding){
				 .object = o->name,
				 .verdict = RP_PASS,
				 .cause = RP_BY_VERSION,
				 .looked = 1,
				 .expected = d->expected,
				 .found = d->got,
				 .message = rp_buf_text(&message),
			 });
}

/* A true difference, and nobody's fault but the format's. */
static void reset(struct asking *a, const struct rp_difference *d, const char *why)
{
	rp_autobuf message = RP_BUF_INIT(MESSAGE_MAX);

	rp_buf_addf(&message, "%s of the %s differs; lossy by the dump format: %s", d->fact, d->sealed->kind,
		    why);
	rp_answer(a->to, &(struct rp_finding){
				 .object = d->sealed->name,
				 .verdict = RP_FAIL,
				 .cause = RP_BY_FORMAT,
				 .looked = 1,
				 .expected = d->expected,
				 .found = d->got,
				 .message = rp_buf_text(&message),
			 });
}

static void damaged(struct asking *a, const struct rp_difference *d)
{
	const char *why = rp_evidence_resets(a->e, d);

	if (why)
		reset(a, d, why);
	else if (d->fact)
		rp_fail(a->to, object_of(d)->name, d->expected, d->got, "%s of the %s differs", d->fact,
			object_of(d)->kind);
	else if (d->change == RP_LOST)
		rp_fail(a->to, d->sealed->name, d->expected, NULL, "the %s is gone", d->sealed->kind);
	else if (d->change == RP_GAINED)
		rp_fail(a->to, d->found->name, NULL, d->got, "the %s was not there when it was sealed",
			d->found->kind);
	else
		rp_fail(a->to, d->sealed->name, d->expected, d->got, "the %s is defined differently",
			d->sealed->kind);
}

/* Is it a difference in which nothing that was sealed is lost? What is there only now is our own mark on the scratch;
 * and what an administrator of the sealed server owned belongs to the administrator of this one. */
static bool loses_nothing(const struct asking *a, const struct rp_difference *d)
{
	const struct rp_object *role;
	const char *all;

	if (!d->fact || !d->sealed || !d->found)
		return false;
	if (!rp_object_fact(d->sealed, d->fact))
		return true;
	if (strcmp(d->fact, RP_FACT_OWNER) != 0 || !d->expected)
		return false;
	role = rp_survey_object(rp_evidence_sealed(a->e), "role", d->expected);
	all = role ? rp_object_fact(role, "superuser") : NULL;
	return all && strcmp(all, "true") == 0;
}

static int judge(struct asking *a, const struct rp_difference *d, struct rp_err **err)
{
	const struct rp_concern *concern = a->check->concern;
	const char *why;

	if (concern->agrees && d->expected && d->got && concern->agrees(d->expected, d->got))
		return 0;
	why = rp_evidence_omits(a->e, d->sealed, d->fact);
	/* What is there now alone does not keep what was sealed from being equal. */
	if (d->sealed && !(why && d->fact && !d->expected))
		a->differs[d->sealed - rp_evidence_sealed(a->e)->objects] = true;
	if (why && loses_nothing(a, d))
		return 0;
	if (d->drift) {
		drifted(a, d);
		return 0;
	}
	if (why)
		return excuse(a, d,
			      &(struct group){.kind = d->sealed->kind, .why = why, .cause = RP_BY_FORMAT},
			      err);
	if (rp_evidence_servers_own(a->e, d))
		return excuse(a, d, &(struct group){.kind = d->found->kind, .why = SERVERS_OWN}, err);
	if (rp_evidence_rights_lack(a->e, d) ||
	    (d->sealed && needs_rights(d->fact) && a->e->scratch && !a->e->scratch->faithful))
		return excuse(a, d, &(struct group){.why = SERVER_CANNOT}, err);
	if (concern->always && d->sealed && d->found && (!d->expected || !d->got))
		rp_not_run(a->to, d->sealed->name, "%s of the %s could not be read %s", d->fact,
			   d->sealed->kind, d->expected ? "where it was restored" : "when it was sealed");
	else
		damaged(a, d);
	return 0;
}

/* One answer for all that agree; where every object is asked about, one a kind. */
static void answer_equal(struct asking *a, const struct rp_survey *sealed)
{
	uint64_t equal = 0;

	for (size_t i = 0; i < sealed->n_objects; i++) {
		const struct rp_object *o = &sealed->objects[i];

		equal += is_concerned(a->check, o) && !a->differs[i];
		bool last = i + 1 == sealed->n_objects || strcmp(o->kind, o[1].kind) != 0;
		if (last && equal && !a->check->concern->facts) {
			rp_answer_pass(a->to, o->kind, equal, NULL, "%llu of kind '%s' as sealed",
				       (unsigned long long)equal, o->kind);
			equal = 0;
		}
	}
	if (equal)
		rp_answer_pass(a->to, "", equal, NULL, "%llu as sealed", (unsigned long long)equal);
}

static int ask(struct asking *a, const struct rp_survey *sealed, uint64_t *ret_looked, struct rp_err **err)
{
	for (size_t i = 0; i < a->e->differences.n; i++) {
		const struct rp_difference *d = &a->e->differences.all[i];

		if (is_mine(a->check, d)) {
			if (judge(a, d, err) < 0)
				return -1;
		} else if (!d->fact && d->change == RP_LOST) {
			/* It has no facts any more, and schema.objects says so; it is not among the equal. */
			a->differs[d->sealed - sealed->objects] = true;
		}
	}
	for (size_t i = 0; i < a->n_groups; i++)
		answer_group(a, &a->groups[i]);
	answer_equal(a, sealed);
	for (size_t i = 0; i < sealed->n_objects; i++)
		*ret_looked += is_concerned(a->check, &sealed->objects[i]);
	return 0;
}

int rp_concern_ask(const struct rp_check *check, const struct rp_evidence *e, struct rp_findings *to,
		   uint64_t *ret_looked, struct rp_err **err)
{
	const struct rp_survey *sealed = rp_evidence_sealed(e);
	rp_autofree bool *differs = calloc(sealed->n_objects + 1, sizeof(*differs));
	struct asking a = {.check = check, .e = e, .to = to, .differs = differs};

	if (!differs)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	int done = ask(&a, sealed, ret_looked, err);
	free(a.groups);
	return done;
}
