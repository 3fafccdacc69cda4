/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "checks/check.h"
#include "verifier/util/parse.h"

/* A position may be anything from the least signed to the greatest unsigned 64-bit number. */
struct number {
	bool negative;
	uint64_t size;
};

static bool parse(const char *text, size_t len, struct number *ret)
{
	char digits[24];

	ret->negative = len && *text == '-';
	if (ret->negative) {
		text++;
		len--;
	}
	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	return rp_parse_u64(digits, 0, UINT64_MAX, &ret->size);
}

static int order(struct number a, struct number b)
{
	if (a.negative != b.negative && (a.size || b.size))
		return a.negative ? -1 : 1;
	int by_size = a.size < b.size ? -1 : a.size > b.size;
	return a.negative ? -by_size : by_size;
}

/* Sequences stand outside every snapshot, so the seal read them before and after the dump: "5..9". Which of
 * the positions in between the dump has, nobody knows. One that counts down is sealed as "9..5". */
static bool agrees(const char *expected, const char *found)
{
	const char *dots = strstr(expected, "..");
	struct number from, to, is;

	if (!parse(expected, dots ? (size_t)(dots - expected) : strlen(expected), &from) ||
	    !parse(found, strlen(found), &is))
		return false;
	if (!dots)
		return order(from, is) == 0;
	if (!parse(dots + 2, strlen(dots + 2), &to))
		return false;
	if (order(from, to) > 0) {
		struct number swap = from;
		from = to;
		to = swap;
	}
	return order(from, is) <= 0 && order(is, to) <= 0;
}

const struct rp_check rp_check_sequence_position = {
	.name = "sequence.position",
	.summary = "every sequence stands where it stood while the backup was made",
	.severity = RP_HIGH,
	.concern =
		&(const struct rp_concern){
			.facts = (const char *const[]){RP_FACT_POSITION, NULL},
			.agrees = agrees,
			.always = true,
		},
};
