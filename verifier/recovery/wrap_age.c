/* SPDX-License-Identifier: MIT */
/* age, by age: with identity files, or with a password, which it reads from a terminal and from nowhere else. */
#include <openssl/evp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/wrap_tool.h"
#include "verifier/util/error.h"

#define LINE_SHOWN 300
/* What is encrypted is cut into pieces of 64 KiB, each with a tag of 16 bytes behind; before the first are 16 bytes. */
#define PIECE (64 << 10)
#define TAG   16
#define NONCE 16

static const char intro[] = "age-encryption.org/v1\n";
static const char armour[] = "-----BEGIN AGE ENCRYPTED FILE-----";
static const char armour_end[] = "-----END AGE ENCRYPTED FILE-----";

static bool is_armoured(const uint8_t *head, size_t len)
{
	return len >= sizeof armour - 1 && memcmp(head, armour, sizeof armour - 1) == 0;
}

static int age_bid(const uint8_t *head, size_t len)
{
	if (is_armoured(head, len))
		return 200;
	return len >= sizeof intro - 1 && memcmp(head, intro, sizeof intro - 1) == 0 ? 176 : 0;
}

/* Its head says what it is locked with. In armour, 64 characters of each line are 48 bytes of it. */
static bool wants_password(const struct rp_tool *t)
{
	static const char stanza[] = "\n-> scrypt ";
	if (!is_armoured(t->kept, t->n_kept))
		return memmem(t->kept, t->n_kept, stanza, sizeof stanza - 1) != NULL;
	const size_t at = sizeof armour; /* with its newline */
	uint8_t text[48] = {0};
	return t->n_kept >= at + 64 && EVP_DecodeBlock(text, t->kept + at, 64) == (int)sizeof text &&
	       memmem(text, sizeof text, stanza, sizeof stanza - 1) != NULL;
}

static int nothing_given(bool password, struct rp_err **err)
{
	(void)rp_err_set(err, RP_ERR_USAGE, "age: %s is needed, and there is none",
			 password ? "a password" : "an identity");
	return password
		       ? rp_err_hint(err, "--passphrase-file FILE names a file that has it")
		       : rp_err_hint(err, "--identity FILE names a file that has it, as age-keygen wrote it");
}

static int age_prepare(struct rp_tool *t, struct rp_err **err)
{
	bool password = wants_password(t);
	const char *const *identity = t->how->identities;
	if (password ? rp_tool_password(t) == NULL : identity == NULL || *identity == NULL)
		return nothing_given(password, err);
	rp_autofree char *program = rp_program_path("age");
	if (program == NULL) {
		(void)rp_err_set(err, RP_ERR_ENGINE, "age: 'age' is not installed");
		return rp_err_hint(err, "install the package 'age'");
	}
	rp_argv_add(&t->argv, program);
	rp_argv_add(&t->argv, "--decrypt");
	for (; !password && *identity != NULL; identity++) {
		rp_autofree char *path = realpath(*identity, NULL);
		if (path == NULL || access(path, R_OK) < 0)
			return rp_err_set(err, RP_ERR_USAGE, "age: '--identity %s' cannot be read",
					  *identity);
		rp_argv_add(&t->argv, "--identity");
		rp_argv_add(&t->argv, path);
		rp_argv_add(&t->reads, path);
	}
	/* An identity may itself be locked. */
	return rp_tool_password(t) != NULL ? rp_tool_type(t, err) : 0;
}

static bool said(const struct rp_tool *t, const char *what)
{
	return strstr(rp_buf_text(&t->said), what) != NULL;
}

static int locked(const struct rp_tool *t, const char *what, const char *hint, struct rp_err **err)
{
	(void)t;
	(void)rp_err_set(err, RP_ERR_LOCKED, "age: %s", what);
	return rp_err_hint(err, "%s", hint);
}

/* All of its pieces are alike but for the last, which says that it is that. So a piece that does not fit is one that
 * was changed, unless nothing follows it: then it may be just where the file was cut. */
static bool is_cut(struct rp_tool *t, bool *ret_sure, struct rp_err **err)
{
	static const char mac[] = "\n--- ";
	*ret_sure = true;
	if (is_armoured(t->kept, t->n_kept)) {
		(void)rp_tool_read_on(t, UINT64_MAX, err);
		return !rp_tool_ends_with(t, armour_end);
	}
	const uint8_t *at = memmem(t->kept, t->n_kept, mac, sizeof mac - 1);
	const uint8_t *end = at != NULL ? memchr(at + 1, '\n', t->n_kept - (size_t)(at + 1 - t->kept)) : NULL;
	if (end == NULL)
		return t->below_ended;
	uint64_t next = (uint64_t)(end + 1 - t->kept) + NONCE + (t->out / PIECE + 1) * (PIECE + TAG);
	(void)rp_tool_read_on(t, next + 1, err);
	*ret_sure = false;
	return t->in <= next;
}

static int judge_bytes(struct rp_tool *t, struct rp_err **err)
{
	bool sure;
	rp_autoerr struct rp_err *unread = NULL;
	bool cut = is_cut(t, &sure, &unread);
	if (unread != NULL)
		return rp_err_again(err, unread);
	if (cut)
		return rp_err_set(err, RP_ERR_BACKUP, "age: truncated: the file ends before its data does%s",
				  sure ? "" : " (or its last 64 KiB were changed)");
	const char *line = strstr(rp_buf_text(&t->said), "age: error: ");
	line = line != NULL ? line + strlen("age: error: ") : rp_buf_text(&t->said);
	size_t len = strcspn(line, "\n");
	rp_autofree char *first = strndup(line, len < LINE_SHOWN ? len : LINE_SHOWN);
	rp_autobuf shown = RP_BUF_INIT(8 << 10);
	rp_buf_add_plain(&shown, first != NULL ? first : "");
	return rp_err_set(err, RP_ERR_BACKUP, "age: damaged: %s", rp_buf_text(&shown));
}

static int age_judge(struct rp_tool *t, int status, struct rp_err **err)
{
	if (status == 0)
		return 0;
	if (status >= 256 || said(t, "bwrap: "))
		return rp_err_set(err, RP_ERR_ENGINE, "'age' failed: %s: %.300s", rp_proc_status_text(status),
				  rp_buf_text(&t->said));
	if (said(t, "incorrect passphrase"))
		return locked(t, t->attempts > 1 ? "none of the passwords fits" : "the password does not fit",
			      "which password was this backup encrypted with?", err);
	if (said(t, "no identity matched"))
		return locked(t, "none of the identities fits",
			      "--identity FILE names the one that it was encrypted for", err);
	if (said(t, "failed to read") && said(t, "identity"))
		return rp_err_set(err, RP_ERR_USAGE, "age: an identity cannot be used: %.300s",
				  rp_buf_text(&t->said));
	return judge_bytes(t, err);
}

static int age_unwrap(struct rp_stream **ret, struct rp_stream *below, const struct rp_unwrapping *how,
		      struct rp_err **err)
{
	static const struct rp_tool_kind age = {
		.name = "age", .boxed = true, .prepare = age_prepare, .judge = age_judge};
	return rp_tool_new(ret, &age, below, how, err);
}

const struct rp_wrapping rp_wrapping_age = {
	.name = "age",
	.program = "age",
	.bid = age_bid,
	.unwrap = age_unwrap,
};
