/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_ADDRESS_H
#define RP_ENGINE_MYSQL_ADDRESS_H

#include <stdbool.h>

#include "verifier/util/cleanup.h"

struct rp_buf;
struct rp_err;

/* Private to this folder: where a server is and how one logs in there, as a URI and option files say it. */

/* The words are those of the vendors' own clients' long options. */
enum rp_my_key {
	RP_MY_KEY_USER,
	RP_MY_KEY_PASSWORD, /* never in a URI */
	RP_MY_KEY_HOST,
	RP_MY_KEY_PORT,
	RP_MY_KEY_SOCKET,
	RP_MY_KEY_DATABASE,
	RP_MY_KEY_SSL_MODE, /* disabled, preferred, required, verify-ca, verify-identity */
	RP_MY_KEY_SSL_CA,
	RP_MY_KEY_SSL_CAPATH,
	RP_MY_KEY_SSL_CERT,
	RP_MY_KEY_SSL_KEY,
	RP_MY_KEY_SSL_CRL,
	RP_MY_KEY_SSL_CIPHER,
	RP_MY_KEY_DEFAULTS_FILE,
	RP_MY_KEY_NO_DEFAULTS, /* "1": neither option files nor MYSQL_PWD speak here */
	RP_MY_KEYS
};

struct rp_my_address {
	char *v[RP_MY_KEYS]; /* owned; NULL: not said */
};
void rp_my_address_done(struct rp_my_address *a);
#define rp_autoaddress rp_cleanup(rp_my_address_done) struct rp_my_address

/* mysql://user@host:port/database?socket=/path&... RP_ERR_USAGE names what is wrong, and repeats nothing that may be
 * a secret. Pure. */
int rp_my_address_parse(const char *uri, struct rp_my_address *ret, struct rp_err **err);
/* The other way. A password is never written. Pure. */
int rp_my_address_add(struct rp_buf *uri, const struct rp_my_address *a, struct rp_err **err);
/* Set what is not said yet. */
int rp_my_address_default(struct rp_my_address *a, enum rp_my_key key, const char *value,
			  struct rp_err **err);

/* It is reached through a socket of this machine: one is named, or the host is "localhost" or none, and no port is. */
bool rp_my_address_is_local(const struct rp_my_address *a);

/* option_file.c: what the vendors' clients find in the groups [client], [client-mariadb], [client-mysql], and ours,
 * [reprove], fills in what is not said: in the usual files, or in a.defaults-file alone. Then the environment's
 * MYSQL_PWD, MYSQL_UNIX_PORT and MYSQL_TCP_PORT. Anything else in there is none of our business. */
int rp_my_address_complete(struct rp_my_address *a, struct rp_err **err);
/* One file's text: what its groups say, later lines first. Pure. */
int rp_my_options_read(const char *text, struct rp_my_address *into, struct rp_err **err);

#endif
