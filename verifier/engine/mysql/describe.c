/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/normal.h"
#include "verifier/engine/mysql/objects.h"
#include "verifier/util/buf.h"

#define NAME_MAX_BYTES (8 << 10)
#define TEXT_MAX_BYTES (64u << 20) /* all texts of one object together */
#define FACTS_MAX      32
#define COLUMNS_MAX    48

static const struct rp_my_kind *const tables[] = {rp_my_table_kinds, rp_my_part_kinds, rp_my_code_kinds,
						  rp_my_database_kinds};

/* What a label says its column is. */
enum part { PART_NAME, PART_KIND, PART_DEFINITION, PART_PART, PART_LINE, PART_FACT };

/* One result: what each of its columns is, and the row at hand. */
struct reading {
	struct rp_my_conn *c;
	MYSQL_RES *rows;
	unsigned n;
	enum part part[COLUMNS_MAX];
	char *label[COLUMNS_MAX];     /* without what stands behind the ':' */
	const char *how[COLUMNS_MAX]; /* that; NULL: as it is */
	bool merges;		      /* several rows may be one object */
	MYSQL_ROW row;		      /* NULL: behind the last one */
	unsigned long *lengths;
};

static void reading_done(struct reading *r)
{
	for (unsigned i = 0; i < r->n; i++)
		free(r->label[i]);
	mysql_free_result(r->rows);
}

static enum part part_of(const char *label)
{
	static const struct {
		const char *label;
		enum part part;
	} parts[] = {
		{"n1", PART_NAME},   {"n2", PART_NAME},	  {"n3", PART_NAME},
		{"n4", PART_NAME},   {"kind", PART_KIND}, {"definition", PART_DEFINITION},
		{"part", PART_PART}, {"line", PART_LINE},
	};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (strcmp(parts[i].label, label) == 0)
			return parts[i].part;
	return PART_FACT;
}

static void next_row(struct reading *r)
{
	r->row = mysql_fetch_row(r->rows);
	r->lengths = r->row != NULL ? mysql_fetch_lengths(r->rows) : NULL;
}

