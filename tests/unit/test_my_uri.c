/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/mysql/address.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

static void is(const struct rp_my_address *a, enum rp_my_key key, const char *want)
{
	if (want == NULL)
		assert_null(a->v[key]);
	else
		assert_non_null(a->v[key]);
	if (want != NULL)
		assert_string_equal(a->v[key], want);
}

static void a_uri_says_where_and_as_whom(void **state)
{
	(void)state;
	static const struct {
		const char *uri, *user, *host, *port, *database, *socket;
		bool local;
	} all[] = {
		{"mysql://", NULL, NULL, NULL, NULL, NULL, true},
		{"mysql:///shop", NULL, NULL, NULL, "shop", NULL, true},
		{"mariadb://ann@db.example/shop", "ann", "db.example", NULL, "shop", NULL, false},
		{"mysql://ann@db.example:3307/shop", "ann", "db.example", "3307", "shop", NULL, false},
		{"mysql://localhost/shop", NULL, "localhost", NULL, "shop", NULL, true},
		{"mysql://localhost:3307/shop", NULL, "localhost", "3307", "shop", NULL, false},
		{"mysql://[::1]:3307/shop", NULL, "::1", "3307", "shop", NULL, false},
		{"mysql://[fe80::1%25eth0]/", NULL, "fe80::1%eth0", NULL, NULL, NULL, false},
		{"mysql://a%40b%3Ac@h/d%2Fe", "a@b:c", "h", NULL, "d/e", NULL, false},
		{"mysql://ann@localhost/shop?socket=/run/my%20dir/s", "ann", "localhost", NULL, "shop",
		 "/run/my dir/s", true},
		{"mysql:///?socket=/s", NULL, NULL, NULL, NULL, "/s", true},
		{"mysql://h?ssl-mode=required&ssl-ca=/ca.pem", NULL, "h", NULL, NULL, NULL, false},
		{"mysql://h:/d", NULL, "h", NULL, "d", NULL, false},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoaddress a = {0};
		assert_int_equal(rp_my_address_parse(all[i].uri, &a, NULL), 0);
		is(&a, RP_MY_KEY_USER, all[i].user);
		is(&a, RP_MY_KEY_HOST, all[i].host);
		is(&a, RP_MY_KEY_PORT, all[i].port);
		is(&a, RP_MY_KEY_DATABASE, all[i].database);
		is(&a, RP_MY_KEY_SOCKET, all[i].socket);
		assert_int_equal(rp_my_address_is_local(&a), all[i].local);
	}
}

static void what_is_wrong_with_a_uri_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *uri, *says;
	} all[] = {
		{"postgresql://h/d", "begins with mysql://"},
		{"mysql:/h/d", "begins with mysql://"},
		{"mysql://h:0/d", "port"},
		{"mysql://h:65536/d", "port"},
		{"mysql://h:12x/d", "port"},
		{"mysql://::1/d", "port"},
		{"mysql://[::1/d", "'[' is not closed"},
		{"mysql://[::1]x/d", "behind ']'"},
		{"mysql://h/a/b", "%2F"},
		{"mysql://h/d%zz", "database a '%'"},
		{"mysql://u%4@h/d", "user a '%'"},
		{"mysql://h/d%00x", "zero byte"},
		{"mysql://h/d#x", "%23"},
		{"mysql://h/d?sockt=/x", "'sockt', which is not known"},
		{"mysql://h/d?init-command=drop", "not known"},
		{"mysql://h/d?plugin-dir=/tmp", "not known"},
		{"mysql://h/d?ssl-mode", "no value"},
		{"mysql:///d?socket=s", "begins with '/'"},
		{"mysql:///d?defaults-file=x", "begins with '/'"},
		{"mysql:///d?socket=/a&socket=/b", "twice"},
		{"mysql://h/d?socket=/a", "both a socket and a host"},
		{"mysql://localhost:3306/d?socket=/a", "both a socket and a host"},
		{"mysql:///d?no-defaults=0", "can only be 1"},
		{"mysql:///d?no-defaults=1&defaults-file=/x", "both 'no-defaults'"},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoaddress a = {0};
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_my_address_parse(all[i].uri, &a, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
		if (strstr(rp_err_text(err), all[i].says) == NULL)
			fail_msg("%s: %s", all[i].uri, rp_err_text(err));
		for (unsigned k = 0; k < RP_MY_KEYS; k++)
			assert_null(a.v[k]);
	}
}

