/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/command/commands.h"
#include "verifier/config/config.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* A subcommand as 'verify' is one: with a target, and an operand that a configuration may say. */
struct values {
	const char *target, *config, *manifest, *points, *scratch, *by_file, *by_word;
	const char **trust;
	uint64_t jobs;
	int64_t max_age;
	bool show, json;
};
#define AT(member) .at = offsetof(struct values, member)
static const struct rp_option options[] = {
	{RP_OPTION_CONFIG, AT(config)},
	{.name = "target",
	 .type = RP_OPTION_TEXT,
	 .value = "NAME",
	 AT(target),
	 .required = true,
	 .help = "Which."},
	{.name = "manifest", .type = RP_OPTION_FILE, .value = "FILE", AT(manifest), .help = "It."},
	{.name = "scratch", .type = RP_OPTION_TEXT, .value = "URI", AT(scratch), .help = "There."},
	{.name = "trust", .type = RP_OPTION_FILES, .value = "PUB", AT(trust), .help = "Whom."},
	{.name = "jobs",
	 .type = RP_OPTION_NUMBER,
	 .value = "N",
	 AT(jobs),
	 .min = 1,
	 .max = 9,
	 .help = "How many."},
	{.name = "max-age", .type = RP_OPTION_DURATION, .value = "TIME", AT(max_age), .help = "How old."},
	{.name = "by-file",
	 .type = RP_OPTION_TEXT,
	 .value = "X",
	 AT(by_file),
	 .instead = "by",
	 .help = "So."},
	{.name = "by-word",
	 .type = RP_OPTION_TEXT,
	 .value = "X",
	 AT(by_word),
	 .instead = "by",
	 .help = "Or so."},
	{.name = "show", .type = RP_OPTION_FLAG, AT(show), .help = "All."},
	{.name = "json", .type = RP_OPTION_FLAG, AT(json), .once = true, .help = "For scripts."},
	{0},
};
static const struct rp_operand operand = {.value = "ARTIFACT",
					  .help = "the backup",
					  .type = RP_OPTION_FILE,
					  AT(points),
					  .required = true,
					  .key = "points"};
static const struct rp_example examples[] = {{0}};
static const struct rp_command command = {.name = "try",
					  .summary = "Try it.",
					  .about = "One.",
					  .options = options,
					  .operand = &operand,
					  .size = sizeof(struct values),
					  .examples = examples};
const struct rp_command *const rp_commands[] = {&command, NULL};

static char dir[] = "/tmp/rp-config-XXXXXX";
static char path[64];
static struct rp_arena *memory;

static int make_place(void **state)
{
	(void)state;
	unsetenv("REPROVE_CONFIG");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/reprove.yaml", dir);
	return rp_arena_new(&memory, NULL);
}

static int remove_place(void **state)
{
	(void)state;
	rp_arena_free(memory);
	(void)unlink(path);
	return rmdir(dir);
}

