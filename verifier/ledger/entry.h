/* SPDX-License-Identifier: MIT */
#ifndef RP_LEDGER_ENTRY_H
#define RP_LEDGER_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "verifier/manifest/trust.h"
#include "verifier/survey/survey.h"
#include "verifier/util/sha256.h"

struct rp_arena;
struct rp_buf;
struct rp_err;

#define RP_LEDGER_PREDICATE "https://reprove.dev/ledger/v1"
#define RP_LEDGER_ID	    33 /* 32 hex digits and the NUL */
#define RP_ENTRY_MAX	    (1u << 20)

enum rp_entry_kind {
	RP_ENTRY_INTENT,   /* a run begins: written before the artifact is opened */
	RP_ENTRY_RESULT,   /* how it ended; result.json is what it records */
	RP_ENTRY_REVIEW,   /* somebody has looked at an entry */
	RP_ENTRY_DECISION, /* the same, and it closes a failure */
	RP_ENTRY_PRUNED,   /* digests of entries that are no longer there */
};

/* Names of what an entry says besides; docs/ledger-format.md. All values are text. */
#define RP_SAYS_POINT	      "point"	      /* intent, result: which recovery point */
#define RP_SAYS_MANIFEST      "manifest"      /* intent, result: its SHA-256; "" without one */
#define RP_SAYS_CONFIGURATION "configuration" /* intent: SHA-256 of all that was asked for */
#define RP_SAYS_TRUST	      "trust"	      /* intent: SHA-256 of who is trusted for what */
#define RP_SAYS_WAIVERS	      "waivers"	      /* intent: SHA-256 of the waivers */
#define RP_SAYS_CHECKS	      "checks"	      /* intent: SHA-256 of the names of the checks */
#define RP_SAYS_HOST	      "host"	      /* intent: where it ran, as that machine calls itself */
#define RP_SAYS_INTENT	      "intent"	      /* result: the number of its intent */
#define RP_SAYS_STATUS	      "status"	      /* result: 0 to 4 */
#define RP_SAYS_VERDICT	      "verdict"	      /* result */
#define RP_SAYS_RESTORE_MS    "restoreMs"     /* result */
#define RP_SAYS_ROWS	      "rows"	      /* result: compared */
#define RP_SAYS_BYTES	      "bytes"	      /* result: of the backup; not said before there was any */
#define RP_SAYS_RETEST_OF     "retestOf"      /* result: the failure it answers */
#define RP_SAYS_OF	      "of"	      /* review, decision: which entry */
#define RP_SAYS_DIGEST	      "digest"	      /* review, decision: that entry's digest */
#define RP_SAYS_TEXT	      "says"	      /* review, decision: in words */

struct rp_entry {
	char ledger[RP_LEDGER_ID];
	uint64_t number; /* from 1 */
	char previous[RP_SHA256_HEX];
	int64_t at_ms; /* by the clock of the machine that wrote it: shown, and never an order */
	enum rp_entry_kind kind;
	const char *target;	    /* NULL: it is about none */
	const struct rp_fact *says; /* sorted by name; of a PRUNED one number and digest */
	size_t n_says;
	struct rp_file recorded; /* name NULL: it records nothing */

	/* Filled when it is read. */
	char sha256[RP_SHA256_HEX];   /* of its payload: the entry's name */
	const char *const *signed_by; /* of the keys that may speak so */
	size_t n_signed_by;
	const struct rp_stamped *stamped; /* of each of them */
};

const char *rp_entry_kind_name(enum rp_entry_kind k);
/* Whose keys sign such entries. */
enum rp_role rp_entry_role(enum rp_entry_kind k);
/* NULL: it does not say. */
const char *rp_entry_says(const struct rp_entry *e, const char *name);
/* 0 when it does not say, or says no number. */
uint64_t rp_entry_number(const struct rp_entry *e, const char *name);

/* The in-toto Statement; the same entry gives the same bytes. */
int rp_entry_write(struct rp_buf *ret, const struct rp_entry *e, struct rp_err **err);
/* Strict, bounded. What it holds is in 'memory'. RP_ERR_TRUST. */
int rp_entry_read(struct rp_entry *ret, struct rp_arena *memory, const void *payload, size_t len,
		  struct rp_err **err);

#endif
