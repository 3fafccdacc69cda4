/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"
#include "verifier/util/parse.h"

/* Who says what this database was, who says what was found, and whether those are two. */

static void manifest(const struct rp_result *r, struct rp_buf *out)
{
	if (r->manifest_sha256 == NULL) {
		rp_html_el(
			out, "p",
			r->without_manifest
				? "This run was made without a manifest. Nothing says what the database was "
				  "when it was backed up, so nothing could be compared."
				: "No manifest was accepted, so nothing could be compared.");
		return;
	}
	rp_buf_add(out, "<h3>The manifest: what the database was</h3>\n");
	rp_html_facts(out, "The manifest");
	rp_html_fact_time(out, "Sealed", r->sealed_ms);
	rp_html_fact(out, "SHA-256 of what was signed", r->manifest_sha256);
	for (size_t i = 0; i < r->n_signed_by; i++)
		rp_html_fact(out, "Signed by key", r->signed_by[i]);
	if (r->started_ms > r->sealed_ms)
		rp_html_fact_length(out, "Age when verified", r->started_ms - r->sealed_ms);
	rp_html_facts_end(out);
}

static void judged(const struct rp_result *r, struct rp_buf *out)
{
	static const char *const questions[] = {"manifest.trust", "artifact.digest", "artifact.freshness"};
	size_t shown = 0;
	for (size_t i = 0; i < r->findings.n && shown < 20; i++) {
		const struct rp_finding *f = &r->findings.all[i];
		bool is = false;
		for (size_t k = 0; k < sizeof questions / sizeof questions[0]; k++)
			is |= strcmp(f->check, questions[k]) == 0;
		if (!is)
			continue;
		rp_buf_add(out, shown++ == 0 ? "<ul class=\"list\">\n<li>" : "<li>");
		rp_html_state(out, f->verdict,
			      f->verdict == RP_NOT_RUN ? "not run" : rp_verdict_word(f->verdict));
		rp_buf_add(out, "<span>");
		rp_html_el(out, "b", rp_words_topic(f->check));
		rp_buf_add(out, ": ");
		if (*f->object != '\0') {
			rp_html_el(out, "code", f->object);
			rp_buf_add(out, " ");
		}
		rp_html_marked(out, f->message != NULL ? f->message : rp_verdict_word(f->verdict), NULL);
		rp_buf_add(out, "</span></li>\n");
	}
	rp_buf_add(out, shown > 0 ? "</ul>\n" : "");
}

/* What is not known is not 'different'. */
static void apart(struct rp_buf *out, const char *what, bool same, bool known)
{
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", what);
	rp_buf_add(out, "<td>");
	if (!known)
		rp_html_state(out, RP_NOT_RUN, "not known");
	else
		rp_html_state(out, same ? RP_ERROR : RP_PASS,
			      same ? "the same: nobody else vouches for this result" : "another");
	rp_buf_add(out, "</td></tr>\n");
}

static void speakers(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	const struct rp_speakers *s = r->record.speakers;
	if (s == NULL)
		return;
	rp_buf_add(out, "<h3>The result: what was found</h3>\n");
	rp_html_facts(out, "Who signs the result");
	rp_html_fact(out, "Signed by key",
		     s->result_key != NULL ? s->result_key : "the result is not signed");
	rp_html_fact(out, "Verified on host", s->host);
	rp_html_fact(out, "Sealed on host", s->sealed_host);
	if (r->n_signed_by > 0) {
		apart(out, "Key of the result and of the manifest", s->same_key, s->result_key != NULL);
		apart(out, "Host of the result and of the manifest", s->same_host,
		      s->host != NULL && s->sealed_host != NULL);
	}
	rp_html_fact(out, "Review", rp_html_reviewed(o));
	rp_html_facts_end(out);
}

static void ledger(const struct rp_result *r, struct rp_buf *out)
{
	const struct rp_place_in_ledger *l = r->record.ledger;
	if (l == NULL)
		return;
	rp_buf_add(out, "<h3>The ledger: what came before</h3>\n");
	rp_html_facts(out, "Place in the ledger");
	rp_html_fact(out, "Ledger", l->id);
	rp_html_fact_count(out, "This run began with entry", l->entry);
	rp_html_fact(out, "Digest of the entry before it", l->previous);
	rp_html_fact(out, "Head once it had begun", l->head);
	rp_html_facts_end(out);
}

void rp_html_trust(const struct rp_outline *o, struct rp_buf *out)
{
	rp_html_section(
		out, "trust", "Trust",
		"A signature proves who says something and that it was not changed since. That a restore took place "
		"is proved by doing it again, see below.");
	judged(o->result, out);
	manifest(o->result, out);
	speakers(o, out);
	ledger(o->result, out);
	if (o->result->record.ledger == NULL)
		rp_html_el(
			out, "p class=\"note\"",
			"No ledger was kept: this result is not signed, and nothing shows what came before it.");
	rp_html_section_end(out);
}
