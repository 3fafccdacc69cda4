/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_PARSE_H
#define RP_UTIL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers and times as text. All of it must be one: no blanks, no sign where none belongs, nothing behind.
 * false: it is not, or is out of range; *ret is then untouched. */
bool rp_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
bool rp_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret);
bool rp_parse_hex(const char *text, uint8_t *ret, size_t len); /* exactly 2 * len lower-case digits */
/* "90", "500ms", "90s", "15m", "6h", "7d" to milliseconds. A bare number is seconds. */
bool rp_parse_duration(const char *text, int64_t *ret_ms);

/* UTC, milliseconds since 1970, as RFC 3339 with 'Z': "2026-11-21T06:00:00.123Z". */
#define RP_TIME_TEXT 32
int64_t rp_time_now_ms(void);
void rp_time_format(int64_t ms, char ret[RP_TIME_TEXT]);
bool rp_time_parse(const char *text, int64_t *ret_ms);
/* Lengths for people: "850 ms", "12.3 s", "4 min 05 s", "1 h 02 min"; "1.2 GB". */
void rp_length_format(int64_t ms, char ret[RP_TIME_TEXT]);
void rp_size_format(uint64_t bytes, char ret[RP_TIME_TEXT]);
/* 1234567 as "1,234,567". */
void rp_count_format(uint64_t n, char ret[RP_TIME_TEXT]);
#endif
