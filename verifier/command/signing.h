/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_SIGNING_H
#define RP_COMMAND_SIGNING_H

#include <stddef.h>

#include "verifier/command/options.h"
#include "verifier/command/passphrase.h"
#include "verifier/manifest/trust.h"

struct rp_err;
struct rp_run;

/* How a private key is used, as options say it: for every subcommand that signs. */
struct signing_options {
	const char *passphrases[RP_PASSPHRASE_WAYS], *command;
};

#define RP_PRIVATE_KEY_HELP                                                                                  \
	"a file in PEM (Ed25519 or ECDSA P-256) that nobody else may be able to read, encrypted or not; or " \
	"on a token, 'pkcs11:token=NAME;object=NAME'"

/* Their rows in a subcommand's table. 'member' is the one of its struct; 'key' the name of its option for the key,
 * 'whose' what help calls that; 'one_run': whether a configuration has no say in it. */
#define RP_SIGNING_AT(options, member, which)                                                                \
	.group = "the key that signs, and its passphrase", .instead = #member,                               \
	.at = offsetof(struct options, member) + offsetof(struct signing_options, which)
#define RP_SIGNING_PASSPHRASE(options, member, key, whose, one_run)                                          \
	{.name = key "-passphrase-file",                                                                     \
	 .type = RP_OPTION_FILE,                                                                             \
	 .value = "FILE",                                                                                    \
	 RP_SIGNING_AT(options, member, passphrases[RP_BY_FILE]),                                            \
	 .once = one_run,                                                                                    \
	 .help = "The first line of this file is the passphrase that " whose                                 \
		 " is encrypted with, or the PIN of its token; nobody else may be able to read it."},        \
		{.name = key "-passphrase-fd",                                                               \
		 .type = RP_OPTION_TEXT,                                                                     \
		 .value = "N",                                                                               \
		 RP_SIGNING_AT(options, member, passphrases[RP_BY_FD]),                                      \
		 .once = true,                                                                               \
		 .help = "Read it from this descriptor: --" key                                              \
			 "-passphrase-fd 3 3< <(pass show reprove)."},                                       \
		{.name = key "-passphrase-credential",                                                       \
		 .type = RP_OPTION_TEXT,                                                                     \
		 .value = "NAME",                                                                            \
		 RP_SIGNING_AT(options, member, passphrases[RP_BY_CREDENTIAL]),                              \
		 .once = one_run,                                                                            \
		 .help = "It is systemd's credential of this name: $CREDENTIALS_DIRECTORY/NAME."},           \
	{                                                                                                    \
		.name = key "-passphrase-env", .type = RP_OPTION_TEXT, .value = "NAME",                      \
		RP_SIGNING_AT(options, member, passphrases[RP_BY_VARIABLE]), .once = true,                   \
		.help = "It is in this environment variable, which no program that is started here gets to " \
			"see. A file is better: the environment of a process can be read by all of its "     \
			"user's."                                                                            \
	}
#define RP_SIGNING_OPTIONS(options, member, key, command_name, one_run)                                      \
	RP_SIGNING_PASSPHRASE(options, member, key, "--" key, one_run),                                      \
	{                                                                                                    \
		.name = command_name, .type = RP_OPTION_TEXT, .value = "COMMAND",                            \
		RP_SIGNING_AT(options, member, command), .once = one_run,                                    \
		.help = "Sign with this command, for a key that a service keeps; --" key                     \
			" is then the public half. What is to be signed is its standard input, and it "      \
			"writes the signature to its standard output: 64 bytes of Ed25519, or ECDSA with "   \
			"SHA-256 in DER. That is checked before it is used. It has a minute. Words are "     \
			"split at blanks, and quotes are understood; there is no shell."                     \
	}

/* Have the key that --'option' names. run: for the command's. Everything else is the key's own then. */
int rp_signing_key(struct rp_key **ret, const char *option, const char *key, const struct signing_options *o,
		   const struct rp_run *run, struct rp_err **err);
/* The passphrase alone; NULL: none is given. */
int rp_signing_passphrase(struct rp_secret **ret, const char *option, const struct signing_options *o,
			  struct rp_err **err);

#endif
