/* SPDX-License-Identifier: MIT */
#include "reports/html.h"
#include "reports/report.h"
#include "verifier/util/buf.h"

/* Which controls one restore test is evidence for. Identifiers and editions are those of the frameworks; what they ask is
 * put in words of our own. A run is one sample of one backup: it supports a control, and complies with none. */
static const struct rp_control_note built_in[] = {
	{"NIST SP 800-53 r5", "CP-4, CP-9(1), CP-9(2), CP-10",
	 "contingency tests; backups tested for integrity; a sample restored; recovery within objectives"},
	{"NIST CSF 2.0", "PR.DS-11, RC.RP-03, RC.RP-05",
	 "backups tested; their integrity verified before they are used; restored assets verified"},
	{"ISO/IEC 27001:2022", "A.8.13", "backup copies tested regularly"},
	{"SOC 2 (TSC 2017, rev. 2022)", "A1.2, A1.3",
	 "data can be recovered; recovery and completeness of backups tested"},
	{"DORA (EU) 2022/2554", "Article 12",
	 "periodic tests of backup and restoration, on segregated systems, with reconciliation"},
	{"NIS2, Implementing Regulation (EU) 2024/2690", "4.2",
	 "regular integrity checks of backup copies, recovery tests, documented results"},
	{"CIS Controls v8", "11.5", "backup recovery tested quarterly for a sample"},
	{"UK NCSC CAF", "B5.c", "backups made, tested, documented and reviewed"},
};

static void line(struct rp_buf *out, const struct rp_control_note *c)
{
	rp_buf_add(out, "<tr>");
	rp_html_el(out, "th scope=\"row\"", c->framework);
	rp_html_el(out, "td", c->id);
	rp_buf_add(out, "<td>");
	rp_html_marked(out, c->asks, NULL);
	rp_buf_add(out, "</td></tr>\n");
}

void rp_html_controls(const struct rp_outline *o, struct rp_buf *out)
{
	static const char *const columns[] = {"Framework", "Control", "Asks for", NULL};
	const struct rp_record *r = &o->result->record;
	const struct rp_control_note *all = built_in;
	size_t n = sizeof built_in / sizeof built_in[0];
	bool own = o->how->n_controls > 0 || r->n_controls > 0;
	if (own) {
		all = o->how->n_controls > 0 ? o->how->controls : r->controls;
		n = o->how->n_controls > 0 ? o->how->n_controls : r->n_controls;
	}
	rp_html_section(
		out, "controls", "What this is evidence for",
		o->status != RP_VERIFIED || o->result->without_manifest
			? "A run that does not end as verified is evidence that a test was made, and of what it found. It is "
			  "no evidence in support of the controls below until what it found is answered."
			: "This report is evidence in support of the controls below: one sample, one backup, at one time. "
			  "Whether they are met is not for a report to say.");
	rp_html_table(out, "", own ? "Controls, as listed by whoever ran this" : "Controls", columns);
	for (size_t i = 0; i < n && i < RP_HTML_LINES; i++)
		line(out, &all[i]);
	rp_html_table_end(out);
	rp_html_section_end(out);
}
