/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/command/verify.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/format.h"
#include "verifier/recovery/store.h"
#include "verifier/scan/scan.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* The order of these steps is a property of security: trust, then the backup's bytes, then a place for them, and
 * only there anything that the backup decides. */

/* Who may say what this backup was; and what the store's policy asks for, where that is more than the caller does. */
static int read_trust(struct verifying *v, struct rp_err **err)
{
	const struct verify_options *o = v->options;
	const struct rp_trust_policy *p;

	if (rp_trust_store_add_all(&v->store, v->memory, o->trust, RP_SIGNS_MANIFESTS, err) < 0)
		return -1;
	p = rp_trust_store_policy(&v->store, o->target);
	v->trust = (struct rp_trust){.threshold = p && p->signatures ? p->signatures : 1,
				     .target = o->target,
				     .environment = o->environment,
				     .max_age_ms = o->max_age_ms,
				     .now_ms = v->result->started_ms,
				     .ratchet = v->ratchet,
				     .expect_sha256 = o->expect_manifest,
				     .min_sequence = o->min_sequence,
				     .not_older_than_ms = o->not_older_ms};
	rp_trust_store_lend(&v->store, &v->trust);
	if (p && p->max_age_ms && (!v->trust.max_age_ms || p->max_age_ms < v->trust.max_age_ms))
		v->trust.max_age_ms = p->max_age_ms;
	if (p && p->environment && o->environment && strcmp(p->environment, o->environment) != 0)
		return rp_err_set(
			err, RP_ERR_CONFIG,
			"the trust store's policy of '%s' is for the environment '%s', and not '%s'",
			p->targets, p->environment, o->environment);
	if (p && p->environment)
		v->trust.environment = p->environment;
	return 0;
}

static int trust(struct verifying *v, struct rp_err **err)
{
	const struct verify_options *o = v->options;

	if (o->no_manifest)
		return 0;
	if (read_trust(v, err) < 0)
		return -1;
	if (rp_verify_has_manifests(o) ? rp_verify_find_manifest(v, err) < 0
				       : rp_manifest_load(&v->e.manifest, o->manifest, &v->trust, err) < 0)
		return -1;
	rp_result_signed(v->result, v->e.manifest->sha256, v->e.manifest->sealed_ms, v->e.manifest->signed_by,
			 v->e.manifest->n_signed_by);
	return 0;
}

static int look_at_clock(struct verifying *v, struct rp_err **err)
{
	if (rp_clock_check(v->result->started_ms, rp_built_ms(), err) < 0)
		return -1;
	return rp_verify_ledger_clock(v, err);
}

/* Of many manifests, the one that is of the chosen backup is looked for: which that is must be known before. Names, sizes
 * and times decide it, and the backup's bytes do not. */
static int choose_first(struct verifying *v, struct rp_err **err)
{
	return rp_verify_has_manifests(v->options) ? rp_verify_choose(v, err) : 0;
}

/* What a layer may unpack to in any case. A dump that repeats itself packs beyond all ratios, and what there is no
 * room for could not be restored anyway. */
static uint64_t room_for_it(const struct verifying *v)
{
	const char *dir = v->options->tmpdir ? v->options->tmpdir : getenv("TMPDIR");
	uint64_t sealed = v->e.manifest ? v->e.manifest->survey->identity.bytes : 0, room = 0;

	if (rp_disk_free(dir && *dir ? dir : "/tmp", &room, NULL) < 0)
		room = 0;
	return sealed < UINT64_MAX / 3 && 3 * sealed > room ? 3 * sealed : room;
}

static int open_artifact(struct verifying *v, struct rp_err **err)
{
	struct rp_evidence *e = &v->e;

	if (rp_verify_choose(v, err) < 0)
		return -1;
	if (rp_verify_intend(v, err) < 0)
		return -1;
	v->unwrapping.how.room = room_for_it(v);
	if (rp_artifact_open(&e->artifact, e->store, e->point, &v->unwrapping.how, err) < 0)
		return -1;
	v->wanted.sealed = e->manifest ? e->manifest->survey : NULL;
	e->artifact->wanted = &v->wanted;
	return 0;
}

static int choose_engine(struct verifying *v, const struct rp_format *f, const struct rp_engine **ret,
			 struct rp_err **err)
{
	const char *name = v->e.manifest ? v->e.manifest->survey->identity.engine : f->engine;

	if (strcmp(name, f->engine) != 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "the manifest is of a %s database, and '%s' is a backup of %s", name,
				  v->e.point->id, f->engine);
	*ret = rp_engine_named(name);
	if (!*ret)
		return rp_err_set(err, RP_ERR_ENGINE, "this reprove was built without %s", name);
	return 0;
}

