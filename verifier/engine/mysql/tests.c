/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/tests.h"

#include "verifier/engine/mysql/conn.h"

const struct rp_engine_test rp_my_tests[] = {
	{
		.name = "constraint.orphans",
		.summary = "no row refers to a row that is not there: every foreign key is asked, for a dump "
			   "is loaded without",
		.severity = RP_HIGH,
		.of_source = true,
		.inherited = true,
		.run = rp_my_test_orphans,
	},
	{
		.name = "engine.views",
		.summary = "views compile, and routines, triggers and events can be loaded",
		.severity = RP_HIGH,
		.of_source = true,
		.inherited = true,
		.run = rp_my_test_views,
	},
	{
		.name = "engine.definers",
		.summary = "accounts that are named as DEFINER exist",
		.severity = RP_MEDIUM,
		.of_source = true,
		.run = rp_my_test_definers,
	},
	{
		.name = "engine.charsets",
		.summary = "a foreign key compares columns of one character set and collation",
		.severity = RP_LOW,
		.of_source = true,
		.inherited = true,
		.run = rp_my_test_charsets,
	},
	/* Last: it ends the moment that the others look at. */
	{
		.name = "engine.check_table",
		.summary = "CHECK TABLE ... EXTENDED finds nothing wrong with any table",
		.severity = RP_HIGH,
		.run = rp_my_test_check_table,
	},
	{.name = NULL},
};
