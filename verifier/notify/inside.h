/* SPDX-License-Identifier: MIT */
#ifndef RP_NOTIFY_INSIDE_H
#define RP_NOTIFY_INSIDE_H

#include "verifier/notify/notify.h"

/* Private to this folder. */

/* sign.c. "v1,BASE64": HMAC-SHA-256 over "ID.SECONDS.BODY", as standard-webhooks has it. A secret that begins with
 * "whsec_" is the key in base64; any other is the key itself. */
#define RP_WEBHOOK_SIGNATURE 64
int rp_webhook_sign(const struct rp_secret *secret, const char *id, int64_t seconds,
		    const struct rp_buf *body, char ret[RP_WEBHOOK_SIGNATURE], struct rp_err **err);

/* command.c: a program is told. */
int rp_notify_command(const struct rp_notify *n, const struct rp_argv *command,
		      const struct rp_notice *notice, const struct rp_run *run, struct rp_err **err);

#endif
