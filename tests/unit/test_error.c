/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <errno.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

static void error_wrap_puts_context_first(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_err_sys(&err, ENOENT, "open '%s'", "x"), -1);
	rp_err_wrap(&err, "load manifest");
	assert_string_equal(rp_err_text(err), "load manifest: open 'x': No such file or directory");
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
}

static void error_first_failure_is_kept(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_err_set(&err, RP_ERR_CONFIG, "first");
	rp_err_set(&err, RP_ERR_ENGINE, "second");
	assert_string_equal(rp_err_text(err), "first");
}

static void error_keeps_the_innermost_hint(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_err_hint(&err, "nobody asked"), -1);
	assert_null(err);
	rp_err_set(&err, RP_ERR_IO, "first");
	assert_null(rp_err_hint_text(err));
	rp_err_hint(&err, "inner %d", 1);
	rp_err_hint(&err, "outer");
	assert_string_equal(rp_err_hint_text(err), "inner 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_wrap_puts_context_first),
		cmocka_unit_test(error_first_failure_is_kept),
		cmocka_unit_test(error_keeps_the_innermost_hint),
	};
	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
