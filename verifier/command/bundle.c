/* SPDX-License-Identifier: MIT */
#include "verifier/command/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/report.h"
#include "verifier/command/commands.h"
#include "verifier/manifest/key.h"
#include "verifier/manifest/manifest.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define MEMBERS_MAX 200000 /* entries of a ledger, most of them */
#define MEMBER_MAX  RP_MANIFEST_MAX
#define NAME_MAX_   512

/* ---- What is in it ---- */

struct member {
	char *name;
	struct rp_buf text;
};
struct members {
	struct member *all;
	size_t n, room;
};

static void members_done(struct members *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->all[i].name);
		rp_buf_done(&m->all[i].text);
	}
	free(m->all);
}

/* Takes what 'text' holds over. */
static int add(struct members *m, const char *name, struct rp_buf *text, struct rp_err **err)
{
	if (rp_buf_check(text, err) < 0)
		return -1;
	if (m->n == MEMBERS_MAX)
		return rp_err_set(err, RP_ERR_IO, "more than %d files", MEMBERS_MAX);
	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 32;
		struct member *all = reallocarray(m->all, room, sizeof(*all));
		if (!all)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		m->all = all;
		m->room = room;
	}
	char *copy = strdup(name);
	if (!copy)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	m->all[m->n++] = (struct member){.name = copy, .text = *text};
	*text = (struct rp_buf)RP_BUF_INIT(1);
	return 0;
}

static int add_file(struct members *m, const char *name, const char *path, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(MEMBER_MAX);

	return rp_file_read(path, &text, err) < 0 ? -1 : add(m, name, &text, err);
}

/* Rendered anew: what is in the archive is what this result says, whatever lies beside it. */
static int add_reports(const struct rp_bundle *b, struct members *m, struct rp_err **err)
{
	for (const struct rp_report *const *r = rp_reports; *r; r++) {
		rp_autobuf text = RP_BUF_INIT(RP_RESULT_MAX);
		rp_autofree char *name = (*r)->file ? rp_report_file(*r, b->result->target) : NULL;
		if (!(*r)->file || strcmp((*r)->name, "json") == 0)
			continue;
		if (!name)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		(*r)->render(b->result, &(struct rp_rendering){.where = "."}, &text);
		if (add(m, name, &text, err) < 0)
			return -1;
	}
	return 0;
}

static int add_keys(const struct rp_bundle *b, struct members *m, struct rp_err **err)
{
	rp_autobuf store = RP_BUF_INIT(1u << 20);

	for (size_t i = 0; i < b->trust->n; i++) {
		rp_autobuf pem = RP_BUF_INIT(1u << 16);
		char name[NAME_MAX_];
		(void)snprintf(name, sizeof(name), "keys/%s.pub", rp_key_id(b->trust->keys[i]));
		if (rp_key_public_pem(b->trust->keys[i], &pem, err) < 0 || add(m, name, &pem, err) < 0)
			return -1;
	}
	rp_trust_store_text(b->trust, &store);
	return store.len ? add(m, "keys/trust.txt", &store, err) : 0;
}

static int add_ledger(const struct rp_bundle *b, struct members *m, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	struct rp_head head;
	char name[NAME_MAX_];

	if (rp_ledger_head(b->ledger, &head, err) < 0)
		return -1;
	rp_buf_addf(&path, "%s/ledger.json", rp_ledger_dir(b->ledger));
	if (add_file(m, "ledger/ledger.json", rp_buf_text(&path), err) < 0)
		return -1;
	for (uint64_t i = 1; i <= head.number; i++) {
		(void)snprintf(name, sizeof(name), "ledger/entries/%012" PRIu64 ".json", i);
		rp_buf_reset(&path);
		rp_buf_addf(&path, "%s/entries/%012" PRIu64 ".json", rp_ledger_dir(b->ledger), i);
		/* Pruned ones have left their digests in a later entry. */
		if (access(rp_buf_text(&path), F_OK) == 0 && add_file(m, name, rp_buf_text(&path), err) < 0)
			return -1;
	}
	return 0;
}

/* The result's own signature lies beside it. */
static int add_beside(const struct rp_bundle *b, struct members *m, struct rp_err **err)
{
	rp_autofree char *copy = strdup(b->result_file);
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);

	if (!copy)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_buf_addf(&path, "%s/result.dsse.json", dirname(copy));
	if (access(rp_buf_text(&path), F_OK) < 0)
		return 0;
	return add_file(m, "result.dsse.json", rp_buf_text(&path), err);
}

static int gather(const struct rp_bundle *b, struct members *m, struct rp_err **err)
{
	rp_autobuf readme = RP_BUF_INIT(1u << 20), config = RP_BUF_INIT(1u << 20);

	if (add_file(m, "result.json", b->result_file, err) < 0 || add_beside(b, m, err) < 0 ||
	    add_reports(b, m, err) < 0 || add_keys(b, m, err) < 0)
		return -1;
	if (b->manifest && add_file(m, "manifest.json", b->manifest, err) < 0)
		return -1;
	if (b->ledger && add_ledger(b, m, err) < 0)
		return -1;
	if (b->config &&
	    (rp_doctor_config(&config, b->config, err) < 0 || add(m, "configuration.txt", &config, err) < 0))
		return -1;
	rp_bundle_readme(b, &readme);
	return add(m, "README.md", &readme, err);
}

/* ---- The list of digests, and who vouches for it ---- */

static int by_name(const void *va, const void *vb)
{
	const struct member *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

static int add_sums(const struct rp_bundle *b, struct members *m, struct rp_err **err)
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
		if (add(m, "SHA256SUMS.sig", &signature, err) < 0)
			return -1;
	}
	return add(m, "SHA256SUMS", &sums, err);
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
	       const struct member *m, struct rp_err **err)
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

static int pack(struct archive *a, const struct rp_bundle *b, const struct members *m, int fd,
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
	rp_cleanup(members_done) struct members m = {0};
	rp_autofree char *beside = NULL;

	if (gather(b, &m, err) < 0 || add_sums(b, &m, err) < 0)
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
