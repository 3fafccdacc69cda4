/* SPDX-License-Identifier: MIT */
#include "verifier/ledger/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verifier/manifest/json.h"
#include "verifier/manifest/statement.h"
#include "verifier/manifest/subject.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define SCHEMA_VERSION 1
#define TEXT_MAX       4000

static const struct rp_json_limits limits = {.depth = 8, .values = 20000};

/* What each kind says; the names are in the alphabet's order, as facts are. */
static const struct kind {
	const char *name;
	const char *says[10], *may_say[2];
} kinds[] = {
	[RP_ENTRY_INTENT] = {"intent",
			     {RP_SAYS_CHECKS, RP_SAYS_CONFIGURATION, RP_SAYS_HOST, RP_SAYS_MANIFEST,
			      RP_SAYS_POINT, RP_SAYS_TRUST, RP_SAYS_WAIVERS},
			     {NULL}},
	[RP_ENTRY_RESULT] = {"result",
			     {RP_SAYS_INTENT, RP_SAYS_MANIFEST, RP_SAYS_POINT, RP_SAYS_RESTORE_MS,
			      RP_SAYS_ROWS, RP_SAYS_STATUS, RP_SAYS_VERDICT},
			     {RP_SAYS_BYTES, RP_SAYS_RETEST_OF}},
	[RP_ENTRY_REVIEW] = {"review", {RP_SAYS_DIGEST, RP_SAYS_OF, RP_SAYS_TEXT}, {NULL}},
	[RP_ENTRY_DECISION] = {"decision", {RP_SAYS_DIGEST, RP_SAYS_OF, RP_SAYS_TEXT}, {NULL}},
	[RP_ENTRY_PRUNED] = {"pruned", {NULL}, {NULL}},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

const char *rp_entry_kind_name(enum rp_entry_kind k)
{
	return kinds[k].name;
}

enum rp_role rp_entry_role(enum rp_entry_kind k)
{
	return k == RP_ENTRY_REVIEW || k == RP_ENTRY_DECISION ? RP_SIGNS_REVIEWS : RP_SIGNS_RESULTS;
}

const char *rp_entry_says(const struct rp_entry *e, const char *name)
{
	for (size_t i = 0; i < e->n_says; i++)
		if (strcmp(e->says[i].name, name) == 0)
			return e->says[i].value;
	return NULL;
}

uint64_t rp_entry_number(const struct rp_entry *e, const char *name)
{
	const char *text = rp_entry_says(e, name);
	uint64_t n = 0;
	(void)(text != NULL && rp_parse_u64(text, 0, UINT64_MAX, &n));
	return n;
}

static bool is_among(const char *const *names, size_t most, const char *name)
{
	for (size_t i = 0; i < most && names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Everything that its kind says, and nothing besides. */
static int is_complete(const struct rp_entry *e, enum rp_err_kind kind, struct rp_err **err)
{
	const struct kind *k = &kinds[e->kind];
	char shown[RP_SHOWN];
	for (size_t i = 0; i < 10 && k->says[i] != NULL; i++)
		if (rp_entry_says(e, k->says[i]) == NULL)
			return rp_err_set(err, kind, "an entry '%s' does not say '%s'", k->name, k->says[i]);
	for (size_t i = 0; i < e->n_says && e->kind != RP_ENTRY_PRUNED; i++)
		if (!is_among(k->says, 10, e->says[i].name) && !is_among(k->may_say, 2, e->says[i].name))
			return rp_err_set(err, kind, "an entry '%s' says '%s', which is not known", k->name,
					  rp_shown(shown, e->says[i].name));
	return 0;
}

static json_t *says_of(const struct rp_entry *e)
{
	json_t *says = json_object();
	for (size_t i = 0; i < e->n_says && says != NULL; i++)
		if (json_object_set_new(says, e->says[i].name, json_string(e->says[i].value)) < 0) {
			json_decref(says);
			says = NULL;
		}
	return says;
}

static json_t *predicate_of(const struct rp_entry *e)
{
	char at[RP_TIME_TEXT], number[24];
	rp_time_format(e->at_ms, at);
	(void)snprintf(number, sizeof number, "%" PRIu64, e->number);
	json_t *p = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o*, s:{s:s, s:s}}", "schemaVersion",
			      SCHEMA_VERSION, "ledger", e->ledger, "number", number, "previous", e->previous,
			      "at", at, "kind", kinds[e->kind].name, "says", says_of(e), "tool", "name",
			      "reprove", "version", RP_VERSION);
	if (p != NULL && e->target != NULL && json_object_set_new(p, "target", json_string(e->target)) < 0) {
		json_decref(p);
		p = NULL;
	}
	return p;
}

static int add_json(const char *text, size_t len, void *to)
{
	rp_buf_add_mem(to, text, len);
	return ((struct rp_buf *)to)->failed ? -1 : 0;
}

int rp_entry_write(struct rp_buf *ret, const struct rp_entry *e, struct rp_err **err)
{
	if (is_complete(e, RP_ERR_USAGE, err) < 0)
		return -1;
	rp_autojson statement = json_pack("{s:s, s:s, s:o*}", "_type", RP_STATEMENT_TYPE, "predicateType",
					  RP_LEDGER_PREDICATE, "predicate", predicate_of(e));
	json_t *subjects = rp_subjects_write(&e->recorded, e->recorded.name != NULL ? 1 : 0, err);
	if (subjects == NULL)
		return -1;
	if (json_object_set_new(statement, "subject", subjects) < 0)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (json_object_get(statement, "predicate") == NULL ||
	    json_object_get(json_object_get(statement, "predicate"), "says") == NULL)
		return rp_err_set(err, RP_ERR_CONFIG,
				  "the name of the target, or of a recovery point, is not UTF-8");
	int dumped = json_dump_callback(statement, add_json, ret, JSON_COMPACT | JSON_SORT_KEYS);
	if (rp_buf_check(ret, err) < 0)
		return -1;
	return dumped == 0 ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* ---- Reading. ---- */

static int bad(const char *name, const char *expected, const json_t *found, struct rp_err **err)
{
	char shown[RP_SHOWN];
	return rp_err_set(err, RP_ERR_TRUST, "'%s' is '%s', expected %s", name,
			  rp_shown(shown, json_string_value(found)), expected);
}

static int read_says(struct rp_entry *e, struct rp_arena *memory, const json_t *says, struct rp_err **err)
{
	/* json_object_iter() takes no const, and changes nothing. */
	json_t *o = json_incref((json_t *)(uintptr_t)says);
	struct rp_fact *all = rp_arena_array(memory, json_object_size(o) + 1, sizeof *all);
	int r = all == NULL ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
	for (void *it = json_object_iter(o); it != NULL && r == 0; it = json_object_iter_next(o, it)) {
		const json_t *value = json_object_iter_value(it);
		if (!json_is_string(value) || json_string_length(value) > TEXT_MAX) {
			r = rp_err_set(err, RP_ERR_TRUST, "what it says is not all text of at most %d bytes",
				       TEXT_MAX);
			break;
		}
		struct rp_fact *f = &all[e->n_says++];
		f->name = rp_arena_strdup(memory, json_object_iter_key(it));
		f->value = rp_arena_strdup(memory, json_string_value(value));
		if (f->name == NULL || f->value == NULL)
			r = rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	json_decref(o);
	e->says = all;
	return r;
}

static int read_kind(struct rp_entry *e, const json_t *kind, struct rp_err **err)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, json_string_value(kind)) == 0) {
			e->kind = (enum rp_entry_kind)i;
			return 0;
		}
	return bad("kind", "a kind that this version knows", kind, err);
}

