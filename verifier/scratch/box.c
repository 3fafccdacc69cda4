/* SPDX-License-Identifier: MIT */
#include "verifier/scratch/box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

/* Putting one program into the box: everything is made ready here, and what has to be done by the child itself, between
 * fork and exec, is a few system calls. */

#define TOLD_MS 10000 /* bubblewrap tells which process is inside before it does anything slow */

const char *rp_box_name(enum rp_box_level level)
{
	static const char *const names[] = {
		[RP_BOX_NONE] = NULL, [RP_BOX_LANDLOCK] = "landlock", [RP_BOX_NAMESPACES] = "namespaces"};
	return names[level];
}

void rp_box_done(struct rp_box *b)
{
	free(b->bwrap);
	free(b->why);
	rp_argv_done(&b->reads);
	rp_argv_done(&b->links);
	*b = (struct rp_box){0};
}

/* In the child. What may be opened is restricted last: until then it needs files of ours. */
static int enter(void *ctx)
{
	struct rp_boxed *b = ctx;
	if (b->before != NULL && b->before(b->ctx) < 0)
		return -1;
	if (rp_limits_enter(&b->leave) < 0)
		return -1;
	if (b->filter >= 0 && fcntl(b->filter, F_SETFD, 0) < 0)
		return -1;
	if (b->told >= 0 && fcntl(b->told, F_SETFD, 0) < 0)
		return -1;
	if (b->rules < 0)
		return 0;
	return rp_landlock_enter(b->rules) < 0 ? -1 : rp_seccomp_enter(b->calls);
}

/* The filter as bubblewrap reads it. */
static int write_filter(struct rp_boxed *b, struct rp_err **err)
{
	b->filter = memfd_create("filter", MFD_CLOEXEC);
	if (b->filter < 0)
		return rp_err_sys(err, errno, "a file in memory");
	if (rp_write_all(b->filter, b->calls->filter, b->calls->len * sizeof *b->calls->filter, err) < 0)
		return -1;
	return lseek(b->filter, 0, SEEK_SET) < 0 ? rp_err_sys(err, errno, "a file in memory") : 0;
}

static int put_into_namespaces(struct rp_boxed *b, struct rp_program *p, struct rp_err **err)
{
	if (write_filter(b, err) < 0)
		return -1;
	if (b->leave.serves) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) < 0)
			return rp_err_sys(err, errno, "pipe");
		b->ask = ends[0];
		b->told = ends[1];
	}
	rp_bubblewrap_line(&b->line, b->box, &b->leave, p->argv, p->dir, b->filter, b->told);
	if (b->line.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	p->argv = b->line.v;
	p->dir = NULL; /* bubblewrap goes there by itself, inside */
	return 0;
}

/* Links end at the door: what is executed is the file itself. */
static int find_program(struct rp_boxed *b, struct rp_program *p, struct rp_err **err)
{
	rp_autofree char *real = realpath(p->argv[0], NULL);
	if (real == NULL)
		return rp_err_sys(err, errno, "execute '%s'", p->argv[0]);
	rp_argv_add(&b->program, real);
	for (char *const *word = p->argv + 1; *word != NULL; word++)
		rp_argv_add(&b->program, *word);
	p->argv = b->program.v;
	return b->program.failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

int rp_box_put(struct rp_boxed *b, const struct rp_box *box, const struct rp_leave *leave,
	       struct rp_program *p, struct rp_err **err)
{
	*b = (struct rp_boxed){.box = box,
			       .leave = *leave,
			       .before = p->before,
			       .ctx = p->ctx,
			       .filter = -1,
			       .rules = -1,
			       .told = -1,
			       .ask = -1};
	p->before = enter;
	p->ctx = b;
	if (box->level == RP_BOX_NONE)
		return 0;
	if (find_program(b, p, err) < 0)
		return -1;
	b->calls = rp_seccomp_filter(leave, err);
	if (b->calls == NULL)
		return -1;
	if (box->level == RP_BOX_NAMESPACES)
		return put_into_namespaces(b, p, err);
	b->rules = rp_landlock_rules(box, leave, p->argv[0], err);
	return b->rules < 0 ? -1 : 0;
}

/* { "child-pid": 123, ... }; nothing at all when bubblewrap gave up before. */
int rp_boxed_inside(struct rp_boxed *b, pid_t *ret_pid)
{
	static const char key[] = "\"child-pid\": ";
	char text[1024] = "";
	size_t len = 0;
	if (b->ask < 0)
		return -1;
	rp_closep(&b->told);
	b->told = -1;
	struct pollfd more = {.fd = b->ask, .events = POLLIN};
	while (len < sizeof text - 1 && strchr(text, '}') == NULL && poll(&more, 1, TOLD_MS) > 0) {
		ssize_t n = read(b->ask, text + len, sizeof text - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		text[len] = '\0';
	}
	char *at = strstr(text, key);
	if (at == NULL)
		return -1;
	at += sizeof key - 1;
	at[strspn(at, "0123456789")] = '\0';
	uint64_t pid;
	if (!rp_parse_u64(at, 2, INT32_MAX, &pid))
		return -1;
	*ret_pid = (pid_t)pid;
	return (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
}

void rp_boxed_done(struct rp_boxed *b)
{
	if (b->box == NULL)
		return;
	rp_argv_done(&b->line);
	rp_argv_done(&b->program);
	rp_seccomp_free(b->calls);
	rp_closep(&b->filter);
	rp_closep(&b->rules);
	rp_closep(&b->told);
	rp_closep(&b->ask);
	*b = (struct rp_boxed){0};
}
