/* SPDX-License-Identifier: MIT */
/* pg_dumpall: roles and settings of a server, and behind them a plain dump of each of its databases. One of these is
 * restored, after the roles. */
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_cluster.h"
#include "verifier/recovery/pg_globals.h"
#include "verifier/recovery/psql_filter.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define GLOBALS_MAX (16 << 20)
#define NAMES_MAX   4096 /* bytes of names that a message lists */

static int parse(struct rp_artifact *a, struct rp_pg_plain *ret, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	*ret = (struct rp_pg_plain){0};
	(void)rp_pg_plain_parse(head, len, ret);
	return 0;
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	struct rp_pg_plain p;
	if (parse(a, &p, err) < 0)
		return -1;
	return rp_pg_dump_tell(a, p.server, p.tool, NULL, 0, ret, ret_at, err);
}

/* Which database is wanted; NULL: nobody has said it. */
static const char *database_said(const struct rp_artifact *a)
{
	const struct rp_wanted *w = a->wanted;
	const char *name = w != NULL && w->database != NULL ? w->database
			   : w != NULL && w->sealed != NULL ? w->sealed->identity.database
							    : NULL;
	return name != NULL && name[0] != '\0' ? name : NULL;
}

static int open_cluster(struct rp_artifact *a, struct rp_pg_cluster **ret, struct rp_err **err)
{
	struct rp_stream *bytes = NULL;
	if (rp_artifact_read(a, &a->files[0], &bytes, err) < 0)
		return -1;
	return rp_pg_cluster_new(ret, bytes, err);
}

static void add_name(struct rp_buf *names, const char *name)
{
	if (names->len + strlen(name) * 4 + 16 < NAMES_MAX) {
		rp_buf_add(names, names->len > 0 ? ", '" : "'");
		rp_buf_add_plain(names, name);
		rp_buf_add(names, "'");
	}
}

static int no_database(const struct rp_artifact *a, struct rp_err **err)
{
	(void)rp_err_set(err, RP_ERR_BACKUP, "'%s' holds the roles of a server and no database",
			 a->point->id);
	return rp_err_hint(err,
			   "it is the output of 'pg_dumpall --globals-only': verify the dump of a database");
}

