/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/mariadb_backup_prepare.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/engine/mysql/traits.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/mariadb_backup.h"
#include "verifier/recovery/mariadb_backup_pages.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define TOOL	  "mariadb-backup"
#define UNPACKER  "mbstream"
#define SAID_MAX  (8U << 20)
#define TEMPORARY "tmp"
#define LINKS_MAX 400

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv

/* All backups of one recovery point, below one directory of ours, which is lent once, while all in it is still as we
 * have put it there. */
struct chain {
	char *outer; /* path; in it lie the tree, and the tool's temporary files */
	char *tree;  /* path */
	int fd;	     /* the tree */
	size_t n;
	struct rp_mb_link links[LINKS_MAX]; /* in the end: base first */
	struct rp_mb_tree *trees;	    /* by their numbers */
	char *names[LINKS_MAX];
};

static void chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->names[i]);
	rp_closep(&c->fd);
	if (c->outer != NULL)
		(void)rp_tree_remove(c->outer, NULL);
	free(c->outer);
	free(c->tree);
	free(c->trees);
	free(c);
}
RP_AUTO_CALLS(chain, chain_free)

/* What only the tool's log tells: whose fault it is that it failed. */
static const struct {
	const char *said, *means, *hint;
} excuses[] = {
	{"No space left", "the disk is full",
	 "make room where the scratch lies, or name another directory with $TMPDIR"},
	{"error 28", "the disk is full",
	 "make room where the scratch lies, or name another directory with $TMPDIR"},
	{"annot allocate memory", "there is not enough memory", "give this machine more memory"},
	{"ncrypt", "it is encrypted by the server, and no keys are to be had here",
	 "a backup of encrypted tables cannot be restored yet"},
};

/* Of all that it says, the first line that is about what is wrong, from its own words on and without our directory in
 * names. false: there is none. */
static bool find_fault(const char *heard, const char *dir, struct rp_buf *ret)
{
	static const char *const marks[] = {"[ERROR] ",
					    " Error: ", "FATAL ERROR: ", "xb_stream_read_chunk(): "};
	const char *at = NULL;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const char *found = strstr(heard, marks[i]);
		if (found != NULL && (at == NULL || found < at))
			at = found + (marks[i][0] == 'x' ? 0 : strlen(marks[i]));
	}
	if (at == NULL)
		return false;
	for (const char *end = at + strcspn(at, "\n"); at < end;) {
		const char *name = memmem(at, (size_t)(end - at), dir, strlen(dir));
		rp_buf_add_mem(ret, at, (size_t)((name != NULL ? name : end) - at));
		at = name != NULL ? name + strlen(dir) : end;
		if (name != NULL && *at == '/') /* what we have made in there */
			at += 1 + strcspn(at + 1, "/\n");
		while (name != NULL && *at == '/')
			at++;
	}
	return true;
}

static int blame(const struct rp_mb_tree *t, const char *tool, const char *dir, const char *heard,
		 const struct rp_err *why, struct rp_err **err)
{
	rp_autobuf fault = RP_BUF_INIT(8 << 10);
	for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++) {
		if (strstr(heard, excuses[i].said) == NULL)
			continue;
		(void)rp_err_set(err, RP_ERR_ENGINE, "%s: %s", excuses[i].means, rp_err_text(why));
		return rp_err_hint(err, "%s", excuses[i].hint);
	}
	if (rp_err_kind(why) == RP_ERR_BACKUP && find_fault(heard, dir, &fault))
		(void)rp_err_set(err, RP_ERR_BACKUP, "'%s' failed: %s", tool, rp_buf_text(&fault));
	else
		(void)rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	if (rp_err_hint_text(why) != NULL)
		return rp_err_hint(err, "%s", rp_err_hint_text(why));
	return t != NULL && t->settings.plugin[0] != '\0'
		       ? rp_err_hint(err,
				     "its option file names the plugin '%s', which is loaded from no backup",
				     t->settings.plugin)
		       : -1;
}

/* The end of what the tool said; the rest is a line for each file. */
static void add_end(const char *heard, struct rp_buf *said)
{
	const char *at = heard + strlen(heard);
	for (int lines = 0; at > heard && lines < 8; lines++)
		for (at--; at > heard && at[-1] != '\n';)
			at--;
	rp_buf_add(said, at);
}

static int work(struct rp_scratch *s, const struct rp_mb_tree *t, const char *const argv[], const char *dir,
		struct rp_stream *input, const char *proof, struct rp_buf *said, struct rp_err **err)
{
	rp_autobuf heard = RP_BUF_INIT(SAID_MAX);
	rp_autoerr struct rp_err *why = NULL;
	int r = rp_scratch_work(s, argv, dir, input, &heard, &why);
	/* Of a hundred thousand files it says so much that its last words are not known. */
	bool drowned = heard.len >= SAID_MAX / 8 * 5;
	bool done = proof == NULL || drowned || strstr(rp_buf_text(&heard), proof) != NULL;
	if (r < 0 || !done)
		add_end(rp_buf_text(&heard), said);
	if (r < 0)
		return blame(t, argv[0], dir, rp_buf_text(&heard), why, err);
	if (!done)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' ended without saying that it was done", argv[0]);
	return 0;
}

