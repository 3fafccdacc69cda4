/* SPDX-License-Identifier: MIT */
/* What a box costs per start: the same tool of the scratch's server, 30 times in each box and without one, in turns.
 * Prints the medians in milliseconds.
 * usage: box */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "verifier/engine/db.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define TURNS 30
#define BOXES 3

static const char *const boxes[BOXES] = {"none", "landlock", "namespaces"};

static int64_t now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t once(struct rp_scratch *s)
{
	static const char *const tool[] = {"psql", "--version", NULL};
	rp_autobuf said = RP_BUF_INIT(1 << 16);
	rp_autoerr struct rp_err *err = NULL;
	int64_t began = now_us();
	if (rp_scratch_feed(s, tool, NULL, &said, &err) == 0)
		return now_us() - began;
	(void)fprintf(stderr, "box: %s\n", rp_err_text(err));
	exit(2);
}

static struct rp_scratch *start(const char *box, struct rp_run *run)
{
	const struct rp_scratch_wish wish = {.engine = rp_engine_named("postgresql"),
					     .unboxed = strcmp(box, "none") == 0};
	struct rp_scratch *s = NULL;
	rp_autoerr struct rp_err *err = NULL;
	(void)setenv("REPROVE_BOX", box, 1);
	if (rp_scratch_make(&s, &wish, run, &err) == 0 && rp_scratch_start(s, &err) == 0)
		return s;
	(void)printf("  no box '%s' here: %s\n", box, rp_err_text(err));
	rp_scratch_free(s);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int main(void)
{
	struct rp_run run = {.cancel_fd = -1};
	struct rp_scratch *s[BOXES];
	int64_t us[BOXES][TURNS] = {0};
	for (int i = 0; i < BOXES; i++)
		s[i] = start(boxes[i], &run);
	for (int turn = -1; turn < TURNS; turn++) { /* the first warms up */
		for (int i = 0; i < BOXES; i++) {
			int64_t took = s[i] != NULL ? once(s[i]) : 0;
			if (turn >= 0)
				us[i][turn] = took;
		}
	}
	for (int i = 0; i < BOXES; i++) {
		qsort(us[i], TURNS, sizeof us[i][0], by_size);
		if (s[i] != NULL)
			(void)printf("  %-12s %6.1f ms a start, %+.1f ms for the box\n", boxes[i],
				     (double)us[i][TURNS / 2] / 1000,
				     (double)(us[i][TURNS / 2] - us[0][TURNS / 2]) / 1000);
		rp_scratch_free(s[i]);
	}
	return 0;
}
