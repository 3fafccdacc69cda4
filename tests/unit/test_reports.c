/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/metrics.h"
#include "reports/outline.h"
#include "reports/parts.h"
#include "tests/unit/cmocka_all.h"
#include "verifier/util/buf.h"
#include "verifier/util/fd.h"

/* Recorded results of every kind, and what each report makes of them: fixtures/golden/NAME.json and beside it
 * .xml, .html and .txt. RP_UPDATE_GOLDEN=1 writes them anew; the diff is reviewed like code. */
static const char *const golden[] = {"verified",     "restorable", "demo",    "failed",	 "unrestorable",
				     "inconclusive", "untrusted",  "started", "hostile", "objective"};

static struct rp_buf file_at(const char *dir, const char *name)
{
	rp_autofree char *path = NULL;
	struct rp_buf b = RP_BUF_INIT(64U << 20);
	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	rp_autoerr struct rp_err *err = NULL;
	if (rp_file_read(path, &b, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	return b;
}

static const char *golden_dir(void)
{
	static char dir[4096];
	const char *fixtures = getenv("RP_FIXTURES");
	(void)snprintf(dir, sizeof dir, "%s/golden", fixtures != NULL ? fixtures : "fixtures");
	return dir;
}

static struct rp_result *recorded(const char *name)
{
	rp_autofree char *file = NULL;
	assert_true(asprintf(&file, "%s.json", name) > 0);
	rp_autobuf json = file_at(golden_dir(), file);
	struct rp_result *r = NULL;
	rp_autoerr struct rp_err *err = NULL;
	if (rp_result_read(&r, json.s, json.len, &err) < 0)
		fail_msg("%s: %s", name, rp_err_text(err));
	return r;
}

static void expect_golden(const char *name, const char *ending, const struct rp_buf *is)
{
	rp_autofree char *file = NULL, *path = NULL;
	assert_true(asprintf(&file, "%s.%s", name, ending) > 0);
	assert_true(asprintf(&path, "%s/%s", golden_dir(), file) > 0);
	assert_false(is->failed);
	if (getenv("RP_UPDATE_GOLDEN") != NULL) {
		assert_int_equal(rp_file_replace(path, is->s, is->len, 0644, NULL), 0);
		return;
	}
	rp_autobuf was = file_at(golden_dir(), file);
	assert_string_equal(rp_buf_text(is), rp_buf_text(&was));
}

static void every_report_is_as_the_golden_file(void **state)
{
	(void)state;
	static const struct {
		const struct rp_report *report;
		const char *ending;
	} reports[] = {{&rp_report_json, "json"},
		       {&rp_report_junit, "xml"},
		       {&rp_report_html, "html"},
		       {&rp_report_markdown, "md"},
		       {&rp_report_console, "txt"}};
	for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
		rp_auto(rp_result) r = recorded(golden[i]);
		for (size_t k = 0; k < sizeof reports / sizeof reports[0]; k++) {
			rp_autobuf text = RP_BUF_INIT(RP_RESULT_MAX);
			reports[k].report->render(r, &(struct rp_rendering){.width = 100, .where = "out"},
						  &text);
			expect_golden(golden[i], reports[k].ending, &text);
		}
	}
}

static struct rp_buf rendered(const struct rp_report *report, const char *name,
			      const struct rp_rendering *how)
{
	rp_auto(rp_result) r = recorded(name);
	struct rp_buf b = RP_BUF_INIT(RP_RESULT_MAX);
	report->render(r, how, &b);
	assert_false(b.failed);
	return b;
}

static void hostile_names_do_nothing_in_html(void **state)
{
	(void)state;
	static const char *const never[] = {
		"<script",	"<img",	    "<b>x",	    "<x>",     "\x1b",	   "\xe2\x80\xae", "\xc2\x9b",
		"\xef\xbb\xbf", "style=\"", "onload=\"x\"", "http://", "https://", "\x01"};
	rp_autobuf html = rendered(&rp_report_html, "hostile", &(struct rp_rendering){0});
	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		if (strstr(html.s, never[i]) != NULL)
			fail_msg("the page holds '%s'", never[i]);
	assert_non_null(strstr(html.s, "&lt;script&gt;alert(1)&lt;/script&gt;"));
	const char *style = strstr(html.s, "</style>");
	assert_non_null(style);
	assert_null(strstr(style + 1, "</style>"));
}

static void hostile_names_do_nothing_in_a_terminal_or_a_job_log(void **state)
{
	(void)state;
	rp_autobuf text = rendered(&rp_report_console, "hostile", &(struct rp_rendering){.width = 60});
	assert_null(strchr(text.s, '\x1b'));
	assert_null(strstr(text.s, "\xe2\x80\xae"));
	assert_null(strstr(text.s, "\xc2\x9b"));
	/* A runner obeys these at the beginning of a line only. */
	for (const char *line = text.s; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		line += strspn(line, " ");
		assert_int_not_equal(strncmp(line, "::", 2), 0);
		assert_int_not_equal(strncmp(line, "##[", 3), 0);
	}
}

static void color_is_there_when_asked_for_only(void **state)
{
	(void)state;
	rp_autobuf with = rendered(&rp_report_console, "failed", &(struct rp_rendering){.color = true});
	rp_autobuf without = rendered(&rp_report_console, "failed", &(struct rp_rendering){0});
	assert_non_null(strstr(with.s, "\x1b[31mFAIL\x1b[0m"));
	assert_null(strchr(without.s, '\x1b'));
}

static void console_keeps_to_the_width(void **state)
{
	(void)state;
	static const unsigned widths[] = {80, 100, 132};
	for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
		rp_autobuf text =
			rendered(&rp_report_console, "failed", &(struct rp_rendering){.width = widths[i]});
		for (const char *line = text.s; *line != '\0';) {
			const char *end = strchrnul(line, '\n');
			if ((size_t)(end - line) > widths[i])
				fail_msg("%zu columns: %.*s", (size_t)(end - line), (int)(end - line), line);
			line = end + (*end == '\n');
		}
	}
}

