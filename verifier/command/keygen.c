/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>

#include "verifier/command/commands.h"
#include "verifier/manifest/trust.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

struct keygen_options {
	const char *dir;
};

static const struct rp_operand dir = {
	.value = "DIR",
	.help = "Where the two files go. Keys that are there already are never overwritten.",
	.type = RP_OPTION_DIR,
	.at = offsetof(struct keygen_options, dir),
	.required = true,
};
static const struct rp_example examples[] = {
	{"make reprove.key and reprove.pub here", "reprove keygen ."},
	{"the same with stock tools",
	 "openssl genpkey -algorithm ed25519 -out reprove.key && chmod 600 reprove.key && openssl pkey -in "
	 "reprove.key -pubout -out reprove.pub"},
	{0},
};

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct keygen_options *o = call->options;
	rp_autobuf path = RP_BUF_INIT(64u << 10), out = RP_BUF_INIT(1u << 20);
	rp_auto(rp_key) key = NULL;

	if (rp_key_generate(o->dir, err) < 0)
		return rp_err_wrap(err, "keygen");
	rp_buf_addf(&path, "%s/reprove.pub", o->dir);
	if (rp_key_load_public(&key, rp_buf_text(&path), err) < 0)
		return rp_err_wrap(err, "keygen");
	rp_buf_add(&out, "private key  ");
	rp_buf_add_plain(&out, o->dir);
	rp_buf_add(&out, "/reprove.key  (sign with it: reprove seal --key; keep it secret)\npublic key   ");
	rp_buf_add_plain(&out, rp_buf_text(&path));
	rp_buf_addf(&out, "  (trust it: reprove verify --trust)\nkey id       %s\n", rp_key_id(key));
	return rp_command_print(&out, err);
}

const struct rp_command rp_command_keygen = {
	.name = "keygen",
	.summary = "Make a key pair for signing manifests.",
	.about = "Writes DIR/reprove.key (Ed25519, readable by you alone) and DIR/reprove.pub, both PEM. Any "
		 "Ed25519 or ECDSA P-256 key that openssl made does as well.",
	.operand = &dir,
	.size = sizeof(struct keygen_options),
	.examples = examples,
	.run = run,
};
