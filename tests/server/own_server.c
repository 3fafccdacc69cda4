/* SPDX-License-Identifier: MIT */
#include "tests/server/own_server.h"

#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

bool own_server_missing(struct own_server *s)
{
	const char *chosen = getenv("RP_PG_BINDIR");
	glob_t found = {0};
	if (chosen != NULL)
		(void)snprintf(s->bindir, sizeof s->bindir, "%s", chosen);
	else if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0) /* two digits sort as they should */
		(void)snprintf(s->bindir, sizeof s->bindir, "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return s->bindir[0] == '\0' && getenv("RP_REQUIRE_SERVERS") == NULL;
}

/* PostgreSQL refuses to be root. */
static void as_nobody(struct rp_program *p)
{
	const struct passwd *who = getuid() == 0 ? getpwnam("nobody") : NULL;
	p->as_user = who != NULL;
	p->uid = who != NULL ? who->pw_uid : 0;
	p->gid = who != NULL ? who->pw_gid : 0;
}

static int initialise(struct own_server *s)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_autobuf said = RP_BUF_INIT(64 * 1024);
	rp_autoerr struct rp_err *err = NULL;
	rp_argv_addf(&argv, "%s/initdb", s->bindir);
	rp_argv_addf(&argv, "-D%s/data", s->dir);
	static const char *const words[] = {"-Uboss",		"-Atrust",   "-EUTF8",
					    "--locale=C.UTF-8", "--no-sync", "--data-checksums"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		rp_argv_add(&argv, words[i]);
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	p.dir = s->dir;
	as_nobody(&p);
	if (rp_proc_run(&p, NULL, &said, &said, &s->run, &err) == 0)
		return 0;
	(void)fprintf(stderr, "# initdb: %s %s\n", err != NULL ? rp_err_text(err) : "", rp_buf_text(&said));
	return -1;
}

static int serve(struct own_server *s)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_autoerr struct rp_err *err = NULL;
	rp_argv_addf(&argv, "%s/postgres", s->bindir);
	rp_argv_addf(&argv, "-D%s/data", s->dir);
	rp_argv_addf(&argv, "-cunix_socket_directories=%s", s->dir);
	static const char *const words[] = {"-clisten_addresses=", "-cfsync=off", "-cautovacuum=off",
					    "-cmax_connections=20", "-cshared_buffers=64MB"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		rp_argv_add(&argv, words[i]);
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	p.dir = s->dir;
	as_nobody(&p);
	if (rp_proc_start(&s->proc, &p, &err) == 0)
		return 0;
	(void)fprintf(stderr, "# %s\n", rp_err_text(err));
	return -1;
}

static int await(struct own_server *s)
{
	for (int i = 0; i < 600 && !rp_proc_ended(&s->proc); i++) {
		PGconn *pg = PQconnectdb(own_server_uri(s, "boss", "postgres"));
		bool ready = PQstatus(pg) == CONNECTION_OK;
		PQfinish(pg);
		if (ready)
			return 0;
		(void)usleep(50 * 1000);
	}
	(void)fprintf(stderr, "# the server does not answer\n");
	return -1;
}

int own_server_start(struct own_server *s)
{
	if (rp_run_init(&s->run, NULL) < 0)
		return -1;
	(void)snprintf(s->dir, sizeof s->dir, "/tmp/rp-own-XXXXXX");
	const struct passwd *who = getuid() == 0 ? getpwnam("nobody") : NULL;
	if (mkdtemp(s->dir) == NULL || (who != NULL && chown(s->dir, who->pw_uid, who->pw_gid) < 0))
		return -1;
	s->proc = (struct rp_proc)RP_PROC_INIT;
	return initialise(s) < 0 || serve(s) < 0 ? -1 : await(s);
}

void own_server_stop(struct own_server *s)
{
	rp_proc_stop(&s->proc, SIGINT, 20000);
	(void)rp_tree_remove(s->dir, NULL);
	rp_run_done(&s->run);
}

const char *own_server_uri(const struct own_server *s, const char *user, const char *database)
{
	static char uri[300];
	(void)snprintf(uri, sizeof uri, "postgresql://%s@/%s?host=%s", user, database, s->dir);
	return uri;
}

static void say_nothing(void *arg, const char *notice)
{
	(void)arg;
	(void)notice;
}

char *own_server_ask(const struct own_server *s, const char *database, const char *sql)
{
	PGconn *pg = PQconnectdb(own_server_uri(s, "boss", database));
	(void)PQsetNoticeProcessor(pg, say_nothing, NULL);
	PGresult *r = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(r);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		(void)fprintf(stderr, "# %.200s: %s\n", sql, PQerrorMessage(pg));
	assert_true(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
	char *first = PQntuples(r) > 0 && PQnfields(r) > 0 ? strdup(PQgetvalue(r, 0, 0)) : NULL;
	PQclear(r);
	PQfinish(pg);
	return first;
}

void own_server_sql(const struct own_server *s, const char *database, const char *sql)
{
	free(own_server_ask(s, database, sql));
}
