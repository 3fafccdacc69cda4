/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Objects of one kind in one schema, on both sides. */
struct count {
	const char *kind, *schema;
	size_t schema_len;
	uint64_t sealed, found;
};

/* The first part of a qualified name; none: it stands outside all schemas. */
static size_t schema_length(const char *name)
{
	for (size_t i = 0; name[i]; i++) {
		if (name[i] == '\\' && name[i + 1])
			i++;
		else if (name[i] == '.')
			return i;
	}
	return 0;
}

static struct count count_of(const struct rp_object *o, bool is_sealed)
{
	return (struct count){.kind = o->kind,
			      .schema = o->name,
			      .schema_len = schema_length(o->name),
			      .sealed = is_sealed,
			      .found = !is_sealed};
}

static int order(const void *va, const void *vb)
{
	const struct count *a = va, *b = vb;
	int by_kind = strcmp(a->kind, b->kind);
	size_t shorter = a->schema_len < b->schema_len ? a->schema_len : b->schema_len;
	int by_schema = by_kind ? by_kind : strncmp(a->schema, b->schema, shorter);

	if (by_schema)
		return by_schema;
	return a->schema_len < b->schema_len ? -1 : a->schema_len > b->schema_len;
}

/* Those that were sealed, without what such a backup does not carry and what the versions explain. */
static size_t collect(const struct rp_evidence *e, struct count *all)
{
	const struct rp_survey *sealed = e->manifest->survey;
	size_t n = 0;

	for (size_t i = 0; i < sealed->n_objects; i++)
		all[n++] = count_of(&sealed->objects[i], true);
	for (size_t i = 0; i < e->found->n_objects; i++)
		all[n++] = count_of(&e->found->objects[i], false);
	for (size_t i = 0; i < e->differences.n; i++) {
		const struct rp_difference *d = &e->differences.all[i];

		if (d->fact || d->change == RP_CHANGED)
			continue;
		/* Counted on the other side as well, so that it cancels out. */
		if (d->drift || rp_evidence_omits(e, d->sealed, NULL) || rp_evidence_servers_own(e, d) ||
		    rp_evidence_rights_lack(e, d))
			all[n++] = count_of(d->sealed ? d->sealed : d->found, !d->sealed);
	}
	return n;
}

static void answer(struct rp_findings *to, const struct count *c)
{
	char expected[32], got[32];
	rp_autofree char *object = NULL;

	snprintf(expected, sizeof(expected), "%llu", (unsigned long long)c->sealed);
	snprintf(got, sizeof(got), "%llu", (unsigned long long)c->found);
	if (asprintf(&object, "%.*s%s%s", (int)c->schema_len, c->schema, c->schema_len ? ": " : "", c->kind) <
	    0)
		object = NULL;
	rp_fail(to, object ? object : c->kind, expected, got, "%llu of kind '%s' sealed, %llu found",
		(unsigned long long)c->sealed, c->kind, (unsigned long long)c->found);
}

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	size_t room = e->manifest->survey->n_objects + e->found->n_objects + e->differences.n + 1;
	rp_autofree struct count *all = calloc(room, sizeof(*all));
	uint64_t equal = 0;

	if (!all)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	size_t n = collect(e, all);
	qsort(all, n, sizeof(*all), order);
	for (size_t i = 0, next; i < n; i = next) {
		for (next = i + 1; next < n && order(&all[i], &all[next]) == 0; next++) {
			all[i].sealed += all[next].sealed;
			all[i].found += all[next].found;
		}
		if (all[i].sealed == all[i].found)
			equal++;
		else
			answer(to, &all[i]);
	}
	if (equal)
		rp_answer_pass(to, "", equal, NULL, "as many as sealed in %llu pair%s of kind and schema",
			       (unsigned long long)equal, equal == 1 ? "" : "s");
	return 0;
}

const struct rp_check rp_check_schema_counts = {
	.name = "schema.counts",
	.summary = "as many objects of every kind in every schema as sealed",
	.severity = RP_MEDIUM,
	.needs = RP_NEEDS_BOTH,
	.run = run,
};
