/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "reports/outline.h"
#include "reports/parts.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* A person looks at a terminal for the first bad line, so troubles come first, then one line for each question
 * that has none. The rest is in the other reports. */
#define TROUBLES_SHOWN 40
#define ROWS_SHOWN     5
#define TEXT_SHOWN     600U

enum color { PLAIN, GREEN, RED, YELLOW, FAINT, BOLD };
static const char *const escapes[] = {[PLAIN] = "",	     [GREEN] = "\x1b[32m", [RED] = "\x1b[31m",
				      [YELLOW] = "\x1b[33m", [FAINT] = "\x1b[2m",  [BOLD] = "\x1b[1m"};

struct console {
	const struct rp_rendering *how;
	struct rp_buf *out;
};

static const struct {
	const char *word;
	enum color color;
} looks[] = {
	[RP_PASS] = {"pass", GREEN},	[RP_FAIL] = {"FAIL", RED},	  [RP_NOT_RUN] = {"not run", YELLOW},
	[RP_ERROR] = {"ERROR", YELLOW}, [RP_WAIVED] = {"waived", YELLOW},
};
static const enum color status_colors[] = {
	[RP_VERIFIED] = GREEN, [RP_FAILED] = RED,	   [RP_INCONCLUSIVE] = YELLOW,
	[RP_UNTRUSTED] = RED,  [RP_USED_WRONGLY] = YELLOW,
};

static void colored(struct console *c, enum color color, const char *s)
{
	bool on = c->how->color && color != PLAIN;
	rp_buf_add(c->out, on ? escapes[color] : "");
	rp_buf_add_plain(c->out, s);
	rp_buf_add(c->out, on ? "\x1b[0m" : "");
}

