/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/command/commands.h"
#include "verifier/command/verify.h"
#include "verifier/ledger/history.h"
#include "verifier/manifest/policy.h"
#include "verifier/recovery/store.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/machine.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define TEXT_MAX     (1u << 20)
#define SHORT_DIGEST 12 /* enough to tell manifests of one target apart */

int rp_verify_ledger_open(struct verifying *v, const struct rp_command *command, struct rp_err **err)
{
	const struct verify_options *o = v->options;

	v->recording.command = command;
	if (rp_stamping_make(&v->stamping, &o->stamping, v->run, err) < 0)
		return rp_err_wrap(err, "verify");
	if (!o->ledger && !o->result_key)
		return 0;
	if (!o->ledger || !o->result_key) {
		rp_err_set(err, RP_ERR_USAGE, "verify: --ledger and --result-key go together");
		return rp_err_hint(err,
				   "'reprove keygen DIR' makes a key; let it sign results and nothing else");
	}
	if (rp_signing_key(&v->recording.key, "result-key", o->result_key, &o->signing, v->run, err) < 0 ||
	    rp_ledger_open(&v->recording.ledger, o->ledger, true, err) < 0)
		return rp_err_wrap(err, "verify");
	return 0;
}

void rp_verify_ledger_done(struct verifying *v)
{
	rp_stamping_done(&v->stamping);
	rp_ledger_free(v->recording.ledger);
	rp_key_free(v->recording.key);
	free(v->recording.point);
	v->recording = (struct recording){0};
}

int rp_verify_ledger_clock(struct verifying *v, struct rp_err **err)
{
	struct rp_head head;
	char then[RP_TIME_TEXT], now[RP_TIME_TEXT];

	if (!v->recording.ledger)
		return 0;
	if (rp_ledger_head(v->recording.ledger, &head, err) < 0)
		return -1;
	if (head.at_ms <= v->result->started_ms + RP_CLOCK_SKEW_MS)
		return 0;
	rp_time_format(head.at_ms, then);
	rp_time_format(v->result->started_ms, now);
	rp_err_set(err, RP_ERR_IO, "the ledger's last entry is of %s, and now it is only %s", then, now);
	return rp_err_hint(err, "the clock was set back: set it right, then try again");
}

/* The same name every night is another backup every night: the manifest tells them apart. */
static int name_point(struct verifying *v, struct rp_err **err)
{
	const char *id = v->e.point ? v->e.point->id : v->options->artifact;
	const char *slash = strrchr(id, '/');
	rp_autobuf name = RP_BUF_INIT(64u << 10);

	rp_buf_add_plain(&name, slash && slash[1] ? slash + 1 : id);
	if (v->e.manifest)
		rp_buf_addf(&name, "@%.*s", SHORT_DIGEST, v->e.manifest->sha256);
	if (rp_buf_check(&name, err) < 0)
		return -1;
	v->recording.point = rp_buf_take(&name);
	return 0;
}

/* Results count that this key has signed, or one that the trust store has for them; reviews by its word alone. */
static int whom_to_believe(struct verifying *v, struct rp_trust *ret, struct rp_err **err)
{
	struct rp_trusted_key *keys = rp_arena_array(v->memory, v->store.n + 1, sizeof(*keys));

	if (!keys)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < v->store.n; i++)
		keys[i] = v->store.trusted[i];
	keys[v->store.n] = (struct rp_trusted_key){.key = v->recording.key, .roles = RP_SIGNS_RESULTS};
	*ret = (struct rp_trust){.now_ms = v->result->started_ms};
	rp_trust_store_lend(&v->store, ret);
	ret->keys = keys;
	ret->n_keys = v->store.n + 1;
	return 0;
}

/* What came before cannot be told where the ledger does not hold together: the run goes on, and is no 0. */
static void doubt(struct verifying *v, const struct rp_chain *chain)
{
	rp_autoerr struct rp_err *why = NULL;

	rp_err_set(&why, RP_ERR_IO, "the ledger does not hold together: entry %llu: %s",
		   (unsigned long long)chain->faults[0].number, chain->faults[0].says);
	rp_err_hint(&why, "'reprove history --check' lists all that is wrong with it");
	rp_result_refuse(v->result, "ledger", why);
}

/* How earlier runs of the same point ended. */
static int look_back(struct verifying *v, const struct rp_fact *says, size_t n, struct rp_err **err)
{
	struct rp_trust trust;
	rp_auto(rp_chain) chain = NULL;
	rp_autobuf how = RP_BUF_INIT(64u << 10);
	struct rp_history history;

	if (whom_to_believe(v, &trust, err) < 0 ||
	    rp_ledger_read(v->recording.ledger, &trust, NULL, false, &chain, err) < 0 ||
	    rp_history_of(&history, chain, v->result->started_ms, err) < 0)
		return -1;
	if (chain->n_faults > 0)
		doubt(v, chain);
	rp_history_begin(&history, v->result->target);
	v->recording.earlier = rp_history_earlier(rp_history_target(&history, v->result->target),
						  v->recording.point, &how, &v->recording.retest_of);
	if (v->recording.earlier > 0)
		rp_result_proviso(v->result, "this is attempt %zu at this recovery point; earlier: %s",
				  v->recording.earlier + 1, rp_buf_text(&how));
	return rp_verify_past(v, &history, rp_buf_text(&how), says, n, err);
}

