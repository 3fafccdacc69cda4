/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/brought.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define UNDO_MAX 127 /* InnoDB's own */

static const unsigned page_sizes[] = {4096, 8192, 16384, 32768, 65536};

/* A line's part between a and b, without the blanks around it. */
struct text {
	const char *s;
	size_t n;
};

static struct text trimmed(const char *a, const char *b)
{
	while (a < b && strchr(" \t\r", *a) != NULL)
		a++;
	while (b > a && strchr(" \t\r", b[-1]) != NULL)
		b--;
	return (struct text){a, (size_t)(b - a)};
}

/* Servers take "-" for "_" in a name, and "loose_" before it. */
static bool is_named(struct text key, const char *name)
{
	if (key.n != strlen(name))
		return false;
	for (size_t i = 0; i < key.n; i++)
		if ((key.s[i] == '-' ? '_' : key.s[i]) != name[i])
			return false;
	return true;
}

static int take_number(struct text value, uint64_t most, unsigned *ret, const char *name, struct rp_err **err)
{
	char digits[24] = "";
	uint64_t n = 0;
	if (value.n < sizeof digits)
		memcpy(digits, value.s, value.n);
	if (digits[0] == '\0' || !rp_parse_u64(digits, 0, most, &n))
		return rp_err_set(err, RP_ERR_BACKUP, "'" RP_MY_BROUGHT_FILE "' has no good number for %s",
				  name);
	*ret = (unsigned)n;
	return 0;
}

static int take_page_size(struct text value, struct rp_my_brought *ret, struct rp_err **err)
{
	unsigned n = 0;
	if (take_number(value, 65536, &n, "innodb_page_size", err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof page_sizes / sizeof page_sizes[0]; i++)
		if (page_sizes[i] == n) {
			ret->page_size = n;
			return 0;
		}
	return rp_err_set(err, RP_ERR_BACKUP,
			  "'" RP_MY_BROUGHT_FILE "' has no good number for innodb_page_size");
}

static int take_undo(struct text value, struct rp_my_brought *ret, struct rp_err **err)
{
	return take_number(value, UNDO_MAX, &ret->undo_tablespaces, "innodb_undo_tablespaces", err);
}

/* "ibdata1:12M:autoextend;ibdata2:50M": files in the data directory, and no devices. */
static int take_files(struct text value, struct rp_my_brought *ret, struct rp_err **err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:;-";
	char path[sizeof ret->data_file_path] = "";
	if (value.n < sizeof path)
		memcpy(path, value.s, value.n);
	if (path[0] == '\0' || strspn(path, plain) != strlen(path) || strstr(path, "..") != NULL ||
	    strcasestr(path, "raw") != NULL) {
		(void)rp_err_set(err, RP_ERR_ENGINE,
				 "its shared tablespace lies outside of the data directory, or on a device: "
				 "'innodb_data_file_path' in '" RP_MY_BROUGHT_FILE "'");
		return rp_err_hint(err, "such a backup cannot be restored here");
	}
	memcpy(ret->data_file_path, path, sizeof path);
	return 0;
}

static int take_plugin(struct text value, struct rp_my_brought *ret, struct rp_err **err)
{
	(void)err;
	size_t n = value.n < sizeof ret->plugin ? value.n : sizeof ret->plugin - 1;
	memset(ret->plugin, 0, sizeof ret->plugin);
	for (size_t i = 0; i < n; i++)
		ret->plugin[i] = value.s[i] > ' ' && value.s[i] <= '~' ? value.s[i] : '?';
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct text value, struct rp_my_brought *ret, struct rp_err **err);
} options[] = {
	{"innodb_page_size", take_page_size},  {"innodb_undo_tablespaces", take_undo},
	{"innodb_data_file_path", take_files}, {"plugin_load", take_plugin},
	{"plugin_load_add", take_plugin},
};

static int take_line(const char *line, size_t n, struct rp_my_brought *ret, struct rp_err **err)
{
	const char *equals = memchr(line, '=', n);
	if (equals == NULL)
		return 0;
	struct text key = trimmed(line, equals), value = trimmed(equals + 1, line + n);
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (is_named(key, options[i].name))
			return options[i].take(value, ret, err);
	return 0;
}

int rp_my_brought_parse(const char *text, size_t len, struct rp_my_brought *ret, struct rp_err **err)
{
	*ret = (struct rp_my_brought){0};
	if (memchr(text, '\0', len) != NULL)
		return rp_err_set(err, RP_ERR_BACKUP, "'" RP_MY_BROUGHT_FILE "' is no text");
	for (const char *line = text, *end = text + len; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((stop != NULL ? stop : end) - line);
		if (take_line(line, n, ret, err) < 0)
			return -1;
		line += n + (stop != NULL);
	}
	return 0;
}

void rp_my_brought_write(const struct rp_my_brought *b, struct rp_buf *ret)
{
	rp_buf_add(ret, "[mysqld]\ninnodb_undo_directory=./\n");
	if (b->page_size != 0)
		rp_buf_addf(ret, "innodb_page_size=%u\n", b->page_size);
	rp_buf_addf(ret, "innodb_undo_tablespaces=%u\n", b->undo_tablespaces);
	if (b->data_file_path[0] != '\0')
		rp_buf_addf(ret, "innodb_data_file_path=%s\n", b->data_file_path);
}

void rp_my_brought_add(const struct rp_my_brought *b, struct rp_argv *ret)
{
	if (b->page_size != 0)
		rp_argv_addf(ret, "--innodb-page-size=%u", b->page_size);
	if (b->data_file_path[0] != '\0')
		rp_argv_addf(ret, "--innodb-data-file-path=%s", b->data_file_path);
	rp_argv_addf(ret, "--innodb-undo-tablespaces=%u", b->undo_tablespaces);
}

int rp_my_brought_read(const char *data, struct rp_my_brought *ret, struct rp_err **err)
{
	rp_autoclose int dir = open(data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : rp_err_sys(err, errno, "open '%s'", data);
	rp_autoclose int fd = openat(dir, RP_MY_BROUGHT_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : rp_err_sys(err, errno, "open '%s/" RP_MY_BROUGHT_FILE "'", data);
	char text[4096];
	ssize_t n = read(fd, text, sizeof text);
	if (n < 0)
		return rp_err_sys(err, errno, "read '%s/" RP_MY_BROUGHT_FILE "'", data);
	return rp_my_brought_parse(text, (size_t)n, ret, err) < 0 ? -1 : 1;
}
