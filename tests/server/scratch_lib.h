/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVER_SCRATCH_LIB_H
#define TESTS_SERVER_SCRATCH_LIB_H

#include "tests/unit/cmocka_all.h"

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* Real servers, and every way in which a run can end. After each test nothing is left: no directory of ours
 * under the base, no process that stands in it. */

/* Of one engine: scratch_pg.c, scratch_my.c. */
extern const struct rp_engine *const engine;
extern const struct rp_identity sealed_as; /* what survey_with() is a survey of */
extern struct rp_run run;

int make_base(void **state); /* *state: a directory for one test */
int nothing_is_left(void **state);
#define T(name) cmocka_unit_test_setup_teardown(name, make_base, nothing_is_left)

#define ok(call, err)                                                                                        \
	do {                                                                                                 \
		if ((call) < 0)                                                                              \
			fail_msg("%s: %s", #call, (err) != NULL ? rp_err_text(err) : "no error");            \
	} while (0)

struct rp_scratch_wish wish_in(const char *base);
struct rp_scratch *made(const struct rp_scratch_wish *wish);
struct rp_scratch *started(const struct rp_scratch_wish *wish);
void removed(struct rp_scratch *s);
/* Statements, through the engine's own client. */
int fed(struct rp_scratch *s, const char *sql, struct rp_buf *said, struct rp_err **err);
extern const char *const minute; /* one that takes so long */
/* One text value, asked of a server. */
char *asked_at(const char *uri, const char *sql);
void assert_asked(const char *uri, const char *sql, const char *expected);
/* Processes in a box have numbers of their own: the one that a server tells, as we know it. */
pid_t pid_outside(const struct rp_scratch *s, int pid);
bool exists(const char *dir, const char *name);
struct rp_survey *survey_with(const struct rp_object *objects, size_t n);

/* Everything once, and as root once more as an ordinary user. The exit status of the whole program. */
int run_all(int (*all)(const char *name));

#endif
