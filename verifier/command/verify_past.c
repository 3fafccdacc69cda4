/* SPDX-License-Identifier: MIT */
#include "verifier/command/surroundings.h"

#include <stdio.h>
#include <string.h>

#include "verifier/command/verify.h"
#include "verifier/ledger/history.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* What the ledger says of runs before this one. The chain is let go before the backup is opened: what is needed of it
 * later is copied. */

static const char *keep(struct verifying *v, const char *text)
{
	const char *kept = rp_arena_strdup(v->memory, text ? text : "");

	v->around.failed = v->around.failed || !kept;
	return kept;
}

/* ---- Past runs ---- */

static struct rp_past_run run_of(struct verifying *v, const struct rp_attempt *a)
{
	const struct rp_entry *e = a->result ? a->result : a->intent;
	const char *how = a->abandoned ? "abandoned" : "under way";
	struct rp_past_run r = {.entry = e->number,
				.at_ms = e->at_ms,
				.point = keep(v, rp_entry_says(e, RP_SAYS_POINT)),
				.open = a->open,
				.reviewed = a->review != NULL,
				.answered_by = a->closed_by};

	if (a->result) {
		how = rp_entry_says(e, RP_SAYS_VERDICT);
		r.restore_ms = (int64_t)rp_entry_number(e, RP_SAYS_RESTORE_MS);
		r.rows = rp_entry_number(e, RP_SAYS_ROWS);
		r.bytes = rp_entry_number(e, RP_SAYS_BYTES);
		r.retest_of = rp_entry_number(e, RP_SAYS_RETEST_OF);
	}
	r.verdict = keep(v, how);
	return r;
}

/* The newest, and before them what is still open: an old failure must not scroll away. */
static void list_runs(struct verifying *v, const struct rp_target_history *t, struct rp_past *p)
{
	struct rp_past_run *all = rp_arena_array(v->memory, t->n + 1, sizeof(*all));

	v->around.failed = v->around.failed || !all;
	for (size_t i = 0; all && i < t->n; i++) {
		if (i + RP_PAST_RUNS_MAX < t->n && !t->all[i].open)
			p->unlisted++;
		else
			all[p->n_runs++] = run_of(v, &t->all[i]);
	}
	p->runs = all;
}

static void tell_past(struct verifying *v, const struct rp_target_history *t, const char *how)
{
	struct rp_past *p = &v->around.past;

	*p = (struct rp_past){.attempt = v->recording.earlier + 1,
			      .earlier = v->recording.earlier ? keep(v, how) : NULL,
			      .retest_of = v->recording.retest_of};
	v->around.record.history = p;
	if (!t)
		return;
	p->passed = t->passed;
	p->failed = t->failed;
	p->untold = t->untold;
	p->abandoned = t->abandoned;
	p->open = t->open;
	p->untold_in_a_row = t->untold_in_a_row;
	list_runs(v, t, p);
}

static void tell_due(struct verifying *v, const struct rp_target_history *t)
{
	struct rp_due *d = &v->around.due;
	int64_t due_ms = v->options->due_ms;

	*d = (struct rp_due){.asked_ms = due_ms,
			     .proved_ms = t && t->last_pass ? t->last_pass->at_ms : 0,
			     .was_overdue = due_ms && rp_history_overdue(t, due_ms, v->result->started_ms)};
	d->due_ms = due_ms && d->proved_ms ? d->proved_ms + due_ms : 0;
	if (due_ms || d->proved_ms)
		v->around.objectives.due = d;
}

/* ---- What is not as it was ---- */

static const struct rp_attempt *last_that_ended(const struct rp_target_history *t)
{
	for (size_t i = t ? t->n : 0; i > 0; i--) {
		const struct rp_attempt *a = &t->all[i - 1];
		if (a->result && rp_entry_number(a->result, RP_SAYS_STATUS) <= RP_FAILED)
			return a;
	}
	return NULL;
}

static void add_change(struct verifying *v, const struct rp_change_note *c)
{
	struct surroundings *s = &v->around;

	if (s->changes.n < CHANGES_MAX)
		s->change[s->changes.n++] = *c;
}

/* By name where the last record has them. */
static const char *which_options(struct verifying *v)
{
	const struct surroundings *s = &v->around;
	rp_autobuf names = RP_BUF_INIT(64u << 10);

	if (!s->has_last || s->last.n_options == 0)
		return "options or their values are others";
	rp_scope_options(&names, &s->last, s->record.options, s->record.n_options);
	return keep(v, rp_buf_text(&names));
}

