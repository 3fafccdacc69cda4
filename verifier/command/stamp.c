/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "verifier/command/commands.h"
#include "verifier/command/stamping.h"
#include "verifier/manifest/manifest.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

struct stamp_options {
	const char *config, *file;
	struct stamping_options stamping;
};

#define AT(member) .at = offsetof(struct stamp_options, member)
static const struct rp_option options[] = {
	{RP_OPTION_CONFIG, AT(config)},
	RP_STAMPING_OPTIONS(stamp_options, stamping),
	{0},
};
static const struct rp_operand operand = {
	.value = "FILE",
	.help = "A manifest, a ledger's entry or result.dsse.json. Written beside, then renamed.",
	.type = RP_OPTION_FILE,
	AT(file),
	.required = true,
};
static const struct rp_example examples[] = {
	{"the authority could not be reached when it was sealed",
	 "reprove stamp --stamp http://timestamp.example.com --stamp-authority tsa-ca.pem shop.manifest.json"},
	{"the same with a command of one's own",
	 "reprove stamp --stamp-command 'curl -sSf --max-time 20 -H \"Content-Type: application/timestamp-query\" "
	 "--data-binary @- http://timestamp.example.com' shop.manifest.json"},
	{0},
};

static int stamp(struct stamping *s, const char *path, struct rp_err **err)
{
	rp_autobuf envelope = RP_BUF_INIT((size_t)RP_MANIFEST_MAX + 1);
	rp_autobuf out = RP_BUF_INIT(4096);
	struct stat st;
	size_t n;

	if (stat(path, &st) < 0)
		return rp_err_sys(err, errno, "read '%s'", path);
	if (rp_file_read(path, &envelope, err) < 0 || rp_stamping_envelope(s, &envelope, &n, err) < 0)
		return rp_err_wrap(err, "'%s'", path);
	if (n > 0 && rp_file_replace(path, envelope.s, envelope.len, st.st_mode & 0777, err) < 0)
		return -1;
	rp_buf_addf(&out, n > 0 ? "stamped: %zu signature%s\n" : "every signature bears a stamp already\n", n,
		    n == 1 ? "" : "s");
	return rp_command_print(&out, err);
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct stamp_options *o = call->options;
	struct stamping s;
	int status = rp_stamping_make(&s, &o->stamping, call->run, err);

	if (status == 0 && !rp_stamping_wanted(&o->stamping))
		status = rp_err_set(err, RP_ERR_USAGE, "one of --stamp and --stamp-command is missing");
	if (status == 0)
		status = stamp(&s, o->file, err);
	rp_stamping_done(&s);
	return status < 0 ? rp_err_wrap(err, "stamp") : status;
}

const struct rp_command rp_command_stamp = {
	.name = "stamp",
	.summary = "Have a time stamping authority say when something was signed.",
	.about =
		"A signature says who signed, and the time beside it is the signer's own word. An authority's stamp (RFC "
		"3161) over the signature says that it was there by then: evidence outlives the key and the authority's "
		"certificate, and what a stolen key dates back is told. 'seal --stamp' and 'verify --stamp' ask for one "
		"at once; this adds it to what is there. What was signed is not touched. Which stamps count, and for "
		"what, the trust store says: see reprove-verify(1).",
	.options = options,
	.operand = &operand,
	.size = sizeof(struct stamp_options),
	.examples = examples,
	.run = run,
};
