/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "verifier/manifest/key.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/memory.h"

#define KEY_FILE_MAX (64u << 10)

/* Room for a key file's text: not in a core dump, not in swap where the limits allow, wiped afterwards. */
struct room {
	char *s;
	size_t len;
};

static void room_done(struct room *r)
{
	if (r->s == NULL)
		return;
	OPENSSL_cleanse(r->s, KEY_FILE_MAX);
	(void)munmap(r->s, KEY_FILE_MAX);
	r->s = NULL;
}

static int room_init(struct room *r, struct rp_err **err)
{
	void *p = mmap(NULL, KEY_FILE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	(void)madvise(p, KEY_FILE_MAX, MADV_DONTDUMP);
	(void)mlock(p, KEY_FILE_MAX);
	r->s = p;
	r->len = 0;
	return 0;
}

/* OpenSSL keeps private halves in a heap of their own, with the same properties, if somebody makes one: for the
 * whole process, and only the first call counts. While it decodes a key it leaves copies elsewhere, in ordinary
 * memory that is used again soon (seen with P-256), so that a process that has held a key dumps no core at all
 * from then on. */
void rp_key_guard_memory(void)
{
	if (!CRYPTO_secure_malloc_initialized())
		(void)CRYPTO_secure_malloc_init(64 << 10, 32);
	rp_memory_dump_none();
}

/* A wrong name or missing rights are whoever called us; a disk that fails is not. */
static int file_error(struct rp_err **err, int errnum)
{
	bool named_wrongly = errnum == ENOENT || errnum == EACCES || errnum == ENOTDIR || errnum == EISDIR ||
			     errnum == EPERM || errnum == ELOOP || errnum == ENAMETOOLONG;
	return rp_err_set(err, named_wrongly ? RP_ERR_CONFIG : RP_ERR_IO, "%s", strerrordesc_np(errnum));
}

static int read_into(struct room *r, int fd, struct rp_err **err)
{
	for (;;) {
		ssize_t n = read(fd, r->s + r->len, KEY_FILE_MAX - r->len);
		if (n == 0 || r->len == KEY_FILE_MAX)
			break;
		if (n > 0)
			r->len += (size_t)n;
		else if (errno != EINTR)
			return file_error(err, errno);
	}
	if (r->len == KEY_FILE_MAX)
		return rp_err_set(err, RP_ERR_CONFIG, "is larger than a key can be (%u bytes)", KEY_FILE_MAX);
	return r->len > 0 ? 0 : rp_err_set(err, RP_ERR_CONFIG, "is empty");
}

static int read_file(struct room *r, const char *path, bool secret, struct rp_err **err)
{
	rp_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		file_error(err, errno);
		return rp_err_hint(err, "'reprove keygen DIR' makes DIR/reprove.key and DIR/reprove.pub");
	}
	if (!S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_CONFIG, "is not a regular file");
	if (secret && (st.st_mode & 077) != 0) {
		rp_err_set(err, RP_ERR_CONFIG,
			   "others may read or change it: its mode is %04o, expected 0600",
			   (unsigned)st.st_mode & 07777u);
		return rp_err_hint(err, "chmod 600 '%s'; if somebody may have copied it, make a new key",
				   path);
	}
	return read_into(r, fd, err);
}

static int read_key(struct rp_key **ret, const char *path, bool secret, const struct rp_secret *passphrase,
		    struct rp_err **err)
{
	rp_cleanup(room_done) struct room text = {0};
	EVP_PKEY *pkey = NULL;
	if (room_init(&text, err) < 0 || read_file(&text, path, secret, err) < 0 ||
	    rp_key_parse(&pkey, text.s, text.len, secret, passphrase, err) < 0)
		return -1;
	return rp_key_of(ret, pkey, err);
}

static int load(struct rp_key **ret, const char *path, bool secret, const struct rp_secret *passphrase,
		struct rp_err **err)
{
	struct rp_err *why = NULL;
	rp_memory_forget();
	if (read_key(ret, path, secret, passphrase, &why) == 0)
		return 0;
	if (rp_memory_failed()) { /* whatever OpenSSL took the file for */
		rp_err_free(why);
		why = NULL;
		rp_err_set(&why, RP_ERR_NOMEM, "out of memory");
	}
	if (err == NULL || *err != NULL)
		rp_err_free(why);
	else
		*err = why;
	return rp_err_wrap(err, "%s key '%s'", secret ? "private" : "public", path);
}

int rp_key_load_private(struct rp_key **ret, const char *path, const struct rp_secret *passphrase,
			struct rp_err **err)
{
	rp_key_guard_memory();
	return load(ret, path, true, passphrase, err);
}

int rp_key_load_public(struct rp_key **ret, const char *path, struct rp_err **err)
{
	return load(ret, path, false, NULL, err);
}
