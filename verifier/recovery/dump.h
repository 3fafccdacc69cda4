/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_DUMP_H
#define RP_RECOVERY_DUMP_H

#include <stddef.h>

#include "verifier/survey/survey.h"

struct rp_argv;
struct rp_err;

/* Private to dump.c: words of a command and of an environment, with {name} replaced by what the engine says.
 * Each stays one word, whatever is put into it. Pure. */

/* RP_ERR_USAGE: a {name} that is not known, or a value that would be taken for an option. */
int rp_dump_words(struct rp_argv *ret, const char *const *words, const struct rp_fact *how, size_t n,
		  struct rp_err **err);
/* Replaces variables of the same name in ret. A word whose {name} is not known is left out. */
int rp_dump_variables(struct rp_argv *ret, const char *const *words, const struct rp_fact *how, size_t n,
		      struct rp_err **err);

/* "NAME=value" in place of the variable of that name, or added. */
void rp_dump_replace(struct rp_argv *env, const char *word);

#endif
