/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/server/own_mysql.h"
#include "verifier/engine/mysql/address.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/guard.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/engine/mysql/login.h"
#include "verifier/util/buf.h"
#include "verifier/util/fd.h"

/* Logging in, asking, being interrupted: against a real server. */

/* A password with all that could be misread, as an option file and as SQL write it. */
#define IN_FILE "\"it's a \\\"pass\\\\word\\\" #1 \""
#define IN_SQL	"'it''s a \"pass\\\\word\" #1 '"

static struct own_mysql server;

static struct rp_my_conn *enter(const char *uri)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_conn *c = NULL;
	if (rp_my_connect(&c, uri, &server.run, &err) < 0)
		fail_msg("%s: %s", uri, rp_err_text(err));
	return rp_my_of(c);
}

static void refused(const char *uri, enum rp_err_kind kind, const char *says, const char *hints)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_conn *c = NULL;
	assert_int_equal(rp_my_connect(&c, uri, &server.run, &err), -1);
	assert_null(c);
	assert_int_equal(rp_err_kind(err), kind);
	if (strstr(rp_err_text(err), says) == NULL)
		fail_msg("%s", rp_err_text(err));
	if (hints != NULL)
		assert_non_null(rp_err_hint_text(err));
	if (hints != NULL && strstr(rp_err_hint_text(err), hints) == NULL)
		fail_msg("%s", rp_err_hint_text(err));
}

static void gives(struct rp_my_conn *c, const char *sql, const char *want)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autofree char *value = NULL;
	if (rp_my_value(c, sql, &value, &err) < 0)
		fail_msg("%s: %s", sql, rp_err_text(err));
	assert_non_null(value);
	assert_string_equal(value, want);
}

static void fails(struct rp_my_conn *c, const char *sql, enum rp_err_kind kind, const char *says)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autofree char *value = NULL;
	assert_int_equal(rp_my_value(c, sql, &value, &err), -1);
	if (rp_err_kind(err) != kind || strstr(rp_err_text(err), says) == NULL)
		fail_msg("%s: %d %s", sql, rp_err_kind(err), rp_err_text(err));
}

static void settings_of_the_server_do_not_reach_us(void **state)
{
	(void)state;
	own_mysql_sql(&server,
		      "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH';"
		      "SET GLOBAL time_zone = '+05:00'; SET GLOBAL sql_select_limit = 1;"
		      "SET GLOBAL autocommit = 0; SET GLOBAL group_concat_max_len = 4;"
		      "SET GLOBAL completion_type = 2; SET GLOBAL sql_auto_is_null = 1;"
		      "SET GLOBAL TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;"
		      "SET GLOBAL max_sort_length = 64");
	if (!server.mariadb)
		own_mysql_sql(&server, "SET GLOBAL max_execution_time = 20;"
				       "SET GLOBAL show_gipk_in_create_table_and_information_schema = 0");
	else
		own_mysql_sql(&server, "SET GLOBAL max_statement_time = 0.02;"
				       "SET GLOBAL system_versioning_asof = '2020-01-01 00:00:00'");
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "root", "shop", NULL));
	gives(c, "SELECT @@sql_mode", "");
	gives(c, "SELECT @@time_zone", "+00:00");
	gives(c, "SELECT COUNT(*) FROM (SELECT 1 UNION SELECT 2 UNION SELECT 3) x", "3");
	gives(c, "SELECT @@sql_select_limit", "18446744073709551615");
	gives(c, "SELECT @@autocommit", "1");
	gives(c, "SELECT LENGTH(GROUP_CONCAT(REPEAT('x', 10000))) FROM (SELECT 1 UNION SELECT 2) x", "20001");
	gives(c, "SELECT SLEEP(0.1)", "0");
	gives(c, "SELECT COALESCE(@@character_set_results, 'null')", "null");
	if (server.mariadb)
		gives(c, "SELECT @@system_versioning_asof", "DEFAULT");
	fails(c, "SELECT nope", RP_ERR_OBJECT, "Unknown column");
	rp_my_close(&c->base);
	own_mysql_sql(&server,
		      "SET GLOBAL sql_mode = DEFAULT; SET GLOBAL time_zone = DEFAULT;"
		      "SET GLOBAL sql_select_limit = DEFAULT; SET GLOBAL autocommit = 1;"
		      "SET GLOBAL group_concat_max_len = DEFAULT; SET GLOBAL completion_type = DEFAULT;"
		      "SET GLOBAL sql_auto_is_null = 0;"
		      "SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
		      "SET GLOBAL max_sort_length = DEFAULT");
	own_mysql_sql(&server, server.mariadb ? "SET GLOBAL max_statement_time = DEFAULT;"
						"SET GLOBAL system_versioning_asof = DEFAULT"
					      : "SET GLOBAL max_execution_time = DEFAULT");
}

