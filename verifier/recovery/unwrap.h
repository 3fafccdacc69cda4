/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_UNWRAP_H
#define RP_RECOVERY_UNWRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/util/sha256.h"
#include "verifier/util/stream.h"

struct rp_argv;
struct rp_err;
struct rp_run;
struct rp_secret;

/* More layers than this are no backup but a bomb. */
#define RP_WRAPPED_MAX 4

/* What a person says about how a backup is packed and locked: the file says what, and never with what. Plain data,
 * borrowed from whoever made it, for as long as anything that was unwrapped with it lives. */
struct rp_unwrapping {
	struct rp_run *run; /* NULL: never stops */
	uint64_t room;	    /* bytes that a layer may unpack to at least; 0: by its size alone */
	/* Commands that take a layer off, outermost first, before anything is recognised. */
	const struct rp_argv *filters;
	size_t n_filters;
	/* Tried in this order. */
	struct rp_secret *const *passwords;
	size_t n_passwords;
	const char *const *identities; /* age's key files; NULL-terminated; NULL: none */
	const char *gnupghome;	       /* where gpg has its keys; NULL: it gets an empty one */
	const char *tmpdir;	       /* for that; NULL: $TMPDIR, or else /tmp */
	/* What 'openssl enc' was told, and does not write down. */
	struct {
		const char *cipher;  /* NULL: aes-256-cbc */
		const char *digest;  /* NULL: sha256 */
		unsigned iterations; /* of PBKDF2; 0: 10000 */
		bool bytes_to_key;   /* the old key derivation, and no PBKDF2 */
	} openssl;
};

/* A wrapping: compression or encryption around any format. One file, one const object, one line in
 * registry.c. */
struct rp_wrapping {
	const char *name;
	const char *program; /* that opens it; NULL: it is opened here */
	bool heavy; /* takes so long that what is below it and what is above have threads of their own */
	/* How sure it is, in bits of the head it has recognised; 0: not mine. As libarchive's filters do. */
	int (*bid)(const uint8_t *head, size_t len);
	/* Takes over 'below', also when it fails. Reads nothing yet; whatever is wrong is told by the first read(), in
	 * the thread that opened it. how: what decryption may need; NULL: nothing.
	 *
	 * Truncated, damaged: RP_ERR_BACKUP. A wrong password or key derivation, and damage that cannot be told
	 * from them: RP_ERR_LOCKED. No password, where there must be one: RP_ERR_USAGE. */
	int (*unwrap)(struct rp_stream **ret, struct rp_stream *below, const struct rp_unwrapping *how,
		      struct rp_err **err);
};
/* registry.c, NULL-terminated. */
extern const struct rp_wrapping *const rp_wrappings[];

/* Look, recognise, unwrap, until nothing more is recognised: the stages above 'below', which it takes over, also when
 * it fails. 'stored' is its length in bytes (0: not known), by which what each layer may become is bounded: it may be a
 * thousand times as long, or as long as there is room for. wrapped: room for
 * RP_WRAPPED_MAX + 1 names, outermost first; NULL: of no interest. What is wrong with the bytes is told when they are
 * read. */
int rp_unwrap(struct rp_stream **ret, struct rp_stream *below, uint64_t stored,
	      const struct rp_unwrapping *how, const char **wrapped, struct rp_err **err);

/* What came out of one wrapping. */
struct rp_layer {
	const char *name; /* of the wrapping */
	uint64_t size;
	uint8_t sha256[RP_SHA256_LEN];
	bool whole;		 /* read to its end: then the digest is there */
	struct rp_stream *stage; /* private */
};
struct rp_layers {
	struct rp_layer all[RP_WRAPPED_MAX];
	size_t n;
};
/* Unwrap all of 'below', which it takes over, and say what each layer was: outermost first. */
int rp_unwrap_layers(struct rp_stream *below, uint64_t stored, const struct rp_unwrapping *how,
		     struct rp_layers *ret, struct rp_err **err);

#endif
