/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "verifier/command/history.h"
#include "verifier/manifest/json.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define RED   "\033[31m"
#define PLAIN "\033[0m"

static const char *said(const struct rp_entry *e, const char *name)
{
	const char *value = e ? rp_entry_says(e, name) : NULL;

	return value ? value : "";
}

static const struct rp_entry *last_of(const struct rp_attempt *a)
{
	return a->result ? a->result : a->intent;
}

static const char *how_it_ended(const struct rp_attempt *a)
{
	return a->result ? said(a->result, RP_SAYS_VERDICT) : a->abandoned ? "abandoned" : "under way";
}

/* ---- For people ---- */

static void attempt(const struct rp_shown *s, const struct rp_attempt *a, struct rp_buf *out)
{
	const struct rp_entry *e = last_of(a);
	char at[RP_TIME_TEXT], length[RP_TIME_TEXT] = "", rows[RP_TIME_TEXT] = "", number[24];

	rp_time_format(e->at_ms, at);
	if (a->result) {
		rp_length_format((int64_t)rp_entry_number(a->result, RP_SAYS_RESTORE_MS), length);
		rp_count_format(rp_entry_number(a->result, RP_SAYS_ROWS), rows);
	}
	(void)snprintf(number, sizeof(number), "#%llu", (unsigned long long)e->number);
	rp_buf_addf(out, "  %-6s %.16s  %s%-13s%s %12s %16s rows  ", number, at,
		    s->color && a->open ? RED : "", how_it_ended(a), s->color && a->open ? PLAIN : "", length,
		    rows);
	rp_buf_add_plain(out, said(e, RP_SAYS_POINT));
	if (a->open)
		rp_buf_add(out, "  OPEN");
	else if (a->closed_by)
		rp_buf_addf(out, "  answered by #%llu", (unsigned long long)a->closed_by);
	if (rp_entry_number(a->result ? a->result : e, RP_SAYS_RETEST_OF))
		rp_buf_addf(out, "  answers #%s", said(a->result, RP_SAYS_RETEST_OF));
	if (a->result && !a->review)
		rp_buf_add(out, "  not reviewed");
	if (a->review) {
		rp_buf_addf(out, "  %s: ", rp_entry_kind_name(a->review->kind));
		rp_buf_add_plain(out, said(a->review, RP_SAYS_TEXT));
	}
	rp_buf_add(out, "\n");
}

static void red(const struct rp_shown *s, const char *text, struct rp_buf *out)
{
	rp_buf_addf(out, "%s%s%s", s->color ? RED : "", text, s->color ? PLAIN : "");
}

static void due(const struct rp_shown *s, const struct rp_shown_target *t, struct rp_buf *out)
{
	char at[RP_TIME_TEXT];

	if (t->overdue) {
		rp_buf_add(out, ", ");
		red(s, "OVERDUE", out);
	} else if (t->due_ms && t->history && t->history->last_pass) {
		rp_time_format(t->history->last_pass->at_ms + t->due_ms, at);
		rp_buf_addf(out, ", next due %.10s", at);
	}
}

static void when(const struct rp_shown *s, const struct rp_shown_target *t, struct rp_buf *out)
{
	const struct rp_entry *pass = t->history ? t->history->last_pass : NULL;
	char at[RP_TIME_TEXT], ago[RP_TIME_TEXT];

	rp_buf_add(out, ": ");
	if (t->wanted && t->wanted->excluded) {
		rp_buf_add(out, "excluded: ");
		rp_buf_add_plain(out, t->wanted->excluded);
	} else if (t->wanted && t->wanted->elsewhere) {
		rp_buf_add(out, "its ledger is another one: ");
		rp_buf_add_plain(out, t->wanted->elsewhere);
	} else if (!t->history) {
		red(s, "there is nothing of it in this ledger", out);
	} else if (!pass) {
		red(s, "never proved", out);
	} else {
		rp_time_format(pass->at_ms, at);
		rp_length_format(s->now_ms - pass->at_ms, ago);
		rp_buf_addf(out, "proved last %.16s, %s ago", at, ago);
	}
}

static void target(const struct rp_shown *s, const struct rp_shown_target *shown, struct rp_buf *out)
{
	const struct rp_target_history *t = shown->history;

	rp_buf_add_plain(out, shown->name);
	when(s, shown, out);
	due(s, shown, out);
	rp_buf_add(out, "\n");
	if (t) {
		rp_buf_addf(out, "  %zu passed, %zu failed (%zu open), %zu could not tell, %zu abandoned\n",
			    t->passed, t->failed, t->open, t->untold, t->abandoned);
		if (t->untold_in_a_row >= 3) {
			rp_buf_add(out, "  ");
			red(s, "nothing could be told", out);
			rp_buf_addf(out, " %zu times in a row\n", t->untold_in_a_row);
		}
		for (size_t i = 0; i < t->n; i++)
			attempt(s, &t->all[i], out);
	}
	rp_buf_add(out, "\n");
}

