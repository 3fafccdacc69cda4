/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include "verifier/engine/mysql/packets.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

#define LOGIN "\x01\x02\x00\x00rest of a login"

static void packet(struct rp_buf *b, uint8_t number, const void *body, size_t len)
{
	const char head[] = {(char)(len & 0xff), (char)(len >> 8 & 0xff), (char)(len >> 16 & 0xff),
			     (char)number};
	rp_buf_add_mem(b, head, 4);
	rp_buf_add_mem(b, body, len);
}

static void query(struct rp_buf *b, const char *sql)
{
	rp_autobuf body = RP_BUF_INIT(4096);
	rp_buf_add_mem(&body, "\x03", 1);
	rp_buf_add(&body, sql);
	packet(b, 0, body.s, body.len);
}

static void login(struct rp_buf *b)
{
	packet(b, 1, LOGIN, sizeof LOGIN - 1);
}

/* How far it passes, and what stops it, when the bytes come in pieces of this size. */
static size_t pass(struct rp_my_packets *p, const struct rp_buf *b, size_t piece, enum rp_my_word *word)
{
	size_t at = 0;
	for (size_t have = 0; have < b->len;) {
		have = have + piece < b->len ? have + piece : b->len;
		at += rp_my_packets_pass(p, (uint8_t *)b->s + at, have - at, word);
		if (*word != RP_MY_OTHER)
			break;
	}
	return at;
}

