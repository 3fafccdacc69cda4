/* SPDX-License-Identifier: MIT */
/* A backup of a Barman catalogue. Barman's own 'recover' starts a shell and rsync, and is itself Python with everything
 * that is installed for it: none of that is for a box. What it does with such a catalogue is little: base/ID/data is a
 * data directory, base/ID/OID a tablespace, and wals/ has the log, so that is done here. */
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
#include "verifier/recovery/pg_recover.h"
#include "verifier/recovery/stage.h"
#include "verifier/recovery/store_sets.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/arena.h"
#include "verifier/util/beneath.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define BITS	  (8 * 16)
#define PLACE_MAX 4096

struct barman {
	struct rp_artifact *a;
	struct rp_scratch *s;
	struct rp_buf *said;
	const char *id; /* within a->point->id */
	char *work;	/* our copy: base/ID/... */
	char *tree;	/* the data directory that is made of it */
};

static const char *id_of(const struct rp_artifact *a)
{
	const char *slash = strrchr(a->point->id, '/');
	return slash != NULL ? slash + 1 : a->point->id;
}

static bool is_part(struct rp_artifact *a)
{
	const char *name;
	for (size_t i = 0; (name = rp_artifact_name(a, i)) != NULL; i++)
		if (fnmatch("base/*/backup.info", name, FNM_PATHNAME) == 0)
			return true;
	return false;
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	(void)err;
	if (rp_sets_of(a->store) == RP_SETS_BARMAN)
		return BITS;
	return a->point->tree && is_part(a) ? BITS : 0;
}

static int look_at_info(struct rp_artifact *a, uint8_t text[RP_BARMAN_INFO_MAX], size_t *ret_len,
			struct rp_err **err)
{
	char name[PLACE_MAX];
	(void)snprintf(name, sizeof name, "base/%s/backup.info", id_of(a));
	return rp_artifact_look(a, name, text, RP_BARMAN_INFO_MAX, ret_len, err);
}

