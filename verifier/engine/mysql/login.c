/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/login.h"

#include <arpa/inet.h>
#include <errmsg.h>
#include <string.h>
#include <sys/un.h>

#include "verifier/engine/mysql/address.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/util/buf.h"

/* Who can listen to a connection over the loopback interface can read our memory, too. */
static bool is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (host == NULL || strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

enum mode { DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY };

static int mode_of(const struct rp_my_address *a, enum mode *ret, struct rp_err **err)
{
	static const char *const words[] = {"disabled", "preferred", "required", "verify-ca",
					    "verify-identity"};
	static const char *const mysqls[] = {"DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA",
					     "VERIFY_IDENTITY"};
	const char *said = a->v[RP_MY_KEY_SSL_MODE];
	bool local = rp_my_address_is_local(a);
	if (said == NULL) {
		*ret = local ? DISABLED : is_loopback(a->v[RP_MY_KEY_HOST]) ? PREFERRED : VERIFY_IDENTITY;
		return 0;
	}
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(said, words[i]) == 0 || strcasecmp(said, mysqls[i]) == 0) {
			/* Nobody stands between the two ends of a socket, and servers offer no TLS there. */
			*ret = local && i < VERIFY_CA ? DISABLED : (enum mode)i;
			return 0;
		}
	rp_err_set(err, RP_ERR_USAGE, "ssl-mode '%.40s' is not known", said);
	return rp_err_hint(err, "it is disabled, preferred, required, verify-ca or verify-identity");
}

int rp_my_login_verifies(const struct rp_my_address *a, bool *ret_certificate, bool *ret_name,
			 struct rp_err **err)
{
	enum mode mode = DISABLED;
	if (mode_of(a, &mode, err) < 0)
		return -1;
	*ret_certificate = mode >= VERIFY_CA;
	*ret_name = mode >= VERIFY_IDENTITY;
	return 0;
}

static int set(MYSQL *my, enum mysql_option option, const void *value, struct rp_err **err)
{
	if (mysql_optionsv(my, option, value) == 0)
		return 0;
	return rp_err_set(err, RP_ERR_ENGINE, "libmariadb refuses option %d", (int)option);
}

static const struct {
	enum rp_my_key key;
	enum mysql_option option;
	const char *word;
} files[] = {
	{RP_MY_KEY_SSL_CA, MYSQL_OPT_SSL_CA, "ssl-ca"},
	{RP_MY_KEY_SSL_CAPATH, MYSQL_OPT_SSL_CAPATH, "ssl-capath"},
	{RP_MY_KEY_SSL_CERT, MYSQL_OPT_SSL_CERT, "ssl-cert"},
	{RP_MY_KEY_SSL_KEY, MYSQL_OPT_SSL_KEY, "ssl-key"},
	{RP_MY_KEY_SSL_CRL, MYSQL_OPT_SSL_CRL, "ssl-crl"},
	{RP_MY_KEY_SSL_CIPHER, MYSQL_OPT_SSL_CIPHER, "ssl-cipher"},
};
#define N_FILES (sizeof files / sizeof files[0])

static int set_tls(MYSQL *my, const struct rp_my_address *a, enum mode mode, struct rp_err **err)
{
	const my_bool yes = 1;
	if (mode == DISABLED)
		return 0;
	for (size_t i = 0; i < N_FILES; i++)
		if (a->v[files[i].key] != NULL && set(my, files[i].option, a->v[files[i].key], err) < 0)
			return -1;
	/* It only asks for TLS: libmariadb does without where the server has none. */
	if (set(my, MYSQL_OPT_SSL_ENFORCE, &yes, err) < 0)
		return -1;
	if (mode == VERIFY_IDENTITY)
		return set(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes, err);
	/* Whose certificate it is, libmariadb looks at wherever it has been told whom to trust. */
	if (mode == VERIFY_CA && a->v[RP_MY_KEY_SSL_CA] == NULL && a->v[RP_MY_KEY_SSL_CAPATH] == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "ssl-mode=verify-ca needs an ssl-ca or ssl-capath");
	return 0;
}

int rp_my_login_options(MYSQL *my, const struct rp_my_address *a, struct rp_err **err)
{
	/* Which way of proving who we are is the server's to choose. These tell it no password; the last two do,
	 * and so it must be the right one that hears it. */
	static const char safe[] =
		"mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,"
		"parsec,auth_gssapi_client";
	static const char all[] =
		"mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,"
		"parsec,auth_gssapi_client,mysql_clear_password,dialog";
	const my_bool no = 0;
	const unsigned off = 0;
	const unsigned long packet = 1ul << 30;
	bool local = rp_my_address_is_local(a);
	const unsigned protocol = local ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
	const char *path = a->v[RP_MY_KEY_SOCKET];
	enum mode mode = DISABLED;
	if (local && strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return rp_err_set(err, RP_ERR_USAGE, "the socket's path is longer than %zu bytes: '%.120s'",
				  sizeof(((struct sockaddr_un *)0)->sun_path) - 1, path);
	if (mode_of(a, &mode, err) < 0)
		return -1;
	if (set(my, MYSQL_OPT_PROTOCOL, &protocol, err) < 0 ||
	    set(my, MYSQL_OPT_LOCAL_INFILE, &off, err) < 0 || set(my, MYSQL_OPT_RECONNECT, &no, err) < 0 ||
	    set(my, MYSQL_SET_CHARSET_NAME, "utf8mb4", err) < 0 ||
	    set(my, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet, err) < 0 ||
	    set(my, MARIADB_OPT_RESTRICTED_AUTH, local || mode >= VERIFY_CA ? all : safe, err) < 0)
		return -1;
	(void)mysql_options4(my, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "reprove");
	return set_tls(my, a, mode, err);
}

int rp_my_login_check(struct rp_my_conn *c, const struct rp_my_address *a, struct rp_err **err)
{
	enum mode mode = DISABLED;
	if (mode_of(a, &mode, err) < 0)
		return -1;
	if (mode < REQUIRED || mysql_get_ssl_cipher(c->my) != NULL)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE,
		   "the server offers no TLS, and anybody on the way could read what it sends");
	return rp_err_hint(err, "set up TLS there; 'ssl-mode=preferred' does without");
}

