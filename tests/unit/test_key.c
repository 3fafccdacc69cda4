/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "tests/unit/manifest_sample.h"
#include "verifier/manifest/key.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/secret.h"

/* As "openssl pkey -pubin -in p256.pub -outform DER | sha256sum" says; tests/cli/manifest_openssl.sh asks it. */
static void key_id_is_the_same_in_every_form_of_a_key(void **state)
{
	static const char *const publics[] = {"p256.pub", "p256-compressed.pub", "p256-explicit.pub"};
	rp_auto(rp_key) private = sample_private(*state, "p256.key");
	rp_auto(rp_key) older = sample_private(*state, "p256-sec1.key");
	assert_string_equal(rp_key_id(private), rp_key_id(older));
	for (size_t i = 0; i < 3; i++) {
		rp_auto(rp_key) k = sample_public(publics[i]);
		assert_string_equal(rp_key_id(k), rp_key_id(private));
	}
}

static void key_signs_and_only_its_public_half_verifies(void **state)
{
	static const char *const names[][2] = {{"ed25519", "ed25519-other"}, {"p256", "p256-other"}};
	for (size_t i = 0; i < 2; i++) {
		char file[64];
		snprintf(file, sizeof file, "%s.key", names[i][0]);
		rp_auto(rp_key) key = sample_private(*state, file);
		snprintf(file, sizeof file, "%s.pub", names[i][0]);
		rp_auto(rp_key) pub = sample_public(file);
		snprintf(file, sizeof file, "%s.pub", names[i][1]);
		rp_auto(rp_key) other = sample_public(file);
		uint8_t sig[RP_SIGNATURE_MAX];
		size_t len = sizeof sig;
		assert_int_equal(rp_key_sign(key, "text", 4, sig, &len, NULL), 0);
		assert_true(rp_key_verify(pub, "text", 4, sig, len));
		assert_false(rp_key_verify(other, "text", 4, sig, len));
		assert_false(rp_key_verify(pub, "texT", 4, sig, len));
		assert_false(rp_key_verify(pub, "text", 4, sig, len - 1));
		sig[len - 1] ^= 1;
		assert_false(rp_key_verify(pub, "text", 4, sig, len));
	}
}

static void public_key_cannot_sign(void **state)
{
	(void)state;
	rp_auto(rp_key) pub = sample_public("ed25519.pub");
	rp_autoerr struct rp_err *err = NULL;
	uint8_t sig[RP_SIGNATURE_MAX];
	size_t len = sizeof sig;
	assert_int_equal(rp_key_sign(pub, "text", 4, sig, &len, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
}

static const struct {
	const char *file;
	bool secret;
	const char *text, *hint; /* of the message, behind the file's name; of the hint, a part */
} bad[] = {
	{"rsa.key", true, "is a key for RSA, expected Ed25519 or ECDSA P-256", "reprove keygen"},
	{"rsa.pub", false, "is a key for RSA, expected Ed25519 or ECDSA P-256", "reprove keygen"},
	{"rsa-pkcs1.key", true, "is an RSA key, expected a private key", "reprove keygen"},
	{"p384.key", true, "is an ECDSA key on the curve 'secp384r1', expected Ed25519 or ECDSA P-256",
	 "keygen"},
	{"p384.pub", false, "is an ECDSA key on the curve 'secp384r1', expected Ed25519 or ECDSA P-256",
	 "keygen"},
	{"ed448.pub", false, "is a key for ED448, expected Ed25519 or ECDSA P-256", "reprove keygen"},
	{"encrypted.key", true, "is encrypted, and no passphrase is given", "--key-passphrase-file"},
	{"encrypted.key", false, "is an encrypted private key, expected a public key", "openssl pkey"},
	{"encrypted-sec1.key", true,
	 "is encrypted in the old way of PEM, which is quickly guessed, expected PKCS#8", "openssl pkcs8"},
	{"truncated.key", true, "is no PEM file, or a truncated one", NULL},
	{"truncated.pub", false, "is no PEM file, or a truncated one", NULL},
	{"cut.pub", false, "is damaged: no key can be read from it", NULL},
	{"not-pem.pub", false, "is no PEM file, or a truncated one", NULL},
	{"empty.key", true, "is empty", NULL},
	{"empty.pub", false, "is empty", NULL},
	{"two.pub", false, "holds more than one key", "one file for each"},
	{"certificate.pem", false, "is a certificate, expected a public key", "openssl x509"},
	{"ed25519.key", false, "is a private key, expected a public key", "openssl pkey -in KEY -pubout"},
	{"ed25519.pub", true, "is a public key, expected a private key", "seal with reprove.key"},
	{"none.pub", false, "No such file or directory", "reprove keygen DIR"},
};

static void bad_key_file_is_refused_with_what_is_wrong(void **state)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_key *k = NULL;
		char path[512], text[1024];
		sample_place(*state, bad[i].file, 0600, path, sizeof path);
		int r = bad[i].secret ? rp_key_load_private(&k, path, NULL, &err)
				      : rp_key_load_public(&k, path, &err);
		snprintf(text, sizeof text, "%s key '%s': %s", bad[i].secret ? "private" : "public", path,
			 bad[i].text);
		assert_int_equal(r, -1);
		assert_string_equal(rp_err_text(err), text);
		assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
		if (bad[i].hint != NULL)
			assert_non_null(strstr(rp_err_hint_text(err), bad[i].hint));
	}
}

