/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MY_BINLOG_H
#define RP_RECOVERY_MY_BINLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_err;
struct rp_stream;

/* A binary log of MariaDB's or MySQL's (version 4), event by event: where transactions begin and end, and no more.
 * What is in them the vendor's own tool reads. */

struct rp_binlog_gtid {
	uint32_t domain, server;
	uint64_t number;
};

#define RP_BINLOG_NAME_MAX 256
#define RP_BINLOG_GTID_MAX 4096

/* A place between two transactions. */
struct rp_binlog_position {
	char file[RP_BINLOG_NAME_MAX];
	uint64_t at;
	char gtid[RP_BINLOG_GTID_MAX]; /* the last ones before it, as its server said; "": not said */
};

enum rp_binlog_what {
	RP_BINLOG_OTHER,  /* within a transaction, or of no interest */
	RP_BINLOG_CLOSE,  /* the last of a transaction */
	RP_BINLOG_BEGIN,  /* the file's first */
	RP_BINLOG_GROUP,  /* a transaction, or a statement by itself, begins */
	RP_BINLOG_LIST,	  /* the last transactions of the logs before, one of each domain */
	RP_BINLOG_BESIDE, /* between transactions */
	RP_BINLOG_ROTATE, /* the log goes on in another file */
	RP_BINLOG_STOP,	  /* the server was stopped */
};

struct rp_binlog_event {
	enum rp_binlog_what what;
	uint64_t at, end; /* bytes from the start of the file */
	int64_t when_ms;  /* to the second, UTC */
	bool has_gtid;	  /* MariaDB's, of a group */
	struct rp_binlog_gtid gtid;
	const struct rp_binlog_gtid *list;
	size_t n_list;
	const char *next; /* rotate: the other file */
};

/* 0: go on; 1: enough; -1: failed. What e points to is valid during the call. */
typedef int rp_binlog_fn(void *ctx, const struct rp_binlog_event *e, struct rp_err **err);

/* Every event's length and, where the log has them, checksum is proved before fn sees it. RP_ERR_BACKUP: no binary log;
 * cut within an event; damaged: with name and place. RP_ERR_ENGINE: encrypted. *ret_end: where it ended. Memory is
 * bounded, whatever the file says. */
int rp_binlog_walk(struct rp_stream *from, const char *name, rp_binlog_fn *fn, void *ctx, uint64_t *ret_end,
		   struct rp_err **err);

/* "0-1-42"; false: it is none. Pure. */
bool rp_binlog_gtid_parse(const char *text, size_t len, struct rp_binlog_gtid *ret);

#endif
