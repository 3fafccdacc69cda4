/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/pins.h"

#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/util/buf.h"

enum how {
	START = 1 << 0,	 /* in the start-up options */
	LATER = 1 << 1,	 /* with set_config() after login: not every server knows it, or libpq's environment
			    (PGTZ, PGDATESTYLE) speaks after the options */
	MAYBE = 1 << 2,	 /* for superusers only, or since some version: done without where refused */
	ASKING = 1 << 3, /* for the user's own questions too */
};

/* The two that somebody asks about again; the others' places do not matter. */
enum { EVENT_TRIGGERS, GUARD };

/* Tried as a login with nothing but pg_read_all_data, on 13, 15, 17 and 18: all but MAYBE are granted. */
static const struct pin {
	const char *name, *value;
	unsigned how;
} pins[] = {
	[EVENT_TRIGGERS] = {"event_triggers", "off", START | MAYBE | ASKING}, /* login triggers; 17 */
	/* A table that becomes a view between the catalogue and its rows would run code as us. */
	[GUARD] = {"restrict_nonsystem_relation_kind", "view, foreign-table", LATER | MAYBE},
	/* Code that runs before we do. */
	{"session_preload_libraries", "", START | MAYBE | ASKING},
	{"local_preload_libraries", "", START | ASKING},
	/* What our queries mean. pg_temp last, or temporary tables shadow the catalogue. */
	{"search_path", "pg_catalog,pg_temp", START},
	{"row_security", "off", START}, /* fails instead of hiding rows */
	{"default_transaction_read_only", "on", START | ASKING},
	{"standard_conforming_strings", "on", START | ASKING},
	{"quote_all_identifiers", "off", START},
	/* How values print. */
	{"client_encoding", "UTF8", ASKING},
	{"TimeZone", "UTC", START | LATER | ASKING},
	{"DateStyle", "ISO, YMD", START | LATER | ASKING},
	{"IntervalStyle", "postgres", START | ASKING},
	{"extra_float_digits", "1", START | ASKING},
	{"bytea_output", "hex", START | ASKING},
	{"lc_monetary", "C", START | ASKING},
	{"xmloption", "content", START},
	{"xmlbinary", "base64", START},
	/* Our own clock decides when to stop. */
	{"statement_timeout", "0", START | ASKING},
	{"lock_timeout", "0", START | ASKING},
	{"idle_in_transaction_session_timeout", "0", START | ASKING},
	{"idle_session_timeout", "0", LATER | MAYBE | ASKING},
	{"transaction_timeout", "0", LATER | MAYBE | ASKING},
	/* Plans: a part of a table by its blocks; a count that asks the table and not an index, which may be
	 * the damaged one. Compiling costs more than our queries take. */
	{"jit", "off", START | ASKING},
	{"enable_tidscan", "on", START},
	{"enable_indexonlyscan", "off", START},
	{"max_parallel_workers_per_gather", "2", START}, /* for the count; COPY takes none */
};
#define N_PINS (sizeof pins / sizeof pins[0])
_Static_assert(N_PINS <= 32, "a bit each in 'refused'");

/* Not ours to set, but with one of them on the server skips what it cannot read and says nothing. */
static const char *const must_be_off[] = {"zero_damaged_pages", "ignore_checksum_failure"};
#define N_OFF (sizeof must_be_off / sizeof must_be_off[0])

static bool wanted(const struct pin *p, bool plain)
{
	return !plain || (p->how & ASKING) != 0;
}

void rp_pg_pins_options(struct rp_buf *options, bool plain, unsigned refused)
{
	for (unsigned i = 0; i < N_PINS; i++) {
		if ((pins[i].how & START) == 0 || !wanted(&pins[i], plain) || (refused & 1u << i) != 0)
			continue;
		rp_buf_addf(options, "%s-c %s=", options->len > 0 ? " " : "", pins[i].name);
		for (const char *v = pins[i].value; *v != '\0'; v++) /* a blank ends an option */
			rp_buf_addf(options, *v == ' ' ? "\\%c" : "%c", *v);
	}
}

unsigned rp_pg_pins_blamed(const char *complaint)
{
	for (unsigned i = 0; i < N_PINS; i++)
		if ((pins[i].how & START) != 0 && (pins[i].how & MAYBE) != 0 &&
		    strstr(complaint, pins[i].name) != NULL)
			return 1u << i;
	return 0;
}

/* Our own words only: nothing in them needs escaping. */
static void add_element(struct rp_buf *array, const char *word)
{
	rp_buf_addf(array, "%s\"%s\"", array->len > 0 ? "," : "{", word);
}

