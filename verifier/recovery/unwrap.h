/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_UNWRAP_H
#define RP_RECOVERY_UNWRAP_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/util/stream.h"

struct rp_err;
struct rp_unwrapping;

/* More layers than this are no backup but a bomb. */
#define RP_WRAPPED_MAX 4

/* A wrapping: compression or encryption around any format. One file, one const object, one line in
 * registry.c. */
struct rp_wrapping {
	const char *name;
	/* How sure it is, in bits of the head it has recognised; 0: not mine. As libarchive's filters do. */
	int (*bid)(const uint8_t *head, size_t len);
	/* Takes over 'below', also when it fails. Reads nothing yet. how: what decryption may need; NULL: nothing. A
	 * wrong password, a wrong key derivation, a truncated and a damaged file are four different RP_ERR_BACKUP
	 * messages. */
	int (*unwrap)(struct rp_stream **ret, struct rp_stream *below, const struct rp_unwrapping *how,
		      struct rp_err **err);
};
/* registry.c, NULL-terminated. */
extern const struct rp_wrapping *const rp_wrappings[];

/* Look, recognise, unwrap, until nothing more is recognised: the stages above 'below', which it takes over, also when
 * it fails. 'stored' is its length in bytes (0: not known), by which what it may become is bounded. wrapped: room for
 * RP_WRAPPED_MAX + 1 names, outermost first; NULL: of no interest. What is wrong with the bytes is told when they are
 * read. */
int rp_unwrap(struct rp_stream **ret, struct rp_stream *below, uint64_t stored,
	      const struct rp_unwrapping *how, const char **wrapped, struct rp_err **err);

#endif