static void a_password_in_a_uri_is_refused_and_not_repeated(void **state)
{
	(void)state;
	static const char *const all[] = {"mysql://ann:hunter2@h/d", "mysql://ann:@h/d",
					  "mysql://:hunter2@h/d", "mysql://h/d?password=hunter2",
					  "mysql://h/d?passwd=hunter2"};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoaddress a = {0};
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_my_address_parse(all[i], &a, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
		assert_null(strstr(rp_err_text(err), "hunter2"));
		assert_non_null(strstr(rp_err_hint_text(err), ".my.cnf"));
	}
}

static void a_uri_that_is_written_reads_the_same(void **state)
{
	(void)state;
	static const char *const all[] = {
		"mysql:///",
		"mysql://ann@db.example:3307/shop",
		"mysql://a%40b%3Ac@h/d%2F%3F%26%25",
		"mysql://[::1]:3307/shop?ssl-mode=disabled",
		"mysql://localhost/x?socket=%2Frun%2Fa%20b&no-defaults=1",
		"mysql://%C3%BC@h/%E2%82%AC",
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoaddress a = {0};
		rp_autobuf out = RP_BUF_INIT(1000);
		assert_int_equal(rp_my_address_parse(all[i], &a, NULL), 0);
		assert_int_equal(rp_my_address_add(&out, &a, NULL), 0);
		assert_string_equal(rp_buf_text(&out), all[i]);
	}
}

static void option_files_are_read_as_the_vendors_do(void **state)
{
	(void)state;
	static const char text[] = "user=nobody\n"
				   "# comment\n"
				   "[mysqld]\r\nuser=mysql\nport=1\n"
				   "  [client]\n"
				   "user = ann   # her\n"
				   "password=\"a#b \\\"c\\\\ d\"\n"
				   "port=3307\n"
				   ";host=commented\n"
				   "init-command=drop database shop\n"
				   "plugin-dir=/tmp\n"
				   "local_infile=1\n"
				   "ssl_ca='/etc/ca file.pem'\n"
				   "loose-ssl-mode = REQUIRED\n"
				   "[reprove]\nport=3308\n"
				   "[mysqldump]\nport=3309\n"
				   "[client-mariadb]\nsocket=/run/x\\sy";
	rp_autoaddress a = {0};
	assert_int_equal(rp_my_options_read(text, &a, NULL), 0);
	is(&a, RP_MY_KEY_USER, "ann");
	is(&a, RP_MY_KEY_PASSWORD, "a#b \"c\\ d");
	is(&a, RP_MY_KEY_PORT, "3308");
	is(&a, RP_MY_KEY_HOST, NULL);
	is(&a, RP_MY_KEY_SSL_CA, "/etc/ca file.pem");
	is(&a, RP_MY_KEY_SSL_MODE, "REQUIRED");
	is(&a, RP_MY_KEY_SOCKET, "/run/x y");
	is(&a, RP_MY_KEY_DATABASE, NULL);
}

