/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/damages.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/pins.h"
#include "verifier/util/buf.h"

/* A damage is done to the first place that takes it. */

#define SQL_MAX (1u << 20)

/* One place: a row of the answer, and what its columns are. */
struct place {
	MYSQL_FIELD *fields;
	MYSQL_ROW row;
	unsigned n;
};

static const struct rp_my_damage *named(const char *name)
{
	for (const struct rp_my_damage *d = rp_my_statements; d->name != NULL; d++)
		if (strcmp(d->name, name) == 0)
			return d;
	return NULL;
}

static const char *said(const struct place *p, const char *label)
{
	for (unsigned i = 0; i < p->n; i++)
		if (strcmp(p->fields[i].name, label) == 0)
			return p->row[i];
	return NULL;
}

static bool is_whole(const struct place *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->row[i] == NULL)
			return false;
	return true;
}

static int fail_memory(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* What the inverse of one statement is has to be known before it is run. */
static int note_inverse(struct rp_my_conn *c, const struct place *p, const char *undo, struct rp_err **err)
{
	rp_autobuf inverse = RP_BUF_INIT(SQL_MAX);
	const char *from = said(p, "from");
	rp_buf_add(&inverse, undo);
	if (from != NULL && rp_my_add_inverse(c, from, said(p, "line"), &inverse, err) < 0)
		return -1;
	if (rp_buf_check(&inverse, err) < 0)
		return -1;
	rp_argv_add(&c->spoilt->undo, rp_buf_text(&inverse));
	return c->spoilt->undo.failed ? fail_memory(err) : 0;
}

/* The last inverse that was noted is of a statement that was refused. */
static void forget_last(struct rp_argv *undo)
{
	free(undo->v[--undo->n]);
	undo->v[undo->n] = NULL;
}

static int run_pairs(struct rp_my_conn *c, const struct place *p, struct rp_buf *what, struct rp_err **err)
{
	for (unsigned i = 0; i + 1 < p->n; i++) {
		if (strcmp(p->fields[i].name, "do") != 0)
			continue;
		if (note_inverse(c, p, p->row[i + 1], err) < 0)
			return -1;
		if (rp_my_exec(c, p->row[i], err) < 0) {
			forget_last(&c->spoilt->undo);
			return -1;
		}
		rp_buf_addf(what, "%s%s", what->len > 0 ? "; " : "", p->row[i]);
	}
	return rp_buf_check(what, err);
}

static int spoil_definition(struct rp_my_conn *c, const struct place *p, struct rp_buf *what,
			    struct rp_err **err)
{
	const char *settings = said(p, "settings"), *trial = said(p, "try");
	if (trial != NULL && rp_my_exec(c, trial, err) < 0)
		return -1;
	if (settings != NULL && (c->spoilt->settings = strdup(settings)) == NULL)
		return fail_memory(err);
	if (rp_my_allow_writing(c, err) < 0 || rp_my_exec(c, "SET SESSION foreign_key_checks = 0", err) < 0)
		return -1;
	return run_pairs(c, p, what, err);
}

/* Foreign keys keep still, as they do while a dump is loaded. */
static int spoil_rows(struct rp_my_conn *c, const struct place *p, struct rp_buf *what, struct rp_err **err)
{
	const char *statement = said(p, "do");
	rp_autofree char *changed = NULL;
	if (rp_my_exec(c, "START TRANSACTION READ WRITE", err) < 0)
		return -1;
	c->spoilt->transaction = true;
	if (statement == NULL || rp_my_exec(c, "SET SESSION foreign_key_checks = 0", err) < 0 ||
	    rp_my_exec(c, statement, err) < 0 || rp_my_value(c, "SELECT ROW_COUNT()", &changed, err) < 0)
		return -1;
	if (changed == NULL || strcmp(changed, "1") != 0)
		return rp_err_set(err, RP_ERR_OBJECT, "no row of it is one that it could be done to");
	rp_buf_add(what, statement);
	return rp_buf_check(what, err);
}

static int spoil(struct rp_my_conn *c, const struct rp_my_damage *d, const struct place *p,
		 struct rp_buf *what, struct rp_err **err)
{
	rp_buf_reset(what);
	int r = d->of_definition ? spoil_definition(c, p, what, err) : spoil_rows(c, p, what, err);
	if (r == 0)
		return 0;
	/* Half a damage is none. What the server refuses need not be shown. */
	rp_autoerr struct rp_err *stuck = NULL;
	if (rp_my_take_back(c, &stuck) == 0)
		return -1;
	if (err != NULL)
		rp_err_free(rp_take(*err));
	return rp_err_set(err, RP_ERR_ENGINE, "the damage could not be undone: %s", rp_err_text(stuck));
}

int rp_my_damage(struct rp_conn *conn, const struct rp_engine_damage *d, const struct rp_relation *r,
		 struct rp_buf *what, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	const struct rp_my_damage *how = named(d->name);
	const char *source = d->of_rows ? r->source : NULL;
	rp_autoerr struct rp_err *why = NULL;
	rp_autorows *places = NULL;
	if (how == NULL || (d->of_rows && source[0] == '('))
		return rp_err_set(err, RP_ERR_OBJECT, "there is no such damage for this relation");
	if (rp_my_note_description(c, err) < 0 ||
	    rp_my_ask_for(c, how->sql, &source, d->of_rows ? 1 : 0, &places, err) < 0)
		return -1;
	struct place p = {.fields = mysql_fetch_fields(places), .n = mysql_num_fields(places)};
	while ((p.row = mysql_fetch_row(places)) != NULL) {
		if (!is_whole(&p))
			continue;
		rp_err_free(rp_take(why));
		if (spoil(c, how, &p, what, &why) == 0)
			return 0;
		if (rp_err_kind(why) != RP_ERR_OBJECT)
			break;
	}
	return rp_err_set(err, why != NULL ? rp_err_kind(why) : RP_ERR_OBJECT, "%s",
			  why != NULL ? rp_err_text(why) : "there is nothing here that it could be done to");
}

int rp_my_undo(struct rp_conn *conn, struct rp_err **err)
{
	return rp_my_take_back(rp_my_of(conn), err);
}
