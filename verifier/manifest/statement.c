/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/statement.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "verifier/manifest/json.h"
#include "verifier/manifest/manifest.h"
#include "verifier/manifest/subject.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define TOOL_NAME "reprove"

/* A sketch per relation and a definition per object make a large one; nesting never goes deep. */
static const struct rp_json_limits limits = {.depth = 32, .values = 32u << 20};

static int add_optional(json_t *to, const char *name, const char *value)
{
	return value == NULL || *value == '\0' ? 0 : json_object_set_new(to, name, json_string(value));
}

/* The oldest reader that understands it. */
static int version_for(const struct rp_manifest *m)
{
	const struct rp_survey *s = m->survey;
	if (m->host != NULL)
		return RP_PREDICATE_VERSION;
	for (size_t i = 0; i < s->n_relations; i++)
		if (s->relations[i].sample != NULL || s->relations[i].ranges != NULL)
			return RP_PREDICATE_SAMPLES;
	return RP_PREDICATE_OLDEST;
}

static json_t *write_predicate(const struct rp_manifest *m, struct rp_err **err)
{
	json_t *survey = NULL;
	if (rp_survey_to_json(m->survey, &survey, err) < 0)
		return NULL;
	char sealed[RP_TIME_TEXT], sequence[24];
	rp_time_format(m->sealed_ms, sealed);
	snprintf(sequence, sizeof sequence, "%" PRIu64,
		 m->sequence != 0 ? m->sequence : (uint64_t)m->sealed_ms);
	/* 64-bit numbers are text: most readers of JSON make a double of a number. */
	json_t *p = json_pack("{s:i, s:s, s:s, s:s, s:{s:s, s:s}, s:o}", "schemaVersion", version_for(m),
			      "target", m->target, "sealedAt", sealed, "sequence", sequence, "tool", "name",
			      TOOL_NAME, "version", RP_VERSION, "survey", survey);
	if (p == NULL || add_optional(p, "environment", m->environment) < 0 ||
	    add_optional(p, "host", m->host) < 0 || add_optional(p, "previous", m->previous) < 0) {
		json_decref(p);
		rp_err_set(err, RP_ERR_CONFIG,
			   "the name of the target, its environment or the host is not UTF-8");
		return NULL;
	}
	return p;
}

int rp_statement_write(struct rp_buf *ret, const struct rp_manifest *m, struct rp_err **err)
{
	uint8_t digest[RP_SHA256_LEN];
	if (m->survey == NULL || m->target == NULL || *m->target == '\0' || m->sealed_ms <= 0 ||
	    (m->previous[0] != '\0' && !rp_parse_hex(m->previous, digest, sizeof digest)))
		return rp_err_set(err, RP_ERR_CONFIG,
				  "a manifest needs a survey, a target's name and a time");
	rp_autojson statement =
		json_pack("{s:s, s:s}", "_type", RP_STATEMENT_TYPE, "predicateType", RP_PREDICATE_TYPE);
	json_t *subjects = rp_subjects_write(m->files, m->n_files, err);
	json_t *predicate = subjects != NULL ? write_predicate(m, err) : NULL;
	if (json_object_set_new(statement, "subject", subjects) < 0 ||
	    json_object_set_new(statement, "predicate", predicate) < 0)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory"); /* keeps what was said before */
	return rp_json_add(ret, statement, JSON_COMPACT | JSON_SORT_KEYS, err);
}

static int read_version(const json_t *version, const json_t *tool_version, struct rp_err **err)
{
	json_int_t is = json_integer_value(version);
	if (is >= RP_PREDICATE_OLDEST && is <= RP_PREDICATE_VERSION)
		return 0;
	char shown[RP_SHOWN];
	rp_err_set(err, RP_ERR_TRUST, "its schema version is %lld, expected %d to %d", is,
		   RP_PREDICATE_OLDEST, RP_PREDICATE_VERSION);
	return rp_err_hint(err, "it was written by version %s; use that version or a newer one",
			   rp_shown(shown, tool_version != NULL ? json_string_value(tool_version) : "?"));
}

