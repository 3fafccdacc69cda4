/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include "verifier/engine/mysql/address.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

struct rp_my_tls {
	SSL_CTX *context;
	char *host;
	bool name; /* the certificate is to be of it */
};

static int fail(struct rp_err **err, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	(void)rp_err_set(err, RP_ERR_ENGINE, "TLS: %s: %s", what, why != NULL ? why : "no reason is known");
	ERR_clear_error();
	return -1;
}

static int load_trust(SSL_CTX *c, const struct rp_my_address *a, struct rp_err **err)
{
	const char *ca = a->v[RP_MY_KEY_SSL_CA], *path = a->v[RP_MY_KEY_SSL_CAPATH],
		   *crl = a->v[RP_MY_KEY_SSL_CRL];
	int ok = ca != NULL || path != NULL ? SSL_CTX_load_verify_locations(c, ca, path)
					    : SSL_CTX_set_default_verify_paths(c);
	if (ok != 1)
		return fail(err, "read the certificates to trust");
	if (crl == NULL)
		return 0;
	X509_STORE *store = SSL_CTX_get_cert_store(c);
	if (X509_STORE_load_locations(store, crl, NULL) != 1 ||
	    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) != 1)
		return fail(err, "read the revoked certificates");
	return 0;
}

static int load_own(SSL_CTX *c, const struct rp_my_address *a, struct rp_err **err)
{
	const char *cert = a->v[RP_MY_KEY_SSL_CERT], *key = a->v[RP_MY_KEY_SSL_KEY],
		   *cipher = a->v[RP_MY_KEY_SSL_CIPHER];
	if (cert == NULL)
		cert = key;
	if (key == NULL)
		key = cert;
	if (cert != NULL && (SSL_CTX_use_certificate_chain_file(c, cert) != 1 ||
			     SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1))
		return fail(err, "read our own certificate and key");
	if (cipher != NULL && SSL_CTX_set_cipher_list(c, cipher) != 1)
		return fail(err, "choose ciphers");
	return 0;
}

int rp_my_tls_new(struct rp_my_tls **ret, const struct rp_my_address *a, bool verify, bool name,
		  struct rp_err **err)
{
	struct rp_my_tls *t = calloc(1, sizeof *t);
	const char *host = a->v[RP_MY_KEY_HOST];
	if (t == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	t->context = SSL_CTX_new(TLS_client_method());
	t->name = name;
	t->host = strdup(host != NULL ? host : "localhost");
	int r = 0;
	if (t->context == NULL || t->host == NULL)
		r = rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	else if (load_own(t->context, a, err) < 0 || (verify && load_trust(t->context, a, err) < 0))
		r = -1;
	if (r < 0) {
		rp_my_tls_free(t);
		return -1;
	}
	(void)SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(t->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	(void)SSL_CTX_set_mode(t->context,
			       SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(t->context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	*ret = t;
	return 0;
}

void rp_my_tls_free(struct rp_my_tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->context);
	free(t->host);
	free(t);
}

static bool expect_name(SSL *s, char *host, bool check)
{
	struct in6_addr any;
	if (inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1)
		return !check || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s), host) == 1;
	return SSL_set_tlsext_host_name(s, host) == 1 && (!check || SSL_set1_host(s, host) == 1);
}

/* 1: again; 0: done; -1. */
static int shake(SSL *s, int fd, int64_t ends)
{
	int r = SSL_connect(s);
	if (r == 1)
		return 0;
	int why = SSL_get_error(s, r);
	int64_t left = ends - rp_run_clock_ms();
	struct pollfd p = {.fd = fd, .events = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN};
	if ((why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) || left <= 0)
		return -1;
	return poll(&p, 1, (int)left) < 0 && errno != EINTR ? -1 : 1;
}

int rp_my_tls_begin(const struct rp_my_tls *t, int fd, unsigned ms, SSL **ret, struct rp_err **err)
{
	int64_t ends = rp_run_clock_ms() + ms;
	int flags = fcntl(fd, F_GETFL);
	SSL *s = SSL_new(t->context);
	int r = -1;
	if (s != NULL && expect_name(s, t->host, t->name) && SSL_set_fd(s, fd) == 1 && flags >= 0 &&
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
		while ((r = shake(s, fd, ends)) > 0)
			;
	if (r == 0) {
		*ret = s;
		return 0;
	}
	long checked = s != NULL ? SSL_get_verify_result(s) : X509_V_OK;
	(void)fail(err, checked != X509_V_OK ? X509_verify_cert_error_string(checked) : "with the server");
	SSL_free(s);
	return -1;
}

void rp_my_tls_end(SSL *s)
{
	SSL_free(s);
}

static ssize_t result(SSL *s, int r)
{
	int why = r > 0 ? SSL_ERROR_NONE : SSL_get_error(s, r);
	ERR_clear_error();
	if (why == SSL_ERROR_NONE)
		return r;
	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return -1;
}

ssize_t rp_my_tls_read(SSL *s, void *data, size_t len)
{
	return result(s, SSL_read(s, data, len < INT_MAX ? (int)len : INT_MAX));
}

ssize_t rp_my_tls_write(SSL *s, const void *data, size_t len)
{
	return result(s, SSL_write(s, data, len < INT_MAX ? (int)len : INT_MAX));
}

bool rp_my_tls_has_more(const SSL *s)
{
	return SSL_pending(s) > 0;
}
