/* SPDX-License-Identifier: MIT */
#include "verifier/result/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/result/text.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

static const char *const verdict_words[] = {
	[RP_PASS] = "pass",   [RP_FAIL] = "fail",     [RP_NOT_RUN] = "not-run",
	[RP_ERROR] = "error", [RP_WAIVED] = "waived",
};
static const char *const severity_words[] = {[RP_LOW] = "low", [RP_MEDIUM] = "medium", [RP_HIGH] = "high"};
static const char *const cause_words[] = {
	[RP_BY_DAMAGE] = "damage",
	[RP_BY_VERSION] = "version",
	[RP_BY_FORMAT] = "format",
	[RP_BY_MOMENT] = "moment",
};

const char *rp_verdict_word(enum rp_verdict v)
{
	return verdict_words[v];
}

const char *rp_severity_word(enum rp_severity s)
{
	return severity_words[s];
}

const char *rp_cause_word(enum rp_cause c)
{
	return cause_words[c];
}

static struct rp_arena *memory_of(struct rp_findings *to)
{
	if (to->memory == NULL && !to->failed && rp_arena_new(&to->memory, NULL) < 0)
		to->failed = true;
	return to->failed ? NULL : to->memory;
}

const char *rp_text_keep(struct rp_findings *to, const char *s)
{
	struct rp_arena *memory = s != NULL ? memory_of(to) : NULL;
	if (memory == NULL)
		return NULL;
	rp_autobuf b = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 5U);
	rp_text_add_utf8(&b, s,
			 to->text_kept < RP_FINDINGS_MAX ? RP_FINDING_TEXT_MAX : RP_FINDING_TEXT_LITTLE);
	to->text_kept += b.len;
	const char *kept = b.failed ? NULL : rp_arena_strdup(memory, rp_buf_text(&b));
	if (kept == NULL)
		to->failed = true;
	return kept;
}

void *rp_list_grow(struct rp_findings *to, void *list, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return list;
	size_t more = *room != 0 ? *room * 2 : 16;
	void *grown = reallocarray(list, more, size);
	if (grown == NULL) {
		to->failed = true;
		return NULL;
	}
	*room = more;
	return grown;
}

/* Two names may become one when they are made UTF-8, and a JSON object holds a name once. */
static const char *unique_name(struct rp_findings *to, const struct rp_fact *before, size_t n,
			       const char *name)
{
	const char *candidate = rp_text_keep(to, name != NULL ? name : "");
	for (unsigned suffix = 2; candidate != NULL; suffix++) {
		size_t i = 0;
		while (i < n && strcmp(before[i].name, candidate) != 0)
			i++;
		if (i == n)
			break;
		candidate = rp_findings_text(to, "%s#%u", name, suffix);
	}
	return candidate;
}

static const struct rp_fact *keep_facts(struct rp_findings *to, const struct rp_fact *facts, size_t n)
{
	struct rp_arena *memory = memory_of(to);
	if (n == 0 || memory == NULL)
		return NULL;
	struct rp_fact *kept = rp_arena_array(memory, n, sizeof *kept);
	if (kept == NULL) {
		to->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < n && !to->failed; i++) {
		kept[i].name = unique_name(to, kept, i, facts[i].name);
		kept[i].value = rp_text_keep(to, facts[i].value != NULL ? facts[i].value : "");
	}
	return kept;
}

static void keep_rows(struct rp_findings *to, struct rp_finding *f)
{
	struct rp_arena *memory = memory_of(to);
	size_t most = to->text_kept < RP_FINDINGS_MAX ? RP_FINDING_ROWS_MAX : 0;
	if (f->n_rows > most) {
		f->n_rows = most;
		f->rows_complete = false;
	}
	if (f->n_rows == 0)
		f->rows = NULL;
	if (f->n_rows == 0 || memory == NULL)
		return;
	struct rp_row_note *kept = rp_arena_array(memory, f->n_rows, sizeof *kept);
	if (kept == NULL) {
		to->failed = true;
		return;
	}
	for (size_t i = 0; i < f->n_rows && !to->failed; i++) {
		kept[i] = f->rows[i];
		kept[i].key = keep_facts(to, f->rows[i].key, kept[i].n_key);
		kept[i].values = keep_facts(to, f->rows[i].values, kept[i].n_values);
	}
	f->rows = kept;
}

