/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "reports/html.h"
#include "verifier/util/buf.h"

/* Where and with what this was done, and how to do it again. What a reader has to put in is marked. */

void rp_html_environment(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	size_t i = 0;
	rp_html_section(out, "environment", "Environment and versions", NULL);
	rp_html_facts(out, "Where and with what this was done");
	rp_html_fact_time(out, "Started", r->started_ms);
	if (r->finished_ms != 0)
		rp_html_fact_time(out, "Finished", r->finished_ms);
	else
		rp_html_fact(out, "Finished", "has not finished");
	for (; i < r->n_about && i < RP_HTML_LINES; i++)
		rp_html_fact(out, r->about[i].name, r->about[i].value);
	rp_html_facts_end(out);
	rp_html_more(out, r->n_about - i);
	rp_html_section_end(out);
}

/* In single quotes where a shell would take it apart. What a terminal must not see stands there as \xNN and is no
 * command that does anything. */
static void shell_word(struct rp_buf *out, const char *s)
{
	static const char harmless[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+:@%=,";
	rp_autobuf quoted = RP_BUF_INIT(RP_FINDING_TEXT_MAX * 8U);
	if (*s != '\0' && s[strspn(s, harmless)] == '\0') {
		rp_html_text(out, s);
		return;
	}
	rp_buf_add(&quoted, "'");
	for (; *s != '\0'; s++)
		rp_buf_add_mem(&quoted, *s == '\'' ? "'\\''" : s, *s == '\'' ? 4 : 1);
	rp_buf_add(&quoted, "'");
	rp_html_text(out, rp_buf_text(&quoted));
}

/* One step: what it shows, then what to type. The command follows, and step_end(). */
static void step(struct rp_buf *out, const char *shows)
{
	rp_buf_addf(out, "<li>\n<p>%s</p>\n<pre class=\"shell\">", shows);
}

static void step_end(struct rp_buf *out)
{
	rp_buf_add(out, "</pre>\n</li>\n");
}

static void expect(struct rp_buf *out, const char *s)
{
	rp_buf_add(out, "   <span class=\"hush\"># ");
	rp_html_text(out, s);
	rp_buf_add(out, "</span>");
}

static void the_record(const struct rp_result *r, struct rp_buf *out)
{
	step(out, "The record that this page shows is the one you have:");
	rp_buf_add(out, "sha256sum result.json");
	expect(out, "as at the foot of this page");
	step_end(out);
	if (r->record.ledger != NULL) {
		step(out, "The record is part of the ledger, and nothing before it was removed or changed:");
		rp_buf_add(
			out,
			"reprove history --ledger <var>LEDGER</var> --trust-result <var>RESULT_KEY.pub</var> --check");
		if (r->record.ledger->head != NULL) {
			rp_buf_add(out, " --head ");
			shell_word(out, r->record.ledger->head);
		}
		step_end(out);
	}
}

static void the_manifest(const struct rp_result *r, struct rp_buf *out)
{
	step(out, "The manifest is the one that was used, and who signed it:");
	rp_buf_add(out, "jq -r .payload <var>MANIFEST</var> | base64 -d | sha256sum");
	expect(out, r->manifest_sha256 != NULL ? r->manifest_sha256 : "no manifest was accepted");
	rp_buf_add(out, "\nreprove show --trust <var>PUBLIC_KEY</var> <var>MANIFEST</var>");
	step_end(out);
}

static void the_sample(const struct rp_result *r, struct rp_buf *out)
{
	const struct rp_selection *s = &r->selection;
	if (s->method == NULL)
		return;
	step(out,
	     "The sample comes out again: the first 16 digits as a number, modulo the number of backups to choose from, in byte "
	     "order of their names, counted from 0:");
	if (s->seed != NULL) {
		rp_buf_add(out, "printf %s ");
		shell_word(out, s->seed);
		rp_buf_add(out, " | sha256sum\n");
	}
	rp_buf_add(out, "reprove points <var>STORE</var>");
	step_end(out);
}

/* Values may be nobody's business; whoever repeats the run can see that his are the same. */
static void options(const struct rp_result *r, struct rp_buf *out)
{
	static const char *const columns[] = {"Option", "Digest", NULL};
	size_t i = 0;
	if (r->record.n_options == 0)
		return;
	rp_buf_add(
		out,
		"<p>These options were given, on the command line or by a configuration. The digest is the beginning of what "
		"<code>printf '%s\\n' NAME=VALUE | sha256sum</code> prints, a line for each value.</p>\n");
	rp_html_table(out, "narrow", "Options that were given", columns);
	for (; i < r->record.n_options && i < RP_HTML_LINES; i++) {
		rp_buf_add(out, "<tr>");
		rp_html_el(out, "th scope=\"row\"", r->record.options[i].name);
		rp_buf_add(out, "<td>");
		rp_html_el(out, "code", r->record.options[i].value);
		rp_buf_add(out, "</td></tr>\n");
	}
	rp_html_table_end(out);
	rp_html_more(out, r->record.n_options - i);
}

void rp_html_again(const struct rp_outline *o, struct rp_buf *out)
{
	const struct rp_result *r = o->result;
	const char *sha256 = rp_words_about(r, "backup's SHA-256");
	rp_html_section(out, "again", "Doing it again",
			"Anyone who has the backup can repeat this, and must come to the same verdict.");
	rp_buf_add(out, "<ol class=\"steps\">\n");
	the_record(r, out);
	if (!r->without_manifest)
		the_manifest(r, out);
	if (r->selection.seed != NULL)
		the_sample(r, out);
	if (sha256 != NULL) {
		step(out, "The backup is the one that was tested:");
		rp_buf_add(out, "sha256sum <var>BACKUP</var>");
		expect(out, sha256);
		step_end(out);
	}
	step(out, "It restores, and what comes back is compared again:");
	rp_buf_add(out, "reprove verify --target ");
	shell_word(out, r->target);
	rp_buf_add(out, r->without_manifest
				? " --no-manifest"
				: " --manifest <var>MANIFEST</var> --trust <var>PUBLIC_KEY</var>");
	rp_buf_addf(out, " --reports again <var>BACKUP</var>   <span class=\"hush\"># exit status %d</span>",
		    (int)o->status);
	step_end(out);
	rp_buf_add(out, "</ol>\n");
	options(r, out);
	rp_html_section_end(out);
}
