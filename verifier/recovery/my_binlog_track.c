/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/my_binlog_target.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

static const struct rp_binlog_gtid *of_domain(const struct rp_binlog_state *s, uint32_t domain)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].domain == domain)
			return &s->all[i];
	return NULL;
}

static int note(struct rp_binlog_state *s, const struct rp_binlog_gtid *g, struct rp_err **err)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].domain == g->domain) {
			s->all[i] = *g;
			return 0;
		}
	if (s->n == sizeof s->all / sizeof s->all[0])
		return rp_err_set(err, RP_ERR_ENGINE, "the binary log has more than %zu domains", s->n);
	s->all[s->n++] = *g;
	return 0;
}

/* "mysql-bin.000007" comes behind "mysql-bin.000006". */
static bool is_next_number(const char *before, const char *after)
{
	const char *a = strrchr(before, '.'), *b = strrchr(after, '.');
	return a != NULL && b != NULL && a - before == b - after &&
	       strncmp(before, after, (size_t)(a - before)) == 0 &&
	       strtoull(b + 1, NULL, 10) == strtoull(a + 1, NULL, 10) + 1;
}

static int too_late(const struct rp_binlog_track *t, struct rp_err **err)
{
	/* No damage: it is of another time than what was asked for. */
	(void)rp_err_set(err, RP_ERR_ENGINE,
			 "the backup stands at %s:%" PRIu64
			 " of the binary log, and the target is before that: %s",
			 t->start->file, t->start->at, t->target->text);
	return rp_err_hint(err, "choose an older backup");
}

static uint64_t number_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot != NULL ? strtoull(dot + 1, NULL, 10) : 0;
}

int rp_binlog_track_begin(struct rp_binlog_track *t, const char *name, struct rp_err **err)
{
	const struct rp_binlog_target *to = t->target;
	t->name = name;
	t->open = false;
	if (!t->followed && strcmp(name, t->start->file) != 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "the backup stands at %s:%" PRIu64
				  " of the binary log, and that file is not there: the first is '%s'",
				  t->start->file, t->start->at, name);
	if (!t->followed)
		return to->kind == RP_BINLOG_TO_POSITION && number_of(to->at.file) < number_of(name)
			       ? too_late(t, err)
			       : 0;
	bool next = t->next_name[0] != '\0' ? strcmp(t->next_name, name) == 0
					    : is_next_number(t->last_name, name);
	return next ? 0
		    : rp_err_set(err, RP_ERR_BACKUP, "a binary log is missing: behind '%s' comes '%s'%s%s",
				 t->last_name, name, t->next_name[0] != '\0' ? ", and it went on in " : "",
				 t->next_name);
}

/* What a log says came before it must be what the one before it ended with. The first one's is where we begin. */
static int compare_list(struct rp_binlog_track *t, const struct rp_binlog_event *e, struct rp_err **err)
{
	for (size_t i = 0; i < e->n_list; i++) {
		const struct rp_binlog_gtid *g = &e->list[i], *had = of_domain(&t->state, g->domain);
		if (t->followed && (had == NULL || had->number != g->number || had->server != g->server))
			return rp_err_set(
				err, RP_ERR_BACKUP,
				"transactions are missing between '%s' and '%s': the second begins behind GTID "
				"%u-%u-%" PRIu64 ", and the first ends with %u-%u-%" PRIu64,
				t->last_name, t->name, g->domain, g->server, g->number, g->domain,
				had != NULL ? had->server : 0, had != NULL ? had->number : 0);
		if (note(&t->state, g, err) < 0)
			return -1;
	}
	return 0;
}

static bool has_gtids(const struct rp_binlog_track *t)
{
	const struct rp_binlog_target *to = t->target;
	for (size_t i = 0; i < to->n_gtids; i++) {
		const struct rp_binlog_gtid *g = of_domain(&t->state, to->gtids[i].domain);
		if (g == NULL || g->number != to->gtids[i].number || g->server != to->gtids[i].server)
			return false;
	}
	return true;
}

/* Between two transactions: is this it? */
static bool is_it(const struct rp_binlog_track *t, uint64_t at, int64_t next_ms)
{
	const struct rp_binlog_target *to = t->target;
	switch (to->kind) {
	case RP_BINLOG_TO_POSITION:
		return at == to->at.at && strcmp(t->name, to->at.file) == 0;
	case RP_BINLOG_TO_GTID:
		return has_gtids(t);
	case RP_BINLOG_TO_TIME:
		return next_ms > to->time_ms;
	case RP_BINLOG_TO_END:
		break;
	}
	return false;
}

