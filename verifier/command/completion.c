/* SPDX-License-Identifier: MIT */
#include "verifier/command/options.h"
#include "verifier/util/buf.h"

/* bash asks a function what a word could become. Names in the tables are plain letters and dashes, so nothing
 * here needs quoting. */

static const char *action(enum rp_option_type type)
{
	switch (type) {
	case RP_OPTION_FILE:
	case RP_OPTION_FILES:
		return "compopt -o default 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\"))";
	case RP_OPTION_DIR:
		return "compopt -o default 2>/dev/null; COMPREPLY=($(compgen -d -- \"$cur\"))";
	case RP_OPTION_FLAG:
	case RP_OPTION_TEXT:
	case RP_OPTION_NUMBER:
	case RP_OPTION_DURATION:
	case RP_OPTION_TIME:
	case RP_OPTION_SHA256:
	case RP_OPTION_TEXTS:
		return "COMPREPLY=()";
	}
	return "COMPREPLY=()";
}

static void of_command(const struct rp_command *c, struct rp_buf *out)
{
	rp_buf_addf(out, "\t%s)\n\t\tcase $prev in\n", c->name);
	for (const struct rp_option *o = c->options; o && o->name; o++) {
		if (o->type != RP_OPTION_FLAG)
			rp_buf_addf(out, "\t\t--%s) %s; return ;;\n", o->name, action(o->type));
	}
	rp_buf_add(out, "\t\tesac\n\t\tif [[ $cur == -* ]]; then\n\t\t\tCOMPREPLY=($(compgen -W '");
	for (const struct rp_option *o = c->options; o && o->name; o++)
		rp_buf_addf(out, "--%s ", o->name);
	rp_buf_addf(out, "--help' -- \"$cur\"))\n\t\t\treturn\n\t\tfi\n\t\t%s\n\t\t;;\n",
		    action(c->operand ? c->operand->type : RP_OPTION_TEXT));
}

void rp_completion_bash(struct rp_buf *out)
{
	rp_buf_add(out, "# bash completion for reprove; generated from its tables\n"
			"_reprove()\n"
			"{\n"
			"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
			"\tCOMPREPLY=()\n"
			"\tif ((COMP_CWORD == 1)); then\n"
			"\t\tCOMPREPLY=($(compgen -W '");
	for (const struct rp_command *const *c = rp_commands; *c; c++)
		rp_buf_addf(out, "%s ", (*c)->name);
	rp_buf_add(out, "--help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (const struct rp_command *const *c = rp_commands; *c; c++)
		of_command(*c, out);
	rp_buf_add(out, "\tesac\n}\ncomplete -F _reprove reprove\n");
}
