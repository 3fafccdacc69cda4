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

static void due(const struct rp_shown *s, const struct rp_target_history *t, struct rp_buf *out)
{
	char at[RP_TIME_TEXT];

	if (!s->due_ms)
		return;
	if (rp_history_overdue(t, s->due_ms, s->now_ms)) {
		rp_buf_addf(out, ", %sOVERDUE%s", s->color ? RED : "", s->color ? PLAIN : "");
		return;
	}
	rp_time_format(t->last_pass->at_ms + s->due_ms, at);
	rp_buf_addf(out, ", next due %.10s", at);
}

static void target(const struct rp_shown *s, const struct rp_target_history *t, struct rp_buf *out)
{
	char at[RP_TIME_TEXT], ago[RP_TIME_TEXT];

	rp_buf_add_plain(out, t->target);
	if (t->last_pass) {
		rp_time_format(t->last_pass->at_ms, at);
		rp_length_format(s->now_ms - t->last_pass->at_ms, ago);
		rp_buf_addf(out, ": proved last %.16s, %s ago", at, ago);
	} else {
		rp_buf_add(out, ": never proved");
	}
	due(s, t, out);
	rp_buf_addf(out, "\n  %zu passed, %zu failed (%zu open), %zu could not tell, %zu abandoned\n",
		    t->passed, t->failed, t->open, t->untold, t->abandoned);
	if (t->untold_in_a_row >= 3)
		rp_buf_addf(out, "  nothing could be told %zu times in a row\n", t->untold_in_a_row);
	for (size_t i = 0; i < t->n; i++)
		attempt(s, &t->all[i], out);
	rp_buf_add(out, "\n");
}

static bool is_asked(const struct rp_shown *s, const struct rp_target_history *t)
{
	return !s->target || strcmp(s->target, t->target) == 0;
}

void rp_history_text(const struct rp_shown *s, struct rp_buf *out)
{
	for (size_t i = 0; i < s->history.n; i++) {
		if (is_asked(s, &s->history.all[i]))
			target(s, &s->history.all[i], out);
	}
	if (s->target && !rp_history_target(&s->history, s->target)) {
		rp_buf_add_plain(out, s->target);
		rp_buf_add(out, ": there is nothing of it in this ledger\n\n");
	}
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

static json_t *target_json(const struct rp_shown *s, const struct rp_target_history *t)
{
	json_t *attempts = json_array();

	for (size_t i = 0; i < t->n; i++)
		(void)json_array_append_new(attempts, attempt_json(&t->all[i]));
	return json_pack("{s:s, s:o, s:o, s:i, s:i, s:i, s:i, s:i, s:o}", "target", t->target, "provedAt",
			 time_json(t->last_pass), "overdue",
			 s->due_ms ? json_boolean(rp_history_overdue(t, s->due_ms, s->now_ms)) : json_null(),
			 "passed", (int)t->passed, "failed", (int)t->failed, "open", (int)t->open, "untold",
			 (int)t->untold, "abandoned", (int)t->abandoned, "attempts", attempts);
}

int rp_history_json(const struct rp_shown *s, struct rp_buf *out, struct rp_err **err)
{
	rp_autobuf head = RP_BUF_INIT(4096);
	json_t *targets = json_array(), *faults = json_array();

	for (size_t i = 0; i < s->history.n; i++) {
		if (is_asked(s, &s->history.all[i]))
			(void)json_array_append_new(targets, target_json(s, &s->history.all[i]));
	}
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
