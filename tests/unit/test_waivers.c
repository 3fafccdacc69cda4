/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/config/waivers.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define NOW  INT64_C(1795000000000) /* November 2026 */
#define GOOD "waivers:\n" ENTRY
#define ENTRY                                                                                                \
	"  - check: relation.digest\n    object: shop.t\n    reason: r\n    owner: o\n    until: 2027-03-31\n"

static int load(const char *text, const struct rp_waiver **ret, size_t *n, struct rp_arena *memory,
		struct rp_err **err)
{
	char path[] = "/tmp/waivers-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
	int r = rp_waivers_load(ret, n, memory, path, NOW, err);
	assert_int_equal(unlink(path), 0);
	return r;
}

static void a_list_is_read_as_it_stands(void **state)
{
	(void)state;
	rp_auto(rp_arena) memory = NULL;
	const struct rp_waiver *w = NULL;
	size_t n = 0;
	assert_int_equal(rp_arena_new(&memory, NULL), 0);
	assert_int_equal(load(GOOD ENTRY, &w, &n, memory, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(w[1].check, "relation.digest");
	assert_string_equal(w[1].object, "shop.t");
	assert_string_equal(w[1].reason, "r");
	assert_string_equal(w[1].owner, "o");
	assert_true(w[1].until_ms > NOW);
	assert_int_equal(load("waivers: []\n", &w, &n, memory, NULL), 0);
	assert_int_equal(n, 0);
}

static void what_is_not_a_list_of_whole_waivers_is_refused_with_what_was_expected(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "nothing in it"},
		{"waivers:\n", "waivers"},
		{"waiver: []\n", "Unexpected key: waiver"},
		{GOOD "more: 1\n", "Unexpected key: more"},
		{GOOD "    because: x\n", "Unexpected key: because"},
		{"waivers:\n  - check: c\n    object: o\n    reason: r\n    until: 2027-03-31\n", "owner"},
		{"waivers:\n  - check: c\n    object: o\n    reason: ''\n    owner: o\n    until: 2027-03-31\n",
		 "reason"},
		{"waivers:\n  - check: c\n    object: o\n    reason: r\n    owner: o\n    until: some day\n",
		 "until"},
		{"waivers:\n  - check: c\n    object: o\n    reason: r\n    owner: o\n    until: 2029-03-31\n",
		 "a year"},
		{"waivers: [\n", "line"},
		{"waivers: &a [*a]\n", "lias"},
		{"\x01\x02", "libyaml"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_auto(rp_arena) memory = NULL;
		rp_autoerr struct rp_err *err = NULL;
		const struct rp_waiver *w = NULL;
		size_t n = 0;
		assert_int_equal(rp_arena_new(&memory, NULL), 0);
		assert_int_equal(load(cases[i].text, &w, &n, memory, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
		if (strstr(rp_err_text(err), cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, rp_err_text(err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_as_it_stands),
		cmocka_unit_test(what_is_not_a_list_of_whole_waivers_is_refused_with_what_was_expected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
