/* SPDX-License-Identifier: MIT */
#include "reports/report.h"

#include <libgen.h>
#include <stddef.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/result/result.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

struct report_options {
	const char *file, *reports;
};

static const struct rp_option options[] = {
	{.name = "reports",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 .at = offsetof(struct report_options, reports),
	 .help = "Where to write them; the directory that the result is in when it is not given."},
	{0},
};
static const struct rp_operand file = {
	.value = "RESULT",
	.help = "A result.json that 'verify' has written.",
	.type = RP_OPTION_FILE,
	.at = offsetof(struct report_options, file),
	.required = true,
};
static const struct rp_example examples[] = {
	{"render all reports again", "reprove report out/result.json"},
	{"render them somewhere else", "reprove report out/result.json --reports for-the-auditor"},
	{0},
};

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct report_options *o = call->options;
	struct rp_rendering how = {.color = rp_command_color(), .width = rp_command_width()};
	rp_autobuf json = RP_BUF_INIT(RP_RESULT_MAX);
	rp_auto(rp_result) r = NULL;
	rp_autofree char *copy = strdup(o->file);
	const char *to;

	if (!copy)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_file_read(o->file, &json, err) < 0 ||
	    rp_result_read(&r, rp_buf_text(&json), json.len, err) < 0)
		return rp_err_wrap(err, "report '%s'", o->file);
	to = o->reports ? o->reports : dirname(copy);
	how.where = to;
	if (rp_dir_make(to, 0755, err) < 0 || rp_reports_write(r, to, err) < 0 ||
	    rp_reports_print(r, &how, err) < 0)
		return rp_err_wrap(err, "report");
	/* A failed run does not become a success by being printed once more. */
	return (int)rp_result_status(r);
}

const struct rp_command rp_command_report = {
	.name = "report",
	.summary = "Render the reports of a recorded result again.",
	.about = "Reads a result.json and writes the reports anew, on any machine and without a database. "
		 "The exit status is the recorded one.",
	.options = options,
	.operand = &file,
	.size = sizeof(struct report_options),
	.examples = examples,
	.run = run,
};
