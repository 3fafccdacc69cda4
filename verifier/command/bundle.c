/* SPDX-License-Identifier: MIT */
#include "verifier/command/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/report.h"
#include "verifier/command/bundle_files.h"
#include "verifier/manifest/key.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define FILES_MAX 200000 /* entries of a ledger, most of them */
#define NAME_MAX_ 512

void rp_bundle_files_done(struct rp_bundle_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->all[i].name);
		rp_buf_done(&f->all[i].text);
	}
	free(f->all);
}

int rp_bundle_add(struct rp_bundle_files *to, const char *name, struct rp_buf *text, struct rp_err **err)
{
	if (rp_buf_check(text, err) < 0)
		return -1;
	if (to->n == FILES_MAX)
		return rp_err_set(err, RP_ERR_IO, "more than %d files", FILES_MAX);
	if (to->n == to->room) {
		size_t room = to->room ? 2 * to->room : 32;
		struct rp_bundle_file *all = reallocarray(to->all, room, sizeof(*all));
		if (!all)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		to->all = all;
		to->room = room;
	}
	char *copy = strdup(name);
	if (!copy)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	to->all[to->n++] = (struct rp_bundle_file){.name = copy, .text = *text};
	*text = (struct rp_buf)RP_BUF_INIT(1);
	return 0;
}

/* ---- The list of digests, and who vouches for it ---- */

static int by_name(const void *va, const void *vb)
{
	const struct rp_bundle_file *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

static int add_sums(const struct rp_bundle *b, struct rp_bundle_files *m, struct rp_err **err)
{
	rp_autobuf sums = RP_BUF_INIT(64u << 20), signature = RP_BUF_INIT(1u << 16);
	uint8_t sig[RP_SIGNATURE_MAX];
	size_t len = sizeof(sig);

	qsort(m->all, m->n, sizeof(*m->all), by_name);
	for (size_t i = 0; i < m->n; i++) {
		uint8_t digest[RP_SHA256_LEN];
		char hex[RP_SHA256_HEX];
		rp_sha256(rp_buf_text(&m->all[i].text), m->all[i].text.len, digest);
		rp_sha256_hex(digest, hex);
		rp_buf_addf(&sums, "%s  %s\n", hex, m->all[i].name);
	}
	if (rp_buf_check(&sums, err) < 0)
		return -1;
	if (b->key) {
		if (rp_key_sign(b->key, sums.s, sums.len, sig, &len, err) < 0)
			return -1;
		rp_buf_add_mem(&signature, sig, len);
		if (rp_bundle_add(m, "SHA256SUMS.sig", &signature, err) < 0)
			return -1;
	}
	return rp_bundle_add(m, "SHA256SUMS", &sums, err);
}

/* ---- The archive ---- */

static const struct {
	const char *ending;
	int (*filter)(struct archive *a);
} packings[] = {{".tar", archive_write_add_filter_none},
		{".tar.gz", archive_write_add_filter_gzip},
		{".tar.zst", archive_write_add_filter_zstd}};

static int packing(struct archive *a, const char *path, struct rp_err **err)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(packings) / sizeof(*packings); i++) {
		size_t n = strlen(packings[i].ending);
		if (len <= n || strcmp(path + len - n, packings[i].ending) != 0)
			continue;
		if (packings[i].filter(a) == ARCHIVE_OK)
			return 0;
		return rp_err_set(err, RP_ERR_IO, "%s: %s", packings[i].ending, archive_error_string(a));
	}
	return rp_err_set(err, RP_ERR_USAGE, "'%s' ends in none of .tar, .tar.gz and .tar.zst", path);
}

static int put(struct archive *a, struct archive_entry *e, const struct rp_bundle *b, const char *folder,
	       const struct rp_bundle_file *m, struct rp_err **err)
{
	char name[NAME_MAX_ + 256];

	(void)snprintf(name, sizeof(name), "%s/%s", folder, m->name);
	archive_entry_clear(e);
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (int64_t)m->text.len);
	archive_entry_set_mtime(e, b->result->finished_ms / 1000, 0);
	if (archive_write_header(a, e) != ARCHIVE_OK ||
	    archive_write_data(a, rp_buf_text(&m->text), m->text.len) != (la_ssize_t)m->text.len)
		return rp_err_set(err, RP_ERR_IO, "'%s': %s", m->name, archive_error_string(a));
	return 0;
}

static int pack(struct archive *a, const struct rp_bundle *b, const struct rp_bundle_files *m, int fd,
		const char *path, struct rp_err **err)
{
	/* "evidence-shop-20261121T060000Z": of the target what fits a file's name. */
	static const struct rp_report named = {.file = "evidence-*"};
	rp_autofree char *folder = rp_report_file(&named, b->result->target);
	struct archive_entry *e = archive_entry_new();
	int done = -1;

	if (!folder || !e)
		rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	else if (archive_write_set_format_pax_restricted(a) != ARCHIVE_OK)
		rp_err_set(err, RP_ERR_IO, "%s", archive_error_string(a));
	else if (packing(a, path, err) == 0)
		done = archive_write_open_fd(a, fd) == ARCHIVE_OK
			       ? 0
			       : rp_err_set(err, RP_ERR_IO, "%s", archive_error_string(a));
	for (size_t i = 0; i < m->n && done == 0; i++)
		done = put(a, e, b, folder, &m->all[i], err);
	if (done == 0 && archive_write_close(a) != ARCHIVE_OK)
		done = rp_err_set(err, RP_ERR_IO, "%s", archive_error_string(a));
	archive_entry_free(e);
	return done;
}

int rp_bundle_write(const struct rp_bundle *b, const char *path, struct rp_err **err)
{
	rp_cleanup(rp_bundle_files_done) struct rp_bundle_files m = {0};
	rp_autofree char *beside = NULL;

	if (rp_bundle_gather(b, &m, err) < 0 || add_sums(b, &m, err) < 0)
		return rp_err_wrap(err, "bundle '%s'", path);
	struct archive *a = archive_write_new();
	rp_autoclose int fd =
		a ? rp_file_beside(path, &beside, err) : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	int done = fd < 0 ? -1 : pack(a, b, &m, fd, path, err);
	archive_write_free(a);
	if (done == 0)
		done = rp_file_publish(fd, beside, path, err);
	if (done < 0 && beside)
		(void)unlink(beside);
	return done < 0 ? rp_err_wrap(err, "bundle '%s'", path) : 0;
}
