/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/command/verify.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* What a verification knows from outside its evidence: where the last one was remembered, and what time it is. */

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* A variable that names no absolute path is treated as if it were not there, as the XDG specification has it. */
static const char *absolute(const char *variable)
{
	const char *path = getenv(variable);

	return path && *path == '/' ? path : NULL;
}

int rp_state_directory(const char *asked, char **ret, struct rp_err **err)
{
	const char *from;
	int len = 0;

	*ret = NULL;
	if (asked && strcmp(asked, "none") == 0)
		return 0;
	if (asked)
		len = asprintf(ret, "%s", asked);
	else if ((from = absolute("STATE_DIRECTORY"))) /* systemd lists several with ':' in between */
		len = asprintf(ret, "%.*s", (int)strcspn(from, ":"), from);
	else if ((from = absolute("XDG_STATE_HOME")))
		len = asprintf(ret, "%s/reprove", from);
	else if ((from = absolute("HOME")))
		len = asprintf(ret, "%s/.local/state/reprove", from);
	if (len >= 0)
		return 0;
	*ret = NULL;
	return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

int rp_clock_check(int64_t now_ms, int64_t built_ms, struct rp_err **err)
{
	char now[RP_TIME_TEXT], built[RP_TIME_TEXT];

	/* Who builds may live by another clock. */
	if (now_ms >= built_ms - DAY_MS)
		return 0;
	rp_time_format(now_ms, now);
	rp_time_format(built_ms, built);
	rp_err_set(err, RP_ERR_IO, "the clock says %s, and this program was built at %s", now, built);
	return rp_err_hint(err, "the clock was set back: set it right, then try again");
}
