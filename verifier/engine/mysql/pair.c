/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Clients say little, and servers a whole database. */
#define UP_SIZE	  (64 << 10)
#define DOWN_SIZE (256 << 10)

int rp_my_pair_new(struct rp_my_pair **ret, int client, int server, struct rp_err **err)
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
	(void)close(p->up.from);
	(void)close(p->down.from);
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
	ssize_t n = recv(h->from, h->data + h->len, h->size - h->len, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		h->ended = true;
	if (n <= 0)
		return 0;
	h->len += (size_t)n;
	return (size_t)n;
}

static void look(struct rp_my_pair *p)
{
	const struct rp_my_half *h = &p->up;
	if (p->says == RP_MY_OTHER)
		p->may += rp_my_packets_pass(&p->packets, h->data + h->at + p->may, h->len - h->at - p->may,
					     &p->says);
}

void rp_my_pair_read(struct rp_my_pair *p, const struct pollfd fds[2])
{
	static const short any = POLLIN | POLLHUP | POLLERR;
	if (fds[0].fd >= 0 && (fds[0].revents & any) != 0 && has_room(&p->up) && take(&p->up) > 0)
		look(p);
	if (fds[1].fd < 0 || (fds[1].revents & any) == 0 || !has_room(&p->down))
		return;
	size_t n = take(&p->down);
	rp_my_answers_pass(&p->answers, p->down.data + p->down.len - n, n);
}

void rp_my_pair_admit(struct rp_my_pair *p, bool await)
{
	const struct rp_my_half *h = &p->up;
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
	ssize_t n = len == 0 ? 0 : send(h->to, h->data + h->at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
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

bool rp_my_pair_is_over(const struct rp_my_pair *p)
{
	return (p->up.ended && p->may == 0) || (p->down.ended && p->down.at == p->down.len);
}
