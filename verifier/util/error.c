/* SPDX-License-Identifier: MIT */
#include "verifier/util/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rp_err {
	enum rp_err_kind kind;
	char *text, *hint;
};

/* Reporting "out of memory" must not itself allocate. */
static struct rp_err err_nomem = {.kind = RP_ERR_NOMEM};

static char *format_v(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *format_v(const char *fmt, va_list ap)
{
	char *s = NULL;
	return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

/* Takes over text. */
static int store(struct rp_err **err, enum rp_err_kind kind, char *text)
{
	if (err == NULL || *err != NULL) {
		free(text);
		return -1;
	}
	struct rp_err *e = text != NULL ? malloc(sizeof *e) : NULL;
	if (e == NULL) {
		free(text);
		*err = &err_nomem;
		return -1;
	}
	*e = (struct rp_err){.kind = kind, .text = text};
	*err = e;
	return -1;
}

int rp_err_set(struct rp_err **err, enum rp_err_kind kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = format_v(fmt, ap);
	va_end(ap);
	return store(err, kind, text);
}

int rp_err_sys(struct rp_err **err, int errnum, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = format_v(fmt, ap);
	va_end(ap);
	char *full = NULL;
	if (text != NULL && asprintf(&full, "%s: %s", text, strerrordesc_np(errnum)) < 0)
		full = NULL;
	free(text);
	return store(err, RP_ERR_IO, full);
}

int rp_err_wrap(struct rp_err **err, const char *fmt, ...)
{
	if (err == NULL || *err == NULL || *err == &err_nomem)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	char *ctx = format_v(fmt, ap);
	va_end(ap);
	char *full = NULL;
	if (ctx != NULL && asprintf(&full, "%s: %s", ctx, (*err)->text) >= 0) {
		free((*err)->text);
		(*err)->text = full;
	}
	free(ctx);
	return -1;
}

int rp_err_hint(struct rp_err **err, const char *fmt, ...)
{
	if (err == NULL || *err == NULL || *err == &err_nomem || (*err)->hint != NULL)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	(*err)->hint = format_v(fmt, ap);
	va_end(ap);
	return -1;
}

enum rp_err_kind rp_err_kind(const struct rp_err *err)
{
	return err->kind;
}

const char *rp_err_text(const struct rp_err *err)
{
	return err == &err_nomem ? "out of memory" : err->text;
}

const char *rp_err_hint_text(const struct rp_err *err)
{
	return err->hint;
}

int rp_err_again(struct rp_err **err, const struct rp_err *kept)
{
	(void)rp_err_set(err, kept->kind, "%s", rp_err_text(kept));
	return kept->hint != NULL ? rp_err_hint(err, "%s", kept->hint) : -1;
}

void rp_err_free(struct rp_err *err)
{
	if (err == NULL || err == &err_nomem)
		return;
	free(err->text);
	free(err->hint);
	free(err);
}
