/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

/* Real servers, and every way in which a run can end. After each test nothing is left: no directory of ours
 * under the base, no process that stands in it. */

#define NOT_RUN 77

/* What a scratch asks of its engine, and no more. */
static const struct rp_engine postgresql = {
	.name = "postgresql",
	.connect = rp_pg_connect,
	.identify = rp_pg_identify,
	.close = rp_pg_close,
	.hosting = &rp_pg_hosting,
};
static const struct rp_engine *const engine = &postgresql;
static struct rp_run run;

static int make_base(void **state)
{
	char *dir = strdup("/tmp/rp-scratch-test-XXXXXX");
	if (dir == NULL || mkdtemp(dir) == NULL || chmod(dir, 0711) < 0)
		return -1;
	*state = dir;
	return 0;
}

static int count_processes_in(const char *dir)
{
	int n = 0;
	DIR *d = opendir("/proc");
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char path[300], cwd[4096];
		(void)snprintf(path, sizeof path, "/proc/%s/cwd", e->d_name);
		ssize_t len = readlink(path, cwd, sizeof cwd - 1);
		if (len <= 0)
			continue;
		cwd[len] = '\0';
		n += strncmp(cwd, dir, strlen(dir)) == 0;
	}
	(void)closedir(d);
	return n;
}

/* rmdir() refuses when anything is left. */
static int nothing_is_left(void **state)
{
	char *dir = *state;
	int processes = count_processes_in(dir);
	int r = rmdir(dir);
	if (r < 0 || processes > 0) {
		(void)fprintf(stderr, "# left in %s: %d processes, rmdir: %s\n", dir, processes,
			      r < 0 ? strerror(errno) : "done");
		(void)rp_tree_remove(dir, NULL);
		r = -1;
	}
	free(dir);
	return r;
}

#define ok(call, err)                                                                                        \
	do {                                                                                                 \
		if ((call) < 0)                                                                              \
			fail_msg("%s: %s", #call, (err) != NULL ? rp_err_text(err) : "no error");            \
	} while (0)

static struct rp_scratch_wish wish_in(const char *base)
{
	return (struct rp_scratch_wish){.engine = engine, .under = base};
}

static struct rp_scratch *made(const struct rp_scratch_wish *wish)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch *s = NULL;
	ok(rp_scratch_make(&s, wish, &run, &err), err);
	return s;
}

static struct rp_scratch *started(const struct rp_scratch_wish *wish)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch *s = made(wish);
	ok(rp_scratch_start(s, &err), err);
	return s;
}

static void removed(struct rp_scratch *s)
{
	rp_autoerr struct rp_err *err = NULL;
	ok(rp_scratch_remove(s, &err), err);
	rp_scratch_free(s);
}

/* One text value, asked of the scratch. */
static char *asked_at(const char *uri, const char *sql)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_conn *c = NULL;
	rp_autores *r = NULL;
	ok(engine->connect(&c, uri, &run, &err), err);
	ok(rp_pg_query(rp_pg_of(c), sql, NULL, 0, &r, &err), err);
	char *value = strdup(PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "(no row)");
	engine->close(c);
	return value;
}

static void assert_asked(const char *uri, const char *sql, const char *expected)
{
	char *value = asked_at(uri, sql);
	assert_string_equal(value, expected);
	free(value);
}

static bool exists(const char *dir, const char *name)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	struct stat st;
	return lstat(path, &st) == 0;
}

/* --- the server --- */

