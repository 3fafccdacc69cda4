/* SPDX-License-Identifier: MIT */
#ifndef RP_RESULT_READ_H
#define RP_RESULT_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_err;
struct rp_result;

/* For this folder: members of JSON objects, strictly. Each returns -1 and says where and what is wrong. */

/* Where we are, for messages, and what holds the first failure. */
struct rp_reader {
	struct rp_result *r;
	struct rp_err **err;
	const char *part; /* "findings" */
	size_t index;
};

int rp_read_bad(struct rp_reader *in, const char *name, const char *what);
/* Every member has one of these names, NULL-terminated. */
int rp_read_only(struct rp_reader *in, const json_t *object, const char *const names[]);
/* A copy in the result's memory; *ret is untouched for an optional member that is not there. */
int rp_read_text(struct rp_reader *in, const json_t *object, const char *name, bool optional,
		 const char **ret);
int rp_read_boolean(struct rp_reader *in, const json_t *object, const char *name, bool optional, bool *ret);
/* In a string, as all numbers of 64 bits are. */
int rp_read_number(struct rp_reader *in, const json_t *object, const char *name, uint64_t max, uint64_t *ret);
/* A bare one. */
int rp_read_whole_number(struct rp_reader *in, const json_t *object, const char *name, json_int_t max,
			 json_int_t *ret);
/* null is 0. */
int rp_read_moment(struct rp_reader *in, const json_t *object, const char *name, int64_t *ret);
/* Which of n words it is. */
int rp_read_word(struct rp_reader *in, const json_t *object, const char *name, const char *(*words)(unsigned),
		 unsigned n, unsigned *ret);

/* read_selection.c. NULL: the member is not there, which is no fault. */
int rp_read_selection(struct rp_reader *in, const json_t *object);

#endif
