/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/packets.h"

#include <string.h>
#include <strings.h>

#define HEADER	   4	    /* three bytes of length, and a number in the sequence */
#define FULL	   0xffffff /* a packet of this length is continued by the next */
#define QUIT	   0x01
#define QUERY	   0x03
#define LONG_DATA  0x18
#define STMT_CLOSE 0x19
#define COMPRESS   0x20
#define TLS	   0x800
#define ZSTD	   0x4000000

static size_t pass_blanks(const char *s, size_t len)
{
	size_t i = 0;
	while (i < len) {
		if (strchr(" \t\r\n", s[i]) != NULL && s[i] != '\0') {
			i++;
			continue;
		}
		/* What a server of another version would run is no comment. */
		if (len - i < 3 || memcmp(s + i, "/*", 2) != 0 || s[i + 2] == '!' || s[i + 2] == 'M')
			break;
		size_t end = i + 2;
		while (end + 1 < len && memcmp(s + end, "*/", 2) != 0)
			end++;
		if (end + 1 >= len)
			break;
		i = end + 2;
	}
	return i;
}

static bool begins(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);
	return len >= n && strncasecmp(s, word, n) == 0;
}

static bool has(const char *s, size_t len, const char *words)
{
	for (size_t i = 0; i < len; i++)
		if (begins(s + i, len - i, words))
			return true;
	return false;
}

enum rp_my_word rp_my_word_of(const char *text, size_t len)
{
	static const struct {
		const char *text;
		enum rp_my_word word;
	} all[] = {
		{"START TRANSACTION", RP_MY_BEGIN}, {"BEGIN", RP_MY_BEGIN},	{"FLUSH", RP_MY_FLUSH},
		{"UNLOCK TABLE", RP_MY_UNLOCK},	    {"LOCK TABLE", RP_MY_LOCK},
	};
	size_t skip = pass_blanks(text, len);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (!begins(text + skip, len - skip, all[i].text))
			continue;
		bool locks = all[i].word == RP_MY_FLUSH && has(text + skip, len - skip, "WITH READ LOCK");
		return locks ? RP_MY_FLUSH_LOCK : all[i].word;
	}
	return RP_MY_OTHER;
}

static uint32_t number(const uint8_t *data, unsigned bytes)
{
	uint32_t n = 0;
	while (bytes-- > 0)
		n = n << 8 | data[bytes];
	return n;
}

/* The answer to the server's greeting begins with what the client can do; where TLS comes first, that is all. */
static enum rp_my_word hear_greeting(const uint8_t *body, size_t len)
{
	uint32_t can = len >= 4 ? number(body, 4) : 0;
	if (can & TLS)
		return RP_MY_WANTS_TLS;
	return can & (COMPRESS | ZSTD) ? RP_MY_WANTS_COMPRESSION : RP_MY_OTHER;
}

/* Clients that send attributes with a statement have their number (here always 0) and the number of sets (1) in
 * front of its text. */
static enum rp_my_word hear_query(const uint8_t *body, size_t len)
{
	if (len < 1 || body[0] != QUERY)
		return RP_MY_OTHER;
	size_t skip = len >= 3 && body[1] == 0 && body[2] == 1 ? 3 : 1;
	return rp_my_word_of((const char *)body + skip, len - skip);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* What the packet at data says; false: its beginning is not all there. */
static bool hear(const struct rp_my_packets *p, const uint8_t *data, size_t len, enum rp_my_word *ret)
{
	*ret = RP_MY_OTHER;
	if (len < HEADER)
		return false;
	size_t look = least(number(data, 3), RP_MY_PACKET_LOOK);
	if (len - HEADER < look)
		return false;
	if (!p->greeted)
		*ret = hear_greeting(data + HEADER, look);
	else if (!p->follows && data[3] == 0)
		*ret = hear_query(data + HEADER, look);
	return true;
}

static bool is_answered(uint8_t command)
{
	return command != QUIT && command != LONG_DATA && command != STMT_CLOSE;
}

static void begin(struct rp_my_packets *p, uint8_t *data)
{
	uint32_t body = number(data, 3);
	if (p->greeted && !p->follows && data[3] == 0 && body > 0 && is_answered(data[HEADER]))
		p->commands++;
	else if (p->commands == 0 && data[3] != 0)
		data[3] = (uint8_t)(data[3] + p->shift);
	p->left = HEADER + (uint64_t)body;
	p->follows = body == FULL;
	p->greeted = true;
}

static size_t go_on(struct rp_my_packets *p, size_t len)
{
	size_t n = p->left < len ? (size_t)p->left : len;
	p->left -= n;
	return n;
}

size_t rp_my_packets_pass(struct rp_my_packets *p, uint8_t *data, size_t len, enum rp_my_word *ret)
{
	size_t at = go_on(p, len);
	*ret = RP_MY_OTHER;
	while (at < len && hear(p, data + at, len - at, ret) && *ret == RP_MY_OTHER) {
		begin(p, data + at);
		at += go_on(p, len - at);
	}
	return at;
}

size_t rp_my_packets_admit(struct rp_my_packets *p, uint8_t *data, size_t len)
{
	if (p->left == 0 && len >= HEADER)
		begin(p, data);
	return go_on(p, len);
}

/* Numbers wrap: 1 behind 0 goes on with a long answer. Only the greeting has a 0 of its own, and no command stands
 * before it. */
static void begin_answer(struct rp_my_answers *a)
{
	uint8_t now = a->head[3];
	a->left = number(a->head, 3);
	if (now == 1 && a->last != 0)
		a->begun++;
	a->last = now;
	a->have = 0;
}

void rp_my_answers_pass(struct rp_my_answers *a, uint8_t *data, size_t len)
{
	while (len > 0) {
		if (a->left > 0) {
			size_t n = a->left < len ? (size_t)a->left : len;
			a->left -= n;
			data += n;
			len -= n;
			continue;
		}
		a->head[a->have++] = *data++;
		len--;
		if (a->have != HEADER)
			continue;
		data[-1] = (uint8_t)(data[-1] - a->shift);
		a->head[3] = data[-1];
		begin_answer(a);
	}
}
