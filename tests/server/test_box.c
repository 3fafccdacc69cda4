/* SPDX-License-Identifier: MIT */
#include "tests/server/canaries.h"
#include "tests/server/scratch_lib.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "verifier/util/fd.h"
#include "verifier/util/stream.h"

/* What a backup's superuser can do: nothing to this machine. Each test once in each box that this machine has, as root
 * and as an ordinary user; canaries show that nothing ran, nothing left and nothing was read. */

#define STARTS	 100
#define START_MS 50 /* what a box may add to a start */

/* Asked as the server's superuser. NULL: it worked. */
static char *refusal(struct rp_scratch *s, const char *sql)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf said = RP_BUF_INIT(4096);
	const char *const argv[] = {"psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", sql, NULL};
	if (rp_scratch_feed(s, argv, NULL, &said, &err) == 0)
		return NULL;
	assert_int_not_equal(rp_server_check(s, NULL), -1);
	return strdup(rp_err_text(err));
}

static void assert_refused(struct rp_scratch *s, const char *sql)
{
	char *why = refusal(s, sql);
	if (why == NULL)
		fail_msg("was let: %s", sql);
	free(why);
}

static void assert_let(struct rp_scratch *s, const char *sql)
{
	char *why = refusal(s, sql);
	if (why != NULL)
		fail_msg("%s: %s", sql, why);
}

static void sql_reaches_nothing(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	const char *const box = getenv("REPROVE_BOX");
	assert_string_equal(s->box, box);
	static const char *const fixed[] = {
		"copy (select 1) to program 'cat'",
		"create table p(x text); copy p from program 'id'",
		"select pg_read_file('/etc/passwd')",
		"select pg_read_file('/etc/hostname')",
		"select pg_read_file('/proc/self/environ')",
		"select pg_read_file('/proc/1/cmdline')",
		"select lo_import('/etc/passwd')",
		"select pg_ls_dir('/root')",
		"select pg_ls_dir('/home')",
		"select pg_ls_dir('/usr/bin')",
		"copy (select 1) to '/tmp/rp-hostile'",
		"copy (select 1) to '/dev/shm/rp-hostile'",
		"copy (select 1) to '/var/tmp/rp-hostile'",
	};
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		assert_refused(s, fixed[i]);
	const char *const made[][2] = {{"copy (select 1) to program 'echo > %s'", c.touch},
				       {"select pg_read_file('%s')", c.file},
				       {"copy (select 1) to '%s'", c.out},
				       {"select lo_export(lo_from_bytea(0, 'x'), '%s')", c.out},
				       {"create table f(x text); copy f from '%s'", c.file},
				       {"copy (select 1) to '%s/evil'", s->place.settings},
				       {"copy (select 1) to '%s/evil'", s->dir}};
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		char sql[600];
		int n = 0;
		const char *at = strstr(made[i][0], "%s");
		n = snprintf(sql, sizeof sql, "%.*s%s%s", (int)(at - made[i][0]), made[i][0], made[i][1],
			     at + 2);
		assert_true(n > 0 && (size_t)n < sizeof sql);
		assert_refused(s, sql);
	}
	/* And what it needs it has. */
	char sql[600];
	(void)snprintf(sql, sizeof sql, "copy (select 1) to '%s/mine'", s->hosted->inner);
	assert_let(s, sql);
	assert_let(s, "select now() at time zone 'Europe/Berlin', 'x' collate \"C.utf8\"");
	removed(s);
	canaries_live(*state, &c);
}

static void dblink_connects_to_nobody(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	/* Another server, which lets everybody in who reaches its socket. */
	struct rp_scratch *other = started(&wish);
	assert_int_equal(chmod(other->dir, 0755), 0);
	assert_int_equal(chmod(other->hosted->inner, 0755), 0);
	struct rp_scratch *s = started(&wish);
	char *why = refusal(s, "create extension dblink");
	if (why == NULL) {
		char sql[800];
		(void)snprintf(
			sql, sizeof sql,
			"select * from dblink('host=127.0.0.1 port=%d connect_timeout=3', 'select 1') x(i int)",
			c.port);
		assert_refused(s, sql);
		(void)snprintf(sql, sizeof sql,
			       "select * from dblink('host=%s user=%s dbname=postgres', 'select 1') x(i int)",
			       other->place.socket, other->place.admin);
		assert_refused(s, sql);
	}
	free(why);
	removed(s);
	removed(other);
	canaries_live(*state, &c);
}

