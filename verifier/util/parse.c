/* SPDX-License-Identifier: MIT */
#include "verifier/util/parse.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

bool rp_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(n, 10U, &n) ||
		    __builtin_add_overflow(n, (unsigned)(*text - '0'), &n))
			return false;
	}
	if (n < min || n > max)
		return false;
	*ret = n;
	return true;
}

bool rp_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *text == '-';
	uint64_t n;
	if (!rp_parse_u64(text + negative, 0, (uint64_t)INT64_MAX + negative, &n))
		return false;
	int64_t v = negative ? (int64_t)(0 - n) : (int64_t)n;
	if (v < min || v > max)
		return false;
	*ret = v;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool rp_parse_hex(const char *text, uint8_t *ret, size_t len)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++)
		if (hex_digit(text[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	return true;
}

bool rp_parse_duration(const char *text, int64_t *ret_ms)
{
	/* "ms" before "s": the first that fits is taken. */
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	char digits[24];
	size_t len = strlen(text);
	int64_t unit = 1000, n;
	if (len == 0 || len >= sizeof digits)
		return false;
	memcpy(digits, text, len + 1);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t n_unit = strlen(units[i].unit);
		if (len > n_unit && strcmp(digits + len - n_unit, units[i].unit) == 0) {
			unit = units[i].ms;
			digits[len - n_unit] = '\0';
			break;
		}
	}
	if (!rp_parse_i64(digits, 0, INT64_MAX, &n) || __builtin_mul_overflow(n, unit, &n))
		return false;
	*ret_ms = n;
	return true;
}

int64_t rp_time_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rp_time_format(int64_t ms, char ret[RP_TIME_TEXT])
{
	int64_t part = ms % 1000 < 0 ? ms % 1000 + 1000 : ms % 1000;
	time_t s = (time_t)((ms - part) / 1000);
	struct tm tm;
	if (gmtime_r(&s, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
		memcpy(ret, "(no time)", sizeof "(no time)");
		return;
	}
	(void)snprintf(ret, RP_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		       (unsigned)(tm.tm_year + 1900) % 10000U, (unsigned)(tm.tm_mon + 1) % 100U,
		       (unsigned)tm.tm_mday % 100U, (unsigned)tm.tm_hour % 100U, (unsigned)tm.tm_min % 100U,
		       (unsigned)tm.tm_sec % 100U, (unsigned)part % 1000U);
}

/* Two or four digits at *at, which moves on. */
static bool number(const char **at, unsigned digits, int *ret)
{
	int n = 0;
	for (unsigned i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		n = n * 10 + (**at - '0');
	}
	*ret = n;
	return true;
}

bool rp_time_parse(const char *text, int64_t *ret_ms)
{
	static const struct {
		unsigned digits;
		char then;
		int min, max;
	} parts[6] = {{4, '-', 1, 9999}, {2, '-', 1, 12}, {2, 'T', 1, 31},
		      {2, ':', 0, 23},	 {2, ':', 0, 59}, {2, 0, 0, 59}};
	int v[6], ms = 0;
	for (size_t i = 0; i < 6; i++) {
		if (!number(&text, parts[i].digits, &v[i]) || v[i] < parts[i].min || v[i] > parts[i].max)
			return false;
		if (parts[i].then != 0 && *text++ != parts[i].then)
			return false;
	}
	if (*text == '.' && (text++, !number(&text, 3, &ms)))
		return false;
	if (strcmp(text, "Z") != 0)
		return false;
	struct tm tm = {.tm_year = v[0] - 1900,
			.tm_mon = v[1] - 1,
			.tm_mday = v[2],
			.tm_hour = v[3],
			.tm_min = v[4],
			.tm_sec = v[5]};
	int64_t s = (int64_t)timegm(&tm);
	if (tm.tm_mday != v[2]) /* timegm() makes 31 April the 1st of May */
		return false;
	*ret_ms = s * 1000 + ms;
	return true;
}

void rp_length_format(int64_t ms, char ret[RP_TIME_TEXT])
{
	long long n = ms < 0 ? 0 : ms;
	if (n < 1000)
		(void)snprintf(ret, RP_TIME_TEXT, "%lld ms", n);
	else if (n < 60000)
		(void)snprintf(ret, RP_TIME_TEXT, "%lld.%lld s", n / 1000, n % 1000 / 100);
	else if (n < 3600000)
		(void)snprintf(ret, RP_TIME_TEXT, "%lld min %02lld s", n / 60000, n % 60000 / 1000);
	else
		(void)snprintf(ret, RP_TIME_TEXT, "%lld h %02lld min", n / 3600000, n % 3600000 / 60000);
}

void rp_size_format(uint64_t bytes, char ret[RP_TIME_TEXT])
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t u = 0;
	uint64_t n = bytes, tenth = 0;
	for (; n >= 1000 && u + 1 < sizeof units / sizeof units[0]; u++) {
		tenth = n % 1000 / 100;
		n /= 1000;
	}
	if (u == 0)
		(void)snprintf(ret, RP_TIME_TEXT, "%llu %s", (unsigned long long)n, units[u]);
	else
		(void)snprintf(ret, RP_TIME_TEXT, "%llu.%llu %s", (unsigned long long)n,
			       (unsigned long long)tenth, units[u]);
}

void rp_count_format(uint64_t n, char ret[RP_TIME_TEXT])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	size_t out = 0;
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			ret[out++] = ',';
		ret[out++] = digits[i];
	}
	ret[out] = '\0';
}
