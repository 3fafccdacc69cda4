/* SPDX-License-Identifier: MIT */
#include "verifier/command/verify.h"

#include <stdio.h>
#include <string.h>

#include "reports/metrics.h"
#include "reports/report.h"
#include "verifier/command/commands.h"
#include "verifier/config/controls.h"
#include "verifier/config/smoke.h"
#include "verifier/config/waivers.h"
#include "verifier/recovery/choose.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define TEXT_MAX (1u << 20)

struct known {
	const char *const name;
	const char *const summary;
	bool required, final;
};

/* Every check there is: ours, then each engine's own tests. */
static bool each_check(bool (*fn)(const struct known *k, void *ctx), void *ctx)
{
	for (const struct rp_check *const *c = rp_checks; *c; c++) {
		if (fn(&(struct known){(*c)->name, (*c)->summary, (*c)->required, (*c)->final}, ctx))
			return true;
	}
	for (const struct rp_engine *const *e = rp_engines; *e; e++) {
		for (const struct rp_engine_test *t = (*e)->tests; t && t->name; t++) {
			if (fn(&(struct known){t->name, t->summary, false, false}, ctx))
				return true;
		}
	}
	return false;
}

static bool is_it(const struct known *k, void *ctx)
{
	return strcmp(k->name, *(const char *const *)ctx) == 0;
}

static bool is_final(const struct known *k, void *ctx)
{
	return k->final && is_it(k, ctx);
}

static int check_names(const char *const *names, const char *option, struct rp_err **err)
{
	for (; names && *names; names++) {
		const char *name = *names;
		if (!each_check(is_it, &name)) {
			rp_err_set(err, RP_ERR_USAGE, "verify: '--%s %s': there is no such check", option,
				   name);
			return rp_err_hint(err, "'reprove verify --list-checks' lists them");
		}
	}
	return 0;
}

static bool list_one(const struct known *k, void *ctx)
{
	rp_buf_addf(ctx, "%-22s %s%s\n", k->name, k->summary, k->required ? " (required)" : "");
	return false;
}

static int list_checks(struct rp_err **err)
{
	rp_autobuf out = RP_BUF_INIT(TEXT_MAX);

	each_check(list_one, &out);
	return rp_command_print(&out, err);
}

static int check_options(const struct verify_options *o, struct rp_err **err)
{
	if (o->no_manifest && (o->manifest || o->trust))
		return rp_err_set(err, RP_ERR_USAGE,
				  "verify: --no-manifest does not go with --manifest or --trust");
	if (!o->no_manifest && !o->manifest) {
		rp_err_set(err, RP_ERR_USAGE, "verify: option '--manifest FILE' is missing");
		return rp_err_hint(
			err, "without a manifest, --no-manifest proves that the backup can be restored, and "
			     "no more");
	}
	if (!o->no_manifest && !o->trust) {
		rp_err_set(err, RP_ERR_USAGE, "verify: option '--trust PUB' is missing");
		return rp_err_hint(
			err, "it names the public key whose signature counts: reprove.pub, made by 'reprove "
			     "keygen'");
	}
	if (o->max_drop && !o->ledger)
		return rp_err_set(
			err, RP_ERR_USAGE,
			"verify: --max-drop compares with the last proof in a ledger: option '--ledger DIR' is "
			"missing");
	if (check_names(o->only, "check", err) < 0 || check_names(o->require, "require", err) < 0)
		return -1;
	return check_names(o->skip, "skip", err);
}

static int read_wanted(struct verifying *v, struct rp_err **err)
{
	const struct verify_options *o = v->options;
	struct rp_pick pick;

	v->wanted = (struct rp_wanted){.database = o->database, .logs = o->logs, .jobs = (unsigned)o->jobs};
	if (rp_verify_pick(o, &pick, err) < 0)
		return -1;
	if (o->recover_to && rp_until_parse(o->recover_to, &v->wanted.until, err) < 0)
		return rp_err_wrap(err, "verify: --recover-to");
	return 0;
}

static int load_smoke(struct verifying *v, struct rp_arena *memory, struct rp_err **err)
{
	size_t n = 0;
	struct rp_smoke *smoke;

	while (v->options->smoke && v->options->smoke[n])
		n++;
	smoke = rp_arena_array(memory, n + 1, sizeof(*smoke));
	if (!smoke)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		if (rp_smoke_load(&smoke[i], memory, v->options->smoke[i], err) < 0)
			return rp_err_wrap(err, "verify: --smoke");
	}
	v->target.smoke = smoke;
	v->target.n_smoke = n;
	return 0;
}

static int load_waivers(struct verifying *v, struct rp_arena *memory, struct rp_err **err)
{
	struct rp_target *t = &v->target;

	if (!v->options->waivers)
		return 0;
	if (rp_waivers_load(&t->waivers, &t->n_waivers, memory, v->options->waivers, rp_time_now_ms(), err) <
	    0)
		return rp_err_wrap(err, "verify: --waivers");
	for (size_t i = 0; i < t->n_waivers; i++) {
		const char *name = t->waivers[i].check;
		const char *const names[] = {name, NULL};
		if (check_names(names, "waivers", err) < 0)
			return -1;
		if (each_check(is_final, &name))
			return rp_err_set(err, RP_ERR_CONFIG, "verify: --waivers: %s cannot be waived",
					  t->waivers[i].check);
	}
	return 0;
}

