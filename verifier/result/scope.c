/* SPDX-License-Identifier: MIT */
#include "verifier/result/scope.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/result/result.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

#define SAYS_MAX    (64U << 10)
#define NAMES_SHOWN 20U

/* ---- What was looked at ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct rp_scope_relation *)a)->name,
		      ((const struct rp_scope_relation *)b)->name);
}

static bool is_counted(const struct rp_finding *f)
{
	const char *count = f->expected != NULL ? f->expected : f->found;
	return strcmp(f->check, "relation.rows") == 0 && count != NULL && f->verdict != RP_NOT_RUN;
}

static bool add_check(struct rp_scope *s, struct rp_arena *memory, const char *name)
{
	/* Findings of one check stand together. */
	if (s->n_checks > 0 && strcmp(s->checks[s->n_checks - 1], name) == 0)
		return true;
	s->checks[s->n_checks] = rp_arena_strdup(memory, name);
	return s->checks[s->n_checks++] != NULL;
}

static bool add_relation(struct rp_scope *s, struct rp_arena *memory, const struct rp_finding *f)
{
	struct rp_scope_relation *to = &s->relations[s->n_relations];
	if (!rp_parse_u64(f->expected != NULL ? f->expected : f->found, 0, UINT64_MAX, &to->rows))
		return true; /* of a relation that was not sealed, or the result of another version */
	to->name = rp_arena_strdup(memory, f->object);
	s->rows += to->rows;
	s->n_relations++;
	return to->name != NULL;
}

static bool add_waivers(struct rp_scope *s, struct rp_arena *memory, const struct rp_record *r)
{
	struct rp_waiver_note *kept = rp_arena_array(memory, r->n_waivers + 1, sizeof *kept);
	for (size_t i = 0; kept != NULL && i < r->n_waivers; i++) {
		kept[i] = r->waivers[i];
		kept[i].check = rp_arena_strdup(memory, r->waivers[i].check);
		kept[i].object = rp_arena_strdup(memory, r->waivers[i].object);
		kept[i].reason = kept[i].owner = NULL;
		if (kept[i].check == NULL || kept[i].object == NULL)
			return false;
	}
	s->waivers = kept;
	s->n_waivers = r->n_waivers;
	return kept != NULL;
}

static bool add_options(struct rp_scope *s, struct rp_arena *memory, const struct rp_record *r)
{
	struct rp_fact *kept = rp_arena_array(memory, r->n_options + 1, sizeof *kept);
	for (size_t i = 0; kept != NULL && i < r->n_options; i++) {
		kept[i].name = rp_arena_strdup(memory, r->options[i].name);
		kept[i].value = rp_arena_strdup(memory, r->options[i].value);
		if (kept[i].name == NULL || kept[i].value == NULL)
			return false;
	}
	s->options = kept;
	s->n_options = r->n_options;
	return kept != NULL;
}

static void drop_doubles(struct rp_scope *s)
{
	size_t n = 0;
	qsort(s->checks, s->n_checks, sizeof *s->checks, by_text);
	for (size_t i = 0; i < s->n_checks; i++)
		if (n == 0 || strcmp(s->checks[n - 1], s->checks[i]) != 0)
			s->checks[n++] = s->checks[i];
	s->n_checks = n;
	qsort(s->relations, s->n_relations, sizeof *s->relations, by_name);
}

int rp_scope_of(struct rp_scope *ret, struct rp_arena *memory, const struct rp_result *r, struct rp_err **err)
{
	struct rp_scope s = {.at_ms = r->started_ms};
	size_t counted = 0;
	for (size_t i = 0; i < r->findings.n; i++)
		counted += is_counted(&r->findings.all[i]);
	s.checks = rp_arena_array(memory, r->findings.n + 1, sizeof *s.checks);
	s.relations = rp_arena_array(memory, counted + 1, sizeof *s.relations);
	bool kept = s.checks != NULL && s.relations != NULL && add_waivers(&s, memory, &r->record) &&
		    add_options(&s, memory, &r->record);
	for (size_t i = 0; kept && i < r->findings.n; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		if (f->verdict != RP_NOT_RUN)
			kept = add_check(&s, memory, f->check);
		if (kept && is_counted(f))
			kept = add_relation(&s, memory, f);
	}
	if (!kept)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	drop_doubles(&s);
	s.went_through = s.n_relations > 0;
	*ret = s;
	return 0;
}

/* ---- What differs ---- */

struct comparing {
	struct rp_arena *memory;
	struct rp_change_note *to;
	size_t n;
	bool failed;
};

static const char *number(struct comparing *c, uint64_t n)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	const char *kept = rp_arena_strdup(c->memory, text);
	c->failed = c->failed || kept == NULL;
	return kept;
}

static void note(struct comparing *c, const char *what, uint64_t before, uint64_t after,
		 const struct rp_buf *says, bool narrower)
{
	struct rp_change_note *to = &c->to[c->n++];
	*to = (struct rp_change_note){.what = what,
				      .before = number(c, before),
				      .after = number(c, after),
				      .says = rp_arena_strdup(c->memory, rp_buf_text(says)),
				      .narrower = narrower};
	c->failed = c->failed || says->failed || to->says == NULL;
}

