/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reports/names.h"
#include "reports/outline.h"
#include "reports/parts.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* One dialect that both the Jenkins schema and the windyroad one (which Azure names) accept: no attribute on
 * testsuites, no zone on the timestamp, three decimals, nothing but one of failure, error and skipped inside a
 * case. GitLab shows the element's body and not its message, others the message, so both carry the text; GitLab
 * drops a case whose name it has seen, so names are unique; and it refuses files above 30 MB. */
#define TOTAL_MAX (24U << 20)
#define BODY_MAX  (64U << 10)
#define NAME_MAX_ 480U /* Azure cuts at 512 */

struct junit {
	const struct rp_result *r;
	struct rp_names *names;
	struct rp_buf cases, scratch;
	size_t tests, failures, errors, skipped;
};

/* What kind of failure it is, for those who group by it. */
static const char *type_of(const struct rp_finding *f)
{
	static const struct {
		const char *check, *type;
	} types[] = {
		{"manifest.trust", "manifest-not-trusted"},
		{"artifact.digest", "artifact-mismatch"},
		{"artifact.freshness", "policy"},
		{"restore.complete", "restore-failed"},
		{"restore.time", "policy"},
		{"objective.rpo", "policy"},
		{"scope.drop", "policy"},
		{"schema.counts", "schema-mismatch"},
		{"schema.objects", "schema-mismatch"},
		{"relation.rows", "row-count"},
		{"relation.digest", "content-mismatch"},
		{"relation.columns", "content-mismatch"},
	};
	if (f->verdict == RP_ERROR)
		return f->cause == RP_BY_MOMENT ? "not-of-one-moment" : "could-not-tell";
	if (f->cause == RP_BY_FORMAT)
		return "lossy-by-format";
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].check, f->check) == 0)
			return types[i].type;
	return "check-failed";
}

/* Quoted, with line ends as \n: a reader makes a blank of one that stands in an attribute. */
static void attribute(struct junit *j, const char *name, const char *value)
{
	rp_buf_reset(&j->scratch);
	rp_buf_add_plain(&j->scratch, value);
	rp_buf_addf(&j->cases, " %s=\"", name);
	rp_buf_add_xml(&j->cases, rp_buf_text(&j->scratch));
	rp_buf_add(&j->cases, "\"");
}

static void body_line(struct rp_buf *b, const char *label, const char *s)
{
	if (s != NULL)
		rp_buf_addf(b, "%s%s%s", label, s, "\n");
}

static void body_rows(struct rp_buf *b, const struct rp_finding *f)
{
	static const char *const names[] = {
		[RP_LOST] = "lost", [RP_CHANGED] = "changed", [RP_GAINED] = "gained"};
	for (size_t i = 0; i < f->n_rows && b->len < BODY_MAX; i++) {
		rp_buf_addf(b, "%s:", names[f->rows[i].change]);
		for (size_t k = 0; k < f->rows[i].n_key; k++)
			rp_buf_addf(b, " %s=%s", f->rows[i].key[k].name, f->rows[i].key[k].value);
		rp_buf_add(b, "\n");
	}
	if (f->n_rows > 0 && !f->rows_complete)
		rp_buf_add(b, "(not all rows that differ could be named)\n");
}

static void body(struct junit *j, const struct rp_finding *f)
{
	rp_autobuf b = RP_BUF_INIT(1U << 20);
	body_line(&b, "", f->message);
	body_line(&b, "expected: ", f->expected);
	body_line(&b, "found: ", f->found);
	body_rows(&b, f);
	size_t end = b.len < BODY_MAX ? b.len : BODY_MAX;
	if (end < b.len) {
		while (end > 0 && ((unsigned char)b.s[end] & 0xc0) == 0x80)
			end--;
		b.s[end] = '\0';
		rp_buf_add_xml(&j->cases, b.s);
		rp_buf_add(&j->cases, "\n[cut here; all of it is in result.json]\n");
		return;
	}
	rp_buf_add_xml(&j->cases, rp_buf_text(&b));
}

static void outcome(struct junit *j, const struct rp_finding *f)
{
	static const char *const elements[] = {[RP_FAIL] = "failure",
					       [RP_ERROR] = "error",
					       [RP_NOT_RUN] = "skipped",
					       [RP_WAIVED] = "skipped"};
	const char *element = elements[f->verdict];
	rp_buf_addf(&j->cases, "\n      <%s", element);
	if (f->verdict == RP_FAIL || f->verdict == RP_ERROR)
		attribute(j, "type", type_of(f));
	rp_autobuf message = RP_BUF_INIT(1U << 20);
	rp_buf_addf(&message, "%s%s", f->verdict == RP_WAIVED ? "waived: " : "",
		    f->message != NULL ? f->message : rp_verdict_word(f->verdict));
	attribute(j, "message", rp_buf_text(&message));
	rp_buf_add(&j->cases, ">");
	body(j, f);
	rp_buf_addf(&j->cases, "</%s>\n    ", element);
}

static void add_case(struct junit *j, const struct rp_finding *f)
{
	rp_autobuf name = RP_BUF_INIT(1U << 20), class = RP_BUF_INIT(1U << 20);
	rp_buf_addf(&name, "%s%s%s", f->check, *f->object != '\0' ? " " : "", f->object);
	const char *unique = rp_names_unique(j->names, rp_buf_text(&name), NAME_MAX_);
	if (unique == NULL) {
		j->cases.failed = true;
		return;
	}
	rp_buf_addf(&class, "%s.%s", j->r->target, f->check);
	rp_buf_add(&j->cases, "    <testcase");
	attribute(j, "name", unique);
	attribute(j, "classname", rp_buf_text(&class));
	rp_buf_add(&j->cases, " time=\"0.000\"");
	if (f->verdict == RP_PASS) {
		rp_buf_add(&j->cases, "/>\n");
	} else {
		rp_buf_add(&j->cases, ">");
		outcome(j, f);
		rp_buf_add(&j->cases, "</testcase>\n");
	}
	j->tests++;
	j->failures += f->verdict == RP_FAIL;
	j->errors += f->verdict == RP_ERROR;
	j->skipped += f->verdict == RP_NOT_RUN || f->verdict == RP_WAIVED;
}

