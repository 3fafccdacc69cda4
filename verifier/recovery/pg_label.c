/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/pg_label.h"

#include <stdio.h>
#include <string.h>

#include "verifier/util/error.h"
#include "verifier/util/parse.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* At most eight digits; how many there were. */
static size_t parse_hex32(const char *text, size_t len, uint32_t *ret)
{
	size_t n = 0;
	for (*ret = 0; n < len && n < 8 && hex_digit(text[n]) >= 0; n++)
		*ret = *ret << 4 | (uint32_t)hex_digit(text[n]);
	return n;
}

/* How much of the text is one; 0: it begins with none. */
static size_t lsn_at(const char *text, size_t len, uint64_t *ret)
{
	uint32_t high, low;
	size_t n = parse_hex32(text, len, &high);
	if (n == 0 || n >= len || text[n] != '/')
		return 0;
	size_t m = parse_hex32(text + n + 1, len - n - 1, &low);
	*ret = (uint64_t)high << 32 | low;
	return m > 0 ? n + 1 + m : 0;
}

bool rp_pg_place_parse(const char *text, size_t len, uint64_t *ret)
{
	uint64_t lsn = 0;
	if (len == 0 || lsn_at(text, len, &lsn) != len)
		return false;
	*ret = lsn;
	return true;
}

void rp_pg_place_format(uint64_t lsn, char ret[RP_PG_LSN_TEXT])
{
	(void)snprintf(ret, RP_PG_LSN_TEXT, "%X/%X", (unsigned)(lsn >> 32), (unsigned)lsn);
}

/* Behind "NAME: " at the beginning of a line; NULL: there is no such line. */
static const char *value_of(const char *text, size_t len, const char *name, size_t *ret_len)
{
	size_t n = strlen(name);
	for (const char *line = text, *end = text + len; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t size = (size_t)((eol != NULL ? eol : end) - line);
		if (size > n && memcmp(line, name, n) == 0 && line[n] == ':') {
			const char *at = line + n + 1;
			for (size -= n + 1; size > 0 && *at == ' '; at++)
				size--;
			*ret_len = size;
			return at;
		}
		line += size + 1;
	}
	return NULL;
}

static bool number_of(const char *text, size_t len, const char *name, uint64_t most, uint64_t *ret)
{
	char digits[24];
	size_t n;
	const char *at = value_of(text, len, name, &n);
	if (at == NULL || n == 0 || n >= sizeof digits)
		return false;
	memcpy(digits, at, n);
	digits[n] = '\0';
	return rp_parse_u64(digits, 0, most, ret);
}

/* "2026-11-21 17:04:43 UTC": by the clock that the server's own log goes by. */
static int64_t time_of(const char *text, size_t len)
{
	char iso[RP_TIME_TEXT];
	int64_t ms = 0;
	if (len != 23 || (memcmp(text + 19, " UTC", 4) != 0 && memcmp(text + 19, " GMT", 4) != 0))
		return 0;
	(void)snprintf(iso, sizeof iso, "%.10sT%.8sZ", text, text + 11);
	return rp_time_parse(iso, &ms) ? ms : 0;
}

int rp_pg_label_parse(const char *text, size_t len, struct rp_pg_label *ret, struct rp_err **err)
{
	struct rp_pg_label l = {0};
	uint64_t timeline;
	size_t n;
	const char *at = value_of(text, len, "START WAL LOCATION", &n);
	if (at == NULL || lsn_at(at, n, &l.start) == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "'backup_label' does not say where the log begins");
	if (!number_of(text, len, "START TIMELINE", UINT32_MAX, &timeline) || timeline == 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "'backup_label' does not say on which timeline it began");
	l.timeline = (unsigned)timeline;
	at = value_of(text, len, "START TIME", &n);
	l.began_ms = at != NULL ? time_of(at, n) : 0;
	l.incremental = value_of(text, len, "INCREMENTAL FROM LSN", &n) != NULL;
	*ret = l;
	return 0;
}

