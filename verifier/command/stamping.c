/* SPDX-License-Identifier: MIT */
#include "verifier/command/stamping.h"

#include <string.h>
#include <unistd.h>

#include "verifier/manifest/envelope.h"
#include "verifier/manifest/manifest.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/http.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"
#include "verifier/util/stream.h"

#define SECONDS	     30 /* an authority takes one */
#define ENVELOPE_MAX ((size_t)RP_MANIFEST_MAX + (4u << 20))

bool rp_stamping_wanted(const struct stamping_options *o)
{
	return o->url || o->command;
}

int rp_stamping_make(struct stamping *ret, const struct stamping_options *o, struct rp_run *run,
		     struct rp_err **err)
{
	*ret = (struct stamping){.how = *o, .run = run};
	if (o->url && o->command)
		return rp_err_set(err, RP_ERR_USAGE, "--stamp does not go with --stamp-command");
	if (o->url && rp_http_check(o->url, true, err) < 0)
		return rp_err_wrap(err, "--stamp");
	if (o->authority && !rp_stamping_wanted(o))
		return rp_err_set(err, RP_ERR_USAGE, "--stamp-authority needs --stamp or --stamp-command");
	if (o->command && rp_words_split(o->command, &ret->argv, err) < 0)
		return rp_err_wrap(err, "--stamp-command");
	if (o->authority && rp_authority_load(&ret->authority, o->authority, NULL, err) < 0)
		return rp_err_wrap(err, "--stamp-authority");
	return 0;
}

void rp_stamping_done(struct stamping *s)
{
	rp_argv_done(&s->argv);
	rp_authority_free(s->authority);
	*s = (struct stamping){.run = NULL};
}

/* The question says nothing but a digest, and the reply is signed: plain HTTP is what most authorities speak. */
static int ask_url(const struct stamping *s, const struct rp_buf *query, struct rp_buf *reply,
		   struct rp_err **err)
{
	static const char *const headers[] = {"Content-Type: application/timestamp-query",
					      "Accept: application/timestamp-reply", NULL};
	const struct rp_http q = {.method = "POST",
				  .url = s->how.url,
				  .plain = true,
				  .headers = headers,
				  .body = query->s,
				  .len = query->len,
				  .timeout_ms = SECONDS * 1000,
				  .attempts = 3};

	return rp_http(&q, reply, err);
}

/* The user's own command, in the user's environment. A run that was stopped is signed and recorded all the same, so that
 * what stopped it does not stop this. */
static int ask_command(const struct stamping *s, const struct rp_buf *query, struct rp_buf *reply,
		       struct rp_err **err)
{
	rp_auto(rp_stream) input = NULL;
	rp_autobuf said = RP_BUF_INIT(500);
	rp_autobuf shown = RP_BUF_INIT(16u << 10);
	struct rp_program p = RP_PROGRAM_INIT;
	struct rp_run soon = rp_run_unwinding(s->run, SECONDS);

	p.argv = s->argv.v;
	p.env = environ;
	if (rp_stream_of_memory(&input, query->s, query->len, err) < 0)
		return -1;
	int status = rp_proc_run(&p, input, reply, &said, &soon, err);
	if (status < 0)
		return rp_err_wrap(err, "'%s'", s->argv.v[0]);
	if (status == 0)
		return 0;
	rp_buf_add_plain(&shown, rp_buf_text(&said));
	rp_err_set(err, RP_ERR_IO, "'%s' failed: %s%s%s", s->argv.v[0], rp_proc_status_text(status),
		   shown.len > 0 ? ": " : "", rp_buf_text(&shown));
	return rp_err_hint(err,
			   "it reads the question from standard input and writes the reply: try it by hand");
}

static int ask(void *ctx, const void *signature, size_t len, struct rp_buf *ret, struct rp_err **err)
{
	const struct stamping *s = ctx;
	rp_auto(rp_stamp_query) q = NULL;
	rp_autobuf query = RP_BUF_INIT(4096);

	if (rp_stamp_query_new(&q, signature, len, err) < 0 || rp_stamp_query_write(q, &query, err) < 0 ||
	    (s->how.url ? ask_url : ask_command)(s, &query, ret, err) < 0)
		return -1;
	return rp_stamp_query_answer(q, ret->s, ret->len, s->authority, err) < 0
		       ? rp_err_wrap(err, "the authority's reply")
		       : 0;
}

int rp_stamping_envelope(struct stamping *s, struct rp_buf *envelope, size_t *ret_n, struct rp_err **err)
{
	rp_autobuf stamped = RP_BUF_INIT(ENVELOPE_MAX);

	*ret_n = 0;
	if (!rp_stamping_wanted(&s->how))
		return 0;
	if (rp_envelope_stamp(&stamped, ret_n, envelope->s, envelope->len, ask, s, err) < 0)
		return -1;
	if (stamped.len > RP_MANIFEST_MAX)
		return rp_err_set(err, RP_ERR_CONFIG,
				  "with its stamps it has %zu bytes, more than a verifier reads (%u)",
				  stamped.len, RP_MANIFEST_MAX);
	size_t max = envelope->max;
	rp_buf_done(envelope);
	*envelope = stamped;
	envelope->max = max;
	stamped = (struct rp_buf){.max = 0};
	return 0;
}
