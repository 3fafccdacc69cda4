/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/my_binlog.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/stream.h"

#define MAGIC                                                                                                \
	"\xfe"                                                                                               \
	"bin"
#define HEADER	    19
#define BODY_MAX    (256U << 10) /* kept of an event's own; what follows is read and forgotten */
#define EVENT_MAX   (UINT32_C(2) << 30)
#define LIST_MAX    4096
#define NAME_MAX_   512
#define CHECKSUM    4
#define IN_USE	    0x01 /* a flag of the first event: set while the file is written, and not in its checksum */
#define LIST_COUNT  0x0fffffffU
#define STANDALONE  0x01 /* a flag of MariaDB's transactions */
#define FORMAT_BODY (2 + 50 + 4 + 1)

/* The vendor's numbers. */
enum {
	STOP_EVENT = 3,
	ROTATE_EVENT = 4,
	FORMAT_EVENT = 15,
	QUERY_EVENT = 2,
	XID_EVENT = 16,
	MYSQL_GTID = 33,
	MYSQL_ANONYMOUS = 34,
	MYSQL_PREVIOUS = 35,
	XA_PREPARE = 38,
	MYSQL_TAGGED = 42,
	CHECKPOINT = 161,
	MARIADB_GTID = 162,
	MARIADB_LIST = 163,
	ENCRYPTION = 164,
	QUERY_COMPRESSED = 165,
};

struct walk {
	struct rp_stream *from;
	const char *name;
	uint64_t at;
	bool sums;  /* each event ends in a checksum */
	bool alone; /* the transaction is one statement, and has no other end */
	uint8_t body[BODY_MAX];
	size_t kept;
	uint8_t last[CHECKSUM]; /* the event's last bytes */
	struct rp_binlog_gtid list[LIST_MAX];
	char next[NAME_MAX_];
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* How much of len there was. */
static ssize_t read_some(struct rp_stream *from, uint8_t *buf, size_t len, struct rp_err **err)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = rp_stream_read(from, buf + done, len - done, err);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int cut(const struct walk *w, struct rp_err **err)
{
	(void)rp_err_set(err, RP_ERR_BACKUP,
			 "binary log '%s' is truncated: it ends inside of the event at %" PRIu64, w->name,
			 w->at);
	return rp_err_hint(err, "copy it again once the server has closed it: FLUSH BINARY LOGS");
}

static int damaged(const struct walk *w, const char *what, struct rp_err **err)
{
	return rp_err_set(err, RP_ERR_BACKUP, "binary log '%s' is damaged: the event at %" PRIu64 " %s",
			  w->name, w->at, what);
}

/* The event's body: its beginning kept, all of it summed up but for the checksum itself, which is held back. */
static int read_body(struct walk *w, uint32_t len, uLong *sum, struct rp_err **err)
{
	uint8_t piece[16 << 10];
	uint32_t summed = w->sums ? len - CHECKSUM : len;
	w->kept = 0;
	for (uint32_t done = 0; done < len;) {
		uint32_t left = done < summed ? summed - done : len - done;
		size_t want = left < sizeof piece ? left : sizeof piece;
		ssize_t n = read_some(w->from, piece, want, err);
		if (n < 0)
			return -1;
		if ((size_t)n < want)
			return cut(w, err);
		if (done >= summed) {
			memcpy(w->last, piece, CHECKSUM);
			return 0;
		}
		*sum = crc32(*sum, piece, (uInt)want);
		size_t keep = want < BODY_MAX - w->kept ? want : BODY_MAX - w->kept;
		memcpy(w->body + w->kept, piece, keep);
		w->kept += keep;
		done += (uint32_t)want;
	}
	return 0;
}

/* The first event tells whether there are checksums, in the byte before its own. */
static int begin(struct walk *w, uint32_t len, const uint8_t *header, struct rp_err **err)
{
	if (len < FORMAT_BODY + 1 + CHECKSUM || len > BODY_MAX || w->kept != len || w->body[0] != 4 ||
	    w->body[1] != 0)
		return damaged(w, "is not what a log begins with", err);
	uint8_t kind = w->body[len - CHECKSUM - 1];
	if (kind > 1)
		return damaged(w, "names a checksum that is not known", err);
	w->sums = kind == 1;
	if (!w->sums)
		return 0;
	uint8_t clean[HEADER];
	memcpy(clean, header, HEADER);
	clean[17] &= (uint8_t)~IN_USE;
	uLong sum = crc32(crc32(0, clean, HEADER), w->body, (uInt)(len - CHECKSUM));
	return sum == get32(w->body + len - CHECKSUM) ? 0 : damaged(w, "does not have its checksum", err);
}

static int take_list(struct walk *w, struct rp_binlog_event *e, struct rp_err **err)
{
	if (w->kept < 4)
		return damaged(w, "is too short", err);
	uint32_t n = get32(w->body) & LIST_COUNT;
	if (n > LIST_MAX || w->kept < 4 + (size_t)n * 16)
		return damaged(w, "is too short, or longer than there is room for", err);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = w->body + 4 + (size_t)i * 16;
		w->list[i] = (struct rp_binlog_gtid){get32(p), get32(p + 4), get64(p + 8)};
	}
	e->list = w->list;
	e->n_list = n;
	return 0;
}

