/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "verifier/survey/digest.h"
#include "verifier/survey/key.h"
#include "verifier/survey/seed.h"
#include "verifier/survey/sketch_cells.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

/* docs/digest-format.md is where the vectors are kept: its last block of JSON is computed anew and must come
 * out the same. With RP_UPDATE_GOLDEN=1 it is replaced. */

#define BEGIN "```json\n"
#define END   "\n```\n"

static void set_text(json_t *to, const char *name, const char *text)
{
	assert_int_equal(json_object_set_new(to, name, json_string(text)), 0);
}

static void set_hex(json_t *to, const char *name, const void *bytes, size_t len)
{
	rp_autobuf hex = RP_BUF_INIT(1 << 20);
	rp_buf_add_hex(&hex, bytes, len);
	set_text(to, name, rp_buf_text(&hex));
}

static void set_sums(json_t *to, const char *name, const uint64_t *halves, size_t n)
{
	char text[40] = "";
	for (size_t i = 0; i < n; i++)
		(void)snprintf(text + 16 * i, sizeof text - 16 * i, "%016" PRIx64, halves[i]);
	set_text(to, name, text);
}

/* null, hexadecimal, or [length, "byte"]. */
static void add_value(struct rp_row *row, const json_t *value)
{
	uint8_t bytes[1024];
	size_t len;
	if (json_is_null(value)) {
		rp_row_add_null(row);
		return;
	}
	if (json_is_array(value)) {
		len = (size_t)json_integer_value(json_array_get(value, 0));
		assert_true(len <= sizeof bytes);
		assert_true(rp_parse_hex(json_string_value(json_array_get(value, 1)), bytes, 1));
		memset(bytes, bytes[0], len);
	} else {
		len = json_string_length(value) / 2;
		assert_true(len <= sizeof bytes && rp_parse_hex(json_string_value(value), bytes, len));
	}
	rp_row_add(row, bytes, len);
}

static void encode(struct rp_row *row, const json_t *json)
{
	const json_t *values = json_object_get(json, "values");
	rp_row_begin(row);
	for (size_t i = 0; i < json_array_size(values); i++)
		add_value(row, json_array_get(values, i));
	assert_false(row->failed);
}

/* What is carried of the row's key, with the sketch's key size. */
static struct rp_key_bytes key_of(const struct rp_row *row, const struct rp_relation *r,
				  const struct rp_method *how)
{
	struct rp_key_maker maker;
	struct rp_key_bytes key;
	assert_int_equal(rp_key_maker_init(&maker, r, how, rp_sketch_key_size(r->sketch), NULL), 0);
	const uint8_t *at = row->bytes, *end = row->bytes + row->len, *start = at;
	struct rp_field f;
	for (size_t i = 0; rp_row_next(&at, end, &f) > 0; start = at, i++)
		if (r->columns[i].key > 0)
			maker.parts[r->columns[i].key - 1] =
				(struct rp_key_part){start, (size_t)(at - start)};
	assert_int_equal(rp_key_make(&maker, end, &key, NULL), 0);
	rp_key_maker_done(&maker);
	return key;
}

static void fill_row(json_t *json, struct rp_row *row, const struct rp_relation *r,
		     const struct rp_method *how)
{
	encode(row, json);
	struct rp_u128 h = rp_row_hash(row->bytes, row->len, rp_method_seed(how));
	set_hex(json, "encoded", row->bytes, row->len);
	set_sums(json, "hash", (uint64_t[]){h.hi, h.lo}, 2);
	if (r->sketch == NULL)
		return;
	struct rp_key_bytes key = key_of(row, r, how);
	rp_auto(rp_sketch) wide = NULL;
	assert_int_equal(rp_sketch_new(&wide, 256, rp_sketch_key_size(r->sketch), how->salt, NULL), 0);
	struct rp_place place = rp_sketch_place(wide, &key, h.lo);
	set_hex(json, "key", key.bytes, key.len);
	set_sums(json, "place", &place.at, 1);
	set_sums(json, "check", &place.check, 1);
	json_t *cells = json_array();
	for (unsigned k = 0; k < RP_PARTITIONS; k++)
		json_array_append_new(cells, json_integer(rp_sketch_cell(wide, place.at, k)));
	json_object_set_new(json, "cells", cells);
}

static void fill_sketch(json_t *json, const struct rp_sketch *sketch)
{
	json_t *to = json_object();
	if (sketch != NULL) {
		rp_autobuf text = RP_BUF_INIT(1 << 20);
		uint8_t digest[RP_SHA256_LEN];
		rp_sketch_write(sketch, &text);
		rp_sha256(text.s, text.len, digest);
		json_object_set_new(to, "cells", json_integer(rp_sketch_cells(sketch)));
		json_object_set_new(to, "keySize", json_integer(rp_sketch_key_size(sketch)));
		set_hex(to, "sha256", digest, sizeof digest);
	}
	json_object_set_new(json, "sketch", to);
}

