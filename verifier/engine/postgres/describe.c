/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/catalog.h"

#include <string.h>

#include "verifier/engine/postgres/objects.h"
#include "verifier/engine/postgres/probe.h"
#include "verifier/util/buf.h"

#define NAME_MAX_BYTES (64 << 10)
#define FACTS_MAX      32

static const struct rp_pg_kind *const tables[] = {
	rp_pg_relation_kinds, rp_pg_table_part_kinds, rp_pg_code_kinds,	    rp_pg_type_kinds,
	rp_pg_operator_kinds, rp_pg_outside_kinds,    rp_pg_database_kinds,
};

static bool of_version(const struct rp_pg_conn *c, int from, int until)
{
	int major = c->version / 10000;
	return major >= from && (until == 0 || major <= until);
}

/* What a label says its column is. */
enum part { PART_NAME, PART_KIND, PART_DEFINITION, PART_PRIVATE, PART_FACT };

static enum part part_of(const char *label)
{
	if (label[0] == 'n' && label[1] >= '1' && label[1] <= '4' && label[2] == '\0')
		return PART_NAME;
	if (label[0] == '_')
		return PART_PRIVATE;
	if (strcmp(label, "kind") == 0)
		return PART_KIND;
	return strcmp(label, "definition") == 0 ? PART_DEFINITION : PART_FACT;
}

/* The database itself is ours to make, so whoever owns it is not needed. */
static void note_roles(struct rp_pg_roles *roles, const char *kind, const struct rp_fact *f)
{
	if (strcmp(kind, RP_PG_KIND_DATABASE) == 0)
		return;
	if (strcmp(f->name, RP_FACT_OWNER) == 0 || strcmp(f->name, "role") == 0)
		rp_pg_roles_add(roles, f->value);
	else if (strcmp(f->name, RP_FACT_GRANTS) == 0 || strcmp(f->name, "roles") == 0)
		rp_pg_roles_add_grants(roles, f->value);
}

static int add_object(struct rp_survey *into, const char *kind, const PGresult *rows, int row,
		      const char *position, struct rp_pg_roles *roles, struct rp_err **err)
{
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
	struct rp_fact facts[FACTS_MAX];
	struct rp_object o = {.kind = kind, .facts = facts};
	for (int col = 0; col < PQnfields(rows); col++) {
		const char *label = PQfname(rows, col);
		const char *value = rp_pg_text(rows, row, col);
		if (value == NULL)
			continue;
		switch (part_of(label)) {
		case PART_NAME:
			rp_name_add(&name, value);
			break;
		case PART_KIND:
			o.kind = value;
			break;
		case PART_DEFINITION:
			o.definition = value;
			break;
		case PART_PRIVATE:
			break;
		case PART_FACT:
			if (o.n_facts == FACTS_MAX - 1)
				return rp_err_set(err, RP_ERR_ENGINE, "too many facts of a '%s'", kind);
			facts[o.n_facts] = (struct rp_fact){label, value};
			note_roles(roles, kind, &facts[o.n_facts++]);
			break;
		}
	}
	if (position != NULL)
		facts[o.n_facts++] = (struct rp_fact){RP_FACT_POSITION, position};
	if (rp_buf_check(&name, err) < 0)
		return rp_err_wrap(err, "name of a '%s'", kind);
	/* The functions that print definitions look at the newest state, not at our snapshot. */
	if (o.definition == NULL) {
		(void)rp_err_set(err, RP_ERR_ENGINE, "%s '%s' was dropped or changed while it was looked at",
				 o.kind, rp_buf_text(&name));
		return rp_err_hint(err, "try again while nobody changes the schema");
	}
	o.name = rp_buf_text(&name);
	return rp_survey_add_object(into, &o, err);
}

int rp_pg_add_objects(struct rp_survey *into, const char *kind, const PGresult *rows,
		      const char *const *position, struct rp_pg_roles *roles, struct rp_err **err)
{
	int n = PQntuples(rows);
	for (int row = 0; row < n; row++)
		if (add_object(into, kind, rows, row, position ? position[row] : NULL, roles, err) < 0)
			return -1;
	return 0;
}

/* A kind that we may not look at is told, and the survey goes on. Any other refusal ends it: a kind that is missing
 * at both ends would agree with itself. */
