/* SPDX-License-Identifier: MIT */
#include "tests/server/canaries.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/server/scratch_lib.h"
#include "verifier/util/fd.h"

static int listen_at(int family, int type, const char *path, int *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = sizeof in;
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (family == AF_INET) {
		in.sin_port = htons((uint16_t)*port);
		assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
		*port = ntohs(in.sin_port);
	} else {
		(void)snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
		assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
		assert_int_equal(chmod(path, 0777), 0);
	}
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

struct canaries canaries_in(const char *base)
{
	struct canaries c = {0};
	char *const paths[] = {c.file, c.socket, c.datagrams, c.out, c.touch};
	static const char *const names[] = {"file", "socket", "datagrams", "open/out", "open/touched"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)snprintf(paths[i], sizeof c.file, "%s/%s", base, names[i]);
	char open_dir[200];
	(void)snprintf(open_dir, sizeof open_dir, "%s/open", base);
	assert_int_equal(mkdir(open_dir, 0777), 0);
	assert_int_equal(chmod(open_dir, 0777), 0);
	assert_int_equal(rp_file_replace(c.file, "canary\n", 7, 0644, NULL), 0);
	c.tcp = listen_at(AF_INET, SOCK_STREAM, NULL, &c.port);
	c.udp = listen_at(AF_INET, SOCK_DGRAM, NULL, &c.port);
	c.stream = listen_at(AF_UNIX, SOCK_STREAM, c.socket, NULL);
	c.datagram = listen_at(AF_UNIX, SOCK_DGRAM, c.datagrams, NULL);
	(void)setenv("RP_CANARY", "sings", 1);
	return c;
}

void canaries_live(const char *base, struct canaries *c)
{
	int *const all[] = {&c->tcp, &c->udp, &c->stream, &c->datagram};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct pollfd p = {.fd = *all[i], .events = POLLIN};
		if (poll(&p, 1, 0) != 0)
			fail_msg("canary %zu has heard something", i);
		(void)close(*all[i]);
	}
	char open_dir[200];
	(void)snprintf(open_dir, sizeof open_dir, "%s/open", base);
	assert_int_equal(rmdir(open_dir), 0); /* empty */
	assert_int_equal(unlink(c->file), 0);
	assert_int_equal(unlink(c->socket), 0);
	assert_int_equal(unlink(c->datagrams), 0);
	(void)unsetenv("RP_CANARY");
}
