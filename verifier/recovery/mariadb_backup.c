/* SPDX-License-Identifier: MIT */
/* mariadb-backup: a server's own files, full or with what has changed since, in a directory, a tar of it, or the tool's
 * own stream. The server's binary log may lead on from there. */
#include "verifier/recovery/mariadb_backup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verifier/recovery/mariadb_backup_prepare.h"
#include "verifier/recovery/members.h"
#include "verifier/recovery/my_replay.h"
#include "verifier/recovery/wanted.h"
#include "verifier/scratch/scratch.h"
#include "verifier/survey/survey.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define STREAM_BITS 64 /* eight bytes that nothing else begins with */
#define TREE_BITS   128
#define FILES_BITS  16 /* a server's files, and nothing that says what they are a backup of */
#define SMALL_MAX   8192

static const char *const prefixes[] = {"mariadb_backup_", "xtrabackup_"};

static bool is_called(const char *name, const char *what)
{
	const char *slash = strrchr(name, '/');
	const char *leaf = slash != NULL ? slash + 1 : name;
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t n = strlen(prefixes[i]);
		if (strncmp(leaf, prefixes[i], n) == 0 && strcmp(leaf + n, what) == 0)
			return slash == NULL || strchr(name, '/') == slash;
	}
	return false;
}

/* Of the backup, or of one of several in as many directories. NULL: there is none, or it is not shown: a stream's are
 * at its end. */
static const char *name_of(const struct rp_artifact *a, const char *what)
{
	const char *name;
	for (size_t i = 0; (name = rp_artifact_name(a, i)) != NULL; i++)
		if (is_called(name, what))
			return name;
	return NULL;
}

/* Of a tar, all that its head may show are files of InnoDB's. */
static bool has_servers_files(const struct rp_artifact *a)
{
	const char *name;
	for (size_t i = 0; (name = rp_artifact_name(a, i)) != NULL; i++) {
		const char *slash = strrchr(name, '/');
		const char *leaf = slash != NULL ? slash + 1 : name;
		if (strcmp(leaf, "ibdata1") == 0 || strcmp(leaf, "aria_log_control") == 0 ||
		    strncmp(leaf, "ib_logfile", 10) == 0 ||
		    (strncmp(leaf, "undo", 4) == 0 && strspn(leaf + 4, "0123456789") == strlen(leaf + 4) &&
		     leaf[4] != '\0'))
			return true;
	}
	return false;
}

static int bid(struct rp_artifact *a, struct rp_err **err)
{
	const uint8_t *head;
	size_t len;
	if (name_of(a, "checkpoints") != NULL || name_of(a, "info") != NULL ||
	    rp_artifact_has(a, RP_MY_BROUGHT_FILE))
		return TREE_BITS;
	if (has_servers_files(a))
		return FILES_BITS;
	if (rp_artifact_head(a, &head, &len, err) < 0)
		return -1;
	return len >= sizeof RP_MB_STREAM - 1 && memcmp(head, RP_MB_STREAM, sizeof RP_MB_STREAM - 1) == 0
		       ? STREAM_BITS
		       : 0;
}

static int read_text(struct rp_artifact *a, const char *what, char *ret, size_t *ret_len, struct rp_err **err)
{
	const char *name = name_of(a, what);
	*ret_len = 0;
	return name == NULL ? 0 : rp_artifact_look(a, name, (uint8_t *)ret, SMALL_MAX, ret_len, err);
}

static const char *keep(struct rp_arena *memory, const char *s, bool *failed)
{
	const char *kept = s[0] != '\0' ? rp_arena_strdup(memory, s) : NULL;
	*failed = *failed || (s[0] != '\0' && kept == NULL);
	return kept;
}

