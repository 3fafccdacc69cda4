/* SPDX-License-Identifier: MIT */
#ifndef RP_COMMAND_OPTIONS_H
#define RP_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_arena;
struct rp_argv;
struct rp_buf;
struct rp_err;
struct rp_run;

/* A subcommand is a table. Parsing, --help, the manual page and the shell completion are all read from it, so
 * that they cannot disagree. */

enum rp_option_type {
	RP_OPTION_FLAG,	    /* bool */
	RP_OPTION_TEXT,	    /* const char *, borrowed from argv */
	RP_OPTION_FILE,	    /* the same, completed as a file */
	RP_OPTION_DIR,	    /* the same, completed as a directory */
	RP_OPTION_NUMBER,   /* uint64_t, within min and max */
	RP_OPTION_DURATION, /* int64_t, milliseconds: "90", "15m", "6h", "7d" */
	RP_OPTION_TIME,	    /* int64_t, milliseconds since 1970: "2026-11-21T06:00:00Z" */
	RP_OPTION_SHA256,   /* const char *, 64 lower-case hex digits */
	RP_OPTION_TEXTS,    /* const char **, NULL-terminated; may be given again and again */
	RP_OPTION_FILES,    /* the same, completed as files */
};

struct rp_option {
	const char *name; /* without its dashes */
	enum rp_option_type type;
	const char *value; /* what help calls its value; NULL for a flag */
	const char *help;  /* one or two sentences */
	const char *group; /* the heading that it stands under, wherever its row is; NULL: none */
	size_t at;	   /* where it goes in the subcommand's struct */
	bool required;
	bool alone; /* when it is given, nothing else is required */
	bool once;  /* about one run: not for a configuration file */
	/* Those with the same word here say one thing in several ways: when the command line has said one of them, a
	 * configuration is not asked for another, nor its defaults when a target's section has. NULL: this is the only way. */
	const char *instead;
	bool secret;	   /* an address that lets in whoever knows it: never shown whole */
	uint64_t min, max; /* of a number */
};

struct rp_operand {
	const char *value, *help;
	enum rp_option_type type; /* TEXT, FILE or DIR */
	size_t at;		  /* const char *: NULL when it is not given */
	bool required;
	const char *key; /* what a configuration file calls it; NULL: it has no business there */
	bool configured; /* names a section of one, and has no meaning without */
};

struct rp_example {
	const char *what, *line;
};
struct rp_section {
	const char *title, *text; /* paragraphs, with an empty line between them */
};

struct rp_call {
	const struct rp_command *command;
	const void *options; /* the subcommand's struct, filled in */
	struct rp_run *run;
};

struct rp_command {
	const char *name, *summary;
	const char *about;		   /* paragraphs; the manual's DESCRIPTION */
	const struct rp_option *options;   /* ends with a NULL name; NULL: none */
	const struct rp_operand *operand;  /* NULL: it takes none */
	size_t size;			   /* of the struct that options go to */
	const struct rp_example *examples; /* ends with a NULL line */
	const struct rp_section *sections; /* more of the manual; ends with a NULL title; NULL: none */
	/* The exit status, 0 to 4; or -1 and err, whose kind is the status (rp_status_of_error). */
	int (*run)(const struct rp_call *call, struct rp_err **err);
};

/* main.c's table of subcommands, NULL-terminated. */
extern const struct rp_command *const rp_commands[];
const struct rp_command *rp_command_named(const char *name); /* NULL: there is none */

/* Read the words behind the subcommand's name into 'into', c->size zeroed bytes. 1: --help was asked for; 0:
 * read; -1 with RP_ERR_USAGE and a hint. Options and operand may stand in any order; "--" ends options. An
 * option is never abbreviated: a script that uses one would break when the next option is added. What the command
 * line does not say is looked for in the configuration, if the subcommand has an option 'config'. Lists are freed by
 * rp_options_done(); texts are borrowed from argv and memory. */
int rp_options_parse(const struct rp_command *c, int argc, char *const argv[], void *into,
		     struct rp_arena *memory, struct rp_err **err);
void rp_options_done(const struct rp_command *c, void *into);

/* The headings of a subcommand's options in the order of their rows: the one after 'group' (NULL: the first); NULL: no
 * more. Options without one come before. */
const char *rp_options_group(const struct rp_command *c, const char *group);
bool rp_option_is_of(const struct rp_option *o, const char *group);

/* One option's value as it is written, put where it belongs; and whether it may be given again and again. */
int rp_option_store(const struct rp_option *o, const char *value, void *into, struct rp_err **err);
bool rp_option_repeats(const struct rp_option *o);
/* The option of that name, of any subcommand, that a configuration file may have; NULL: there is none. */
const struct rp_option *rp_option_configured(const char *key);
size_t rp_options_count(const struct rp_command *c);
const struct rp_option *rp_option_named(const struct rp_command *c, const char *name, size_t len);

/* Every option that is given, with its value, a line each, in the table's order: what was asked for, to be digested. */
void rp_options_text(const struct rp_command *c, const void *options, struct rp_buf *out);

/* configured.c: fill in from the configuration, if there is one, what the command line has not said ('seen', one for
 * each option), the section of its target before the defaults. Every section is checked: a mistake must not wait until
 * the night in which its target is verified. */
int rp_options_configure(const struct rp_command *c, bool *seen, void *into, struct rp_arena *memory,
			 struct rp_err **err);
#define RP_OPTION_CONFIG                                                                                          \
	.name = "config", .type = RP_OPTION_FILE, .value = "FILE", .once = true,                                  \
	.help = "Settings of targets, as YAML; $REPROVE_CONFIG when it is not given. What the command line says " \
		"comes before what stands there. See reprove(1)."

/* Split a command line into words as a shell would, but for everything that a shell does with them: blanks
 * separate, '...' and "..." and \x keep; nothing is expanded, and what only a shell understands ($, `, |, &,
 * ;, <, >, *, outside quotes) is refused rather than taken literally. */
int rp_words_split(const char *line, struct rp_argv *ret, struct rp_err **err);

/* help.c */
void rp_help_all(struct rp_buf *out);
void rp_help_command(const struct rp_command *c, struct rp_buf *out);
void rp_version(struct rp_buf *out);
int64_t rp_built_ms(void); /* when this program was configured to be built, UTC; $SOURCE_DATE_EPOCH then */
/* manual.c: a page in man(7)'s language; NULL: the page of reprove itself. */
void rp_manual_page(const struct rp_command *c, struct rp_buf *out);
/* completion.c */
void rp_completion_bash(struct rp_buf *out);

/* The exit statuses, for help, manual and tests: one text each. */
struct rp_status_text {
	int status;
	const char *text;
};
extern const struct rp_status_text rp_status_texts[5];

#endif
