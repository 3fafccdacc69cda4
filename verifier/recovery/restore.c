/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/format.h"
#include "verifier/recovery/wanted.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

#define SAID_MAX (64 << 10)

/* What it is instead, where that is known. By content, like everything here. */
static int name_it(const struct rp_artifact *a, const uint8_t *head, size_t len, struct rp_err **err)
{
	if (len >= 5 && memcmp(head, "PGDMP", 5) == 0) {
		(void)rp_err_set(
			err, RP_ERR_BACKUP,
			"'%s' is the table of contents of a pg_dump of the directory format, without the rest",
			a->point->id);
		return rp_err_hint(err, "name the directory that it lies in");
	}
	if (rp_artifact_head_failure(a) != NULL) {
		(void)rp_err_again(err, rp_artifact_head_failure(a));
		return rp_err_wrap(err, "read backup '%s'", a->point->id);
	}
	rp_autobuf tried = RP_BUF_INIT(4096);
	for (const struct rp_format *const *f = rp_formats; *f != NULL; f++)
		rp_buf_addf(&tried, "%s%s", tried.len > 0 ? ", " : "", (*f)->name);
	if (rp_artifact_is_tar(a))
		return rp_err_set(
			err, RP_ERR_BACKUP,
			"'%s' is a tar archive that begins with '%s', and no backup of a known format (tried: %s)",
			a->point->id, rp_artifact_name(a, 0), rp_buf_text(&tried));
	/* A wrong password makes anything of it, and not every command says so. */
	bool filtered = a->wrapped[0] != NULL && strcmp(a->wrapped[0], "filter") == 0;
	return rp_err_set(err, filtered ? RP_ERR_LOCKED : RP_ERR_BACKUP,
			  "'%s'%s is no backup of a known format (tried: %s)", a->point->id,
			  filtered ? ", as its filters leave it," : "", rp_buf_text(&tried));
}

static int take_bids(const struct rp_format **ret, struct rp_artifact *a, struct rp_err **err)
{
	int highest = 0;
	for (const struct rp_format *const *f = rp_formats; *f != NULL; f++) {
		int bid = (*f)->bid(a, err);
		if (bid < 0)
			return -1;
		if (bid > highest) {
			highest = bid;
			*ret = *f;
		}
	}
	return 0;
}

int rp_format_of(const struct rp_format **ret, struct rp_artifact *a, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	if (len == 0 && !a->point->tree)
		return rp_err_set(err, RP_ERR_BACKUP, "'%s' is empty", a->point->id);
	const struct rp_format *best = NULL;
	if (take_bids(&best, a, err) < 0)
		return -1;
	/* A tar of a large directory begins with whatever lay first in it. */
	if (best == NULL && rp_artifact_is_tar(a) &&
	    (rp_artifact_see_more(a, err) < 0 || take_bids(&best, a, err) < 0))
		return -1;
	if (best == NULL)
		return name_it(a, head, len, err);
	*ret = best;
	return 0;
}

/* Line by line, so that ends of lines stay and every other control character is spelt out. */
static char *presentable(struct rp_buf *said)
{
	rp_autobuf out = RP_BUF_INIT(4 * SAID_MAX);
	char *text = said->s;
	for (char *line; text != NULL && (line = strsep(&text, "\n")) != NULL;) {
		if (line[0] == '\0')
			continue;
		rp_buf_add_plain(&out, line);
		rp_buf_add(&out, "\n");
	}
	/* Between lines, and not behind the last. */
	if (out.len > 0)
		out.s[--out.len] = '\0';
	return out.len > 0 ? rp_buf_take(&out) : strdup("");
}

/* A dump is of the moment at which it was made. Where somebody asks for another one, it is not enough to be silent. */
static int check_until(const struct rp_format *f, const struct rp_artifact *a, struct rp_err **err)
{
	const struct rp_wanted *w = a->wanted;
	if (f->physical || w == NULL || w->until.kind == RP_UNTIL_UNSAID ||
	    w->until.kind == RP_UNTIL_SEALED || (w->until.kind == RP_UNTIL_END && w->logs == NULL))
		return 0;
	(void)rp_err_set(
		err, RP_ERR_USAGE,
		"a dump (%s) is of the moment at which it was made, and no log is replayed behind it",
		f->name);
	return rp_err_hint(err, "leave out --recover-to, or name a backup of the server's files");
}

int rp_restore(struct rp_restored *ret, const struct rp_format *f, struct rp_artifact *a,
	       struct rp_scratch *s, struct rp_err **err)
{
	rp_autobuf said = RP_BUF_INIT(SAID_MAX);
	*ret = (struct rp_restored){.began_ms = rp_run_clock_ms()};
	rp_run_phase(s->run, "restore", a->point->size, "bytes");
	int r = check_until(f, a, err) < 0 ? -1 : f->restore(a, s, &said, err);
	ret->ms = rp_run_clock_ms() - ret->began_ms;
	ret->said = presentable(&said);
	/* The restore's own failure is the one to tell; the digests are wanted all the same. */
	int read = rp_artifact_finish(a, r < 0 ? NULL : err);
	if (r < 0)
		return rp_err_wrap(err, "restore '%s'", a->point->id);
	if (read < 0)
		return -1;
	if (ret->said == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	ret->format = f;
	return 0;
}

void rp_restored_done(struct rp_restored *r)
{
	free(r->said);
	*r = (struct rp_restored){0};
}