/* What fails comes first, so that a limit is reached, if ever, by what passes. */
static void add_cases(struct junit *j)
{
	size_t left_out = 0;
	for (int trouble = 1; trouble >= 0; trouble--) {
		for (size_t i = 0; i < j->r->findings.n; i++) {
			const struct rp_finding *f = &j->r->findings.all[i];
			if (rp_is_trouble(f) != (trouble == 1))
				continue;
			if (j->cases.len > TOTAL_MAX)
				left_out++;
			else
				add_case(j, f);
		}
	}
	if (left_out > 0) {
		rp_autobuf text = RP_BUF_INIT(256);
		rp_buf_addf(&text, "%zu more answers are in result.json, this file is full", left_out);
		add_case(j, &(struct rp_finding){.check = "report.junit",
						 .object = "",
						 .verdict = RP_ERROR,
						 .message = rp_buf_text(&text)});
	}
}

/* Whoever reads only this file must see that a run is not a 0: a case of its own where no other says so (nothing
 * was checked, a partial run, what was not run). */
static void add_verdict(struct junit *j, const struct rp_outline *o)
{
	if (o->status == RP_VERIFIED && j->tests > 0)
		return;
	if (j->failures + j->errors > 0)
		return;
	rp_autobuf text = RP_BUF_INIT(1U << 20);
	rp_words_verdict(o, &text);
	for (size_t i = 0; i < o->n_missing; i++)
		rp_buf_addf(&text, "\nnot proved: %s", o->missing[i]);
	add_case(j, &(struct rp_finding){.check = "verdict",
					 .object = "",
					 .verdict = RP_ERROR,
					 .message = rp_buf_text(&text)});
}

static void property(struct junit *j, const char *name, const char *value)
{
	if (value == NULL || *name == '\0')
		return;
	rp_buf_add(&j->cases, "      <property");
	attribute(j, "name", name);
	attribute(j, "value", value);
	rp_buf_add(&j->cases, "/>\n");
}

static void properties(struct junit *j, const struct rp_outline *o)
{
	char text[RP_TIME_TEXT];
	rp_buf_add(&j->cases, "    <properties>\n");
	property(j, "verdict", o->verdict);
	property(j, "status", (char[]){(char)('0' + (int)o->status), '\0'});
	rp_time_format(j->r->started_ms, text);
	property(j, "started", text);
	property(j, "manifest.sha256", j->r->manifest_sha256);
	for (size_t i = 0; i < j->r->n_signed_by; i++)
		property(j, "manifest.signedBy", j->r->signed_by[i]);
	for (size_t i = 0; i < j->r->n_provisos; i++)
		property(j, "proviso", j->r->provisos[i]);
	for (size_t i = 0; i < j->r->n_about; i++)
		property(j, j->r->about[i].name, j->r->about[i].value);
	rp_buf_add(&j->cases, "    </properties>\n");
}

static void suite_start(struct junit *j, struct rp_buf *out)
{
	char started[RP_TIME_TEXT];
	int64_t ms = j->r->finished_ms > j->r->started_ms ? j->r->finished_ms - j->r->started_ms : 0;
	const char *host = rp_words_about(j->r, "host");
	rp_time_format(j->r->started_ms, started);
	struct rp_buf cases = j->cases;
	j->cases = (struct rp_buf)RP_BUF_INIT(1U << 20);
	attribute(j, "name", *j->r->target != '\0' ? j->r->target : "(unnamed)");
	rp_buf_add(&j->cases, " package=\"reprove\" id=\"0\"");
	rp_buf_addf(&j->cases, " timestamp=\"%.19s\"",
		    strlen(started) > 19 ? started : "1970-01-01T00:00:00");
	attribute(j, "hostname", host != NULL && *host != '\0' ? host : "localhost");
	rp_buf_add(out, "  <testsuite");
	rp_buf_add(out, rp_buf_text(&j->cases));
	rp_buf_addf(out,
		    "\n             tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
		    "time=\"%" PRId64 ".%03d\">\n",
		    j->tests, j->failures, j->errors, j->skipped, ms / 1000, (int)(ms % 1000));
	rp_buf_done(&j->cases);
	j->cases = cases;
}

static void render(const struct rp_result *r, const struct rp_rendering *how, struct rp_buf *out)
{
	(void)how;
	rp_auto(rp_outline) o = rp_outline_new(r);
	rp_auto(rp_names) names = rp_names_new();
	struct junit j = {
		.r = r, .names = names, .cases = RP_BUF_INIT(64U << 20), .scratch = RP_BUF_INIT(1U << 20)};
	if (o == NULL || names == NULL) {
		out->failed = true;
		return;
	}
	properties(&j, o);
	add_cases(&j);
	add_verdict(&j, o);
	rp_buf_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	suite_start(&j, out);
	rp_buf_add_mem(out, rp_buf_text(&j.cases), j.cases.len);
	rp_buf_add(out, "    <system-out></system-out>\n    <system-err></system-err>\n  "
			"</testsuite>\n</testsuites>\n");
	out->failed |= j.cases.failed || j.scratch.failed;
	rp_buf_done(&j.cases);
	rp_buf_done(&j.scratch);
}

const struct rp_report rp_report_junit = {.name = "junit", .file = "TEST-*.xml", .render = render};
