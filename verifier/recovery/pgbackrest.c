/* SPDX-License-Identifier: MIT */
/* A backup set of a pgBackRest repository, restored by pgbackrest, in the box, from a copy of what it is made of. */
#include "verifier/recovery/pgbackrest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/pg_base.h"
#include "verifier/recovery/stage.h"
#include "verifier/recovery/store_sets.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/arena.h"
#include "verifier/util/beneath.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define BITS	 (8 * 16)
#define LINK_LEN 4096

static const char *const folders[] = {"data", "tablespaces", "control", "control/global",
				      "log",  "lock",	     "spool",	"wal"};

/* A set that was taken out of its repository, or a repository among other backups, is recognised as well, to say what to
 * do. */
static bool is_part(struct rp_artifact *a)
{
	const char *name;
	if (rp_artifact_has(a, "backup.manifest") && rp_artifact_has(a, "backup.manifest.copy"))
		return true;
	for (size_t i = 0; (name = rp_artifact_name(a, i)) != NULL; i++)
		if (fnmatch("backup/*/*F*/backup.manifest", name, FNM_PATHNAME) == 0)
			return true;
	return false;
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	(void)err;
	if (rp_sets_of(a->store) == RP_SETS_PGBACKREST)
		return BITS;
	return a->point->tree && is_part(a) ? BITS : 0;
}

/* "STANZA/LABEL" */
static const char *label_of(const struct rp_artifact *a)
{
	const char *slash = strrchr(a->point->id, '/');
	return slash != NULL ? slash + 1 : a->point->id;
}

