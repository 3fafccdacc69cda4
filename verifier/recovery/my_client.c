/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/my_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/engine.h"
#include "verifier/engine/mysql/traits.h"
#include "verifier/scratch/scratch.h"
#include "verifier/survey/survey.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

#define SAID_MAX (8 << 20)

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

/* The sentinel as it is, or with the number of those before it. */
static bool is_sentinel(const struct rp_my_fed *fed, const char *line, size_t len)
{
	char number[24];
	size_t n = strlen(fed->sentinel);
	if (len < n || memcmp(line, fed->sentinel, n) != 0)
		return false;
	int digits = snprintf(number, sizeof number, ":%zu", fed->seen);
	return len == n || (len == n + (size_t)digits && memcmp(line + n, number, (size_t)digits) == 0);
}

/* What the tool said, without our sentinels and without what it said of our options. */
static void cut_ours(const char *said, bool failed, struct rp_my_fed *fed, struct rp_buf *ret)
{
	for (const char *line = said; *line != '\0';) {
		const char *end = strchrnul(line, '\n');
		size_t len = (size_t)(end - line), room = ret->max - ret->len;
		if (is_sentinel(fed, line, len)) {
			fed->seen++;
		} else if (!is_ours(line, len) && (failed || is_talk(line, len)) && len < room) {
			rp_buf_add_mem(ret, line, len);
			rp_buf_add(ret, "\n");
		}
		line = *end != '\0' ? end + 1 : end;
	}
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
static int blame(struct rp_scratch *s, const char *made_on, const struct rp_err *why, struct rp_err **err)
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
	if (here != NULL && made_on != NULL && rp_my_traits_of(here, &is) &&
	    rp_my_traits_of(made_on, &made) && is_foreign(&made, &is))
		return misunderstood(&made, &is, why, err);
	(void)rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	const char *hint = rp_err_hint_text(why);
	return hint != NULL ? rp_err_hint(err, "%s", hint) : -1;
}

static int feed_all(struct rp_scratch *s, struct rp_my_feed *all, struct rp_buf *heard, size_t n,
		    struct rp_buf *said, size_t *ret_which, struct rp_err **err)
{
	const char *argv[OPTIONS + 2] = {s->place.with.tool};
	memcpy(argv + 1, options, sizeof options);
	rp_autofree struct rp_fed *fed = calloc(n, sizeof *fed);
	rp_autoerr struct rp_err *why = NULL;
	if (fed == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		fed[i] = (struct rp_fed){.input = all[i].sql, .said = &heard[i]};
	int r = rp_scratch_feed_all(s, argv, fed, n, ret_which, &why);
	for (size_t i = 0; i < n; i++) {
		cut_ours(rp_buf_text(&heard[i]), r < 0 && i == *ret_which, &all[i].fed, said);
		/* A quarter is for what goes to stdout. */
		all[i].fed.drowned = heard[i].len >= heard[i].max / 4;
	}
	return r < 0 ? blame(s, all[*ret_which < n ? *ret_which : 0].fed.made_on, why, err) : 0;
}

int rp_my_client_feed_all(struct rp_scratch *s, struct rp_my_feed *all, size_t n, struct rp_buf *said,
			  size_t *ret_which, struct rp_err **err)
{
	rp_autofree struct rp_buf *heard = calloc(n, sizeof *heard);
	*ret_which = n;
	if (heard == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		heard[i] = (struct rp_buf)RP_BUF_INIT(SAID_MAX);
	int r = feed_all(s, all, heard, n, said, ret_which, err);
	for (size_t i = 0; i < n; i++)
		rp_buf_done(&heard[i]);
	return r;
}

int rp_my_client_feed(struct rp_scratch *s, struct rp_stream *sql, struct rp_my_fed *fed, struct rp_buf *said,
		      struct rp_err **err)
{
	struct rp_my_feed one = {.sql = sql, .fed = *fed};
	size_t which;
	int r = rp_my_client_feed_all(s, &one, 1, said, &which, err);
	*fed = one.fed;
	return r;
}
