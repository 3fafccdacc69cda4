/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "reports/report.h"
#include "verifier/command/commands.h"
#include "verifier/command/verify.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define TEXT_MAX_ (64u << 10)

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static struct rp_notice notice_of(const struct verifying *v)
{
	const struct rp_result *r = v->result;
	const char *artifact = v->e.point ? v->e.point->id : v->options->artifact;

	return (struct rp_notice){.run = v->notifying.run,
				  .target = v->options->target,
				  .point = v->recording.point ? v->recording.point
					   : artifact	      ? last_part(artifact)
							      : NULL,
				  .manifest = r ? r->manifest_sha256 : NULL,
				  .reports = v->options->reports,
				  .started_ms = r ? r->started_ms : 0,
				  .finished_ms = r ? r->finished_ms : 0,
				  .count = r ? rp_result_summary(r) : (struct rp_summary){0}};
}

/* Each failure to standard error. The run's result says it, too, unless that is final already ('into' is NULL). */
static void complain(const struct verifying *v, struct rp_notify_outcome *o, struct rp_result *into)
{
	for (size_t i = 0; i < o->n_failures; i++) {
		rp_autoerr struct rp_err *err = NULL;
		(void)rp_err_again(&err, o->failures[i].why);
		(void)rp_err_wrap(&err, "the notification by %s did not get through", o->failures[i].way);
		rp_command_complain(err);
		if (into && v->notifying.required)
			rp_result_refuse(into, "notification", err);
		else if (into)
			rp_result_proviso(into, "%s", rp_err_text(err));
	}
}

void rp_verify_tell_start(struct verifying *v)
{
	rp_cleanup(rp_notify_outcome_done) struct rp_notify_outcome o = {0};
	rp_autoerr struct rp_err *err = NULL;
	struct rp_notice n = notice_of(v);

	if (!rp_notifying_wanted(&v->notifying))
		return;
	rp_result_about(v->result, "run", v->notifying.run);
	n.text = "started";
	n.verdict = "";
	if (rp_notify_start(&v->notifying.how, &n, &o, &err) < 0)
		rp_command_complain(err);
	/* The end will be told, so that this alone makes no 2. */
	for (size_t i = 0; i < o.n_failures; i++)
		rp_result_proviso(v->result, "the beginning could not be told by %s: %s", o.failures[i].way,
				  rp_err_text(o.failures[i].why));
	complain(v, &o, NULL);
}

static bool tell(struct verifying *v, struct rp_notice *n, struct rp_result *into)
{
	rp_cleanup(rp_notify_outcome_done) struct rp_notify_outcome o = {0};
	rp_autoerr struct rp_err *err = NULL;

	n->correction = v->notifying.told >= 0;
	v->notifying.told = n->status;
	if (rp_notify_finish(&v->notifying.how, n, v->run, &o, &err) < 0) {
		rp_command_complain(err);
		if (into)
			rp_result_refuse(into, "notification", err);
		return true;
	}
	complain(v, &o, into);
	if (o.told == 0 && n->status != 0) {
		rp_err_set(&err, RP_ERR_IO, "nobody was told of this: '%s' is %s (status %d)", n->target,
			   n->verdict, n->status);
		rp_command_complain(err);
	}
	return o.n_failures > 0;
}

bool rp_verify_tell(struct verifying *v, enum rp_status status, bool is_final)
{
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX), text = RP_BUF_INIT(TEXT_MAX_);
	struct rp_notice n = notice_of(v);

	if (!rp_notifying_wanted(&v->notifying) || v->notifying.told == (int)status)
		return false;
	/* What cannot be written is told without it. */
	if (rp_result_write(v->result, &json, NULL) == 0)
		n.result = &json;
	n.status = (int)status;
	n.verdict = status == rp_result_status(v->result) ? rp_result_verdict(v->result) : "inconclusive";
	rp_report_sentence(v->result, &text);
	if (status != rp_result_status(v->result))
		rp_buf_addf(&text, "%sIts report or record could not be written.", text.len ? " " : "");
	n.text = rp_buf_text(&text);
	return tell(v, &n, is_final ? NULL : v->result);
}

void rp_verify_tell_refused(struct verifying *v, const struct rp_err *why)
{
	struct rp_notice n = notice_of(v);

	if (!rp_notifying_wanted(&v->notifying))
		return;
	n.status = (int)rp_status_of_error(rp_err_kind(why));
	n.verdict = "inconclusive";
	n.text = rp_err_text(why);
	(void)tell(v, &n, NULL);
}
