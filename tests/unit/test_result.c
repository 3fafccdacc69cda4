/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "tests/unit/cmocka_all.h"
#include "verifier/result/result.h"
#include "verifier/util/buf.h"

/* A run that proved all it had to. */
static struct rp_result *proved(void)
{
	static const char *const required[] = {"manifest.trust", "artifact.digest", "restore.complete",
					       "schema.objects", "relation.rows",   "relation.digest"};
	struct rp_result *r = NULL;
	assert_int_equal(rp_result_new(&r, "shop", NULL), 0);
	r->started_ms = 1795240800000;
	r->finished_ms = 1795240812345;
	rp_result_signed(r, "ab12", 1795237200000, (const char *const[]){"key-1"}, 1);
	for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
		rp_ask(&r->findings, required[i], RP_HIGH);
		rp_pass(&r->findings, "", 3);
	}
	return r;
}

static void ask(struct rp_result *r, const char *check)
{
	rp_ask(&r->findings, check, RP_MEDIUM);
}

static void answer(struct rp_result *r, const char *check, enum rp_verdict verdict)
{
	ask(r, check);
	rp_answer(&r->findings, &(struct rp_finding){.object = "o", .verdict = verdict, .looked = 1});
}

static void expect_and_free(struct rp_result *r, enum rp_status status, const char *verdict)
{
	assert_int_equal(rp_result_status(r), status);
	assert_string_equal(rp_result_verdict(r), verdict);
	rp_result_free(r);
}

static void status_is_0_when_the_required_set_passes(void **state)
{
	(void)state;
	expect_and_free(proved(), RP_VERIFIED, "verified");
}

static void status_is_2_without_any_finding(void **state)
{
	(void)state;
	struct rp_result *r = NULL;
	assert_int_equal(rp_result_new(&r, "shop", NULL), 0);
	r->finished_ms = 1;
	expect_and_free(r, RP_INCONCLUSIVE, "inconclusive");
}

static void status_is_2_while_a_run_has_not_finished(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	r->finished_ms = 0;
	expect_and_free(r, RP_INCONCLUSIVE, "inconclusive");
}

static void hole_1_status_is_2_when_one_member_of_the_required_set_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < RP_REQUIRED_MAX; i++) {
		struct rp_result *r = proved();
		const char *gone = r->findings.all[i].check;
		r->findings.all[i].check = "restore.time";
		const char *missing[RP_REQUIRED_MAX];
		assert_int_equal(rp_result_missing(r, missing), 1);
		assert_string_equal(missing[0], gone);
		expect_and_free(r, RP_INCONCLUSIVE, "inconclusive");
	}
}

static void status_is_2_when_a_required_check_is_excused_or_looked_at_nothing(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	r->findings.all[5].verdict = RP_NOT_RUN;
	r->findings.all[5].excused = true;
	expect_and_free(r, RP_INCONCLUSIVE, "inconclusive");
	r = proved();
	r->findings.all[4].looked = 0;
	expect_and_free(r, RP_INCONCLUSIVE, "inconclusive");
}

static void hole_3_trust_digest_and_completeness_cannot_be_waived(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rp_result *r = proved();
		r->findings.all[i].verdict = RP_WAIVED;
		expect_and_free(r, RP_INCONCLUSIVE, "inconclusive");
	}
	struct rp_result *r = proved();
	r->findings.all[5].verdict = RP_WAIVED;
	expect_and_free(r, RP_VERIFIED, "verified");
}

static void not_run_is_a_2_unless_excused(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	answer(r, "engine.amcheck", RP_NOT_RUN);
	assert_int_equal(rp_result_status(r), RP_INCONCLUSIVE);
	r->findings.all[r->findings.n - 1].excused = true;
	expect_and_free(r, RP_VERIFIED, "verified");
}

static void fail_beats_error_and_trust_beats_fail(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	answer(r, "engine.amcheck", RP_ERROR);
	assert_int_equal(rp_result_status(r), RP_INCONCLUSIVE);
	answer(r, "relation.digest", RP_FAIL);
	assert_int_equal(rp_result_status(r), RP_FAILED);
	assert_string_equal(rp_result_verdict(r), "failed");
	answer(r, "manifest.trust", RP_FAIL);
	expect_and_free(r, RP_UNTRUSTED, "untrusted");
}

