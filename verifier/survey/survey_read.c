/* SPDX-License-Identifier: MIT */
#include "verifier/survey/survey.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/survey/key.h"
#include "verifier/survey/ranges.h"
#include "verifier/survey/row.h"
#include "verifier/survey/sample.h"
#include "verifier/survey/shapes.h"
#include "verifier/survey/sketch.h"
#include "verifier/survey/sort.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* Strict, after the signature held: a field that we do not know might be one that matters. */

static int read_facts(struct rp_fact **ret, size_t *ret_n, const json_t *of, struct rp_err **err)
{
	const json_t *json = json_object_get(of, "facts");
	const char *name;
	json_t *value;
	*ret = NULL;
	*ret_n = 0;
	if (json == NULL)
		return 0;
	if (!json_is_object(json) || json_object_size(json) == 0)
		return rp_err_set(err, RP_ERR_TRUST, "'facts' is not an object with members");
	rp_autofree struct rp_fact *facts = calloc(json_object_size(json), sizeof *facts);
	if (facts == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	size_t n = 0;
	json_object_foreach(rp_json_unconst(json), name, value)
	{
		facts[n].name = name;
		if (rp_text_read(&facts[n++].value, value, name, err) < 0)
			return -1;
	}
	*ret = rp_take(facts);
	*ret_n = n;
	return 0;
}

static int read_head(struct rp_survey *s, const json_t *json, struct rp_err **err)
{
	const json_t *position = json_object_get(json, "position");
	rp_autofree struct rp_fact *facts = NULL;
	struct rp_identity i = {0};
	struct rp_position p = {0};
	if (rp_shape_read(&rp_shape_identity, &i, json_object_get(json, "identity"), true, err) < 0)
		return rp_err_wrap(err, "identity");
	if (rp_shape_read(&rp_shape_position, &p, position, true, err) < 0 ||
	    read_facts(&facts, &p.n_facts, position, err) < 0)
		return rp_err_wrap(err, "position");
	if (rp_shape_read(&rp_shape_method, &s->method, json_object_get(json, "method"), true, err) < 0)
		return rp_err_wrap(err, "method");
	if (s->method.encoding != RP_ENCODING)
		return rp_err_set(err, RP_ERR_TRUST, "row encoding %u is not known to this version",
				  s->method.encoding);
	p.facts = facts;
	return rp_survey_identify(s, &i, &p, err);
}

static int read_object(struct rp_survey *s, const json_t *json, struct rp_err **err)
{
	struct rp_object o = {0};
	rp_autofree struct rp_fact *facts = NULL;
	if (rp_shape_read(&rp_shape_object, &o, json, true, err) < 0 ||
	    read_facts(&facts, &o.n_facts, json, err) < 0)
		return -1;
	o.facts = facts;
	if (rp_survey_add_object(s, &o, err) < 0)
		return -1;
	/* Adding has computed it anew, where there is a text. */
	if (!rp_sha256_equal(s->objects[s->n_objects - 1].digest, o.digest))
		return rp_err_set(err, RP_ERR_TRUST, "'sha256' is not that of 'definition'");
	return 0;
}

static int read_columns(struct rp_relation *r, const json_t *json, struct rp_err **err)
{
	const json_t *array = json_object_get(json, "columns");
	if (!json_is_array(array))
		return rp_err_set(err, RP_ERR_TRUST, "'columns' is not an array");
	r->n_columns = json_array_size(array);
	r->columns = calloc(r->n_columns + 1, sizeof *r->columns);
	if (r->columns == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < r->n_columns; i++) {
		struct rp_column *c = &r->columns[i];
		if (rp_shape_read(&rp_shape_column, c, json_array_get(array, i), r->not_surveyed == NULL,
				  err) < 0)
			return rp_err_wrap(err, "column %zu", i + 1);
		if (c->nulls > r->rows)
			return rp_err_set(err, RP_ERR_TRUST, "column '%s': more NULLs than rows", c->name);
	}
	size_t n_key;
	return rp_key_columns(r->columns, r->n_columns, &n_key, RP_ERR_TRUST, err);
}

/* Ranges that are of these rows, and order by columns that the key has. */
static int read_ranges(struct rp_relation *r, const json_t *json, struct rp_err **err)
{
	const char *text;
	size_t n_key;
	if (rp_text_read(&text, json, "ranges", err) < 0 ||
	    rp_ranges_read(&r->ranges, text, json_string_length(json), err) < 0 ||
	    rp_key_columns(r->columns, r->n_columns, &n_key, RP_ERR_TRUST, err) < 0)
		return -1;
	if (!rp_ranges_suit(r->ranges, n_key, r->rows, r->digest.lo))
		return rp_err_set(err, RP_ERR_TRUST, "'ranges' are not of its key and its rows");
	return 0;
}

/* Rows that cannot all be named: some of them, and where they are. */
static int read_places(struct rp_survey *s, struct rp_relation *r, const json_t *json, struct rp_err **err)
{
	const json_t *sample = json_object_get(json, "sample"), *ranges = json_object_get(json, "ranges");
	const char *text;
	if ((sample != NULL || ranges != NULL) && r->sketch == NULL)
		return rp_err_set(err, RP_ERR_TRUST, "'sample' or 'ranges' without 'sketch'");
	if (sample != NULL) {
		if (rp_text_read(&text, sample, "sample", err) < 0 ||
		    rp_sample_read(&r->sample, text, json_string_length(sample), s->method.salt, err) < 0)
			return -1;
		if (rp_sample_key_size(r->sample) != rp_sketch_key_size(r->sketch))
			return rp_err_set(err, RP_ERR_TRUST, "'sample' and 'sketch' have keys of two sizes");
	}
	return ranges != NULL ? read_ranges(r, ranges, err) : 0;
}

/* Into the survey's own relation, which owns them. */
static int read_proofs(struct rp_survey *s, struct rp_relation *r, const json_t *json, struct rp_err **err)
{
	const json_t *strong = json_object_get(json, "strong"), *sketch = json_object_get(json, "sketch");
	const char *text;
	if (s->method.strong != (strong != NULL) && r->not_surveyed == NULL)
		return rp_err_set(err, RP_ERR_TRUST, "'strong' is %s, and the method says otherwise",
				  strong != NULL ? "there" : "missing");
	if (strong != NULL) {
		if (rp_text_read(&text, strong, "strong", err) < 0)
			return -1;
		r->strong = malloc(RP_STRONG_LEN);
		if (r->strong == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		if (!rp_parse_hex(text, r->strong, RP_STRONG_LEN))
			return rp_err_set(err, RP_ERR_TRUST, "'strong' is not 64 hexadecimal digits");
	}
	if (sketch != NULL &&
	    (rp_text_read(&text, sketch, "sketch", err) < 0 ||
	     rp_sketch_read(&r->sketch, text, json_string_length(sketch), s->method.salt, err) < 0))
		return -1;
	return read_places(s, r, json, err);
}

static int read_relation(struct rp_survey *s, const json_t *json, struct rp_err **err)
{
	struct rp_relation r = {0};
	bool rows = json_is_object(json) && json_object_get(json, "notSurveyed") == NULL;
	if (rp_shape_read(&rp_shape_relation, &r, json, rows, err) < 0)
		return -1;
	int done = read_columns(&r, json, err);
	if (done == 0)
		done = rp_survey_add_relation(s, &r, err);
	if (done == 0)
		done = read_proofs(s, &s->relations[s->n_relations - 1], json, err);
	free(r.columns);
	return done;
}

static int read_coverage(struct rp_survey *s, const json_t *json, struct rp_err **err)
{
	struct rp_coverage c = {0};
	if (rp_shape_read(&rp_shape_coverage, &c, json, true, err) < 0)
		return -1;
	return rp_survey_add_coverage(s, &c, err);
}

/* An error says which one, by number, and by its name where it has got that far. */
static int read_all(struct rp_survey *s, const json_t *json, const char *list, const char *name,
		    int (*read)(struct rp_survey *s, const json_t *json, struct rp_err **err),
		    struct rp_err **err)
{
	const json_t *array = json_object_get(json, list);
	if (!json_is_array(array))
		return rp_err_set(err, RP_ERR_TRUST, "'%s' is not an array", list);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i);
		if (read(s, one, err) == 0)
			continue;
		const char *text = json_string_value(json_object_get(one, name));
		return rp_err_wrap(err, "%s: %zu ('%s')", list, i + 1, text != NULL ? text : "?");
	}
	return 0;
}

int rp_survey_from_json(struct rp_survey **ret, const struct json_t *json, struct rp_err **err)
{
	rp_auto(rp_survey) s = NULL;
	if (rp_survey_new(&s, err) < 0)
		return -1;
	if (rp_shape_read(&rp_shape_survey, s, json, true, err) < 0 || read_head(s, json, err) < 0 ||
	    read_all(s, json, "objects", "name", read_object, err) < 0 ||
	    read_all(s, json, "relations", "name", read_relation, err) < 0 ||
	    read_all(s, json, "coverage", "what", read_coverage, err) < 0 ||
	    rp_survey_sort(s, RP_ERR_TRUST, err) < 0)
		return rp_err_wrap(err, "read the survey");
	*ret = rp_take(s);
	return 0;
}
