/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_SEAL_H
#define RP_COMMAND_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/command/options.h"
#include "verifier/command/signing.h"
#include "verifier/command/stamping.h"
#include "verifier/engine/db.h"
#include "verifier/manifest/manifest.h"
#include "verifier/recovery/format.h"
#include "verifier/util/argv.h"

struct rp_err;
struct rp_run;

/* What 'seal' was asked for: the options as they were read. */
struct seal_options {
	const char *source, *key, *manifest, *backup, *format, *command, *target, *config, *environment;
	const char **filters;
	struct signing_options signing;
	uint64_t jobs, sketch, all_sketches;
	int64_t timeout_ms;
	struct stamping_options stamping;
	bool physical, no_sketch, fingerprint_keys, json;
};

/* seal_options.c: the tables. */
extern const struct rp_option rp_seal_options[];
extern const struct rp_operand rp_seal_target;
extern const struct rp_example rp_seal_examples[];
extern const struct rp_section rp_seal_sections[];

/* A seal under way. */
struct sealing {
	const struct seal_options *options;
	struct rp_run *run;
	struct rp_key *key;
	struct rp_argv command;
	struct rp_argv *filters; /* of the backup; owned */
	size_t n_filters;
	struct rp_dump *dump;
	struct rp_db *db;
	struct rp_survey *survey;
	struct rp_made made; /* the backup; no files: none */
	int64_t sealed_ms, began_ms, held_ms;
	struct stamping stamping;
	size_t stamps;
	bool unstamped;	 /* a stamp was asked for, and could not be had: the seal is a 2 */
	bool unanswered; /* a question about the source ended in an error: the seal is a 2 */
	char sha256[RP_SHA256_HEX];
	const char *target;
};

/* How many relations were not surveyed: they make the seal a 2. */
size_t rp_seal_unsurveyed(const struct rp_survey *s);
/* Print what was sealed, for people or for scripts; what is missing goes to standard error. */
int rp_seal_tell(const struct sealing *s, struct rp_err **err);

#endif
