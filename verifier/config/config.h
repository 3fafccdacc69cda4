/* SPDX-License-Identifier: MIT */
#ifndef RP_CONFIG_CONFIG_H
#define RP_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

struct rp_arena;
struct rp_err;

/* A configuration as it is written: which keys a section may have and what their values mean is the options' business
 * (verifier/command/configured.c), so that a file and a command line cannot disagree.
 *
 *     defaults:
 *       trust: [keys/reprove.pub]
 *     targets:
 *       shop:
 *         points: /backups/shop
 *         max-age: 36h
 *
 * Everything is text, and stays as long as the arena it was read into. */
struct rp_setting {
	const char *key;
	const char **values; /* NULL-terminated, at least one, none of them empty */
	bool list;	     /* written as one: a list of one is still a list */
	unsigned line;
};
struct rp_settings {
	const char *name; /* of a target; NULL: what holds for all of them */
	unsigned line;
	struct rp_setting *all;
	size_t n;
};
struct rp_config {
	const char *path; /* as it was given */
	const char *base; /* the directory that paths in it start from, absolute */
	struct rp_settings defaults;
	struct rp_settings *targets; /* as they stand in the file */
	size_t n_targets;
};

/* RP_ERR_CONFIG says which line, what was found and what was expected there. A file that everybody may change is
 * refused: it says whom to trust. */
int rp_config_load(struct rp_config *ret, struct rp_arena *memory, const char *path, struct rp_err **err);
/* NULL: there is none. */
const struct rp_settings *rp_config_target(const struct rp_config *c, const char *name);
const struct rp_setting *rp_settings_find(const struct rp_settings *s, const char *key);

#endif
