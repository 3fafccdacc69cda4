/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>
#include <unistd.h>

#include "verifier/scratch/box.h"

/* What one process may take of this machine. Core dumps are off for every program that we start (proc.c). Together
 * they have no limit but the disk's, which is watched (watch.c), and the time that --timeout gives.
 *
 * Memory is counted as data, and not as address space: a server maps its shared memory, libraries and files into
 * every process. A process that wants more than most of the memory there is would be killed sooner or later, and
 * others with it; asked too early it can say so itself, and its complaint is this machine's fault and no
 * backup's. */

static int bound(int what, rlim_t most)
{
	struct rlimit l;
	if (getrlimit((__rlimit_resource_t)what, &l) < 0)
		return -1;
	if (l.rlim_max != RLIM_INFINITY && most > l.rlim_max)
		most = l.rlim_max;
	l.rlim_cur = l.rlim_max = most;
	return setrlimit((__rlimit_resource_t)what, &l);
}

int rp_limits_enter(const struct rp_leave *leave)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	/* A tool that writes files is none of ours: what it says goes through pipes. */
	if (leave->writes == NULL && bound(RLIMIT_FSIZE, 0) < 0)
		return -1;
	if (leave->writes != NULL && leave->file_max != 0 && bound(RLIMIT_FSIZE, leave->file_max) < 0)
		return -1;
	return memory == 0 ? 0 : bound(RLIMIT_DATA, memory / 4 * 3);
}
