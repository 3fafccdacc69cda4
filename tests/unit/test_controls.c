/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/config/controls.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define ENTRY "  - framework: Policy BC-7\n    id: BC-7.3\n    asks: 'restored: every quarter'\n"
#define GOOD  "controls:\n" ENTRY

static int load(const char *text, const struct rp_control_note **ret, size_t *n, struct rp_arena *memory,
		struct rp_err **err)
{
	char path[] = "/tmp/controls-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
	int r = rp_controls_load(ret, n, memory, path, err);
	assert_int_equal(unlink(path), 0);
	return r;
}

static void a_list_is_read_as_it_stands(void **state)
{
	(void)state;
	rp_auto(rp_arena) memory = NULL;
	const struct rp_control_note *c = NULL;
	size_t n = 0;
	assert_int_equal(rp_arena_new(&memory, NULL), 0);
	assert_int_equal(load(GOOD ENTRY, &c, &n, memory, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(c[1].framework, "Policy BC-7");
	assert_string_equal(c[1].id, "BC-7.3");
	assert_string_equal(c[1].asks, "restored: every quarter");
}

static void what_is_not_a_list_of_whole_controls_is_refused_with_what_was_expected(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "nothing in it"},
		{"controls:\n", "controls"},
		{"controls: []\n", "controls"},
		{"control: []\n", "Unexpected key: control"},
		{GOOD "more: 1\n", "Unexpected key: more"},
		{GOOD "    compliant: yes\n", "Unexpected key: compliant"},
		{"controls:\n  - framework: f\n    id: i\n", "asks"},
		{"controls:\n  - framework: ''\n    id: i\n    asks: a\n", "framework"},
		{"controls:\n  - framework: &a f\n    id: *a\n    asks: a\n", "alias"},
		{"\xff", "controls-"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_auto(rp_arena) memory = NULL;
		rp_autoerr struct rp_err *err = NULL;
		const struct rp_control_note *c = NULL;
		size_t n = 0;
		assert_int_equal(rp_arena_new(&memory, NULL), 0);
		assert_int_equal(load(cases[i].text, &c, &n, memory, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
		if (strcasestr(rp_err_text(err), cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, rp_err_text(err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_as_it_stands),
		cmocka_unit_test(what_is_not_a_list_of_whole_controls_is_refused_with_what_was_expected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
