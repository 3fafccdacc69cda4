/* SPDX-License-Identifier: MIT */
#include "verifier/scan/workers.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/survey/digest.h"
#include "verifier/util/arena.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* Told to the progress line this often: often enough for the eye, and no row pays for it. */
#define TELL_BYTES (512u * 1024)

/* What has been read of one relation, by whom ever. */
struct total {
	pthread_mutex_t lock;
	struct rp_tally sum; /* of the items that are done */
	bool begun;
	size_t left;   /* items */
	int64_t ms;    /* of reading */
	char *refused; /* why its rows cannot be read, owned; the first that was heard */
};

struct scan {
	struct rp_db *db;
	struct rp_survey *survey;
	const struct rp_survey *like;
	struct rp_plan plan;
	struct total *totals; /* of each relation */
	_Atomic size_t done;  /* items */
	atomic_bool stop;
	_Atomic int first; /* the worker that failed first; -1: none */
};

struct worker {
	struct scan *scan;
	unsigned conn;
	pthread_t thread;
	struct rp_err *err;
};

/* Where the rows of one item go. */
struct sink {
	struct rp_tally tally;
	struct scan *scan;
	uint64_t bytes, told, weight;
	int64_t ms;
};

static void tell(struct sink *k, uint64_t upto)
{
	if (upto > k->weight)
		upto = k->weight;
	if (upto > k->told)
		rp_run_advance(rp_db_run(k->scan->db), upto - k->told);
	k->told = upto > k->told ? upto : k->told;
}

static int take_row(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct sink *k = ctx;
	k->bytes += len;
	if (k->bytes - k->told >= TELL_BYTES && k->told < k->weight)
		tell(k, k->bytes);
	if (atomic_load_explicit(&k->scan->stop, memory_order_relaxed))
		return rp_err_set(err, RP_ERR_CANCELLED, "another connection has failed");
	return rp_tally_row(&k->tally, row, len, err);
}

static int keep_refusal(struct total *t, const char *text, struct rp_err **err)
{
	if (t->refused == NULL)
		t->refused = strdup(text);
	return t->refused != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* Asked another way than by reading, within the same moment: what hides rows from one shows in the other. */
static int count_too(struct scan *s, unsigned conn, const struct rp_relation *r, struct total *t,
		     struct rp_err **err)
{
	const struct rp_engine *engine = rp_db_engine(s->db);
	rp_autoerr struct rp_err *why = NULL;
	uint64_t counted = 0;
	if (engine->count == NULL)
		return 0;
	if (engine->count(rp_db_conn(s->db, conn), r, &counted, &why) < 0) {
		if (rp_err_kind(why) == RP_ERR_OBJECT)
			return keep_refusal(t, rp_err_text(why), err);
		return rp_err_set(err, rp_err_kind(why), "count: %s", rp_err_text(why));
	}
	if (counted != t->sum.rows)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "%" PRIu64 " rows were read, and %" PRIu64 " are counted", t->sum.rows,
				  counted);
	return 0;
}

/* Who does a relation's last item finishes the relation; nobody else has anything to do with it then. */
static int finish(struct scan *s, unsigned conn, size_t relation, struct rp_err **err)
{
	struct total *t = &s->totals[relation];
	struct rp_relation *r = &s->survey->relations[relation];
	if (t->refused == NULL && count_too(s, conn, r, t, err) < 0)
		return -1;
	if (t->refused == NULL)
		rp_tally_store(&t->sum, r);
	r->read_ms = t->ms;
	rp_tally_done(&t->sum);
	return 0;
}

/* The first tally becomes the total, so that a relation of one item is added to nothing. */
static bool add_up(struct total *t, struct sink *k, const char *refused, struct rp_err **err, int *ret)
{
	pthread_mutex_lock(&t->lock);
	*ret = refused != NULL ? keep_refusal(t, refused, err) : 0;
	if (refused == NULL && t->begun) {
		rp_tally_merge(&t->sum, &k->tally);
	} else if (refused == NULL) {
		t->sum = k->tally;
		k->tally = (struct rp_tally){0};
		t->begun = true;
	}
	t->ms += k->ms;
	bool last = --t->left == 0;
	pthread_mutex_unlock(&t->lock);
	return last;
}

static bool is_refused(struct total *t)
{
	pthread_mutex_lock(&t->lock);
	bool r = t->refused != NULL;
	pthread_mutex_unlock(&t->lock);
	return r;
}

static int read_item(struct scan *s, unsigned conn, const struct rp_item *item, struct sink *k,
		     struct rp_err **err)
{
	const struct rp_relation *r = &s->survey->relations[item->relation];
	const struct rp_relation *like = s->like != NULL ? rp_survey_relation(s->like, r->name) : NULL;
	if (rp_tally_init(&k->tally, r, &s->survey->method, like, err) < 0)
		return -1;
	return rp_db_engine(s->db)->stream(rp_db_conn(s->db, conn), r, &item->part, take_row, k, err);
}