static void write_config(const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int parse(const char *const *argv, struct values *ret, struct rp_err **err)
{
	char *words[16] = {0};
	int n = 0;

	for (; argv[n]; n++)
		words[n] = rp_arena_strdup(memory, argv[n]);
	*ret = (struct values){0};
	return rp_options_parse(&command, n, words, ret, memory, err);
}
#define PARSE(ret, err, ...) parse((const char *const[]){__VA_ARGS__, NULL}, ret, err)

static const char shop[] = "defaults:\n"
			   "  trust: [keys/one.pub, /etc/two.pub]\n"
			   "  max-age: 36h\n"
			   "  jobs: 2\n"
			   "targets:\n"
			   "  shop:\n"
			   "    points: backups/shop\n"
			   "    manifest: shop.json\n"
			   "    max-age: 7d\n"
			   "    show: yes\n"
			   "  ledger:\n"
			   "    points: s3://bucket/ledger\n"
			   "    scratch: postgresql://reprove:secret@db/x\n";

static void a_targets_section_comes_before_the_defaults_and_the_command_line_before_both(void **state)
{
	struct values v;
	char there[128];
	(void)state;
	write_config(shop);
	assert_int_equal(PARSE(&v, NULL, "--config", path, "--target", "shop", "--jobs", "5"), 0);
	assert_int_equal(v.jobs, 5);
	assert_int_equal(v.max_age, INT64_C(7) * 24 * 3600 * 1000);
	assert_true(v.show);
	/* Paths start where the file is; those that are whole stay. */
	snprintf(there, sizeof(there), "%s/backups/shop", dir);
	assert_string_equal(v.points, there);
	snprintf(there, sizeof(there), "%s/keys/one.pub", dir);
	assert_string_equal(v.trust[0], there);
	assert_string_equal(v.trust[1], "/etc/two.pub");
	assert_null(v.trust[2]);
	rp_options_done(&command, &v);
}

static void a_list_on_the_command_line_replaces_the_files(void **state)
{
	struct values v;
	(void)state;
	write_config(shop);
	assert_int_equal(PARSE(&v, NULL, "--config", path, "--target", "shop", "--trust", "mine.pub"), 0);
	assert_string_equal(v.trust[0], "mine.pub");
	assert_null(v.trust[1]);
	rp_options_done(&command, &v);
}

static void what_is_said_in_another_way_nearer_by_counts(void **state)
{
	struct values v;
	(void)state;
	write_config("defaults:\n  by-file: d\ntargets:\n  shop:\n    by-word: s\n  both:\n    by-word: s\n"
		     "    by-file: f\n  plain:\n    jobs: 1\n");
	assert_int_equal(PARSE(&v, NULL, "--config", path, "--target", "plain", "x"), 0);
	assert_string_equal(v.by_file, "d");
	assert_int_equal(PARSE(&v, NULL, "--config", path, "--target", "shop", "x"), 0);
	assert_string_equal(v.by_word, "s");
	assert_null(v.by_file);
	assert_int_equal(PARSE(&v, NULL, "--config", path, "--target", "shop", "--by-file", "c", "x"), 0);
	assert_string_equal(v.by_file, "c");
	assert_null(v.by_word);
	/* Said in two ways at one place: whoever asks for it tells. */
	assert_int_equal(PARSE(&v, NULL, "--config", path, "--target", "both", "x"), 0);
	assert_string_equal(v.by_word, "s");
	assert_string_equal(v.by_file, "f");
}

static void a_word_that_is_a_targets_name_is_the_target(void **state)
{
	struct values v;
	(void)state;
	write_config(shop);
	setenv("REPROVE_CONFIG", path, 1);
	assert_int_equal(PARSE(&v, NULL, "ledger"), 0);
	assert_string_equal(v.target, "ledger");
	assert_string_equal(v.points, "s3://bucket/ledger");
	assert_int_equal(v.max_age, 36 * 3600 * 1000);
	rp_options_done(&command, &v);
	/* With a target named it is what it always was. */
	assert_int_equal(PARSE(&v, NULL, "--target", "shop", "ledger"), 0);
	assert_string_equal(v.points, "ledger");
	rp_options_done(&command, &v);
	unsetenv("REPROVE_CONFIG");
}

/* What is written, and what must be said of it. */
static void every_mistake_names_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "is empty"},
		{"targets: {}\n---\ntargets: {}\n", "more than one document"},
		{"shop: {}\n", "line 1: expected 'defaults:' or 'targets:'"},
		{"targets:\n  shop:\n    ponts: /x\n", "line 3: 'ponts': there is no such setting"},
		{"targets:\n  shop:\n    json: yes\n", "line 3: 'json': there is no such setting"},
		{"targets:\n  shop:\n    target: x\n", "line 3: 'target': there is no such setting"},
		{"targets:\n  shop:\n    jobs: 10\n", "line 3"},
		{"targets:\n  shop:\n    max-age: soon\n", "line 3"},
		{"targets:\n  shop:\n    max-age: [1h]\n", "line 3: 'max-age': expected one value"},
		{"targets:\n  shop:\n    show: maybe\n", "line 3: 'show': expected true or false"},
		{"targets:\n  shop:\n    manifest:\n", "line 3: the value is missing"},
		{"targets:\n  shop:\n    manifest: null\n", "line 3: the value is missing"},
		{"targets:\n  shop:\n    manifest: {a: b}\n", "line 3: expected a value or a list"},
		{"targets:\n  shop:\n    trust: []\n", "the list is empty"},
		{"targets:\n  shop:\n    jobs: !!int 3\n", "values have no tags"},
		{"targets:\n  shop:\n    jobs: 3\n    jobs: 4\n",
		 "line 4: 'jobs' stands in this section twice"},
		{"targets:\n  shop: {}\n  shop: {}\n", "line 3: there are two targets called 'shop'"},
		{"targets:\n  shop\n", "line 2: expected the names of targets"},
		{"targets:\n  - shop\n", "line 2: expected the names of targets"},
		{"targets:\n  shop: [\n", "line 3"},
		{"targets:\n  other:\n    jobs: 3\n", "there is no target 'shop'"},
		/* Of another target, too. */
		{"targets:\n  shop:\n    jobs: 3\n  other:\n    jbs: 3\n", "target 'other'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct values v;
		write_config(cases[i].text);
		assert_int_equal(PARSE(&v, &err, "--config", path, "--target", "shop", "x"), -1);
		if (!strstr(rp_err_text(err), cases[i].says))
			fail_msg("of '%s' is said: %s", cases[i].text, rp_err_text(err));
		assert_true(rp_err_kind(err) == RP_ERR_CONFIG || rp_err_kind(err) == RP_ERR_USAGE);
		rp_options_done(&command, &v);
	}
}

