/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"

/* Whether a server can take what was sealed, asked before a byte of the backup is read. */

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv

/* A vendor's versions follow upon each other; between vendors there is no order, and what is not known shows itself
 * below. */
static int check_version(const struct rp_my_conn *c, const struct rp_survey *sealed, bool own,
			 struct rp_buf *lacks, struct rp_err **err)
{
	enum rp_my_vendor vendor;
	unsigned wanted = 0;
	if (!rp_my_release(sealed->identity.version, &vendor, &wanted))
		return 0;
	const char *was = rp_my_vendor_name(vendor), *here = rp_my_vendor_name(c->is.vendor);
	if (vendor != c->is.vendor && own)
		return rp_err_set(err, RP_ERR_ENGINE, "the scratch server is %s, and %s was sealed", here,
				  was);
	if (vendor != c->is.vendor) {
		rp_buf_addf(
			lacks,
			"%s was sealed and the server named for the scratch is %s, another vendor's: what "
			"the one has and the other has not does not come back",
			was, here);
		return 0;
	}
	if (c->is.version >= wanted)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE, "the scratch server is %s %u.%u, and %s %u.%u was sealed", here,
		   c->is.version / 10000, c->is.version / 100 % 100, was, wanted / 10000, wanted / 100 % 100);
	return rp_err_hint(err, "a backup is restored to the same version or a newer one");
}

/* Rights to our databases, and no others but to see routines, which the survey asks for: SQL in a backup runs as the
 * login. Of a line of SHOW GRANTS. */
static bool is_harmless(const char *grant)
{
	static const char *const little[] = {"GRANT USAGE ON *.* TO ", "GRANT SHOW_ROUTINE ON *.* TO ",
					     "GRANT SELECT ON `mysql`.`proc` TO "};
	static const char *const ours[] = {" ON `reprove\\_", " ON `reprove_"};
	for (size_t i = 0; i < sizeof little / sizeof little[0]; i++)
		if (strncmp(grant, little[i], strlen(little[i])) == 0)
			return strstr(grant, " WITH GRANT OPTION") == NULL;
	const char *on = strstr(grant, " ON ");
	for (size_t i = 0; on != NULL && i < sizeof ours / sizeof ours[0]; i++)
		if (strncmp(on, ours[i], strlen(ours[i])) == 0)
			return true;
	return false;
}

/* With more, a backup could read and change what else is on that server. */
static int check_login(struct rp_my_conn *c, struct rp_err **err)
{
	rp_autorows *r = NULL;
	if (rp_my_query(c, "SHOW GRANTS", &r, err) < 0)
		return -1;
	unsigned rights = 0;
	for (MYSQL_ROW row; (row = mysql_fetch_row(r)) != NULL;) {
		const char *grant = row[0] != NULL ? row[0] : "";
		rights += strstr(grant, " ON `reprove") != NULL;
		if (is_harmless(grant))
			continue;
		rp_autobuf shown = RP_BUF_INIT(64 << 10);
		/* What comes after may be a password's hash. */
		const char *to = strstr(grant, " TO ");
		rp_autofree char *start = strndup(grant, to != NULL ? (size_t)(to - grant) : 80);
		rp_buf_add_plain(&shown, start != NULL ? start : "");
		rp_err_set(
			err, RP_ERR_USAGE,
			"the login on the server named for the scratch has more rights than a backup should "
			"get: %.200s",
			rp_buf_text(&shown));
		return rp_err_hint(
			err,
			"CREATE USER reprove; GRANT ALL ON `reprove\\_%%`.* TO reprove; GRANT %s TO reprove; "
			"and name the server with it, or name none: then a private one is started here",
			c->is.vendor == RP_MARIADB ? "SELECT ON mysql.proc" : "SHOW_ROUTINE ON *.*");
	}
	if (rights > 0)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE,
		   "the login on the server named for the scratch may not make databases");
	return rp_err_hint(err, "GRANT ALL ON `reprove\\_%%`.* TO ...");
}

static void add_word(struct rp_buf *list, const char *word)
{
	rp_buf_add(list, list->len > 0 ? ", " : "");
	rp_buf_add_plain(list, word);
}

static bool is_among(const struct rp_argv *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcasecmp(list->v[i], word) == 0)
			return true;
	return false;
}

