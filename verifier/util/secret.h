/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_SECRET_H
#define RP_UTIL_SECRET_H

#include <stddef.h>

#include "verifier/util/cleanup.h"

struct rp_err;

/* A password. Its memory is never swapped out where that can be had, is in no core dump and in no child, and is
 * wiped. It goes to programs through a descriptor, never through their arguments or environment. */
struct rp_secret;

/* Longer ones do not fit into one line of a terminal, which is where some tools ask. */
#define RP_SECRET_MAX 1024

/* The first line, without its end, as openssl and gpg read such files. RP_ERR_USAGE: there is no such thing, it is
 * empty or too long; for a file: others may read it. */
int rp_secret_of_file(struct rp_secret **ret, const char *path, struct rp_err **err);
/* Reads it to its end; the descriptor stays the caller's. */
int rp_secret_of_fd(struct rp_secret **ret, int fd, struct rp_err **err);
/* The same of a number as it is written. */
int rp_secret_of_descriptor(struct rp_secret **ret, const char *number, struct rp_err **err);
/* systemd's: $CREDENTIALS_DIRECTORY/NAME. */
int rp_secret_of_credential(struct rp_secret **ret, const char *name, struct rp_err **err);
/* The variable is taken out of our environment, so that no child gets it. */
int rp_secret_of_variable(struct rp_secret **ret, const char *name, struct rp_err **err);
void rp_secret_free(struct rp_secret *s);
RP_AUTO_CALLS(rp_secret, rp_secret_free)

const char *rp_secret_text(const struct rp_secret *s);
size_t rp_secret_len(const struct rp_secret *s);
/* A descriptor from which it can be read once, as one line. -1 with err. */
int rp_secret_pipe(const struct rp_secret *s, struct rp_err **err);

#endif
