/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/login.h"

#include <arpa/inet.h>
#include <errmsg.h>
#include <string.h>

#include "verifier/engine/mysql/address.h"
#include "verifier/engine/mysql/conn.h"

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

static int set(MYSQL *my, enum mysql_option option, const void *value, struct rp_err **err)
{
	if (mysql_optionsv(my, option, value) == 0)
		return 0;
	return rp_err_set(err, RP_ERR_ENGINE, "libmariadb refuses option %d", (int)option);
}

static int set_tls(MYSQL *my, const struct rp_my_address *a, enum mode mode, struct rp_err **err)
{
	static const struct {
		enum rp_my_key key;
		enum mysql_option option;
	} files[] = {
		{RP_MY_KEY_SSL_CA, MYSQL_OPT_SSL_CA},	  {RP_MY_KEY_SSL_CAPATH, MYSQL_OPT_SSL_CAPATH},
		{RP_MY_KEY_SSL_CERT, MYSQL_OPT_SSL_CERT}, {RP_MY_KEY_SSL_KEY, MYSQL_OPT_SSL_KEY},
		{RP_MY_KEY_SSL_CRL, MYSQL_OPT_SSL_CRL},	  {RP_MY_KEY_SSL_CIPHER, MYSQL_OPT_SSL_CIPHER},
	};
	const my_bool yes = 1;
	if (mode == DISABLED)
		return 0;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
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
	enum mode mode = DISABLED;
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
