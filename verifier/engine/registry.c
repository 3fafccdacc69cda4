/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/db.h"
#include "verifier/engine/engine.h"

extern const struct rp_engine rp_engine_mysql;
extern const struct rp_engine rp_engine_postgresql;

const struct rp_engine *const rp_engines[] = {
	&rp_engine_postgresql,
	&rp_engine_mysql,
	NULL,
};

const struct rp_engine *rp_engine_named(const char *name)
{
	for (size_t i = 0; rp_engines[i] != NULL; i++)
		if (strcmp(rp_engines[i]->name, name) == 0)
			return rp_engines[i];
	return NULL;
}

bool rp_engine_found_in_source(const char *engine, const char *what)
{
	const struct rp_engine *e = rp_engine_named(engine);
	for (const struct rp_engine_test *t = e != NULL ? e->tests : NULL; t != NULL && t->name != NULL; t++)
		if (t->of_source && strcmp(t->name, what) == 0)
			return true;
	return false;
}

const struct rp_engine *rp_engine_for(const char *uri)
{
	size_t len = strcspn(uri, ":");
	if (uri[len] != ':')
		return NULL;
	for (size_t i = 0; rp_engines[i] != NULL; i++)
		for (const char *const *s = rp_engines[i]->schemes; *s != NULL; s++)
			if (strlen(*s) == len && strncmp(*s, uri, len) == 0)
				return rp_engines[i];
	return NULL;
}
