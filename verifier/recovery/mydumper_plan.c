/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/mydumper_plan.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/artifact.h"
#include "verifier/recovery/my_lines.h"
#include "verifier/recovery/sql_line.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* One of mydumper's newer ones has a few lines for each table. */
#define METADATA_MAX  (16 << 20)
#define CREATE_MAX    (64 << 10)
#define DATABASES_MAX 4096

struct database {
	const char *label; /* what its files begin with; borrowed from a file's name */
	size_t len;
	char name[RP_MY_NAME_MAX];
};

struct planning {
	const struct rp_mydumper_files *files;
	struct rp_mydumper_step *all; /* one for each file that is a part */
	size_t n_all;
	struct database *databases;
	size_t n_databases;
	struct rp_buf metadata;
};

static int read_whole(const struct rp_mydumper_files *files, const char *name, struct rp_buf *ret,
		      struct rp_err **err)
{
	rp_auto(rp_stream) s = NULL;
	char chunk[16 << 10];
	ssize_t n = 1;
	if (rp_mydumper_files_open(files, name, &s, err) < 0)
		return -1;
	while (n > 0 && ret->len < ret->max) {
		n = rp_stream_read(s, chunk, sizeof chunk, err);
		if (n > 0 && (size_t)n < ret->max - ret->len)
			rp_buf_add_mem(ret, chunk, (size_t)n);
		else if (n > 0)
			return rp_err_set(err, RP_ERR_BACKUP, "'%s' is larger than any that mydumper writes",
					  name);
	}
	return n < 0 ? -1 : rp_buf_check(ret, err);
}

static int read_metadata(struct planning *p, struct rp_err **err)
{
	struct rp_mydumper_head head;
	const struct rp_argv *names = &p->files->names;
	bool there = false;
	for (size_t i = 0; i < names->n; i++) {
		there = there || strcmp(names->v[i], "metadata") == 0;
		if (strncmp(names->v[i], "metadata.partial", 16) == 0)
			return rp_err_set(err, RP_ERR_BACKUP, "mydumper has not finished it: '%s' is there",
					  names->v[i]);
	}
	if (!there)
		return rp_err_set(err, RP_ERR_BACKUP, "mydumper's file 'metadata' is missing");
	if (read_whole(p->files, "metadata", &p->metadata, err) < 0)
		return -1;
	if (!rp_mydumper_parse(rp_buf_text(&p->metadata), p->metadata.len, &head) || !head.finished)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "mydumper has not finished it: 'metadata' ends without 'Finished dump at'");
	return 0;
}

static int unknown(const char *name, struct rp_err **err)
{
	rp_autobuf shown = RP_BUF_INIT(4096);
	rp_buf_add_plain(&shown, name);
	(void)rp_err_set(err, RP_ERR_ENGINE, "'%s' is no file of mydumper's that can be restored here",
			 rp_buf_text(&shown));
	return rp_err_hint(err, "rows as SQL are supported, and neither CSV nor LOAD DATA");
}

static int sort_out(struct planning *p, struct rp_err **err)
{
	const struct rp_argv *names = &p->files->names;
	p->all = calloc(names->n + 1, sizeof *p->all);
	if (p->all == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < names->n; i++) {
		struct rp_mydumper_step s = {.name = names->v[i]};
		s.part = rp_mydumper_part_of(s.name, &s.len);
		if (s.part == RP_MYDUMPER_UNKNOWN)
			return unknown(s.name, err);
		if (s.part == RP_MYDUMPER_ASIDE)
			continue;
		s.bytes = rp_mydumper_files_bytes(p->files, s.name);
		p->all[p->n_all++] = s;
	}
	return 0;
}

/* A name in a file's name may be a number in place of what no file can be called. */
static int name_database(const struct planning *p, const struct rp_mydumper_step *s, struct database *ret,
			 struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(CREATE_MAX);
	struct rp_line l;
	if (read_whole(p->files, s->name, &text, err) < 0)
		return -1;
	for (const char *at = rp_buf_text(&text), *end = at + text.len; at < end; at += l.all) {
		l = rp_line_of(at, (size_t)(end - at));
		if (rp_line_begins(&l, "CREATE DATABASE ") && l.s[l.n - 1] == ';' &&
		    rp_my_line_database(l.s, l.n, ret->name)) {
			ret->label = s->name;
			ret->len = s->len;
			return 0;
		}
	}
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' makes no database: it is truncated or damaged", s->name);
}

static int find_databases(struct planning *p, struct rp_err **err)
{
	p->databases = calloc(DATABASES_MAX, sizeof *p->databases);
	if (p->databases == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < p->n_all; i++) {
		if (p->all[i].part != RP_MYDUMPER_CREATE)
			continue;
		if (p->n_databases == DATABASES_MAX)
			return rp_err_set(err, RP_ERR_ENGINE, "it holds more than %d databases",
					  DATABASES_MAX);
		if (name_database(p, &p->all[i], &p->databases[p->n_databases], err) < 0)
			return -1;
		p->n_databases++;
	}
	return 0;
}

static void add_names(const struct planning *p, struct rp_buf *to)
{
	for (size_t i = 0; i < p->n_databases; i++) {
		if (rp_my_is_servers_own(p->databases[i].name))
			continue;
		rp_buf_add(to, to->len > 0 ? ", '" : "'");
		rp_buf_add_plain(to, p->databases[i].name);
		rp_buf_add(to, "'");
	}
}

