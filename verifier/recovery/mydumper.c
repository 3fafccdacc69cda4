/* SPDX-License-Identifier: MIT */
/* mydumper: a directory with a file for each table's definition and for each part of its rows. It is restored as
 * myloader would, but in an order that is always the same, into one database, and by the vendor's client in the box. */
#include "verifier/recovery/mydumper.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/my_client.h"
#include "verifier/recovery/my_script.h"
#include "verifier/recovery/mydumper_plan.h"
#include "verifier/recovery/mysqldump.h"
#include "verifier/recovery/tar.h"
#include "verifier/recovery/wanted.h"
#include "verifier/scratch/scratch.h"
#include "verifier/survey/survey.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define LOOK (64 << 10)

static int look(struct rp_artifact *a, struct rp_mydumper_head *ret, bool *ret_is, struct rp_err **err)
{
	rp_autofree uint8_t *text = malloc(LOOK);
	size_t len = 0;
	if (text == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (rp_artifact_look(a, "metadata", text, LOOK, &len, err) < 0)
		return -1;
	*ret_is = rp_mydumper_parse((const char *)text, len, ret);
	return 0;
}

/* Are all files that show mydumper's, and there are definitions among them? A tar need not begin with those that say
 * most. */
static bool names_parts(const struct rp_artifact *a)
{
	size_t len, n = 0;
	const char *name;
	for (size_t i = 0; (name = rp_artifact_name(a, i)) != NULL; i++) {
		const char *base = strrchr(name, '/');
		enum rp_mydumper_part part = rp_mydumper_part_of(base != NULL ? base + 1 : name, &len);
		bool folder = a->members != NULL && a->members[i].directory;
		if (part == RP_MYDUMPER_UNKNOWN && !folder && strncmp(name, "metadata", 8) != 0)
			return false;
		n += part != RP_MYDUMPER_ROWS && part < RP_MYDUMPER_ASIDE;
	}
	return n > 0;
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	struct rp_mydumper_head h;
	bool is = false;
	if (!a->point->tree && !rp_artifact_is_tar(a))
		return 0;
	if (rp_artifact_has(a, "metadata") && look(a, &h, &is, err) < 0)
		return -1;
	/* The name 'metadata' is one that others use, too. */
	return names_parts(a) ? 8 * (is ? 32 : 24) : is ? 8 * 16 : 0;
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	struct rp_mydumper_head h = {0};
	bool is = false;
	if (look(a, &h, &is, err) < 0)
		return -1;
	rp_autobuf binlog = RP_BUF_INIT(2 * RP_MYDUMPER_TEXT_MAX);
	if (h.log_file[0] != '\0' && h.log_pos[0] != '\0')
		rp_buf_addf(&binlog, "%s:%s", h.log_file, h.log_pos);
	const struct rp_fact all[] = {{"binlog", rp_buf_text(&binlog)}, {"gtid", h.gtid}};
	struct rp_fact *facts = rp_arena_array(a->memory, 2, sizeof *facts);
	size_t n = 0;
	bool failed = facts == NULL;
	for (size_t i = 0; !failed && i < 2; i++) {
		if (all[i].value[0] == '\0')
			continue;
		facts[n] = (struct rp_fact){all[i].name, rp_arena_strdup(a->memory, all[i].value)};
		failed = facts[n++].value == NULL;
	}
	if (failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = (struct rp_identity){.engine = "mysql"};
	*ret_at = (struct rp_position){.facts = facts, .n_facts = n};
	return 0;
}

/* The files that one client reads. */
struct feeding {
	const struct rp_mydumper_files *files;
	struct rp_my_script_file *script;
	size_t n;
	uint64_t bytes;
};

static int open_file(void *ctx, size_t i, struct rp_stream **ret, struct rp_err **err)
{
	const struct feeding *f = ctx;
	return rp_mydumper_files_open(f->files, f->script[i].name, ret, err);
}

/* Lines are counted by the client from the first file's beginning on: which file it is helps more. */
static int blame(const char *file, const struct rp_err *why, struct rp_err **err)
{
	static const char mark[] = " at line ";
	const char *text = rp_err_text(why), *hint = rp_err_hint_text(why), *at = strstr(text, mark);
	size_t skip = at != NULL ? strlen(mark) + strspn(at + strlen(mark), "0123456789") : 0;
	if (strstr(text, file) != NULL)
		(void)rp_err_set(err, rp_err_kind(why), "%s", text);
	else
		(void)rp_err_set(err, rp_err_kind(why), "'%s': %.*s%s", file,
				 at != NULL ? (int)(at - text) : (int)strlen(text), text,
				 at != NULL ? at + skip : "");
	return hint != NULL ? rp_err_hint(err, "%s", hint) : -1;
}

/* All of it, and nothing cut off. */
static int is_whole(const struct feeding *f, const struct rp_my_feed *fed, struct rp_err **err)
{
	if (!rp_my_script_whole(fed->sql))
		return rp_err_set(err, RP_ERR_BACKUP, "the client stopped before the last file's end");
	if (fed->fed.seen == f->n)
		return 0;
	if (fed->fed.drowned)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the client said so much that its last words are not known");
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' ends inside of a statement",
			  f->script[fed->fed.seen].name);
}

static int run_clients(struct feeding *all, struct rp_my_feed *feeds, size_t n, struct rp_scratch *s,
		       struct rp_buf *said, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	size_t which;
	for (size_t i = 0; i < n; i++) {
		const struct rp_my_script what = {
			.files = all[i].script, .n = all[i].n, .open = open_file, .ctx = &all[i]};
		if (rp_my_script_new(&feeds[i].sql, &what, err) < 0)
			return -1;
		feeds[i].fed.sentinel = rp_my_script_sentinel(feeds[i].sql);
	}
	if (rp_my_client_feed_all(s, feeds, n, said, &which, &why) < 0) {
		if (which == n && n > 1)
			return rp_err_again(err, why);
		const struct feeding *of = &all[which < n ? which : 0];
		size_t seen = feeds[which < n ? which : 0].fed.seen;
		return blame(of->script[seen < of->n ? seen : of->n - 1].name, why, err);
	}
	for (size_t i = 0; i < n; i++)
		if (is_whole(&all[i], &feeds[i], err) < 0)
			return -1;
	return 0;
}

/* As many clients as have something to read; those are the first. */
static int feed(struct feeding *all, size_t n, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	while (n > 0 && all[n - 1].n == 0)
		n--;
	rp_autofree struct rp_my_feed *feeds = calloc(n + 1, sizeof *feeds);
	if (feeds == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	int r = n > 0 ? run_clients(all, feeds, n, s, said, err) : 0;
	for (size_t i = 0; i < n; i++)
		rp_stream_close(feeds[i].sql);
	return r;
}

static void add(struct feeding *to, const struct rp_mydumper_step *step)
{
	to->script[to->n++] = (struct rp_my_script_file){
		.name = step->name,
		.code = step->part > RP_MYDUMPER_ROWS,
		.may_be_empty = step->part == RP_MYDUMPER_ROWS || step->part == RP_MYDUMPER_POST,
	};
	to->bytes += step->bytes;
}

static struct feeding *least(struct feeding *all, size_t n)
{
	struct feeding *f = all;
	for (size_t i = 1; i < n; i++)
		if (all[i].bytes < f->bytes)
			f = &all[i];
	return f;
}

/* Rows of one table go through one client, so that no two of them ever wait for each other's locks. */
static void deal(struct feeding *all, size_t n, const struct rp_mydumper_step *steps, size_t n_steps)
{
	struct feeding *to = all;
	for (size_t i = 0; i < n_steps; i++) {
		bool same = i > 0 && steps[i].len == steps[i - 1].len &&
			    memcmp(steps[i].name, steps[i - 1].name, steps[i].len) == 0;
		if (!same)
			to = least(all, n);
		add(to, &steps[i]);
	}
}

/* Definitions, then rows by as many clients as are allowed, then what may look at rows. */
static int restore_steps(struct feeding *all, size_t n, const struct rp_mydumper_plan *plan,
			 struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	for (size_t from = 0, to; from < plan->n; from = to) {
		int side = (plan->steps[from].part > RP_MYDUMPER_ROWS) -
			   (plan->steps[from].part < RP_MYDUMPER_ROWS);
		for (to = from; to < plan->n && (plan->steps[to].part > RP_MYDUMPER_ROWS) -
								(plan->steps[to].part < RP_MYDUMPER_ROWS) ==
							side;)
			to++;
		for (size_t i = 0; i < n; i++)
			all[i].n = all[i].bytes = 0;
		deal(all, side == 0 ? n : 1, plan->steps + from, to - from);
		if (feed(all, n, s, said, err) < 0)
			return -1;
	}
	return 0;
}

static int restore_plan(const struct rp_mydumper_files *files, const struct rp_mydumper_plan *plan,
			struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	size_t n = rp_wanted_jobs(files->a->wanted);
	rp_autofree struct feeding *all = calloc(n, sizeof *all);
	rp_autofree struct rp_my_script_file *script = calloc(n * plan->n + 1, sizeof *script);
	if (all == NULL || script == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		all[i] = (struct feeding){.files = files, .script = script + i * plan->n};
	if (rp_scratch_start(s, err) < 0 || restore_steps(all, n, plan, s, said, err) < 0)
		return -1;
	return rp_scratch_furnish(s, err);
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	rp_cleanup(rp_mydumper_files_done) struct rp_mydumper_files files = {0};
	rp_cleanup(rp_mydumper_plan_done) struct rp_mydumper_plan plan = {0};
	if (rp_mydumper_files_find(&files, a, s, err) < 0 || rp_mydumper_plan_make(&plan, &files, err) < 0)
		return -1;
	return restore_plan(&files, &plan, s, said, err);
}

const struct rp_format rp_format_mydumper = {
	.name = "mydumper",
	.engine = "mysql",
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.loses = rp_mydumper_loses,
	.lacks = rp_mysqldump_lacks,
	.omits = rp_mydumper_omits,
	.dump = rp_mydumper_words,
	.harmless = rp_mydumper_harmless,
	.expected = rp_mydumper_expected,
};
