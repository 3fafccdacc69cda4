/* SPDX-License-Identifier: MIT */
#include "verifier/command/surroundings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/command/points.h"
#include "verifier/command/verify.h"
#include "verifier/manifest/policy.h"
#include "verifier/recovery/choose.h"
#include "verifier/recovery/store.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"
#include "verifier/util/sha256.h"

#define OPENING_MS    10000 /* for opening manifests, the newest first: they may be many and large */
#define LIST_MAX      (64u << 20)
#define RPO_PERIOD_MS (INT64_C(7) * 24 * 60 * 60 * 1000)

/* One backup where ours was taken from. */
struct lying {
	const char *name;
	int64_t taken_ms;
	uint64_t bytes;
	int64_t good_ms; /* when its survey was taken; 0: no manifest that is to be trusted is of it */
};
struct looking {
	struct verifying *v;
	struct rp_store *store;
	struct seals seals;
	struct lying *all;
	size_t n, room;
	uint64_t unreadable;
};

static int64_t sealed_when(const struct looking *l, const struct rp_point *p)
{
	const struct rp_manifest *m = l->v->e.manifest;
	const struct seal *seal;
	const char *how;

	if (m && rp_point_likeness(p, m->files, m->n_files) == 2)
		return m->survey->position.taken_ms ? m->survey->position.taken_ms : m->sealed_ms;
	seal = seals_of(&l->seals, p, NULL, &how, NULL);
	return seal ? seal->taken_ms : 0;
}

static int add(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct looking *l = ctx;

	if (p->aside || (!p->fault && rp_point_beside(l->store, p)))
		return 0;
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct lying *all = reallocarray(l->all, room, sizeof(*all));
		if (!all)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		l->all = all;
		l->room = room;
	}
	struct lying one = {.name = rp_arena_strdup(l->v->memory, p->id),
			    .taken_ms = p->taken_ms,
			    .bytes = p->size,
			    .good_ms = p->fault ? 0 : sealed_when(l, p)};
	if (!one.name)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	l->unreadable += p->fault != NULL;
	l->all[l->n++] = one;
	return 0;
}

/* Every manifest that speaks for this target, however old: age is what is asked. */
static int gather_seals(struct looking *l, struct rp_err **err)
{
	struct verifying *v = l->v;
	rp_auto(rp_store) beside = NULL;
	struct rp_trust trust = v->trust;

	if (v->options->no_manifest)
		return 0;
	trust.max_age_ms = trust.not_older_than_ms = 0;
	trust.ratchet = trust.expect_sha256 = NULL;
	trust.min_sequence = 0;
	l->seals = (struct seals){.store = l->store,
				  .trust = &trust,
				  .memory = v->memory,
				  .until_ms = rp_run_clock_ms() + OPENING_MS};
	if (rp_verify_has_manifests(v->options)) {
		if (rp_store_open(&beside, v->options->manifest, v->run, err) < 0)
			return -1;
		l->seals.store = beside;
	}
	int done = seals_gather(&l->seals, err);
	l->seals.store = NULL;
	l->seals.trust = NULL;
	return done;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct lying *)a)->name, ((const struct lying *)b)->name);
}

static int by_time(const void *a, const void *b)
{
	int64_t x = ((const struct lying *)a)->good_ms, y = ((const struct lying *)b)->good_ms;

	return x < y ? -1 : x > y;
}

