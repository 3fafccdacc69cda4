/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/http.h"

static void addresses_are_https_or_this_machine(void **state)
{
	static const struct {
		const char *address, *says; /* NULL: it is good */
	} all[] = {
		{"https://hooks.example.org/services/T0/B0/secret", NULL},
		{"https://user:word@example.org:8443/x?y=z", NULL},
		{"http://127.0.0.1:8080/x", NULL},
		{"http://localhost/x", NULL},
		{"http://[::1]:80/x", NULL},
		{"http://hooks.example.org/secret", "expected 'https://hooks.example.org/...'"},
		{"http://127.0.0.1.example.org/secret", "expected 'https://127.0.0.1.example.org/...'"},
		{"http://localhost@example.org/secret", "expected 'https://example.org/...'"},
		{"ftp://example.org/secret", "'ftp://' cannot be sent to"},
		{"file:///secret", "this is no address"},
		{"hooks.example.org/secret", "this is no address"},
		{"", "this is no address"},
		{"https://exa mple.org/secret", "this is no address"},
		{"https://example.org/secret\r\nX: y", "this is no address"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		rp_autoerr struct rp_err *err = NULL;
		int is = rp_http_check(all[i].address, false, &err);
		if (is != (all[i].says ? -1 : 0))
			fail_msg("'%s': %s", all[i].address, err ? rp_err_text(err) : "taken");
		if (!all[i].says)
			continue;
		if (!strstr(rp_err_text(err), all[i].says) || strstr(rp_err_text(err), "secret"))
			fail_msg("'%s': %s", all[i].address, rp_err_text(err));
	}
}

static void plain_http_is_for_who_asks_for_it(void **state)
{
	(void)state;
	assert_int_equal(rp_http_check("http://stamps.example.org/", true, NULL), 0);
	assert_int_equal(rp_http_check("ftp://stamps.example.org/", true, NULL), -1);
}

static void address_is_extended_before_what_it_asks(void **state)
{
	static const struct {
		const char *url, *ending, *is;
	} all[] = {
		{"https://hc.example.org/uuid", "", "https://hc.example.org/uuid?rid=7"},
		{"https://hc.example.org/uuid", "/start", "https://hc.example.org/uuid/start?rid=7"},
		{"https://hc.example.org/key/slug/?create=1", "/2",
		 "https://hc.example.org/key/slug/2?create=1&rid=7"},
		{"http://localhost:8000", "/start", "http://localhost:8000/start?rid=7"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		rp_autofree char *is = NULL;
		assert_int_equal(rp_http_extend(&is, all[i].url, all[i].ending, "rid=7", NULL), 0);
		assert_string_equal(is, all[i].is);
	}
}

static void host_is_all_that_people_see(void **state)
{
	rp_autofree char *host = rp_http_host("https://user:word@hooks.example.org:8443/services/secret?x=y");

	(void)state;
	assert_string_equal(host, "hooks.example.org");
	assert_null(rp_http_host("nowhere"));
}

/* Nobody listens on port 1. */
static void failure_names_no_more_than_the_host(void **state)
{
	rp_autoerr struct rp_err *err = NULL;

	(void)state;
	assert_int_equal(rp_http(&(struct rp_http){.method = "POST",
						   .url = "http://localhost:1/secret",
						   .body = "x",
						   .len = 1,
						   .timeout_ms = 2000,
						   .attempts = 1},
				 NULL, &err),
			 -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_non_null(strstr(rp_err_text(err), "connect to localhost port 1"));
	assert_null(strstr(rp_err_text(err), "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_https_or_this_machine),
		cmocka_unit_test(plain_http_is_for_who_asks_for_it),
		cmocka_unit_test(address_is_extended_before_what_it_asks),
		cmocka_unit_test(host_is_all_that_people_see),
		cmocka_unit_test(failure_names_no_more_than_the_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
