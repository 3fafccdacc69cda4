/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Tools that change files and ask no server: what turns a physical backup into a data directory, and the like. They
 * read a stranger's bytes with a server's own code, so they are in a box as narrow as the server's. */

static const char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC",
					  NULL};

int rp_scratch_work(struct rp_scratch *s, const char *const argv[], const char *dir, struct rp_stream *input,
		    struct rp_buf *said, struct rp_err **err)
{
	rp_autoargv line = {0};
	rp_autoargv env = {0};
	if (argv[0] == NULL || (argv[0][0] != '/' && strchr(argv[0], '/') != NULL))
		return rp_err_set(err, RP_ERR_USAGE, "a tool of the server's is named without a path");
	if (argv[0][0] == '/')
		rp_argv_add(&line, argv[0]);
	else
		rp_argv_addf(&line, "%s/%s", s->place.with.bindir, argv[0]);
	for (const char *const *word = argv + 1; *word != NULL; word++)
		rp_argv_add(&line, *word);
	for (const char *const *word = environment; *word != NULL; word++)
		rp_argv_add(&env, *word);
	if (line.failed || env.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (access(line.v[0], X_OK) < 0)
		return rp_err_set(err, RP_ERR_ENGINE, "the program '%s' is not installed", line.v[0]);
	const struct rp_call call = {.argv = &line,
				     .env = &env,
				     .leave = {.writes = dir, .file_max = s->engine->hosting->file_max}};
	return rp_tool_run(s, &call, input, said, err);
}
