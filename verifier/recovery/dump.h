/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_DUMP_H
#define RP_RECOVERY_DUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/survey/survey.h"

struct rp_argv;
struct rp_engine;
struct rp_err;
struct rp_format;
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

/* dump_tool.c */
const char *rp_dump_fact(const struct rp_fact *how, size_t n, const char *name); /* NULL: not said */
/* own: the command is the user's. */
int rp_dump_find(const struct rp_engine *engine, bool own, struct rp_argv *argv, const struct rp_fact *how,
		 size_t n, struct rp_err **err);
int rp_dump_environment(const struct rp_engine *engine, const struct rp_format *format, struct rp_argv *ret,
			const struct rp_fact *how, size_t n, struct rp_err **err);
/* The backup failed, and this is what its tool said about it. Returns -1. */
int rp_dump_complain(const char *how, const char *said, size_t len, struct rp_err **err);
/* -1: it said something that is no warning. Warnings are logged (run NULL: not). */
int rp_dump_judge(const char *said, bool (*harmless)(const char *line, size_t len), struct rp_run *run,
		  struct rp_err **err);

#endif