static void a_private_server_comes_up_and_goes(void **state)
{
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	assert_int_equal(strncmp(s->dir, wish.under, strlen(wish.under)), 0);
	assert_true(s->faithful);
	assert_null(s->box);
	assert_non_null(s->why);
	assert_asked(s->uri, "SELECT count(*) FROM pg_class WHERE oid >= 16384", "0");
	assert_asked(s->uri, "SELECT current_setting('cluster_name')", s->place.name);
	assert_asked(s->uri, "SELECT current_setting('listen_addresses')", "");
	assert_asked(s->uri, "SELECT current_setting('fsync')", "off");
	assert_asked(s->uri, "SELECT current_setting('data_checksums')", "on");
	assert_asked(s->uri, "SELECT count(*) FROM pg_roles WHERE rolname = 'postgres'", "0");
	struct stat st;
	assert_int_equal(stat(s->place.data, &st), 0);
	assert_int_not_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* Whoever takes over the server cannot write whom the next run is to kill. */
	assert_int_equal(stat(s->dir, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_mode & 07, 0);
	removed(s);
}

static void removing_twice_and_half_made_ones_is_fine(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = made(&wish);
	ok(rp_scratch_remove(s, &err), err);
	ok(rp_scratch_remove(s, &err), err);
	rp_scratch_free(s);
	rp_scratch_free(NULL);
}

static void starting_again_keeps_what_was_restored(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	const char *const argv[] = {"psql", "-Xqc", "create table public.t as select 7 as x", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	ok(rp_scratch_start(s, &err), err);
	assert_asked(s->uri, "SELECT x FROM public.t", "7");
	removed(s);
}

static void a_crashed_server_is_told_with_its_log(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	assert_int_equal(kill(s->hosted->proc.pid, SIGKILL), 0);
	struct pollfd ended = {.fd = s->hosted->proc.pidfd, .events = POLLIN};
	assert_int_equal(poll(&ended, 1, 5000), 1);
	const char *const argv[] = {"psql", "-Xqc", "select 1", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	assert_int_equal(rp_scratch_feed(s, argv, NULL, &said, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_text(err), "killed by signal 9"));
	removed(s);
}

static void a_crashed_backend_ends_the_server(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	struct rp_conn *c = NULL;
	ok(engine->connect(&c, s->uri, &run, &err), err);
	assert_int_equal(kill(PQbackendPID(rp_pg_of(c)->pg), SIGKILL), 0);
	struct pollfd ended = {.fd = s->hosted->proc.pidfd, .events = POLLIN};
	assert_int_equal(poll(&ended, 1, 10000), 1);
	engine->close(c);
	assert_int_equal(rp_server_check(s, &err), -1);
	if (strstr(rp_err_text(err), "terminated by signal 9") == NULL)
		fail_msg("%s", rp_err_text(err));
	removed(s);
}

static void a_backend_that_computes_for_ever_is_ended_too(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	struct rp_conn *c = NULL;
	ok(engine->connect(&c, s->uri, &run, &err), err);
	assert_int_equal(PQsendQuery(rp_pg_of(c)->pg, "DO 'BEGIN LOOP END LOOP; END'"), 1);
	while (PQflush(rp_pg_of(c)->pg) > 0)
		;
	usleep(300000);
	int64_t began = rp_run_clock_ms();
	removed(s);
	assert_true(rp_run_clock_ms() - began < 15000);
	engine->close(c);
}

/* --- tools --- */

static void a_tool_gets_its_input_and_is_heard(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	static const char sql[] =
		"create table public.t(x int);\ninsert into public.t values (1), (2);\n\\echo done\n"
		"\\warn oh\n";
	rp_auto(rp_stream) input = NULL;
	ok(rp_stream_of_memory(&input, sql, sizeof sql - 1, &err), err);
	const char *const argv[] = {"psql", "-Xq", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(rp_scratch_feed(s, argv, input, &said, &err), err);
	assert_string_equal(rp_buf_text(&said), "oh\ndone\n");
	assert_asked(s->uri, "SELECT sum(x) FROM public.t", "3");
	removed(s);
}

static void whose_fault_a_failure_is_stands_in_the_first_complaint(void **state)
{
	static const struct {
		const char *sql;
		enum rp_err_kind kind;
		const char *text, *hint;
	} cases[] = {
		{"selec 1", RP_ERR_BACKUP, "syntax error", NULL},
		{"create extension \"no such\"", RP_ERR_ENGINE, "extension", "package"},
		{"create collation public.c (locale = 'xx_YY.UTF-8')", RP_ERR_ENGINE,
		 "could not create locale", "locale-gen"},
		{"select * from public.nowhere", RP_ERR_BACKUP, "does not exist", NULL},
		{"do $$begin raise notice 'ERR'; raise exception 'x'; end$$", RP_ERR_BACKUP, "ERROR:  x",
		 NULL},
	};
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf said = RP_BUF_INIT(4096);
		const char *const argv[] = {"psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", cases[i].sql, NULL};
		assert_int_equal(rp_scratch_feed(s, argv, NULL, &said, &err), -1);
		if (rp_err_kind(err) != cases[i].kind || strstr(rp_err_text(err), cases[i].text) == NULL)
			fail_msg("%s: %d: %s", cases[i].sql, (int)rp_err_kind(err), rp_err_text(err));
		if (cases[i].hint != NULL)
			assert_non_null(strstr(rp_err_hint_text(err), cases[i].hint));
		else
			assert_null(rp_err_hint_text(err));
	}
	removed(s);
}

static void a_tool_is_not_root_and_sees_little(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	(void)setenv("PGPASSWORD", "secret", 1);
	(void)setenv("PGPORT", "1", 1);
	const char *const argv[] = {"psql", "-Xqc", "\\! id -u; env", NULL};
	rp_autobuf said = RP_BUF_INIT(8192);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	(void)unsetenv("PGPASSWORD");
	(void)unsetenv("PGPORT");
	assert_null(strstr(rp_buf_text(&said), "PGPASSWORD"));
	assert_null(strstr(rp_buf_text(&said), "HOME="));
	assert_non_null(strstr(rp_buf_text(&said), "PGPORT=5432"));
	assert_true(strncmp(rp_buf_text(&said), "0\n", 2) != 0);
	removed(s);
}

static void a_file_beside_it_can_be_read_by_tools(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/dump.sql", s->dir);
	ok(rp_file_replace(path, "\\echo read\n", 11, 0600, &err), err);
	const char *const argv[] = {"psql", "-Xqf", path, NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	assert_string_equal(rp_buf_text(&said), "read\n");
	assert_int_equal(rp_scratch_lend(s, "/etc/passwd", &err), -1);
	removed(s);
}

/* --- what it refuses before it starts --- */

static void too_little_disk_is_told_first(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	wish.disk = UINT64_C(1) << 60;
	struct rp_scratch *s = NULL;
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
	assert_null(s);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_non_null(strstr(rp_err_text(err), "not enough disk"));
	assert_non_null(rp_err_hint_text(err));
}

static void no_installation_is_told_with_its_package(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_installation found = {0};
	struct rp_identity sealed = {.version = "99.1 (Debian)"};
	assert_int_equal(engine->hosting->choose(&found, &sealed, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_hint_text(err), "'postgresql-99'"));
}

static void a_directory_that_will_not_do_is_passed_over_or_told(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	char deep[300];
	(void)snprintf(deep, sizeof deep, "%s/%0100d", (char *)*state, 0);
	assert_int_equal(mkdir(deep, 0777), 0);
	struct rp_scratch_wish wish = wish_in(deep);
	struct rp_scratch *s = NULL;
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "too long for a socket"));
	(void)setenv("TMPDIR", deep, 1);
	wish.under = NULL;
	s = made(&wish);
	assert_int_equal(strncmp(s->dir, "/tmp/reprove-", 13), 0);
	removed(s);
	(void)unsetenv("TMPDIR");
	assert_int_equal(rmdir(deep), 0);

	rp_autoerr struct rp_err *closed = NULL;
	wish.under = *state;
	assert_int_equal(chmod(*state, geteuid() == 0 ? 0700 : 0500), 0);
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &closed), -1);
	assert_int_equal(rp_err_kind(closed), RP_ERR_IO);
	assert_int_equal(chmod(*state, 0711), 0);
}

