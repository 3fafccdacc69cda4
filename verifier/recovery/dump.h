/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_DUMP_H
#define RP_RECOVERY_DUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/recovery/unwrap.h"
#include "verifier/survey/survey.h"
#include "verifier/util/proc.h"

struct rp_argv;
struct rp_engine;
struct rp_err;
struct rp_dump_wish;
struct rp_format;
struct rp_made;
struct rp_run;

/* Private to dump.c.
 *
 * dump_words.c: words of a command and of an environment, with {name} replaced by what the engine says.
 * Each stays one word, whatever is put into it. Pure. */

/* RP_ERR_USAGE: a {name} that is not known, or a value that would be taken for an option. */
int rp_dump_words(struct rp_argv *ret, const char *const *words, const struct rp_fact *how, size_t n,
		  struct rp_err **err);
/* Replaces variables of the same name in ret. A word whose {name} is not known is left out. */
int rp_dump_variables(struct rp_argv *ret, const char *const *words, const struct rp_fact *how, size_t n,
		      struct rp_err **err);

/* "NAME=value" in place of the variable of that name, or added. */
void rp_dump_replace(struct rp_argv *env, const char *word);

/* dump_place.c: where the backup goes, and how it gets there only when it is whole. */
struct rp_dump_place {
	char *path;	 /* its name in the end; "-": stdout */
	char *temporary; /* a file beside it, or a directory that holds it; NULL: stdout, or in place */
	char *inner;	 /* in that directory, what the tool makes itself; NULL: we write what it says */
	int file;	 /* what we write to; -1: the tool does */
};
#define RP_DUMP_PLACE_INIT                                                                                   \
	{                                                                                                    \
		.file = -1                                                                                   \
	}
/* Made now, so that a directory that cannot be written to is known before anything is asked of a server. */
int rp_dump_place_make(struct rp_dump_place *p, const char *path, bool by_tool, struct rp_err **err);
/* Hash what the tool has made, by the way that a verifier will take. */
int rp_dump_place_read(const struct rp_dump_place *p, struct rp_run *run, struct rp_made *ret,
		       struct rp_err **err);
int rp_dump_place_publish(struct rp_dump_place *p, struct rp_err **err);
/* Leaves nothing that was not published. */
void rp_dump_place_done(struct rp_dump_place *p);

/* dump_filter.c: programs of the user's own between the tool and us: what they make of the backup is the backup. */
struct rp_dump_filters {
	const struct rp_argv *argv; /* borrowed */
	size_t n;
	struct rp_proc procs[RP_WRAPPED_MAX];
};
/* '*out' is where the last one writes to; it becomes where the tool does. */
int rp_dump_filters_start(struct rp_dump_filters *f, int *out, int errors, struct rp_err **err);
/* -1: one has failed, or the run is to stop. */
int rp_dump_filters_wait(struct rp_dump_filters *f, struct rp_run *run, const char *said,
			 struct rp_err **err);
void rp_dump_filters_stop(struct rp_dump_filters *f);

/* dump_tool.c */
/* Which of the engine's formats is to be made; NULL without err: none, and the command is the user's own. */
int rp_dump_format(const struct rp_dump_wish *wish, const struct rp_format **ret, struct rp_err **err);
/* Does a word of it hold this? */
bool rp_dump_uses(const char *const *words, const char *placeholder);
const char *rp_dump_fact(const struct rp_fact *how, size_t n, const char *name); /* NULL: not said */
/* own: the command is the user's. */
int rp_dump_find(const struct rp_engine *engine, bool own, struct rp_argv *argv, const struct rp_fact *how,
		 size_t n, struct rp_err **err);
int rp_dump_environment(const struct rp_engine *engine, const struct rp_format *format, struct rp_argv *ret,
			const struct rp_fact *how, size_t n, struct rp_err **err);
/* The backup failed, and this is what its tool said about it. Returns -1. */
int rp_dump_complain(const char *how, const char *said, size_t len, struct rp_err **err);
/* From the first line on that is no warning; all of it where there is none, or nobody knows (harmless NULL). */
const char *rp_dump_after_warnings(const char *said, bool (*harmless)(const char *line, size_t len));
/* -1: it said something that is no warning. Warnings are logged (run NULL: not). */
int rp_dump_judge(const char *said, bool (*harmless)(const char *line, size_t len),
		  const char *const *expected, struct rp_run *run, struct rp_err **err);

#endif
