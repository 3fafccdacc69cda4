/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/scratch/inside.h"
#include "verifier/survey/survey.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"

/* A database of our own on a server that a person named. What is there that does not bear our mark is not
 * ours to look at, let alone to remove. */

static bool suits(const struct rp_scratch_wish *wish)
{
	return wish->server != NULL && wish->engine->hosting != NULL;
}

static int prepare(struct rp_scratch *s, const struct rp_scratch_wish *wish, struct rp_conn *c,
		   struct rp_err **err)
{
	const struct rp_hosting *hosting = s->engine->hosting;
	struct rp_identity here = {0};
	struct rp_position at = {0};
	rp_autobuf lacks = RP_BUF_INIT(64 << 10);
	if (rp_preflight_not_source(s, c, err) < 0 || hosting->takes(c, s->sealed, false, &lacks, err) < 0)
		return -1;
	unsigned removed = 0;
	rp_autoerr struct rp_err *left = NULL;
	if (hosting->reap(c, &removed, &left) < 0)
		rp_log(s->run, RP_LOG_WARNING, "left by an earlier run: %s", rp_err_text(left));
	if (removed > 0)
		rp_log(s->run, RP_LOG_INFO, "removed %u databases that earlier runs had left there", removed);
	if (lacks.len > 0) {
		rp_log(s->run, RP_LOG_WARNING, "the scratch cannot take all: %s", rp_buf_text(&lacks));
		s->lacks = rp_buf_take(&lacks);
	}
	if (s->engine->identify(c, &here, &at, err) < 0 || hosting->tools(&s->place.with, &here, err) < 0)
		return -1;
	if (rp_place_make(s, wish, err) < 0 ||
	    hosting->reach(c, !s->hosted->as.drop, &s->hosted->reach, &s->hosted->network, err) < 0)
		return -1;
	return 0;
}

static int make(struct rp_scratch *s, const struct rp_scratch_wish *wish, struct rp_err **err)
{
	s->server = strdup(wish->server);
	if (s->server == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	struct rp_conn *c = NULL;
	if (s->engine->connect(&c, s->server, s->run, err) < 0)
		return rp_err_wrap(err, "the server named for the scratch");
	int r = prepare(s, wish, c, err);
	s->engine->close(c);
	return r;
}

static int start(struct rp_scratch *s, struct rp_err **err)
{
	if (s->uri != NULL)
		return 0; /* it is the user's to restart */
	const struct rp_hosting *hosting = s->engine->hosting;
	rp_autobuf uri = RP_BUF_INIT(16 << 10);
	s->database = rp_random_name("reprove_", err);
	if (s->database == NULL || hosting->within(s->server, s->database, &uri, err) < 0 ||
	    s->engine->connect(&s->lock, s->server, s->run, err) < 0 ||
	    hosting->claim(s->lock, s->database, s->sealed, false, err) < 0)
		return -1;
	if (rp_login_lend(s, rp_buf_text(&uri), err) < 0)
		return -1;
	s->uri = rp_buf_take(&uri);
	return 0;
}

static int keep(struct rp_scratch *s, struct rp_conn *c, struct rp_err **err)
{
	rp_autobuf how = RP_BUF_INIT(16 << 10);
	rp_buf_add(&how, "the restored database is kept. Connect with\n    ");
	if (s->engine->hosting->keep(c, s->database, err) < 0 ||
	    s->engine->hosting->explain(&s->place, s->uri, &how, err) < 0)
		return -1;
	rp_buf_addf(&how, "\nto remove it, drop the database '%s'", s->database);
	if (rp_buf_check(&how, err) < 0)
		return -1;
	s->how_to_connect = rp_buf_take(&how);
	return 0;
}

/* By a connection of its own: the one that holds the lock may be in the middle of something that was
 * interrupted. The lock goes last. */
static int leave_server(struct rp_scratch *s, struct rp_err **err)
{
	struct rp_conn *c = NULL;
	if (s->engine->connect(&c, s->server, s->run, err) < 0)
		return -1;
	int r = s->keep && s->uri != NULL ? keep(s, c, err) : s->engine->hosting->drop(c, s->database, err);
	s->engine->close(c);
	return r;
}

static int remove_it(struct rp_scratch *s, struct rp_err **err)
{
	int r = s->lock != NULL && s->database != NULL ? leave_server(s, err) : 0;
	if (r < 0)
		rp_err_wrap(err, "remove the database '%s'", s->database);
	if (s->lock != NULL)
		s->engine->close(rp_take(s->lock));
	return rp_place_remove(s, err) < 0 ? -1 : r;
}

const struct rp_scratch_kind rp_scratch_named = {
	.name = "database on a named server",
	.suits = suits,
	.make = make,
	.start = start,
	.remove = remove_it,
	.reap = NULL,
};
