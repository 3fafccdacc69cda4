/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <openssl/evp.h>
#include <string.h>

#include "tests/unit/recovery_fake.h"
#include "verifier/recovery/members.h"
#include "verifier/util/secret.h"

/* That a key is made of a password as openssl makes it, tests/server/format_wrappings.sh shows with openssl itself; here
 * it is what is said of files that are not as they should be. */

static struct rp_secret *right, *wrong;
static char text[100000];

static struct rp_secret *secret(const char *word)
{
	struct rp_secret *s = NULL;
	assert_int_equal(setenv("RP_TEST_WORD", word, 1), 0);
	assert_int_equal(rp_secret_of_variable(&s, "RP_TEST_WORD", NULL), 0);
	assert_null(getenv("RP_TEST_WORD"));
	return s;
}

static int make(void **state)
{
	(void)state;
	right = secret("right");
	wrong = secret("wrong");
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 61 == 60 ? '\n' : (char)('a' + (i * i + i / 7) % 26);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	rp_secret_free(right);
	rp_secret_free(wrong);
	return 0;
}

/* What 'openssl enc' writes. iterations 0: without -pbkdf2. */
static uint8_t *locked(const char *cipher, const char *digest, unsigned iterations, const void *data,
		       size_t len, size_t *ret_len)
{
	static const uint8_t salt[] = {'s', 'a', 'l', 't', 1, 2, 3, 4};
	const EVP_CIPHER *c = EVP_get_cipherbyname(cipher);
	const EVP_MD *md = EVP_get_digestbyname(digest);
	uint8_t key[EVP_MAX_KEY_LENGTH + EVP_MAX_IV_LENGTH];
	int n_key = EVP_CIPHER_get_key_length(c), n = 0, more = 0;
	uint8_t *out = malloc(len + 64);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (iterations > 0)
		assert_int_equal(PKCS5_PBKDF2_HMAC("right", 5, salt, 8, (int)iterations, md,
						   n_key + EVP_CIPHER_get_iv_length(c), key),
				 1);
	else
		assert_true(EVP_BytesToKey(c, md, salt, (const uint8_t *)"right", 5, 1, key, key + n_key) >
			    0);
	memcpy(out, "Salted__", 8);
	memcpy(out + 8, salt, 8);
	assert_int_equal(EVP_EncryptInit_ex(ctx, c, NULL, key, key + n_key), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, out + 16, &n, data, (int)len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, out + 16 + n, &more), 1);
	EVP_CIPHER_CTX_free(ctx);
	*ret_len = 16 + (size_t)(n + more);
	return out;
}

static int unlock(const uint8_t *data, size_t len, const struct rp_unwrapping *how, struct rp_buf *got,
		  struct rp_err **err)
{
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_stream_of_memory(&below, data, len, err), 0);
	assert_int_equal(rp_wrapping_openssl.unwrap(&s, below, how, err), 0);
	return read_all(s, got, err);
}

static void expect(const uint8_t *data, size_t len, const struct rp_unwrapping *how, enum rp_err_kind kind,
		   const char *what)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 20);
	int r = unlock(data, len, how, &got, &err);
	if (kind == 0) {
		assert_int_equal(r, 0);
		assert_int_equal(got.len, strlen(what));
		assert_memory_equal(got.s, what, got.len);
		return;
	}
	assert_int_equal(r, -1);
	if (rp_err_kind(err) != kind || strstr(rp_err_text(err), what) == NULL)
		fail_msg("%zu bytes: '%s', and not '%s'", len, rp_err_text(err), what);
}

static void what_is_short_and_long_is_decrypted(void **state)
{
	(void)state;
	static const char *const words[] = {"", "x", "fifteen bytes..", "sixteen bytes...",
					    "seventeen bytes.."};
	const struct rp_unwrapping how = {
		.passwords = &right, .n_passwords = 1, .openssl.bytes_to_key = true};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t n;
		uint8_t *p = locked("aes-256-cbc", "sha256", 0, words[i], strlen(words[i]), &n);
		expect(p, n, &how, 0, words[i]);
		free(p);
	}
	text[sizeof text - 1] = '\0';
	size_t n;
	uint8_t *p = locked("aes-256-cbc", "sha256", 10000, text, sizeof text - 1, &n);
	expect(p, n, &(struct rp_unwrapping){.passwords = &right, .n_passwords = 1}, 0, text);
	struct rp_secret *both[] = {wrong, right};
	expect(p, n, &(struct rp_unwrapping){.passwords = both, .n_passwords = 2}, 0, text);
	free(p);
}

