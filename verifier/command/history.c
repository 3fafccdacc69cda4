/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/command/history.h"
#include "verifier/command/ledger_trust.h"
#include "verifier/command/signing.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define OUT_MAX (256u << 20)

struct history_options {
	const char *config, *ledger, *target, *head, *result_key;
	struct ledger_trust_options trust;
	struct signing_options signing;
	int64_t overdue_ms, prune_ms;
	bool check, json;
};

#define AT(member) .at = offsetof(struct history_options, member)
static const struct rp_option options[] = {
	{RP_OPTION_CONFIG, AT(config)},
	{.name = "ledger",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(ledger),
	 .required = true,
	 .help = "The ledger: what 'verify --ledger' was told."},
	{.name = "target", .type = RP_OPTION_TEXT, .value = "NAME", AT(target), .help = "This target alone."},
	{.name = "trust",
	 .type = RP_OPTION_FILES,
	 .value = "STORE",
	 AT(trust.stores),
	 .help = "A trust store: its keys of the roles 'result' and 'review' count. May be given more than once."},
	RP_LEDGER_TRUST_OPTIONS(history_options, trust),
	{.name = "check",
	 .type = RP_OPTION_FLAG,
	 AT(check),
	 .once = true,
	 .help = "Say only whether the ledger holds together: every entry signed, each following the one before, "
		 "nothing missing."},
	{.name = "head",
	 .type = RP_OPTION_TEXT,
	 .value = "HEAD",
	 AT(head),
	 .once = true,
	 .help = "A head that was kept elsewhere, LEDGER:NUMBER:SHA256 as it is printed after every run: nothing before "
		 "it was removed, changed or put in."},
	{.name = "overdue",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(overdue_ms),
	 .once = true,
	 .help = "End with 1 when a target has no pass that is newer than this, 92d: silence must alarm. When it is not given, "
		 "'due' of each target in the configuration."},
	{.name = "prune",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(prune_ms),
	 .once = true,
	 .help = "Remove entries that are older, but for their digests, which a new entry keeps. The newest pass of a "
		 "target and its open failures stay. Needs --result-key."},
	{.name = "result-key",
	 .type = RP_OPTION_FILE,
	 .value = "KEY",
	 AT(result_key),
	 .help = "The private key that signs the entry which --prune writes: " RP_PRIVATE_KEY_HELP "."},
	RP_SIGNING_OPTIONS(history_options, signing, "result-key", "result-sign-command", false),
	{.name = "json", .type = RP_OPTION_FLAG, AT(json), .once = true, .help = "Print it as JSON."},
	{0},
};
static const struct rp_operand operand = {
	.value = "TARGET", .help = "The same as --target.", .type = RP_OPTION_TEXT, AT(target)};
static const struct rp_example examples[] = {
	{"when was each target proved last, and what has failed since",
	 "reprove history --ledger ledger --trust-result result.pub"},
	{"alarm when there was no proof for a quarter",
	 "reprove history --ledger ledger --trust-result result.pub --overdue 92d"},
	{"the same for each target as the configuration says, and for those that were never run",
	 "reprove history --config reprove.yaml"},
	{"was anything removed since this head was written into the ticket",
	 "reprove history --ledger ledger --trust-result result.pub --check --head 6f1e...:12:9ab0..."},
	{0},
};
static const struct rp_section sections[] = {
	{"WHAT IT PROVES",
	 "Entries are signed, numbered, and each holds the digest of the one before. So a change, a gap or an insertion is "
	 "told. A chain by itself cannot show that its end was cut off or that all of it was made anew: for that the head "
	 "is printed after every run. Keep it in a ticket, a mail or another system, and give it back with --head.\n\n"
	 "A run begins with an entry, its intent, before the backup is opened. One without a result was abandoned, and is "
	 "counted: who runs a test until it passes leaves a trace. A failure stays open until a later pass of the same "
	 "recovery point or a decision of a reviewer (reprove-sign(1)) answers it."},
	{"WHO IS MISSING",
	 "With --config, or $REPROVE_CONFIG, every target of the configuration is listed, also those that no run was ever made "
	 "of; 'due: 92d' there says how often a proof is due, for all or for one. A target with 'excluded: REASON' is listed "
	 "with its reason and never overdue; one whose 'ledger' is another directory is told, and looked for there.\n\n"
	 "Only 'verified' is a proof. Three runs in a row that could not tell are pointed out: a test that never ends with an "
	 "answer is no test."},
	{"EXIT STATUS HERE",
	 "0: it holds together, and nothing is overdue. 1: a target is overdue, where it is known how often a proof is due. 2: "
	 "it could not be read. 3: it does not hold together; what is wrong is printed."},
	{0},
};

static int faults(const struct rp_chain *c, struct rp_buf *out)
{
	for (size_t i = 0; i < c->n_faults; i++) {
		rp_buf_addf(out, "entry %llu: ", (unsigned long long)c->faults[i].number);
		rp_buf_add_plain(out, c->faults[i].says);
		rp_buf_add(out, "\n");
	}
	return c->n_faults > 0 ? 3 : 0;
}

