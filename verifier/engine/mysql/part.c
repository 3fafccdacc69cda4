/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/part.h"

#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/util/buf.h"

size_t rp_my_key_of(const struct rp_relation *r, const struct rp_column *ret[RP_MY_KEY_MAX])
{
	size_t n = 0;
	for (size_t i = 0; n < RP_MY_KEY_MAX && i < r->n_columns; i++)
		if (r->columns[i].key == n + 1) {
			ret[n++] = &r->columns[i];
			i = SIZE_MAX; /* the next is looked for from the first column again */
		}
	return n;
}

/* A hint about indexes, if it hints at nothing. A view refuses any, before a thing of its own is run; a table that
 * was swapped for one after the catalogue was read would else run it as us. */
void rp_my_add_from(struct rp_buf *sql, const struct rp_relation *r, enum rp_my_by by)
{
	static const char *const hints[] = {
		[RP_MY_BY_ANY] = "USE INDEX FOR GROUP BY ()",
		[RP_MY_BY_PRIMARY] = "FORCE INDEX (PRIMARY)",
		[RP_MY_SUPPOSE_PRIMARY] = "USE INDEX (PRIMARY)",
	};
	/* A query of ours in a table's place has its own. */
	rp_buf_addf(sql, " FROM %s %s", r->source, r->source[0] != '(' ? hints[by] : "");
}

static const char primary[] = "PRIMARY:";

static bool is_primary(const char *bound)
{
	return bound != NULL && strncmp(bound, primary, strlen(primary)) == 0;
}

bool rp_my_is_by_primary(const struct rp_range *part)
{
	return part != NULL && (is_primary(part->from) || is_primary(part->to));
}

static size_t span(const char *p, const char *of)
{
	return strspn(p, of);
}

/* The length of a literal of ours at p, 0: it is none. */
static size_t literal(const char *p)
{
	size_t n = 0, digits = 0;
	if (*p == '_') { /* a character set */
		n = 1 + span(p + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
		if (p[n++] != ' ' || p[n] != 'x')
			return 0;
	}
	if (p[n] == 'x') {
		if (p[++n] != '\'')
			return 0;
		digits = span(p + n + 1, "0123456789abcdef");
		n += 1 + digits;
		return digits % 2 == 0 && p[n] == '\'' ? n + 1 : 0;
	}
	if (*p == '\'') { /* a date, a UUID, an address */
		digits = span(p + 1, "0123456789abcdef.:- ");
		return digits > 0 && p[1 + digits] == '\'' ? digits + 2 : 0;
	}
	return span(p, "0123456789+-.e");
}

static bool take_literals(const char *bound, const char *ret[RP_MY_KEY_MAX], size_t len[RP_MY_KEY_MAX],
			  size_t *ret_n)
{
	for (*ret_n = 0; *ret_n < RP_MY_KEY_MAX; bound++) {
		size_t n = literal(bound);
		if (n == 0)
			return false;
		ret[*ret_n] = bound;
		len[(*ret_n)++] = n;
		bound += n;
		if (*bound != ',')
			return *bound == '\0';
	}
	return false;
}

/* (a, b) >= (1, 2) as a > 1 OR a = 1 AND b >= 2: servers find no range in a comparison of rows. */
int rp_my_add_bound(struct rp_buf *sql, const struct rp_relation *r, const char *bound, bool below,
		    struct rp_err **err)
{
	const struct rp_column *key[RP_MY_KEY_MAX];
	const char *literals[RP_MY_KEY_MAX];
	size_t len[RP_MY_KEY_MAX], n = 0, n_key = rp_my_key_of(r, key);
	bound += is_primary(bound) ? strlen(primary) : 0;
	if (!take_literals(bound, literals, len, &n) || n > n_key)
		return rp_err_set(err, RP_ERR_ENGINE, "'%.80s' is no bound of a part", bound);
	rp_buf_add(sql, "(");
	for (size_t i = 0; i < n; i++) {
		rp_buf_add(sql, i > 0 ? " OR (" : "(");
		for (size_t k = 0; k <= i; k++) {
			const char *than = k < i ? "=" : below ? "<" : i + 1 == n ? ">=" : ">";
			rp_buf_add(sql, k > 0 ? " AND " : "");
			rp_my_add_name(sql, key[k]->name);
			rp_buf_addf(sql, " %s ", than);
			rp_buf_add_mem(sql, literals[k], len[k]);
		}
		rp_buf_add(sql, ")");
	}
	rp_buf_add(sql, ")");
	return 0;
}

int rp_my_add_where(struct rp_buf *sql, const struct rp_relation *r, const struct rp_range *part,
		    struct rp_err **err)
{
	if (part == NULL || (part->from == NULL && part->to == NULL))
		return 0;
	rp_buf_add(sql, " WHERE ");
	if (part->from != NULL && rp_my_add_bound(sql, r, part->from, false, err) < 0)
		return -1;
	if (part->to == NULL)
		return 0;
	rp_buf_add(sql, part->from != NULL ? " AND " : "");
	return rp_my_add_bound(sql, r, part->to, true, err);
}