static struct rp_survey *survey_with(const struct rp_object *objects, size_t n)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_survey *sealed = NULL;
	ok(rp_survey_new(&sealed, &err), err);
	struct rp_identity who = {
		.engine = "postgresql", .version = "13.1", .database = "shop", .instance = "1"};
	struct rp_position at = {0};
	ok(rp_survey_identify(sealed, &who, &at, &err), err);
	for (size_t i = 0; i < n; i++)
		ok(rp_survey_add_object(sealed, &objects[i], &err), err);
	ok(rp_survey_finish(sealed, &err), err);
	return sealed;
}

static void refused_for(void **state, const struct rp_object *o, const char *text, const char *hint)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	rp_auto(rp_survey) sealed = survey_with(o, 1);
	wish.sealed = sealed;
	struct rp_scratch *s = made(&wish);
	assert_int_equal(rp_scratch_start(s, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_null(s->uri);
	if (strstr(rp_err_text(err), text) == NULL)
		fail_msg("%s", rp_err_text(err));
	if (rp_err_hint_text(err) == NULL || strstr(rp_err_hint_text(err), hint) == NULL)
		fail_msg("hint: %s", rp_err_hint_text(err));
	removed(s);
}

static void a_missing_locale_is_told_before_anything_is_restored(void **state)
{
	struct rp_fact facts[] = {{"collate", "xx_YY.UTF-8"},
				  {"ctype", "xx_YY.UTF-8"},
				  {"encoding", "UTF8"},
				  {"provider", "libc"}};
	struct rp_object o = {
		.kind = "database", .name = "locale", .definition = "", .facts = facts, .n_facts = 4};
	refused_for(state, &o, "locale name", "locale xx_YY.UTF-8");
}

static void a_missing_extension_is_told_with_its_package(void **state)
{
	struct rp_object o = {.kind = "extension", .name = "pg_squeeze", .definition = ""};
	refused_for(state, &o, "extension pg_squeeze", "-squeeze");
}

static void sealed_roles_and_locale_are_there(void **state)
{
	struct rp_fact facts[] = {
		{"collate", "C"}, {"ctype", "C"}, {"encoding", "LATIN1"}, {"provider", "libc"}};
	struct rp_fact owner[] = {{"owner", "o.\"x"}};
	struct rp_object all[] = {
		{.kind = "database", .name = "locale", .definition = "", .facts = facts, .n_facts = 4},
		{.kind = "role", .name = "o\\.\"x", .definition = ""},
		{.kind = "role", .name = "web", .definition = ""},
		{.kind = "schema", .name = "s", .definition = "", .facts = owner, .n_facts = 1},
	};
	rp_auto(rp_survey) sealed = survey_with(all, 4);
	struct rp_scratch_wish wish = wish_in(*state);
	wish.sealed = sealed;
	struct rp_scratch *s = started(&wish);
	assert_asked(
		s->uri,
		"SELECT string_agg(rolname || rolcanlogin || rolsuper || rolbypassrls, ' ' ORDER BY rolname)"
		" FROM pg_roles WHERE rolname IN ('o.\"x', 'web')",
		"o.\"xfalsefalsetrue webfalsefalsefalse");
	assert_asked(s->uri,
		     "SELECT pg_encoding_to_char(encoding) || datcollate FROM pg_database WHERE datname = "
		     "current_database()",
		     "LATIN1C");
	removed(s);
}

static void an_icu_database_is_made_as_one(void **state)
{
	struct rp_fact facts[] = {{"collate", "C.UTF-8"},
				  {"ctype", "C.UTF-8"},
				  {"encoding", "UTF8"},
				  {"locale", "de"},
				  {"provider", "icu"}};
	struct rp_object o = {
		.kind = "database", .name = "locale", .definition = "", .facts = facts, .n_facts = 5};
	rp_auto(rp_survey) sealed = survey_with(&o, 1);
	struct rp_scratch_wish wish = wish_in(*state);
	wish.sealed = sealed;
	struct rp_scratch *s = started(&wish);
	/* From 15 on a whole database can have one. */
	assert_asked(s->uri,
		     "SELECT current_setting('server_version_num')::int < 150000 OR (to_jsonb(d) ->> "
		     "'datlocprovider' "
		     "= 'i' AND 'de' IN (to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale')) FROM "
		     "pg_database d WHERE datname = current_database()",
		     "t");
	removed(s);
}

/* --- what dies, and what is left --- */

/* A run in a process of its own, that gets as far as 'start' and then waits to be killed. Tells where it is. */
static pid_t other_run(const char *base, bool start, bool keep, char *ret_dir, pid_t *ret_server)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		rp_run_done(&run); /* a pipe for signals of its own */
		if (rp_run_init(&run, NULL) < 0)
			_exit(1);
		struct rp_scratch_wish wish = wish_in(base);
		wish.keep = keep;
		struct rp_scratch *s = NULL;
		if (rp_scratch_make(&s, &wish, &run, NULL) < 0 || (start && rp_scratch_start(s, NULL) < 0))
			_exit(1);
		dprintf(ends[1], "%s %d\n", s->dir, (int)s->hosted->proc.pid);
		pause();
		_exit(rp_scratch_remove(s, NULL) < 0);
	}
	(void)close(ends[1]);
	char line[4096] = {0};
	assert_true(read(ends[0], line, sizeof line - 1) > 0);
	(void)close(ends[0]);
	int server = 0;
	assert_int_equal(sscanf(line, "%1000s %d", ret_dir, &server), 2);
	*ret_server = server;
	return pid;
}

