/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_recover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/pg_goal.h"
#include "verifier/recovery/pg_tree.h"
#include "verifier/recovery/pg_wal.h"
#include "verifier/recovery/wanted.h"
#include "verifier/scratch/scratch.h"
#include "verifier/survey/survey.h"
#include "verifier/util/arena.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv
#define LOG_MAX	    (256U << 10)

/* One recovery under way. */
struct recovery {
	struct rp_artifact *a;
	struct rp_scratch *s;
	unsigned version;
	struct rp_pg_control control;
	struct rp_pg_label label; /* start 0: it has none */
	struct rp_pg_wal wal;
	struct rp_pg_goal goal;
};

static int check_version(struct recovery *r, const char *tree, struct rp_err **err)
{
	uint64_t here = 0;
	char major[8] = "";
	if (rp_pg_tree_version(tree, &r->version, err) < 0)
		return -1;
	(void)snprintf(major, sizeof major, "%.*s", (int)strspn(r->s->place.with.version, "0123456789"),
		       r->s->place.with.version);
	if (rp_parse_u64(major, 1, 999, &here) && here == r->version)
		return 0;
	rp_err_set(
		err, RP_ERR_ENGINE,
		"the files are of PostgreSQL %u, and no other version can read them; the scratch server is %s",
		r->version, r->s->place.with.version);
	return rp_err_hint(
		err,
		"install the package 'postgresql-%u', or name its directory of programs in REPROVE_SERVERS",
		r->version);
}

static int read_control(struct recovery *r, const char *tree, struct rp_err **err)
{
	const char *const argv[] = {"pg_controldata", "-D", tree, NULL};
	rp_autobuf said = RP_BUF_INIT(64 << 10);
	if (rp_scratch_work(r->s, argv, tree, NULL, &said, err) < 0 ||
	    rp_pg_control_parse(rp_buf_text(&said), &r->control, err) < 0)
		return -1;
	if (strstr(rp_buf_text(&said), "Calculated CRC checksum does not match") != NULL)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "'global/pg_control' is damaged: its checksum is wrong");
	const char *sealed = r->a->wanted != NULL && r->a->wanted->sealed != NULL
				     ? r->a->wanted->sealed->identity.instance
				     : NULL;
	char system[32];
	(void)snprintf(system, sizeof system, "%llu", (unsigned long long)r->control.system);
	if (sealed == NULL || sealed[0] == '\0' || strcmp(sealed, system) == 0)
		return 0;
	return rp_err_set(
		err, RP_ERR_BACKUP,
		"it is a backup of another server: its system identifier is %s, that of the sealed server %s",
		system, sealed);
}

static int read_label(struct recovery *r, const char *tree, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(RP_PG_SMALL_MAX);
	int there = rp_pg_tree_read(tree, "backup_label", &text, err);
	if (there <= 0)
		return there;
	if (rp_pg_label_parse(rp_buf_text(&text), text.len, &r->label, err) < 0)
		return -1;
	if (!r->label.incremental)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE,
		   "it is an incremental backup, and of no use without those that it rests upon");
	return rp_err_hint(err, "put them together with pg_combinebackup first, and verify what comes out");
}

static int check_tablespaces(const char *tree, struct rp_err **err)
{
	unsigned oids[1024];
	size_t n = 0;
	rp_autobuf text = RP_BUF_INIT(RP_PG_SMALL_MAX);
	int there = rp_pg_tree_read(tree, "tablespace_map", &text, err);
	if (there <= 0)
		return there;
	if (rp_pg_map_parse(rp_buf_text(&text), text.len, oids, sizeof oids / sizeof oids[0], &n, err) < 0)
		return -1;
	return rp_pg_tree_tablespaces(tree, oids, n, err);
}

/* Without a label nobody knows where replay has to begin, unless the server was at rest. */
static int check_start(const struct recovery *r, struct rp_err **err)
{
	if (r->label.start != 0 || r->control.shut_down)
		return 0;
	rp_err_set(
		err, RP_ERR_ENGINE,
		"it has no 'backup_label', and the server was running when its files were copied: nobody can tell "
		"from where its log has to be replayed");
	return rp_err_hint(
		err, "make the backup with pg_basebackup, or copy the files of a server that is stopped");
}

/* The backup was begun behind the place: no replay leads back there. That is no damage, and where nobody has asked for
 * the place, what the backup has is compared all the same: of another moment. */
static int give_way(struct recovery *r, struct rp_err **err)
{
	char at[RP_PG_LSN_TEXT];
	rp_pg_place_format(r->wal.start, at);
	if (r->goal.kind == RP_UNTIL_SEALED && r->a->wanted->until.kind == RP_UNTIL_UNSAID) {
		rp_log(r->s->run, RP_LOG_WARNING,
		       "the backup was begun at %s, after the seal: no recovery leads back to %s", at,
		       r->goal.text);
		return rp_pg_goal_decide(&r->goal, NULL, err);
	}
	rp_err_set(err, RP_ERR_USAGE, "the backup was begun at %s: no recovery leads back to %s", at,
		   r->goal.text);
	return rp_err_hint(err, "take a backup that was made before, and the log from there on");
}

