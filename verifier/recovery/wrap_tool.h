/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_WRAP_TOOL_H
#define RP_RECOVERY_WRAP_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/recovery/unwrap.h"
#include "verifier/scratch/box.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/proc.h"
#include "verifier/util/stream.h"

struct rp_err;
struct rp_secret;
struct rp_tool;

/* A stage that is a program: what is below goes to its stdin, its stdout comes out, and its end is judged. It is
 * started again with the next password where one did not fit, and given again what it has had. */

/* What is kept of what a program was given, for the next attempt: those that are here say that a password is wrong
 * after the first bytes, but what they have not looked at yet waits in a pipe. */
#define RP_TOOL_KEPT (1 << 20)

struct rp_tool_kind {
	const char *name; /* "gpg" */
	bool boxed;	  /* in the best box there is; false: a program of the user's own, as it is */
	/* Make argv for t->attempt, and what it is allowed; lend it a password. t->kept has the first bytes. */
	int (*prepare)(struct rp_tool *t, struct rp_err **err);
	/* It has ended with this status, and t->said is what it said. 0: it gave out everything, and that was proved;
	 * RP_ERR_LOCKED: with another password it may. */
	int (*judge)(struct rp_tool *t, int status, struct rp_err **err);
	void (*release)(struct rp_tool *t); /* what 'prepare' has started; NULL: nothing */
};

struct rp_tool {
	struct rp_stream base;
	const struct rp_tool_kind *kind;
	const struct rp_unwrapping *how; /* never NULL */
	size_t attempt, attempts;
	uint64_t in, out; /* bytes that it was given from below, and gave */
	bool below_ended;
	struct rp_buf said; /* the beginning of its stderr */
	uint8_t *kept;
	size_t n_kept;
	/* prepare()'s. */
	struct rp_argv argv;
	struct rp_argv reads; /* files that it must see */
	struct rp_leave leave;
	const struct rp_argv *command; /* of a filter */
	bool started_agent;
	/* Private to wrap_tool.c. */
	size_t resent;	      /* of what is kept */
	const uint8_t *chunk; /* on its way to it: into 'fresh', or into what is kept */
	size_t left;
	struct rp_proc proc;
	int to, from, errors; /* our ends of its pipes */
	int pass;	      /* a password, to be read once */
	int terminal;	      /* the other side of its terminal */
	char slave[64];
	bool begun, over, failed;
	struct rp_box box;
	uint8_t fresh[64 << 10];
};

/* Takes over 'below', also when it fails. */
int rp_tool_new(struct rp_stream **ret, const struct rp_tool_kind *kind, struct rp_stream *below,
		const struct rp_unwrapping *how, struct rp_err **err);
/* For prepare(). The number of a descriptor from which it reads the password of this attempt; -1 with err. */
int rp_tool_lend(struct rp_tool *t, struct rp_err **err);
/* A terminal of its own on which that password has been typed already. */
int rp_tool_type(struct rp_tool *t, struct rp_err **err);
/* NULL: there is none. */
const struct rp_secret *rp_tool_password(const struct rp_tool *t);
/* For judge(): read what is below, to its end or until that many bytes have been read in all. */
int rp_tool_read_on(struct rp_tool *t, uint64_t until, struct rp_err **err);
/* The last bytes that were read of what is below hold this text: where armour ends. */
bool rp_tool_ends_with(const struct rp_tool *t, const char *text);

#endif
