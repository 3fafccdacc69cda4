/* SPDX-License-Identifier: MIT */
/* A command of the user's own that takes a layer off: whatever is not known here. */
#include <string.h>

#include "verifier/recovery/stage.h"
#include "verifier/recovery/wrap_tool.h"
#include "verifier/util/error.h"

#define SAID_MAX 500

/* Its arguments may hold what nobody is to read in a report. */
static const char *name_of(const struct rp_tool *t)
{
	const char *slash = strrchr(t->command->v[0], '/');
	return slash != NULL ? slash + 1 : t->command->v[0];
}

static int prepare(struct rp_tool *t, struct rp_err **err)
{
	(void)err;
	for (size_t i = 0; i < t->command->n; i++)
		rp_argv_add(&t->argv, t->command->v[i]);
	return 0;
}

/* Whose fault its failure is, only it knows. */
static int judge(struct rp_tool *t, int status, struct rp_err **err)
{
	if (status == 0)
		return 0;
	rp_autobuf shown = RP_BUF_INIT(16 << 10);
	rp_autofree char *first = strndup(rp_buf_text(&t->said), SAID_MAX);
	rp_buf_add_plain(&shown, first != NULL ? first : "");
	(void)rp_err_set(err, RP_ERR_LOCKED, "filter '%s' failed: %s%s%s", name_of(t),
			 rp_proc_status_text(status), shown.len > 0 ? ": " : "", rp_buf_text(&shown));
	return rp_err_hint(err,
			   "run it by hand on the backup: a password or an option of its own may be wrong");
}

int rp_filter_new(struct rp_stream **ret, struct rp_stream *below, const struct rp_argv *argv,
		  const struct rp_unwrapping *how, struct rp_err **err)
{
	static const struct rp_tool_kind filter = {.name = "filter", .prepare = prepare, .judge = judge};
	if (rp_tool_new(ret, &filter, below, how, err) < 0)
		return -1;
	struct rp_tool *t = (struct rp_tool *)*ret;
	t->command = argv;
	t->attempts = 1;
	return 0;
}
