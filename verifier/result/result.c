/* SPDX-License-Identifier: MIT */
#include "verifier/result/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/result/text.h"
#include "verifier/util/arena.h"
#include "verifier/util/parse.h"

int rp_result_new(struct rp_result **ret, const char *target, struct rp_err **err)
{
	rp_auto(rp_result) r = calloc(1, sizeof *r);
	if (r == NULL || (r->target = rp_text_keep(&r->findings, target)) == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	r->started_ms = rp_time_now_ms();
	*ret = rp_take(r);
	return 0;
}

void rp_result_free(struct rp_result *r)
{
	if (r == NULL)
		return;
	rp_findings_done(&r->findings);
	free(r->phases);
	free(r->about);
	free(r->provisos);
	free(r->selection.all);
	free(r);
}

void rp_result_about(struct rp_result *r, const char *name, const char *value)
{
	struct rp_fact *about =
		rp_list_grow(&r->findings, r->about, r->n_about, &r->room_about, sizeof *about);
	if (about == NULL)
		return;
	r->about = about;
	struct rp_fact fact = {.name = rp_text_keep(&r->findings, name),
			       .value = rp_text_keep(&r->findings, value != NULL ? value : "")};
	if (fact.name != NULL && fact.value != NULL)
		about[r->n_about++] = fact;
}

void rp_result_phase(struct rp_result *r, const char *name, int64_t ms)
{
	struct rp_phase *phases =
		rp_list_grow(&r->findings, r->phases, r->n_phases, &r->room_phases, sizeof *phases);
	if (phases == NULL)
		return;
	r->phases = phases;
	struct rp_phase phase = {.name = rp_text_keep(&r->findings, name), .ms = ms > 0 ? ms : 0};
	if (phase.name != NULL)
		phases[r->n_phases++] = phase;
}

void rp_result_timing(struct rp_result *r, const char *kind, const char *name, int64_t ms)
{
	struct rp_timing_note one = {
		.kind = rp_text_keep(&r->findings, kind), .name = rp_text_keep(&r->findings, name), .ms = ms};
	size_t n = r->record.n_timings;
	if (one.kind == NULL || one.name == NULL || ms <= 0)
		return;
	if (n == r->room_timings) {
		size_t room = n != 0 ? n * 2 : 64;
		struct rp_timing_note *all = rp_arena_array(r->findings.memory, room, sizeof *all);
		if (all == NULL) {
			r->findings.failed = true;
			return;
		}
		if (n > 0)
			memcpy(all, r->record.timings, n * sizeof *all);
		r->record.timings = all;
		r->room_timings = room;
	}
	((struct rp_timing_note *)(uintptr_t)r->record.timings)[r->record.n_timings++] = one;
}

void rp_result_proviso(struct rp_result *r, const char *fmt, ...)
{
	const char **provisos =
		rp_list_grow(&r->findings, r->provisos, r->n_provisos, &r->room_provisos, sizeof *provisos);
	if (provisos == NULL)
		return;
	r->provisos = provisos;
	va_list ap;
	va_start(ap, fmt);
	rp_autofree char *text = NULL;
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		r->findings.failed = true;
	}
	va_end(ap);
	const char *kept = rp_text_keep(&r->findings, text);
	if (kept != NULL)
		provisos[r->n_provisos++] = kept;
}

void rp_result_selection(struct rp_result *r, const char *method, const char *seed, const char *seed_by)
{
	r->selection.method = rp_text_keep(&r->findings, method);
	r->selection.seed = seed != NULL ? rp_text_keep(&r->findings, seed) : NULL;
	r->selection.seed_by = seed != NULL ? rp_text_keep(&r->findings, seed_by) : NULL;
}

void rp_result_candidate(struct rp_result *r, const struct rp_selected *candidate)
{
	struct rp_selection *s = &r->selection;
	struct rp_selected *all = rp_list_grow(&r->findings, s->all, s->n, &s->room, sizeof *all);
	if (all == NULL)
		return;
	s->all = all;
	struct rp_selected kept = *candidate;
	kept.name = rp_text_keep(&r->findings, candidate->name);
	if (candidate->aside != NULL)
		kept.aside = rp_text_keep(&r->findings, candidate->aside);
	if (kept.name != NULL)
		all[s->n++] = kept;
}

void rp_result_signed(struct rp_result *r, const char *manifest_sha256, int64_t sealed_ms,
		      const char *const *key_ids, size_t n)
{
	r->manifest_sha256 = rp_text_keep(&r->findings, manifest_sha256);
	r->sealed_ms = sealed_ms;
	const char **kept =
		r->findings.failed ? NULL : rp_arena_array(r->findings.memory, n != 0 ? n : 1, sizeof *kept);
	if (kept == NULL) {
		r->findings.failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		kept[i] = rp_text_keep(&r->findings, key_ids[i]);
	r->signed_by = kept;
	r->n_signed_by = r->findings.failed ? 0 : n;
}

/* 4 > 3 > 1 > 2 > 0. */
static enum rp_status graver(enum rp_status a, enum rp_status b)
{
	static const unsigned char order[] = {[RP_VERIFIED] = 0,
					      [RP_INCONCLUSIVE] = 1,
					      [RP_FAILED] = 2,
					      [RP_UNTRUSTED] = 3,
					      [RP_USED_WRONGLY] = 4};
	return order[a] >= order[b] ? a : b;
}

enum rp_status rp_status_of_error(enum rp_err_kind kind)
{
	switch (kind) {
	case RP_ERR_USAGE:
	case RP_ERR_CONFIG:
		return RP_USED_WRONGLY;
	case RP_ERR_TRUST:
		return RP_UNTRUSTED;
	case RP_ERR_BACKUP:
		return RP_FAILED;
	case RP_ERR_IO:
	case RP_ERR_ENGINE:
	case RP_ERR_OBJECT:
	case RP_ERR_TIMEOUT:
	case RP_ERR_CANCELLED:
	case RP_ERR_NOMEM:
	case RP_ERR_LOCKED:
		break;
	}
	return RP_INCONCLUSIVE;
}

void rp_result_refuse(struct rp_result *r, const char *question, const struct rp_err *err)
{
	rp_ask(&r->findings, question, RP_HIGH);
	rp_answer_error(&r->findings, "", err);
	r->refused = graver(r->refused, rp_status_of_error(rp_err_kind(err)));
}
