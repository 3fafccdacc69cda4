/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVER_CANARIES_H
#define TESTS_SERVER_CANARIES_H

/* What a backup must not reach on this machine: sockets that are listened at, a file, a directory that everybody may
 * write into, a variable of ours. */
struct canaries {
	int tcp, udp, stream, datagram; /* nobody comes */
	int port;
	char file[200], socket[200], datagrams[200], out[200], touch[200];
};

struct canaries canaries_in(const char *base);
/* Nobody came, and nothing was made. */
void canaries_live(const char *base, struct canaries *c);

#endif
