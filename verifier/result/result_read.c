/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/result/layout.h"
#include "verifier/result/read.h"
#include "verifier/result/result.h"
#include "verifier/result/text.h"
#include "verifier/util/memory.h"
#include "verifier/util/parse.h"

/* Strict: a member that is missing, unknown or of another type, a word that is none, a number that is no number
 * is an error that says where. And what is said twice must agree: status, verdict and summary are computed again
 * from the findings, so that nobody turns a 1 into a 0 by editing one digit. */

static void json_drop(json_t **j)
{
	json_decref(*j);
}

static const char *verdict_word(unsigned i)
{
	return rp_verdict_word((enum rp_verdict)i);
}
static const char *severity_word(unsigned i)
{
	return rp_severity_word((enum rp_severity)i);
}
static const char *cause_word(unsigned i)
{
	return rp_cause_word((enum rp_cause)i);
}

static int facts(struct rp_reader *in, const json_t *object, const char *name, const struct rp_fact **ret,
		 size_t *ret_n)
{
	json_t *v = json_object_get(object, name);
	if (!json_is_object(v))
		return rp_read_bad(in, name, "is not an object");
	size_t n = json_object_size(v), i = 0;
	struct rp_fact *all = n > 0 ? rp_arena_array(in->r->findings.memory, n, sizeof *all) : NULL;
	if (n > 0 && all == NULL)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	for (void *at = json_object_iter(v); at != NULL; at = json_object_iter_next(v, at), i++) {
		all[i].name = rp_arena_strdup(in->r->findings.memory, json_object_iter_key(at));
		if (all[i].name == NULL)
			return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
		if (rp_read_text(in, v, json_object_iter_key(at), false, &all[i].value) < 0)
			return -1;
	}
	*ret = all;
	*ret_n = n;
	return 0;
}

static int row(struct rp_reader *in, const json_t *object, enum rp_change change, struct rp_row_note *ret)
{
	*ret = (struct rp_row_note){.change = change};
	if (rp_read_only(in, object, (const char *const[]){"key", "values", NULL}) < 0 ||
	    facts(in, object, "key", &ret->key, &ret->n_key) < 0)
		return -1;
	if (json_object_get(object, "values") == NULL)
		return 0;
	return facts(in, object, "values", &ret->values, &ret->n_values);
}

static int rows(struct rp_reader *in, const json_t *object, struct rp_finding *f)
{
	static const char *const names[] = {
		[RP_LOST] = "lost", [RP_CHANGED] = "changed", [RP_GAINED] = "gained", "complete", NULL};
	size_t n = 0;
	if (rp_read_only(in, object, names) < 0 ||
	    rp_read_boolean(in, object, "complete", false, &f->rows_complete) < 0)
		return -1;
	for (size_t c = RP_LOST; c <= RP_GAINED; c++) {
		const json_t *list = json_object_get(object, names[c]);
		if (!json_is_array(list) || json_array_size(list) > RP_FINDING_ROWS_MAX)
			return rp_read_bad(in, names[c], "is not a list, or too long");
		n += json_array_size(list);
	}
	struct rp_row_note *all = rp_arena_array(in->r->findings.memory, n != 0 ? n : 1, sizeof *all);
	if (all == NULL)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	for (size_t c = RP_LOST; c <= RP_GAINED; c++) {
		const json_t *list = json_object_get(object, names[c]);
		for (size_t i = 0; i < json_array_size(list); i++)
			if (row(in, json_array_get(list, i), (enum rp_change)c, &all[f->n_rows++]) < 0)
				return -1;
	}
	f->rows = all;
	return 0;
}

static int finding(struct rp_reader *in, const json_t *object)
{
	static const char *const names[] = {"check",   "object",   "verdict", "severity", "cause", "looked",
					    "excused", "expected", "found",   "message",  "rows",  NULL};
	struct rp_finding f = {0};
	unsigned verdict = RP_ERROR, severity = RP_HIGH, cause = RP_BY_DAMAGE;
	if (rp_read_only(in, object, names) < 0 || rp_read_text(in, object, "check", false, &f.check) < 0 ||
	    rp_read_text(in, object, "object", false, &f.object) < 0 ||
	    rp_read_word(in, object, "verdict", verdict_word, RP_WAIVED + 1, &verdict) < 0 ||
	    rp_read_word(in, object, "severity", severity_word, RP_HIGH + 1, &severity) < 0 ||
	    (json_object_get(object, "cause") != NULL &&
	     rp_read_word(in, object, "cause", cause_word, RP_BY_MOMENT + 1, &cause) < 0) ||
	    rp_read_number(in, object, "looked", UINT64_MAX, &f.looked) < 0 ||
	    rp_read_boolean(in, object, "excused", true, &f.excused) < 0 ||
	    rp_read_text(in, object, "expected", true, &f.expected) < 0 ||
	    rp_read_text(in, object, "found", true, &f.found) < 0 ||
	    rp_read_text(in, object, "message", true, &f.message) < 0)
		return -1;
	const json_t *named = json_object_get(object, "rows");
	if (named != NULL && rows(in, named, &f) < 0)
		return -1;
	f.verdict = (enum rp_verdict)verdict;
	f.severity = (enum rp_severity)severity;
	f.cause = (enum rp_cause)cause;
	rp_findings_push(&in->r->findings, &f);
	return 0;
}