static char *as_super(void)
{
	char path[100];
	MYSQL *my = mysql_init(NULL);
	(void)snprintf(path, sizeof path, "%s/s", server.dir);
	assert_non_null(mysql_real_connect(my, "localhost", "super", "", NULL, 0, path, 0));
	assert_int_equal(mysql_query(my, "SELECT @@default_week_format"), 0);
	rp_autorows *r = mysql_store_result(my);
	char *value = strdup(mysql_fetch_row(r)[0]);
	mysql_free_result(rp_take(r));
	mysql_close(my);
	return value;
}

static void init_connect_is_refused_where_it_runs(void **state)
{
	(void)state;
	own_mysql_sql(&server, "SET GLOBAL init_connect = 'SET @x = 1'");
	refused(own_mysql_uri(&server, "reader", "shop", NULL), RP_ERR_ENGINE, "init_connect",
		"CONNECTION ADMIN");
	rp_my_close(&enter(own_mysql_uri(&server, "root", "shop", NULL))->base);
	/* Whether SUPER is enough, the server itself shows. */
	struct own_mysql *s = &server;
	own_mysql_sql(s, "CREATE USER super@localhost; GRANT SUPER ON *.* TO super@localhost;"
			 "SET GLOBAL init_connect = 'SET @@default_week_format = 3'");
	rp_autofree char *ran = as_super();
	if (strcmp(ran, "3") == 0)
		refused(own_mysql_uri(s, "super", "", NULL), RP_ERR_ENGINE, "init_connect", NULL);
	else
		rp_my_close(&enter(own_mysql_uri(s, "super", "", NULL))->base);
	own_mysql_sql(&server, "SET GLOBAL init_connect = ''");
	rp_my_close(&enter(own_mysql_uri(&server, "reader", "shop", NULL))->base);
}

static const char *file_with(const char *text)
{
	static char path[100], more[130];
	(void)snprintf(path, sizeof path, "%s/my.cnf", server.dir);
	assert_int_equal(rp_file_replace(path, text, strlen(text), 0600, NULL), 0);
	(void)snprintf(more, sizeof more, "defaults-file=%s", path);
	return more;
}

static void passwords_come_from_option_files(void **state)
{
	(void)state;
	const char *right = file_with("[client]\npassword=" IN_FILE "\n"
				      "init-command=DROP DATABASE shop\n");
	char tcp[300];
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "guarded", "shop", right));
	gives(c, "SELECT CURRENT_USER()", "guarded@localhost");
	rp_my_close(&c->base);
	/* Again: the second time a server can have it from a cache. */
	rp_my_close(&enter(own_mysql_uri(&server, "guarded", "shop", right))->base);
	static const char *const modes[] = {"disabled", "preferred"};
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		own_mysql_sql(&server, "FLUSH PRIVILEGES"); /* and empties that cache */
		(void)snprintf(tcp, sizeof tcp, "mysql://guarded@127.0.0.1:%u/shop?ssl-mode=%s&%s",
			       server.port, modes[i], right);
		c = enter(tcp);
		gives(c, "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)", "guarded");
		rp_my_close(&c->base);
	}
	const char *wrong = file_with("[client]\npassword=nonsense\n");
	refused(own_mysql_uri(&server, "guarded", "shop", wrong), RP_ERR_ENGINE, "Access denied",
		"is it this account's");
	refused(own_mysql_uri(&server, "guarded", "shop", NULL), RP_ERR_ENGINE, "Access denied", "~/.my.cnf");
}

static bool offers_tls(void)
{
	char uri[200];
	(void)snprintf(uri, sizeof uri, "mysql://reader@127.0.0.1:%u/shop?no-defaults=1", server.port);
	struct rp_my_conn *c = enter(uri);
	bool yes = mysql_get_ssl_cipher(c->my) != NULL;
	rp_my_close(&c->base);
	return yes;
}

