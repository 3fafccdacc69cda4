/* SPDX-License-Identifier: MIT */
#include "verifier/survey/guess.h"

#include <stdio.h>
#include <stdlib.h>

#include "verifier/util/buf.h"

/* What the types print when nobody asks for more. */
#define FLOAT_DIGITS  6
#define DOUBLE_DIGITS 15

static void measure(struct rp_longest *l, size_t length)
{
	if (l->n > 0 && length != l->length)
		l->shorter = true;
	if (l->n == 0 || length > l->length)
		*l = (struct rp_longest){.n = 1, .length = length, .shorter = l->shorter};
	else if (length == l->length)
		l->n++;
}

static bool survives(double d, int digits, bool single)
{
	char text[40];
	(void)snprintf(text, sizeof text, "%.*g", digits, d);
	double read = single ? (double)strtof(text, NULL) : strtod(text, NULL);
	return !(read < d) && !(read > d);
}

void rp_guess_add(struct rp_guess *g, const struct rp_glimpse *seen, size_t bytes)
{
	int digits = seen->as == RP_SEEN_FLOAT ? FLOAT_DIGITS : DOUBLE_DIGITS;
	switch (seen->as) {
	case RP_SEEN_NOTHING:
		break;
	case RP_SEEN_TEXT:
		g->texts++;
		g->most_characters = seen->most_characters;
		g->most_bytes = seen->most_bytes;
		measure(&g->bytes, bytes);
		measure(&g->characters, seen->characters);
		break;
	case RP_SEEN_FLOAT:
	case RP_SEEN_DOUBLE:
		g->numbers++;
		g->single = seen->as == RP_SEEN_FLOAT;
		g->rounded += survives(seen->real, digits, g->single);
		g->exhausted += !survives(seen->real, digits - 1, g->single);
		break;
	case RP_SEEN_MOMENT:
		g->moments++;
		g->whole_seconds += seen->whole_second;
		break;
	}
}

/* A length that somebody may have set: 2^k, 2^k - 1, and what is round to people. */
static bool is_round(size_t n)
{
	return n >= 16 &&
	       ((n & (n - 1)) == 0 || (n & (n + 1)) == 0 || n % 50 == 0 || (n < 100 && n % 10 == 0));
}

/* Where every value has the same length, that is what they are like; and none was cut at what its type allows. All that
 * were cut have the greatest length, so there are no fewer of these than of rows that changed. */
static bool is_cut(const struct rp_longest *l, size_t limit, uint64_t changed)
{
	return l->shorter && l->n >= 2 && l->n >= changed && (limit == 0 || l->length < limit) &&
	       is_round(l->length);
}

void rp_guess_tell(const struct rp_guess *g, uint64_t changed, uint64_t rows, struct rp_buf *out)
{
	/* All of them, as far as an estimate can tell. */
	bool many = changed >= rows / 4;
	if (changed == 0)
		return;
	bool full = g->most_bytes > 0 && g->bytes.length >= g->most_bytes;
	bool in_bytes = is_cut(&g->bytes, g->most_bytes, changed);
	if (g->texts > 0 && !full && (in_bytes || is_cut(&g->characters, g->most_characters, changed)))
		rp_buf_addf(
			out,
			"no value is longer than %zu %s, and %llu are as long: a guess is that they were cut off",
			in_bytes ? g->bytes.length : g->characters.length, in_bytes ? "bytes" : "characters",
			(unsigned long long)(in_bytes ? g->bytes.n : g->characters.n));
	else if (many && g->numbers > 1 && g->rounded == g->numbers && g->exhausted >= g->numbers / 2)
		rp_buf_addf(
			out,
			"every number has at most %d digits: a guess is that they were rounded when printed",
			g->single ? FLOAT_DIGITS : DOUBLE_DIGITS);
	else if (many && g->moments > 1 && g->whole_seconds == g->moments)
		rp_buf_add(
			out,
			"no value has a fraction of a second, which its type can hold: a guess is that they were cut off");
}
