/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/manifest_sample.h"
#include "verifier/manifest/base64.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/statement.h"

#define DAY (INT64_C(24) * 3600 * 1000)

/* The keys, a trust that holds, and what is made of them; one for all tests, which restore what they change. */
static struct {
	struct rp_key *ed, *ed_other, *p256;		 /* private */
	struct rp_key *ed_pub, *ed_other_pub, *p256_pub; /* public */
	struct rp_survey *survey;
	struct rp_file files[2];
	struct rp_trusted_key keys[3];
	struct rp_trust trust;
} own;

static int set_up(void **state)
{
	if (sample_dir(state) < 0)
		return -1;
	own.ed = sample_private(*state, "ed25519.key");
	own.ed_other = sample_private(*state, "ed25519-other.key");
	own.p256 = sample_private(*state, "p256.key");
	own.ed_pub = sample_public("ed25519.pub");
	own.ed_other_pub = sample_public("ed25519-other.pub");
	own.p256_pub = sample_public("p256.pub");
	own.survey = sample_survey();
	own.files[0] = (struct rp_file){.name = strdup("shop.dump"), .size = UINT64_MAX, .digested = true};
	own.files[1] = (struct rp_file){.name = strdup("toc/a b\n.dat"), .size = 7, .digested = true};
	memset(own.files[0].sha256, 0xab, RP_SHA256_LEN);
	return own.ed && own.ed_other && own.p256 && own.ed_pub && own.p256_pub && own.survey ? 0 : -1;
}

static int tear_down(void **state)
{
	struct rp_key *const keys[] = {own.ed,	   own.ed_other,     own.p256,
				       own.ed_pub, own.ed_other_pub, own.p256_pub};
	for (size_t i = 0; i < 6; i++)
		rp_key_free(keys[i]);
	rp_survey_free(own.survey);
	rp_file_done(&own.files[0]);
	rp_file_done(&own.files[1]);
	return sample_dir_remove(state);
}

static int each(void **state)
{
	(void)state;
	own.keys[0] = (struct rp_trusted_key){.key = own.ed_pub, .roles = RP_SIGNS_MANIFESTS};
	own.keys[1] = (struct rp_trusted_key){.key = own.p256_pub, .roles = RP_SIGNS_MANIFESTS};
	own.keys[2] = (struct rp_trusted_key){.key = own.ed_other_pub, .roles = RP_SIGNS_MANIFESTS};
	own.trust = (struct rp_trust){.keys = own.keys,
				      .n_keys = 1,
				      .threshold = 1,
				      .target = "shop",
				      .now_ms = SAMPLE_SEALED_MS + DAY};
	return 0;
}

static struct rp_manifest sample(void)
{
	return (struct rp_manifest){.target = "shop",
				    .environment = "production",
				    .sealed_ms = SAMPLE_SEALED_MS,
				    .sequence = UINT64_C(9007199254740993),
				    .files = own.files,
				    .n_files = 2,
				    .survey = own.survey};
}

static void sign_with(struct rp_buf *to, struct rp_key *key)
{
	struct rp_manifest m = sample();
	assert_int_equal(rp_manifest_sign(to, &m, &key, 1, NULL), 0);
}

static int open_text(const struct rp_buf *text, struct rp_manifest **ret, struct rp_err **err)
{
	return rp_manifest_open(ret, text->s, text->len, &own.trust, err);
}

static void ends(const struct rp_buf *text, enum rp_err_kind kind, const char *message)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_manifest) m = NULL;
	assert_int_equal(open_text(text, &m, &err), -1);
	assert_string_equal(rp_err_text(err), message);
	assert_int_equal(rp_err_kind(err), kind);
}

/* Opening fails, as RP_ERR_TRUST, with this message and a hint. */
static void refused(const struct rp_buf *text, const char *message)
{
	ends(text, RP_ERR_TRUST, message);
}

static void hinted(const struct rp_buf *text, const char *part)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_manifest) m = NULL;
	assert_int_equal(open_text(text, &m, &err), -1);
	assert_non_null(rp_err_hint_text(err));
	assert_non_null(strstr(rp_err_hint_text(err), part));
}

static void manifest_says_on_which_host_it_was_signed(void **state)
{
	(void)state;
	struct rp_manifest m = sample();
	struct rp_key *const keys[] = {own.ed};
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) back = NULL;
	m.host = "db1.example.org";
	assert_int_equal(rp_manifest_sign(&text, &m, keys, 1, NULL), 0);
	assert_int_equal(open_text(&text, &back, NULL), 0);
	assert_string_equal(back->host, m.host);
}

