/* SPDX-License-Identifier: MIT */
#include "verifier/engine/postgres/tests.h"

#include "verifier/engine/postgres/catalog.h"

const struct rp_engine_test rp_pg_tests[] = {
	{
		.name = "catalog.intact",
		.summary = "what the survey asked is the server's own catalogue: nothing in it was replaced",
		.severity = RP_HIGH,
		.of_source = true,
		.brought = "as in another database of the same backup: what was replaced in both is not seen",
		.run = rp_pg_test_catalog,
	},
	{
		.name = "engine.amcheck",
		.summary = "indexes agree with themselves and with their tables, and tables with their own "
			   "rules (amcheck)",
		.severity = RP_HIGH,
		.run = rp_pg_test_amcheck,
	},
	{
		.name = "engine.page_checksums",
		.summary = "every page of the restored server's files has the checksum that is written on it",
		.severity = RP_HIGH,
		.pages = true,
		.moot = rp_pg_page_checksums_moot,
		.run = rp_pg_test_page_checksums,
	},
	{.name = NULL},
};
