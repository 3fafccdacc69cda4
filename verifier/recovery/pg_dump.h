/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_DUMP_H
#define RP_RECOVERY_PG_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/survey/survey.h"

struct rp_artifact;
struct rp_buf;
struct rp_err;
struct rp_scratch;
struct rp_stream;

/* What the formats of pg_dump have in common. All of the first part is pure: bytes of a stranger in, bounded,
 * nothing allocated. */

#define RP_PG_TEXT_MAX	     128
#define RP_PG_NO_TABLESPACES "left out: tablespaces, which are places on the other server's disks\n"

/* What the first lines of a plain dump say. */
struct rp_pg_plain {
	bool cluster;		       /* pg_dumpall: several databases, and roles */
	bool creates;		       /* --create: makes a database and connects to it */
	char database[RP_PG_TEXT_MAX]; /* then: which, as it is; "": none was found */
	char server[RP_PG_TEXT_MAX], tool[RP_PG_TEXT_MAX];
};
bool rp_pg_plain_parse(const uint8_t *head, size_t len, struct rp_pg_plain *ret);

/* 15 of "15.20 (Debian 15.20-0+deb12u1)"; 0: it is not known. */
unsigned rp_pg_major(const char *version);

/* rp_format.omits of all of them: without --create. */
const char *rp_pg_dump_omits(const struct rp_object *sealed, const char *fact);
/* 'postgres' and 'template1': every server has them, so that nobody makes them. */
bool rp_pg_is_servers_own(const char *database);
/* A dump made with --create speaks of its database by name: its owner, rights, comment and settings. Before the start:
 * ours is called so, unless the server has one of that name from the first. */
int rp_pg_call(struct rp_scratch *s, const char *database, struct rp_err **err);
/* A dump that says its one database ("": it does not). RP_ERR_USAGE: a person has asked for another. */
int rp_pg_is_asked(const struct rp_artifact *a, const char *database, struct rp_err **err);
/* rp_format.dump_environment of all of them. */
extern const char *const rp_pg_dump_environment[];
/* rp_format.tell in terms of these. database NULL: not said. */
int rp_pg_dump_tell(struct rp_artifact *a, const char *server, const char *tool, const char *database,
		    int64_t made_ms, struct rp_identity *ret, struct rp_position *ret_at,
		    struct rp_err **err);
/* Roles that the SQL of a dump takes for granted are the manifest's to tell, and rp_scratch_start() makes them.
 * Without a manifest they are looked for in the SQL itself, by the form of its lines: one too many does no harm
 * on a private server. Reads sql to its end. */
int rp_pg_make_roles(struct rp_scratch *s, struct rp_stream *sql, struct rp_err **err);
/* Is that needed, and may it be done? */
bool rp_pg_lacks_roles(const struct rp_scratch *s);
/* The part of it that is pure: each name that is found in one line, without its quotes. */
typedef void rp_pg_role_fn(void *ctx, const char *name);
void rp_pg_roles_in(const char *line, size_t len, rp_pg_role_fn *fn, void *ctx);

/* pg_restore.c: archives of all three kinds. */
/* path: ours in s->dir, lent here; NULL: 'input' is the archive, for one connection, and where no manifest names roles
 * it comes back without owners. */
int rp_pg_restore(struct rp_scratch *s, unsigned jobs, const char *path, struct rp_stream *input,
		  struct rp_buf *said, struct rp_err **err);

/* The major version that the scratch runs; 0: not known. */
unsigned rp_pg_scratch_major(const struct rp_scratch *s);

#endif
