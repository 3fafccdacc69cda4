/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_BASE64_H
#define RP_MANIFEST_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_buf;

/* Standard base64 of RFC 4648 section 4 and nothing that only resembles it: '+' and '/', padded, no blanks, the
 * unused bits zero. So a text has one meaning and bytes have one text. */
void rp_base64_add(struct rp_buf *to, const void *data, size_t len);
/* How many bytes it stands for; false when the length cannot be one. */
bool rp_base64_size(const char *text, size_t len, size_t *ret);
/* Writes rp_base64_size() bytes. false, and what was written means nothing, when it is not base64. */
bool rp_base64_decode(const char *text, size_t len, uint8_t *ret);

#endif