static int reading_begin(struct reading *r, struct rp_err **err)
{
	unsigned n = mysql_num_fields(r->rows);
	const MYSQL_FIELD *fields = mysql_fetch_fields(r->rows);
	if (n > COLUMNS_MAX)
		return rp_err_set(err, RP_ERR_ENGINE, "more columns than were asked for");
	for (; r->n < n; r->n++) {
		char *label = strdup(fields[r->n].name);
		if (label == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		char *how = strchr(label, ':');
		if (how != NULL)
			*how++ = '\0';
		r->label[r->n] = label;
		r->how[r->n] = how;
		r->part[r->n] = part_of(label);
		r->merges |= r->part[r->n] == PART_PART || r->part[r->n] == PART_LINE;
	}
	next_row(r);
	return 0;
}

/* How a text becomes the same on every server. */
static void add_text(struct rp_buf *to, const struct reading *r, const char *how, const char *text)
{
	rp_autobuf plain = RP_BUF_INIT(TEXT_MAX_BYTES);
	if (how == NULL)
		rp_buf_add(to, text);
	else if (strcmp(how, "type") == 0)
		rp_my_add_type(to, text);
	else if (strcmp(how, "options") == 0)
		rp_my_add_options(to, text);
	else if (strcmp(how, "body") == 0)
		rp_my_add_body(to, text);
	else if (strcmp(how, "expression") == 0)
		rp_my_add_expression(to, text, r->c->database);
	else {
		rp_my_add_unescaped(&plain, text); /* "escaped" */
		rp_my_add_expression(to, rp_buf_text(&plain), r->c->database);
		to->failed |= plain.failed;
	}
}

/* Append column i of the row at hand. false: it is NULL. */
static bool add_cell(struct rp_buf *to, const struct reading *r, unsigned i)
{
	rp_autobuf text = RP_BUF_INIT(TEXT_MAX_BYTES);
	if (r->row[i] == NULL)
		return false;
	rp_my_add_utf8(&text, r->row[i], r->lengths[i]);
	add_text(to, r, r->how[i], rp_buf_text(&text));
	to->failed |= text.failed;
	return true;
}

/* An object in the making. */
struct making {
	struct rp_buf name, kind, definition, parts, lines, value[FACTS_MAX];
	const char *fact[FACTS_MAX]; /* names of the facts whose values those are */
	size_t n;
	bool defined;
};

static void making_init(struct making *m)
{
	const struct rp_buf empty = RP_BUF_INIT(TEXT_MAX_BYTES);
	*m = (struct making){.name = RP_BUF_INIT(NAME_MAX_BYTES),
			     .kind = RP_BUF_INIT(NAME_MAX_BYTES),
			     .definition = empty,
			     .parts = empty,
			     .lines = empty};
	for (size_t i = 0; i < FACTS_MAX; i++)
		m->value[i] = empty;
}

static void making_done(struct making *m)
{
	rp_buf_done(&m->name);
	rp_buf_done(&m->kind);
	rp_buf_done(&m->definition);
	rp_buf_done(&m->parts);
	rp_buf_done(&m->lines);
	for (size_t i = 0; i < FACTS_MAX; i++)
		rp_buf_done(&m->value[i]);
}

static int add_name(struct rp_buf *name, struct rp_buf *kind, const struct reading *r, struct rp_err **err)
{
	for (unsigned i = 0; i < r->n; i++) {
		rp_autobuf part = RP_BUF_INIT(NAME_MAX_BYTES);
		if (r->part[i] == PART_NAME && add_cell(&part, r, i)) {
			rp_name_add(name, rp_buf_text(&part));
			name->failed |= part.failed;
		} else if (r->part[i] == PART_KIND) {
			(void)add_cell(kind, r, i);
		}
	}
	return rp_buf_check(name, err) < 0 ? -1 : rp_buf_check(kind, err);
}

/* Everything that the first row of an object says, but its name. */
static int add_first(struct making *m, const struct reading *r, struct rp_err **err)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->part[i] == PART_DEFINITION)
			m->defined = add_cell(&m->definition, r, i);
		if (r->part[i] != PART_FACT || !add_cell(&m->value[m->n], r, i))
			continue;
		if (m->n == FACTS_MAX - 2)
			return rp_err_set(err, RP_ERR_ENGINE, "too many facts");
		m->fact[m->n] = r->label[i];
		m->n += m->value[m->n].len > 0;
	}
	return 0;
}

/* One of several. */
static void add_next(struct making *m, const struct reading *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct rp_buf *to = r->part[i] == PART_PART ? &m->parts : &m->lines;
		if ((r->part[i] != PART_PART && r->part[i] != PART_LINE) || r->row[i] == NULL)
			continue;
		if (to->len > 0)
			rp_buf_add(to, r->part[i] == PART_PART ? ", " : "\n");
		(void)add_cell(to, r, i);
	}
}

static bool is_another_row_of(const struct making *m, const struct reading *r)
{
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES), kind = RP_BUF_INIT(NAME_MAX_BYTES);
	return r->row != NULL && r->merges && add_name(&name, &kind, r, NULL) == 0 &&
	       strcmp(rp_buf_text(&name), rp_buf_text(&m->name)) == 0 &&
	       strcmp(rp_buf_text(&kind), rp_buf_text(&m->kind)) == 0;
}

static int check(const struct making *m, const char *kind, struct rp_err **err)
{
	if (rp_buf_check(&m->definition, err) < 0 || rp_buf_check(&m->parts, err) < 0 ||
	    rp_buf_check(&m->lines, err) < 0)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if (rp_buf_check(&m->value[i], err) < 0)
			return -1;
	if (m->defined)
		return 0;
	(void)rp_err_set(err, RP_ERR_ENGINE, "the server does not show the text of %s '%s'", kind,
			 rp_buf_text(&m->name));
	return rp_err_hint(err,
			   "the account needs the rights that mysqldump needs, or it was dropped meanwhile");
}