/* Names, times and sizes, so that the same list can be known again. */
static int digest_of(struct looking *l, const char **ret, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(LIST_MAX);
	uint8_t digest[RP_SHA256_LEN];
	char hex[RP_SHA256_HEX], at[RP_TIME_TEXT];

	qsort(l->all, l->n, sizeof(*l->all), by_name);
	for (size_t i = 0; i < l->n; i++) {
		rp_time_format(l->all[i].taken_ms, at);
		rp_buf_addf(&text, "%s %s %llu\n", l->all[i].name, at, (unsigned long long)l->all[i].bytes);
	}
	if (rp_buf_check(&text, err) < 0)
		return -1;
	rp_sha256(rp_buf_text(&text), text.len, digest);
	rp_sha256_hex(digest, hex);
	*ret = rp_arena_strdup(l->v->memory, hex);
	return *ret ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static const char *untold(struct looking *l)
{
	rp_autobuf text = RP_BUF_INIT(4096);

	rp_buf_addf(
		&text,
		"%zu manifests, older than the others, were not opened within %d s: what they seal is counted as "
		"unsealed",
		l->seals.unopened, OPENING_MS / 1000);
	return rp_arena_strdup(l->v->memory, rp_buf_text(&text));
}

/* A directory with all that is in it; or one backup, and then nobody knows what lies beside it. */
static const char *source(struct verifying *v)
{
	rp_autobuf text = RP_BUF_INIT(64u << 10);
	const char *place = v->options->artifact, *path = v->e.point->path;
	size_t len = strlen(place);
	struct stat st;

	while (len > 1 && place[len - 1] == '/')
		len--;
	/* A directory may be the backup itself. */
	bool itself = path && strncmp(path, place, len) == 0 && strspn(path + len, "/") == strlen(path + len);
	bool many = stat(place, &st) == 0 && S_ISDIR(st.st_mode) && !itself;
	rp_buf_add(&text, place);
	rp_buf_add(&text, many ? " and all below it" : ", which was named alone");
	return rp_arena_strdup(v->memory, rp_buf_text(&text));
}

static int tell_population(struct looking *l, struct rp_err **err)
{
	struct verifying *v = l->v;
	struct rp_population *p = &v->around.population;

	p->at_ms = v->result->started_ms;
	p->points = l->n;
	p->unreadable = l->unreadable;
	for (size_t i = 0; i < l->n; i++)
		p->sealed += l->all[i].good_ms != 0;
	p->unsealed = p->points - p->sealed - p->unreadable;
	if (l->seals.unopened > 0)
		p->points_untold = untold(l);
	else if (v->options->no_manifest)
		p->points_untold = "without a manifest nothing is known to be sealed";
	else if (p->sealed == 0 && l->seals.refused > 0)
		p->points_untold = l->seals.refusal;
	return digest_of(l, &p->sha256, err);
}

static void tell_gap(struct rp_rpo *r, const struct lying *good, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		int64_t from = good[i - 1].good_ms, to = good[i].good_ms;
		/* What was before the period is nobody's business: old backups are thinned out on purpose. */
		from = from < r->since_ms ? r->since_ms : from;
		if (to - from <= r->gap_ms)
			continue;
		r->gap_ms = to - from;
		r->gap_from_ms = from;
		r->gap_to_ms = to;
	}
}

static void tell_rpo(struct looking *l)
{
	struct verifying *v = l->v;
	struct rp_rpo *r = &v->around.rpo;
	int64_t period = v->options->rpo_period_ms ? v->options->rpo_period_ms : RPO_PERIOD_MS;
	size_t n = l->n;

	qsort(l->all, l->n, sizeof(*l->all), by_time);
	/* What was sealed after the run began, or by a clock that is ahead of ours, was not there then. */
	while (n > 0 && l->all[n - 1].good_ms > r->at_ms + RP_CLOCK_SKEW_MS)
		n--;
	const struct lying *good = l->all;
	for (; n > 0 && good->good_ms == 0; n--)
		good++;
	r->points = n;
	if (n == 0) {
		r->untold = v->options->no_manifest
				    ? "without a manifest no backup is known to be good"
				    : "no backup there has a manifest that is to be trusted and fits it";
		return;
	}
	r->newest = good[n - 1].name;
	r->newest_ms = good[n - 1].good_ms;
	r->age_ms = r->at_ms > r->newest_ms ? r->at_ms - r->newest_ms : 1;
	r->since_ms = r->at_ms - period > good[0].good_ms ? r->at_ms - period : good[0].good_ms;
	tell_gap(r, good, n);
}

static int look(struct looking *l, struct rp_err **err)
{
	if (gather_seals(l, err) < 0 || l->store->driver->list(l->store, add, l, err) < 0 ||
	    tell_population(l, err) < 0)
		return -1;
	tell_rpo(l);
	return 0;
}

int rp_verify_points(struct verifying *v, struct rp_err **err)
{
	struct looking l = {.v = v, .store = v->e.store};
	struct surroundings *s = &v->around;
	rp_autoerr struct rp_err *why = NULL;

	s->rpo = (struct rp_rpo){.asked_ms = v->options->rpo_ms, .at_ms = v->result->started_ms};
	s->objectives.rpo = &s->rpo;
	s->record.objectives = &s->objectives;
	s->population.source = source(v);
	int done = look(&l, &why);
	free(l.seals.all);
	free(l.all);
	if (done == 0 && s->population.source) {
		s->record.population = &s->population;
		return 0;
	}
	if (!why || rp_err_kind(why) == RP_ERR_NOMEM || rp_err_kind(why) == RP_ERR_CANCELLED)
		return rp_err_set(err, why ? rp_err_kind(why) : RP_ERR_NOMEM, "%s",
				  why ? rp_err_text(why) : "out of memory");
	s->rpo.untold = rp_arena_strdup(v->memory, rp_err_text(why));
	return 0;
}