/* utf8 was the name of utf8mb3 until 10.6 and 8.0.29, and a manifest has the new one. */
static bool is_known_collation(const struct rp_argv *known, const char *name)
{
	static const char now[] = "utf8mb3_";
	if (is_among(known, name))
		return true;
	rp_autobuf old = RP_BUF_INIT(1024);
	if (strncmp(name, now, sizeof now - 1) != 0)
		return false;
	rp_buf_addf(&old, "utf8_%s", name + sizeof now - 1);
	return is_among(known, rp_buf_text(&old));
}

/* What the sealed objects name by a fact and this server does not know: each once, in one sentence. */
static void add_missing(const struct rp_survey *sealed, const char *fact,
			bool (*is_known)(const struct rp_argv *, const char *), const struct rp_argv *known,
			struct rp_argv *missing)
{
	for (size_t i = 0; i < sealed->n_objects; i++) {
		const char *name = rp_object_fact(&sealed->objects[i], fact);
		if (name != NULL && name[0] != '\0' && !is_known(known, name) && !is_among(missing, name))
			rp_argv_add(missing, name);
	}
}

static void list(struct rp_buf *to, const struct rp_argv *names)
{
	for (size_t i = 0; i < names->n && to->len < to->max / 2; i++)
		add_word(to, names->v[i]);
}

static int check_collations(struct rp_my_conn *c, const struct rp_survey *sealed, struct rp_err **err)
{
	rp_autoargv known = {0};
	rp_autoargv missing = {0};
	/* MariaDB names those of Unicode 14 once for all character sets, and in a second table by their whole names. */
	const char *sql = c->is.vendor == RP_MARIADB
				  ? "SELECT COLLATION_NAME FROM information_schema.COLLATIONS UNION SELECT"
				    " FULL_COLLATION_NAME FROM information_schema."
				    "COLLATION_CHARACTER_SET_APPLICABILITY"
				  : "SELECT COLLATION_NAME FROM information_schema.COLLATIONS";
	if (c->is.vendor == RP_MARIADB && c->is.version < 101000)
		sql = "SELECT COLLATION_NAME FROM information_schema.COLLATIONS";
	if (rp_my_list(c, sql, &known, err) < 0)
		return -1;
	add_missing(sealed, "collation", is_known_collation, &known, &missing);
	if (missing.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (missing.n == 0)
		return 0;
	rp_autobuf names = RP_BUF_INIT(8 << 10);
	rp_autobuf number = RP_BUF_INIT(256);
	list(&names, &missing);
	rp_buf_addf(&number, "ERROR 1273 %s", rp_buf_text(&names));
	rp_err_set(err, RP_ERR_ENGINE, "the scratch server does not know what the backup needs: collation %s",
		   rp_buf_text(&names));
	return rp_err_hint(err, "%s", rp_my_excuses(rp_buf_text(&number)));
}

static int check_engines(struct rp_my_conn *c, const struct rp_survey *sealed, struct rp_err **err)
{
	rp_autoargv known = {0};
	rp_autoargv missing = {0};
	if (rp_my_list(c, "SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
		       &known, err) < 0)
		return -1;
	add_missing(sealed, "engine", is_among, &known, &missing);
	if (missing.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (missing.n == 0)
		return 0;
	rp_autobuf names = RP_BUF_INIT(8 << 10);
	list(&names, &missing);
	rp_err_set(err, RP_ERR_ENGINE,
		   "the scratch server has not got what the backup needs: storage engine %s",
		   rp_buf_text(&names));
	return rp_err_hint(err, "%s", rp_my_excuses("ERROR 1286 "));
}

int rp_my_takes(struct rp_conn *conn, const struct rp_survey *sealed, bool own, struct rp_buf *lacks,
		struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	if (!own) {
		if (check_login(c, err) < 0)
			return -1;
		rp_buf_add(lacks,
			   "what runs as another account (views, routines, triggers, events), or names its "
			   "own database, is not restored by a login without rights to these");
	}
	if (sealed == NULL)
		return 0;
	if (lacks->len > 0)
		rp_buf_add(lacks, "; ");
	if (check_version(c, sealed, own, lacks, err) < 0 || check_collations(c, sealed, err) < 0 ||
	    check_engines(c, sealed, err) < 0)
		return -1;
	return rp_buf_check(lacks, err);
}
