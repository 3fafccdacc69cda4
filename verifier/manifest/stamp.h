/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_STAMP_H
#define RP_MANIFEST_STAMP_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/util/cleanup.h"

struct rp_buf;
struct rp_err;

/* Time stamps of RFC 3161 over a signature: an authority says that these bytes were there at that time. Kept beside
 * the signature in its envelope, where nobody else who reads one minds. */

#define RP_STAMP_MAX (64u << 10) /* of a reply, in DER: some 1 to 10 kB with its certificates */

/* Whose stamps are believed: the certificates that an authority's own must lead to. */
struct rp_authority;
int rp_authority_load(struct rp_authority **ret, const char *path, const char *owner, struct rp_err **err);
void rp_authority_free(struct rp_authority *a);
RP_AUTO_CALLS(rp_authority, rp_authority_free)
/* Its certificates as PEM, for whoever checks by hand; a digest of them, in hex; and whose it is, NULL: not said. */
const char *rp_authority_pem(const struct rp_authority *a);
const char *rp_authority_id(const struct rp_authority *a);
const char *rp_authority_owner(const struct rp_authority *a);

/* Asking for one. The question has a number of its own, so that an old answer is none. */
struct rp_stamp_query;
int rp_stamp_query_new(struct rp_stamp_query **ret, const void *signature, size_t len, struct rp_err **err);
void rp_stamp_query_free(struct rp_stamp_query *q);
RP_AUTO_CALLS(rp_stamp_query, rp_stamp_query_free)
int rp_stamp_query_write(const struct rp_stamp_query *q, struct rp_buf *ret, struct rp_err **err);
/* Is this an answer to it: granted, of these bytes, with that number? With an authority: and by that one? RP_ERR_IO
 * says what came, for an authority's answer is no word about a manifest. */
int rp_stamp_query_answer(const struct rp_stamp_query *q, const void *reply, size_t len,
			  const struct rp_authority *a, struct rp_err **err);

/* Whether a stamp is one of this authority's over these bytes. Certificates count as of the time that it says, not as
 * of today: evidence outlives them. RP_ERR_TRUST says why not. */
#define RP_STAMPED_BY_MAX 256
struct rp_stamp_facts {
	int64_t at_ms;
	char by[RP_STAMPED_BY_MAX]; /* the name in the signing certificate; may be anything */
};
int rp_stamp_check(struct rp_stamp_facts *ret, const struct rp_authority *a, const void *stamp, size_t len,
		   const void *signature, size_t signature_len, struct rp_err **err);

#endif
