/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/check_table.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"

/* A private server that a physical restore has filled: its databases and accounts are the backup's, and they stay as
 * they are, so that they can be compared. What is ours in it is one administrator, made when it starts (server.c), and
 * one account for questions, made here. */

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv

/* clang-format off */
static const char databases[] =
	"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('mysql', 'sys',"
	" 'information_schema', 'performance_schema') AND SCHEMA_NAME NOT LIKE '#mysql50#%' ORDER BY 1";
/* clang-format on */

static void add_names(struct rp_buf *to, const struct rp_argv *names)
{
	for (size_t i = 0; i < names->n && to->len < to->max / 2; i++) {
		rp_buf_add(to, i > 0 ? ", " : "");
		rp_buf_add_plain(to, names->v[i]);
	}
	if (names->n == 0)
		rp_buf_add(to, "none");
}

static int choose(const struct rp_argv *there, const char *wanted, const char **ret, struct rp_err **err)
{
	rp_autobuf names = RP_BUF_INIT(8 << 10);
	for (size_t i = 0; i < there->n && wanted != NULL; i++)
		if (strcmp(there->v[i], wanted) == 0) {
			*ret = there->v[i];
			return 0;
		}
	add_names(&names, there);
	if (wanted != NULL)
		return rp_err_set(err, RP_ERR_BACKUP, "the backup has no database '%s' (it has: %s)", wanted,
				  rp_buf_text(&names));
	if (there->n == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "the backup has no database besides the server's own");
	if (there->n > 1) {
		(void)rp_err_set(err, RP_ERR_USAGE, "the backup has several databases: %s",
				 rp_buf_text(&names));
		return rp_err_hint(err, "say which with --database NAME");
	}
	*ret = there->v[0];
	return 0;
}

/* As GRANT wants it: "_" and "%" would be wildcards. */
static int make_asker(struct rp_my_conn *c, const char *database, struct rp_err **err)
{
	static const char account[] = "'" RP_MY_ASKER "'@'localhost'";
	rp_autobuf create = RP_BUF_INIT(1024);
	rp_autobuf pattern = RP_BUF_INIT(1024);
	rp_autobuf grant = RP_BUF_INIT(4096);
	for (const char *p = database; *p != '\0'; p++)
		rp_buf_addf(&pattern, *p == '_' || *p == '%' ? "\\%c" : "%c", *p);
	rp_buf_addf(&create, "CREATE OR REPLACE USER %s IDENTIFIED BY ''", account);
	rp_buf_add(&grant, "GRANT SELECT, EXECUTE, SHOW VIEW ON ");
	rp_my_add_name(&grant, rp_buf_text(&pattern));
	rp_buf_addf(&grant, ".* TO %s", account);
	if (rp_buf_check(&pattern, err) < 0 || rp_buf_check(&grant, err) < 0 ||
	    rp_my_exec(c, rp_buf_text(&create), err) < 0 || rp_my_exec(c, rp_buf_text(&grant), err) < 0)
		return rp_err_wrap(err, "make an account for questions");
	return 0;
}

int rp_my_inherit(struct rp_conn *conn, const char *wanted, char **ret, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	rp_autoargv there = {0};
	const char *name = NULL;
	if (rp_my_list(c, databases, &there, err) < 0 || choose(&there, wanted, &name, err) < 0 ||
	    rp_my_allow_writing(c, err) < 0 || rp_my_check_others(c, name, err) < 0 ||
	    make_asker(c, name, err) < 0)
		return -1;
	*ret = strdup(name);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}
