/* SPDX-License-Identifier: MIT */
#include "reports/metrics.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "reports/report.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define FILE_MAX_BYTES (1u << 20)
#define SUCCESS	       "reprove_last_success_timestamp_seconds"

/* A label's value: the format escapes these three, and everything else that is no plain text was spelt out before. */
static void add_label(struct rp_buf *out, const char *text)
{
	rp_autobuf plain = RP_BUF_INIT(1u << 20);
	rp_buf_add_plain(&plain, text);
	for (const char *s = rp_buf_text(&plain); *s != '\0'; s++) {
		if (*s == '\\' || *s == '"')
			rp_buf_addf(out, "\\%c", *s);
		else if (*s == '\n')
			rp_buf_add(out, "\\n");
		else
			rp_buf_add_mem(out, s, 1);
	}
}

static void head(struct rp_buf *out, const char *name, const char *help)
{
	rp_buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void line(struct rp_buf *out, const char *name, const char *target, const char *label,
		 const char *value)
{
	rp_buf_addf(out, "%s{target=\"", name);
	add_label(out, target);
	if (label != NULL) {
		rp_buf_addf(out, "\",%s=\"", label);
		add_label(out, value);
	}
	rp_buf_add(out, "\"} ");
}

static void seconds(struct rp_buf *out, int64_t ms)
{
	rp_buf_addf(out, "%" PRId64 ".%03d\n", ms / 1000, (int)(ms % 1000));
}

static void moment(struct rp_buf *out, const char *name, const char *help, const char *target, int64_t ms)
{
	if (ms <= 0)
		return;
	head(out, name, help);
	line(out, name, target, NULL, NULL);
	seconds(out, ms);
}

static void findings(const struct rp_result *r, struct rp_buf *out)
{
	static const char name[] = "reprove_findings";
	const struct rp_summary s = rp_result_summary(r);
	const struct {
		const char *word;
		size_t n;
	} all[] = {{"pass", s.pass},
		   {"fail", s.fail},
		   {"not-run", s.not_run},
		   {"error", s.error},
		   {"waived", s.waived}};
	head(out, name, "Answers of the last verification by verdict.");
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		line(out, name, r->target, "verdict", all[i].word);
		rp_buf_addf(out, "%zu\n", all[i].n);
	}
}

static void objectives(const struct rp_result *r, struct rp_buf *out)
{
	static const char name[] = "reprove_objective_seconds";
	const struct rp_objectives *o = r->record.objectives;
	const struct rp_rpo *rpo = o != NULL ? o->rpo : NULL;
	const struct rp_rto *rto = o != NULL ? o->rto : NULL;
	if (rpo != NULL && rpo->untold == NULL)
		moment(out, "reprove_newest_backup_timestamp_seconds",
		       "When the newest good backup was sealed.", r->target, rpo->newest_ms);
	if (rto != NULL && rto->measured_ms > 0) {
		head(out, "reprove_restore_duration_seconds",
		     "How long the last restore took, under test conditions.");
		line(out, "reprove_restore_duration_seconds", r->target, NULL, NULL);
		seconds(out, rto->measured_ms);
	}
	const struct {
		const char *what;
		int64_t ms;
	} asked[] = {{"rpo", rpo != NULL ? rpo->asked_ms : 0}, {"rto", rto != NULL ? rto->asked_ms : 0}};
	if (asked[0].ms > 0 || asked[1].ms > 0)
		head(out, name, "What was asked for, at most.");
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		if (asked[i].ms <= 0)
			continue;
		line(out, name, r->target, "objective", asked[i].what);
		seconds(out, asked[i].ms);
	}
}

/* A phase that ran twice has one line: two of one name would make the whole file invalid. */
static void phases(const struct rp_result *r, struct rp_buf *out)
{
	static const char name[] = "reprove_phase_duration_seconds";
	head(out, name, "How long each phase of the last verification took.");
	for (size_t i = 0; i < r->n_phases; i++) {
		int64_t ms = 0;
		bool seen = false;
		for (size_t j = 0; j < r->n_phases; j++) {
			bool same = strcmp(r->phases[j].name, r->phases[i].name) == 0;
			seen |= same && j < i;
			ms += same ? r->phases[j].ms : 0;
		}
		if (seen)
			continue;
		line(out, name, r->target, "phase", r->phases[i].name);
		seconds(out, ms);
	}
}

void rp_metrics_render(const struct rp_result *r, int64_t last_success_ms, struct rp_buf *out)
{
	enum rp_status status = rp_result_status(r);
	int64_t ended = r->finished_ms != 0 ? r->finished_ms : r->started_ms;
	/* 'restorable' is no proof of what was sealed. */
	bool success = status == RP_VERIFIED && !r->without_manifest;
	head(out, "reprove_last_result", "Exit status of the last verification: 0 is verified.");
	line(out, "reprove_last_result", r->target, NULL, NULL);
	rp_buf_addf(out, "%d\n", (int)status);
	moment(out, "reprove_last_run_timestamp_seconds", "When the last verification ended.", r->target,
	       ended);
	moment(out, SUCCESS, "When a verification ended verified for the last time.", r->target,
	       success ? ended : last_success_ms);
	moment(out, "reprove_backup_sealed_timestamp_seconds", "When the backup verified last was sealed.",
	       r->target, r->sealed_ms);
	head(out, "reprove_duration_seconds", "How long the last verification took.");
	line(out, "reprove_duration_seconds", r->target, NULL, NULL);
	seconds(out, ended - r->started_ms);
	findings(r, out);
	phases(r, out);
	objectives(r, out);
}

/* "NAME{target="..."} 1795281960.139" of a file of ours; 0: it does not say. */
static int64_t last_success(const char *path)
{
	rp_autobuf text = RP_BUF_INIT(FILE_MAX_BYTES);
	if (access(path, F_OK) < 0 || rp_file_read(path, &text, NULL) < 0)
		return 0;
	const char *at = strstr(rp_buf_text(&text), "\n" SUCCESS "{");
	const char *value = at != NULL ? strstr(at, "\"} ") : NULL;
	const char *end = value != NULL ? strchr(value, '\n') : NULL;
	char number[32] = "";
	size_t len = end != NULL ? (size_t)(end - value) - 3 : 0;
	int64_t whole, milli;
	if (len < 5 || len >= sizeof number)
		return 0;
	memcpy(number, value + 3, len);
	char *dot = strchr(number, '.');
	if (dot == NULL || strlen(dot) != 4)
		return 0;
	*dot = '\0';
	const char *fraction = dot + 1;
	while (*fraction == '0' && fraction[1] != '\0')
		fraction++;
	return rp_parse_i64(number, 0, INT64_MAX / 1000 - 1, &whole) && rp_parse_i64(fraction, 0, 999, &milli)
		       ? whole * 1000 + milli
		       : 0;
}

int rp_metrics_write(const struct rp_result *r, const char *dir, struct rp_err **err)
{
	static const struct rp_report named = {.file = "reprove-*.prom"};
	rp_autofree char *file = rp_report_file(&named, r->target);
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	rp_autobuf text = RP_BUF_INIT(FILE_MAX_BYTES);
	if (file == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_buf_addf(&path, "%s/%s", dir, file);
	if (rp_buf_check(&path, err) < 0)
		return -1;
	rp_metrics_render(r, last_success(rp_buf_text(&path)), &text);
	if (rp_buf_check(&text, err) < 0 ||
	    rp_file_replace(rp_buf_text(&path), rp_buf_text(&text), text.len, 0644, err) < 0)
		return rp_err_wrap(err, "metrics");
	return 0;
}
