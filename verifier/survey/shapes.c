/* SPDX-License-Identifier: MIT */
#include "verifier/survey/shapes.h"

#include "verifier/survey/survey.h"

_Static_assert(sizeof(unsigned) == sizeof(uint32_t), "RP_FIELD_NUMBER is both");

static const struct rp_member survey[] = {
	{"identity", RP_FIELD_OTHER, 0}, {"position", RP_FIELD_OTHER, 0},  {"method", RP_FIELD_OTHER, 0},
	{"objects", RP_FIELD_OTHER, 0},	 {"relations", RP_FIELD_OTHER, 0}, {"coverage", RP_FIELD_OTHER, 0},
};
const struct rp_shape rp_shape_survey = RP_SHAPE(survey);

#define AT(member) offsetof(struct rp_identity, member)
static const struct rp_member identity[] = {
	{"engine", RP_FIELD_TEXT, AT(engine)},
	{"version", RP_FIELD_TEXT, AT(version)},
	{"database", RP_FIELD_TEXT, AT(database)},
	{"instance", RP_FIELD_TEXT, AT(instance), .optional = true},
	{"bytes", RP_FIELD_U64, AT(bytes)},
};
const struct rp_shape rp_shape_identity = RP_SHAPE(identity);
#undef AT

#define AT(member) offsetof(struct rp_position, member)
static const struct rp_member position[] = {
	{"takenAt", RP_FIELD_TIME, AT(taken_ms)},
	{"bound", RP_FIELD_BOOL, AT(bound)},
	{"facts", RP_FIELD_OTHER, AT(facts), .optional = true},
};
const struct rp_shape rp_shape_position = RP_SHAPE(position);
#undef AT

#define AT(member) offsetof(struct rp_method, member)
static const struct rp_member method[] = {
	{"encoding", RP_FIELD_NUMBER, AT(encoding)},
	{"salt", RP_FIELD_HASH, AT(salt)},
	{"sketchBytes", RP_FIELD_NUMBER, AT(sketch_bytes)},
	{"wholeKeys", RP_FIELD_BOOL, AT(whole_keys)},
	{"strong", RP_FIELD_BOOL, AT(strong)},
};
const struct rp_shape rp_shape_method = RP_SHAPE(method);
#undef AT

#define AT(member) offsetof(struct rp_object, member)
static const struct rp_member object[] = {
	{"kind", RP_FIELD_TEXT, AT(kind)},
	{"name", RP_FIELD_TEXT, AT(name)},
	{"definition", RP_FIELD_TEXT, AT(definition), .optional = true},
	{"sha256", RP_FIELD_HASH, AT(digest)},
	{"facts", RP_FIELD_OTHER, AT(facts), .optional = true},
};
const struct rp_shape rp_shape_object = RP_SHAPE(object);
#undef AT

#define AT(member) offsetof(struct rp_relation, member)
static const struct rp_member relation[] = {
	{"name", RP_FIELD_TEXT, AT(name)},
	{"columns", RP_FIELD_OTHER, AT(columns)},
	{"notSurveyed", RP_FIELD_TEXT, AT(not_surveyed), .optional = true},
	{"rows", RP_FIELD_U64, AT(rows), .of_rows = true},
	{"digest", RP_FIELD_SUM128, AT(digest), .of_rows = true},
	{"strong", RP_FIELD_OTHER, AT(strong), .of_rows = true, .optional = true},
	{"sketch", RP_FIELD_OTHER, AT(sketch), .of_rows = true, .optional = true},
	{"sample", RP_FIELD_OTHER, AT(sample), .of_rows = true, .optional = true},
	{"ranges", RP_FIELD_OTHER, AT(ranges), .of_rows = true, .optional = true},
};
const struct rp_shape rp_shape_relation = RP_SHAPE(relation);
#undef AT

#define AT(member) offsetof(struct rp_column, member)
static const struct rp_member column[] = {
	{"name", RP_FIELD_TEXT, AT(name)},
	{"type", RP_FIELD_TEXT, AT(type)},
	{"encoding", RP_FIELD_TEXT, AT(encoding)},
	{"key", RP_FIELD_NUMBER, AT(key), .optional = true},
	{"digest", RP_FIELD_SUM64, AT(digest), .of_rows = true},
	{"nulls", RP_FIELD_U64, AT(nulls), .of_rows = true},
};
const struct rp_shape rp_shape_column = RP_SHAPE(column);
#undef AT

#define AT(member) offsetof(struct rp_coverage, member)
static const struct rp_member coverage[] = {
	{"what", RP_FIELD_TEXT, AT(what)},
	{"count", RP_FIELD_U64, AT(count)},
	{"reason", RP_FIELD_TEXT, AT(reason), .optional = true},
};
const struct rp_shape rp_shape_coverage = RP_SHAPE(coverage);
