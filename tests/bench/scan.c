/* SPDX-License-Identifier: MIT */
/* What a survey costs: `scan URI JOBS` prints milliseconds for the rows alone (digests, column digests, sketch and
 * the independent count), and the peak memory of the process in KiB. JOBS 0: by one connection, the row digest and
 * the independent count alone, which is what columns and sketch are added to. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "verifier/engine/db.h"
#include "verifier/scan/scan.h"
#include "verifier/survey/digest.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

struct bare {
	uint64_t rows;
	struct rp_u128 sum;
};

static int add(void *ctx, const uint8_t *row, size_t len, struct rp_err **err)
{
	struct bare *b = ctx;
	(void)err;
	rp_u128_add(&b->sum, rp_row_hash(row, len, 7));
	b->rows++;
	return 0;
}

static int scan_bare(const char *uri, struct rp_run *run, struct rp_err **err)
{
	rp_auto(rp_db) db = NULL;
	rp_auto(rp_survey) survey = NULL;
	if (rp_survey_new(&survey, err) < 0 || rp_db_open(&db, uri, 1, NULL, run, err) < 0)
		return -1;
	const struct rp_engine *e = rp_db_engine(db);
	struct rp_conn *c = rp_db_conn(db, 0);
	struct bare b = {0};
	int64_t began = rp_run_clock_ms();
	if (e->describe(c, survey, err) < 0 || rp_survey_finish(survey, err) < 0)
		return -1;
	for (size_t i = 0; i < survey->n_relations; i++) {
		uint64_t counted = 0;
		if (e->stream(c, &survey->relations[i], NULL, add, &b, err) < 0 ||
		    e->count(c, &survey->relations[i], &counted, err) < 0)
			return -1;
	}
	struct rusage used;
	(void)getrusage(RUSAGE_SELF, &used);
	/* The sum is printed so that it is computed. */
	(void)printf("%" PRId64 " %ld %" PRIu64 " %016" PRIx64 "\n", rp_run_clock_ms() - began,
		     used.ru_maxrss, b.rows, b.sum.lo);
	return 0;
}

static int scan(const char *uri, unsigned jobs, struct rp_run *run, struct rp_err **err)
{
	rp_auto(rp_db) db = NULL;
	rp_auto(rp_survey) survey = NULL;
	if (rp_db_open(&db, uri, jobs, NULL, run, err) < 0)
		return -1;
	int64_t began = rp_run_clock_ms();
	struct rp_scan_wish wish = {.sketch_bytes = 10240, .whole_keys = true};
	if (rp_survey_take(&survey, db, &wish, err) < 0)
		return -1;
	int64_t ms = rp_run_clock_ms() - began;
	uint64_t rows = 0;
	for (size_t i = 0; i < survey->n_relations; i++) {
		if (survey->relations[i].not_surveyed != NULL)
			return rp_err_set(err, RP_ERR_OBJECT, "not surveyed: %s",
					  survey->relations[i].not_surveyed);
		rows += survey->relations[i].rows;
	}
	struct rusage used;
	(void)getrusage(RUSAGE_SELF, &used);
	(void)printf("%" PRId64 " %ld %" PRIu64 "\n", ms, used.ru_maxrss, rows);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t jobs;
	if (argc != 3 || !rp_parse_u64(argv[2], 0, 64, &jobs)) {
		(void)fprintf(stderr, "usage: scan URI JOBS\n");
		return 4;
	}
	rp_autoerr struct rp_err *err = NULL;
	struct rp_run run;
	if (rp_run_init(&run, &err) < 0 ||
	    (jobs == 0 ? scan_bare(argv[1], &run, &err) : scan(argv[1], (unsigned)jobs, &run, &err)) < 0) {
		(void)fprintf(stderr, "scan: %s\n", rp_err_text(err));
		return 2;
	}
	rp_run_done(&run);
	return 0;
}
