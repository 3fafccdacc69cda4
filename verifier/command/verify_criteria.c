/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "verifier/command/surroundings.h"
#include "verifier/command/verify.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/sha256.h"

#define TEXT_MAX     (64u << 20) /* questions of one's own are part of it */
#define OPTIONS_MAX  200
#define SHORT_DIGEST 12

static void hex_of(const void *text, size_t len, char ret[RP_SHA256_HEX])
{
	uint8_t digest[RP_SHA256_LEN];

	rp_sha256(text, len, digest);
	rp_sha256_hex(digest, ret);
}

/* The questions themselves, and not only the names of their files. */
static void add_questions(const struct verifying *v, struct rp_buf *text)
{
	char hex[RP_SHA256_HEX];

	for (size_t i = 0; i < v->target.n_smoke; i++) {
		hex_of(v->target.smoke[i].text, strlen(v->target.smoke[i].text), hex);
		rp_buf_addf(text, "text of smoke=%s\n", hex);
	}
}

/* Digests of what was asked for, option by option, so that the next run can say which are others. Values stay here: they may
 * name what is nobody's business. Lines of one option stand together. */
static int list_options(struct verifying *v, const char *text, struct rp_err **err)
{
	struct rp_fact *all = rp_arena_array(v->memory, OPTIONS_MAX, sizeof(*all));
	size_t n = 0;

	for (const char *line = text; all && *line && n < OPTIONS_MAX; n++) {
		size_t name = strcspn(line, "=\n");
		const char *end = line;
		char hex[RP_SHA256_HEX];
		do {
			end += strcspn(end, "\n");
			end += *end == '\n';
		} while (strncmp(end, line, name) == 0 && strchr("=\n", end[name]) && end[name]);
		hex_of(line, (size_t)(end - line), hex);
		hex[SHORT_DIGEST] = '\0';
		char *copy = rp_arena_memdup(v->memory, line, name + 1);
		if (copy)
			copy[name] = '\0';
		all[n] = (struct rp_fact){.name = copy, .value = rp_arena_strdup(v->memory, hex)};
		if (!all[n].name || !all[n].value)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		line = end;
	}
	v->around.record.options = all;
	v->around.record.n_options = n;
	return all ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static void add_checks(struct rp_buf *text)
{
	for (const struct rp_check *const *c = rp_checks; *c; c++)
		rp_buf_addf(text, "%s\n", (*c)->name);
	for (const struct rp_engine *const *e = rp_engines; *e; e++)
		for (const struct rp_engine_test *t = (*e)->tests; t && t->name; t++)
			rp_buf_addf(text, "%s\n", t->name);
}

int rp_verify_criteria(struct verifying *v, struct rp_criteria *ret, struct rp_err **err)
{
	const struct verify_options *o = v->options;
	rp_autobuf text = RP_BUF_INIT(TEXT_MAX);

	rp_options_text(v->recording.command, o, &text);
	rp_buf_addf(&text, "artifact=%s\n", o->artifact);
	add_questions(v, &text);
	if (rp_buf_check(&text, err) < 0 || list_options(v, rp_buf_text(&text), err) < 0)
		return -1;
	hex_of(rp_buf_text(&text), text.len, ret->configuration);
	rp_buf_reset(&text);
	rp_trust_store_text(&v->store, &text);
	hex_of(rp_buf_text(&text), text.len, ret->trust);
	rp_buf_reset(&text);
	add_checks(&text);
	hex_of(rp_buf_text(&text), text.len, ret->checks);
	rp_buf_reset(&text);
	if (rp_buf_check(&text, err) < 0 || (o->waivers && rp_file_read(o->waivers, &text, err) < 0))
		return -1;
	hex_of(rp_buf_text(&text), text.len, ret->waivers);
	return 0;
}
