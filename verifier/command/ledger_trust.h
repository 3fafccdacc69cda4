/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_LEDGER_TRUST_H
#define RP_COMMAND_LEDGER_TRUST_H

#include <stddef.h>

#include "verifier/command/options.h"
#include "verifier/config/trust_store.h"

struct rp_err;

/* Whom to believe what stands in a ledger, as options say it: for every subcommand that reads one. */
struct ledger_trust_options {
	const char **result, **review;
};

/* Their rows in a subcommand's table; 'member' is the one of its struct. */
#define RP_LEDGER_TRUST_AT(options, member, which)                                                           \
	.at = offsetof(struct options, member) + offsetof(struct ledger_trust_options, which)
#define RP_LEDGER_TRUST_OPTIONS(options, member, needed)                                                     \
	{.name = "trust-result",                                                                             \
	 .type = RP_OPTION_FILES,                                                                            \
	 .value = "PUB",                                                                                     \
	 RP_LEDGER_TRUST_AT(options, member, result),                                                        \
	 .required = needed,                                                                                 \
	 .help = "A public key that may sign results: the other half of 'verify --result-key'; or a trust "  \
		 "store. May be given more than once."},                                                     \
	{                                                                                                    \
		.name = "trust-review", .type = RP_OPTION_FILES, .value = "PUB",                             \
		RP_LEDGER_TRUST_AT(options, member, review),                                                 \
		.help = "A public key that may sign reviews and decisions. May be given more than once; "    \
			"without it none counts."                                                            \
	}

/* Read the keys, and call back with whom to believe now. Its answer. */
int rp_ledger_trust(const struct ledger_trust_options *o, const char *command,
		    int (*then)(const void *ctx, const struct rp_trust *trust, struct rp_err **err),
		    const void *ctx, struct rp_err **err);

#endif
