/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <dirent.h>
#include <sys/wait.h>

#include "tests/unit/manifest_sample.h"

static struct {
	struct rp_key *ed, *p256, *ed_pub, *p256_pub;
	struct rp_survey *survey;
	struct rp_trusted_key keys[2];
	struct rp_trust trust;
	char dir[256];
	unsigned n;
} own;

static int set_up(void **state)
{
	if (sample_dir(state) < 0)
		return -1;
	own.ed = sample_private(*state, "ed25519.key");
	own.p256 = sample_private(*state, "p256.key");
	own.ed_pub = sample_public("ed25519.pub");
	own.p256_pub = sample_public("p256.pub");
	own.survey = sample_survey();
	return own.ed && own.p256 && own.ed_pub && own.p256_pub && own.survey ? 0 : -1;
}

static int tear_down(void **state)
{
	rp_key_free(own.ed);
	rp_key_free(own.p256);
	rp_key_free(own.ed_pub);
	rp_key_free(own.p256_pub);
	rp_survey_free(own.survey);
	return sample_dir_remove(state);
}

/* Each test has a memory of its own. */
static int each(void **state)
{
	snprintf(own.dir, sizeof own.dir, "%s/state-%u/ratchet", (const char *)*state, own.n++);
	own.keys[0] = (struct rp_trusted_key){.key = own.ed_pub, .roles = RP_SIGNS_MANIFESTS};
	own.keys[1] = (struct rp_trusted_key){.key = own.p256_pub, .roles = RP_SIGNS_MANIFESTS};
	own.trust = (struct rp_trust){.keys = own.keys,
				      .n_keys = 2,
				      .threshold = 1,
				      .target = "shop",
				      .now_ms = SAMPLE_SEALED_MS,
				      .ratchet = own.dir};
	return 0;
}

static int open_one(struct rp_manifest **ret, uint64_t sequence, const char *environment, struct rp_key *key,
		    struct rp_err **err)
{
	const struct rp_manifest m = {.target = "shop",
				      .environment = environment,
				      .sealed_ms = SAMPLE_SEALED_MS,
				      .sequence = sequence,
				      .survey = own.survey};
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	assert_int_equal(rp_manifest_sign(&text, &m, &key, 1, NULL), 0);
	return rp_manifest_open(ret, text.s, text.len, &own.trust, err);
}

/* Open it, as one that may be opened, and remember it. */
static void prove(uint64_t sequence)
{
	rp_auto(rp_manifest) m = NULL;
	assert_int_equal(open_one(&m, sequence, NULL, own.ed, NULL), 0);
	assert_int_equal(rp_trust_advance(&own.trust, m, NULL), 0);
}

static void ratchet_says_when_it_sees_a_target_for_the_first_time(void **state)
{
	(void)state;
	rp_auto(rp_manifest) m = NULL;
	assert_int_equal(open_one(&m, 5, NULL, own.ed, NULL), 0);
	assert_string_equal(m->replay, "no manifest of this target and key was verified here before");
	assert_true(m->first_use);
}

static void ratchet_lets_the_same_and_newer_ones_pass(void **state)
{
	(void)state;
	prove(5);
	for (uint64_t sequence = 5; sequence < 8; sequence++) {
		rp_auto(rp_manifest) m = NULL;
		assert_int_equal(open_one(&m, sequence, NULL, own.ed, NULL), 0);
		assert_null(m->replay);
		assert_false(m->first_use);
	}
}

static void ratchet_refuses_an_older_one_until_it_is_named(void **state)
{
	(void)state;
	rp_auto(rp_manifest) newer = NULL;
	rp_auto(rp_manifest) older = NULL;
	rp_auto(rp_manifest) named = NULL;
	rp_autoerr struct rp_err *err = NULL;
	char message[256];
	assert_int_equal(open_one(&older, 4, NULL, own.ed, NULL), 0);
	assert_int_equal(open_one(&newer, 5, NULL, own.ed, NULL), 0);
	assert_int_equal(rp_trust_advance(&own.trust, newer, NULL), 0);
	assert_int_equal(open_one(&named, 4, NULL, own.ed, &err), -1);
	snprintf(message, sizeof message,
		 "its sequence is 4, expected more than 5: a newer one (%s) was verified before",
		 newer->sha256);
	assert_string_equal(rp_err_text(err), message);
	assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
	assert_non_null(strstr(rp_err_hint_text(err), older->sha256));

	own.trust.expect_sha256 = older->sha256;
	assert_int_equal(open_one(&named, 4, NULL, own.ed, NULL), 0);
	assert_null(named->replay);
	/* And proving the older one does not turn the ratchet back. */
	assert_int_equal(rp_trust_advance(&own.trust, named, NULL), 0);
	own.trust.expect_sha256 = NULL;
	rp_auto(rp_manifest) again = NULL;
	assert_int_equal(open_one(&again, 4, NULL, own.ed, NULL), -1);
}

