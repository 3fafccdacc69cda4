/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/mariadb_backup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/beneath.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define SMALL_MAX (64 << 10)
#define DEPTH_MAX 4 /* a server's own are two deep */

/* Files beside the directories of databases that make a data directory, or say what the backup is. */
static const char *const known[] = {
	"ibdata", "ib_logfile", "undo", "aria_log", "xtrabackup_", "mariadb_backup_", "ddl.log", NULL,
};
static const char *const prefixes[] = {"mariadb_backup_", "xtrabackup_"};

static bool is_name_in(const char *list, const char *name)
{
	/* "ibdata1:12M:autoextend;more:50M" */
	size_t n = strlen(name);
	for (const char *at = list; *at != '\0';) {
		size_t all = strcspn(at, ";");
		if (all > n && memcmp(at, name, n) == 0 && at[n] == ':')
			return true;
		at += all + (at[all] == ';');
	}
	return false;
}

static bool is_known(const char *name, const struct rp_my_brought *settings)
{
	for (const char *const *k = known; *k != NULL; k++)
		if (strncmp(name, *k, strlen(*k)) == 0)
			return true;
	return is_name_in(settings->data_file_path, name);
}

static int open_dir(int parent, const char *name)
{
	return openat(parent, name[0] != '\0' ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A file of text, whole; 0: there is none. */
static int read_small(int dir, const char *name, struct rp_buf *into, struct rp_err **err)
{
	rp_autoclose int fd = rp_beneath_open(dir, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_err_sys(err, errno, "open '%s'", name);
	if (!S_ISREG(st.st_mode) || st.st_size > SMALL_MAX)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is no file of that kind", name);
	char piece[4096];
	ssize_t n;
	rp_buf_reset(into);
	while ((n = read(fd, piece, sizeof piece)) > 0)
		rp_buf_add_mem(into, piece, (size_t)n);
	if (n < 0)
		return rp_err_sys(err, errno, "read '%s'", name);
	return rp_buf_check(into, err) < 0 ? -1 : 1;
}

/* By its new name, or its old one. */
static int read_own(int dir, const char *what, struct rp_buf *into, struct rp_err **err)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		rp_autobuf name = RP_BUF_INIT(256);
		rp_buf_addf(&name, "%s%s", prefixes[i], what);
		int r = read_small(dir, rp_buf_text(&name), into, err);
		if (r != 0)
			return r;
	}
	return 0;
}

bool rp_mb_tree_is(int parent, const char *name)
{
	rp_autoclose int dir = open_dir(parent, name);
	rp_autobuf text = RP_BUF_INIT(SMALL_MAX + 1);
	return dir >= 0 && read_own(dir, "checkpoints", &text, NULL) > 0;
}

static int read_all(int dir, struct rp_mb_tree *ret, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(SMALL_MAX + 1);
	int r = read_own(dir, "checkpoints", &text, err);
	if (r < 0 || (r > 0 && rp_mb_checkpoints_parse(rp_buf_text(&text), text.len, &ret->at, err) < 0))
		return -1;
	if (r == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "it has no file of checkpoints: it was not finished");
	r = read_own(dir, "info", &text, err);
	if (r < 0)
		return -1;
	if (r == 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "it has no 'xtrabackup_info' or 'mariadb_backup_info': "
				  "it was not finished");
	rp_mb_info_parse(rp_buf_text(&text), text.len, &ret->info);
	r = read_own(dir, "binlog_info", &text, err);
	if (r < 0)
		return -1;
	ret->has_position = r > 0 && rp_mb_position_parse(rp_buf_text(&text), text.len, &ret->position);
	r = read_small(dir, RP_MY_BROUGHT_FILE, &text, err);
	if (r < 0)
		return -1;
	return r == 0 ? rp_err_set(err, RP_ERR_BACKUP, "it has no '" RP_MY_BROUGHT_FILE "'")
		      : rp_my_brought_parse(rp_buf_text(&text), text.len, &ret->settings, err);
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);
	return n >= m && strcmp(name + n - m, end) == 0;
}

static int refuse(const char *where, const char *name, const char *why, enum rp_err_kind kind,
		  struct rp_err **err)
{
	rp_autobuf shown = RP_BUF_INIT(32 << 10);
	rp_buf_add_plain(&shown, where);
	rp_buf_add(&shown, where[0] != '\0' ? "/" : "");
	rp_buf_add_plain(&shown, name);
	return rp_err_set(err, kind, "'%s' in it %s", rp_buf_text(&shown), why);
}

static int clean(int dir, const char *where, unsigned depth, const struct rp_my_brought *settings,
		 struct rp_err **err);

static int clean_one(int dir, const char *where, const char *name, unsigned depth,
		     const struct rp_my_brought *settings, struct rp_err **err)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return rp_err_sys(err, errno, "'%s'", name);
	if (S_ISDIR(st.st_mode)) {
		rp_autoclose int below = open_dir(dir, name);
		if (below < 0)
			return rp_err_sys(err, errno, "open '%s'", name);
		return depth < DEPTH_MAX ? clean(below, name, depth + 1, settings, err)
					 : refuse(where, name, "lies too deep", RP_ERR_BACKUP, err);
	}
	if (!S_ISREG(st.st_mode))
		return refuse(where, name, "is neither a file nor a directory", RP_ERR_BACKUP, err);
	/* What would lead the server, and the tool, to a path of the source's. */
	if (ends_with(name, ".isl")) {
		(void)refuse(where, name,
			     "says that the table lies outside of the data directory (DATA DIRECTORY)",
			     RP_ERR_ENGINE, err);
		return rp_err_hint(
			err, "such a table cannot be restored here: move it into the data directory, or "
			     "back it up with mariadb-dump");
	}
	if (depth > 0 || is_known(name, settings))
		return 0;
	return unlinkat(dir, name, 0) == 0 ? 0 : rp_err_sys(err, errno, "remove '%s'", name);
}

static int clean(int dir, const char *where, unsigned depth, const struct rp_my_brought *settings,
		 struct rp_err **err)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL)
		return rp_err_sys(err, errno, "open '%s'", where);
	int r = 0;
	for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = clean_one(dir, where, e->d_name, depth, settings, err);
	(void)closedir(d);
	return r;
}

/* Nothing in it is secret, and the server's user is another one than us. */
static int write_settings(int dir, const struct rp_my_brought *settings, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(4096);
	rp_my_brought_write(settings, &text);
	if (rp_buf_check(&text, err) < 0)
		return -1;
	if (unlinkat(dir, RP_MY_BROUGHT_FILE, 0) < 0 && errno != ENOENT)
		return rp_err_sys(err, errno, "remove '" RP_MY_BROUGHT_FILE "'");
	rp_autoclose int fd = rp_beneath_create(dir, RP_MY_BROUGHT_FILE);
	if (fd < 0 || fchmod(fd, 0644) < 0)
		return rp_err_sys(err, errno, "write '" RP_MY_BROUGHT_FILE "'");
	return rp_write_all(fd, rp_buf_text(&text), text.len, err);
}

int rp_mb_tree_settle(int parent, const char *name, struct rp_mb_tree *ret, struct rp_err **err)
{
	*ret = (struct rp_mb_tree){0};
	rp_autoclose int dir = open_dir(parent, name);
	if (dir < 0)
		return rp_err_sys(err, errno, "open '%s'", name);
	return read_all(dir, ret, err) < 0 || clean(dir, "", 0, &ret->settings, err) < 0 ||
			       write_settings(dir, &ret->settings, err) < 0
		       ? -1
		       : 0;
}
