/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "verifier/result/layout.h"
#include "verifier/result/result.h"
#include "verifier/result/text.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* Written by hand and not by a library: the order of the members and one finding's shape are part of what
 * docs/result-format.md promises, and the same struct must always give the same bytes. */

static void member(struct rp_buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	rp_buf_addf(b, ", \"%s\": ", name);
	rp_text_add_json(b, value);
}

static void time_or_null(struct rp_buf *b, int64_t ms)
{
	char text[RP_TIME_TEXT];
	int64_t back;
	rp_time_format(ms, text);
	if (ms == 0 || !rp_time_parse(text, &back)) /* a manifest's time may be of no calendar */
		rp_buf_add(b, "null");
	else
		rp_buf_addf(b, "\"%s\"", text);
}

static void facts(struct rp_buf *b, const struct rp_fact *all, size_t n)
{
	rp_buf_add(b, "{");
	for (size_t i = 0; i < n; i++) {
		rp_buf_add(b, i > 0 ? ", " : "");
		rp_text_add_json(b, all[i].name);
		rp_buf_add(b, ": ");
		rp_text_add_json(b, all[i].value);
	}
	rp_buf_add(b, "}");
}

static void rows_of(struct rp_buf *b, const struct rp_finding *f, enum rp_change change, const char *name)
{
	const char *between = "";
	rp_buf_addf(b, "\"%s\": [", name);
	for (size_t i = 0; i < f->n_rows; i++) {
		const struct rp_row_note *row = &f->rows[i];
		if (row->change != change)
			continue;
		rp_buf_addf(b, "%s\n      {\"key\": ", between);
		facts(b, row->key, row->n_key);
		if (row->values != NULL) {
			rp_buf_add(b, ", \"values\": ");
			facts(b, row->values, row->n_values);
		}
		rp_buf_add(b, "}");
		between = ",";
	}
	rp_buf_add(b, "], ");
}

static void finding(struct rp_buf *b, const struct rp_finding *f)
{
	rp_buf_add(b, "    {\"check\": ");
	rp_text_add_json(b, f->check);
	member(b, "object", f->object);
	member(b, "verdict", rp_verdict_word(f->verdict));
	member(b, "severity", rp_severity_word(f->severity));
	/* A pass has a cause only where something differs. */
	if (f->verdict != RP_PASS || f->cause != RP_BY_DAMAGE)
		member(b, "cause", rp_cause_word(f->cause));
	rp_buf_addf(b, ", \"looked\": \"%" PRIu64 "\"", f->looked);
	rp_buf_add(b, f->excused ? ", \"excused\": true" : "");
	member(b, "expected", f->expected);
	member(b, "found", f->found);
	member(b, "message", f->message);
	if (f->n_rows > 0 || f->rows_complete) {
		rp_buf_add(b, ",\n     \"rows\": {");
		rows_of(b, f, RP_LOST, "lost");
		rows_of(b, f, RP_CHANGED, "changed");
		rows_of(b, f, RP_GAINED, "gained");
		rp_buf_addf(b, "\"complete\": %s}", f->rows_complete ? "true" : "false");
	}
	rp_buf_add(b, "}");
}

static void manifest(struct rp_buf *b, const struct rp_result *r)
{
	rp_buf_add(b, "  \"manifest\": ");
	if (r->manifest_sha256 == NULL) {
		rp_buf_add(b, "null,\n");
		return;
	}
	rp_buf_add(b, "{\"sha256\": ");
	rp_text_add_json(b, r->manifest_sha256);
	rp_buf_add(b, ", \"sealedAt\": ");
	time_or_null(b, r->sealed_ms);
	rp_buf_add(b, ", \"signedBy\": [");
	for (size_t i = 0; i < r->n_signed_by; i++) {
		rp_buf_add(b, i > 0 ? ", " : "");
		rp_text_add_json(b, r->signed_by[i]);
	}
	rp_buf_add(b, "]},\n");
}

