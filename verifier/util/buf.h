/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_BUF_H
#define RP_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct rp_err;

/* Growing bytes with a ceiling. After a failed append 'failed' stays set and later appends do nothing, so a
 * caller appends freely and asks once at the end, with rp_buf_check(). */
struct rp_buf {
	char *s; /* NUL-terminated, or NULL while empty */
	size_t len, cap, max;
	bool failed;
};
#define RP_BUF_INIT(max_)                                                                                    \
	{                                                                                                    \
		.max = (max_)                                                                                \
	}
#define rp_autobuf rp_cleanup(rp_buf_done) struct rp_buf

void rp_buf_add(struct rp_buf *b, const char *s);
void rp_buf_add_mem(struct rp_buf *b, const void *data, size_t len);
void rp_buf_addf(struct rp_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rp_buf_add_hex(struct rp_buf *b, const void *data, size_t len);

/* Text written by strangers, made safe for where it goes. Bytes that are not UTF-8 become \xNN; control
 * characters (C0 but tab and newline, DEL, C1) and those that turn the direction of writing become \u{NN}. */
void rp_buf_add_xml(struct rp_buf *b,
		    const char *s); /* element content and quoted attributes, XML and HTML */
void rp_buf_add_plain(struct rp_buf *b,
		      const char *s); /* a terminal or a log: newline and tab are escaped too */
/* In double quotes, those inside doubled: an identifier of standard SQL. */
void rp_buf_add_ident(struct rp_buf *b, const char *s);

/* -1 with RP_ERR_NOMEM, naming the ceiling, when an append failed. */
int rp_buf_check(const struct rp_buf *b, struct rp_err **err);
/* The text, never NULL ("" while empty); borrowed until the next append. */
const char *rp_buf_text(const struct rp_buf *b);
/* Hand the text over (free()); the buffer is empty afterwards. NULL when an append failed. */
char *rp_buf_take(struct rp_buf *b);
/* Forget the content, keep the memory. */
void rp_buf_reset(struct rp_buf *b);
void rp_buf_done(struct rp_buf *b);
#endif
