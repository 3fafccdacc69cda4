/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/command/options.h"
#include "verifier/command/verify.h"
#include "verifier/util/arena.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

struct values {
	const char *name, *file, *sha, *operand;
	const char **again;
	uint64_t number;
	int64_t length, time;
	bool flag, alone;
};

#define AT(member) .at = offsetof(struct values, member)
static const struct rp_option options[] = {
	{.name = "name",
	 .type = RP_OPTION_TEXT,
	 .value = "NAME",
	 AT(name),
	 .required = true,
	 .help = "A name."},
	{.name = "file", .type = RP_OPTION_FILE, .value = "FILE", AT(file), .help = "A file."},
	{.name = "sha", .type = RP_OPTION_SHA256, .value = "SHA", AT(sha), .help = "A digest."},
	{.name = "again", .type = RP_OPTION_TEXTS, .value = "X", AT(again), .help = "More."},
	{.name = "number",
	 .type = RP_OPTION_NUMBER,
	 .value = "N",
	 AT(number),
	 .min = 2,
	 .max = 9,
	 .help = "From 2."},
	{.name = "length", .type = RP_OPTION_DURATION, .value = "TIME", AT(length), .help = "How long."},
	{.name = "time", .type = RP_OPTION_TIME, .value = "TIME", AT(time), .help = "When."},
	{.name = "flag", .type = RP_OPTION_FLAG, AT(flag), .help = ".A dot, a \\ and a - in it."},
	{.name = "alone", .type = RP_OPTION_FLAG, AT(alone), .alone = true, .help = "Nothing else."},
	{0},
};
static const struct rp_operand operand = {
	.value = "WHAT", .help = "what to do it to", .type = RP_OPTION_FILE, AT(operand), .required = true};
static const struct rp_example examples[] = {{"an example", "reprove try --name x y"}, {0}};
static const struct rp_command command = {
	.name = "try",
	.summary = "Try it.",
	.about = "One.\n\nTwo.",
	.options = options,
	.operand = &operand,
	.size = sizeof(struct values),
	.examples = examples,
};
const struct rp_command *const rp_commands[] = {&command, NULL};

static struct rp_arena *memory;

/* Words are split at blanks: none of those here has one in it. */
static int parse(const char *line, struct values *ret, char *words, size_t size, struct rp_err **err)
{
	char *argv[32], *rest = words, *w;
	int n = 0;

	*ret = (struct values){0};
	snprintf(words, size, "%s", line);
	while (n < 31 && (w = strsep(&rest, " ")))
		argv[n++] = strcmp(w, "''") == 0 ? w + 2 : w;
	argv[n] = NULL;
	return rp_options_parse(&command, n, argv, ret, memory, err);
}

static void options_of_every_type_are_read(void **state)
{
	struct values v;
	char words[1024];
	(void)state;
	assert_int_equal(parse("--name=a=b what --number 9 --again x --length 15m --again y --time "
			       "1970-01-01T00:00:01Z --flag --file - --sha "
			       "0000000000000000000000000000000000000000000000000000000000000000",
			       &v, words, sizeof(words), NULL),
			 0);
	assert_string_equal(v.name, "a=b");
	assert_string_equal(v.operand, "what");
	assert_int_equal(v.number, 9);
	assert_int_equal(v.length, 900000);
	assert_int_equal(v.time, 1000);
	assert_true(v.flag);
	assert_string_equal(v.file, "-");
	assert_string_equal(v.again[0], "x");
	assert_string_equal(v.again[1], "y");
	assert_null(v.again[2]);
	rp_options_done(&command, &v);
	assert_null(v.again);
}

static void two_dashes_end_options(void **state)
{
	struct values v;
	char words[1024];
	(void)state;
	assert_int_equal(parse("--name x -- --flag", &v, words, sizeof(words), NULL), 0);
	assert_string_equal(v.operand, "--flag");
	assert_false(v.flag);
	rp_options_done(&command, &v);
}

static void a_lone_dash_is_a_word(void **state)
{
	struct values v;
	char words[1024];
	(void)state;
	assert_int_equal(parse("--name x -", &v, words, sizeof(words), NULL), 0);
	assert_string_equal(v.operand, "-");
	rp_options_done(&command, &v);
}