static void manifest_comes_back_as_it_was_signed(void **state)
{
	(void)state;
	struct rp_key *const keys[] = {own.ed, own.p256};
	for (size_t i = 0; i < 2; i++) {
		own.trust.keys = &own.keys[i];
		rp_autobuf text = RP_BUF_INIT(1 << 20);
		rp_auto(rp_manifest) m = NULL;
		sign_with(&text, keys[i]);
		assert_int_equal(open_text(&text, &m, NULL), 0);
		assert_string_equal(m->target, "shop");
		assert_string_equal(m->environment, "production");
		assert_true(m->sealed_ms == SAMPLE_SEALED_MS);
		assert_true(m->sequence == UINT64_C(9007199254740993));
		assert_string_equal(m->previous, "");
		assert_int_equal(m->n_files, 2);
		assert_string_equal(m->files[0].name, "shop.dump");
		assert_true(m->files[0].size == UINT64_MAX);
		assert_memory_equal(m->files[0].sha256, own.files[0].sha256, RP_SHA256_LEN);
		assert_string_equal(m->files[1].name, "toc/a b\n.dat");
		assert_true(m->files[1].digested);
		assert_int_equal(m->n_signed_by, 1);
		assert_string_equal(m->signed_by[0], rp_key_id(keys[i]));
		assert_int_equal(strncmp(m->tool, "reprove ", 8), 0);
		const struct rp_relation *r = rp_survey_relation(m->survey, "public.orders");
		assert_non_null(r);
		assert_true(r->rows == UINT64_C(9007199254740993));
	}
}

static void manifest_without_a_memory_is_numbered_by_its_time(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) back = NULL;
	struct rp_manifest m = sample();
	m.sequence = 0;
	m.environment = NULL;
	m.n_files = 0;
	memset(m.previous, 'a', 64);
	assert_int_equal(rp_manifest_sign(&text, &m, &own.ed, 1, NULL), 0);
	assert_int_equal(open_text(&text, &back, NULL), 0);
	assert_true(back->sequence == (uint64_t)SAMPLE_SEALED_MS);
	assert_null(back->environment);
	assert_int_equal(back->n_files, 0);
	assert_string_equal(back->previous, m.previous);
}

static void manifest_is_the_same_bytes_when_signed_twice(void **state)
{
	(void)state;
	rp_autobuf a = RP_BUF_INIT(1 << 20);
	rp_autobuf b = RP_BUF_INIT(1 << 20);
	sign_with(&a, own.ed);
	sign_with(&b, own.ed);
	assert_string_equal(a.s, b.s);
}

static void manifest_shows_every_changed_bit(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) good = NULL;
	sign_with(&text, own.ed);
	assert_int_equal(open_text(&text, &good, NULL), 0);
	unsigned opened = 0;
	for (size_t i = 0; i < text.len; i++) {
		rp_auto(rp_manifest) m = NULL;
		text.s[i] = (char)(text.s[i] ^ (1 << i % 8));
		if (open_text(&text, &m, NULL) == 0) {
			/* The key's name is a hint that nobody signed, and the last byte a newline. */
			assert_string_equal(m->sha256, good->sha256);
			opened++;
		}
		text.s[i] = (char)(text.s[i] ^ (1 << i % 8));
	}
	assert_in_range(opened, 1, strlen("keyid") + 64 + 1);
}

