/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/psql_top.h"

#include <stdio.h>
#include <string.h>

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool take_token(struct rp_psql_filter *f, const struct rp_line *l)
{
	static const char command[] = "\\restrict ";
	size_t skip = sizeof command - 1;
	if (!rp_line_begins(l, command) || l->n == skip || l->n - skip > RP_PSQL_TOKEN_MAX)
		return false;
	for (size_t i = skip; i < l->n; i++)
		if (!is_alnum(l->s[i]))
			return false;
	memcpy(f->token, l->s + skip, l->n - skip);
	f->token[l->n - skip] = '\0';
	return true;
}

void rp_psql_add(struct rp_psql_filter *f, const char *text)
{
	f->add_at = 0;
	f->add_len = strlen(text);
	memcpy(f->add, text, f->add_len + 1);
}

void rp_psql_drop(struct rp_psql_filter *f, const struct rp_line *l)
{
	rp_psql_add(f, "\n");
	f->at += l->all;
}

void rp_psql_begin(struct rp_psql_filter *f, const struct rp_line *l)
{
	char first[RP_PSQL_OURS_HEX + 16];
	(void)snprintf(first, sizeof first, "\\restrict %s\n", f->ours);
	rp_psql_add(f, first);
	if (rp_line_is(l, "--") || rp_line_blank(l))
		f->at += l->all;
	f->phase = RP_PSQL_COMMENTS;
}

/* Behind these the top is over: the first object, or the end of a dump that has none. */
static bool ends_top(const struct rp_line *l)
{
	return rp_line_begins(l, "-- Name: ") || rp_line_begins(l, "-- Data for Name: ") ||
	       rp_line_begins(l, RP_PSQL_TRAILER);
}

/* "-- Name: d; Type: DATABASE; ...", then its settings, and "-- Name: DATABASE d; Type: COMMENT; ..." */
static enum rp_psql_phase phase_of_entry(const struct rp_line *l)
{
	if (memmem(l->s, l->n, "; Type: DATABASE; ", 18) != NULL ||
	    memmem(l->s, l->n, "; Type: DATABASE PROPERTIES; ", 29) != NULL)
		return RP_PSQL_DATABASE;
	return rp_line_begins(l, "-- Name: DATABASE ") ? RP_PSQL_REMARKS : RP_PSQL_BODY;
}

static void database(struct rp_psql_filter *f, const struct rp_line *l)
{
	char own[RP_PSQL_TOKEN_MAX + 16];
	(void)snprintf(own, sizeof own, "\\unrestrict %s", f->token);
	if (rp_line_begins(l, "\\connect ")) {
		f->phase = RP_PSQL_COMMENTS;
		rp_psql_drop(f, l);
	} else if (rp_line_begins(l, "CREATE DATABASE ") || (f->token[0] != '\0' && rp_line_is(l, own))) {
		rp_psql_drop(f, l);
	} else {
		f->ready = l->all;
	}
}

static void settings(struct rp_psql_filter *f, const struct rp_line *l)
{
	if (rp_line_is(l, "SET transaction_timeout = 0;") && f->server > 0 && f->server < 17)
		rp_psql_drop(f, l);
	else if (rp_line_begins(l, "DROP ") || rp_line_begins(l, "ALTER "))
		f->phase = RP_PSQL_CLEAN;
	else if (rp_line_begins(l, "-- Name: "))
		f->phase = phase_of_entry(l);
	else if (ends_top(l) || !(rp_line_blank(l) || rp_line_begins(l, "--") || rp_line_begins(l, "SET ") ||
				  rp_line_begins(l, "SELECT pg_catalog.set_config(")))
		f->phase = RP_PSQL_BODY;
	else
		f->ready = l->all;
}

void rp_psql_top_line(struct rp_psql_filter *f)
{
	struct rp_line l = rp_line_of(f->in + f->at, f->len - f->at);
	switch (f->phase) {
	case RP_PSQL_FIRST:
		rp_psql_begin(f, &l);
		break;
	case RP_PSQL_COMMENTS:
		if (take_token(f, &l)) {
			f->phase = RP_PSQL_SETTINGS;
			rp_psql_drop(f, &l);
		} else if (rp_line_blank(&l) || (rp_line_begins(&l, "--") && !ends_top(&l))) {
			f->ready = l.all;
		} else {
			f->phase = RP_PSQL_SETTINGS;
		}
		break;
	case RP_PSQL_SETTINGS:
		settings(f, &l);
		break;
	case RP_PSQL_CLEAN:
		if (rp_line_is(&l, "--"))
			f->phase = RP_PSQL_SETTINGS;
		else if (rp_line_begins(&l, "SET "))
			f->ready = l.all;
		else
			rp_psql_drop(f, &l);
		break;
	case RP_PSQL_DATABASE:
		database(f, &l);
		break;
	case RP_PSQL_REMARKS:
		if (rp_line_begins(&l, "-- Name: "))
			f->phase = phase_of_entry(&l);
		if (f->phase != RP_PSQL_BODY)
			f->ready = l.all;
		break;
	case RP_PSQL_BODY:
	case RP_PSQL_END:
		break;
	}
}
