/* SPDX-License-Identifier: MIT */
/* OpenPGP, by gpg. Its exit status tells nothing (0 for a message cut in its first packets), its status lines do. */
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/wrap_tool.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define AGENT_S	   20
#define HEAD_MAX   2048 /* of packets with keys */
#define LINE_SHOWN 300

static const char armour[] = "-----BEGIN PGP MESSAGE-----";
static const char armour_end[] = "-----END PGP MESSAGE-----";

/* A packet's head, in the old format or the new: its tag, and where its body begins. false: it is none. */
static bool packet(const uint8_t *head, size_t len, unsigned *ret_tag, size_t *ret_at)
{
	static const size_t old_lengths[] = {2, 3, 5, 1};
	if (len < 8 || (head[0] & 0x80) == 0)
		return false;
	bool new_format = (head[0] & 0x40) != 0;
	*ret_tag = new_format ? head[0] & 0x3fU : (head[0] >> 2) & 0xfU;
	*ret_at = !new_format ? old_lengths[head[0] & 3] : head[1] < 192 ? 2 : head[1] < 224 ? 3 : 6;
	return *ret_at + 12 <= len;
}

/* A message that is encrypted begins with a key, encrypted to a person (tag 1) or by a password (tag 3). */
static int gpg_bid(const uint8_t *head, size_t len)
{
	unsigned tag;
	size_t at;
	if (len >= sizeof armour - 1 && memcmp(head, armour, sizeof armour - 1) == 0)
		return 200;
	if (!packet(head, len, &tag, &at))
		return 0;
	const uint8_t *body = head + at;
	if (tag == 1 && body[0] == 3)
		return body[9] >= 1 && body[9] <= 30 ? 21 : 0;
	if (tag == 3 &&
	    (body[0] == 4 || body[0] == 5)) /* cipher, (mode,) how a password becomes a key, digest */
		return body[1] <= 13 && body[body[0] - 2] <= 3 && body[body[0] - 1] <= 14 ? 25 : 0;
	return 0;
}

/* Does an agent answer for these keys? */
static bool agent_runs(const char *socket_path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	rp_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || strlen(socket_path) >= sizeof to.sun_path)
		return false;
	(void)stpcpy(to.sun_path, socket_path);
	return connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
}

static int ask_gpgconf(const char *home, const char *what, const char *which, struct rp_buf *out,
		       struct rp_err **err)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	const char *const words[] = {"gpgconf", "--homedir", home, what, which};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		rp_argv_add(&argv, words[i]);
	if (argv.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	struct rp_run never = {.cancel_fd = -1};
	struct rp_run soon = rp_run_unwinding(&never, AGENT_S);
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	int status = rp_proc_run(&p, NULL, out, NULL, &soon, err);
	return status == 0 ? 0
			   : rp_err_set(err, RP_ERR_ENGINE, "gpg: 'gpgconf %s %s' failed: %s", what, which,
					status > 0 ? rp_proc_status_text(status) : "");
}

/* Only the agent sees secret keys, and it stays outside: gpg, which reads what a stranger wrote, asks it for the one
 * key of this message. */
