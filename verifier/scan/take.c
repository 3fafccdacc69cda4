/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "verifier/scan/scan.h"
#include "verifier/scan/workers.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

static int no_memory(struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* Everything but rows. Both ends come through here. */
static int describe(struct rp_survey **ret, struct rp_db *db, struct rp_err **err)
{
	rp_auto(rp_survey) s = NULL;
	const struct rp_engine *engine = rp_db_engine(db);
	struct rp_conn *leader = rp_db_conn(db, 0);
	struct rp_identity who = {0};
	struct rp_position at = {0};
	if (rp_survey_new(&s, err) < 0 || engine->identify(leader, &who, &at, err) < 0 ||
	    rp_survey_identify(s, &who, &at, err) < 0)
		return -1;
	if (engine->describe(leader, s, err) < 0 || rp_survey_finish(s, err) < 0)
		return rp_err_wrap(err, "describe '%s'", s->identity.database);
	*ret = rp_take(s);
	return 0;
}

static int draw_salt(uint8_t salt[32], struct rp_err **err)
{
	/* 32 bytes come whole or not at all. */
	if (getrandom(salt, 32, 0) != 32)
		return rp_err_sys(err, errno, "draw a salt");
	return 0;
}

int rp_survey_take(struct rp_survey **ret, struct rp_db *db, const struct rp_scan_wish *wish,
		   struct rp_err **err)
{
	rp_auto(rp_survey) s = NULL;
	if (describe(&s, db, err) < 0)
		return rp_err_wrap(err, "survey");
	s->method = (struct rp_method){.encoding = RP_ENCODING,
				       .sketch_bytes = wish->sketch_bytes,
				       .whole_keys = wish->whole_keys,
				       .strong = wish->strong};
	if (draw_salt(s->method.salt, err) < 0 || rp_scan_rows(db, s, NULL, err) < 0 ||
	    (wish->all_sketches > 0 && rp_sketches_bound(s, wish->all_sketches, err) < 0))
		return rp_err_wrap(err, "survey");
	*ret = rp_take(s);
	return 0;
}

static bool has_column(const struct rp_relation *r, const char *name)
{
	for (size_t i = 0; i < r->n_columns; i++)
		if (strcmp(r->columns[i].name, name) == 0)
			return true;
	return false;
}

static int refuse(struct rp_survey *s, struct rp_relation *r, const char *why, const char *what,
		  const char *end, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(64 * 1024);
	rp_buf_addf(&text, "%s%s%s", why, what, end);
	if (rp_buf_check(&text, err) < 0)
		return -1;
	r->not_surveyed = rp_arena_strdup(s->memory, text.s);
	return r->not_surveyed != NULL ? 0 : no_memory(err);
}

/* The sealed columns, in their order and encodings, in place of those that are there now: what was added since is
 * the business of whoever compares objects. */
static int adopt(struct rp_survey *s, struct rp_relation *r, const struct rp_relation *sealed,
		 struct rp_err **err)
{
	if (r->not_surveyed != NULL)
		return 0;
	if (sealed->not_surveyed != NULL)
		return refuse(s, r, "its rows were not surveyed when it was sealed: ", sealed->not_surveyed,
			      "", err);
	for (size_t i = 0; i < sealed->n_columns; i++)
		if (!has_column(r, sealed->columns[i].name))
			return refuse(s, r, "it has no column '", sealed->columns[i].name, "'", err);
	struct rp_column *columns = rp_arena_array(s->memory, sealed->n_columns, sizeof *columns);
	if (columns == NULL)
		return no_memory(err);
	for (size_t i = 0; i < sealed->n_columns; i++) {
		const struct rp_column *from = &sealed->columns[i];
		columns[i] = (struct rp_column){.name = rp_arena_strdup(s->memory, from->name),
						.type = rp_arena_strdup(s->memory, from->type),
						.encoding = rp_arena_strdup(s->memory, from->encoding),
						.key = from->key};
		if (columns[i].name == NULL || columns[i].type == NULL || columns[i].encoding == NULL)
			return no_memory(err);
	}
	r->columns = columns;
	r->n_columns = sealed->n_columns;
	return 0;
}

static int redescribe(struct rp_survey **ret, struct rp_db *db, const struct rp_survey *sealed,
		      struct rp_err **err)
{
	rp_auto(rp_survey) s = NULL;
	if (sealed->method.encoding != RP_ENCODING)
		return rp_err_set(err, RP_ERR_TRUST, "row encoding %u is not known to this version",
				  sealed->method.encoding);
	if (describe(&s, db, err) < 0)
		return -1;
	s->method = sealed->method;
	for (size_t i = 0; i < s->n_relations; i++) {
		const struct rp_relation *was = rp_survey_relation(sealed, s->relations[i].name);
		if (was != NULL && adopt(s, &s->relations[i], was, err) < 0)
			return -1;
	}
	*ret = rp_take(s);
	return 0;
}

int rp_survey_retake(struct rp_survey **ret, struct rp_db *db, const struct rp_survey *sealed,
		     struct rp_err **err)
{
	rp_auto(rp_survey) s = NULL;
	if (redescribe(&s, db, sealed, err) < 0 || rp_scan_rows(db, s, sealed, err) < 0)
		return rp_err_wrap(err, "survey");
	*ret = rp_take(s);
	return 0;
}

/* Not one of those that are read again. */
static bool is_as_before(const struct rp_relation *r, const struct rp_survey *before, const char *relation)
{
	return r->not_surveyed == NULL && (relation == NULL || strcmp(r->name, relation) != 0) &&
	       rp_survey_relation(before, r->name) != NULL;
}

static int copy_sums(struct rp_relation *to, const struct rp_relation *from, struct rp_err **err)
{
	to->not_surveyed = from->not_surveyed;
	to->rows = from->rows;
	to->digest = from->digest;
	for (size_t i = 0; i < to->n_columns && i < from->n_columns; i++) {
		to->columns[i].digest = from->columns[i].digest;
		to->columns[i].nulls = from->columns[i].nulls;
	}
	if (from->strong == NULL)
		return 0;
	to->strong = malloc(RP_STRONG_LEN);
	if (to->strong == NULL)
		return no_memory(err);
	memcpy(to->strong, from->strong, RP_STRONG_LEN);
	return 0;
}

int rp_survey_retake_one(struct rp_survey **ret, struct rp_db *db, const struct rp_survey *sealed,
			 const struct rp_survey *before, const char *relation, struct rp_err **err)
{
	static const char skipped[] = "as before";
	rp_auto(rp_survey) s = NULL;
	if (redescribe(&s, db, sealed, err) < 0)
		return rp_err_wrap(err, "survey");
	for (size_t i = 0; i < s->n_relations; i++)
		if (is_as_before(&s->relations[i], before, relation))
			s->relations[i].not_surveyed = skipped;
	if (rp_scan_rows(db, s, sealed, err) < 0)
		return rp_err_wrap(err, "survey");
	for (size_t i = 0; i < s->n_relations; i++)
		if (s->relations[i].not_surveyed == skipped &&
		    copy_sums(&s->relations[i], rp_survey_relation(before, s->relations[i].name), err) < 0)
			return -1;
	*ret = rp_take(s);
	return 0;
}
