/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "verifier/engine/postgres/catalog_rows.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/engine/postgres/tests.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* A survey asks the database's own catalogue, and a superuser can replace what is in it: pg_get_viewdef() is a function
 * like any other. What initdb made is the same in every database of a server, so it is compared with one that the
 * restore had nothing to do with: table by table, as COPY sends them (no operator, no function but the types' own) and
 * column by column as that other database lists them. */

/* The server protects what is below from being dropped; what is above can go for a good reason (plpgsql). */
#define FIRST_UNPINNED 12000u
#define NAMED_MAX      20u /* findings; the rest is a number */

/* Columns that change in use, or that a dump restores: rights, statistics, where files lie. */
#define IN_USE                                                                                               \
	"'{relpages,reltuples,relallvisible,relallfrozen,relfilenode,relfrozenxid,relminmxid,relhasindex,"   \
	"relhastriggers,reltablespace,reloptions,relacl,attacl,attstattarget,attoptions,attfdwoptions,"      \
	"attcacheoff,attmissingval,typacl,proacl,nspacl,lanacl}'"

static const struct rp_pg_catalogue catalogues[] = {
	{"pg_namespace", "schema", "oid", "nspname", NULL, false},
	{"pg_class", "relation", "oid", "relname", "relnamespace", true},
	{"pg_attribute", "column", "attrelid", "attname", NULL, false},
	{"pg_type", "type", "oid", "typname", NULL, false},
	{"pg_proc", "function", "oid", "proname", "pronamespace", true},
	{"pg_operator", "operator", "oid", "oprname", "oprnamespace", true},
	{"pg_cast", "cast", "oid", NULL, NULL, false},
	{"pg_aggregate", "aggregate", "aggfnoid", NULL, NULL, false},
	{"pg_rewrite", "rule", "ev_class", "rulename", NULL, false},
	{"pg_policy", "policy", "polrelid", "polname", NULL, false},
	{"pg_inherits", "child", "inhparent", NULL, NULL, false},
	{"pg_opclass", "operator class", "oid", "opcname", NULL, false},
	{"pg_amop", "operator of an index", "oid", NULL, NULL, false},
	{"pg_amproc", "function of an index", "oid", NULL, NULL, false},
	{"pg_conversion", "conversion", "oid", "conname", NULL, false},
	{"pg_language", "language", "oid", "lanname", NULL, false},
};
#define N_CATALOGUES (sizeof catalogues / sizeof catalogues[0])

struct comparing {
	struct rp_pg_conn *here, *there;
	struct rp_findings *to;
	uint64_t seed, looked, differ;
};

static void tell(struct comparing *k, const struct rp_pg_catalogue *of, const struct rp_pg_entry *e,
		 const char *how)
{
	rp_autobuf name = RP_BUF_INIT(1024);
	if (k->differ++ >= NAMED_MAX)
		return;
	rp_name_add(&name, "pg_catalog");
	rp_name_add(&name, e->label[0] != '\0' ? e->label : of->name);
	rp_fail(k->to, rp_buf_text(&name), NULL, NULL,
		"this %s %s (%s, number %lu): what the database says of itself cannot be believed", of->what,
		how, of->name, (unsigned long)e->key);
}

static void tell_table(struct comparing *k, const struct rp_pg_catalogue *of)
{
	rp_autobuf name = RP_BUF_INIT(1024);
	k->differ++;
	rp_name_add(&name, "pg_catalog");
	rp_name_add(&name, of->name);
	rp_fail(k->to, rp_buf_text(&name), NULL, NULL,
		"another table stands in the place of the server's own: what the database says of itself cannot "
		"be believed");
}

/* Both are in the same order. What is different in both is told once, as changed. */
static void compare_lists(struct comparing *k, const struct rp_pg_rows *here, const struct rp_pg_rows *there)
{
	size_t i = 0, j = 0;
	while (i < here->n || j < there->n) {
		const struct rp_pg_entry *x = i < here->n ? &here->all[i] : NULL;
		const struct rp_pg_entry *y = j < there->n ? &there->all[j] : NULL;
		int order = x == NULL ? 1 : y == NULL ? -1 : rp_pg_rows_order(x, y);
		if (order == 0) {
			k->looked++;
			i++;
			j++;
		} else if (x != NULL && y != NULL && x->key == y->key) {
			tell(k, here->of, x, "of the server's own was changed");
			for (uint32_t key = x->key; i < here->n && here->all[i].key == key;)
				i++;
			for (uint32_t key = y->key; j < there->n && there->all[j].key == key;)
				j++;
		} else if (order < 0) {
			tell(k, here->of, x, "was added to the server's own");
			i++;
		} else {
			if (y->key < FIRST_UNPINNED)
				tell(k, here->of, y, "of the server's own is missing");
			j++;
		}
	}
}

/* What an extension has put there came out of its script, which is this machine's and not the backup's. */
static int judge_strangers(struct comparing *k, const struct rp_pg_rows *l, struct rp_err **err)
{
	static const char sql[] =
		"SELECT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = to_regclass($1) AND d.objid ="
		" $2::oid AND d.deptype = 'e') OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = $2::oid AND"
		" c.relkind NOT IN ('r', 'v', 'm', 'f', 'p'))";
	rp_autobuf table = RP_BUF_INIT(256);
	rp_buf_addf(&table, "pg_catalog.%s", l->of->name);
	for (size_t i = 0; i < l->n_strangers && k->differ <= NAMED_MAX; i++) {
		rp_autobuf oid = RP_BUF_INIT(32);
		rp_autores *member = NULL;
		rp_buf_addf(&oid, "%lu", (unsigned long)l->strangers[i].key);
		const char *const params[] = {rp_buf_text(&table), rp_buf_text(&oid)};
		if (rp_pg_query(k->here, sql, params, 2, &member, err) < 0)
			return -1;
		if (!l->of->extended || !rp_pg_true(member, 0, 0))
			tell(k, l->of, &l->strangers[i], "was put among the server's own");
	}
	return 0;
}

/* A name can be given to another table, and then all that is read from it is what that one holds. */
static int same_table(struct comparing *k, const struct rp_pg_catalogue *of, bool *ret, struct rp_err **err)
{
	static const char sql[] = "SELECT to_regclass($1)::oid";
	rp_autobuf name = RP_BUF_INIT(256);
	rp_autores *here = NULL, *there = NULL;
	rp_buf_addf(&name, "pg_catalog.%s", of->name);
	const char *const params[] = {rp_buf_text(&name)};
	if (rp_pg_query(k->there, sql, params, 1, &there, err) < 0 ||
	    rp_pg_query(k->here, sql, params, 1, &here, err) < 0)
		return -1;
	*ret = PQntuples(here) == 1 && PQntuples(there) == 1 &&
	       strcmp(PQgetvalue(here, 0, 0), PQgetvalue(there, 0, 0)) == 0;
	return 0;
}

static int compare_one(struct comparing *k, const struct rp_pg_catalogue *of, struct rp_err **err)
{
	static const char sql[] =
		"SELECT a.attname FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT"
		" a.attisdropped AND a.attname <> ALL (" IN_USE
		"::name[]) ORDER BY a.attname <> $2, a.attname <> $3,"
		" a.attname <> $4, a.attnum";
	rp_autobuf name = RP_BUF_INIT(256);
	rp_autores *columns = NULL;
	rp_autorows here = {0}, there = {0};
	bool same = false;
	rp_buf_addf(&name, "pg_catalog.%s", of->name);
	const char *const params[] = {rp_buf_text(&name), of->key, of->label != NULL ? of->label : "",
				      of->schema != NULL ? of->schema : ""};
	if (same_table(k, of, &same, err) < 0)
		return -1;
	if (!same) {
		tell_table(k, of);
		return 0;
	}
	if (rp_pg_query(k->there, sql, params, 4, &columns, err) < 0 ||
	    rp_pg_rows_read(&there, k->there, of, columns, k->seed, err) < 0)
		return -1;
	rp_autoerr struct rp_err *why = NULL;
	if (rp_pg_rows_read(&here, k->here, of, columns, k->seed, &why) < 0) {
		if (rp_err_kind(why) != RP_ERR_OBJECT)
			return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
		tell_table(k, of);
		return rp_pg_exec(k->here, "ROLLBACK", err) < 0 ||
				       rp_pg_exec(k->here, "BEGIN READ ONLY", err) < 0
			       ? -1
			       : 0;
	}
	compare_lists(k, &here, &there);
	return judge_strangers(k, &here, err);
}

static int compare_all(struct comparing *k, struct rp_err **err)
{
	if (getrandom(&k->seed, sizeof k->seed, 0) != sizeof k->seed)
		return rp_err_sys(err, errno, "draw a seed");
	/* The lock that guards a table's name lasts as long as a transaction. */
	if (rp_pg_exec(k->here, "BEGIN READ ONLY", err) < 0 ||
	    rp_pg_exec(k->there, "BEGIN READ ONLY", err) < 0)
		return -1;
	for (size_t i = 0; i < N_CATALOGUES; i++)
		if (compare_one(k, &catalogues[i], err) < 0)
			return -1;
	if (k->differ > NAMED_MAX)
		rp_fail(k->to, "", NULL, NULL, "%llu more of the server's own are not as it made them",
			(unsigned long long)(k->differ - NAMED_MAX));
	else if (k->differ == 0)
		rp_answer(k->to,
			  &(struct rp_finding){.object = "",
					       .verdict = RP_PASS,
					       .looked = k->looked,
					       .message = "as in another database of the same server, which "
							  "the restore has not touched"});
	return 0;
}

/* Made by initdb: by its number and not by its name, which a superuser can give to any other. */
static int is_initial(struct rp_pg_conn *c, bool *ret, struct rp_err **err)
{
	rp_autores *r = NULL;
	uint64_t oid = 0;
	if (rp_pg_query(c, "SELECT oid FROM pg_database WHERE datname = current_database()", NULL, 0, &r,
			err) < 0)
		return -1;
	*ret = PQntuples(r) == 1 && rp_pg_u64(r, 0, 0, &oid, NULL) == 0 && oid < RP_PG_FIRST_NORMAL;
	return 0;
}

/* 1: *ret is a session there, 0: there is none, and 'why' says it. */
static int open_other(struct rp_pg_conn **ret, const struct rp_pg_conn *c, struct rp_err **ret_why,
		      struct rp_err **err)
{
	static const char *const databases[] = {"template1", "postgres"};
	for (size_t i = 0; i < sizeof databases / sizeof databases[0]; i++) {
		rp_autobuf uri = RP_BUF_INIT(16 << 10);
		rp_autoerr struct rp_err *why = NULL;
		rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *other = NULL;
		bool initial = false;
		if (rp_pg_within(c->uri, databases[i], &uri, err) < 0)
			return -1;
		const struct rp_pg_login how = {.uri = rp_buf_text(&uri), .refused = c->refused};
		if (rp_pg_login(&other, &how, c->base.run, &why) < 0) {
			if (rp_err_kind(why) != RP_ERR_ENGINE && rp_err_kind(why) != RP_ERR_OBJECT)
				return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
			if (*ret_why == NULL)
				rp_err_set(ret_why, rp_err_kind(why), "%s", rp_err_text(why));
			continue;
		}
		if (is_initial(other, &initial, err) < 0)
			return -1;
		if (!initial)
			continue;
		*ret = rp_take(other);
		return 1;
	}
	return 0;
}

static int is_superuser(struct rp_pg_conn *c, bool *ret, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c, "SELECT rolsuper FROM pg_roles WHERE rolname = session_user", NULL, 0, &r, err) <
	    0)
		return -1;
	*ret = PQntuples(r) != 1 || rp_pg_true(r, 0, 0);
	return 0;
}