/* Before anything else of the predicate: another version has other fields. */
static int read_tool(struct rp_manifest *m, const json_t *predicate, struct rp_err **err)
{
	const json_t *version = NULL, *tool = NULL, *name = NULL, *tool_version = NULL;
	const struct rp_json_field outer[] = {
		{"schemaVersion", JSON_INTEGER, false, &version},
		{"tool", JSON_OBJECT, false, &tool},
	};
	const struct rp_json_field inner[] = {
		{"name", JSON_STRING, false, &name},
		{"version", JSON_STRING, false, &tool_version},
	};
	if (rp_json_fields(predicate, "the predicate", outer, 2, true, err) < 0 ||
	    rp_json_fields(tool, "the tool", inner, 2, true, err) < 0 ||
	    read_version(version, tool_version, err) < 0 ||
	    rp_json_fields(tool, "the tool", inner, 2, false, err) < 0)
		return -1;
	char a[RP_SHOWN], b[RP_SHOWN], both[2 * RP_SHOWN];
	snprintf(both, sizeof both, "%s %s", rp_shown(a, json_string_value(name)),
		 rp_shown(b, json_string_value(tool_version)));
	m->tool = rp_arena_strdup(m->memory, both);
	return m->tool != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int bad_value(const char *name, const char *expected, const json_t *found, struct rp_err **err)
{
	char shown[RP_SHOWN];
	return rp_err_set(err, RP_ERR_TRUST, "'%s' is '%s', expected %s", name,
			  rp_shown(shown, json_string_value(found)), expected);
}

static int read_predicate(struct rp_manifest *m, const json_t *predicate, struct rp_err **err)
{
	if (read_tool(m, predicate, err) < 0)
		return -1;
	const json_t *version = NULL, *tool = NULL, *target = NULL, *environment = NULL, *sealed = NULL;
	const json_t *host = NULL, *sequence = NULL, *previous = NULL, *survey = NULL;
	const struct rp_json_field fields[] = {
		{"schemaVersion", JSON_INTEGER, false, &version},
		{"tool", JSON_OBJECT, false, &tool},
		{"target", JSON_STRING, false, &target},
		{"environment", JSON_STRING, true, &environment},
		{"host", JSON_STRING, true, &host},
		{"sealedAt", JSON_STRING, false, &sealed},
		{"sequence", JSON_STRING, false, &sequence},
		{"previous", JSON_STRING, true, &previous},
		{"survey", JSON_OBJECT, false, &survey},
	};
	uint8_t digest[RP_SHA256_LEN];
	if (rp_json_fields(predicate, "the predicate", fields, sizeof fields / sizeof *fields, false, err) <
	    0)
		return -1;
	if (json_string_length(target) == 0)
		return bad_value("target", "a name", target, err);
	if (!rp_time_parse(json_string_value(sealed), &m->sealed_ms) || m->sealed_ms <= 0)
		return bad_value("sealedAt", "a time like 2026-01-31T06:00:00.123Z", sealed, err);
	if (!rp_parse_u64(json_string_value(sequence), 1, UINT64_MAX, &m->sequence))
		return bad_value("sequence", "a whole number above 0", sequence, err);
	if (previous != NULL && !rp_parse_hex(json_string_value(previous), digest, sizeof digest))
		return bad_value("previous", "a SHA-256 in hexadecimal", previous, err);
	if (previous != NULL)
		memcpy(m->previous, json_string_value(previous), sizeof m->previous);
	m->target = rp_arena_strdup(m->memory, json_string_value(target));
	m->environment = rp_arena_strdup(m->memory, json_string_value(environment));
	m->host = rp_arena_strdup(m->memory, json_string_value(host));
	if (m->target == NULL || (environment != NULL && m->environment == NULL) ||
	    (host != NULL && m->host == NULL))
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_survey_from_json(&m->survey, survey, err) < 0)
		return -1;
	if (json_integer_value(version) < version_for(m))
		return rp_err_set(err, RP_ERR_TRUST, "it has fields that its schema version does not have");
	return 0;
}

/* Another type may have any other fields, so that these two are looked at before the rest. */
static int read_type(const json_t *statement, const char *name, const char *expected, struct rp_err **err)
{
	const json_t *type = NULL;
	const struct rp_json_field field = {name, JSON_STRING, false, &type};
	char shown[RP_SHOWN];
	if (rp_json_fields(statement, "the statement", &field, 1, true, err) < 0)
		return -1;
	if (strcmp(json_string_value(type), expected) == 0)
		return 0;
	rp_err_set(err, RP_ERR_TRUST, "its %s is '%s', expected '%s'", name,
		   rp_shown(shown, json_string_value(type)), expected);
	return rp_err_hint(err, "the key signed something else, or a newer version wrote it: use that one");
}

int rp_statement_read(struct rp_manifest *m, const void *bytes, size_t len, struct rp_err **err)
{
	rp_autojson statement = NULL;
	const json_t *type = NULL, *predicate_type = NULL, *subjects = NULL, *predicate = NULL;
	const struct rp_json_field fields[] = {
		{"_type", JSON_STRING, false, &type},
		{"predicateType", JSON_STRING, false, &predicate_type},
		{"subject", JSON_ARRAY, false, &subjects},
		{"predicate", JSON_OBJECT, false, &predicate},
	};
	if (rp_json_parse(&statement, bytes, len, &limits, "the statement", err) < 0 ||
	    read_type(statement, "_type", RP_STATEMENT_TYPE, err) < 0 ||
	    read_type(statement, "predicateType", RP_PREDICATE_TYPE, err) < 0 ||
	    rp_json_fields(statement, "the statement", fields, 4, false, err) < 0 ||
	    rp_subjects_read(subjects, m->memory, &m->files, &m->n_files, err) < 0)
		return -1;
	return read_predicate(m, predicate, err);
}
