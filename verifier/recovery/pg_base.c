/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_base.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/recovery/format.h"
#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_label.h"
#include "verifier/recovery/pg_recover.h"
#include "verifier/recovery/stage.h"
#include "verifier/recovery/tar.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"

/* What pg_basebackup makes: a data directory, or its tars; and what is made of it by hand: a copy of a data directory, a
 * tar of either. */

#define TAR_BLOCK 512

/* What only a data directory has in it. */
static bool is_of_data_directory(const char *name)
{
	static const char *const own[] = {
		"pg_xact/",	"pg_multixact/", "pg_notify/",	 "pg_subtrans/",  "pg_twophase/",
		"pg_tblspc/",	"pg_wal/",	 "pg_replslot/", "pg_snapshots/", "pg_commit_ts/",
		"pg_dynshmem/", "pg_serial/",	 "pg_stat_tmp/", "pg_logical/",	  NULL};
	for (const char *const *dir = own; *dir != NULL; dir++) {
		size_t n = strlen(*dir);
		const char *at = strstr(name, *dir);
		/* A tar names a directory without the slash. */
		if (at == NULL && strlen(name) >= n - 1 &&
		    strncmp(name + strlen(name) - (n - 1), *dir, n - 1) == 0)
			at = name + strlen(name) - (n - 1);
		if (at != NULL && (at == name || at[-1] == '/'))
			return true;
	}
	return false;
}

static bool shows_data_directory(const struct rp_artifact *a)
{
	const char *name;
	for (size_t i = 0; (name = rp_artifact_name(a, i)) != NULL; i++)
		if (is_of_data_directory(name))
			return true;
	return false;
}

/* A tar shows only what stands at its head: in the server's own, the label comes first. */
static int bid(struct rp_artifact *a, struct rp_err **err)
{
	uint8_t head[32];
	size_t len = 0;
	if (rp_artifact_look(a, "backup_label", head, sizeof head, &len, err) < 0)
		return -1;
	if (len > 18 && memcmp(head, "START WAL LOCATION", 18) == 0)
		return 144;
	if (rp_artifact_has(a, "PG_VERSION") && rp_artifact_has(a, "global/pg_control"))
		return 128;
	if (rp_pg_base_tar(a, "base") != NULL || rp_artifact_has(a, "base.tar") ||
	    rp_artifact_has(a, "base.tar.gz"))
		return 96;
	return rp_artifact_is_tar(a) && shows_data_directory(a) ? 64 : 0;
}

/* At the head of the first tar, or a file. */
static int look_at_label(struct rp_artifact *a, struct rp_pg_label *ret, struct rp_err **err)
{
	uint8_t head[4096];
	size_t len = 0;
	const struct rp_file *base = rp_pg_base_tar(a, "base");
	if (rp_artifact_look(a, base != NULL ? base->name : "backup_label", head, sizeof head, &len, err) < 0)
		return -1;
	size_t skip = base == NULL						     ? 0
		      : len > TAR_BLOCK && strcmp((char *)head, "backup_label") == 0 ? TAR_BLOCK
										     : len;
	return rp_pg_label_parse((char *)head + skip, len - skip, ret, NULL) == 0;
}