static int about(struct rp_reader *in, const json_t *object)
{
	struct rp_result *r = in->r;
	struct rp_fact fact = {0};
	if (rp_read_only(in, object, (const char *const[]){"name", "value", NULL}) < 0 ||
	    rp_read_text(in, object, "name", false, &fact.name) < 0 ||
	    rp_read_text(in, object, "value", false, &fact.value) < 0)
		return -1;
	struct rp_fact *grown =
		rp_list_grow(&r->findings, r->about, r->n_about, &r->room_about, sizeof *grown);
	if (grown == NULL)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	r->about = grown;
	r->about[r->n_about++] = fact;
	return 0;
}

static int phase(struct rp_reader *in, const json_t *object)
{
	struct rp_result *r = in->r;
	struct rp_phase p = {0};
	uint64_t ms = 0;
	if (rp_read_only(in, object, (const char *const[]){"name", "ms", NULL}) < 0 ||
	    rp_read_text(in, object, "name", false, &p.name) < 0 ||
	    rp_read_number(in, object, "ms", INT64_MAX, &ms) < 0)
		return -1;
	p.ms = (int64_t)ms;
	struct rp_phase *grown =
		rp_list_grow(&r->findings, r->phases, r->n_phases, &r->room_phases, sizeof *grown);
	if (grown == NULL)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	r->phases = grown;
	r->phases[r->n_phases++] = p;
	return 0;
}

static int proviso(struct rp_reader *in, const json_t *v)
{
	struct rp_result *r = in->r;
	if (!json_is_string(v))
		return rp_read_bad(in, "provisos", "holds what is not a string");
	const char **grown =
		rp_list_grow(&r->findings, r->provisos, r->n_provisos, &r->room_provisos, sizeof *grown);
	if (grown == NULL)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	r->provisos = grown;
	r->provisos[r->n_provisos] = rp_arena_strdup(r->findings.memory, json_string_value(v));
	return r->provisos[r->n_provisos++] != NULL ? 0 : rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
}

static int each(struct rp_reader *in, const json_t *root, const char *name,
		int (*read)(struct rp_reader *in, const json_t *v))
{
	const json_t *list = json_object_get(root, name);
	if (!json_is_array(list))
		return rp_read_bad(in, name, "is not a list");
	in->part = name;
	for (in->index = 0; in->index < json_array_size(list); in->index++)
		if (read(in, json_array_get(list, in->index)) < 0)
			return -1;
	in->part = NULL;
	return 0;
}

static int manifest(struct rp_reader *in, const json_t *object)
{
	if (json_is_null(object))
		return 0;
	struct rp_result *r = in->r;
	in->part = "manifest";
	in->index = 0;
	const json_t *keys = json_object_get(object, "signedBy");
	if (rp_read_only(in, object, (const char *const[]){"sha256", "sealedAt", "signedBy", NULL}) < 0 ||
	    rp_read_text(in, object, "sha256", false, &r->manifest_sha256) < 0 ||
	    rp_read_moment(in, object, "sealedAt", &r->sealed_ms) < 0)
		return -1;
	if (!json_is_array(keys))
		return rp_read_bad(in, "signedBy", "is not a list");
	size_t n = json_array_size(keys);
	const char **ids = rp_arena_array(r->findings.memory, n != 0 ? n : 1, sizeof *ids);
	if (ids == NULL)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		const json_t *id = json_array_get(keys, i);
		if (!json_is_string(id))
			return rp_read_bad(in, "signedBy", "holds what is not a string");
		if ((ids[i] = rp_arena_strdup(r->findings.memory, json_string_value(id))) == NULL)
			return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	}
	r->signed_by = ids;
	r->n_signed_by = n;
	in->part = NULL;
	return 0;
}

