/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/pinpoint.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define ARCHIVE_MS                                                                                           \
	(30 * 1000) /* how long a seal waits for the archiver: it starts by itself, and copies 16 MB */
#define NAP_MS	200
#define WHY_MAX (8 << 10)

void rp_pg_pinpoint(struct rp_conn *leader)
{
	rp_pg_of(leader)->pinpoint = true;
}

void rp_pg_stop_free(struct rp_pg_stop *s)
{
	if (s == NULL)
		return;
	free(s->refused);
	free(s);
}

bool rp_pg_lsn_parse(const char *text, uint64_t *ret)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	uint64_t part[2] = {0};
	for (int i = 0; i < 2; i++) {
		size_t n = strspn(text, digits);
		if (n == 0 || n > 8)
			return false;
		part[i] = strtoull(text, NULL, 16);
		text += n;
		if (i == 0 && *text++ != '/')
			return false;
	}
	*ret = part[0] << 32 | part[1];
	return *text == '\0';
}

void rp_pg_wal_name(uint32_t timeline, uint64_t lsn, uint64_t segment, char ret[32])
{
	uint64_t number = lsn / segment, in_one = (UINT64_C(1) << 32) / segment;
	(void)snprintf(ret, 32, "%08" PRIX32 "%08" PRIX32 "%08" PRIX32, timeline, (uint32_t)(number / in_one),
		       (uint32_t)(number % in_one));
}

/* A standby that replays nothing is of one moment by itself, and says which. 0 with 'why': it does replay. */
static int lead_by_standby(struct rp_pg_conn *c, struct rp_buf *why, struct rp_err **err)
{
	static const char sql[] = "SELECT pg_is_wal_replay_paused(), pg_last_wal_replay_lsn()";
	rp_autores *before = NULL;
	rp_autores *after = NULL;
	uint64_t number;
	if (rp_pg_query(c, sql, NULL, 0, &before, err) < 0)
		return -1;
	if (!rp_pg_true(before, 0, 0)) {
		rp_buf_add(why,
			   "this is a standby that goes on replaying; SELECT pg_wal_replay_pause() on it "
			   "first");
		return 0;
	}
	const char *lsn = rp_pg_text(before, 0, 1);
	if (lsn == NULL || !rp_pg_lsn_parse(lsn, &number)) {
		rp_buf_add(why, "this is a standby that has replayed nothing yet");
		return 0;
	}
	(void)strncpy(c->stop->lsn, lsn, sizeof c->stop->lsn - 1);
	c->stop->by = "paused standby";
	if (rp_pg_lead(c, NULL, err) < 0 || rp_pg_query(c, sql, NULL, 0, &after, err) < 0)
		return -1;
	const char *is = rp_pg_text(after, 0, 1);
	if (rp_pg_true(after, 0, 0) && is != NULL && strcmp(is, c->stop->lsn) == 0)
		return 1;
	/* Before 14 a pause is what was asked for, and may not have begun. */
	return rp_err_set(err, RP_ERR_ENGINE,
			  "the standby went on replaying while its moment was taken: seal again");
}

