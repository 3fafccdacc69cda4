/* SPDX-License-Identifier: MIT */
/* mariadb-dump and mysqldump: SQL for the vendor's own client, which would also run commands of its own that stand in
 * it. */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/engine.h"
#include "verifier/engine/mysql/traits.h"
#include "verifier/recovery/members.h"
#include "verifier/recovery/my_filter.h"
#include "verifier/recovery/mysqldump.h"
#include "verifier/recovery/mysqldump_make.h"
#include "verifier/recovery/wanted.h"
#include "verifier/scratch/scratch.h"
#include "verifier/survey/survey.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define SAID_MAX (1 << 20)

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

/* Comments are parts of routines, too. A row may take a gigabyte, which is what servers allow at most. Where an option
 * is not known to this version, 'loose' makes a warning of it. */
static const char *const options[] = {
	"--loose-sandbox",
	"--loose-system-command=0",
	"--binary-mode",
	"--local-infile=0",
	"--batch",
	"--skip-column-names",
	"--comments",
	"--skip-reconnect",
	"--skip-auto-rehash",
	"--max-allowed-packet=1073741824",
	"--default-character-set=utf8mb4",
	"--loose-skip-print-query-on-error",
};
#define OPTIONS (sizeof options / sizeof options[0])

static bool is_ours(const char *line, size_t n)
{
	return memmem(line, n, "unknown option '--loose-", 24) != NULL ||
	       memmem(line, n, "unknown variable 'loose-", 24) != NULL;
}

/* Answers to a dump's own questions (MariaDB 10.5 sets sequences by one) come on the same way. */
static bool is_talk(const char *line, size_t n)
{
	static const char *const begins[] = {"ERROR", "Warning", "WARNING", "mariadb: ", "mysql: "};
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
		size_t len = strlen(begins[i]);
		if (n >= len && memcmp(line, begins[i], len) == 0)
			return true;
	}
	return false;
}

/* What the tool said, without our sentinel and without what it said of our options. false: the sentinel is not there. */
static bool cut_ours(const char *said, const char *sentinel, bool failed, struct rp_buf *ret)
{
	bool found = false;
	size_t n = strlen(sentinel);
	for (const char *line = said; *line != '\0';) {
		const char *end = strchrnul(line, '\n');
		size_t len = (size_t)(end - line);
		if (len == n && memcmp(line, sentinel, n) == 0) {
			found = true;
		} else if (!is_ours(line, len) && (failed || is_talk(line, len))) {
			rp_buf_add_mem(ret, line, len);
			rp_buf_add(ret, "\n");
		}
		line = *end != '\0' ? end + 1 : end;
	}
	return found;
}

/* Exit status 0 alone means little: the client ends with it when its input ends, and runs what was begun. */
static int complete(const struct rp_artifact *a, const struct rp_stream *filter, const struct rp_buf *heard,
		    bool sentinel, struct rp_err **err)
{
	if (!rp_my_filter_whole(filter))
		return rp_err_set(err, RP_ERR_BACKUP, "the client stopped before the end of '%s'",
				  a->point->id);
	if (sentinel)
		return 0;
	if (heard->len >= heard->max / 4) /* a quarter is for what goes to stdout */
		return rp_err_set(err, RP_ERR_ENGINE,
				  "the client said so much that its last words are not known");
	return rp_err_set(err, RP_ERR_BACKUP, "'%s' ends inside of a statement", a->point->id);
}

/* What only this format knows; everything else about a complaint the engine does. */
static const struct {
	const char *said;
	enum rp_err_kind kind;
	const char *means, *hint;
} excuses[] = {
	{"near 'mysqldump: ", RP_ERR_BACKUP, "a message of mysqldump's stands in it",
	 "see whether that tool failed, and keep its messages out of the dump (2>&1)"},
	{"near 'mariadb-dump: ", RP_ERR_BACKUP, "a message of mariadb-dump's stands in it",
	 "see whether that tool failed, and keep its messages out of the dump (2>&1)"},
	/* What lies outside of the database on its own machine. */
	{": ERROR 3185 ", RP_ERR_ENGINE, "a table is encrypted, and this server has no keyring",
	 "name a server that has one as the scratch"},
	{"\"Wrong create options\"", RP_ERR_ENGINE,
	 "a table has options that this server cannot meet, such as encryption",
	 "name a server that has a key management plugin as the scratch"},
	{": ERROR 3510 ", RP_ERR_ENGINE, "a table is in a tablespace of its own, which there is none of here",
	 "name a server that has it as the scratch"},
	{": ERROR 1045 (28000) at line ", RP_ERR_ENGINE,
	 "a statement needs rights to files, as a table with a DATA DIRECTORY of its own does",
	 "such a table cannot be restored here yet: move it into the server's own data directory"},
	/* The private server's own login, which may do everything within the one database. */
	{" command denied to user 'reprove_restorer'@", RP_ERR_ENGINE,
	 "a view or a foreign key refers to another database, which is not restored beside this one",
	 "one database is restored at a time: what refers to another cannot be proved yet"},
	/* No client restores it: the dump locks each table for itself. */
	{"was not locked with LOCK TABLES", RP_ERR_BACKUP,
	 "a table whose default is another's next value cannot be restored under the dump's own locks",
	 "dump with --skip-add-locks"},
};

