/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>

#include "verifier/command/show.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

static void for_people(const struct shown *s, struct rp_buf *out)
{
	const struct rp_entry *e = &s->entry;
	char text[RP_TIME_TEXT], digest[RP_SHA256_HEX], number[24];

	rp_show_line(out, "kind", rp_entry_kind_name(e->kind));
	rp_show_line(out, "target", e->target);
	rp_show_line(out, "ledger", e->ledger);
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)e->number);
	rp_show_line(out, "entry", number);
	rp_show_line(out, "follows", e->previous);
	rp_show_line(out, "sha256", e->sha256);
	rp_time_format(e->at_ms, text);
	rp_show_line(out, "written at", text);
	rp_show_signers(s, out);
	if (e->recorded.name) {
		rp_sha256_hex(e->recorded.sha256, digest);
		rp_show_line(out, "records", e->recorded.name);
		rp_show_line(out, "  sha256", digest);
	}
	for (size_t i = 0; i < e->n_says; i++)
		rp_show_line(out, e->says[i].name, e->says[i].value);
}

static json_t *says_of(const struct rp_entry *e)
{
	json_t *all = json_object();

	for (size_t i = 0; i < e->n_says; i++)
		json_object_set_new(all, e->says[i].name, json_string(e->says[i].value));
	return all;
}

int rp_show_entry(const struct shown *s, bool json, struct rp_buf *out, struct rp_err **err)
{
	const struct rp_entry *e = &s->entry;
	char at[RP_TIME_TEXT], digest[RP_SHA256_HEX] = "", number[24];

	if (!json) {
		for_people(s, out);
		return 0;
	}
	rp_time_format(e->at_ms, at);
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)e->number);
	if (e->recorded.name)
		rp_sha256_hex(e->recorded.sha256, digest);
	json_t *root = json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:s, s:s, s:o, s:s?, s:o}", "schema",
				 "reprove/show-entry/v1", "kind", rp_entry_kind_name(e->kind), "target",
				 e->target, "ledger", e->ledger, "number", number, "previous", e->previous,
				 "sha256", e->sha256, "at", at, "signatures", rp_show_signatures(s),
				 "records", e->recorded.name ? digest : NULL, "says", says_of(e));
	rp_autofree char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return rp_err_set(err, RP_ERR_NOMEM, "the entry cannot be written as JSON");
	rp_buf_add(out, text);
	rp_buf_add(out, "\n");
	return 0;
}
