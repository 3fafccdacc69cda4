/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/wanted.h"

#include <string.h>
#include <unistd.h>

#include "verifier/survey/survey.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* "lsn:0/3000060": what is before the colon says what is behind it. */
static const struct {
	const char *word;
	enum rp_until_kind kind;
} kinds[] = {
	{"sealed", RP_UNTIL_SEALED}, {"end", RP_UNTIL_END},	     {"time:", RP_UNTIL_TIME},
	{"lsn:", RP_UNTIL_POSITION}, {"binlog:", RP_UNTIL_POSITION}, {"gtid:", RP_UNTIL_POSITION},
	{"name:", RP_UNTIL_NAME},
};

int rp_until_parse(const char *text, struct rp_until *ret, struct rp_err **err)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		size_t n = strlen(kinds[i].word);
		bool with = kinds[i].word[n - 1] == ':';
		if (strncmp(text, kinds[i].word, n) != 0 || (with ? text[n] == '\0' : text[n] != '\0'))
			continue;
		*ret = (struct rp_until){.kind = kinds[i].kind, .text = with ? text + n : NULL};
		if (ret->kind == RP_UNTIL_TIME && !rp_time_parse(text + n, &ret->time_ms))
			return rp_err_set(err, RP_ERR_USAGE, "'%s' is no time like 2026-11-21T06:00:00Z",
					  text + n);
		return 0;
	}
	return rp_err_set(
		err, RP_ERR_USAGE,
		"'%s' is none of sealed, end, time:TIME, lsn:LSN, name:NAME, binlog:FILE:POSITION, gtid:GTID",
		text);
}

/* More of them have to wait for each other, and each wants memory to build an index. */
#define JOBS_MAX 8

unsigned rp_wanted_jobs(const struct rp_wanted *w)
{
	long n = w != NULL && w->jobs > 0 ? (long)w->jobs : sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n < JOBS_MAX ? (unsigned)n : JOBS_MAX;
}

const char *rp_wanted_database(const struct rp_wanted *w, bool *ret_asked)
{
	*ret_asked = w != NULL && w->database != NULL;
	if (*ret_asked)
		return w->database;
	return w != NULL && w->sealed != NULL ? w->sealed->identity.database : NULL;
}
