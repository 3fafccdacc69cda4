/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/place.h"

#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hold.h"
#include "verifier/util/buf.h"

static int where(struct rp_my_conn *c, char **ret, struct rp_err **err)
{
	/* clang-format off */
	static const char sql[] =
		"SELECT CONCAT_WS(' ', DATABASE(), CURRENT_USER(), @@global.hostname, @@global.port,"
		" @@global.socket, @@global.datadir, @@global.server_id)";
	/* clang-format on */
	if (rp_my_value(c, sql, ret, err) < 0)
		return -1;
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_ENGINE, "the server does not tell where it is");
}

int rp_my_same_place(struct rp_my_conn *a, struct rp_my_conn *b, struct rp_err **err)
{
	rp_autofree char *one = NULL;
	rp_autofree char *two = NULL;
	if (where(a, &one, err) < 0 || where(b, &two, err) < 0)
		return rp_err_wrap(err, "find out where a connection is");
	if (strcmp(one, two) == 0)
		return 0;
	return rp_err_set(err, RP_ERR_ENGINE, "two connections see different places: '%.300s' and '%.300s'",
			  one, two);
}

/* "FILE:POSITION" of the snapshot; NULL: there is no log. */
static int snapshot(struct rp_my_conn *c, char **ret, struct rp_err **err)
{
	rp_autorows *r = NULL;
	const char *file = "", *position = "";
	*ret = NULL;
	if (rp_my_query(c, "SHOW STATUS LIKE 'binlog\\_snapshot\\_%'", &r, err) < 0)
		return rp_err_wrap(err, "read where the snapshot is");
	for (MYSQL_ROW row; (row = mysql_fetch_row(r)) != NULL;) {
		if (row[0] == NULL || row[1] == NULL)
			continue;
		if (strcasecmp(row[0], "Binlog_snapshot_file") == 0)
			file = row[1];
		else if (strcasecmp(row[0], "Binlog_snapshot_position") == 0)
			position = row[1];
	}
	if (file[0] == '\0' || position[0] == '\0')
		return 0;
	rp_autobuf text = RP_BUF_INIT(4096);
	rp_buf_addf(&text, "%s:%s", file, position);
	if (rp_buf_check(&text, err) < 0)
		return -1;
	*ret = rp_buf_take(&text);
	return 0;
}

int rp_my_same_moment(struct rp_my_conn *a, struct rp_my_conn *b, struct rp_err **err)
{
	rp_autofree char *one = NULL;
	rp_autofree char *two = NULL;
	if (!a->is.has[RP_MY_BINLOG_SNAPSHOT])
		return 0;
	if (snapshot(a, &one, err) < 0 || snapshot(b, &two, err) < 0)
		return -1;
	if (strcmp(one != NULL ? one : "", two != NULL ? two : "") == 0)
		return 0;
	return rp_err_set(err, RP_ERR_ENGINE,
			  "two connections see different moments, though the source was held: '%.200s' and "
			  "'%.200s'",
			  one != NULL ? one : "", two != NULL ? two : "");
}

/* Takes over value; NULL and "": nothing is noted. */
static void note(struct rp_my_moment *m, const char *name, char *value)
{
	if (value == NULL || value[0] == '\0' || m->n_facts >= sizeof m->facts / sizeof m->facts[0])
		free(value);
	else
		m->facts[m->n_facts++] = (struct rp_fact){name, value};
}

/* Without the right to know it is not known, and the dump does not say it, either. */
int rp_my_binlog_now(struct rp_my_conn *c, char **ret, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	rp_autorows *r = NULL;
	const char *sql =
		c->is.has[RP_MY_BINARY_LOG_STATUS] ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
	*ret = NULL;
	if (rp_my_query(c, sql, &r, &why) < 0)
		return rp_err_kind(why) == RP_ERR_OBJECT
			       ? 0
			       : rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	MYSQL_ROW row = mysql_fetch_row(r);
	if (row == NULL || mysql_num_fields(r) < 2 || row[0] == NULL || row[1] == NULL)
		return 0;
	rp_autobuf text = RP_BUF_INIT(4096);
	rp_buf_addf(&text, "%s:%s", row[0], row[1]);
	if (rp_buf_check(&text, err) < 0)
		return -1;
	*ret = rp_buf_take(&text);
	return 0;
}

static int note_binlog_now(struct rp_my_conn *c, struct rp_my_moment *m, struct rp_err **err)
{
	char *at = NULL;
	if (rp_my_binlog_now(c, &at, err) < 0)
		return -1;
	if (at != NULL)
		note(m, "binlog", at);
	return 0;
}

int rp_my_note_now(struct rp_my_conn *c, struct rp_my_moment *m, struct rp_err **err)
{
	char *gtid = NULL;
	if (!c->is.has[RP_MY_GTID_EXECUTED])
		return 0;
	if (note_binlog_now(c, m, err) < 0 ||
	    rp_my_value(c, "SELECT REPLACE(@@global.gtid_executed, CHAR(10), '')", &gtid, err) < 0)
		return rp_err_wrap(err, "read where the log stands");
	note(m, "gtid", gtid);
	return 0;
}

int rp_my_note_snapshot(struct rp_my_conn *c, struct rp_my_moment *m, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	char *at = NULL, *gtid = NULL;
	if (!c->is.has[RP_MY_BINLOG_SNAPSHOT])
		return 0;
	if (snapshot(c, &at, err) < 0)
		return -1;
	if (at == NULL)
		return 0;
	const char *colon = strrchr(at, ':');
	rp_autofree char *file = strndup(at, (size_t)(colon - at));
	rp_autorows *r = NULL;
	const char *params[] = {file, colon + 1};
	/* The position as a number, or it is none. */
	int asked = file == NULL ? -1
				 : rp_my_ask_for(c, "SELECT BINLOG_GTID_POS(?, CAST(? AS UNSIGNED))", params,
						 2, &r, &why);
	MYSQL_ROW row = asked == 0 ? mysql_fetch_row(r) : NULL;
	if (row != NULL && row[0] != NULL)
		gtid = strdup(row[0]);
	note(m, "binlog", at);
	note(m, "gtid", gtid);
	return asked < 0 && rp_err_kind(why) != RP_ERR_OBJECT
		       ? rp_err_set(err, RP_ERR_ENGINE, "read where the log stands: %s", rp_err_text(why))
		       : 0;
}