static void a_transaction_is_held_back_wherever_reads_end(void **state)
{
	(void)state;
	rp_autobuf b = RP_BUF_INIT(4096);
	login(&b);
	query(&b, "SET NAMES utf8mb4");
	query(&b, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
	size_t want = b.len;
	query(&b, "START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */");
	query(&b, "SELECT 1");
	for (size_t piece = 1; piece <= b.len; piece++) {
		struct rp_my_packets p = {0};
		enum rp_my_word word = RP_MY_OTHER;
		assert_int_equal(pass(&p, &b, piece, &word), want);
		assert_int_equal(word, RP_MY_BEGIN);
		assert_int_equal(p.commands, 2);
	}
}

static void what_is_admitted_passes_and_the_next_is_looked_at(void **state)
{
	(void)state;
	rp_autobuf b = RP_BUF_INIT(4096);
	struct rp_my_packets p = {0};
	enum rp_my_word word;
	login(&b);
	query(&b, "FLUSH TABLES WITH READ LOCK");
	size_t second = b.len;
	query(&b, "START TRANSACTION");
	uint8_t *s = (uint8_t *)b.s;
	size_t at = rp_my_packets_pass(&p, s, b.len, &word);
	assert_int_equal(word, RP_MY_FLUSH_LOCK);
	at += rp_my_packets_admit(&p, s + at, b.len - at);
	assert_int_equal(at, second);
	assert_int_equal(rp_my_packets_pass(&p, s + at, b.len - at, &word), 0);
	assert_int_equal(word, RP_MY_BEGIN);
	assert_int_equal(rp_my_packets_admit(&p, s + at, 9), 9); /* its rest has not come yet */
	assert_int_equal(rp_my_packets_pass(&p, s + at + 9, b.len - at - 9, &word), b.len - at - 9);
	assert_int_equal(word, RP_MY_OTHER);
	assert_int_equal(p.commands, 2);
}

static void the_rest_of_a_long_statement_is_no_statement(void **state)
{
	(void)state;
	rp_autobuf b = RP_BUF_INIT(40u << 20);
	rp_autofree char *full = calloc(1, 0xffffff);
	struct rp_my_packets p = {0};
	enum rp_my_word word = RP_MY_OTHER;
	assert_non_null(full);
	memcpy(full, "\x03INSERT", 7);
	login(&b);
	packet(&b, 0, full, 0xffffff);
	packet(&b, 1, "\x03START TRANSACTION", 18);
	size_t want = b.len;
	query(&b, "BEGIN");
	assert_int_equal(pass(&p, &b, 65536, &word), want);
	assert_int_equal(word, RP_MY_BEGIN);
	assert_int_equal(p.commands, 1);
}

static void statements_are_known_behind_comments_and_attributes(void **state)
{
	(void)state;
	static const struct {
		const char *sql;
		enum rp_my_word word;
	} all[] = {
		{"START TRANSACTION", RP_MY_BEGIN},
		{"  /* app */ \n start transaction", RP_MY_BEGIN},
		{"begin", RP_MY_BEGIN},
		{"FLUSH /*!40101 LOCAL */ TABLES", RP_MY_FLUSH},
		{"flush tables with read lock", RP_MY_FLUSH_LOCK},
		{"LOCK TABLES `a` READ /*!32311 LOCAL */", RP_MY_LOCK},
		{"UNLOCK TABLES", RP_MY_UNLOCK},
		{"SELECT 'START TRANSACTION'", RP_MY_OTHER},
		{"SELECT /* START TRANSACTION */ 1", RP_MY_OTHER},
		{"/* never ends START TRANSACTION", RP_MY_OTHER},
		{"", RP_MY_OTHER},
		{"/*", RP_MY_OTHER},
		{"STAR", RP_MY_OTHER},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		assert_int_equal(rp_my_word_of(all[i].sql, strlen(all[i].sql)), all[i].word);
	rp_autobuf b = RP_BUF_INIT(4096);
	struct rp_my_packets p = {0};
	enum rp_my_word word;
	login(&b);
	packet(&b, 0, "\x03\x00\x01START TRANSACTION", 20);
	(void)rp_my_packets_pass(&p, (uint8_t *)b.s, b.len, &word);
	assert_int_equal(word, RP_MY_BEGIN);
}

static void a_login_that_would_hide_what_follows_is_known(void **state)
{
	(void)state;
	static const struct {
		const char flags[4];
		enum rp_my_word word;
	} all[] = {
		{{1, 8, 0, 0}, RP_MY_WANTS_TLS},
		{{0x21, 2, 0, 0}, RP_MY_WANTS_COMPRESSION},
		{{1, 2, 0, 4}, RP_MY_WANTS_COMPRESSION},
		{{1, 2, 0, 0}, RP_MY_OTHER},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		rp_autobuf b = RP_BUF_INIT(4096);
		struct rp_my_packets p = {0};
		enum rp_my_word word;
		packet(&b, 1, all[i].flags, 4);
		assert_int_equal(rp_my_packets_pass(&p, (uint8_t *)b.s, b.len, &word),
				 all[i].word == RP_MY_OTHER ? 8 : 0);
		assert_int_equal(word, all[i].word);
	}
}

static void answers_are_counted_by_their_first_packets(void **state)
{
	(void)state;
	rp_autobuf b = RP_BUF_INIT(64 << 10);
	packet(&b, 0, "greeting", 8);
	packet(&b, 2, "\0ok", 3);
	packet(&b, 1, "\0ok", 3);
	for (unsigned i = 1; i <= 300; i++) /* one long answer, whose numbers wrap */
		packet(&b, (uint8_t)i, "row", 3);
	packet(&b, 1,
	       "\xff"
	       "error",
	       6);
	for (size_t piece = 1; piece < 40; piece++) {
		struct rp_my_answers a = {0};
		for (size_t at = 0; at < b.len; at += piece)
			rp_my_answers_pass(&a, (uint8_t *)b.s + at, at + piece < b.len ? piece : b.len - at);
		assert_int_equal(a.begun, 3);
		assert_int_equal(a.left, 0);
	}
}

static void numbers_of_a_login_make_room_for_tls(void **state)
{
	(void)state;
	rp_autobuf up = RP_BUF_INIT(4096);
	rp_autobuf down = RP_BUF_INIT(4096);
	struct rp_my_packets p = {.shift = 1, .greeted = true};
	struct rp_my_answers a = {.shift = 1};
	enum rp_my_word word;
	login(&up);
	packet(&up, 3, "more", 4);
	query(&up, "SELECT 1");
	packet(&up, 1, "data", 4);
	(void)rp_my_packets_pass(&p, (uint8_t *)up.s, up.len, &word);
	assert_int_equal(up.s[3], 2);
	size_t second = 4 + sizeof LOGIN - 1;
	assert_int_equal(up.s[second + 3], 4);
	assert_int_equal(up.s[second + 8 + 3], 0);
	assert_int_equal(up.s[up.len - 5], 1); /* of the statement, and not of the login */
	packet(&down, 3, "auth", 4);
	packet(&down, 5, "\0ok", 3);
	for (size_t at = 0; at < down.len; at++)
		rp_my_answers_pass(&a, (uint8_t *)down.s + at, 1);
	assert_int_equal(down.s[3], 2);
	assert_int_equal(down.s[8 + 3], 4);
	assert_int_equal(a.begun, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transaction_is_held_back_wherever_reads_end),
		cmocka_unit_test(what_is_admitted_passes_and_the_next_is_looked_at),
		cmocka_unit_test(the_rest_of_a_long_statement_is_no_statement),
		cmocka_unit_test(statements_are_known_behind_comments_and_attributes),
		cmocka_unit_test(a_login_that_would_hide_what_follows_is_known),
		cmocka_unit_test(answers_are_counted_by_their_first_packets),
		cmocka_unit_test(numbers_of_a_login_make_room_for_tls),
	};
	return cmocka_run_group_tests_name("my_packets", tests, NULL, NULL);
}
