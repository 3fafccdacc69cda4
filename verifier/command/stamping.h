/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_STAMPING_H
#define RP_COMMAND_STAMPING_H

#include <stdbool.h>
#include <stddef.h>

#include "verifier/command/options.h"
#include "verifier/util/argv.h"

struct rp_authority;
struct rp_buf;
struct rp_err;
struct rp_run;

/* Where time stamps come from, as options say it: for every subcommand that signs. */
struct stamping_options {
	const char *url, *command, *authority;
};

/* Their rows in a subcommand's table; 'member' is the one of its struct. */
#define RP_STAMPING_AT(options, member, which)                                                               \
	.group = "who says when it was signed",                                                              \
	.at = offsetof(struct options, member) + offsetof(struct stamping_options, which)
#define RP_STAMPING_OPTIONS(options, member)                                                                      \
	{.name = "stamp",                                                                                         \
	 .type = RP_OPTION_TEXT,                                                                                  \
	 .value = "URL",                                                                                          \
	 RP_STAMPING_AT(options, member, url),                                                                    \
	 .secret = true,                                                                                          \
	 .help = "Ask this time stamping authority (RFC 3161 over HTTP) to stamp the signature, of the manifest " \
		 "or of the ledger's entry: it is sent a digest of the signature and nothing else. The stamp "    \
		 "goes beside the signature."},                                                                   \
		{.name = "stamp-command",                                                                         \
		 .type = RP_OPTION_TEXT,                                                                          \
		 .value = "COMMAND",                                                                              \
		 RP_STAMPING_AT(options, member, command),                                                        \
		 .help = "Ask this command instead: the question (application/timestamp-query) is its standard "  \
			 "input, and it writes the reply to its standard output. Words are split at blanks, and " \
			 "quotes are understood; there is no shell."},                                            \
	{                                                                                                         \
		.name = "stamp-authority", .type = RP_OPTION_FILE, .value = "PEM",                                \
		RP_STAMPING_AT(options, member, authority),                                                       \
		.help = "The certificate that the authority's own was issued by: a stamp that does not lead to "  \
			"it is refused at once, and not when somebody verifies it. Without it a reply is "        \
			"checked for being the answer to what was asked."                                         \
	}

/* What was made of them. */
struct stamping {
	struct stamping_options how;
	struct rp_argv argv;
	struct rp_authority *authority;
	struct rp_run *run;
};
bool rp_stamping_wanted(const struct stamping_options *o);
/* Before any work: whatever is wrong with the options. */
int rp_stamping_make(struct stamping *ret, const struct stamping_options *o, struct rp_run *run,
		     struct rp_err **err);
void rp_stamping_done(struct stamping *s);
/* Stamp every signature of this envelope that bears no stamp; it is replaced when all of them have one, and else left as
 * it is. *ret_n: how many were added. Does nothing where no stamp is wanted. */
int rp_stamping_envelope(struct stamping *s, struct rp_buf *envelope, size_t *ret_n, struct rp_err **err);

#endif
