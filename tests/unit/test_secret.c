/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/error.h"
#include "verifier/util/secret.h"

static char path[64];

static void write_word(const void *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0 && write(fd, data, len) == (ssize_t)len && fchmod(fd, mode) == 0);
	(void)close(fd);
}

static int make(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof path, "/tmp/rp-secret-XXXXXX");
	int fd = mkstemp(path);
	return fd >= 0 ? close(fd) : -1;
}

static int unmake(void **state)
{
	(void)state;
	return unlink(path);
}

static void expect_word(const void *data, size_t len, const char *word)
{
	rp_auto(rp_secret) s = NULL;
	write_word(data, len, 0600);
	assert_int_equal(rp_secret_of_file(&s, path, NULL), 0);
	assert_string_equal(rp_secret_text(s), word);
	assert_int_equal(rp_secret_len(s), strlen(word));
}

static void expect_refusal(const void *data, size_t len, mode_t mode, const char *why)
{
	rp_auto(rp_secret) s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	write_word(data, len, mode);
	assert_int_equal(rp_secret_of_file(&s, path, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
	if (strstr(rp_err_text(err), why) == NULL)
		fail_msg("'%s', and not '%s'", rp_err_text(err), why);
}

static void the_first_line_is_the_password(void **state)
{
	(void)state;
	expect_word("word", 4, "word");
	expect_word("word\n", 5, "word");
	/* So do openssl and gpg, and the same file was given to them. */
	expect_word("word\r\n", 6, "word\r");
	expect_word(" two words \nmore\n", 17, " two words ");
	char long_one[RP_SECRET_MAX + 2];
	memset(long_one, 'x', sizeof long_one);
	long_one[RP_SECRET_MAX] = '\0';
	expect_word(long_one, RP_SECRET_MAX, long_one);
	long_one[RP_SECRET_MAX] = 'x';
	expect_refusal(long_one, sizeof long_one, 0600, "is longer than");
	expect_refusal("", 0, 0600, "is empty");
	expect_refusal("\nword\n", 6, 0600, "is empty");
	expect_refusal("wo\0rd", 5, 0600, "zero byte");
}

static void what_others_may_read_is_refused(void **state)
{
	(void)state;
	expect_refusal("word", 4, 0640, "its mode is 0640");
	expect_refusal("word", 4, 0604, "its mode is 0604");
	rp_auto(rp_secret) s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_secret_of_file(&s, "/tmp", &err), -1);
	assert_non_null(strstr(rp_err_text(err), "is not a regular file"));
}

static void a_variable_is_taken_out_of_the_environment(void **state)
{
	(void)state;
	rp_auto(rp_secret) s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(setenv("RP_TEST_SECRET", "word", 1), 0);
	const char *lay = getenv("RP_TEST_SECRET");
	assert_int_equal(rp_secret_of_variable(&s, "RP_TEST_SECRET", NULL), 0);
	assert_string_equal(rp_secret_text(s), "word");
	assert_null(getenv("RP_TEST_SECRET"));
	assert_int_equal(lay[0], '\0');
	rp_secret_free(rp_take(s));
	assert_int_equal(rp_secret_of_variable(&s, "RP_TEST_SECRET", &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
}

static void a_credential_is_found_by_its_name(void **state)
{
	(void)state;
	rp_auto(rp_secret) s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	write_word("word\n", 5, 0600);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(rp_secret_of_credential(&s, strrchr(path, '/') + 1, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "CREDENTIALS_DIRECTORY is not set"));
	rp_err_free(rp_take(err));
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/tmp", 1), 0);
	assert_int_equal(rp_secret_of_credential(&s, "../etc/passwd", &err), -1);
	assert_non_null(strstr(rp_err_text(err), "is no name"));
	assert_int_equal(rp_secret_of_credential(&s, strrchr(path, '/') + 1, NULL), 0);
	assert_string_equal(rp_secret_text(s), "word");
}

static void it_is_handed_on_through_a_pipe(void **state)
{
	(void)state;
	rp_auto(rp_secret) s = NULL;
	char line[100] = "";
	write_word("word", 4, 0600);
	assert_int_equal(rp_secret_of_file(&s, path, NULL), 0);
	int fd = rp_secret_pipe(s, NULL);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, line, sizeof line), 5);
	assert_string_equal(line, "word\n");
	assert_int_equal(read(fd, line, sizeof line), 0);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_is_the_password),
		cmocka_unit_test(what_others_may_read_is_refused),
		cmocka_unit_test(a_variable_is_taken_out_of_the_environment),
		cmocka_unit_test(a_credential_is_found_by_its_name),
		cmocka_unit_test(it_is_handed_on_through_a_pipe),
	};
	return cmocka_run_group_tests_name("secret", tests, make, unmake);
}
