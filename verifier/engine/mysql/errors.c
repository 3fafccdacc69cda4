/* SPDX-License-Identifier: MIT */
#include <errmsg.h>
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/guard.h"
#include "verifier/util/run.h"

/* What a server or libmariadb says by number. Numbers below 1000 are of a server's own file functions and storage
 * engines, 2000 to 2999 and 5000 to 5999 are libmariadb's; all others are one table of both vendors'. */

/* Those after which it is not the statement, nor what it is about, that is at fault. Every other number of a
 * server's means: this it refuses, or cannot read; the connection is good. */
static const unsigned of_the_server[] = {
	3,					  /* error writing a temporary file */
	5,					  /* out of memory */
	20,					  /* disk full */
	23,					  /* out of file resources */
	1021,					  /* disk full */
	1037,					  /* out of memory */
	1038,					  /* out of sort memory */
	1040,					  /* too many connections */
	1041,					  /* out of resources */
	1042,					  /* bad host */
	1043,					  /* bad handshake */
	1047,					  /* unknown command: a cluster's node that is not ready */
	1053,					  /* shutdown in progress */
	1077, 1078, 1079, 1080, 1081,		  /* shutting down, forced to close */
	1114,					  /* a temporary table is full */
	1129, 1130,				  /* this host is not allowed to connect */
	1135,					  /* cannot make a thread */
	1152, 1153, 1154, 1155, 1156, 1157, 1158, /* what goes wrong on the network */
	1159, 1160, 1161, 1184,			  /* the same */
	1180,					  /* while committing */
	1203, 1226, /* this login has too many connections, or used up what it may */
	1206,	    /* lock table is full */
	1213,	    /* deadlock: the transaction has been rolled back */
	1218, 1251, /* authentication is of another kind */
	1317,	    /* interrupted: KILL QUERY */
	1412,	    /* table definition has changed: the moment no longer holds */
	1461,	    /* too many prepared statements */
	1524,	    /* plugin is not loaded */
	1637,	    /* too many transactions */
	1820, 1862, /* password has expired */
	1927,	    /* MariaDB: connection was killed */
	1969,	    /* MariaDB: statement took too long */
	3024,	    /* MySQL: statement took too long */
	3032,	    /* offline mode */
	3118,	    /* account is locked */
	3159,	    /* transport is not secure */
	3168, 3169, /* server is not available, session was killed */
	4031,	    /* disconnected, for it did nothing */
	4151,	    /* MariaDB: account is locked */
};

static bool is_of_the_client(unsigned number)
{
	return (number >= 2000 && number < 3000) || (number >= 5000 && number < 6000);
}

enum rp_err_kind rp_my_kind(unsigned number)
{
	if (number == 0 || is_of_the_client(number))
		return number == CR_OUT_OF_MEMORY ? RP_ERR_NOMEM : RP_ERR_ENGINE;
	for (size_t i = 0; i < sizeof of_the_server / sizeof of_the_server[0]; i++)
		if (of_the_server[i] == number)
			return RP_ERR_ENGINE;
	return RP_ERR_OBJECT;
}

static const char *help_for(unsigned number)
{
	static const struct {
		unsigned number;
		const char *help;
	} all[] = {
		/* clang-format off */
		{126,  "its index file is damaged: CHECK TABLE and REPAIR TABLE say more"},
		{144,  "it is marked as crashed and the last repair failed: CHECK TABLE says more"},
		{145,  "it is marked as crashed: CHECK TABLE and REPAIR TABLE say more"},
		{1040, "fewer jobs need fewer connections"},
		{1142, "grant the login SELECT on the whole database, not on some of its tables"},
		{1143, "grant the login SELECT on the whole database, not on some columns"},
		{1194, "it is marked as crashed: CHECK TABLE and REPAIR TABLE say more"},
		{1195, "it is marked as crashed and the last repair failed: CHECK TABLE says more"},
		{1203, "fewer jobs need fewer connections"},
		{1205, "somebody holds a lock on it: SHOW PROCESSLIST tells who"},
		{1226, "fewer jobs need fewer connections; or raise what this account may use"},
		{1356, "it names a table, column, function or definer that is gone: SHOW CREATE VIEW tells which"},
		{1412, "a table was altered while it was read: do it again when nobody alters tables"},
		{1449, "the account that it names as its definer does not exist"},
		{1153, "raise max_allowed_packet of the server"},
		{2020, "a row is larger than a client can take"},
		/* clang-format on */
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].number == number)
			return all[i].help;
	return NULL;
}

/* A storage engine's own number stands in the text of 1030, and "no space" is not the table's fault. Messages are
 * pinned to be English. */
static bool is_lack_of_space(unsigned number, const char *text)
{
	return number == 1030 && strncmp(text, "Got error 28 ", 13) == 0;
}

static int fail(struct rp_my_conn *c, unsigned number, const char *text, struct rp_err **err)
{
	if (rp_run_check(c->base.run, err) < 0) /* that is why it was cut */
		return -1;
	if (c->guard != NULL && is_of_the_client(number) && rp_my_guard_is_past(c->guard))
		return rp_err_set(err, RP_ERR_ENGINE, "the server did not answer within the time set for it");
	size_t len = strlen(text);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 1000) /* it can quote a whole value */
		len = 1000;
	enum rp_err_kind kind = is_lack_of_space(number, text) ? RP_ERR_ENGINE : rp_my_kind(number);
	rp_err_set(err, kind, "%.*s (%u)", (int)len, len > 0 ? text : "the connection was lost", number);
	const char *help = help_for(number);
	return help != NULL ? rp_err_hint(err, "%s", help) : -1;
}

int rp_my_fail(struct rp_my_conn *c, struct rp_err **err)
{
	return fail(c, mysql_errno(c->my), mysql_error(c->my), err);
}

int rp_my_stmt_fail(struct rp_my_conn *c, MYSQL_STMT *s, struct rp_err **err)
{
	return fail(c, mysql_stmt_errno(s), mysql_stmt_error(s), err);
}