static void waived_and_drift_pass(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	answer(r, "sequence.position", RP_WAIVED);
	ask(r, "schema.objects");
	rp_answer(
		&r->findings,
		&(struct rp_finding){.object = "v", .verdict = RP_PASS, .cause = RP_BY_VERSION, .looked = 1});
	struct rp_summary s = rp_result_summary(r);
	assert_int_equal(s.waived, 1);
	assert_int_equal(s.drift, 1);
	assert_int_equal(s.pass, 7);
	expect_and_free(r, RP_VERIFIED, "verified");
}

static void without_a_manifest_the_best_is_restorable(void **state)
{
	(void)state;
	struct rp_result *r = NULL;
	assert_int_equal(rp_result_new(&r, "shop", NULL), 0);
	r->finished_ms = 1;
	r->without_manifest = true;
	answer(r, "restore.time", RP_PASS);
	assert_int_equal(rp_result_status(r), RP_INCONCLUSIVE);
	answer(r, "restore.complete", RP_PASS);
	expect_and_free(r, RP_VERIFIED, "restorable");
}

static void refusal_is_an_answer_and_sets_the_status(void **state)
{
	(void)state;
	static const struct {
		enum rp_err_kind kind;
		enum rp_status status;
		enum rp_verdict verdict;
	} table[] = {
		{RP_ERR_USAGE, RP_USED_WRONGLY, RP_ERROR},     {RP_ERR_CONFIG, RP_USED_WRONGLY, RP_ERROR},
		{RP_ERR_TRUST, RP_UNTRUSTED, RP_FAIL},	       {RP_ERR_BACKUP, RP_FAILED, RP_FAIL},
		{RP_ERR_ENGINE, RP_INCONCLUSIVE, RP_ERROR},    {RP_ERR_IO, RP_INCONCLUSIVE, RP_ERROR},
		{RP_ERR_OBJECT, RP_INCONCLUSIVE, RP_ERROR},    {RP_ERR_TIMEOUT, RP_INCONCLUSIVE, RP_ERROR},
		{RP_ERR_CANCELLED, RP_INCONCLUSIVE, RP_ERROR}, {RP_ERR_NOMEM, RP_INCONCLUSIVE, RP_ERROR},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct rp_result *r = proved();
		rp_autoerr struct rp_err *err = NULL;
		rp_err_set(&err, table[i].kind, "it broke");
		rp_err_hint(&err, "mend it");
		rp_result_refuse(r, "scratch.connect", err);
		const struct rp_finding *f = &r->findings.all[r->findings.n - 1];
		assert_string_equal(f->check, "scratch.connect");
		assert_string_equal(f->message, "it broke\nhint: mend it");
		assert_int_equal(f->verdict, table[i].verdict);
		assert_int_equal(rp_result_status(r), table[i].status);
		rp_result_free(r);
	}
}

static void interrupted_after_a_fail_stays_a_1(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	answer(r, "relation.rows", RP_FAIL);
	rp_autoerr struct rp_err *err = NULL;
	rp_err_set(&err, RP_ERR_CANCELLED, "interrupted");
	rp_result_refuse(r, "relation.digest", err);
	r->finished_ms = 0;
	expect_and_free(r, RP_FAILED, "failed");
}

static void no_memory_is_never_a_pass(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	r->findings.failed = true;
	rp_pass(&r->findings, "dropped", 1);
	assert_int_equal(r->findings.n, 6);
	expect_and_free(r, RP_INCONCLUSIVE, "inconclusive");
}

static void hole_21_pass_about_nothing_becomes_not_run(void **state)
{
	(void)state;
	struct rp_findings f = {0};
	rp_ask(&f, "sequence.position", RP_LOW);
	rp_pass(&f, "", 0);
	assert_int_equal(f.all[0].verdict, RP_NOT_RUN);
	assert_string_equal(f.all[0].message, "nothing was there to look at");
	rp_findings_done(&f);
}

