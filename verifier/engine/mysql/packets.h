/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_PACKETS_H
#define RP_ENGINE_MYSQL_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a client says to a server, looked at from the outside: where its packets begin, and which of them begin a
 * transaction or a lock. Packets, not reads: several come in one read, and one in several. Pure; the bytes are a
 * stranger's. Where TLS begins behind the client's back, a packet comes between that it does not know of, and the
 * numbers of those that follow it are changed. */

enum rp_my_word {
	RP_MY_OTHER,
	RP_MY_FLUSH,	  /* FLUSH ... */
	RP_MY_FLUSH_LOCK, /* FLUSH TABLES WITH READ LOCK */
	RP_MY_LOCK,	  /* LOCK TABLES */
	RP_MY_BEGIN,	  /* START TRANSACTION, BEGIN */
	RP_MY_UNLOCK,	  /* UNLOCK TABLES */
	/* What a client asks for while it logs in, and after which nothing can be understood any more. */
	RP_MY_WANTS_TLS,
	RP_MY_WANTS_COMPRESSION,
};

/* As much of a packet's beginning as is looked at. Where fewer bytes are there, the rest is waited for. */
#define RP_MY_PACKET_LOOK 64

struct rp_my_packets {
	uint64_t left;	   /* of the packet that has begun to pass */
	bool follows;	   /* what comes next is the rest of a statement longer than 16 MB */
	bool greeted;	   /* the client's first packet has passed */
	uint64_t commands; /* that have begun to pass, and will be answered */
	uint8_t shift;	   /* added to the numbers of what the client says to log in */
};

/* How many bytes at the front of data belong to packets that say nothing but RP_MY_OTHER. They have passed: the
 * next call is about what stands behind them. *ret: what the packet behind them says; RP_MY_OTHER: more bytes are
 * needed to tell. A packet that says something never passes by this. */
size_t rp_my_packets_pass(struct rp_my_packets *p, uint8_t *data, size_t len, enum rp_my_word *ret);
/* The packet in front passes, whatever it says: how many of these bytes belong to it. */
size_t rp_my_packets_admit(struct rp_my_packets *p, uint8_t *data, size_t len);

/* The other direction: how many commands a server has begun to answer. Each answer's packets are numbered from 1. */
struct rp_my_answers {
	uint64_t left; /* of the packet that is passing */
	uint8_t head[4];
	unsigned have; /* bytes of head, while one is passing */
	uint8_t last;  /* the number of the packet before */
	uint64_t begun;
	uint8_t shift; /* taken off the numbers of packets */
};
void rp_my_answers_pass(struct rp_my_answers *a, uint8_t *data, size_t len);

/* What a statement begins with. Comments and blanks in front of it are passed over. */
enum rp_my_word rp_my_word_of(const char *text, size_t len);

#endif
