/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/manifest_sample.h"
#include "verifier/manifest/base64.h"
#include "verifier/manifest/envelope.h"

static void base64_is_that_of_the_rfc(void **state)
{
	static const char *const vectors[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
		{"\xfb\xff\xbf", "+/+/"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const char *plain = vectors[i][0], *text = vectors[i][1];
		rp_autobuf b = RP_BUF_INIT(64);
		uint8_t bytes[16];
		size_t len = 99;
		rp_base64_add(&b, plain, strlen(plain));
		assert_string_equal(rp_buf_text(&b), text);
		assert_true(rp_base64_size(text, strlen(text), &len));
		assert_int_equal(len, strlen(plain));
		assert_true(rp_base64_decode(text, strlen(text), bytes));
		assert_memory_equal(bytes, plain, len);
	}
}

static void base64_goes_round_at_every_length(void **state)
{
	(void)state;
	static uint8_t data[40000], back[40000];
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	for (size_t len = 0; len < sizeof data; len = len < 100 ? len + 1 : len * 2 + 1) {
		rp_autobuf b = RP_BUF_INIT(1 << 20);
		size_t size = 0;
		rp_base64_add(&b, data, len);
		assert_true(rp_base64_size(rp_buf_text(&b), b.len, &size));
		assert_int_equal(size, len);
		assert_true(rp_base64_decode(rp_buf_text(&b), b.len, back));
		assert_memory_equal(back, data, len);
	}
}

static void base64_takes_nothing_that_only_resembles_it(void **state)
{
	static const char *const bad[] = {
		"Z",	      "Zg",	  "Zg=",      "Zm9",	   "====",	"Z===",
		"=Zg=",	      "Zg==Zg==", "Zm8=A",    "Zm9v====",  "-_-_",	"Zm9v\n",
		"Zm9vYmFy\n", " Zm9v",	  "Zm 9vY=",  "Zh==",	   "Zm9=",	"Zm9\xc3",
		"Zm9v Zg==",  "Z\x00g==", "Zm9v*mFy", "Zm9vYmF\n", "Zm9vYg=\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint8_t bytes[32];
		assert_false(rp_base64_decode(bad[i], strlen(bad[i]), bytes));
	}
}

static void envelope_holds_what_was_signed(void **state)
{
	rp_auto(rp_key) key = sample_private(*state, "ed25519.key");
	rp_auto(rp_key) other = sample_public("p256.pub");
	rp_autobuf text = RP_BUF_INIT(1 << 16);
	assert_int_equal(rp_envelope_write(&text, "hello", 5, &key, 1, NULL), 0);
	rp_auto(rp_envelope) e = NULL;
	assert_int_equal(rp_envelope_read(&e, text.s, text.len, NULL), 0);
	assert_int_equal(e->payload_len, 5);
	assert_memory_equal(e->payload, "hello", 5);
	static const char pae[] = "DSSEv1 28 application/vnd.in-toto+json 5 hello";
	assert_int_equal(e->pae_len, sizeof pae - 1);
	assert_memory_equal(e->pae, pae, sizeof pae - 1);
	assert_int_equal(e->n_signatures, 1);
	assert_string_equal(e->signatures[0].keyid, rp_key_id(key));
	assert_true(rp_envelope_signed_by(e, key));
	assert_false(rp_envelope_signed_by(e, other));
}

static void envelope_refuses_one_key_twice_and_no_key(void **state)
{
	rp_auto(rp_key) key = sample_private(*state, "ed25519.key");
	rp_auto(rp_key) again = sample_private(*state, "ed25519.key");
	struct rp_key *const twice[] = {key, again};
	rp_autobuf text = RP_BUF_INIT(1 << 16);
	assert_int_equal(rp_envelope_write(&text, "hello", 5, twice, 2, NULL), -1);
	assert_int_equal(rp_envelope_write(&text, "hello", 5, twice, 0, NULL), -1);
}

/* With whatever others have put into it: a time stamp, say. */
static void another_key_signs_the_same(void **state)
{
	static const char stamped[] =
		"{\"payload\":\"aGVsbG8=\",\"payloadType\":\"application/vnd.in-toto+json\","
		"\"signatures\":[{\"sig\":\"AAAA\",\"stamp\":\"BBBB\"}],\"more\":[1]}";
	rp_auto(rp_key) key = sample_private(*state, "ed25519.key");
	rp_auto(rp_key) second = sample_private(*state, "p256.key");
	rp_autoerr struct rp_err *err = NULL;
	rp_autobuf text = RP_BUF_INIT(1 << 16);
	rp_autobuf both = RP_BUF_INIT(1 << 16);
	rp_autobuf again = RP_BUF_INIT(1 << 16);
	rp_autobuf kept = RP_BUF_INIT(1 << 16);
	assert_int_equal(rp_envelope_write(&text, "hello", 5, &key, 1, NULL), 0);
	assert_int_equal(rp_envelope_cosign(&both, text.s, text.len, second, NULL), 0);
	rp_auto(rp_envelope) e = NULL;
	assert_int_equal(rp_envelope_read(&e, both.s, both.len, NULL), 0);
	assert_int_equal(e->n_signatures, 2);
	assert_memory_equal(e->payload, "hello", 5);
	assert_true(rp_envelope_signed_by(e, key));
	assert_true(rp_envelope_signed_by(e, second));
	assert_int_equal(rp_envelope_cosign(&again, both.s, both.len, second, &err), -1);
	assert_non_null(strstr(rp_err_text(err), "has signed it already"));
	assert_int_equal(rp_envelope_cosign(&kept, stamped, sizeof stamped - 1, key, NULL), 0);
	assert_non_null(strstr(rp_buf_text(&kept), "\"stamp\":\"BBBB\""));
	assert_non_null(strstr(rp_buf_text(&kept), "\"more\":[1]"));
}

#define TYPE "\"payloadType\":\"application/vnd.in-toto+json\""
#define SIGS "\"signatures\":[{\"keyid\":\"\",\"sig\":\"AAAA\"}]"

static const struct {
	const char *text, *message; /* without the context that is common to all */
} bad[] = {
	{"", "it ends in the middle (line 1, column 0)"},
	{"{", "it ends in the middle (line 1, column 1)"},
	{"hello", "it is not JSON (line 1, column 5)"},
	{"[]", "it is an array, expected an object"},
	{"{}", "it has no 'payload'"},
	{"{\"payload\":\"\"}", "it has no 'payloadType'"},
	{"{\"payload\":\"\"," TYPE "}", "it has no 'signatures'"},
	{"{\"payload\":7," TYPE "," SIGS "}", "'payload' of it is an integer, expected a string"},
	{"{\"payload\":\"\"," TYPE ",\"signatures\":[]}", "it has no signature"},
	{"{\"payload\":\"\"," TYPE ",\"signatures\":[7]}", "signature 1 is an integer, expected an object"},
	{"{\"payload\":\"\"," TYPE ",\"signatures\":[{}]}", "signature 1 has no 'sig'"},
	{"{\"payload\":\"\"," TYPE ",\"signatures\":[{\"sig\":\"\"}]}",
	 "signature 1 is not standard base64 of 1 to 128 bytes"},
	{"{\"payload\":\"\"," TYPE ",\"signatures\":[{\"sig\":\"-_-_\"}]}",
	 "signature 1 is not standard base64 of 1 to 128 bytes"},
	{"{\"payload\":\"-_-_\"," TYPE "," SIGS "}", "the payload is not standard base64"},
	{"{\"payload\":\"AAAA\\nAAA\"," TYPE "," SIGS "}", "the payload is not standard base64"},
	{"{\"payload\":\"AAA\"," TYPE "," SIGS "}", "the payload is not standard base64, or truncated"},
	{"{\"payload\":\"\",\"payload\":\"\"," TYPE "," SIGS "}", "it has a field twice (line 1, column 23)"},
	{"{\"payload\":\"\"," TYPE "," SIGS "} {}", "it has something behind its end (line 1, column 102)"},
	{"{\"payload\":\"\"," SIGS ",\"payloadType\":\"text\x1b[2J/plain\"}",
	 "it is not JSON (line 1, column 74)"},
	{"{\"payload\":\"\"," SIGS ",\"payloadType\":\"text\\u001b[2J/plain\"}",
	 "its payload type is 'text\\u{1b}[2J/plain', expected 'application/vnd.in-toto+json'"},
	{"{\"payload\":\"\"," SIGS ",\"payloadType\":\"application/vnd.in-toto.reprove+json\"}",
	 "its payload type is 'application/vnd.in-toto.reprove+json', expected "
	 "'application/vnd.in-toto+json'"},
	{"{\"payload\":\"\xff\"," TYPE "," SIGS "}", "it is not UTF-8 (line 1, column 12)"},
	{"[[[[[[[[[[[[[[[[[", "it is nested more than 16 deep"},
};

static void envelope_refuses_what_is_none_and_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_envelope *e = NULL;
		char text[512];
		snprintf(text, sizeof text, "not a signed envelope (DSSE): %s", bad[i].message);
		assert_int_equal(rp_envelope_read(&e, bad[i].text, strlen(bad[i].text), &err), -1);
		assert_string_equal(rp_err_text(err), text);
		assert_int_equal(rp_err_kind(err), RP_ERR_TRUST);
		assert_non_null(rp_err_hint_text(err));
	}
}

