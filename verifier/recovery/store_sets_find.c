/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/store_sets.h"
#include "verifier/util/beneath.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Which backup sets a repository has. */

#define SETS_MAX 100000

static bool is_digits(const char *s, size_t n)
{
	return strspn(s, "0123456789") >= n;
}

/* "20261121-171045" */
static bool is_stamp(const char *s)
{
	return is_digits(s, 8) && s[8] == '-' && is_digits(s + 9, 6);
}

#define FULL_LEN 16 /* with its letter */

bool rp_pgbackrest_is_label(const char *name)
{
	size_t n = strlen(name);
	if (n < FULL_LEN || !is_stamp(name) || name[FULL_LEN - 1] != 'F')
		return false;
	const char *rest = name + FULL_LEN;
	return n == FULL_LEN || (n == 2 * FULL_LEN + 1 && rest[0] == '_' && is_stamp(rest + 1) &&
				 (rest[FULL_LEN] == 'D' || rest[FULL_LEN] == 'I'));
}

/* The full one, and what lies between: which of these it needs is in a file that may be encrypted. */
bool rp_pgbackrest_rests_upon(const char *label, const char *other)
{
	return strncmp(label, other, FULL_LEN) == 0 && strcmp(other, label) <= 0;
}

const char *rp_barman_value(const char *info, size_t len, const char *key, size_t *ret_len)
{
	size_t n = strlen(key);
	for (const char *at = info, *end = info + len; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((nl != NULL ? nl : end) - at);
		if (line > n && memcmp(at, key, n) == 0 && at[n] == '=') {
			*ret_len = line - n - 1;
			return at + n + 1;
		}
		at += line + 1;
	}
	return NULL;
}

