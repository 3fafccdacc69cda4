/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_NOTIFYING_H
#define RP_COMMAND_NOTIFYING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/command/options.h"
#include "verifier/notify/notify.h"

struct rp_err;

/* Who is told how a run ended, as options say it. */
struct notifying_options {
	const char **commands;
	const char *webhook, *webhook_file, *webhook_credential, *secret_file, *secret_fd, *secret_credential,
		*secret_env, *ping, *ping_file, *ping_credential, *ca;
	int64_t timeout_ms;
	bool required;
};

/* Their rows in a subcommand's table; 'member' is the one of its struct. */
#define RP_NOTIFYING_AT(options, member, which)                                                              \
	.group = "who is told",                                                                              \
	.at = offsetof(struct options, member) + offsetof(struct notifying_options, which)
#define RP_NOTIFYING_OPTIONS(options, member)                                                                                   \
	{.name = "notify-command",                                                                                              \
	 .type = RP_OPTION_TEXTS,                                                                                               \
	 .value = "COMMAND",                                                                                                    \
	 RP_NOTIFYING_AT(options, member, commands),                                                                            \
	 .help = "Run this when it has ended, however it ended: result.json is its standard input, and REPROVE_STATUS, "        \
		 "REPROVE_TARGET and others are in its environment, see NOTIFICATIONS. Words are split at blanks, and "         \
		 "quotes are understood; there is no shell. May be given more than once."},                                     \
		{.name = "webhook",                                                                                             \
		 .type = RP_OPTION_TEXT,                                                                                        \
		 .value = "URL",                                                                                                \
		 RP_NOTIFYING_AT(options, member, webhook),                                                                     \
		 .secret = true,                                                                                                \
		 .help = "Send how it ended to this address, as JSON by POST. https, or http to this very machine; a "          \
			 "redirect is not followed."},                                                                          \
		{.name = "webhook-file",                                                                                        \
		 .type = RP_OPTION_FILE,                                                                                        \
		 .value = "FILE",                                                                                               \
		 RP_NOTIFYING_AT(options, member, webhook_file),                                                                \
		 .help = "The address is the first line of this file, which nobody else can read: many an address is a "        \
			 "secret, and what stands on a command line can be seen by everybody."},                                \
		{.name = "webhook-credential",                                                                                  \
		 .type = RP_OPTION_TEXT,                                                                                        \
		 .value = "NAME",                                                                                               \
		 RP_NOTIFYING_AT(options, member, webhook_credential),                                                          \
		 .help = "The address is systemd's credential of this name."},                                                  \
		{.name = "webhook-secret-file",                                                                                 \
		 .type = RP_OPTION_FILE,                                                                                        \
		 .value = "FILE",                                                                                               \
		 RP_NOTIFYING_AT(options, member, secret_file),                                                                 \
		 .help = "Sign what is sent to the webhook (HMAC-SHA-256, in the manner of standard-webhooks) with the "        \
			 "first line of this file. 'whsec_...' is a key in base64."},                                           \
		{.name = "webhook-secret-fd",                                                                                   \
		 .type = RP_OPTION_TEXT,                                                                                        \
		 .value = "N",                                                                                                  \
		 RP_NOTIFYING_AT(options, member, secret_fd),                                                                   \
		 .once = true,                                                                                                  \
		 .help = "Read that secret from this descriptor."},                                                             \
		{.name = "webhook-secret-credential",                                                                           \
		 .type = RP_OPTION_TEXT,                                                                                        \
		 .value = "NAME",                                                                                               \
		 RP_NOTIFYING_AT(options, member, secret_credential),                                                           \
		 .help = "That secret is systemd's credential of this name."},                                                  \
		{.name = "webhook-secret-env",                                                                                  \
		 .type = RP_OPTION_TEXT,                                                                                        \
		 .value = "NAME",                                                                                               \
		 RP_NOTIFYING_AT(options, member, secret_env),                                                                  \
		 .help = "That secret is in this environment variable, which no program that is started here gets to "          \
			 "see."},                                                                                               \
		{.name = "ping",                                                                                                \
		 .type = RP_OPTION_TEXT,                                                                                        \
		 .value = "URL",                                                                                                \
		 RP_NOTIFYING_AT(options, member, ping),                                                                        \
		 .secret = true,                                                                                                \
		 .help = "In the manner of healthchecks.io: POST to URL/start when it begins, to URL after a status of 0, and " \
			 "else to URL/STATUS, each with the run's rid. A run that never comes is then seen, too."},             \
		{.name = "ping-file",                                                                                           \
		 .type = RP_OPTION_FILE,                                                                                        \
		 .value = "FILE",                                                                                               \
		 RP_NOTIFYING_AT(options, member, ping_file),                                                                   \
		 .help = "That address is the first line of this file, which nobody else can read."},                           \
		{.name = "ping-credential",                                                                                     \
		 .type = RP_OPTION_TEXT,                                                                                        \
		 .value = "NAME",                                                                                               \
		 RP_NOTIFYING_AT(options, member, ping_credential),                                                             \
		 .help = "That address is systemd's credential of this name."},                                                 \
		{.name = "notify-ca",                                                                                           \
		 .type = RP_OPTION_FILE,                                                                                        \
		 .value = "FILE",                                                                                               \
		 RP_NOTIFYING_AT(options, member, ca),                                                                          \
		 .help = "Believe these authorities (PEM) when connecting, and not those of the system."},                      \
		{.name = "notify-timeout",                                                                                      \
		 .type = RP_OPTION_DURATION,                                                                                    \
		 .value = "TIME",                                                                                               \
		 RP_NOTIFYING_AT(options, member, timeout_ms),                                                                  \
		 .help = "How long one attempt may take; 10s when it is not given. There are three."},                          \
	{                                                                                                                       \
		.name = "notify-required", .type = RP_OPTION_FLAG,                                                              \
		RP_NOTIFYING_AT(options, member, required),                                                                     \
		.help = "A run of whose end somebody could not be told is no 0, but a 2. Without this the report says so."      \
	}

/* What was made of them. */
struct notifying {
	struct rp_notify how;
	struct rp_secret *webhook, *ping, *secret;
	struct rp_argv *commands;
	char run[37]; /* a UUID of the run's own; "": nobody is to be told */
	bool begun;   /* the start has been told, or has been tried to be */
	int told;     /* the status that was told of last; -1: none */
	bool required;
};
/* Reads the secrets, once. RP_ERR_USAGE. */
int rp_notifying_make(struct notifying *ret, const struct notifying_options *o, struct rp_err **err);
void rp_notifying_done(struct notifying *n);
bool rp_notifying_wanted(const struct notifying *n);

#endif
