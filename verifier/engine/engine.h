/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_ENGINE_H
#define RP_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/result/finding.h"
#include "verifier/survey/compare.h"
#include "verifier/survey/guess.h"
#include "verifier/survey/row.h"
#include "verifier/survey/survey.h"
#include "verifier/survey/suspicion.h"

struct rp_buf;
struct rp_err;
struct rp_hosting;
struct rp_run;

/* What a kind of database must be able to do to be proved. For those who write an engine; those who use one
 * include db.h. Not SQL: a bucket and a table inside a file fill in the same table. An engine is a folder
 * that ends in one const object of this type and has one line in registry.c; nothing outside its folder knows
 * its name. */

/* One connection. An engine's own struct begins with it. Used by one thread at a time; different connections
 * may be used at the same time by different threads, so whatever an engine shares between its connections is
 * its own to guard. */
struct rp_conn {
	struct rp_run *run; /* borrowed, set by connect and hold; wait with rp_run_poll() only */
};

/* Somebody else who must see the moment: a backup tool. The engine says when it starts: with PostgreSQL once
 * the snapshot has a name, with MySQL before the lock, so that its slow beginning holds up nobody. */
struct rp_guest {
	/* Called once, by the main thread. how: what lets it in ("snapshot", "socket", "database"). */
	int (*start)(struct rp_guest *g, const struct rp_fact *how, size_t n, struct rp_err **err);
	/* [it lives] For an engine that waits for it: -1 when it has ended, and what it said about that. Does not
	 * wait. */
	int (*check)(struct rp_guest *g, struct rp_err **err);
	/* For an engine without snapshots that can be named: how many transactions it reads in, each on a connection of
	 * its own; 0: one. */
	unsigned transactions;
};
/* One for whoever leads the others, and so many that read. */
#define RP_GUEST_READERS_MAX 32

/* A part of a relation: block numbers, key bounds, a segment of n, a prefix. Text in the engine's own words,
 * shown in logs. */
struct rp_range {
	char *from, *to; /* owned; NULL: open at this end */
};

/* A question in the engine's own query language, read-only and limited in time. */
struct rp_question {
	const char *text; /* whole, from the user's file */
	const char *role; /* ask as this user; NULL: as we are */
	unsigned limit_ms;
};
struct rp_reply {
	uint64_t rows;
	char *first; /* first cell of the first row as text, owned; NULL: no row, or NULL */
};

/* An integrity test of the engine's own: shown, chosen and reported as a check of this name. */
struct rp_engine_test {
	const char *name; /* "engine.amcheck", "constraint.orphans" */
	const char *summary;
	enum rp_severity severity;
	bool pages; /* about pages that a physical backup brings; after any other it is asked when named, only */
	/* Asked of the source as well, when it is sealed: reading is enough, and it ends nothing. What it finds
	 * there is a warning and a line of the manifest's coverage. */
	bool of_source;
	/* And it is about the data, not about whether the survey can be believed: where the source had the very same
	 * (object and message), a copy of it that has it too is as good as it. Such an answer passes, and says so. */
	bool inherited;
	/* What a pass says of itself after a restore that brought the whole server, and with it what the test compares
	 * with; static text. NULL: the same as ever. */
	const char *brought;
	/* Why there is nothing here that it could look at, and nothing is missed by that; static text. NULL: there is.
	 * May be NULL. */
	const char *(*moot)(struct rp_conn *c);
	/* Answers with rp_pass() and its like, at least once. 0: asked; -1: could not go on, err says why.
	 * Asked last of all: it may end the moment that c sees. */
	int (*run)(struct rp_conn *c, const struct rp_survey *found, struct rp_findings *to,
		   struct rp_err **err);
};

/* What may go wrong with a copy, done to one on purpose: 'selftest' shows that it is found. */
struct rp_engine_damage {
	const char *name;      /* "row-lost": in results, for ever */
	const char *says;      /* "a row is lost" */
	const char *caught_by; /* the check that must fail */
	bool of_rows;	       /* it is done to one relation */
};

struct rp_engine {
	const char *name;	    /* "postgresql": in manifests and configuration, for ever */
	const char *const *schemes; /* of its URIs, NULL-terminated: "postgresql", "postgres" */

	/* Required. All return 0 or -1 with err. */

