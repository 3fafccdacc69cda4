/* SPDX-License-Identifier: MIT */
#ifndef RP_NOTIFY_NOTIFY_H
#define RP_NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/result/result.h"
#include "verifier/util/argv.h"

struct rp_buf;
struct rp_err;
struct rp_run;
struct rp_secret;

/* Somebody is told how a run ended. Nothing of the database goes out with it: names, counts and a verdict. */
struct rp_notice {
	const char *run; /* a UUID: the same in all that is told of one run */
	bool correction; /* the run ended otherwise than what was told of it before */
	const char *target;
	const char *point;    /* which recovery point; NULL: it did not come to that */
	const char *manifest; /* SHA-256; NULL: none */
	const char *verdict;
	const char *text;    /* the same in a sentence */
	const char *reports; /* where they are; NULL: there are none */
	int status;	     /* the exit status */
	int64_t started_ms, finished_ms;
	struct rp_summary count;
	const struct rp_buf *result; /* result.json; NULL: there is none */
};

/* Where to, all of it borrowed. Addresses can be secrets as much as the secret is. */
struct rp_notify {
	const char *webhook, *ping;		/* NULL: none */
	const struct rp_secret *webhook_secret; /* NULL: what is sent there is not signed */
	const struct rp_argv *commands;
	size_t n_commands;
	const char *ca;	    /* certificates of authorities, PEM; NULL: the system's */
	int64_t timeout_ms; /* of each attempt */
};

/* "webhook to hooks.example.org", and why it did not arrive. */
struct rp_notify_failure {
	char *way;
	struct rp_err *why;
};
struct rp_notify_outcome {
	size_t told;
	struct rp_notify_failure *failures;
	size_t n_failures;
};
void rp_notify_outcome_done(struct rp_notify_outcome *o);

/* A run begins: only a ping is sent, once. Then how it ended, by every way, each tried a few times; a run that was broken
 * off ('run' is over) is told of, too. -1: out of memory. */
int rp_notify_start(const struct rp_notify *n, const struct rp_notice *notice, struct rp_notify_outcome *ret,
		    struct rp_err **err);
int rp_notify_finish(const struct rp_notify *n, const struct rp_notice *notice, const struct rp_run *run,
		     struct rp_notify_outcome *ret, struct rp_err **err);

/* What can be said of addresses and secret without using them. RP_ERR_USAGE. */
int rp_notify_check(const struct rp_notify *n, struct rp_err **err);

/* notice.c: what is sent, docs/operations.md. As JSON; as an environment. */
void rp_notice_json(const struct rp_notice *n, struct rp_buf *out);
void rp_notice_environment(const struct rp_notice *n, struct rp_argv *env);

#endif