static void ratchet_refuses_another_one_with_the_same_sequence(void **state)
{
	(void)state;
	rp_auto(rp_manifest) m = NULL;
	prove(5);
	own.survey->position.bound = !own.survey->position.bound;
	int r = open_one(&m, 5, NULL, own.ed, NULL);
	own.survey->position.bound = !own.survey->position.bound;
	assert_int_equal(r, -1);
}

static void ratchet_is_one_per_key_and_environment(void **state)
{
	(void)state;
	rp_auto(rp_manifest) other_key = NULL;
	rp_auto(rp_manifest) other_place = NULL;
	prove(5);
	assert_int_equal(open_one(&other_key, 1, NULL, own.p256, NULL), 0);
	assert_true(other_key->first_use);
	assert_int_equal(open_one(&other_place, 1, "staging", own.ed, NULL), 0);
	assert_true(other_place->first_use);
}

static void ratchet_that_is_missing_is_said_and_no_error(void **state)
{
	(void)state;
	rp_auto(rp_manifest) m = NULL;
	own.trust.ratchet = NULL;
	assert_int_equal(open_one(&m, 5, NULL, own.ed, NULL), 0);
	assert_string_equal(m->replay, "nothing is remembered of manifests that were verified before");
	assert_false(m->first_use);
	assert_int_equal(rp_trust_advance(&own.trust, m, NULL), 0);
}

static void ratchet_is_stood_in_for_by_what_the_caller_knows(void **state)
{
	(void)state;
	static const struct rp_trust known[] = {{.min_sequence = 5}, {.not_older_than_ms = SAMPLE_SEALED_MS}};
	own.trust.ratchet = NULL;
	for (size_t i = 0; i < 2; i++) {
		rp_auto(rp_manifest) m = NULL;
		own.trust.min_sequence = known[i].min_sequence;
		own.trust.not_older_than_ms = known[i].not_older_than_ms;
		assert_int_equal(open_one(&m, 5, NULL, own.ed, NULL), 0);
		assert_null(m->replay);
	}
}

