/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/db.h"

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
