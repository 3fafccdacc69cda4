/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/result/result.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/memory.h"
#include "verifier/util/run.h"

#define TEXT_MAX (1u << 20)

const struct rp_command *const rp_commands[] = {
	&rp_command_keygen,
	&rp_command_seal,
	&rp_command_verify,
	&rp_command_selftest,
	&rp_command_points,
	&rp_command_show,
	&rp_command_report,
	&rp_command_history,
	&rp_command_sign,
	&rp_command_stamp,
	&rp_command_doctor,
	&rp_command_help,
	NULL,
};

static int call(const struct rp_command *c, int argc, char *argv[], struct rp_err **err)
{
	rp_autofree void *options = calloc(1, c->size ? c->size : 1);
	rp_autobuf help = RP_BUF_INIT(TEXT_MAX);
	rp_auto(rp_arena) memory = NULL;
	struct rp_run run = {0};
	int status;

	if (!options)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_arena_new(&memory, err) < 0)
		return -1;
	status = rp_options_parse(c, argc, argv, options, memory, err);
	if (status == 1) {
		rp_help_command(c, &help);
		status = rp_command_print(&help, err);
	} else if (status == 0 && rp_run_init(&run, err) == 0) {
		status = c->run(&(struct rp_call){.command = c, .options = options, .run = &run}, err);
		rp_run_done(&run);
	} else {
		status = -1;
	}
	rp_options_done(c, options);
	return status;
}

static int without_command(const char *word, struct rp_err **err)
{
	rp_autobuf out = RP_BUF_INIT(TEXT_MAX);

	if (word && (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)) {
		rp_version(&out);
		return rp_command_print(&out, err);
	}
	if (word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
		rp_help_all(&out);
		return rp_command_print(&out, err);
	}
	if (!word)
		rp_err_set(err, RP_ERR_USAGE, "what is to be done?");
	else if (*word == '-')
		rp_err_set(err, RP_ERR_USAGE, "unknown option '%s'; options come behind a command", word);
	else
		rp_err_set(err, RP_ERR_USAGE, "there is no command '%s'", word);
	return rp_err_hint(err, "'reprove help' lists the commands");
}

int main(int argc, char *argv[])
{
	rp_autoerr struct rp_err *err = NULL;
	const struct rp_command *c = argc > 1 ? rp_command_named(argv[1]) : NULL;
	int status;

	/* Numbers and messages must not depend on who calls us; a closed pipe is an error and no death. */
	setlocale(LC_ALL, "C.UTF-8");
	rp_memory_watch_crypto();
	rp_memory_dump_none();
	signal(SIGPIPE, SIG_IGN);
	/* Nor is a file that may not grow (ulimit -f): the write fails, and what was begun is put away. */
	signal(SIGXFSZ, SIG_IGN);
	status = c ? call(c, argc - 2, argv + 2, &err) : without_command(argc > 1 ? argv[1] : NULL, &err);
	if (status >= 0)
		return status;
	rp_command_complain(err);
	return (int)rp_status_of_error(rp_err_kind(err));
}