static void private_key_that_others_can_read_is_refused(void **state)
{
	static const mode_t modes[] = {0644, 0640, 0604, 0620, 0666};
	char path[512], text[1024];
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_key *k = NULL;
		sample_place(*state, "ed25519.key", modes[i], path, sizeof path);
		assert_int_equal(rp_key_load_private(&k, path, NULL, &err), -1);
		snprintf(text, sizeof text,
			 "private key '%s': others may read or change it: its mode is %04o, expected 0600",
			 path, (unsigned)modes[i]);
		assert_string_equal(rp_err_text(err), text);
		assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
		assert_non_null(strstr(rp_err_hint_text(err), "chmod 600"));
	}
	sample_place(*state, "ed25519.key", 0400, path, sizeof path);
	rp_auto(rp_key) k = NULL;
	assert_int_equal(rp_key_load_private(&k, path, NULL, NULL), 0);
}

static struct rp_secret *passphrase(const char *text)
{
	struct rp_secret *s = NULL;
	assert_int_equal(setenv("RP_TEST_PASSPHRASE", text, 1), 0);
	assert_int_equal(rp_secret_of_variable(&s, "RP_TEST_PASSPHRASE", NULL), 0);
	return s;
}

static void refused(const char *path, const struct rp_secret *passphrase, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	struct rp_key *k = NULL;
	assert_int_equal(rp_key_load_private(&k, path, passphrase, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
	assert_non_null(strstr(rp_err_text(err), text));
}

static void encrypted_key_opens_with_its_passphrase_alone(void **state)
{
	char path[512], plain[512];
	sample_place(*state, "encrypted.key", 0600, path, sizeof path);
	sample_place(*state, "p256.key", 0600, plain, sizeof plain);
	rp_auto(rp_secret) right = passphrase("secret");
	rp_auto(rp_key) k = NULL;
	assert_int_equal(rp_key_load_private(&k, path, right, NULL), 0);
	assert_int_equal(rp_key_try(k, NULL), 0);
	static const char *const wrong[] = {"Secret", "secre", "secret ", "x"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		rp_auto(rp_secret) bad_one = passphrase(wrong[i]);
		refused(path, bad_one, "the passphrase is wrong, or the file is damaged");
	}
	refused(plain, right, "is not encrypted, and a passphrase for it is given");
}

static void keygen_makes_both_kinds_and_encrypts_them(void **state)
{
	static const enum rp_key_type types[] = {RP_KEY_ED25519, RP_KEY_P256};
	static const char *const digests[] = {NULL, "SHA256"};
	rp_auto(rp_secret) right = passphrase("correct horse");
	rp_auto(rp_secret) wrong = passphrase("battery staple");
	for (size_t i = 0; i < 2; i++) {
		char dir[512], path[600];
		uint8_t sig[RP_SIGNATURE_MAX];
		size_t len = sizeof sig;
		snprintf(dir, sizeof dir, "%s/kind%zu", (const char *)*state, i);
		assert_int_equal(rp_key_generate(dir, types[i], right, NULL), 0);
		snprintf(path, sizeof path, "%s/reprove.key", dir);
		refused(path, wrong, "the passphrase is wrong");
		refused(path, NULL, "no passphrase is given");
		rp_auto(rp_key) key = NULL;
		rp_auto(rp_key) pub = NULL;
		assert_int_equal(rp_key_load_private(&key, path, right, NULL), 0);
		snprintf(path, sizeof path, "%s/reprove.pub", dir);
		assert_int_equal(rp_key_load_public(&pub, path, NULL), 0);
		assert_string_equal(rp_key_id(key), rp_key_id(pub));
		if (digests[i] != NULL)
			assert_string_equal(pub->digest, digests[i]);
		else
			assert_null(pub->digest);
		assert_int_equal(rp_key_sign(key, "text", 4, sig, &len, NULL), 0);
		assert_true(rp_key_verify(pub, "text", 4, sig, len));
	}
}

/* A key kept elsewhere: whatever comes back is checked, and ECDSA's two numbers are taken as they are. */
struct elsewhere {
	struct rp_signer signer;
	struct rp_key *real;
	enum { GOOD, NUMBERS, OTHER_TEXT, NOISE } how;
};

static int answer(struct rp_signer *s, const struct rp_key *k, const void *data, size_t data_len,
		  uint8_t *ret, size_t *len, struct rp_err **err)
{
	const struct elsewhere *e = (const struct elsewhere *)s;
	(void)k;
	if (e->how == NOISE) {
		memset(ret, 7, 64);
		*len = 64;
		return 0;
	}
	if (rp_key_sign(e->real, data, e->how == OTHER_TEXT ? data_len - 1 : data_len, ret, len, err) < 0)
		return -1;
	if (e->how != NUMBERS)
		return 0;
	const unsigned char *p = ret;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)*len);
	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + 32, 32), 32);
	ECDSA_SIG_free(sig);
	*len = 64;
	return 0;
}