int rp_pg_test_catalog(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
		       struct rp_err **err)
{
	struct rp_pg_conn *c = rp_pg_of(conn);
	rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *here = NULL;
	rp_cleanup(rp_pg_conn_freep) struct rp_pg_conn *other = NULL;
	rp_autoerr struct rp_err *why = NULL;
	const struct rp_pg_login how = {.uri = c->uri, .refused = c->refused};
	bool super = true;
	(void)found;
	int there = open_other(&other, c, &why, err);
	if (there < 0 || is_superuser(c, &super, err) < 0)
		return -1;
	if (there == 0) {
		rp_autobuf said = RP_BUF_INIT(8 << 10);
		rp_buf_addf(&said, "there is no other database to compare with: %s",
			    why != NULL ? rp_err_text(why) : "none is initdb's own");
		if (!super)
			rp_buf_add(&said, "; a login that is no superuser can replace nothing there");
		rp_answer(to, &(struct rp_finding){.object = "",
						   .verdict = RP_NOT_RUN,
						   .excused = !super,
						   .message = rp_buf_text(&said)});
		return rp_buf_check(&said, err);
	}
	if (rp_pg_login(&here, &how, c->base.run, err) < 0)
		return -1;
	struct comparing k = {.here = here, .there = other, .to = to};
	return compare_all(&k, err);
}
