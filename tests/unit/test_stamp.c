/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/manifest_sample.h"
#include "tests/unit/stamp_authority.h"
#include "verifier/manifest/base64.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/parse.h"

#define DAY  (INT64_C(24) * 3600 * 1000)
#define YEAR (365 * DAY)

/* The sample is sealed at SAMPLE_SEALED_MS. Nobody's clock but the ones here is asked. */
static struct {
	struct tsa rsa, ec, other;
	struct rp_authority *rsa_root, *ec_root, *other_root;
	struct rp_key *key, *pub;
	struct rp_survey *survey;
	struct rp_trusted_key trusted;
	const struct rp_authority *believed;
	struct rp_stamp_rule rule;
	struct rp_trust trust;
} own;

static void load_root(const char *dir, const struct tsa *t, struct rp_authority **ret)
{
	char path[512];
	snprintf(path, sizeof path, "%s/root.pem", dir);
	tsa_root_write(t, path);
	assert_int_equal(rp_authority_load(ret, path, "an authority", NULL), 0);
}

static int set_up(void **state)
{
	if (sample_dir(state) < 0)
		return -1;
	/* A certificate of two years that has run out for long when somebody looks. */
	tsa_open(&own.rsa, true, SAMPLE_SEALED_MS - YEAR, SAMPLE_SEALED_MS + YEAR);
	tsa_open(&own.ec, false, SAMPLE_SEALED_MS - YEAR, SAMPLE_SEALED_MS + YEAR);
	tsa_open(&own.other, false, SAMPLE_SEALED_MS - YEAR, SAMPLE_SEALED_MS + YEAR);
	load_root(*state, &own.rsa, &own.rsa_root);
	load_root(*state, &own.ec, &own.ec_root);
	load_root(*state, &own.other, &own.other_root);
	own.key = sample_private(*state, "ed25519.key");
	own.pub = sample_public("ed25519.pub");
	own.survey = sample_survey();
	return own.key && own.pub && own.survey ? 0 : -1;
}

static int tear_down(void **state)
{
	tsa_close(&own.rsa);
	tsa_close(&own.ec);
	tsa_close(&own.other);
	rp_authority_free(own.rsa_root);
	rp_authority_free(own.ec_root);
	rp_authority_free(own.other_root);
	rp_key_free(own.key);
	rp_key_free(own.pub);
	rp_survey_free(own.survey);
	return sample_dir_remove(state);
}

static int each(void **state)
{
	(void)state;
	own.rsa.now_ms = own.ec.now_ms = own.other.now_ms = SAMPLE_SEALED_MS + 1000;
	own.ec.digest = EVP_sha256();
	own.trusted = (struct rp_trusted_key){.key = own.pub, .roles = RP_SIGNS_MANIFESTS};
	own.believed = own.ec_root;
	own.rule = (struct rp_stamp_rule){.targets = "shop"};
	own.trust = (struct rp_trust){.keys = &own.trusted,
				      .n_keys = 1,
				      .authorities = &own.believed,
				      .n_authorities = 1,
				      .stamp_rules = &own.rule,
				      .n_stamp_rules = 1,
				      .threshold = 1,
				      .target = "shop",
				      .now_ms = SAMPLE_SEALED_MS + 10 * YEAR};
	return 0;
}

/* ---- A stamp by itself. ---- */

static void stamp_of(struct tsa *t, const char *bytes, struct rp_buf *ret)
{
	rp_auto(rp_stamp_query) q = NULL;
	rp_autobuf query = RP_BUF_INIT(RP_STAMP_MAX);
	assert_int_equal(rp_stamp_query_new(&q, bytes, strlen(bytes), NULL), 0);
	assert_int_equal(rp_stamp_query_write(q, &query, NULL), 0);
	tsa_answer(t, &query, ret);
}

static void stamp_holds_at_its_own_time_whatever_became_of_the_certificate(void **state)
{
	(void)state;
	struct tsa *const tsas[] = {&own.rsa, &own.ec};
	const struct rp_authority *const roots[] = {own.rsa_root, own.ec_root};
	for (size_t i = 0; i < 2; i++) {
		rp_autobuf stamp = RP_BUF_INIT(RP_STAMP_MAX);
		struct rp_stamp_facts facts;
		stamp_of(tsas[i], "signature", &stamp);
		assert_int_equal(rp_stamp_check(&facts, roots[i], stamp.s, stamp.len, "signature", 9, NULL),
				 0);
		assert_int_equal(facts.at_ms, (SAMPLE_SEALED_MS + 1000) / 1000 * 1000);
		assert_string_equal(facts.by, "CN=An authority");
	}
}

