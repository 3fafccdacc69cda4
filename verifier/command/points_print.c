/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "verifier/command/points.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define CELL_MAX  4096
#define WIDTH_MAX 40 /* of a column; longer ones push the rest of their line to the right */

static void time_cell(const struct row *r, struct rp_buf *to)
{
	char text[RP_TIME_TEXT];

	rp_time_format(r->taken_ms - r->taken_ms % 1000, text);
	rp_buf_addf(to, "%.16s", text);
	if (to->len > 10)
		to->s[10] = ' ';
}

static void size_cell(const struct row *r, struct rp_buf *to)
{
	char text[RP_TIME_TEXT];

	rp_size_format(r->bytes, text);
	rp_buf_add(to, text);
}

static void format_cell(const struct row *r, struct rp_buf *to)
{
	rp_buf_add(to, r->format ? r->format : r->unseen ? "?" : "unknown");
	if (r->wrapped)
		rp_buf_addf(to, " (%s)", r->wrapped);
}

static void plain_or_dash(struct rp_buf *to, const char *text)
{
	rp_buf_add_plain(to, text ? text : "-");
}

static void server_cell(const struct row *r, struct rp_buf *to)
{
	plain_or_dash(to, r->server);
}

static void tool_cell(const struct row *r, struct rp_buf *to)
{
	plain_or_dash(to, r->tool);
}

static void sealed_cell(const struct row *r, struct rp_buf *to)
{
	rp_buf_add(to, r->sealed ? "sealed" : "-");
}

static void name_cell(const struct row *r, struct rp_buf *to)
{
	rp_buf_add_plain(to, r->name);
}

static const struct column {
	const char *title;
	void (*fill)(const struct row *r, struct rp_buf *to);
} columns[] = {
	{"time (UTC)", time_cell}, {"size", size_cell},	    {"format", format_cell}, {"server", server_cell},
	{"tool", tool_cell},	   {"sealed", sealed_cell}, {"name", name_cell},
};
#define COLUMNS (sizeof(columns) / sizeof(*columns))

static void table(const struct listing_of *l, struct rp_buf *out)
{
	int width[COLUMNS];
	rp_autobuf cell = RP_BUF_INIT(CELL_MAX);

	for (size_t k = 0; k < COLUMNS; k++) {
		width[k] = (int)strlen(columns[k].title);
		for (size_t i = 0; i < l->n; i++) {
			rp_buf_reset(&cell);
			if (!l->all[i].aside)
				columns[k].fill(&l->all[i], &cell);
			if ((int)cell.len > width[k] && cell.len <= WIDTH_MAX)
				width[k] = (int)cell.len;
		}
	}
	for (size_t k = 0; k < COLUMNS; k++)
		rp_buf_addf(out, "%-*s%s", k + 1 < COLUMNS ? width[k] : 0, columns[k].title,
			    k + 1 < COLUMNS ? "  " : "\n");
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < COLUMNS && !l->all[i].aside; k++) {
			rp_buf_reset(&cell);
			columns[k].fill(&l->all[i], &cell);
			rp_buf_addf(out, "%-*s%s", k + 1 < COLUMNS ? width[k] : 0, rp_buf_text(&cell),
				    k + 1 < COLUMNS ? "  " : "\n");
		}
	}
}

/* Of many files that are none, the first says what was tried. */
static void note(struct rp_buf *out, const char *text, const char **told)
{
	const char *tried = strstr(text, " (tried: ");
	bool again = tried && *told && strcmp(tried, *told) == 0;
	rp_autofree char *shorter = again ? strndup(text, (size_t)(tried - text)) : NULL;

	rp_buf_add_plain(out, shorter ? shorter : text);
	rp_buf_add(out, "\n");
	*told = tried ? tried : *told;
}

static void notes(const struct listing_of *l, struct rp_buf *out)
{
	const char *told = NULL;
	bool any = false;

	for (size_t i = 0; i < l->n; i++) {
		if (!l->all[i].note)
			continue;
		rp_buf_add(out, any ? "" : "\n");
		any = true;
		if (!strstr(l->all[i].note, l->all[i].name)) {
			rp_buf_add_plain(out, l->all[i].name);
			rp_buf_add(out, ": ");
		}
		note(out, l->all[i].note, &told);
	}
	if (l->refused) {
		rp_buf_addf(out, "\n%zu manifest%s not to be trusted: ", l->refused,
			    l->refused == 1 ? " is" : "s are");
		rp_buf_add_plain(out, l->refusal);
		rp_buf_add(out, "\n");
	}
}

