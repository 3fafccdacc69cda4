/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "verifier/engine/postgres/private.h"
#include "verifier/engine/postgres/probe.h"
#include "verifier/engine/postgres/tests.h"
#include "verifier/util/buf.h"

/* Every index and table of the restored database, the catalogue's too, looked through by the server's own amcheck. It
 * evaluates index expressions as the table's owner, in a restricted context. */

#define NAME_MAX_BYTES (8 << 10)

/* How one sort of thing is looked through. NULL in 'call': as an index would be, "%s" is the schema. */
struct method {
	const char *what;
	int from;	  /* major version of the server that can */
	const char *list; /* oid, schema, name, is unique */
	const char *call; /* behind "SELECT ... FROM schema." */
};

/* clang-format off */
#define INDEXES(am)                                                                                          \
	"SELECT x.oid, n.nspname, x.relname, i.indisunique FROM pg_index i JOIN pg_class x ON x.oid ="       \
	" i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace JOIN pg_am a ON a.oid = x.relam WHERE"  \
	" a.amname = '" am "' AND x.relkind = 'i' AND i.indisvalid AND i.indisready AND x.relpersistence <>" \
	" 't' ORDER BY n.nspname, x.relname"
/* clang-format on */

static const struct method methods[] = {
	{"index", 0, INDEXES("btree"), NULL},
	{"index", 18, INDEXES("gin"), "gin_index_check($1::oid::regclass)"},
	{"table", 14,
	 "SELECT c.oid, n.nspname, c.relname, false FROM pg_class c JOIN pg_namespace n ON n.oid = "
	 "c.relnamespace"
	 " JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'heap' AND c.relkind IN ('r', 'm', 't')"
	 " AND c.relpersistence <> 't' ORDER BY n.nspname, c.relname",
	 "verify_heapam($1::oid::regclass, false, true, 'none', NULL, NULL)"},
};

/* Rows are found entries; a function without any is void. */
static void call_of(struct rp_buf *sql, const struct rp_pg_conn *c, const struct method *m,
		    const char *schema, bool is_unique)
{
	rp_buf_addf(sql, "SELECT v::text FROM %s.", schema);
	if (m->call != NULL)
		rp_buf_add(sql, m->call);
	else
		rp_buf_addf(sql, "bt_index_parent_check($1::oid::regclass, true, false%s)",
			    c->version < 170000 ? ""
			    : is_unique		? ", true"
						: ", false");
	rp_buf_add(sql, " v LIMIT 20");
}

static void tell(struct rp_findings *to, const char *name, const struct method *m, const PGresult *rows,
		 const struct rp_pg_refusal *why)
{
	rp_autoerr struct rp_err *untold = NULL;
	if (why != NULL && rp_pg_is_damage(why)) {
		rp_fail(to, name, NULL, NULL, "the %s is damaged: %s", m->what, why->said);
	} else if (why != NULL) {
		(void)rp_err_set(&untold, RP_ERR_OBJECT, "the %s cannot be looked through: %s", m->what,
				 why->said);
		rp_answer_error(to, name, untold);
	}
	for (int i = 0; why == NULL && i < PQntuples(rows); i++)
		rp_fail(to, name, NULL, NULL, "the %s is damaged (block, item, column, what): %s", m->what,
			PQgetvalue(rows, i, 0));
}

/* 1: whole, 0: it was answered otherwise. */
static int check_one(struct rp_pg_conn *c, const struct method *m, const char *schema, const PGresult *list,
		     int row, struct rp_findings *to, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(1024), name = RP_BUF_INIT(NAME_MAX_BYTES);
	rp_autores *rows = NULL;
	struct rp_pg_refusal why;
	const char *const params[] = {PQgetvalue(list, row, 0)};
	rp_name_add(&name, PQgetvalue(list, row, 1));
	rp_name_add(&name, PQgetvalue(list, row, 2));
	call_of(&sql, c, m, schema, rp_pg_true(list, row, 3));
	if (rp_buf_check(&sql, err) < 0 || rp_buf_check(&name, err) < 0)
		return -1;
	int refused = rp_pg_probe(c, rp_buf_text(&sql), params, 1, &rows, &why, err);
	if (refused < 0)
		return rp_err_wrap(err, "look through %s '%s'", m->what, rp_buf_text(&name));
	/* What has nothing to say gives one row that is empty. */
	if (refused == 0 && (PQntuples(rows) == 0 || PQgetvalue(rows, 0, 0)[0] == '\0'))
		return 1;
	tell(to, rp_buf_text(&name), m, rows, refused > 0 ? &why : NULL);
	return 0;
}

static int check_all(struct rp_pg_conn *c, const char *schema, struct rp_findings *to, struct rp_err **err)
{
	uint64_t whole = 0, others = 0;
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		const struct method *m = &methods[i];
		rp_autores *list = NULL;
		if (c->version / 10000 < m->from)
			continue;
		if (rp_pg_query(c, m->list, NULL, 0, &list, err) < 0)
			return -1;
		for (int row = 0; row < PQntuples(list); row++) {
			int good = check_one(c, m, schema, list, row, to, err);
			if (good < 0)
				return -1;
			whole += good == 1;
			others += good == 0;
		}
	}
	if (others == 0)
		rp_pass(to, "", whole);
	return 0;
}

int rp_pg_test_amcheck(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
		       struct rp_err **err)
{
	(void)found;
	return rp_pg_private_test(rp_pg_of(conn), "amcheck", NULL, check_all, to, err);
}
