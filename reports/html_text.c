/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

void rp_html_text(struct rp_buf *out, const char *s)
{
	rp_buf_add_xml(out, s);
}

void rp_html_el(struct rp_buf *out, const char *name, const char *s)
{
	rp_buf_addf(out, "<%s>", name);
	rp_html_text(out, s);
	rp_buf_addf(out, "</%.*s>", (int)strcspn(name, " "), name);
}

void rp_html_count(struct rp_buf *out, uint64_t n)
{
	char text[RP_TIME_TEXT];
	rp_count_format(n, text);
	rp_buf_add(out, text);
}

void rp_html_time(struct rp_buf *out, int64_t ms)
{
	char text[RP_TIME_TEXT];
	rp_time_format(ms, text);
	rp_buf_addf(out, "<time datetime=\"%s\">", text);
	rp_words_time(out, ms);
	rp_buf_add(out, "</time>");
}

static void piece(struct rp_buf *out, const char *s, size_t len)
{
	rp_autobuf part = RP_BUF_INIT(len);
	rp_buf_add_mem(&part, s, len);
	rp_html_text(out, rp_buf_text(&part));
}

static bool inside_word(const char *s, size_t i)
{
	unsigned char c = (unsigned char)s[i];
	return (c & 0xc0) == 0x80 || c >= 0x80 || isalnum(c) || c == '_';
}

/* A word goes on across position i. */
static bool splits_word(const char *s, size_t len, size_t i)
{
	return i > 0 && i < len && inside_word(s, i - 1) && inside_word(s, i);
}

/* The bytes that a and b have in common at their beginnings and their ends, back to where in both a word ends. */
static void common(const char *a, size_t na, const char *b, size_t nb, size_t *ret_head, size_t *ret_tail)
{
	size_t least = na < nb ? na : nb, head = 0, tail = 0;
	while (head < least && a[head] == b[head])
		head++;
	while (splits_word(a, na, head) || splits_word(b, nb, head))
		head--;
	while (tail < least - head && a[na - 1 - tail] == b[nb - 1 - tail])
		tail++;
	while (tail > 0 && (splits_word(a, na, na - tail) || splits_word(b, nb, nb - tail)))
		tail--;
	*ret_head = head;
	*ret_tail = tail;
}

/* How much is shown: to the limit, and no character cut in two. */
static size_t shown(const char *s, size_t len)
{
	size_t n = len < RP_HTML_TEXT ? len : RP_HTML_TEXT;
	while (n < len && n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void rp_html_marked(struct rp_buf *out, const char *s, const char *other)
{
	size_t len = strlen(s), head = 0, tail = 0, n = shown(s, len);
	if (other != NULL && n == len)
		common(s, len, other, strlen(other), &head, &tail);
	/* Where little is common a mark would only shout. */
	if (other == NULL || n < len || (head + tail) * 4 < len || head + tail >= len) {
		piece(out, s, n);
	} else {
		piece(out, s, head);
		rp_buf_add(out, "<mark>");
		piece(out, s + head, len - head - tail);
		rp_buf_add(out, "</mark>");
		piece(out, s + len - tail, tail);
	}
	if (n < len)
		rp_buf_addf(out, " <em>[%zu more bytes in result.json]</em>", len - n);
}

/* Presentation attributes only: a policy that takes style away leaves them. */
static const char tick[] =
	"<path d=\"M6.5 12.5l4 4 7.5-9\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.2\" "
	"stroke-linecap=\"round\" stroke-linejoin=\"round\"/>";
static const char cross[] = "<path d=\"M7.5 7.5l9 9m0-9l-9 9\" fill=\"none\" stroke=\"currentColor\" "
			    "stroke-width=\"2.2\" stroke-linecap=\"round\"/>";
static const char question[] =
	"<path d=\"M9 9.2c.2-1.7 1.4-2.7 3-2.7 1.8 0 3.1 1.1 3.1 2.7 0 2.1-3 2.3-3 4.6\" fill=\"none\" "
	"stroke=\"currentColor\" stroke-width=\"2.2\" stroke-linecap=\"round\"/>"
	"<circle cx=\"12.1\" cy=\"17.4\" r=\"1.4\" fill=\"currentColor\"/>";
static const char dash[] = "<path d=\"M7 12h10\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.2\" "
			   "stroke-linecap=\"round\"/>";
static const char tilde[] = "<path d=\"M6.5 13.5c1.8-3.6 3.6-3.6 5.5-1.5s3.700 2.100 5.5-1.5\" fill=\"none\" "
			    "stroke=\"currentColor\" stroke-width=\"2.2\" stroke-linecap=\"round\"/>";

static void sign(struct rp_buf *out, const char *drawing, unsigned size)
{
	rp_buf_addf(out,
		    "<svg width=\"%u\" height=\"%u\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" "
		    "focusable=\"false\">"
		    "<circle cx=\"12\" cy=\"12\" r=\"10.5\" fill=\"none\" stroke=\"currentColor\" "
		    "stroke-width=\"1.6\"/>"
		    "%s</svg>",
		    size, size, drawing);
}

void rp_html_verdict_sign(struct rp_buf *out, enum rp_verdict v, unsigned size)
{
	static const char *const signs[] = {[RP_PASS] = tick,
					    [RP_FAIL] = cross,
					    [RP_NOT_RUN] = dash,
					    [RP_ERROR] = question,
					    [RP_WAIVED] = tilde};
	sign(out, signs[v], size);
}

void rp_html_status_sign(struct rp_buf *out, enum rp_status s, unsigned size)
{
	static const char *const signs[] = {[RP_VERIFIED] = tick,
					    [RP_FAILED] = cross,
					    [RP_INCONCLUSIVE] = question,
					    [RP_UNTRUSTED] = cross,
					    [RP_USED_WRONGLY] = dash};
	sign(out, signs[s], size);
}

const char *rp_html_verdict_class(enum rp_verdict v)
{
	static const char *const names[] = {[RP_PASS] = "good",
					    [RP_FAIL] = "bad",
					    [RP_NOT_RUN] = "open",
					    [RP_ERROR] = "open",
					    [RP_WAIVED] = "calm"};
	return names[v];
}

/* A restore that was compared with nothing is not shown in the colour of a proof. */
const char *rp_html_status_class(const struct rp_outline *o)
{
	static const char *const names[] = {[RP_VERIFIED] = "good",
					    [RP_FAILED] = "bad",
					    [RP_INCONCLUSIVE] = "open",
					    [RP_UNTRUSTED] = "bad",
					    [RP_USED_WRONGLY] = "open"};
	return o->status == RP_VERIFIED && o->result->without_manifest ? "calm" : names[o->status];
}