static int load_controls(struct verifying *v, struct rp_arena *memory, struct rp_err **err)
{
	struct rp_record *r = &v->around.record;

	if (v->options->controls &&
	    rp_controls_load(&r->controls, &r->n_controls, memory, v->options->controls, err) < 0)
		return rp_err_wrap(err, "verify: --controls");
	return 0;
}

static int print(const struct verifying *v, struct rp_err **err)
{
	const struct rp_rendering how = {
		.color = rp_command_color(), .width = rp_command_width(), .where = v->options->reports};
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);

	if (!v->options->json)
		return rp_reports_print(v->result, &how, err);
	if (rp_result_write(v->result, &json, err) < 0)
		return -1;
	return rp_command_print(&json, err);
}

static void say_where_it_is(const char *how_to_connect)
{
	rp_autobuf out = RP_BUF_INIT(TEXT_MAX);

	/* To standard error: with --json, standard output is for a machine. */
	rp_buf_addf(&out, "%s\n", how_to_connect);
	(void)rp_write_all(2, rp_buf_text(&out), out.len, NULL);
}

static bool has_failed(const struct rp_result *r, const char *check)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		if (r->findings.all[i].verdict == RP_FAIL && strcmp(r->findings.all[i].check, check) == 0)
			return true;
	}
	return false;
}

static void selftest(struct verifying *v)
{
	int64_t began = rp_run_clock_ms();

	rp_run_phase(v->run, "selftest", 0, "");
	rp_selftest_run(&v->e, v->result);
	rp_result_phase(v->result, "selftest", rp_run_clock_ms() - began);
	rp_run_phase(v->run, NULL, 0, NULL);
}

/* Ask, tidy up, write it all down. */
static void conclude(struct verifying *v)
{
	int64_t began = rp_run_clock_ms();
	rp_autoerr struct rp_err *unmeant = NULL;

	/* What was refused before a backup was chosen is on record, too. */
	if (rp_verify_intend(v, &unmeant) < 0)
		rp_result_refuse(v->result, "ledger", unmeant);
	rp_verify_about(v);
	rp_run_phase(v->run, "checks", 0, "");
	rp_checks_run(&v->e, v->result);
	rp_result_phase(v->result, "checks", rp_run_clock_ms() - began);
	rp_run_phase(v->run, NULL, 0, NULL);
	if (v->e.manifest && has_failed(v->result, "artifact.digest"))
		rp_result_proviso(
			v->result,
			"the backup is not the one that was sealed: everything else here is said of an "
			"unknown artifact");
	rp_verify_provisos(v);
	rp_verify_conditions(v);
	if (v->options->selftest)
		selftest(v);
	rp_autofree char *kept = NULL;
	if (v->e.scratch && v->e.scratch->keep && v->e.scratch->how_to_connect)
		kept = strdup(v->e.scratch->how_to_connect);
	rp_evidence_close(&v->e, &v->result->findings);
	if (v->e.scratch && v->e.scratch->keep && !kept && v->e.scratch->how_to_connect)
		kept = strdup(v->e.scratch->how_to_connect);
	rp_verify_around(v);
	/* Lengths are told by a clock that nobody can set. */
	v->result->finished_ms = v->result->started_ms + (rp_run_clock_ms() - v->began_ms);
	if (kept)
		say_where_it_is(kept);
}

/* The result has been added to since. */
static void report_again(const struct verifying *v)
{
	rp_autoerr struct rp_err *unwritten = NULL;

	if (v->options->reports && rp_reports_write(v->result, NULL, v->options->reports, &unwritten) < 0)
		rp_command_complain(unwritten);
}

/* After a 0, and only then, older manifests are refused from now on. Where that cannot be written down the proof
 * stands, and says so. */
static void remember(struct verifying *v)
{
	const struct rp_manifest *m = v->e.manifest;
	rp_autoerr struct rp_err *err = NULL;

	if (!m || !v->trust.ratchet || (m->replay && !m->first_use) ||
	    rp_trust_advance(&v->trust, m, &err) == 0)
		return;
	rp_command_complain(err);
	rp_result_proviso(v->result, "an older manifest will not be noticed: %s", rp_err_text(err));
	report_again(v);
}

/* In the ledger, or else not a 0, in the reports neither. */
static void record(struct verifying *v)
{
	rp_autoerr struct rp_err *err = NULL;

	if (rp_verify_record(v, &err) == 0)
		return;
	rp_command_complain(err);
	rp_result_refuse(v->result, "ledger", err);
	report_again(v);
}

