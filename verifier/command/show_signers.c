/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "verifier/command/show.h"
#include "verifier/manifest/policy.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

const struct rp_trusted_key *rp_shown_key(const struct shown *s, const char *id)
{
	for (size_t i = 0; i < s->store->n; i++) {
		if (strcmp(rp_key_id(s->store->trusted[i].key), id) == 0)
			return &s->store->trusted[i];
	}
	return NULL;
}

const struct rp_signature *rp_shown_signature(const struct shown *s, size_t i)
{
	const struct rp_trusted_key *k = rp_shown_key(s, s->signed_by[i]);
	const struct rp_signature *first = k ? rp_envelope_next(s->e, k->key, NULL) : NULL, *at = first;

	while (at && !at->stamp)
		at = rp_envelope_next(s->e, k->key, at);
	return at && s->stamped[i].at_ms ? at : first;
}

void rp_show_line(struct rp_buf *out, const char *name, const char *value)
{
	rp_buf_addf(out, "%-20s", name);
	rp_buf_add_plain(out, value ? value : "-");
	rp_buf_add(out, "\n");
}

static void time_line(struct rp_buf *out, const char *name, int64_t at_ms, const char *otherwise)
{
	char at[RP_TIME_TEXT];

	if (at_ms)
		rp_time_format(at_ms, at);
	if (at_ms || otherwise)
		rp_show_line(out, name, at_ms ? at : otherwise);
}

static const char *may_sign(unsigned roles)
{
	static const char *const words[] = {"nothing",
					    "manifests",
					    "results",
					    "manifests and results",
					    "reviews",
					    "manifests and reviews",
					    "results and reviews",
					    "anything: it was named by itself"};

	return words[roles & 7];
}

/* Whose key it is, for what and between which days it counts. */
static void key_lines(const struct rp_trusted_key *k, struct rp_buf *out)
{
	if (k->owner)
		rp_show_line(out, "  key of", k->owner);
	rp_show_line(out, "  may sign", may_sign(k->roles));
	if (k->targets)
		rp_show_line(out, "  trusted for", k->targets);
	time_line(out, "  trusted since", k->from_ms, "no day is said");
	time_line(out, "  trusted until", k->until_ms, NULL);
	time_line(out, "  revoked at", k->revoked_ms, NULL);
}

static void stamp_lines(const struct shown *s, const struct rp_stamped *st, struct rp_buf *out)
{
	time_line(out, "  stamped at", st->at_ms, st->fault ? NULL : "no time stamp");
	if (st->at_ms) {
		const char *owner = rp_authority_owner(s->trust.authorities[st->authority]);
		rp_show_line(out, "  stamped by", st->by);
		if (owner)
			rp_show_line(out, "  authority of", owner);
	} else if (st->fault) {
		rp_show_line(out, "  stamp", "there is one that does not count:");
		rp_show_line(out, "", st->fault);
	}
}

void rp_show_signers(const struct shown *s, struct rp_buf *out)
{
	for (size_t i = 0; i < s->n_signed_by; i++) {
		const struct rp_trusted_key *k = rp_shown_key(s, s->signed_by[i]);
		rp_show_line(out, "signed by", s->signed_by[i]);
		if (k)
			key_lines(k, out);
		stamp_lines(s, &s->stamped[i], out);
	}
}

static json_t *time_or_null(int64_t at_ms)
{
	char at[RP_TIME_TEXT];

	if (!at_ms)
		return json_null();
	rp_time_format(at_ms, at);
	return json_string(at);
}

json_t *rp_show_signatures(const struct shown *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->n_signed_by; i++) {
		const struct rp_trusted_key *k = rp_shown_key(s, s->signed_by[i]);
		const struct rp_stamped *st = &s->stamped[i];
		if (!k)
			continue;
		json_array_append_new(
			all, json_pack("{s:s, s:s?, s:o, s:o, s:o, s:o, s:s?, s:s?}", "key", s->signed_by[i],
				       "owner", k->owner, "trustedSince", time_or_null(k->from_ms),
				       "trustedUntil", time_or_null(k->until_ms), "revokedAt",
				       time_or_null(k->revoked_ms), "stampedAt", time_or_null(st->at_ms),
				       "stampedBy", st->at_ms ? st->by : NULL, "stampFault", st->fault));
	}
	return all;
}