static void copy_in(const char *from, const char *to, mode_t mode)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf all = RP_BUF_INIT(16 << 20);
	ok(rp_file_read(from, &all, &err), err);
	ok(rp_file_replace(to, all.s, all.len, mode, &err), err);
}

/* Before its version 6, Landlock did not keep signals in. */
static bool keeps_signals_in(void)
{
	return strcmp(getenv("REPROVE_BOX"), "namespaces") == 0 ||
	       syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 6;
}

/* Load it into the server; what it got, one line each. */
static char *what_machine_code_gets(struct rp_scratch *s, const struct canaries *c)
{
	rp_autoerr struct rp_err *err = NULL;
	char path[600], text[2000], sql[700];
	(void)snprintf(path, sizeof path, "%s/hostile.in", s->hosted->inner);
	int n = snprintf(text, sizeof text, "%d %d %s %s %s %s\n", c->port, (int)getpid(), c->file, c->socket,
			 c->out, c->touch);
	ok(rp_file_replace(path, text, (size_t)n, 0644, &err), err);
	(void)snprintf(path, sizeof path, "%s/evil", s->hosted->inner);
	copy_in("/bin/touch", path, 0755);
	(void)snprintf(path, sizeof path, "%s/hostile.so", s->hosted->inner);
	copy_in(HOSTILE, path, 0755);
	(void)snprintf(sql, sizeof sql, "load '%s'", path);
	assert_refused(s, sql); /* it is no extension; but by then it has run */
	rp_autobuf got = RP_BUF_INIT(64 << 10);
	(void)snprintf(path, sizeof path, "%s/hostile.out", s->hosted->inner);
	ok(rp_file_read(path, &got, &err), err);
	assert_non_null(strstr(rp_buf_text(&got), "\ndone\n"));
	return rp_buf_take(&got);
}

static void machine_code_reaches_nothing(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	char *got = what_machine_code_gets(s, &c), *more = NULL;
	unsigned tried = 0;
	for (char *line = strtok_r(got, "\n", &more); line != NULL;
	     line = strtok_r(NULL, "\n", &more), tried++)
		if (strstr(line, "GOT IT") != NULL &&
		    (strncmp(line, "signal ", 7) != 0 || keeps_signals_in()))
			fail_msg("%s", line);
	assert_true(tried > 30);
	free(got);
	removed(s);
	canaries_live(*state, &c);
}

/* Or the test before this one proves nothing. */
static void without_a_box_it_would_reach_all_of_it(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	wish.unboxed = true;
	char *box = strdup(getenv("REPROVE_BOX"));
	(void)setenv("REPROVE_BOX", "none", 1);
	struct rp_scratch *s = started(&wish);
	char *got = what_machine_code_gets(s, &c), *before = NULL;
	assert_true(asprintf(&before, "\n%s", got) > 0);
	static const char *const all[] = {"tcp",  "udp",   "unix", "pair",     "passwd",   "file",
					  "self", "write", "tmp",  "program0", "program3", "program4"};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		char line[64];
		(void)snprintf(line, sizeof line, "%s%s GOT IT\n", i == 0 ? "" : "\n", all[i]);
		if (strstr(before, line) == NULL)
			fail_msg("%s: not even without a box:%s", all[i], before);
	}
	free(before);
	free(got);
	removed(s);
	int *const fds[] = {&c.tcp, &c.udp, &c.stream, &c.datagram};
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		(void)close(*fds[i]);
	const char *const made[] = {c.file,  c.socket,		c.datagrams,	      c.out,
				    c.touch, "/tmp/rp-hostile", "/dev/shm/rp-hostile"};
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
		(void)unlink(made[i]);
	char open_dir[200];
	(void)snprintf(open_dir, sizeof open_dir, "%s/open", (char *)*state);
	assert_int_equal(rmdir(open_dir), 0);
	(void)setenv("REPROVE_BOX", box, 1);
	free(box);
}