static void a_run_that_proves_nothing_is_no_green_junit_file(void **state)
{
	(void)state;
	rp_autobuf junit = rendered(&rp_report_junit, "started", &(struct rp_rendering){0});
	assert_non_null(strstr(junit.s, "tests=\"1\" failures=\"0\" errors=\"1\""));
	/* Only passes, and not the required set. */
	rp_auto(rp_result) r = NULL;
	assert_int_equal(rp_result_new(&r, "shop", NULL), 0);
	r->finished_ms = r->started_ms + 1;
	rp_ask(&r->findings, "restore.time", RP_LOW);
	rp_pass(&r->findings, "", 1);
	rp_autobuf partial = RP_BUF_INIT(1U << 20);
	rp_report_junit.render(r, &(struct rp_rendering){0}, &partial);
	assert_non_null(strstr(partial.s, "tests=\"2\" failures=\"0\" errors=\"1\""));
	assert_non_null(strstr(partial.s, "not proved: relation.digest"));
}

static void file_names_are_safe_and_two_targets_never_share_one(void **state)
{
	(void)state;
	static const struct {
		const char *target, *file;
	} table[] = {
		{"shop", "TEST-shop.xml"},
		{"shop-2.eu_west", "TEST-shop-2.eu_west.xml"},
		{"../../etc/passwd", "TEST-_.._.._etc_passwd-"},
		{"a/b", "TEST-a_b-"},
		{"a b", "TEST-a_b-"},
		{"", "TEST--"},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		rp_autofree char *file = rp_report_file(&rp_report_junit, table[i].target);
		assert_non_null(file);
		assert_null(strchr(file, '/'));
		if (strchr(table[i].file, '.') != NULL && strstr(table[i].file, ".xml") != NULL)
			assert_string_equal(file, table[i].file);
	}
	rp_autofree char *a = rp_report_file(&rp_report_junit, "a/b");
	rp_autofree char *b = rp_report_file(&rp_report_junit, "a b");
	assert_string_not_equal(a, b);
}

static int make_dir(void **state)
{
	char *dir = strdup("/tmp/rp-reports.XXXXXX");
	if (dir == NULL || mkdtemp(dir) == NULL)
		return -1;
	*state = dir;
	return 0;
}