static int read_predicate(struct rp_entry *e, struct rp_arena *memory, const json_t *predicate,
			  struct rp_err **err)
{
	const json_t *version = NULL, *ledger = NULL, *number = NULL, *previous = NULL, *at = NULL,
		     *kind = NULL, *says = NULL, *target = NULL, *tool = NULL;
	const struct rp_json_field fields[] = {
		{"schemaVersion", JSON_INTEGER, false, &version},
		{"ledger", JSON_STRING, false, &ledger},
		{"number", JSON_STRING, false, &number},
		{"previous", JSON_STRING, false, &previous},
		{"at", JSON_STRING, false, &at},
		{"kind", JSON_STRING, false, &kind},
		{"says", JSON_OBJECT, false, &says},
		{"target", JSON_STRING, true, &target},
		{"tool", JSON_OBJECT, false, &tool},
	};
	uint8_t bytes[RP_SHA256_LEN];
	if (rp_json_fields(predicate, "the entry", fields, sizeof fields / sizeof *fields, false, err) < 0)
		return -1;
	if (json_integer_value(version) != SCHEMA_VERSION)
		return rp_err_set(err, RP_ERR_TRUST, "its schema version is %lld, expected %d",
				  json_integer_value(version), SCHEMA_VERSION);
	if (!rp_parse_hex(json_string_value(ledger), bytes, (RP_LEDGER_ID - 1) / 2))
		return bad("ledger", "32 hexadecimal digits", ledger, err);
	if (!rp_parse_u64(json_string_value(number), 1, UINT64_MAX, &e->number))
		return bad("number", "a whole number above 0", number, err);
	if (!rp_parse_hex(json_string_value(previous), bytes, RP_SHA256_LEN))
		return bad("previous", "a SHA-256 in hexadecimal", previous, err);
	if (!rp_time_parse(json_string_value(at), &e->at_ms) || e->at_ms <= 0)
		return bad("at", "a time like 2026-01-31T06:00:00.123Z", at, err);
	if (read_kind(e, kind, err) < 0 || read_says(e, memory, says, err) < 0)
		return -1;
	memcpy(e->ledger, json_string_value(ledger), sizeof e->ledger);
	memcpy(e->previous, json_string_value(previous), sizeof e->previous);
	e->target = target != NULL ? rp_arena_strdup(memory, json_string_value(target)) : NULL;
	if (target != NULL && e->target == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return is_complete(e, RP_ERR_TRUST, err);
}

static int read_subject(struct rp_entry *e, struct rp_arena *memory, const json_t *subjects,
			struct rp_err **err)
{
	struct rp_file *files;
	size_t n;
	if (rp_subjects_read(subjects, memory, &files, &n, err) < 0)
		return -1;
	if (n > 1 || (n == 1) != (e->kind == RP_ENTRY_RESULT))
		return rp_err_set(err, RP_ERR_TRUST, "an entry '%s' records %zu files", kinds[e->kind].name,
				  n);
	if (n == 1)
		e->recorded = files[0];
	return 0;
}

int rp_entry_read(struct rp_entry *ret, struct rp_arena *memory, const void *payload, size_t len,
		  struct rp_err **err)
{
	rp_autojson statement = NULL;
	const json_t *type = NULL, *predicate_type = NULL, *subjects = NULL, *predicate = NULL;
	const struct rp_json_field fields[] = {
		{"_type", JSON_STRING, false, &type},
		{"predicateType", JSON_STRING, false, &predicate_type},
		{"subject", JSON_ARRAY, false, &subjects},
		{"predicate", JSON_OBJECT, false, &predicate},
	};
	struct rp_entry e = {.number = 0};
	uint8_t digest[RP_SHA256_LEN];
	if (rp_json_parse(&statement, payload, len, &limits, "the entry", err) < 0 ||
	    rp_json_fields(statement, "the statement", fields, 4, false, err) < 0)
		return -1;
	if (strcmp(json_string_value(type), RP_STATEMENT_TYPE) != 0)
		return bad("_type", RP_STATEMENT_TYPE, type, err);
	if (strcmp(json_string_value(predicate_type), RP_LEDGER_PREDICATE) != 0)
		return bad("predicateType", RP_LEDGER_PREDICATE, predicate_type, err);
	if (read_predicate(&e, memory, predicate, err) < 0 || read_subject(&e, memory, subjects, err) < 0)
		return -1;
	rp_sha256(payload, len, digest);
	rp_sha256_hex(digest, e.sha256);
	*ret = e;
	return 0;
}
