/* SPDX-License-Identifier: MIT */
#include "tests/server/scratch_lib.h"

#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/util/fd.h"

#define NOT_RUN 77

struct rp_run run;

int make_base(void **state)
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
int nothing_is_left(void **state)
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

struct rp_scratch_wish wish_in(const char *base)
{
	return (struct rp_scratch_wish){.engine = engine, .under = base};
}

struct rp_scratch *made(const struct rp_scratch_wish *wish)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch *s = NULL;
	ok(rp_scratch_make(&s, wish, &run, &err), err);
	return s;
}

struct rp_scratch *started(const struct rp_scratch_wish *wish)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_scratch *s = made(wish);
	ok(rp_scratch_start(s, &err), err);
	return s;
}

void removed(struct rp_scratch *s)
{
	rp_autoerr struct rp_err *err = NULL;
	ok(rp_scratch_remove(s, &err), err);
	rp_scratch_free(s);
}

void assert_asked(const char *uri, const char *sql, const char *expected)
{
	char *value = asked_at(uri, sql);
	assert_string_equal(value, expected);
	free(value);
}

/* The last number of its NSpid line is the innermost. */
static int number_inside(const char *pid)
{
	char path[300], line[256];
	int number = -1;
	(void)snprintf(path, sizeof path, "/proc/%s/status", pid);
	FILE *f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "NSpid:", 6) == 0)
			number = (int)strtol(strrchr(line, '\t'), NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return number;
}

pid_t pid_outside(const struct rp_scratch *s, int pid)
{
	pid_t found = 0;
	if (s->hosted->inside == 0)
		return pid;
	DIR *d = opendir("/proc");
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char path[300], cwd[4096];
		(void)snprintf(path, sizeof path, "/proc/%s/cwd", e->d_name);
		ssize_t len = readlink(path, cwd, sizeof cwd - 1);
		if (len <= 0)
			continue;
		cwd[len] = '\0';
		if (strncmp(cwd, s->dir, strlen(s->dir)) == 0 && number_inside(e->d_name) == pid)
			found = (pid_t)strtol(e->d_name, NULL, 10);
	}
	(void)closedir(d);
	assert_true(found > 1);
	return found;
}

bool exists(const char *dir, const char *name)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	struct stat st;
	return lstat(path, &st) == 0;
}

struct rp_survey *survey_with(const struct rp_object *objects, size_t n)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_survey *sealed = NULL;
	ok(rp_survey_new(&sealed, &err), err);
	struct rp_position at = {0};
	ok(rp_survey_identify(sealed, &sealed_as, &at, &err), err);
	for (size_t i = 0; i < n; i++)
		ok(rp_survey_add_object(sealed, &objects[i], &err), err);
	ok(rp_survey_finish(sealed, &err), err);
	return sealed;
}

/* As root, everything once more as an ordinary user. */
static int all_as_nobody(int (*all)(const char *name))
{
	const struct passwd *pw = getpwnam("nobody");
	pid_t pid = fork();
	if (pid == 0) {
		if (pw == NULL || setgroups(0, NULL) < 0 ||
		    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
		    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
			_exit(1);
		(void)prctl(PR_SET_DUMPABLE, 1); /* or LeakSanitizer and /proc refuse */
		_exit(all("scratch, as an ordinary user") != 0);
	}
	int status = 1;
	(void)waitpid(pid, &status, 0);
	return status == 0 ? 0 : 1;
}

int run_all(int (*all)(const char *name))
{
	struct rp_installation here = {0};
	if (engine->hosting->choose(&here, NULL, NULL) < 0) {
		(void)fprintf(stderr, "no %s server is installed\n", engine->name);
		return getenv("RP_REQUIRE_SERVERS") != NULL ? 1 : NOT_RUN;
	}
	rp_installation_done(&here);
	(void)unsetenv("TMPDIR");
	if (rp_run_init(&run, NULL) < 0)
		return 1;
	int r = all("scratch");
	if (r == 0 && geteuid() == 0)
		r = all_as_nobody(all);
	rp_run_done(&run);
	return r;
}