static void a_server_without_a_certificate_to_trust_is_refused(void **state)
{
	(void)state;
	char uri[200];
	(void)snprintf(uri, sizeof uri,
		       "mysql://reader@127.0.0.1:%u/shop?no-defaults=1&ssl-mode=verify-identity",
		       server.port);
	refused(uri, RP_ERR_ENGINE, "TLS", "ssl-");
	(void)snprintf(uri, sizeof uri, "mysql://reader@127.0.0.1:%u/shop?no-defaults=1&ssl-mode=verify-ca",
		       server.port);
	refused(uri, RP_ERR_USAGE, "needs an ssl-ca", NULL);
	(void)snprintf(uri, sizeof uri, "mysql://reader@127.0.0.1:%u/shop?no-defaults=1&ssl-mode=sure",
		       server.port);
	refused(uri, RP_ERR_USAGE, "ssl-mode 'sure' is not known", "verify-identity");
	(void)snprintf(uri, sizeof uri, "mysql://reader@127.0.0.1:%u/shop?no-defaults=1&ssl-mode=required",
		       server.port);
	if (offers_tls())
		rp_my_close(&enter(uri)->base);
	else
		refused(uri, RP_ERR_ENGINE, "no TLS", "preferred");
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	char uri[200];
	refused(own_mysql_uri(&server, "root", "nope", NULL), RP_ERR_ENGINE, "'nope'", NULL);
	refused(own_mysql_uri(&server, "reader", "mysql", NULL), RP_ERR_ENGINE, "'mysql'", NULL);
	refused("mysql:///shop?socket=/nonexistent/s&no-defaults=1", RP_ERR_ENGINE, "/nonexistent/s",
		"socket=");
	(void)snprintf(uri, sizeof uri, "mysql:///shop?no-defaults=1&socket=/%0120d", 1);
	refused(uri, RP_ERR_USAGE, "longer than 107", NULL);
	refused("mysql://127.0.0.1:1/shop?no-defaults=1", RP_ERR_ENGINE, "127.0.0.1", NULL);
	(void)snprintf(uri, sizeof uri, "mysql://reader@127.0.0.1:%u/shop?defaults-file=/nonexistent",
		       server.port);
	refused(uri, RP_ERR_CONFIG, "/nonexistent", NULL);
}

static void one_statement_that_only_reads(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "root", "shop", NULL));
	fails(c, "SELECT 1; SELECT 2", RP_ERR_OBJECT, "SELECT 2");
	fails(c, "INSERT INTO t VALUES (9)", RP_ERR_OBJECT, "READ ONLY");
	fails(c, "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t", RP_ERR_OBJECT, "");
	fails(c, "SELECT * FROM nope", RP_ERR_OBJECT, "nope");
	fails(c, "SELECT * FROM broken", RP_ERR_OBJECT, "1356");
	gives(c, "SELECT COUNT(*) FROM t", "3"); /* it is still good */
	fails(c, "DO 1", RP_ERR_ENGINE, "without rows");
	gives(c, "SELECT COUNT(*) FROM t", "3");
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_my_allow_writing(c, &err), 0);
	assert_int_equal(rp_my_exec(c, "INSERT INTO t VALUES (9)", &err), 0);
	assert_int_equal(rp_my_exec(c, "DELETE FROM t WHERE a = 9", &err), 0);
	rp_my_close(&c->base);
	c = enter(own_mysql_uri(&server, "reader", "shop", NULL));
	fails(c, "SELECT * FROM private.p", RP_ERR_OBJECT, "1142");
	rp_my_close(&c->base);
}

static void values_take_the_places_of_question_marks(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "root", "shop", NULL));
	static const char *const hard[] = {"a'b\\'c\n\xe2\x82\xac", NULL, "' OR 1 -- "};
	rp_autoerr struct rp_err *err = NULL;
	rp_autorows *r = NULL;
	assert_int_equal(rp_my_ask_for(c, "SELECT ?, ? IS NULL, ?", hard, 3, &r, &err), 0);
	MYSQL_ROW row = mysql_fetch_row(r);
	assert_string_equal(row[0], hard[0]);
	assert_string_equal(row[1], "1");
	assert_string_equal(row[2], hard[2]);
	assert_int_equal(rp_my_ask_for(c, "SELECT ?", hard, 2, NULL, NULL), -1);
	rp_my_close(&c->base);
}