static int add_object(struct rp_survey *into, const char *kind, struct making *m, struct rp_err **err)
{
	struct rp_fact facts[FACTS_MAX];
	struct rp_object o = {.kind = m->kind.len > 0 ? rp_buf_text(&m->kind) : kind, .facts = facts};
	if (m->parts.len > 0)
		rp_buf_addf(&m->definition, " (%s)", rp_buf_text(&m->parts));
	if (check(m, o.kind, err) < 0)
		return -1;
	for (; o.n_facts < m->n; o.n_facts++)
		facts[o.n_facts] = (struct rp_fact){m->fact[o.n_facts], rp_buf_text(&m->value[o.n_facts])};
	if (m->lines.len > 0)
		facts[o.n_facts++] = (struct rp_fact){RP_FACT_GRANTS, rp_buf_text(&m->lines)};
	o.name = rp_buf_text(&m->name);
	o.definition = rp_buf_text(&m->definition);
	return rp_survey_add_object(into, &o, err);
}

static int make_object(struct rp_survey *into, const char *kind, struct reading *r, struct rp_err **err)
{
	rp_cleanup(making_done) struct making m;
	making_init(&m);
	if (add_name(&m.name, &m.kind, r, err) < 0 || add_first(&m, r, err) < 0)
		return -1;
	do {
		add_next(&m, r);
		next_row(r);
	} while (is_another_row_of(&m, r));
	return add_object(into, kind, &m, err);
}

/* A kind that cannot be looked at ends the survey: one that is missing at both ends would agree with
 * itself. */
static int add_kind(struct rp_my_conn *c, struct rp_survey *into, const struct rp_my_kind *k,
		    struct rp_err **err)
{
	rp_cleanup(reading_done) struct reading r = {.c = c};
	if (rp_my_query(c, k->sql, &r.rows, err) < 0 || reading_begin(&r, err) < 0)
		return rp_err_wrap(err, "objects of kind '%s'", k->kind);
	while (r.row != NULL)
		if (make_object(into, k->kind, &r, err) < 0)
			return rp_err_wrap(err, "objects of kind '%s'", k->kind);
	return 0;
}

static int add_classes(struct rp_my_conn *c, struct rp_survey *into, struct rp_err **err)
{
	for (const struct rp_my_class *k = rp_my_classes; k->sql != NULL; k++) {
		rp_autorows *rows = NULL;
		struct rp_coverage class = {.count = 0};
		if (!rp_my_is_for(c, k->when, k->trait))
			continue;
		if (rp_my_query(c, k->sql, &rows, err) < 0)
			return rp_err_wrap(err, "what is left out");
		MYSQL_ROW row = NULL;
		if (rp_my_next(rows, 3, 1u << 2, &row, err) < 0 ||
		    rp_my_u64(row != NULL ? row[1] : NULL, &class.count, err) < 0)
			return rp_err_wrap(err, "what is left out");
		class.what = row[0];
		class.reason = row[2];
		if (class.count > 0 && rp_survey_add_coverage(into, &class, err) < 0)
			return -1;
	}
	return 0;
}

/* Rights are kept by the server, and not everybody may read them. The object is there in any case: what is
 * not known is no difference. */
static int add_rights(struct rp_my_conn *c, struct rp_survey *into, struct rp_err **err)
{
	static const struct rp_coverage hidden = {.what = "rights to the database",
						  .count = 1,
						  .reason = "it takes SELECT on mysql.* to see them"};
	bool sees = false;
	if (rp_my_sees_rights(c, &sees, err) < 0)
		return -1;
	if (sees)
		return add_kind(c, into, &rp_my_rights_kind, err);
	const struct rp_object unknown = {
		.kind = RP_MY_KIND_DATABASE, .name = RP_MY_RIGHTS, .definition = ""};
	if (rp_survey_add_object(into, &unknown, err) < 0)
		return -1;
	return rp_survey_add_coverage(into, &hidden, err);
}

int rp_my_describe(struct rp_conn *conn, struct rp_survey *into, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	if (c->database == NULL) {
		(void)rp_err_set(err, RP_ERR_USAGE, "no database is named");
		return rp_err_hint(err, "name it in the URI: mysql://host/database");
	}
	if (rp_my_sees_all(c, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct rp_my_kind *k = tables[i]; k->kind != NULL; k++)
			if (rp_my_is_for(c, k->when, k->trait) && add_kind(c, into, k, err) < 0)
				return -1;
	if (add_rights(c, into, err) < 0 || rp_my_add_counters(c, into, err) < 0 ||
	    rp_survey_cover_kinds(into, err) < 0 || add_classes(c, into, err) < 0)
		return -1;
	return rp_my_add_relations(c, into, err);
}