static void killed(pid_t pid, int sig)
{
	assert_int_equal(kill(pid, sig), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool is_gone(pid_t pid)
{
	for (int i = 0; i < 400; i++) {
		if (kill(pid, 0) < 0)
			return true;
		usleep(20000);
	}
	return false;
}

static void after_a_kill_the_server_dies_and_the_next_run_removes_the_rest(void **state)
{
	char dir[1024];
	pid_t server;
	pid_t pid = other_run(*state, true, false, dir, &server);
	killed(pid, SIGKILL);
	assert_true(is_gone(server));
	assert_true(exists(dir, "owner"));
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = made(&wish);
	assert_false(exists(dir, ""));
	removed(s);
}

static void a_server_that_outlived_its_run_is_reaped(void **state)
{
	char dir[1024];
	pid_t server;
	pid_t pid =
		other_run(*state, true, true, dir, &server); /* to be kept: does not die with its parent */
	killed(pid, SIGKILL);
	usleep(100000);
	assert_int_equal(kill(server, 0), 0);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = made(&wish);
	assert_true(is_gone(server));
	assert_false(exists(dir, ""));
	removed(s);
}

static void a_living_run_is_left_alone(void **state)
{
	char dir[1024];
	pid_t server;
	pid_t pid = other_run(*state, true, false, dir, &server);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = made(&wish);
	assert_true(exists(dir, "owner"));
	assert_int_equal(kill(server, 0), 0);
	removed(s);
	killed(pid, SIGTERM); /* caught; pause() ends and it removes its own */
	assert_false(exists(dir, ""));
}

static void an_interrupted_run_still_removes(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	struct rp_run cancelled;
	ok(rp_run_init(&cancelled, &err), err);
	(void)raise(SIGTERM);
	s->run = &cancelled;
	const char *const argv[] = {"psql", "-Xqc", "select pg_sleep(60)", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	assert_int_equal(rp_scratch_feed(s, argv, NULL, &said, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CANCELLED);
	removed(s);
	rp_run_done(&cancelled);
	rp_run_done(&run);
	ok(rp_run_init(&run, &err), err);
}

static void a_kept_one_stays_up_and_is_not_reaped(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	wish.keep = true;
	struct rp_scratch *s = started(&wish);
	pid_t server = s->hosted->proc.pid;
	ok(rp_scratch_remove(s, &err), err);
	assert_non_null(s->how_to_connect);
	assert_non_null(strstr(s->how_to_connect, s->database));
	char *dir = strdup(s->dir), *uri = strdup(s->uri);
	rp_scratch_free(s);
	wish.keep = false;
	s = made(&wish);
	removed(s);
	assert_true(exists(dir, "keep"));
	assert_asked(uri, "SELECT 1", "1");
	killed(server, SIGQUIT);
	ok(rp_tree_remove(dir, &err), err);
	free(dir);
	free(uri);
}

static void what_is_not_ours_is_not_touched(void **state)
{
	static const char *const names[] = {"reprove-abcdef", "reprove-ABCDEF", "reprove-toolong1",
					    "reprove-x",      "reprove-a.bcde", NULL};
	char path[1024];
	for (size_t i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", (char *)*state, names[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		(void)snprintf(path, sizeof path, "%s/%s/precious", (char *)*state, names[i]);
		int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		(void)close(fd);
	}
	/* A file of that name, but none of our marks. */
	(void)snprintf(path, sizeof path, "%s/reprove-abcdef/owner", (char *)*state);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	dprintf(fd, "somebody else\nserver %d 1\n", (int)getpid());
	(void)close(fd);
	(void)snprintf(path, sizeof path, "%s/reprove-Linked", (char *)*state);
	assert_int_equal(symlink("reprove-ABCDEF", path), 0);
	struct rp_scratch_wish wish = wish_in(*state);
	removed(made(&wish));
	assert_true(exists(*state, "reprove-Linked"));
	for (size_t i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", (char *)*state, names[i]);
		assert_true(exists(path, "precious"));
		assert_int_equal(rp_tree_remove(path, NULL), 0);
	}
	(void)snprintf(path, sizeof path, "%s/reprove-Linked", (char *)*state);
	assert_int_equal(unlink(path), 0);
}

static void a_recorded_number_that_is_another_process_now_is_not_killed(void **state)
{
	char path[1024];
	pid_t other = fork();
	if (other == 0) {
		(void)pause();
		_exit(0);
	}
	(void)snprintf(path, sizeof path, "%s/reprove-abcdef", (char *)*state);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/reprove-abcdef/owner", (char *)*state);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	dprintf(fd, "reprove scratch 1\nprogram postgres\nquit 9\nserver %d %llu\n", (int)other,
		(unsigned long long)rp_proc_started(other) - 1);
	(void)close(fd);
	struct rp_scratch_wish wish = wish_in(*state);
	removed(made(&wish));
	assert_false(exists(*state, "reprove-abcdef"));
	assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
	killed(other, SIGKILL);
}

/* --- a server of the user's own --- */

static char *server_uri(const struct rp_scratch *host, const char *user)
{
	char *uri = NULL;
	assert_true(asprintf(&uri, "postgresql:///postgres?host=%s&user=%s&port=5432", host->place.socket,
			     user) > 0);
	return uri;
}

static void at_host(struct rp_scratch *host, const char *sql)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(4096);
	const char *const argv[] = {"psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", "postgres",
				    "-c",   sql,   NULL};
	ok(rp_scratch_feed(host, argv, NULL, &said, &err), err);
}

static void a_database_on_a_named_server_comes_and_goes(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb");
	at_host(host, "create database reprove_0123456789abcdef");
	at_host(host, "create database shop owner tester");
	char *uri = server_uri(host, "tester");
	wish.server = uri;
	struct rp_scratch *s = started(&wish);
	assert_false(s->faithful);
	assert_non_null(s->lacks);
	assert_asked(s->uri, "SELECT current_database()", s->database);
	const char *const argv[] = {"psql", "-Xqc", "create table public.t as select 1 as x", NULL};
	const char *const bad[] = {"psql", "-Xqc", "copy public.t to program 'true'", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	/* Somebody else's run, on the same server at the same time, sees it and leaves it alone. */
	struct rp_scratch *second = started(&wish);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	assert_int_equal(rp_scratch_feed(s, bad, NULL, &said, &err), -1);
	assert_asked(s->uri, "SELECT x FROM public.t", "1");
	removed(second);
	removed(s);
	assert_asked(uri,
		     "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname IN "
		     "('reprove_0123456789abcdef', 'shop') OR datdba = (SELECT oid FROM pg_roles WHERE "
		     "rolname = 'tester')",
		     "reprove_0123456789abcdef shop");
	free(uri);
	removed(host);
}

static void a_named_server_is_refused_to_a_superuser_and_when_it_is_the_source(void **state)
{
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb");
	char *uri = server_uri(host, host->place.admin);
	struct rp_scratch *s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	wish.server = uri;
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_USAGE);
	assert_non_null(strstr(rp_err_text(err), "superuser"));
	free(uri);

	char *instance = asked_at(host->uri, "SELECT system_identifier FROM pg_control_system()");
	rp_auto(rp_survey) sealed = NULL;
	rp_autoerr struct rp_err *same = NULL;
	ok(rp_survey_new(&sealed, &same), same);
	struct rp_identity who = {
		.engine = "postgresql", .version = "13", .database = "x", .instance = instance};
	struct rp_position at = {0};
	ok(rp_survey_identify(sealed, &who, &at, &same), same);
	ok(rp_survey_finish(sealed, &same), same);
	wish.sealed = sealed;
	wish.server = uri = server_uri(host, "tester");
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &same), -1);
	assert_int_equal(rp_err_kind(same), RP_ERR_USAGE);
	assert_non_null(strstr(rp_err_text(same), "that was sealed"));
	free(uri);
	free(instance);
	removed(host);
}