static void findings_are_copies_in_utf8_and_bounded(void **state)
{
	(void)state;
	struct rp_findings f = {0};
	char name[] = "a\xff"
		      "b\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xc3\xa4\xf0\x9f\x98\x80";
	rp_ask(&f, "relation.digest", RP_HIGH);
	rp_fail(&f, name, NULL, NULL, "%s", "m");
	memset(name, 'x', sizeof name - 1);
	assert_string_equal(f.all[0].object,
			    "a\\xffb\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\xc3\xa4\xf0\x9f\x98\x80");
	char *big = malloc(RP_FINDING_TEXT_MAX + 11);
	memset(big, 'y', RP_FINDING_TEXT_MAX + 10);
	big[RP_FINDING_TEXT_MAX + 10] = '\0';
	rp_fail(&f, big, NULL, NULL, "%s", "m");
	free(big);
	assert_string_equal(f.all[1].object + RP_FINDING_TEXT_MAX, " [... 10 more bytes]");
	rp_findings_done(&f);
}

static void tens_of_thousands_of_findings_are_kept(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	for (unsigned i = 0; i < 60000; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "public.t%u", i);
		rp_fail(&r->findings, name, "1", "2", "differs");
	}
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);
	assert_int_equal(rp_result_write(r, &json, NULL), 0);
	rp_auto(rp_result) back = NULL;
	assert_int_equal(rp_result_read(&back, json.s, json.len, NULL), 0);
	assert_int_equal(back->findings.n, 60006);
	rp_result_free(r);
}

static void much_text_is_cut_and_every_finding_kept(void **state)
{
	(void)state;
	struct rp_result *r = proved();
	static char text[RP_FINDING_TEXT_MAX];
	const struct rp_row_note row = {.change = RP_LOST};
	memset(text, 'y', sizeof text - 1);
	for (unsigned i = 0; i < 4000; i++)
		rp_answer(&r->findings, &(struct rp_finding){.object = "o",
							     .verdict = RP_FAIL,
							     .looked = 1,
							     .message = text,
							     .rows = &row,
							     .n_rows = 1,
							     .rows_complete = true});
	assert_int_equal(r->findings.n, 4006);
	assert_int_equal(strlen(r->findings.all[6].message), sizeof text - 1);
	assert_in_range(strlen(r->findings.all[4005].message), RP_FINDING_TEXT_LITTLE,
			RP_FINDING_TEXT_LITTLE + 40);
	assert_int_equal(r->findings.all[4005].n_rows, 0);
	assert_false(r->findings.all[4005].rows_complete);
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);
	assert_int_equal(rp_result_write(r, &json, NULL), 0);
	expect_and_free(r, RP_FAILED, "failed");
}

/* Replace the first 'from' in a good result by 'to' and read it. */
static void expect_refused(const struct rp_result *r, const char *from, const char *to, const char *message)
{
	rp_autobuf good = RP_BUF_INIT(1 << 20), edited = RP_BUF_INIT(1 << 20);
	assert_int_equal(rp_result_write(r, &good, NULL), 0);
	const char *at = strstr(good.s, from);
	assert_non_null(at);
	rp_buf_add_mem(&edited, good.s, (size_t)(at - good.s));
	rp_buf_add(&edited, to);
	rp_buf_add(&edited, at + strlen(from));
	rp_auto(rp_result) back = NULL;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_result_read(&back, edited.s, edited.len, &err), -1);
	assert_string_equal(rp_err_text(err), message);
}

