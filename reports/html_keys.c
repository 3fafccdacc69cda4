/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* The facts under the verdict: of what, how old, who says so, how long it took, and what was asked of that. */

#define KEY_SHOWN 16 /* digits of a key's id: the rest is in the section on trust */

static void begin(struct rp_buf *out, const char *name, const char *value)
{
	rp_buf_add(out, "<div>");
	rp_html_el(out, "dt", name);
	rp_buf_add(out, "<dd>");
	rp_html_text(out, value);
}

static void note(struct rp_buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct rp_buf *out, const char *fmt, ...)
{
	rp_autofree char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		out->failed = true;
	}
	va_end(ap);
	rp_buf_add(out, " ");
	rp_html_el(out, "small", text != NULL ? text : "");
}

static void end(struct rp_buf *out)
{
	rp_buf_add(out, "</dd></div>\n");
}

/* "objective (RTO) 30 min: met". Nothing to compare with is said, and is no success. */
static void against(struct rp_buf *out, const char *what, int64_t asked_ms, int64_t is_ms)
{
	char asked[RP_TIME_TEXT];
	if (asked_ms <= 0) {
		note(out, "no objective (%s) is set", what);
		return;
	}
	rp_words_length(asked_ms, asked);
	rp_buf_addf(out, " <small>objective (%s): at most %s: ", what, asked);
	rp_html_state(out, is_ms <= asked_ms ? RP_PASS : RP_FAIL, is_ms <= asked_ms ? "met" : "missed");
	rp_buf_add(out, "</small>");
}

static int64_t point_ms(const struct rp_result *r)
{
	if (r->manifest_sha256 != NULL)
		return r->sealed_ms;
	for (size_t i = 0; i < r->selection.n; i++)
		if (r->selection.all[i].chosen)
			return r->selection.all[i].taken_ms;
	return 0;
}

static void point(const struct rp_result *r, struct rp_buf *out)
{
	const char *backup = rp_words_about(r, "backup");
	int64_t at = point_ms(r);
	char age[RP_TIME_TEXT];
	/* "shop.dump (48.2 MB)": the size under the name. */
	const char *size = backup != NULL ? strrchr(backup, '(') : NULL;
	rp_autobuf name = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
	rp_buf_add_mem(&name, backup != NULL ? backup : "none was opened",
		       size != NULL ? (size_t)(size - backup)
				    : strlen(backup != NULL ? backup : "none was opened"));
	begin(out, "Recovery point", rp_buf_text(&name));
	if (size != NULL)
		note(out, "%.*s", (int)strcspn(size + 1, ")"), size + 1);
	end(out);
	rp_words_length(r->started_ms - at, age);
	begin(out, "Its age", at != 0 && r->started_ms > at ? age : "not known");
	if (at != 0) {
		rp_buf_add(out, " <small>");
		rp_buf_add(out, r->manifest_sha256 != NULL ? "sealed " : "made ");
		rp_html_time(out, at);
		rp_buf_add(out, "</small>");
	}
	end(out);
}

static void signer(const struct rp_result *r, struct rp_buf *out)
{
	const char *nobody = r->without_manifest ? "no manifest was used" : "nobody who is trusted";
	const struct rp_speakers *s = r->record.speakers;
	rp_autobuf key = RP_BUF_INIT(256);
	if (r->n_signed_by > 0)
		rp_buf_addf(&key, "key %.*s", KEY_SHOWN, r->signed_by[0]);
	if (r->n_signed_by > 1)
		rp_buf_addf(&key, " and %zu more", r->n_signed_by - 1);
	begin(out, "Manifest signed by", r->n_signed_by > 0 ? rp_buf_text(&key) : nobody);
	if (s != NULL && s->result_key != NULL)
		note(out, "result signed by %s %.*s", s->same_key ? "the same key" : "key", KEY_SHOWN,
		     s->result_key);
	end(out);
}

/* Measured by the run's own clock; without a record of objectives by what its phases say. */
static void restore_time(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	const struct rp_rto *rto = r->record.objectives != NULL ? r->record.objectives->rto : NULL;
	int64_t took = rp_restore_ms(r);
	const char *expected = NULL;
	char text[RP_TIME_TEXT];
	rp_words_length(took, text);
	begin(out, "Restore time", took > 0 ? text : "not restored");
	for (size_t i = 0; rto == NULL && i < o->n_groups; i++)
		if (strcmp(o->groups[i].check, "restore.time") == 0)
			expected = o->groups[i].first->expected;
	if (rto == NULL && expected != NULL)
		note(out, "objective (RTO): %s", expected);
	else if (took > 0)
		against(out, "RTO", rto != NULL ? rto->asked_ms : 0, took);
	if (took > 0)
		note(out, "under test conditions");
	end(out);
}

static void newest(const struct rp_result *r, struct rp_buf *out)
{
	const struct rp_rpo *rpo = r->record.objectives != NULL ? r->record.objectives->rpo : NULL;
	char age[RP_TIME_TEXT];
	if (rpo == NULL) {
		begin(out, "Age of the newest good backup", "not looked at");
		note(out, "no objective (RPO) is set");
		end(out);
		return;
	}
	rp_words_length(rpo->age_ms, age);
	begin(out, "Age of the newest good backup", rpo->untold == NULL ? age : "could not be told");
	if (rpo->untold != NULL)
		note(out, "%s", rpo->untold);
	else
		against(out, "RPO", rpo->asked_ms, rpo->age_ms);
	end(out);
}

void rp_html_keys(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	char text[RP_TIME_TEXT];
	rp_buf_add(out, "<dl class=\"keys\">\n");
	begin(out, "Target", r->target);
	if (rp_words_about(r, "sealed database") != NULL)
		note(out, "database %s", rp_words_about(r, "sealed database"));
	end(out);
	point(r, out);
	signer(r, out);
	restore_time(o, out);
	newest(r, out);
	rp_buf_add(out, "<div><dt>Verified</dt><dd>");
	rp_html_time(out, r->started_ms);
	rp_words_length(r->finished_ms - r->started_ms, text);
	if (r->finished_ms > r->started_ms)
		note(out, "the whole run took %s", text);
	end(out);
	begin(out, "Review", rp_html_reviewed(o));
	end(out);
	rp_buf_add(out, "</dl>\n");
}
