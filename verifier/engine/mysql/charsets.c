/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/mysql/foreign_keys.h"
#include "verifier/engine/mysql/tests.h"
#include "verifier/util/buf.h"

/* Columns of several character sets in one schema are common and no fault; a foreign key between two collations is one.
 * MariaDB lets it stand when checks are off, as they are while a dump is loaded, and refuses it otherwise: such a table
 * can be restored and not altered, and whether a row is found depends on the side that asks. */

#define NAME_MAX_BYTES (8u << 10)

struct comparing {
	struct rp_findings *to;
	uint64_t good;
};

static int compare(void *ctx, const struct rp_my_foreign_key *k, struct rp_err **err)
{
	struct comparing *a = ctx;
	rp_autobuf name = RP_BUF_INIT(NAME_MAX_BYTES);
	bool good = true;
	if (rp_my_foreign_key_name(k, &name, err) < 0)
		return -1;
	for (size_t i = 0; i < k->n && good; i++) {
		const char *from = k->from[i].collation, *to = k->to[i].collation;
		good = from == NULL || to == NULL || strcmp(from, to) == 0;
		if (!good)
			rp_fail(a->to, rp_buf_text(&name), to, from,
				"column '%s' is of another collation than the column '%s' of '%s' that it refers to: "
				"a server that checks foreign keys refuses to make this one",
				k->from[i].name, k->to[i].name, k->parent);
	}
	a->good += good;
	return 0;
}

int rp_my_test_charsets(struct rp_conn *conn, const struct rp_survey *found, struct rp_findings *to,
			struct rp_err **err)
{
	struct comparing a = {.to = to};
	uint64_t n = 0;
	(void)found;
	if (rp_my_foreign_keys(rp_my_of(conn), compare, &a, &n, err) < 0)
		return -1;
	if (n == 0)
		rp_my_nothing(to, "there is no foreign key");
	else if (a.good > 0)
		rp_pass(to, "", a.good);
	return 0;
}
