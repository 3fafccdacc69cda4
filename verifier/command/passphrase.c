/* SPDX-License-Identifier: MIT */
#include "verifier/command/passphrase.h"

#include "verifier/util/error.h"
#include "verifier/util/secret.h"

int rp_passphrase_read(struct rp_secret **ret, const char *prefix, enum rp_passphrase_way way,
		       const char *text, struct rp_err **err)
{
	static const struct {
		const char *option;
		int (*read)(struct rp_secret **ret, const char *text, struct rp_err **err);
	} ways[RP_PASSPHRASE_WAYS] = {
		[RP_BY_FILE] = {"file", rp_secret_of_file},
		[RP_BY_FD] = {"fd", rp_secret_of_descriptor},
		[RP_BY_CREDENTIAL] = {"credential", rp_secret_of_credential},
		[RP_BY_VARIABLE] = {"env", rp_secret_of_variable},
	};

	if (ways[way].read(ret, text, err) == 0)
		return 0;
	return rp_err_wrap(err, "--%spassphrase-%s", prefix, ways[way].option);
}
