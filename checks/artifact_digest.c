/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "checks/answer.h"
#include "verifier/recovery/artifact.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* The digests are of the very bytes that were given to the restore, so nothing can have been swapped in
 * between. */
static bool is_sealed(const struct rp_file *sealed, const struct rp_file *found)
{
	return found->digested && rp_sha256_equal(sealed->sha256, found->sha256) &&
	       sealed->size == found->size;
}

static void compare(struct rp_findings *to, const struct rp_file *sealed, const struct rp_file *found)
{
	char expected[RP_SHA256_HEX], got[RP_SHA256_HEX];

	rp_sha256_hex(sealed->sha256, expected);
	if (!found->digested) {
		rp_answer(to, &(struct rp_finding){.object = found->name,
						   .verdict = RP_ERROR,
						   .expected = expected,
						   .message = "the file was not read to its end"});
		return;
	}
	rp_sha256_hex(found->sha256, got);
	if (is_sealed(sealed, found))
		rp_answer_pass(to, found->name, 1, got, "the sealed bytes: %llu of them",
			       (unsigned long long)found->size);
	else
		rp_fail(to, found->name, expected, got,
			"this is not the file that was sealed (%llu bytes sealed, %llu found)",
			(unsigned long long)sealed->size, (unsigned long long)found->size);
}

/* Packed or encrypted after the seal: what comes out is the sealed file. The restore was given what comes out of the very
 * bytes that are looked at here, whose digest is known. */
static bool was_packed(struct rp_findings *to, const struct rp_evidence *e)
{
	const struct rp_file *sealed = &e->manifest->files[0];
	char digest[RP_SHA256_HEX];
	struct rp_layers layers;

	if (!e->artifact->files[0].digested || rp_artifact_layers(e->artifact, &layers, NULL) < 0)
		return false;
	for (size_t i = 0; i < layers.n; i++) {
		const struct rp_layer *l = &layers.all[i];
		if (!l->whole || l->size != sealed->size || !rp_sha256_equal(l->sha256, sealed->sha256))
			continue;
		rp_sha256_hex(l->sha256, digest);
		rp_answer_pass(to, e->artifact->files[0].name, 1, digest,
			       "the sealed bytes, %llu of them, packed since (%s)",
			       (unsigned long long)l->size, l->name);
		return true;
	}
	return false;
}

static int by_name(const void *va, const void *vb)
{
	const struct rp_file *const *a = va, *const *b = vb;

	return strcmp((*a)->name, (*b)->name);
}

static const struct rp_file **sorted(const struct rp_file *files, size_t n)
{
	const struct rp_file **all = calloc(n + 1, sizeof(*all));

	for (size_t i = 0; all && i < n; i++)
		all[i] = &files[i];
	if (all && n)
		qsort(all, n, sizeof(*all), by_name);
	return all;
}

/* Neither more nor fewer: a file that was added to a directory may be one that its restore reads. There may be a million
 * of them, so those that are as they were sealed are one answer. */
static int compare_sets(struct rp_findings *to, const struct rp_manifest *m, const struct rp_artifact *a,
			struct rp_err **err)
{
	rp_autofree const struct rp_file **sealed = sorted(m->files, m->n_files);
	rp_autofree const struct rp_file **found = sorted(a->files, a->n_files);
	uint64_t same = 0, bytes = 0;

	if (!sealed || !found)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (const struct rp_file **s = sealed, **f = found; *s || *f;) {
		int order = !*s ? 1 : !*f ? -1 : strcmp((*s)->name, (*f)->name);
		if (order < 0) {
			rp_fail(to, (*s)->name, NULL, NULL, "the file is missing from the backup");
		} else if (order > 0) {
			rp_fail(to, (*f)->name, NULL, NULL,
				"the file was not part of the backup that was sealed");
		} else if (is_sealed(*s, *f)) {
			same++;
			bytes += (*f)->size;
		} else {
			compare(to, *s, *f);
		}
		s += order <= 0;
		f += order >= 0;
	}
	if (same)
		rp_answer_pass(to, "", same, NULL, "the sealed bytes: %llu of them, in %llu files",
			       (unsigned long long)bytes, (unsigned long long)same);
	return 0;
}