static void manifest_cut_anywhere_is_refused(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	sign_with(&text, own.ed);
	/* The last byte is a newline, which may be missing. */
	for (size_t len = 0; len < text.len - 1; len++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_manifest *m = NULL;
		assert_int_equal(rp_manifest_open(&m, text.s, len, &own.trust, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
		assert_non_null(rp_err_hint_text(err));
	}
}

/* text with the first 'find' replaced. */
static void replace(struct rp_buf *to, const struct rp_buf *text, const char *find, const char *with)
{
	const char *at = strstr(text->s, find);
	assert_non_null(at);
	rp_buf_add_mem(to, text->s, (size_t)(at - text->s));
	rp_buf_add(to, with);
	rp_buf_add(to, at + strlen(find));
}

static void manifest_edited_after_signing_is_told_from_one_of_another_key(void **state)
{
	(void)state;
	char message[512];
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	sign_with(&text, own.ed);
	rp_autobuf edited = RP_BUF_INIT(1 << 20);
	replace(&edited, &text, "{\"payload\":\"eyJ", "{\"payload\":\"eyK");
	snprintf(message, sizeof message,
		 "the signature of key %s does not fit: it was changed after it was signed",
		 rp_key_id(own.ed));
	refused(&edited, message);
	hinted(&edited, "get it again");

	rp_autobuf other = RP_BUF_INIT(1 << 20);
	sign_with(&other, own.ed_other);
	snprintf(message, sizeof message, "it is signed by no trusted key: expected %s, found %s",
		 rp_key_id(own.ed), rp_key_id(own.ed_other));
	refused(&other, message);
	hinted(&other, "--trust");
}

static void manifest_with_a_wrong_or_no_keyid_is_still_verified(void **state)
{
	(void)state;
	static const char *const ids[] = {"", "x",
					  "0000000000000000000000000000000000000000000000000000000000000000"};
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	sign_with(&text, own.ed);
	for (size_t i = 0; i < 3; i++) {
		rp_autobuf edited = RP_BUF_INIT(1 << 20);
		rp_auto(rp_manifest) m = NULL;
		replace(&edited, &text, rp_key_id(own.ed), ids[i]);
		assert_int_equal(open_text(&edited, &m, NULL), 0);
		assert_string_equal(m->signed_by[0], rp_key_id(own.ed));
	}
	/* And a trusted key's name on another key's signature is worth nothing. */
	rp_autobuf other = RP_BUF_INIT(1 << 20);
	rp_autobuf edited = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) m = NULL;
	sign_with(&other, own.ed_other);
	replace(&edited, &other, rp_key_id(own.ed_other), rp_key_id(own.ed));
	assert_int_equal(open_text(&edited, &m, NULL), -1);
}

static void manifest_needs_as_many_different_keys_as_the_policy_says(void **state)
{
	(void)state;
	char message[512];
	struct rp_key *const keys[] = {own.ed, own.p256};
	struct rp_manifest m = sample();
	rp_autobuf one = RP_BUF_INIT(1 << 20);
	rp_autobuf two = RP_BUF_INIT(1 << 20);
	sign_with(&one, own.ed);
	assert_int_equal(rp_manifest_sign(&two, &m, keys, 2, NULL), 0);

	own.trust.n_keys = 2;
	own.trust.threshold = 2;
	snprintf(message, sizeof message, "signatures of trusted keys: 1, expected at least 2 of %s, %s",
		 rp_key_id(own.ed), rp_key_id(own.p256));
	refused(&one, message);
	rp_auto(rp_manifest) both = NULL;
	assert_int_equal(open_text(&two, &both, NULL), 0);
	assert_int_equal(both->n_signed_by, 2);

	/* The same key listed twice, and its signature put in twice, are one. */
	own.keys[1] = own.keys[0];
	rp_autobuf doubled = RP_BUF_INIT(1 << 20);
	const char *sig = strstr(one.s, "{\"keyid\"");
	rp_buf_add_mem(&doubled, one.s, (size_t)(sig - one.s));
	rp_buf_add_mem(&doubled, sig, strlen(sig) - strlen("]}\n"));
	rp_buf_add(&doubled, ",");
	rp_buf_add(&doubled, sig);
	snprintf(message, sizeof message, "signatures of trusted keys: 1, expected at least 2 of %s, %s",
		 rp_key_id(own.ed), rp_key_id(own.ed));
	refused(&doubled, message);
	own.trust.threshold = 1;
	rp_auto(rp_manifest) once = NULL;
	assert_int_equal(open_text(&doubled, &once, NULL), 0);
	assert_int_equal(once->n_signed_by, 1);
}

static void manifest_is_found_among_bad_signatures(void **state)
{
	(void)state;
	struct rp_key *const keys[] = {own.ed_other, own.ed};
	struct rp_manifest m = sample();
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) back = NULL;
	assert_int_equal(rp_manifest_sign(&text, &m, keys, 2, NULL), 0);
	assert_int_equal(open_text(&text, &back, NULL), 0);
	assert_int_equal(back->n_signed_by, 1);
	assert_string_equal(back->signed_by[0], rp_key_id(own.ed));
}

