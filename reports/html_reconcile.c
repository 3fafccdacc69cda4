/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/parse.h"

/* Rows at the source, rows restored, rows hashed: relation by relation and in all. What differs or was not hashed comes
 * first, then the relations by name. */

#define OPEN_MAX 40U /* relations that are shown before anything is folded away */

struct relation {
	const char *name;
	const struct rp_finding *rows, *digest;
	uint64_t source, restored;
	bool counted;
};

static int by_name(const void *a, const void *b)
{
	const struct relation *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order != 0 ? order : (x->rows == NULL) - (y->rows == NULL);
}

static bool is_good(const struct relation *r)
{
	return r->counted && r->rows->verdict == RP_PASS && r->digest != NULL &&
	       r->digest->verdict == RP_PASS;
}

static int trouble_first(const void *a, const void *b)
{
	const struct relation *x = a, *y = b;
	int order = is_good(x) - is_good(y);
	return order != 0 ? order : strcmp(x->name, y->name);
}

static bool number(const char *s, uint64_t *ret)
{
	return s != NULL && rp_parse_u64(s, 0, UINT64_MAX, ret);
}

/* A pass that gives one number means both. */
static void read_counts(struct relation *r)
{
	const struct rp_finding *f = r->rows;
	const char *expected, *found;
	if (f == NULL)
		return;
	expected = f->expected == NULL && f->verdict == RP_PASS ? f->found : f->expected;
	found = f->found == NULL && f->verdict == RP_PASS ? f->expected : f->found;
	r->counted = number(expected, &r->source) && number(found, &r->restored);
}

/* Every relation that one of the two questions was answered about. *ret_n: how many. NULL without memory. */
static struct relation *relations(const struct rp_result *r, size_t *ret_n)
{
	struct relation *all = calloc(r->findings.n + 1, sizeof *all);
	size_t n = 0, kept = 0;
	for (size_t i = 0; all != NULL && i < r->findings.n; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		bool rows = strcmp(f->check, "relation.rows") == 0;
		if (*f->object == '\0' || (!rows && strcmp(f->check, "relation.digest") != 0))
			continue;
		all[n++] = (struct relation){
			.name = f->object, .rows = rows ? f : NULL, .digest = rows ? NULL : f};
	}
	if (n > 0)
		qsort(all, n, sizeof *all, by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && strcmp(all[kept - 1].name, all[i].name) == 0) {
			struct relation *to = &all[kept - 1];
			to->rows = to->rows != NULL ? to->rows : all[i].rows;
			to->digest = to->digest != NULL ? to->digest : all[i].digest;
			continue;
		}
		all[kept++] = all[i];
	}
	for (size_t i = 0; i < kept; i++)
		read_counts(&all[i]);
	if (kept > 0)
		qsort(all, kept, sizeof *all, trouble_first);
	*ret_n = kept;
	return all;
}

/* Rows that are read for the digest are those that are counted; a digest that was not taken has read none. */
static bool hashed(const struct relation *r)
{
	return r->digest != NULL && (r->digest->verdict == RP_PASS || r->digest->verdict == RP_FAIL ||
				     r->digest->verdict == RP_WAIVED || r->digest->cause == RP_BY_MOMENT);
}

static void cell(struct rp_buf *out, bool is, uint64_t n)
{
	rp_buf_add(out, "<td class=\"n\">");
	if (is)
		rp_html_count(out, n);
	else
		rp_buf_add(out, "&ndash;");
	rp_buf_add(out, "</td>");
}

static enum rp_verdict worse(enum rp_verdict a, enum rp_verdict b)
{
	static const unsigned char order[] = {
		[RP_PASS] = 0, [RP_WAIVED] = 1, [RP_NOT_RUN] = 2, [RP_ERROR] = 3, [RP_FAIL] = 4};
	return order[a] >= order[b] ? a : b;
}

static void line(const struct relation *r, struct rp_buf *out)
{
	static const char *const words[] = {[RP_PASS] = "the same",
					    [RP_FAIL] = "differ",
					    [RP_NOT_RUN] = "not compared",
					    [RP_ERROR] = "could not tell",
					    [RP_WAIVED] = "differ, accepted"};
	enum rp_verdict v = worse(r->rows != NULL ? r->rows->verdict : RP_NOT_RUN,
				  r->digest != NULL ? r->digest->verdict : RP_NOT_RUN);
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", r->name);
	cell(out, r->counted, r->source);
	cell(out, r->counted, r->restored);
	cell(out, r->counted && hashed(r), r->restored);
	rp_buf_add(out, "<td>");
	rp_html_state(out, v, words[v]);
	rp_buf_add(out, "</td></tr>\n");
}

static void sum(const struct relation *all, size_t n, struct rp_buf *out)
{
	uint64_t source = 0, restored = 0, read = 0;
	bool fits = true;
	for (size_t i = 0; i < n; i++) {
		fits &= !__builtin_add_overflow(source, all[i].source, &source);
		fits &= !__builtin_add_overflow(restored, all[i].restored, &restored);
		fits &= !__builtin_add_overflow(read, hashed(&all[i]) ? all[i].restored : 0, &read);
	}
	rp_buf_add(out, "<tr class=\"sum\"><th scope=\"row\">all ");
	rp_html_count(out, n);
	rp_buf_add(out, "</th>");
	cell(out, fits, source);
	cell(out, fits, restored);
	cell(out, fits, read);
	rp_buf_add(out, "<td>");
	rp_html_state(out, source == restored && restored == read ? RP_PASS : RP_FAIL,
		      source == restored && restored == read ? "equal" : "differ");
	rp_buf_add(out, "</td></tr>\n");
}

static void table(const struct relation *all, size_t n, bool with_sum, const char *caption,
		  struct rp_buf *out)
{
	static const char *const columns[] = {"Relation", "#Source", "#Restored", "#Hashed", "Content", NULL};
	rp_html_table(out, "counts", caption, columns);
	if (with_sum)
		sum(all, n, out);
	for (size_t i = 0; i < n && i < (with_sum ? OPEN_MAX : n); i++)
		line(&all[i], out);
	rp_html_table_end(out);
}

void rp_html_reconcile(const struct rp_outline *o, struct rp_buf *out)
{
	size_t n = 0;
	rp_autofree struct relation *all = relations(o->result, &n);
	if (all == NULL) {
		out->failed = true;
		return;
	}
	rp_html_section(
		out, "reconciliation", "Reconciliation of rows",
		"Source: counted when the backup was sealed. Restored: counted in the restored database. Hashed: "
		"read, row by row, for the digest that was compared with the sealed one.");
	if (n == 0) {
		rp_html_el(out, "p", "No relation was compared in this run.");
		rp_html_section_end(out);
		return;
	}
	table(all, n, true, "Rows of each relation; what differs comes first", out);
	if (n > OPEN_MAX) {
		size_t rest = n - OPEN_MAX, shown = rest < RP_HTML_RELATIONS ? rest : RP_HTML_RELATIONS;
		rp_buf_add(out, "<details>\n<summary>The other relations (");
		rp_html_count(out, rest);
		rp_buf_add(out, ")</summary>\n");
		table(all + OPEN_MAX, shown, false, "Rows of each relation, continued", out);
		rp_html_more(out, rest - shown);
		rp_buf_add(out, "</details>\n");
	}
	rp_html_section_end(out);
}
