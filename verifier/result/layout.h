/* SPDX-License-Identifier: MIT */
#ifndef RP_RESULT_LAYOUT_H
#define RP_RESULT_LAYOUT_H

#include <jansson.h>
#include <stddef.h>

struct rp_buf;
struct rp_findings;
struct rp_reader;

/* For this folder: structs whose JSON is a table, so that what is written, what is read and what is copied cannot
 * disagree. */
enum rp_member_type {
	RP_MEMBER_NAME,	  /* const char *, never left out */
	RP_MEMBER_TEXT,	  /* the same; NULL: left out */
	RP_MEMBER_LENGTH, /* int64_t, in a string; 0 or less: left out */
	RP_MEMBER_MOMENT, /* int64_t; none of a calendar's: left out */
	RP_MEMBER_COUNT,  /* uint64_t, in a string */
	RP_MEMBER_ENTRY,  /* the same; 0: left out */
	RP_MEMBER_FLAG,	  /* bool; false: left out */
	RP_MEMBER_OBJECT, /* const struct *; NULL: left out */
	RP_MEMBER_LIST,	  /* const struct * and, at 'count', a size_t; NULL: left out */
};
struct rp_layout_member {
	const char *name;
	enum rp_member_type type;
	size_t at, count;
	const struct rp_layout *of;
};
struct rp_layout {
	size_t size;
	const struct rp_layout_member *members; /* ends with a NULL name */
};

/* The members of 'from', without the braces around them. */
void rp_layout_write(struct rp_buf *b, const struct rp_layout *s, const void *from, const char *between);
/* Copy into 'to', texts as UTF-8; what is left out of 'from' is left as it is. */
void rp_layout_keep(struct rp_findings *memory, const struct rp_layout *s, void *to, const void *from);
/* Into zeroed memory, strictly; and the same of an object that has more members than these. */
int rp_layout_read(struct rp_reader *in, const struct rp_layout *s, const json_t *object, void *to);
int rp_layout_read_some(struct rp_reader *in, const struct rp_layout *s, const json_t *object, void *to);

/* record.c: the parts of rp_record. */
extern const struct rp_layout rp_record_layout;

#endif
