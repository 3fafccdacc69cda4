/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/scratch/box.h"

/* All that the box is, in one place. What is not said here is not in it: no shell, no /bin, no /etc but two files
 * that name libraries, no /proc, no /tmp, no network, no other process, no right to regain one. Every path is the
 * same inside and outside, so a socket or a data directory has one name.
 *
 * No --clearenv: rp_program hands over exactly the environment it was told, and a password in one would stand in
 * bubblewrap's own command line. */
static const char *const always[] = {
	"--unshare-user",
	"--unshare-ipc",
	"--unshare-pid",
	"--unshare-uts",
	"--unshare-cgroup-try",
	/* Nobody inside, whoever that is outside; as root, rp_program has become the server's user before. */
	"--uid",
	"65534",
	"--gid",
	"65534",
	"--cap-drop",
	"ALL",
	NULL,
};

static void add_all(struct rp_argv *to, const char *const *words)
{
	for (; *words != NULL; words++)
		rp_argv_add(to, *words);
}

static void add_bind(struct rp_argv *to, const char *how, const char *path)
{
	rp_argv_add(to, how);
	rp_argv_add(to, path);
	rp_argv_add(to, path);
}

static void add_files(struct rp_argv *to, const struct rp_box *box, const struct rp_leave *leave,
		      const char *program)
{
	for (size_t i = 0; i < box->reads.n; i++)
		add_bind(to, "--ro-bind-try", box->reads.v[i]);
	for (size_t i = 0; i + 1 < box->links.n; i += 2) {
		rp_argv_add(to, "--symlink");
		rp_argv_add(to, box->links.v[i]);
		rp_argv_add(to, box->links.v[i + 1]);
	}
	add_bind(to, "--ro-bind", program);
	rp_argv_add(to, "--dev");
	rp_argv_add(to, "/dev");
	for (const char *const *path = leave->reads; path != NULL && *path != NULL; path++)
		add_bind(to, "--ro-bind-try", *path);
	/* Last, so that nothing read-only lies over it. */
	if (leave->writes != NULL)
		add_bind(to, "--bind", leave->writes);
	/* Or whoever is inside fills the memory behind them. */
	rp_argv_add(to, "--remount-ro");
	rp_argv_add(to, "/dev");
	rp_argv_add(to, "--remount-ro");
	rp_argv_add(to, "/");
}

void rp_bubblewrap_line(struct rp_argv *ret, const struct rp_box *box, const struct rp_leave *leave,
			char *const argv[], const char *dir, int filter, int told)
{
	rp_argv_add(ret, box->bwrap);
	add_all(ret, always);
	if (!leave->network)
		rp_argv_add(ret, "--unshare-net");
	/* Or it could type on our own terminal. */
	if (!leave->terminal)
		rp_argv_add(ret, "--new-session");
	/* One that is to be kept outlives us. */
	if (!leave->lasts)
		rp_argv_add(ret, "--die-with-parent");
	/* The server itself is the first process of its box: whoever ends it has ended all of them, and it can be
	 * asked to stop like any other. */
	if (leave->serves)
		rp_argv_add(ret, "--as-pid-1");
	if (filter >= 0) {
		rp_argv_add(ret, "--seccomp");
		rp_argv_addf(ret, "%d", filter);
	}
	if (told >= 0) {
		rp_argv_add(ret, "--info-fd");
		rp_argv_addf(ret, "%d", told);
	}
	add_files(ret, box, leave, argv[0]);
	rp_argv_add(ret, "--chdir");
	rp_argv_add(ret, dir);
	rp_argv_add(ret, "--");
	add_all(ret, (const char *const *)argv);
}
