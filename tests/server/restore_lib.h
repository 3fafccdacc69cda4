/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_RESTORE_LIB_H
#define RP_TESTS_RESTORE_LIB_H

#include "tests/unit/cmocka_all.h"
#include "verifier/engine/db.h"
#include "verifier/recovery/format.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* What the tests of both engines' restores share: a directory for dumps, a source, and restores of one file. A test
 * defines how a source is made and how one is asked. */

#define DUMP_MAX (256 << 20)

struct restore_test {
	const char *engine;
	const char *version; /* of the wanted server; NULL: any */
	const char *sql;     /* what the source is made with */
	/* The command that reads sql, NULL-terminated; called when the source is up. */
	const char *const *(*loader)(const struct rp_scratch *source);
	const char *everything; /* a question whose answer changes where anything does */
	/* Ask one of them; the first line of the answer, or the error. */
	void (*ask)(struct rp_scratch *s, const char *sql, char *ret, size_t size);
};
extern struct restore_test this_test; /* the test's own */

extern struct rp_run run;
extern const struct rp_engine *engine;
extern struct rp_scratch *source;

int set_up(void **state);
int tear_down(void **state);

/* Files of the test's directory. path_of(): the last eight are kept. */
char *path_of(const char *name);
void read_file(const char *name, struct rp_buf *into);
void write_file(const char *name, const void *data, size_t len);
void zip(const char *from, const char *to);

/* One restore of one file, and what became of it. */
struct outcome {
	struct rp_store *store;
	struct rp_point *point;
	struct rp_artifact *artifact;
	struct rp_scratch *scratch;
	struct rp_restored restored;
	struct rp_err *err;
};
void outcome_done(struct outcome *o);
#define rp_autooutcome rp_cleanup(outcome_done) struct outcome

int restore(struct outcome *o, const char *name);
/* As this format, without a word, and equal to the source, whose answer holds 'holds'. */
void expect_whole(const char *name, const char *format, const char *holds);
void expect_failure(const char *name, enum rp_err_kind kind, const char *text);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
