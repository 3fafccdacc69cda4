/* SPDX-License-Identifier: MIT */
#include "reports/report.h"

#include <libgen.h>
#include <stddef.h>
#include <string.h>

#include "verifier/command/bundle.h"
#include "verifier/command/commands.h"
#include "verifier/command/reviews.h"
#include "verifier/command/signing.h"
#include "verifier/config/controls.h"
#include "verifier/result/result.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

struct report_options {
	const char *file, *reports, *bundle, *manifest, *ledger, *config, *result_key;
	const char **logs;
	const char *controls;
	struct ledger_trust_options speakers;
	struct signing_options signing;
};

#define AT(member) .at = offsetof(struct report_options, member)
static const struct rp_option options[] = {
	{RP_OPTION_CONFIG, AT(config)},
	{.name = "reports",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(reports),
	 .help = "Where to write them; the directory that the result is in when it is not given."},
	{.name = "bundle",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(bundle),
	 .once = true,
	 .help = "Write all evidence into one archive as well (.tar, .tar.gz, .tar.zst): result, reports, manifest, ledger, public "
		 "keys, digests of all of them and how to check it with stock tools. The same evidence gives the same bytes (an ECDSA key signs otherwise each time; Ed25519 does not)."},
	{.name = "manifest",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(manifest),
	 .help = "The manifest that was verified, for the bundle."},
	{.name = "ledger",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(ledger),
	 .help = "The ledger that the run is recorded in, for the bundle; with --trust-review the report shows the reviews of this "
		 "result that are in it."},
	{.name = "controls",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(controls),
	 .help = "Which controls the report is evidence in support of, as YAML, instead of those on record or built in; see "
		 "CONTROLS in reprove-verify(1)."},
	{.name = "log",
	 .type = RP_OPTION_FILES,
	 .value = "FILE",
	 AT(logs),
	 .once = true,
	 .help = "A file to put into the bundle as it is, such as what the job said. May be given more than once."},
	{.name = "trust",
	 .type = RP_OPTION_FILES,
	 .value = "PUB",
	 AT(speakers.stores),
	 .help = "A public key that signs manifests, or a trust store: its keys go into the bundle, and those of results and "
		 "reviews say which reviews count. May be given more than once."},
	RP_LEDGER_TRUST_OPTIONS(report_options, speakers),
	{.name = "result-key",
	 .type = RP_OPTION_FILE,
	 .value = "KEY",
	 AT(result_key),
	 .help = "The private key that signs the bundle's list of digests: " RP_PRIVATE_KEY_HELP "."},
	RP_SIGNING_OPTIONS(report_options, signing, "result-key", "result-sign-command", false),
	{0},
};
static const struct rp_operand file = {
	.value = "RESULT",
	.help = "A result.json that 'verify' has written.",
	.type = RP_OPTION_FILE,
	AT(file),
	.required = true,
};
static const struct rp_example examples[] = {
	{"render all reports again", "reprove report out/result.json"},
	{"render them somewhere else", "reprove report out/result.json --reports for-the-auditor"},
	{"with the reviews that were signed since",
	 "reprove report out/result.json --ledger ledger --trust-result runner.pub --trust-review auditor.pub"},
	{"one archive for the auditor",
	 "reprove report out/result.json --bundle shop.tar.zst --manifest shop.manifest.json --ledger ledger --trust trust.yaml "
	 "--result-key result.key"},
	{0},
};

static int read_result(const char *path, struct rp_result **ret, struct rp_err **err)
{
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);

	if (rp_file_read(path, &json, err) < 0 || rp_result_read(ret, rp_buf_text(&json), json.len, err) < 0)
		return rp_err_wrap(err, "report '%s'", path);
	return 0;
}

static int bundle(const struct rp_call *call, const struct rp_result *r, const struct rp_rendering *how,
		  struct rp_trust_store *trust, struct rp_err **err)
{
	const struct report_options *o = call->options;
	rp_auto(rp_arena) memory = NULL;
	rp_auto(rp_ledger) ledger = NULL;
	rp_auto(rp_key) key = NULL;

	if (rp_arena_new(&memory, err) < 0 ||
	    rp_trust_store_add_all(trust, memory, o->speakers.stores, RP_SIGNS_MANIFESTS, err) < 0 ||
	    rp_trust_store_add_all(trust, memory, o->speakers.result, RP_SIGNS_RESULTS, err) < 0 ||
	    (o->ledger && rp_ledger_open(&ledger, o->ledger, false, err) < 0) ||
	    (o->result_key &&
	     rp_signing_key(&key, "result-key", o->result_key, &o->signing, call->run, err) < 0))
		return -1;
	const struct rp_bundle b = {.result = r,
				    .how = how,
				    .result_file = o->file,
				    .manifest = o->manifest,
				    .config = o->config,
				    .logs = o->logs,
				    .ledger = ledger,
				    .trust = trust,
				    .key = key};
	return rp_bundle_write(&b, o->bundle, err);
}

/* Are there reviews to look for, and entries that they can be of? A store that cannot be read is told of by whoever
 * needs it. */
static bool has_reviewer(const struct ledger_trust_options *o, struct rp_arena *memory)
{
	struct rp_trust_store store = {0};
	unsigned roles = o->result ? RP_SIGNS_RESULTS : 0;

	(void)rp_trust_store_add_all(&store, memory, o->stores, RP_SIGNS_MANIFESTS, NULL);
	for (size_t i = 0; i < store.n; i++)
		roles |= store.trusted[i].roles;
	rp_trust_store_done(&store);
	return (roles & RP_SIGNS_REVIEWS) && (roles & RP_SIGNS_RESULTS);
}

/* What is shown with the record and is no part of it. */
static int look_around(const struct report_options *o, struct rp_arena *memory, struct rp_rendering *how,
		       struct rp_err **err)
{
	if (o->controls && rp_controls_load(&how->controls, &how->n_controls, memory, o->controls, err) < 0)
		return rp_err_wrap(err, "report: --controls");
	if (!o->ledger || (!o->speakers.review && !has_reviewer(&o->speakers, memory)))
		return 0;
	return rp_reviews_of(o->file, o->ledger, &o->speakers, memory, &how->reviews, &how->n_reviews, err);
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct report_options *o = call->options;
	struct rp_rendering how = {.color = rp_command_color(), .width = rp_command_width()};
	rp_auto(rp_result) r = NULL;
	rp_autofree char *copy = strdup(o->file);
	rp_auto(rp_arena) memory = NULL;
	const char *to;

	if (!copy)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_arena_new(&memory, err) < 0 || read_result(o->file, &r, err) < 0 ||
	    look_around(o, memory, &how, err) < 0)
		return -1;
	to = o->reports ? o->reports : dirname(copy);
	how.where = to;
	if (rp_dir_make(to, 0755, err) < 0 || rp_reports_write(r, &how, to, err) < 0 ||
	    rp_reports_print(r, &how, err) < 0)
		return rp_err_wrap(err, "report");
	if (o->bundle) {
		struct rp_trust_store trust = {0};
		int done = bundle(call, r, &how, &trust, err);
		rp_trust_store_done(&trust);
		if (done < 0)
			return rp_err_wrap(err, "report");
	}
	/* A failed run does not become a success by being printed once more. */
	return (int)rp_result_status(r);
}

const struct rp_command rp_command_report = {
	.name = "report",
	.summary = "Render the reports of a recorded result again.",
	.about = "Reads a result.json and writes the reports anew, on any machine and without a database. "
		 "The exit status is the recorded one.",
	.options = options,
	.operand = &file,
	.size = sizeof(struct report_options),
	.examples = examples,
	.run = run,
};