/* Left out where there was nothing to choose, and by versions that could not. */
static void selection(struct rp_buf *b, const struct rp_selection *s)
{
	if (s->method == NULL)
		return;
	rp_buf_add(b, "  \"selection\": {\"method\": ");
	rp_text_add_json(b, s->method);
	member(b, "seed", s->seed);
	member(b, "seedBy", s->seed_by);
	rp_buf_add(b, ", \"candidates\": [");
	for (size_t i = 0; i < s->n; i++) {
		rp_buf_addf(b, "%s\n    {\"name\": ", i > 0 ? "," : "");
		rp_text_add_json(b, s->all[i].name);
		rp_buf_add(b, ", \"takenAt\": ");
		time_or_null(b, s->all[i].taken_ms);
		rp_buf_addf(b, ", \"bytes\": \"%" PRIu64 "\"", s->all[i].bytes);
		member(b, "aside", s->all[i].aside);
		rp_buf_add(b, s->all[i].chosen ? ", \"chosen\": true}" : "}");
	}
	rp_buf_add(b, "]},\n");
}

/* What surrounds the run, each part on a line; behind it, and where there is none of it, stands the next member. */
static void record(struct rp_buf *b, const struct rp_record *of)
{
	size_t before = b->len;
	rp_layout_write(b, &rp_record_layout, of, ",\n  ");
	rp_buf_add(b, b->len > before ? ",\n  " : "");
}

static void head(struct rp_buf *b, const struct rp_result *r)
{
	rp_buf_add(b, "{\n  \"schema\": \"reprove/result/v1\",\n  \"target\": ");
	rp_text_add_json(b, r->target);
	rp_buf_addf(
		b, ",\n  \"status\": %d,\n  \"verdict\": \"%s\",\n  \"state\": \"%s\",\n  \"startedAt\": ",
		(int)rp_result_status(r), rp_result_verdict(r), r->finished_ms != 0 ? "finished" : "started");
	time_or_null(b, r->started_ms);
	rp_buf_add(b, ",\n  \"finishedAt\": ");
	time_or_null(b, r->finished_ms);
	rp_buf_addf(b, ",\n  \"noManifest\": %s,\n", r->without_manifest ? "true" : "false");
	manifest(b, r);
	selection(b, &r->selection);
	rp_buf_add(b, "  ");
	record(b, &r->record);
	rp_buf_addf(b, "\"refused\": %d,\n  \"complete\": %s,\n", (int)r->refused,
		    r->findings.failed ? "false" : "true");
}

static void lists(struct rp_buf *b, const struct rp_result *r)
{
	rp_buf_add(b, "  \"provisos\": [");
	for (size_t i = 0; i < r->n_provisos; i++) {
		rp_buf_add(b, i > 0 ? ", " : "");
		rp_text_add_json(b, r->provisos[i]);
	}
	rp_buf_add(b, "],\n  \"about\": [");
	for (size_t i = 0; i < r->n_about; i++) {
		rp_buf_addf(b, "%s\n    {\"name\": ", i > 0 ? "," : "");
		rp_text_add_json(b, r->about[i].name);
		member(b, "value", r->about[i].value);
		rp_buf_add(b, "}");
	}
	rp_buf_add(b, "],\n  \"phases\": [");
	for (size_t i = 0; i < r->n_phases; i++) {
		rp_buf_addf(b, "%s\n    {\"name\": ", i > 0 ? "," : "");
		rp_text_add_json(b, r->phases[i].name);
		rp_buf_addf(b, ", \"ms\": \"%" PRId64 "\"}", r->phases[i].ms);
	}
	rp_buf_add(b, "],\n");
}

int rp_result_write(const struct rp_result *r, struct rp_buf *json, struct rp_err **err)
{
	struct rp_summary s = rp_result_summary(r);
	head(json, r);
	lists(json, r);
	rp_buf_addf(json,
		    "  \"summary\": {\"pass\": %zu, \"fail\": %zu, \"notRun\": %zu, \"error\": %zu, "
		    "\"waived\": %zu, "
		    "\"drift\": %zu, \"excused\": %zu},\n  \"findings\": [",
		    s.pass, s.fail, s.not_run, s.error, s.waived, s.drift, s.excused);
	for (size_t i = 0; i < r->findings.n && !json->failed; i++) {
		rp_buf_add(json, i > 0 ? ",\n" : "\n");
		finding(json, &r->findings.all[i]);
	}
	rp_buf_add(json, "]\n}\n");
	return rp_buf_check(json, err) < 0 ? rp_err_wrap(err, "result of '%s'", r->target) : 0;
}