/* Every part of what surrounds a run, and of each part every member. */
static void surround(struct rp_result *r)
{
	const struct rp_rpo rpo = {1, 2, "newest \x1b[31m", 4, 5, 6, 7, 8, 9, 10, "untold"};
	const struct rp_part part = {"restore", 11};
	const struct rp_fact condition = {"box", "bubblewrap"};
	const struct rp_rto rto = {12, 13, &part, 1, &condition, 1};
	const struct rp_due due = {14, 15, 16, true};
	const struct rp_objectives objectives = {&rpo, &rto, &due};
	const struct rp_asked_target asked = {"cache", "excluded", 17, "is \xff made anew"};
	const struct rp_population population = {"a directory", 18, "5d0c", 19, 20, 21,	    22,
						 "no keys",	23, 24,	    25, 26, &asked, 1};
	const struct rp_past_run run = {27, 28, "p", "failed", 29, 30, 31, true, true, 32, 33};
	const struct rp_past past = {34, "failed, abandoned", 35, 36, 37, 38, 39, 40, 41, &run, 1, 42};
	const struct rp_change_note change = {"checks", "a", "b", "one less", true};
	const struct rp_changes changes = {43, 44, &change, 1};
	const struct rp_waiver_note waiver = {"relation.digest", "", "known", "dba", 45, true, true};
	const struct rp_place_in_ledger ledger = {"6f1e", UINT64_MAX, "9ab0", "6f1e:1:9ab0"};
	const struct rp_speakers speakers = {"9f2c", "ci-7", "db-1", true, true, "not reviewed"};
	rp_result_record(r, &(struct rp_record){&objectives, &population, &past, &changes, &waiver, 1,
						&ledger, &speakers});
	rp_result_record(r, &(struct rp_record){.options = &condition, .n_options = 1});
}

static void what_surrounds_a_run_is_kept_written_and_read(void **state)
{
	(void)state;
	rp_auto(rp_result) r = proved();
	rp_auto(rp_result) back = NULL;
	rp_autobuf json = RP_BUF_INIT(1 << 20), again = RP_BUF_INIT(1 << 20);
	surround(r);
	assert_int_equal(rp_result_write(r, &json, NULL), 0);
	assert_int_equal(rp_result_read(&back, json.s, json.len, NULL), 0);
	assert_int_equal(rp_result_write(back, &again, NULL), 0);
	assert_string_equal(json.s, again.s);
	/* All 45 numbers are there, each in a member of its own. */
	static const char *const some[] = {
		"\"askedMs\": \"1\", \"at\": \"1970-01-01T00:00:00.002Z\", \"newest\": \"newest \\u001b[31m\"",
		"\"untold\": \"untold\"}",
		"\"parts\": [\n    {\"name\": \"restore\", \"ms\": \"11\"}]",
		"\"wasOverdue\": true}}",
		"\"points\": \"19\", \"sealed\": \"20\", \"unsealed\": \"21\", \"unreadable\": \"22\"",
		"\"reason\": \"is \\\\xff made anew\"",
		"\"retestOf\": \"32\", \"answeredBy\": \"33\"",
		"\"unlisted\": \"42\", \"runs\"",
		"\"narrower\": true}]",
		"\"until\": \"1970-01-01T00:00:00.045Z\", \"used\": true, \"expired\": true}],\n  \"ledger\"",
		"\"entry\": \"18446744073709551615\"",
		"\"options\": [\n    {\"name\": \"box\", \"value\": \"bubblewrap\"}]",
		"\"review\": \"not reviewed\"},\n  \"options\""};
	for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
		if (strstr(json.s, some[i]) == NULL)
			fail_msg("%s is not in %s", some[i], json.s);
	assert_int_equal(back->record.objectives->rpo->points, 10);
	assert_int_equal(back->record.population->all[0].last_ms, 17);
	assert_int_equal(back->record.history->runs[0].answered_by, 33);
}

static void what_surrounds_a_run_is_read_strictly(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *message;
	} table[] = {
		{"\"rpo\"", "\"rpx\"", "result: objectives[0]: 'rpx' is not known here"},
		{"\"askedMs\": \"1\"", "\"askedMs\": 1",
		 "result: rpo[0]: 'askedMs' is not a number in a string, or out of range"},
		{"\"points\": \"19\", ", "",
		 "result: population[0]: 'points' is not a number in a string, or out of range"},
		{"\"name\": \"cache\", ", "", "result: list[0]: 'name' is not a string"},
		{"\"untoldInARow\"", "\"inARow\"", "result: history[0]: 'inARow' is not known here"},
		{"\"runs\": [", "\"runs\": [7, ", "result: runs[0]: 'runs' is not an object"},
		{"\"owner\": \"dba\", ", "", "result: waivers[0]: 'owner' is not a string"},
		{"\"narrower\": true", "\"narrower\": 1",
		 "result: list[0]: 'narrower' is neither true nor false"},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		rp_auto(rp_result) r = proved();
		surround(r);
		expect_refused(r, table[i].from, table[i].to, table[i].message);
	}
}

