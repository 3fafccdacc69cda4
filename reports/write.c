/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/outline.h"
#include "reports/report.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/sha256.h"

/* Two targets must not share a file because a character was replaced or cut, so such a name ends in some of the
 * target's digest. */
static void add_file_name(struct rp_buf *out, const char *target)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(target), most = len < 100 ? len : 100, replaced = len > most || len == 0;
	for (size_t i = 0; i < most; i++) {
		bool good = strchr(fit, target[i]) != NULL && !(i == 0 && target[i] == '.');
		rp_buf_add_mem(out, good ? &target[i] : "_", 1);
		replaced += !good;
	}
	if (replaced > 0) {
		uint8_t digest[RP_SHA256_LEN];
		rp_sha256(target, len, digest);
		rp_buf_add(out, "-");
		rp_buf_add_hex(out, digest, 4);
	}
}

char *rp_report_file(const struct rp_report *report, const char *target)
{
	rp_autobuf name = RP_BUF_INIT(4096);
	for (const char *p = report->file; *p != '\0'; p++) {
		if (*p == '*')
			add_file_name(&name, target);
		else
			rp_buf_add_mem(&name, p, 1);
	}
	return rp_buf_take(&name);
}

static int path_of(char **ret, const struct rp_report *report, const char *target, const char *dir,
		   struct rp_err **err)
{
	rp_autofree char *file = rp_report_file(report, target);
	if (file == NULL || asprintf(ret, "%s/%s", dir, file) < 0) {
		*ret = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return 0;
}

static int write_one(const struct rp_report *report, const struct rp_result *r,
		     const struct rp_rendering *how, const char *dir, struct rp_err **err)
{
	rp_autofree char *path = NULL;
	rp_autobuf text = RP_BUF_INIT(RP_RESULT_MAX);
	if (path_of(&path, report, r->target, dir, err) < 0)
		return -1;
	struct rp_rendering here = how != NULL ? *how : (struct rp_rendering){0};
	here.where = dir;
	report->render(r, &here, &text);
	if (rp_buf_check(&text, err) < 0 || rp_file_replace(path, text.s, text.len, 0644, err) < 0)
		return rp_err_wrap(err, "report '%s'", report->name);
	return 0;
}

int rp_reports_write(const struct rp_result *r, const struct rp_rendering *how, const char *dir,
		     struct rp_err **err)
{
	int failed = 0;
	for (const struct rp_report *const *report = rp_reports; *report != NULL; report++)
		if ((*report)->file != NULL && write_one(*report, r, how, dir, err) < 0)
			failed = -1; /* err keeps the first */
	return failed;
}

static int remove_older(const struct rp_report *report, const char *target, const char *dir,
			struct rp_err **err)
{
	rp_autofree char *path = NULL;
	if (path_of(&path, report, target, dir, err) < 0)
		return -1;
	if (unlink(path) < 0 && errno != ENOENT)
		return rp_err_sys(err, errno, "remove the older report '%s'", path);
	return 0;
}

static int begin(const struct rp_result *r, const char *dir, struct rp_err **err)
{
	/* What the run will find is not known yet, whatever the caller has recorded so far. */
	struct rp_result started = *r;
	started.findings = (struct rp_findings){0};
	started.finished_ms = 0;
	started.refused = RP_VERIFIED;
	if (rp_dir_make(dir, 0755, err) < 0)
		return -1;
	/* result.json last: whoever sees that a run has started finds no older pass beside it. */
	for (const struct rp_report *const *report = rp_reports + 1; *report != NULL; report++)
		if ((*report)->file != NULL && remove_older(*report, r->target, dir, err) < 0)
			return -1;
	if (write_one(rp_reports[0], &started, NULL, dir, err) == 0)
		return 0;
	/* On a full disk, say. None at all is better than one that some other run has passed. */
	(void)remove_older(rp_reports[0], r->target, dir, NULL);
	return -1;
}

int rp_reports_begin(const struct rp_result *r, const char *dir, struct rp_err **err)
{
	return begin(r, dir, err) < 0 ? rp_err_wrap(err, "report directory '%s'", dir) : 0;
}

void rp_report_sentence(const struct rp_result *r, struct rp_buf *out)
{
	rp_auto(rp_outline) o = rp_outline_new(r);
	if (o != NULL)
		rp_words_verdict(o, out);
	else
		rp_buf_add(out, rp_result_verdict(r));
}

int rp_reports_print(const struct rp_result *r, const struct rp_rendering *how, struct rp_err **err)
{
	for (const struct rp_report *const *report = rp_reports; *report != NULL; report++) {
		if ((*report)->file != NULL)
			continue;
		rp_autobuf text = RP_BUF_INIT(RP_RESULT_MAX);
		(*report)->render(r, how, &text);
		if (rp_buf_check(&text, err) < 0 || fflush(stdout) != 0 ||
		    rp_write_all(STDOUT_FILENO, text.s, text.len, err) < 0)
			return rp_err_wrap(err, "report '%s'", (*report)->name);
	}
	return 0;
}