static int add_kind(struct rp_pg_conn *c, struct rp_survey *into, const struct rp_pg_kind *k,
		    struct rp_pg_roles *roles, struct rp_err **err)
{
	rp_autores *rows = NULL;
	struct rp_pg_refusal why;
	int refused = rp_pg_probe(c, k->sql, NULL, 0, &rows, &why, err);
	if (refused < 0)
		return rp_err_wrap(err, "objects of kind '%s'", k->kind);
	if (refused == 0)
		return rp_pg_add_objects(into, k->kind, rows, NULL, roles, err);
	if (strcmp(why.state, "42501") == 0) {
		struct rp_coverage class = {.what = k->kind, .reason = why.said};
		return rp_survey_add_coverage(into, &class, err);
	}
	(void)rp_err_set(err, RP_ERR_ENGINE, "objects of kind '%s': %s", k->kind, why.said);
	return rp_err_hint(err, "where somebody changed the schema meanwhile, try again");
}

static bool is_listed(const PGresult *names, const char *name)
{
	for (int i = 0; i < PQntuples(names); i++)
		if (strcmp(PQgetvalue(names, i, 0), name) == 0)
			return true;
	return false;
}

/* Whoever may do everything is there whether or not anything names him: one more of them is the worst thing that a
 * restore can bring. A private scratch has one of its own, as whom we are there; its name is server.h's. */
static const char supers_sql[] =
	"SELECT rolname FROM pg_roles WHERE rolsuper AND NOT (rolname = session_user AND"
	" rolname ~ '^admin_[0-9a-f]+$')";

/* That a role is a superuser is sealed because a restore has to make it one: nobody else may own an event trigger,
 * or read through a view what is not his. */
static int add_roles(struct rp_pg_conn *c, struct rp_survey *into, struct rp_pg_roles *roles,
		     struct rp_err **err)
{
	rp_autores *supers = NULL;
	if (rp_pg_query(c, supers_sql, NULL, 0, &supers, err) < 0)
		return rp_err_wrap(err, "roles");
	for (int i = 0; i < PQntuples(supers); i++)
		rp_pg_roles_add(roles, PQgetvalue(supers, i, 0));
	if (roles->failed)
		return rp_err_set(err, RP_ERR_NOMEM, "no memory for the names of roles");
	static const struct rp_fact super = {RP_PG_FACT_SUPERUSER, "true"};
	for (size_t i = 0; i < roles->n; i++) {
		rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
		rp_name_add(&name, roles->all[i]);
		struct rp_object o = {.kind = RP_PG_KIND_ROLE,
				      .name = rp_buf_text(&name),
				      .definition = "",
				      .facts = &super,
				      .n_facts = is_listed(supers, roles->all[i])};
		if (rp_buf_check(&name, err) < 0 || rp_survey_add_object(into, &o, err) < 0)
			return -1;
	}
	return 0;
}

static int add_classes(struct rp_pg_conn *c, struct rp_survey *into, struct rp_err **err)
{
	for (const struct rp_pg_class *k = rp_pg_classes; k->sql != NULL; k++) {
		if (!of_version(c, k->from, k->until))
			continue;
		rp_autores *row = NULL;
		struct rp_coverage class = {.count = 0};
		if (rp_pg_query(c, k->sql, NULL, 0, &row, err) < 0 ||
		    rp_pg_u64(row, 0, 1, &class.count, err) < 0)
			return rp_err_wrap(err, "what is left out");
		class.what = rp_pg_text(row, 0, 0);
		class.reason = rp_pg_text(row, 0, 2);
		if (class.count > 0 && rp_survey_add_coverage(into, &class, err) < 0)
			return -1;
	}
	return 0;
}

static int describe(struct rp_pg_conn *c, struct rp_survey *into, struct rp_pg_roles *roles,
		    struct rp_err **err)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct rp_pg_kind *k = tables[i]; k->kind != NULL; k++)
			if (of_version(c, k->from, k->until) && add_kind(c, into, k, roles, err) < 0)
				return -1;
	if (rp_pg_add_sequences(c, into, roles, err) < 0 || add_roles(c, into, roles, err) < 0 ||
	    rp_survey_cover_kinds(into, err) < 0 || add_classes(c, into, err) < 0)
		return -1;
	return rp_pg_add_relations(c, into, err);
}

int rp_pg_describe(struct rp_conn *conn, struct rp_survey *into, struct rp_err **err)
{
	struct rp_pg_roles roles = {0};
	int done = describe(rp_pg_of(conn), into, &roles, err);
	rp_pg_roles_done(&roles);
	return done;
}