static void a_tool_reaches_nothing_but_its_server(void **state)
{
	struct canaries c = canaries_in(*state);
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = started(&wish);
	static const char *const forms[] = {"\\! echo > %s",
					    "\\copy (select 1) to program 'echo > %s'",
					    "\\o | echo > %s",
					    "select 1 \\g | echo > %s",
					    "\\set x `echo > %s`",
					    "\\copy (select 1) to '%s'",
					    "\\o %s",
					    "\\w %s",
					    "select 1 \\g %s"};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		char line[600];
		const char *at = strstr(forms[i], "%s");
		(void)snprintf(line, sizeof line, "%.*s%s%s\nselect 1;\n", (int)(at - forms[i]), forms[i],
			       strchr(forms[i], '|') != NULL || strchr(forms[i], '`') != NULL ||
					       strstr(forms[i], "echo") != NULL
				       ? c.touch
				       : c.out,
			       at + 2);
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf said = RP_BUF_INIT(4096);
		rp_auto(rp_stream) input = NULL;
		ok(rp_stream_of_memory(&input, line, strlen(line), &err), err);
		const char *const argv[] = {"psql", "-Xq", NULL};
		(void)rp_scratch_feed(s, argv, input, &said, NULL); /* some are no errors to psql */
	}
	const char *const reads[][6] = {{"psql", "-Xqf", "/etc/passwd"},
					{"psql", "-Xqf", c.file},
					{"psql", "-Xqf", "/proc/self/environ"}};
	for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
		rp_autobuf said = RP_BUF_INIT(4096);
		assert_int_equal(rp_scratch_feed(s, reads[i], NULL, &said, NULL), -1);
		assert_null(strstr(rp_buf_text(&said), "canary"));
		assert_null(strstr(rp_buf_text(&said), "root"));
		assert_null(strstr(rp_buf_text(&said), "sings"));
	}
	removed(s);
	canaries_live(*state, &c);
}

/* Shared memory outlives the process that made it, whose number may have been another's before, and may be again: what
 * is ours was made while it lived. */
static unsigned shared_memory_of(pid_t pid, time_t from, time_t until)
{
	char line[512];
	unsigned n = 0;
	FILE *f = fopen("/proc/sysvipc/shm", "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		int maker;
		long long made;
		n += sscanf(line, "%*s %*s %*s %*s %d %*s %*s %*s %*s %*s %*s %*s %*s %lld", &maker, &made) ==
			     2 &&
		     maker == pid && made >= from && made < until;
	}
	if (f != NULL)
		(void)fclose(f);
	return n;
}

static int64_t quickest_start(struct rp_scratch *s, int n)
{
	int64_t best = INT64_MAX;
	for (int i = 0; i < n; i++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf said = RP_BUF_INIT(4096);
		const char *const argv[] = {"psql", "--version", NULL};
		int64_t began = rp_run_clock_ms();
		ok(rp_scratch_feed(s, argv, NULL, &said, &err), err);
		int64_t took = rp_run_clock_ms() - began;
		best = took < best ? took : best;
	}
	return best;
}

static void a_hundred_starts_are_quick_and_leave_nothing(void **state)
{
	struct rp_scratch_wish wish = wish_in(*state);
	char *box = strdup(getenv("REPROVE_BOX"));
	time_t started_at = time(NULL);
	struct rp_scratch *s = started(&wish);
	pid_t server = s->hosted->proc.pid;
	int64_t began = rp_run_clock_ms();
	int64_t boxed = quickest_start(s, STARTS);
	int64_t all = rp_run_clock_ms() - began;
	time_t ended = time(NULL);
	removed(s);
	(void)setenv("REPROVE_BOX", "none", 1);
	wish.unboxed = true;
	s = started(&wish);
	int64_t bare = quickest_start(s, STARTS / 10);
	removed(s);
	(void)setenv("REPROVE_BOX", box, 1);
	(void)printf(
		"# %s: %lld ms more for a start (%lld against %lld, the quickest each; %d took %lld ms)\n",
		box, (long long)(boxed - bare), (long long)boxed, (long long)bare, STARTS, (long long)all);
	assert_true(boxed - bare < START_MS);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(shared_memory_of(server, started_at, ended), 0);
	free(box);
}

