/* SPDX-License-Identifier: MIT */
#include "tests/server/own_mysql.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mysql.h>

#include "tests/unit/cmocka_all.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

static bool find(char *ret, size_t size, const char *const names[])
{
	static const char *const usual[] = {"/usr/sbin", "/usr/bin", NULL};
	const char *chosen = getenv("RP_MY_BINDIR");
	const char *const only[] = {chosen, NULL};
	for (; *names != NULL; names++)
		for (const char *const *dir = chosen != NULL ? only : usual; *dir != NULL; dir++) {
			(void)snprintf(ret, size, "%s/%s", *dir, *names);
			if (access(ret, X_OK) == 0)
				return true;
		}
	ret[0] = '\0';
	return false;
}

bool own_mysql_missing(struct own_mysql *s)
{
	static const char *const makers[] = {"mariadb-install-db", NULL};
	static const char *const servers[] = {"mariadbd", "mysqld", NULL};
	static const char *const clients[] = {"mariadb", "mysql", NULL};
	s->mariadb = find(s->maker, sizeof s->maker, makers);
	(void)find(s->client, sizeof s->client, clients);
	return !find(s->server, sizeof s->server, servers) && getenv("RP_REQUIRE_SERVERS") == NULL;
}

static void as_nobody(struct rp_program *p)
{
	const struct passwd *who = getuid() == 0 ? getpwnam("nobody") : NULL;
	p->as_user = who != NULL;
	p->uid = who != NULL ? who->pw_uid : 0;
	p->gid = who != NULL ? who->pw_gid : 0;
}

static int initialise(struct own_mysql *s)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_autobuf said = RP_BUF_INIT(64 * 1024);
	rp_autoerr struct rp_err *err = NULL;
	rp_argv_add(&argv, s->mariadb ? s->maker : s->server);
	rp_argv_add(&argv, "--no-defaults");
	rp_argv_addf(&argv, "--datadir=%s/data", s->dir);
	if (s->mariadb) {
		rp_argv_add(&argv, "--auth-root-authentication-method=normal");
		rp_argv_add(&argv, "--skip-test-db");
	} else {
		rp_argv_add(&argv, "--initialize-insecure");
	}
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	p.dir = s->dir;
	as_nobody(&p);
	if (rp_proc_run(&p, NULL, &said, &said, &s->run, &err) == 0)
		return 0;
	(void)fprintf(stderr, "# %s %s\n", err != NULL ? rp_err_text(err) : "", rp_buf_text(&said));
	return -1;
}

/* One that nobody has now. */
static unsigned free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	rp_autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return 0;
	return ntohs(at.sin_port);
}

static int serve(struct own_mysql *s)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_autoerr struct rp_err *err = NULL;
	s->port = free_port();
	rp_argv_add(&argv, s->server);
	rp_argv_add(&argv, "--no-defaults");
	rp_argv_addf(&argv, "--datadir=%s/data", s->dir);
	rp_argv_addf(&argv, "--socket=%s/s", s->dir);
	rp_argv_addf(&argv, "--pid-file=%s/pid", s->dir);
	rp_argv_addf(&argv, "--log-bin=%s/data/bin", s->dir);
	/* Servers that start remove the temporary tables of others that have this directory, too. */
	rp_argv_addf(&argv, "--tmpdir=%s", s->dir);
	rp_argv_addf(&argv, "--port=%u", s->port);
	static const char *const words[] = {"--bind-address=127.0.0.1", "--server-id=7",
					    "--secure-file-priv=", "--innodb-buffer-pool-size=32M",
					    "--innodb-flush-log-at-trx-commit=0"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		rp_argv_add(&argv, words[i]);
	if (!s->mariadb)
		rp_argv_add(&argv, "--mysqlx=OFF");
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	p.dir = s->dir;
	as_nobody(&p);
	if (rp_proc_start(&s->proc, &p, &err) == 0)
		return 0;
	(void)fprintf(stderr, "# %s\n", rp_err_text(err));
	return -1;
}

static MYSQL *enter(const struct own_mysql *s)
{
	char path[100];
	MYSQL *my = mysql_init(NULL);
	(void)snprintf(path, sizeof path, "%s/s", s->dir);
	if (mysql_real_connect(my, "localhost", "root", "", NULL, 0, path, CLIENT_MULTI_STATEMENTS) != NULL)
		return my;
	mysql_close(my);
	return NULL;
}

static int await(struct own_mysql *s)
{
	for (int i = 0; i < 1200 && !rp_proc_ended(&s->proc); i++) {
		MYSQL *my = enter(s);
		mysql_close(my);
		if (my != NULL)
			return 0;
		(void)usleep(50 * 1000);
	}
	(void)fprintf(stderr, "# the server does not answer\n");
	return -1;
}

int own_mysql_start(struct own_mysql *s)
{
	if (rp_run_init(&s->run, NULL) < 0)
		return -1;
	(void)snprintf(s->dir, sizeof s->dir, "/tmp/rp-own-my-XXXXXX");
	const struct passwd *who = getuid() == 0 ? getpwnam("nobody") : NULL;
	if (mkdtemp(s->dir) == NULL || (who != NULL && chown(s->dir, who->pw_uid, who->pw_gid) < 0))
		return -1;
	s->proc = (struct rp_proc)RP_PROC_INIT;
	return initialise(s) < 0 || serve(s) < 0 ? -1 : await(s);
}

void own_mysql_stop(struct own_mysql *s)
{
	rp_proc_stop(&s->proc, SIGKILL, 20000);
	(void)rp_tree_remove(s->dir, NULL);
	rp_run_done(&s->run);
}

const char *own_mysql_uri(const struct own_mysql *s, const char *user, const char *database, const char *more)
{
	static char uris[4][400];
	static unsigned next;
	char *uri = uris[next++ % 4];
	(void)snprintf(uri, sizeof uris[0], "mysql://%s@localhost/%s?socket=%s/s&%s", user, database, s->dir,
		       more != NULL ? more : "no-defaults=1");
	return uri;
}

char *own_mysql_ask(const struct own_mysql *s, const char *sql)
{
	MYSQL *my = enter(s);
	assert_non_null(my);
	char *first = NULL;
	int status = mysql_query(my, sql);
	while (status == 0) {
		MYSQL_RES *r = mysql_store_result(my);
		MYSQL_ROW row = r != NULL ? mysql_fetch_row(r) : NULL;
		if (first == NULL && row != NULL && row[0] != NULL)
			first = strdup(row[0]);
		mysql_free_result(r);
		status = mysql_next_result(my);
	}
	if (status > 0)
		(void)fprintf(stderr, "# %.200s: %s\n", sql, mysql_error(my));
	assert_int_equal(status, -1);
	mysql_close(my);
	return first;
}

void own_mysql_sql(const struct own_mysql *s, const char *sql)
{
	free(own_mysql_ask(s, sql));
}
