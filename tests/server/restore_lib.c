/* SPDX-License-Identifier: MIT */
#include "tests/server/restore_lib.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "verifier/util/fd.h"
#include "verifier/util/sha256.h"

struct rp_run run = {.cancel_fd = -1};
const struct rp_engine *engine;
struct rp_scratch *source;
static char dir[64];

char *path_of(const char *name)
{
	static char path[8][160];
	static unsigned next;
	char *p = path[next++ % 8];
	(void)snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

void read_file(const char *name, struct rp_buf *into)
{
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_file_read(path_of(name), into, &err), 0);
}

void write_file(const char *name, const void *data, size_t len)
{
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(rp_file_replace(path_of(name), data, len, 0600, &err), 0);
}

void zip(const char *from, const char *to)
{
	rp_autobuf in = RP_BUF_INIT(DUMP_MAX);
	read_file(from, &in);
	gzFile f = gzopen(path_of(to), "wb1");
	assert_non_null(f);
	assert_int_equal(gzwrite(f, in.s, (unsigned)in.len), (int)in.len);
	assert_int_equal(gzclose(f), Z_OK);
}

static int make_scratch(struct rp_scratch **ret, struct rp_err **err)
{
	const struct rp_identity like = {
		.engine = this_test.engine, .version = this_test.version, .database = "shop"};
	const struct rp_scratch_wish wish = {
		.engine = engine, .like = like.version != NULL ? &like : NULL, .unboxed = true};
	return rp_scratch_make(ret, &wish, &run, err);
}

static int make_source(struct rp_err **err)
{
	rp_auto(rp_stream) sql = NULL;
	rp_autobuf said = RP_BUF_INIT(64 << 10);
	if (make_scratch(&source, err) < 0 || rp_scratch_start(source, err) < 0 ||
	    rp_stream_of_memory(&sql, this_test.sql, strlen(this_test.sql), err) < 0)
		return -1;
	return rp_scratch_feed(source, this_test.loader(source), sql, &said, err);
}

int set_up(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	(void)snprintf(dir, sizeof dir, "/tmp/rp-restore-XXXXXX");
	if (mkdtemp(dir) == NULL || make_source(&err) < 0) {
		print_error("%s\n", err != NULL ? rp_err_text(err) : "no directory");
		return -1;
	}
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	rp_scratch_free(source);
	return rp_tree_remove(dir, NULL);
}

void outcome_done(struct outcome *o)
{
	rp_restored_done(&o->restored);
	rp_scratch_free(o->scratch);
	rp_artifact_free(o->artifact);
	rp_point_free(o->point);
	rp_store_close(o->store);
	rp_err_free(o->err);
}

int restore(struct outcome *o, const char *name)
{
	const struct rp_format *f = NULL;
	if (rp_store_open(&o->store, path_of(name), &run, &o->err) < 0 ||
	    rp_store_choose(o->store, "newest", &o->point, NULL, &o->err) < 0 ||
	    rp_artifact_open(&o->artifact, o->store, o->point, NULL, &o->err) < 0 ||
	    rp_format_of(&f, o->artifact, &o->err) < 0 || make_scratch(&o->scratch, &o->err) < 0)
		return -1;
	int r = rp_restore(&o->restored, f, o->artifact, o->scratch, &o->err);
	/* Whatever happened, every byte was hashed. */
	rp_autobuf stored = RP_BUF_INIT(DUMP_MAX);
	read_file(name, &stored);
	uint8_t want[RP_SHA256_LEN];
	rp_sha256(stored.s, stored.len, want);
	assert_true(o->artifact->files[0].digested);
	assert_memory_equal(o->artifact->files[0].sha256, want, sizeof want);
	assert_int_equal(r == 0, o->restored.format == f);
	return r;
}

void expect_whole(const char *name, const char *format, const char *holds)
{
	rp_autooutcome o = {0};
	if (restore(&o, name) < 0)
		fail_msg("%s", rp_err_text(o.err));
	assert_string_equal(o.restored.format->name, format);
	assert_string_equal(o.restored.said, "");
	char got[1000];
	char want[1000];
	this_test.ask(o.scratch, this_test.everything, got, sizeof got);
	this_test.ask(source, this_test.everything, want, sizeof want);
	assert_string_equal(got, want);
	assert_non_null(strstr(got, holds));
}

void expect_failure(const char *name, enum rp_err_kind kind, const char *text)
{
	rp_autooutcome o = {0};
	assert_int_equal(restore(&o, name), -1);
	if (rp_err_kind(o.err) != kind || strstr(rp_err_text(o.err), text) == NULL)
		fail_msg("kind %d: %s", (int)rp_err_kind(o.err), rp_err_text(o.err));
	if (kind != RP_ERR_BACKUP && rp_err_hint_text(o.err) == NULL)
		fail_msg("what to do is not said: %s", rp_err_text(o.err));
}
