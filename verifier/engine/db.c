/* SPDX-License-Identifier: MIT */
#include "verifier/engine/db.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/util/error.h"

#define JOBS_MAX 256 /* each is a connection, a thread and a megabyte or two */

struct rp_db {
	const struct rp_engine *engine;
	char *uri;
	struct rp_run *run;
	int64_t held_ms;
	unsigned n;
	struct rp_conn *conns[]; /* the first n; the leader first */
};

static int no_engine(const char *uri, struct rp_err **err)
{
	/* The scheme alone: what stands behind it may hold what should not be shown. */
	size_t len = strcspn(uri, ":/@ ");
	if (uri[len] != ':')
		return rp_err_set(err, RP_ERR_USAGE, "a database is named by a URI, such as '%s://host/name'",
				  rp_engines[0]->schemes[0]);
	return rp_err_set(err, RP_ERR_USAGE, "no engine for '%.*s:' is built in", (int)(len < 40 ? len : 40),
			  uri);
}

/* Without a moment to hold: further connections are made as the first was, and what they see may differ. */
static int connect_more(struct rp_db *db, unsigned jobs, struct rp_guest *guest, struct rp_err **err)
{
	while (db->n < jobs) {
		if (db->engine->connect(&db->conns[db->n], db->uri, db->run, err) < 0)
			return -1;
		db->n++;
	}
	return guest != NULL ? guest->start(guest, NULL, 0, err) : 0;
}

static int hold(struct rp_db *db, unsigned jobs, struct rp_guest *guest, struct rp_err **err)
{
	int made = db->engine->hold(db->conns[0], &db->conns[1], jobs - 1, guest, &db->held_ms, err);
	if (made < 0)
		return -1;
	db->n += (unsigned)made;
	return 0;
}

static struct rp_db *make(const struct rp_engine *engine, const char *uri, unsigned jobs, struct rp_run *run,
			  struct rp_err **err)
{
	struct rp_db *db = calloc(1, sizeof *db + jobs * sizeof(struct rp_conn *));
	char *copy = strdup(uri);
	if (db == NULL || copy == NULL) {
		free(db);
		free(copy);
		rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		return NULL;
	}
	db->engine = engine;
	db->run = run;
	db->uri = copy;
	return db;
}

int rp_db_of(struct rp_db **ret, const struct rp_engine *engine, const char *uri, struct rp_conn *c,
	     struct rp_run *run, struct rp_err **err)
{
	struct rp_db *db = make(engine, uri, 1, run, err);
	if (db == NULL) {
		engine->close(c);
		return -1;
	}
	db->conns[0] = c;
	db->n = 1;
	*ret = db;
	return 0;
}

static int open_at(struct rp_db **ret, const char *uri, unsigned jobs, bool pinpointed,
		   struct rp_guest *guest, struct rp_run *run, struct rp_err **err)
{
	const struct rp_engine *engine = rp_engine_for(uri);
	if (engine == NULL)
		return no_engine(uri, err);
	jobs = jobs == 0 ? 1 : jobs > JOBS_MAX ? JOBS_MAX : jobs;
	rp_auto(rp_db) db = make(engine, uri, jobs, run, err);
	if (db == NULL)
		return -1;
	if (engine->connect(&db->conns[0], uri, run, err) < 0)
		return -1;
	db->n = 1;
	if (pinpointed && engine->pinpoint != NULL)
		engine->pinpoint(db->conns[0]);
	if ((engine->hold != NULL ? hold(db, jobs, guest, err) : connect_more(db, jobs, guest, err)) < 0)
		return -1;
	*ret = rp_take(db);
	return 0;
}

int rp_db_open(struct rp_db **ret, const char *uri, unsigned jobs, struct rp_guest *guest, struct rp_run *run,
	       struct rp_err **err)
{
	return open_at(ret, uri, jobs, false, guest, run, err);
}

int rp_db_open_pinpointed(struct rp_db **ret, const char *uri, unsigned jobs, struct rp_guest *guest,
			  struct rp_run *run, struct rp_err **err)
{
	return open_at(ret, uri, jobs, true, guest, run, err);
}

void rp_db_alone(struct rp_db *db)
{
	while (db->n > 1)
		db->engine->close(db->conns[--db->n]);
}

void rp_db_close(struct rp_db *db)
{
	if (db == NULL)
		return;
	/* The leader last: the others' moment is its. */
	while (db->n > 0)
		db->engine->close(db->conns[--db->n]);
	free(db->uri);
	free(db);
}

const struct rp_engine *rp_db_engine(const struct rp_db *db)
{
	return db->engine;
}

const char *rp_db_uri(const struct rp_db *db)
{
	return db->uri;
}

struct rp_run *rp_db_run(const struct rp_db *db)
{
	return db->run;
}

unsigned rp_db_jobs(const struct rp_db *db)
{
	return db->n;
}

int64_t rp_db_held_ms(const struct rp_db *db)
{
	return db->held_ms;
}

struct rp_conn *rp_db_conn(struct rp_db *db, unsigned i)
{
	return i < db->n ? db->conns[i] : NULL;
}
