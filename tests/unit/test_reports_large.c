/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "reports/outline.h"
#include "reports/parts.h"
#include "tests/unit/cmocka_all.h"
#include "verifier/util/buf.h"
#include "verifier/util/fd.h"

/* Databases of ten thousand tables, and backups in which everything is wrong. */

static struct rp_result *begun(void)
{
	struct rp_result *r = NULL;
	assert_int_equal(rp_result_new(&r, "big", NULL), 0);
	r->started_ms = 1795240800000;
	r->finished_ms = 1795240812345;
	return r;
}

/* Many objects fail at once, with much to say: the reports stay within what their readers take, and say that they are cut. */
static struct rp_result *with_many_failures(unsigned n)
{
	struct rp_result *r = begun();
	rp_ask(&r->findings, "relation.digest", RP_HIGH);
	rp_autobuf long_text = RP_BUF_INIT(1U << 20);
	for (unsigned i = 0; i < 1500; i++)
		rp_buf_addf(&long_text, "%u <&> ", i);
	for (unsigned i = 0; i < n; i++) {
		char name[64];
		(void)snprintf(name, sizeof name, "public.table_%u", i / 2); /* each name twice */
		rp_fail(&r->findings, name, long_text.s, "nothing", "it is gone");
	}
	return r;
}

static void reports_of_many_failures_are_bounded(void **state)
{
	(void)state;
	rp_auto(rp_result) r = with_many_failures(2400);
	rp_autobuf html = RP_BUF_INIT(RP_RESULT_MAX), junit = RP_BUF_INIT(RP_RESULT_MAX),
		   text = RP_BUF_INIT(RP_RESULT_MAX);
	rp_report_html.render(r, &(struct rp_rendering){0}, &html);
	rp_report_junit.render(r, &(struct rp_rendering){0}, &junit);
	rp_report_console.render(r, &(struct rp_rendering){.width = 80}, &text);
	assert_false(html.failed || junit.failed || text.failed);
	assert_in_range(html.len, 1 << 20, 5 << 20);
	assert_in_range(junit.len, 20 << 20, 26 << 20);
	assert_in_range(text.len, 1 << 10, 100 << 10);
	assert_non_null(strstr(html.s, "300 more are in result.json"));
	assert_non_null(strstr(junit.s, "more answers are in result.json, this file is full"));
	assert_non_null(strstr(junit.s, "public.table_1 (2)"));
	assert_non_null(strstr(text.s, "and 2360 more"));
}

#define TABLES	 10000U
#define FINDINGS 100000U

/* Ten answers about each table: of every hundredth two fail, the last of them all too. */
static struct rp_result *of_ten_thousand_tables(void)
{
	static const char *const checks[] = {"relation.rows",	 "relation.digest",  "relation.columns",
					     "schema.objects",	 "constraint.valid", "index.valid",
					     "engine.amcheck",	 "privilege.grants", "smoke.sql",
					     "sequence.position"};
	struct rp_result *r = begun();
	for (size_t k = 0; k < sizeof checks / sizeof checks[0]; k++) {
		rp_ask(&r->findings, checks[k], k < 4 ? RP_HIGH : RP_MEDIUM);
		for (unsigned i = 0; i < TABLES; i++) {
			char name[64], rows[24];
			(void)snprintf(name, sizeof name, "tenant_%u.table_%05u", i % 37, i);
			(void)snprintf(rows, sizeof rows, "%u", i * 31);
			bool fails = k < 2 && (i % 100 == 7 || i == TABLES - 1);
			rp_answer(&r->findings,
				  &(struct rp_finding){.object = name,
						       .verdict = fails ? RP_FAIL : RP_PASS,
						       .looked = 1,
						       .expected = k < 2 ? rows : NULL,
						       .found = fails ? "0" : rows,
						       .message = fails ? "all rows are lost" : NULL});
		}
	}
	assert_int_equal(r->findings.n, FINDINGS);
	return r;
}

/* By hand: a sanitizer's strstr() looks at all of what follows each time. */
static size_t occurrences(const char *s, const char *of)
{
	size_t n = 0, len = strlen(of);
	for (; *s != '\0'; s++)
		n += *s == *of && strncmp(s, of, len) == 0;
	return n;
}

static double processor_seconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ten_thousand_tables_fit_one_page_and_what_fails_comes_first(void **state)
{
	(void)state;
	rp_auto(rp_result) r = of_ten_thousand_tables();
	rp_autobuf html = RP_BUF_INIT(RP_RESULT_MAX);
	struct rusage before, after;
	(void)getrusage(RUSAGE_SELF, &before);
	double began = processor_seconds();
	rp_report_html.render(r, &(struct rp_rendering){0}, &html);
	double took = processor_seconds() - began;
	(void)getrusage(RUSAGE_SELF, &after);
	assert_false(html.failed);
	assert_in_range(html.len, 1U << 20, 10000000);
	/* Seconds, with a sanitizer and valgrind too; memory in proportion to the page and the list of relations. */
	assert_true(took < 20.0);
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 400 << 10);
	/* Each failure has its place before anything that passes, and every table has its line. */
	const char *fails = strstr(html.s, "<section id=\"fails\""), *last = strstr(fails, "table_09999");
	const char *rows = strstr(html.s, "<section id=\"reconciliation\""),
		   *ends = strstr(rows, "</section>");
	assert_true(fails != NULL && last != NULL && rows != NULL && fails < last && last < rows);
	const char *good = strstr(rows, "> the same<");
	assert_non_null(good);
	assert_null(strstr(good, "> differ<"));
	rp_autofree char *section = strndup(rows, (size_t)(ends - rows));
	assert_int_equal(occurrences(section, "<th scope=\"row\">tenant_"), TABLES);
	if (getenv("RP_KEEP_LARGE") != NULL) /* for whoever wants to look at it */
		assert_int_equal(rp_file_replace(getenv("RP_KEEP_LARGE"), html.s, html.len, 0644, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_of_many_failures_are_bounded),
		cmocka_unit_test(ten_thousand_tables_fit_one_page_and_what_fails_comes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