/* Tools are told the password that we have found, though under root they run as somebody else. */
static void tools_log_in_to_a_named_server_with_our_password(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb password 'a:b\\c'");
	char path[4096];
	static const char rules[] = "local all tester md5\nlocal all all trust\n";
	static const char pass[] = "*:*:*:tester:a\\:b\\\\c\n";
	(void)snprintf(path, sizeof path, "%s/pg_hba.conf", host->place.settings);
	ok(rp_file_replace(path, rules, sizeof rules - 1, 0644, &err), err);
	at_host(host, "select pg_reload_conf()");
	(void)snprintf(path, sizeof path, "%s/mine", (char *)*state);
	ok(rp_file_replace(path, pass, sizeof pass - 1, 0600, &err), err);
	(void)setenv("PGPASSFILE", path, 1);
	char *uri = server_uri(host, "tester");
	wish.server = uri;
	struct rp_scratch *s = started(&wish);
	const char *const argv[] = {"psql", "-wXAtqc", "select current_user", NULL};
	rp_autobuf said = RP_BUF_INIT(4096);
	ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
	assert_string_equal(rp_buf_text(&said), "tester\n");
	removed(s);
	(void)unsetenv("PGPASSFILE");
	assert_int_equal(unlink(path), 0);
	free(uri);
	removed(host);
}

