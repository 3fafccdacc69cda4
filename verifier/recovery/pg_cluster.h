/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_PG_CLUSTER_H
#define RP_RECOVERY_PG_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/recovery/pg_dump.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/stream.h"

struct rp_err;

/* The output of pg_dumpall, part by part as it is read: first what belongs to the whole server, then each database
 * as pg_dump has written it. Where a part begins and ends is told by lines between two statements alone. */
struct rp_pg_cluster;

struct rp_pg_part {
	bool globals;		   /* roles, tablespaces; else a database's plain dump */
	char name[RP_PG_TEXT_MAX]; /* of the database */
	uint64_t line;		   /* of the file, at which it begins; from 1 */
};

/* Takes over 'below', also when it fails. */
int rp_pg_cluster_new(struct rp_pg_cluster **ret, struct rp_stream *below, struct rp_err **err);
/* The next part; what nobody has read of the one before is passed over. 1: there is one; 0: that was all, and the last
 * line was there; -1: RP_ERR_BACKUP, it is truncated or no pg_dumpall wrote it. ret lives until the next call. */
int rp_pg_cluster_next(struct rp_pg_cluster *c, const struct rp_pg_part **ret, struct rp_err **err);
/* Its bytes, once. The stream borrows c. */
int rp_pg_cluster_read(struct rp_pg_cluster *c, struct rp_stream **ret, struct rp_err **err);
void rp_pg_cluster_free(struct rp_pg_cluster *c);
RP_AUTO_CALLS(rp_pg_cluster, rp_pg_cluster_free)

#endif