/* A report that could not be written is never a 0; what is graver stays. */
static int report(struct verifying *v)
{
	const char *dir = v->options->reports;
	rp_autoerr struct rp_err *unwritten = NULL, *unprinted = NULL, *unmeasured = NULL;

	if (dir && rp_reports_write(v->result, NULL, dir, &unwritten) < 0)
		rp_command_complain(unwritten);
	enum rp_status status = rp_result_status(v->result);
	if (unwritten && status == RP_VERIFIED)
		status = RP_INCONCLUSIVE;
	/* Whom it did not reach is part of what is signed, and so is a memory that could not be written. */
	if (rp_verify_tell(v, status, false))
		report_again(v);
	if (rp_result_status(v->result) == RP_VERIFIED && !unwritten)
		remember(v);
	if (v->recording.intent)
		record(v);
	if (v->options->metrics && rp_metrics_write(v->result, v->options->metrics, &unmeasured) < 0)
		rp_command_complain(unmeasured);
	if (print(v, &unprinted) < 0)
		rp_command_complain(unprinted);
	rp_verify_say_head(v);
	status = rp_result_status(v->result);
	if ((unwritten || unprinted || unmeasured || v->recording.unstamped) && status == RP_VERIFIED)
		status = RP_INCONCLUSIVE;
	/* Once more where it came out otherwise than what they were told. */
	(void)rp_verify_tell(v, status, true);
	return (int)status;
}

static int verify(struct verifying *v, struct rp_err **err)
{
	const struct verify_options *o = v->options;

	if (rp_result_new(&v->result, o->target, err) < 0)
		return -1;
	v->result->without_manifest = o->no_manifest;
	v->began_ms = rp_run_clock_ms();
	if (o->reports && rp_reports_begin(v->result, o->reports, err) < 0)
		return -1;
	rp_verify_tell_start(v);
	rp_verify_gather(v);
	conclude(v);
	return report(v);
}

static int find_ratchet(struct verifying *v, struct rp_err **err)
{
	rp_autofree char *state = NULL;

	if (v->options->no_manifest)
		return 0;
	if (rp_state_directory(v->options->state, &state, err) < 0)
		return -1;
	if (state && asprintf(&v->ratchet, "%s/ratchet", state) < 0) {
		v->ratchet = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return 0;
}

/* All that can be said to have been typed wrongly is said before any work. */
static int prepare(struct verifying *v, const struct rp_command *command, struct rp_err **err)
{
	if (rp_notifying_make(&v->notifying, &v->options->notifying, err) < 0 ||
	    check_options(v->options, err) < 0 || read_wanted(v, err) < 0 ||
	    rp_unwrapping_make(&v->unwrapping, &v->options->unwrapping, v->run, err) < 0 ||
	    load_smoke(v, v->memory, err) < 0 || load_waivers(v, v->memory, err) < 0 ||
	    load_controls(v, v->memory, err) < 0 || find_ratchet(v, err) < 0)
		return -1;
	return rp_verify_ledger_open(v, command, err);
}

int rp_verify_run(const struct rp_call *call, struct rp_err **err)
{
	const struct verify_options *o = call->options;
	rp_auto(rp_arena) memory = NULL;

	if (o->list_checks)
		return list_checks(err);
	if (rp_arena_new(&memory, err) < 0)
		return -1;
	struct verifying v = {.options = o,
			      .run = call->run,
			      .memory = memory,
			      .target = {.name = o->target,
					 .scratch = o->scratch,
					 .jobs = (unsigned)o->jobs,
					 .rto_ms = o->rto_ms,
					 .rpo_ms = o->rpo_ms,
					 .due_ms = o->due_ms,
					 .max_drop = (unsigned)o->max_drop,
					 .require = o->require,
					 .only = o->only,
					 .skip = o->skip,
					 .without_manifest = o->no_manifest,
					 .show_values = o->show_values}};
	v.e.target = &v.target;
	v.notifying.told = -1;
	v.e.record = &v.around.record;
	int status = prepare(&v, call->command, err);
	if (status == 0) {
		if (o->timeout_ms)
			call->run->deadline_ns = (rp_run_clock_ms() + o->timeout_ms) * 1000000;
		status = verify(&v, err);
	}
	if (status < 0 && v.notifying.told < 0)
		rp_verify_tell_refused(&v, *err);
	rp_verifying_done(&v);
	return status;
}

const struct rp_command rp_command_verify = {
	.name = "verify",
	.summary = "Restore a backup somewhere private and prove that it is what was sealed.",
	.about = "Restores ARTIFACT into a private server, takes the survey that the manifest was made of "
		 "once more, compares the two, and runs integrity checks. What differs is named: relations, "
		 "columns, and where the manifest allows it the very rows.\n\n"
		 "Needs no configuration and no rights beyond those of an ordinary user; started as root, "
		 "the private server runs as a user without rights.",
	.options = rp_verify_options,
	.operand = &rp_verify_artifact,
	.size = sizeof(struct verify_options),
	.examples = rp_verify_examples,
	.sections = rp_verify_sections,
	.run = rp_verify_run,
};
