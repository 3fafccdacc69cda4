/* SPDX-License-Identifier: MIT */
#include "verifier/command/notifying.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

#define TIMEOUT_MS     10000
#define TIMEOUT_MAX_MS 600000

/* One secret, which may be given in one of several ways. */
struct way {
	const char *option, *value;
	int (*read)(struct rp_secret **ret, const char *text, struct rp_err **err);
};

static int read_secret(struct rp_secret **ret, const struct way *ways, size_t n, const char *plain,
		       const char *plain_option, struct rp_err **err)
{
	const char *given = plain ? plain_option : NULL;

	for (size_t i = 0; i < n; i++) {
		if (!ways[i].value)
			continue;
		if (given)
			return rp_err_set(err, RP_ERR_USAGE, "--%s and --%s do not go together", given,
					  ways[i].option);
		given = ways[i].option;
		if (ways[i].read(ret, ways[i].value, err) < 0)
			return rp_err_wrap(err, "--%s", given);
	}
	return 0;
}

static int read_secrets(struct notifying *n, const struct notifying_options *o, struct rp_err **err)
{
	const struct way webhook[] = {{"webhook-file", o->webhook_file, rp_secret_of_file},
				      {"webhook-credential", o->webhook_credential, rp_secret_of_credential}};
	const struct way ping[] = {{"ping-file", o->ping_file, rp_secret_of_file},
				   {"ping-credential", o->ping_credential, rp_secret_of_credential}};
	const struct way secret[] = {
		{"webhook-secret-file", o->secret_file, rp_secret_of_file},
		{"webhook-secret-fd", o->secret_fd, rp_secret_of_descriptor},
		{"webhook-secret-credential", o->secret_credential, rp_secret_of_credential},
		{"webhook-secret-env", o->secret_env, rp_secret_of_variable}};

	if (read_secret(&n->webhook, webhook, 2, o->webhook, "webhook", err) < 0 ||
	    read_secret(&n->ping, ping, 2, o->ping, "ping", err) < 0 ||
	    read_secret(&n->secret, secret, 4, NULL, NULL, err) < 0)
		return -1;
	n->how.webhook = n->webhook ? rp_secret_text(n->webhook) : o->webhook;
	n->how.ping = n->ping ? rp_secret_text(n->ping) : o->ping;
	n->how.webhook_secret = n->secret;
	if (n->secret && !n->how.webhook)
		return rp_err_set(err, RP_ERR_USAGE, "there is a secret for a webhook, and no --webhook");
	return 0;
}

static int read_commands(struct notifying *n, const struct notifying_options *o, struct rp_err **err)
{
	size_t count = 0;

	while (o->commands && o->commands[count])
		count++;
	n->commands = calloc(count + 1, sizeof(*n->commands));
	if (!n->commands)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	n->how.commands = n->commands;
	while (n->how.n_commands < count) {
		const char *line = o->commands[n->how.n_commands];
		struct rp_argv *words = &n->commands[n->how.n_commands++];
		if (rp_words_split(line, words, err) < 0)
			return rp_err_wrap(err, "--notify-command");
	}
	return 0;
}

static int name_run(struct notifying *n, struct rp_err **err)
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return rp_err_sys(err, errno, "random numbers");
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	(void)snprintf(n->run, sizeof(n->run),
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		       b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		       b[15]);
	return 0;
}

bool rp_notifying_wanted(const struct notifying *n)
{
	return n->how.webhook || n->how.ping || n->how.n_commands > 0;
}

int rp_notifying_make(struct notifying *ret, const struct notifying_options *o, struct rp_err **err)
{
	*ret = (struct notifying){
		.told = -1,
		.required = o->required,
		.how = {.ca = o->ca, .timeout_ms = o->timeout_ms ? o->timeout_ms : TIMEOUT_MS}};
	if (ret->how.timeout_ms > TIMEOUT_MAX_MS)
		return rp_err_set(err, RP_ERR_USAGE, "--notify-timeout: expected at most 10m");
	if (read_secrets(ret, o, err) < 0 || read_commands(ret, o, err) < 0)
		return -1;
	if (!rp_notifying_wanted(ret))
		return o->required ? rp_err_set(err, RP_ERR_USAGE,
						"--notify-required, and nobody is named who is to be told")
				   : 0;
	return rp_notify_check(&ret->how, err) < 0 ? -1 : name_run(ret, err);
}

void rp_notifying_done(struct notifying *n)
{
	rp_secret_free(n->webhook);
	rp_secret_free(n->ping);
	rp_secret_free(n->secret);
	for (size_t i = 0; i < n->how.n_commands; i++)
		rp_argv_done(&n->commands[i]);
	free(n->commands);
	*n = (struct notifying){.told = -1};
}
