/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "verifier/engine/db.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* Ask an engine's own tests of a database, for a script that damages it in between: one finding a line, its check,
 * verdict, object, message and what was found, with a tab in between. usage: my_tests URI [CHECK] */

static void print(const struct rp_finding *f)
{
	printf("%s\t%s%s\t%s\t%s\t%s\n", f->check, f->excused ? "excused " : "", rp_verdict_word(f->verdict),
	       f->object, f->message != NULL ? f->message : "", f->found != NULL ? f->found : "");
}

static int ask(struct rp_conn *c, const struct rp_engine_test *t)
{
	struct rp_findings said = {0};
	rp_autoerr struct rp_err *err = NULL;
	rp_ask(&said, t->name, t->severity);
	int done = t->run(c, NULL, &said, &err);
	if (done < 0)
		rp_answer_error(&said, "", err);
	for (size_t i = 0; i < said.n; i++)
		print(&said.all[i]);
	rp_findings_done(&said);
	return done;
}

int main(int argc, char **argv)
{
	struct rp_run run;
	rp_autoerr struct rp_err *err = NULL;
	const struct rp_engine *engine = argc > 1 ? rp_engine_for(argv[1]) : NULL;
	struct rp_conn *c = NULL;
	int status = 0;
	if (engine == NULL || rp_run_init(&run, &err) < 0)
		return 4;
	if (engine->connect(&c, argv[1], &run, &err) < 0) {
		fprintf(stderr, "%s\n", rp_err_text(err));
		return 2;
	}
	for (const struct rp_engine_test *t = engine->tests; t != NULL && t->name != NULL; t++)
		if (argc < 3 || strcmp(argv[2], t->name) == 0)
			status |= ask(c, t) < 0 ? 2 : 0;
	engine->close(c);
	rp_run_done(&run);
	return status;
}
