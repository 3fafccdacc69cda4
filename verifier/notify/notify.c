/* SPDX-License-Identifier: MIT */
#include "verifier/notify/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "verifier/notify/inside.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/http.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define BODY_MAX    (256u << 10)
#define ADDRESS_MAX 4096

/* With a second between the first two, and two before the third. A correction follows on the heels of what was tried. */
static unsigned attempts_of(const struct rp_notice *notice)
{
	return notice->correction ? 1 : 3;
}

/* "webhook to hooks.example.org": what stands behind the host may be a secret. */
static char *way_to(const char *what, const char *address)
{
	rp_autofree char *host = rp_http_host(address);
	char *way = NULL;

	return asprintf(&way, "%s to %s", what, host ? host : "?") < 0 ? NULL : way;
}

static int post(const struct rp_notify *n, const char *to, const char *const *headers,
		const struct rp_buf *body, unsigned attempts, struct rp_err **err)
{
	if (rp_buf_check(body, err) < 0)
		return -1;
	return rp_http(&(struct rp_http){.method = "POST",
					 .url = to,
					 .body = rp_buf_text(body),
					 .len = body->len,
					 .headers = headers,
					 .ca = n->ca,
					 .timeout_ms = n->timeout_ms,
					 .attempts = attempts},
		       NULL, err);
}

/* ---- The ways ---- */

/* .../PING, .../PING/start, .../PING/2 */
static int ping(const struct rp_notify *n, const struct rp_notice *notice, const char *ending,
		unsigned attempts, struct rp_err **err)
{
	static const char *const headers[] = {"Content-Type: text/plain; charset=utf-8", NULL};
	rp_autofree char *to = NULL;
	rp_autobuf body = RP_BUF_INIT(BODY_MAX);
	char rid[64];

	(void)snprintf(rid, sizeof(rid), "rid=%s", notice->run);
	if (rp_http_extend(&to, n->ping, ending, rid, err) < 0)
		return -1;
	rp_buf_add_plain(&body, notice->text);
	rp_buf_add(&body, "\n");
	return post(n, to, headers, &body, attempts, err);
}

static int ping_end(const struct rp_notify *n, const struct rp_notice *notice, struct rp_err **err)
{
	char ending[16] = "";

	if (notice->status != 0)
		(void)snprintf(ending, sizeof(ending), "/%d", notice->status);
	return ping(n, notice, ending, attempts_of(notice), err);
}

static int webhook(const struct rp_notify *n, const struct rp_notice *notice, struct rp_err **err)
{
	char id[64], id_line[96], when[64], signature[RP_WEBHOOK_SIGNATURE], signed_by[128];
	const char *headers[] = {"Content-Type: application/json", id_line, when, NULL, NULL};
	int64_t seconds = rp_time_now_ms() / 1000;
	rp_autobuf body = RP_BUF_INIT(BODY_MAX);

	rp_notice_json(notice, &body);
	/* The same id says: the same message once more. */
	(void)snprintf(id, sizeof(id), "%s%s", notice->run, notice->correction ? "-2" : "");
	(void)snprintf(id_line, sizeof(id_line), "webhook-id: %s", id);
	(void)snprintf(when, sizeof(when), "webhook-timestamp: %" PRId64, seconds);
	if (n->webhook_secret) {
		if (rp_webhook_sign(n->webhook_secret, id, seconds, &body, signature, err) < 0)
			return -1;
		(void)snprintf(signed_by, sizeof(signed_by), "webhook-signature: %s", signature);
		headers[3] = signed_by;
	}
	return post(n, n->webhook, headers, &body, attempts_of(notice), err);
}

/* ---- All of them ---- */

void rp_notify_outcome_done(struct rp_notify_outcome *o)
{
	for (size_t i = 0; i < o->n_failures; i++) {
		free(o->failures[i].way);
		rp_err_free(o->failures[i].why);
	}
	free(o->failures);
	*o = (struct rp_notify_outcome){0};
}

/* Takes way and why over. */
static int note(struct rp_notify_outcome *o, char *way, int done, struct rp_err *why, struct rp_err **err)
{
	if (way && done == 0) {
		free(way);
		o->told++;
		return 0;
	}
	struct rp_notify_failure *more =
		way ? reallocarray(o->failures, o->n_failures + 1, sizeof(*more)) : NULL;
	if (!more) {
		free(way);
		rp_err_free(why);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	o->failures = more;
	o->failures[o->n_failures++] = (struct rp_notify_failure){.way = way, .why = why};
	return 0;
}

int rp_notify_start(const struct rp_notify *n, const struct rp_notice *notice, struct rp_notify_outcome *ret,
		    struct rp_err **err)
{
	struct rp_err *why = NULL;

	if (!n->ping)
		return 0;
	int done = ping(n, notice, "/start", 1, &why);
	return note(ret, way_to("ping", n->ping), done, why, err);
}

int rp_notify_finish(const struct rp_notify *n, const struct rp_notice *notice, const struct rp_run *run,
		     struct rp_notify_outcome *ret, struct rp_err **err)
{
	struct rp_err *why = NULL;

	for (size_t i = 0; i < n->n_commands; i++, why = NULL) {
		char *way = NULL;
		int done = rp_notify_command(n, &n->commands[i], notice, run, &why);
		if (asprintf(&way, "command '%s'", n->commands[i].v[0]) < 0)
			way = NULL;
		if (note(ret, way, done, why, err) < 0)
			return -1;
	}
	if (n->webhook) {
		int done = webhook(n, notice, &why);
		if (note(ret, way_to("webhook", n->webhook), done, why, err) < 0)
			return -1;
		why = NULL;
	}
	if (n->ping) {
		int done = ping_end(n, notice, &why);
		if (note(ret, way_to("ping", n->ping), done, why, err) < 0)
			return -1;
	}
	return 0;
}

int rp_notify_check(const struct rp_notify *n, struct rp_err **err)
{
	rp_autobuf nothing = RP_BUF_INIT(1);
	char signature[RP_WEBHOOK_SIGNATURE];

	if (n->webhook && rp_http_check(n->webhook, false, err) < 0)
		return rp_err_wrap(err, "--webhook");
	if (n->ping && rp_http_check(n->ping, false, err) < 0)
		return rp_err_wrap(err, "--ping");
	if (n->webhook_secret && rp_webhook_sign(n->webhook_secret, "0", 0, &nothing, signature, err) < 0)
		return rp_err_wrap(err, "--webhook-secret");
	return 0;
}
