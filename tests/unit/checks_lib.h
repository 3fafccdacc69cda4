/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_CHECKS_LIB_H
#define RP_TESTS_CHECKS_LIB_H

#include "checks/answer.h"
#include "verifier/util/error.h"

/* What tests of the checks share: a fake engine and format, two surveys, and a result for the answers. Not thread safe. */

extern int engine_asked; /* how often the engine's own test was */
extern unsigned orphans; /* how many of them the engine's test of the data finds */
extern const struct rp_engine checks_engine, *checks_in_use;

struct all {
	struct rp_target target;
	struct rp_evidence e;
	struct rp_manifest manifest;
	struct rp_survey *sealed, *found;
	struct rp_result *result;
};
void begin(struct all *a);
void end(struct all *a);

void add(struct rp_survey *s, const char *kind, const char *name, const char *definition, const char *fact,
	 const char *value);
void add_relation(struct rp_survey *s, const char *name, uint64_t rows, uint64_t digest, uint64_t column);
void seal_with(struct all *a, const char *what, const char *reason);

/* Finish both surveys and compare their objects. */
void compare(struct all *a);
void ask(struct all *a, const struct rp_check *const *list);
void ask_one(struct all *a, const struct rp_check *check);

/* The i-th answer to a check, not counting those of the engine's own; NULL: there are fewer. */
const struct rp_finding *answer(const struct all *a, const char *check, size_t i);
const struct rp_finding *about(const struct all *a, const char *check, const char *object);

#endif
