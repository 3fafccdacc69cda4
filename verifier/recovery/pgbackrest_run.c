/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/pgbackrest.h"
#include "verifier/recovery/stage.h"
#include "verifier/recovery/wanted.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/beneath.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/secret.h"

#define CONFIG_MAX (64 << 10)
#define SAID_MAX   (256 << 10)
#define JOBS_MAX   8

int rp_backrest_find_program(const char **ret, struct rp_err **err)
{
	static const char *const places[] = {"/usr/bin/pgbackrest", "/usr/local/bin/pgbackrest"};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (access(places[i], X_OK) == 0) {
			*ret = places[i];
			return 0;
		}
	(void)rp_err_set(err, RP_ERR_ENGINE, "the program 'pgbackrest' is not installed");
	return rp_err_hint(err, "a pgBackRest repository is restored by its own tool: install the package "
				"'pgbackrest', of the version that wrote it or a later one");
}

/* "backup.info" as it is stored begins so where the repository is encrypted: as everything in it does. */
static int is_encrypted(struct rp_backrest *b, bool *ret, struct rp_err **err)
{
	rp_autobuf name = RP_BUF_INIT(4096);
	uint8_t head[8];
	rp_buf_addf(&name, "backup/%s/backup.info", b->stanza);
	if (rp_buf_check(&name, err) < 0)
		return -1;
	*ret = false;
	const struct rp_file *f = rp_artifact_file(b->a, rp_buf_text(&name));
	rp_auto(rp_stream) bytes = NULL;
	if (f == NULL)
		return 0;
	if (b->a->store->driver->read(b->a->store, b->a->point, f, &bytes, err) < 0)
		return -1;
	ssize_t n = rp_stream_read(bytes, head, sizeof head, err);
	*ret = n == (ssize_t)sizeof head && memcmp(head, "Salted__", sizeof head) == 0;
	return n < 0 ? -1 : 0;
}

static long jobs(const struct rp_backrest *b)
{
	long n = b->a->wanted != NULL && b->a->wanted->jobs > 0 ? (long)b->a->wanted->jobs
								: sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > JOBS_MAX ? JOBS_MAX : n;
}

/* Into the directory that was lent, for the user that it was lent to. */
static int write_config(struct rp_backrest *b, const struct rp_buf *text, struct rp_err **err)
{
	struct stat owner;
	rp_autoclose int work = open(b->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (work < 0 || fstat(work, &owner) < 0)
		return rp_err_sys(err, errno, "open '%s'", b->work);
	(void)unlinkat(work, "config", 0);
	rp_autoclose int fd = rp_beneath_create(work, "config");
	if (fd < 0 || fchown(fd, owner.st_uid, owner.st_gid) < 0)
		return rp_err_sys(err, errno, "create '%s/config'", b->work);
	return rp_write_all(fd, rp_buf_text(text), text->len, err);
}

/* pass NULL: the repository is not encrypted. */
static int configure_with(struct rp_backrest *b, const struct rp_secret *pass, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(CONFIG_MAX);
	rp_buf_addf(&text,
		    "[global]\nrepo1-path=%s\nlog-path=%s/log\nlock-path=%s/lock\nspool-path=%s/spool\n"
		    "log-level-console=error\nlog-level-stderr=off\nlog-level-file=off\nlog-timestamp=n\n"
		    /* A file that is damaged stays so: there is nothing to wait for. */
		    "job-retry=0\nprocess-max=%ld\n",
		    b->work, b->work, b->work, b->work, jobs(b));
	if (pass != NULL)
		rp_buf_addf(&text, "repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=%s\n",
			    rp_secret_text(pass));
	rp_buf_addf(&text, "[%s]\npg1-path=%s/data\n", b->stanza, b->work);
	int r = rp_buf_check(&text, err) < 0 ? -1 : write_config(b, &text, err);
	if (text.s != NULL)
		OPENSSL_cleanse(text.s, text.len);
	return r;
}

/* The smallest file that is encrypted like all others. */
static int opens(struct rp_backrest *b, const struct rp_secret *pass, struct rp_err **err)
{
	rp_autobuf said = RP_BUF_INIT(SAID_MAX), name = RP_BUF_INIT(4096);
	struct rp_buf *kept = b->said;
	rp_buf_addf(&name, "archive/%s/archive.info", b->stanza);
	if (rp_buf_check(&name, err) < 0 || configure_with(b, pass, err) < 0)
		return -1;
	const char *const command[] = {"repo-get", rp_buf_text(&name), NULL};
	b->said = &said;
	int r = rp_backrest_run(b, command, err);
	b->said = kept;
	/* What comes out of a wrong key can end as if it were whole. */
	if (r == 0 && strstr(rp_buf_text(&said), "[backrest]") == NULL)
		return rp_err_set(err, RP_ERR_BACKUP, "'archive.info' makes no sense");
	return r;
}

static int unlock(struct rp_backrest *b, struct rp_err **err)
{
	const struct rp_unwrapping *how = rp_artifact_unwrapping(b->a);
	size_t n = how != NULL ? how->n_passwords : 0;
	if (n == 0) {
		(void)rp_err_set(err, RP_ERR_USAGE,
				 "'%s' is encrypted: its passphrase is needed, and there is none",
				 b->a->point->path);
		return rp_err_hint(err,
				   "--passphrase-file FILE names a file that has it (repo1-cipher-pass)");
	}
	for (size_t i = 0; i < n; i++) {
		rp_autoerr struct rp_err *why = NULL;
		if (opens(b, how->passwords[i], &why) == 0)
			return 0;
		if (rp_err_kind(why) != RP_ERR_BACKUP)
			return rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	}
	(void)rp_err_set(err, RP_ERR_LOCKED, "the passphrase does not open the repository%s",
			 n > 1 ? ", nor does any other that was given" : "");
	return rp_err_hint(err,
			   "it is the repo1-cipher-pass of the configuration that the backup was made with");
}

int rp_backrest_configure(struct rp_backrest *b, struct rp_err **err)
{
	bool encrypted = false;
	if (is_encrypted(b, &encrypted, err) < 0)
		return -1;
	return encrypted ? unlock(b, err) : configure_with(b, NULL, err);
}

int rp_backrest_run(struct rp_backrest *b, const char *const command[], struct rp_err **err)
{
	rp_cleanup(rp_argv_done) struct rp_argv argv = {0};
	rp_argv_add(&argv, b->program);
	for (; *command != NULL; command++)
		rp_argv_add(&argv, *command);
	rp_argv_addf(&argv, "--config=%s/config", b->work);
	rp_argv_addf(&argv, "--stanza=%s", b->stanza);
	if (argv.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return rp_scratch_work(b->s, (const char *const *)argv.v, b->work, NULL, b->said, err);
}