/* Was it made on a later server than this one, or one of the other vendor? Then it can be whole and not be understood
 * here. */
static bool is_foreign(const struct rp_my_traits *made, const struct rp_my_traits *here)
{
	return made->vendor != here->vendor || made->version > here->version;
}

static void add_server(struct rp_buf *to, const struct rp_my_traits *is)
{
	rp_buf_addf(to, "%s %u.%u.%u", is->vendor == RP_MARIADB ? "MariaDB" : "MySQL", is->version / 10000,
		    is->version / 100 % 100, is->version % 100);
}

static int misunderstood(const struct rp_my_traits *made, const struct rp_my_traits *here,
			 const struct rp_err *why, struct rp_err **err)
{
	rp_autobuf from = RP_BUF_INIT(256);
	rp_autobuf to = RP_BUF_INIT(256);
	add_server(&from, made);
	add_server(&to, here);
	(void)rp_err_set(err, RP_ERR_ENGINE, "a dump of %s was restored to %s: %s", rp_buf_text(&from),
			 rp_buf_text(&to), rp_err_text(why));
	return rp_err_hint(
		err, "restore it with the version that it was made on, or a later one of the same vendor");
}

/* The tools' version, except on a server of the user's. */
static char *version_here(struct rp_scratch *s)
{
	struct rp_conn *c = NULL;
	struct rp_identity id = {0};
	struct rp_position at = {0};
	char *version = NULL;
	if (s->faithful)
		return strdup(s->place.with.version);
	if (s->engine->connect(&c, s->uri, s->run, NULL) == 0 && s->engine->identify(c, &id, &at, NULL) == 0)
		version = strdup(id.version);
	s->engine->close(c);
	return version;
}

/* Only what a server has said of a statement can be for want of understanding. */
static bool is_servers_word(const struct rp_err *why)
{
	static const char behind_tool[] = "' failed: exit status 1: ERROR ";
	const char *text = rp_err_text(why);
	return text[0] == '\'' &&
	       strncmp(strchrnul(text + 1, '\''), behind_tool, sizeof behind_tool - 1) == 0;
}

/* By the first complaint alone: a dump can make the server say whatever it likes later on. */
static int blame(struct rp_scratch *s, const struct rp_mysqldump_head *h, const struct rp_err *why,
		 struct rp_err **err)
{
	for (size_t i = 0; i < sizeof excuses / sizeof excuses[0] && is_servers_word(why); i++) {
		if (strstr(rp_err_text(why), excuses[i].said) == NULL)
			continue;
		(void)rp_err_set(err, excuses[i].kind, "%s: %s", excuses[i].means, rp_err_text(why));
		return rp_err_hint(err, "%s", excuses[i].hint);
	}
	bool misfit = rp_err_kind(why) == RP_ERR_BACKUP && is_servers_word(why);
	rp_autofree char *here = misfit ? version_here(s) : NULL;
	struct rp_my_traits made, is;
	if (here != NULL && rp_my_traits_of(here, &is) && rp_my_traits_of(h->server, &made) &&
	    is_foreign(&made, &is))
		return misunderstood(&made, &is, why, err);
	(void)rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	const char *hint = rp_err_hint_text(why);
	return hint != NULL ? rp_err_hint(err, "%s", hint) : -1;
}

/* NULL: the only one. */
static const char *wanted_database(const struct rp_artifact *a, bool *ret_asked)
{
	const struct rp_wanted *w = a->wanted;
	*ret_asked = w != NULL && w->database != NULL;
	if (*ret_asked)
		return w->database;
	return w != NULL && w->sealed != NULL ? w->sealed->identity.database : NULL;
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
	const char *wanted = wanted_database(a, &asked);
	if (rp_artifact_read(a, &a->files[0], &bytes, err) < 0 ||
	    rp_my_filter_new(&filter, bytes, wanted, asked, err) < 0)
		return -1;
	const char *argv[OPTIONS + 2] = {s->place.with.tool};
	memcpy(argv + 1, options, sizeof options);
	rp_autobuf heard = RP_BUF_INIT(SAID_MAX);
	rp_autoerr struct rp_err *why = NULL;
	int fed = rp_scratch_feed(s, argv, filter, &heard, &why);
	bool sentinel = cut_ours(rp_buf_text(&heard), rp_my_filter_sentinel(filter), fed < 0, said);
	if (fed < 0)
		return blame(s, &h, why, err);
	return complete(a, filter, &heard, sentinel, err) < 0 ? -1 : rp_scratch_furnish(s, err);
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
