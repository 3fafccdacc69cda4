/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/command/options.h"
#include "verifier/util/buf.h"

/* Pages in the language of man(7), from the same tables as --help. */

/* Text as text: troff takes a backslash, a dot or an apostrophe that begins a line, and a bare hyphen, for
 * something else. */
static void text(struct rp_buf *out, const char *s)
{
	for (bool begins = true; *s; s++) {
		if (begins && (*s == '.' || *s == '\''))
			rp_buf_add(out, "\\&");
		if (*s == '\\')
			rp_buf_add(out, "\\e");
		else if (*s == '-')
			rp_buf_add(out, "\\-");
		else
			rp_buf_add_mem(out, s, 1);
		begins = *s == '\n';
	}
}

static void paragraphs(struct rp_buf *out, const char *s)
{
	while (*s) {
		const char *end = strstr(s, "\n\n");
		size_t len = end ? (size_t)(end - s) : strlen(s);
		char *one = strndup(s, len);

		if (!one) {
			out->failed = true;
			return;
		}
		rp_buf_add(out, ".PP\n");
		text(out, one);
		rp_buf_add(out, "\n");
		free(one);
		s += len + (end ? 2 : 0);
	}
}

static void title(struct rp_buf *out, const char *name)
{
	rp_buf_add(out, ".TH ");
	for (const char *s = name; *s; s++)
		rp_buf_addf(out, "%c", toupper((unsigned char)*s));
	/* No date: the same source gives the same page. */
	rp_buf_addf(out, " 1 \"\" \"reprove %s\" \"reprove manual\"\n.nh\n.ad l\n.SH NAME\n%s \\- ",
		    RP_VERSION, name);
}

static void statuses(struct rp_buf *out)
{
	rp_buf_add(out, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < sizeof(rp_status_texts) / sizeof(*rp_status_texts); i++) {
		rp_buf_addf(out, ".TP\n.B %d\n", rp_status_texts[i].status);
		text(out, rp_status_texts[i].text);
		rp_buf_add(out, "\n");
	}
	paragraphs(
		out,
		"When several hold, the first of 4, 3, 1, 2, 0 counts. A failure that was recorded stays a 1 "
		"when the run is interrupted afterwards.");
}

static void option(struct rp_buf *out, const char *name, const char *value, const char *help)
{
	rp_buf_add(out, ".TP\n.B \\-\\-");
	text(out, name);
	if (value)
		rp_buf_addf(out, " \\fI%s\\fR", value);
	rp_buf_add(out, "\n");
	text(out, help);
	rp_buf_add(out, "\n");
}

static void example(struct rp_buf *out, const char *what, const char *line)
{
	rp_buf_add(out, ".PP\n");
	text(out, what);
	rp_buf_add(out, ":\n.PP\n.RS 4\n.nf\n");
	text(out, line);
	rp_buf_add(out, "\n.fi\n.RE\n");
}

static void see_also(struct rp_buf *out, const struct rp_command *but)
{
	rp_buf_add(out, ".SH SEE ALSO\n");
	if (but)
		rp_buf_add(out, ".BR reprove (1)\n");
	for (const struct rp_command *const *c = rp_commands; *c; c++) {
		if (*c != but)
			rp_buf_addf(out, ".BR reprove\\-%s (1)\n", (*c)->name);
	}
}

static void synopsis(struct rp_buf *out, const struct rp_command *c)
{
	rp_buf_addf(out, ".SH SYNOPSIS\n.B reprove %s\n", c->name);
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (o->required) {
			rp_buf_add(out, "\\fB\\-\\-");
			text(out, o->name);
			rp_buf_addf(out, "\\fR \\fI%s\\fR\n", o->value);
		}
	}
	rp_buf_add(out, "[\\fIoptions\\fR]\n");
	if (c->operand)
		rp_buf_addf(out, c->operand->required ? "\\fI%s\\fR\n" : "[\\fI%s\\fR]\n", c->operand->value);
}

static void options_of(const struct rp_command *c, const char *group, struct rp_buf *out)
{
	for (const struct rp_option *o = c->options; o && o->name; o++)
		if (rp_option_is_of(o, group))
			option(out, o->name, o->value, o->help);
}

static void page_of_command(const struct rp_command *c, struct rp_buf *out)
{
	char name[64];

	snprintf(name, sizeof(name), "reprove\\-%s", c->name);
	title(out, name);
	text(out, c->summary);
	rp_buf_add(out, "\n");
	synopsis(out, c);
	rp_buf_add(out, ".SH DESCRIPTION\n");
	paragraphs(out, c->about);
	rp_buf_add(out, ".SH OPTIONS\n");
	if (c->operand) {
		rp_buf_addf(out, ".TP\n.I %s\n", c->operand->value);
		text(out, c->operand->help);
		rp_buf_add(out, "\n");
	}
	options_of(c, NULL, out);
	option(out, "help", NULL, "Print a short form of this page.");
	for (const char *group = rp_options_group(c, NULL); group; group = rp_options_group(c, group)) {
		rp_buf_add(out, ".SS ");
		text(out, group);
		rp_buf_add(out, "\n");
		options_of(c, group, out);
	}
	for (const struct rp_section *s = c->sections; s && s->title; s++) {
		rp_buf_addf(out, ".SH %s\n", s->title);
		paragraphs(out, s->text);
	}
	rp_buf_add(out, ".SH EXAMPLES\n");
	for (const struct rp_example *e = c->examples; e->line; e++)
		example(out, e->what, e->line);
	statuses(out);
	see_also(out, c);
}