static int take_rotate(struct walk *w, struct rp_binlog_event *e, struct rp_err **err)
{
	size_t n = w->kept >= 8 ? w->kept - 8 : 0;
	if (n == 0 || n >= sizeof w->next || memchr(w->body + 8, '\0', n) != NULL)
		return damaged(w, "does not name the file in which the log goes on", err);
	memcpy(w->next, w->body + 8, n);
	w->next[n] = '\0';
	e->next = w->next;
	return 0;
}

/* BEGIN opens what COMMIT or ROLLBACK ends; any other statement by itself is all there is. */
static enum rp_binlog_what statement(struct walk *w)
{
	static const char *const ends[] = {"COMMIT", "ROLLBACK"};
	size_t fixed = 4 + 4 + 1 + 2 + 2;
	if (w->alone && w->kept < fixed)
		return RP_BINLOG_CLOSE;
	size_t before =
		w->kept < fixed ? 0 : fixed + w->body[8] + 1 + (size_t)(w->body[11] | w->body[12] << 8);
	const char *text = (const char *)w->body + before;
	size_t n = before == 0 || before > w->kept ? 0 : w->kept - before;
	if (n == 5 && memcmp(text, "BEGIN", n) == 0) {
		w->alone = false;
		return RP_BINLOG_OTHER;
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (n == strlen(ends[i]) && memcmp(text, ends[i], n) == 0)
			return RP_BINLOG_CLOSE;
	return w->alone ? RP_BINLOG_CLOSE : RP_BINLOG_OTHER;
}

static int take(struct walk *w, const uint8_t *header, uint32_t len, struct rp_binlog_event *e,
		struct rp_err **err)
{
	switch (header[4]) {
	case FORMAT_EVENT:
		e->what = RP_BINLOG_BEGIN;
		return begin(w, len, header, err);
	case MARIADB_GTID:
		e->what = RP_BINLOG_GROUP;
		e->has_gtid = w->kept >= 13;
		if (!e->has_gtid)
			return damaged(w, "is too short", err);
		w->alone = (w->body[12] & STANDALONE) != 0;
		e->gtid = (struct rp_binlog_gtid){get32(w->body + 8), get32(header + 5), get64(w->body)};
		return 0;
	case MYSQL_GTID:
	case MYSQL_ANONYMOUS:
	case MYSQL_TAGGED:
		e->what = RP_BINLOG_GROUP;
		w->alone = true;
		return 0;
	case QUERY_EVENT:
		e->what = statement(w);
		return 0;
	case QUERY_COMPRESSED:
		e->what = w->alone ? RP_BINLOG_CLOSE : RP_BINLOG_OTHER;
		return 0;
	case XID_EVENT:
	case XA_PREPARE:
		e->what = RP_BINLOG_CLOSE;
		return 0;
	case MARIADB_LIST:
		e->what = RP_BINLOG_LIST;
		return take_list(w, e, err);
	case CHECKPOINT:
	case MYSQL_PREVIOUS:
		e->what = RP_BINLOG_BESIDE;
		return 0;
	case ROTATE_EVENT:
		e->what = RP_BINLOG_ROTATE;
		return take_rotate(w, e, err);
	case STOP_EVENT:
		e->what = RP_BINLOG_STOP;
		return 0;
	case ENCRYPTION:
		(void)rp_err_set(err, RP_ERR_ENGINE, "binary log '%s' is encrypted by the server", w->name);
		return rp_err_hint(err, "turn encrypt_binlog off, or keep the logs with mariadb-binlog "
					"--read-from-remote-server --raw");
	default:
		return 0;
	}
}

/* 1: there was one; 0: the end. */
static int next(struct walk *w, struct rp_binlog_event *e, struct rp_err **err)
{
	uint8_t header[HEADER];
	ssize_t n = read_some(w->from, header, HEADER, err);
	if (n <= 0)
		return (int)n;
	if (n < HEADER)
		return cut(w, err);
	uint32_t all = get32(header + 9);
	bool first = w->at == sizeof MAGIC - 1;
	if (all < HEADER + (w->sums ? CHECKSUM : 0) || all > EVENT_MAX ||
	    first != (header[4] == FORMAT_EVENT))
		return damaged(w, "is none", err);
	uLong sum = crc32(0, header, HEADER);
	*e = (struct rp_binlog_event){
		.at = w->at, .end = w->at + all, .when_ms = (int64_t)get32(header) * 1000};
	bool sums = w->sums;
	if (read_body(w, all - HEADER, &sum, err) < 0)
		return -1;
	if (sums && sum != get32(w->last))
		return damaged(w, "does not have its checksum", err);
	if (take(w, header, all - HEADER, e, err) < 0)
		return -1;
	w->at = e->end;
	return 1;
}

static int walk(struct walk *w, rp_binlog_fn *fn, void *ctx, uint64_t *ret_end, struct rp_err **err)
{
	uint8_t magic[sizeof MAGIC - 1];
	ssize_t n = read_some(w->from, magic, sizeof magic, err);
	if (n < 0)
		return -1;
	if ((size_t)n < sizeof magic || memcmp(magic, MAGIC, sizeof magic) != 0)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is no binary log", w->name);
	w->at = sizeof magic;
	struct rp_binlog_event e;
	int r = 0, go = 1;
	while (r == 0 && (go = next(w, &e, err)) > 0)
		r = fn(ctx, &e, err);
	*ret_end = w->at;
	return go < 0 || r < 0 ? -1 : 0;
}

int rp_binlog_walk(struct rp_stream *from, const char *name, rp_binlog_fn *fn, void *ctx, uint64_t *ret_end,
		   struct rp_err **err)
{
	struct walk *w = calloc(1, sizeof *w);
	if (w == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	w->from = from;
	w->name = name;
	int r = walk(w, fn, ctx, ret_end, err);
	free(w);
	return r;
}

bool rp_binlog_gtid_parse(const char *text, size_t len, struct rp_binlog_gtid *ret)
{
	char copy[64] = "", *at = copy, *part[3];
	uint64_t n[3];
	if (len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	for (size_t i = 0; i < 3; i++)
		part[i] = strsep(&at, "-");
	if (part[1] == NULL || part[2] == NULL || at != NULL ||
	    !rp_parse_u64(part[0], 0, UINT32_MAX, &n[0]) || !rp_parse_u64(part[1], 0, UINT32_MAX, &n[1]) ||
	    !rp_parse_u64(part[2], 0, UINT64_MAX, &n[2]))
		return false;
	*ret = (struct rp_binlog_gtid){(uint32_t)n[0], (uint32_t)n[1], n[2]};
	return true;
}
