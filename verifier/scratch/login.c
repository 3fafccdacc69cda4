/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

/* How tools log in. Some are told all of it in a file; others need one only for a password of the user's server, and
 * that when they run as another user than we and do not find ours. */

static bool is_needed(const struct rp_scratch *s)
{
	if (s->hosted->pass != NULL)
		return false;
	return s->engine->hosting->login != NULL || (s->server != NULL && s->hosted->as.drop);
}

static int write_it(struct rp_scratch *s, struct rp_conn *c, struct rp_err **err)
{
	struct rp_hosted *h = s->hosted;
	rp_autobuf file = RP_BUF_INIT(64 << 10);
	const char *variable = NULL;
	if (s->engine->hosting->lend(c, &file, &variable, err) < 0)
		return -1;
	if (file.len == 0)
		return 0;
	h->pass = rp_path(s->dir, "pass", err);
	h->pass_variable = variable != NULL ? strdup(variable) : NULL;
	if (h->pass == NULL || (variable != NULL && h->pass_variable == NULL))
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	int r = rp_file_replace(h->pass, file.s, file.len, 0600, err);
	explicit_bzero(file.s, file.len);
	return r < 0 ? -1 : rp_scratch_lend(s, h->pass, err);
}

int rp_login_lend(struct rp_scratch *s, const char *uri, struct rp_err **err)
{
	if (!is_needed(s))
		return 0;
	struct rp_conn *c = NULL;
	if (s->engine->connect(&c, uri, s->run, err) < 0)
		return -1;
	int r = write_it(s, c, err);
	s->engine->close(c);
	return r < 0 ? rp_err_wrap(err, "let tools log in") : 0;
}
