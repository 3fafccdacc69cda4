/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "verifier/manifest/key.h"
#include "verifier/util/buf.h"
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
 * from then on. A limit of 0 would not do: the kernel heeds it for files only, and 1 for a program that takes
 * core dumps, too. */
static void guard_memory(void)
{
	struct rlimit core = {0};
	if (!CRYPTO_secure_malloc_initialized())
		(void)CRYPTO_secure_malloc_init(64 << 10, 32);
	if (getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur > 1) {
		core.rlim_cur = 1;
		(void)setrlimit(RLIMIT_CORE, &core);
	}
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

static int read_key(struct rp_key **ret, const char *path, bool secret, struct rp_err **err)
{
	rp_cleanup(room_done) struct room text = {0};
	EVP_PKEY *pkey = NULL;
	if (room_init(&text, err) < 0 || read_file(&text, path, secret, err) < 0 ||
	    rp_key_parse(&pkey, text.s, text.len, secret, err) < 0)
		return -1;
	return rp_key_of(ret, pkey, err);
}

static int load(struct rp_key **ret, const char *path, bool secret, struct rp_err **err)
{
	struct rp_err *why = NULL;
	rp_memory_forget();
	if (read_key(ret, path, secret, &why) == 0)
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

int rp_key_load_private(struct rp_key **ret, const char *path, struct rp_err **err)
{
	guard_memory();
	return load(ret, path, true, err);
}

int rp_key_load_public(struct rp_key **ret, const char *path, struct rp_err **err)
{
	return load(ret, path, false, err);
}

/* Not rp_file_replace(): a key that is there already must never be written over, in no race either. */
static int write_new(const char *path, BIO *text, mode_t mode, struct rp_err **err)
{
	char *s = NULL;
	long len = BIO_get_mem_data(text, &s);
	rp_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		rp_err_set(err, RP_ERR_CONFIG, "'%s' is there already, and a key is never written over",
			   path);
		return rp_err_hint(err, "choose another directory, or move the old key away; what it signed "
					"can be verified only as long as its public half is kept");
	}
	if (fd < 0)
		return rp_err_sys(err, errno, "create '%s'", path);
	if (rp_write_all(fd, s, (size_t)len, err) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0) {
		rp_err_sys(err, errno, "write '%s'", path);
		(void)unlink(path);
		return -1;
	}
	return 0;
}

/* The private half first: without it the public one is worth nothing. */
static int write_pair(EVP_PKEY *pkey, const char *key, const char *pub, struct rp_err **err)
{
	BIO *secret = BIO_new(BIO_s_secmem()), *open_text = BIO_new(BIO_s_mem());
	int r = -1;
	if (secret == NULL || open_text == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(secret, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_PUBKEY(open_text, pkey) != 1) {
		rp_err_set(err, RP_ERR_NOMEM, "the new key cannot be written as PEM");
	} else if (write_new(key, secret, 0600, err) == 0) {
		r = write_new(pub, open_text, 0644, err);
		if (r < 0)
			(void)unlink(key); /* we have just made it */
	}
	BIO_free(secret);
	BIO_free(open_text);
	return r;
}

int rp_key_generate(const char *dir, struct rp_err **err)
{
	rp_autobuf key = RP_BUF_INIT(PATH_MAX);
	rp_autobuf pub = RP_BUF_INIT(PATH_MAX);
	rp_buf_addf(&key, "%s/reprove.key", dir);
	rp_buf_addf(&pub, "%s/reprove.pub", dir);
	if (rp_buf_check(&key, err) < 0 || rp_buf_check(&pub, err) < 0 || rp_dir_make(dir, 0700, err) < 0)
		return rp_err_wrap(err, "make a key pair");
	guard_memory();
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	int r = pkey != NULL ? write_pair(pkey, rp_buf_text(&key), rp_buf_text(&pub), err)
			     : rp_err_set(err, RP_ERR_IO, "OpenSSL has no random numbers");
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return r < 0 ? rp_err_wrap(err, "make a key pair") : 0;
}

int rp_key_public_pem(const struct rp_key *k, struct rp_buf *ret, struct rp_err **err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	if (bio == NULL || PEM_write_bio_PUBKEY(bio, k->pkey) != 1) {
		BIO_free(bio);
		return rp_err_set(err, RP_ERR_NOMEM, "cannot write key %s as PEM", k->id);
	}
	long len = BIO_get_mem_data(bio, &text);
	rp_buf_add_mem(ret, text, (size_t)len);
	BIO_free(bio);
	return rp_buf_check(ret, err);
}
