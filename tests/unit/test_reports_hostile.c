/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "reports/metrics.h"
#include "reports/parts.h"
#include "tests/unit/cmocka_all.h"
#include "verifier/util/buf.h"

/* Names and values are written by strangers. Each of these texts stands in every place of a result that holds text, and
 * in every report it must be text still. 'zq' marks what they wrote. */

#define LONG_TEXT (100U << 10)

static char long_text[LONG_TEXT + 1];

static const struct {
	const char *name, *text;
} hostile[] = {
	{"control characters", "zq\x01\x02\x07\x08\x0b\x1b[31mzq\x1b]0;zq\x07\x7f"},
	{"control characters of C1", "zq\xc2\x9b"
				     "31mzq\xc2\x85zq\xc2\x90"},
	{"invalid UTF-8", "zq\xff\xfe\xc3(zq\xed\xa0\x80zq\xf8\x88\x80\x80\x80zq\xc0\xaf"},
	{"a character cut in two", "zq\xe2\x82"},
	{"end of character data", "zq]]>zq<![CDATA[zq"},
	{"markup", "<zq onload=\"zq\">&lt;zq&#0;&#x1b;--></style></title></script><script>zq</script>"},
	{"a comment", "<!--zq--><?zq?><!DOCTYPE zq>"},
	{"right to left", "zq\xe2\x80\xaegpj\xe2\x81\xa6zq\xe2\x80\x8f\xe2\x80\x8e"},
	{"separators and a mark of byte order", "\xef\xbb\xbfzq\xe2\x80\xa8zq\xe2\x80\xa9zq"},
	{"line ends", "zq\n::error::zq\r\n##[error]zq\n# zq\n- zq\n| zq |\n    zq\n<zq>"},
	{"commands of a job log", "::error::zq"},
	{"Markdown", "zq](javascript:zq) ![zq](//zq) `zq` **zq** @zq #1 <zq> ~~zq~~ | zq | [zq]: zq"},
	{"quotes", "zq'\"`zq$(zq);|&\\zq\\\"zq"},
	{"a label of Prometheus", "zq\"} 1\nreprove_last_result{target=\"zq\\"},
	{"long", long_text},
	{"nothing", ""},
};

static void add_record(struct rp_result *r, const char *t)
{
	const struct rp_part part = {t, 5};
	const struct rp_fact fact = {t, t};
	const struct rp_rpo rpo = {.asked_ms = 1, .newest = t, .untold = t};
	const struct rp_rpo told = {.asked_ms = 1, .newest = t, .age_ms = 2};
	const struct rp_rto rto = {.asked_ms = 1,
				   .measured_ms = 2,
				   .parts = &part,
				   .n_parts = 1,
				   .conditions = &fact,
				   .n_conditions = 1};
	const struct rp_objectives objectives = {.rpo = strlen(t) % 2 ? &rpo : &told, .rto = &rto};
	const struct rp_asked_target target = {.name = t, .state = t, .reason = t};
	const struct rp_population population = {
		.source = t, .sha256 = t, .points_untold = t, .targets = 1, .all = &target, .n_all = 1};
	const struct rp_past_run run = {
		.entry = 1, .at_ms = 1, .point = t, .verdict = t, .restore_ms = 9, .bytes = 9};
	const struct rp_past past = {.attempt = 2, .earlier = t, .runs = &run, .n_runs = 1};
	const struct rp_change_note change = {t, t, t, t, true};
	const struct rp_changes changes = {.since = 1, .since_ms = 1, .all = &change, .n = 1};
	const struct rp_waiver_note waiver = {t, t, t, t, 1, true, false};
	const struct rp_place_in_ledger ledger = {t, 1, t, t};
	const struct rp_speakers speakers = {t, t, t, true, true, t};
	const struct rp_timing_note timings[] = {{"check", t, 1}, {"relation", t, 1}, {t, t, 1}};
	const struct rp_control_note control = {t, t, t};
	rp_result_record(r, &(struct rp_record){.objectives = &objectives,
						.population = &population,
						.history = &past,
						.changes = &changes,
						.waivers = &waiver,
						.n_waivers = 1,
						.ledger = &ledger,
						.speakers = &speakers,
						.timings = timings,
						.n_timings = 3,
						.controls = &control,
						.n_controls = 1,
						.options = &fact,
						.n_options = 1});
}

/* A result that says nothing but this, wherever it can. */
static struct rp_result *saying(const char *t)
{
	static const char *const checks[] = {"relation.rows", "relation.digest", "manifest.trust",
					     "restore.time"};
	struct rp_result *r = NULL;
	assert_int_equal(rp_result_new(&r, t, NULL), 0);
	r->finished_ms = r->started_ms + 1;
	rp_result_signed(r, t, r->started_ms, &t, 1);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		const struct rp_fact key[] = {{t, t}, {"", t}};
		const struct rp_row_note row = {
			.change = RP_LOST, .key = key, .n_key = 2, .values = key, .n_values = 2};
		rp_ask(&r->findings, checks[i], RP_HIGH);
		for (enum rp_verdict v = RP_PASS; v <= RP_ERROR; v++)
			rp_answer(&r->findings, &(struct rp_finding){.object = t,
								     .verdict = v,
								     .looked = 1,
								     .expected = t,
								     .found = t,
								     .message = t,
								     .rows = &row,
								     .n_rows = v == RP_FAIL});
	}
	rp_ask(&r->findings, *t != '\0' ? t : "x", RP_LOW);
	rp_fail(&r->findings, t, t, t, "%s", t);
	rp_result_about(r, "backup", t);
	rp_result_about(r, "host", t);
	rp_result_about(r, "backup's SHA-256", t);
	rp_result_about(r, t, t);
	rp_result_phase(r, t, 1);
	rp_result_proviso(r, "%s", t);
	rp_result_proviso(r, "not compared: %s: %s", t, t);
	rp_result_selection(r, t, t, t);
	rp_result_candidate(r, &(struct rp_selected){.name = t, .aside = t});
	add_record(r, t);
	assert_false(r->findings.failed);
	return r;
}