static void forget(struct rp_signer *s)
{
	(void)s;
}

static void signature_from_elsewhere_is_checked(void **state)
{
	rp_auto(rp_key) real = sample_private(*state, "p256.key");
	static const bool good[] = {[GOOD] = true, [NUMBERS] = true, [OTHER_TEXT] = false, [NOISE] = false};
	for (unsigned how = GOOD; how <= NOISE; how++) {
		struct elsewhere e = {.signer = {.what = "the test", .sign = answer, .free = forget},
				      .real = real,
				      .how = how};
		rp_auto(rp_key) pub = sample_public("p256.pub");
		rp_autoerr struct rp_err *err = NULL;
		uint8_t sig[RP_SIGNATURE_MAX];
		size_t len = sizeof sig;
		pub->signer = &e.signer;
		assert_int_equal(rp_key_sign(pub, "text", 4, sig, &len, &err), good[how] ? 0 : -1);
		if (good[how]) {
			assert_true(rp_key_verify(pub, "text", 4, sig, len));
			continue;
		}
		assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
		assert_non_null(strstr(rp_err_text(err), "is no signature of key"));
	}
}

static void process_that_holds_a_key_dumps_no_core(void **state)
{
	const struct rlimit high = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	struct rlimit core = {0};
	(void)setrlimit(RLIMIT_CORE, &high); /* an ordinary user may not be allowed to raise it */
	rp_auto(rp_key) k = sample_private(*state, "ed25519.key");
	assert_non_null(k);
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_in_range(core.rlim_cur, 0, 1);
}