static void tell_place(struct verifying *v, const struct rp_entry *e)
{
	struct rp_place_in_ledger *at = &v->around.ledger;
	struct rp_head here = {.number = e->number};
	rp_autobuf head = RP_BUF_INIT(4096);

	memcpy(here.sha256, e->sha256, sizeof(here.sha256));
	rp_head_format(v->recording.ledger, &here, &head);
	*at = (struct rp_place_in_ledger){.id = rp_ledger_id(v->recording.ledger),
					  .entry = e->number,
					  .previous = rp_arena_strdup(v->memory, e->previous),
					  .head = rp_arena_strdup(v->memory, rp_buf_text(&head))};
	v->around.failed = v->around.failed || !at->previous || !at->head;
	v->around.record.ledger = at;
}

/* Is it one and the same who says what there was and that it came back? */
static void tell_of_both(struct verifying *v, const char *host)
{
	const struct rp_manifest *m = v->e.manifest;

	for (size_t i = 0; m && i < m->n_signed_by; i++) {
		if (strcmp(m->signed_by[i], rp_key_id(v->recording.key)) == 0)
			rp_result_proviso(
				v->result,
				"one key signs manifest and result: nobody else vouches for either");
	}
	if (m && m->host && strcmp(m->host, host) == 0)
		rp_result_proviso(v->result,
				  "manifest and result were signed on one host, '%s': who has that machine "
				  "has both",
				  host);
}

static void tell(struct verifying *v, const struct rp_entry *e, const char *host)
{
	rp_autobuf text = RP_BUF_INIT(4096);

	tell_of_both(v, host);
	rp_result_about(v->result, "review", "not reviewed");

	rp_buf_addf(&text, "%s, entry %llu, which follows %s", rp_ledger_id(v->recording.ledger),
		    (unsigned long long)e->number, e->previous);
	rp_result_about(v->result, "ledger", rp_buf_text(&text));
	tell_place(v, e);
}

/* A key that the store gives another role would be believed by nobody who reads the ledger with that store. */
static int may_sign_results(const struct verifying *v, struct rp_err **err)
{
	const char *id = rp_key_id(v->recording.key);
	unsigned roles = 0;

	for (size_t i = 0; i < v->store.n; i++) {
		const struct rp_trusted_key *t = &v->store.trusted[i];
		if (!t->bare && strcmp(rp_key_id(t->key), id) == 0)
			roles |= t->roles;
	}
	if (roles == 0 || (roles & RP_SIGNS_RESULTS))
		return 0;
	rp_err_set(err, RP_ERR_TRUST,
		   "the result key %s is trusted to sign %s, expected results: one key never speaks for both",
		   id, roles & RP_SIGNS_MANIFESTS ? "manifests" : "reviews");
	return rp_err_hint(err, "'reprove keygen DIR' makes another one; list it with 'roles: [result]'");
}

/* One ledger for a target, or failures could be left in another one. */
static int is_expected(const struct verifying *v, struct rp_err **err)
{
	if (may_sign_results(v, err) < 0)
		return -1;
	const struct rp_trust_policy *p = rp_trust_store_policy(&v->store, v->result->target);
	const char *is = rp_ledger_id(v->recording.ledger);

	if (!p || !p->ledger || strcmp(p->ledger, is) == 0)
		return 0;
	return rp_err_set(err, RP_ERR_TRUST,
			  "the ledger '%s' is %s, expected %s, which the trust store's policy names",
			  v->options->ledger, is, p->ledger);
}

int rp_verify_intend(struct verifying *v, struct rp_err **err)
{
	struct rp_criteria c;
	char host[RP_HOST_NAME];

	if (!v->recording.ledger || v->recording.intent)
		return 0;
	if (is_expected(v, err) < 0)
		return -1;
	rp_host_name(host);
	if (name_point(v, err) < 0 || rp_verify_criteria(v, &c, err) < 0)
		return rp_err_wrap(err, "ledger");
	/* In the alphabet's order, as facts are. */
	const struct rp_fact says[] = {{RP_SAYS_CHECKS, c.checks},
				       {RP_SAYS_CONFIGURATION, c.configuration},
				       {RP_SAYS_HOST, host},
				       {RP_SAYS_MANIFEST, v->e.manifest ? v->e.manifest->sha256 : ""},
				       {RP_SAYS_POINT, v->recording.point},
				       {RP_SAYS_TRUST, c.trust},
				       {RP_SAYS_WAIVERS, c.waivers}};
	struct rp_entry e = {.kind = RP_ENTRY_INTENT,
			     .at_ms = v->result->started_ms,
			     .target = v->result->target,
			     .says = says,
			     .n_says = sizeof(says) / sizeof(*says)};
	if (look_back(v, says, e.n_says, err) < 0)
		return rp_err_wrap(err, "ledger");
	if (rp_ledger_append(v->recording.ledger, &e, NULL, v->recording.key, NULL, err) < 0)
		return -1;
	v->recording.intent = e.number;
	tell(v, &e, host);
	return 0;
}

