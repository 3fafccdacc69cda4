/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Where a server is, in the three ways in which one is told: a URI, a tool's environment, a person's shell. */

static inline void options_free(PQconninfoOption **o)
{
	PQconninfoFree(*o);
}

/* PGPASSWORD is here because who has set it for us has set it for our tools: libpq in this process has read it
 * from the same place. */
const char *const rp_pg_credentials[] = {"HOME",	 "PGPASSFILE", "PGPASSWORD", "PGSERVICEFILE",
					 "PGSYSCONFDIR", "KRB5CCNAME", NULL};

static void add_escaped(struct rp_buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
		    strchr("-._~/", *p) != NULL)
			rp_buf_add_mem(out, p, 1);
		else
			rp_buf_addf(out, "%%%02X", (unsigned)(unsigned char)*p);
	}
}

static void add_setting(struct rp_buf *out, const char *name, const char *value)
{
	/* Without memory there is nothing in it. */
	bool first = out->len == 0 || rp_buf_text(out)[out->len - 1] == '?';
	rp_buf_addf(out, "%s%s=", first ? "" : "&", name);
	add_escaped(out, value);
}

int rp_pg_uri(const struct rp_place *p, const char *database, struct rp_buf *ret, struct rp_err **err)
{
	/* All of it is said, so that nothing in the environment (PGPORT, PGSSLMODE) speaks here. */
	static const char *const plain[][2] = {
		{"port", RP_PG_PORT},		{"sslmode", "disable"}, {"gssencmode", "disable"},
		{"channel_binding", "disable"}, {"requirepeer", ""},	{"target_session_attrs", "any"},
	};
	rp_buf_add(ret, "postgresql:///?");
	add_setting(ret, "host", p->socket);
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		add_setting(ret, plain[i][0], plain[i][1]);
	if (p->admin != NULL)
		add_setting(ret, "user", p->admin);
	add_setting(ret, "dbname", database != NULL ? database : "template1");
	return rp_buf_check(ret, err);
}

static int parse(const char *uri, PQconninfoOption **ret, struct rp_err **err)
{
	char *why = NULL;
	*ret = PQconninfoParse(uri, &why);
	if (*ret != NULL)
		return 0;
	if (why == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	why[strcspn(why, "\n")] = '\0';
	if (strcmp(why, "out of memory") == 0)
		rp_err_set(err, RP_ERR_NOMEM, "%s", why);
	else
		rp_err_set(err, RP_ERR_USAGE, "not the address of a server: %s", why);
	PQfreemem(why);
	return -1;
}

int rp_pg_within(const char *uri, const char *database, struct rp_buf *ret, struct rp_err **err)
{
	rp_cleanup(options_free) PQconninfoOption *all = NULL;
	if (parse(uri, &all, err) < 0)
		return -1;
	rp_buf_add(ret, "postgresql:///?");
	for (const PQconninfoOption *o = all; o->keyword != NULL; o++)
		if (o->val != NULL && strcmp(o->keyword, "dbname") != 0)
			add_setting(ret, o->keyword, o->val);
	add_setting(ret, "dbname", database);
	return rp_buf_check(ret, err);
}

/* What the URI says, and where it is silent what our environment says: libpq in this process has gone by both.
 * Never options: what they set is ours to decide. Where the URI says which server it is, two variables that
 * could send a tool elsewhere stay behind; a connection of ours is refused while they are set. */
static const char *value_of(const PQconninfoOption *o, bool located)
{
	if (o->envvar == NULL || strcmp(o->keyword, "options") == 0 || strchr(o->dispchar, '*') != NULL)
		return NULL;
	if (o->val != NULL)
		return o->val;
	if (located && (strcmp(o->keyword, "hostaddr") == 0 || strcmp(o->keyword, "service") == 0))
		return NULL;
	return getenv(o->envvar);
}

static bool is_located(const PQconninfoOption *all)
{
	bool located = false;
	for (const PQconninfoOption *o = all; o->keyword != NULL; o++)
		located |= o->val != NULL &&
			   (strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0 ||
			    strcmp(o->keyword, "service") == 0);
	return located;
}

int rp_pg_environment(const char *uri, struct rp_argv *ret, struct rp_err **err)
{
	rp_cleanup(options_free) PQconninfoOption *all = NULL;
	if (parse(uri, &all, err) < 0)
		return -1;
	rp_argv_add(ret, "PATH=/usr/local/bin:/usr/bin:/bin");
	rp_argv_add(ret, "LC_ALL=C.UTF-8");
	rp_argv_add(ret, "TZ=UTC");
	bool located = is_located(all);
	for (const PQconninfoOption *o = all; o->keyword != NULL; o++) {
		const char *value = value_of(o, located);
		if (value != NULL && value[0] != '\0')
			rp_argv_addf(ret, "%s=%s", o->envvar, value);
	}
	for (const char *const *name = rp_pg_credentials; *name != NULL; name++) {
		const char *value = getenv(*name);
		if (value != NULL)
			rp_argv_addf(ret, "%s=%s", *name, value);
	}
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

/* A password file in libpq's form with one line that fits every server: the tool is told where to connect. */
int rp_pg_lend(struct rp_conn *c, struct rp_buf *ret_file, const char **ret_variable, struct rp_err **err)
{
	const char *password = PQpass(rp_pg_of(c)->pg);
	*ret_variable = "PGPASSFILE";
	if (password == NULL || password[0] == '\0')
		return 0;
	rp_buf_add(ret_file, "*:*:*:*:");
	for (const char *p = password; *p != '\0'; p++) {
		if (*p == ':' || *p == '\\')
			rp_buf_add(ret_file, "\\");
		rp_buf_add_mem(ret_file, p, 1);
	}
	rp_buf_add(ret_file, "\n");
	return rp_buf_check(ret_file, err);
}

/* Only where, as whom and what: a person's psql goes by its own settings otherwise. */
static bool is_needed(const PQconninfoOption *o)
{
	static const char *const names[] = {"host", "hostaddr", "user", "dbname", "service"};
	if (o->val == NULL || o->val[0] == '\0')
		return false;
	if (strcmp(o->keyword, "port") == 0)
		return strcmp(o->val, RP_PG_PORT) != 0;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(o->keyword, names[i]) == 0)
			return true;
	return false;
}

/* All that a shell could take for its own is written with percent signs, so single quotes are enough. */
int rp_pg_explain(const struct rp_place *p, const char *uri, struct rp_buf *ret, struct rp_err **err)
{
	rp_cleanup(options_free) PQconninfoOption *all = NULL;
	rp_autobuf shorter = RP_BUF_INIT(16 << 10);
	if (parse(uri, &all, err) < 0)
		return -1;
	rp_buf_add(&shorter, "postgresql:///?");
	for (const PQconninfoOption *o = all; o->keyword != NULL; o++)
		if (is_needed(o))
			add_setting(&shorter, o->keyword, o->val);
	if (rp_buf_check(&shorter, err) < 0)
		return -1;
	rp_buf_addf(ret, "%s/psql '%s'", p->with.bindir, rp_buf_text(&shorter));
	return rp_buf_check(ret, err);
}