static int agrees(struct rp_reader *in, const json_t *root)
{
	const struct rp_summary s = rp_result_summary(in->r);
	const struct {
		const char *name;
		size_t is;
	} counts[] = {{"pass", s.pass},	    {"fail", s.fail},	{"notRun", s.not_run}, {"error", s.error},
		      {"waived", s.waived}, {"drift", s.drift}, {"excused", s.excused}};
	static const char *const names[] = {"pass",   "fail",  "notRun",  "error",
					    "waived", "drift", "excused", NULL};
	const json_t *summary = json_object_get(root, "summary");
	if (rp_read_only(in, summary, names) < 0)
		return -1;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		json_int_t said = 0;
		if (rp_read_whole_number(in, summary, counts[i].name, INT64_MAX, &said) < 0)
			return -1;
		if ((size_t)said != counts[i].is)
			return rp_read_bad(in, counts[i].name, "does not agree with the findings");
	}
	json_int_t status = 0;
	const char *verdict = json_string_value(json_object_get(root, "verdict"));
	const char *state = json_string_value(json_object_get(root, "state"));
	if (rp_read_whole_number(in, root, "status", RP_USED_WRONGLY, &status) < 0)
		return -1;
	if (status != (json_int_t)rp_result_status(in->r))
		return rp_read_bad(in, "status", "does not agree with the findings");
	if (verdict == NULL || strcmp(verdict, rp_result_verdict(in->r)) != 0)
		return rp_read_bad(in, "verdict", "does not agree with the findings");
	if (state == NULL || strcmp(state, in->r->finished_ms != 0 ? "finished" : "started") != 0)
		return rp_read_bad(in, "state", "does not agree with 'finishedAt'");
	return 0;
}

static int root_of(struct rp_reader *in, const json_t *root)
{
	static const char *const names[] = {
		"schema",     "target",	  "status",    "verdict",    "state",	   "startedAt", "finishedAt",
		"noManifest", "manifest", "refused",   "complete",   "provisos",   "about",	"phases",
		"summary",    "findings", "selection", "objectives", "population", "history",	"changes",
		"waivers",    "ledger",	  "speakers",  "timings",    "controls",   "options",	NULL};
	struct rp_result *r = in->r;
	const char *schema = json_string_value(json_object_get(root, "schema"));
	if (schema == NULL || strcmp(schema, "reprove/result/v1") != 0)
		return rp_err_set(in->err, RP_ERR_IO, "schema is not 'reprove/result/v1'");
	json_int_t refused = 0;
	bool complete = false;
	if (rp_read_only(in, root, names) < 0 || rp_read_text(in, root, "target", false, &r->target) < 0 ||
	    rp_read_moment(in, root, "startedAt", &r->started_ms) < 0 ||
	    rp_read_moment(in, root, "finishedAt", &r->finished_ms) < 0 ||
	    rp_read_boolean(in, root, "noManifest", false, &r->without_manifest) < 0 ||
	    rp_read_boolean(in, root, "complete", false, &complete) < 0 ||
	    rp_read_whole_number(in, root, "refused", RP_USED_WRONGLY, &refused) < 0 ||
	    manifest(in, json_object_get(root, "manifest")) < 0 ||
	    rp_read_selection(in, json_object_get(root, "selection")) < 0 ||
	    rp_layout_read_some(in, &rp_record_layout, root, &r->record) < 0 ||
	    each(in, root, "provisos", proviso) < 0 || each(in, root, "about", about) < 0 ||
	    each(in, root, "phases", phase) < 0 || each(in, root, "findings", finding) < 0)
		return -1;
	if (r->findings.failed)
		return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
	r->refused = (enum rp_status)refused;
	r->findings.failed = !complete;
	return agrees(in, root);
}

int rp_result_read(struct rp_result **ret, const char *json, size_t len, struct rp_err **err)
{
	if (len > RP_RESULT_MAX)
		return rp_err_set(err, RP_ERR_IO, "result: larger than %u bytes", RP_RESULT_MAX);
	json_error_t why;
	json_set_alloc_funcs(rp_memory_alloc, free);
	rp_memory_forget();
	rp_cleanup(json_drop) json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);
	if (rp_memory_failed()) /* jansson may have gone on with less */
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory while a result is read");
	if (root == NULL)
		return rp_err_set(err, RP_ERR_IO, "result: not JSON: line %d: %s", why.line, why.text);
	rp_auto(rp_result) r = NULL;
	if (rp_result_new(&r, "", err) < 0)
		return -1;
	struct rp_reader in = {.r = r, .err = err};
	if (root_of(&in, root) < 0)
		return rp_err_wrap(err, "result");
	*ret = rp_take(r);
	return 0;
}