void rp_ask(struct rp_findings *to, const char *check, enum rp_severity severity)
{
	to->asked = rp_text_keep(to, check);
	to->severity = severity;
}

void rp_findings_push(struct rp_findings *to, const struct rp_finding *f)
{
	struct rp_finding *all = to->failed ? NULL : rp_list_grow(to, to->all, to->n, &to->room, sizeof *all);
	if (all == NULL)
		return;
	to->all = all;
	to->all[to->n++] = *f;
}

void rp_answer(struct rp_findings *to, const struct rp_finding *f)
{
	struct rp_finding kept = *f;
	kept.check = to->asked != NULL ? to->asked : "unasked";
	kept.severity = to->severity;
	kept.object = rp_text_keep(to, f->object != NULL ? f->object : "");
	kept.expected = rp_text_keep(to, f->expected);
	kept.found = rp_text_keep(to, f->found);
	kept.message = rp_text_keep(to, f->message);
	if (kept.verdict == RP_PASS && kept.looked == 0) {
		kept.verdict = RP_NOT_RUN;
		if (kept.message == NULL)
			kept.message = "nothing was there to look at";
	}
	keep_rows(to, &kept);
	rp_findings_push(to, &kept);
}

void rp_pass(struct rp_findings *to, const char *object, uint64_t looked)
{
	rp_answer(to, &(struct rp_finding){.object = object, .verdict = RP_PASS, .looked = looked});
}

void rp_fail(struct rp_findings *to, const char *object, const char *expected, const char *found,
	     const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	rp_autofree char *message = NULL;
	if (vasprintf(&message, fmt, ap) < 0) {
		message = NULL;
		to->failed = true;
	}
	va_end(ap);
	rp_answer(to, &(struct rp_finding){.object = object,
					   .verdict = RP_FAIL,
					   .looked = 1,
					   .expected = expected,
					   .found = found,
					   .message = message});
}

void rp_not_run(struct rp_findings *to, const char *object, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	rp_autofree char *message = NULL;
	if (vasprintf(&message, fmt, ap) < 0) {
		message = NULL;
		to->failed = true;
	}
	va_end(ap);
	rp_answer(to, &(struct rp_finding){.object = object, .verdict = RP_NOT_RUN, .message = message});
}

void rp_answer_error(struct rp_findings *to, const char *object, const struct rp_err *err)
{
	enum rp_err_kind kind = rp_err_kind(err);
	rp_autobuf message = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
	rp_buf_add(&message, rp_err_text(err));
	if (rp_err_hint_text(err) != NULL)
		rp_buf_addf(&message, "\nhint: %s", rp_err_hint_text(err));
	bool at_fault = kind == RP_ERR_BACKUP || kind == RP_ERR_TRUST;
	rp_answer(to, &(struct rp_finding){
			      .object = object,
			      .verdict = at_fault ? RP_FAIL : RP_ERROR,
			      .looked = at_fault,
			      /* A message beyond all bounds is cut to the error's own text. */
			      .message = message.failed ? rp_err_text(err) : rp_buf_text(&message),
		      });
}

const char *rp_findings_text(struct rp_findings *to, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	rp_autofree char *text = NULL;
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		to->failed = true;
	}
	va_end(ap);
	return rp_text_keep(to, text);
}

void rp_findings_done(struct rp_findings *f)
{
	free(f->all);
	rp_arena_free(f->memory);
	*f = (struct rp_findings){0};
}
