/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "verifier/engine/mysql/tls.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Clients say little, and servers a whole database. */
#define UP_SIZE	  (64 << 10)
#define DOWN_SIZE (256 << 10)

#define HEADER	  4
#define REQUEST	  32
#define TLS_BIT	  0x08 /* of the second byte */
#define SECURE_MS 10000

int rp_my_pair_new(struct rp_my_pair **ret, int client, int server, const struct rp_my_tls *tls,
		   struct rp_err **err)
{
	struct rp_my_pair *p = calloc(1, sizeof *p);
	if (p == NULL) {
		(void)close(client);
		(void)close(server);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	p->up = (struct rp_my_half){.from = client, .to = server, .data = malloc(UP_SIZE), .size = UP_SIZE};
	p->down = (struct rp_my_half){
		.from = server, .to = client, .data = malloc(DOWN_SIZE), .size = DOWN_SIZE};
	p->secures = tls;
	p->up.secured_to = &p->secured;
	p->down.secured_from = &p->secured;
	if (p->up.data == NULL || p->down.data == NULL) {
		rp_my_pair_free(p);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	*ret = p;
	return 0;
}

void rp_my_pair_free(struct rp_my_pair *p)
{
	if (p == NULL)
		return;
	rp_my_tls_end(p->secured);
	(void)close(p->up.from);
	(void)close(p->down.from);
	rp_err_free(p->failure);
	free(p->up.data);
	free(p->down.data);
	free(p);
}

static bool has_room(const struct rp_my_half *h)
{
	return !h->ended && (h->at > 0 || h->len < h->size);
}

static size_t pending(const struct rp_my_pair *p, const struct rp_my_half *h)
{
	return h == &p->up ? p->may : h->len - h->at;
}

void rp_my_pair_wants(const struct rp_my_pair *p, struct pollfd fds[2])
{
	bool up = pending(p, &p->up) > 0, down = pending(p, &p->down) > 0;
	fds[0] = (struct pollfd){.fd = p->up.from};
	fds[1] = (struct pollfd){.fd = p->down.from};
	fds[0].events = (short)((has_room(&p->up) ? POLLIN : 0) | (down ? POLLOUT : 0));
	fds[1].events = (short)((has_room(&p->down) ? POLLIN : 0) | (up ? POLLOUT : 0));
	/* Without this a side that has gone would be told of again and again, while we can do nothing yet. */
	for (int i = 0; i < 2; i++)
		if (fds[i].events == 0)
			fds[i].fd = -1;
}

/* Whatever goes wrong with a socket, the bytes end there: each side then says itself what that means to it. */
static size_t take(struct rp_my_half *h)
{
	if (h->at > 0) {
		memmove(h->data, h->data + h->at, h->len - h->at);
		h->len -= h->at;
		h->at = 0;
	}
	struct ssl_st *tls = h->secured_from != NULL ? *h->secured_from : NULL;
	ssize_t n = tls != NULL ? rp_my_tls_read(tls, h->data + h->len, h->size - h->len)
				: recv(h->from, h->data + h->len, h->size - h->len, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		h->ended = true;
	if (n <= 0)
		return 0;
	h->len += (size_t)n;
	return (size_t)n;
}

static void look(struct rp_my_pair *p)
{
	struct rp_my_half *h = &p->up;
	if (p->says == RP_MY_OTHER)
		p->may += rp_my_packets_pass(&p->packets, h->data + h->at + p->may, h->len - h->at - p->may,
					     &p->says);
}

bool rp_my_pair_has_more(const struct rp_my_pair *p)
{
	return p->secured != NULL && has_room(&p->down) && rp_my_tls_has_more(p->secured);
}

/* The client's answer to the greeting begins with what it can do, how long its packets may be, and its character set.
 * The same, with one bit more, asks for TLS; then it is said again in there. */
static int secure(struct rp_my_pair *p, struct rp_err **err)
{
	uint8_t ask[HEADER + REQUEST] = {REQUEST, 0, 0, 1};
	uint8_t *said = p->up.data + p->up.at;
	memcpy(ask + HEADER, said + HEADER, REQUEST);
	ask[HEADER + 1] |= TLS_BIT;
	if (send(p->up.to, ask, sizeof ask, MSG_NOSIGNAL) != (ssize_t)sizeof ask)
		return rp_err_sys(err, errno, "ask the server for TLS");
	if (rp_my_tls_begin(p->secures, p->up.to, SECURE_MS, &p->secured, err) < 0)
		return -1;
	said[HEADER + 1] |= TLS_BIT;
	p->packets.greeted = true; /* it was looked at, and says this now */
	p->packets.shift = 1;
	return 0;
}

/* Nothing passes in the clear but what the server says first. */
static bool may_look(struct rp_my_pair *p)
{
	const uint8_t *said = p->up.data + p->up.at;
	size_t len = p->up.len - p->up.at;
	struct rp_my_packets probe = {0};
	enum rp_my_word word = RP_MY_OTHER;
	if (p->secures == NULL || p->secured != NULL)
		return true;
	if (len < HEADER + REQUEST)
		return false;
	/* What the client itself asks for is refused in its place. */
	(void)rp_my_packets_pass(&probe, p->up.data + p->up.at, len, &word);
	if (word == RP_MY_WANTS_TLS || word == RP_MY_WANTS_COMPRESSION)
		return true;
	if (said[0] + 256u * said[1] + 65536u * said[2] < REQUEST || secure(p, &p->failure) < 0) {
		(void)rp_err_set(&p->failure, RP_ERR_ENGINE, "the backup's command speaks another protocol");
		p->up.ended = p->down.ended = true;
		return false;
	}
	return true;
}

void rp_my_pair_read(struct rp_my_pair *p, const struct pollfd fds[2])
{
	static const short any = POLLIN | POLLHUP | POLLERR;
	if (fds[0].fd >= 0 && (fds[0].revents & any) != 0 && has_room(&p->up) && take(&p->up) > 0 &&
	    may_look(p))
		look(p);
	bool readable = fds[1].fd >= 0 && (fds[1].revents & any) != 0;
	if (!has_room(&p->down) || (!readable && !rp_my_pair_has_more(p)))
		return;
	size_t n = take(&p->down);
	p->answers.shift = p->secured != NULL && p->packets.commands == 0 ? 1 : 0;
	rp_my_answers_pass(&p->answers, p->down.data + p->down.len - n, n);
}

void rp_my_pair_admit(struct rp_my_pair *p, bool await)
{
	struct rp_my_half *h = &p->up;
	enum rp_my_word said = p->says;
	p->says = RP_MY_OTHER;
	p->may += rp_my_packets_admit(&p->packets, h->data + h->at + p->may, h->len - h->at - p->may);
	if (await) {
		p->awaits = p->packets.commands;
		p->awaited = said;
	}
	look(p);
}

static size_t give(struct rp_my_half *h, size_t len)
{
	struct ssl_st *tls = h->secured_to != NULL ? *h->secured_to : NULL;
	ssize_t n = len == 0	  ? 0
		    : tls != NULL ? rp_my_tls_write(tls, h->data + h->at, len)
				  : send(h->to, h->data + h->at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EINTR && errno != EAGAIN) {
		h->ended = true;
		h->at = h->len;
	}
	if (n <= 0)
		return 0;
	h->at += (size_t)n;
	if (h->at == h->len)
		h->at = h->len = 0;
	return (size_t)n;
}

void rp_my_pair_write(struct rp_my_pair *p)
{
	p->may -= give(&p->up, p->may);
	if (p->up.ended && p->up.at == p->up.len)
		p->may = 0;
	(void)give(&p->down, p->down.len - p->down.at);
}

enum rp_my_word rp_my_pair_answered(struct rp_my_pair *p)
{
	if (p->awaits == 0 || p->answers.begun < p->awaits)
		return RP_MY_OTHER;
	p->awaits = 0;
	return p->awaited;
}

void rp_my_pair_refuse(struct rp_my_pair *p, const char *why)
{
	/* Number 1 answers a command; error 1105 is "unknown", of no state of its own. */
	static const uint8_t begins[] = {1, 0xff, 1105 & 0xff, 1105 >> 8, '#', 'H', 'Y', '0', '0', '0'};
	struct rp_my_half *h = &p->down;
	size_t said = strlen(why), n = sizeof begins - 1 + said;
	bool answers = p->packets.commands > 0 && h->at == h->len && n < 250;
	p->up.ended = h->ended = true;
	p->may = 0;
	h->at = h->len = 0;
	if (!answers)
		return;
	h->data[0] = (uint8_t)n;
	h->data[1] = h->data[2] = 0;
	memcpy(h->data + 3, begins, sizeof begins);
	memcpy(h->data + 3 + sizeof begins, why, said);
	h->len = HEADER + n;
}

bool rp_my_pair_is_over(const struct rp_my_pair *p)
{
	return (p->up.ended && p->may == 0) || (p->down.ended && p->down.at == p->down.len);
}
