/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/ledger/history.h"
#include "verifier/ledger/ledger.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/key.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define NOW	 INT64_C(1790000000000)
#define DAY	 (INT64_C(24) * 60 * 60 * 1000)
#define MANIFEST "5d0c000000000000000000000000000000000000000000000000000000000000"

static char dir[64];
static struct rp_key *runner, *reviewer, *stranger;
static struct rp_ledger *ledger;
static struct rp_trusted_key trusted[2];
static struct rp_trust trust;

static struct rp_key *make_key(const char *name)
{
	char path[128];
	struct rp_key *k;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(rp_key_generate(path, RP_KEY_ED25519, NULL, NULL), 0);
	snprintf(path, sizeof(path), "%s/%s/reprove.key", dir, name);
	assert_int_equal(rp_key_load_private(&k, path, NULL, NULL), 0);
	return k;
}

static int set_up(void **state)
{
	char path[128];
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/rp-ledger-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	runner = make_key("runner");
	reviewer = make_key("reviewer");
	stranger = make_key("stranger");
	trusted[0] = (struct rp_trusted_key){.key = runner, .roles = RP_SIGNS_RESULTS};
	trusted[1] = (struct rp_trusted_key){.key = reviewer, .roles = RP_SIGNS_REVIEWS};
	trust = (struct rp_trust){.keys = trusted, .n_keys = 2, .now_ms = NOW};
	snprintf(path, sizeof(path), "%s/l", dir);
	return rp_ledger_open(&ledger, path, true, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	rp_ledger_free(ledger);
	rp_key_free(runner);
	rp_key_free(reviewer);
	rp_key_free(stranger);
	return rp_tree_remove(dir, NULL);
}

static uint64_t intend(const char *target, const char *point, int64_t at_ms)
{
	const struct rp_fact says[] = {{RP_SAYS_CHECKS, ""},   {RP_SAYS_CONFIGURATION, ""},
				       {RP_SAYS_HOST, "h"},    {RP_SAYS_MANIFEST, MANIFEST},
				       {RP_SAYS_POINT, point}, {RP_SAYS_TRUST, ""},
				       {RP_SAYS_WAIVERS, ""}};
	struct rp_entry e = {
		.kind = RP_ENTRY_INTENT, .at_ms = at_ms, .target = target, .says = says, .n_says = 7};
	assert_int_equal(rp_ledger_append(ledger, &e, NULL, runner, NULL, NULL), 0);
	return e.number;
}

static uint64_t end(uint64_t intent, const char *target, const char *point, const char *status,
		    const char *verdict, int64_t at_ms)
{
	char number[24];
	rp_autobuf json = RP_BUF_INIT(4096);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)intent);
	rp_buf_addf(&json, "{\"verdict\":\"%s\"}", verdict);
	const struct rp_fact says[] = {{RP_SAYS_INTENT, number},  {RP_SAYS_MANIFEST, MANIFEST},
				       {RP_SAYS_POINT, point},	  {RP_SAYS_RESTORE_MS, "7"},
				       {RP_SAYS_ROWS, "9"},	  {RP_SAYS_STATUS, status},
				       {RP_SAYS_VERDICT, verdict}};
	struct rp_entry e = {
		.kind = RP_ENTRY_RESULT, .at_ms = at_ms, .target = target, .says = says, .n_says = 7};
	assert_int_equal(rp_ledger_append(ledger, &e, &json, runner, NULL, NULL), 0);
	return e.number;
}

static struct rp_chain *chain_with(const struct rp_head *kept)
{
	struct rp_chain *c;
	assert_int_equal(rp_ledger_read(ledger, &trust, kept, true, &c, NULL), 0);
	return c;
}

static int answer(struct rp_key *key, uint64_t number, enum rp_entry_kind kind, const char *digest)
{
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	const struct rp_fact says[] = {{RP_SAYS_DIGEST, digest}, {RP_SAYS_OF, text}, {RP_SAYS_TEXT, "seen"}};
	struct rp_entry e = {.kind = kind, .at_ms = NOW, .target = "shop", .says = says, .n_says = 3};
	return rp_ledger_append(ledger, &e, NULL, key, NULL, NULL);
}

