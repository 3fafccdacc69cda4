/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_TESTS_H
#define RP_ENGINE_POSTGRES_TESTS_H

#include "verifier/engine/engine.h"

/* Private to tests.c and those it lists. */
int rp_pg_test_catalog(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
		       struct rp_err **err);
int rp_pg_test_amcheck(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
		       struct rp_err **err);
const char *rp_pg_page_checksums_moot(struct rp_conn *c);
int rp_pg_test_page_checksums(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
			      struct rp_err **err);

#endif