	/* Passwords come from where the engine's own tools find them, never from the URI. Every setting on
	 * which the encoding or our safety depends is pinned before the database's own code can run, and read
	 * back. */
	int (*connect)(struct rp_conn **ret, const char *uri, struct rp_run *run, struct rp_err **err);
	/* Text in what is returned is borrowed from c until its next call. */
	int (*identify)(struct rp_conn *c, struct rp_identity *ret, struct rp_position *ret_at,
			struct rp_err **err);
	/* Add every object, relation (without rows) and class of things left out. */
	int (*describe)(struct rp_conn *c, struct rp_survey *into, struct rp_err **err);
	/* Give each row of r within 'part' (NULL: all) to fn, columns as listed in r and encoded as each
	 * says. Memory does not grow with rows. 0 only when as many rows were given as the server says it
	 * sent. RP_ERR_OBJECT (no permission, rows hidden by a policy, unreadable row, unknown encoding): the
	 * connection still sees the same moment; after any other failure it is only good for close(). */
	int (*stream)(struct rp_conn *c, const struct rp_relation *r, const struct rp_range *part,
		      rp_row_fn *fn, void *ctx, struct rp_err **err);
	void (*close)(struct rp_conn *c); /* accepts NULL */

	/* May be NULL, and then: */

	/* [rows are of no one moment; further connections are made by connect(), and a guest is started as it
	 * is] Hold the source at one moment, for as long as it takes the leader, n more connections and the
	 * guest (NULL: nobody) to see it, and let go on every way out. How many connections it made; each has
	 * read back that it is in the same place and moment. A scratch, where nobody writes, is held too:
	 * where that needs rights that we lack, see a moment without holding and have identify() say bound =
	 * false. ret_held_ms: for how long writers had to wait; -1: nobody had to. */
	int (*hold)(struct rp_conn *leader, struct rp_conn *ret[], unsigned n, struct rp_guest *guest,
		    int64_t *ret_held_ms, struct rp_err **err);
	/* [no moment has a place in a log] Said to a leader before hold(): a physical backup is to be compared with this
	 * moment, so it must be one at which a replay of the source's log can stop exactly. identify() then tells that place
	 * and the fact "recovery_by": how it was found; where it cannot be had, hold() goes on without, "recovery_by" is "none"
	 * and "recovery_refused" says why. */
	void (*pinpoint)(struct rp_conn *leader);
	/* [always one part] Cut r into at most n parts of about equal work that cover it once; how many it
	 * made. */
	int (*split)(struct rp_conn *c, const struct rp_relation *r, struct rp_range *ret, unsigned n,
		     struct rp_err **err);
	/* [there is no other way] How many rows, asked another way than stream() reads them; the scan
	 * compares. */
	int (*count)(struct rp_conn *c, const struct rp_relation *r, uint64_t *ret, struct rp_err **err);
	/* [text where it is UTF-8, else hex] Append a value as people write it. Pure. */
	void (*show)(const struct rp_column *col, const struct rp_field *value, struct rp_buf *out);
	/* [what is outside the moment is told as it was read once] Read again what stands outside every
	 * snapshot (sequence positions) and widen each such fact from "5" to the interval "5..9". At seal
	 * time, after the guest is done; found facts stay single numbers. */
	int (*reread)(struct rp_conn *c, struct rp_survey *into, struct rp_err **err);
	/* [texts that differ are different] The same thing can print differently after one dump and restore.
	 * Run the sealed definition on this server, in a transaction that is rolled back, and append how it
	 * prints here. RP_ERR_OBJECT: it cannot be run here, and so proves nothing. c is a connection of its
	 * own that shares no moment; the text is input from a stranger. */
	int (*reparse)(struct rp_conn *c, const struct rp_object *sealed, struct rp_buf *ret,
		       struct rp_err **err);
	/* [versions change nothing] See compare.h. */
	rp_drift_fn *drift;
	/* [it has no language; smoke.sql is not run] */
	int (*ask)(struct rp_conn *c, const struct rp_question *q, struct rp_reply *ret, struct rp_err **err);
	/* [why a column differs is not told] What may happen to a whole column, ends with one of no ways; and what can be
	 * seen in a value (NULL: nothing). Pure. */
	const struct rp_suspicion *suspicions;
	rp_glimpse_fn *glimpse;
	/* [none] Ends with a NULL name. */
	const struct rp_engine_test *tests;
	/* [selftest has nothing to show] Ends with a NULL name. Do one of them, in a transaction of c's own, on a scratch and
	 * never anywhere else; everything asked of c afterwards sees it, and undo() takes it back. c was made by
	 * connect() and shares no moment. r: whose rows, where it is about rows. What was done to what is appended to
	 * 'what' ("DROP INDEX orders_at"). RP_ERR_OBJECT: there is nothing here that it could be done to. */
	const struct rp_engine_damage *damages;
	int (*damage)(struct rp_conn *c, const struct rp_engine_damage *d, const struct rp_relation *r,
		      struct rp_buf *what, struct rp_err **err);
	int (*undo)(struct rp_conn *c, struct rp_err **err);
	/* [it cannot make a place of its own] server.h */
	const struct rp_hosting *hosting;
};

#endif
