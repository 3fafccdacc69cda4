/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <string.h>

#include "verifier/recovery/tar_inside.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"
#include "verifier/util/sha256.h"

struct scan {
	struct rp_untar u;
	EVP_MD_CTX *hash;
	uint8_t data[RP_TAR_GLANCE], sha256[RP_SHA256_LEN], piece[RP_TAR_PIECE];
};

static void scan_done(struct scan *s)
{
	rp_untar_done(&s->u);
	EVP_MD_CTX_free(s->hash);
}

/* false: what is wrong with it is not told here. */
static bool scan_data(struct scan *s, struct rp_tar_member *m, bool hashed)
{
	la_ssize_t n = 1;
	if (hashed && EVP_DigestInit_ex(s->hash, EVP_sha256(), NULL) != 1)
		return false;
	while (n > 0 && (hashed || m->len < sizeof s->data)) {
		n = archive_read_data(s->u.archive, s->piece,
				      hashed ? sizeof s->piece : sizeof s->data - m->len);
		if (n < 0 || rp_run_check(s->u.run, NULL) < 0)
			return false;
		size_t room = sizeof s->data - m->len, kept = (size_t)n < room ? (size_t)n : room;
		memcpy(s->data + m->len, s->piece, kept);
		m->len += kept;
		if (hashed && EVP_DigestUpdate(s->hash, s->piece, (size_t)n) != 1)
			return false;
	}
	m->data = s->data;
	m->sha256 = s->sha256;
	return !hashed || EVP_DigestFinal_ex(s->hash, s->sha256, NULL) == 1;
}

static bool scan_members(struct scan *s, uint64_t most, bool hashed, rp_tar_member_fn *fn, void *ctx)
{
	struct archive_entry *e;
	while (archive_filter_bytes(s->u.archive, -1) < (int64_t)most) {
		char room[RP_BENEATH_MAX + 2];
		int64_t began = archive_filter_bytes(s->u.archive, -1);
		int r = rp_run_check(s->u.run, NULL) < 0 ? ARCHIVE_FATAL
							 : archive_read_next_header(s->u.archive, &e);
		if (r == ARCHIVE_EOF)
			return rp_untar_at_its_end(&s->u, began, "", NULL) == 0;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return false;
		bool link = archive_entry_hardlink(e) != NULL;
		struct rp_tar_member m = {.name = rp_tar_plain(rp_tar_name_of(e), room),
					  .directory = !link && archive_entry_filetype(e) == AE_IFDIR,
					  .other = link || (archive_entry_filetype(e) != AE_IFDIR &&
							    archive_entry_filetype(e) != AE_IFREG),
					  .size = archive_entry_size(e) > 0 ? (uint64_t)archive_entry_size(e)
									    : 0};
		s->u.entries++;
		if (!m.directory && !m.other && !scan_data(s, &m, hashed))
			return false;
		if (m.name[0] != '\0' && fn(ctx, &m) != 0)
			return false;
	}
	return false;
}

int rp_tar_scan(struct rp_stream *from, uint64_t most, bool hashed, rp_tar_member_fn *fn, void *ctx,
		bool *ret_whole, struct rp_run *run, struct rp_err **err)
{
	rp_cleanup(scan_done) struct scan s = {
		.u = {.from = from, .run = run, .title = "", .into = "", .fd = -1}};
	s.u.archive = rp_tar_reader();
	s.hash = EVP_MD_CTX_new();
	if (s.u.archive == NULL || s.hash == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret_whole = archive_read_open(s.u.archive, &s.u, NULL, rp_untar_pull, NULL) == ARCHIVE_OK &&
		     scan_members(&s, most < INT64_MAX ? most : INT64_MAX, hashed, fn, ctx);
	if (rp_run_check(run, err) < 0)
		return -1;
	if (s.u.below != NULL && rp_err_kind(s.u.below) != RP_ERR_BACKUP)
		return rp_err_again(err, s.u.below);
	return 0;
}