/* A key that did sign and may not: the message says which and why. */
static void check_key_fault(struct rp_trusted_key how, const char *why)
{
	char message[512];
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	sign_with(&text, own.ed);
	how.key = own.ed_pub;
	own.keys[0] = how;
	snprintf(message, sizeof message, "it is signed by key %s, %s", rp_key_id(own.ed), why);
	refused(&text, message);
	hinted(&text, "trusted for");
}

static void key_that_may_not_speak_is_named_with_the_reason(void **state)
{
	(void)state;
	check_key_fault((struct rp_trusted_key){.roles = RP_SIGNS_RESULTS | RP_SIGNS_REVIEWS},
			"which is not trusted to sign manifests");
	check_key_fault((struct rp_trusted_key){.roles = RP_SIGNS_MANIFESTS, .targets = "billing-*"},
			"which is trusted for 'billing-*' only");
	check_key_fault(
		(struct rp_trusted_key){.roles = RP_SIGNS_MANIFESTS, .until_ms = SAMPLE_SEALED_MS + 1},
		"which was trusted until 2026-01-31T06:00:00.124Z");
	check_key_fault(
		(struct rp_trusted_key){.roles = RP_SIGNS_MANIFESTS, .from_ms = SAMPLE_SEALED_MS + 2 * DAY},
		"which is trusted from 2026-02-02T06:00:00.123Z on");
	check_key_fault(
		(struct rp_trusted_key){.roles = RP_SIGNS_MANIFESTS, .revoked_ms = SAMPLE_SEALED_MS + 9},
		"which was revoked at 2026-01-31T06:00:00.132Z");
}

static void key_may_speak_within_its_time_and_for_its_targets(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) m = NULL;
	sign_with(&text, own.ed);
	own.keys[0].targets = "sh?p";
	own.keys[0].from_ms = SAMPLE_SEALED_MS;
	own.keys[0].until_ms = own.keys[0].revoked_ms = own.trust.now_ms + 1;
	assert_int_equal(open_text(&text, &m, NULL), 0);
}

static void key_may_not_have_spoken_before_its_time(void **state)
{
	(void)state;
	char message[512];
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	sign_with(&text, own.ed);
	own.keys[0].from_ms = SAMPLE_SEALED_MS + 1;
	snprintf(message, sizeof message,
		 "it was sealed at 2026-01-31T06:00:00.123Z by key %s, "
		 "which is trusted from 2026-01-31T06:00:00.124Z on",
		 rp_key_id(own.ed));
	refused(&text, message);
}

static void showing_any_target_still_asks_who_may_speak_for_it(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	sign_with(&text, own.ed);
	own.trust.target = NULL;
	own.trust.any_target = true;
	rp_auto(rp_manifest) m = NULL;
	assert_int_equal(open_text(&text, &m, NULL), 0);
	own.keys[0].targets = "billing";
	char message[512];
	snprintf(message, sizeof message,
		 "it was sealed at 2026-01-31T06:00:00.123Z by key %s, which is trusted for 'billing' only",
		 rp_key_id(own.ed));
	refused(&text, message);
}

static void content_that_is_not_what_was_asked_for_is_refused(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) m = NULL;
	char message[512];
	sign_with(&text, own.ed);
	const struct rp_trust good = own.trust;

	own.trust.target = "shop2";
	refused(&text, "it is about the target 'shop', expected 'shop2'");
	own.trust.target = "Shop";
	refused(&text, "it is about the target 'shop', expected 'Shop'");
	own.trust = good;
	own.trust.environment = "staging";
	refused(&text, "it is about the environment 'production', expected 'staging'");
	hinted(&text, "environment");
	own.trust = good;
	own.trust.max_age_ms = DAY - 1;
	refused(&text,
		"it was sealed at 2026-01-31T06:00:00.123Z, 24 h 00 min ago, expected at most 23 h 59 min");
	own.trust = good;
	own.trust.now_ms = SAMPLE_SEALED_MS - 301000;
	ends(&text, RP_ERR_IO,
	     "it was sealed at 2026-01-31T06:00:00.123Z, and here it is only 2026-01-31T05:54:59.123Z");
	hinted(&text, "clock");
	own.trust = good;
	own.trust.not_older_than_ms = SAMPLE_SEALED_MS + 1;
	refused(&text,
		"it was sealed at 2026-01-31T06:00:00.123Z, expected not before 2026-01-31T06:00:00.124Z");
	own.trust = good;
	own.trust.min_sequence = UINT64_C(9007199254740994);
	refused(&text, "its sequence is 9007199254740993, expected at least 9007199254740994");
	own.trust = good;
	assert_int_equal(open_text(&text, &m, NULL), 0);
	own.trust.expect_sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
	snprintf(message, sizeof message, "it is manifest %s, expected %s", m->sha256,
		 own.trust.expect_sha256);
	refused(&text, message);
}

