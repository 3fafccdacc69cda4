/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_HOSTING_H
#define RP_ENGINE_POSTGRES_HOSTING_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/engine/server.h"

/* Private to this folder: the parts of rp_pg_hosting. */

extern const struct rp_hosting rp_pg_hosting; /* server.c */

#define RP_PG_PORT "5432" /* part of a socket's name; nothing listens there */

/* server.c */
int rp_pg_configure(const struct rp_place *p, struct rp_err **err);
/* Append "-c name=value" for all settings: where our files lie, what is forced, what the backup demands. */
void rp_pg_settings(const struct rp_place *p, struct rp_argv *ret);

/* brought.c */
enum rp_stage rp_pg_stage(const struct rp_place *p);
int rp_pg_admit(const struct rp_place *p, struct rp_argv *ret, struct rp_buf *ret_input, struct rp_err **err);
int rp_pg_inherit(struct rp_conn *c, const char *wanted, char **ret, struct rp_err **err);

/* installed.c */
unsigned rp_pg_release(const char *version); /* of "15.20 (Debian ...)"; 0: it is none */
int rp_pg_choose(struct rp_installation *ret, const struct rp_identity *sealed, struct rp_err **err);
int rp_pg_tools(struct rp_installation *ret, const struct rp_identity *server, struct rp_err **err);

/* shows.c */
int rp_pg_parts(const struct rp_installation *with, struct rp_argv *ret, struct rp_err **err);
int rp_pg_reach(struct rp_conn *c, bool credentials, struct rp_argv *ret_paths, bool *ret_network,
		struct rp_err **err);

/* uri.c */
extern const char *const rp_pg_credentials[];
int rp_pg_uri(const struct rp_place *p, const char *database, struct rp_buf *ret, struct rp_err **err);
int rp_pg_within(const char *uri, const char *database, struct rp_buf *ret, struct rp_err **err);
int rp_pg_environment(const char *uri, struct rp_argv *ret, struct rp_err **err);
int rp_pg_lend(struct rp_conn *c, struct rp_buf *ret_file, const char **ret_variable, struct rp_err **err);
int rp_pg_explain(const struct rp_place *p, const char *uri, struct rp_buf *ret, struct rp_err **err);

/* excuses.c */
const char *rp_pg_complaint(const char *said, size_t *ret_len);
const char *rp_pg_excuses(const char *complaint);
/* Append the Debian package that brings an extension for this major version; false: not known. */
bool rp_pg_package(struct rp_buf *out, const char *extension, unsigned major);

/* takes.c, claim.c, furnish.c */
int rp_pg_takes(struct rp_conn *c, const struct rp_survey *sealed, bool own, struct rp_buf *lacks,
		struct rp_err **err);
int rp_pg_claim(struct rp_conn *c, const char *name, const struct rp_survey *sealed, bool own,
		struct rp_err **err);
int rp_pg_drop(struct rp_conn *c, const char *name, struct rp_err **err);
int rp_pg_keep(struct rp_conn *c, const char *name, struct rp_err **err);
int rp_pg_reap(struct rp_conn *c, unsigned *ret_removed, struct rp_err **err);
int rp_pg_furnish(struct rp_conn *c, const struct rp_survey *sealed, struct rp_err **err);
/* The last part of an object's qualified name as it is in the database; owned. NULL: no memory. */
char *rp_pg_bare_name(const char *name);

#endif
