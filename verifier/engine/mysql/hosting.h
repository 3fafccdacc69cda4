/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_HOSTING_H
#define RP_ENGINE_MYSQL_HOSTING_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/engine/mysql/traits.h"
#include "verifier/engine/server.h"

/* Private to this folder: the parts of rp_my_hosting. */

extern const struct rp_hosting rp_my_hosting; /* hosting.c */

/* The socket's file, in rp_place.socket. Whoever gets into that directory is us or the server: the account
 * rp_place.admin has no password. */
#define RP_MY_SOCKET "mysql.sock"
/* On a private server, for questions of the user's: an account at localhost without a password that may read
 * the claimed database and nothing else. */
#define RP_MY_ASKER "reprove_asker"
/* The account that a backup is restored with there: all rights to the claimed database, and no others but to say whom
 * something runs as. It cannot change the server's settings, read or write files, or shut it down. */
#define RP_MY_RESTORER "reprove_restorer"

/* installed.c */
int rp_my_choose(struct rp_installation *ret, const struct rp_identity *sealed, struct rp_err **err);
int rp_my_tools(struct rp_installation *ret, const struct rp_identity *server, struct rp_err **err);
/* What a server of this version needs at least: patch releases change nothing that a dump shows. false: the text
 * tells no version. Pure. */
bool rp_my_release(const char *version, enum rp_my_vendor *ret_vendor, unsigned *ret_release);
const char *rp_my_vendor_name(enum rp_my_vendor vendor); /* "MariaDB", "MySQL" */

/* shows.c */
int rp_my_parts(const struct rp_installation *with, struct rp_argv *ret, struct rp_err **err);
/* The directory that holds bin/, share/ and so on of this server's; owned. The one in it that holds its messages
 * and the SQL that it is made with. NULL: not there, or no memory. */
char *rp_my_base(const struct rp_installation *with);
char *rp_my_share(const char *base);

/* server.c */
int rp_my_create(const struct rp_place *p, struct rp_argv *ret, char **ret_input, struct rp_err **err);
int rp_my_configure(const struct rp_place *p, struct rp_err **err);
int rp_my_serve(const struct rp_place *p, struct rp_argv *ret, struct rp_err **err);

/* plugins.c: make this directory, with what the sealed database cannot do without; the options that load it; what can
 * only be installed by a statement. */
struct rp_my_conn;
int rp_my_plugins_bring(const struct rp_place *p, const char *dir, struct rp_err **err);
void rp_my_plugins_load(const char *dir, struct rp_argv *line);
void rp_my_plugins_install(struct rp_my_conn *c, const struct rp_survey *sealed);

/* uri.c */
extern const char *const rp_my_credentials[];
int rp_my_uri(const struct rp_place *p, const char *database, struct rp_buf *ret, struct rp_err **err);
int rp_my_within(const char *uri, const char *database, struct rp_buf *ret, struct rp_err **err);
int rp_my_environment(const char *uri, struct rp_argv *ret, struct rp_err **err);
int rp_my_lend(struct rp_conn *c, struct rp_buf *ret_file, const char **ret_variable, struct rp_err **err);
int rp_my_reach(struct rp_conn *c, bool credentials, struct rp_argv *ret_paths, bool *ret_network,
		struct rp_err **err);
int rp_my_explain(const struct rp_place *p, const char *uri, struct rp_buf *ret, struct rp_err **err);

/* excuses.c */
const char *rp_my_complaint(const char *said, size_t *ret_len);
const char *rp_my_excuses(const char *complaint);
bool rp_my_bars(const char *refusal);

/* takes.c, claim.c, furnish.c */
int rp_my_takes(struct rp_conn *c, const struct rp_survey *sealed, bool own, struct rp_buf *lacks,
		struct rp_err **err);
int rp_my_claim(struct rp_conn *c, const char *name, const struct rp_survey *sealed, bool own,
		struct rp_err **err);
int rp_my_drop(struct rp_conn *c, const char *name, struct rp_err **err);
int rp_my_keep(struct rp_conn *c, const char *name, struct rp_err **err);
int rp_my_reap(struct rp_conn *c, unsigned *ret_removed, struct rp_err **err);
int rp_my_inherit(struct rp_conn *c, const char *wanted, char **ret, struct rp_err **err); /* inherit.c */
int rp_my_furnish(struct rp_conn *c, const struct rp_survey *sealed, struct rp_err **err);

#endif