/* Everything a result can hold, with names that want to be something else. */
static struct rp_result *hostile(void)
{
	struct rp_result *r = proved();
	rp_result_about(r, "host", "ci-\"7\"\n");
	rp_result_about(r, "host", "twice");
	rp_result_phase(r, "restore", 61234);
	rp_result_phase(r, "back in time", -5);
	rp_result_proviso(r, "not in a box: %s", "no namespaces");
	rp_result_selection(r, "random", "\x1b[31m \"seed\"", "chosen by the operator");
	rp_result_candidate(r,
			    &(struct rp_selected){.name = "red \x1b[31m", .taken_ms = 1000, .chosen = true});
	rp_result_candidate(r,
			    &(struct rp_selected){.name = "k", .bytes = UINT64_MAX, .aside = "a \x7f key"});
	const struct rp_fact key[] = {{"i\"d", "17"}, {"i\"d", "\x1b[31m"}, {"", "fp:00"}};
	const struct rp_fact value[] = {{"v", "</script>\xe2\x80\xae"}};
	const struct rp_row_note rows[] = {
		{.change = RP_GAINED, .key = key, .n_key = 1, .values = value, .n_values = 1},
		{.change = RP_LOST, .key = key, .n_key = 3},
		{.change = RP_CHANGED},
	};
	rp_ask(&r->findings, "relation.digest", RP_HIGH);
	rp_answer(&r->findings, &(struct rp_finding){.object = "public.\"o\\.x\" \x7f\xc2\x9b",
						     .verdict = RP_FAIL,
						     .cause = RP_BY_FORMAT,
						     .looked = UINT64_MAX,
						     .expected = "",
						     .found = "\t",
						     .message = "::set-output name=x::y",
						     .rows = rows,
						     .n_rows = 3});
	rp_answer(&r->findings,
		  &(struct rp_finding){.verdict = RP_NOT_RUN, .excused = true, .rows_complete = true});
	return r;
}

