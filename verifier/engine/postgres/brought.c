/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

/* A private server on files that a physical backup brought: its roles and databases are the backup's, and stay as they
 * are. What is ours in it is one superuser. */

/* Which line of postmaster.pid says how far it is (pg_ctl goes by it, too). */
#define STATUS_LINE 8

/* The file is the server's own, and a few dozen bytes long. */
enum rp_stage rp_pg_stage(const struct rp_place *p)
{
	rp_autobuf path = RP_BUF_INIT(8 << 10);
	char text[1024];
	rp_buf_addf(&path, "%s/postmaster.pid", p->data);
	rp_autoclose int fd = open(rp_buf_text(&path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	if (n <= 0)
		return RP_STAGE_STARTING;
	text[n] = '\0';
	const char *line = text;
	for (int i = 1; i < STATUS_LINE && line != NULL; i++) {
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	if (line != NULL && strncmp(line, "ready", 5) == 0)
		return RP_STAGE_UP;
	return line != NULL && strncmp(line, "standby", 7) == 0 ? RP_STAGE_REPLAYING : RP_STAGE_STARTING;
}

/* The names of its superusers are known to nobody here. A server for a single user asks for none; it starts no workers,
 * loads no libraries that a database or role names, and runs no event triggers. */
int rp_pg_admit(const struct rp_place *p, struct rp_argv *ret, struct rp_buf *ret_input, struct rp_err **err)
{
	rp_argv_add(ret, p->with.server);
	rp_argv_add(ret, "--single");
	rp_argv_add(ret, "-D");
	rp_argv_add(ret, p->data);
	rp_pg_settings(p, ret);
	rp_argv_add(ret, "template1");
	rp_buf_addf(ret_input, "CREATE ROLE %s SUPERUSER LOGIN\n", p->admin);
	if (ret->failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return rp_buf_check(ret_input, err);
}

static void add_names(struct rp_buf *to, const PGresult *r)
{
	for (int i = 0; i < PQntuples(r) && to->len < to->max / 2; i++) {
		rp_buf_add(to, i > 0 ? ", " : "");
		rp_buf_add_plain(to, PQgetvalue(r, i, 0));
	}
}

/* What a person can mean without saying so: not the one that every server has, unless it is the only one. */
static const char *only_one(const PGresult *r)
{
	const char *found = NULL;
	for (int i = 0; i < PQntuples(r); i++) {
		const char *name = PQgetvalue(r, i, 0);
		if (strcmp(name, "postgres") == 0 && PQntuples(r) > 1)
			continue;
		if (found != NULL)
			return NULL;
		found = name;
	}
	return found;
}

static const char *named(const PGresult *r, const char *name)
{
	for (int i = 0; i < PQntuples(r); i++)
		if (strcmp(PQgetvalue(r, i, 0), name) == 0)
			return PQgetvalue(r, i, 0);
	return NULL;
}

static int roll_back_each(struct rp_pg_conn *c, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c,
			"SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts WHERE database = "
			"current_database()",
			NULL, 0, &r, err) < 0)
		return -1;
	if (PQntuples(r) > 0 && rp_pg_allow_writing(c, err) < 0)
		return -1;
	for (int i = 0; i < PQntuples(r); i++)
		if (rp_pg_exec(c, PQgetvalue(r, i, 0), err) < 0)
			return -1;
	if (PQntuples(r) > 0)
		rp_log(c->base.run, RP_LOG_INFO,
		       "%d prepared transactions, which nobody will end any more, were rolled back",
		       PQntuples(r));
	return 0;
}

/* Transactions that were prepared when the backup was made hold their locks for ever, and their rows are seen by nobody:
 * what is asked of the tables would wait for them. */
static int roll_back_prepared(struct rp_pg_conn *c, const char *database, struct rp_err **err)
{
	rp_autobuf uri = RP_BUF_INIT(16 << 10);
	struct rp_conn *in = NULL;
	if (rp_pg_within(c->uri, database, &uri, err) < 0 ||
	    rp_pg_connect(&in, rp_buf_text(&uri), c->base.run, err) < 0)
		return -1;
	int r = roll_back_each(rp_pg_of(in), err);
	rp_pg_close(in);
	return r < 0 ? rp_err_wrap(err, "database '%s'", database) : 0;
}

int rp_pg_inherit(struct rp_conn *conn, const char *wanted, char **ret, struct rp_err **err)
{
	static const char sql[] =
		"SELECT datname FROM pg_database WHERE datallowconn AND (NOT datistemplate OR "
		"datname = $1) ORDER BY datname";
	const char *const params[] = {wanted};
	rp_autores *r = NULL;
	rp_autobuf names = RP_BUF_INIT(8 << 10);
	if (rp_pg_query(rp_pg_of(conn), sql, params, 1, &r, err) < 0)
		return -1;
	const char *found = wanted != NULL ? named(r, wanted) : only_one(r);
	add_names(&names, r);
	if (found == NULL && wanted != NULL)
		return rp_err_set(err, RP_ERR_BACKUP, "the backup has no database '%s' (it has: %s)", wanted,
				  names.len > 0 ? rp_buf_text(&names) : "none");
	if (found == NULL && PQntuples(r) == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "the backup has no database that lets anybody in");
	if (found == NULL) {
		(void)rp_err_set(err, RP_ERR_USAGE, "the backup has several databases: %s",
				 rp_buf_text(&names));
		return rp_err_hint(err, "say which with --database NAME");
	}
	if (roll_back_prepared(rp_pg_of(conn), found, err) < 0)
		return -1;
	*ret = strdup(found);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}