static bool is_stream(struct rp_artifact *a)
{
	const uint8_t *head;
	size_t len;
	return a->n_files == 1 && rp_artifact_head(a, &head, &len, NULL) == 0 &&
	       len >= sizeof RP_MB_STREAM - 1 && memcmp(head, RP_MB_STREAM, sizeof RP_MB_STREAM - 1) == 0;
}

static int make_dir(const char *dir, const char *name, char **ret, struct rp_err **err)
{
	if (asprintf(ret, "%s/%s", dir, name) < 0) {
		*ret = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return mkdir(*ret, 0700) == 0 ? 0 : rp_err_sys(err, errno, "create '%s'", *ret);
}

/* A stream of the tool's own is unpacked by its own program, which can write nowhere else. */
static int unpack(struct rp_artifact *a, struct rp_scratch *s, struct chain *c, struct rp_buf *said,
		  struct rp_err **err)
{
	rp_auto(rp_stream) bytes = NULL;
	if (make_dir(c->outer, "tree", &c->tree, err) < 0 || rp_scratch_lend(s, c->outer, err) < 0 ||
	    rp_artifact_read(a, &a->files[0], &bytes, err) < 0)
		return -1;
	const char *const argv[] = {UNPACKER, "-x", "-C", c->tree, NULL};
	return work(s, NULL, argv, c->outer, bytes, NULL, said, err) < 0
		       ? rp_err_wrap(err, "unpack the tool's own stream")
		       : 0;
}

static int place(struct rp_artifact *a, struct rp_scratch *s, struct chain *c, struct rp_buf *said,
		 struct rp_err **err)
{
	rp_autofree char *temporary = NULL;
	if (make_dir(s->dir, "backup", &c->outer, err) < 0 ||
	    make_dir(c->outer, TEMPORARY, &temporary, err) < 0)
		return -1;
	if (is_stream(a)) {
		if (unpack(a, s, c, said, err) < 0)
			return -1;
	} else if (rp_artifact_place_tree(a, c->outer, &c->tree, err) < 0 ||
		   rp_scratch_lend(s, c->outer, err) < 0) {
		return -1;
	}
	c->fd = open(c->tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return c->fd >= 0 ? 0 : rp_err_sys(err, errno, "open '%s'", c->tree);
}

static int add_link(struct chain *c, const char *name, struct rp_err **err)
{
	if (c->n == LINKS_MAX)
		return rp_err_set(err, RP_ERR_BACKUP, "it is more than %d backups", LINKS_MAX);
	struct rp_mb_tree *t = &c->trees[c->n];
	if (rp_mb_tree_settle(c->fd, name, t, err) < 0)
		return name[0] != '\0' ? rp_err_wrap(err, "'%s'", name) : -1;
	c->names[c->n] = strdup(name);
	c->links[c->n] = (struct rp_mb_link){.name = c->names[c->n], .number = c->n, .at = t->at};
	return c->names[c->n++] != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

/* One backup, or a directory of several. */
static int add_links(struct chain *c, struct rp_err **err)
{
	c->trees = calloc(LINKS_MAX, sizeof *c->trees);
	if (c->trees == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_mb_tree_is(c->fd, ""))
		return add_link(c, "", err);
	int fd = openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL)
		return rp_err_sys(err, errno, "open '%s'", c->tree);
	int r = 0;
	for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    rp_mb_tree_is(c->fd, e->d_name))
			r = add_link(c, e->d_name, err);
	(void)closedir(d);
	if (r == 0 && c->n == 0)
		return rp_err_set(
			err, RP_ERR_BACKUP,
			"it has a server's files, and no file of checkpoints: either the backup was not finished, "
			"or it is a plain copy of a running server's files, which is no backup");
	return r;
}

/* The files of InnoDB's log and of the server's own tables are of one release, and of no other. */
static int check_release(const struct rp_scratch *s, const struct rp_mb_tree *t, struct rp_err **err)
{
	struct rp_my_traits made, here;
	const struct rp_mb_info *i = &t->info;
	if (strstr(i->tool, "xtrabackup") != NULL || strstr(i->server_version, "MariaDB") == NULL) {
		(void)rp_err_set(err, RP_ERR_ENGINE,
				 "it was made with %s %s of a server %s: only MariaDB's own backups "
				 "can be restored",
				 i->tool[0] != '\0' ? i->tool : "a tool", i->tool_version, i->server_version);
		return rp_err_hint(
			err, "Percona XtraBackup is not supported: back up MySQL with mysqldump or mydumper");
	}
	if (i->compressed || i->encrypted) {
		(void)rp_err_set(err, RP_ERR_ENGINE, "its files were %s by the backup tool itself",
				 i->compressed ? "compressed" : "encrypted");
		return rp_err_hint(err, "use --stream=xbstream, and compress or encrypt that");
	}
	if (!rp_my_traits_of(i->server_version, &made) || !rp_my_traits_of(s->place.with.version, &here))
		return rp_err_set(err, RP_ERR_BACKUP, "it does not say of which server it is");
	if (made.version / 100 == here.version / 100)
		return 0;
	(void)rp_err_set(
		err, RP_ERR_ENGINE,
		"it is of MariaDB %u.%u, and a backup of files is restored by the same release: here is %u.%u",
		made.version / 10000, made.version / 100 % 100, here.version / 10000,
		here.version / 100 % 100);
	return rp_err_hint(err, "install MariaDB %u.%u, or name its directory in REPROVE_SERVERS",
			   made.version / 10000, made.version / 100 % 100);
}

static int prepare_one(struct rp_scratch *s, const struct chain *c, const struct rp_mb_link *on,
		       struct rp_buf *said, struct rp_err **err)
{
	const char *base = c->links[0].name;
	rp_autoargv argv = {0};
	rp_argv_add(&argv, TOOL);
	rp_argv_add(&argv, "--no-defaults");
	rp_argv_add(&argv, "--prepare");
	rp_argv_addf(&argv, "--target-dir=%s/%s", c->tree, base);
	if (on != &c->links[0])
		rp_argv_addf(&argv, "--incremental-dir=%s/%s", c->tree, on->name);
	rp_argv_addf(&argv, "--tmpdir=%s/" TEMPORARY, c->outer);
	rp_argv_addf(&argv, "--plugin-dir=%s/none", c->outer);
	rp_argv_add(&argv, "--innodb-use-native-aio=OFF");
	/* Without a person's defaults the backup's option file counts for plugins alone, and it has none any more. */
	rp_my_brought_add(&c->trees[on->number].settings, &argv);
	if (argv.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (work(s, &c->trees[on->number], (const char *const *)argv.v, c->outer, NULL, "completed OK!", said,
		 err) == 0)
		return 0;
	return on->name[0] != '\0' ? rp_err_wrap(err, "prepare '%s'", on->name) : rp_err_wrap(err, "prepare");
}

/* What was looked at by name has been in the hands of a tool: only a directory, and no link, becomes the server's. */
static int open_base(const struct chain *c, int *ret, struct rp_err **err)
{
	const char *name = c->links[0].name[0] != '\0' ? c->links[0].name : ".";
	*ret = openat(c->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret >= 0 ? 0 : rp_err_sys(err, errno, "open the prepared backup");
}

static int hand_over(struct rp_scratch *s, const struct chain *c, struct rp_err **err)
{
	rp_autofree char *from = NULL;
	if (asprintf(&from, "%s/%s", c->tree, c->links[0].name) < 0) {
		from = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	/* A trailing slash would follow a link. */
	for (size_t n = strlen(from); n > 0 && from[n - 1] == '/';)
		from[--n] = '\0';
	struct stat st;
	if (rename(from, s->place.data) < 0 || lstat(s->place.data, &st) < 0)
		return rp_err_sys(err, errno, "move '%s' to '%s'", from, s->place.data);
	return S_ISDIR(st.st_mode) ? 0
				   : rp_err_set(err, RP_ERR_BACKUP, "the prepared backup is no directory");
}

/* Without the server's own tables no server starts on it. */
static int check_whole(int base, const struct rp_mb_tree *t, struct rp_err **err)
{
	if (faccessat(base, "mysql", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (!t->info.partial)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "the server's own tables (directory 'mysql') are not in it");
	(void)rp_err_set(err, RP_ERR_ENGINE,
			 "it is a backup of some databases, without the server's own tables");
	return rp_err_hint(err,
			   "add 'mysql' to the list of databases that are backed up, or back up all of them");
}

static int check_pages(struct rp_scratch *s, int base, struct rp_buf *said, struct rp_err **err)
{
	uint64_t pages = 0;
	unsigned others = 0;
	if (rp_mb_pages_check(base, &pages, &others, s->run, err) < 0)
		return -1;
	rp_buf_addf(said, "%llu pages of InnoDB's have their checksums", (unsigned long long)pages);
	if (others > 0)
		rp_buf_addf(said, "; of another kind, and left to the server, are those of %u files", others);
	return 0;
}

int rp_mb_prepare(struct rp_artifact *a, struct rp_scratch *s, struct rp_mb_tree *ret, struct rp_buf *said,
		  struct rp_err **err)
{
	size_t n = 0;
	rp_autoclose int base = -1;
	rp_auto(chain) c = calloc(1, sizeof *c);
	if (c == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	c->fd = -1;
	if (place(a, s, c, said, err) < 0 || add_links(c, err) < 0 ||
	    rp_mb_chain(c->links, c->n, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (check_release(s, &c->trees[c->links[i].number], err) < 0)
			return -1;
	*ret = c->trees[c->links[n - 1].number];
	if (open_base(c, &base, err) < 0 || check_whole(base, ret, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (prepare_one(s, c, &c->links[i], said, err) < 0)
			return -1;
	return check_pages(s, base, said, err) < 0 ? -1 : hand_over(s, c, err);
}