/* What the kernel says of a child that crashes: was there a core? */
static bool crash_dumps_core(const char *dir, const char *key)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit core = {0};
		rp_auto(rp_key) k = NULL;
		(void)!chdir(dir); /* where it would be written to */
		(void)getrlimit(RLIMIT_CORE, &core);
		core.rlim_cur = core.rlim_max;
		(void)setrlimit(RLIMIT_CORE, &core);
		if (key != NULL && rp_key_load_private(&k, key, NULL, NULL) < 0)
			_exit(1);
		(void)signal(SIGSEGV, SIG_DFL);
		(void)raise(SIGSEGV);
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return WCOREDUMP(status);
}

static void crash_leaves_no_core_of_a_process_that_holds_a_key(void **state)
{
	char path[512];
	sample_place(*state, "p256.key", 0600, path, sizeof path);
	if (!crash_dumps_core(*state, NULL)) {
		print_message("this machine writes no cores at all\n");
		skip();
	}
	assert_false(crash_dumps_core(*state, path));
}

static void keygen_makes_a_pair_and_never_writes_over_one(void **state)
{
	char dir[512], key[600], pub[600];
	snprintf(dir, sizeof dir, "%s/made", (const char *)*state);
	snprintf(key, sizeof key, "%s/reprove.key", dir);
	snprintf(pub, sizeof pub, "%s/reprove.pub", dir);
	mode_t old = umask(0);
	assert_int_equal(rp_key_generate(dir, RP_KEY_ED25519, NULL, NULL), 0);
	umask(old);
	struct stat st;
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(pub, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	rp_auto(rp_key) a = NULL;
	rp_auto(rp_key) b = NULL;
	assert_int_equal(rp_key_load_private(&a, key, NULL, NULL), 0);
	assert_int_equal(rp_key_load_public(&b, pub, NULL), 0);
	assert_string_equal(rp_key_id(a), rp_key_id(b));
	assert_int_equal(strlen(rp_key_id(a)), 64);

	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_key_generate(dir, RP_KEY_ED25519, NULL, &err), -1);
	assert_int_equal(rp_err_kind(err), RP_ERR_CONFIG);
	assert_non_null(
		strstr(rp_err_text(err), "reprove.key' is there already, and a key is never written over"));
	rp_auto(rp_key) c = NULL;
	assert_int_equal(rp_key_load_private(&c, key, NULL, NULL), 0);
	assert_string_equal(rp_key_id(a), rp_key_id(c));
}

static void keygen_leaves_no_half_of_a_pair(void **state)
{
	char dir[512], key[600], pub[600];
	snprintf(dir, sizeof dir, "%s/half", (const char *)*state);
	snprintf(key, sizeof key, "%s/reprove.key", dir);
	snprintf(pub, sizeof pub, "%s/reprove.pub", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(close(open(pub, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
	assert_int_equal(rp_key_generate(dir, RP_KEY_ED25519, NULL, NULL), -1);
	assert_int_equal(access(key, F_OK), -1);
	assert_int_equal(access(pub, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_id_is_the_same_in_every_form_of_a_key),
		cmocka_unit_test(key_signs_and_only_its_public_half_verifies),
		cmocka_unit_test(public_key_cannot_sign),
		cmocka_unit_test(bad_key_file_is_refused_with_what_is_wrong),
		cmocka_unit_test(private_key_that_others_can_read_is_refused),
		cmocka_unit_test(encrypted_key_opens_with_its_passphrase_alone),
		cmocka_unit_test(keygen_makes_both_kinds_and_encrypts_them),
		cmocka_unit_test(signature_from_elsewhere_is_checked),
		cmocka_unit_test(process_that_holds_a_key_dumps_no_core),
		cmocka_unit_test(crash_leaves_no_core_of_a_process_that_holds_a_key),
		cmocka_unit_test(keygen_makes_a_pair_and_never_writes_over_one),
		cmocka_unit_test(keygen_leaves_no_half_of_a_pair),
	};
	return cmocka_run_group_tests_name("key", tests, sample_dir, sample_dir_remove);
}