/* Digests tell that something changed; what it is, the two configurations do. */
static void compare_criteria(struct verifying *v, const struct rp_entry *before, const struct rp_fact *now,
			     size_t n)
{
	static const struct {
		const char *fact, *says;
	} criteria[] = {{RP_SAYS_CHECKS, "another version of the program asks other checks"},
			{RP_SAYS_CONFIGURATION, NULL},
			{RP_SAYS_TRUST, "keys, roles or policies are others"},
			{RP_SAYS_WAIVERS, "the file of waivers is another"}};

	for (size_t i = 0; i < sizeof(criteria) / sizeof(*criteria); i++) {
		const char *was = rp_entry_says(before, criteria[i].fact), *is = "";
		for (size_t k = 0; k < n; k++)
			is = strcmp(now[k].name, criteria[i].fact) == 0 ? now[k].value : is;
		if (!was || !*was || strcmp(was, is) == 0)
			continue;
		add_change(v, &(struct rp_change_note){.what = criteria[i].fact,
						       .before = keep(v, was),
						       .after = keep(v, is),
						       .says = criteria[i].says ? criteria[i].says
										: which_options(v)});
	}
}

/* What that run looked at. A record that cannot be read is told, and stops nothing. */
static bool read_scope(struct verifying *v, const struct rp_entry *e, struct rp_scope *ret)
{
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);
	rp_auto(rp_result) r = NULL;
	rp_autoerr struct rp_err *why = NULL;

	if (rp_ledger_recorded(v->recording.ledger, e, &json, &why) == 0 &&
	    rp_result_read(&r, rp_buf_text(&json), json.len, &why) == 0 &&
	    rp_scope_of(ret, v->memory, r, &why) == 0) {
		ret->entry = e->number;
		ret->at_ms = e->at_ms;
		return true;
	}
	v->around.failed = v->around.failed || rp_err_kind(why) == RP_ERR_NOMEM;
	add_change(v, &(struct rp_change_note){
			      .what = "record", .says = keep(v, rp_err_text(why)), .narrower = true});
	return false;
}

static void look_at_last(struct verifying *v, const struct rp_target_history *t, const struct rp_fact *says,
			 size_t n)
{
	struct surroundings *s = &v->around;
	const struct rp_attempt *last = last_that_ended(t);
	const struct rp_entry *pass = t ? t->last_pass : NULL;

	s->record.changes = &s->changes;
	s->changes.all = s->change;
	if (last) {
		s->changes.since = last->result->number;
		s->changes.since_ms = last->result->at_ms;
		s->has_last = read_scope(v, last->result, &s->last);
		if (last->intent)
			compare_criteria(v, last->intent, says, n);
	}
	if (!pass)
		return;
	v->e.proved = &s->proved;
	s->proved.entry = pass->number;
	if (last && pass == last->result)
		s->proved = s->has_last ? s->last : s->proved;
	else
		(void)read_scope(v, pass, &s->proved);
}

/* ---- The configuration's targets ---- */

int rp_verify_targets(struct verifying *v, const struct rp_history *h, struct rp_err **err)
{
	struct rp_population *p = &v->around.population;
	struct rp_wanted_targets wanted;
	struct rp_asked_target *all;

	if (rp_wanted_targets_load(&wanted, v->memory, v->options->config, v->options->ledger, err) < 0)
		return -1;
	all = rp_arena_array(v->memory, wanted.n + 1, sizeof(*all));
	if (!all)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < wanted.n; i++) {
		const struct rp_wanted_target *w = &wanted.all[i];
		const struct rp_target_history *t = rp_history_target(h, w->name);
		const char *state = rp_target_state(w, t, w->due_ms, v->result->started_ms);
		all[i] = (struct rp_asked_target){.name = w->name,
						  .state = state,
						  .last_ms = t && t->last_pass ? t->last_pass->at_ms : 0,
						  .reason = w->excluded ? w->excluded : w->elsewhere};
		p->excluded += strcmp(state, "excluded") == 0;
		p->tested += strcmp(state, "proved") == 0;
		p->without_run += strcmp(state, "never run") == 0;
	}
	p->targets = p->n_all = wanted.n;
	p->all = wanted.n > 0 ? all : NULL;
	return 0;
}

int rp_verify_past(struct verifying *v, const struct rp_history *h, const char *how,
		   const struct rp_fact *says, size_t n, struct rp_err **err)
{
	const struct rp_target_history *t = rp_history_target(h, v->result->target);

	tell_past(v, t, how);
	tell_due(v, t);
	look_at_last(v, t, says, n);
	if (rp_verify_targets(v, h, err) < 0)
		return -1;
	return v->around.failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}
