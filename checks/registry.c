/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "checks/check.h"

extern const struct rp_check rp_check_manifest_trust, rp_check_artifact_digest, rp_check_restore_complete,
	rp_check_restore_time, rp_check_objective_rpo, rp_check_scope_drop, rp_check_scratch_connect,
	rp_check_scratch_isolated, rp_check_schema_counts, rp_check_schema_objects, rp_check_relation_rows,
	rp_check_relation_digest, rp_check_relation_columns, rp_check_sequence_position,
	rp_check_constraint_valid, rp_check_index_valid, rp_check_collation_version,
	rp_check_privilege_grants, rp_check_smoke_sql;

/* One a line, so that a new one is one line: */
/* clang-format off */
const struct rp_check *const rp_checks[] = {
	&rp_check_manifest_trust,
	&rp_check_artifact_digest,
	&rp_check_restore_complete,
	&rp_check_restore_time,
	&rp_check_objective_rpo,
	&rp_check_scope_drop,
	&rp_check_scratch_connect,
	&rp_check_scratch_isolated,
	&rp_check_schema_counts,
	&rp_check_schema_objects,
	&rp_check_relation_rows,
	&rp_check_relation_digest,
	&rp_check_relation_columns,
	&rp_check_sequence_position,
	&rp_check_constraint_valid,
	&rp_check_index_valid,
	&rp_check_collation_version,
	&rp_check_privilege_grants,
	&rp_check_smoke_sql,
	NULL,
};