/* One round trip for all; what the server does not know is left out. */
static int set_later(struct rp_pg_conn *c, struct rp_err **err)
{
	rp_autobuf names = RP_BUF_INIT(4096);
	rp_autobuf values = RP_BUF_INIT(4096);
	for (unsigned i = 0; i < N_PINS; i++) {
		if ((pins[i].how & LATER) == 0 || !wanted(&pins[i], c->plain))
			continue;
		add_element(&names, pins[i].name);
		add_element(&values, pins[i].value);
	}
	rp_buf_add(&names, "}");
	rp_buf_add(&values, "}");
	if (rp_buf_check(&names, err) < 0 || rp_buf_check(&values, err) < 0)
		return -1;
	const char *const params[] = {names.s, values.s};
	return rp_pg_query(c,
			   "SELECT pg_catalog.set_config(p.n, p.v, false)"
			   " FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]),"
			   " pg_catalog.unnest($2::pg_catalog.text[])) AS p(n, v)"
			   " WHERE pg_catalog.current_setting(p.n, true) IS NOT NULL",
			   params, 2, NULL, err);
}

/* Row i of the result is about pin i, and then come those that must be off. */
static int read_back(struct rp_pg_conn *c, PGresult **ret, struct rp_err **err)
{
	rp_autobuf names = RP_BUF_INIT(4096);
	for (unsigned i = 0; i < N_PINS; i++)
		if (wanted(&pins[i], c->plain) && (c->refused & 1u << i) == 0)
			add_element(&names, pins[i].name);
		else /* it may even refuse to show it */
			rp_buf_add(&names, names.len > 0 ? ",NULL" : "{NULL");
	for (size_t i = 0; i < N_OFF; i++)
		add_element(&names, must_be_off[i]);
	rp_buf_add(&names, "}");
	if (rp_buf_check(&names, err) < 0)
		return -1;
	const char *const params[] = {names.s};
	/* NULL where the server does not know the name. */
	if (rp_pg_query(c,
			"SELECT p.n, pg_catalog.current_setting(p.n, true)"
			" FROM pg_catalog.unnest($1::pg_catalog.text[]) AS p(n)",
			params, 1, ret, err) < 0)
		return -1;
	if (PQntuples(*ret) != (int)(N_PINS + N_OFF))
		return rp_err_set(err, RP_ERR_ENGINE, "the server does not give its settings back");
	return 0;
}

static bool same(const char *is, const char *wanted_value)
{
	/* Blanks after commas come and go between versions. */
	for (;; is++, wanted_value++) {
		is += strspn(is, " ");
		wanted_value += strspn(wanted_value, " ");
		if (*is != *wanted_value)
			return false;
		if (*is == '\0')
			return true;
	}
}

static int check_one(const PGresult *r, int row, const char *name, const char *value, bool maybe,
		     struct rp_err **err)
{
	const char *is = rp_pg_text(r, row, 1);
	if (is == NULL && maybe)
		return 0;
	if (is != NULL && strcmp(PQgetvalue(r, row, 0), name) == 0 && same(is, value))
		return 0;
	rp_err_set(err, RP_ERR_ENGINE, "setting '%s' is '%.200s' in a new session, and not '%s'", name,
		   is != NULL ? is : "(unknown)", value);
	return rp_err_hint(err, "does code run at login, or is there a pooler in between?");
}

/* A login trigger has run as us before we could say anything, and may have done so with our rights. */
static int refuse_login_triggers(struct rp_pg_conn *c, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (rp_pg_query(c,
			"SELECT evtname FROM pg_catalog.pg_event_trigger"
			" WHERE evtevent OPERATOR(pg_catalog.=) 'login' AND evtenabled "
			"OPERATOR(pg_catalog.<>) 'D'"
			" LIMIT 1",
			NULL, 0, &r, err) < 0)
		return -1;
	if (PQntuples(r) == 0)
		return 0;
	rp_err_set(err, RP_ERR_ENGINE, "login event trigger '%.200s' runs code in our session",
		   PQgetvalue(r, 0, 0));
	return rp_err_hint(err,
			   "GRANT SET ON PARAMETER event_triggers to this login, so that it can be kept out");
}

int rp_pg_pins_check(struct rp_pg_conn *c, struct rp_err **err)
{
	rp_autores *r = NULL;
	if (set_later(c, err) < 0 || read_back(c, &r, err) < 0)
		return rp_err_wrap(err, "pin the session's settings");
	for (unsigned i = 0; i < N_PINS; i++) {
		const struct pin *p = &pins[i];
		bool refused = (c->refused & 1u << i) != 0;
		if (refused && i == EVENT_TRIGGERS && c->version >= 170000 &&
		    refuse_login_triggers(c, err) < 0)
			return -1;
		if (!wanted(p, c->plain) || refused)
			continue;
		if (check_one(r, (int)i, p->name, p->value, (p->how & MAYBE) != 0, err) < 0)
			return -1;
		if (i == GUARD)
			c->guarded = !PQgetisnull(r, (int)i, 1);
	}
	for (size_t i = 0; i < N_OFF; i++)
		if (check_one(r, (int)(N_PINS + i), must_be_off[i], "off", false, err) < 0)
			return -1;
	return 0;
}