static void content_that_just_fits_is_accepted(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) m = NULL;
	rp_auto(rp_manifest) again = NULL;
	sign_with(&text, own.ed);
	own.trust.environment = "production";
	own.trust.max_age_ms = DAY;
	own.trust.not_older_than_ms = SAMPLE_SEALED_MS;
	own.trust.min_sequence = UINT64_C(9007199254740993);
	assert_int_equal(open_text(&text, &m, NULL), 0);
	assert_null(m->replay);
	own.trust.expect_sha256 = m->sha256;
	own.trust.now_ms = SAMPLE_SEALED_MS - 299000; /* two clocks are never quite the same */
	assert_int_equal(open_text(&text, &again, NULL), 0);
}

static void hole_19_manifest_without_environment_is_not_of_a_named_one(void **state)
{
	(void)state;
	struct rp_manifest m = sample();
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	m.environment = NULL;
	assert_int_equal(rp_manifest_sign(&text, &m, &own.ed, 1, NULL), 0);
	own.trust.environment = "production";
	refused(&text, "it is about the environment '', expected 'production'");
}

#define TYPE1  "\"_type\":\"https://in-toto.io/Statement/v1\""
#define DIGEST "\"digest\":{\"sha256\":\"abababababababababababababababababababababababababababababababab\"}"

/* What a trusted key signed, and no reprove of this version would have written. */
static const struct {
	const char *find, *with, *message;
} statements[] = {
	{"{", "[{", "the statement ends in the middle (line 1, column "},
	{TYPE1, "\"_type\":\"https://in-toto.io/Statement/v0.1\"",
	 "its _type is 'https://in-toto.io/Statement/v0.1', expected 'https://in-toto.io/Statement/v1'"},
	{TYPE1 ",", "", "the statement has no '_type'"},
	{TYPE1, TYPE1 "," TYPE1, "the statement has a field twice (line 1, column "},
	{TYPE1, TYPE1 ",\"x\":1", "the statement has a field 'x' that this version does not know"},
	{"/manifest/v1", "/manifest/v2",
	 "its predicateType is 'https://reprove.dev/manifest/v2', expected "
	 "'https://reprove.dev/manifest/v1'"},
	{"/manifest/v1", "/result/v1",
	 "its predicateType is 'https://reprove.dev/result/v1', expected 'https://reprove.dev/manifest/v1'"},
	{"\"schemaVersion\":1", "\"schemaVersion\":4", "its schema version is 4, expected 1 to 3"},
	{"\"schemaVersion\":1", "\"schemaVersion\":\"1\"",
	 "'schemaVersion' of the predicate is a string, expected an integer"},
	{"\"schemaVersion\":1,", "", "the predicate has no 'schemaVersion'"},
	{"\"schemaVersion\":1", "\"schemaVersion\":1,\"new\":{}",
	 "the predicate has a field 'new' that this version does not know"},
	{"\"schemaVersion\":1", "\"schemaVersion\":1e999",
	 "the statement has a number that is too large (line 1"},
	{"\"target\":\"shop\"", "\"target\":\"\"", "'target' is '', expected a name"},
	{"\"target\":\"shop\"", "\"target\":\"sh\\u0000op\"",
	 "the statement has a NUL character in it (line 1"},
	{"\"target\":\"shop\"", "\"target\":\"\xff\"", "the statement is not UTF-8 (line 1, column "},
	{"\"sealedAt\":\"2026-", "\"sealedAt\":\"1926-",
	 "'sealedAt' is '1926-01-31T06:00:00.123Z', expected a time like 2026-01-31T06:00:00.123Z"},
	{".123Z\"", ".123\"", "'sealedAt' is '2026-01-31T06:00:00.123', expected a time like"},
	{"\"sequence\":\"9", "\"sequence\":\"-9",
	 "'sequence' is '-9007199254740993', expected a whole number above 0"},
	{"\"sequence\":\"9007199254740993\"", "\"sequence\":9007199254740993",
	 "'sequence' of the predicate is an integer, expected a string"},
	{"\"sequence\":\"9007199254740993\"", "\"sequence\":\"0\"",
	 "'sequence' is '0', expected a whole number"},
	{"\"target\"", "\"previous\":\"ABC\",\"target\"",
	 "'previous' is 'ABC', expected a SHA-256 in hexadecimal"},
	{"\"tool\":{", "\"tool\":{\"x\":1,", "the tool has a field 'x' that this version does not know"},
	{"shop.dump", "../shop.dump",
	 "the name of the artifact's file '../shop.dump' has a part '.' or '..'"},
	{"shop.dump", "/etc/passwd",
	 "the name of the artifact's file '/etc/passwd' has an empty part, or begins or ends with '/'"},
	{"shop.dump", "", "the name of the artifact's file '' is empty"},
	{"shop.dump", "toc/a b\\n.dat", "the artifact's file 'toc/a b\\n.dat' is there twice"},
	{DIGEST, "\"digest\":{}", "the digest of a subject has no 'sha256'"},
	{DIGEST, "\"digest\":{\"sha256\":\"AB\"}", "'sha256' of a subject is not 64 lower-case digits"},
	{DIGEST ",", DIGEST ",\"uri\":\"x\",", "a subject has a field 'uri' that this version does not know"},
	{"\"size\":\"7\"", "\"size\":\"18446744073709551616\"", "'size' of a subject is not a whole number"},
};

