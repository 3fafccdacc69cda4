/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/my_binlog_target.h"

#include <stdio.h>
#include <string.h>

#include "verifier/recovery/wanted.h"
#include "verifier/survey/survey.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

static void say(struct rp_binlog_target *t, const char *what, const char *text)
{
	(void)snprintf(t->text, sizeof t->text, "%s%s", what, text);
}

/* "mysql-bin.000003:1234" */
static bool take_position(const char *text, struct rp_binlog_target *ret)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	if (n == 0 || n >= sizeof ret->at.file || memchr(text, '/', n) != NULL ||
	    memchr(text, '.', n) == NULL || !rp_parse_u64(colon + 1, 4, UINT64_MAX, &ret->at.at))
		return false;
	memcpy(ret->at.file, text, n);
	ret->at.file[n] = '\0';
	ret->kind = RP_BINLOG_TO_POSITION;
	say(ret, "position ", text);
	return true;
}

/* "0-1-42,1-3-9" */
static bool take_gtids(const char *text, struct rp_binlog_target *ret)
{
	ret->n_gtids = 0;
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, ",");
		if (ret->n_gtids == RP_BINLOG_DOMAINS ||
		    !rp_binlog_gtid_parse(at, n, &ret->gtids[ret->n_gtids++]))
			return false;
		at += n + (at[n] == ',');
	}
	ret->kind = RP_BINLOG_TO_GTID;
	say(ret, "GTID ", text);
	return ret->n_gtids > 0;
}

static int take_sealed(const struct rp_survey *sealed, struct rp_binlog_target *ret, struct rp_err **err)
{
	const struct rp_position *p = &sealed->position;
	const char *binlog = NULL, *gtid = NULL, *refused = NULL;
	for (size_t i = 0; i < p->n_facts; i++) {
		const char *name = p->facts[i].name;
		if (strcmp(name, "binlog") == 0)
			binlog = p->facts[i].value;
		else if (strcmp(name, "gtid") == 0)
			gtid = p->facts[i].value;
		else if (strcmp(name, "recovery_refused") == 0)
			refused = p->facts[i].value;
	}
	ret->sealed = true;
	if (refused == NULL &&
	    ((binlog != NULL && take_position(binlog, ret)) || (gtid != NULL && take_gtids(gtid, ret))))
		return 0;
	(void)rp_err_set(err, RP_ERR_USAGE, "no position of the binary log was sealed%s%.300s",
			 refused != NULL ? ": " : "", refused != NULL ? refused : "");
	return rp_err_hint(err, "say where to stop: --recover-to time:TIME, binlog:FILE:POSITION or end");
}

static int take_text(const char *text, struct rp_binlog_target *ret, struct rp_err **err)
{
	if (text != NULL && (take_gtids(text, ret) || take_position(text, ret)))
		return 0;
	(void)rp_err_set(err, RP_ERR_USAGE, "'%.200s' is no place in a binary log of MariaDB's",
			 text != NULL ? text : "");
	return rp_err_hint(err, "say binlog:FILE:POSITION, or gtid:DOMAIN-SERVER-NUMBER");
}

static bool has_position(const struct rp_survey *sealed)
{
	struct rp_binlog_target t;
	return sealed != NULL && take_sealed(sealed, &t, NULL) == 0;
}

int rp_binlog_target_of(const struct rp_wanted *w, struct rp_binlog_target *ret, struct rp_err **err)
{
	*ret = (struct rp_binlog_target){.kind = RP_BINLOG_TO_END};
	say(ret, "the end of the log", "");
	enum rp_until_kind kind = w != NULL ? w->until.kind : RP_UNTIL_END;
	char time[RP_TIME_TEXT];
	switch (kind) {
	case RP_UNTIL_UNSAID:
		return has_position(w->sealed) ? take_sealed(w->sealed, ret, err) : 0;
	case RP_UNTIL_SEALED:
		if (w->sealed == NULL)
			return rp_err_set(err, RP_ERR_USAGE,
					  "there is no sealed position without a manifest");
		return take_sealed(w->sealed, ret, err);
	case RP_UNTIL_TIME:
		ret->kind = RP_BINLOG_TO_TIME;
		ret->time_ms = w->until.time_ms;
		rp_time_format(ret->time_ms, time);
		say(ret, "time ", time);
		return 0;
	case RP_UNTIL_POSITION:
		return take_text(w->until.text, ret, err);
	case RP_UNTIL_NAME:
		return rp_err_set(err, RP_ERR_USAGE, "a binary log has no named restore points");
	case RP_UNTIL_END:
		break;
	}
	return 0;
}