/* The server's own record of who runs such a statement. */
static void nobody_sleeps(void)
{
	for (int i = 0; i < 100; i++) {
		rp_autofree char *n =
			own_mysql_ask(&server, "SELECT COUNT(*) FROM information_schema.PROCESSLIST"
					       " WHERE INFO LIKE '%SLEEP(100)%' AND ID <> CONNECTION_ID()");
		if (strcmp(n, "0") == 0)
			return;
		(void)usleep(50 * 1000);
	}
	fail_msg("the server still sleeps for us");
}

static void *interrupt(void *ctx)
{
	(void)ctx;
	(void)usleep(300 * 1000);
	(void)kill(getpid(), SIGINT);
	return NULL;
}

static void an_interrupt_ends_a_call_that_blocks(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "reader", "shop", NULL));
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, interrupt, NULL), 0);
	int64_t begun = rp_run_clock_ms();
	fails(c, "SELECT SLEEP(100)", RP_ERR_CANCELLED, "SIGINT");
	assert_true(rp_run_clock_ms() - begun < 5000);
	(void)pthread_join(thread, NULL);
	refused(own_mysql_uri(&server, "reader", "shop", NULL), RP_ERR_CANCELLED, "SIGINT", NULL);
	rp_my_close(&c->base);
	rp_run_done(&server.run);
	assert_int_equal(rp_run_init(&server.run, NULL), 0);
	nobody_sleeps();
}

static void a_deadline_ends_a_call_that_blocks(void **state)
{
	(void)state;
	server.run.deadline_ns = (rp_run_clock_ms() + 500) * 1000000;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "reader", "shop", NULL));
	int64_t begun = rp_run_clock_ms();
	fails(c, "SELECT SLEEP(100)", RP_ERR_TIMEOUT, "time allowed");
	assert_true(rp_run_clock_ms() - begun < 5000);
	fails(c, "SELECT 1", RP_ERR_TIMEOUT, "time allowed");
	rp_my_close(&c->base);
	server.run.deadline_ns = 0;
	nobody_sleeps();
}

static void a_bound_ends_a_call_that_blocks(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "reader", "shop", NULL));
	rp_my_guard_bound(c->guard, 200);
	fails(c, "SELECT SLEEP(100)", RP_ERR_ENGINE, "within the time set");
	assert_true(rp_my_guard_is_past(c->guard));
	rp_my_close(&c->base);
	nobody_sleeps();
}

/* It takes connections and says nothing. */
static void a_server_that_says_nothing_is_not_waited_for(void **state)
{
	(void)state;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	char uri[200];
	rp_autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(listen(fd, 1), 0);
	(void)snprintf(uri, sizeof uri, "mysql://x@127.0.0.1:%u/shop?no-defaults=1", ntohs(at.sin_port));
	server.run.deadline_ns = (rp_run_clock_ms() + 300) * 1000000;
	refused(uri, RP_ERR_TIMEOUT, "time allowed", NULL);
	server.run.deadline_ns = 0;
}

static void a_connection_that_is_killed_is_only_good_for_closing(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "reader", "shop", NULL));
	char sql[64];
	(void)snprintf(sql, sizeof sql, "KILL %lu", mysql_thread_id(c->my));
	own_mysql_sql(&server, sql);
	(void)usleep(100 * 1000);
	fails(c, "SELECT 1", RP_ERR_ENGINE, "(");
	fails(c, "SELECT 1", RP_ERR_ENGINE, "("); /* nor does it come back */
	rp_my_close(&c->base);
}

static const char *fact(const struct rp_position *at, const char *name)
{
	for (size_t i = 0; i < at->n_facts; i++)
		if (strcmp(at->facts[i].name, name) == 0)
			return at->facts[i].value;
	return NULL;
}