static void statement_that_is_not_ours_is_refused_and_says_why(void **state)
{
	(void)state;
	struct rp_manifest m = sample();
	rp_autobuf good = RP_BUF_INIT(1 << 20);
	assert_int_equal(rp_statement_write(&good, &m, NULL), 0);
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
		rp_autobuf payload = RP_BUF_INIT(1 << 20);
		rp_autobuf text = RP_BUF_INIT(1 << 20);
		rp_autoerr struct rp_err *err = NULL;
		struct rp_manifest *none = NULL;
		replace(&payload, &good, statements[i].find, statements[i].with);
		assert_int_equal(rp_envelope_write(&text, payload.s, payload.len, &own.ed, 1, NULL), 0);
		assert_int_equal(open_text(&text, &none, &err), -1);
		assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
		assert_non_null(rp_err_hint_text(err));
		/* Where in the line depends on what the survey is like. */
		if (strncmp(rp_err_text(err), statements[i].message, strlen(statements[i].message)) != 0)
			assert_string_equal(rp_err_text(err), statements[i].message);
	}
}

static void statement_of_a_newer_version_says_which_wrote_it(void **state)
{
	(void)state;
	struct rp_manifest m = sample();
	rp_autobuf good = RP_BUF_INIT(1 << 20);
	rp_autobuf payload = RP_BUF_INIT(1 << 20);
	rp_autobuf newer = RP_BUF_INIT(1 << 20);
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	assert_int_equal(rp_statement_write(&good, &m, NULL), 0);
	replace(&payload, &good, "\"schemaVersion\":1", "\"schemaVersion\":4,\"new\":1");
	replace(&newer, &payload, "\"tool\":{\"name\":\"reprove\",\"version\":\"",
		"\"tool\":{\"name\":\"reprove\",\"version\":\"9.");
	assert_int_equal(rp_envelope_write(&text, newer.s, newer.len, &own.ed, 1, NULL), 0);
	refused(&text, "its schema version is 4, expected 1 to 3");
	hinted(&text, "it was written by version 9.");
}

static void manifest_that_nobody_could_verify_is_not_signed(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	struct rp_manifest m = sample();
	m.target = "";
	assert_int_equal(rp_manifest_sign(&text, &m, &own.ed, 1, NULL), -1);
	m = sample();
	m.target = "sh\xffp";
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_manifest_sign(&text, &m, &own.ed, 1, &err), -1);
	assert_string_equal(
		rp_err_text(err),
		"sign the manifest: the name of the target, its environment or the host is not UTF-8");
	m = sample();
	own.files[1].digested = false;
	rp_autoerr struct rp_err *unread = NULL;
	assert_int_equal(rp_manifest_sign(&text, &m, &own.ed, 1, &unread), -1);
	own.files[1].digested = true;
	assert_string_equal(
		rp_err_text(unread),
		"sign the manifest: the artifact's file 'toc/a b\\n.dat' was not read to its end");
}

