/* SPDX-License-Identifier: MIT */
#ifndef RP_CONFIG_TRUST_STORE_FILE_H
#define RP_CONFIG_TRUST_STORE_FILE_H

#include "verifier/config/trust_store.h"

/* Between the store in memory (trust_store.c) and the one that is written (trust_store_file.c). */

/* Add what stands in this file. */
int rp_trust_store_file(struct rp_trust_store *to, struct rp_arena *memory, const char *path,
			struct rp_err **err);
/* Room for as many keys more. */
int rp_trust_store_room(struct rp_trust_store *to, size_t more, struct rp_err **err);
/* Refuse a file that everybody may change. One that is not there is left to whoever reads it. */
int rp_trust_guarded(const char *path, struct rp_err **err);
/* Why one key cannot have all of these roles; NULL: it can. Who runs the test must not be able to say what there was. */
const char *rp_roles_clash(unsigned of);

#endif
