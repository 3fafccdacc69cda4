/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/command/sign.h"
#include "verifier/ledger/ledger.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define AT(member) .at = offsetof(struct sign_options, member)
static const struct rp_option options[] = {
	{RP_OPTION_CONFIG, AT(config)},
	{.name = "ledger",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(ledger),
	 .required = true,
	 .help = "The ledger that the entry is in."},
	{.name = "manifest",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(manifest),
	 .alone = true,
	 .once = true,
	 .help = "Sign this manifest, and no entry of a ledger: one more signature, beside those that it has. Goes with --key "
		 "and --trust."},
	{.name = "trust",
	 .type = RP_OPTION_FILES,
	 .value = "PUB",
	 AT(trust.stores),
	 .help = "A trust store, or with --manifest a public key: who may sign manifests, results and reviews. What nobody has "
		 "signed who may is not signed again. May be given more than once."},
	{.name = "target",
	 .type = RP_OPTION_TEXT,
	 .value = "NAME",
	 AT(target),
	 .help = "What the entry or the manifest must be about."},
	{.name = "key",
	 .type = RP_OPTION_FILE,
	 .value = "KEY",
	 AT(key),
	 .required = true,
	 .once = true,
	 .help = "The private key to sign with: " RP_PRIVATE_KEY_HELP
		 ". For an entry the reviewer's: another one than those that sign manifests and results."},
	RP_SIGNING_OPTIONS(sign_options, signing, "key", "sign-command", true),
	RP_LEDGER_TRUST_OPTIONS(sign_options, trust),
	{.name = "says",
	 .type = RP_OPTION_TEXT,
	 .value = "TEXT",
	 AT(says),
	 .required = true,
	 .once = true,
	 .help = "What was found, and by whom: it stands in the history for good."},
	{.name = "decision",
	 .type = RP_OPTION_FLAG,
	 AT(decision),
	 .once = true,
	 .help = "It is a decision, and closes the failure that the entry records."},
	{0},
};
static const struct rp_operand operand = {.value = "ENTRY",
					  .help = "The number of the entry, as 'reprove history' shows it.",
					  .type = RP_OPTION_TEXT,
					  AT(entry),
					  .required = true};
static const struct rp_example examples[] = {
	{"say that a result was looked at",
	 "reprove sign 12 --ledger ledger --key review.key --trust-result result.pub --says 'seen, complete'"},
	{"close a failure",
	 "reprove sign 9 --ledger ledger --key review.key --trust-result result.pub --decision --says 'OPS-231: disk replaced'"},
	{"be the second of two who sign a manifest",
	 "reprove sign --manifest shop.manifest.json --key second.key --trust first.pub"},
	{0},
};

static const struct rp_entry *find(const struct rp_chain *c, const struct sign_options *o,
				   struct rp_err **err)
{
	uint64_t number;

	if (c->n_faults > 0) {
		rp_err_set(err, RP_ERR_TRUST, "the ledger does not hold together: entry %llu: %s",
			   (unsigned long long)c->faults[0].number, c->faults[0].says);
		rp_err_hint(err, "'reprove history --check' lists all that is wrong with it");
		return NULL;
	}
	if (!rp_parse_u64(o->entry, 1, UINT64_MAX, &number)) {
		rp_err_set(err, RP_ERR_USAGE, "'%s' is no number of an entry", o->entry);
		return NULL;
	}
	const struct rp_entry *e = rp_chain_entry(c, number);
	if (!e)
		rp_err_set(err, RP_ERR_USAGE, "there is no entry %s in '%s'", o->entry, o->ledger);
	else if (e->kind != RP_ENTRY_RESULT && e->kind != RP_ENTRY_INTENT)
		rp_err_set(err, RP_ERR_USAGE, "entry %s is a %s, and neither a result nor an intent",
			   o->entry, rp_entry_kind_name(e->kind));
	else if (o->target && (!e->target || strcmp(e->target, o->target) != 0))
		rp_err_set(err, RP_ERR_USAGE, "entry %s is about '%s', expected '%s'", o->entry,
			   e->target ? e->target : "", o->target);
	else
		return e;
	return NULL;
}

/* Whoever made it cannot say that it was looked at by somebody else. */
static int is_another(const struct rp_key *key, const struct rp_entry *e, struct rp_err **err)
{
	for (size_t i = 0; i < e->n_signed_by; i++) {
		if (strcmp(e->signed_by[i], rp_key_id(key)) == 0)
			return rp_err_set(err, RP_ERR_TRUST,
					  "this key signed the entry itself: a review is somebody else's");
	}
	return 0;
}

static int sign(const void *ctx, const struct rp_trust *trust, struct rp_err **err)
{
	const struct rp_call *call = ctx;
	const struct sign_options *o = call->options;
	rp_auto(rp_ledger) l = NULL;
	rp_auto(rp_chain) c = NULL;
	rp_auto(rp_key) key = NULL;
	rp_autobuf out = RP_BUF_INIT(4096);
	char number[24];
	struct rp_head head;

	if (rp_signing_key(&key, "key", o->key, &o->signing, call->run, err) < 0 ||
	    rp_ledger_open(&l, o->ledger, false, err) < 0 ||
	    rp_ledger_read(l, trust, NULL, true, &c, err) < 0)
		return -1;
	const struct rp_entry *of = find(c, o, err);
	if (!of || is_another(key, of, err) < 0)
		return -1;
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)of->number);
	const struct rp_fact says[] = {
		{RP_SAYS_DIGEST, of->sha256}, {RP_SAYS_OF, number}, {RP_SAYS_TEXT, o->says}};
	struct rp_entry e = {.kind = o->decision ? RP_ENTRY_DECISION : RP_ENTRY_REVIEW,
			     .at_ms = rp_time_now_ms(),
			     .target = of->target,
			     .says = says,
			     .n_says = 3};
	if (rp_ledger_append(l, &e, NULL, key, NULL, err) < 0 || rp_ledger_head(l, &head, err) < 0)
		return -1;
	rp_buf_addf(&out,
		    "entry %llu: %s of entry %s, signed by %s\nledger head: ", (unsigned long long)e.number,
		    rp_entry_kind_name(e.kind), number, rp_key_id(key));
	rp_head_format(l, &head, &out);
	rp_buf_add(&out, "\n");
	return rp_command_print(&out, err);
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct sign_options *o = call->options;

	if (!o->manifest)
		return rp_ledger_trust(&o->trust, "sign", sign, call, err);
	if (o->entry || o->says || o->decision)
		return rp_err_set(err, RP_ERR_USAGE,
				  "sign: --manifest does not go with ENTRY, --says and --decision");
	return rp_sign_manifest(call, err) < 0 ? rp_err_wrap(err, "sign") : 0;
}

const struct rp_command rp_command_sign = {
	.name = "sign",
	.summary = "Add a reviewer's signature to an entry of the ledger, or a second one to a manifest.",
	.about =
		"A result that nobody has looked at is shown as 'not reviewed'. A reviewer signs with a key of his own, which "
		"may sign nothing else; the entry that he means is named by its digest, and must be one that a trusted key "
		"has signed.\n\n"
		"With --manifest a manifest gets one more signature. A trust store's policy says how many different keys must have "
		"signed one ('signatures: 2'), so that no single person or machine can say what a backup holds. What is signed is "
		"printed; compare it with what you know. The file is written beside and renamed.",
	.options = options,
	.operand = &operand,
	.size = sizeof(struct sign_options),
	.examples = examples,
	.run = run,
};
