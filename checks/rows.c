/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/survey/row.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* The answer for a relation whose rows differ. */

#define VALUE_MAX    (4u << 10) /* of one value, as people read it */
#define MASK	     "***"
#define SQL_NULL     "NULL"
#define MESSAGE_MAX  (4u << 10)
#define COLUMNS_TOLD 8
#define RUNS_TOLD    5 /* of ranges of a key */

struct telling {
	const struct rp_evidence *e;
	const struct rp_relation *sealed;
	const struct rp_engine *engine; /* NULL: values are shown as they are */
	struct rp_arena *memory;
};

static bool is_text(const uint8_t *v, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (v[i] < 0x20 || v[i] == 0x7f)
			return false;
	}
	return true;
}

/* What an engine that cannot show its values gets. What is no UTF-8 is made so where the finding is kept. */
static void show_plainly(const struct rp_field *f, struct rp_buf *out)
{
	if (is_text(f->value, f->len)) {
		rp_buf_add_mem(out, f->value, f->len);
	} else {
		rp_buf_add(out, "0x");
		rp_buf_add_hex(out, f->value, f->len);
	}
}

static const char *shown(const struct telling *t, const struct rp_column *col, const struct rp_field *f)
{
	rp_autobuf out = RP_BUF_INIT(VALUE_MAX * 4);
	struct rp_field head = *f;
	bool cut = false;

	if (!f->value)
		return SQL_NULL;
	/* Only text can be cut anywhere; what is cut is a note for people, the digest saw it whole. */
	if (head.len > VALUE_MAX) {
		head.len = VALUE_MAX;
		cut = true;
	}
	if (t->engine && t->engine->show && !cut)
		t->engine->show(col, &head, &out);
	else
		show_plainly(&head, &out);
	if (cut)
		rp_buf_addf(&out, "... (%zu bytes)", f->len);
	if (out.failed)
		return "(too long to be shown)";
	return rp_arena_strdup(t->memory, rp_buf_text(&out));
}

static const char *shown_key(const struct telling *t, const struct rp_column *col, const struct rp_field *f)
{
	return rp_evidence_shows_key(t->e, col) ? shown(t, col, f) : MASK;
}

static const struct rp_column *key_column(const struct rp_relation *r, unsigned place)
{
	for (size_t i = 0; i < r->n_columns; i++) {
		if (r->columns[i].key == place)
			return &r->columns[i];
	}
	return NULL;
}

static size_t key_width(const struct rp_relation *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_columns; i++)
		n += r->columns[i].key > 0;
	return n;
}

static bool fingerprint(const struct telling *t, const struct rp_row_change *c, struct rp_row_note *note)
{
	rp_autobuf hex = RP_BUF_INIT(256);
	struct rp_fact *fact = rp_arena_array(t->memory, 1, sizeof(*fact));

	rp_buf_add(&hex, "fp:");
	if (c->key.len)
		rp_buf_add_hex(&hex, c->key.bytes, c->key.len);
	else
		rp_buf_addf(&hex, "%016llx",
			    (unsigned long long)(c->change == RP_LOST ? c->sealed_hash : c->found_hash));
	if (!fact || hex.failed)
		return false;
	*fact = (struct rp_fact){.name = "", .value = rp_arena_strdup(t->memory, rp_buf_text(&hex))};
	note->key = fact;
	note->n_key = 1;
	return true;
}

/* The key as the sketch carried it. */
static bool carried_key(const struct telling *t, const struct rp_row_change *c, struct rp_row_note *note)
{
	size_t width = key_width(t->sealed);
	struct rp_fact *key = rp_arena_array(t->memory, width ? width : 1, sizeof(*key));
	const uint8_t *at = c->key.bytes, *end = at + c->key.len;
	struct rp_field f;
	unsigned n = 0;

	while (key && n < width && rp_row_next(&at, end, &f) == 1) {
		const struct rp_column *col = key_column(t->sealed, n + 1);
		if (!col)
			return false;
		key[n++] = (struct rp_fact){.name = col->name, .value = shown_key(t, col, &f)};
	}
	note->key = key;
	note->n_key = n;
	return key && n == width;
}