static int choose(const struct planning *p, const struct database **ret, struct rp_err **err)
{
	bool asked;
	const char *wanted = rp_wanted_database(p->files->a->wanted, &asked);
	rp_autobuf names = RP_BUF_INIT(DATABASES_MAX * 8 * RP_MY_NAME_MAX);
	size_t n = 0;
	*ret = NULL;
	for (size_t i = 0; i < p->n_databases; i++) {
		const struct database *d = &p->databases[i];
		n += !rp_my_is_servers_own(d->name);
		if (wanted != NULL ? strcmp(d->name, wanted) == 0 : !rp_my_is_servers_own(d->name))
			*ret = d;
	}
	add_names(p, &names);
	if (n == 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "it holds no database: no file NAME-schema-create.sql is there");
	if (wanted == NULL && n > 1) {
		(void)rp_err_set(err, RP_ERR_USAGE, "it holds several databases: %s", rp_buf_text(&names));
		return rp_err_hint(err, "say which: --database NAME");
	}
	if (*ret != NULL)
		return 0;
	return rp_err_set(err, asked ? RP_ERR_USAGE : RP_ERR_BACKUP, "it holds no database '%s', but %s",
			  wanted, rp_buf_text(&names));
}

static bool is_of(const struct rp_mydumper_step *s, const struct database *d)
{
	return s->len >= d->len && memcmp(s->name, d->label, d->len) == 0 &&
	       (s->len == d->len || s->name[d->len] == '.');
}

/* Names may have dots in them. */
static int is_wanted(const struct planning *p, const struct rp_mydumper_step *s,
		     const struct database *wanted, struct rp_err **err)
{
	size_t owners = 0;
	for (size_t i = 0; i < p->n_databases; i++)
		owners += is_of(s, &p->databases[i]);
	if (owners == 0)
		return rp_err_set(err, RP_ERR_BACKUP,
				  "'%s' is there, and its database's file NAME-schema-create.sql is not",
				  s->name);
	if (owners > 1 && is_of(s, wanted))
		return rp_err_set(err, RP_ERR_ENGINE, "whose '%s' is cannot be told: names have dots in them",
				  s->name);
	return is_of(s, wanted) && s->part != RP_MYDUMPER_CREATE;
}

static int compare_about(const void *va, const void *vb)
{
	const struct rp_mydumper_step *a = va, *b = vb;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	int r = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);
	return r != 0 ? r : (a->len > b->len) - (a->len < b->len);
}

static int compare_steps(const void *va, const void *vb)
{
	const struct rp_mydumper_step *a = va, *b = vb;
	int r = compare_about(va, vb);
	return r != 0 ? r : strcmp(a->name, b->name);
}

static bool is_there(const struct rp_mydumper_plan *p, enum rp_mydumper_part part, const char *about,
		     size_t len)
{
	const struct rp_mydumper_step key = {.part = part, .name = about, .len = len};
	return bsearch(&key, p->steps, p->n, sizeof key, compare_about) != NULL;
}

static int check_whole(const struct planning *p, const struct rp_mydumper_plan *plan,
		       const struct database *d, struct rp_err **err)
{
	char about[RP_MYDUMPER_ABOUT_MAX];
	for (size_t i = 0; i < plan->n; i++) {
		const struct rp_mydumper_step *s = &plan->steps[i];
		bool of_table =
			s->part == RP_MYDUMPER_ROWS || (s->part == RP_MYDUMPER_TRIGGERS && s->len > d->len);
		if (of_table && !is_there(plan, RP_MYDUMPER_TABLE, s->name, s->len))
			return rp_err_set(err, RP_ERR_BACKUP, "'%s' is there, and '%.*s-schema.sql' is not",
					  s->name, (int)s->len, s->name);
	}
	const char *at = rp_buf_text(&p->metadata), *end = at + p->metadata.len;
	while (rp_mydumper_next_counted(&at, end, about)) {
		size_t len = strlen(about);
		if (is_there(plan, RP_MYDUMPER_TABLE, about, len) &&
		    !is_there(plan, RP_MYDUMPER_ROWS, about, len))
			return rp_err_set(err, RP_ERR_BACKUP,
					  "the rows of '%s' are missing, which 'metadata' has counted",
					  about);
	}
	return 0;
}

static int plan(struct planning *p, struct rp_mydumper_plan *ret, struct rp_err **err)
{
	const struct database *wanted;
	if (read_metadata(p, err) < 0 || sort_out(p, err) < 0 || find_databases(p, err) < 0 ||
	    choose(p, &wanted, err) < 0)
		return -1;
	ret->steps = calloc(p->n_all + 1, sizeof *ret->steps);
	if (ret->steps == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < p->n_all; i++) {
		int r = is_wanted(p, &p->all[i], wanted, err);
		if (r < 0)
			return -1;
		if (r > 0)
			ret->steps[ret->n++] = p->all[i];
	}
	qsort(ret->steps, ret->n, sizeof *ret->steps, compare_steps);
	return check_whole(p, ret, wanted, err);
}

int rp_mydumper_plan_make(struct rp_mydumper_plan *ret, const struct rp_mydumper_files *files,
			  struct rp_err **err)
{
	struct planning p = {.files = files, .metadata = RP_BUF_INIT(METADATA_MAX)};
	*ret = (struct rp_mydumper_plan){0};
	int r = plan(&p, ret, err);
	free(p.all);
	free(p.databases);
	rp_buf_done(&p.metadata);
	if (r < 0)
		rp_mydumper_plan_done(ret);
	return r;
}

void rp_mydumper_plan_done(struct rp_mydumper_plan *p)
{
	free(p->steps);
	*p = (struct rp_mydumper_plan){0};
}
