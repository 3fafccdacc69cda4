/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_STATEMENT_H
#define RP_MANIFEST_STATEMENT_H

#include <stddef.h>

struct rp_buf;
struct rp_err;
struct rp_manifest;

/* What an envelope carries: an in-toto Statement v1 whose predicate is ours. docs/manifest-format.md has it
 * field by field. Names are URIs as the specification asks; nothing is ever fetched from them. */

#define RP_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define RP_PREDICATE_TYPE "https://reprove.dev/manifest/v1"
/* 2: a relation may have a sample and ranges. 3: the host may be named. Written only where it is so, and 1 is read for
 * ever. */
#define RP_PREDICATE_OLDEST  1
#define RP_PREDICATE_SAMPLES 2
#define RP_PREDICATE_VERSION 3

/* Compact, with sorted keys: the same manifest gives the same bytes. */
int rp_statement_write(struct rp_buf *ret, const struct rp_manifest *m, struct rp_err **err);

/* Fill in m, whose memory is there and all else empty. Only for bytes whose signature holds. */
int rp_statement_read(struct rp_manifest *m, const void *bytes, size_t len, struct rp_err **err);

#endif