/* The restored row: its values, and its key where the sketch had a fingerprint only. */
static bool found_row(const struct telling *t, const struct rp_row_change *c, struct rp_row_note *note)
{
	size_t n = t->sealed->n_columns, width = key_width(t->sealed);
	struct rp_fact *values = rp_arena_array(t->memory, n + 1, sizeof(*values));
	struct rp_fact *key = rp_arena_array(t->memory, width + 1, sizeof(*key));
	const uint8_t *at = c->row, *end = at + c->row_len;
	bool masked = !t->e->target->show_values;
	struct rp_field f;
	size_t i = 0;

	if (!values || !key)
		return false;
	for (; i < n && rp_row_next(&at, end, &f) == 1; i++) {
		const struct rp_column *col = &t->sealed->columns[i];
		if (col->key)
			key[col->key - 1] =
				(struct rp_fact){.name = col->name, .value = shown_key(t, col, &f)};
		values[i] = (struct rp_fact){.name = col->name, .value = masked ? MASK : shown(t, col, &f)};
	}
	if (i < n)
		return false;
	note->values = values;
	note->n_values = n;
	if (width && !note->key) {
		note->key = key;
		note->n_key = width;
	}
	return true;
}

static void tell_row(const struct telling *t, const struct rp_row_change *c, struct rp_row_note *note)
{
	*note = (struct rp_row_note){.change = c->change};
	if (c->key.len && rp_key_is_whole(&c->key) && !carried_key(t, c, note)) {
		note->key = NULL;
		note->n_key = 0;
	}
	if (c->row && !found_row(t, c, note)) {
		note->values = NULL;
		note->n_values = 0;
	}
	if (!note->key)
		(void)fingerprint(t, c, note);
}

static void part(struct rp_buf *out, uint64_t n, const char *what)
{
	if (n)
		rp_buf_addf(out, "%s%llu row%s %s", out->len ? ", " : "", (unsigned long long)n,
			    n == 1 ? "" : "s", what);
}

/* One changed row: all of them are its. One column: it is every changed row's. */
static void name_columns(struct rp_buf *out, const struct rp_row_changes *c, const struct rp_relation *sealed)
{
	size_t n = 0, told = 0;

	for (size_t i = 0; c->altered && i < c->n_columns; i++)
		n += c->altered[i];
	if (!n)
		return;
	rp_buf_addf(out, " (%scolumn%s ", n > 1 && c->changed > 1 ? "in one or more of the " : "",
		    n == 1 ? "" : "s");
	for (size_t i = 0; i < c->n_columns && told < COLUMNS_TOLD; i++) {
		if (!c->altered[i])
			continue;
		rp_buf_add(out, told++ ? ", " : "");
		rp_buf_add_plain(out, sealed->columns[i].name);
	}
	if (told < n)
		rp_buf_addf(out, " and %zu more", n - told);
	rp_buf_add(out, ")");
}

/* "id 16384", "tenant 3, id 16384": a place in the key, in the words of its columns. */
static void tell_bound(const struct telling *t, const struct rp_bound *b, size_t from, size_t n,
		       struct rp_buf *out)
{
	for (size_t i = from; i < n; i++) {
		const struct rp_column *col = key_column(t->sealed, (unsigned)i + 1);
		const struct rp_field f = {b->column[i].bytes, b->column[i].len};
		if (!col)
			return;
		rp_buf_add(out, i > from ? ", " : "");
		rp_buf_add_plain(out, col->name);
		rp_buf_add(out, " ");
		const char *value = f.len ? shown_key(t, col, &f) : "''";
		rp_buf_add_plain(out, value ? value : "?");
	}
}

static void tell_run(const struct telling *t, const struct rp_range_change *c, struct rp_buf *out)
{
	struct rp_bound from, to;
	size_t n = rp_ranges_bounds(t->sealed->ranges, c, &from, &to);

	tell_bound(t, &from, 0, n, out);
	if (memcmp(&from, &to, sizeof(from)) != 0) {
		rp_buf_add(out, " to ");
		tell_bound(t, &to, n - 1, n, out);
	}
	if (c->outside)
		rp_buf_addf(out, " (%llu row%s where there was none)", (unsigned long long)c->found,
			    c->found == 1 ? "" : "s");
	else if (c->sealed == c->found)
		rp_buf_addf(out, " (%llu row%s, not as sealed)", (unsigned long long)c->sealed,
			    c->sealed == 1 ? "" : "s");
	else
		rp_buf_addf(out, " (%llu row%s sealed, %llu found)", (unsigned long long)c->sealed,
			    c->sealed == 1 ? "" : "s", (unsigned long long)c->found);
}