static void a_chain_of_runs_holds_together(void **state)
{
	(void)state;
	uint64_t one = intend("shop", "a", NOW - DAY);
	end(one, "shop", "a", "0", "verified", NOW - DAY);
	struct rp_head head;
	assert_int_equal(rp_ledger_head(ledger, &head, NULL), 0);
	assert_int_equal(head.number, 2);
	end(intend("shop", "b", NOW), "shop", "b", "0", "verified", NOW);
	rp_auto(rp_chain) c = chain_with(&head);
	assert_int_equal(c->n, 4);
	assert_int_equal(c->n_faults, 0);
	assert_string_equal(c->all[2].previous, c->all[1].sha256);
	rp_autobuf text = RP_BUF_INIT(4096), got = RP_BUF_INIT(4096);
	char id[RP_LEDGER_ID];
	struct rp_head back;
	rp_head_format(ledger, &head, &text);
	assert_int_equal(rp_head_parse(rp_buf_text(&text), id, &back, NULL), 0);
	assert_string_equal(id, rp_ledger_id(ledger));
	assert_string_equal(back.sha256, head.sha256);
	assert_int_equal(rp_ledger_recorded(ledger, &c->all[1], &got, NULL), 0);
	assert_string_equal(rp_buf_text(&got), "{\"verdict\":\"verified\"}");
}

/* ---- Attacks: what is done to a ledger of three runs, and what must be said ---- */

static void path_of(const char *folder, unsigned number, char ret[128])
{
	snprintf(ret, 128, "%s/l/%s/%012u.json", dir, folder, number);
}

static void remove_one(void)
{
	char path[128];
	path_of("entries", 3, path);
	assert_int_equal(unlink(path), 0);
}

static void remove_the_first(void)
{
	char path[128];
	path_of("entries", 1, path);
	assert_int_equal(unlink(path), 0);
}

static void cut_the_end(void)
{
	char path[128];
	for (unsigned i = 5; i <= 6; i++) {
		path_of("entries", i, path);
		assert_int_equal(unlink(path), 0);
	}
}

static void swap_two(void)
{
	char a[128], b[128], c[128];
	path_of("entries", 2, a);
	path_of("entries", 4, b);
	path_of("entries", 9, c);
	assert_int_equal(rename(a, c), 0);
	assert_int_equal(rename(b, a), 0);
	assert_int_equal(rename(c, b), 0);
}

static void edit(const char *folder, unsigned number)
{
	char path[128];
	rp_autobuf text = RP_BUF_INIT(1u << 20);
	path_of(folder, number, path);
	assert_int_equal(rp_file_read(path, &text, NULL), 0);
	text.s[20] ^= 1;
	assert_int_equal(rp_file_replace(path, text.s, text.len, 0600, NULL), 0);
}

static void edit_an_entry(void)
{
	edit("entries", 2);
}

static void edit_a_result(void)
{
	edit("results", 4);
}

static void remove_a_result(void)
{
	char path[128];
	path_of("results", 4, path);
	assert_int_equal(unlink(path), 0);
}

/* The whole of an entry again, with its verdict turned, signed by somebody. */
static void rewrite(unsigned number, struct rp_key *by)
{
	char path[128];
	rp_autobuf text = RP_BUF_INIT(1u << 20), out = RP_BUF_INIT(1u << 20);
	rp_auto(rp_envelope) e = NULL;
	path_of("entries", number, path);
	assert_int_equal(rp_file_read(path, &text, NULL), 0);
	assert_int_equal(rp_envelope_read(&e, text.s, text.len, NULL), 0);
	rp_autobuf payload = RP_BUF_INIT(1u << 20);
	rp_buf_add_mem(&payload, e->payload, e->payload_len);
	char *at = strstr(rp_buf_text(&payload), "\"restoreMs\":\"7\"");
	assert_non_null(at);
	at[13] = '8';
	assert_int_equal(rp_envelope_write(&out, payload.s, payload.len, &by, 1, NULL), 0);
	assert_int_equal(rp_file_replace(path, out.s, out.len, 0600, NULL), 0);
}

static void sign_as_a_stranger(void)
{
	rewrite(2, stranger);
}

static void sign_again_with_the_stolen_key(void)
{
	rewrite(2, runner);
}

static void sign_a_result_as_a_reviewer(void)
{
	rewrite(2, reviewer);
}

static void sign_the_last_again(void)
{
	rewrite(6, runner);
}

static void review_as_the_runner(void)
{
	rp_auto(rp_chain) c = chain_with(NULL);
	assert_int_equal(answer(runner, 2, RP_ENTRY_REVIEW, c->all[1].sha256), 0);
}

static void review_something_else(void)
{
	rp_auto(rp_chain) c = chain_with(NULL);
	assert_int_equal(answer(reviewer, 2, RP_ENTRY_REVIEW, c->all[3].sha256), 0);
}