/* Whom the configuration names, counted: the first question of anybody who asks whether the list is complete. */
static void population(const struct rp_shown *s, struct rp_buf *out)
{
	size_t proved = 0, never = 0, excluded = 0;

	if (!s->wanted.path || s->target)
		return;
	for (size_t i = 0; i < s->n; i++) {
		proved += s->all[i].wanted && strcmp(s->all[i].state, "proved") == 0;
		never += s->all[i].wanted && strcmp(s->all[i].state, "never run") == 0;
		excluded += s->all[i].wanted && strcmp(s->all[i].state, "excluded") == 0;
	}
	rp_buf_add_plain(out, s->wanted.path);
	rp_buf_addf(out, ": %zu targets: %zu proved, %zu never run, %zu excluded, %zu otherwise\n",
		    s->wanted.n, proved, never, excluded, s->wanted.n - proved - never - excluded);
}

void rp_history_text(const struct rp_shown *s, struct rp_buf *out)
{
	for (size_t i = 0; i < s->n; i++)
		target(s, &s->all[i], out);
	population(s, out);
}

/* ---- For scripts ---- */

static json_t *time_json(const struct rp_entry *e)
{
	char at[RP_TIME_TEXT];

	if (!e)
		return json_null();
	rp_time_format(e->at_ms, at);
	return json_string(at);
}

static json_t *number_json(uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	return n ? json_string(text) : json_null();
}

static json_t *attempt_json(const struct rp_attempt *a)
{
	const struct rp_entry *e = last_of(a);

	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:b, s:b, s:o, s:o, s:o, s:s, s:s}", "number",
			 number_json(e->number), "at", time_json(e), "point", said(e, RP_SAYS_POINT),
			 "manifest", said(e, RP_SAYS_MANIFEST), "verdict", how_it_ended(a), "status",
			 a->result ? json_string(said(a->result, RP_SAYS_STATUS)) : json_null(), "open",
			 a->open, "abandoned", a->abandoned, "closedBy", number_json(a->closed_by),
			 "retestOf",
			 number_json(a->result ? rp_entry_number(a->result, RP_SAYS_RETEST_OF) : 0), "review",
			 a->review ? json_string(said(a->review, RP_SAYS_TEXT)) : json_null(), "restoreMs",
			 said(a->result, RP_SAYS_RESTORE_MS), "rows", said(a->result, RP_SAYS_ROWS));
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *next_due(const struct rp_shown_target *t)
{
	char at[RP_TIME_TEXT];

	if (!t->due_ms || !t->history || !t->history->last_pass)
		return json_null();
	rp_time_format(t->history->last_pass->at_ms + t->due_ms, at);
	return json_string(at);
}

static json_t *target_json(const struct rp_shown_target *shown)
{
	static const struct rp_target_history none;
	const struct rp_target_history *t = shown->history ? shown->history : &none;
	json_t *attempts = json_array();

	for (size_t i = 0; i < t->n; i++)
		(void)json_array_append_new(attempts, attempt_json(&t->all[i]));
	return json_pack(
		"{s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "target",
		shown->name, "state", shown->state, "provedAt", time_json(t->last_pass), "configured",
		shown->wanted != NULL, "excluded", text_json(shown->wanted ? shown->wanted->excluded : NULL),
		"nextDue", next_due(shown), "overdue",
		shown->due_ms ? json_boolean(shown->overdue) : json_null(), "passed", (int)t->passed,
		"failed", (int)t->failed, "open", (int)t->open, "untold", (int)t->untold, "untoldInARow",
		(int)t->untold_in_a_row, "abandoned", (int)t->abandoned, "attempts", attempts);
}

int rp_history_json(const struct rp_shown *s, struct rp_buf *out, struct rp_err **err)
{
	rp_autobuf head = RP_BUF_INIT(4096);
	json_t *targets = json_array(), *faults = json_array();

	for (size_t i = 0; i < s->n; i++)
		(void)json_array_append_new(targets, target_json(&s->all[i]));
	for (size_t i = 0; i < s->chain->n_faults; i++)
		(void)json_array_append_new(faults, json_pack("{s:o, s:s}", "entry",
							      number_json(s->chain->faults[i].number), "says",
							      s->chain->faults[i].says));
	rp_head_format(s->ledger, &s->chain->head, &head);
	rp_autojson all = json_pack("{s:s, s:s, s:s, s:I, s:o, s:o}", "schema", "reprove/history/v1",
				    "ledger", rp_ledger_id(s->ledger), "head", rp_buf_text(&head), "pruned",
				    (json_int_t)s->chain->pruned, "faults", faults, "targets", targets);
	char *text = all ? json_dumps(all, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
	if (!text)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_buf_addf(out, "%s\n", text);
	free(text);
	return rp_buf_check(out, err);
}