static void a_database_says_what_it_is(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "root", "shop", NULL));
	struct rp_identity who = {0};
	struct rp_position at = {0};
	assert_int_equal(rp_my_identify(&c->base, &who, &at, NULL), 0);
	assert_string_equal(who.engine, "mysql");
	assert_string_equal(who.database, "shop");
	assert_int_equal(strstr(who.version, "MariaDB") != NULL, server.mariadb);
	assert_true(who.bytes >= 16384);
	assert_true(llabs((long long)at.taken_ms - (long long)time(NULL) * 1000) < 60000);
	assert_false(at.bound);
	assert_non_null(who.instance);
	assert_non_null(fact(&at, "binlog"));
	assert_int_equal(strncmp(fact(&at, "binlog"), "bin.0", 5), 0);
	rp_autofree char *first = strdup(who.instance);
	assert_int_equal(rp_my_identify(&c->base, &who, &at, NULL), 0);
	assert_string_equal(who.instance, first);
	rp_my_close(&c->base);
	/* A plain account sees the same instance: it is what guards against restoring onto the source. */
	c = enter(own_mysql_uri(&server, "reader", "shop", NULL));
	assert_int_equal(rp_my_identify(&c->base, &who, &at, NULL), 0);
	assert_string_equal(who.instance, first);
	assert_null(fact(&at, "binlog"));
	rp_my_close(&c->base);
	c = enter(own_mysql_uri(&server, "root", "", NULL));
	assert_int_equal(rp_my_identify(&c->base, &who, &at, NULL), 0);
	assert_string_equal(who.database, "");
	rp_my_close(&c->base);
}

static void the_vendors_client_logs_in_with_what_is_lent(void **state)
{
	(void)state;
	struct rp_my_conn *c =
		enter(own_mysql_uri(&server, "guarded", "shop", file_with("[client]\npassword=" IN_FILE)));
	rp_autobuf file = RP_BUF_INIT(4096);
	rp_autobuf out = RP_BUF_INIT(4096);
	rp_autobuf said = RP_BUF_INIT(4096);
	rp_autoerr struct rp_err *err = NULL;
	const char *variable = "x";
	char path[100], argument[130], sql[] = "--execute=SELECT CURRENT_USER(), DATABASE()";
	assert_int_equal(rp_my_lend(&c->base, &file, &variable, &err), 0);
	assert_null(variable);
	(void)snprintf(path, sizeof path, "%s/lent.cnf", server.dir);
	(void)snprintf(argument, sizeof argument, "--defaults-file=%s", path);
	assert_int_equal(rp_file_replace(path, rp_buf_text(&file), file.len, 0600, NULL), 0);
	char bare[] = "--skip-column-names";
	char *argv[] = {server.client, argument, bare, sql, NULL};
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv;
	int status = rp_proc_run(&p, NULL, &out, &said, &server.run, &err);
	if (status != 0 || said.len > 0)
		fail_msg("%d %s", status, rp_buf_text(&said));
	assert_string_equal(rp_buf_text(&out), "guarded@localhost\tshop\n");
	rp_my_close(&c->base);
}

static int ask(struct rp_my_conn *c, const char *text, unsigned ms, struct rp_reply *ret, struct rp_err **err)
{
	const struct rp_question q = {.text = text, .limit_ms = ms};
	*ret = (struct rp_reply){0};
	return rp_my_ask(&c->base, &q, ret, err);
}

static void questions_are_answered(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "reader", "shop", NULL));
	struct rp_reply reply;
	assert_int_equal(ask(c, "-- how many\nSELECT COUNT(*) FROM t", 10000, &reply, NULL), 0);
	assert_int_equal(reply.rows, 1);
	assert_string_equal(reply.first, "3");
	free(reply.first);
	assert_int_equal(ask(c, "(SELECT a FROM t WHERE a > 5)", 10000, &reply, NULL), 0);
	assert_int_equal(reply.rows, 0);
	assert_null(reply.first);
	assert_int_equal(ask(c, "SELECT NULL FROM t", 0, &reply, NULL), 0);
	assert_int_equal(reply.rows, 3);
	assert_null(reply.first);
	rp_my_close(&c->base);
}

static void what_is_no_question_is_refused(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "reader", "shop", NULL));
	static const char *const all[] = {"INSERT INTO t VALUES (9)",
					  "CALL writes()",
					  "COMMIT",
					  "",
					  "/*!50000 CALL writes() */",
					  "/* unclosed",
					  "SELECT 1; COMMIT",
					  "SELECT nope",
					  "SELECT insane()",
					  "SELECT 1 INTO OUTFILE '/tmp/rp-own-my-never'",
					  "SELECT * FROM private.p",
					  "SELECT SLEEP(100)"};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_reply reply;
		if (ask(c, all[i], 300, &reply, &err) == 0)
			fail_msg("%s", all[i]);
		if (rp_err_kind(err) != RP_ERR_OBJECT)
			fail_msg("%s: %s", all[i], rp_err_text(err));
	}
	rp_my_close(&c->base);
	rp_autofree char *n = own_mysql_ask(&server, "SELECT COUNT(*) FROM shop.t");
	assert_string_equal(n, "3");
	nobody_sleeps();
}