/* Everywhere is nowhere in particular. */
static void tell_ranges(const struct telling *t, const struct rp_range_changes *c, struct rp_buf *out)
{
	bool everywhere = c->ranges == c->of;

	if (!t->memory || !t->sealed->ranges || c->of < 2 || !c->n)
		return;
	if (everywhere)
		rp_buf_addf(out, "; in all %zu ranges of the key", c->of);
	else
		rp_buf_addf(out, "; in %zu of %zu ranges of the key", c->ranges, c->of);
	for (size_t i = everywhere ? c->n - 1 : 0, told = 0; i < c->n; i++) {
		if (everywhere && !c->all[i].outside)
			continue;
		if (told++ == RUNS_TOLD) {
			rp_buf_addf(out, " and %zu more", c->n - i);
			break;
		}
		rp_buf_add(out, told == 1 ? ": " : ", ");
		tell_run(t, &c->all[i], out);
	}
}

static void summarise(struct rp_buf *out, const struct rp_row_changes *c, const struct telling *t)
{
	const struct rp_relation *sealed = t->sealed;

	if (c->complete) {
		part(out, c->lost, "lost");
		part(out, c->changed, "changed");
		name_columns(out, c, sealed);
		part(out, c->gained, "gained");
		if (!out->len)
			rp_buf_add(out, "the rows differ, and the sketch does not say which");
	} else if (c->estimate) {
		rp_buf_addf(out, "about %llu", (unsigned long long)c->estimate);
		if (c->estimate_most > c->estimate)
			rp_buf_addf(out, " to %llu", (unsigned long long)c->estimate_most);
		rp_buf_addf(out, " row%s differ, too many to be %snamed from the manifest",
			    c->estimate <= 1 && c->estimate_most <= 1 ? "" : "s", c->n ? "all " : "");
		if (c->n)
			rp_buf_addf(out, ", %zu %s", c->n, c->n == 1 ? "is" : "are");
		tell_ranges(t, &c->ranges, out);
	} else {
		rp_buf_add(out, "the rows differ; the manifest carries no sketch to name them from");
	}
}

static void describe(const struct rp_relation *r, struct rp_buf *out)
{
	rp_buf_addf(out, "%llu row%s, digest %016llx%016llx", (unsigned long long)r->rows,
		    r->rows == 1 ? "" : "s", (unsigned long long)r->digest.hi,
		    (unsigned long long)r->digest.lo);
}

void rp_answer_rows(struct rp_findings *to, const struct rp_evidence *e, const struct rp_relation *sealed,
		    const struct rp_row_changes *changes)
{
	const struct rp_relation *found = e->found ? rp_survey_relation(e->found, sealed->name) : NULL;
	rp_autobuf message = RP_BUF_INIT(MESSAGE_MAX), expected = RP_BUF_INIT(256), got = RP_BUF_INIT(256);
	rp_auto(rp_arena) memory = NULL;
	struct rp_row_note *notes = NULL;
	size_t n = changes->n < RP_FINDING_ROWS_MAX ? changes->n : RP_FINDING_ROWS_MAX;
	const char *lacks = rp_evidence_lacks(e, sealed, found);
	const char *lossy = lacks ? lacks : rp_evidence_loses(e, sealed, changes->columns);
	const char *apart = rp_evidence_apart(e);
	struct rp_finding f = {.object = sealed->name, .verdict = RP_FAIL, .looked = 1};

	if (rp_arena_new(&memory, NULL) == 0 && n)
		notes = rp_arena_array(memory, n, sizeof(*notes));
	const struct telling t = {
		.e = e, .sealed = sealed, .engine = rp_evidence_engine(e), .memory = memory};
	if (notes) {
		for (size_t i = 0; i < n; i++)
			tell_row(&t, &changes->all[i], &notes[i]);
		f.rows = notes;
		f.n_rows = n;
		f.rows_complete = changes->complete && n == changes->n;
	}
	summarise(&message, changes, &t);
	if (lossy) {
		f.cause = RP_BY_FORMAT;
		rp_buf_addf(&message, "; lossy by the dump format: %s", lossy);
	} else if (apart) {
		f.verdict = RP_ERROR;
		f.cause = RP_BY_MOMENT;
		rp_buf_addf(&message, "; %s", apart);
	}
	describe(sealed, &expected);
	if (found)
		describe(found, &got);
	f.expected = rp_buf_text(&expected);
	f.found = found ? rp_buf_text(&got) : NULL;
	f.message = rp_buf_text(&message);
	rp_answer(to, &f);
}