static int remove_dir(void **state)
{
	int r = rp_tree_remove(*state, NULL);
	free(*state);
	return r;
}

static void touch(const char *dir, const char *name)
{
	rp_autofree char *path = NULL;
	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	assert_int_equal(rp_file_replace(path, "old pass", 8, 0644, NULL), 0);
}

static bool is_there(const char *dir, const char *name)
{
	rp_autofree char *path = NULL;
	struct stat st;
	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	return lstat(path, &st) == 0;
}

static void hole_16_beginning_leaves_no_older_pass_to_be_read(void **state)
{
	const char *dir = *state;
	rp_auto(rp_result) r = recorded("verified");
	touch(dir, "result.json");
	touch(dir, "report.html");
	touch(dir, "TEST-shop.xml");
	touch(dir, "TEST-other.xml");
	assert_int_equal(rp_reports_begin(r, dir, NULL), 0);
	assert_false(is_there(dir, "report.html"));
	assert_false(is_there(dir, "TEST-shop.xml"));
	assert_true(is_there(dir, "TEST-other.xml"));
	rp_autobuf json = file_at(dir, "result.json");
	rp_auto(rp_result) started = NULL;
	assert_int_equal(rp_result_read(&started, json.s, json.len, NULL), 0);
	assert_int_equal(rp_result_status(started), RP_INCONCLUSIVE);
	assert_non_null(strstr(json.s, "\"state\": \"started\""));
	assert_int_equal(started->findings.n, 0);
}

static void beginning_makes_the_directory(void **state)
{
	rp_autofree char *dir = NULL;
	assert_true(asprintf(&dir, "%s/a/b", (const char *)*state) > 0);
	rp_auto(rp_result) r = recorded("verified");
	assert_int_equal(rp_reports_begin(r, dir, NULL), 0);
	assert_true(is_there(dir, "result.json"));
}

static void beginning_fails_when_an_older_report_cannot_be_removed(void **state)
{
	rp_autofree char *in_the_way = NULL;
	rp_autoerr struct rp_err *err = NULL;
	assert_true(asprintf(&in_the_way, "%s/report.html", (const char *)*state) > 0);
	assert_int_equal(mkdir(in_the_way, 0700), 0);
	rp_auto(rp_result) r = recorded("verified");
	assert_int_equal(rp_reports_begin(r, *state, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "remove the older report"));
}

static void writing_writes_every_file(void **state)
{
	rp_auto(rp_result) r = recorded("failed");
	assert_int_equal(rp_reports_write(r, NULL, *state, NULL), 0);
	rp_autobuf json = file_at(*state, "result.json"), was = file_at(golden_dir(), "failed.json");
	assert_string_equal(json.s, was.s);
	assert_true(is_there(*state, "report.html"));
	assert_true(is_there(*state, "TEST-shop.xml"));
}

static void one_report_that_fails_does_not_stop_the_others(void **state)
{
	rp_autofree char *in_the_way = NULL;
	rp_autoerr struct rp_err *err = NULL;
	assert_true(asprintf(&in_the_way, "%s/TEST-shop.xml", (const char *)*state) > 0);
	assert_int_equal(mkdir(in_the_way, 0700), 0);
	rp_auto(rp_result) r = recorded("failed");
	assert_int_equal(rp_reports_write(r, NULL, *state, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "report 'junit'"));
	assert_true(is_there(*state, "result.json"));
	assert_true(is_there(*state, "report.html"));
}

static void verdict_sentence_says_what_the_status_says(void **state)
{
	(void)state;
	static const struct {
		const char *name, *title, *sentence;
	} table[] = {
		{"verified", "Verified",
		 "The backup of shop restores, and what came back is what was sealed."},
		{"restorable", "Restorable, not compared",
		 "The backup of shop can be restored. What came back was compared with nothing."},
		{"failed", "Not what was sealed", "The backup of shop is not what was sealed."},
		{"unrestorable", "Does not restore", "The backup of shop cannot be restored."},
		{"objective", "Objective missed",
		 "The backup of shop restores, and what came back is what was sealed, but an objective is missed."},
		{"inconclusive", "Could not tell",
		 "It could not be told whether the backup of shop is good."},
		{"untrusted", "Not trusted",
		 "The manifest for shop is not to be trusted, so nothing is proved about the backup."},
		{"started", "Not finished",
		 "The verification of shop was started and has not finished. Nothing is proved."},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		rp_auto(rp_result) r = recorded(table[i].name);
		rp_auto(rp_outline) o = rp_outline_new(r);
		rp_autobuf b = RP_BUF_INIT(4096);
		rp_words_verdict(o, &b);
		assert_string_equal(rp_words_title(o), table[i].title);
		assert_string_equal(rp_buf_text(&b), table[i].sentence);
	}
}

