/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_FORMAT_H
#define RP_RECOVERY_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/engine/db.h"
#include "verifier/recovery/artifact.h"
#include "verifier/scratch/scratch.h"

struct rp_argv;
struct rp_buf;
struct rp_column;
struct rp_err;
struct rp_identity;
struct rp_object;
struct rp_position;
struct rp_relation;
struct rp_run;

/* What a recovery point is made of. All that is known about one dump or backup format is in its one file: how
 * to recognise it, what it says about itself, how to restore it, what it loses, and where it has a tool, how
 * to make it. */
struct rp_format {
	const char *name;   /* "pg_dump custom" */
	const char *engine; /* rp_engine.name of what it restores to */
	bool physical;	    /* it brings the server's own files: pages, and not statements that make them */

	/* How sure it is that this is one, in bits; 0: not mine; -1: could not look. Looks at the head and at
	 * file names (never at a file's name alone); a format that is a special case of another bids more. */
	int (*bid)(struct rp_artifact *a, struct rp_err **err);

	/* Restore into the scratch: start it (first, or after filling place.data), feed it. The format
	 * decides the order. RP_ERR_BACKUP: the backup is at fault; any other failure: could not tell. 0 only
	 * when all of it was restored, proved by exit status, a sentinel of ours behind the last byte, and
	 * the format's own trailer: each alone has been fooled. */
	int (*restore)(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err);

	/* May be NULL. */

	/* What the artifact says of itself, unrestored: tool and server version, databases, position. */
	int (*tell)(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		    struct rp_err **err);
	/* Why a faithful restore differs in this column, and the remedy; static text. NULL: it does not. */
	const char *(*loses)(const struct rp_column *c);
	/* Why such a backup brings none of this relation's rows though it was whole, and the remedy; static text.
	 * NULL: it brings them. */
	const char *(*lacks)(const struct rp_relation *sealed);
	/* Why the relation of this object comes back empty, with no remedy needed: its rows are of a kind that the engine
	 * itself throws away when it recovers. Static text; NULL: it does not. */
	const char *(*empties)(const struct rp_object *sealed);
	/* Why such a backup does not carry this object (fact NULL) or this fact of it, though it is whole:
	 * pg_dump leaves out invalid indexes, settings of the database, roles' attributes. Static text; NULL:
	 * it does carry it, and what is missing is lost. */
	const char *(*omits)(const struct rp_object *sealed, const char *fact);
	/* Why a faithful restore has another value of this fact than was sealed, and the remedy; static text. NULL: it
	 * has the same. */
	const char *(*resets)(const struct rp_object *sealed, const char *fact, const char *found);
	/* The command that writes such a backup to stdout, NULL-terminated, with {snapshot}, {socket}, {defaults}
	 * (an option file), {tool}, {database} as the engine lets a guest in, and {jobs}. Its first word is looked up among
	 * the tools of the server's version; how to connect is put into its environment (rp_hosting). One that names
	 * {path} writes its backup itself, to a file or a directory of that name that is not there yet. */
	const char *const *dump;
	/* Is this line, of what that command said and went on, no failure? For tools whose exit status does not
	 * tell of all they left out; such lines are shown as warnings. NULL: the exit status tells. Pure. */
	bool (*harmless)(const char *line, size_t len);
	/* Of those, what it says whenever it is run like this, and what is seen to here: not shown. NULL-terminated parts
	 * of lines; NULL: nothing. */
	const char *const *expected;
	/* "NAME={host}": how to connect, for that command and for a user's own, in the environment. One whose
	 * word the engine does not say is left out. NULL-terminated; NULL: nothing. */
	const char *const *dump_environment;
};
/* registry.c, NULL-terminated. An engine's first that can dump is its default. */
extern const struct rp_format *const rp_formats[];

/* The highest bidder. RP_ERR_BACKUP that lists what was tried when nobody bids. */
int rp_format_of(const struct rp_format **ret, struct rp_artifact *a, struct rp_err **err);

/* A restore that is whole. There is no other kind: one that ended early is an error, and never compared as if
 * it were whole. */
struct rp_restored {
	const struct rp_format *format; /* NULL: nothing was restored */
	char *said;			/* what the tools said, bounded, control characters out; owned */
	int64_t began_ms;		/* rp_run_clock_ms(): recovery time runs from here */
	int64_t ms;			/* how long it took */
};
/* Reads the artifact to its end in any case, so that its digests are known even when this fails; ret then has
 * what the tools said and how long it took, and no format. */
int rp_restore(struct rp_restored *ret, const struct rp_format *f, struct rp_artifact *a,
	       struct rp_scratch *s, struct rp_err **err);
void rp_restored_done(struct rp_restored *r);

/* A backup in the making: a guest of the moment that is sealed. Started by the main thread from within
 * rp_db_open(); a thread of its own moves and hashes its output, so that the survey can be taken meanwhile.
 */
struct rp_dump;
struct rp_dump_wish {
	const struct rp_engine *engine;
	const char *
		format; /* one of the engine's that can dump, by the last word of its name; NULL: the first */
	/* The user's own, filled in like a format's; what the server chose (a snapshot's name) is checked before it becomes
	 * one word. A command that does not name {snapshot} where there is one, or neither {socket} nor {defaults}, is
	 * refused: its backup would be of another moment. NULL: the format's. Borrowed. */
	const char *const *command;
	/* What the backup goes through, the first one first; at most RP_WRAPPED_MAX. Borrowed as long as it is made. */
	const struct rp_argv *filters;
	size_t n_filters;
	const char *path; /* "-": stdout */
	unsigned jobs;	  /* for {jobs}; 0: 1 */
};
int rp_dump_new(struct rp_dump **ret, const struct rp_dump_wish *wish, struct rp_err **err);
struct rp_guest *rp_dump_guest(struct rp_dump *d); /* NULL for NULL */
/* When rp_dump_finish() is to give up waiting; not called: never. */
void rp_dump_heed(struct rp_dump *d, struct rp_run *run);
/* What was made: one file, or all of a directory as a store lists them, with sizes and digests. */
struct rp_made {
	struct rp_file *files; /* owned */
	size_t n_files;
};
uint64_t rp_made_size(const struct rp_made *m);
void rp_made_done(struct rp_made *m);
/* Wait for it, and put it in place (made beside, then renamed). */
int rp_dump_finish(struct rp_dump *d, struct rp_made *ret, struct rp_err **err);
/* Stops it and leaves no file, unless it was finished. Accepts NULL. */
void rp_dump_free(struct rp_dump *d);
RP_AUTO_CALLS(rp_dump, rp_dump_free)

#endif