static void an_option_that_stands_alone_needs_no_other(void **state)
{
	struct values v;
	char words[1024];
	(void)state;
	assert_int_equal(parse("--alone", &v, words, sizeof(words), NULL), 0);
	assert_true(v.alone);
	rp_options_done(&command, &v);
}

static void help_is_given_whatever_else_is_wrong(void **state)
{
	struct values v;
	char words[1024];
	(void)state;
	assert_int_equal(parse("--nonsense --help", &v, words, sizeof(words), NULL), 1);
	assert_int_equal(parse("-h", &v, words, sizeof(words), NULL), 1);
}

static const struct {
	const char *line, *message;
} mistakes[] = {
	{"what", "try: option '--name NAME' is missing"},
	{"--name x", "try: WHAT is missing: what to do it to"},
	{"--name x a b", "try: 'b' is one word too many"},
	{"--name x --nam y a", "try: unknown option '--nam'"},
	{"--name x -f a", "try: unknown option '-f'"},
	{"--name x --name y a", "try: option '--name' is given twice"},
	{"--name x --flag --flag a", "try: option '--flag' is given twice"},
	{"a --name", "try: option '--name' needs a value, NAME"},
	{"a --name=", "try: option '--name' has an empty value"},
	{"a --name ''", "try: option '--name' has an empty value"},
	{"a --name x ''", "try: an empty word where none belongs"},
	{"a --name x --flag=yes", "try: option '--flag' takes no value"},
	{"a --name x --number 1", "try: '--number 1': expected a whole number from 2 to 9"},
	{"a --name x --number 10", "try: '--number 10': expected a whole number from 2 to 9"},
	{"a --name x --number 5k", "try: '--number 5k': expected a whole number from 2 to 9"},
	{"a --name x --number -5", "try: '--number -5': expected a whole number from 2 to 9"},
	{"a --name x --length soon",
	 "try: '--length soon': expected a length of time such as 90s, 15m, 6h or 7d"},
	{"a --name x --time today", "try: '--time today': expected a time such as 2026-11-21T06:00:00Z"},
	{"a --name x --sha 12", "try: '--sha 12': expected 64 lower-case hexadecimal digits"},
};

static void every_mistake_has_its_sentence_and_a_hint(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct values v;
		char words[1024];
		rp_autoerr struct rp_err *err = NULL;

		assert_int_equal(parse(mistakes[i].line, &v, words, sizeof(words), &err), -1);
		assert_string_equal(rp_err_text(err), mistakes[i].message);
		assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
		assert_non_null(rp_err_hint_text(err));
		rp_options_done(&command, &v);
	}
}

static void help_manual_and_completion_name_every_option(void **state)
{
	rp_autobuf help = RP_BUF_INIT(1u << 20), manual = RP_BUF_INIT(1u << 20), bash = RP_BUF_INIT(1u << 20);
	char text[64];
	(void)state;
	rp_help_command(&command, &help);
	rp_manual_page(&command, &manual);
	rp_completion_bash(&bash);
	for (const struct rp_option *o = options; o->name; o++) {
		snprintf(text, sizeof(text), "--%s", o->name);
		assert_non_null(strstr(rp_buf_text(&help), text));
		assert_non_null(strstr(rp_buf_text(&bash), text));
		snprintf(text, sizeof(text), "\\-\\-%s", o->name);
		assert_non_null(strstr(rp_buf_text(&manual), text));
	}
	for (int i = 0; i < 5; i++) {
		assert_int_equal(rp_status_texts[i].status, i);
		assert_non_null(strstr(rp_buf_text(&manual), rp_status_texts[i].text));
	}
}

static void the_manual_keeps_what_troff_would_take_for_its_own(void **state)
{
	rp_autobuf manual = RP_BUF_INIT(1u << 20);
	(void)state;
	rp_manual_page(&command, &manual);
	assert_non_null(strstr(rp_buf_text(&manual), "\n\\&.A dot, a \\e and a \\- in it.\n"));
}

