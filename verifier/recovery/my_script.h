/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_SCRIPT_H
#define RP_RECOVERY_MY_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/util/stream.h"

struct rp_err;

/* Files of mydumper's on their way into the client, as one. A statement in them ends with a ';' that ends a line, and
 * nowhere else: bodies of routines hold others. So what comes out is
 *
 *     DELIMITER WORD       random, and no client command of a stranger's ends it
 *     settings             of ours, the same for all files of a kind
 *     the statement
 *     WORD                 in place of each ';' that ends a line
 *     select 'SENTINEL:0'  behind each file, which the client prints only when it was whole
 */
struct rp_my_script_file {
	const char *name;
	bool code;	   /* routines, triggers, views: no sql_mode of a loader's */
	bool may_be_empty; /* rows of a table that has none */
};

struct rp_my_script {
	const struct rp_my_script_file *files; /* borrowed, as long as the stream lives */
	size_t n;
	/* The i-th file's unwrapped bytes. */
	int (*open)(void *ctx, size_t i, struct rp_stream **ret, struct rp_err **err);
	void *ctx;
};

int rp_my_script_new(struct rp_stream **ret, const struct rp_my_script *script, struct rp_err **err);
const char *rp_my_script_sentinel(const struct rp_stream *s);
/* All files were read to their end. */
bool rp_my_script_whole(const struct rp_stream *s);

#endif