static void prune_as_a_reviewer(void)
{
	rp_auto(rp_chain) c = chain_with(NULL);
	const struct rp_fact gone = {"000000000003", c->all[2].sha256};
	struct rp_entry e = {.kind = RP_ENTRY_PRUNED, .at_ms = NOW, .says = &gone, .n_says = 1};
	assert_int_equal(rp_ledger_append(ledger, &e, NULL, reviewer, NULL, NULL), 0);
	remove_one();
}

static void another_ledgers_entry(void)
{
	char mine[128], path[128], other[96];
	rp_auto(rp_ledger) second = NULL;
	struct rp_ledger *first = ledger;
	snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(rp_ledger_open(&second, other, true, NULL), 0);
	ledger = second;
	end(intend("shop", "x", NOW), "shop", "x", "0", "verified", NOW);
	ledger = first;
	snprintf(path, sizeof(path), "%s/entries/000000000002.json", other);
	path_of("entries", 2, mine);
	assert_int_equal(rename(path, mine), 0);
}

/* Its owner revoked the key, others went on, and who has it writes what is to be of a time before. */
static void date_back_with_a_revoked_key(void)
{
	const int64_t hour = 60 * 60 * 1000;
	rp_auto(rp_chain) c = chain_with(NULL);
	const struct rp_fact says[] = {
		{RP_SAYS_DIGEST, c->all[1].sha256}, {RP_SAYS_OF, "2"}, {RP_SAYS_TEXT, "seen"}};
	struct rp_entry e = {.kind = RP_ENTRY_REVIEW,
			     .at_ms = NOW + 3 * hour,
			     .target = "shop",
			     .says = says,
			     .n_says = 3};
	trust.now_ms = NOW + DAY;
	trusted[0].revoked_ms = NOW + 2 * hour;
	assert_int_equal(rp_ledger_append(ledger, &e, NULL, reviewer, NULL, NULL), 0);
	end(1, "shop", "a", "0", "verified", NOW + hour);
}

static void an_empty_entry(void)
{
	char path[128];
	path_of("entries", 7, path);
	assert_int_equal(rp_file_replace(path, "", 0, 0600, NULL), 0);
}

static const struct {
	const char *name, *says;
	void (*attack)(void);
	bool with_head; /* told by a head that was kept, and by nothing else */
} attacks[] = {
	{"an entry is removed", "it is missing, and nothing says that it was pruned", remove_one, false},
	{"the first entry is removed", "it is missing, and nothing says that it was pruned", remove_the_first,
	 false},
	{"the end is cut off", "the ledger ends at 4 or lacks it", cut_the_end, true},
	{"two entries change places", "the file of this number holds entry", swap_two, false},
	{"a byte of an entry is changed", "", edit_an_entry, false},
	{"a byte of a result is changed", "is not what it recorded", edit_a_result, false},
	{"a result is removed", "what it recorded is missing", remove_a_result, false},
	{"an entry is signed by a stranger", "it is signed by no key that may speak so (result of 'shop')",
	 sign_as_a_stranger, false},
	{"an entry is written anew by the result key", "the entry before it is",
	 sign_again_with_the_stolen_key, false},
	{"the last entry is written anew by the result key", "and the head that was kept says",
	 sign_the_last_again, true},
	{"a reviewer signs a result", "it is signed by no key that may speak so (result of 'shop')",
	 sign_a_result_as_a_reviewer, false},
	{"a runner reviews himself", "it is signed by no key that may speak so (review of 'shop')",
	 review_as_the_runner, false},
	{"a review of one entry is put to another", "it is about entry 2 as it is not", review_something_else,
	 false},
	{"a reviewer prunes", "it is missing, and nothing says that it was pruned", prune_as_a_reviewer,
	 false},
	{"an entry of another ledger is put in", "it is of the ledger", another_ledgers_entry, false},
	{"a revoked key dates itself back", "but by one which was revoked at", date_back_with_a_revoked_key,
	 false},
	{"an empty file is put behind the end", "", an_empty_entry, false},
};

static void every_attack_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		struct rp_head head;
		assert_int_equal(tear_down(NULL), 0);
		assert_int_equal(set_up(NULL), 0);
		for (const char *point = "abc"; *point; point++) {
			const char name[] = {*point, '\0'};
			end(intend("shop", name, NOW), "shop", name, "0", "verified", NOW);
		}
		assert_int_equal(rp_ledger_head(ledger, &head, NULL), 0);
		attacks[i].attack();
		rp_auto(rp_chain) without = chain_with(NULL);
		rp_auto(rp_chain) with = chain_with(&head);
		if ((without->n_faults == 0) != attacks[i].with_head)
			fail_msg("%s: %zu faults without a head", attacks[i].name, without->n_faults);
		bool said = false;
		for (size_t f = 0; f < with->n_faults; f++)
			said |= strstr(with->faults[f].says, attacks[i].says) != NULL;
		if (!said)
			fail_msg("%s: not said: %s; but: %s", attacks[i].name, attacks[i].says,
				 with->n_faults ? with->faults[0].says : "nothing");
	}
}

