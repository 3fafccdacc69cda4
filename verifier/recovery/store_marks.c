/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/recovery/store_tree.h"
#include "verifier/util/cleanup.h"

/* What the tools write whatever they are told. A name alone is shown by nothing but a file of the user's; so each has
 * something to it that is written nowhere else. */
static const struct rp_mark marks[] = {
	{"toc.dat", "PGDMP", NULL, false},
	{"backup_manifest", "{ \"PostgreSQL-Backup-Manifest-Version\"", NULL, false},
	{"backup_label", "START WAL LOCATION", NULL, false},
	{"PG_VERSION", NULL, "global", false},
	{"base.tar", "backup_label", NULL, false},
	{"base.tar*", NULL, "pg_wal.tar*", false},
	{"metadata", "# Started dump", NULL, false},
	{"metadata", "Started dump", NULL, false},
	{"metadata", NULL, "*-schema-create.sql*", false},
	{"metadata.partial", NULL, NULL, false},
	{"@.json", "{", NULL, false}, /* MySQL Shell's */
	{"xtrabackup_checkpoints", "backup_type", NULL, false},
	{"mariadb_backup_checkpoints", "backup_type", NULL, false},
	/* An incremental backup beside the one that it rests upon: none of them is restored without the others. */
	{"*/xtrabackup_checkpoints", "backup_type = incremental", NULL, false},
	{"*/mariadb_backup_checkpoints", "backup_type = incremental", NULL, false},
	{"backup/*/backup.info", NULL, "archive", true},
	{"base/*/backup.info", NULL, "wals", true},
};
#define MARKS (sizeof marks / sizeof marks[0])

static bool begins(int dirfd, const char *name, const char *with)
{
	char head[64];
	rp_autoclose int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	size_t len = with != NULL ? strlen(with) : 0;
	return len == 0 || (len <= sizeof head && pread(fd, head, len, 0) == (ssize_t)len &&
			    memcmp(head, with, len) == 0);
}

/* Is there an entry like 'glob', and with more to it, one that begins like this? 'glob' may have directories in it. */
static bool is_there(int dirfd, const char *glob, const char *with, bool file)
{
	const char *slash = strchr(glob, '/');
	char part[64];
	(void)snprintf(part, sizeof part, "%.*s", slash != NULL ? (int)(slash - glob) : (int)strlen(glob),
		       glob);
	rp_autoclose int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return false;
	(void)rp_take_fd(&fd);
	bool found = false;
	const struct dirent *e;
	while (!found && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.' || fnmatch(part, e->d_name, 0) != 0)
			continue;
		if (slash == NULL) {
			found = !file || begins(dirfd, e->d_name, with);
			continue;
		}
		rp_autoclose int below =
			openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		found = below >= 0 && is_there(below, slash + 1, with, file);
	}
	(void)closedir(dir);
	return found;
}

const struct rp_mark *rp_tree_mark(int fd)
{
	for (size_t i = 0; i < MARKS; i++)
		if (is_there(fd, marks[i].file, marks[i].begins, true) &&
		    (marks[i].beside == NULL || is_there(fd, marks[i].beside, NULL, false)))
			return &marks[i];
	return NULL;
}
