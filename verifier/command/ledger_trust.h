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
	const char *const *
		stores; /* of an option 'trust', which is each subcommand's own; what else it names counts for nothing */
};

/* Their rows in a subcommand's table; 'member' is the one of its struct. */
#define RP_LEDGER_TRUST_AT(options, member, which)                                                           \
	.at = offsetof(struct options, member) + offsetof(struct ledger_trust_options, which)
#define RP_LEDGER_TRUST_OPTIONS(options, member)                                                             \
	{.name = "trust-result",                                                                             \
	 .type = RP_OPTION_FILES,                                                                            \
	 .value = "PUB",                                                                                     \
	 RP_LEDGER_TRUST_AT(options, member, result),                                                        \
	 .help = "A public key that may sign results, where --trust names no trust store that has it: the "  \
		 "other half of 'verify --result-key'. May be given more than once."},                       \
	{                                                                                                    \
		.name = "trust-review", .type = RP_OPTION_FILES, .value = "PUB",                             \
		RP_LEDGER_TRUST_AT(options, member, review),                                                 \
		.help = "A public key that may sign reviews and decisions, where no trust store has it. "    \
			"Without any none counts. May be given more than once."                              \
	}

/* Read the keys, and call back with whom to believe now. Its answer. RP_ERR_USAGE: nobody may sign results. */
int rp_ledger_trust(const struct ledger_trust_options *o, const char *command,
		    int (*then)(const void *ctx, const struct rp_trust *trust, struct rp_err **err),
		    const void *ctx, struct rp_err **err);

#endif