static void a_wrong_password_and_a_wrong_derivation_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *cipher, *digest;
		unsigned iterations;
		const char *options;
	} table[] = {
		{"aes-256-cbc", "sha256", 0, "--openssl-kdf bytes-to-key:sha256"},
		{"aes-256-cbc", "md5", 0, "--openssl-kdf bytes-to-key:md5"},
		{"aes-256-cbc", "sha256", 100000, "--openssl-kdf pbkdf2:100000:sha256"},
		{"aes-128-cbc", "sha256", 10000, "--openssl-cipher aes-128-cbc"},
		{"aes-256-ctr", "md5", 0, "--openssl-kdf bytes-to-key:md5 --openssl-cipher aes-256-ctr"},
	};
	struct rp_unwrapping how = {.passwords = &right, .n_passwords = 1};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		size_t n;
		uint8_t *p = locked(table[i].cipher, table[i].digest, table[i].iterations, text, 5000, &n);
		expect(p, n, &how, RP_ERR_USAGE, table[i].options);
		free(p);
	}
	size_t n;
	uint8_t *p = locked("aes-256-cbc", "sha256", 10000, text, 5000, &n);
	how.passwords = &wrong;
	expect(p, n, &how, RP_ERR_LOCKED, "the password does not fit");
	how.n_passwords = 0;
	expect(p, n, &how, RP_ERR_USAGE, "a password is needed");
	expect(p, n, NULL, RP_ERR_USAGE, "a password is needed");
	how = (struct rp_unwrapping){.passwords = &right, .n_passwords = 1, .openssl.cipher = "aes-256-gcm"};
	expect(p, n, &how, RP_ERR_USAGE, "'aes-256-gcm' is no cipher of 'openssl enc'");
	how.openssl.cipher = NULL;
	how.openssl.digest = "sha-one";
	expect(p, n, &how, RP_ERR_USAGE, "'sha-one' is no digest");
	free(p);
}

static void what_was_cut_or_changed_is_told(void **state)
{
	(void)state;
	const struct rp_unwrapping how = {
		.passwords = &right, .n_passwords = 1, .openssl.bytes_to_key = true};
	size_t n;
	uint8_t *p = locked("aes-256-cbc", "sha256", 0, text, 99990, &n);
	/* Of a few blocks nobody can tell that the password fits. */
	for (size_t cut = 8; cut < 32; cut++)
		expect(p, cut, &how, RP_ERR_BACKUP, "openssl-enc: truncated: ");
	for (size_t cut = 96; cut < n; cut += cut < 112 || cut + 20 > n ? 1 : n / 10)
		expect(p, cut, &how, RP_ERR_BACKUP,
		       cut % 16 == 0 ? "truncated just there" : "openssl-enc: truncated: ");
	p[n - 20] ^= 0x55;
	expect(p, n, &how, RP_ERR_BACKUP, "openssl-enc: damaged: its last block");
	p[n - 20] ^= 0x55;
	free(p);
	/* Of the first bytes nobody can tell. */
	p = locked("aes-256-cbc", "sha256", 0, text, 40, &n);
	p[9] ^= 1;
	expect(p, n, &how, RP_ERR_LOCKED, "or the first bytes are damaged");
	free(p);
}