static void written_read_and_written_again_is_the_same(void **state)
{
	(void)state;
	rp_auto(rp_result) r = hostile();
	rp_auto(rp_result) back = NULL;
	rp_autobuf a = RP_BUF_INIT(1 << 20), b = RP_BUF_INIT(1 << 20);
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_result_write(r, &a, NULL), 0);
	if (rp_result_read(&back, a.s, a.len, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	assert_int_equal(rp_result_write(back, &b, NULL), 0);
	assert_string_equal(a.s, b.s);
	assert_int_equal(back->findings.all[6].looked, UINT64_MAX);
	assert_int_equal(back->findings.all[6].rows[0].change, RP_LOST);
	assert_string_equal(back->findings.all[6].rows[0].key[1].name, "i\"d#2");
	assert_int_equal(back->started_ms, r->started_ms);
	assert_int_equal(back->selection.n, 2);
	assert_true(back->selection.all[0].chosen);
	assert_int_equal(back->selection.all[1].bytes, UINT64_MAX);
}

static void result_json_holds_no_byte_that_a_terminal_obeys(void **state)
{
	(void)state;
	rp_auto(rp_result) r = hostile();
	rp_autobuf a = RP_BUF_INIT(1 << 20);
	assert_int_equal(rp_result_write(r, &a, NULL), 0);
	for (size_t i = 0; i < a.len; i++)
		assert_true((unsigned char)a.s[i] >= 0x20 ? a.s[i] != 0x7f : a.s[i] == '\n');
	assert_null(strstr(a.s, "\xe2\x80\xae"));
	assert_null(strstr(a.s, "\xc2\x9b"));
}

static void reading_is_strict(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *message;
	} table[] = {
		{"result/v1", "result/v2", "result: schema is not 'reprove/result/v1'"},
		{"\"status\": 1", "\"status\": 0", "result: 'status' does not agree with the findings"},
		{"\"failed\"", "\"verified\"", "result: 'verdict' does not agree with the findings"},
		{"\"fail\": 1", "\"fail\": 0", "result: 'fail' does not agree with the findings"},
		{"\"state\": \"finished\"", "\"state\": \"started\"",
		 "result: 'state' does not agree with 'finishedAt'"},
		{"\"noManifest\": false", "\"noManifest\": 0",
		 "result: 'noManifest' is neither true nor false"},
		{"\"noManifest\": false,", "", "result: 'noManifest' is neither true nor false"},
		{"\"target\"", "\"tarpit\"", "result: 'tarpit' is not known here"},
		{"\"about\": [", "\"about\": [7,", "result: about[0]: 'about' is not an object"},
		{"\"ms\": \"61234\"", "\"ms\": 61234",
		 "result: phases[0]: 'ms' is not a number in a string, or out of range"},
		{"\"ms\": \"61234\"", "\"ms\": \"9223372036854775808\"",
		 "result: phases[0]: 'ms' is not a number in a string, or out of range"},
		{"\"looked\": \"3\"", "\"looked\": \"-3\"",
		 "result: findings[0]: 'looked' is not a number in a string, or out of range"},
		{"\"verdict\": \"pass\"", "\"verdict\": \"passed\"",
		 "result: findings[0]: 'verdict' is none of the words it can be"},
		{"\"lost\": [", "\"lost\": [[],", "result: findings[6]: 'findings' is not an object"},
		{"2026-11-21T06", "2026-11-21 06",
		 "result: 'startedAt' is not a time as 2026-11-21T06:00:00.000Z"},
	};
	rp_auto(rp_result) r = hostile();
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		expect_refused(r, table[i].from, table[i].to, table[i].message);
}

static void reading_refuses_what_is_no_json(void **state)
{
	(void)state;
	static const char *const table[] = {"",	   "{", "[]", "{}", "{\"schema\": \"a\", \"schema\": \"b\"}",
					    "{} x"};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		rp_auto(rp_result) back = NULL;
		assert_int_equal(rp_result_read(&back, table[i], strlen(table[i]), NULL), -1);
		assert_null(back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_0_when_the_required_set_passes),
		cmocka_unit_test(status_is_2_without_any_finding),
		cmocka_unit_test(status_is_2_while_a_run_has_not_finished),
		cmocka_unit_test(hole_1_status_is_2_when_one_member_of_the_required_set_is_missing),
		cmocka_unit_test(status_is_2_when_a_required_check_is_excused_or_looked_at_nothing),
		cmocka_unit_test(hole_3_trust_digest_and_completeness_cannot_be_waived),
		cmocka_unit_test(not_run_is_a_2_unless_excused),
		cmocka_unit_test(fail_beats_error_and_trust_beats_fail),
		cmocka_unit_test(waived_and_drift_pass),
		cmocka_unit_test(without_a_manifest_the_best_is_restorable),
		cmocka_unit_test(refusal_is_an_answer_and_sets_the_status),
		cmocka_unit_test(interrupted_after_a_fail_stays_a_1),
		cmocka_unit_test(no_memory_is_never_a_pass),
		cmocka_unit_test(hole_21_pass_about_nothing_becomes_not_run),
		cmocka_unit_test(findings_are_copies_in_utf8_and_bounded),
		cmocka_unit_test(tens_of_thousands_of_findings_are_kept),
		cmocka_unit_test(much_text_is_cut_and_every_finding_kept),
		cmocka_unit_test(written_read_and_written_again_is_the_same),
		cmocka_unit_test(result_json_holds_no_byte_that_a_terminal_obeys),
		cmocka_unit_test(reading_is_strict),
		cmocka_unit_test(what_surrounds_a_run_is_kept_written_and_read),
		cmocka_unit_test(what_surrounds_a_run_is_read_strictly),
		cmocka_unit_test(reading_refuses_what_is_no_json),
	};
	return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
