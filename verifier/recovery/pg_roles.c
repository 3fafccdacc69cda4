/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/engine.h"
#include "verifier/recovery/pg_dump.h"
#include "verifier/scratch/scratch.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/stream.h"

#define NAME_MAX_BYTES 256
#define LINE_MAX_BYTES 8192
#define ROLES_MAX      10000

/* How pg_dump writes a line that names roles. */
static const struct {
	const char *begins, *behind;
} forms[] = {
	{"-- Name: ", "; Owner: "},
	{"-- Data for Name: ", "; Owner: "},
	{"ALTER ", " OWNER TO "},
	{"GRANT ", " TO "},
	{"REVOKE ", " FROM "},
	{"ALTER DEFAULT PRIVILEGES ", " FOR ROLE "},
	{"ALTER DEFAULT PRIVILEGES ", " TO "},
	{"ALTER DEFAULT PRIVILEGES ", " FROM "},
	{"SET SESSION AUTHORIZATION ", " AUTHORIZATION "},
	{"CREATE POLICY ", " TO "},
	{"CREATE USER MAPPING ", " FOR "},
	{"CREATE ROLE ", "CREATE ROLE "},
};

/* One name at s, quoted or not; where it ends. */
static const char *take_name(const char *s, const char *end, bool bare, char ret[NAME_MAX_BYTES])
{
	size_t n = 0;
	char quote = s < end && (*s == '"' || *s == '\'') && !bare ? *s++ : '\0';
	for (; s < end; s++) {
		if (quote != '\0' ? *s == quote : (bare ? *s == ';' : strchr(" ,;", *s) != NULL)) {
			if (quote == '\0' || s + 1 >= end || s[1] != quote)
				break;
			s++; /* doubled: one of the name's own */
		}
		if (n < NAME_MAX_BYTES - 1)
			ret[n++] = *s;
	}
	ret[n] = '\0';
	return s < end && quote != '\0' ? s + 1 : s;
}

static const char *last_of(const char *line, size_t len, const char *text)
{
	size_t n = strlen(text);
	for (size_t at = len >= n ? len - n + 1 : 0; at-- > 0;)
		if (memcmp(line + at, text, n) == 0)
			return line + at + n;
	return NULL;
}

static bool is_role(const char *name)
{
	static const char *const words[] = {"", "-", "PUBLIC", "DEFAULT", "CURRENT_USER", "SESSION_USER"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(name, words[i]) == 0)
			return false;
	return true;
}

void rp_pg_roles_in(const char *line, size_t len, rp_pg_role_fn *fn, void *ctx)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		size_t n = strlen(forms[i].begins);
		if (len < n || memcmp(line, forms[i].begins, n) != 0)
			continue;
		const char *s = last_of(line, len, forms[i].behind), *end = line + len;
		bool bare = line[0] == '-'; /* in a comment names are not quoted */
		while (s != NULL && s < end) {
			char name[NAME_MAX_BYTES];
			s = take_name(s, end, bare, name);
			if (is_role(name))
				fn(ctx, name);
			s = end - s > 2 && s[0] == ',' && s[1] == ' ' ? s + 2 : NULL;
		}
	}
}

struct roles {
	struct rp_survey *survey; /* with an object a role, as furnish() wants them */
	struct rp_err *failure;
};

static void add_role(void *ctx, const char *name)
{
	struct roles *r = ctx;
	rp_autobuf qualified = RP_BUF_INIT(4 * NAME_MAX_BYTES);
	rp_name_add(&qualified, name);
	if (r->failure != NULL)
		return;
	for (size_t i = 0; i < r->survey->n_objects; i++)
		if (strcmp(r->survey->objects[i].name, rp_buf_text(&qualified)) == 0)
			return;
	if (r->survey->n_objects >= ROLES_MAX) {
		(void)rp_err_set(&r->failure, RP_ERR_ENGINE, "it names more than %d roles", ROLES_MAX);
		return;
	}
	const struct rp_fact owner = {RP_FACT_OWNER, name};
	const struct rp_object o = {.kind = "role",
				    .name = rp_buf_text(&qualified),
				    .definition = "",
				    .facts = &owner,
				    .n_facts = 1};
	(void)rp_survey_add_object(r->survey, &o, &r->failure);
}

/* Line by line; of lines that are longer than any that names a role, the beginning. */
static int read_roles(struct roles *r, struct rp_stream *sql, struct rp_err **err)
{
	rp_autobuf line = RP_BUF_INIT(LINE_MAX_BYTES);
	char chunk[64 << 10];
	ssize_t n;
	while ((n = rp_stream_read(sql, chunk, sizeof chunk, err)) > 0) {
		const char *at = chunk, *end = chunk + n;
		while (at < end) {
			const char *nl = memchr(at, '\n', (size_t)(end - at));
			size_t part = (size_t)((nl != NULL ? nl : end) - at), room = line.max - 1 - line.len;
			rp_buf_add_mem(&line, at, part < room ? part : room);
			if (nl == NULL)
				break;
			rp_pg_roles_in(rp_buf_text(&line), line.len, add_role, r);
			rp_buf_reset(&line);
			at = nl + 1;
		}
	}
	return (int)n;
}

bool rp_pg_lacks_roles(const struct rp_scratch *s)
{
	return s->sealed == NULL && s->faithful;
}

int rp_pg_make_roles(struct rp_scratch *s, struct rp_stream *sql, struct rp_err **err)
{
	rp_auto(rp_survey) survey = NULL;
	if (rp_survey_new(&survey, err) < 0)
		return -1;
	struct roles r = {.survey = survey};
	if (read_roles(&r, sql, err) < 0)
		return -1;
	if (r.failure != NULL) {
		*err = r.failure;
		return -1;
	}
	struct rp_conn *c = NULL;
	int made = s->engine->connect(&c, s->uri, s->run, err);
	if (made == 0)
		made = s->engine->hosting->furnish(c, survey, err);
	s->engine->close(c);
	return made < 0 ? rp_err_wrap(err, "make the roles that the dump names") : 0;
}
