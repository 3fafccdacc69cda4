/* SPDX-License-Identifier: MIT */
#include "verifier/ledger/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "verifier/ledger/inside.h"
#include "verifier/manifest/envelope.h"
#include "verifier/manifest/json.h"
#include "verifier/result/result.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define SCHEMA	   "reprove/ledger/v1"
#define LOCK_TRIES 600 /* of 50 ms: another run writes an entry in far less */

/* ---- ledger.json ---- */

static int read_id(struct rp_ledger *l, const char *path, struct rp_err **err)
{
	static const struct rp_json_limits limits = {.depth = 2, .values = 16};
	rp_autobuf text = RP_BUF_INIT(4096);
	rp_autojson json = NULL;
	const json_t *schema = NULL, *id = NULL, *begun = NULL;
	const struct rp_json_field fields[] = {
		{"schema", JSON_STRING, false, &schema},
		{"id", JSON_STRING, false, &id},
		{"begunAt", JSON_STRING, false, &begun},
	};
	uint8_t bytes[(RP_LEDGER_ID - 1) / 2];
	if (rp_file_read(path, &text, err) < 0 ||
	    rp_json_parse(&json, rp_buf_text(&text), text.len, &limits, "it", err) < 0 ||
	    rp_json_fields(json, "it", fields, 3, false, err) < 0)
		return rp_err_wrap(err, "ledger '%s'", path);
	if (strcmp(json_string_value(schema), SCHEMA) != 0 ||
	    !rp_parse_hex(json_string_value(id), bytes, sizeof bytes))
		return rp_err_set(err, RP_ERR_TRUST, "'%s' is not what begins a ledger of schema %s", path,
				  SCHEMA);
	memcpy(l->id, json_string_value(id), sizeof l->id);
	return 0;
}

static int write_id(const char *path, struct rp_err **err)
{
	uint8_t chance[(RP_LEDGER_ID - 1) / 2];
	char at[RP_TIME_TEXT];
	rp_autobuf text = RP_BUF_INIT(4096);
	if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance)
		return rp_err_sys(err, errno, "random numbers");
	rp_time_format(rp_time_now_ms(), at);
	rp_buf_add(&text, "{\"schema\":\"" SCHEMA "\",\"id\":\"");
	rp_buf_add_hex(&text, chance, sizeof chance);
	rp_buf_addf(&text, "\",\"begunAt\":\"%s\"}\n", at);
	return rp_buf_check(&text, err) < 0 ? -1
					    : rp_file_replace(path, rp_buf_text(&text), text.len, 0644, err);
}

/* ---- The lock ---- */

int rp_ledger_lock(const struct rp_ledger *l, int *ret, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	rp_buf_addf(&path, "%s/lock", l->dir);
	rp_autoclose int fd = open(rp_buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return rp_err_sys(err, errno, "lock the ledger '%s'", l->dir);
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			*ret = rp_take_fd(&fd);
			return 0;
		}
		if (errno != EWOULDBLOCK && errno != EINTR)
			return rp_err_sys(err, errno, "lock the ledger '%s'", l->dir);
		(void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	}
	return rp_err_set(err, RP_ERR_IO, "the ledger '%s' is held by another run", l->dir);
}

/* ---- Opening ---- */

static int make(const struct rp_ledger *l, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	static const char *const below[] = {"entries", "results"};
	rp_autoclose int lock = -1;
	if (rp_dir_make(l->dir, 0700, err) < 0 || rp_ledger_lock(l, &lock, err) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		rp_buf_reset(&path);
		rp_buf_addf(&path, "%s/%s", l->dir, below[i]);
		if (rp_buf_check(&path, err) < 0 || rp_dir_make(rp_buf_text(&path), 0700, err) < 0)
			return -1;
	}
	rp_buf_reset(&path);
	rp_buf_addf(&path, "%s/ledger.json", l->dir);
	/* Another run may have begun it meanwhile. */
	return access(rp_buf_text(&path), F_OK) == 0 ? 0 : write_id(rp_buf_text(&path), err);
}

