/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "verifier/manifest/key.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"

#define SECONDS	 60 /* a person may have to touch something */
#define SAID_MAX 500

struct by_command {
	struct rp_signer signer;
	struct rp_argv argv; /* owned */
	const struct rp_run *run;
};

static void by_command_free(struct rp_signer *s)
{
	struct by_command *c = (struct by_command *)s;
	rp_argv_done(&c->argv);
	free(c);
}

/* Its arguments may hold what nobody is to read in a report. */
static const char *name_of(const struct by_command *c)
{
	const char *slash = strrchr(c->argv.v[0], '/');
	return slash != NULL ? slash + 1 : c->argv.v[0];
}

static int failed(const struct by_command *c, int status, struct rp_buf *said, struct rp_err **err)
{
	while (said->len > 0 && said->s[said->len - 1] == '\n')
		said->s[--said->len] = '\0';
	rp_autobuf shown = RP_BUF_INIT(16 << 10);
	rp_buf_add_plain(&shown, rp_buf_text(said));
	rp_err_set(err, RP_ERR_IO, "sign command '%s' failed: %s%s%s", name_of(c),
		   rp_proc_status_text(status), shown.len > 0 ? ": " : "", rp_buf_text(&shown));
	return rp_err_hint(err, "it reads from standard input what is to be signed: try it by hand");
}

/* A file that is nowhere: some tools want to know how long it is before they read it (openssl, with Ed25519). */
static int file_of(const void *data, size_t len, struct rp_err **err)
{
	rp_autoclose int fd = memfd_create("to be signed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return rp_err_sys(err, errno, "keep what is to be signed");
	if (rp_write_all(fd, data, len, err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return rp_err_sys(err, errno, "keep what is to be signed");
	return rp_take_fd(&fd);
}

/* A run that was stopped is recorded all the same, so that what stopped it does not stop this. */
static int ask(struct rp_signer *s, const struct rp_key *k, const void *data, size_t data_len, uint8_t *ret,
	       size_t *len, struct rp_err **err)
{
	struct by_command *c = (struct by_command *)s;
	struct rp_run run = rp_run_unwinding(c->run, SECONDS);
	/* One byte more than a signature can have shows that there is more. */
	rp_autobuf out = RP_BUF_INIT(RP_SIGNATURE_MAX + 1);
	rp_autobuf said = RP_BUF_INIT(SAID_MAX);
	rp_autoclose int input = file_of(data, data_len, err);
	struct rp_program p = RP_PROGRAM_INIT;
	(void)k;
	p.argv = c->argv.v;
	p.env = environ; /* it finds its service by it; passphrases were taken out */
	p.in = input;
	if (input < 0)
		return -1;
	int status = rp_proc_run(&p, NULL, &out, &said, &run, err);
	if (status < 0)
		return rp_err_wrap(err, "sign command '%s'", name_of(c));
	if (status != 0)
		return failed(c, status, &said, err);
	if (out.len == 0 || out.len > *len)
		return rp_err_set(err, RP_ERR_CONFIG,
				  "sign command '%s' wrote %s, expected a signature of at most %zu bytes",
				  name_of(c), out.len == 0 ? "nothing" : "more than a signature is", *len);
	memcpy(ret, out.s, out.len);
	*len = out.len;
	return 0;
}

int rp_key_by_command(struct rp_key **ret, const char *public, struct rp_argv *command,
		      const struct rp_run *run, struct rp_err **err)
{
	struct by_command *c = calloc(1, sizeof *c);
	rp_auto(rp_key) k = NULL;
	if (c == NULL) {
		rp_argv_done(command);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	*c = (struct by_command){.signer = {.what = "the sign command", .sign = ask, .free = by_command_free},
				 .argv = *command,
				 .run = run};
	*command = (struct rp_argv){0};
	if (rp_key_load_public(&k, public, err) < 0) {
		by_command_free(&c->signer);
		return -1;
	}
	k->signer = &c->signer;
	*ret = rp_take(k);
	return 0;
}
