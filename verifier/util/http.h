/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_HTTP_H
#define RP_UTIL_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_buf;
struct rp_err;

/* The one way in which this program speaks HTTP. Certificates are verified, no redirect is followed (what was meant for
 * one host goes to no other), time and answer have their bounds, and an error holds no more of an address than its host:
 * many an address is a secret, and so is many a header. A proxy is used where https_proxy says so. */
struct rp_http {
	const char *method; /* "POST" */
	const char *url;    /* https, or http to this very machine */
	bool plain; /* http to others, too: what is sent can be read, and what is answered is signed */
	const char *const *headers; /* "Name: value"; NULL-terminated; NULL: none */
	const void *body;	    /* NULL: none */
	size_t len;
	const char *ca;	    /* authorities to believe, PEM; NULL: the system's */
	int64_t timeout_ms; /* of each attempt */
	unsigned
		attempts; /* what another one may mend (no connection, 429, 5xx) is tried again, a second later */
};
/* 0: it was answered with 2xx. answer: what with, up to the buffer's ceiling, beyond which it is an error; NULL: of no
 * interest. RP_ERR_IO; RP_ERR_USAGE: of the address. */
int rp_http(const struct rp_http *q, struct rp_buf *answer, struct rp_err **err);

/* Is this an address that could be sent to? RP_ERR_USAGE. */
int rp_http_check(const char *url, bool plain, struct rp_err **err);
/* Its host, for people; NULL: it has none, or there is no memory. free() */
char *rp_http_host(const char *url);
/* The address with 'ending' behind its path and 'query' behind what it asks: ".../PING?a=b" with "/start" and "rid=1" is
 * ".../PING/start?a=b&rid=1". free() */
int rp_http_extend(char **ret, const char *url, const char *ending, const char *query, struct rp_err **err);

#endif
