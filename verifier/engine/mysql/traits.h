/* SPDX-License-Identifier: MIT */
#ifndef RP_ENGINE_MYSQL_TRAITS_H
#define RP_ENGINE_MYSQL_TRAITS_H

#include <stdbool.h>

/* Two vendors whose servers grew apart. Which of them this is, and what follows from that, is told here once
 * from what the server says its version is; nobody else compares versions, but asks one of these. */

enum rp_my_vendor { RP_MARIADB, RP_MYSQL };

/* One difference: from which version on (inclusive) and until which (exclusive) it holds, per vendor. 0 as
 * 'from': never. 0 as 'until': open. Versions are 101119 for 10.11.19. Rows in traits.c. */
enum rp_my_trait {
	RP_MY_SEQUENCES,	 /* CREATE SEQUENCE */
	RP_MY_SYSTEM_VERSIONING, /* tables with history rows */
	RP_MY_INDEX_EXPRESSION,	 /* information_schema.STATISTICS.EXPRESSION */
	RP_MY_INDEX_VISIBLE,	 /* STATISTICS.IS_VISIBLE */
	RP_MY_INDEX_IGNORED,	 /* STATISTICS.IGNORED */
	RP_MY_COLUMN_SRS,	 /* COLUMNS.SRS_ID */
	RP_MY_CHECK_TABLE_NAME, /* CHECK_CONSTRAINTS has TABLE_NAME (MariaDB) and not only a schema's unique name */
	RP_MY_DEFAULT_QUOTED, /* COLUMN_DEFAULT is an expression with its quotes (MariaDB); else a bare value */
	RP_MY_BINLOG_SNAPSHOT,	 /* SHOW STATUS LIKE 'binlog_snapshot_%' */
	RP_MY_GTID_EXECUTED,	 /* @@gtid_executed; else MariaDB's @@gtid_binlog_pos */
	RP_MY_BINARY_LOG_STATUS, /* SHOW BINARY LOG STATUS; else SHOW MASTER STATUS */
	RP_MY_SERVER_UUID,	 /* @@server_uuid; else @@server_uid or nothing */
	RP_MY_INSTANCE_LOCK,	 /* LOCK INSTANCE FOR BACKUP */
	RP_MY_ROLES_TABLE,	 /* accounts: mysql.user has is_role / mysql.global_priv (MariaDB) */
	RP_MY_STATEMENT_LIMIT,	 /* MAX_STATEMENT_TIME in seconds (MariaDB); else MAX_EXECUTION_TIME in ms */
	RP_MY_INDEX_PLAIN,	 /* STATISTICS has neither of EXPRESSION and IGNORED */
	RP_MY_TABLE_EXTENSIONS,	 /* information_schema.TABLES_EXTENSIONS */
	RP_MY_VIEW_ALGORITHM,	 /* VIEWS.ALGORITHM */
	RP_MY_ROUTINE_TABLE,	 /* routines are in mysql.proc */
	RP_MY_DATABASE_COMMENT,	 /* SCHEMATA.SCHEMA_COMMENT */
	RP_MY_HISTOGRAMS,	 /* information_schema.COLUMN_STATISTICS */
	RP_MY_LIBRARIES,	 /* information_schema.LIBRARIES */
	RP_MY_SUPER_IS_SPARED,	 /* SUPER is enough not to have init_connect run in one's session */
	RP_MY_TRAIT_N
};

struct rp_my_traits {
	enum rp_my_vendor vendor;
	unsigned version; /* 101119, 90704 */
	bool has[RP_MY_TRAIT_N];
};

/* From VERSION(): "10.11.19-MariaDB-0+deb12u1", "9.7.4". false: not understood. Pure. */
bool rp_my_traits_of(const char *version, struct rp_my_traits *ret);

#endif
