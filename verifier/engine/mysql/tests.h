/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_TESTS_H
#define RP_ENGINE_MYSQL_TESTS_H

#include "verifier/engine/engine.h"

/* Private to tests.c and those it lists. */
int rp_my_test_check_table(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
			   struct rp_err **err);
int rp_my_test_orphans(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
		       struct rp_err **err);
int rp_my_test_views(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
		     struct rp_err **err);
int rp_my_test_definers(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
			struct rp_err **err);
int rp_my_test_charsets(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
			struct rp_err **err);

/* There is nothing of the sort that this test is about, and that is no hole. */
static inline void rp_my_nothing(struct rp_findings *to, const char *why)
{
	rp_answer(to,
		  &(struct rp_finding){.object = "", .verdict = RP_NOT_RUN, .excused = true, .message = why});
}

#endif
