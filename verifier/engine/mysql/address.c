/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/address.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* Long enough for anything that is meant. */
#define PART_MAX (8u << 10)

/* Parameters of a URI; user, host, port and database have their places in it. */
static const struct {
	enum rp_my_key key;
	const char *word;
} parameters[] = {
	{RP_MY_KEY_SOCKET, "socket"},
	{RP_MY_KEY_SSL_MODE, "ssl-mode"},
	{RP_MY_KEY_SSL_CA, "ssl-ca"},
	{RP_MY_KEY_SSL_CAPATH, "ssl-capath"},
	{RP_MY_KEY_SSL_CERT, "ssl-cert"},
	{RP_MY_KEY_SSL_KEY, "ssl-key"},
	{RP_MY_KEY_SSL_CRL, "ssl-crl"},
	{RP_MY_KEY_SSL_CIPHER, "ssl-cipher"},
	{RP_MY_KEY_DEFAULTS_FILE, "defaults-file"},
	{RP_MY_KEY_NO_DEFAULTS, "no-defaults"},
};
#define N_PARAMETERS (sizeof parameters / sizeof parameters[0])

void rp_my_address_done(struct rp_my_address *a)
{
	for (unsigned i = 0; i < RP_MY_KEYS; i++)
		free(a->v[i]);
	*a = (struct rp_my_address){0};
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* what: the name of the part, for people. */
static int decode(const char *text, size_t len, const char *what, char **ret, struct rp_err **err)
{
	rp_autobuf out = RP_BUF_INIT(PART_MAX);
	rp_buf_add(&out, "");
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '%') {
			int high = i + 1 < len ? digit_of(text[i + 1]) : -1;
			int low = i + 2 < len ? digit_of(text[i + 2]) : -1;
			if (high < 0 || low < 0)
				return rp_err_set(
					err, RP_ERR_USAGE,
					"in the URI's %s a '%%' is not followed by two hexadecimal digits"
					" (a percent sign itself is written %%25)",
					what);
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0')
			return rp_err_set(err, RP_ERR_USAGE, "the URI's %s holds a zero byte", what);
		rp_buf_add_mem(&out, &c, 1);
	}
	if (rp_buf_check(&out, err) < 0)
		return rp_err_wrap(err, "the URI's %s", what);
	free(*ret);
	*ret = out.len > 0 ? rp_buf_take(&out) : strdup("");
	return *ret != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int refuse_password(struct rp_err **err)
{
	rp_err_set(err, RP_ERR_USAGE, "a password in a URI is seen by everybody on this machine");
	return rp_err_hint(err, "put it into ~/.my.cnf (group [client] or [reprove]), or into a file that"
				" '?defaults-file=/path' names");
}

static int take_host(const char *host, size_t len, struct rp_my_address *a, struct rp_err **err)
{
	const char *port = NULL;
	if (len > 0 && host[0] == '[') { /* an IPv6 address has colons of its own */
		const char *end = memchr(host, ']', len);
		if (end == NULL)
			return rp_err_set(err, RP_ERR_USAGE, "in the URI's host a '[' is not closed");
		size_t rest = len - (size_t)(end + 1 - host);
		if (rest > 0 && end[1] != ':')
			return rp_err_set(err, RP_ERR_USAGE, "in the URI, only ':port' can stand behind ']'");
		port = rest > 0 ? end + 1 : NULL;
		if (decode(host + 1, (size_t)(end - host - 1), "host", &a->v[RP_MY_KEY_HOST], err) < 0)
			return -1;
	} else {
		port = memchr(host, ':', len);
		size_t n = port != NULL ? (size_t)(port - host) : len;
		if (n > 0 && decode(host, n, "host", &a->v[RP_MY_KEY_HOST], err) < 0)
			return -1;
	}
	size_t digits = port != NULL ? len - (size_t)(port + 1 - host) : 0;
	return digits > 0 ? decode(port + 1, digits, "port", &a->v[RP_MY_KEY_PORT], err) : 0;
}

static int take_authority(const char *text, size_t len, struct rp_my_address *a, struct rp_err **err)
{
	const char *at = memrchr(text, '@', len);
	if (at != NULL) {
		size_t n = (size_t)(at - text);
		if (memchr(text, ':', n) != NULL)
			return refuse_password(err);
		if (n > 0 && decode(text, n, "user", &a->v[RP_MY_KEY_USER], err) < 0)
			return -1;
		len -= n + 1;
		text = at + 1;
	}
	return take_host(text, len, a, err);
}

static int take_parameter(const char *text, size_t len, struct rp_my_address *a, struct rp_err **err)
{
	const char *is = memchr(text, '=', len);
	size_t n = is != NULL ? (size_t)(is - text) : len;
	if ((n == 8 && strncmp(text, "password", n) == 0) || (n == 6 && strncmp(text, "passwd", n) == 0))
		return refuse_password(err);
	if (is == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "the URI's parameter '%.*s' has no value",
				  n < 40 ? (int)n : 40, text);
	for (size_t i = 0; i < N_PARAMETERS; i++) {
		const char *word = parameters[i].word;
		char **to = &a->v[parameters[i].key];
		if (strlen(word) != n || strncmp(word, text, n) != 0)
			continue;
		if (*to != NULL)
			return rp_err_set(err, RP_ERR_USAGE, "the URI's parameter '%s' is given twice", word);
		return decode(is + 1, len - n - 1, word, to, err);
	}
	rp_err_set(err, RP_ERR_USAGE, "the URI has a parameter '%.*s', which is not known",
		   n < 40 ? (int)n : 40, text);
	return rp_err_hint(err, "known are socket, defaults-file, no-defaults, ssl-mode, ssl-ca, ssl-capath,"
				" ssl-cert, ssl-key, ssl-crl and ssl-cipher");
}

static int check(const struct rp_my_address *a, struct rp_err **err)
{
	static const char *const paths[] = {
		[RP_MY_KEY_SOCKET] = "socket", [RP_MY_KEY_DEFAULTS_FILE] = "defaults-file"};
	uint64_t port = 0;
	if (a->v[RP_MY_KEY_PORT] != NULL && !rp_parse_u64(a->v[RP_MY_KEY_PORT], 1, 65535, &port))
		return rp_err_set(err, RP_ERR_USAGE, "the URI's port is not a number from 1 to 65535");
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (paths[i] != NULL && a->v[i] != NULL && a->v[i][0] != '/')
			return rp_err_set(err, RP_ERR_USAGE,
					  "the URI's parameter '%s' is not a path that begins"
					  " with '/'",
					  paths[i]);
	if (a->v[RP_MY_KEY_NO_DEFAULTS] != NULL && strcmp(a->v[RP_MY_KEY_NO_DEFAULTS], "1") != 0)
		return rp_err_set(err, RP_ERR_USAGE, "the URI's parameter 'no-defaults' can only be 1");
	if (a->v[RP_MY_KEY_NO_DEFAULTS] != NULL && a->v[RP_MY_KEY_DEFAULTS_FILE] != NULL)
		return rp_err_set(err, RP_ERR_USAGE, "the URI has both 'no-defaults' and 'defaults-file'");
	const char *host = a->v[RP_MY_KEY_HOST];
	if (a->v[RP_MY_KEY_SOCKET] != NULL &&
	    ((host != NULL && strcmp(host, "localhost") != 0) || a->v[RP_MY_KEY_PORT] != NULL))
		return rp_err_set(err, RP_ERR_USAGE,
				  "the URI names both a socket and a host or port: which is it?");
	return 0;
}

static int parse(const char *uri, struct rp_my_address *a, struct rp_err **err)
{
	const char *p = strstr(uri, "://");
	if (p == NULL || (strncmp(uri, "mysql:", 6) != 0 && strncmp(uri, "mariadb:", 8) != 0))
		return rp_err_set(err, RP_ERR_USAGE,
				  "a URI for MariaDB or MySQL begins with mysql:// or mariadb://");
	p += 3;
	size_t n = strcspn(p, "/?#");
	if (take_authority(p, n, a, err) < 0)
		return -1;
	p += n;
	if (*p == '/') {
		p++;
		n = strcspn(p, "/?#");
		if (p[n] == '/')
			return rp_err_set(err, RP_ERR_USAGE,
					  "the URI's database holds a '/', which is written %%2F");
		if (n > 0 && decode(p, n, "database", &a->v[RP_MY_KEY_DATABASE], err) < 0)
			return -1;
		p += n;
	}
	while (*p == '?' || *p == '&') {
		p++;
		n = strcspn(p, "&#");
		if (n > 0 && take_parameter(p, n, a, err) < 0)
			return -1;
		p += n;
	}
	if (*p == '#')
		return rp_err_set(err, RP_ERR_USAGE, "the URI holds a '#', which is written %%23");
	return check(a, err);
}

int rp_my_address_parse(const char *uri, struct rp_my_address *ret, struct rp_err **err)
{
	rp_autoaddress a = {0};
	if (parse(uri, &a, err) < 0)
		return -1;
	*ret = a;
	a = (struct rp_my_address){0};
	return 0;
}

static void add_escaped(struct rp_buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
		    strchr("-._~", *p) != NULL)
			rp_buf_add_mem(out, p, 1);
		else
			rp_buf_addf(out, "%%%02X", (unsigned)(unsigned char)*p);
	}
}

