/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_PASSPHRASE_H
#define RP_COMMAND_PASSPHRASE_H

struct rp_err;
struct rp_secret;

/* The ways in which a secret is handed over; each has an option that ends with its name. */
enum rp_passphrase_way { RP_BY_FILE, RP_BY_FD, RP_BY_CREDENTIAL, RP_BY_VARIABLE, RP_PASSPHRASE_WAYS };

/* prefix: what the option's name begins with: "", "key-". text: its value. */
int rp_passphrase_read(struct rp_secret **ret, const char *prefix, enum rp_passphrase_way way,
		       const char *text, struct rp_err **err);

#endif