/* ---- What it says of a target ---- */

static void a_failure_stays_open_until_a_pass_of_the_same_point_or_a_decision(void **state)
{
	struct rp_history h;
	rp_autobuf how = RP_BUF_INIT(4096);
	uint64_t open;
	(void)state;
	uint64_t failed = end(intend("shop", "a", NOW), "shop", "a", "1", "failed", NOW);
	intend("shop", "a", NOW); /* and nothing more */
	end(intend("shop", "b", NOW), "shop", "b", "0", "verified", NOW);
	{
		rp_auto(rp_chain) c = chain_with(NULL);
		assert_int_equal(rp_history_of(&h, c, NOW, NULL), 0);
		const struct rp_target_history *t = rp_history_target(&h, "shop");
		assert_int_equal(t->open, 1);
		assert_int_equal(t->abandoned, 1);
		assert_int_equal(rp_history_earlier(t, "a", &how, &open), 2);
		assert_string_equal(rp_buf_text(&how), "failed, abandoned");
		assert_int_equal(open, failed);
		assert_int_equal(answer(reviewer, failed, RP_ENTRY_REVIEW, c->all[1].sha256), 0);
	}
	{
		rp_auto(rp_chain) c = chain_with(NULL);
		assert_int_equal(rp_history_of(&h, c, NOW, NULL), 0);
		assert_int_equal(rp_history_target(&h, "shop")->open, 1); /* looked at is not answered */
		assert_int_equal(answer(reviewer, failed, RP_ENTRY_DECISION, c->all[1].sha256), 0);
	}
	rp_auto(rp_chain) c = chain_with(NULL);
	assert_int_equal(rp_history_of(&h, c, NOW, NULL), 0);
	assert_int_equal(rp_history_target(&h, "shop")->open, 0);
	assert_int_equal(rp_history_target(&h, "shop")->all[0].closed_by, 7);
}

static void what_is_under_way_is_abandoned_once_the_next_run_begins(void **state)
{
	struct rp_history h;
	rp_autobuf how = RP_BUF_INIT(4096);
	uint64_t open;
	(void)state;
	for (int i = 0; i < 2; i++)
		end(intend("shop", "a", NOW), "shop", "a", "2", "inconclusive", NOW);
	intend("shop", "a", NOW);
	rp_auto(rp_chain) c = chain_with(NULL);
	assert_int_equal(rp_history_of(&h, c, NOW, NULL), 0);
	const struct rp_target_history *t = rp_history_target(&h, "shop");
	assert_int_equal(t->abandoned, 0);
	rp_history_begin(&h, "shop");
	rp_history_begin(&h, "nobody");
	assert_true(t->all[2].abandoned);
	assert_int_equal(t->abandoned, 1);
	assert_int_equal(t->untold, 2);
	assert_int_equal(t->untold_in_a_row, 3);
	/* Of many attempts the last ones are told one by one. */
	for (int i = 0; i < 40; i++)
		end(intend("shop", "a", NOW), "shop", "a", "1", "failed", NOW);
	rp_auto(rp_chain) more = chain_with(NULL);
	assert_int_equal(rp_history_of(&h, more, NOW, NULL), 0);
	assert_int_equal(rp_history_earlier(rp_history_target(&h, "shop"), "a", &how, &open), 43);
	assert_int_equal(strncmp(rp_buf_text(&how), "23 and then failed, failed, ", 28), 0);
	assert_int_equal(how.len, strlen("23 and then ") + 20 * strlen("failed, ") - 2);
}

static void silence_is_overdue_and_so_is_whatever_is_no_proof(void **state)
{
	struct rp_history h;
	(void)state;
	end(intend("old", "a", NOW - 100 * DAY), "old", "a", "0", "verified", NOW - 100 * DAY);
	end(intend("half", "a", NOW), "half", "a", "0", "restorable", NOW);
	end(intend("late", "a", NOW + DAY), "late", "a", "0", "verified", NOW + DAY);
	for (int i = 0; i < 3; i++)
		end(intend("mute", "a", NOW), "mute", "a", "2", "inconclusive", NOW);
	end(intend("good", "a", NOW - DAY), "good", "a", "0", "verified", NOW - DAY);
	rp_auto(rp_chain) c = chain_with(NULL);
	assert_int_equal(rp_history_of(&h, c, NOW, NULL), 0);
	assert_int_equal(h.n, 5);
	for (size_t i = 0; i < h.n; i++)
		assert_int_equal(rp_history_overdue(&h.all[i], 92 * DAY, NOW),
				 strcmp(h.all[i].target, "good") != 0);
	assert_true(rp_history_overdue(rp_history_target(&h, "none"), 92 * DAY, NOW));
	assert_int_equal(rp_history_target(&h, "mute")->untold_in_a_row, 3);
}

