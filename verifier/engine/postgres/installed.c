/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"

/* Which PostgreSQL is installed on this machine. */

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv
#define VERSION_NS  (INT64_C(10) * 1000000000)
#define TOOL	    "pg_restore" /* whoever has this one has the others */

unsigned rp_pg_release(const char *version)
{
	unsigned n = 0;
	for (; version != NULL && *version >= '0' && *version <= '9' && n < 100000; version++)
		n = n * 10 + (unsigned)(*version - '0');
	return n;
}

/* Who names directories in REPROVE_SERVERS means these and no others. In this order: of two of one version the
 * first is taken. */
static void add_all(struct rp_argv *dirs)
{
	const char *named = getenv("REPROVE_SERVERS");
	if (named != NULL && named[0] != '\0') {
		rp_argv_add_path(dirs, named);
		return;
	}
	rp_argv_add_glob(dirs, "/usr/lib/postgresql/*/bin"); /* Debian */
	rp_argv_add_glob(dirs, "/usr/pgsql-*/bin");	     /* the project's own RPMs */
	rp_argv_add_glob(dirs, "/usr/local/pgsql/bin");	     /* its own make install */
	rp_argv_add_path(dirs, getenv("PATH"));
}

/* "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)" */
static char *version_of(const char *dir, const char *program)
{
	rp_autoargv argv = {0};
	rp_argv_addf(&argv, "%s/%s", dir, program);
	rp_argv_add(&argv, "--version");
	if (argv.failed || access(argv.v[0], X_OK) < 0)
		return NULL;
	struct rp_run soon = {.cancel_fd = -1, .deadline_ns = rp_run_clock_ms() * 1000000 + VERSION_NS};
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	rp_autobuf out = RP_BUF_INIT(1024);
	if (rp_proc_run(&p, NULL, &out, NULL, &soon, NULL) != 0)
		return NULL;
	const char *at = strstr(rp_buf_text(&out), "(PostgreSQL) ");
	if (at == NULL)
		return NULL;
	at += sizeof "(PostgreSQL) " - 1;
	return strndup(at, strcspn(at, "\r\n"));
}

/* The wanted major version, else the nearest newer one; the newest when none is wanted. */
static bool is_better(unsigned have, unsigned best, unsigned wanted)
{
	if (have < wanted || have == 0)
		return false;
	return best == 0 || (wanted == 0 ? have > best : have < best);
}

static int find(struct rp_installation *ret, const char *program, unsigned wanted, struct rp_buf *seen,
		struct rp_err **err)
{
	rp_autoargv dirs = {0};
	add_all(&dirs);
	if (dirs.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	struct rp_installation best = {0};
	for (size_t i = 0; i < dirs.n; i++) {
		rp_autofree char *version = version_of(dirs.v[i], program);
		if (version == NULL)
			continue;
		rp_buf_addf(seen, "%s%.*s", seen->len > 0 ? ", " : "", (int)strcspn(version, " "), version);
		if (!is_better(rp_pg_release(version), rp_pg_release(best.version), wanted))
			continue;
		rp_installation_done(&best);
		best.version = rp_take(version);
		best.bindir = strdup(dirs.v[i]);
	}
	if (best.version != NULL && best.bindir == NULL) {
		rp_installation_done(&best);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	*ret = best;
	return 0;
}

static int find_or_say(struct rp_installation *ret, const char *program, const char *version,
		       const char *package, struct rp_err **err)
{
	unsigned wanted = rp_pg_release(version);
	rp_autobuf seen = RP_BUF_INIT(4 << 10);
	if (find(ret, program, wanted, &seen, err) < 0)
		return -1;
	if (ret->bindir != NULL)
		return 0;
	if (wanted == 0) {
		rp_err_set(err, RP_ERR_ENGINE, "no PostgreSQL is installed here ('%s' is nowhere)", program);
		return rp_err_hint(err,
				   "install the package '%s', or name its directory of programs in "
				   "REPROVE_SERVERS",
				   package);
	}
	rp_err_set(err, RP_ERR_ENGINE, "no PostgreSQL %u or newer is installed here ('%s'; found: %s)",
		   wanted, program, seen.len > 0 ? rp_buf_text(&seen) : "none");
	return rp_err_hint(
		err, "install the package '%s-%u', or name its directory of programs in REPROVE_SERVERS",
		package, wanted);
}

int rp_pg_choose(struct rp_installation *ret, const struct rp_identity *sealed, struct rp_err **err)
{
	if (find_or_say(ret, "postgres", sealed != NULL ? sealed->version : NULL, "postgresql", err) < 0)
		return -1;
	ret->tool = TOOL;
	if (asprintf(&ret->server, "%s/postgres", ret->bindir) >= 0)
		return 0;
	ret->server = NULL;
	return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

int rp_pg_tools(struct rp_installation *ret, const struct rp_identity *server, struct rp_err **err)
{
	if (find_or_say(ret, TOOL, server != NULL ? server->version : NULL, "postgresql-client", err) < 0)
		return -1;
	ret->tool = TOOL;
	return 0;
}
