/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/command/options.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define HELP_MAX  (1u << 20)
#define WIDTH	  79
#define TEXT_FROM 26 /* the column in which what an option does begins */

const struct rp_status_text rp_status_texts[5] = {
	{0, "verified: everything asked was answered, and all of it passes"},
	{1, "not what was sealed: at least one finding fails, or the backup itself cannot be restored"},
	{2, "could not tell: no server, no disk, a timeout, an interrupted run, or nothing was checked"},
	{3, "manifest not trusted: signature, key, identity, expiry, replay"},
	{4, "used wrongly: options or configuration"},
};

/* Text broken at blanks, each line indented to 'from'; the first begins at column 'at'. */
static void wrap(struct rp_buf *out, const char *text, size_t at, size_t from)
{
	bool first = true;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (!first && at + 1 + word > WIDTH) {
			rp_buf_addf(out, "\n%*s", (int)from, "");
			at = from;
		} else if (!first) {
			rp_buf_add(out, " ");
			at++;
		}
		rp_buf_add_mem(out, text, word);
		at += word;
		first = false;
		text += word;
		if (text[0] == '\n' && text[1] == '\n') {
			rp_buf_addf(out, "\n\n%*s", (int)from, "");
			at = from;
			first = true;
		}
		text += strspn(text, " \n");
	}
	rp_buf_add(out, "\n");
}

static void entry(struct rp_buf *out, const char *term, const char *text)
{
	size_t at = 2 + strlen(term);

	rp_buf_addf(out, "  %s", term);
	if (at + 2 > TEXT_FROM) {
		rp_buf_addf(out, "\n%*s", TEXT_FROM, "");
		at = TEXT_FROM;
	} else {
		rp_buf_addf(out, "%*s", (int)(TEXT_FROM - at), "");
		at = TEXT_FROM;
	}
	wrap(out, text, at, TEXT_FROM);
}

static void statuses(struct rp_buf *out)
{
	rp_buf_add(out, "\nexit status:\n");
	for (size_t i = 0; i < sizeof(rp_status_texts) / sizeof(*rp_status_texts); i++) {
		char number[8];

		snprintf(number, sizeof(number), "%d", rp_status_texts[i].status);
		rp_buf_addf(out, "  %s  ", number);
		wrap(out, rp_status_texts[i].text, 5, 5);
	}
}

static void examples(struct rp_buf *out, const struct rp_command *c)
{
	rp_buf_add(out, "\nexamples:\n");
	for (const struct rp_example *e = c->examples; e->line; e++) {
		rp_buf_add(out, "  # ");
		wrap(out, e->what, 4, 4);
		rp_buf_addf(out, "  %s\n", e->line);
	}
}

static void options_of(const struct rp_command *c, const char *group, struct rp_buf *out)
{
	rp_autobuf term = RP_BUF_INIT(1024);

	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (!rp_option_is_of(o, group))
			continue;
		rp_buf_reset(&term);
		rp_buf_addf(&term, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
		entry(out, rp_buf_text(&term), o->help);
	}
}

void rp_help_command(const struct rp_command *c, struct rp_buf *out)
{
	wrap(out, c->summary, 0, 0);
	rp_buf_addf(out, "\nusage: reprove %s", c->name);
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (o->required)
			rp_buf_addf(out, " --%s %s", o->name, o->value);
	}
	rp_buf_add(out, " [options]");
	if (c->operand)
		rp_buf_addf(out, c->operand->required ? " %s" : " [%s]", c->operand->value);
	rp_buf_add(out, "\n\n");
	wrap(out, c->about, 0, 0);
	if (c->operand) {
		rp_buf_add(out, "\n");
		entry(out, c->operand->value, c->operand->help);
	}
	rp_buf_add(out, "\noptions:\n");
	options_of(c, NULL, out);
	entry(out, "--help", "Print this.");
	for (const char *group = rp_options_group(c, NULL); group; group = rp_options_group(c, group)) {
		rp_buf_addf(out, "\n%s:\n", group);
		options_of(c, group, out);
	}
	examples(out, c);
	statuses(out);
}

void rp_help_all(struct rp_buf *out)
{
	rp_buf_add(out, "reprove: prove that database backups restore\n\n"
			"usage: reprove COMMAND [options]\n\n"
			"commands:\n");
	for (const struct rp_command *const *c = rp_commands; *c; c++)
		entry(out, (*c)->name, (*c)->summary);
	rp_buf_add(out, "\noptions:\n");
	entry(out, "--help", "Print this; behind a command, what that command takes.");
	entry(out, "--version", "Print the version, and those of the libraries in use.");
	rp_buf_add(out, "\n"
			"examples:\n"
			"  # a key pair, once\n"
			"  reprove keygen .\n"
			"  # survey a database, back it up in the same snapshot, sign what was found\n"
			"  reprove seal --source postgresql://app@db/shop --key reprove.key \\\n"
			"      --manifest shop.manifest.json --backup shop.dump\n"
			"  # the same for MariaDB and MySQL\n"
			"  reprove seal --source mysql://app@db/shop --key reprove.key \\\n"
			"      --manifest shop.manifest.json --backup shop.sql\n"
			"  # restore the backup into a private server and prove that it is what was sealed\n"
			"  reprove verify --target shop --manifest shop.manifest.json \\\n"
			"      --trust reprove.pub --reports out shop.dump\n");
	statuses(out);
}

/* 'reprove help': also what the build makes the manual and the completion with. */

struct help_options {
	bool man, completion;
	const char *of;
};

static const struct rp_option options[] = {
	{.name = "man",
	 .type = RP_OPTION_FLAG,
	 .at = offsetof(struct help_options, man),
	 .help = "Print the manual page, in the language of man(7)."},
	{.name = "completion",
	 .type = RP_OPTION_FLAG,
	 .at = offsetof(struct help_options, completion),
	 .help = "Print the completion script for bash."},
	{0},
};
static const struct rp_operand operand = {
	.value = "COMMAND",
	.help = "The command to tell about; without one, reprove itself.",
	.type = RP_OPTION_TEXT,
	.at = offsetof(struct help_options, of),
};
static const struct rp_example help_examples[] = {
	{"what 'verify' takes", "reprove help verify"},
	{"read its manual page before anything is installed", "reprove help --man verify | man -l -"},
	{"complete options in this shell", "eval \"$(reprove help --completion)\""},
	{0},
};

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct help_options *how = call->options;
	const struct rp_command *of = NULL;
	rp_autobuf out = RP_BUF_INIT(HELP_MAX);

	if (how->man && how->completion)
		return rp_err_set(err, RP_ERR_USAGE, "help: --man and --completion are two different things");
	if (how->of && strcmp(how->of, "reprove") != 0) {
		of = rp_command_named(how->of);
		if (!of) {
			rp_err_set(err, RP_ERR_USAGE, "help: there is no command '%s'", how->of);
			return rp_err_hint(err, "'reprove help' lists them");
		}
	}
	if (how->completion)
		rp_completion_bash(&out);
	else if (how->man)
		rp_manual_page(of, &out);
	else if (of)
		rp_help_command(of, &out);
	else
		rp_help_all(&out);
	return rp_command_print(&out, err);
}

const struct rp_command rp_command_help = {
	.name = "help",
	.summary = "Tell what a command does and takes.",
	.about = "The same text as --help; with --man the manual page, with --completion the shell "
		 "completion.",
	.options = options,
	.operand = &operand,
	.size = sizeof(struct help_options),
	.examples = help_examples,
	.run = run,
};