static void an_unclosed_group_is_an_error(void **state)
{
	(void)state;
	rp_autoaddress a = {0};
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_my_options_read("[client\nuser=x\n", &a, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
}

/* A directory of this test's own with an option file in it. */
struct files {
	char dir[64], file[96], uri[200];
};

static void write_file(const char *path, const char *text, mode_t mode)
{
	assert_int_equal(rp_file_replace(path, text, strlen(text), mode, NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int make_files(void **state)
{
	static struct files f;
	(void)snprintf(f.dir, sizeof f.dir, "/tmp/rp-my-uri-XXXXXX");
	if (mkdtemp(f.dir) == NULL)
		return -1;
	(void)snprintf(f.file, sizeof f.file, "%s/my.cnf", f.dir);
	(void)snprintf(f.uri, sizeof f.uri, "mysql:///shop?defaults-file=%s", f.file);
	(void)unsetenv("MYSQL_PWD");
	(void)unsetenv("MYSQL_UNIX_PORT");
	(void)unsetenv("MYSQL_TCP_PORT");
	*state = &f;
	return 0;
}

static int remove_files(void **state)
{
	struct files *f = *state;
	(void)unsetenv("MYSQL_PWD");
	return rp_tree_remove(f->dir, NULL);
}

static void complete(const char *uri, struct rp_my_address *a)
{
	assert_int_equal(rp_my_address_parse(uri, a, NULL), 0);
	assert_int_equal(rp_my_address_complete(a, NULL), 0);
}

static void a_defaults_file_fills_in_what_the_uri_leaves_open(void **state)
{
	struct files *f = *state;
	rp_autoaddress a = {0};
	write_file(f->file, "[client]\nuser=ann\npassword=x\nhost=db.example\nport=3307\n", 0600);
	complete(f->uri, &a);
	is(&a, RP_MY_KEY_USER, "ann");
	is(&a, RP_MY_KEY_PASSWORD, "x");
	is(&a, RP_MY_KEY_HOST, "db.example");
	is(&a, RP_MY_KEY_PORT, "3307");
	assert_false(rp_my_address_is_local(&a));
}

static void a_uri_that_says_where_is_not_led_elsewhere(void **state)
{
	struct files *f = *state;
	rp_autoaddress a = {0}, b = {0};
	char uri[300];
	write_file(f->file, "[client]\nhost=db.example\nport=3307\nsocket=/other\npassword=x\n", 0600);
	(void)snprintf(uri, sizeof uri, "mysql://localhost/?socket=/here&defaults-file=%s", f->file);
	complete(uri, &a);
	is(&a, RP_MY_KEY_SOCKET, "/here");
	is(&a, RP_MY_KEY_HOST, "localhost");
	is(&a, RP_MY_KEY_PORT, NULL);
	(void)snprintf(uri, sizeof uri, "mysql://h/?defaults-file=%s", f->file);
	complete(uri, &b);
	is(&b, RP_MY_KEY_HOST, "h");
	is(&b, RP_MY_KEY_SOCKET, NULL);
}

static void no_defaults_means_no_password_from_anywhere(void **state)
{
	struct files *f = *state;
	rp_autoaddress a = {0}, b = {0};
	write_file(f->file, "[client]\nuser=ann\n", 0600);
	(void)setenv("MYSQL_PWD", "hunter2", 1);
	complete("mysql:///?socket=/s&no-defaults=1", &a);
	is(&a, RP_MY_KEY_PASSWORD, NULL);
	complete(f->uri, &b);
	is(&b, RP_MY_KEY_PASSWORD, "hunter2");
	(void)unsetenv("MYSQL_PWD");
}

static void files_include_others_and_not_themselves(void **state)
{
	struct files *f = *state;
	rp_autoaddress a = {0}, b = {0};
	rp_autoerr struct rp_err *err = NULL;
	char text[300], path[128];
	(void)snprintf(path, sizeof path, "%s/d", f->dir);
	assert_int_equal(rp_dir_make(path, 0700, NULL), 0);
	(void)snprintf(path, sizeof path, "%s/d/b.cnf", f->dir);
	write_file(path, "[client]\nuser=ben\n", 0600);
	(void)snprintf(path, sizeof path, "%s/d/b.txt", f->dir);
	write_file(path, "[client]\nuser=not\n", 0600);
	(void)snprintf(text, sizeof text, "[client]\nuser=ann\n!includedir %s/d\n", f->dir);
	write_file(f->file, text, 0600);
	complete(f->uri, &a);
	is(&a, RP_MY_KEY_USER, "ben");
	(void)snprintf(text, sizeof text, "!include %s\n", f->file);
	write_file(f->file, text, 0600);
	assert_int_equal(rp_my_address_parse(f->uri, &b, NULL), 0);
	assert_int_equal(rp_my_address_complete(&b, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "includes itself"));
}

static void a_file_that_is_named_must_be_there_and_safe(void **state)
{
	struct files *f = *state;
	rp_autoaddress a = {0}, b = {0};
	rp_autoerr struct rp_err *open = NULL;
	rp_autoerr struct rp_err *gone = NULL;
	write_file(f->file, "[client]\nuser=ann\n", 0666);
	assert_int_equal(rp_my_address_parse(f->uri, &a, NULL), 0);
	assert_int_equal(rp_my_address_complete(&a, &open), -1);
	assert_non_null(strstr(rp_err_text(open), "writable by everybody"));
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(rp_my_address_parse(f->uri, &b, NULL), 0);
	assert_int_equal(rp_my_address_complete(&b, &gone), -1);
	assert_int_equal(rp_err_kind(gone), RP_ERR_CONFIG);
	assert_non_null(strstr(rp_err_text(gone), f->file));
}

static void a_private_server_is_found_by_its_socket_alone(void **state)
{
	(void)state;
	char socket[] = "/tmp/a b", admin[] = "adm1n";
	const struct rp_place p = {.socket = socket, .admin = admin};
	rp_autobuf uri = RP_BUF_INIT(1000);
	rp_autobuf other = RP_BUF_INIT(1000);
	assert_int_equal(rp_my_uri(&p, NULL, &uri, NULL), 0);
	assert_string_equal(rp_buf_text(&uri), "mysql://adm1n@localhost/"
					       "?socket=%2Ftmp%2Fa%20b%2Fmysql.sock&no-defaults=1");
	assert_int_equal(rp_my_within(rp_buf_text(&uri), "sh/op", &other, NULL), 0);
	assert_string_equal(rp_buf_text(&other), "mysql://adm1n@localhost/sh%2Fop"
						 "?socket=%2Ftmp%2Fa%20b%2Fmysql.sock&no-defaults=1");
}

static void what_a_person_types_is_one_line_of_a_shell(void **state)
{
	(void)state;
	char bindir[] = "/usr/bin";
	const struct rp_place p = {.with = {.bindir = bindir, .tool = "mariadb"}};
	rp_autobuf out = RP_BUF_INIT(1000);
	assert_int_equal(
		rp_my_explain(&p, "mysql://a%27b@localhost/$(x)?socket=/t/s&no-defaults=1", &out, NULL), 0);
	assert_string_equal(rp_buf_text(&out), "/usr/bin/mariadb --no-defaults --host=localhost --socket=/t/s"
					       " --user='a'\\''b' --database='$(x)'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uri_says_where_and_as_whom),
		cmocka_unit_test(what_is_wrong_with_a_uri_is_named),
		cmocka_unit_test(a_password_in_a_uri_is_refused_and_not_repeated),
		cmocka_unit_test(a_uri_that_is_written_reads_the_same),
		cmocka_unit_test(option_files_are_read_as_the_vendors_do),
		cmocka_unit_test(an_unclosed_group_is_an_error),
		cmocka_unit_test(a_defaults_file_fills_in_what_the_uri_leaves_open),
		cmocka_unit_test(a_uri_that_says_where_is_not_led_elsewhere),
		cmocka_unit_test(no_defaults_means_no_password_from_anywhere),
		cmocka_unit_test(files_include_others_and_not_themselves),
		cmocka_unit_test(a_file_that_is_named_must_be_there_and_safe),
		cmocka_unit_test(a_private_server_is_found_by_its_socket_alone),
		cmocka_unit_test(what_a_person_types_is_one_line_of_a_shell),
	};
	return cmocka_run_group_tests_name("my_uri", tests, make_files, remove_files);
}