static int use_keys(struct rp_tool *t, struct rp_err **err)
{
	rp_autobuf said = RP_BUF_INIT(4096);
	rp_autofree char *home = realpath(t->how->gnupghome, NULL);
	if (home == NULL || access(home, R_OK | X_OK) < 0)
		return rp_err_set(err, RP_ERR_USAGE, "gpg: '--gnupghome %s' is no directory that can be read",
				  t->how->gnupghome);
	if (ask_gpgconf(home, "--list-dirs", "agent-socket", &said, err) < 0)
		return -1;
	rp_autofree char *path = strndup(rp_buf_text(&said), strcspn(rp_buf_text(&said), "\n"));
	if (path == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (!agent_runs(path)) {
		if (ask_gpgconf(home, "--launch", "gpg-agent", NULL, err) < 0)
			return -1;
		t->started_agent = true;
	}
	rp_argv_add(&t->argv, "--homedir");
	rp_argv_add(&t->argv, home);
	rp_argv_add(&t->reads, home);
	rp_argv_add(&t->reads, dirname(path));
	t->leave.connects = true;
	return 0;
}

static void gpg_release(struct rp_tool *t)
{
	rp_autofree char *home = t->started_agent ? realpath(t->how->gnupghome, NULL) : NULL;
	if (home != NULL)
		(void)ask_gpgconf(home, "--kill", "gpg-agent", NULL, NULL);
	t->started_agent = false;
}

static int gpg_prepare(struct rp_tool *t, struct rp_err **err)
{
	static const char *const always[] = {"--no-options",
					     "--batch",
					     "--no-tty",
					     "--no-autostart",
					     "--lock-never",
					     "--no-random-seed-file",
					     "--trust-model",
					     "always",
					     "--no-auto-check-trustdb",
					     "--no-auto-key-retrieve",
					     "--no-symkey-cache",
					     "--pinentry-mode",
					     "loopback",
					     "--status-fd",
					     "2"};
	rp_autofree char *program = rp_program_path("gpg");
	if (program == NULL) {
		(void)rp_err_set(err, RP_ERR_ENGINE, "gpg: 'gpg' is not installed");
		return rp_err_hint(err, "install the package 'gnupg'");
	}
	rp_argv_add(&t->argv, program);
	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		rp_argv_add(&t->argv, always[i]);
	if (t->how->gnupghome != NULL) {
		if (use_keys(t, err) < 0)
			return -1;
	} else {
		/* Without keys nothing is read and nothing written: it needs no directory of its own. */
		rp_argv_add(&t->argv, "--no-keyring");
		rp_argv_add(&t->argv, "--homedir");
		rp_argv_add(&t->argv, "/nonexistent");
	}
	if (rp_tool_password(t) != NULL) {
		if (rp_tool_lend(t, err) < 0)
			return -1;
		rp_argv_add(&t->argv, "--passphrase-fd");
		rp_argv_addf(&t->argv, "%d", t->pass);
	}
	rp_argv_add(&t->argv, "--decrypt");
	return 0;
}

static bool said(const struct rp_tool *t, const char *what)
{
	return strstr(rp_buf_text(&t->said), what) != NULL;
}

/* Where it says "NO_SECKEY 0123456789ABCDEF 1". */
static int no_key(const struct rp_tool *t, struct rp_err **err)
{
	static const char text[] = "[GNUPG:] NO_SECKEY ";
	const char *id = strstr(rp_buf_text(&t->said), text) + sizeof text - 1;
	int len = (int)strspn(id, "0123456789ABCDEF");
	(void)rp_err_set(err, t->how->gnupghome != NULL ? RP_ERR_LOCKED : RP_ERR_USAGE,
			 "gpg: the secret key that it is encrypted for is not here: %.*s", len, id);
	return rp_err_hint(
		err, "--gnupghome DIR names the directory that has it ('gpg --list-secret-keys' lists keys)");
}

static int locked(const struct rp_tool *t, struct rp_err **err)
{
	if (t->how->n_passwords == 0) {
		(void)rp_err_set(err, RP_ERR_USAGE, "gpg: a password is needed, and there is none");
		return rp_err_hint(err, "--passphrase-file FILE names a file that has it");
	}
	(void)rp_err_set(err, RP_ERR_LOCKED, "gpg: the password does not fit%s",
			 t->how->n_passwords > 1 ? ", nor does any other that was given" : "");
	return rp_err_hint(err, "which password was this backup encrypted with?");
}

/* The first thing that it complains about: its other lines tell what it is doing. */
static int damaged(const struct rp_tool *t, struct rp_err **err)
{
	static const char *const telling[] = {"encrypted data", "encrypted with", "keybox", "Note:", NULL};
	const char *at = rp_buf_text(&t->said);
	if (said(t, "[GNUPG:] BADMDC"))
		return rp_err_set(err, RP_ERR_BACKUP, "gpg: damaged: it was changed after it was encrypted");
	while ((at = strstr(at, "gpg: ")) != NULL) {
		size_t len = strcspn(at, "\n");
		bool tells = false;
		for (const char *const *w = telling; *w != NULL; w++)
			tells |= memmem(at, len, *w, strlen(*w)) != NULL;
		if (!tells) {
			rp_autofree char *line = strndup(at + 5, len - 5 < LINE_SHOWN ? len - 5 : LINE_SHOWN);
			rp_autobuf shown = RP_BUF_INIT(8 << 10);
			rp_buf_add_plain(&shown, line != NULL ? line : "");
			return rp_err_set(err, RP_ERR_BACKUP, "gpg: damaged: %s", rp_buf_text(&shown));
		}
		at += len;
	}
	return rp_err_set(err, RP_ERR_BACKUP, "gpg: damaged: it is no whole message");
}

static bool is_cut(const struct rp_tool *t)
{
	if (!t->below_ended)
		return false;
	if (t->n_kept >= sizeof armour - 1 && memcmp(t->kept, armour, sizeof armour - 1) == 0)
		return !rp_tool_ends_with(t, armour_end);
	/* A packet, or a part of one, that says it is longer; or not even the packets with the keys were whole. */
	return said(t, "read error (size=") || said(t, "length byte missing") ||
	       (t->in < HEAD_MAX && !said(t, "[GNUPG:] BEGIN_DECRYPTION"));
}

static int gpg_judge(struct rp_tool *t, int status, struct rp_err **err)
{
	bool okay = said(t, "\n[GNUPG:] DECRYPTION_OKAY") && !said(t, "\n[GNUPG:] DECRYPTION_FAILED");
	if (okay && (status == 0 || (said(t, "\n[GNUPG:] ERRSIG") && !said(t, "\n[GNUPG:] BADSIG"))))
		return 0; /* a signature of somebody whose key is not here is none of our business */
	if (status >= 256 && status - 256 != SIGPIPE && status - 256 != SIGSEGV && status - 256 != SIGABRT)
		return rp_err_set(err, RP_ERR_ENGINE, "'gpg' was %s", rp_proc_status_text(status));
	if (said(t, "bwrap: "))
		return rp_err_set(err, RP_ERR_ENGINE, "gpg: the box for it could not be made: %.300s",
				  rp_buf_text(&t->said));
	if (said(t, "[GNUPG:] NO_SECKEY ") && !said(t, "[GNUPG:] DECRYPTION_KEY ") &&
	    !said(t, "BAD_PASSPHRASE") && !said(t, "[GNUPG:] NEED_PASSPHRASE_SYM"))
		return no_key(t, err);
	bool started = said(t, "[GNUPG:] PLAINTEXT ");
	bool wants = said(t, "[GNUPG:] NEED_PASSPHRASE") || said(t, "MISSING_PASSPHRASE");
	if (!started && (said(t, "BAD_PASSPHRASE") || said(t, "Bad session key") ||
			 said(t, "Bad passphrase") || (wants && t->how->n_passwords == 0)))
		return locked(t, err);
	if (rp_tool_read_on(t, UINT64_MAX, err) < 0)
		return -1;
	return is_cut(t)
		       ? rp_err_set(err, RP_ERR_BACKUP, "gpg: truncated: the file ends before its data does")
		       : damaged(t, err);
}

static int gpg_unwrap(struct rp_stream **ret, struct rp_stream *below, const struct rp_unwrapping *how,
		      struct rp_err **err)
{
	static const struct rp_tool_kind gpg = {.name = "gpg",
						.boxed = true,
						.prepare = gpg_prepare,
						.judge = gpg_judge,
						.release = gpg_release};
	return rp_tool_new(ret, &gpg, below, how, err);
}

const struct rp_wrapping rp_wrapping_gpg = {
	.name = "gpg",
	.program = "gpg",
	.bid = gpg_bid,
	.unwrap = gpg_unwrap,
};