static void armour_is_taken_off(void **state)
{
	(void)state;
	uint8_t *p, line[200];
	size_t n;
	rp_autobuf armoured = RP_BUF_INIT(1 << 20);
	p = locked("aes-256-cbc", "sha256", 10000, text, 5000, &n);
	for (size_t at = 0; at < n; at += 48) {
		int len = EVP_EncodeBlock(line, p + at, n - at < 48 ? (int)(n - at) : 48);
		rp_buf_add_mem(&armoured, line, (size_t)len);
		rp_buf_add(&armoured, "\n");
	}
	for (size_t cut = armoured.len - 4; cut <= armoured.len; cut++) {
		rp_autoerr struct rp_err *err = NULL;
		rp_autobuf got = RP_BUF_INIT(1 << 20);
		struct rp_stream *below = NULL;
		rp_auto(rp_stream) s = NULL;
		const uint8_t *begin = (const uint8_t *)armoured.s;
		assert_true(rp_wrapping_base64.bid(begin, cut) > 0);
		assert_int_equal(rp_stream_of_memory(&below, begin, cut, &err), 0);
		assert_int_equal(rp_wrapping_base64.unwrap(&s, below, NULL, &err), 0);
		int r = read_all(s, &got, &err);
		/* All but the end of the last line is needed. */
		assert_int_equal(r, cut + 1 >= armoured.len ? 0 : -1);
		if (r == 0) {
			assert_int_equal(got.len, n);
			assert_memory_equal(got.s, p, n);
		} else
			assert_non_null(strstr(rp_err_text(err), "base64: truncated"));
	}
	armoured.s[100] = '*';
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf got = RP_BUF_INIT(1 << 20);
	struct rp_stream *below = NULL;
	rp_auto(rp_stream) s = NULL;
	assert_int_equal(rp_stream_of_memory(&below, armoured.s, armoured.len, &err), 0);
	assert_int_equal(rp_wrapping_base64.unwrap(&s, below, NULL, &err), 0);
	assert_int_equal(read_all(s, &got, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "base64: damaged"));
	free(p);
}

static void what_is_encrypted_is_recognised(void **state)
{
	(void)state;
	static const struct {
		const struct rp_wrapping *w;
		const char *head;
		size_t len;
	} table[] = {
		{&rp_wrapping_gpg, "-----BEGIN PGP MESSAGE-----\n", 28},
		{&rp_wrapping_gpg, "\x8c\x0d\x04\x09\x03\x02\x81\xce\x8f\x6b\xa0\x24\x4d\xcf\xff\xd2", 16},
		{&rp_wrapping_gpg, "\xc3\x0d\x04\x09\x03\x02\x81\xce\x8f\x6b\xa0\x24\x4d\xcf\xff\xd2", 16},
		{&rp_wrapping_gpg, "\x85\x01\x8c\x03\xd9\xd3\x19\xa3\xff\x48\xc3\x00\x01\x0b\xff\x7f", 16},
		{&rp_wrapping_age, "age-encryption.org/v1\n-> X25519 x", 32},
		{&rp_wrapping_age, "-----BEGIN AGE ENCRYPTED FILE-----\n", 35},
		{&rp_wrapping_openssl, "Salted__12345678", 16},
		{&rp_wrapping_base64, "U2FsdGVkX18x", 12},
		{NULL, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", 37},
		{NULL, "\x8c\x0d\x09\x09\x03\x02\x81\xce\x8f\x6b\xa0\x24\x4d\xcf\xff\xd2", 16},
		{NULL, "\x85\x01\x8c\x03\xd9\xd3\x19", 7},
		{NULL, "-- a dump of mine\n", 18},
		{NULL, "", 0},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		for (const struct rp_wrapping *const *w = rp_wrappings; *w != NULL; w++) {
			int bid = (*w)->bid((const uint8_t *)table[i].head, table[i].len);
			if ((bid > 0) != (*w == table[i].w))
				fail_msg("row %zu, %s: %d", i, (*w)->name, bid);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_short_and_long_is_decrypted),
		cmocka_unit_test(a_wrong_password_and_a_wrong_derivation_are_told_apart),
		cmocka_unit_test(what_was_cut_or_changed_is_told),
		cmocka_unit_test(armour_is_taken_off),
		cmocka_unit_test(what_is_encrypted_is_recognised),
	};
	return cmocka_run_group_tests_name("openssl_enc", tests, make, unmake);
}
