/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/admit.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/lobby.h"
#include "verifier/engine/mysql/login.h"
#include "verifier/engine/mysql/objects.h"
#include "verifier/engine/mysql/place.h"
#include "verifier/engine/mysql/relay.h"
#include "verifier/engine/mysql/tls.h"
#include "verifier/util/buf.h"
#include "verifier/util/run.h"

#define OPTIONS_MAX (64 << 10)
/* From its start to its transaction a tool asks for a few variables. */
#define BEGIN_MS 60000

/* Does this server keep a log whose position we may be told? */
static int logs(struct rp_my_conn *c, bool *ret, struct rp_err **err)
{
	rp_autofree char *at = NULL;
	int asked = rp_my_binlog_now(c, &at, err);
	*ret = at != NULL;
	return asked;
}

/* Where the log stands goes into the backup's header, as a comment: it proves that the backup is of our moment.
 * MySQL's tool locks everything itself to find out. Its other way to say it, GTID_PURGED, comes with statements that
 * keep a restore out of the log of whatever server it is restored to. */
static int add_position(struct rp_my_conn *c, bool global, struct rp_buf *b, struct rp_err **err)
{
	bool known = false;
	if (logs(c, &known, err) < 0)
		return -1;
	if (c->is.vendor == RP_MARIADB) {
		rp_buf_add(b, known ? "master-data=2\n" : "");
		return 0;
	}
	rp_buf_add(b, "set-gtid-purged=OFF\n");
	if (global && known)
		rp_buf_addf(b, "%s=2\n", c->is.version >= 80026 ? "source-data" : "master-data");
	return 0;
}

/* Rows that are history are left out without a word, unless this is said; and where a table's history is by
 * transaction, the tool refuses to be told. */
static int add_history(struct rp_my_conn *c, struct rp_buf *b, struct rp_err **err)
{
	/* clang-format off */
	static const char by_number[] =
		"SELECT COUNT(*) FROM information_schema.COLUMNS WHERE " RP_MY_HERE("TABLE_SCHEMA")
		" AND GENERATION_EXPRESSION = 'ROW START' AND DATA_TYPE = 'bigint'";
	static const char versioned[] =
		"SELECT COUNT(*) FROM information_schema.TABLES"
		" WHERE " RP_MY_HERE("TABLE_SCHEMA") " AND TABLE_TYPE = 'SYSTEM VERSIONED'";
	/* clang-format on */
	rp_autofree char *any = NULL;
	rp_autofree char *numbers = NULL;
	if (c->is.vendor != RP_MARIADB || c->is.version < 101100)
		return 0;
	if (rp_my_value(c, versioned, &any, err) < 0 || rp_my_value(c, by_number, &numbers, err) < 0)
		return -1;
	if (any != NULL && any[0] != '0' && numbers != NULL && numbers[0] == '0')
		rp_buf_add(b, "dump-history\n");
	return 0;
}

static int write_options(struct rp_my_conn *c, const char *socket, bool global, struct rp_buf *ret,
			 struct rp_err **err)
{
	if (rp_my_login_write(c, socket, ret, err) < 0)
		return -1;
	rp_buf_add(ret, "[mysqldump]\n");
	if (c->is.vendor == RP_MYSQL && c->is.version >= 90200) /* asks for a right of its own */
		rp_buf_add(ret, "loose-skip-masking-policies\n");
	if (add_position(c, global, ret, err) < 0 || add_history(c, ret, err) < 0)
		return rp_err_wrap(err, "find out what the backup tool can be told");
	return rp_buf_check(ret, err);
}

/* The very server that we are connected to: a name may have several addresses. */
static int find_server(struct rp_my_conn *c, struct sockaddr_storage *ret, socklen_t *ret_len,
		       struct rp_err **err)
{
	struct sockaddr_un *un = (struct sockaddr_un *)(void *)ret;
	const char *path = c->my->unix_socket;
	*ret_len = sizeof *ret;
	if (getpeername(mysql_get_socket(c->my), (struct sockaddr *)ret, ret_len) < 0)
		return rp_err_sys(err, errno, "find out the server's address");
	if (ret->ss_family != AF_UNIX)
		return 0;
	if (path == NULL || strlen(path) >= sizeof un->sun_path)
		return rp_err_set(err, RP_ERR_ENGINE, "the server's socket has no path");
	*ret = (struct sockaddr_storage){.ss_family = AF_UNIX};
	memcpy(un->sun_path, path, strlen(path) + 1);
	*ret_len = sizeof *un;
	return 0;
}

