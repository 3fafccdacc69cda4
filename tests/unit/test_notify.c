/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "verifier/notify/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

static struct rp_secret *secret_of(const char *text)
{
	struct rp_secret *s = NULL;
	rp_autoerr struct rp_err *err = NULL;

	assert_int_equal(setenv("RP_TEST_SECRET", text, 1), 0);
	assert_int_equal(rp_secret_of_variable(&s, "RP_TEST_SECRET", &err), 0);
	return s;
}

static void expect_signature(const char *secret, const char *id, int64_t seconds, const char *body,
			     const char *expected)
{
	rp_auto(rp_secret) s = secret_of(secret);
	rp_autobuf text = RP_BUF_INIT(1000);
	rp_autoerr struct rp_err *err = NULL;
	char is[RP_WEBHOOK_SIGNATURE];

	rp_buf_add(&text, body);
	assert_int_equal(rp_webhook_sign(s, id, seconds, &text, is, &err), 0);
	assert_string_equal(is, expected);
}

/* The first is the example that implementations of standard-webhooks are tested with; the second was made with Python's
 * hmac. */
static void webhook_is_signed_as_standard_webhooks_has_it(void **state)
{
	(void)state;
	expect_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
			 "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	expect_signature("plain secret", "a", 1, "body", "v1,f2CGg89elKAm3outU6h9ygQPV3g7Pwlh0ZaiJWQrtts=");
}

static void secret_that_is_no_base64_is_refused(void **state)
{
	static const char *const bad[] = {"whsec_", "whsec_a", "whsec_!!!!"};
	rp_autobuf text = RP_BUF_INIT(1000);
	char is[RP_WEBHOOK_SIGNATURE];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		rp_auto(rp_secret) s = secret_of(bad[i]);
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_webhook_sign(s, "a", 1, &text, is, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
		assert_string_equal(rp_err_text(err),
				    "the secret begins with 'whsec_' and is not base64 behind it");
	}
}

static const struct rp_notice hostile = {
	.run = "0b8a3c1e-0000-4000-8000-000000000000",
	.target = "shop\"}\n<b>\x1b[31m\xff\u202e$(id)",
	.point = "x\r\nX-Injected: y",
	.verdict = "failed",
	.text = "The backup of it is not what was sealed.",
	.status = 1,
	.started_ms = 1795240800000,
	.count = {.pass = 12, .fail = 3, .not_run = 2, .error = 1, .waived = 4},
};

static void notice_is_json_whatever_names_are(void **state)
{
	rp_autobuf text = RP_BUF_INIT(100000);
	json_error_t why;

	(void)state;
	rp_notice_json(&hostile, &text);
	assert_int_equal(rp_buf_check(&text, NULL), 0);
	assert_null(strpbrk(text.s, "\x1b\r"));
	assert_null(strstr(text.s, "\u202e"));
	json_t *j = json_loads(text.s, JSON_REJECT_DUPLICATES, &why);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(j, "schema")), "reprove/notice/v1");
	assert_string_equal(json_string_value(json_object_get(j, "target")),
			    "shop\"}\n<b>\x1b[31m\\xff\u202e$(id)");
	assert_string_equal(json_string_value(json_object_get(j, "point")), "x\r\nX-Injected: y");
	assert_true(json_is_null(json_object_get(j, "manifest")));
	assert_true(json_is_null(json_object_get(j, "finishedAt")));
	assert_string_equal(json_string_value(json_object_get(j, "startedAt")), "2026-11-21T06:00:00.000Z");
	assert_int_equal(json_integer_value(json_object_get(j, "status")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "summary"), "fail")), 3);
	json_decref(j);
}

static void environment_has_one_line_for_each(void **state)
{
	rp_cleanup(rp_argv_done) struct rp_argv env = {0};
	bool target = false, status = false;

	(void)state;
	rp_notice_environment(&hostile, &env);
	assert_false(env.failed);
	for (size_t i = 0; i < env.n; i++) {
		assert_int_equal(strncmp(env.v[i], "REPROVE_", 8), 0);
		assert_null(strpbrk(env.v[i], "\n\r\x1b"));
		target |= strcmp(env.v[i], "REPROVE_TARGET=shop\"}\\n<b>\\u{1b}[31m\\xff\\u{202e}$(id)") == 0;
		status |= strcmp(env.v[i], "REPROVE_STATUS=1") == 0;
	}
	assert_true(target);
	assert_true(status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(webhook_is_signed_as_standard_webhooks_has_it),
		cmocka_unit_test(secret_that_is_no_base64_is_refused),
		cmocka_unit_test(notice_is_json_whatever_names_are),
		cmocka_unit_test(environment_has_one_line_for_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
