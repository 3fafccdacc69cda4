/* SPDX-License-Identifier: MIT */
/* What a survey costs: `scan URI JOBS` prints milliseconds for the rows alone (digests, column digests, sketch and
 * the independent count), and the peak memory of the process in KiB. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "verifier/engine/db.h"
#include "verifier/scan/scan.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

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
	if (argc != 3 || !rp_parse_u64(argv[2], 1, 64, &jobs)) {
		(void)fprintf(stderr, "usage: scan URI JOBS\n");
		return 4;
	}
	rp_autoerr struct rp_err *err = NULL;
	struct rp_run run;
	if (rp_run_init(&run, &err) < 0 || scan(argv[1], (unsigned)jobs, &run, &err) < 0) {
		(void)fprintf(stderr, "scan: %s\n", rp_err_text(err));
		return 2;
	}
	rp_run_done(&run);
	return 0;
}