static void an_administrator_does_not_ask(void **state)
{
	(void)state;
	struct rp_my_conn *c = enter(own_mysql_uri(&server, "root", "shop", NULL));
	struct rp_reply reply;
	assert_int_equal(ask(c, "SELECT CURRENT_USER()", 10000, &reply, NULL), -1);
	own_mysql_sql(&server, "CREATE USER " RP_MY_ASKER "@localhost;"
			       "GRANT SELECT ON shop.* TO " RP_MY_ASKER "@localhost");
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(ask(c, "SELECT CURRENT_USER()", 10000, &reply, &err), 0);
	assert_string_equal(reply.first, RP_MY_ASKER "@localhost");
	free(reply.first);
	const struct rp_question as = {.text = "SELECT CURRENT_USER()", .role = "reader", .limit_ms = 1000};
	assert_int_equal(rp_my_ask(&c->base, &as, &reply, &err), 0);
	assert_string_equal(reply.first, "reader@localhost");
	free(reply.first);
	static const char *const bad[] = {"root", "nobody_of_that_name", "guarded"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const struct rp_question q = {.text = "SELECT 1", .role = bad[i]};
		rp_autoerr struct rp_err *why = NULL;
		assert_int_equal(rp_my_ask(&c->base, &q, &reply, &why), -1);
		assert_int_equal(rp_err_kind(why), RP_ERR_OBJECT);
	}
	rp_my_close(&c->base);
}

static int start(void **state)
{
	(void)state;
	if (own_mysql_start(&server) < 0)
		return -1;
	own_mysql_sql(&server,
		      "CREATE DATABASE shop; CREATE DATABASE private; CREATE TABLE private.p (a INT);"
		      "CREATE TABLE shop.t (a INT PRIMARY KEY); INSERT INTO shop.t VALUES (1), (2), (3);"
		      "CREATE TABLE shop.gone (a INT); CREATE VIEW shop.broken AS SELECT * FROM shop.gone;"
		      "DROP TABLE shop.gone;"
		      "CREATE PROCEDURE shop.writes() BEGIN COMMIT; START TRANSACTION READ WRITE;"
		      " INSERT INTO t VALUES (99); COMMIT; END;"
		      "CREATE FUNCTION shop.insane() RETURNS INT MODIFIES SQL DATA DETERMINISTIC"
		      " BEGIN INSERT INTO t VALUES (77); RETURN 1; END;"
		      "CREATE USER reader@localhost; GRANT SELECT, EXECUTE ON shop.* TO reader@localhost;"
		      "CREATE USER reader@'127.0.0.1'; GRANT SELECT ON shop.* TO reader@'127.0.0.1';"
		      "CREATE USER guarded@localhost IDENTIFIED BY " IN_SQL ";"
		      "CREATE USER guarded@'127.0.0.1' IDENTIFIED BY " IN_SQL ";"
		      "GRANT SELECT ON shop.* TO guarded@localhost;"
		      "GRANT SELECT ON shop.* TO guarded@'127.0.0.1'");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	own_mysql_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_of_the_server_do_not_reach_us),
		cmocka_unit_test(init_connect_is_refused_where_it_runs),
		cmocka_unit_test(passwords_come_from_option_files),
		cmocka_unit_test(a_server_without_a_certificate_to_trust_is_refused),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(one_statement_that_only_reads),
		cmocka_unit_test(values_take_the_places_of_question_marks),
		cmocka_unit_test(an_interrupt_ends_a_call_that_blocks),
		cmocka_unit_test(a_deadline_ends_a_call_that_blocks),
		cmocka_unit_test(a_bound_ends_a_call_that_blocks),
		cmocka_unit_test(a_server_that_says_nothing_is_not_waited_for),
		cmocka_unit_test(a_connection_that_is_killed_is_only_good_for_closing),
		cmocka_unit_test(a_database_says_what_it_is),
		cmocka_unit_test(the_vendors_client_logs_in_with_what_is_lent),
		cmocka_unit_test(questions_are_answered),
		cmocka_unit_test(what_is_no_question_is_refused),
		cmocka_unit_test(an_administrator_does_not_ask),
	};
	if (own_mysql_missing(&server))
		return 77;
	return cmocka_run_group_tests_name("my_conn", tests, start, stop);
}
