/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "reports/outline.h"

/* What each check asks and proves, in words for people. One that is not listed here goes by its name. */

/* 'alone' is what a pass proves where there is nothing to compare with: no manifest, or no objective. */
static const struct {
	const char *check, *topic, *proved, *alone;
} topics[] = {
	{"manifest.trust", "Trust in the manifest",
	 "The manifest is signed by a trusted key and speaks for this target.", NULL},
	{"artifact.digest", "Bytes of the backup", "The backup is, byte for byte, the one that was sealed.",
	 "The backup was read to its end."},
	{"artifact.freshness", "Age of the backup", "The backup is as recent as it has to be.", NULL},
	{"restore.complete", "Restore", "The backup restored to its end without an error.", NULL},
	{"restore.time", "Restore time", "The restore took no longer than is allowed.",
	 "The time that the restore takes was measured."},
	{"objective.rpo", "Age of the newest backup",
	 "The newest good backup is no older, and no gap between two is larger, than is allowed.",
	 "The age of the newest good backup was measured."},
	{"scope.drop", "Amount of data", "There is as much data as there was when it was last proved.", NULL},
	{"scratch.connect", "Restored server", "The restored database starts and answers.", NULL},
	{"schema.counts", "Number of objects", "There are as many objects of each kind as were sealed.",
	 "The restored objects were counted."},
	{"schema.objects", "Schema objects",
	 "Every schema object is there and defined as it was sealed; none was added.",
	 "Every restored schema object could be read."},
	{"relation.rows", "Number of rows", "Every relation has exactly the number of rows that was sealed.",
	 "The restored rows were counted."},
	{"relation.digest", "Content of rows", "Every row of every surveyed relation is as it was sealed.",
	 "Every restored row could be read."},
	{"relation.columns", "Content of columns",
	 "Every column's values and NULLs add up as they were sealed.",
	 "Every restored column could be read."},
	{"sequence.position", "Sequences", "Every sequence stands where it was sealed.",
	 "Every sequence is past the values in use."},
	{"constraint.valid", "Constraints", "Every constraint is in the state that was sealed.",
	 "Every constraint is valid."},
	{"constraint.orphans", "Foreign keys", "No row refers to a row that is not there.", NULL},
	{"index.valid", "Indexes", "Every index is in the state that was sealed.", "Every index is valid."},
	{"engine.check_table", "Table check", "The server's own table check finds nothing wrong.", NULL},
	{"engine.views", "Views and routines", "Every view compiles, and every routine can be loaded.", NULL},
	{"engine.definers", "Definers", "The accounts that views and routines run as exist.", NULL},
	{"engine.charsets", "Foreign keys' collations",
	 "Foreign keys compare columns of one character set and collation.", NULL},
	{"engine.amcheck", "Index structure",
	 "The server's own check of index structure (amcheck) finds nothing wrong.", NULL},
	{"engine.page_checksums", "Page checksums",
	 "Every page on the scratch server's disk has a checksum that holds.", NULL},
	{"collation.version", "Collations", "Collations are of the version that was sealed.",
	 "Collations are of the version that the server knows."},
	{"privilege.grants", "Owners and rights", "Owners and rights are as they were sealed.",
	 "Owners and rights could be read."},
	{"smoke.sql", "Own queries", "The queries given for this target return what they have to.", NULL},
	{"smoke.role", "Own queries, by role", "The roles given for this target can do what they have to.",
	 NULL},
	{"catalog.intact", "System catalogue", "The restored system catalogue is what the server ships.",
	 NULL},
	{"scratch.isolated", "Isolation of the restore",
	 "The backup was restored in a box, apart from this machine.", NULL},
	{"scratch.removed", "Removal of restored data", "The restored data was removed afterwards.", NULL},
};

const char *rp_words_topic(const char *check)
{
	for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
		if (strcmp(topics[i].check, check) == 0)
			return topics[i].topic;
	return check;
}

const char *rp_words_proved(const struct rp_outline *o, const struct rp_group *g)
{
	bool timed = strcmp(g->check, "restore.time") == 0 || strcmp(g->check, "objective.rpo") == 0;
	bool alone = timed ? g->first->expected == NULL : o->result->without_manifest;
	for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
		if (strcmp(topics[i].check, g->check) == 0)
			return alone && topics[i].alone != NULL ? topics[i].alone : topics[i].proved;
	return NULL;
}
