/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_POSTGRES_RENAME_H
#define RP_ENGINE_POSTGRES_RENAME_H

struct rp_buf;

/* Append SQL that the server printed, with every mention of the relation 'from' ("public.orders", quoted as the
 * server quotes) replaced by 'to'. What stands in strings and inside of longer names is left alone. Pure. */
void rp_pg_rename(struct rp_buf *out, const char *sql, const char *from, const char *to);

/* Take a name made by rp_name_add() apart: up to n parts, written one behind the other into 'text' (as long as
 * the name with its NUL). How many parts there are, which may be more than n. Pure. */
unsigned rp_pg_split_name(const char *name, char *text, const char *parts[], unsigned n);

#endif