static void fill_sums(json_t *json, const struct rp_relation *r)
{
	json_t *columns = json_array();
	char rows[24];
	(void)snprintf(rows, sizeof rows, "%" PRIu64, r->rows);
	set_text(json, "rowCount", rows);
	set_sums(json, "digest", (uint64_t[]){r->digest.hi, r->digest.lo}, 2);
	for (size_t i = 0; i < r->n_columns; i++) {
		json_t *column = json_object();
		(void)snprintf(rows, sizeof rows, "%" PRIu64, r->columns[i].nulls);
		set_sums(column, "digest", &r->columns[i].digest, 1);
		set_text(column, "nulls", rows);
		json_array_append_new(columns, column);
	}
	json_object_set_new(json, "columns", columns);
	set_hex(json, "strong", r->strong, RP_STRONG_LEN);
	fill_sketch(json, r->sketch);
}

static void fill_relation(json_t *json, const uint8_t salt[32])
{
	struct rp_method how = {.encoding = RP_ENCODING, .strong = true};
	struct rp_column columns[8] = {0};
	const json_t *keys = json_object_get(json, "key");
	json_t *rows = json_object_get(json, "rows");
	struct rp_relation r = {.name = json_string_value(json_object_get(json, "name")),
				.columns = columns,
				.n_columns = json_array_size(keys)};
	memcpy(how.salt, salt, 32);
	how.whole_keys = json_is_true(json_object_get(json, "wholeKeys"));
	how.sketch_bytes = (uint32_t)json_integer_value(json_object_get(json, "sketchBytes"));
	for (size_t i = 0; i < r.n_columns; i++)
		columns[i].key = (unsigned)json_integer_value(json_array_get(keys, i));

	struct rp_tally t;
	struct rp_row row = {0};
	assert_int_equal(rp_tally_init(&t, &r, &how, NULL, NULL), 0);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		encode(&row, json_array_get(rows, i));
		assert_int_equal(rp_tally_row(&t, row.bytes != NULL ? row.bytes : salt, row.len, NULL), 0);
	}
	rp_tally_store(&t, &r);
	for (size_t i = 0; i < json_array_size(rows); i++)
		fill_row(json_array_get(rows, i), &row, &r, &how);
	fill_sums(json, &r);
	rp_row_done(&row);
	rp_sketch_free(r.sketch);
	free(r.strong);
}

static void fill_seeds(json_t *json, const uint8_t salt[32])
{
	struct rp_method how = {.encoding = RP_ENCODING};
	struct rp_column columns[2] = {0};
	struct rp_relation r = {.columns = columns, .n_columns = 2};
	struct rp_tally t;
	rp_auto(rp_sketch) s = NULL;
	uint8_t base[RP_SHA256_LEN];
	memcpy(how.salt, salt, 32);
	json_t *to = json_object();
	uint64_t seed = rp_method_seed(&how);
	set_sums(to, "row", &seed, 1);
	assert_int_equal(rp_tally_init(&t, &r, &how, NULL, NULL), 0);
	set_sums(to, "column0", &t.columns[0].seed, 1);
	set_sums(to, "column1", &t.columns[1].seed, 1);
	rp_tally_done(&t);
	assert_int_equal(rp_sketch_new(&s, 4, 0, salt, NULL), 0);
	set_sums(to, "place", &s->place_seed, 1);
	set_sums(to, "check", &s->check_seed, 1);
	rp_seed_base(RP_SEED_KEY, salt, base);
	set_hex(to, "keyBase", base, sizeof base);
	json_object_set_new(json, "seeds", to);
}

static void vectors_of_the_text_come_out_the_same(void **state)
{
	(void)state;
	char path[4096];
	const char *fixtures = getenv("RP_FIXTURES");
	(void)snprintf(path, sizeof path, "%s/../docs/digest-format.md",
		       fixtures != NULL ? fixtures : "fixtures");
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_autoerr struct rp_err *err = NULL;
	if (rp_file_read(path, &text, &err) < 0)
		fail_msg("%s", rp_err_text(err));
	char *begin = strstr(text.s, BEGIN);
	assert_non_null(begin);
	begin += strlen(BEGIN);
	char *end = strstr(begin, END);
	assert_non_null(end);
	json_t *json = json_loadb(begin, (size_t)(end - begin), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	uint8_t salt[32];
	assert_true(rp_parse_hex(json_string_value(json_object_get(json, "salt")), salt, sizeof salt));
	json_t *relations = json_object_get(json, "relations");
	assert_true(json_array_size(relations) > 5);
	for (size_t i = 0; i < json_array_size(relations); i++)
		fill_relation(json_array_get(relations, i), salt);
	fill_seeds(json, salt);
	rp_autofree char *computed = json_dumps(json, JSON_INDENT(1));
	json_decref(json);
	if (getenv("RP_UPDATE_GOLDEN") != NULL) {
		rp_autobuf out = RP_BUF_INIT(1 << 20);
		rp_buf_add_mem(&out, text.s, (size_t)(begin - text.s));
		rp_buf_add(&out, computed);
		rp_buf_add(&out, end);
		assert_int_equal(rp_file_replace(path, out.s, out.len, 0644, NULL), 0);
		return;
	}
	*end = '\0';
	assert_string_equal(begin, computed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_text_come_out_the_same),
	};
	return cmocka_run_group_tests_name("digest_vectors", tests, NULL, NULL);
}