static size_t columns_of(const char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

/* What the runner of a job obeys where a line begins with it, blanks or no blanks. */
static bool is_command(const char *word)
{
	return strncmp(word, "::", 2) == 0 || strncmp(word, "##[", 3) == 0;
}

/* Lay text out in lines that begin at column 'indent'; the first is begun by the caller. What strangers wrote is
 * escaped before it is measured. */
static void wrapped(struct console *c, size_t indent, const char *s)
{
	rp_autobuf safe = RP_BUF_INIT(1U << 20);
	rp_buf_add_plain(&safe, s);
	size_t width = c->how->width > indent + 20 ? c->how->width : SIZE_MAX, at = indent;
	const char *p = rp_buf_text(&safe);
	while (*p != '\0') {
		size_t len = strcspn(p, " "), takes = columns_of(p, len);
		if (at > indent && at + 1 + takes > width) {
			rp_buf_addf(c->out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			rp_buf_add(c->out, " ");
			at++;
		}
		if (at == indent && is_command(p))
			rp_buf_add(c->out, "\\");
		rp_buf_add_mem(c->out, p, len);
		at += takes;
		p += len + strspn(p + len, " ");
	}
	rp_buf_add(c->out, "\n");
}

static void cut(struct console *c, size_t indent, const char *s)
{
	rp_autobuf some = RP_BUF_INIT(TEXT_SHOWN + 64);
	size_t len = strlen(s), shown = len;
	if (len > TEXT_SHOWN)
		for (shown = TEXT_SHOWN; shown > 0 && ((unsigned char)s[shown] & 0xc0) == 0x80;)
			shown--;
	rp_buf_add_mem(&some, s, shown);
	if (shown < len)
		rp_buf_addf(&some, " [... %zu more bytes]", len - shown);
	wrapped(c, indent, rp_buf_text(&some));
}

static void labelled(struct console *c, const char *label, const char *s)
{
	if (s == NULL)
		return;
	rp_buf_addf(c->out, "           %-9s ", label);
	cut(c, 21, s);
}

/* Lines of a message apart, so that a hint stands on its own. */
static void message(struct console *c, const char *s)
{
	while (s != NULL && *s != '\0') {
		const char *end = strchrnul(s, '\n');
		rp_autobuf line = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
		rp_buf_add_mem(&line, s, (size_t)(end - s));
		rp_buf_add(c->out, "           ");
		cut(c, 11, rp_buf_text(&line));
		s = *end == '\n' ? end + 1 : end;
	}
}

static void row_key(struct rp_buf *b, const struct rp_row_note *row)
{
	for (size_t i = 0; i < row->n_key; i++) {
		rp_buf_addf(b, "%s%s%s%s", i > 0 ? ", " : "", row->key[i].name,
			    *row->key[i].name != '\0' ? "=" : "", row->key[i].value);
	}
	if (row->n_key == 0)
		rp_buf_add(b, "(without a key)");
}

static void rows(struct console *c, const struct rp_finding *f)
{
	static const char *const names[] = {
		[RP_LOST] = "lost", [RP_CHANGED] = "changed", [RP_GAINED] = "gained"};
	for (size_t change = RP_LOST; change <= RP_GAINED; change++) {
		rp_autobuf list = RP_BUF_INIT(1U << 20);
		size_t n = 0;
		for (size_t i = 0; i < f->n_rows; i++) {
			if (f->rows[i].change != (enum rp_change)change || ++n > ROWS_SHOWN)
				continue;
			rp_buf_add(&list, n > 1 ? "; " : "");
			row_key(&list, &f->rows[i]);
		}
		if (n > ROWS_SHOWN)
			rp_buf_addf(&list, "; and %zu more", n - ROWS_SHOWN);
		if (n > 0)
			labelled(c, names[change], rp_buf_text(&list));
	}
}

/* n answers that say the same, most often one. */
static void trouble(struct console *c, const struct rp_finding *f, size_t n)
{
	rp_buf_add(c->out, "  ");
	colored(c, looks[f->verdict].color, looks[f->verdict].word);
	rp_buf_addf(c->out, "%*s", (int)(9 - strlen(looks[f->verdict].word)), "");
	if (n == 1) {
		colored(c, BOLD, f->check);
		rp_buf_add(c->out, *f->object != '\0' ? "  " : "");
		rp_buf_add_plain(c->out, f->object);
		rp_buf_add(c->out, "\n");
	} else {
		rp_autobuf names = RP_BUF_INIT(16U << 20);
		for (size_t i = 0; i < n; i++)
			rp_buf_addf(&names, "%s%s", i > 0 ? ", " : "", f[i].check);
		wrapped(c, 11, rp_buf_text(&names));
	}
	message(c, f->message);
	labelled(c, "expected", f->expected);
	labelled(c, "found", f->found);
	rows(c, f);
}

/* Failures, then errors, then what was not run. */
static void troubles(struct console *c, const struct rp_result *r)
{
	static const enum rp_verdict order[] = {RP_FAIL, RP_ERROR, RP_NOT_RUN};
	size_t n = 0, hidden = 0;
	for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
		for (size_t i = 0, same; i < r->findings.n; i += same) {
			const struct rp_finding *f = &r->findings.all[i];
			same = rp_same_from(r, i);
			if (f->verdict != order[k] || !rp_is_trouble(f))
				continue;
			if (n++ < TROUBLES_SHOWN)
				trouble(c, f, same);
			else
				hidden += same;
		}
	}
	if (hidden > 0)
		rp_buf_addf(c->out, "  ... and %zu more, all of them in the reports\n", hidden);
	rp_buf_add(c->out, n > 0 ? "\n" : "");
}

static void extra(struct rp_buf *b, size_t n, const char *what)
{
	if (n > 0)
		rp_buf_addf(b, "%s%zu %s", b->len > 0 ? ", " : "", n, what);
}

/* One line for a question that has something to show for itself. */
static void group(struct console *c, const struct rp_group *g)
{
	char looked[RP_TIME_TEXT];
	rp_autobuf more = RP_BUF_INIT(4096);
	bool good = g->count.fail + g->count.error + (g->count.not_run - g->count.excused) == 0;
	enum rp_verdict verdict = g->count.pass > 0 && good	? RP_PASS
				  : g->count.waived > 0 && good ? RP_WAIVED
								: RP_NOT_RUN;
	if (!good || (g->count.pass == 0 && g->count.waived == 0))
		return;
	rp_count_format(g->looked, looked);
	extra(&more, g->count.waived, "waived");
	extra(&more, g->count.drift, "explained by the server's version");
	extra(&more, g->count.excused, "not run, excused");
	rp_buf_add(c->out, "  ");
	colored(c, looks[verdict].color, looks[verdict].word);
	rp_buf_addf(c->out, "%*s", (int)(9 - strlen(looks[verdict].word)), "");
	rp_autobuf name = RP_BUF_INIT(1U << 20), line = RP_BUF_INIT(1U << 20);
	rp_buf_add_plain(&name, g->check);
	rp_buf_addf(c->out, "%-24s %10s ", rp_buf_text(&name), looked);
	/* Where one answer is all there is, it may say more than a number. */
	bool one = g->count.pass == 1 && g->first->verdict == RP_PASS && g->first->message != NULL;
	if (one && g->first->found != NULL && columns_of(g->first->found, strlen(g->first->found)) < 40)
		rp_buf_addf(&line, "%s, ", g->first->found);
	const char *said = one ? g->first->message : "looked at";
	size_t digits = strlen(looked); /* "8 as sealed" says its number itself */
	if (line.len == 0 && strncmp(said, looked, digits) == 0 && said[digits] == ' ')
		said += digits + 1;
	rp_buf_addf(&line, "%s%s%s", said, more.len > 0 ? "; " : "", rp_buf_text(&more));
	cut(c, 47, rp_buf_text(&line));
}

static void remark(void *ctx, const char *sentence)
{
	struct console *c = ctx;
	rp_buf_add(c->out, "  ");
	wrapped(c, 2, sentence);
}

static void bullet(struct console *c, const char *about, const char *s)
{
	rp_autobuf line = RP_BUF_INIT(1U << 20);
	rp_buf_addf(&line, "%s%s%s", about, *about != '\0' ? ": " : "", s);
	rp_buf_add(c->out, "  - ");
	cut(c, 4, rp_buf_text(&line));
}

static void accepted(struct console *c, const struct rp_outline *o)
{
	size_t shown = 0;
	if (o->count.waived == 0)
		return;
	colored(c, BOLD, "Accepted, though it differs");
	rp_buf_add(c->out, "\n");
	for (size_t i = 0; i < o->result->findings.n; i++) {
		const struct rp_finding *f = &o->result->findings.all[i];
		if (f->verdict != RP_WAIVED || shown++ >= TROUBLES_SHOWN)
			continue;
		rp_autobuf name = RP_BUF_INIT(1U << 20);
		rp_buf_addf(&name, "%s%s%s", f->check, *f->object != '\0' ? " " : "", f->object);
		bullet(c, rp_buf_text(&name), f->message != NULL ? f->message : "waived");
	}
	if (shown > TROUBLES_SHOWN)
		rp_buf_addf(c->out, "  ... and %zu more\n", shown - TROUBLES_SHOWN);
	rp_buf_add(c->out, "\n");
}

/* What nobody should take for checked: excused questions, what the format does not carry, provisos. */
static void not_checked(struct console *c, const struct rp_result *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->findings.n; i++)
		n += r->findings.all[i].verdict == RP_NOT_RUN && r->findings.all[i].excused;
	if (n + r->n_provisos == 0)
		return;
	colored(c, BOLD, "Not checked, and what this stands under");
	rp_buf_add(c->out, "\n");
	for (size_t i = 0; i < r->n_provisos; i++)
		bullet(c, "", r->provisos[i]);
	size_t shown = 0;
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		if (f->verdict != RP_NOT_RUN || !f->excused || shown++ >= TROUBLES_SHOWN)
			continue;
		rp_autobuf name = RP_BUF_INIT(1U << 20);
		rp_buf_addf(&name, "%s%s%s", f->check, *f->object != '\0' ? " " : "", f->object);
		bullet(c, rp_buf_text(&name), f->message != NULL ? f->message : "not run");
	}
	if (shown > TROUBLES_SHOWN)
		rp_buf_addf(c->out, "  ... and %zu more\n", shown - TROUBLES_SHOWN);
	rp_buf_add(c->out, "\n");
}

