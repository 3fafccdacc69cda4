/* SPDX-License-Identifier: MIT */
#include "verifier/util/argv.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes over word. */
static void add(struct rp_argv *a, char *word)
{
	char **v = word != NULL && !a->failed ? reallocarray(a->v, a->n + 2, sizeof *v) : NULL;
	if (v == NULL) {
		free(word);
		a->failed = true;
		return;
	}
	a->v = v;
	a->v[a->n++] = word;
	a->v[a->n] = NULL;
}

void rp_argv_add(struct rp_argv *a, const char *word)
{
	add(a, strdup(word));
}

void rp_argv_addf(struct rp_argv *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *word = NULL;
	if (vasprintf(&word, fmt, ap) < 0)
		word = NULL;
	va_end(ap);
	add(a, word);
}

void rp_argv_add_glob(struct rp_argv *a, const char *pattern)
{
	glob_t found;
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			rp_argv_add(a, found.gl_pathv[i]);
	globfree(&found);
}

void rp_argv_add_path(struct rp_argv *a, const char *list)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ":");
		if (n > 0 && list[0] == '/')
			rp_argv_addf(a, "%.*s", (int)n, list);
		list += n + (list[n] == ':');
	}
}

void rp_argv_done(struct rp_argv *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	*a = (struct rp_argv){0};
}