/* "16384 /srv/fast": a path may go on behind a backslash and the end of the line. */
int rp_pg_map_parse(const char *text, size_t len, unsigned *ret, size_t room, size_t *ret_n,
		    struct rp_err **err)
{
	*ret_n = 0;
	for (size_t at = 0; at < len;) {
		size_t n = 0;
		uint64_t oid = 0;
		for (; at + n < len && text[at + n] >= '0' && text[at + n] <= '9' && n < 10; n++)
			oid = oid * 10 + (uint64_t)(text[at + n] - '0');
		if (n == 0 || oid == 0 || oid > UINT32_MAX || at + n >= len || text[at + n] != ' ')
			return rp_err_set(err, RP_ERR_BACKUP,
					  "'tablespace_map' has a line that names no tablespace");
		if (*ret_n == room)
			return rp_err_set(err, RP_ERR_BACKUP,
					  "'tablespace_map' names more than %zu tablespaces", room);
		ret[(*ret_n)++] = (unsigned)oid;
		while (at < len && text[at] != '\n')
			at += text[at] == '\\' && at + 1 < len ? 2 : 1;
		at++;
	}
	return 0;
}

int rp_pg_control_parse(const char *text, struct rp_pg_control *ret, struct rp_err **err)
{
	struct rp_pg_control c = {0};
	size_t len = strlen(text), n;
	uint64_t timeline = 0, prepared = 0, checksums = 0;
	const char *state = value_of(text, len, "Database cluster state", &n);
	c.shut_down = state != NULL && n >= 9 && memcmp(state, "shut down", 9) == 0;
	const char *redo = value_of(text, len, "Latest checkpoint's REDO location", &n);
	if (state == NULL || redo == NULL || !rp_pg_place_parse(redo, n, &c.redo) ||
	    !number_of(text, len, "Database system identifier", UINT64_MAX, &c.system) ||
	    !number_of(text, len, "Latest checkpoint's TimeLineID", UINT32_MAX, &timeline) ||
	    !number_of(text, len, "Bytes per WAL segment", UINT64_C(1) << 30, &c.segment_bytes) ||
	    !number_of(text, len, "max_prepared_xacts setting", 262143, &prepared) ||
	    !number_of(text, len, "Data page checksum version", UINT32_MAX, &checksums))
		return rp_err_set(err, RP_ERR_BACKUP, "'global/pg_control' cannot be read by this version");
	if (c.segment_bytes < UINT64_C(1) << 20 || (c.segment_bytes & (c.segment_bytes - 1)) != 0 ||
	    timeline == 0)
		return rp_err_set(err, RP_ERR_BACKUP, "'global/pg_control' is damaged");
	c.timeline = (unsigned)timeline;
	c.prepared = (unsigned)prepared;
	c.checksums = checksums != 0;
	*ret = c;
	return 0;
}

/* "1\t0/7000000\tno recovery target specified": blanks are as good as tabs, and lines may be empty or begin with "#". */
static int step_at(const char *line, size_t len, struct rp_pg_step *ret)
{
	uint64_t timeline = 0;
	size_t at = 0, n;
	for (; at < len && line[at] >= '0' && line[at] <= '9' && at < 10; at++)
		timeline = timeline * 10 + (uint64_t)(line[at] - '0');
	if (at == 0 || timeline == 0 || timeline > UINT32_MAX)
		return -1;
	size_t begin = at;
	while (at < len && (line[at] == '\t' || line[at] == ' '))
		at++;
	if (at == begin || (n = lsn_at(line + at, len - at, &ret->until)) == 0)
		return -1;
	for (at += n; at < len && (line[at] == '\t' || line[at] == ' ');)
		at++;
	ret->timeline = (unsigned)timeline;
	ret->why = line + at;
	ret->why_len = len - at;
	return 0;
}

int rp_pg_history_parse(const char *text, size_t len, struct rp_pg_step *ret, size_t *ret_n,
			struct rp_err **err)
{
	*ret_n = 0;
	for (const char *line = text, *end = text + len; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t size = (size_t)((eol != NULL ? eol : end) - line), blank = 0;
		while (blank < size && (line[blank] == ' ' || line[blank] == '\t' || line[blank] == '\r'))
			blank++;
		if (blank < size && line[blank] != '#') {
			struct rp_pg_step step;
			if (step_at(line + blank, size - blank, &step) < 0)
				return rp_err_set(err, RP_ERR_BACKUP,
						  "a line of it is none of a timeline's history");
			if (*ret_n > 0 &&
			    (step.timeline <= ret[*ret_n - 1].timeline || step.until < ret[*ret_n - 1].until))
				return rp_err_set(err, RP_ERR_BACKUP,
						  "its timelines do not follow each other");
			if (*ret_n == RP_PG_STEPS_MAX)
				return rp_err_set(err, RP_ERR_BACKUP, "it has more than %d timelines",
						  RP_PG_STEPS_MAX);
			ret[(*ret_n)++] = step;
		}
		line += size + 1;
	}
	return 0;
}

