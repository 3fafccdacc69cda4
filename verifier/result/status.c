/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/result/result.h"

/* What 'verified' needs to have been proved, and whether it does without a manifest. A run that asked less is
 * "partial": it may be right in all it says and still prove nothing (DESIGN 3). */
static const struct {
	const char *check;
	bool without_manifest; /* needed there too */
	bool final;	       /* no person can accept its failure */
} required[RP_REQUIRED_MAX] = {
	{"manifest.trust", .final = true},
	{"artifact.digest", .final = true},
	{"restore.complete", .without_manifest = true, .final = true},
	{"schema.objects"},
	{"relation.rows"},
	{"relation.digest"},
};

/* An answer that is worth something: a pass of at least one thing, or a difference that a person accepted. */
static bool settles(const struct rp_finding *f, bool final)
{
	return f->looked > 0 && (f->verdict == RP_PASS || (f->verdict == RP_WAIVED && !final));
}

static bool was_proved(const struct rp_result *r, const char *check, bool final)
{
	for (size_t i = 0; i < r->findings.n; i++)
		if (strcmp(r->findings.all[i].check, check) == 0 && settles(&r->findings.all[i], final))
			return true;
	return false;
}

size_t rp_result_missing(const struct rp_result *r, const char *ret[RP_REQUIRED_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < RP_REQUIRED_MAX; i++) {
		if (r->without_manifest && !required[i].without_manifest)
			continue;
		if (!was_proved(r, required[i].check, required[i].final))
			ret[n++] = required[i].check;
	}
	return n;
}

struct rp_summary rp_result_summary(const struct rp_result *r)
{
	struct rp_summary s = {0};
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		s.pass += f->verdict == RP_PASS;
		s.fail += f->verdict == RP_FAIL;
		s.not_run += f->verdict == RP_NOT_RUN;
		s.error += f->verdict == RP_ERROR;
		s.waived += f->verdict == RP_WAIVED;
		s.drift += f->verdict == RP_PASS && f->cause == RP_BY_VERSION;
		s.excused += f->verdict == RP_NOT_RUN && f->excused;
	}
	return s;
}

static bool is_distrust(const struct rp_finding *f)
{
	return f->verdict == RP_FAIL && strcmp(f->check, "manifest.trust") == 0;
}

enum rp_status rp_result_status(const struct rp_result *r)
{
	const char *missing[RP_REQUIRED_MAX];
	struct rp_summary s = rp_result_summary(r);
	if (r->refused == RP_USED_WRONGLY || r->refused == RP_UNTRUSTED)
		return r->refused;
	for (size_t i = 0; i < r->findings.n; i++)
		if (is_distrust(&r->findings.all[i]))
			return RP_UNTRUSTED;
	if (s.fail > 0 || r->refused == RP_FAILED)
		return RP_FAILED;
	/* The required set is never empty, so this covers "no finding" and "nothing was looked at". */
	if (s.error > 0 || s.not_run > s.excused || r->refused != RP_VERIFIED || r->findings.failed ||
	    r->finished_ms == 0 || rp_result_missing(r, missing) > 0)
		return RP_INCONCLUSIVE;
	return RP_VERIFIED;
}

const char *rp_result_verdict(const struct rp_result *r)
{
	switch (rp_result_status(r)) {
	case RP_VERIFIED:
		return r->without_manifest ? "restorable" : "verified";
	case RP_FAILED:
		return "failed";
	case RP_UNTRUSTED:
		return "untrusted";
	case RP_INCONCLUSIVE:
	case RP_USED_WRONGLY:
		break;
	}
	return "inconclusive";
}