/* The character at s, its length; 0: no UTF-8. */
static size_t decode(const unsigned char *s, unsigned *ret)
{
	size_t len = *s < 0x80		       ? 1
		     : *s >= 0xc2 && *s < 0xe0 ? 2
		     : *s >= 0xe0 && *s < 0xf0 ? 3
		     : *s >= 0xf0 && *s < 0xf5 ? 4
					       : 0;
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	unsigned c = len > 0 ? *s & masks[len] : 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	*ret = c;
	return (len == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
			       (len == 4 && (c < 0x10000 || c > 0x10ffff))
		       ? 0
		       : len;
}

static bool is_harmful(unsigned c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f) || c == 0x200e ||
	       c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* UTF-8, and no character that a terminal or a reader would obey. */
static void expect_harmless(const char *report, const char *name, const struct rp_buf *b)
{
	const unsigned char *s = (const unsigned char *)b->s;
	assert_false(b->failed);
	assert_int_equal(strlen(b->s), b->len);
	for (size_t i = 0; i < b->len;) {
		unsigned c = 0;
		size_t len = decode(s + i, &c);
		if (len == 0 || is_harmful(c))
			fail_msg("%s, %s: byte %zu is %02x: %.60s", report, name, i, s[i],
				 b->s + (i > 30 ? i - 30 : 0));
		i += len;
	}
}

static void expect_none_of(const char *report, const char *name, const char *s, const char *const *never)
{
	for (; *never != NULL; never++)
		if (strstr(s, *never) != NULL)
			fail_msg("%s, %s: holds '%s': %.80s", report, name, *never, strstr(s, *never));
}

/* Of a file whose every line we begin. */
static void expect_lines(const char *report, const char *name, const char *s, const char *const *never)
{
	for (; s != NULL && *s != '\0'; s = strchr(s, '\n')) {
		s += *s == '\n';
		const char *line = s + strspn(s, " ");
		for (const char *const *n = never; *n != NULL; n++)
			if (strncmp(line, *n, strlen(*n)) == 0)
				fail_msg("%s, %s: a line begins with '%s': %.60s", report, name, *n, line);
	}
}

static void expect_json(const char *name, const struct rp_buf *json)
{
	rp_auto(rp_result) again = NULL;
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf twice = RP_BUF_INIT(RP_RESULT_MAX);
	if (rp_result_read(&again, json->s, json->len, &err) < 0)
		fail_msg("json, %s: %s", name, rp_err_text(err));
	assert_int_equal(rp_result_write(again, &twice, NULL), 0);
	for (size_t i = 0; i <= json->len; i++)
		if (twice.s[i] != json->s[i])
			fail_msg("json, %s: read and written again it is another: %.90s", name,
				 json->s + (i > 40 ? i - 40 : 0));
}

static void expect_metrics(const char *name, const char *s)
{
	for (; *s != '\0'; s = strchr(s, '\n') + 1) {
		if (strncmp(s, "# HELP reprove_", 15) != 0 && strncmp(s, "# TYPE reprove_", 15) != 0 &&
		    strncmp(s, "reprove_", 8) != 0)
			fail_msg("metrics, %s: a line of its own: %.60s", name, s);
		assert_non_null(strchr(s, '\n'));
	}
}

static void names_and_values_are_text_in_every_report(void **state)
{
	(void)state;
	static const char *const no_markup[] = {"<zq",	 "<script", "<!--zq",	"<?zq",
						"zq-->", "]]>",	    "<![CDATA", NULL};
	static const char *const no_markdown[] = {"<zq",  "<script", "<!--",   "zq](",
						  "![zq", "\n# zq",  "\n| zq", NULL};
	static const char *const no_command[] = {"::", "##[", NULL};
	memset(long_text, 'z', LONG_TEXT);
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		const char *name = hostile[i].name;
		rp_auto(rp_result) r = saying(hostile[i].text);
		for (const struct rp_report *const *report = rp_reports; *report != NULL; report++) {
			rp_autobuf b = RP_BUF_INIT(RP_RESULT_MAX);
			(*report)->render(r, &(struct rp_rendering){.width = 80}, &b);
			expect_harmless((*report)->name, name, &b);
			assert_in_range(b.len, 100, 8U << 20);
			if (*report == &rp_report_html || *report == &rp_report_junit)
				expect_none_of((*report)->name, name, b.s, no_markup);
			if (*report == &rp_report_markdown)
				expect_none_of("markdown", name, b.s, no_markdown);
			if (*report == &rp_report_markdown || *report == &rp_report_console)
				expect_lines((*report)->name, name, b.s, no_command);
			if (*report == &rp_report_json)
				expect_json(name, &b);
		}
		rp_autobuf metrics = RP_BUF_INIT(1U << 20);
		rp_metrics_render(r, 1, &metrics);
		expect_harmless("metrics", name, &metrics);
		expect_metrics(name, metrics.s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_values_are_text_in_every_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
