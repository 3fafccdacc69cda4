/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_ERROR_H
#define RP_UTIL_ERROR_H

#include <stddef.h>

/* What kind of failure this is. The kind decides what the program does next, the text is for people and
 * decides nothing. Every kind ends a run with exit status 2 unless said otherwise. */
enum rp_err_kind {
	RP_ERR_USAGE = 1, /* options: exit 4 */
	RP_ERR_CONFIG,	  /* configuration or key file: exit 4 */
	RP_ERR_IO,
	RP_ERR_ENGINE, /* a server or its connection failed */
	RP_ERR_OBJECT, /* one object could not be read (permission, damage); the connection is still good */
	RP_ERR_BACKUP, /* the backup itself is at fault (truncated, damaged, refused by its tool): exit 1 */
	RP_ERR_TRUST,  /* signature, key, identity, expiry, replay: exit 3 */
	RP_ERR_TIMEOUT,
	RP_ERR_CANCELLED,
	RP_ERR_NOMEM,
	RP_ERR_LOCKED, /* what is encrypted did not open: the password or key, or damage that looks like it */
};

/* A failure and its story, outermost context first: "restore 'shop': start server: ...". One thread at a
 * time. */
struct rp_err;

/* Record the first failure; a second call keeps the first and adds nothing. err may be NULL (nobody asks).
 * Returns -1. */
int rp_err_set(struct rp_err **err, enum rp_err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* As rp_err_set() with RP_ERR_IO and ": <strerror>" appended. */
int rp_err_sys(struct rp_err **err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Record a failure that is kept elsewhere: its kind, text and hint. */
int rp_err_again(struct rp_err **err, const struct rp_err *kept);
/* Put "<context>: " before what is already there. Returns -1, so that 'return rp_err_wrap(...)' ends a
 * function. */
int rp_err_wrap(struct rp_err **err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What the person can do about it; shown on a line of its own as "hint: ...". The innermost one is kept.
 * Returns -1. */
int rp_err_hint(struct rp_err **err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum rp_err_kind rp_err_kind(const struct rp_err *err);
const char *rp_err_text(const struct rp_err *err);	/* lives as long as err */
const char *rp_err_hint_text(const struct rp_err *err); /* NULL: no hint */

/* Accepts NULL. */
void rp_err_free(struct rp_err *err);
static inline void rp_err_freep(struct rp_err **err)
{
	rp_err_free(*err);
	*err = NULL;
}
#endif
