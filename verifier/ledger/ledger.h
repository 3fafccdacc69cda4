/* SPDX-License-Identifier: MIT */
#ifndef RP_LEDGER_LEDGER_H
#define RP_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/ledger/entry.h"
#include "verifier/manifest/trust.h"
#include "verifier/util/cleanup.h"

struct rp_buf;
struct rp_err;

/* The record of past verifications: a directory of signed entries, each holding the digest of the one before.
 *
 *     ledger.json                its id, and when it was begun
 *     entries/000000000001.json  DSSE envelopes; docs/ledger-format.md has them field by field
 *     results/000000000002.json  what was recorded by entry 2, byte for byte
 *     lock
 *
 * Entries are ordered by number and never by clock. A chain cannot show that its end was cut off, or that all of it
 * was made anew: for that its head is printed after every run, to be kept somewhere else. */
struct rp_ledger;

/* RP_ERR_CONFIG: there is none, and 'create' was not asked for. */
int rp_ledger_open(struct rp_ledger **ret, const char *dir, bool create, struct rp_err **err);
void rp_ledger_free(struct rp_ledger *l);
RP_AUTO_CALLS(rp_ledger, rp_ledger_free)
const char *rp_ledger_id(const struct rp_ledger *l); /* 32 hex digits, random */
const char *rp_ledger_dir(const struct rp_ledger *l);

/* The end of the chain. number 0: there is no entry yet, and sha256 is of ledger.json's id. */
struct rp_head {
	uint64_t number;
	char sha256[RP_SHA256_HEX]; /* of the entry's signed payload */
	int64_t at_ms;		    /* when it was written; 0: there is none */
};
int rp_ledger_head(struct rp_ledger *l, struct rp_head *ret, struct rp_err **err);
/* "ID:12:3f2a...", as it is printed; and what was kept of it somewhere. */
void rp_head_format(const struct rp_ledger *l, const struct rp_head *h, struct rp_buf *ret);
int rp_head_parse(const char *text, char ret_id[RP_LEDGER_ID], struct rp_head *ret, struct rp_err **err);

/* Sign an entry and add it behind the last one: number, previous digest and ledger's id are filled in here, under a lock
 * that another run waits for. recorded: bytes that are kept beside it, its subject; NULL: none. All of it is on the
 * disk when this returns, and nothing of it counts when it fails. *ret_envelope: what was written, to be appended to;
 * NULL: of no interest. */
int rp_ledger_append(struct rp_ledger *l, struct rp_entry *e, const struct rp_buf *recorded,
		     struct rp_key *key, struct rp_buf *ret_envelope, struct rp_err **err);

/* Put an entry's envelope back with time stamps beside its signatures: what was signed stays as it is, or nothing is
 * written. */
int rp_ledger_put_stamped(struct rp_ledger *l, uint64_t number, const struct rp_buf *envelope,
			  struct rp_err **err);

/* Every entry there is, in order, its signatures looked at with these keys (their roles count; whose target and which
 * time as for manifests). What does not hold together is a fault, a sentence each. */
struct rp_fault {
	uint64_t number; /* of the entry; 0: of the ledger */
	char *says;	 /* owned by the chain */
};
struct rp_chain {
	struct rp_entry *all; /* pruned ones are not among them */
	size_t n;
	struct rp_fault *faults;
	size_t n_faults;
	struct rp_head head;
	uint64_t pruned; /* entries of which only the digest is left */
	struct rp_arena *memory;
};
/* -1: could not look. Faults are an answer. kept: a head from elsewhere that must be part of it; NULL: none. recorded:
 * read what each entry recorded, too, which is much; else its digest alone is believed. */
int rp_ledger_read(struct rp_ledger *l, const struct rp_trust *trust, const struct rp_head *kept,
		   bool recorded, struct rp_chain **ret, struct rp_err **err);
/* NULL: there is none of this number, or not any more. */
const struct rp_entry *rp_chain_entry(const struct rp_chain *c, uint64_t number);
void rp_chain_free(struct rp_chain *c);
RP_AUTO_CALLS(rp_chain, rp_chain_free)

/* The bytes that entry e recorded: they are what it says they are, or -1. */
int rp_ledger_recorded(struct rp_ledger *l, const struct rp_entry *e, struct rp_buf *ret,
		       struct rp_err **err);

/* Remove entries before 'before_ms' with what they recorded, but for their digests, which a new entry keeps: the chain
 * still checks. The newest pass of a target and its open failures stay. At most RP_PRUNED_MAX at a time; a ledger with
 * faults is not pruned. */
#define RP_PRUNED_MAX 8000
int rp_ledger_prune(struct rp_ledger *l, const struct rp_chain *c, int64_t before_ms, struct rp_key *key,
		    int64_t now_ms, uint64_t *ret_pruned, struct rp_err **err);

#endif