static const struct rp_format *format_of(struct verifying *v, struct rp_err **err)
{
	const struct rp_format *f = NULL;

	return rp_format_of(&f, v->e.artifact, err) < 0 ? NULL : f;
}

static int recognise(struct verifying *v, struct rp_err **err)
{
	const struct rp_engine *engine = NULL;
	const struct rp_format *f = format_of(v, err);

	if (f)
		return choose_engine(v, f, &engine, err);
	/* What lies beside backups may be newer than all of them. */
	if (v->result->selection.method && strcmp(v->result->selection.method, "newest") == 0)
		(void)rp_err_hint(
			err,
			"of %zu entries it is the newest; --point names another, 'reprove points' lists them",
			v->result->selection.n);
	return -1;
}

/* Without a manifest nobody has said how large the database is; restored it is hardly smaller than its dump. A physical
 * backup brings the whole server, of which the sealed database may be a small part. Tools that read a directory need
 * one of their own. */
static void say_what_it_takes(const struct verifying *v, const struct rp_format *f,
			      struct rp_scratch_wish *wish)
{
	const struct rp_artifact *a = v->e.artifact;
	uint64_t stored = v->e.point->size;
	uint64_t sealed = wish->sealed ? wish->sealed->identity.bytes : 0;

	if (!wish->sealed || (f->physical && stored > sealed + sealed / 2))
		wish->disk = stored;
	if (!f->physical && (a->point->tree || rp_artifact_is_tar(a)))
		wish->copy = stored;
}

static int make_scratch(struct verifying *v, struct rp_err **err)
{
	struct rp_scratch_wish wish = {.sealed = v->e.manifest ? v->e.manifest->survey : NULL,
				       .server = v->target.scratch,
				       .under = v->options->tmpdir,
				       .keep = v->options->keep,
				       .unboxed = v->options->unboxed};
	const struct rp_format *f = format_of(v, err);
	struct rp_identity told = {0};
	struct rp_position at = {0};

	if (!f || choose_engine(v, f, &wish.engine, err) < 0)
		return -1;
	say_what_it_takes(v, f, &wish);
	/* Which version it is of, the dump says itself; where that cannot be read, restoring it will tell why. */
	if (!wish.sealed && f->tell && f->tell(v->e.artifact, &told, &at, NULL) == 0)
		wish.like = &told;
	return rp_scratch_make(&v->e.scratch, &wish, v->run, err);
}

static int restore(struct verifying *v, struct rp_err **err)
{
	const struct rp_format *f = format_of(v, err);

	return f ? rp_restore(&v->e.restored, f, v->e.artifact, v->e.scratch, err) : -1;
}

/* Whatever led our connections astray, a survey of the source would agree with itself. Connections have told each
 * other that they are at one place (rp_engine.hold), so one of them speaks for all. */
static int is_not_sealed(struct verifying *v, struct rp_err **err)
{
	const char *sealed = v->e.manifest ? v->e.manifest->survey->identity.instance : NULL;
	struct rp_identity here = {0};
	struct rp_position at = {0};

	/* What brings a whole server back brings its identity. */
	if (v->e.restored.format->physical)
		return 0;
	if (rp_db_engine(v->e.db)->identify(rp_db_conn(v->e.db, 0), &here, &at, err) < 0)
		return -1;
	if (!sealed || !*sealed || !here.instance || strcmp(sealed, here.instance) != 0)
		return 0;
	return rp_err_set(err, RP_ERR_ENGINE, "this is the server that was sealed (%s), and no scratch",
			  sealed);
}

static int open_db(struct verifying *v, struct rp_err **err)
{
	if (rp_db_open(&v->e.db, v->e.scratch->uri, rp_command_jobs(v->options->jobs), NULL, v->run, err) < 0)
		return -1;
	return is_not_sealed(v, err);
}

static int survey(struct verifying *v, struct rp_err **err)
{
	/* Without a manifest there is no method to repeat, and no sketch that would be of use. */
	const struct rp_scan_wish wish = {.whole_keys = true};

	if (v->e.manifest)
		return rp_survey_retake(&v->e.found, v->e.db, v->e.manifest->survey, err);
	return rp_survey_take(&v->e.found, v->e.db, &wish, err);
}

static int compare(struct verifying *v, struct rp_err **err)
{
	return rp_evidence_compare(&v->e, err);
}