void rp_pg_segment_name(unsigned timeline, uint64_t number, uint64_t segment_bytes,
			char ret[RP_PG_SEGMENT_TEXT])
{
	uint64_t each = (UINT64_C(1) << 32) / segment_bytes;
	(void)snprintf(ret, RP_PG_SEGMENT_TEXT, "%08X%08X%08X", timeline, (unsigned)(number / each),
		       (unsigned)(number % each));
}

static bool is_hex(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] >= 'a' || hex_digit(name[i]) < 0)
			return false;
	return true;
}

bool rp_pg_is_segment_name(const char *name)
{
	return strlen(name) == RP_PG_SEGMENT_TEXT - 1 && is_hex(name, RP_PG_SEGMENT_TEXT - 1);
}

bool rp_pg_is_history_name(const char *name, unsigned *ret_timeline)
{
	uint32_t timeline;
	if (strlen(name) != 16 || strcmp(name + 8, ".history") != 0 || !is_hex(name, 8))
		return false;
	(void)parse_hex32(name, 8, &timeline);
	*ret_timeline = timeline;
	return true;
}

/* As they lie in memory on the machine that wrote them, which is of our kind or its server would not start here. */
static uint16_t u16_at(const uint8_t *p)
{
	uint16_t n;
	memcpy(&n, p, sizeof n);
	return n;
}

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t n;
	memcpy(&n, p, sizeof n);
	return n;
}

static uint64_t u64_at(const uint8_t *p)
{
	uint64_t n;
	memcpy(&n, p, sizeof n);
	return n;
}

/* XLogLongPageHeaderData, the same from 9.3 to 18. */
enum {
	INFO = 2,
	TIMELINE = 4,
	ADDRESS = 8,
	CONTINUES = 16,
	SHORT_HEAD = 24,
	SYSTEM = 24,
	SEGMENT_BYTES = 32
};
enum { INFO_CONTINUES = 1, INFO_LONG = 2 };

bool rp_pg_segment_parse(const uint8_t *head, size_t len, struct rp_pg_segment *ret)
{
	/* The first byte of the magic number changes with the version, the second one does not. */
	if (len < RP_PG_SEGMENT_HEAD || u16_at(head) >> 8 != 0xD1 || (u16_at(head + INFO) & INFO_LONG) == 0)
		return false;
	*ret = (struct rp_pg_segment){.timeline = u32_at(head + TIMELINE),
				      .address = u64_at(head + ADDRESS),
				      .system = u64_at(head + SYSTEM),
				      .bytes = u32_at(head + SEGMENT_BYTES)};
	if ((u16_at(head + INFO) & INFO_CONTINUES) != 0)
		ret->continues = u32_at(head + CONTINUES);
	return true;
}

const char *rp_pg_log_beyond(const uint8_t page[RP_PG_PAGE], uint64_t end, uint64_t segment_end)
{
	size_t at = end % RP_PG_PAGE;
	uint64_t begins = end - at;
	if (u16_at(page) >> 8 != 0xD1 || u64_at(page + ADDRESS) != begins)
		return at == 0 ? NULL : "the page's head is damaged";
	bool is_long = (u16_at(page + INFO) & INFO_LONG) != 0;
	if (at < (is_long ? RP_PG_SEGMENT_HEAD : SHORT_HEAD))
		at = is_long ? RP_PG_SEGMENT_HEAD : SHORT_HEAD;
	at = (at + 7) & ~(size_t)7;
	if (at + 4 > RP_PG_PAGE)
		return NULL;
	uint32_t length = u32_at(page + at);
	if (length != 0)
		/* One that goes on in a segment that is not there is no damage. */
		return length > segment_end - begins - at ? NULL : "a record follows that cannot be read";
	for (; at < RP_PG_PAGE; at++)
		if (page[at] != 0)
			return "bytes follow that are no record";
	return NULL;
}
