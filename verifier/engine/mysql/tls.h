/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_TLS_H
#define RP_ENGINE_MYSQL_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct rp_err;
struct rp_my_address;
struct ssl_st;

/* The relay's own end of TLS: a backup tool speaks to it in the clear, through a private socket, and it to the server
 * as the survey's connections do. */
struct rp_my_tls;

/* As the address says: whom to trust, what to show. verify: the server's certificate; name: that it is
 * of the host's name. */
int rp_my_tls_new(struct rp_my_tls **ret, const struct rp_my_address *a, bool verify, bool name,
		  struct rp_err **err);
void rp_my_tls_free(struct rp_my_tls *t); /* accepts NULL */

/* On a connected socket, within ms; blocks. */
int rp_my_tls_begin(const struct rp_my_tls *t, int fd, unsigned ms, struct ssl_st **ret, struct rp_err **err);
void rp_my_tls_end(struct ssl_st *s); /* accepts NULL; the socket stays open */
/* As recv() and send() of a socket that does not block. */
ssize_t rp_my_tls_read(struct ssl_st *s, void *data, size_t len);
ssize_t rp_my_tls_write(struct ssl_st *s, const void *data, size_t len);
/* Something has been read that the socket does not show any more. */
bool rp_my_tls_has_more(const struct ssl_st *s);

#endif