static int tell_position(struct rp_artifact *a, struct rp_position *ret, struct rp_err **err)
{
	struct rp_pg_label label;
	char lsn[RP_PG_LSN_TEXT];
	int known = look_at_label(a, &label, err);
	if (known <= 0)
		return known;
	struct rp_fact *fact = rp_arena_alloc(a->memory, sizeof *fact);
	rp_pg_place_format(label.start, lsn);
	if (fact == NULL || (fact->value = rp_arena_strdup(a->memory, lsn)) == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	fact->name = "lsn";
	ret->facts = fact;
	ret->n_facts = 1;
	ret->taken_ms = label.began_ms;
	return 0;
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	char version[RP_PG_BASE_VERSION];
	int known = rp_pg_base_version(a, version, err);
	if (known < 0)
		return -1;
	ret->engine = "postgresql";
	if (known > 0 && (ret->version = rp_arena_strdup(a->memory, version)) == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return tell_position(a, ret_at, err);
}

static int make(const char *path, struct rp_err **err)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : rp_err_sys(err, errno, "create '%s'", path);
}

/* Where the members of a tar of this stem belong. */
static int place_of(const char *tree, const char *stem, char ret[4096], struct rp_err **err)
{
	(void)snprintf(ret, 4096, "%s", tree);
	if (strcmp(stem, "base") == 0)
		return 0;
	if (strcmp(stem, "pg_wal") == 0) {
		(void)snprintf(ret, 4096, "%s/pg_wal", tree);
		return make(ret, err);
	}
	(void)snprintf(ret, 4096, "%s/pg_tblspc", tree);
	if (make(ret, err) < 0)
		return -1;
	(void)snprintf(ret, 4096, "%s/pg_tblspc/%s", tree, stem);
	return make(ret, err);
}

static int unpack(struct rp_stream *from, const char *name, const char *tree, struct rp_run *run,
		  struct rp_err **err)
{
	char stem[RP_PG_STEM_MAX], into[4096];
	if (!rp_pg_base_is_tar(name, stem))
		return 0;
	if (place_of(tree, stem, into, err) < 0)
		return -1;
	return rp_tar_unpack(from, name, into, run, err);
}

static int new_tree(const struct rp_scratch *s, const char *name, char ret[4096], struct rp_err **err)
{
	(void)snprintf(ret, 4096, "%s/%s", s->dir, name);
	return mkdir(ret, 0700) == 0 ? 0 : rp_err_sys(err, errno, "create '%s'", ret);
}

static int copy_manifest(struct rp_stream *from, const char *tree, struct rp_err **err)
{
	char path[4200];
	rp_autobuf text = RP_BUF_INIT(64U << 20);
	char piece[16 << 10];
	ssize_t n;
	while ((n = rp_stream_read(from, piece, sizeof piece, err)) > 0)
		rp_buf_add_mem(&text, piece, (size_t)n);
	(void)snprintf(path, sizeof path, "%s/backup_manifest", tree);
	return n < 0 || rp_buf_check(&text, err) < 0
		       ? -1
		       : rp_file_replace(path, rp_buf_text(&text), text.len, 0600, err);
}

/* Its tars straight from where they are kept: one copy, and no more. */
static int unpack_tars(struct rp_artifact *a, struct rp_scratch *s, const char *tree, struct rp_err **err)
{
	for (size_t i = 0; i < a->n_files; i++) {
		char stem[RP_PG_STEM_MAX];
		bool manifest = strcmp(a->files[i].name, "backup_manifest") == 0;
		rp_auto(rp_stream) from = NULL;
		if (!manifest && !rp_pg_base_is_tar(a->files[i].name, stem))
			continue;
		if (rp_artifact_read(a, &a->files[i], &from, err) < 0)
			return -1;
		if (manifest ? copy_manifest(from, tree, err) < 0
			     : unpack(from, a->files[i].name, tree, s->run, err) < 0)
			return -1;
	}
	return 0;
}

/* A tar of the tars: what was in it lies in 'packed' now. */
static int unpack_again(struct rp_artifact *a, struct rp_scratch *s, const char *packed, const char *tree,
			struct rp_err **err)
{
	DIR *dir = opendir(packed);
	if (dir == NULL)
		return rp_err_sys(err, errno, "open '%s'", packed);
	int r = 0;
	for (const struct dirent *e; r == 0 && (e = readdir(dir)) != NULL;) {
		char path[4200], stem[RP_PG_STEM_MAX];
		bool manifest = strcmp(e->d_name, "backup_manifest") == 0;
		rp_auto(rp_stream) from = NULL;
		struct rp_stream *stored = NULL;
		if (!manifest && !rp_pg_base_is_tar(e->d_name, stem))
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", packed, e->d_name);
		r = rp_stream_of_file(&stored, path, err);
		if (r == 0)
			r = rp_unwrap(&from, stored, 0, rp_artifact_unwrapping(a), NULL, err);
		if (r == 0)
			r = manifest ? copy_manifest(from, tree, err)
				     : unpack(from, e->d_name, tree, s->run, err);
	}
	(void)closedir(dir);
	return r;
}

static bool is_there(const char *tree, const char *name)
{
	char path[4200];
	struct stat st;
	(void)snprintf(path, sizeof path, "%s/%s", tree, name);
	return lstat(path, &st) == 0;
}

/* A data directory right below s->dir, whatever form it came in. */
static int place(struct rp_artifact *a, struct rp_scratch *s, char ret[4096], struct rp_err **err)
{
	rp_autofree char *placed = NULL;
	if (rp_pg_base_tar(a, "base") != NULL)
		return new_tree(s, "base", ret, err) < 0 ? -1 : unpack_tars(a, s, ret, err);
	if (rp_artifact_place_tree(a, s->dir, &placed, err) < 0)
		return -1;
	(void)snprintf(ret, 4096, "%s", placed);
	if (is_there(placed, "PG_VERSION"))
		return 0;
	if (new_tree(s, "base", ret, err) < 0 || unpack_again(a, s, placed, ret, err) < 0)
		return -1;
	return rp_tree_remove(placed, err);
}

int rp_pg_base_check(struct rp_scratch *s, const char *tree, struct rp_err **err)
{
	const char *const argv[] = {"pg_verifybackup", "--no-parse-wal", "--quiet", tree, NULL};
	rp_autobuf said = RP_BUF_INIT(64 << 10);
	if (!is_there(tree, "backup_manifest"))
		return 0;
	if (rp_scratch_lend(s, tree, err) < 0 || rp_scratch_work(s, argv, tree, NULL, &said, err) < 0)
		return rp_err_wrap(err, "the backup and its own 'backup_manifest' do not agree");
	return 0;
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	char tree[4096];
	rp_auto(rp_pg_log) log = NULL;
	if (s->server != NULL)
		return rp_err_set(err, RP_ERR_USAGE,
				  "a base backup is a whole server, and cannot be restored into '%s'",
				  "one that is named with --scratch");
	if (a->wanted != NULL && a->wanted->logs != NULL &&
	    rp_pg_log_directory(&log, a->wanted->logs, rp_artifact_unwrapping(a), s->run, err) < 0)
		return -1;
	if (place(a, s, tree, err) < 0 || rp_pg_base_check(s, tree, err) < 0)
		return -1;
	return rp_pg_recover_tree(a, s, tree, log, said, err);
}

const char *rp_pg_base_empties(const struct rp_object *sealed)
{
	const char *persistence = rp_object_fact(sealed, "persistence");
	return persistence != NULL && strcmp(persistence, "unlogged") == 0
		       ? "an unlogged table is empty after every recovery, and no base backup has its rows"
		       : NULL;
}

const struct rp_format rp_format_pg_base = {
	.name = "pg_basebackup",
	.engine = "postgresql",
	.physical = true,
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.empties = rp_pg_base_empties,
};
