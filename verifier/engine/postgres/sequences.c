/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/catalog.h"
#include "verifier/engine/postgres/objects.h"
#include "verifier/engine/postgres/pinpoint.h"
#include "verifier/util/buf.h"

/* Where a sequence stands is in the sequence itself, as if it were a table of one row, and outside of every
 * snapshot. */

#define AT_ONCE	      100 /* sequences in one statement: each is opened by it */
#define SQL_MAX	      (1 << 20)
#define POSITION_TEXT 48

/* clang-format off */
static const char sequences_sql[] =
	"SELECT n.nspname AS n1, c.relname AS n2, format('AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s"
	" START WITH %s CACHE %s%s', format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax,"
	" s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END) AS definition, CASE"
	" c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence, (SELECT format('%I.%I.%I',"
	" tn.nspname, t.relname, a.attname) FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid JOIN"
	" pg_namespace tn ON tn.oid = t.relnamespace JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum"
	" = d.refobjsubid WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND"
	" d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')) AS \"owned"
	" by\", " RP_PG_OWNER("c.relowner") ", " RP_PG_GRANTS("c.relacl", "'s'", "c.relowner")
	", format('%I.%I', n.nspname, c.relname) AS _source, s.seqincrement AS _increment,"
	" has_sequence_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AS _readable FROM"
	" pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE " RP_PG_USER_CLASS("c", "n");
/* clang-format on */

/* The last value handed out; before the first one, the value that would come before it. Logged: what the log says of
 * it, which is up to 32 values ahead, and what a recovery brings. */
static void add_position_sql(struct rp_buf *sql, const PGresult *rows, int row, bool logged)
{
	const char *increment = PQgetvalue(rows, row, PQfnumber(rows, "_increment"));
	rp_buf_addf(sql,
		    "%sSELECT %d, (CASE WHEN s.is_called THEN s.last_value::numeric"
		    " ELSE s.last_value::numeric - (%s) END%s%s%s)::text FROM %s s",
		    sql->len > 0 ? " UNION ALL " : "", row, increment, logged ? " + s.log_cnt * (" : "",
		    logged ? increment : "", logged ? ")" : "",
		    PQgetvalue(rows, row, PQfnumber(rows, "_source")));
}

/* Fill position[from..until); those that cannot be read stay NULL. */
static int read_some(struct rp_pg_conn *c, const PGresult *rows, int from, int until, bool logged,
		     char **position, struct rp_err **err)
{
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	rp_autores *found = NULL;
	rp_autoerr struct rp_err *refused = NULL;
	for (int row = from; row < until; row++)
		if (rp_pg_true(rows, row, PQfnumber(rows, "_readable")))
			add_position_sql(&sql, rows, row, logged);
	if (sql.len == 0)
		return 0;
	if (rp_buf_check(&sql, err) < 0)
		return -1;
	if (rp_pg_query(c, rp_buf_text(&sql), NULL, 0, &found, &refused) < 0) {
		if (rp_err_kind(refused) != RP_ERR_OBJECT) {
			*err = rp_take(refused);
			return -1;
		}
		/* One of them: find out which. */
		for (int row = from; until - from > 1 && row < until; row++)
			if (read_some(c, rows, row, row + 1, logged, position, err) < 0)
				return -1;
		return 0;
	}
	for (int i = 0; i < PQntuples(found); i++) {
		uint64_t row;
		if (rp_pg_u64(found, i, 0, &row, err) < 0)
			return -1;
		if (row >= (uint64_t)until)
			return rp_err_set(err, RP_ERR_ENGINE, "the server answered about another sequence");
		free(position[row]);
		position[row] = strdup(PQgetvalue(found, i, 1));
		if (position[row] == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "no memory for positions of sequences");
	}
	return 0;
}

struct positions {
	char **all; /* as many as there are rows, NULL where unknown */
	int n;
};

static void positions_done(struct positions *p)
{
	for (int i = 0; p->all != NULL && i < p->n; i++)
		free(p->all[i]);
	free(p->all);
}

static int read_positions(struct rp_pg_conn *c, const PGresult *rows, bool logged, struct positions *ret,
			  struct rp_err **err)
{
	ret->n = PQntuples(rows);
	ret->all = calloc((size_t)ret->n + 1, sizeof *ret->all);
	if (ret->all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "no memory for positions of sequences");
	for (int from = 0; from < ret->n; from += AT_ONCE) {
		int until = ret->n - from < AT_ONCE ? ret->n : from + AT_ONCE;
		if (read_some(c, rows, from, until, logged, ret->all, err) < 0)
			return rp_err_wrap(err, "positions of sequences");
	}
	return 0;
}

int rp_pg_add_sequences(struct rp_pg_conn *c, struct rp_survey *into, struct rp_pg_roles *roles,
			struct rp_err **err)
{
	rp_autores *rows = NULL;
	rp_cleanup(positions_done) struct positions at = {0};
	if (rp_pg_query(c, sequences_sql, NULL, 0, &rows, err) < 0 ||
	    read_positions(c, rows, false, &at, err) < 0 ||
	    rp_pg_add_objects(into, "sequence", rows, (const char *const *)at.all, roles, err) < 0)
		return rp_err_wrap(err, "sequences");
	struct rp_coverage unknown = {.what = "positions of sequences", .reason = "no right to read them"};
	for (int i = 0; i < at.n; i++)
		unknown.count += at.all[i] == NULL;
	return unknown.count > 0 ? rp_survey_add_coverage(into, &unknown, err) : 0;
}

static int widen_all(struct rp_survey *into, const PGresult *rows, const struct positions *at,
		     struct rp_err **err)
{
	for (int i = 0; i < at->n; i++) {
		rp_autobuf name = RP_BUF_INIT(8 << 10);
		rp_name_add(&name, PQgetvalue(rows, i, 0));
		rp_name_add(&name, PQgetvalue(rows, i, 1));
		if (rp_buf_check(&name, err) < 0)
			return -1;
		const struct rp_object *o = rp_survey_object(into, "sequence", rp_buf_text(&name));
		if (o != NULL && at->all[i] != NULL &&
		    rp_survey_widen(into, &into->objects[o - into->objects], at->all[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Where the sequences stood before the backup could look at them. */
struct rp_pg_before {
	PGresult *rows;
	struct positions at;
};

void rp_pg_before_free(struct rp_pg_before *b)
{
	if (b == NULL)
		return;
	PQclear(b->rows);
	positions_done(&b->at);
	free(b);
}

int rp_pg_note_positions(struct rp_pg_conn *c, struct rp_err **err)
{
	rp_pg_before_free(c->before);
	c->before = calloc(1, sizeof *c->before);
	if (c->before == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "no memory for positions of sequences");
	if (rp_pg_query(c, sequences_sql, NULL, 0, &c->before->rows, err) < 0 ||
	    read_positions(c, c->before->rows, false, &c->before->at, err) < 0)
		return rp_err_wrap(err, "sequences");
	return 0;
}

int rp_pg_reread(struct rp_conn *conn, struct rp_survey *into, struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	rp_autores *rows = NULL;
	rp_cleanup(positions_done) struct positions at = {0};
	bool logged = c->stop != NULL;
	if (rp_pg_query(c, sequences_sql, NULL, 0, &rows, err) < 0 ||
	    read_positions(c, rows, logged, &at, err) < 0)
		return rp_err_wrap(err, "read sequences again");
	if (rp_pg_await_archive(c, err) < 0)
		return -1;
	if (c->before != NULL && widen_all(into, c->before->rows, &c->before->at, err) < 0)
		return -1;
	return widen_all(into, rows, &at, err);
}
