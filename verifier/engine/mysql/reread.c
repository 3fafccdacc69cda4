/* SPDX-License-Identifier: MIT */

#include "verifier/engine/mysql/hold.h"
#include "verifier/engine/mysql/objects.h"

/* What moved while the backup was made is known as an interval: whatever the backup saw lies within. */

static int widen_all(struct rp_survey *into, const struct rp_my_positions *again, struct rp_err **err)
{
	for (size_t i = 0; i < again->n; i++) {
		const struct rp_my_counter *k = &again->all[i];
		const struct rp_object *o = rp_survey_object(into, k->kind, k->name);
		if (o != NULL && rp_survey_widen(into, &into->objects[o - into->objects], k->at, err) < 0)
			return -1;
	}
	return 0;
}

int rp_my_reread(struct rp_conn *conn, struct rp_survey *into, struct rp_err **err)
{
	struct rp_my_conn *c = rp_my_of(conn);
	rp_autopositions *now = NULL;
	if (rp_my_moment_end(c, err) < 0)
		return -1;
	if (rp_my_note_positions(&now, c, err) < 0)
		return rp_err_wrap(err, "read counters again");
	if (c->seen != NULL && c->seen->before != NULL && widen_all(into, c->seen->before, err) < 0)
		return -1;
	return widen_all(into, now, err);
}
