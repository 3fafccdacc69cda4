/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/mariadb_backup_pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define POLYNOMIAL 0x82f63b78U /* CRC-32C */
#define PAGE_MAX   65536
#define PAGE_MIN   4096
#define CHECKSUM   4
#define FLAGS_AT   54 /* in the first page */
#define FLAG_FULL  0x10
#define FLAGS_SIZE 0x0f /* 3: 4096 bytes, and each one more is twice as much */
#define FLAGS_CODE 0xe0 /* pages are compressed one by one, and differ in length */
#define SHARED	   "ibdata1"

static uint32_t tables[8][256];

static void make_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ POLYNOMIAL : c >> 1;
		tables[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int t = 1; t < 8; t++)
			tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 0xff];
}

/* Eight bytes at a time, each by a table of its own. */
static uint32_t sum_of(const uint8_t *p, size_t n)
{
	uint32_t c = 0xffffffffU;
	if (tables[0][1] == 0)
		make_tables();
	for (; n >= 8; n -= 8, p += 8)
		c = tables[7][(c ^ p[0]) & 0xff] ^ tables[6][(c >> 8 ^ p[1]) & 0xff] ^
		    tables[5][(c >> 16 ^ p[2]) & 0xff] ^ tables[4][(c >> 24 ^ p[3]) & 0xff] ^
		    tables[3][p[4]] ^ tables[2][p[5]] ^ tables[1][p[6]] ^ tables[0][p[7]];
	for (; n > 0; n--, p++)
		c = c >> 8 ^ tables[0][(c ^ *p) & 0xff];
	return ~c;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_blank(const uint8_t *page, size_t size)
{
	return page[0] == 0 && memcmp(page, page + 1, size - 1) == 0;
}

bool rp_mb_page_is_good(const uint8_t *page, size_t size)
{
	return is_blank(page, size) || get32(page + size - CHECKSUM) == sum_of(page, size - CHECKSUM);
}

struct pages {
	uint64_t looked_at, bad;
	unsigned others;
	struct rp_run *run;
	uint8_t page[PAGE_MAX];
};

static int note_bad(struct pages *p, const char *dir, const char *name, uint64_t number, const char *what,
		    struct rp_err **err)
{
	rp_autobuf shown = RP_BUF_INIT(8 << 10);
	rp_buf_add_plain(&shown, dir);
	rp_buf_add(&shown, dir[0] != '\0' ? "/" : "");
	rp_buf_add_plain(&shown, name);
	p->bad++;
	/* The first counts. */
	(void)rp_err_set(err, RP_ERR_BACKUP, "page %" PRIu64 " of '%s' %s", number, rp_buf_text(&shown),
			 what);
	return 0;
}

/* From the first page: how long they are; 0: they have no such checksums. */
static size_t page_size(const uint8_t *first)
{
	uint32_t flags = get32(first + FLAGS_AT), shift = (flags & FLAGS_SIZE) + 9;
	if ((flags & FLAG_FULL) == 0 || (flags & FLAGS_CODE) != 0 || shift < 12 || shift > 16)
		return 0;
	return (size_t)1 << shift;
}

/* In the first file of the shared tablespace, the second and the third extent: pages of all others, as they were once
 * about to be written. */
static bool is_double(uint64_t number, size_t size)
{
	uint64_t extent = size < 16384 ? (1U << 20) / size : 64;
	return number >= extent && number < 3 * extent;
}

static int look_at(struct pages *p, int fd, const char *dir, const char *name, struct rp_err **err)
{
	ssize_t n = pread(fd, p->page, PAGE_MIN, 0);
	if (n < 0)
		return rp_err_sys(err, errno, "read '%s'", name);
	size_t size = n == PAGE_MIN ? page_size(p->page) : 0;
	if (size == 0) {
		p->others++;
		return 0;
	}
	bool shared = dir[0] == '\0' && strcmp(name, SHARED) == 0;
	for (uint64_t number = 0; (n = pread(fd, p->page, size, (off_t)(number * size))) != 0; number++) {
		if (n < 0)
			return rp_err_sys(err, errno, "read '%s'", name);
		if (rp_run_check(p->run, err) < 0)
			return -1;
		if ((size_t)n < size)
			return note_bad(p, dir, name, number, "is cut off", err);
		if (shared && is_double(number, size))
			continue;
		p->looked_at++;
		if (!rp_mb_page_is_good(p->page, size) &&
		    note_bad(p, dir, name, number, "is damaged: it does not have its checksum", err) < 0)
			return -1;
	}
	return 0;
}

static bool is_tablespace(const char *name, bool top)
{
	size_t n = strlen(name);
	if (!top)
		return n > 4 && strcmp(name + n - 4, ".ibd") == 0;
	return strncmp(name, "ibdata", 6) == 0 ||
	       (strncmp(name, "undo", 4) == 0 && strspn(name + 4, "0123456789") == n - 4);
}

static int look_below(struct pages *p, int parent, const char *dir, struct rp_err **err);

static int look_at_entry(struct pages *p, int at, const char *dir, const char *name, struct rp_err **err)
{
	bool top = dir[0] == '\0';
	struct stat st;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return rp_err_sys(err, errno, "'%s'", name);
	if (S_ISDIR(st.st_mode))
		return top ? look_below(p, at, name, err) : 0;
	if (!S_ISREG(st.st_mode) || !is_tablespace(name, top))
		return 0;
	rp_autoclose int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? rp_err_sys(err, errno, "open '%s'", name) : look_at(p, fd, dir, name, err);
}

static int look_below(struct pages *p, int parent, const char *dir, struct rp_err **err)
{
	int fd = openat(parent, dir[0] != '\0' ? dir : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL)
		return rp_err_sys(err, errno, "open '%s'", dir);
	int r = 0;
	for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = look_at_entry(p, fd, dir, e->d_name, err);
	(void)closedir(d);
	return r;
}

int rp_mb_pages_check(int fd, uint64_t *ret_pages, unsigned *ret_files, struct rp_run *run,
		      struct rp_err **err)
{
	rp_autoerr struct rp_err *first = NULL;
	struct pages *p = calloc(1, sizeof *p);
	if (p == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	p->run = run;
	int r = look_below(p, fd, "", &first);
	uint64_t more = p->bad > 0 ? p->bad - 1 : 0;
	*ret_pages = p->looked_at;
	*ret_files = p->others;
	bool bad = p->bad > 0;
	free(p);
	if (r == 0 && !bad)
		return 0;
	if (more > 0)
		return rp_err_set(err, rp_err_kind(first), "%s, and %" PRIu64 " more", rp_err_text(first),
				  more);
	return rp_err_set(err, rp_err_kind(first), "%s", rp_err_text(first));
}