static int add_set(struct rp_set_list *l, const char *server, const char *label, const struct timespec *when,
		   const char *aside, struct rp_err **err)
{
	if (l->n == SETS_MAX)
		return rp_err_set(err, RP_ERR_IO, "'%s' has more than %d backups", l->path, SETS_MAX);
	if ((l->n & (l->n - 1)) == 0) {
		struct rp_set *all = reallocarray(l->all, l->n > 0 ? l->n * 2 : 1, sizeof *all);
		if (all == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		l->all = all;
	}
	struct rp_set new = {.server = strdup(server), .label = strdup(label), .when = *when, .aside = aside};
	if (new.server == NULL || new.label == NULL) {
		free(new.server);
		free(new.label);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	l->all[l->n++] = new;
	return 0;
}

/* "base/20261121T170000" of fd, and never through a link. */
int rp_sets_open(int fd, const char *a, const char *b, int flags)
{
	char name[RP_BENEATH_MAX];
	int n = snprintf(name, sizeof name, "%s%s%s", a, a[0] != '\0' && b[0] != '\0' ? "/" : "", b);
	if (n < 0 || (size_t)n >= sizeof name || !rp_beneath_name(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return rp_beneath_open(fd, name, O_RDONLY | O_NONBLOCK | flags, 0);
}

/* Called for the entries of a directory, of which it is given a descriptor. */
typedef int entry_fn(struct rp_set_list *l, int fd, const char *server, const char *entry,
		     struct rp_err **err);

/* A directory that is not there has no entries. */
static int each_entry(struct rp_set_list *l, int parent, const char *a, const char *b, const char *server,
		      entry_fn *fn, struct rp_err **err)
{
	rp_autoclose int fd = a[0] == '\0' && b[0] == '\0'
				      ? openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
				      : rp_sets_open(parent, a, b, O_DIRECTORY);
	if (fd < 0)
		return errno == EACCES ? rp_err_sys(err, errno, "list '%s/%s'", l->path, a) : 0;
	rp_autoclose int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;
	if (dir == NULL)
		return rp_err_sys(err, errno, "list '%s/%s'", l->path, a);
	(void)rp_take_fd(&own);
	int r = 0;
	const struct dirent *e;
	while (r == 0 && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.' && rp_beneath_name(e->d_name))
			r = fn(l, fd, server, e->d_name, err);
	(void)closedir(dir);
	return r;
}

static int take_label(struct rp_set_list *l, int fd, const char *server, const char *entry,
		      struct rp_err **err)
{
	struct stat st;
	if (!rp_pgbackrest_is_label(entry))
		return 0;
	/* Its manifest is written last of all. */
	rp_autoclose int manifest = rp_sets_open(fd, entry, "backup.manifest", 0);
	if (manifest >= 0 && fstat(manifest, &st) == 0 && S_ISREG(st.st_mode))
		return add_set(l, server, entry, &st.st_mtim, NULL, err);
	rp_autoclose int set = rp_sets_open(fd, entry, "", O_DIRECTORY);
	if (set < 0 || fstat(set, &st) < 0)
		return 0;
	return add_set(l, server, entry, &st.st_mtim, "a backup that is being made, or never was finished",
		       err);
}

static int take_stanza(struct rp_set_list *l, int fd, const char *server, const char *entry,
		       struct rp_err **err)
{
	(void)server;
	return each_entry(l, fd, entry, "", entry, take_label, err);
}

static const char *barman_aside(int fd)
{
	char text[RP_BARMAN_INFO_MAX];
	size_t len;
	ssize_t n = pread(fd, text, sizeof text, 0);
	const char *status = n > 0 ? rp_barman_value(text, (size_t)n, "status", &len) : NULL;
	if (status != NULL && len == 6 && memcmp(status, "FAILED", 6) == 0)
		return "a backup of which Barman says that it failed";
	if (status != NULL && ((len == 7 && memcmp(status, "STARTED", 7) == 0) ||
			       (len == 5 && memcmp(status, "EMPTY", 5) == 0)))
		return "a backup that is being made, or never was finished";
	return NULL;
}

static int take_id(struct rp_set_list *l, int fd, const char *server, const char *entry, struct rp_err **err)
{
	struct stat st;
	rp_autoclose int info = rp_sets_open(fd, entry, "backup.info", 0);
	if (info < 0 || fstat(info, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return add_set(l, server, entry, &st.st_mtim, barman_aside(info), err);
}

static int take_server(struct rp_set_list *l, int fd, const char *server, const char *entry,
		       struct rp_err **err)
{
	(void)server;
	rp_autoclose int wals = rp_sets_open(fd, entry, "wals", O_DIRECTORY);
	return wals < 0 ? 0 : each_entry(l, fd, entry, "base", entry, take_id, err);
}

static int newest_first(const void *va, const void *vb)
{
	const struct rp_set *a = va, *b = vb;
	if (a->when.tv_sec != b->when.tv_sec)
		return a->when.tv_sec > b->when.tv_sec ? -1 : 1;
	if (a->when.tv_nsec != b->when.tv_nsec)
		return a->when.tv_nsec > b->when.tv_nsec ? -1 : 1;
	int by_label = strcmp(b->label, a->label);
	return by_label != 0 ? by_label : strcmp(b->server, a->server);
}

int rp_sets_find(int fd, struct rp_set_list *l, struct rp_err **err)
{
	rp_autoclose int archive = rp_sets_open(fd, "archive", "", O_DIRECTORY);
	rp_autoclose int wals = rp_sets_open(fd, "wals", "", O_DIRECTORY);
	l->kind = RP_SETS_PGBACKREST;
	if (archive >= 0 && each_entry(l, fd, "backup", "", "", take_stanza, err) < 0)
		return -1;
	if (l->n == 0) {
		l->kind = RP_SETS_BARMAN;
		if ((wals >= 0 ? each_entry(l, fd, "base", "", "", take_id, err)
			       : each_entry(l, fd, "", "", "", take_server, err)) < 0)
			return -1;
	}
	if (l->n > 1)
		qsort(l->all, l->n, sizeof *l->all, newest_first);
	return 0;
}

void rp_sets_done(struct rp_set_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->all[i].server);
		free(l->all[i].label);
	}
	free(l->all);
}