/* In quotes, with what would end them or the line written with a backslash. */
static void add_option(struct rp_buf *file, const char *word, const char *value)
{
	static const char from[] = "\b\t\n\r\\\"", to[] = "btnr\\\"";
	if (value == NULL)
		return;
	rp_buf_addf(file, "%s=\"", word);
	for (const char *p = value; *p != '\0'; p++) {
		const char *special = strchr(from, *p);
		if (special != NULL)
			rp_buf_addf(file, "\\%c", to[special - from]);
		else
			rp_buf_add_mem(file, p, 1);
	}
	rp_buf_add(file, "\"\n");
}

static void add_tls(struct rp_buf *file, const struct rp_my_conn *c, const struct rp_my_address *a,
		    enum mode mode)
{
	bool encrypted = mysql_get_ssl_cipher(c->my) != NULL;
	if (c->is.vendor == RP_MARIADB) {
		rp_buf_addf(file, "ssl=%d\n", encrypted);
		if (encrypted)
			rp_buf_addf(file, "ssl-verify-server-cert=%d\n", mode == VERIFY_IDENTITY);
	} else {
		add_option(file, "ssl-mode",
			   !encrypted		     ? "DISABLED"
			   : mode == VERIFY_IDENTITY ? "VERIFY_IDENTITY"
			   : mode == VERIFY_CA	     ? "VERIFY_CA"
						     : "REQUIRED");
	}
	/* MySQL's client asks nobody for the key with which a password is then encrypted, unless told to. */
	if (c->is.vendor == RP_MYSQL && !encrypted && !rp_my_address_is_local(a))
		rp_buf_add(file, "get-server-public-key=1\n");
	for (size_t i = 0; encrypted && i < N_FILES; i++)
		add_option(file, files[i].word, a->v[files[i].key]);
}

int rp_my_login_write(struct rp_my_conn *c, const char *socket, struct rp_buf *file, struct rp_err **err)
{
	const struct rp_my_address *a = c->at;
	bool local = socket != NULL || rp_my_address_is_local(a);
	enum mode mode = DISABLED;
	if (mode_of(a, &mode, err) < 0)
		return -1;
	rp_buf_add(file, "[client]\n");
	add_option(file, "user", c->my->user);
	add_option(file, "password", a->v[RP_MY_KEY_PASSWORD]);
	add_option(file, "host", local ? "localhost" : a->v[RP_MY_KEY_HOST]);
	add_option(file, "protocol", local ? "socket" : "tcp");
	if (local)
		add_option(file, "socket", socket != NULL ? socket : a->v[RP_MY_KEY_SOCKET]);
	else
		rp_buf_addf(file, "port=%u\n", c->my->port);
	if (socket != NULL) /* who is in between does not end TLS */
		rp_buf_add(file, c->is.vendor == RP_MARIADB ? "ssl=0\n" : "ssl-mode=DISABLED\n");
	else
		add_tls(file, c, a, mode);
	if (c->database != NULL) { /* a word that the tools which dump do not know */
		rp_buf_add(file, "[mysql]\n");
		add_option(file, "database", c->database);
	}
	return rp_buf_check(file, err);
}

int rp_my_login_fail(struct rp_my_conn *c, const struct rp_my_address *a, struct rp_err **err)
{
	unsigned number = mysql_errno(c->my);
	rp_my_fail(c, err);
	if (number == CR_SSL_CONNECTION_ERROR && strstr(mysql_error(c->my), "does not support") != NULL)
		return rp_err_hint(err, "set up TLS there; 'ssl-mode=preferred' does without");
	if (number == 1045 || number == 1698)
		return rp_err_hint(err,
				   a->v[RP_MY_KEY_PASSWORD] != NULL
					   ? "a password was given, by an option file or MYSQL_PWD: is it"
					     " this account's?"
					   : "put the password into ~/.my.cnf (group [client] or [reprove]),"
					     " or into a file that '?defaults-file=/path' names");
	if (number == CR_SSL_CONNECTION_ERROR)
		return rp_err_hint(err, "'ssl-ca=/path/to/ca.pem' in the URI or an option file names whom to"
					" trust; 'ssl-mode=required' trusts any server");
	if (number == CR_CONNECTION_ERROR && rp_my_address_is_local(a) && a->v[RP_MY_KEY_HOST] == NULL)
		return rp_err_hint(err, "'socket=/path' in the URI or an option file names another socket");
	return -1;
}