static uint64_t rows_compared(const struct verifying *v)
{
	uint64_t rows = 0;

	for (size_t i = 0; v->e.found && i < v->e.found->n_relations; i++)
		rows += v->e.found->relations[i].rows;
	return rows;
}

/* The entry itself goes beside the report: the report's signature. */
static int write_beside(const struct verifying *v, const struct rp_buf *envelope, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);

	if (!v->options->reports)
		return 0;
	rp_buf_addf(&path, "%s/result.dsse.json", v->options->reports);
	if (rp_buf_check(&path, err) < 0)
		return -1;
	return rp_file_replace(rp_buf_text(&path), envelope->s, envelope->len, 0644, err);
}

/* Stamped or not, the entry is recorded: a run whose stamp could not be had is no 0, and can be stamped later. */
static void stamp(struct verifying *v, uint64_t number, struct rp_buf *envelope)
{
	rp_autoerr struct rp_err *err = NULL;
	size_t n;

	if (rp_stamping_envelope(&v->stamping, envelope, &n, &err) == 0 &&
	    (n == 0 || rp_ledger_put_stamped(v->recording.ledger, number, envelope, &err) == 0))
		return;
	v->recording.unstamped = true;
	rp_err_wrap(&err, "verify: entry %llu of the ledger bears no time stamp", (unsigned long long)number);
	rp_err_hint(&err, "'reprove stamp %s/entries/%012llu.json' adds it when the authority can be reached",
		    rp_ledger_dir(v->recording.ledger), (unsigned long long)number);
	rp_command_complain(err);
}

int rp_verify_record(struct verifying *v, struct rp_err **err)
{
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);
	rp_autobuf envelope = RP_BUF_INIT(4 * RP_ENTRY_MAX);
	char intent[24], status[4], ms[24], rows[24], retest[24], bytes[24];

	if (!v->recording.ledger)
		return 0;
	if (rp_result_write(v->result, &json, err) < 0)
		return -1;
	(void)snprintf(intent, sizeof(intent), "%llu", (unsigned long long)v->recording.intent);
	(void)snprintf(status, sizeof(status), "%d", (int)rp_result_status(v->result));
	(void)snprintf(ms, sizeof(ms), "%lld", (long long)v->e.restored.ms);
	(void)snprintf(rows, sizeof(rows), "%llu", (unsigned long long)rows_compared(v));
	(void)snprintf(retest, sizeof(retest), "%llu", (unsigned long long)v->recording.retest_of);
	(void)snprintf(bytes, sizeof(bytes), "%llu", v->e.point ? (unsigned long long)v->e.point->size : 0);
	const struct rp_fact says[] = {{RP_SAYS_BYTES, bytes},
				       {RP_SAYS_INTENT, intent},
				       {RP_SAYS_MANIFEST, v->e.manifest ? v->e.manifest->sha256 : ""},
				       {RP_SAYS_POINT, v->recording.point},
				       {RP_SAYS_RESTORE_MS, ms},
				       {RP_SAYS_ROWS, rows},
				       {RP_SAYS_STATUS, status},
				       {RP_SAYS_VERDICT, rp_result_verdict(v->result)},
				       {RP_SAYS_RETEST_OF, retest}};
	struct rp_entry e = {.kind = RP_ENTRY_RESULT,
			     .at_ms = rp_time_now_ms(),
			     .target = v->result->target,
			     .says = says,
			     .n_says = sizeof(says) / sizeof(*says) - (v->recording.retest_of ? 0 : 1)};
	if (rp_ledger_append(v->recording.ledger, &e, &json, v->recording.key, &envelope, err) < 0)
		return -1;
	stamp(v, e.number, &envelope);
	if (write_beside(v, &envelope, err) < 0)
		return -1;
	v->recording.recorded = true;
	return 0;
}

void rp_verify_say_head(const struct verifying *v)
{
	rp_autobuf line = RP_BUF_INIT(4096);
	rp_autoerr struct rp_err *err = NULL;
	struct rp_head head;

	if (!v->recording.recorded)
		return;
	rp_buf_add(&line, "ledger head: ");
	if (rp_ledger_head(v->recording.ledger, &head, &err) == 0)
		rp_head_format(v->recording.ledger, &head, &line);
	rp_buf_add(&line, "\n");
	/* With --json, standard output is for a machine. */
	if (err || (v->options->json ? rp_write_all(STDERR_FILENO, rp_buf_text(&line), line.len, &err)
				     : rp_command_print(&line, &err)) < 0)
		rp_command_complain(err);
}
