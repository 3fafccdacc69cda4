/* SPDX-License-Identifier: MIT */
/* Reads a backup to its end as a restore does, hashed and unwrapped, and keeps nothing of it.
 * usage: unwrap FILE [PASSWORD-FILE]     prints milliseconds, unwrapped bytes, and the most memory that was used, in KiB */
#include <stdio.h>
#include <sys/resource.h>

#include "verifier/recovery/artifact.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"
#include "verifier/util/secret.h"

static int read_it(const char *path, const struct rp_unwrapping *how, uint64_t *ret, struct rp_err **err)
{
	static uint8_t buf[64 << 10]; /* what a tool is fed with at a time */
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) point = NULL;
	rp_auto(rp_artifact) a = NULL;
	rp_auto(rp_stream) s = NULL;
	ssize_t n;
	if (rp_store_open(&store, path, how->run, err) < 0 ||
	    rp_store_choose(store, "newest", &point, NULL, err) < 0 ||
	    rp_artifact_open(&a, store, point, how, err) < 0 ||
	    rp_artifact_read(a, &a->files[0], &s, err) < 0)
		return -1;
	while ((n = rp_stream_read(s, buf, sizeof buf, err)) > 0)
		*ret += (uint64_t)n;
	rp_stream_close(rp_take(s));
	return n < 0 ? -1 : rp_artifact_finish(a, err);
}

int main(int argc, char **argv)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_secret) password = NULL;
	struct rp_run run = {.cancel_fd = -1};
	struct rp_unwrapping how = {.run = &run, .room = UINT64_MAX, .passwords = &password};
	struct rusage used = {0};
	uint64_t bytes = 0;
	int64_t began = rp_run_clock_ms();
	if (argc < 2 || (argc > 2 && rp_secret_of_file(&password, argv[2], &err) < 0))
		goto failed;
	how.n_passwords = argc > 2 ? 1 : 0;
	if (read_it(argv[1], &how, &bytes, &err) < 0)
		goto failed;
	(void)getrusage(RUSAGE_SELF, &used);
	(void)printf("%lld %llu %ld\n", (long long)(rp_run_clock_ms() - began), (unsigned long long)bytes,
		     used.ru_maxrss);
	return 0;
failed:
	(void)fprintf(stderr, "unwrap: %s\n",
		      err != NULL ? rp_err_text(err) : "usage: unwrap FILE [PASSWORD-FILE]");
	return 2;
}