static void databases_of_dead_runs_on_a_named_server_are_reaped(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb");
	char *uri = server_uri(host, "tester");
	pid_t pid = fork();
	if (pid == 0) {
		wish.server = uri;
		struct rp_scratch *s = NULL;
		if (rp_scratch_make(&s, &wish, &run, NULL) < 0 || rp_scratch_start(s, NULL) < 0)
			_exit(1);
		(void)raise(SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	at_host(host, "create database reprove_00000000deadbeef owner tester connection limit 20473");
	at_host(host, "create database reprove_00000000deadbabe owner tester");
	wish.server = uri;
	struct rp_scratch *s = NULL;
	/* The dead one's session needs a moment to be noticed. */
	for (int i = 0; i < 50; i++) {
		char *n = asked_at(uri, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
		bool none = strcmp(n, "0") == 0;
		free(n);
		if (none)
			break;
		usleep(100000);
	}
	ok(rp_scratch_make(&s, &wish, &run, &err), err);
	assert_asked(uri,
		     "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname ~ '^reprove_' AND "
		     "pg_get_userbyid(datdba) = 'tester'",
		     "reprove_00000000deadbabe");
	removed(s);
	free(uri);
	removed(host);
}

static void a_kept_database_on_a_named_server_stays(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *host = started(&wish);
	at_host(host, "create role tester login createdb");
	char *uri = server_uri(host, "tester");
	wish.server = uri;
	wish.keep = true;
	struct rp_scratch *s = started(&wish);
	ok(rp_scratch_remove(s, &err), err);
	assert_non_null(strstr(s->how_to_connect, s->database));
	wish.keep = false;
	removed(started(&wish));
	assert_asked(s->uri, "SELECT current_database()", s->database);
	rp_scratch_free(s);
	free(uri);
	removed(host);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_base, nothing_is_left)

static int all(const char *name)
{
	const struct CMUnitTest tests[] = {
		T(a_private_server_comes_up_and_goes),
		T(removing_twice_and_half_made_ones_is_fine),
		T(starting_again_keeps_what_was_restored),
		T(a_crashed_server_is_told_with_its_log),
		T(a_crashed_backend_ends_the_server),
		T(a_backend_that_computes_for_ever_is_ended_too),
		T(a_tool_gets_its_input_and_is_heard),
		T(whose_fault_a_failure_is_stands_in_the_first_complaint),
		T(a_tool_is_not_root_and_sees_little),
		T(a_file_beside_it_can_be_read_by_tools),
		T(too_little_disk_is_told_first),
		T(a_directory_that_will_not_do_is_passed_over_or_told),
		T(no_installation_is_told_with_its_package),
		T(a_missing_locale_is_told_before_anything_is_restored),
		T(a_missing_extension_is_told_with_its_package),
		T(sealed_roles_and_locale_are_there),
		T(an_icu_database_is_made_as_one),
		T(after_a_kill_the_server_dies_and_the_next_run_removes_the_rest),
		T(a_server_that_outlived_its_run_is_reaped),
		T(a_living_run_is_left_alone),
		T(an_interrupted_run_still_removes),
		T(a_kept_one_stays_up_and_is_not_reaped),
		T(what_is_not_ours_is_not_touched),
		T(a_recorded_number_that_is_another_process_now_is_not_killed),
		T(a_database_on_a_named_server_comes_and_goes),
		T(a_named_server_is_refused_to_a_superuser_and_when_it_is_the_source),
		T(tools_log_in_to_a_named_server_with_our_password),
		T(databases_of_dead_runs_on_a_named_server_are_reaped),
		T(a_kept_database_on_a_named_server_stays),
	};
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

/* As root, everything once more as an ordinary user. */
static int all_as_nobody(void)
{
	const struct passwd *pw = getpwnam("nobody");
	pid_t pid = fork();
	if (pid == 0) {
		if (pw == NULL || setgroups(0, NULL) < 0 ||
		    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
		    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
			_exit(1);
		(void)prctl(PR_SET_DUMPABLE, 1); /* or LeakSanitizer and /proc refuse */
		_exit(all("scratch as an ordinary user") != 0);
	}
	int status = 1;
	(void)waitpid(pid, &status, 0);
	return status == 0 ? 0 : 1;
}

int main(void)
{
	struct rp_installation here = {0};
	if (engine->hosting->choose(&here, NULL, NULL) < 0) {
		(void)fprintf(stderr, "no PostgreSQL server is installed\n");
		return getenv("RP_REQUIRE_SERVERS") != NULL ? 1 : NOT_RUN;
	}
	rp_installation_done(&here);
	(void)unsetenv("TMPDIR");
	if (rp_run_init(&run, NULL) < 0)
		return 1;
	int r = all("scratch");
	if (r == 0 && geteuid() == 0)
		r = all_as_nobody();
	rp_run_done(&run);
	return r;
}
