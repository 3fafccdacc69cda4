/* SPDX-License-Identifier: MIT */
/* What a backup is once it is unwrapped, without a server: a line "whole SHA256", or which kind of failure it is
 * ("backup", "locked", "usage", "other") and its text. Takes the options of 'verify' that say how it is wrapped.
 * usage: unwrap [OPTION...] FILE */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "verifier/command/unwrapping.h"
#include "verifier/recovery/artifact.h"
#include "verifier/util/arena.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"
#include "verifier/util/sha256.h"

struct asked {
	struct unwrapping_options unwrapping;
	const char *file;
};

static const struct rp_option options[] = {RP_UNWRAPPING_OPTIONS(asked, unwrapping), {0}};
static const struct rp_operand file = {.value = "FILE",
				       .help = "",
				       .type = RP_OPTION_FILE,
				       .at = offsetof(struct asked, file),
				       .required = true};
static const struct rp_command command = {
	.name = "unwrap", .options = options, .operand = &file, .size = sizeof(struct asked)};
const struct rp_command *const rp_commands[] = {&command, NULL};

static int read_all(struct rp_artifact *a, char hex[RP_SHA256_HEX], struct rp_err **err)
{
	static uint8_t all[64 << 20];
	uint8_t digest[RP_SHA256_LEN];
	rp_auto(rp_stream) s = NULL;
	size_t len = 0;
	ssize_t n = 1;
	if (rp_artifact_read(a, &a->files[0], &s, err) < 0)
		return -1;
	while (n > 0 && len < sizeof all) {
		n = rp_stream_read(s, all + len, sizeof all - len, err);
		len += n > 0 ? (size_t)n : 0;
	}
	rp_sha256(all, len, digest);
	rp_sha256_hex(digest, hex);
	return n == 0 ? 0 : -1;
}

static int unwrap(const struct asked *o, struct rp_run *run, char hex[RP_SHA256_HEX], struct rp_err **err)
{
	rp_cleanup(rp_unwrapping_done) struct unwrapping u = {0};
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) point = NULL;
	rp_auto(rp_artifact) a = NULL;
	if (rp_unwrapping_make(&u, &o->unwrapping, run, err) < 0 ||
	    rp_store_open(&store, o->file, run, err) < 0 ||
	    rp_store_choose(store, "newest", &point, NULL, err) < 0 ||
	    rp_artifact_open(&a, store, point, &u.how, err) < 0)
		return -1;
	return read_all(a, hex, err);
}

static const char *word_of(enum rp_err_kind kind)
{
	return kind == RP_ERR_BACKUP   ? "backup"
	       : kind == RP_ERR_LOCKED ? "locked"
	       : kind == RP_ERR_USAGE  ? "usage"
				       : "other";
}

int main(int argc, char **argv)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_arena) memory = NULL;
	struct rp_run run;
	struct asked o = {0};
	char hex[RP_SHA256_HEX];
	if (rp_run_init(&run, &err) < 0 || rp_arena_new(&memory, &err) < 0)
		return 2;
	int r = rp_options_parse(&command, argc - 1, argv + 1, &o, memory, &err);
	if (r == 0)
		r = unwrap(&o, &run, hex, &err);
	if (r == 0)
		(void)printf("whole %s\n", hex);
	else
		(void)printf("%s %s\n", word_of(rp_err_kind(err)), rp_err_text(err));
	rp_options_done(&command, &o);
	rp_run_done(&run);
	return r == 0 ? 0 : 1;
}