/* Where the backup stands: is the target behind us? */
static bool is_past(const struct rp_binlog_track *t)
{
	const struct rp_binlog_target *to = t->target;
	if (to->kind == RP_BINLOG_TO_TIME)
		return t->newest_ms > to->time_ms;
	for (size_t i = 0; to->kind == RP_BINLOG_TO_GTID && i < to->n_gtids; i++) {
		const struct rp_binlog_gtid *g = of_domain(&t->state, to->gtids[i].domain);
		if (g != NULL && g->server == to->gtids[i].server && g->number > to->gtids[i].number)
			return true;
	}
	return false;
}

static int no_boundary(const struct rp_binlog_track *t, const struct rp_binlog_position *p,
		       struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "no transaction ends at %" PRIu64 " of the binary log '%s'",
			  p->at, t->name);
}

/* 1: reached. */
static int between(struct rp_binlog_track *t, uint64_t at, int64_t next_ms, struct rp_err **err)
{
	const struct rp_binlog_position *to = &t->target->at;
	if (t->has_pending && note(&t->state, &t->pending, err) < 0)
		return -1;
	t->groups += t->has_pending && t->started;
	t->has_pending = t->open = false;
	if (!t->started && at > t->start->at)
		return no_boundary(t, t->start, err);
	if (!t->started && at < t->start->at)
		return 0;
	if (!t->started && is_past(t))
		return too_late(t, err);
	t->started = true;
	t->stop_at = at;
	t->reached = is_it(t, at, next_ms);
	if (!t->reached && t->target->kind == RP_BINLOG_TO_POSITION && strcmp(t->name, to->file) == 0 &&
	    at > to->at)
		return to->at < t->start->at && !t->followed ? too_late(t, err) : no_boundary(t, to, err);
	return t->reached;
}

int rp_binlog_track_event(struct rp_binlog_track *t, const struct rp_binlog_event *e, struct rp_err **err)
{
	switch (e->what) {
	case RP_BINLOG_OTHER:
	case RP_BINLOG_CLOSE:
		t->open = t->open && e->what != RP_BINLOG_CLOSE;
		return 0;
	case RP_BINLOG_LIST:
		if (compare_list(t, e, err) < 0)
			return -1;
		break;
	case RP_BINLOG_ROTATE:
		(void)snprintf(t->next_name, sizeof t->next_name, "%s", e->next);
		break;
	case RP_BINLOG_BEGIN:
	case RP_BINLOG_GROUP:
	case RP_BINLOG_BESIDE:
	case RP_BINLOG_STOP:
		break;
	}
	if (e->what == RP_BINLOG_BEGIN)
		t->next_name[0] = '\0';
	int r = between(t, e->at, e->when_ms, err);
	if (r == 0 && e->what == RP_BINLOG_GROUP) {
		t->open = true;
		t->has_pending = e->has_gtid;
		t->pending = e->gtid;
	}
	/* Of what lies before the place that was looked at, and of this. */
	if (e->when_ms > t->newest_ms)
		t->newest_ms = e->when_ms;
	return r;
}

int rp_binlog_track_end(struct rp_binlog_track *t, uint64_t end, struct rp_err **err)
{
	if (t->open)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "binary log '%s' is truncated: it ends at %" PRIu64
				  ", inside of a transaction",
				  t->name, end);
	int r = between(t, end, INT64_MIN, err);
	if (r == 0 && !t->started)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "binary log '%s' is truncated: it ends at %" PRIu64
				  ", and the backup stands behind that, at %" PRIu64,
				  t->name, end, t->start->at);
	if (r == 0 && t->target->kind == RP_BINLOG_TO_POSITION && strcmp(t->name, t->target->at.file) == 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "binary log '%s' ends at %" PRIu64 ", before the target: %s", t->name, end,
				  t->target->text);
	(void)snprintf(t->last_name, sizeof t->last_name, "%s", t->name);
	t->followed = true;
	return r;
}

int rp_binlog_track_done(const struct rp_binlog_track *t, struct rp_err **err)
{
	char time[RP_TIME_TEXT];
	if (t->reached || t->target->kind == RP_BINLOG_TO_END)
		return 0;
	rp_time_format(t->newest_ms, time);
	(void)rp_err_set(
		err, RP_ERR_BACKUP,
		"the binary log ends before the target was reached: %s is not in it. It goes to %s:%" PRIu64
		", written at %s",
		t->target->text, t->last_name, t->stop_at, time);
	return rp_err_hint(
		err,
		t->target->kind == RP_BINLOG_TO_TIME
			? "only a log that goes on behind that time proves that nothing is missing: "
			  "FLUSH BINARY LOGS, and copy it again"
			: "copy the logs that were written since, and close the last one with FLUSH BINARY "
			  "LOGS before");
}