static int do_item(struct scan *s, unsigned conn, const struct rp_item *item, struct rp_err **err)
{
	struct sink k = {.scan = s, .weight = item->weight};
	struct total *t = &s->totals[item->relation];
	rp_autoerr struct rp_err *why = NULL;
	int64_t began = rp_run_clock_ms();
	int ret = 0;
	if (!is_refused(t) && read_item(s, conn, item, &k, &why) < 0 && rp_err_kind(why) != RP_ERR_OBJECT) {
		rp_tally_done(&k.tally);
		rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
		return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why)) : -1;
	}
	k.ms = rp_run_clock_ms() - began;
	bool last = add_up(t, &k, why != NULL ? rp_err_text(why) : NULL, err, &ret);
	rp_tally_done(&k.tally);
	if (ret == 0 && last)
		ret = finish(s, conn, item->relation, err);
	if (ret == 0) {
		tell(&k, k.weight);
		atomic_fetch_add(&s->done, 1);
	}
	return ret;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct scan *s = w->scan;
	const struct rp_item *item;
	while (!atomic_load(&s->stop) && (item = rp_plan_take(&s->plan)) != NULL) {
		if (rp_run_check(rp_db_run(s->db), &w->err) == 0 && do_item(s, w->conn, item, &w->err) == 0)
			continue;
		rp_err_wrap(&w->err, "'%s'", s->survey->relations[item->relation].name);
		int nobody = -1;
		atomic_compare_exchange_strong(&s->first, &nobody, (int)w->conn);
		atomic_store(&s->stop, true);
		break;
	}
	return NULL;
}

/* Signals are the main thread's. A worker that cannot be started leaves its work to the others. */
static unsigned start(struct worker *workers, unsigned n, int *why)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	unsigned started = 0;
	while (started < n) {
		*why = pthread_create(&workers[started].thread, NULL, work, &workers[started]);
		if (*why != 0)
			break;
		started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static int run_workers(struct scan *s, struct rp_err **err)
{
	unsigned n = rp_db_jobs(s->db);
	if (n > s->plan.n)
		n = (unsigned)s->plan.n;
	rp_autofree struct worker *workers = calloc(n + 1, sizeof *workers);
	if (workers == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < n; i++)
		workers[i] = (struct worker){.scan = s, .conn = i};
	int why = 0;
	unsigned started = start(workers, n, &why);
	for (unsigned i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	int first = atomic_load(&s->first);
	if (first >= 0) {
		rp_err_set(err, rp_err_kind(workers[first].err), "%s", rp_err_text(workers[first].err));
		const char *hint = rp_err_hint_text(workers[first].err);
		if (hint != NULL)
			rp_err_hint(err, "%s", hint);
	}
	for (unsigned i = 0; i < started; i++)
		rp_err_free(workers[i].err);
	if (first >= 0)
		return -1;
	if (started == 0 && n > 0)
		return rp_err_sys(err, why, "start a thread");
	if (atomic_load(&s->done) != s->plan.n)
		return rp_err_set(err, RP_ERR_ENGINE, "%zu parts were planned and %zu were read", s->plan.n,
				  atomic_load(&s->done));
	return 0;
}

static int prepare(struct scan *s, struct rp_err **err)
{
	uint64_t weight = 0;
	if (rp_plan_make(&s->plan, s->db, s->survey, err) < 0)
		return -1;
	s->totals = calloc(s->survey->n_relations + 1, sizeof *s->totals);
	if (s->totals == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < s->survey->n_relations; i++)
		pthread_mutex_init(&s->totals[i].lock, NULL);
	for (size_t i = 0; i < s->plan.n; i++) {
		s->totals[s->plan.items[i].relation].left++;
		weight += s->plan.items[i].weight;
	}
	rp_run_phase(rp_db_run(s->db), "survey", weight, "bytes");
	return 0;
}

/* Every relation has now either all of its sums or a reason. */
static int conclude(struct scan *s, struct rp_err **err)
{
	for (size_t i = 0; i < s->survey->n_relations; i++) {
		struct total *t = &s->totals[i];
		if (t->refused == NULL)
			continue;
		const char *reason = rp_arena_strdup(s->survey->memory, t->refused);
		if (reason == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		s->survey->relations[i].not_surveyed = reason;
	}
	return 0;
}

static void clean_up(struct scan *s)
{
	for (size_t i = 0; s->totals != NULL && i < s->survey->n_relations; i++) {
		rp_tally_done(&s->totals[i].sum);
		free(s->totals[i].refused);
		pthread_mutex_destroy(&s->totals[i].lock);
	}
	free(s->totals);
	rp_plan_done(&s->plan);
}

int rp_scan_rows(struct rp_db *db, struct rp_survey *survey, const struct rp_survey *like,
		 struct rp_err **err)
{
	struct scan s = {.db = db, .survey = survey, .like = like};
	atomic_init(&s.first, -1);
	int r = prepare(&s, err) < 0 || run_workers(&s, err) < 0 || conclude(&s, err) < 0 ? -1 : 0;
	clean_up(&s);
	return r;
}
