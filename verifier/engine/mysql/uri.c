/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/address.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/engine/mysql/login.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"

/* Where a server is, in the four ways in which one is told: a URI, an option file for the vendor's clients, what the
 * box shows to them, a person's shell. No environment variable is among them: those of the clients' are few, and one
 * of them is a password for all to see. */

const char *const rp_my_credentials[] = {NULL};

/* All of it is said, so that neither a person's option files nor MYSQL_PWD speak here: what they hold is meant for
 * another server. */
int rp_my_uri(const struct rp_place *p, const char *database, struct rp_buf *ret, struct rp_err **err)
{
	rp_autoaddress a = {0};
	rp_autobuf socket = RP_BUF_INIT(4096);
	rp_buf_addf(&socket, "%s/%s", p->socket, RP_MY_SOCKET);
	if (rp_buf_check(&socket, err) < 0 ||
	    rp_my_address_default(&a, RP_MY_KEY_HOST, "localhost", err) < 0 ||
	    rp_my_address_default(&a, RP_MY_KEY_SOCKET, rp_buf_text(&socket), err) < 0 ||
	    rp_my_address_default(&a, RP_MY_KEY_USER, p->admin, err) < 0 ||
	    rp_my_address_default(&a, RP_MY_KEY_DATABASE, database, err) < 0 ||
	    rp_my_address_default(&a, RP_MY_KEY_NO_DEFAULTS, "1", err) < 0)
		return -1;
	return rp_my_address_add(ret, &a, err);
}

int rp_my_within(const char *uri, const char *database, struct rp_buf *ret, struct rp_err **err)
{
	rp_autoaddress a = {0};
	if (rp_my_address_parse(uri, &a, err) < 0)
		return -1;
	free(rp_take(a.v[RP_MY_KEY_DATABASE]));
	if (rp_my_address_default(&a, RP_MY_KEY_DATABASE, database, err) < 0)
		return -1;
	return rp_my_address_add(ret, &a, err);
}

int rp_my_environment(const char *uri, struct rp_argv *ret, struct rp_err **err)
{
	rp_autoaddress a = {0};
	if (rp_my_address_parse(uri, &a, err) < 0)
		return -1;
	rp_argv_add(ret, "PATH=/usr/local/bin:/usr/bin:/bin");
	rp_argv_add(ret, "LC_ALL=C.UTF-8");
	rp_argv_add(ret, "TZ=UTC");
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

/* No variable names an option file to the vendors' clients: it is their first argument, --defaults-file=. On a private
 * server, whose URI alone leaves out a person's option files, they are not to have our own rights. */
int rp_my_lend(struct rp_conn *conn, struct rp_buf *ret_file, const char **ret_variable, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	rp_cleanup(rp_my_conn_freep) struct rp_my_conn *restorer = NULL;
	const struct rp_my_login how = {.uri = c->uri, .user = RP_MY_RESTORER, .plain = true};
	*ret_variable = NULL;
	if (c->at->v[RP_MY_KEY_NO_DEFAULTS] != NULL && rp_my_log_in(&restorer, &how, c->base.run, NULL) == 0)
		c = restorer;
	return rp_my_login_write(c, NULL, ret_file, err);
}

/* What names are looked up in, and whose certificates count. */
static const char *const network[] = {"/etc/resolv.conf",
				      "/etc/hosts",
				      "/etc/nsswitch.conf",
				      "/etc/host.conf",
				      "/etc/gai.conf",
				      "/etc/services",
				      "/etc/ssl/certs",
				      "/etc/ssl/openssl.cnf",
				      "/etc/pki/tls",
				      "/usr/share/ca-certificates",
				      NULL};

/* credentials or not: whoever is lent a file needs none of a person's own, and everybody is. */
int rp_my_reach(struct rp_conn *conn, bool credentials, struct rp_argv *ret_paths, bool *ret_network,
		struct rp_err **err)
{
	static const enum rp_my_key files[] = {RP_MY_KEY_SSL_CA, RP_MY_KEY_SSL_CAPATH, RP_MY_KEY_SSL_CERT,
					       RP_MY_KEY_SSL_KEY, RP_MY_KEY_SSL_CRL};
	const struct rp_my_address *a = rp_my_of(conn)->at;
	(void)credentials;
	*ret_network = !rp_my_address_is_local(a);
	if (!*ret_network && a->v[RP_MY_KEY_SOCKET] != NULL)
		rp_argv_add(ret_paths, a->v[RP_MY_KEY_SOCKET]);
	for (const char *const *path = network; *ret_network && *path != NULL; path++)
		rp_argv_add(ret_paths, *path);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const char *path = a->v[files[i]];
		if (path != NULL && path[0] == '/')
			rp_argv_add(ret_paths, path);
	}
	return ret_paths->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

/* One word of a shell's. */
static void add_word(struct rp_buf *out, const char *option, const char *value)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:";
	if (value == NULL)
		return;
	rp_buf_addf(out, " %s", option);
	if (value[strspn(value, harmless)] == '\0') {
		rp_buf_add(out, value);
		return;
	}
	rp_buf_add(out, "'");
	for (const char *p = value; *p != '\0'; p++)
		if (*p == '\'')
			rp_buf_add(out, "'\\''");
		else
			rp_buf_add_mem(out, p, 1);
	rp_buf_add(out, "'");
}

int rp_my_explain(const struct rp_place *p, const char *uri, struct rp_buf *ret, struct rp_err **err)
{
	rp_autoaddress a = {0};
	if (rp_my_address_parse(uri, &a, err) < 0)
		return -1;
	rp_buf_addf(ret, "%s/%s", p->with.bindir, p->with.tool != NULL ? p->with.tool : "mysql");
	if (a.v[RP_MY_KEY_NO_DEFAULTS] != NULL)
		rp_buf_add(ret, " --no-defaults");
	add_word(ret, "--defaults-file=", a.v[RP_MY_KEY_DEFAULTS_FILE]);
	add_word(ret, "--host=", a.v[RP_MY_KEY_HOST]);
	add_word(ret, "--port=", a.v[RP_MY_KEY_PORT]);
	add_word(ret, "--socket=", a.v[RP_MY_KEY_SOCKET]);
	add_word(ret, "--user=", a.v[RP_MY_KEY_USER]);
	add_word(ret, "--database=", a.v[RP_MY_KEY_DATABASE]);
	return rp_buf_check(ret, err);
}
