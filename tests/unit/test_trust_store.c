/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/stamp_authority.h"
#include "verifier/config/trust_store.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

static char dir[] = "/tmp/rp-trust-XXXXXX";
static char path[64];
static struct rp_arena *memory;

static int make_place(void **state)
{
	char name[96];
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trust.yaml", dir);
	for (const char *k = "abc"; *k; k++) {
		snprintf(name, sizeof(name), "%s/%c", dir, *k);
		if (rp_key_generate(name, RP_KEY_ED25519, NULL, NULL) < 0)
			return -1;
	}
	return rp_arena_new(&memory, NULL);
}

static int remove_place(void **state)
{
	(void)state;
	rp_arena_free(memory);
	return rp_tree_remove(dir, NULL);
}

static int load(const char *text, struct rp_trust_store *ret, struct rp_err **err)
{
	*ret = (struct rp_trust_store){0};
	assert_int_equal(rp_file_replace(path, text, strlen(text), 0644, NULL), 0);
	return rp_trust_store_add(ret, memory, path, RP_SIGNS_MANIFESTS, err);
}

static void a_key_that_is_revoked_in_one_row_is_revoked_in_all(void **state)
{
	struct rp_trust_store s;
	char name[96];
	(void)state;
	assert_int_equal(
		load("keys:\n"
		     "  - {file: a/reprove.pub, roles: [manifest], targets: shop}\n"
		     "  - {file: a/reprove.pub, roles: [manifest], targets: crm, revoked: 2026-10-01}\n"
		     "  - {file: b/reprove.pub, roles: [manifest]}\n",
		     &s, NULL),
		0);
	snprintf(name, sizeof(name), "%s/a/reprove.pub", dir);
	assert_int_equal(rp_trust_store_add(&s, memory, name, RP_SIGNS_MANIFESTS, NULL), 0);
	assert_int_equal(s.n, 4);
	for (size_t i = 0; i < s.n; i++)
		assert_int_equal(s.trusted[i].revoked_ms, i == 2 ? 0 : INT64_C(1790812800000));
	rp_trust_store_done(&s);
}

static void it_says_whose_key_may_say_what_and_when(void **state)
{
	struct rp_trust_store s;
	(void)state;
	assert_int_equal(load("keys:\n"
			      "  - file: a/reprove.pub\n"
			      "    roles: [manifest]\n"
			      "    owner: backup team\n"
			      "    targets: shop*\n"
			      "    from: 2026-01-01\n"
			      "    until: 2027-02-01T12:00:00Z\n"
			      "  - file: b/reprove.pub\n"
			      "    roles: [result]\n"
			      "    revoked: 2026-10-01\n"
			      "policies:\n"
			      "  - targets: shop\n"
			      "    signatures: 2\n"
			      "    max-age: 36h\n"
			      "    environment: production\n"
			      "  - targets: '*'\n",
			      &s, NULL),
			 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(rp_trust_store_add(&s, memory, path, RP_SIGNS_RESULTS, NULL), 0);
	assert_int_equal(s.n, 2); /* named twice, read once */
	assert_int_equal(s.trusted[0].roles, RP_SIGNS_MANIFESTS);
	assert_string_equal(s.trusted[0].owner, "backup team");
	assert_string_equal(s.trusted[0].targets, "shop*");
	assert_int_equal(s.trusted[0].from_ms, INT64_C(1767225600000));
	assert_int_equal(s.trusted[0].until_ms, INT64_C(1801483200000));
	assert_int_equal(s.trusted[1].roles, RP_SIGNS_RESULTS);
	assert_int_equal(s.trusted[1].revoked_ms, INT64_C(1790812800000));
	assert_int_equal(rp_trust_store_policy(&s, "shop")->signatures, 2);
	assert_int_equal(rp_trust_store_policy(&s, "shop")->max_age_ms, 36 * 3600 * 1000);
	assert_null(rp_trust_store_policy(&s, "ledger")->environment);
	/* What it is, for a digest: the key's name changes it, and so does a day. */
	rp_autobuf text = RP_BUF_INIT(1u << 16);
	rp_trust_store_text(&s, &text);
	assert_non_null(strstr(rp_buf_text(&text), rp_key_id(s.keys[0])));
	assert_non_null(strstr(rp_buf_text(&text), "policy shop signatures 2"));
	rp_trust_store_done(&s);
}

static void a_bare_key_has_the_role_that_the_option_gives_it(void **state)
{
	struct rp_trust_store s = {0};
	char key[96];
	(void)state;
	snprintf(key, sizeof(key), "%s/c/reprove.pub", dir);
	assert_int_equal(load("keys:\n  - {file: a/reprove.pub, roles: [manifest]}\n", &s, NULL), 0);
	assert_int_equal(rp_trust_store_add(&s, memory, key, RP_SIGNS_REVIEWS, NULL), 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.trusted[1].roles, RP_SIGNS_REVIEWS);
	rp_trust_store_done(&s);
}

static void every_mistake_is_said(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"keys: []\n", "keys"},
		{"keys:\n  - {file: a/reprove.pub}\n", "roles"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifests]}\n",
		 "expected manifest, result or review"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest, result]}\n", "may have no other role"},
		{"keys:\n  - {file: a/reprove.pub, roles: [result, review]}\n", "may not review them"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest]}\n  - {file: ./a/reprove.pub, roles: "
		 "[result]}\n",
		 "is listed twice, and signs manifests, and may have no other role"},
		{"keys:\n  - {file: a/reprove.pub, roles: [review], targets: x}\n  - {file: a/reprove.pub, "
		 "roles: [result], targets: y}\n",
		 "is listed twice, and signs results, and may not review them"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest], from: 2027-01-01, until: 2026-01-01}\n",
		 "it is trusted until 2026-01-01, which is not after 2027-01-01"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest], form: x}\n", "form"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest], from: tomorrow}\n",
		 "'from: tomorrow' is no day"},
		{"keys:\n  - {file: none.pub, roles: [manifest]}\n", "none.pub"},
		{"keys:\n  - {file: a/reprove.key, roles: [manifest]}\n", "reprove.key"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest]}\npolicies:\n  - {targets: x, max-age: soon}\n",
		 "no length of time"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest]}\npolicies:\n  - {targets: x, signatures: -1}\n",
		 ""},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest]}\npolicies:\n  - {targets: x, stamp: required}\n",
		 "the policy of 'x' asks for time stamps, and no authority is named"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest]}\npolicies:\n  - {targets: x, stamp: yes}\n",
		 "'stamp: yes': expected 'required'"},
		{"keys:\n  - {file: a/reprove.pub, roles: [manifest]}\nstamps:\n  - {file: a/reprove.pub}\n",
		 "it does not hold certificates in PEM"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_trust_store s;
		assert_int_equal(load(cases[i].text, &s, &err), -1);
		if (!strstr(rp_err_text(err), cases[i].says) || !strstr(rp_err_text(err), "trust.yaml"))
			fail_msg("of '%s' is said: %s", cases[i].text, rp_err_text(err));
		rp_trust_store_done(&s);
	}
}

