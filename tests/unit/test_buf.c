/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

static void buf_stops_at_its_ceiling_and_says_so(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf b = RP_BUF_INIT(5);
	rp_buf_add(&b, "12345");
	assert_int_equal(rp_buf_check(&b, &err), 0);
	rp_buf_add(&b, "6");
	assert_true(b.failed);
	assert_string_equal(rp_buf_text(&b), "12345");
	assert_int_equal(rp_buf_check(&b, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_NOMEM);
	assert_null(rp_buf_take(&b));
}

static void buf_escapes_what_strangers_write(void **state)
{
	(void)state;
	static const struct {
		const char *text, *xml, *plain;
	} cases[] = {
		{"a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;", "a<b>&\"'"},
		{"line\nnext\tcell", "line\nnext\tcell", "line\\nnext\\tcell"},
		{"\033[31mred", "\\u{1b}[31mred", "\\u{1b}[31mred"},
		{"\xc2\x9b"
		 "c1",
		 "\\u{9b}c1", "\\u{9b}c1"},
		{"bad \xff\xc3(", "bad \\xff\\xc3(", "bad \\xff\\xc3("},
		{"cut \xe2\x82", "cut \\xe2\\x82", "cut \\xe2\\x82"},
		{"overlong \xc0\xaf", "overlong \\xc0\\xaf", "overlong \\xc0\\xaf"},
		{"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80", "surrogate \\xed\\xa0\\x80"},
		{"rtl \xe2\x80\xae!", "rtl \\u{202e}!", "rtl \\u{202e}!"},
		{"h\xc3\xa9llo \xf0\x9f\x90\x98", "h\xc3\xa9llo \xf0\x9f\x90\x98",
		 "h\xc3\xa9llo \xf0\x9f\x90\x98"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autobuf xml = RP_BUF_INIT(1000);
		rp_autobuf plain = RP_BUF_INIT(1000);
		rp_buf_add_xml(&xml, cases[i].text);
		rp_buf_add_plain(&plain, cases[i].text);
		assert_string_equal(rp_buf_text(&xml), cases[i].xml);
		assert_string_equal(rp_buf_text(&plain), cases[i].plain);
	}
}

static void buf_quotes_identifiers(void **state)
{
	(void)state;
	rp_autobuf b = RP_BUF_INIT(1000);
	rp_buf_add_ident(&b, "a\"; drop table t; --");
	assert_string_equal(rp_buf_text(&b), "\"a\"\"; drop table t; --\"");
}

static void buf_take_hands_over_even_nothing(void **state)
{
	(void)state;
	rp_autobuf b = RP_BUF_INIT(10);
	rp_autofree char *s = rp_buf_take(&b);
	assert_string_equal(s, "");
	rp_buf_add_hex(&b, "\x00\xfe", 2);
	rp_autofree char *hex = rp_buf_take(&b);
	assert_string_equal(hex, "00fe");
	assert_null(b.s);
}

static void no_line_of_a_strangers_is_an_order_to_a_ci_system(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown;
	} all[] = {
		{"a\n::set-output x", "a\\n::set-output x"}, {"a\n \t::error::x", "a\\n \t::error::x"},
		{"a\n##vso[task.x]", "a\\n##vso[task.x]"},   {"a\n##[error]x", "a\\n##[error]x"},
		{"a\n:x\n#x\nb::c", "a\n:x\n#x\nb::c"},	     {"a\n\n::x", "a\n\\n::x"},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf b = RP_BUF_INIT(1000);
		rp_buf_add_xml(&b, all[i].text);
		assert_string_equal(rp_buf_text(&b), all[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_stops_at_its_ceiling_and_says_so),
		cmocka_unit_test(buf_escapes_what_strangers_write),
		cmocka_unit_test(buf_quotes_identifiers),
		cmocka_unit_test(buf_take_hands_over_even_nothing),
		cmocka_unit_test(no_line_of_a_strangers_is_an_order_to_a_ci_system),
	};
	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
