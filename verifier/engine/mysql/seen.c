/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "verifier/engine/mysql/objects.h"
#include "verifier/util/buf.h"

/* information_schema leaves out what an account has no right to, without an error: views without their
 * text, triggers and events not at all. Both ends of a proof would leave out the same. So our own rights
 * are read first, as the server tells them with those of our roles, and with less than all of the database
 * the survey is not begun. */

#define NAME_MAX_BYTES 1024
#define TEXT_MAX       (16 << 10)

static const struct {
	const char *word;
	unsigned database, global; /* what it is good for where it is granted */
} rights[] = {
	{"ALL PRIVILEGES", RP_MY_SEES_ALL & ~(unsigned)RP_MY_SEES_ROUTINES, RP_MY_SEES_ALL},
	{"SELECT", RP_MY_SEES_ROWS, RP_MY_SEES_ROWS | RP_MY_SEES_ROUTINES},
	{"SHOW VIEW", RP_MY_SEES_VIEWS, RP_MY_SEES_VIEWS},
	{"TRIGGER", RP_MY_SEES_TRIGGERS, RP_MY_SEES_TRIGGERS},
	{"EVENT", RP_MY_SEES_EVENTS, RP_MY_SEES_EVENTS},
	{"SHOW_ROUTINE", 0, RP_MY_SEES_ROUTINES},
};

/* One line: "GRANT words ON `scope`.* TO ...". */
struct grant {
	const char *words, *on; /* behind "GRANT " and " ON " */
	bool revokes;		/* MySQL: less than the global rights, in this database */
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Words hold no quotes, but names of columns and routines do, and may hold " ON ". false: it grants a
 * role, or something else. */
static bool parse(const char *line, struct grant *ret)
{
	bool grants = begins(line, "GRANT ");
	ret->revokes = begins(line, "REVOKE ");
	if (!grants && !ret->revokes)
		return false;
	ret->words = line + (grants ? 6 : 7);
	for (const char *at = ret->words; *at != '\0'; at++) {
		if (begins(at, " ON ")) {
			ret->on = at + 4;
			return true;
		}
		if (*at == '`' || *at == '\'')
			for (char quote = *at++; *at != '\0' && *at != quote; at++)
				;
		if (*at == '\0')
			break;
	}
	return false;
}

static unsigned right_of(const char *word, size_t len, bool global)
{
	for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++)
		if (strlen(rights[i].word) == len && strncmp(word, rights[i].word, len) == 0)
			return global ? rights[i].global : rights[i].database;
	return 0;
}

/* A right to some columns ("SELECT (`id`)") shows no table whole; it is granted on tables alone, though. */
static unsigned rights_of(const struct grant *g, bool global)
{
	const char *end = g->on - strlen(" ON ");
	unsigned has = 0;
	for (const char *at = g->words; at < end;) {
		at += strspn(at, ", ");
		size_t len = strcspn(at, ",");
		if (at + len > end)
			len = (size_t)(end - at);
		has |= right_of(at, len, global);
		at += len;
	}
	return has;
}

/* `name`.* with its quotes undone; false: it is no database, but a table or a routine. */
static bool database_of(const char *on, char *ret, size_t cap)
{
	size_t n = 0;
	if (*on != '`')
		return false;
	for (on++; *on != '\0' && n + 1 < cap; on++) {
		if (*on == '`' && *++on != '`')
			break;
		ret[n++] = *on;
	}
	ret[n] = '\0';
	return begins(on, ".* ");
}

/* SQL's LIKE, as far as names of databases need it. */
static bool is_like(const char *name, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, name++) {
		if (*pattern == '%') {
			for (const char *at = name;; at++) {
				if (is_like(at, pattern + 1))
					return true;
				if (*at == '\0')
					return false;
			}
		}
		if (*name == '\0')
			return false;
		bool any = *pattern == '_';
		pattern += *pattern == '\\' && pattern[1] != '\0';
		if (!any && *pattern != *name)
			return false;
	}
	return *name == '\0';
}

/* Is the pattern this name and no other? */
static bool is_exactly(const char *name, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, name++) {
		if (*pattern == '%' || *pattern == '_')
			return false;
		pattern += *pattern == '\\' && pattern[1] != '\0';
		if (*pattern != *name)
			return false;
	}
	return *name == '\0';
}

/* What the lines together give. Of the databases whose patterns fit, a server heeds one alone: that which
 * is our name, else which it is we do not say, and take what all of them give. */
struct sum {
	const char *database;
	bool literal; /* patterns are none: MySQL's partial_revokes */
	unsigned global, exact, revoked, patterns;
	bool has_exact, has_patterns;
};