static void stamp_that_does_not_hold_is_told(void **state)
{
	(void)state;
	rp_autobuf stamp = RP_BUF_INIT(RP_STAMP_MAX);
	struct rp_stamp_facts facts;
	const struct {
		const struct rp_authority *by;
		const char *over, *says;
	} cases[] = {
		{own.ec_root, "another", "it does not hold: message imprint mismatch"},
		{own.other_root, "signature", "it does not hold: certificate verify error"},
		{own.rsa_root, "signature", "it does not hold: certificate verify error"},
	};
	stamp_of(&own.ec, "signature", &stamp);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_stamp_check(&facts, cases[i].by, stamp.s, stamp.len, cases[i].over,
						strlen(cases[i].over), &err),
				 -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
		assert_non_null(strstr(rp_err_text(err), cases[i].says));
	}
	/* Made when the certificate had run out. */
	rp_autobuf late = RP_BUF_INIT(RP_STAMP_MAX);
	rp_autoerr struct rp_err *err = NULL;
	own.ec.now_ms = SAMPLE_SEALED_MS + 2 * YEAR;
	stamp_of(&own.ec, "signature", &late);
	assert_int_equal(rp_stamp_check(&facts, own.ec_root, late.s, late.len, "signature", 9, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "certificate has expired"));
}

static void stamp_shows_every_changed_bit(void **state)
{
	(void)state;
	rp_autobuf stamp = RP_BUF_INIT(RP_STAMP_MAX);
	struct rp_stamp_facts facts;
	stamp_of(&own.ec, "signature", &stamp);
	unsigned held = 0;
	for (size_t i = 0; i < stamp.len; i++) {
		stamp.s[i] = (char)(stamp.s[i] ^ (1 << i % 8));
		if (rp_stamp_check(&facts, own.ec_root, stamp.s, stamp.len, "signature", 9, NULL) == 0) {
			/* What nobody signed: versions and names around it. Time and digest are signed. */
			assert_int_equal(facts.at_ms, (SAMPLE_SEALED_MS + 1000) / 1000 * 1000);
			held++;
		}
		stamp.s[i] = (char)(stamp.s[i] ^ (1 << i % 8));
	}
	assert_in_range(held, 0, 100);
	for (size_t len = 0; len < stamp.len; len++)
		assert_int_equal(rp_stamp_check(&facts, own.ec_root, stamp.s, len, "signature", 9, NULL), -1);
}

static void answer_is_to_the_question_that_was_asked(void **state)
{
	(void)state;
	rp_auto(rp_stamp_query) asked = NULL;
	rp_auto(rp_stamp_query) again = NULL;
	rp_autobuf query = RP_BUF_INIT(RP_STAMP_MAX);
	rp_autobuf reply = RP_BUF_INIT(RP_STAMP_MAX);
	assert_int_equal(rp_stamp_query_new(&asked, "signature", 9, NULL), 0);
	assert_int_equal(rp_stamp_query_new(&again, "signature", 9, NULL), 0);
	assert_int_equal(rp_stamp_query_write(asked, &query, NULL), 0);
	tsa_answer(&own.ec, &query, &reply);
	assert_int_equal(rp_stamp_query_answer(asked, reply.s, reply.len, NULL, NULL), 0);
	assert_int_equal(rp_stamp_query_answer(asked, reply.s, reply.len, own.ec_root, NULL), 0);
	/* The answer to an earlier question is none: its number is another one. */
	rp_autoerr struct rp_err *old = NULL, *other = NULL, *refused = NULL, *none = NULL;
	assert_int_equal(rp_stamp_query_answer(again, reply.s, reply.len, NULL, &old), -1);
	assert_non_null(strstr(rp_err_text(old), "nonce mismatch"));
	assert_int_equal(rp_err_kind(old), RP_ERR_IO);
	assert_int_equal(rp_stamp_query_answer(asked, reply.s, reply.len, own.other_root, &other), -1);
	assert_non_null(strstr(rp_err_text(other), "another authority"));
	/* An authority that does not take SHA-256 says no. */
	own.ec.digest = EVP_sha512();
	tsa_answer(&own.ec, &query, &reply);
	assert_int_equal(rp_stamp_query_answer(asked, reply.s, reply.len, NULL, &refused), -1);
	assert_non_null(strstr(rp_err_text(refused), "status code: rejection"));
	assert_int_equal(rp_stamp_query_answer(asked, "<html>", 6, NULL, &none), -1);
	assert_non_null(strstr(rp_err_text(none), "it is no reply of a time stamping authority"));
}

/* ---- A stamp in an envelope, and what a policy makes of it. ---- */

static int ask(void *ctx, const void *signature, size_t len, struct rp_buf *ret, struct rp_err **err)
{
	rp_auto(rp_stamp_query) q = NULL;
	rp_autobuf query = RP_BUF_INIT(RP_STAMP_MAX);
	if (rp_stamp_query_new(&q, signature, len, err) < 0 || rp_stamp_query_write(q, &query, err) < 0)
		return -1;
	tsa_answer(ctx, &query, ret);
	return 0;
}