static void without_a_box_a_run_is_refused_unless_allowed(void **state)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch_wish wish = wish_in(*state);
	struct rp_scratch *s = NULL;
	char *box = strdup(getenv("REPROVE_BOX"));
	(void)setenv("REPROVE_BOX", "none", 1);
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
	assert_non_null(strstr(rp_err_hint_text(err), "'bubblewrap'"));
	assert_non_null(strstr(rp_err_hint_text(err), "--unboxed"));
	wish.unboxed = true;
	s = made(&wish);
	assert_null(s->box);
	assert_non_null(strstr(s->why, "REPROVE_BOX"));
	removed(s);
	/* What is allowed is not wished: where there is a box it is used. */
	(void)setenv("REPROVE_BOX", box, 1);
	s = made(&wish);
	assert_string_equal(s->box, box);
	removed(s);
	rp_autoerr struct rp_err *wrong = NULL;
	(void)setenv("REPROVE_BOX", "cardboard", 1);
	assert_int_equal(rp_scratch_make(&s, &wish, &run, &wrong), -1);
	assert_int_equal(rp_err_kind(wrong), RP_ERR_USAGE);
	(void)setenv("REPROVE_BOX", box, 1);
	free(box);
}

/* No bubblewrap, as on many a machine: the next level is taken, and it is told why. */
static void where_bubblewrap_is_missing_landlock_stands_in(void **state)
{
	struct rp_scratch_wish wish = wish_in(*state);
	char *box = strdup(getenv("REPROVE_BOX")), *path = strdup(getenv("PATH"));
	if (strcmp(box, "landlock") == 0) {
		(void)unsetenv("REPROVE_BOX");
		(void)setenv("PATH", "/nonexistent", 1);
		struct rp_scratch *s = made(&wish);
		assert_string_equal(s->box, "landlock");
		assert_non_null(strstr(s->why, "'bwrap' is not installed"));
		removed(s);
	}
	(void)setenv("PATH", path, 1);
	(void)setenv("REPROVE_BOX", box, 1);
	free(box);
	free(path);
}

static int all_in(enum rp_box_level level, const char *name)
{
	const struct CMUnitTest tests[] = {
		T(sql_reaches_nothing),
		T(dblink_connects_to_nobody),
		T(machine_code_reaches_nothing),
		T(without_a_box_it_would_reach_all_of_it),
		T(a_tool_reaches_nothing_but_its_server),
		T(a_hundred_starts_are_quick_and_leave_nothing),
		T(without_a_box_a_run_is_refused_unless_allowed),
		T(where_bubblewrap_is_missing_landlock_stands_in),
	};
	rp_autobuf why = RP_BUF_INIT(16 << 10);
	char title[200];
	if (!rp_box_try(level, engine, &run, &why)) {
		(void)printf("# no box of this kind here: %s: %s\n", rp_box_name(level), rp_buf_text(&why));
		return getenv("RP_REQUIRE_BOXES") != NULL;
	}
	(void)setenv("REPROVE_BOX", rp_box_name(level), 1);
	(void)snprintf(title, sizeof title, "%s, in %s", name, rp_box_name(level));
	return cmocka_run_group_tests_name(title, tests, NULL, NULL);
}

static int all(const char *name)
{
	int failed = all_in(RP_BOX_NAMESPACES, name);
	return all_in(RP_BOX_LANDLOCK, name) + failed;
}

int main(void)
{
	return run_all(all);
}
