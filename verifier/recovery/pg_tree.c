/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/pg_label.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/beneath.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

static int open_tree(const char *tree, struct rp_err **err)
{
	int fd = open(tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : rp_err_sys(err, errno, "open '%s'", tree);
}

int rp_pg_tree_read(const char *tree, const char *name, struct rp_buf *ret, struct rp_err **err)
{
	rp_autoclose int dir = open_tree(tree, err);
	if (dir < 0)
		return -1;
	rp_autoclose int fd = rp_beneath_open(dir, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	if (fd < 0)
		return errno == ENOENT ? 0 : rp_err_sys(err, errno, "open '%s' in the backup", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is no file", name);
	if (st.st_size >= (off_t)(ret->max - ret->len))
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is larger than it can honestly be", name);
	char piece[4096];
	ssize_t n;
	while ((n = read(fd, piece, sizeof piece)) > 0)
		rp_buf_add_mem(ret, piece, (size_t)n);
	if (n < 0)
		return rp_err_sys(err, errno, "read '%s'", name);
	return rp_buf_check(ret, err) < 0 ? -1 : 1;
}

int rp_pg_tree_version(const char *tree, unsigned *ret, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(64);
	uint64_t version;
	int there = rp_pg_tree_read(tree, "PG_VERSION", &text, err);
	if (there < 0)
		return -1;
	if (there == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "the backup has no file 'PG_VERSION'");
	char *line = text.s != NULL ? text.s : (char[]){""};
	line[strcspn(line, "\n")] = '\0';
	if (!rp_parse_u64(line, 10, 999, &version))
		return rp_err_set(err, RP_ERR_BACKUP, "'PG_VERSION' does not name a version from 10 on");
	*ret = (unsigned)version;
	return 0;
}

static int judge(const FTSENT *e, const char *name, struct rp_err **err)
{
	switch (e->fts_info) {
	case FTS_D:
	case FTS_DP:
		return 0;
	case FTS_F:
		break;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return rp_err_sys(err, e->fts_errno, "look at '%s'", name);
	default:
		return rp_err_set(err, RP_ERR_BACKUP,
				  "'%s' is neither a file nor a directory, which is refused", name);
	}
	if (e->fts_statp->st_nlink > 1)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' goes by another name as well, which is refused",
				  name);
	if ((e->fts_statp->st_mode & (S_ISUID | S_ISGID)) != 0)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' runs as its owner, which is refused", name);
	return 0;
}

static inline void fts_free(FTS **f)
{
	if (*f != NULL)
		(void)fts_close(*f);
}

int rp_pg_tree_check(const char *tree, struct rp_run *run, struct rp_err **err)
{
	char *const paths[] = {(char *)(uintptr_t)tree, NULL};
	rp_cleanup(fts_free) FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (walk == NULL)
		return rp_err_sys(err, errno, "open '%s'", tree);
	size_t above = strlen(tree) + 1;
	errno = 0;
	for (FTSENT *e; (e = fts_read(walk)) != NULL; errno = 0)
		if (rp_run_check(run, err) < 0 ||
		    judge(e, e->fts_pathlen >= above ? e->fts_path + above : tree, err) < 0)
			return -1;
	return errno == 0 ? 0 : rp_err_sys(err, errno, "look through '%s'", tree);
}

/* In the data directory itself. A server reads postgresql.auto.conf wherever its other settings lie. */
static const char *const removed[] = {
	"*.conf",
	"*.conf.*",
	"*.signal",
	"postmaster.*",
	"recovery.*",
	"promote",
	"fallback_promote",
	"tablespace_map",
	"tablespace_map.old",
	"backup_label.old",
	"backup_manifest",
	"current_logfiles",
	NULL,
};

/* What lies in them belongs to the server that was backed up: slots keep logs and want their plugins, statistics are
 * read before anybody asked for them, the others are made anew at every start. */
static const char *const emptied[] = {
	"pg_replslot",
	"pg_stat",
	"pg_stat_tmp",
	"pg_dynshmem",
	"pg_notify",
	"pg_serial",
	"pg_snapshots",
	"pg_subtrans",
	"pg_logical/snapshots",
	"pg_logical/mappings",
	"pg_wal/archive_status",
	"pg_wal/summaries",
	NULL,
};
static const char *const wanted[] = {
	"base",
	"global",
	"pg_commit_ts",
	"pg_logical",
	"pg_multixact",
	"pg_multixact/members",
	"pg_multixact/offsets",
	"pg_tblspc",
	"pg_twophase",
	"pg_wal",
	"pg_xact",
	NULL,
};

static int remove_settings(const char *tree, struct rp_err **err)
{
	DIR *dir = opendir(tree);
	if (dir == NULL)
		return rp_err_sys(err, errno, "open '%s'", tree);
	int r = 0;
	for (const struct dirent *e; r == 0 && (e = readdir(dir)) != NULL;)
		for (const char *const *like = removed; *like != NULL && r == 0; like++) {
			char path[4400];
			if (fnmatch(*like, e->d_name, 0) != 0)
				continue;
			(void)snprintf(path, sizeof path, "%s/%s", tree, e->d_name);
			r = rp_tree_remove(path, err);
		}
	(void)closedir(dir);
	return r;
}

static int make(const char *tree, const char *name, bool empty, struct rp_err **err)
{
	char path[4400];
	(void)snprintf(path, sizeof path, "%s/%s", tree, name);
	if (empty && rp_tree_remove(path, err) < 0)
		return -1;
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : rp_err_sys(err, errno, "create '%s'", path);
}

int rp_pg_tree_clean(const char *tree, unsigned version, struct rp_err **err)
{
	if (remove_settings(tree, err) < 0)
		return -1;
	for (const char *const *name = wanted; *name != NULL; name++)
		if (make(tree, *name, false, err) < 0)
			return -1;
	for (const char *const *name = emptied; *name != NULL; name++)
		if ((version >= 17 || strcmp(*name, "pg_wal/summaries") != 0) &&
		    make(tree, *name, true, err) < 0)
			return -1;
	return 0;
}

int rp_pg_tree_tablespaces(const char *tree, const unsigned *wanted_ones, size_t n, struct rp_err **err)
{
	for (size_t i = 0; i < n; i++) {
		char path[4400];
		struct stat st;
		(void)snprintf(path, sizeof path, "%s/pg_tblspc/%u", tree, wanted_ones[i]);
		if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
			return rp_err_set(err, RP_ERR_BACKUP,
					  "the files of tablespace %u are missing from the backup",
					  wanted_ones[i]);
	}
	return 0;
}

/* Move each pg_tblspc/NUMBER to 'beside'; *ret_n: how many there are. */
static int take_out(const char *tree, const char *beside, size_t *ret_n, struct rp_err **err)
{
	char path[4400], to[4400];
	(void)snprintf(path, sizeof path, "%s/pg_tblspc", tree);
	DIR *dir = opendir(path);
	if (dir == NULL)
		return rp_err_sys(err, errno, "open '%s'", path);
	int r = 0;
	for (const struct dirent *e; r == 0 && (e = readdir(dir)) != NULL;) {
		uint64_t oid;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (!rp_parse_u64(e->d_name, 1, UINT32_MAX, &oid)) {
			r = rp_err_set(err, RP_ERR_BACKUP, "'pg_tblspc' has an entry that is no tablespace");
			break;
		}
		(void)snprintf(path, sizeof path, "%s/pg_tblspc/%llu", tree, (unsigned long long)oid);
		(void)snprintf(to, sizeof to, "%s/%llu", beside, (unsigned long long)oid);
		if (rename(path, to) < 0)
			r = rp_err_sys(err, errno, "move '%s'", path);
		++*ret_n;
	}
	(void)closedir(dir);
	return r;
}

/* The links are ours, and lead to where we have put the files. */
static int link_all(const char *data, const char *beside, struct rp_err **err)
{
	DIR *dir = opendir(beside);
	if (dir == NULL)
		return rp_err_sys(err, errno, "open '%s'", beside);
	int r = 0;
	for (const struct dirent *e; r == 0 && (e = readdir(dir)) != NULL;) {
		char from[4600], to[4600];
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(from, sizeof from, "%s/pg_tblspc/%s", data, e->d_name);
		(void)snprintf(to, sizeof to, "%s/%s", beside, e->d_name);
		if (symlink(to, from) < 0)
			r = rp_err_sys(err, errno, "create '%s'", from);
	}
	(void)closedir(dir);
	return r;
}

int rp_pg_tree_move(struct rp_scratch *s, const char *tree, struct rp_err **err)
{
	char ours[4200], theirs[4200];
	size_t n = 0;
	(void)snprintf(ours, sizeof ours, "%s/tablespaces", s->dir);
	(void)snprintf(theirs, sizeof theirs, "%.*s/tablespaces",
		       (int)(strrchr(s->place.data, '/') - s->place.data), s->place.data);
	if (mkdir(ours, 0700) < 0)
		return rp_err_sys(err, errno, "create '%s'", ours);
	if (take_out(tree, ours, &n, err) < 0 || rp_scratch_lend(s, ours, err) < 0 ||
	    rp_scratch_lend(s, tree, err) < 0)
		return -1;
	if (rename(tree, s->place.data) < 0)
		return rp_err_sys(err, errno, "move '%s'", tree);
	if (rename(ours, theirs) < 0)
		return rp_err_sys(err, errno, "move '%s'", ours);
	return n > 0 ? link_all(s->place.data, theirs, err) : 0;
}