/* What lies beside them, each kind once. Their texts are few, so the first of a kind speaks for it. */
static void beside(const struct listing_of *l, struct rp_buf *out)
{
	bool any = false;

	for (size_t i = 0; i < l->n; i++) {
		size_t count = 0;
		bool first = l->all[i].aside != NULL;
		for (size_t k = 0; k < l->n && first; k++) {
			if (!l->all[k].aside || strcmp(l->all[k].aside, l->all[i].aside) != 0)
				continue;
			first = k >= i;
			count++;
		}
		if (!first)
			continue;
		rp_buf_addf(out, "%s%s (%zu)", any ? ", " : "beside them: ", l->all[i].aside, count);
		any = true;
	}
	rp_buf_add(out, any ? "\n" : "");
}

static void summary(const struct listing_of *l, struct rp_buf *out)
{
	size_t backups = 0, sealed = 0, unknown = 0, unseen = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct row *r = &l->all[i];
		if (r->aside)
			continue;
		backups += r->format != NULL;
		sealed += r->sealed != NULL;
		unseen += r->unseen;
		unknown += !r->format && !r->unseen;
	}
	rp_buf_addf(out, "%s%zu backup%s, %zu sealed", l->n ? "\n" : "", backups, backups == 1 ? "" : "s",
		    sealed);
	if (unknown)
		rp_buf_addf(out, ", %zu of no known format", unknown);
	if (unseen)
		rp_buf_addf(out, ", %zu that could not be looked at", unseen);
	rp_buf_add(out, "\n");
}

void points_for_people(const struct listing_of *l, struct rp_buf *out)
{
	bool any = false;

	for (size_t i = 0; i < l->n && !any; i++)
		any = !l->all[i].aside;
	if (any)
		table(l, out);
	notes(l, out);
	summary(l, out);
	beside(l, out);
}

static void set(json_t *o, const char *name, const char *value)
{
	rp_autobuf plain = RP_BUF_INIT(1u << 20);

	if (!value)
		return;
	rp_buf_add_plain(&plain, value);
	(void)json_object_set_new(o, name, json_string(rp_buf_text(&plain)));
}

static json_t *row_json(const struct row *r)
{
	char at[RP_TIME_TEXT], number[24];
	json_t *o = json_object();

	set(o, "name", r->name);
	rp_time_format(r->taken_ms, at);
	set(o, "takenAt", at);
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)r->bytes);
	set(o, "bytes", number);
	set(o, "aside", r->aside);
	if (r->aside)
		return o;
	(void)snprintf(number, sizeof(number), "%zu", r->files);
	set(o, "files", number);
	set(o, "state", r->unseen ? "unseen" : r->format ? "backup" : "unknown");
	set(o, "format", r->format);
	set(o, "engine", r->engine);
	set(o, "wrapped", r->wrapped);
	set(o, "serverVersion", r->server);
	set(o, "tool", r->tool);
	set(o, "database", r->database);
	set(o, "position", r->position);
	set(o, "manifest", r->sealed);
	set(o, "target", r->target);
	set(o, "sealedBy", r->sealed ? r->how : NULL);
	set(o, "note", r->note);
	(void)json_object_set_new(o, "sealed", json_boolean(r->sealed != NULL));
	return o;
}

int points_for_scripts(const struct listing_of *l, struct rp_buf *out, struct rp_err **err)
{
	json_t *rows = json_array();
	json_t *root = json_pack("{s:s}", "schema", "reprove/points/v1");

	set(root, "place", l->place);
	for (size_t i = 0; i < l->n; i++)
		(void)json_array_append_new(rows, row_json(&l->all[i]));
	(void)json_object_set_new(root, "points", rows);
	bool whole = json_array_size(rows) == l->n;
	rp_autofree char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text || !whole)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_buf_add(out, text);
	rp_buf_add(out, "\n");
	return 0;
}
