/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_STAGE_H
#define RP_RECOVERY_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/recovery/artifact.h"
#include "verifier/util/stream.h"

struct rp_err;
struct rp_run;

/* Private to this folder: the stages below and above the wrappings. */

#define RP_HEAD_MAX (64 << 10)

/* One file of an artifact as it is read and hashed. It outlives the chain of stages that reads from it, so that
 * what a restore tool did not want is still read by rp_artifact_finish(), and the digest is of the bytes that
 * were given out. */
struct rp_source {
	struct rp_file *file;	 /* borrowed; gets size and digest at the end of the first reading */
	struct rp_run *run;	 /* borrowed */
	struct rp_stream *below; /* the store's bytes; owned; NULL: closed */
	struct evp_md_ctx_st *hash;
	uint64_t size;	 /* bytes read so far, this time */
	unsigned serial; /* which reading this is; a chain of an earlier one is refused */
	bool read_on;	 /* a chain of this reading is open still */
	size_t *n_open;	 /* counts the sources that hold a descriptor; borrowed */
};

/* Begin (again) with bytes from the store, which it takes over, also when it fails. */
int rp_source_begin(struct rp_source *s, struct rp_stream *below, struct rp_err **err);
/* The bottom of a chain. It borrows s. */
int rp_source_stream(struct rp_source *s, struct rp_stream **ret, struct rp_err **err);
/* Drop what it has open: of a reading of which nobody was given more than a look, the next one counts. */
void rp_source_forget(struct rp_source *s);
/* Read what is left, if it was begun. */
int rp_source_drain(struct rp_source *s, struct rp_err **err);

/* All of 'from' into a file. */
int rp_copy_out(struct rp_stream *from, int fd, struct rp_err **err);
const struct rp_unwrapping *rp_artifact_unwrapping(const struct rp_artifact *a);
/* Once its head is known: is it a tar, and what does it show? */
int rp_artifact_see_members(struct rp_artifact *a, struct rp_err **err);

/* A stage that has read ahead: the first bytes can be looked at and are given out again. A failure met while
 * looking ahead waits until a reader comes to that place: an artifact that is damaged can be opened, hashed and
 * reported like any other. Once more than 'most' bytes have come out it fails with RP_ERR_IO; 0: no limit. Takes
 * over 'below', also when it fails. */
int rp_peek_new(struct rp_stream **ret, struct rp_stream *below, uint64_t most, struct rp_err **err);
void rp_peek_head(const struct rp_stream *peek, const uint8_t **ret, size_t *ret_len);
/* What failed while looking ahead; NULL: nothing did. */
const struct rp_err *rp_peek_failure(const struct rp_stream *peek);
/* A stage that reads what is below it in a thread of its own, once there is more than a little. Takes over 'below', also
 * when it fails. */
int rp_ahead_new(struct rp_stream **ret, struct rp_stream *below, struct rp_err **err);
/* A stage that hashes what goes through it, into what is borrowed. Takes over 'below', also when it fails. */
int rp_tally_new(struct rp_stream **ret, struct rp_stream *below, struct rp_layer *into, struct rp_err **err);
/* A command of the user's own that takes a layer off. Takes over 'below', also when it fails; borrows argv. */
int rp_filter_new(struct rp_stream **ret, struct rp_stream *below, const struct rp_argv *argv,
		  const struct rp_unwrapping *how, struct rp_err **err);

#endif