static void what_is_pruned_leaves_its_digest_and_the_chain_checks(void **state)
{
	struct rp_head head;
	uint64_t pruned;
	(void)state;
	end(intend("shop", "a", NOW - 900 * DAY), "shop", "a", "0", "verified", NOW - 900 * DAY);
	uint64_t open =
		end(intend("shop", "b", NOW - 800 * DAY), "shop", "b", "1", "failed", NOW - 800 * DAY);
	assert_int_equal(rp_ledger_head(ledger, &head, NULL), 0);
	end(intend("shop", "c", NOW - 700 * DAY), "shop", "c", "0", "verified", NOW - 700 * DAY);
	for (int i = 0; i < 2; i++) {
		rp_auto(rp_chain) c = chain_with(&head);
		assert_int_equal(rp_ledger_prune(ledger, c, NOW - 400 * DAY, runner, NOW, &pruned, NULL), 0);
		assert_int_equal(
			pruned,
			i == 0 ? 2 : 0); /* the open failure and the newest pass stay, with their intents */
	}
	rp_auto(rp_chain) c = chain_with(&head);
	assert_int_equal(c->n_faults, 0);
	assert_int_equal(c->pruned, 2);
	assert_non_null(rp_chain_entry(c, open));
	assert_null(rp_chain_entry(c, 1));
}

/* ---- Whoever writes at the same time, or does not come to an end ---- */

static void two_who_write_at_once_leave_one_chain(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	for (int i = 0; i < 20; i++)
		intend(child == 0 ? "theirs" : "ours", "a", NOW);
	if (child == 0)
		_exit(0);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	rp_auto(rp_chain) c = chain_with(NULL);
	assert_int_equal(c->n, 40);
	assert_int_equal(c->n_faults, 0);
}

static void what_a_killed_writer_leaves_is_in_nobodys_way(void **state)
{
	char path[128];
	(void)state;
	end(intend("shop", "a", NOW), "shop", "a", "0", "verified", NOW);
	/* It had written what it was to record, and half of the entry under a name of its own. */
	path_of("results", 3, path);
	assert_int_equal(rp_file_replace(path, "half", 4, 0600, NULL), 0);
	snprintf(path, sizeof(path), "%s/l/entries/000000000003.json.reprove-abcdef", dir);
	assert_int_equal(rp_file_replace(path, "{", 1, 0600, NULL), 0);
	uint64_t intent = intend("shop", "b", NOW);
	assert_int_equal(intent, 3);
	end(intent, "shop", "b", "0", "verified", NOW);
	rp_auto(rp_chain) c = chain_with(NULL);
	assert_int_equal(c->n_faults, 0);
	assert_int_equal(c->n, 4);
}

static void an_entry_says_all_of_its_kind_and_nothing_else(void **state)
{
	const struct rp_fact few[] = {{RP_SAYS_POINT, "a"}};
	rp_autoerr struct rp_err *err = NULL;
	struct rp_entry e = {
		.kind = RP_ENTRY_INTENT, .at_ms = NOW, .target = "shop", .says = few, .n_says = 1};
	(void)state;
	assert_int_equal(rp_ledger_append(ledger, &e, NULL, runner, NULL, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "does not say 'checks'"));
}

#define WITH_LEDGER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LEDGER(a_chain_of_runs_holds_together),
		WITH_LEDGER(every_attack_is_told),
		WITH_LEDGER(a_failure_stays_open_until_a_pass_of_the_same_point_or_a_decision),
		WITH_LEDGER(what_is_under_way_is_abandoned_once_the_next_run_begins),
		WITH_LEDGER(silence_is_overdue_and_so_is_whatever_is_no_proof),
		WITH_LEDGER(what_is_pruned_leaves_its_digest_and_the_chain_checks),
		WITH_LEDGER(two_who_write_at_once_leave_one_chain),
		WITH_LEDGER(what_a_killed_writer_leaves_is_in_nobodys_way),
		WITH_LEDGER(an_entry_says_all_of_its_kind_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