/* promtool finds nothing wrong with these: tried by hand. What the format asks for is asked here. */
static void metrics_are_lines_of_the_textfile_format_and_keep_the_last_success(void **state)
{
	const char *dir = *state;
	rp_auto(rp_result) good = recorded("verified");
	rp_auto(rp_result) bad = recorded("hostile");
	rp_autobuf first = RP_BUF_INIT(1u << 20), again = RP_BUF_INIT(1u << 20),
		   hostile = RP_BUF_INIT(1u << 20);
	rp_metrics_render(good, 0, &first);
	assert_non_null(strstr(rp_buf_text(&first), "reprove_last_result{target=\"shop\"} 0\n"));
	assert_non_null(
		strstr(rp_buf_text(&first), "reprove_last_success_timestamp_seconds{target=\"shop\"} 1"));
	assert_non_null(strstr(rp_buf_text(&first),
			       "reprove_objective_seconds{target=\"shop\",objective=\"rpo\"} 86400.000\n"));
	assert_non_null(
		strstr(rp_buf_text(&first), "reprove_restore_duration_seconds{target=\"shop\"} 13.446\n"));
	assert_int_equal(first.s[first.len - 1], '\n');
	/* A failure after it keeps it; a failure from the beginning has none. */
	assert_int_equal(rp_metrics_write(good, dir, NULL), 0);
	good->refused = RP_INCONCLUSIVE;
	assert_int_equal(rp_metrics_write(good, dir, NULL), 0);
	rp_autobuf kept = file_at(dir, "reprove-shop.prom");
	const char *success = strstr(rp_buf_text(&first), "\nreprove_last_success_timestamp_seconds{");
	rp_autofree char *line = strndup(success, strcspn(success + 1, "\n") + 1);
	assert_non_null(strstr(rp_buf_text(&kept), line));
	assert_non_null(strstr(rp_buf_text(&kept), "reprove_last_result{target=\"shop\"} 2\n"));
	rp_metrics_render(good, 0, &again);
	assert_null(strstr(rp_buf_text(&again), "last_success"));
	/* The name of a target is a stranger's text: no line begins with it. */
	rp_metrics_render(bad, 0, &hostile);
	for (const char *s = rp_buf_text(&hostile); *s; s = strchr(s, '\n') + 1)
		assert_true(strncmp(s, "# ", 2) == 0 || strncmp(s, "reprove_", 8) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_report_is_as_the_golden_file),
		cmocka_unit_test(hostile_names_do_nothing_in_html),
		cmocka_unit_test(hostile_names_do_nothing_in_a_terminal_or_a_job_log),
		cmocka_unit_test(color_is_there_when_asked_for_only),
		cmocka_unit_test(console_keeps_to_the_width),
		cmocka_unit_test(a_run_that_proves_nothing_is_no_green_junit_file),
		cmocka_unit_test(file_names_are_safe_and_two_targets_never_share_one),
		cmocka_unit_test_setup_teardown(hole_16_beginning_leaves_no_older_pass_to_be_read, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(beginning_makes_the_directory, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(beginning_fails_when_an_older_report_cannot_be_removed,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(writing_writes_every_file, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(one_report_that_fails_does_not_stop_the_others, make_dir,
						remove_dir),
		cmocka_unit_test(verdict_sentence_says_what_the_status_says),
		cmocka_unit_test_setup_teardown(
			metrics_are_lines_of_the_textfile_format_and_keep_the_last_success, make_dir,
			remove_dir),
	};
	return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
