/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_SUSPICION_H
#define RP_SURVEY_SUSPICION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/relation.h"
#include "verifier/survey/row.h"

struct rp_buf;

/* What may have happened to the values of a whole column. It has happened when the values, with it undone, have the
 * sealed sum: so an undo() that is wrong claims nothing, and a list of these may be bold. All of it is pure. */
struct rp_suspicion {
	unsigned ways; /* in how many ways: shifts of a time, say. 0: ends a list */
	bool (*suits)(const struct rp_column *c);
	/* What a value was before; 'found' may be NULL, and so may *ret become. *ret is *found when called, and stays so
	 * where nothing has happened to this one; it may point into 'room', which is empty. false: it cannot be told. */
	bool (*undo)(const struct rp_column *c, unsigned way, const struct rp_field *found,
		     struct rp_field *ret, struct rp_buf *room);
	void (*tell)(unsigned way, struct rp_buf *out); /* "every value is 1 hour later than sealed" */
};

/* suspicion_text.c: what happens to texts, whatever database they are in. */
#define RP_TEXT_WAYS 10u
/* limit: how many characters the type allows; 0: no such limit. */
bool rp_text_undo(unsigned way, size_t limit, const struct rp_field *found, struct rp_field *ret,
		  struct rp_buf *room);
void rp_text_tell(unsigned way, struct rp_buf *out);
/* The first number in a type's parentheses, "varchar(40)"; 0: there is none. */
size_t rp_type_limit(const char *type);

/* suspicion_time.c: moments in microseconds since 1970, by shifts of a quarter of an hour up to 14 hours, a day, and time
 * zones that have a summer time. */
#define RP_TIME_WAYS 134u
int64_t rp_time_undo(unsigned way, int64_t found_us);
void rp_time_tell(unsigned way, struct rp_buf *out);
/* Of dates: by a day. */
#define RP_DATE_WAYS 2u
int64_t rp_date_undo(unsigned way, int64_t found_days);
void rp_date_tell(unsigned way, struct rp_buf *out);
/* Days since 1970, from the year 1 to 9999. false: no such day. */
bool rp_days_of(int year, unsigned month, unsigned day, int64_t *ret);
bool rp_days_to(int64_t days, int *ret_year, unsigned *ret_month, unsigned *ret_day);

#endif