static int tell(struct rp_artifact *a, struct rp_identity *ret, struct rp_position *ret_at,
		struct rp_err **err)
{
	char info[SMALL_MAX], log[SMALL_MAX];
	size_t info_len, log_len;
	struct rp_mb_info i;
	struct rp_binlog_position at = {0};
	bool failed = false;
	if (read_text(a, "info", info, &info_len, err) < 0 ||
	    read_text(a, "binlog_info", log, &log_len, err) < 0)
		return -1;
	rp_mb_info_parse(info, info_len, &i);
	rp_autobuf binlog = RP_BUF_INIT(2 * RP_MB_TEXT_MAX);
	if (rp_mb_position_parse(log, log_len, &at))
		rp_buf_addf(&binlog, "%s:%llu", at.file, (unsigned long long)at.at);
	/* By name, as facts are sorted. */
	const struct rp_fact all[] = {
		{"binlog", rp_buf_text(&binlog)}, {"gtid", at.gtid}, {"mariadb-backup", i.tool_version}};
	struct rp_fact *facts = rp_arena_array(a->memory, 3, sizeof *facts);
	size_t n = 0;
	for (size_t j = 0; facts != NULL && j < 3; j++)
		if (all[j].value[0] != '\0')
			facts[n++] = (struct rp_fact){all[j].name, keep(a->memory, all[j].value, &failed)};
	const struct rp_identity id = {.engine = "mysql",
				       .version = keep(a->memory, i.server_version, &failed)};
	if (failed || facts == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = id;
	*ret_at = (struct rp_position){.facts = facts, .n_facts = n};
	return 0;
}

/* A counter on disk, and in a binary log, stands behind the last row: numbers that a statement set aside for more rows
 * than it wrote are known to the running server alone. */
static const char *omits(const struct rp_object *sealed, const char *fact)
{
	if (strcmp(sealed->kind, "database") == 0 && strcmp(sealed->name, "server") == 0)
		return "a database has these from its server's configuration, which is no part of a backup of files";
	if (strcmp(sealed->kind, "auto increment") == 0 && fact != NULL &&
	    strcmp(fact, RP_FACT_POSITION) == 0)
		return "numbers that were set aside and not used are in the source server's memory alone; its own "
		       "restart forgets them, too";
	return NULL;
}

/* A server that ends on these files ends by what is in them, unless it says that this machine has not got enough. */
static int blame_start(const struct rp_err *why, struct rp_err **err)
{
	static const char *const machine[] = {"No space left",	       "error 28",	"OS error: 28",
					      "annot allocate memory", "Out of memory", "the disk of "};
	const char *text = rp_err_text(why);
	bool ended =
		rp_err_kind(why) == RP_ERR_ENGINE && strstr(text, "the scratch server has ended") != NULL;
	for (size_t i = 0; i < sizeof machine / sizeof machine[0]; i++)
		ended = ended && strstr(text, machine[i]) == NULL;
	(void)rp_err_set(err, ended ? RP_ERR_BACKUP : rp_err_kind(why), "%s", text);
	return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why)) : -1;
}

static int restore(struct rp_artifact *a, struct rp_scratch *s, struct rp_buf *said, struct rp_err **err)
{
	struct rp_mb_tree made;
	rp_autoerr struct rp_err *why = NULL;
	if (!s->faithful) {
		(void)rp_err_set(err, RP_ERR_USAGE,
				 "a backup of a server's files needs a server of its own, and one was named");
		return rp_err_hint(err, "leave out --scratch");
	}
	if (rp_mb_prepare(a, s, &made, said, err) < 0)
		return -1;
	s->wanted = a->wanted != NULL ? a->wanted->database : NULL;
	if (rp_scratch_start(s, &why) < 0)
		return blame_start(why, err);
	return rp_my_replay(a, s, made.has_position ? &made.position : NULL, said, err);
}

static const char *empties(const struct rp_object *sealed)
{
	const char *engine = rp_object_fact(sealed, "engine");
	if (strcmp(sealed->kind, "table") != 0 || engine == NULL || strcasecmp(engine, "memory") != 0)
		return NULL;
	return "rows of a MEMORY table are in no file, and are gone whenever the server starts";
}

const struct rp_format rp_format_mariadb_backup = {
	.name = "mariadb-backup",
	.engine = "mysql",
	.physical = true,
	.bid = bid,
	.restore = restore,
	.tell = tell,
	.omits = omits,
	.empties = empties,
};