static void where(struct console *c, const struct rp_result *r)
{
	if (c->how->where == NULL)
		return;
	rp_buf_add(c->out, "Reports ");
	for (const struct rp_report *const *report = rp_reports; *report != NULL; report++) {
		if ((*report)->file == NULL)
			continue;
		rp_autofree char *file = rp_report_file(*report, r->target);
		rp_buf_add(c->out, report != rp_reports ? "        " : "");
		rp_buf_add_plain(c->out, c->how->where);
		rp_buf_add(c->out, "/");
		rp_buf_add_plain(c->out, file != NULL ? file : "?");
		rp_buf_add(c->out, "\n");
	}
}

static void render(const struct rp_result *r, const struct rp_rendering *how, struct rp_buf *out)
{
	struct console c = {.how = how, .out = out};
	rp_auto(rp_outline) o = rp_outline_new(r);
	rp_autobuf sentence = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 2U);
	if (o == NULL) {
		out->failed = true;
		return;
	}
	troubles(&c, r);
	size_t before = out->len;
	for (size_t i = 0; i < o->n_groups; i++)
		group(&c, &o->groups[i]);
	rp_buf_add(out, out->len > before ? "\n" : "");
	accepted(&c, o);
	not_checked(&c, r);
	rp_autobuf title = RP_BUF_INIT(256);
	for (const char *p = rp_words_title(o); *p != '\0'; p++)
		rp_buf_add_mem(&title, (char[]){(char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p)}, 1);
	bool compared = !r->without_manifest || o->status != RP_VERIFIED;
	colored(&c, compared ? status_colors[o->status] : YELLOW, rp_buf_text(&title));
	rp_buf_add(out, "\n  ");
	rp_words_verdict(o, &sentence);
	wrapped(&c, 2, rp_buf_text(&sentence));
	rp_words_remarks(o, remark, &c);
	rp_buf_add(out, how->where != NULL ? "\n" : "");
	where(&c, r);
}

const struct rp_report rp_report_console = {.name = "console", .render = render};
