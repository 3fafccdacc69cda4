/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/notify/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

#define SAID_MAX 4096

/* What mail(1), a script with its own credential, or a client behind a proxy needs to find its way; no secret of ours is
 * among them. */
static const char *const passed_on[] = {"PATH",
					"HOME",
					"USER",
					"LOGNAME",
					"LANG",
					"LC_ALL",
					"TZ",
					"TMPDIR",
					"https_proxy",
					"HTTPS_PROXY",
					"no_proxy",
					"NO_PROXY",
					"CREDENTIALS_DIRECTORY",
					"STATE_DIRECTORY",
					"XDG_RUNTIME_DIR",
					"DBUS_SESSION_BUS_ADDRESS"};

static void environment(const struct rp_notice *notice, struct rp_argv *env)
{
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++) {
		const char *value = getenv(passed_on[i]);
		if (value)
			rp_argv_addf(env, "%s=%s", passed_on[i], value);
	}
	rp_notice_environment(notice, env);
}

/* The last line that it wrote is most often the reason. */
static const char *last_line(struct rp_buf *said)
{
	char *s = said->s;

	while (said->len > 0 && (s[said->len - 1] == '\n' || s[said->len - 1] == ' '))
		s[--said->len] = '\0';
	const char *line = s ? strrchr(s, '\n') : NULL;
	return line ? line + 1 : rp_buf_text(said);
}

int rp_notify_command(const struct rp_notify *n, const struct rp_argv *command,
		      const struct rp_notice *notice, const struct rp_run *run, struct rp_err **err)
{
	struct rp_program p = RP_PROGRAM_INIT;
	struct rp_run own = rp_run_unwinding(run, (unsigned)((n->timeout_ms + 999) / 1000));
	rp_cleanup(rp_argv_done) struct rp_argv env = {0};
	rp_auto(rp_stream) input = NULL;
	rp_autobuf said = RP_BUF_INIT(SAID_MAX);

	environment(notice, &env);
	if (env.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (notice->result &&
	    rp_stream_of_memory(&input, rp_buf_text(notice->result), notice->result->len, err) < 0)
		return -1;
	p.argv = command->v;
	p.env = env.v;
	int status = rp_proc_run(&p, input, NULL, &said, &own, err);
	if (status < 0)
		return -1;
	if (status == 0)
		return 0;
	const char *why = last_line(&said);
	return rp_err_set(err, RP_ERR_IO, "%s%s%s", rp_proc_status_text(status), *why ? ": " : "", why);
}
