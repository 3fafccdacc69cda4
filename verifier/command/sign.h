/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_SIGN_H
#define RP_COMMAND_SIGN_H

#include <stdbool.h>

#include "verifier/command/ledger_trust.h"
#include "verifier/command/options.h"
#include "verifier/command/signing.h"

struct rp_err;

/* What 'sign' was asked for: the options as they were read. */
struct sign_options {
	const char *config, *ledger, *key, *says, *entry, *manifest, *target;
	struct ledger_trust_options trust;
	struct signing_options signing;
	bool decision;
};

/* sign_manifest.c: one more signature on --manifest. */
int rp_sign_manifest(const struct rp_call *call, struct rp_err **err);

#endif