static void seal(struct rp_buf *to)
{
	struct rp_manifest m = {.target = "shop", .sealed_ms = SAMPLE_SEALED_MS, .survey = own.survey};
	assert_int_equal(rp_manifest_sign(to, &m, &own.key, 1, NULL), 0);
}

static void seal_stamped(struct tsa *by, int64_t at_ms, struct rp_buf *to)
{
	rp_autobuf bare = RP_BUF_INIT(1 << 20);
	size_t n = 0;
	seal(&bare);
	by->now_ms = at_ms;
	assert_int_equal(rp_envelope_stamp(to, &n, bare.s, bare.len, ask, by, NULL), 0);
	assert_int_equal(n, 1);
}

static void believed(const struct rp_buf *text, int64_t stamped_ms)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_manifest) m = NULL;
	if (rp_manifest_open(&m, text->s, text->len, &own.trust, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	assert_int_equal(m->n_signed_by, 1);
	assert_int_equal(m->stamped[0].at_ms, stamped_ms / 1000 * 1000);
}

static void refused(const struct rp_buf *text, const char *says)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_manifest) m = NULL;
	assert_int_equal(rp_manifest_open(&m, text->s, text->len, &own.trust, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
	if (strstr(rp_err_text(err), says) == NULL)
		fail_msg("'%s' does not say '%s'", rp_err_text(err), says);
}

static void envelope_is_stamped_once_and_keeps_what_others_put_there(void **state)
{
	(void)state;
	static const char text[] = "{\"payload\":\"aGVsbG8=\",\"payloadType\":\"" RP_PAYLOAD_TYPE
				   "\",\"of\":[\"others\"],\"signatures\":[{\"sig\":\"AAAA\",\"cert\":\"x\"},"
				   "{\"keyid\":\"b\",\"sig\":\"AAAB\"}]}";
	rp_autobuf once = RP_BUF_INIT(1 << 20);
	rp_autobuf twice = RP_BUF_INIT(1 << 20);
	rp_auto(rp_envelope) e = NULL;
	size_t n = 0;
	assert_int_equal(rp_envelope_stamp(&once, &n, text, strlen(text), ask, &own.ec, NULL), 0);
	assert_int_equal(n, 2);
	assert_non_null(strstr(once.s, "\"of\":[\"others\"]"));
	assert_non_null(strstr(once.s, "\"cert\":\"x\""));
	assert_int_equal(rp_envelope_read(&e, once.s, once.len, NULL), 0);
	struct rp_stamp_facts facts;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(rp_stamp_check(&facts, own.ec_root, e->signatures[i].stamp,
						e->signatures[i].stamp_len, e->signatures[i].sig,
						e->signatures[i].len, NULL),
				 0);
	assert_int_equal(rp_envelope_stamp(&twice, &n, once.s, once.len, ask, &own.ec, NULL), 0);
	assert_int_equal(n, 0);
	assert_string_equal(once.s, twice.s);
}

static void stamps_change_nothing_where_no_policy_asks_for_them(void **state)
{
	(void)state;
	rp_autobuf bare = RP_BUF_INIT(1 << 20);
	rp_autobuf stamped = RP_BUF_INIT(1 << 20);
	rp_autobuf foreign = RP_BUF_INIT(1 << 20);
	seal(&bare);
	seal_stamped(&own.ec, SAMPLE_SEALED_MS + 1000, &stamped);
	seal_stamped(&own.other, SAMPLE_SEALED_MS + 1000, &foreign);
	believed(&bare, 0);
	believed(&stamped, SAMPLE_SEALED_MS + 1000);
	believed(&foreign, 0);
	/* A key that is too old is too old, stamped or not. */
	own.trusted.until_ms = SAMPLE_SEALED_MS + YEAR;
	refused(&stamped, "which was trusted until");
	own.trusted.until_ms = 0;
	own.trusted.revoked_ms = SAMPLE_SEALED_MS + YEAR;
	refused(&stamped, "which was revoked at");
}

static void stamp_that_a_policy_requires_must_be_there_and_hold(void **state)
{
	(void)state;
	rp_autobuf bare = RP_BUF_INIT(1 << 20);
	rp_autobuf stamped = RP_BUF_INIT(1 << 20);
	rp_autobuf foreign = RP_BUF_INIT(1 << 20);
	rp_autobuf early = RP_BUF_INIT(1 << 20);
	own.rule.required = true;
	seal(&bare);
	refused(&bare, "whose signature bears no time stamp");
	seal_stamped(&own.ec, SAMPLE_SEALED_MS + 1000, &stamped);
	believed(&stamped, SAMPLE_SEALED_MS + 1000);
	seal_stamped(&own.other, SAMPLE_SEALED_MS + 1000, &foreign);
	refused(&foreign,
		"whose signature bears no time stamp that counts: it does not hold: certificate verify error");
	seal_stamped(&own.ec, SAMPLE_SEALED_MS - DAY, &early);
	refused(&early, "it was sealed at 2026-01-31T06:00:00.123Z by key");
	refused(&early, "it is of 2026-01-30T06:00:00.000Z, before that was made");
	/* Of the future. */
	own.trust.now_ms = SAMPLE_SEALED_MS + DAY;
	rp_autobuf late = RP_BUF_INIT(1 << 20);
	seal_stamped(&own.ec, SAMPLE_SEALED_MS + 2 * DAY, &late);
	refused(&late, "and here it is only");
	/* Another target's policy says nothing of this one. */
	own.rule.targets = "billing";
	believed(&bare, 0);
	/* One stamp's reply on another signature. */
	own.rule.targets = "*";
	rp_autobuf moved = RP_BUF_INIT(1 << 20);
	rp_autobuf other_stamp = RP_BUF_INIT(RP_STAMP_MAX);
	stamp_of(&own.ec, "another signature", &other_stamp);
	rp_autobuf base64 = RP_BUF_INIT(RP_STAMP_MAX * 2);
	rp_base64_add(&base64, other_stamp.s, other_stamp.len);
	const char *end = strstr(bare.s, "\"}]}");
	assert_non_null(end);
	rp_buf_add_mem(&moved, bare.s, (size_t)(end - bare.s));
	rp_buf_addf(&moved, "\",\"stamp\":\"%s\"}]}", rp_buf_text(&base64));
	own.trust.now_ms = SAMPLE_SEALED_MS + 10 * YEAR;
	refused(&moved,
		"whose signature bears no time stamp that counts: it does not hold: message imprint mismatch");
}

static void old_keys_count_for_what_was_stamped_in_their_time(void **state)
{
	(void)state;
	rp_autobuf bare = RP_BUF_INIT(1 << 20);
	rp_autobuf in_time = RP_BUF_INIT(1 << 20);
	rp_autobuf too_late = RP_BUF_INIT(1 << 20);
	own.rule.old_keys = true;
	seal(&bare);
	seal_stamped(&own.ec, SAMPLE_SEALED_MS + 1000, &in_time);
	seal_stamped(&own.ec, SAMPLE_SEALED_MS + 30 * DAY, &too_late);
	own.trusted.until_ms = SAMPLE_SEALED_MS + 20 * DAY;
	believed(&in_time, SAMPLE_SEALED_MS + 1000);
	refused(&bare, "which was trusted until");
	refused(&too_late, ", and its stamp is of 2026-03-02T06:00:00.000Z");
	own.trusted.until_ms = 0;
	own.trusted.revoked_ms = SAMPLE_SEALED_MS + 20 * DAY;
	believed(&in_time, SAMPLE_SEALED_MS + 1000);
	refused(&bare, "which was revoked at");
	refused(&too_late, "which was revoked at");
	/* Shown without a target: the policy is found by what the manifest is about. */
	own.trust.target = NULL;
	own.trust.any_target = true;
	believed(&in_time, SAMPLE_SEALED_MS + 1000);
	own.rule.targets = "billing";
	refused(&in_time, "which was revoked at");
	/* A key that is good needs none. */
	own.trusted.revoked_ms = 0;
	believed(&bare, 0);
}

static void authority_is_certificates_and_nothing_else(void **state)
{
	char path[512];
	struct rp_authority *a = NULL;
	static const char *const texts[] = {"", "no PEM\n",
					    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
	snprintf(path, sizeof path, "%s/bad.pem", (const char *)*state);
	for (size_t i = 0; i < 3; i++) {
		rp_autoerr struct rp_err *err = NULL;
		assert_int_equal(rp_file_replace(path, texts[i], strlen(texts[i]), 0644, NULL), 0);
		assert_int_equal(rp_authority_load(&a, path, NULL, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
		assert_non_null(strstr(rp_err_text(err), "it does not hold certificates in PEM"));
	}
}

#define TEST(name) cmocka_unit_test_setup(name, each)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stamp_holds_at_its_own_time_whatever_became_of_the_certificate),
		TEST(stamp_that_does_not_hold_is_told),
		TEST(stamp_shows_every_changed_bit),
		TEST(answer_is_to_the_question_that_was_asked),
		TEST(envelope_is_stamped_once_and_keeps_what_others_put_there),
		TEST(stamps_change_nothing_where_no_policy_asks_for_them),
		TEST(stamp_that_a_policy_requires_must_be_there_and_hold),
		TEST(old_keys_count_for_what_was_stamped_in_their_time),
		TEST(authority_is_certificates_and_nothing_else),
	};
	return cmocka_run_group_tests_name("stamp", tests, set_up, tear_down);
}