static bool is_local(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;
	if (a->ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return a->ss_family != AF_INET6 || IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* The tool sees a socket of this machine, through which MySQL's may say its password as it is. */
static int make_tls(struct rp_my_conn *c, const struct sockaddr_storage *server, struct rp_my_tls **ret,
		    struct rp_err **err)
{
	bool verify = true, name = true;
	if (server->ss_family == AF_UNIX)
		return 0;
	if (mysql_get_ssl_cipher(c->my) != NULL)
		return rp_my_login_verifies(c->at, &verify, &name, err) < 0 ||
				       rp_my_tls_new(ret, c->at, verify, name, err) < 0
			       ? -1
			       : 0;
	if (is_local(server) || c->is.vendor == RP_MARIADB)
		return 0;
	(void)rp_err_set(err, RP_ERR_USAGE,
			 "no backup is taken over a network without TLS: its tool's password could be read");
	return rp_err_hint(err, "leave 'ssl-mode=disabled' out");
}

static int open_way(struct rp_my_entry *e, struct rp_my_conn *c, unsigned transactions, struct rp_err **err)
{
	struct rp_my_tls *tls = NULL;
	struct sockaddr_storage server;
	socklen_t len;
	int fd = -1;
	if (find_server(c, &server, &len, err) < 0 || make_tls(c, &server, &tls, err) < 0)
		return -1;
	if (rp_my_lobby_new(&e->lobby, c->base.run, err) < 0 || rp_my_lobby_listen(e->lobby, &fd, err) < 0) {
		rp_my_tls_free(tls);
		return -1;
	}
	return rp_my_relay_new(&e->relay, fd, (const struct sockaddr *)&server, len, tls,
			       transactions > 0 ? transactions : 1, err);
}

static int start(struct rp_my_entry *e, struct rp_my_conn *c, bool global, struct rp_guest *guest,
		 struct rp_err **err)
{
	rp_autobuf options = RP_BUF_INIT(OPTIONS_MAX);
	rp_autofree char *version = NULL;
	if (write_options(c, e->lobby->socket, global, &options, err) < 0 ||
	    rp_my_lobby_write(e->lobby, rp_buf_text(&options), err) < 0 ||
	    rp_my_value(c, "SELECT VERSION()", &version, err) < 0)
		return -1;
	const struct rp_fact how[] = {
		{"tool", c->is.vendor == RP_MARIADB ? "mariadb-dump" : "mysqldump"},
		{"socket", e->lobby->socket},
		{"defaults", e->lobby->defaults},
		{"database", c->database},
		{"user", c->my->user},
		{"version", version},
		{"uri", c->uri},
	};
	return guest->start(guest, how, sizeof how / sizeof how[0], err);
}

int rp_my_admit(struct rp_my_entry *ret, struct rp_my_conn *leader, bool global, struct rp_guest *guest,
		struct rp_err **err)
{
	rp_cleanup(rp_my_entry_done) struct rp_my_entry e = {0};
	if (open_way(&e, leader, guest->transactions, err) < 0 || start(&e, leader, global, guest, err) < 0)
		return -1;
	if (rp_my_relay_await(e.relay, RP_MY_AT_GATE, BEGIN_MS, guest, leader->base.run, err) < 0)
		return rp_err_wrap(err, "let the backup in");
	*ret = e;
	e = (struct rp_my_entry){0};
	return 0;
}

void rp_my_entry_in(struct rp_my_entry *e)
{
	if (e->lobby != NULL)
		rp_my_lobby_forget(e->lobby);
}

void rp_my_entry_done(struct rp_my_entry *e)
{
	rp_my_relay_free(e->relay);
	rp_my_lobby_free(e->lobby);
	*e = (struct rp_my_entry){0};
}