static void envelope_ignores_fields_of_others(void **state)
{
	static const char text[] = "{\"x\":[{\"y\":1}],\"payload\":\"\"," TYPE
				   ",\"signatures\":[{\"sig\":\"AAAA\",\"cert\":\"z\"}]}\n";
	(void)state;
	rp_auto(rp_envelope) e = NULL;
	assert_int_equal(rp_envelope_read(&e, text, sizeof text - 1, NULL), 0);
	assert_string_equal(e->signatures[0].keyid, "");
}

static void envelope_is_bounded_before_anything_is_allocated(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_autoerr struct rp_err *err = NULL;
	struct rp_envelope *e = NULL;
	rp_buf_add(&text, "{\"x\":[0");
	for (int i = 0; i < 5000; i++)
		rp_buf_add(&text, ",0");
	rp_buf_add(&text, "]}");
	assert_int_equal(rp_envelope_read(&e, text.s, text.len, &err), -1);
	assert_string_equal(rp_err_text(err), "not a signed envelope (DSSE): it has more than 4096 values");
}

static void envelope_refuses_more_signatures_than_anybody_needs(void **state)
{
	(void)state;
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_autoerr struct rp_err *err = NULL;
	struct rp_envelope *e = NULL;
	rp_buf_add(&text, "{\"payload\":\"\"," TYPE ",\"signatures\":[{\"sig\":\"AAAA\"}");
	for (int i = 0; i < 32; i++)
		rp_buf_add(&text, ",{\"sig\":\"AAAA\"}");
	rp_buf_add(&text, "]}");
	assert_int_equal(rp_envelope_read(&e, text.s, text.len, &err), -1);
	assert_string_equal(rp_err_text(err), "not a signed envelope (DSSE): "
					      "it has 33 signatures, expected at most 32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_is_that_of_the_rfc),
		cmocka_unit_test(base64_goes_round_at_every_length),
		cmocka_unit_test(base64_takes_nothing_that_only_resembles_it),
		cmocka_unit_test(envelope_holds_what_was_signed),
		cmocka_unit_test(another_key_signs_the_same),
		cmocka_unit_test(envelope_refuses_one_key_twice_and_no_key),
		cmocka_unit_test(envelope_refuses_what_is_none_and_says_why),
		cmocka_unit_test(envelope_ignores_fields_of_others),
		cmocka_unit_test(envelope_is_bounded_before_anything_is_allocated),
		cmocka_unit_test(envelope_refuses_more_signatures_than_anybody_needs),
	};
	return cmocka_run_group_tests_name("envelope", tests, sample_dir, sample_dir_remove);
}