static const struct step {
	const char *phase;    /* as reports and progress call it; NULL: too short to be one */
	const char *question; /* what is answered by its failure */
	int (*take)(struct verifying *v, struct rp_err **err);
} steps[] = {
	{.phase = NULL, .question = "manifest.trust", .take = look_at_clock},
	{.phase = NULL, .question = "restore.complete", .take = choose_first},
	{.phase = "trust", .question = "manifest.trust", .take = trust},
	{.phase = "artifact", .question = "restore.complete", .take = open_artifact},
	{.phase = NULL, .question = "objective.rpo", .take = rp_verify_points},
	{.phase = NULL, .question = "restore.complete", .take = recognise},
	{.phase = "scratch", .question = "scratch.connect", .take = make_scratch},
	{.phase = "restore", .question = "restore.complete", .take = restore},
	{.phase = "connect", .question = "scratch.connect", .take = open_db},
	{.phase = "survey", .question = "schema.objects", .take = survey},
	{.phase = "compare", .question = "schema.objects", .take = compare},
};

static void stop_at(struct verifying *v, const char *question, struct rp_err *err)
{
	enum rp_status status = rp_status_of_error(rp_err_kind(err));

	v->e.stopped_at = question;
	v->e.stopped = err;
	/* Findings alone cannot say 3 or 4. */
	if (status == RP_UNTRUSTED || status == RP_USED_WRONGLY)
		rp_result_refuse(v->result, question, err);
	if (rp_err_kind(err) == RP_ERR_CANCELLED)
		rp_result_proviso(v->result, "the run was interrupted");
	else if (rp_err_kind(err) == RP_ERR_TIMEOUT)
		rp_result_proviso(v->result, "the run was stopped because its time was up");
}

/* -1: nobody knows. */
static int is_the_sealed_one(const struct verifying *v)
{
	const struct rp_manifest *m = v->e.manifest;
	const struct rp_artifact *a = v->e.artifact;

	/* One file is the same backup under any name; of several, one that was changed is enough. */
	if (!m || !a || m->n_files == 0 || m->n_files != a->n_files)
		return -1;
	for (size_t i = 0; i < a->n_files; i++) {
		const struct rp_file *sealed = &m->files[a->n_files == 1 ? 0 : i];
		if (!a->files[i].digested || (a->n_files > 1 && strcmp(sealed->name, a->files[i].name) != 0))
			return -1;
		if (!rp_sha256_equal(sealed->sha256, a->files[i].sha256))
			return 0;
	}
	return 1;
}

/* A lock that does not open: the digest tells whether the key is wrong or the bytes are. */
static void settle(struct verifying *v)
{
	rp_autoerr struct rp_err *was = v->e.stopped;
	struct rp_err *now = NULL;
	int same = is_the_sealed_one(v);

	if (same > 0)
		rp_err_set(&now, RP_ERR_LOCKED,
			   "%s; the backup itself is intact: it is byte for byte what was sealed",
			   rp_err_text(was));
	else if (same == 0)
		rp_err_set(&now, RP_ERR_BACKUP,
			   "%s; the backup is not what was sealed, so it may well be the one that is wrong",
			   rp_err_text(was));
	else
		rp_err_set(&now, RP_ERR_LOCKED, "%s; whether the backup is damaged nothing here tells",
			   rp_err_text(was));
	if (rp_err_hint_text(was))
		rp_err_hint(&now, "%s", rp_err_hint_text(was));
	v->e.stopped = now;
}

void rp_verify_gather(struct verifying *v)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !v->e.stopped; i++) {
		const struct step *s = &steps[i];
		struct rp_err *err = NULL;
		int64_t began = rp_run_clock_ms();
		int done;

		if (s->phase)
			rp_run_phase(v->run, s->phase, 0, "");
		done = rp_run_check(v->run, &err) < 0 ? -1 : s->take(v, &err);
		if (s->phase)
			rp_result_phase(v->result, s->phase, rp_run_clock_ms() - began);
		if (done < 0)
			stop_at(v, s->question, err);
	}
	/* Is it the sealed file, at least? That can be told when it could not be restored, too. */
	if (v->e.stopped && v->e.artifact && v->e.manifest && rp_run_check(v->run, NULL) == 0)
		(void)rp_artifact_finish(v->e.artifact, NULL);
	if (v->e.stopped && rp_err_kind(v->e.stopped) == RP_ERR_LOCKED)
		settle(v);
}

void rp_verifying_done(struct verifying *v)
{
	rp_evidence_done(&v->e);
	rp_trust_store_done(&v->store);
	rp_unwrapping_done(&v->unwrapping);
	rp_notifying_done(&v->notifying);
	free(v->ratchet);
	rp_verify_ledger_done(v);
	rp_result_free(v->result);
}