static void ratchet_that_cannot_be_made_is_said_and_no_error(void **state)
{
	rp_auto(rp_manifest) m = NULL;
	rp_autoerr struct rp_err *err = NULL;
	char file[256], dir[300];
	snprintf(file, sizeof file, "%s/a-file", (const char *)*state);
	snprintf(dir, sizeof dir, "%s/ratchet", file);
	assert_int_equal(rp_file_replace(file, "", 0, 0600, NULL), 0);
	own.trust.ratchet = dir;
	assert_int_equal(open_one(&m, 5, NULL, own.ed, NULL), 0);
	assert_non_null(strstr(m->replay, "Not a directory"));
	assert_false(m->first_use);
	assert_int_equal(rp_trust_advance(&own.trust, m, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
}

static void ratchet_that_everybody_can_write_to_is_no_memory(void **state)
{
	(void)state;
	rp_auto(rp_manifest) m = NULL;
	prove(5);
	assert_int_equal(chmod(own.dir, 0777), 0);
	assert_int_equal(open_one(&m, 6, NULL, own.ed, NULL), 0);
	assert_non_null(strstr(m->replay, "everybody can write to"));
	/* What it does remember is still held against an older one. */
	rp_auto(rp_manifest) older = NULL;
	assert_int_equal(open_one(&older, 4, NULL, own.ed, NULL), -1);
}

/* The only record in the directory. */
static void record_path(char *ret, size_t size)
{
	DIR *d = opendir(own.dir);
	assert_non_null(d);
	*ret = '\0';
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (strstr(e->d_name, ".json") != NULL)
			snprintf(ret, size, "%s/%s", own.dir, e->d_name);
	closedir(d);
	assert_int_not_equal(*ret, '\0');
}

static void ratchet_that_is_damaged_is_refused_and_never_taken_for_first_use(void **state)
{
	(void)state;
	static const char *const damages[] = {
		"",
		"{}",
		"{\"schema\":\"reprove/ratchet/v1\"}",
		"\xff",
		("{\"schema\":\"reprove/ratchet/v1\",\"key\":\"x\",\"target\":\"shop\",\"sequence\":\"1\","
		 "\"manifest\":\"x\"}"),
	};
	char path[600];
	prove(5);
	record_path(path, sizeof path);
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		rp_auto(rp_manifest) m = NULL;
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_file_replace(path, damages[i], strlen(damages[i]), 0600, NULL), 0);
		assert_int_equal(open_one(&m, 6, NULL, own.ed, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
		assert_non_null(strstr(rp_err_text(err), "is damaged: it "));
		assert_non_null(strstr(rp_err_hint_text(err), "remove it"));
	}
}

static void ratchet_record_names_what_it_is_about(void **state)
{
	(void)state;
	char path[600];
	rp_autobuf text = RP_BUF_INIT(1 << 16);
	struct stat st;
	prove(18446744073709551615u);
	record_path(path, sizeof path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(rp_file_read(path, &text, NULL), 0);
	assert_non_null(strstr(text.s, "\"target\": \"shop\""));
	assert_non_null(strstr(text.s, "\"sequence\": \"18446744073709551615\""));
	assert_non_null(strstr(text.s, rp_key_id(own.ed)));
}

static void ratchet_never_goes_back_when_runs_end_together(void **state)
{
	(void)state;
	enum { RUNS = 8 };
	struct rp_manifest *all[RUNS];
	pid_t pids[RUNS];
	for (uint64_t i = 0; i < RUNS; i++) {
		all[i] = NULL;
		assert_int_equal(open_one(&all[i], 100 + (i * 3 & 7), NULL, own.ed, NULL), 0);
	}
	for (size_t i = 0; i < RUNS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(rp_trust_advance(&own.trust, all[i], NULL) == 0 ? 0 : 1);
	}
	for (size_t i = 0; i < RUNS; i++) {
		int status = -1;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
		rp_manifest_free(all[i]);
	}
	rp_auto(rp_manifest) m = NULL;
	assert_int_equal(open_one(&m, 106, NULL, own.ed, NULL), -1);
	assert_int_equal(open_one(&m, 107, NULL, own.ed, NULL), 0);
}

static void hole_18_a_clock_set_back_since_the_last_time_can_tell_nothing(void **state)
{
	(void)state;
	rp_auto(rp_manifest) m = NULL;
	rp_autoerr struct rp_err *err = NULL;
	own.trust.now_ms = SAMPLE_SEALED_MS + 3600000;
	prove(5);
	own.trust.now_ms -= 5 * 60 * 1000; /* clocks are set, a little */
	assert_int_equal(open_one(&m, 6, NULL, own.ed, NULL), 0);
	rp_manifest_free(m);
	m = NULL;
	own.trust.now_ms -= 1;
	assert_int_equal(open_one(&m, 6, NULL, own.ed, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_IO);
	assert_non_null(strstr(rp_err_text(err), "was verified here at"));
	assert_non_null(rp_err_hint_text(err));
}

#define TEST(name) cmocka_unit_test_setup(name, each)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ratchet_says_when_it_sees_a_target_for_the_first_time),
		TEST(ratchet_lets_the_same_and_newer_ones_pass),
		TEST(ratchet_refuses_an_older_one_until_it_is_named),
		TEST(ratchet_refuses_another_one_with_the_same_sequence),
		TEST(ratchet_is_one_per_key_and_environment),
		TEST(ratchet_that_is_missing_is_said_and_no_error),
		TEST(ratchet_is_stood_in_for_by_what_the_caller_knows),
		TEST(ratchet_that_cannot_be_made_is_said_and_no_error),
		TEST(ratchet_that_everybody_can_write_to_is_no_memory),
		TEST(ratchet_that_is_damaged_is_refused_and_never_taken_for_first_use),
		TEST(ratchet_record_names_what_it_is_about),
		TEST(ratchet_never_goes_back_when_runs_end_together),
		TEST(hole_18_a_clock_set_back_since_the_last_time_can_tell_nothing),
	};
	return cmocka_run_group_tests_name("ratchet", tests, set_up, tear_down);
}