/* Nobody has said which: the only one there is. Reads all of it. */
static int choose_only(struct rp_artifact *a, const char **ret, struct rp_err **err)
{
	rp_auto(rp_pg_cluster) c = NULL;
	rp_autobuf names = RP_BUF_INIT(NAMES_MAX * 2);
	const struct rp_pg_part *part;
	char only[RP_PG_TEXT_MAX] = "";
	size_t n = 0;
	int r;
	if (open_cluster(a, &c, err) < 0)
		return -1;
	while ((r = rp_pg_cluster_next(c, &part, err)) > 0) {
		bool own = rp_pg_is_servers_own(part->name);
		if (!part->globals && !own)
			add_name(&names, part->name);
		n += !part->globals && !own;
		if (!part->globals && (own ? n == 0 : n == 1))
			memcpy(only, part->name, sizeof only);
	}
	if (r < 0)
		return rp_err_wrap(err, "'%s'", a->point->id);
	if (only[0] == '\0')
		return no_database(a, err);
	if (n > 1) {
		(void)rp_err_set(err, RP_ERR_USAGE, "'%s' holds several databases: %s", a->point->id,
				 rp_buf_text(&names));
		return rp_err_hint(err, "say which with --database");
	}
	*ret = rp_arena_strdup(a->memory, only);
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int choose(struct rp_artifact *a, const char **ret, struct rp_err **err)
{
	*ret = database_said(a);
	return *ret != NULL ? 0 : choose_only(a, ret, err);
}

static int restore_globals(struct rp_pg_cluster *c, struct rp_scratch *s, struct rp_buf *said,
			   struct rp_err **err)
{
	rp_autobuf roles = RP_BUF_INIT(GLOBALS_MAX);
	rp_autobuf sql = RP_BUF_INIT(GLOBALS_MAX);
	rp_auto(rp_stream) from = NULL;
	rp_auto(rp_stream) names = NULL;
	rp_auto(rp_stream) text = NULL;
	if (rp_pg_cluster_read(c, &from, err) < 0 || rp_pg_globals(from, &roles, &sql, said, err) < 0 ||
	    rp_stream_of_memory(&names, rp_buf_text(&roles), roles.len, err) < 0 ||
	    rp_pg_make_roles(s, names, err) < 0 ||
	    rp_stream_of_memory(&text, rp_buf_text(&sql), sql.len, err) < 0)
		return -1;
	return rp_psql_restore(s, rp_take(text), "what it says of roles", said, err);
}

static int restore_database(struct rp_pg_cluster *c, const struct rp_pg_part *part, struct rp_scratch *s,
			    struct rp_buf *said, struct rp_err **err)
{
	rp_auto(rp_stream) from = NULL;
	if (rp_pg_cluster_read(c, &from, err) < 0)
		return -1;
	rp_autoerr struct rp_err *why = NULL;
	if (rp_psql_restore(s, rp_take(from), part->name, said, &why) == 0)
		return 0;
	/* What pg_dump may take for granted, this dump has to bring. */
	const char *text = rp_err_text(why), *role = strstr(text, "role \""), *hint = rp_err_hint_text(why);
	bool lost = role != NULL && strstr(role, "\" does not exist") != NULL;
	(void)rp_err_set(err, lost ? RP_ERR_BACKUP : rp_err_kind(why), "%s", text);
	if (hint != NULL && !lost)
		(void)rp_err_hint(err, "%s", hint);
	return rp_err_wrap(err, "database '%s', which begins in line %llu, where its own lines count from 1",
			   part->name, (unsigned long long)part->line);
}

/* One pass: the database is restored when it comes by. */
static int restore_parts(struct rp_artifact *a, const char *name, struct rp_scratch *s, struct rp_buf *said,
			 struct rp_err **err)
{
	rp_auto(rp_pg_cluster) c = NULL;
	rp_autobuf names = RP_BUF_INIT(NAMES_MAX * 2);
	const struct rp_pg_part *part;
	bool found = false;
	int r = open_cluster(a, &c, err);
	while (r == 0 && (r = rp_pg_cluster_next(c, &part, err)) > 0) {
		bool wanted = !part->globals && strcmp(part->name, name) == 0;
		if (wanted && found)
			return rp_err_set(err, RP_ERR_BACKUP, "it holds database '%s' twice", name);
		found |= wanted;
		if (!part->globals)
			add_name(&names, part->name);
		r = part->globals ? restore_globals(c, s, said, err)
		    : wanted	  ? restore_database(c, part, s, said, err)
				  : 0;
	}
	if (r < 0 || found)
		return r;
	if (names.len == 0)
		return no_database(a, err);
	return rp_err_set(err,
			  a->wanted != NULL && a->wanted->database != NULL ? RP_ERR_USAGE : RP_ERR_BACKUP,
			  "it holds no database '%s', but %s", name, rp_buf_text(&names));
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	const char *name = NULL;
	if (choose(a, &name, err) < 0)
		return -1;
	if (!s->faithful) {
		(void)rp_err_set(err, RP_ERR_ENGINE,
				 "the output of pg_dumpall makes roles, and that needs a private server");
		return rp_err_hint(err,
				   "leave the named one (--scratch) out, or dump the database with pg_dump");
	}
	s->brings_roles = true;
	if (rp_pg_call(s, name, err) < 0 || rp_scratch_start(s, err) < 0)
		return -1;
	return restore_parts(a, name, s, said, err);
}

/* What belongs to the server and to the database as such is here what it is for. */
static const char *omits(const struct rp_object *sealed, const char *fact)
{
	return strcmp(sealed->kind, "index") == 0 ? rp_pg_dump_omits(sealed, fact) : NULL;
}

static const char *omits_of_own(const struct rp_object *sealed, const char *fact)
{
	if (strcmp(sealed->kind, "database setting") == 0 ||
	    (strcmp(sealed->kind, "database") == 0 && fact != NULL &&
	     strcmp(sealed->name, "properties") == 0))
		return "of a database that every server has, pg_dumpall carries no settings and properties";
	return omits(sealed, fact);
}

static int bid_for(struct rp_artifact *a, bool own, struct rp_err **err)
{
	struct rp_pg_plain p;
	const char *name = database_said(a);
	if (parse(a, &p, err) < 0)
		return -1;
	return p.cluster && (name != NULL && rp_pg_is_servers_own(name)) == own
		       ? 8 * 35 /* its title's length */
		       : 0;
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	return bid_for(a, false, err);
}

static int bid_own(struct rp_artifact *a, struct rp_err **err)
{
	return bid_for(a, true, err);
}

const struct rp_format rp_format_pg_dumpall = {
	.name = "pg_dumpall",
	.engine = "postgresql",
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.omits = omits,
};

/* The wanted database is 'postgres' or 'template1'. */
const struct rp_format rp_format_pg_dumpall_own = {
	.name = "pg_dumpall of a server's own database",
	.engine = "postgresql",
	.bid = bid_own,
	.restore = restore,
	.tell = tell,
	.omits = omits_of_own,
};