static int take_log(struct recovery *r, const char *tree, struct rp_pg_log *log, struct rp_err **err)
{
	struct rp_pg_wal *w = &r->wal;
	w->tree = tree;
	w->log = log;
	w->run = r->s->run;
	w->system = r->control.system;
	w->segment_bytes = r->control.segment_bytes;
	w->start = r->label.start != 0 ? r->label.start : r->control.redo;
	w->started = r->label.start != 0 ? r->label.timeline : r->control.timeline;
	if (r->goal.position != 0 && r->goal.position < w->start && give_way(r, err) < 0)
		return -1;
	w->until = r->goal.position;
	w->wanted = r->goal.timeline;
	if (rp_pg_wal_take(w, err) < 0)
		return -1;
	if (r->goal.kind != RP_UNTIL_END || w->missing[0] == '\0')
		return 0;
	return rp_err_set(err, RP_ERR_BACKUP,
			  "the log has a hole: segment '%s' is missing, and '%s' is there", w->missing,
			  w->beyond);
}

static void add_settings(const struct recovery *r, struct rp_argv *to)
{
	/* Nobody is let in before it is done, so nothing has to be as large as on the source but this one. */
	rp_argv_add(to, "hot_standby=off");
	rp_argv_addf(to, "max_prepared_transactions=%u", r->control.prepared);
	rp_argv_add(to, "recovery_target_action=promote");
	/* How far the log can be read is looked at afterwards. */
	rp_argv_add(to, "wal_keep_size=1000000000");
	rp_argv_add(to, "wal_retrieve_retry_interval=100");
	/* A source that others are replicated to logs how far each of them has come. */
	rp_argv_add(to, "max_replication_slots=1000");
	if (r->version >= 18)
		rp_argv_add(to, "max_active_replication_origins=1000");
	rp_pg_goal_settings(&r->goal, to);
	if (r->wal.timeline == r->wal.started)
		rp_argv_add(to, "recovery_target_timeline=current");
	else
		rp_argv_addf(to, "recovery_target_timeline=%u", r->wal.timeline);
}

/* What a person can do about it, where the server's own words do not say it. */
static const struct {
	const char *says, *hint;
} remedies[] = {
	{"WAL ends before", "the backup's own log is not whole: name the archive of its server with --logs"},
};

/* "redo done at 0/60000D8": how far it came. "": it does not say. */
static void find_reached(const char *log, char ret[RP_PG_LSN_TEXT])
{
	static const char mark[] = "redo done at ";
	const char *at = strstr(log, mark);
	size_t n = at != NULL ? strcspn(at + sizeof mark - 1, " \n") : 0;
	(void)snprintf(ret, RP_PG_LSN_TEXT, "%.*s", (int)n, at != NULL ? at + sizeof mark - 1 : "");
}

static int explain(const struct recovery *r, const char *log, struct rp_err *why, struct rp_err **err)
{
	const char *text = rp_err_text(why), *hint = rp_err_hint_text(why);
	if (strstr(text, "before configured recovery target was reached") != NULL) {
		char reached[RP_PG_LSN_TEXT];
		find_reached(log, reached);
		rp_err_set(err, RP_ERR_BACKUP,
			   "the log ends before %s: its last record is at %s, its last segment is '%s'%s%s%s",
			   r->goal.text, reached[0] != '\0' ? reached : "an unknown place", r->wal.last_name,
			   r->wal.missing[0] != '\0' ? ", segment '" : "", r->wal.missing,
			   r->wal.missing[0] != '\0' ? "' is missing" : "");
		return rp_err_hint(
			err,
			"name the whole archive of the log with --logs, or stop earlier with --recover-to");
	}
	if (strstr(text, "stop point is before consistent recovery point") != NULL) {
		rp_err_set(err, RP_ERR_ENGINE,
			   "the backup had not ended at %s: no recovery of it stops there", r->goal.text);
		return rp_err_hint(err, "take a backup that was made before, and the log from there on");
	}
	if (strstr(text, "directory \"") != NULL && strstr(text, "does not exist") != NULL) {
		rp_err_set(err, RP_ERR_ENGINE, "%s", text);
		return rp_err_hint(
			err,
			"a tablespace was made after the backup had begun, at a path that is not given to it "
			"here: take a later backup");
	}
	rp_err_set(err, rp_err_kind(why), "%s", text);
	for (size_t i = 0; i < sizeof remedies / sizeof remedies[0] && hint == NULL; i++)
		if (strstr(text, remedies[i].says) != NULL)
			hint = remedies[i].hint;
	return hint != NULL ? rp_err_hint(err, "%s", hint) : -1;
}

