/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/fetch.h"

#include <string.h>
#include <sys/socket.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/wire.h"
#include "verifier/util/run.h"

/* A prepared statement's rows come in binary: nothing is formatted. libmariadb reads the packets (also encrypted or
 * compressed ones, and those over 16 MB); a row is taken out of them where it lies, and not copied to buffers that
 * were bound to it, which would take twice as long and be cut at their size. */

#define COLUMNS_MAX 4096 /* the servers' own limit */
#define ROWS_A_LOOK 256	 /* how often we look whether the run is to stop */

struct reading {
	struct rp_my_conn *c;
	MYSQL_STMT *stmt;
	enum rp_my_wire *wire;
	const struct rp_my_fetch *what;
	struct rp_my_line line;
	bool coming; /* rows, which nobody has read yet */
};

int rp_my_refuse(struct rp_my_conn *c, const struct rp_err *why, struct rp_err **err)
{
	unsigned number = mysql_errno(c->my);
	bool asked = rp_err_kind(why) == RP_ERR_ENGINE || rp_err_kind(why) == RP_ERR_OBJECT;
	if (asked && number == 1412)
		return rp_err_set(err, RP_ERR_OBJECT,
				  "it was altered, truncated or replaced while it was being surveyed");
	if (asked && number == 1176) /* what a view says to a hint about its indexes */
		return rp_err_set(err, RP_ERR_OBJECT, "it is no table any more");
	rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	return rp_err_hint_text(why) != NULL ? rp_err_hint(err, "%s", rp_err_hint_text(why)) : -1;
}

static int fail(struct reading *k, unsigned number, struct rp_err **err)
{
	rp_autoerr struct rp_err *why = NULL;
	if (number == mysql_errno(k->c->my))
		rp_my_fail(k->c, &why);
	else
		rp_my_stmt_fail(k->c, k->stmt, &why);
	return rp_my_refuse(k->c, why, err);
}

/* What comes must be what was sealed: no value is read as if it were of another type. */
static int check_columns(struct reading *k, struct rp_err **err)
{
	MYSQL_RES *r = mysql_stmt_result_metadata(k->stmt);
	if (r == NULL)
		return fail(k, mysql_stmt_errno(k->stmt), err);
	size_t n = mysql_num_fields(r), i = 0;
	const MYSQL_FIELD *fields = mysql_fetch_fields(r);
	bool fits = n == k->what->n;
	for (; fits && i < n; i++) {
		k->wire[i] = rp_my_wire_of(&fields[i], rp_my_form_of(k->what->columns[i].encoding));
		fits = k->wire[i] != RP_MY_WIRE_N;
	}
	if (!fits && n == k->what->n)
		rp_err_set(err, RP_ERR_OBJECT, "column '%s' is no longer of a type that is encoded as '%s'",
			   k->what->columns[i - 1].name, k->what->columns[i - 1].encoding);
	else if (!fits)
		rp_err_set(err, RP_ERR_ENGINE, "the server sent %zu columns instead of %zu", n, k->what->n);
	mysql_free_result(r);
	return fits ? 0 : -1;
}

/* "No more": a byte 254, warnings and state, in five bytes. It also says whether another result follows. */
static int take_end(const uint8_t *packet, size_t len, struct rp_err **err)
{
	if (len != 5 || (packet[3] & SERVER_MORE_RESULTS_EXIST) != 0)
		return rp_err_set(err, RP_ERR_ENGINE, "the server's rows do not end as they should");
	return 0;
}

/* 1: *ret is a row's packet, 0: that was all. */
static int take_packet(struct reading *k, const uint8_t **ret, size_t *ret_len, struct rp_err **err)
{
	unsigned long len = mysql_net_read_packet(k->c->my);
	if (len == packet_error) {
		k->coming = false;
		return fail(k, mysql_errno(k->c->my), err);
	}
	*ret = k->c->my->net.read_pos;
	*ret_len = len;
	if (len == 0 || **ret != 0xfe)
		return 1;
	k->coming = false;
	return take_end(*ret, len, err);
}

static int take_rows(struct reading *k, struct rp_err **err)
{
	const uint8_t *packet = NULL;
	size_t len = 0;
	for (unsigned rows = 0;; rows++) {
		if (rows % ROWS_A_LOOK == 0 && rp_run_check(k->c->base.run, err) < 0)
			return -1;
		int more = take_packet(k, &packet, &len, err);
		if (more <= 0)
			return more;
		if (rp_my_wire_row(&k->line, k->wire, k->what->n, packet, len, err) < 0 ||
		    k->what->fn(k->what->ctx, k->line.bytes, k->line.len, err) < 0)
			return -1;
	}
}

static int run(struct reading *k, struct rp_err **err)
{
	if (k->what->n == 0 || k->what->n > COLUMNS_MAX)
		return rp_err_set(err, RP_ERR_OBJECT, "it is not described well enough to be read");
	k->wire = calloc(k->what->n, sizeof *k->wire);
	k->stmt = mysql_stmt_init(k->c->my);
	if (k->wire == NULL || k->stmt == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (mysql_stmt_prepare(k->stmt, k->what->sql, strlen(k->what->sql)) != 0 ||
	    mysql_stmt_execute(k->stmt) != 0)
		return fail(k, mysql_stmt_errno(k->stmt), err);
	k->coming = true;
	return check_columns(k, err) < 0 ? -1 : take_rows(k, err);
}

/* RP_ERR_OBJECT promises that the connection can go on: read and drop what still comes. */
static int let_come(struct reading *k, struct rp_err **err)
{
	const uint8_t *packet = NULL;
	size_t len = 0;
	for (unsigned rows = 0; k->coming; rows++) {
		if (rows % ROWS_A_LOOK == 0 && rp_run_check(k->c->base.run, err) < 0)
			return -1;
		if (take_packet(k, &packet, &len, err) < 0)
			return -1;
	}
	return 0;
}

static void tidy(struct reading *k)
{
	if (k->coming) /* nobody will read on, nor may take what comes for an answer to something else */
		(void)shutdown(mysql_get_socket(k->c->my), SHUT_RDWR);
	/* Else libmariadb would read on until the end, which we have seen. */
	k->c->my->status = MYSQL_STATUS_READY;
	if (k->stmt != NULL)
		mysql_stmt_close(k->stmt);
	free(k->wire);
	free(k->line.bytes);
}

int rp_my_fetch(struct rp_my_conn *c, const struct rp_my_fetch *what, struct rp_err **err)
{
	struct reading k = {.c = c, .what = what};
	rp_autoerr struct rp_err *why = NULL;
	rp_autoerr struct rp_err *lost = NULL;
	int r = run(&k, &why);
	if (r < 0 && rp_err_kind(why) == RP_ERR_OBJECT && let_come(&k, &lost) < 0)
		rp_err_set(err, rp_err_kind(lost), "%s, and then: %s", rp_err_text(why), rp_err_text(lost));
	else if (r < 0)
		rp_err_set(err, rp_err_kind(why), "%s", rp_err_text(why));
	if (r < 0 && rp_err_hint_text(why) != NULL)
		rp_err_hint(err, "%s", rp_err_hint_text(why));
	tidy(&k);
	return r;
}
