/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "verifier/notify/notify.h"
#include "verifier/result/text.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

#define VALUE_MAX (16u << 10)

/* Names are written by strangers: what a terminal would obey, and what is not UTF-8, is made visible. */
static void add_text(struct rp_buf *out, const char *s)
{
	rp_autobuf clean = RP_BUF_INIT(4 * VALUE_MAX);

	rp_text_add_utf8(&clean, s, VALUE_MAX);
	rp_text_add_json(out, rp_buf_text(&clean));
}

static void member(struct rp_buf *out, const char *name, const char *value)
{
	rp_buf_addf(out, ",\"%s\":", name);
	if (value)
		add_text(out, value);
	else
		rp_buf_add(out, "null");
}

static void time_of(int64_t ms, char ret[RP_TIME_TEXT])
{
	ret[0] = '\0';
	if (ms)
		rp_time_format(ms, ret);
}

void rp_notice_json(const struct rp_notice *n, struct rp_buf *out)
{
	char started[RP_TIME_TEXT], finished[RP_TIME_TEXT];

	time_of(n->started_ms, started);
	time_of(n->finished_ms, finished);
	rp_buf_add(out, "{\"schema\":\"reprove/notice/v1\"");
	member(out, "event", "finished");
	member(out, "run", n->run);
	rp_buf_addf(out, ",\"correction\":%s", n->correction ? "true" : "false");
	member(out, "target", n->target);
	rp_buf_addf(out, ",\"status\":%d", n->status);
	member(out, "verdict", n->verdict);
	member(out, "text", n->text);
	member(out, "point", n->point);
	member(out, "manifest", n->manifest);
	member(out, "startedAt", *started ? started : NULL);
	member(out, "finishedAt", *finished ? finished : NULL);
	rp_buf_addf(out,
		    ",\"summary\":{\"pass\":%zu,\"fail\":%zu,\"notRun\":%zu,\"error\":%zu,\"waived\":%zu}}\n",
		    n->count.pass, n->count.fail, n->count.not_run, n->count.error, n->count.waived);
}

static void variable(struct rp_argv *env, const char *name, const char *value)
{
	rp_autobuf clean = RP_BUF_INIT(8 * VALUE_MAX);
	rp_autobuf cut = RP_BUF_INIT(4 * VALUE_MAX);

	rp_text_add_utf8(&cut, value ? value : "", VALUE_MAX);
	rp_buf_add_plain(&clean, rp_buf_text(&cut));
	rp_argv_addf(env, "REPROVE_%s=%s", name, rp_buf_text(&clean));
}

void rp_notice_environment(const struct rp_notice *n, struct rp_argv *env)
{
	char started[RP_TIME_TEXT], finished[RP_TIME_TEXT];
	const struct {
		const char *name, *value;
	} texts[] = {{"EVENT", "finished"},
		     {"RUN", n->run},
		     {"CORRECTION", n->correction ? "1" : "0"},
		     {"TARGET", n->target},
		     {"VERDICT", n->verdict},
		     {"TEXT", n->text},
		     {"POINT", n->point},
		     {"MANIFEST", n->manifest},
		     {"STARTED_AT", started},
		     {"FINISHED_AT", finished},
		     {"REPORTS", n->reports}};
	const struct {
		const char *name;
		size_t value;
	} numbers[] = {{"STATUS", (size_t)n->status}, {"PASS", n->count.pass},	 {"FAIL", n->count.fail},
		       {"NOT_RUN", n->count.not_run}, {"ERROR", n->count.error}, {"WAIVED", n->count.waived}};

	time_of(n->started_ms, started);
	time_of(n->finished_ms, finished);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		variable(env, texts[i].name, texts[i].value);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		rp_argv_addf(env, "REPROVE_%s=%zu", numbers[i].name, numbers[i].value);
}