/* A tar of the sealed directory: its members are the sealed files, below whatever directory. */
static bool was_tarred(struct rp_findings *to, const struct rp_evidence *e)
{
	const struct rp_manifest *m = e->manifest;
	struct rp_file *files = NULL;
	size_t n = 0, top = 0;
	bool same = false;

	if (!e->artifact->files[0].digested || rp_artifact_members(e->artifact, &files, &n, &top, NULL) < 0 ||
	    n != m->n_files) {
		rp_files_free(files, n);
		return false;
	}
	rp_autofree const struct rp_file **sealed = sorted(m->files, n), **found = sorted(files, n);
	/* With none of the directories around them off, with one, with two ... */
	for (size_t off = 0; sealed && found && !same && off <= top;) {
		same = true;
		for (size_t i = 0; i < n && same; i++)
			same = strcmp(found[i]->name + off, sealed[i]->name) == 0 &&
			       is_sealed(sealed[i], found[i]);
		const char *slash = off < top ? strchr(found[0]->name + off, '/') : NULL;
		if (!slash)
			break;
		off = (size_t)(slash - found[0]->name) + 1;
	}
	if (same)
		rp_answer_pass(to, e->artifact->files[0].name, n, NULL,
			       "a tar of the %zu files that were sealed, and of no other", n);
	rp_files_free(files, n);
	return same;
}

/* Sealed without a backup, or without this one: then the adversary-proof digests of all rows must stand in for the artifact's. */
static void compare_rows_instead(struct rp_findings *to, const struct rp_evidence *e)
{
	const struct rp_survey *s = e->manifest->survey;
	uint64_t equal = 0, empty = 0;

	for (size_t i = 0; i < s->n_relations; i++) {
		const struct rp_relation *r = &s->relations[i];
		const struct rp_relation *f = e->found ? rp_survey_relation(e->found, r->name) : NULL;

		if (r->strong && f && f->strong && memcmp(r->strong, f->strong, RP_STRONG_LEN) == 0)
			equal++;
		else if (rp_evidence_empties(e, r, f))
			empty++;
	}
	if (equal && equal + empty == s->n_relations)
		rp_answer_pass(
			to, "", equal, NULL,
			"the manifest was sealed without this backup; the strong digests of all %llu relations "
			"stand in for the backup's own",
			(unsigned long long)equal);
	else
		rp_not_run(
			to, "",
			"the manifest was sealed without this backup, and not all rows agree by their strong "
			"digests");
}

/* A physical backup is made by others, at another time; a dump that was sealed with the same moment is not it. */
static void run_beside(struct rp_findings *to, const struct rp_evidence *e)
{
	if (e->restored.format)
		compare_rows_instead(to, e);
	else
		rp_not_run(
			to, "",
			"it was not restored; a manifest for physical backups binds none of them by its bytes");
}

static bool may_be_of_others(const struct rp_evidence *e)
{
	const struct rp_format *f = e->restored.format;

	return rp_position_physical(&e->manifest->survey->position) && (!f || f->physical);
}

static int run(const struct rp_evidence *e, struct rp_findings *to, struct rp_err **err)
{
	if (e->manifest->n_files == 0)
		compare_rows_instead(to, e);
	else if (may_be_of_others(e))
		run_beside(to, e);
	/* One file is the same backup under any name. */
	else if (e->manifest->n_files == 1 && e->artifact->n_files == 1) {
		if (is_sealed(&e->manifest->files[0], &e->artifact->files[0]) || !was_packed(to, e))
			compare(to, &e->manifest->files[0], &e->artifact->files[0]);
	} else if (e->artifact->n_files != 1 || !was_tarred(to, e)) {
		return compare_sets(to, e->manifest, e->artifact, err);
	}
	return 0;
}

const struct rp_check rp_check_artifact_digest = {
	.name = "artifact.digest",
	.summary = "the backup's bytes are those that were sealed",
	.severity = RP_HIGH,
	.needs = RP_NEEDS_MANIFEST | RP_NEEDS_ARTIFACT,
	.required = true,
	.final = true,
	.run = run,
};