int rp_my_address_add(struct rp_buf *uri, const struct rp_my_address *a, struct rp_err **err)
{
	rp_buf_add(uri, "mysql://");
	if (a->v[RP_MY_KEY_USER] != NULL) {
		add_escaped(uri, a->v[RP_MY_KEY_USER]);
		rp_buf_add(uri, "@");
	}
	const char *host = a->v[RP_MY_KEY_HOST];
	bool colons = host != NULL && strchr(host, ':') != NULL;
	if (colons)
		rp_buf_addf(uri, "[%s]", host); /* as it came in */
	else if (host != NULL)
		add_escaped(uri, host);
	if (a->v[RP_MY_KEY_PORT] != NULL)
		rp_buf_addf(uri, ":%s", a->v[RP_MY_KEY_PORT]);
	rp_buf_add(uri, "/");
	if (a->v[RP_MY_KEY_DATABASE] != NULL)
		add_escaped(uri, a->v[RP_MY_KEY_DATABASE]);
	const char *between = "?";
	for (size_t i = 0; i < N_PARAMETERS; i++) {
		const char *value = a->v[parameters[i].key];
		if (value == NULL)
			continue;
		rp_buf_addf(uri, "%s%s=", between, parameters[i].word);
		add_escaped(uri, value);
		between = "&";
	}
	return rp_buf_check(uri, err);
}

int rp_my_address_default(struct rp_my_address *a, enum rp_my_key key, const char *value, struct rp_err **err)
{
	if (a->v[key] != NULL || value == NULL)
		return 0;
	a->v[key] = strdup(value);
	return a->v[key] != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

bool rp_my_address_is_local(const struct rp_my_address *a)
{
	const char *host = a->v[RP_MY_KEY_HOST];
	if (a->v[RP_MY_KEY_SOCKET] != NULL)
		return true;
	return a->v[RP_MY_KEY_PORT] == NULL &&
	       (host == NULL || host[0] == '\0' || strcmp(host, "localhost") == 0);
}