static void add(struct sum *s, const char *line)
{
	char name[NAME_MAX_BYTES];
	struct grant g;
	if (!parse(line, &g))
		return;
	if (begins(g.on, "*.* ")) {
		s->global |= g.revokes ? 0 : rights_of(&g, true);
	} else if (!database_of(g.on, name, sizeof name)) {
		return;
	} else if (g.revokes) {
		s->revoked |= strcmp(name, s->database) == 0 ? rights_of(&g, true) : 0;
	} else if (s->literal ? strcmp(name, s->database) == 0 : is_exactly(s->database, name)) {
		s->exact |= rights_of(&g, false);
		s->has_exact = true;
	} else if (!s->literal && is_like(s->database, name)) {
		s->patterns = (s->has_patterns ? s->patterns : RP_MY_SEES_ALL) & rights_of(&g, false);
		s->has_patterns = true;
	}
}

unsigned rp_my_rights_in(const char *database, bool literal, const char *const *lines, size_t n)
{
	struct sum s = {.database = database, .literal = literal};
	for (size_t i = 0; i < n; i++)
		add(&s, lines[i]);
	return (s.global & ~s.revoked) | (s.has_exact ? s.exact : s.patterns);
}

static int read_rights(struct rp_my_conn *c, const char *database, unsigned *ret, struct rp_err **err)
{
	rp_autorows *grants = NULL, *partial = NULL;
	size_t n = 0;
	MYSQL_ROW row;
	if (rp_my_query(c, "SHOW VARIABLES LIKE 'partial_revokes'", &partial, err) < 0 ||
	    rp_my_query(c, "SHOW GRANTS", &grants, err) < 0)
		return rp_err_wrap(err, "our own rights");
	row = mysql_fetch_row(partial);
	bool literal = row != NULL && row[1] != NULL && strcmp(row[1], "ON") == 0;
	rp_autofree const char **lines = calloc(mysql_num_rows(grants) + 1, sizeof *lines);
	if (lines == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "no memory for our own rights");
	while ((row = mysql_fetch_row(grants)) != NULL)
		if (row[0] != NULL)
			lines[n++] = row[0];
	*ret = rp_my_rights_in(database, literal, lines, n);
	return 0;
}

int rp_my_sees_all(struct rp_my_conn *c, struct rp_err **err)
{
	static const struct {
		unsigned right;
		const char *word[2]; /* the second where routines are in a table */
	} needed[] = {
		{RP_MY_SEES_ROWS, {"SELECT", "SELECT"}},
		{RP_MY_SEES_VIEWS, {"SHOW VIEW", "SHOW VIEW"}},
		{RP_MY_SEES_TRIGGERS, {"TRIGGER", "TRIGGER"}},
		{RP_MY_SEES_EVENTS, {"EVENT", "EVENT"}},
		{RP_MY_SEES_ROUTINES, {"SHOW_ROUTINE", "SELECT on mysql.proc"}},
	};
	rp_autobuf lacks = RP_BUF_INIT(TEXT_MAX), name = RP_BUF_INIT(TEXT_MAX);
	rp_autoerr struct rp_err *denied = NULL;
	bool in_table = c->is.has[RP_MY_ROUTINE_TABLE];
	unsigned has = 0;
	if (read_rights(c, c->database, &has, err) < 0)
		return -1;
	if (in_table) {
		has &= ~(unsigned)RP_MY_SEES_ROUTINES;
		if (rp_my_exec(c, "SELECT 1 FROM mysql.proc LIMIT 0", &denied) == 0)
			has |= RP_MY_SEES_ROUTINES;
		else if (rp_err_kind(denied) != RP_ERR_OBJECT)
			return rp_err_set(err, rp_err_kind(denied), "%s", rp_err_text(denied));
	}
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if ((has & needed[i].right) == 0)
			rp_buf_addf(&lacks, "%s%s", lacks.len > 0 ? ", " : "", needed[i].word[in_table]);
	if (lacks.len == 0)
		return rp_buf_check(&lacks, err);
	rp_my_add_name(&name, c->database);
	(void)rp_err_set(err, RP_ERR_ENGINE,
			 "the server hides a part of database '%s' from this account, which lacks: %s",
			 c->database, rp_buf_text(&lacks));
	return rp_err_hint(err, "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON %s.* TO it%s", rp_buf_text(&name),
			   in_table ? "; GRANT SELECT ON mysql.proc TO it"
				    : "; GRANT SHOW_ROUTINE ON *.* TO it");
}

int rp_my_sees_rights(struct rp_my_conn *c, bool *ret, struct rp_err **err)
{
	unsigned has = 0;
	if (read_rights(c, "mysql", &has, err) < 0)
		return -1;
	*ret = (has & RP_MY_SEES_ROWS) != 0;
	return 0;
}
