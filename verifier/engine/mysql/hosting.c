/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/hosting.h"

#include <signal.h>

/* A server of MariaDB's or MySQL's for a restore: the table of what it takes. */

/* A table is one file, unless it is partitioned; nobody restores a greater one for a test. */
#define FILE_MAX (UINT64_C(4) << 40)

/* Processors and their memory are looked up there; neither server starts without. */
static const char *const reads[] = {
	"/usr/share/zoneinfo",
	"/sys/devices/system/cpu",
	"/sys/devices/system/node",
	NULL,
};
/* Packages make it for their servers, and nothing else runs as it. */
static const char *const users[] = {"mysql", NULL};

const struct rp_hosting rp_my_hosting = {
	.reads = reads,
	.parts = rp_my_parts,
	.file_max = FILE_MAX,
	.users = users,
	/* One process: the kernel takes all that is its own back. */
	.quit = SIGKILL,
	.stop = SIGTERM,
	.credentials = rp_my_credentials,
	.login = "--defaults-file=",
	.keeps_name = true,
	.choose = rp_my_choose,
	.tools = rp_my_tools,
	.create = rp_my_create,
	.configure = rp_my_configure,
	.serve = rp_my_serve,
	.uri = rp_my_uri,
	.within = rp_my_within,
	.environment = rp_my_environment,
	.lend = rp_my_lend,
	.reach = rp_my_reach,
	.explain = rp_my_explain,
	.bars = rp_my_bars,
	.complaint = rp_my_complaint,
	.excuses = rp_my_excuses,
	.takes = rp_my_takes,
	.inherit = rp_my_inherit,
	.claim = rp_my_claim,
	.drop = rp_my_drop,
	.keep = rp_my_keep,
	.reap = rp_my_reap,
	.furnish = rp_my_furnish,
};
