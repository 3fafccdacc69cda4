/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/shown_text.h"

#include <iconv.h>
#include <string.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

#define SHOWN_MAX 4096u
#define WIDEST	  4u /* bytes of a character, stored or shown */

/* What the servers' character sets are called by iconv. Those that nobody else knows (dec8, geostd8, hp8, keybcs2, swe7)
 * are shown as hex. */
static const struct {
	const char *name, *iconv;
} charsets[] = {
	{"utf8mb4", "UTF-8"},	   {"utf8mb3", "UTF-8"},      {"utf8", "UTF-8"},
	{"latin1", "CP1252"},	   {"ascii", "ASCII"},	      {"ucs2", "UCS-2BE"},
	{"utf16", "UTF-16BE"},	   {"utf16le", "UTF-16LE"},   {"utf32", "UTF-32BE"},
	{"latin2", "ISO-8859-2"},  {"latin5", "ISO-8859-9"},  {"latin7", "ISO-8859-13"},
	{"greek", "ISO-8859-7"},   {"hebrew", "ISO-8859-8"},  {"cp1250", "CP1250"},
	{"cp1251", "CP1251"},	   {"cp1256", "CP1256"},      {"cp1257", "CP1257"},
	{"cp850", "CP850"},	   {"cp852", "CP852"},	      {"cp866", "CP866"},
	{"koi8r", "KOI8-R"},	   {"koi8u", "KOI8-U"},	      {"gbk", "CP936"},
	{"gb2312", "GB2312"},	   {"gb18030", "GB18030"},    {"big5", "BIG5"},
	{"sjis", "SJIS"},	   {"cp932", "CP932"},	      {"ujis", "EUC-JP"},
	{"eucjpms", "EUC-JP-MS"},  {"euckr", "EUC-KR"},	      {"tis620", "TIS-620"},
	{"macroman", "MACINTOSH"}, {"armscii8", "ARMSCII-8"},
};

bool rp_my_charset_in(const char *type, char ret[RP_MY_CHARSET_MAX])
{
	static const char before[] = " character set ";
	const char *at = NULL;
	for (const char *p = type; (p = strstr(p, before)) != NULL; p++)
		at = p + strlen(before);
	size_t len = at != NULL ? strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789") : 0;
	if (len == 0 || len >= RP_MY_CHARSET_MAX)
		return false;
	memcpy(ret, at, len);
	ret[len] = '\0';
	return true;
}

static const char *iconv_name(const char *charset)
{
	for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++)
		if (strcmp(charsets[i].name, charset) == 0)
			return charsets[i].iconv;
	return NULL;
}

/* No control characters but those that text has; escaping is the business of who prints. */
static bool is_for_people(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
			return false;
	}
	return true;
}

/* glibc's UTF-8 is strict in what it takes: no lone surrogates, no overlong forms. */
bool rp_my_show_text(const char *charset, const struct rp_field *f, struct rp_buf *out)
{
	char text[SHOWN_MAX];
	const char *name = iconv_name(charset);
	if (name == NULL)
		return false;
	iconv_t how = iconv_open("UTF-8", name);
	if (how == (iconv_t)-1) /* C library without its tables */
		return false;
	/* iconv() does not write to its input; its type only lacks the const. */
	union {
		const uint8_t *in;
		char *at;
	} from = {.in = f->value};
	char *to = text;
	size_t left = f->len, room = sizeof text;
	size_t r = iconv(how, &from.at, &left, &to, &room);
	(void)iconv_close(how);
	size_t shown = sizeof text - room;
	bool cut = r == (size_t)-1 && room < WIDEST && left > 0; /* there was no room for more */
	if ((r == (size_t)-1 && !cut) || !is_for_people(text, shown))
		return false;
	rp_buf_add_mem(out, text, shown);
	if (cut)
		rp_buf_addf(out, "... (%zu bytes)", f->len);
	return true;
}
