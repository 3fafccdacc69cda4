/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/traits.h"

#include <stdlib.h>
#include <string.h>

struct span {
	unsigned from, until;
};

static const struct {
	struct span of[2]; /* by enum rp_my_vendor */
} traits[RP_MY_TRAIT_N] = {
	/* clang-format off */
	[RP_MY_SEQUENCES]         = {{{100300, 0}, {0, 0}}},
	[RP_MY_SYSTEM_VERSIONING] = {{{100304, 0}, {0, 0}}},
	[RP_MY_INDEX_EXPRESSION]  = {{{0, 0}, {80013, 0}}},
	[RP_MY_INDEX_VISIBLE]     = {{{0, 0}, {80000, 0}}},
	[RP_MY_INDEX_IGNORED]     = {{{100600, 0}, {0, 0}}},
	[RP_MY_COLUMN_SRS]        = {{{0, 0}, {80003, 0}}},
	[RP_MY_CHECK_TABLE_NAME]  = {{{100310, 0}, {0, 0}}},
	[RP_MY_DEFAULT_QUOTED]    = {{{100207, 0}, {0, 0}}},
	[RP_MY_BINLOG_SNAPSHOT]   = {{{100000, 0}, {0, 0}}},
	[RP_MY_GTID_EXECUTED]     = {{{0, 0}, {50600, 0}}},
	[RP_MY_BINARY_LOG_STATUS] = {{{0, 0}, {80200, 0}}},
	[RP_MY_SERVER_UUID]       = {{{0, 0}, {50600, 0}}},
	[RP_MY_INSTANCE_LOCK]     = {{{0, 0}, {80000, 0}}},
	[RP_MY_ROLES_TABLE]       = {{{100005, 0}, {0, 0}}},
	[RP_MY_STATEMENT_LIMIT]   = {{{100101, 0}, {0, 0}}},
	[RP_MY_SUPER_IS_SPARED]   = {{{100000, 110000}, {50000, 0}}},
	[RP_MY_INDEX_PLAIN]       = {{{100000, 100600}, {50000, 80013}}},
	[RP_MY_TABLE_EXTENSIONS]  = {{{0, 0}, {80021, 0}}},
	[RP_MY_VIEW_ALGORITHM]    = {{{100100, 0}, {0, 0}}},
	[RP_MY_ROUTINE_TABLE]     = {{{100000, 0}, {50000, 80000}}},
	[RP_MY_DATABASE_COMMENT]  = {{{100500, 0}, {0, 0}}},
	[RP_MY_HISTOGRAMS]        = {{{0, 0}, {80003, 0}}},
	[RP_MY_LIBRARIES]         = {{{0, 0}, {90200, 0}}},
	/* clang-format on */
};

/* "10.11.19" and whatever stands behind it. */
static bool number_of(const char *text, unsigned *ret)
{
	unsigned long part[3];
	for (int i = 0; i < 3; i++) {
		char *end = NULL;
		if (*text < '0' || *text > '9')
			return false;
		part[i] = strtoul(text, &end, 10);
		if (part[i] > 99 || (i < 2 && *end != '.'))
			return false;
		text = end + 1;
	}
	*ret = (unsigned)(part[0] * 10000 + part[1] * 100 + part[2]);
	return true;
}

bool rp_my_traits_of(const char *version, struct rp_my_traits *ret)
{
	/* MariaDB puts this before its version where old replicas of MySQL listen. */
	static const char prefix[] = "5.5.5-";
	struct rp_my_traits is = {.vendor = strcasestr(version, "mariadb") != NULL ? RP_MARIADB : RP_MYSQL};
	if (is.vendor == RP_MARIADB && strncmp(version, prefix, sizeof prefix - 1) == 0)
		version += sizeof prefix - 1;
	if (!number_of(version, &is.version))
		return false;
	for (unsigned i = 0; i < RP_MY_TRAIT_N; i++) {
		const struct span *s = &traits[i].of[is.vendor];
		is.has[i] = s->from != 0 && is.version >= s->from && (s->until == 0 || is.version < s->until);
	}
	*ret = is;
	return true;
}
