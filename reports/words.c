/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "reports/outline.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

void rp_words_count(struct rp_buf *out, uint64_t n, const char *noun)
{
	char text[RP_TIME_TEXT];
	rp_count_format(n, text);
	rp_buf_addf(out, "%s %s%s", text, noun, n == 1 ? "" : "s");
}

void rp_words_time(struct rp_buf *out, int64_t ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char text[RP_TIME_TEXT];
	uint64_t month;
	rp_time_format(ms, text);
	if (strlen(text) < 20 || !rp_parse_u64((char[]){text[5], text[6], '\0'}, 1, 12, &month)) {
		rp_buf_add(out, "at an unknown time");
		return;
	}
	rp_buf_addf(out, "%.2s %.3s %.4s, %.8s UTC", text + 8, months + 3 * (month - 1), text, text + 11);
}

void rp_words_length(int64_t ms, char ret[RP_TIME_TEXT])
{
	static const char *const round[] = {" 00 s", " 00 min"};
	const int64_t hour = INT64_C(3600) * 1000, day = 24 * hour;
	if (ms >= 3 * day) {
		int64_t hours = ms % day / hour;
		(void)snprintf(ret, RP_TIME_TEXT,
			       hours > 0 ? "%" PRId64 " days %" PRId64 " h" : "%" PRId64 " days", ms / day,
			       hours);
		return;
	}
	rp_length_format(ms, ret);
	for (size_t i = 0; i < sizeof round / sizeof round[0]; i++) {
		size_t len = strlen(ret), end = strlen(round[i]);
		if (len > end && strcmp(ret + len - end, round[i]) == 0)
			ret[len - end] = '\0';
	}
}

const char *rp_words_about(const struct rp_result *r, const char *name)
{
	for (size_t i = 0; i < r->n_about; i++)
		if (strcmp(r->about[i].name, name) == 0)
			return r->about[i].value;
	return NULL;
}

const char *rp_words_left_out(const char *proviso)
{
	static const char start[] = "not compared: ";
	return strncmp(proviso, start, sizeof start - 1) == 0 ? proviso + sizeof start - 1 : NULL;
}

static bool failed(const struct rp_outline *o, const char *check)
{
	for (size_t i = 0; i < o->n_groups; i++)
		if (strcmp(o->groups[i].check, check) == 0)
			return o->groups[i].count.fail > 0;
	return false;
}

static bool not_even_restored(const struct rp_outline *o)
{
	return failed(o, "restore.complete");
}

/* Nothing fails but what was asked for beyond the backup: its age, its time, the amount of data. */
static bool only_objectives(const struct rp_outline *o)
{
	static const char *const wishes[] = {"restore.time", "objective.rpo", "scope.drop"};
	for (size_t i = 0; i < o->n_groups; i++) {
		bool wish = false;
		for (size_t k = 0; k < sizeof wishes / sizeof wishes[0]; k++)
			wish |= strcmp(o->groups[i].check, wishes[k]) == 0;
		if (o->groups[i].count.fail > 0 && !wish)
			return false;
	}
	return o->count.fail > 0;
}

static void verdict_objectives(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_summary *c = &o->count;
	const char *target = o->result->target;
	if (c->error > 0 || c->not_run > c->excused || o->n_missing > 0)
		rp_buf_addf(out, "An objective for %s is missed, and not everything else could be told.",
			    target);
	else if (o->result->without_manifest)
		rp_buf_addf(
			out,
			"The backup of %s can be restored, but an objective is missed. What came back was compared with "
			"nothing.",
			target);
	else
		rp_buf_addf(
			out,
			"The backup of %s restores, and what came back is what was sealed, but an objective is missed.",
			target);
}

const char *rp_words_title(const struct rp_outline *o)
{
	switch (o->status) {
	case RP_VERIFIED:
		return o->result->without_manifest ? "Restorable, not compared" : "Verified";
	case RP_FAILED:
		return not_even_restored(o)	     ? "Does not restore"
		       : only_objectives(o)	     ? "Objective missed"
		       : o->result->without_manifest ? "Failed"
						     : "Not what was sealed";
	case RP_UNTRUSTED:
		return "Not trusted";
	case RP_USED_WRONGLY:
		return "Not started";
	case RP_INCONCLUSIVE:
		break;
	}
	return o->result->finished_ms == 0 && o->result->findings.n == 0 ? "Not finished" : "Could not tell";
}

static void verdict_failed(const struct rp_outline *o, struct rp_buf *out)
{
	const char *target = o->result->target;
	if (not_even_restored(o))
		rp_buf_addf(out, "The backup of %s cannot be restored.", target);
	else if (only_objectives(o))
		verdict_objectives(o, out);
	else if (o->result->without_manifest)
		rp_buf_addf(out, "The backup of %s restores, and what came back is not sound.", target);
	else
		rp_buf_addf(out, "The backup of %s is not what was sealed.", target);
}

