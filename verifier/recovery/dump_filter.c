/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "verifier/recovery/dump.h"
#include "verifier/util/argv.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define GRACE_MS 2000

/* One after the other, as in a shell's pipe: each is the user's own and has the user's environment. */
static int start_one(struct rp_proc *ret, const struct rp_argv *argv, int in, int out, int errors,
		     struct rp_err **err)
{
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv->v;
	p.env = environ;
	p.in = in;
	p.out = out;
	p.errors = errors;
	return rp_proc_start(ret, &p, err) < 0 ? rp_err_wrap(err, "backup filter") : 0;
}

int rp_dump_filters_start(struct rp_dump_filters *f, int *out, int errors, struct rp_err **err)
{
	/* From the last to the first: 'out' is always what the next one writes to. */
	for (size_t i = f->n; i-- > 0;) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) < 0)
			return rp_err_sys(err, errno, "pipe");
		rp_autoclose int in = ends[0];
		int write_end = ends[1];
		int r = start_one(&f->procs[i], &f->argv[i], in, *out, errors, err);
		(void)close(*out);
		*out = write_end;
		if (r < 0)
			return -1;
	}
	return 0;
}

/* Whatever fails breaks the pipe of what writes to it, so the last one that did is the one to tell. */
int rp_dump_filters_wait(struct rp_dump_filters *f, struct rp_run *run, const char *said, struct rp_err **err)
{
	int r = 0;
	for (size_t i = f->n; i-- > 0;) {
		if (f->procs[i].pid == 0)
			continue;
		int status = rp_proc_wait(&f->procs[i], run, err);
		if (status < 0)
			return -1;
		if (status != 0 && r == 0)
			r = rp_err_set(err, RP_ERR_ENGINE, "the backup's filter '%s' failed: %s%s%.*s",
				       f->argv[i].v[0], rp_proc_status_text(status),
				       said[0] != '\0' ? ": " : "", (int)strcspn(said, "\n"), said);
	}
	return r;
}

void rp_dump_filters_stop(struct rp_dump_filters *f)
{
	for (size_t i = 0; i < f->n; i++)
		rp_proc_stop(&f->procs[i], SIGTERM, GRACE_MS);
}