/* The archive's directories are "15-1", "16-2": the last one is the server's as it is now. */
static void version_of_archive(const struct rp_artifact *a, char ret[16])
{
	char place[1024];
	const char *label = label_of(a);
	unsigned long last = 0;
	(void)snprintf(place, sizeof place, "archive/%.*s", (int)(label - a->point->id - 1), a->point->id);
	rp_autoclose int root = open(a->point->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rp_autoclose int fd = root >= 0 ? rp_beneath_open(root, place, O_RDONLY | O_DIRECTORY, 0) : -1;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return;
	(void)rp_take_fd(&fd);
	const struct dirent *e;
	while ((e = readdir(dir)) != NULL) {
		size_t n = strspn(e->d_name, "0123456789.");
		if (n == 0 || n >= 16 || e->d_name[n] != '-')
			continue;
		unsigned long id = strtoul(e->d_name + n + 1, NULL, 10);
		if (id < last)
			continue;
		last = id;
		memcpy(ret, e->d_name, n);
		ret[n] = '\0';
	}
	(void)closedir(dir);
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	const char *label = label_of(a);
	rp_autobuf name = RP_BUF_INIT(4096);
	rp_autofree uint8_t *text = malloc(RP_BACKREST_INFO_MAX);
	struct rp_backrest_info info = {0};
	size_t len;
	if (text == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_buf_addf(&name, "backup/%.*s/backup.info", (int)(label - a->point->id - 1), a->point->id);
	if (rp_buf_check(&name, err) < 0 ||
	    rp_artifact_look(a, rp_buf_text(&name), text, RP_BACKREST_INFO_MAX, &len, err) < 0)
		return -1;
	if (!rp_backrest_info_parse((const char *)text, len, label, &info))
		version_of_archive(a, info.version);
	struct rp_fact *facts = rp_arena_array(a->memory, 2, sizeof *facts);
	char *version = rp_arena_strdup(a->memory, info.version),
	     *tool = rp_arena_strdup(a->memory, info.tool), *lsn = rp_arena_strdup(a->memory, info.lsn_stop);
	if (facts == NULL || version == NULL || tool == NULL || lsn == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (version[0] == '\0')
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' does not say which server it is of",
				  a->point->id);
	size_t n = 0;
	if (tool[0] != '\0')
		facts[n++] = (struct rp_fact){.name = "pgbackrest", .value = tool};
	if (lsn[0] != '\0')
		facts[n++] = (struct rp_fact){.name = "lsn", .value = lsn};
	*ret = (struct rp_identity){.engine = "postgresql", .version = version};
	*ret_at = (struct rp_position){.taken_ms = info.finished_s > 0 ? info.finished_s * 1000
								       : a->point->taken_ms,
				       .facts = facts,
				       .n_facts = n};
	return 0;
}

static int make_folders(struct rp_backrest *b, struct rp_err **err)
{
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		rp_autofree char *path = NULL;
		if (asprintf(&path, "%s/%s", b->work, folders[i]) < 0) {
			path = NULL;
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		}
		if (mkdir(path, 0700) < 0)
			return rp_err_sys(err, errno, "create '%s'", path);
	}
	return 0;
}

static int restore_files(struct rp_backrest *b, struct rp_err **err)
{
	rp_autobuf set = RP_BUF_INIT(1024), map = RP_BUF_INIT(4096);
	rp_buf_addf(&set, "--set=%s", b->label);
	rp_buf_addf(&map, "--tablespace-map-all=%s/tablespaces", b->work);
	if (rp_buf_check(&set, err) < 0 || rp_buf_check(&map, err) < 0)
		return -1;
	const char *const command[] = {"restore", "--type=none", rp_buf_text(&set), rp_buf_text(&map), NULL};
	return rp_backrest_run(b, command, err);
}

/* It links a tablespace's number to the directory with its name. Of both sides a stranger may have chosen what they are
 * called: so what is not exactly that is refused. */
static int take_tablespace(struct rp_backrest *b, int links, int named, const char *oid, struct rp_err **err)
{
	char to[LINK_LEN];
	struct stat st;
	ssize_t n = readlinkat(links, oid, to, sizeof to - 1);
	if (n < 0)
		return errno == EINVAL ? 0 : rp_err_sys(err, errno, "look at tablespace %s", oid);
	to[n] = '\0';
	size_t above = strlen(b->work) + strlen("/tablespaces/");
	if ((size_t)n <= above || strncmp(to, b->work, strlen(b->work)) != 0 ||
	    strncmp(to + strlen(b->work), "/tablespaces/", 13) != 0 || strchr(to + above, '/') != NULL ||
	    !rp_beneath_name(to + above) || fstatat(named, to + above, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return rp_err_set(err, RP_ERR_BACKUP, "tablespace %s leads to '%s', which is refused", oid,
				  to);
	if (unlinkat(links, oid, 0) < 0 || renameat(named, to + above, links, oid) < 0)
		return rp_err_sys(err, errno, "move tablespace %s", oid);
	return 0;
}

static int take_tablespaces(struct rp_backrest *b, int work, struct rp_err **err)
{
	rp_autoclose int links = rp_beneath_open(work, "data/pg_tblspc", O_RDONLY | O_DIRECTORY, 0);
	rp_autoclose int named = rp_beneath_open(work, "tablespaces", O_RDONLY | O_DIRECTORY, 0);
	rp_autoclose int own = links >= 0 ? fcntl(links, F_DUPFD_CLOEXEC, 3) : -1;
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;
	if (dir == NULL || named < 0)
		return rp_err_sys(err, errno, "look at the tablespaces that were restored");
	(void)rp_take_fd(&own);
	int r = 0;
	const struct dirent *e;
	while (r == 0 && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			r = take_tablespace(b, links, named, e->d_name, err);
	(void)closedir(dir);
	return r;
}

/* archive-get asks it which server this is, when the data directory has gone elsewhere. */
static int keep_control(int work, struct rp_err **err)
{
	struct stat owner;
	char bytes[8192];
	rp_autoclose int from = rp_beneath_open(work, "data/global/pg_control", O_RDONLY | O_NONBLOCK, 0);
	ssize_t n = from >= 0 ? read(from, bytes, sizeof bytes) : -1;
	if (n < 0)
		return rp_err_sys(err, errno, "read the 'pg_control' that was restored");
	rp_autoclose int to = rp_beneath_create(work, "control/global/pg_control");
	if (to < 0 || fstat(work, &owner) < 0 || fchown(to, owner.st_uid, owner.st_gid) < 0)
		return rp_err_sys(err, errno, "keep 'pg_control'");
	return rp_write_all(to, bytes, (size_t)n, err);
}

static int recover(struct rp_backrest *b, struct rp_err **err)
{
	rp_autobuf data = RP_BUF_INIT(LINK_LEN), tree = RP_BUF_INIT(LINK_LEN), stored = RP_BUF_INIT(LINK_LEN);
	rp_autoclose int work = open(b->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (work < 0)
		return rp_err_sys(err, errno, "open '%s'", b->work);
	if (take_tablespaces(b, work, err) < 0 || keep_control(work, err) < 0)
		return -1;
	rp_buf_addf(&data, "%s/data", b->work);
	rp_buf_addf(&tree, "%s/restored", b->s->dir);
	rp_buf_addf(&stored, "%s/backup", b->work);
	if (rp_buf_check(&data, err) < 0 || rp_buf_check(&tree, err) < 0 || rp_buf_check(&stored, err) < 0)
		return -1;
	/* Recovery may need the room. */
	if (rp_tree_remove(stored.s, err) < 0)
		return -1;
	if (rename(data.s, tree.s) < 0)
		return rp_err_sys(err, errno, "move '%s' to '%s'", data.s, tree.s);
	const char *named = b->a->wanted != NULL ? b->a->wanted->logs : NULL;
	rp_auto(rp_pg_log) log = NULL;
	if ((named != NULL ? rp_pg_log_directory(&log, named, rp_artifact_unwrapping(b->a), b->s->run, err)
			   : rp_backrest_log(&log, b, err)) < 0)
		return -1;
	return rp_pg_recover_tree(b->a, b->s, tree.s, log, b->said, err);
}

static int restore_at(struct rp_backrest *b, struct rp_err **err)
{
	if (rp_artifact_place_tree(b->a, b->s->dir, &b->work, err) < 0 || make_folders(b, err) < 0 ||
	    rp_scratch_lend(b->s, b->work, err) < 0 || rp_backrest_configure(b, err) < 0)
		return -1;
	if (restore_files(b, err) < 0)
		return -1;
	return recover(b, err);
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	struct rp_backrest b = {.a = a, .s = s, .said = said, .label = label_of(a)};
	if (rp_sets_of(a->store) != RP_SETS_PGBACKREST) {
		(void)rp_err_set(err, RP_ERR_USAGE, "'%s' is a part of a pgBackRest repository, or holds one",
				 a->point->id);
		return rp_err_hint(err, "name the directory that has 'backup' and 'archive' in it");
	}
	if (s->server != NULL)
		return rp_err_set(
			err, RP_ERR_USAGE,
			"a pgBackRest backup is a whole server, and cannot be restored into one that is "
			"named with --scratch");
	if (rp_backrest_find_program(&b.program, err) < 0)
		return -1;
	b.stanza = strndup(a->point->id, (size_t)(b.label - a->point->id - 1));
	if (b.stanza == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	int r = restore_at(&b, err);
	if (b.work != NULL && rp_tree_remove(b.work, r < 0 ? NULL : err) < 0)
		r = -1;
	free(b.work);
	free(b.stanza);
	return r;
}

const struct rp_format rp_format_pgbackrest = {
	.name = "pgBackRest",
	.engine = "postgresql",
	.physical = true,
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.empties = rp_pg_base_empties,
};
