/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "verifier/command/commands.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define LINE_MAX_BYTES (64u << 10)
/* More connections than this do not read faster from one server, and use up its slots. */
#define JOBS_MAX 16

int rp_command_print(const struct rp_buf *out, struct rp_err **err)
{
	if (rp_buf_check(out, err) < 0)
		return -1;
	if (rp_write_all(STDOUT_FILENO, rp_buf_text(out), out->len, err) < 0)
		return rp_err_wrap(err, "write to standard output");
	return 0;
}

unsigned rp_command_jobs(uint64_t asked)
{
	cpu_set_t cores;

	if (asked)
		return (unsigned)asked;
	if (sched_getaffinity(0, sizeof(cores), &cores) < 0)
		return 1;
	int n = CPU_COUNT(&cores);
	return n < 1 ? 1 : n > JOBS_MAX ? JOBS_MAX : (unsigned)n;
}

bool rp_command_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no && *no) || !isatty(STDOUT_FILENO))
		return false;
	return term && strcmp(term, "dumb") != 0;
}

unsigned rp_command_width(void)
{
	struct winsize size = {0};

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void rp_command_complain(const struct rp_err *err)
{
	rp_autobuf line = RP_BUF_INIT(LINE_MAX_BYTES);

	rp_buf_add(&line, "reprove: ");
	rp_buf_add_plain(&line, rp_err_text(err));
	rp_buf_add(&line, "\n");
	if (rp_err_hint_text(err)) {
		rp_buf_add(&line, "hint: ");
		rp_buf_add_plain(&line, rp_err_hint_text(err));
		rp_buf_add(&line, "\n");
	}
	static const char without_memory[] = "reprove: out of memory, also for saying what failed\n";
	/* Nothing is left to be done when standard error is gone, too. */
	if (line.failed)
		(void)rp_write_all(STDERR_FILENO, without_memory, sizeof without_memory - 1, NULL);
	else
		(void)rp_write_all(STDERR_FILENO, rp_buf_text(&line), line.len, NULL);
}