static const struct {
	const char *line;
	const char *words[6];
} lines[] = {
	{"pg_dump -Fc shop", {"pg_dump", "-Fc", "shop"}},
	{"  a\tb\n", {"a", "b"}},
	{"a 'b c' \"d e\"", {"a", "b c", "d e"}},
	{"a'b'\"c\"d", {"abcd"}},
	{"'' x", {"", "x"}},
	{"'$HOME|`x`' \"a;b\"", {"$HOME|`x`", "a;b"}},
	{"a\\ b \"q\\\"q\" \"\\n\" '\\'", {"a b", "q\"q", "\\n", "\\"}},
	{"d --snapshot={snapshot} x", {"d", "--snapshot={snapshot}", "x"}},
};

static void a_command_is_split_as_a_shell_splits_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct rp_argv got = {0};
		size_t n = 0;

		assert_int_equal(rp_words_split(lines[i].line, &got, NULL), 0);
		for (; lines[i].words[n]; n++)
			assert_string_equal(got.v[n], lines[i].words[n]);
		assert_int_equal(got.n, n);
		rp_argv_done(&got);
	}
}

static void what_only_a_shell_understands_is_refused(void **state)
{
	static const char *const bad[] = {"a | b", "a > b", "a; b", "$HOME", "a `b`", "a && b",	 "a *.sql",
					  "a 'b",  "a \"b", "a\\",  "",	     "  ",    "a {b c}", "(a)"};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rp_argv got = {0};
		rp_autoerr struct rp_err *err = NULL;

		assert_int_equal(rp_words_split(bad[i], &got, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
		rp_argv_done(&got);
	}
}

static void hole_18_no_clock_is_right_that_stands_before_the_build(void **state)
{
	const int64_t day = INT64_C(24) * 60 * 60 * 1000;
	rp_autoerr struct rp_err *err = NULL;
	(void)state;
	assert_true(rp_built_ms() > INT64_C(1700000000000));
	assert_int_equal(rp_clock_check(rp_built_ms(), rp_built_ms(), NULL), 0);
	assert_int_equal(rp_clock_check(99 * day, 100 * day, NULL), 0);
	assert_int_equal(rp_clock_check(99 * day - 1, 100 * day, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_non_null(rp_err_hint_text(err));
}

/* Which of the variables that are set names the directory; and what is not absolute is not there. */
static void a_state_is_kept_where_the_user_systemd_or_the_session_says(void **state)
{
	static const struct {
		const char *asked, *systemd, *session, *home, *found;
	} cases[] = {
		{"here", "/run/s", "/x", "/home/u", "here"},
		{"none", "/run/s", "/x", "/home/u", NULL},
		{NULL, "/run/s:/run/t", "/x", "/home/u", "/run/s"},
		{NULL, NULL, "/x", "/home/u", "/x/reprove"},
		{NULL, "", "relative", "/home/u", "/home/u/.local/state/reprove"},
		{NULL, NULL, NULL, NULL, NULL},
		{NULL, NULL, NULL, "home", NULL},
	};
	static const char *const names[] = {"STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *const values[] = {cases[i].systemd, cases[i].session, cases[i].home};
		rp_autofree char *found = NULL;
		for (size_t n = 0; n < 3; n++)
			(void)(values[n] ? setenv(names[n], values[n], 1) : unsetenv(names[n]));
		assert_int_equal(rp_state_directory(cases[i].asked, &found, NULL), 0);
		assert_true(!found == !cases[i].found);
		if (found)
			assert_string_equal(found, cases[i].found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_every_type_are_read),
		cmocka_unit_test(two_dashes_end_options),
		cmocka_unit_test(a_lone_dash_is_a_word),
		cmocka_unit_test(an_option_that_stands_alone_needs_no_other),
		cmocka_unit_test(help_is_given_whatever_else_is_wrong),
		cmocka_unit_test(every_mistake_has_its_sentence_and_a_hint),
		cmocka_unit_test(help_manual_and_completion_name_every_option),
		cmocka_unit_test(the_manual_keeps_what_troff_would_take_for_its_own),
		cmocka_unit_test(a_command_is_split_as_a_shell_splits_it),
		cmocka_unit_test(what_only_a_shell_understands_is_refused),
		cmocka_unit_test(hole_18_no_clock_is_right_that_stands_before_the_build),
		cmocka_unit_test(a_state_is_kept_where_the_user_systemd_or_the_session_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
