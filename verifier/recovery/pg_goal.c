/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_goal.h"

#include <stdio.h>
#include <string.h>

#include "verifier/survey/survey.h"
#include "verifier/util/argv.h"
#include "verifier/util/error.h"

#define NAME_MAX_LEN 63 /* no server takes a longer one */

static const struct rp_position *sealed_position(const struct rp_wanted *w)
{
	return w != NULL && w->sealed != NULL ? &w->sealed->position : NULL;
}

/* The manifest's own position, if it has one. */
static int stop_as_sealed(struct rp_pg_goal *g, const struct rp_wanted *w, bool demanded, struct rp_err **err)
{
	const struct rp_position *at = sealed_position(w);
	const char *lsn = at != NULL ? rp_position_fact(at, "recovery_lsn") : NULL;
	const char *timeline = at != NULL ? rp_position_fact(at, "recovery_timeline") : NULL;
	const char *refused = at != NULL ? rp_position_fact(at, "recovery_refused") : NULL;
	uint64_t n = 0;
	if (lsn == NULL && demanded) {
		rp_err_set(err, RP_ERR_USAGE, "there is no sealed position to recover to: %s",
			   at == NULL	     ? "there is no manifest"
			   : refused != NULL ? refused
					     : "the manifest was not sealed for a physical backup");
		return rp_err_hint(err, "seal with --physical, or say where to stop: --recover-to end");
	}
	if (lsn == NULL)
		return 0;
	if (!rp_pg_place_parse(lsn, strlen(lsn), &g->position) || g->position == 0 ||
	    (timeline != NULL && !rp_parse_u64(timeline, 1, UINT32_MAX, &n)))
		return rp_err_set(err, RP_ERR_TRUST, "the manifest's position in the log cannot be read");
	g->kind = RP_UNTIL_SEALED;
	g->timeline = (unsigned)n;
	(void)snprintf(g->text, sizeof g->text, "the sealed position %s", lsn);
	return 0;
}

static int stop_at_position(struct rp_pg_goal *g, const char *text, struct rp_err **err)
{
	if (!rp_pg_place_parse(text, strlen(text), &g->position) || g->position == 0)
		return rp_err_set(err, RP_ERR_USAGE,
				  "'%s' is no position in PostgreSQL's log, like lsn:0/3000060", text);
	g->kind = RP_UNTIL_POSITION;
	g->inclusive = true;
	(void)snprintf(g->text, sizeof g->text, "position %s", text);
	return 0;
}

int rp_pg_goal_decide(struct rp_pg_goal *ret, const struct rp_wanted *w, struct rp_err **err)
{
	static const struct rp_until unsaid = {.kind = RP_UNTIL_UNSAID};
	const struct rp_until *u = w != NULL ? &w->until : &unsaid;
	struct rp_pg_goal *g = ret;
	*g = (struct rp_pg_goal){.kind = RP_UNTIL_END};
	(void)snprintf(g->text, sizeof g->text, "the end of the log");
	switch (u->kind) {
	case RP_UNTIL_END:
		return 0;
	case RP_UNTIL_UNSAID:
	case RP_UNTIL_SEALED:
		return stop_as_sealed(g, w, u->kind == RP_UNTIL_SEALED, err);
	case RP_UNTIL_POSITION:
		return stop_at_position(g, u->text, err);
	case RP_UNTIL_TIME:
		g->kind = u->kind;
		rp_time_format(u->time_ms, g->time);
		(void)snprintf(g->text, sizeof g->text, "time %s", g->time);
		return 0;
	case RP_UNTIL_NAME:
		if (strlen(u->text) > NAME_MAX_LEN)
			return rp_err_set(err, RP_ERR_USAGE, "'%s' is too long for a restore point's name",
					  u->text);
		g->kind = u->kind;
		g->name = u->text;
		(void)snprintf(g->text, sizeof g->text, "restore point '%.63s'", g->name);
		return 0;
	}
	return 0;
}

void rp_pg_goal_settings(const struct rp_pg_goal *g, struct rp_argv *to)
{
	char at[RP_PG_LSN_TEXT];
	rp_pg_place_format(g->position, at);
	if (g->position != 0)
		rp_argv_addf(to, "recovery_target_lsn=%s", at);
	else if (g->kind == RP_UNTIL_TIME)
		/* It is read before names of time zones are known, and "Z" is one. */
		rp_argv_addf(to, "recovery_target_time=%.10s %.*s+00", g->time,
			     (int)strcspn(g->time + 11, "Z"), g->time + 11);
	else if (g->kind == RP_UNTIL_NAME)
		rp_argv_addf(to, "recovery_target_name=%s", g->name);
	if (g->position != 0 && !g->inclusive)
		rp_argv_add(to, "recovery_target_inclusive=off");
}

static bool begins(const struct rp_pg_step *step, const char *with)
{
	size_t n = strlen(with);
	return step->why_len >= n && memcmp(step->why, with, n) == 0;
}

/* The server itself has written down where it left the log, and why. */
bool rp_pg_goal_reached(const struct rp_pg_goal *g, const struct rp_pg_step *step)
{
	char expected[128];
	uint64_t lsn;
	size_t n;
	switch (g->kind) {
	case RP_UNTIL_END:
	case RP_UNTIL_UNSAID:
		return begins(step, "no recovery target specified");
	case RP_UNTIL_SEALED:
	case RP_UNTIL_POSITION:
		/* What was replayed last may end at a page's end, and the next record begin behind the next page's head. */
		(void)snprintf(expected, sizeof expected, "%s LSN ", g->inclusive ? "after" : "before");
		n = strlen(expected);
		return begins(step, expected) && rp_pg_place_parse(step->why + n, step->why_len - n, &lsn) &&
		       lsn == g->position && step->until + RP_PG_SEGMENT_HEAD >= g->position;
	case RP_UNTIL_TIME:
		return begins(step, "before ") && !begins(step, "before LSN");
	case RP_UNTIL_NAME:
		(void)snprintf(expected, sizeof expected, "at restore point \"%s\"", g->name);
		return begins(step, expected);
	}
	return false;
}
