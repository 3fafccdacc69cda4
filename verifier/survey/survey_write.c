/* SPDX-License-Identifier: MIT */
#include "verifier/survey/survey.h"

#include "verifier/survey/ranges.h"
#include "verifier/survey/sample.h"
#include "verifier/survey/shapes.h"
#include "verifier/survey/sketch.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define SKETCH_TEXT_MAX (8u << 20)

static void json_decrefp_(json_t **json)
{
	json_decref(*json);
}
#define autojson rp_cleanup(json_decrefp_) json_t

/* Takes value over, also when it fails. value NULL: whoever made it has set err, or there was no memory. */
static int set(json_t *object, const char *name, json_t *value, struct rp_err **err)
{
	if (json_object_set_new(object, name, value) < 0)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return 0;
}

static int append(json_t *array, json_t *value, struct rp_err **err)
{
	if (json_array_append_new(array, value) < 0)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return 0;
}

/* Facts as {"name": "value"}; none: not written. */
static int set_facts(json_t *object, const struct rp_fact *facts, size_t n, struct rp_err **err)
{
	if (n == 0)
		return 0;
	autojson *r = json_object();
	for (size_t i = 0; i < n; i++)
		if (set(r, facts[i].name, rp_text_write(facts[i].value, err), err) < 0)
			return rp_err_wrap(err, "fact '%s'", facts[i].name);
	return set(object, "facts", rp_take(r), err);
}

static json_t *write_position(const struct rp_position *p, struct rp_err **err)
{
	autojson *r = rp_shape_write(&rp_shape_position, p, true, err);
	if (r == NULL || set_facts(r, p->facts, p->n_facts, err) < 0)
		return NULL;
	return rp_take(r);
}

static json_t *write_object(const struct rp_object *o, struct rp_err **err)
{
	autojson *r = rp_shape_write(&rp_shape_object, o, true, err);
	if (r == NULL || set_facts(r, o->facts, o->n_facts, err) < 0) {
		rp_err_wrap(err, "%s '%s'", o->kind, o->name);
		return NULL;
	}
	return rp_take(r);
}

static json_t *write_objects(const struct rp_survey *s, struct rp_err **err)
{
	autojson *r = json_array();
	for (size_t i = 0; i < s->n_objects; i++)
		if (append(r, write_object(&s->objects[i], err), err) < 0)
			return NULL;
	return rp_take(r);
}

static int set_columns(json_t *relation, const struct rp_relation *r, struct rp_err **err)
{
	autojson *columns = json_array();
	for (size_t i = 0; i < r->n_columns; i++)
		if (append(columns,
			   rp_shape_write(&rp_shape_column, &r->columns[i], r->not_surveyed == NULL, err),
			   err) < 0)
			return rp_err_wrap(err, "column %zu", i + 1);
	return set(relation, "columns", rp_take(columns), err);
}

static int set_blob(json_t *relation, const char *name, struct rp_buf *text, struct rp_err **err)
{
	if (rp_buf_check(text, err) < 0)
		return -1;
	return text->len > 0 ? set(relation, name, json_string(rp_buf_text(text)), err) : 0;
}

static int set_proofs(json_t *relation, const struct rp_relation *r, struct rp_err **err)
{
	char hex[RP_SHA256_HEX];
	if (r->strong != NULL) {
		rp_sha256_hex(r->strong, hex);
		if (set(relation, "strong", json_string(hex), err) < 0)
			return -1;
	}
	rp_autobuf sketch = RP_BUF_INIT(SKETCH_TEXT_MAX), sample = RP_BUF_INIT(SKETCH_TEXT_MAX);
	rp_autobuf ranges = RP_BUF_INIT(SKETCH_TEXT_MAX);
	if (r->sketch != NULL)
		rp_sketch_write(r->sketch, &sketch);
	if (r->sample != NULL)
		rp_sample_write(r->sample, &sample);
	if (r->ranges != NULL)
		rp_ranges_write(r->ranges, &ranges);
	if (set_blob(relation, "sketch", &sketch, err) < 0 || set_blob(relation, "sample", &sample, err) < 0)
		return -1;
	return set_blob(relation, "ranges", &ranges, err);
}

static json_t *write_relation(const struct rp_survey *s, const struct rp_relation *r, struct rp_err **err)
{
	bool rows = r->not_surveyed == NULL;
	autojson *json = NULL;
	if (rows && s->method.strong && r->strong == NULL)
		rp_err_set(err, RP_ERR_ENGINE, "the strong digest was asked for and not made");
	else
		json = rp_shape_write(&rp_shape_relation, r, rows, err);
	if (json == NULL || set_columns(json, r, err) < 0 || (rows && set_proofs(json, r, err) < 0)) {
		rp_err_wrap(err, "relation '%s'", r->name);
		return NULL;
	}
	return rp_take(json);
}

static json_t *write_relations(const struct rp_survey *s, struct rp_err **err)
{
	autojson *r = json_array();
	for (size_t i = 0; i < s->n_relations; i++)
		if (append(r, write_relation(s, &s->relations[i], err), err) < 0)
			return NULL;
	return rp_take(r);
}

static json_t *write_coverage(const struct rp_survey *s, struct rp_err **err)
{
	autojson *r = json_array();
	for (size_t i = 0; i < s->n_coverage; i++)
		if (append(r, rp_shape_write(&rp_shape_coverage, &s->coverage[i], true, err), err) < 0)
			return NULL;
	return rp_take(r);
}

int rp_survey_to_json(const struct rp_survey *s, struct json_t **ret, struct rp_err **err)
{
	autojson *r = json_object();
	if (s->identity.engine == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "a survey of nothing: its database was not identified");
	if (set(r, "identity", rp_shape_write(&rp_shape_identity, &s->identity, true, err), err) < 0 ||
	    set(r, "position", write_position(&s->position, err), err) < 0 ||
	    set(r, "method", rp_shape_write(&rp_shape_method, &s->method, true, err), err) < 0 ||
	    set(r, "objects", write_objects(s, err), err) < 0 ||
	    set(r, "relations", write_relations(s, err), err) < 0 ||
	    set(r, "coverage", write_coverage(s, err), err) < 0)
		return rp_err_wrap(err, "write the survey");
	*ret = rp_take(r);
	return 0;
}