int rp_ledger_open(struct rp_ledger **ret, const char *dir, bool create, struct rp_err **err)
{
	rp_auto(rp_ledger) l = calloc(1, sizeof *l);
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	if (l == NULL || (l->dir = strdup(dir)) == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_buf_addf(&path, "%s/ledger.json", dir);
	if (rp_buf_check(&path, err) < 0)
		return -1;
	if (access(rp_buf_text(&path), F_OK) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return rp_err_sys(err, errno, "ledger '%s'", dir);
		if (!create) {
			rp_err_set(err, RP_ERR_CONFIG, "there is no ledger in '%s'", dir);
			return rp_err_hint(err, "'reprove verify --ledger DIR --result-key KEY' begins one");
		}
		if (make(l, err) < 0)
			return rp_err_wrap(err, "begin a ledger in '%s'", dir);
	}
	if (read_id(l, rp_buf_text(&path), err) < 0)
		return -1;
	*ret = rp_take(l);
	return 0;
}

void rp_ledger_free(struct rp_ledger *l)
{
	if (l == NULL)
		return;
	free(l->dir);
	free(l);
}

const char *rp_ledger_id(const struct rp_ledger *l)
{
	return l->id;
}

const char *rp_ledger_dir(const struct rp_ledger *l)
{
	return l->dir;
}

int rp_ledger_path(const struct rp_ledger *l, const char *folder, uint64_t number, struct rp_buf *ret,
		   struct rp_err **err)
{
	rp_buf_reset(ret);
	rp_buf_addf(ret, "%s/%s/%012" PRIu64 ".json", l->dir, folder, number);
	return rp_buf_check(ret, err);
}

/* ---- Which entries there are: their file names alone ---- */

static bool number_of(const char *name, uint64_t *ret)
{
	char digits[16] = "";
	size_t len = strlen(name);
	if (len != 12 + 5 || strcmp(name + 12, ".json") != 0)
		return false;
	memcpy(digits, name, 12);
	size_t zeros = strspn(digits, "0");
	return zeros < 12 && rp_parse_u64(digits + zeros, 1, UINT64_MAX, ret);
}

int rp_ledger_ascending(const void *va, const void *vb)
{
	const uint64_t *a = va, *b = vb;
	return *a < *b ? -1 : *a > *b;
}

int rp_ledger_numbers(const struct rp_ledger *l, uint64_t **ret, size_t *ret_n, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	rp_autofree uint64_t *all = NULL;
	size_t n = 0, room = 0;
	rp_buf_addf(&path, "%s/entries", l->dir);
	DIR *d = opendir(rp_buf_text(&path));
	if (d == NULL)
		return rp_err_sys(err, errno, "list '%s'", rp_buf_text(&path));
	int r = 0;
	const struct dirent *e;
	for (errno = 0; r == 0 && (e = readdir(d)) != NULL; errno = 0) {
		uint64_t number;
		if (!number_of(e->d_name, &number))
			continue;
		if (n == room) {
			room = room > 0 ? 2 * room : 64;
			uint64_t *more = reallocarray(all, room, sizeof *more);
			if (more == NULL) {
				r = rp_err_set(err, RP_ERR_NOMEM, "out of memory");
				break;
			}
			all = more;
		}
		all[n++] = number;
	}
	if (r == 0 && errno != 0)
		r = rp_err_sys(err, errno, "list '%s'", rp_buf_text(&path));
	(void)closedir(d);
	if (r < 0)
		return -1;
	if (n > 1)
		qsort(all, n, sizeof *all, rp_ledger_ascending);
	*ret = rp_take(all);
	*ret_n = n;
	return 0;
}

int rp_ledger_envelope(const struct rp_ledger *l, uint64_t number, struct rp_envelope **ret,
		       struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	/* base64 of the payload, and what is around it. */
	rp_autobuf bytes = RP_BUF_INIT(2 * RP_ENTRY_MAX);
	if (rp_ledger_path(l, "entries", number, &path, err) < 0 ||
	    rp_file_read(rp_buf_text(&path), &bytes, err) < 0)
		return -1;
	return rp_envelope_read(ret, rp_buf_text(&bytes), bytes.len, err);
}

/* ---- The head ---- */

int rp_ledger_head(struct rp_ledger *l, struct rp_head *ret, struct rp_err **err)
{
	rp_autofree uint64_t *numbers = NULL;
	rp_auto(rp_envelope) e = NULL;
	rp_auto(rp_arena) memory = NULL;
	struct rp_entry last;
	uint8_t digest[RP_SHA256_LEN];
	size_t n;
	if (rp_ledger_numbers(l, &numbers, &n, err) < 0)
		return -1;
	*ret = (struct rp_head){.number = 0};
	if (n == 0) {
		rp_sha256(l->id, strlen(l->id), digest);
		rp_sha256_hex(digest, ret->sha256);
		return 0;
	}
	if (rp_arena_new(&memory, err) < 0)
		return -1;
	if (rp_ledger_envelope(l, numbers[n - 1], &e, err) < 0 ||
	    rp_entry_read(&last, memory, e->payload, e->payload_len, err) < 0)
		return rp_err_wrap(err, "ledger '%s', entry %" PRIu64, l->dir, numbers[n - 1]);
	if (last.number != numbers[n - 1])
		return rp_err_set(err, RP_ERR_TRUST, "ledger '%s': entry %" PRIu64 " calls itself %" PRIu64,
				  l->dir, numbers[n - 1], last.number);
	ret->number = last.number;
	ret->at_ms = last.at_ms;
	memcpy(ret->sha256, last.sha256, sizeof ret->sha256);
	return 0;
}

void rp_head_format(const struct rp_ledger *l, const struct rp_head *h, struct rp_buf *ret)
{
	rp_buf_addf(ret, "%s:%" PRIu64 ":%s", l->id, h->number, h->sha256);
}

int rp_head_parse(const char *text, char ret_id[RP_LEDGER_ID], struct rp_head *ret, struct rp_err **err)
{
	const char *number = strchr(text, ':'), *sha = number != NULL ? strchr(number + 1, ':') : NULL;
	uint8_t bytes[RP_SHA256_LEN];
	char digits[24] = "";
	if (sha != NULL && (size_t)(number - text) == RP_LEDGER_ID - 1 &&
	    (size_t)(sha - number) < sizeof digits) {
		memcpy(ret_id, text, RP_LEDGER_ID - 1);
		ret_id[RP_LEDGER_ID - 1] = '\0';
		memcpy(digits, number + 1, (size_t)(sha - number - 1));
		*ret = (struct rp_head){.number = 0};
		if (rp_parse_u64(digits, 0, UINT64_MAX, &ret->number) && rp_parse_hex(ret_id, bytes, 16) &&
		    rp_parse_hex(sha + 1, bytes, RP_SHA256_LEN)) {
			memcpy(ret->sha256, sha + 1, sizeof ret->sha256);
			return 0;
		}
	}
	rp_err_set(err, RP_ERR_USAGE, "'%.200s' is no head of a ledger", text);
	return rp_err_hint(err, "it is printed after every run: LEDGER:NUMBER:SHA256");
}
