/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_BROUGHT_H
#define RP_ENGINE_MYSQL_BROUGHT_H

#include <stddef.h>

struct rp_argv;
struct rp_buf;
struct rp_err;

/* A data directory that a physical backup brought: with what settings its files were made. The backup says it in a
 * file of options, which the vendor's own tool would read whole: it loads plugins that are named there. Here it is
 * read by us, and what counts are a few numbers of InnoDB's; all else is left out. */

#define RP_MY_BROUGHT_FILE "backup-my.cnf"
#define RP_MY_BROUGHT_MAX  (64U << 10)

struct rp_my_brought {
	unsigned page_size;	   /* 0: not said, as for the others */
	unsigned undo_tablespaces; /* files besides the one that all share */
	char data_file_path[256];  /* names, sizes: none of a directory; "": not said */
	char plugin[64];	   /* what it would have loaded, for people: plain; "": nothing */
};

/* RP_ERR_BACKUP: a number that no server has; RP_ERR_ENGINE: files outside of the data directory. Pure. */
int rp_my_brought_parse(const char *text, size_t len, struct rp_my_brought *ret, struct rp_err **err);
/* The same again as a file of options, and nothing else. */
void rp_my_brought_write(const struct rp_my_brought *b, struct rp_buf *ret);
/* As options of a command line, for the server and for the tool. */
void rp_my_brought_add(const struct rp_my_brought *b, struct rp_argv *ret);
/* 1: of the data directory in 'data'; 0: that one was made by its own server, here. */
int rp_my_brought_read(const char *data, struct rp_my_brought *ret, struct rp_err **err);

#endif
