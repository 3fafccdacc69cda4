/* SPDX-License-Identifier: MIT */
/* mariadb-dump and mysqldump: SQL for the vendor's own client, which would also run commands of its own that stand in
 * it. */
#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/recovery/my_client.h"
#include "verifier/recovery/my_filter.h"
#include "verifier/recovery/mysqldump.h"
#include "verifier/recovery/mysqldump_make.h"
#include "verifier/recovery/wanted.h"
#include "verifier/scratch/scratch.h"
#include "verifier/survey/survey.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

static int parse(struct rp_artifact *a, int *ret_bits, struct rp_mysqldump_head *ret, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	*ret_bits = rp_mysqldump_parse(head, len, ret);
	return 0;
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	struct rp_mysqldump_head h;
	int bits;
	return parse(a, &bits, &h, err) < 0 ? -1 : bits;
}

/* NULL for "", and for want of memory, which *failed says. */
static const char *keep(struct rp_arena *memory, const char *s, bool *failed)
{
	const char *kept = s[0] != '\0' ? rp_arena_strdup(memory, s) : NULL;
	*failed = *failed || (s[0] != '\0' && kept == NULL);
	return kept;
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	struct rp_mysqldump_head h;
	int bits;
	bool failed = false;
	if (parse(a, &bits, &h, err) < 0)
		return -1;
	rp_autobuf binlog = RP_BUF_INIT(2 * RP_MYSQLDUMP_TEXT_MAX);
	if (h.log_file[0] != '\0' && h.log_pos[0] != '\0')
		rp_buf_addf(&binlog, "%s:%s", h.log_file, h.log_pos);
	/* By name, as facts are sorted. */
	const struct rp_fact all[] = {{"binlog", rp_buf_text(&binlog)},
				      {"gtid", h.gtid},
				      {h.mariadb ? "mariadb-dump" : "mysqldump", h.tool}};
	struct rp_fact *facts = rp_arena_array(a->memory, 3, sizeof *facts);
	size_t n = 0;
	for (size_t i = 0; facts != NULL && i < 3; i++)
		if (all[i].value[0] != '\0')
			facts[n++] = (struct rp_fact){all[i].name, keep(a->memory, all[i].value, &failed)};
	const struct rp_identity id = {.engine = "mysql",
				       .version = keep(a->memory, h.server, &failed),
				       .database = keep(a->memory, h.database, &failed)};
	if (failed || facts == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = id;
	*ret_at = (struct rp_position){.facts = facts, .n_facts = n};
	return 0;
}

/* What no client restores, or nobody could say of that it was whole. */
static int restorable(const struct rp_mysqldump_head *h, struct rp_err **err)
{
	if (h->wide) {
		(void)rp_err_set(err, RP_ERR_BACKUP, "it is UTF-16 text, which no client restores");
		return rp_err_hint(err, "PowerShell's '>' made it so: dump with --result-file=NAME");
	}
	if (h->message[0] != '\0') {
		rp_autobuf shown = RP_BUF_INIT(8 * RP_MYSQLDUMP_TEXT_MAX);
		rp_buf_add_plain(&shown, h->message);
		(void)rp_err_set(err, RP_ERR_BACKUP, "it begins with a message of the tool that made it: %s",
				 rp_buf_text(&shown));
		return rp_err_hint(err, "keep its messages out of the dump (2>&1)");
	}
	if (h->end == RP_MYSQLDUMP_NONE) {
		(void)rp_err_set(
			err, RP_ERR_ENGINE,
			"it was made with --compact, and has no end by which one could tell that it is "
			"whole");
		return rp_err_hint(err, "make it without --compact");
	}
	return 0;
}

/* Exit status 0 alone means little: the client ends with it when its input ends, and runs what was begun. */
static int complete(const struct rp_artifact *a, const struct rp_stream *filter, const struct rp_my_fed *fed,
		    struct rp_err **err)
{
	if (!rp_my_filter_whole(filter))
		return rp_err_set(err, RP_ERR_BACKUP, "the client stopped before the end of '%s'",
				  a->point->id);
	if (fed->seen > 0)
		return 0;
	if (fed->drowned)
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the client said so much that its last words are not known");
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' ends inside of a statement", a->point->id);
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	struct rp_mysqldump_head h;
	int bits;
	if (parse(a, &bits, &h, err) < 0 || restorable(&h, err) < 0 || rp_scratch_start(s, err) < 0)
		return -1;
	struct rp_stream *bytes = NULL;
	rp_auto(rp_stream) filter = NULL;
	bool asked;
	const char *wanted = rp_wanted_database(a->wanted, &asked);
	if (rp_artifact_read(a, &a->files[0], &bytes, err) < 0 ||
	    rp_my_filter_new(&filter, bytes, wanted, asked, err) < 0)
		return -1;
	struct rp_my_fed fed = {.made_on = h.server, .sentinel = rp_my_filter_sentinel(filter)};
	if (rp_my_client_feed(s, filter, &fed, said, err) < 0)
		return -1;
	return complete(a, filter, &fed, err) < 0 ? -1 : rp_scratch_furnish(s, err);
}

const struct rp_format rp_format_mysqldump = {
	.name = "mysqldump",
	.engine = "mysql",
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.loses = rp_mysqldump_loses,
	.lacks = rp_mysqldump_lacks,
	.omits = rp_mysqldump_omits,
	.resets = rp_mysqldump_resets,
	.dump = rp_mysqldump_words,
	.harmless = rp_mysqldump_harmless,
};