/* Short words; "None" is Barman's for nothing. */
static char *value(struct rp_artifact *a, const uint8_t *text, size_t len, const char *key)
{
	size_t n;
	char word[64] = "";
	const char *v = rp_barman_value((const char *)text, len, key, &n);
	if (v != NULL && n < sizeof word && strspn(v, "0123456789ABCDEF/.") >= n)
		memcpy(word, v, n);
	return rp_arena_strdup(a->memory, word);
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	uint8_t text[RP_BARMAN_INFO_MAX];
	size_t len;
	uint64_t number;
	char version[32];
	if (look_at_info(a, text, &len, err) < 0)
		return -1;
	char *num = value(a, text, len, "version"), *end = value(a, text, len, "end_xlog");
	struct rp_fact *fact = rp_arena_array(a->memory, 1, sizeof *fact);
	if (num == NULL || end == NULL || fact == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (!rp_parse_u64(num, 100000, 9999999, &number))
		return rp_err_set(err, RP_ERR_BACKUP,
				  "'base/%s/backup.info' does not say which server it is of", id_of(a));
	(void)snprintf(version, sizeof version, "%u.%u", (unsigned)(number / 10000),
		       (unsigned)(number % 10000));
	*ret = (struct rp_identity){.engine = "postgresql", .version = rp_arena_strdup(a->memory, version)};
	*fact = (struct rp_fact){.name = "lsn", .value = end};
	*ret_at = (struct rp_position){
		.taken_ms = a->point->taken_ms, .facts = fact, .n_facts = end[0] != '\0'};
	return ret->version != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static bool is_number(const char *s)
{
	return s[0] != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* A tablespace lies beside the data directory, under its number. */
static int move_tablespaces(const struct barman *b, int set, struct rp_err **err)
{
	rp_autoclose int tree = open(b->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (tree < 0 || (mkdirat(tree, "pg_tblspc", 0700) < 0 && errno != EEXIST))
		return rp_err_sys(err, errno, "create '%s/pg_tblspc'", b->tree);
	rp_autoclose int links = openat(tree, "pg_tblspc", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	rp_autoclose int own = fcntl(set, F_DUPFD_CLOEXEC, 3);
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;
	if (links < 0 || dir == NULL)
		return rp_err_sys(err, errno, "look for tablespaces");
	(void)rp_take_fd(&own);
	int r = 0;
	const struct dirent *e;
	while (r == 0 && (e = readdir(dir)) != NULL)
		if (is_number(e->d_name) && renameat(set, e->d_name, links, e->d_name) < 0)
			r = rp_err_sys(err, errno, "move tablespace %s", e->d_name);
	(void)closedir(dir);
	return r;
}

static int make_tree(struct barman *b, struct rp_err **err)
{
	char place[PLACE_MAX];
	(void)snprintf(place, sizeof place, "base/%s", b->id);
	rp_autoclose int work = open(b->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rp_autoclose int set = work >= 0 ? rp_beneath_open(work, place, O_RDONLY | O_DIRECTORY, 0) : -1;
	if (set < 0)
		return rp_err_sys(err, errno, "open '%s'", place);
	if (asprintf(&b->tree, "%s/restored", b->s->dir) < 0) {
		b->tree = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	if (renameat(set, "data", AT_FDCWD, b->tree) < 0)
		return errno == ENOENT ? rp_err_set(err, RP_ERR_BACKUP, "'%s' has no directory 'data'", place)
				       : rp_err_sys(err, errno, "move '%s/data'", place);
	return move_tablespaces(b, set, err);
}

static int refuse_compressed(const struct barman *b, struct rp_err **err)
{
	char begin[PLACE_MAX];
	size_t n = (size_t)snprintf(begin, sizeof begin, "base/%s/data/base.tar", b->id);
	for (size_t i = 0; i < b->a->n_files; i++)
		if (strncmp(b->a->files[i].name, begin, n) == 0) {
			(void)rp_err_set(err, RP_ERR_USAGE,
					 "'%s' is a backup that Barman made with backup_compression",
					 b->a->point->id);
			return rp_err_hint(
				err,
				"name 'base/%s/data' itself, which is a base backup in tar files, and "
				"the log with --logs",
				b->id);
		}
	return 0;
}

/* Barman's own archive, unless another one was named. */
static int open_log(const struct barman *b, struct rp_pg_log **ret, struct rp_err **err)
{
	const char *named = b->a->wanted != NULL ? b->a->wanted->logs : NULL;
	rp_autofree char *wals = NULL;
	if (asprintf(&wals, "%s/wals", b->a->point->path) < 0) {
		wals = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	return rp_pg_log_directory(ret, named != NULL ? named : wals, rp_artifact_unwrapping(b->a), b->s->run,
				   err);
}

static int restore_at(struct barman *b, struct rp_err **err)
{
	rp_auto(rp_pg_log) log = NULL;
	if (refuse_compressed(b, err) < 0 || rp_artifact_place_tree(b->a, b->s->dir, &b->work, err) < 0 ||
	    make_tree(b, err) < 0 ||
	    /* Barman keeps no checksums of what it copies. */
	    rp_pg_base_check(b->s, b->tree, err) < 0 || open_log(b, &log, err) < 0)
		return -1;
	if (rp_tree_remove(b->work, err) < 0)
		return -1;
	return rp_pg_recover_tree(b->a, b->s, b->tree, log, b->said, err);
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	struct barman b = {.a = a, .s = s, .said = said, .id = id_of(a)};
	if (rp_sets_of(a->store) != RP_SETS_BARMAN) {
		(void)rp_err_set(err, RP_ERR_USAGE, "'%s' holds a Barman catalogue", a->point->id);
		return rp_err_hint(err, "name the server's directory, which has 'base' and 'wals' in it");
	}
	if (s->server != NULL)
		return rp_err_set(
			err, RP_ERR_USAGE,
			"a Barman backup is a whole server, and cannot be restored into one that is "
			"named with --scratch");
	int r = restore_at(&b, err);
	if (r < 0 && b.work != NULL)
		(void)rp_tree_remove(b.work, NULL);
	free(b.work);
	free(b.tree);
	return r;
}

const struct rp_format rp_format_barman = {
	.name = "Barman",
	.engine = "postgresql",
	.physical = true,
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.empties = rp_pg_base_empties,
};
