/* SPDX-License-Identifier: MIT */
#ifndef RP_TESTS_MANIFEST_SAMPLE_H
#define RP_TESTS_MANIFEST_SAMPLE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/manifest/manifest.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

/* What the tests of keys, envelope, statement and trust need: a directory of their own (the group's state),
 * the test keys with the modes they should have, a small manifest. */

static inline int sample_dir(void **state)
{
	char *dir = strdup("/tmp/rp-manifest-XXXXXX");
	*state = dir;
	return dir != NULL && mkdtemp(dir) != NULL ? 0 : -1;
}

static inline int sample_dir_remove(void **state)
{
	int r = rp_tree_remove(*state, NULL);
	free(*state);
	return r;
}

static inline void sample_fixture(const char *name, char *path, size_t size)
{
	const char *fixtures = getenv("RP_FIXTURES");
	snprintf(path, size, "%s/keys/%s", fixtures != NULL ? fixtures : "fixtures", name);
}

/* A copy under dir with a mode, for git keeps none. A fixture that is not there gives a path without a file. */
static inline void sample_place(const char *dir, const char *name, mode_t mode, char *path, size_t size)
{
	char from[512];
	rp_autobuf text = RP_BUF_INIT(64 << 10);
	sample_fixture(name, from, sizeof from);
	snprintf(path, size, "%s/%s", dir, name);
	if (rp_file_read(from, &text, NULL) == 0)
		(void)!rp_file_replace(path, rp_buf_text(&text), text.len, mode, NULL);
}

static inline struct rp_key *sample_private(const char *dir, const char *name)
{
	char path[512];
	struct rp_key *k = NULL;
	sample_place(dir, name, 0600, path, sizeof path);
	(void)!rp_key_load_private(&k, path, NULL, NULL);
	return k;
}

static inline struct rp_key *sample_public(const char *name)
{
	char path[512];
	struct rp_key *k = NULL;
	sample_fixture(name, path, sizeof path);
	(void)!rp_key_load_public(&k, path, NULL);
	return k;
}

/* 2026-01-31T06:00:00.123Z */
#define SAMPLE_SEALED_MS INT64_C(1769839200123)

static inline struct rp_survey *sample_survey(void)
{
	struct rp_survey *s = NULL;
	const struct rp_fact facts[] = {{"lsn", "0/15D3A08"}};
	const struct rp_identity identity = {.engine = "postgresql",
					     .version = "15.20",
					     .database = "shop",
					     .instance = "7300000000000000001",
					     .bytes = 1 << 20};
	const struct rp_position position = {
		.taken_ms = SAMPLE_SEALED_MS - 1000, .bound = true, .facts = facts, .n_facts = 1};
	const struct rp_object table = {.kind = "table", .name = "public.orders", .definition = "id bigint"};
	struct rp_column columns[] = {{.name = "id", .type = "bigint", .encoding = "binary", .key = 1}};
	const struct rp_relation orders = {.name = "public.orders",
					   .columns = columns,
					   .n_columns = 1,
					   .rows = UINT64_C(9007199254740993)};
	if (rp_survey_new(&s, NULL) < 0)
		return NULL;
	s->method.encoding = 1;
	if (rp_survey_identify(s, &identity, &position, NULL) < 0 ||
	    rp_survey_add_object(s, &table, NULL) < 0 || rp_survey_add_relation(s, &orders, NULL) < 0 ||
	    rp_survey_finish(s, NULL) < 0) {
		rp_survey_free(s);
		return NULL;
	}
	return s;
}

#endif
