/* SPDX-License-Identifier: MIT */
#include "verifier/command/signing.h"

#include <stdio.h>
#include <string.h>

#include "verifier/util/argv.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

int rp_signing_passphrase(struct rp_secret **ret, const char *option, const struct signing_options *o,
			  struct rp_err **err)
{
	rp_auto(rp_secret) secret = NULL;
	char prefix[64];

	(void)snprintf(prefix, sizeof(prefix), "%s-", option);
	for (unsigned i = 0; i < RP_PASSPHRASE_WAYS; i++) {
		if (!o->passphrases[i])
			continue;
		if (secret)
			return rp_err_set(err, RP_ERR_USAGE,
					  "the passphrase of --%s is given in two ways, expected one",
					  option);
		if (rp_passphrase_read(&secret, prefix, (enum rp_passphrase_way)i, o->passphrases[i], err) <
		    0)
			return -1;
	}
	*ret = rp_take(secret);
	return 0;
}

static bool is_token(const char *key)
{
	return strncmp(key, "pkcs11:", 7) == 0;
}

static int by_command(struct rp_key **ret, const char *option, const char *key, const char *line,
		      const struct rp_run *run, struct rp_err **err)
{
	struct rp_argv words = {0};

	if (is_token(key))
		return rp_err_set(err, RP_ERR_USAGE,
				  "a sign command needs the public half as --%s, and not a token", option);
	if (rp_words_split(line, &words, err) < 0) {
		rp_argv_done(&words);
		return rp_err_wrap(err, "sign command");
	}
	return rp_key_by_command(ret, key, &words, run, err);
}

int rp_signing_key(struct rp_key **ret, const char *option, const char *key, const struct signing_options *o,
		   const struct rp_run *run, struct rp_err **err)
{
	rp_auto(rp_secret) passphrase = NULL;

	if (rp_signing_passphrase(&passphrase, option, o, err) < 0)
		return -1;
	if (o->command && passphrase)
		return rp_err_set(err, RP_ERR_USAGE,
				  "--%s has a sign command and a passphrase, expected one of them", option);
	if (o->command)
		return by_command(ret, option, key, o->command, run, err);
	if (is_token(key))
		return rp_key_on_token(ret, key, rp_take(passphrase), err);
	return rp_key_load_private(ret, key, passphrase, err);
}