static void verdict_inconclusive(const struct rp_outline *o, struct rp_buf *out)
{
	const char *target = o->result->target;
	if (o->result->findings.n == 0)
		rp_buf_addf(out,
			    o->result->finished_ms == 0
				    ? "The verification of %s was started and has not finished. Nothing is "
				      "proved."
				    : "Nothing was checked about the backup of %s. Nothing is proved.",
			    target);
	else
		rp_buf_addf(out, "It could not be told whether the backup of %s is good.", target);
}

void rp_words_verdict(const struct rp_outline *o, struct rp_buf *out)
{
	const char *target = o->result->target;
	switch (o->status) {
	case RP_VERIFIED:
		rp_buf_addf(out,
			    o->result->without_manifest
				    ? "The backup of %s can be restored. What came back was compared with "
				      "nothing."
				    : "The backup of %s restores, and what came back is what was sealed.",
			    target);
		break;
	case RP_FAILED:
		verdict_failed(o, out);
		break;
	case RP_UNTRUSTED:
		rp_buf_addf(
			out,
			"The manifest for %s is not to be trusted, so nothing is proved about the backup.",
			target);
		break;
	case RP_USED_WRONGLY:
		rp_buf_addf(
			out,
			"The verification of %s was not started: the options or the configuration are wrong.",
			target);
		break;
	case RP_INCONCLUSIVE:
		verdict_inconclusive(o, out);
		break;
	}
}

struct remark {
	void (*each)(void *ctx, const char *sentence);
	void *ctx;
	struct rp_buf b;
};

static void say(struct remark *m)
{
	if (!m->b.failed)
		m->each(m->ctx, rp_buf_text(&m->b));
	rp_buf_reset(&m->b);
}

static void remark_on_troubles(const struct rp_outline *o, struct remark *m)
{
	const struct rp_summary *c = &o->count;
	size_t all = o->result->findings.n, not_run = c->not_run - c->excused;
	if (c->fail > 0) {
		rp_buf_addf(&m->b, "%zu of ", c->fail);
		rp_words_count(&m->b, all, "answer");
		rp_buf_add(&m->b, c->fail == 1 ? " fails." : " fail.");
		say(m);
	}
	if (c->error > 0) {
		rp_words_count(&m->b, c->error, "question");
		rp_buf_add(&m->b, " could not be answered.");
		say(m);
	}
	if (not_run > 0) {
		rp_words_count(&m->b, not_run, "question");
		rp_buf_add(&m->b, not_run == 1 ? " was not asked." : " were not asked.");
		say(m);
	}
}

static void remark_on_what_passes(const struct rp_outline *o, struct remark *m)
{
	const struct rp_summary *c = &o->count;
	if (c->waived > 0) {
		rp_words_count(&m->b, c->waived, "difference");
		rp_buf_add(&m->b, c->waived == 1 ? " is accepted by a waiver." : " are accepted by waivers.");
		say(m);
	}
	if (c->drift > 0) {
		rp_words_count(&m->b, c->drift, "difference");
		rp_buf_addf(&m->b, " %s explained by the change of server version.",
			    c->drift == 1 ? "is" : "are");
		say(m);
	}
	if (c->excused > 0) {
		rp_words_count(&m->b, c->excused, "question");
		rp_buf_addf(&m->b, " had nothing to ask about or %s excused; see what was not checked.",
			    c->excused == 1 ? "was" : "were");
		say(m);
	}
}

void rp_words_remarks(const struct rp_outline *o, void (*each)(void *ctx, const char *sentence), void *ctx)
{
	struct remark m = {.each = each, .ctx = ctx, .b = RP_BUF_INIT(4096)};
	remark_on_troubles(o, &m);
	if (o->n_missing > 0 && o->status == RP_INCONCLUSIVE && o->result->findings.n > 0) {
		rp_buf_add(&m.b, "This run is partial, it did not prove");
		for (size_t i = 0; i < o->n_missing; i++)
			rp_buf_addf(&m.b, "%s %s", i > 0 ? "," : "", o->missing[i]);
		rp_buf_add(&m.b, ".");
		say(&m);
	}
	remark_on_what_passes(o, &m);
	if (o->result->without_manifest) {
		rp_buf_add(
			&m.b,
			"There was no manifest: this run cannot say that the data is what it was, and does "
			"not count as a proof.");
		say(&m);
	}
	if (o->result->finished_ms == 0 && o->result->findings.n > 0) {
		rp_buf_add(&m.b, "This run did not finish.");
		say(&m);
	}
	if (o->result->findings.failed) {
		rp_buf_add(&m.b, "Memory ran out: some answers are not recorded.");
		say(&m);
	}
	rp_buf_done(&m.b);
}