static void policy_that_makes_no_sense_is_not_the_manifests_fault(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	sign_with(&text, own.ed);
	const struct rp_trust good = own.trust;
	const struct {
		struct rp_trust trust;
		enum rp_err_kind kind;
		const char *message;
	} cases[] = {
		{{.threshold = 1, .target = "shop"}, RP_ERR_CONFIG, "no key is trusted to sign manifests"},
		{{.keys = good.keys, .n_keys = 1, .target = "shop"},
		 RP_ERR_CONFIG,
		 "0 signatures needed, expected at least 1"},
		{{.keys = good.keys, .n_keys = 1, .threshold = 1}, RP_ERR_USAGE, "no target is named"},
		{{.keys = good.keys, .n_keys = 1, .threshold = 1, .target = "shop", .expect_sha256 = "ABC"},
		 RP_ERR_USAGE,
		 "the expected manifest is named by 64 lower-case hexadecimal digits"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_manifest *m = NULL;
		own.trust = cases[i].trust;
		assert_int_equal(open_text(&text, &m, &err), -1);
		assert_int_equal(rp_err_kind(err), cases[i].kind);
		assert_string_equal(rp_err_text(err), cases[i].message);
	}
}

static void manifest_file_that_is_missing_or_empty_is_not_trusted(void **state)
{
	char path[512], message[1024];
	rp_autoerr struct rp_err *err = NULL;
	rp_autoerr struct rp_err *empty = NULL;
	struct rp_manifest *m = NULL;
	snprintf(path, sizeof path, "%s/none.json", (const char *)*state);
	assert_int_equal(rp_manifest_load(&m, path, &own.trust, &err), -1);
	snprintf(message, sizeof message, "manifest '%s': there is no such file", path);
	assert_string_equal(rp_err_text(err), message);
	assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
	assert_non_null(strstr(rp_err_hint_text(err), "reprove seal --manifest"));

	assert_int_equal(rp_file_replace(path, "", 0, 0644, NULL), 0);
	assert_int_equal(rp_manifest_load(&m, path, &own.trust, &empty), -1);
	snprintf(message, sizeof message, "manifest '%s': it is empty", path);
	assert_string_equal(rp_err_text(empty), message);
	assert_int_equal(rp_err_kind(empty), RP_ERR_TRUST);
}

static void manifest_file_is_loaded(void **state)
{
	char path[512];
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_auto(rp_manifest) m = NULL;
	snprintf(path, sizeof path, "%s/shop.json", (const char *)*state);
	sign_with(&text, own.ed);
	assert_int_equal(rp_file_replace(path, text.s, text.len, 0644, NULL), 0);
	assert_int_equal(rp_manifest_load(&m, path, &own.trust, NULL), 0);
	assert_string_equal(m->target, "shop");
}

#define TEST(name) cmocka_unit_test_setup(name, each)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(manifest_comes_back_as_it_was_signed),
		TEST(manifest_says_on_which_host_it_was_signed),
		TEST(manifest_without_a_memory_is_numbered_by_its_time),
		TEST(manifest_is_the_same_bytes_when_signed_twice),
		TEST(manifest_shows_every_changed_bit),
		TEST(manifest_cut_anywhere_is_refused),
		TEST(manifest_edited_after_signing_is_told_from_one_of_another_key),
		TEST(manifest_with_a_wrong_or_no_keyid_is_still_verified),
		TEST(manifest_needs_as_many_different_keys_as_the_policy_says),
		TEST(manifest_is_found_among_bad_signatures),
		TEST(key_that_may_not_speak_is_named_with_the_reason),
		TEST(key_may_speak_within_its_time_and_for_its_targets),
		TEST(key_may_not_have_spoken_before_its_time),
		TEST(showing_any_target_still_asks_who_may_speak_for_it),
		TEST(content_that_is_not_what_was_asked_for_is_refused),
		TEST(content_that_just_fits_is_accepted),
		TEST(hole_19_manifest_without_environment_is_not_of_a_named_one),
		TEST(statement_that_is_not_ours_is_refused_and_says_why),
		TEST(statement_of_a_newer_version_says_which_wrote_it),
		TEST(manifest_that_nobody_could_verify_is_not_signed),
		TEST(policy_that_makes_no_sense_is_not_the_manifests_fault),
		TEST(manifest_file_that_is_missing_or_empty_is_not_trusted),
		TEST(manifest_file_is_loaded),
	};
	return cmocka_run_group_tests_name("manifest", tests, set_up, tear_down);
}