/* What is asked for and is not there has no pass at all, and neither has what the configuration names alone. */
static void add_target(struct rp_shown *s, const struct history_options *o, const char *name)
{
	struct rp_shown_target *to = &s->all[s->n];

	if (o->target && strcmp(o->target, name) != 0)
		return;
	*to = (struct rp_shown_target){.name = name,
				       .history = rp_history_target(&s->history, name),
				       .wanted = rp_wanted_target(&s->wanted, name)};
	to->due_ms = o->overdue_ms || !to->wanted ? o->overdue_ms : to->wanted->due_ms;
	to->state = rp_target_state(to->wanted, to->history, to->due_ms, s->now_ms);
	to->overdue = to->due_ms && rp_history_overdue(to->history, to->due_ms, s->now_ms) &&
		      !(to->wanted && (to->wanted->excluded || to->wanted->elsewhere));
	s->n++;
}

static int list_targets(struct rp_shown *s, const struct history_options *o, struct rp_err **err)
{
	struct rp_arena *memory = s->chain->memory;

	if (rp_history_of(&s->history, s->chain, s->now_ms, err) < 0 ||
	    rp_wanted_targets_load(&s->wanted, memory, o->config, o->ledger, err) < 0)
		return -1;
	s->all = rp_arena_array(memory, s->history.n + s->wanted.n + 1, sizeof(*s->all));
	if (!s->all)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < s->history.n; i++)
		add_target(s, o, s->history.all[i].target);
	for (size_t i = 0; i < s->wanted.n; i++) {
		if (!rp_history_target(&s->history, s->wanted.all[i].name))
			add_target(s, o, s->wanted.all[i].name);
	}
	if (o->target && s->n == 0)
		add_target(s, o, o->target);
	return 0;
}

/* A ledger with nothing in it says that nothing was proved. */
static bool is_overdue(const struct rp_shown *s, const struct history_options *o)
{
	bool any = o->overdue_ms && s->n == 0;

	for (size_t i = 0; i < s->n; i++)
		any = any || s->all[i].overdue;
	return any;
}

static int print(struct rp_ledger *l, const struct rp_chain *c, const struct history_options *o,
		 struct rp_err **err)
{
	struct rp_shown s = {.ledger = l,
			     .chain = c,
			     .target = o->target,
			     .now_ms = rp_time_now_ms(),
			     .color = rp_command_color()};
	rp_autobuf out = RP_BUF_INIT(OUT_MAX);
	int status = 0;

	if (list_targets(&s, o, err) < 0)
		return -1;
	if (o->json) {
		if (rp_history_json(&s, &out, err) < 0)
			return -1;
		status = c->n_faults > 0 ? 3 : 0;
	} else {
		status = faults(c, &out);
		if (!o->check)
			rp_history_text(&s, &out);
		rp_buf_addf(&out, "%s: %zu entries%s, head ", rp_ledger_dir(l), c->n,
			    c->n_faults > 0 ? ", which do not hold together" : "");
		rp_head_format(l, &c->head, &out);
		rp_buf_add(&out, "\n");
	}
	if (rp_command_print(&out, err) < 0)
		return -1;
	return status == 0 && !o->check && is_overdue(&s, o) ? 1 : status;
}

static int prune(struct rp_ledger *l, const struct rp_chain *c, const struct rp_call *call,
		 struct rp_err **err)
{
	const struct history_options *o = call->options;
	rp_auto(rp_key) key = NULL;
	rp_autobuf out = RP_BUF_INIT(4096);
	uint64_t pruned;
	int64_t now_ms = rp_time_now_ms();

	if (!o->result_key)
		return rp_err_set(err, RP_ERR_USAGE, "--prune needs --result-key KEY");
	if (rp_signing_key(&key, "result-key", o->result_key, &o->signing, call->run, err) < 0 ||
	    rp_ledger_prune(l, c, now_ms - o->prune_ms, key, now_ms, &pruned, err) < 0)
		return -1;
	rp_buf_addf(&out, "%llu entries were pruned\n", (unsigned long long)pruned);
	return rp_command_print(&out, err);
}

static int look(const void *ctx, const struct rp_trust *trust, struct rp_err **err)
{
	const struct rp_call *call = ctx;
	const struct history_options *o = call->options;
	rp_auto(rp_ledger) l = NULL;
	rp_auto(rp_chain) c = NULL;
	struct rp_head head;
	char id[RP_LEDGER_ID];

	if ((o->head && rp_head_parse(o->head, id, &head, err) < 0) ||
	    rp_ledger_open(&l, o->ledger, false, err) < 0)
		return -1;
	if (o->head && strcmp(id, rp_ledger_id(l)) != 0)
		return rp_err_set(err, RP_ERR_TRUST,
				  "the head that was kept is of the ledger %s, and '%s' is %s", id, o->ledger,
				  rp_ledger_id(l));
	if (rp_ledger_read(l, trust, o->head ? &head : NULL, true, &c, err) < 0)
		return -1;
	return o->prune_ms ? prune(l, c, call, err) : print(l, c, o, err);
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct history_options *o = call->options;

	return rp_ledger_trust(&o->trust, "history", look, call, err);
}

const struct rp_command rp_command_history = {
	.name = "history",
	.summary = "Tell what was proved when, and whether the record of it holds together.",
	.about =
		"Reads a ledger: the signed, chained record that 'verify --ledger' keeps. For each target: when it was "
		"proved last, every attempt with its verdict, restore time and rows, which failures are still open, and "
		"what was abandoned.",
	.options = options,
	.operand = &operand,
	.size = sizeof(struct history_options),
	.examples = examples,
	.sections = sections,
	.run = run,
};