static void a_file_that_everybody_may_change_says_nothing_of_trust(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct values v;
	(void)state;
	write_config(shop);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(PARSE(&v, &err, "--config", path, "--target", "shop"), -1);
	assert_non_null(strstr(rp_err_text(err), "can be changed by everybody"));
	assert_int_equal(chmod(path, 0644), 0);
}

static void what_is_required_may_stand_in_the_file_and_must_stand_somewhere(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct values v;
	(void)state;
	write_config("targets:\n  shop:\n    jobs: 3\n");
	assert_int_equal(PARSE(&v, &err, "--config", path, "--target", "shop"), -1);
	assert_non_null(strstr(rp_err_text(err), "ARTIFACT is missing"));
}

static void the_doctor_shows_what_a_run_would_get_and_no_password(void **state)
{
	rp_autobuf out = RP_BUF_INIT(1u << 16);
	(void)state;
	write_config(shop);
	assert_int_equal(rp_doctor_config(&out, path, NULL), 0);
	assert_non_null(strstr(rp_buf_text(&out), "max-age: 7d  (line 9)"));
	assert_non_null(strstr(rp_buf_text(&out), "max-age: 36h  (defaults, line 3)"));
	assert_non_null(strstr(rp_buf_text(&out), "postgresql://reprove:***@db/x"));
	assert_null(strstr(rp_buf_text(&out), "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_targets_section_comes_before_the_defaults_and_the_command_line_before_both),
		cmocka_unit_test(a_list_on_the_command_line_replaces_the_files),
		cmocka_unit_test(what_is_said_in_another_way_nearer_by_counts),
		cmocka_unit_test(a_word_that_is_a_targets_name_is_the_target),
		cmocka_unit_test(every_mistake_names_its_line),
		cmocka_unit_test(a_file_that_everybody_may_change_says_nothing_of_trust),
		cmocka_unit_test(what_is_required_may_stand_in_the_file_and_must_stand_somewhere),
		cmocka_unit_test(the_doctor_shows_what_a_run_would_get_and_no_password),
	};
	return cmocka_run_group_tests(tests, make_place, remove_place);
}
