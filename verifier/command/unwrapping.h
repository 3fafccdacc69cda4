/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_UNWRAPPING_H
#define RP_COMMAND_UNWRAPPING_H

#include <stddef.h>

#include "verifier/command/options.h"
#include "verifier/recovery/unwrap.h"

struct rp_err;
struct rp_run;

/* How a backup is packed and locked, as options say it: for every subcommand that opens one. */
struct unwrapping_options {
	const char **filters, **passphrase_files, **passphrase_fds, **passphrase_credentials,
		**passphrase_variables, **identities;
	const char *gnupghome, *openssl_kdf, *openssl_cipher;
};

/* Their rows in a subcommand's table; 'member' is the one of its struct. */
#define RP_UNWRAPPING_AT(options, member, which)                                                             \
	.group = "how the backup is packed and encrypted",                                                   \
	.at = offsetof(struct options, member) + offsetof(struct unwrapping_options, which)
#define RP_UNWRAPPING_OPTIONS(options, member)                                                                       \
	{.name = "passphrase-file",                                                                                  \
	 .type = RP_OPTION_FILES,                                                                                    \
	 .value = "FILE",                                                                                            \
	 RP_UNWRAPPING_AT(options, member, passphrase_files),                                                        \
	 .help = "The first line of this file is the password that the backup is encrypted with; nobody else may "   \
		 "be able to read it. This and the three ways below may be given more than once; passwords are "     \
		 "tried one after the other, those from files first."},                                              \
		{.name = "passphrase-fd",                                                                            \
		 .type = RP_OPTION_TEXTS,                                                                            \
		 .value = "N",                                                                                       \
		 RP_UNWRAPPING_AT(options, member, passphrase_fds),                                                  \
		 .once = true,                                                                                       \
		 .help = "Read the password from this descriptor: --passphrase-fd 3 3< <(pass show backup)."},       \
		{.name = "passphrase-credential",                                                                    \
		 .type = RP_OPTION_TEXTS,                                                                            \
		 .value = "NAME",                                                                                    \
		 RP_UNWRAPPING_AT(options, member, passphrase_credentials),                                          \
		 .help = "The password is systemd's credential of this name: "                                       \
			 "$CREDENTIALS_DIRECTORY/NAME."},                                                            \
		{.name = "passphrase-env",                                                                           \
		 .type = RP_OPTION_TEXTS,                                                                            \
		 .value = "NAME",                                                                                    \
		 RP_UNWRAPPING_AT(options, member, passphrase_variables),                                            \
		 .once = true,                                                                                       \
		 .help = "The password is in this environment variable, which no program that is started here "      \
			 "gets to see. A file is better: the environment of a process can be read by all of its "    \
			 "user's."},                                                                                 \
		{.name = "identity",                                                                                 \
		 .type = RP_OPTION_FILES,                                                                            \
		 .value = "FILE",                                                                                    \
		 RP_UNWRAPPING_AT(options, member, identities),                                                      \
		 .help = "A file with an identity of age's, for a backup that was encrypted for it. May be given "   \
			 "more than once."},                                                                         \
		{.name = "gnupghome",                                                                                \
		 .type = RP_OPTION_DIR,                                                                              \
		 .value = "DIR",                                                                                     \
		 RP_UNWRAPPING_AT(options, member, gnupghome),                                                       \
		 .help = "Where gpg has the secret key that the backup was encrypted for, such as ~/.gnupg. It is "  \
			 "not written to. Without it gpg has no keys, and a password is all that can be "            \
			 "tried."},                                                                                  \
		{.name = "openssl-kdf",                                                                              \
		 .type = RP_OPTION_TEXT,                                                                             \
		 .value = "HOW",                                                                                     \
		 RP_UNWRAPPING_AT(options, member, openssl_kdf),                                                     \
		 .help = "How 'openssl enc' made a key of the password: 'pbkdf2' (-pbkdf2; the default, 10000 "      \
			 "iterations of sha256), 'pbkdf2:ITERATIONS' (-iter), 'pbkdf2:ITERATIONS:DIGEST' (-md), or " \
			 "'bytes-to-key:DIGEST' where it was called without -pbkdf2: DIGEST is sha256, or md5 "      \
			 "before OpenSSL 1.1."},                                                                     \
		{.name = "openssl-cipher",                                                                           \
		 .type = RP_OPTION_TEXT,                                                                             \
		 .value = "NAME",                                                                                    \
		 RP_UNWRAPPING_AT(options, member, openssl_cipher),                                                  \
		 .help = "The cipher that 'openssl enc' was called with; aes-256-cbc when it is not given."},        \
	{                                                                                                            \
		.name = "filter", .type = RP_OPTION_TEXTS, .value = "COMMAND",                                       \
		RP_UNWRAPPING_AT(options, member, filters),                                                          \
		.help = "A command of your own that takes a layer off before anything is recognised: the stored "    \
			"bytes are its standard input, and what it writes to its standard output is the backup. "    \
			"May be given more than once, the outermost layer first. Words are split at blanks, and "    \
			"quotes are understood; there is no shell."                                                  \
	}

/* What was made of them. */
struct unwrapping {
	struct rp_unwrapping how;
	struct rp_secret **passwords;
	struct rp_argv *filters;
	char *digest; /* of openssl's */
};
/* Reads the passwords, once. */
int rp_unwrapping_make(struct unwrapping *ret, const struct unwrapping_options *o, struct rp_run *run,
		       struct rp_err **err);
void rp_unwrapping_done(struct unwrapping *u);
/* "pbkdf2", "pbkdf2:100000:sha512", "bytes-to-key:md5". *ret_digest is owned; NULL: not said. */
int rp_unwrapping_kdf(struct rp_unwrapping *ret, char **ret_digest, const char *text, struct rp_err **err);

#endif