/* Where there is no place that it stands for, the moment is an ordinary one. */
static int lead_anyhow(struct rp_pg_conn *c, const struct rp_buf *why, struct rp_err **err)
{
	struct rp_pg_stop *s = c->stop;
	s->by = "none";
	s->lsn[0] = '\0';
	s->refused = strdup(rp_buf_text(why));
	if (s->refused == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return c->moment ? 0 : rp_pg_lead(c, NULL, err);
}

static int find_way(struct rp_pg_conn *c, struct rp_buf *why, int64_t *ret_held_ms, struct rp_err **err)
{
	if (c->standby)
		return lead_by_standby(c, why, err);
	int r = rp_pg_lead_by_slot(c, why, err);
	if (r != 0)
		return r;
	rp_log(c->base.run, RP_LOG_INFO, "%s; so all tables are locked for a moment", rp_buf_text(why));
	rp_buf_add(why, "; ");
	return rp_pg_lead_by_lock(c, why, ret_held_ms, err);
}

/* Each of these may be refused, and nothing depends on it but when the file comes to the archive. A record behind the
 * place is needed as well: it is the one that recovery stops at. */
static void push_out(struct rp_pg_conn *c)
{
	if (c->standby)
		return;
	(void)rp_pg_exec(c, "SELECT pg_logical_emit_message(false, 'reprove', '')", NULL);
	c->stop->switched = rp_pg_exec(c, "SELECT pg_switch_wal()", NULL) == 0;
}

static int name_file(struct rp_pg_conn *c, struct rp_err **err)
{
	static const char primary[] =
		"SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8), pg_size_bytes(current_setting('wal_segment_size'))";
	static const char standby[] =
		"SELECT lpad(upper(to_hex(coalesce((SELECT received_tli FROM pg_stat_wal_receiver LIMIT 1),"
		" (SELECT timeline_id FROM pg_control_checkpoint())))), 8, '0'),"
		" pg_size_bytes(current_setting('wal_segment_size'))";
	rp_autoerr struct rp_err *why = NULL;
	rp_autores *r = NULL;
	uint64_t lsn, segment;
	if (rp_pg_query(c, c->standby ? standby : primary, NULL, 0, &r, &why) < 0)
		return rp_err_kind(why) == RP_ERR_OBJECT
			       ? 0
			       : rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	const char *tli = rp_pg_text(r, 0, 0);
	if (tli == NULL)
		return 0;
	if (rp_pg_u64(r, 0, 1, &segment, err) < 0)
		return -1;
	if (segment == 0 || !rp_pg_lsn_parse(c->stop->lsn, &lsn))
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the server tells the size of its log's files in a strange way");
	uint32_t timeline = (uint32_t)strtoul(tli, NULL, 16);
	rp_pg_wal_name(timeline, lsn, segment, c->stop->wal);
	(void)snprintf(c->stop->timeline, sizeof c->stop->timeline, "%" PRIu32, timeline);
	return 0;
}

int rp_pg_lead_pinpointed(struct rp_pg_conn *c, int64_t *ret_held_ms, struct rp_err **err)
{
	rp_autobuf why = RP_BUF_INIT(WHY_MAX);
	c->stop = calloc(1, sizeof *c->stop);
	if (c->stop == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	/* Sequences are outside of the moment, in the log like all else. */
	if (rp_pg_note_positions(c, err) < 0)
		return -1;
	int r = find_way(c, &why, ret_held_ms, err);
	if (r < 0)
		return -1;
	if (r == 0)
		return lead_anyhow(c, &why, err);
	push_out(c);
	return name_file(c, err);
}

size_t rp_pg_stop_facts(const struct rp_pg_stop *s, struct rp_fact *ret)
{
	const struct rp_fact all[RP_PG_STOP_FACTS] = {{"recovery_by", s->by},
						      {"recovery_lsn", s->lsn},
						      {"recovery_timeline", s->timeline},
						      {"recovery_wal", s->wal},
						      {"recovery_refused", s->refused}};
	size_t n = 0;
	for (size_t i = 0; i < RP_PG_STOP_FACTS; i++)
		if (all[i].value != NULL && all[i].value[0] != '\0')
			ret[n++] = all[i];
	return n;
}

/* *ret: it has come, or nobody can tell. 'how': what the server says of it. */
static int has_come(struct rp_pg_conn *c, bool *ret, bool *ret_archives, struct rp_err **err)
{
	/* Names of one timeline are in the log's order. */
	static const char sql[] =
		"SELECT current_setting('archive_mode') <> 'off', last_archived_wal ~ '^[0-9A-F]{24}'"
		" AND left(last_archived_wal, 8) >= left($1, 8) AND substr(last_archived_wal, 9, 16) >= substr($1, 9)"
		" FROM pg_stat_archiver";
	const char *const params[] = {c->stop->wal};
	rp_autoerr struct rp_err *why = NULL;
	rp_autores *r = NULL;
	*ret = *ret_archives = false;
	if (rp_pg_query(c, sql, params, 1, &r, &why) < 0)
		return rp_err_kind(why) == RP_ERR_OBJECT
			       ? 0
			       : rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	*ret_archives = PQntuples(r) > 0 && rp_pg_true(r, 0, 0);
	*ret = PQntuples(r) > 0 && rp_pg_true(r, 0, 1);
	return 0;
}

int rp_pg_await_archive(struct rp_pg_conn *c, struct rp_err **err)
{
	bool come = false, archives = false;
	if (c->stop == NULL || c->stop->wal[0] == '\0')
		return 0;
	for (int64_t until = rp_run_clock_ms() + ARCHIVE_MS;;) {
		if (has_come(c, &come, &archives, err) < 0 || rp_run_check(c->base.run, err) < 0)
			return -1;
		if (come || !archives || !c->stop->switched || rp_run_clock_ms() > until)
			break;
		(void)poll(NULL, 0, NAP_MS);
	}
	if (come)
		return 0;
	const char *how =
		!archives ? "must come to the archive, and this server does not archive by itself"
		: c->stop->switched
			? "has not come to the archive within 30 s: see pg_stat_archiver"
			: "has not come to the archive yet (a login that may pg_switch_wal() sends it there)";
	rp_log(c->base.run, RP_LOG_WARNING,
	       "the log's file %s %s; until it is there, no recovery gets as far as this manifest",
	       c->stop->wal, how);
	return 0;
}