static void configuration(struct rp_buf *out)
{
	static const char *const lines[] = {"defaults:",
					    "  trust: [keys/reprove.pub]",
					    "targets:",
					    "  shop:",
					    "    points: /backups/shop",
					    "    manifest: /backups/shop",
					    "    max-age: 36h",
					    "    rpo: 25h",
					    "    rto: 2h",
					    "    due: 92d",
					    "    waivers: waivers.yaml",
					    "  cache:",
					    "    excluded: is made anew from shop at every start"};

	rp_buf_add(out, ".SH CONFIGURATION\n");
	paragraphs(
		out,
		"Everything works without one. With --config FILE, or $REPROVE_CONFIG, what the command line does not "
		"say is looked for in the section of the target, and then in the defaults. Settings are called as the "
		"options are, without the dashes, and take the same values; a list stands for an option that is given "
		"more than once; ARTIFACT is called 'points'. Paths start where the file is. A target of which no proof is "
		"expected (a cache, a host without a state) says why with 'excluded': reports and reprove\\-history(1) list it "
		"with that reason.");
	rp_buf_add(out, ".PP\n.nf\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		text(out, lines[i]);
		rp_buf_add(out, "\n");
	}
	rp_buf_add(out, ".fi\n");
	paragraphs(
		out,
		"Then 'reprove verify shop' is all that a timer has to say. 'reprove doctor --config FILE' shows what "
		"each target gets. A setting that is not known, or has a value of the wrong kind, ends every command "
		"with 4, whichever target it stands at: a mistake must not wait for the night in which it matters. A "
		"file that everybody may change is refused. There are no secrets in it, only the names of the files "
		"that have them.");
}

static void page_of_reprove(struct rp_buf *out)
{
	title(out, "reprove");
	rp_buf_add(out, "prove that database backups restore\n"
			".SH SYNOPSIS\n"
			".B reprove\n"
			"\\fIcommand\\fR [\\fIoptions\\fR]\n"
			".SH DESCRIPTION\n");
	paragraphs(out, "A backup that nobody has restored is a hope. reprove takes a survey of a database "
			"at backup time and signs it; later it restores the backup somewhere private, takes "
			"the same survey again, and says in a report that can be checked whether what came "
			"back is what was there.\n\n"
			"A finding is not a failure of the program, and 'could not look' is never 'fine': "
			"what was not checked is listed with its reason, and makes the exit status a 2 "
			"unless the reason is one that an honest backup has.");
	rp_buf_add(out, ".SH COMMANDS\n");
	for (const struct rp_command *const *c = rp_commands; *c; c++) {
		rp_buf_addf(out, ".TP\n.BR reprove\\-%s (1)\n", (*c)->name);
		text(out, (*c)->summary);
		rp_buf_add(out, "\n");
	}
	rp_buf_add(out, ".SH OPTIONS\n");
	option(out, "help", NULL, "Print a list of commands.");
	option(out, "version", NULL, "Print the version, and those of the libraries in use.");
	configuration(out);
	rp_buf_add(out, ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\n");
	text(out, "No colour, when it is set and not empty.");
	rp_buf_add(out, "\n.TP\n.B TMPDIR\n");
	text(out, "Where private servers live while they are needed; /tmp when it is not set.");
	rp_buf_add(out, "\n.TP\n.B REPROVE_SERVERS\n");
	text(out, "Directories of server programs, with a colon between them: servers and tools are taken "
		  "from there and from nowhere else.");
	rp_buf_add(out, "\n.TP\n.B REPROVE_BOX\n");
	text(out,
	     "The one box to restore in, and no other: 'namespaces' (bubblewrap) or 'landlock'. With 'none' a "
	     "verification is refused unless --unboxed allows it. The report says which one held.");
	rp_buf_add(out, "\n.TP\n.B REPROVE_CONFIG\n");
	text(out, "The configuration, where --config does not name one.");
	rp_buf_add(out, "\n.TP\n.BR PGPASSFILE ,\\ PGSERVICEFILE\n");
	text(out,
	     "As PostgreSQL's own tools use them. Passwords come from there, never from the command line.");
	rp_buf_add(out, "\n.SH EXAMPLES\n");
	for (const struct rp_command *const *c = rp_commands; *c; c++) {
		if ((*c)->examples->line)
			example(out, (*c)->examples->what, (*c)->examples->line);
	}
	statuses(out);
	see_also(out, NULL);
}

void rp_manual_page(const struct rp_command *c, struct rp_buf *out)
{
	if (c)
		page_of_command(c, out);
	else
		page_of_reprove(out);
}