/* Two sorted lists, of anything that begins with its name: how many of a are not in b, the first ones by name. */
struct names {
	const void *all;
	size_t n, size;
};
static const char *name_at(const struct names *l, size_t i)
{
	return *(const char *const *)(const void *)((const char *)l->all + i * l->size);
}

static size_t tell_missing(struct rp_buf *says, const char *what, const struct names *a,
			   const struct names *b)
{
	size_t missing = 0, k = 0;
	for (size_t i = 0; i < a->n; i++) {
		while (k < b->n && strcmp(name_at(b, k), name_at(a, i)) < 0)
			k++;
		if (k < b->n && strcmp(name_at(b, k), name_at(a, i)) == 0)
			continue;
		if (missing < NAMES_SHOWN)
			rp_buf_addf(says, "%s%s%s",
				    missing > 0	    ? ", "
				    : says->len > 0 ? "; "
						    : "",
				    missing > 0 ? "" : what, name_at(a, i));
		missing++;
	}
	if (missing > NAMES_SHOWN)
		rp_buf_addf(says, " and %zu more", missing - NAMES_SHOWN);
	return missing;
}

static void compare_names(struct comparing *c, const char *what, const char *gone, const char *new,
			  const struct names *before, const struct names *after)
{
	rp_autobuf says = RP_BUF_INIT(SAYS_MAX);
	size_t less = tell_missing(&says, gone, before, after);
	size_t more = tell_missing(&says, new, after, before);
	if (less + more > 0)
		note(c, what, before->n, after->n, &says, less > 0);
}

static void compare_rows(struct comparing *c, const struct rp_scope *before, const struct rp_scope *after)
{
	rp_autobuf says = RP_BUF_INIT(SAYS_MAX);
	if (after->rows >= before->rows)
		return;
	rp_buf_addf(&says, "%llu fewer rows", (unsigned long long)(before->rows - after->rows));
	/* Rows come and go; a tenth of them is worth a look. */
	note(c, "rows", before->rows, after->rows, &says, before->rows - after->rows >= before->rows / 10);
}

static bool holds(const struct rp_scope *s, const struct rp_waiver_note *w)
{
	for (size_t i = 0; i < s->n_waivers; i++)
		if (!s->waivers[i].expired && strcmp(s->waivers[i].check, w->check) == 0 &&
		    strcmp(s->waivers[i].object, w->object) == 0)
			return true;
	return false;
}

/* A waiver that is there now lets more pass than before, used or not. */
static void compare_waivers(struct comparing *c, const struct rp_scope *before, const struct rp_scope *after)
{
	rp_autobuf says = RP_BUF_INIT(SAYS_MAX);
	size_t is = 0, was = 0, new = 0;
	for (size_t i = 0; i < after->n_waivers; i++) {
		const struct rp_waiver_note *w = &after->waivers[i];
		is += !w->expired;
		if (w->expired || holds(before, w))
			continue;
		if (new ++ < NAMES_SHOWN)
			rp_buf_addf(&says, "%s%s of '%s'", new > 1 ? ", " : "new: ", w->check, w->object);
	}
	for (size_t i = 0; i < before->n_waivers; i++)
		was += !before->waivers[i].expired;
	if (new > 0 || is != was)
		note(c, "waivers", was, is, &says, new > 0);
}

int rp_scope_changes(struct rp_change_note ret[RP_SCOPE_CHANGES_MAX], size_t *ret_n, struct rp_arena *memory,
		     const struct rp_scope *before, const struct rp_scope *after, struct rp_err **err)
{
	struct comparing c = {.memory = memory, .to = ret};
	if (before->went_through && after->went_through) {
		compare_names(&c, "checks", "no longer asked: ", "new: ",
			      &(struct names){before->checks, before->n_checks, sizeof *before->checks},
			      &(struct names){after->checks, after->n_checks, sizeof *after->checks});
		compare_names(
			&c, "relations", "no longer there: ", "new: ",
			&(struct names){before->relations, before->n_relations, sizeof *before->relations},
			&(struct names){after->relations, after->n_relations, sizeof *after->relations});
		compare_rows(&c, before, after);
	}
	compare_waivers(&c, before, after);
	*ret_n = c.n;
	return c.failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

static const char *value_of(const struct rp_fact *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].value;
	return NULL;
}

static void add_name(struct rp_buf *to, size_t *n, const char *which, const char *name)
{
	rp_buf_addf(to, "%s%s%s", *n > 0 ? ", " : to->len > 0 ? "; " : "", *n > 0 ? "" : which, name);
	(*n)++;
}

void rp_scope_options(struct rp_buf *ret, const struct rp_scope *before, const struct rp_fact *now, size_t n)
{
	size_t others = 0, new = 0, gone = 0;
	for (size_t i = 0; i < n; i++) {
		const char *was = value_of(before->options, before->n_options, now[i].name);
		if (was != NULL && strcmp(was, now[i].value) != 0)
			add_name(ret, &others, "other values: ", now[i].name);
	}
	for (size_t i = 0; i < n; i++)
		if (value_of(before->options, before->n_options, now[i].name) == NULL)
			add_name(ret, &new, "new: ", now[i].name);
	for (size_t i = 0; i < before->n_options; i++)
		if (value_of(now, n, before->options[i].name) == NULL)
			add_name(ret, &gone, "no longer given: ", before->options[i].name);
}
