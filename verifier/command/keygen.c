/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/command/signing.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

struct keygen_options {
	const char *dir, *type, *public_of;
	struct signing_options signing;
	bool encrypt;
};

#define AT(member) .at = offsetof(struct keygen_options, member)
static const struct rp_option options[] = {
	{.name = "type",
	 .type = RP_OPTION_TEXT,
	 .value = "TYPE",
	 AT(type),
	 .help = "'ed25519', or 'p256' for ECDSA on P-256 with SHA-256, which more tokens and key services know; ed25519 when "
		 "it is not given."},
	{.name = "encrypt",
	 .type = RP_OPTION_FLAG,
	 AT(encrypt),
	 .help = "Encrypt the private key (PKCS#8: AES-256, PBKDF2) with the passphrase that one of the four options below "
		 "hands over."},
	RP_SIGNING_PASSPHRASE(keygen_options, signing, "key", "the key", true),
	{.name = "public-of",
	 .type = RP_OPTION_FILE,
	 .value = "KEY",
	 AT(public_of),
	 .alone = true,
	 .help = "Make nothing, and print the public half of this private key: " RP_PRIVATE_KEY_HELP "."},
	{0},
};
static const struct rp_operand dir = {
	.value = "DIR",
	.help = "Where the two files go. Keys that are there already are never overwritten.",
	.type = RP_OPTION_DIR,
	AT(dir),
	.required = true,
};
static const struct rp_example examples[] = {
	{"make reprove.key and reprove.pub here", "reprove keygen ."},
	{"the same with stock tools",
	 "openssl genpkey -algorithm ed25519 -out reprove.key && chmod 600 reprove.key && openssl pkey -in "
	 "reprove.key -pubout -out reprove.pub"},
	{"ECDSA, encrypted with what a password manager says",
	 "reprove keygen --type p256 --encrypt --key-passphrase-fd 3 . 3< <(pass show reprove)"},
	{"the public half of a key on a token, for --trust",
	 "reprove keygen --public-of 'pkcs11:token=backup;object=seal' --key-passphrase-file pin > reprove.pub"},
	{0},
};

static int read_type(const char *text, enum rp_key_type *ret, struct rp_err **err)
{
	static const struct {
		const char *name;
		enum rp_key_type type;
	} types[] = {{"ed25519", RP_KEY_ED25519}, {"p256", RP_KEY_P256}};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!text || strcmp(text, types[i].name) == 0) {
			*ret = types[i].type;
			return 0;
		}
	}
	return rp_err_set(err, RP_ERR_USAGE, "'--type %s': expected ed25519 or p256", text);
}

static int make(const struct keygen_options *o, struct rp_err **err)
{
	rp_auto(rp_secret) passphrase = NULL;
	enum rp_key_type type = RP_KEY_ED25519;

	if (read_type(o->type, &type, err) < 0 ||
	    rp_signing_passphrase(&passphrase, "key", &o->signing, err) < 0)
		return -1;
	if (o->encrypt && !passphrase) {
		rp_err_set(err, RP_ERR_USAGE, "--encrypt needs a passphrase");
		return rp_err_hint(err, "--key-passphrase-file FILE, or -fd, -credential, -env");
	}
	if (!o->encrypt && passphrase)
		return rp_err_set(err, RP_ERR_USAGE, "a passphrase is for --encrypt, which is not given");
	return rp_key_generate(o->dir, type, passphrase, err);
}

static int print_public(const struct rp_call *call, struct rp_err **err)
{
	const struct keygen_options *o = call->options;
	rp_auto(rp_key) key = NULL;
	rp_autobuf out = RP_BUF_INIT(64u << 10);

	if (o->dir || o->encrypt || o->type)
		return rp_err_set(err, RP_ERR_USAGE,
				  "--public-of makes no key: it goes with no DIR, --type and "
				  "--encrypt");
	if (rp_signing_key(&key, "key", o->public_of, &o->signing, call->run, err) < 0 ||
	    rp_key_public_pem(key, &out, err) < 0)
		return -1;
	return rp_command_print(&out, err);
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct keygen_options *o = call->options;
	rp_autobuf path = RP_BUF_INIT(64u << 10), out = RP_BUF_INIT(1u << 20);
	rp_auto(rp_key) key = NULL;

	if (o->public_of)
		return print_public(call, err) < 0 ? rp_err_wrap(err, "keygen") : 0;
	if (make(o, err) < 0)
		return rp_err_wrap(err, "keygen");
	rp_buf_addf(&path, "%s/reprove.pub", o->dir);
	if (rp_key_load_public(&key, rp_buf_text(&path), err) < 0)
		return rp_err_wrap(err, "keygen");
	rp_buf_add(&out, "private key  ");
	rp_buf_add_plain(&out, o->dir);
	rp_buf_addf(&out, "/reprove.key  (sign with it: reprove seal --key; keep it secret%s)\npublic key   ",
		    o->encrypt ? "; it is encrypted" : "");
	rp_buf_add_plain(&out, rp_buf_text(&path));
	rp_buf_addf(&out, "  (trust it: reprove verify --trust)\nkey id       %s\n", rp_key_id(key));
	return rp_command_print(&out, err);
}

const struct rp_command rp_command_keygen = {
	.name = "keygen",
	.summary = "Make a key pair for signing manifests.",
	.about =
		"Writes DIR/reprove.key (Ed25519, readable by you alone) and DIR/reprove.pub, both PEM. Any "
		"Ed25519 or ECDSA P-256 key that openssl made does as well, and so does one on a token (PKCS#11) or of a key "
		"service: see docs/keys.md.",
	.options = options,
	.operand = &dir,
	.size = sizeof(struct keygen_options),
	.examples = examples,
	.run = run,
};