static void it_says_whose_stamps_count_and_for_what(void **state)
{
	struct rp_trust_store s;
	struct rp_trust trust = {.threshold = 1};
	struct tsa tsa;
	char root[96];
	(void)state;
	snprintf(root, sizeof(root), "%s/tsa.pem", dir);
	tsa_open(&tsa, false, 0, INT64_C(1790812800000));
	tsa_root_write(&tsa, root);
	assert_int_equal(load("keys:\n  - {file: a/reprove.pub, roles: [manifest]}\n"
			      "stamps:\n  - {file: tsa.pem, owner: an authority}\n"
			      "policies:\n"
			      "  - {targets: shop, stamp: required, old-keys: stamped}\n"
			      "  - {targets: '*', old-keys: stamped}\n",
			      &s, NULL),
			 0);
	rp_trust_store_lend(&s, &trust);
	assert_int_equal(trust.n_keys, 1);
	assert_int_equal(trust.n_authorities, 1);
	assert_int_equal(trust.n_stamp_rules, 2);
	assert_true(trust.stamp_rules[0].required && trust.stamp_rules[0].old_keys);
	assert_true(!trust.stamp_rules[1].required && trust.stamp_rules[1].old_keys);
	assert_string_equal(rp_authority_owner(trust.authorities[0]), "an authority");
	assert_non_null(strstr(rp_authority_pem(trust.authorities[0]), "-----BEGIN CERTIFICATE-----"));
	rp_autobuf text = RP_BUF_INIT(1u << 16);
	rp_trust_store_text(&s, &text);
	assert_non_null(strstr(rp_buf_text(&text), "policy shop stamp 1 old-keys 1"));
	assert_non_null(strstr(rp_buf_text(&text), rp_authority_id(trust.authorities[0])));
	rp_trust_store_done(&s);
	tsa_close(&tsa);
}

static void refuse_open_file(const char *file)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_trust_store s = {0};
	assert_int_equal(rp_trust_store_add(&s, memory, file, RP_SIGNS_MANIFESTS, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "can be changed by everybody"));
	assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
	rp_trust_store_done(&s);
}

/* Nor is a key: neither one that a store lists nor one that is named by itself. */
static void a_store_that_everybody_may_change_is_none(void **state)
{
	struct rp_trust_store s = {0};
	char key[96];
	(void)state;
	snprintf(key, sizeof(key), "%s/a/reprove.pub", dir);
	assert_int_equal(load("keys:\n  - {file: a/reprove.pub, roles: [manifest]}\n", &s, NULL), 0);
	rp_trust_store_done(&s);
	assert_int_equal(chmod(path, 0666), 0);
	refuse_open_file(path);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(key, 0646), 0);
	refuse_open_file(path);
	refuse_open_file(key);
	assert_int_equal(chmod(key, 0644), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_whose_key_may_say_what_and_when),
		cmocka_unit_test(a_key_that_is_revoked_in_one_row_is_revoked_in_all),
		cmocka_unit_test(a_bare_key_has_the_role_that_the_option_gives_it),
		cmocka_unit_test(every_mistake_is_said),
		cmocka_unit_test(it_says_whose_stamps_count_and_for_what),
		cmocka_unit_test(a_store_that_everybody_may_change_is_none),
	};
	return cmocka_run_group_tests(tests, make_place, remove_place);
}