static int prove(struct recovery *r, struct rp_buf *said, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(RP_PG_SMALL_MAX);
	rp_autofree struct rp_pg_step *steps = calloc(RP_PG_STEPS_MAX, sizeof *steps);
	char name[64], at[RP_PG_LSN_TEXT];
	size_t n = 0;
	if (steps == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	(void)snprintf(name, sizeof name, "pg_wal/%08X.history", r->wal.timeline + 1);
	int there = rp_pg_tree_read(r->s->place.data, name, &text, err);
	if (there < 0 || (there > 0 && rp_pg_history_parse(rp_buf_text(&text), text.len, steps, &n, err) < 0))
		return -1;
	if (n == 0)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the server has not written down where recovery ended ('%s')", name);
	const struct rp_pg_step *last = &steps[n - 1];
	rp_autofree char *why = strndup(last->why, last->why_len < 200 ? last->why_len : 200);
	rp_autobuf shown = RP_BUF_INIT(1024);
	rp_buf_add_plain(&shown, why != NULL ? why : "");
	rp_pg_place_format(last->until, at);
	if (!rp_pg_goal_reached(&r->goal, last))
		return rp_err_set(err, RP_ERR_ENGINE, "recovery was to stop at %s, and ended at %s, %s",
				  r->goal.text, at, rp_buf_text(&shown));
	if (r->goal.kind == RP_UNTIL_END &&
	    rp_pg_wal_check_end(&r->wal, r->s->place.data, last->until, err) < 0)
		return -1;
	rp_log(r->s->run, RP_LOG_INFO, "recovered to %s on timeline %u (%s)", at, last->timeline,
	       rp_buf_text(&shown));
	rp_buf_addf(said, "recovered to %s on timeline %u: %s (%s)\n", at, last->timeline, r->goal.text,
		    rp_buf_text(&shown));
	r->a->exact = r->goal.kind == RP_UNTIL_SEALED;
	return 0;
}

static int replay(struct recovery *r, struct rp_buf *said, struct rp_err **err)
{
	rp_autoargv settings = {0};
	rp_autobuf log = RP_BUF_INIT(LOG_MAX);
	rp_autoerr struct rp_err *why = NULL;
	add_settings(r, &settings);
	if (settings.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	/* "promote" and SIGUSR1 end the wait for more log, and no record that is there is left out. */
	if (rp_scratch_recover(r->s, (const char *const *)settings.v, "promote", SIGUSR1, &log, &why) < 0)
		return explain(r, rp_buf_text(&log), why, err);
	return prove(r, said, err);
}

/* Transactions that were prepared stay so, and take their room. */
static int keep_prepared(struct recovery *r, struct rp_err **err)
{
	if (r->control.prepared == 0)
		return 0;
	char text[64];
	const char **besides = rp_arena_array(r->a->memory, 2, sizeof *besides);
	(void)snprintf(text, sizeof text, "max_prepared_transactions=%u", r->control.prepared);
	if (besides == NULL || (besides[0] = rp_arena_strdup(r->a->memory, text)) == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	besides[1] = NULL;
	r->s->place.besides = besides;
	return 0;
}

static int ask_for_recovery(const char *tree, struct rp_err **err)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/standby.signal", tree);
	rp_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0 ? 0 : rp_err_sys(err, errno, "create '%s'", path);
}

static int look_at(struct recovery *r, const char *tree, struct rp_err **err)
{
	if (rp_pg_goal_decide(&r->goal, r->a->wanted, err) < 0 ||
	    rp_pg_tree_check(tree, r->s->run, err) < 0 || check_version(r, tree, err) < 0 ||
	    rp_scratch_lend(r->s, tree, err) < 0 || read_control(r, tree, err) < 0 ||
	    rp_pg_tree_check(tree, r->s->run, err) < 0)
		return -1;
	return read_label(r, tree, err) < 0 || check_tablespaces(tree, err) < 0 || check_start(r, err) < 0
		       ? -1
		       : 0;
}

int rp_pg_recover_tree(struct rp_artifact *a, struct rp_scratch *s, const char *tree, struct rp_pg_log *log,
		       struct rp_buf *said, struct rp_err **err)
{
	struct recovery r = {.a = a, .s = s};
	if (look_at(&r, tree, err) < 0 || rp_pg_tree_clean(tree, r.version, err) < 0)
		return -1;
	/* A server that was at rest, and nothing to be replayed: its files are whole as they are. */
	bool cold = r.label.start == 0 && log == NULL && r.goal.kind == RP_UNTIL_END;
	if (!cold && (take_log(&r, tree, log, err) < 0 || ask_for_recovery(tree, err) < 0))
		return -1;
	if (rp_pg_tree_move(s, tree, err) < 0 || (!cold && replay(&r, said, err) < 0) ||
	    keep_prepared(&r, err) < 0)
		return -1;
	s->wanted = a->wanted != NULL ? a->wanted->database : NULL;
	return rp_scratch_start(s, err);
}
