/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/engine/postgres/hosting.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"

/* Whose fault is it? A backup that needs what this machine does not have is no bad backup; and a complaint that
 * is not in this table is taken for the backup's, so that nothing is excused by accident. */

/* The first line of psql's, pg_restore's or the server's that is a complaint: "psql:<stdin>:9: ERROR:  ...",
 * "pg_restore: error: ...". */
const char *rp_pg_complaint(const char *said, size_t *ret_len)
{
	static const char *const marks[] = {"ERROR:", "FATAL:", "PANIC:", "error:", "fatal:"};
	const char *first = NULL;
	for (const char *line = said; *line != '\0';) {
		size_t n = strcspn(line, "\n");
		for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
			if (memmem(line, n, marks[i], strlen(marks[i])) != NULL) {
				*ret_len = n;
				return line;
			}
		if (first == NULL && n > 0)
			first = line;
		line += n + (line[n] == '\n');
	}
	if (first == NULL)
		first = said;
	*ret_len = strcspn(first, "\n");
	return first;
}

#define ROOM	"make room where the scratch lies, or name another directory with $TMPDIR"
#define LOCALE	"make the locale on this machine (locale-gen, or the package locales-all) and verify again"
#define PACKAGE "install the package that brings it, for the version of the scratch server"
#define RIGHTS	"a restore with all rights needs a private scratch server: leave the named one out"

/* As the server (lc_messages=C) and its tools of 13 to 18 say it. Both parts must be there, in this order. */
static const struct {
	const char *first, *then, *hint;
} excuses[] = {
	{"extension \"", "\" is not available", PACKAGE},
	{"could not open extension control file", NULL, PACKAGE},
	{"extension \"", "has no installation script nor update path", PACKAGE},
	{"could not access file \"", "No such file or directory", PACKAGE},
	{"could not load library", NULL, PACKAGE},
	{"language \"", "is not supported", PACKAGE},
	{"collation \"", "for encoding", LOCALE},
	{"could not create locale", NULL, LOCALE},
	{"invalid locale name", NULL, LOCALE},
	{"invalid LC_", "locale name", LOCALE},
	{"could not open collator for locale", NULL, LOCALE},
	{"ICU is not supported in this build", NULL, "use a PostgreSQL that was built with ICU"},
	{"invalid input syntax for type money", NULL,
	 "money is written in the currency of the server it was dumped from, and a dump does not say which: "
	 "dump with PGOPTIONS='-c lc_monetary=C', or keep amounts as numeric"},
	{"could not look up effective user ID", NULL,
	 "'/etc/passwd' has to name the user that reprove runs as, and 'nobody'"},
	{"database files are incompatible with server", NULL,
	 "a physical backup needs the very version, architecture and build options of the server that was backed up"},
	{"could not create shared memory segment", NULL, "give this machine more shared memory"},
	{"could not map anonymous shared memory", NULL, "give this machine more memory"},
	{"No space left on device", NULL, ROOM},
	{"Disk quota exceeded", NULL, ROOM},
	{"wrote only ", " bytes", ROOM},
	{"out of shared memory", NULL,
	 "this server cannot lock so many objects at once: raise its "
	 "max_locks_per_transaction"},
	{"out of memory", NULL, "give this machine more memory"},
	{"could not resize shared memory segment", NULL, "give this machine more shared memory (/dev/shm)"},
	{"too many clients already", NULL, "let the server have more connections"},
	{"remaining connection slots are reserved", NULL, "let the server have more connections"},
	{"Peer authentication failed", NULL,
	 "tools do not run as root: let the login in by a password, or run as its user"},
	{"connection to server ", "failed", "see whether the scratch server is up and can be reached"},
	{"server closed the connection", NULL, "see the scratch server's log"},
	{"terminating connection", NULL, "see the scratch server's log"},
	{"the database system is ", NULL, "see the scratch server's log"},
	{"unsupported version (", "in file header",
	 "the backup was made by a newer pg_dump: install that version"},
	{"unrecognized configuration parameter \"", NULL,
	 "the backup was made by a newer pg_dump: install that "
	 "version"},
	{"role \"", "does not exist",
	 "a dump does not carry roles; with a manifest those that it names are made"},
	{"must be superuser", NULL, RIGHTS},
	{"permission denied to ", NULL, RIGHTS},
	{"permission denied for ", NULL, RIGHTS},
	{"must be owner of ", NULL, RIGHTS},
	{"must be member of role", NULL, RIGHTS},
	{"must be able to SET ROLE", NULL, RIGHTS},
};

const char *rp_pg_excuses(const char *complaint)
{
	for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++) {
		const char *at = strstr(complaint, excuses[i].first);
		if (at != NULL && (excuses[i].then == NULL || strstr(at, excuses[i].then) != NULL))
			return excuses[i].hint;
	}
	return NULL;
}

/* Debian's names; those of apt.postgresql.org are the same. %u is the major version. */
static const struct {
	const char *extension, *package;
} packages[] = {
	{"age", "postgresql-%u-age"},
	{"asn1oid", "postgresql-%u-asn1oid"},
	{"first_last_agg", "postgresql-%u-first-last-agg"},
	{"h3", "postgresql-%u-h3"},
	{"hll", "postgresql-%u-hll"},
	{"hypopg", "postgresql-%u-hypopg"},
	{"ip4r", "postgresql-%u-ip4r"},
	{"jsquery", "postgresql-%u-jsquery"},
	{"ltree_plpython3u", "postgresql-plpython3-%u"},
	{"hstore_plpython3u", "postgresql-plpython3-%u"},
	{"jsonb_plpython3u", "postgresql-plpython3-%u"},
	{"hstore_plperl", "postgresql-plperl-%u"},
	{"hstore_plperlu", "postgresql-plperl-%u"},
	{"jsonb_plperl", "postgresql-plperl-%u"},
	{"jsonb_plperlu", "postgresql-plperl-%u"},
	{"bool_plperl", "postgresql-plperl-%u"},
	{"mysql_fdw", "postgresql-%u-mysql-fdw"},
	{"numeral", "postgresql-%u-numeral"},
	{"ogr_fdw", "postgresql-%u-ogr-fdw"},
	{"oracle_fdw", "postgresql-%u-oracle-fdw"},
	{"orafce", "postgresql-%u-orafce"},
	{"periods", "postgresql-%u-periods"},
	{"pg_cron", "postgresql-%u-cron"},
	{"pg_fact_loader", "postgresql-%u-pg-fact-loader"},
	{"pg_hint_plan", "postgresql-%u-pg-hint-plan"},
	{"pg_partman", "postgresql-%u-partman"},
	{"pg_permissions", "postgresql-%u-pg-permissions"},
	{"pg_qualstats", "postgresql-%u-pg-qualstats"},
	{"pg_repack", "postgresql-%u-repack"},
	{"pg_similarity", "postgresql-%u-similarity"},
	{"pg_sphere", "postgresql-%u-pgsphere"},
	{"pg_squeeze", "postgresql-%u-squeeze"},
	{"pg_stat_kcache", "postgresql-%u-pg-stat-kcache"},
	{"pg_track_settings", "postgresql-%u-pg-track-settings"},
	{"pg_wait_sampling", "postgresql-%u-pg-wait-sampling"},
	{"pgaudit", "postgresql-%u-pgaudit"},
	{"pglogical", "postgresql-%u-pglogical"},
	{"pgmp", "postgresql-%u-pgmp"},
	{"pgpcre", "postgresql-%u-pgpcre"},
	{"pgq", "postgresql-%u-pgq3"},
	{"pgrouting", "postgresql-%u-pgrouting"},
	{"pgsphere", "postgresql-%u-pgsphere"},
	{"pgtap", "postgresql-%u-pgtap"},
	{"pldbgapi", "postgresql-%u-pldebugger"},
	{"pllua", "postgresql-%u-pllua"},
	{"plperl", "postgresql-plperl-%u"},
	{"plperlu", "postgresql-plperl-%u"},
	{"plpgsql_check", "postgresql-%u-plpgsql-check"},
	{"plprofiler", "postgresql-%u-plprofiler"},
	{"plproxy", "postgresql-%u-plproxy"},
	{"plpython3u", "postgresql-plpython3-%u"},
	{"plr", "postgresql-%u-plr"},
	{"pltcl", "postgresql-pltcl-%u"},
	{"pltclu", "postgresql-pltcl-%u"},
	{"plv8", "postgresql-%u-plv8"},
	{"pointcloud", "postgresql-%u-pointcloud"},
	{"postgis", "postgresql-%u-postgis-3"},
	{"postgis_raster", "postgresql-%u-postgis-3"},
	{"postgis_sfcgal", "postgresql-%u-postgis-3"},
	{"postgis_tiger_geocoder", "postgresql-%u-postgis-3"},
	{"postgis_topology", "postgresql-%u-postgis-3"},
	{"address_standardizer", "postgresql-%u-postgis-3"},
	{"powa", "postgresql-%u-powa"},
	{"prefix", "postgresql-%u-prefix"},
	{"preprepare", "postgresql-%u-preprepare"},
	{"q3c", "postgresql-%u-q3c"},
	{"rational", "postgresql-%u-rational"},
	{"rdkit", "postgresql-%u-rdkit"},
	{"rum", "postgresql-%u-rum"},
	{"semver", "postgresql-%u-semver"},
	{"set_user", "postgresql-%u-set-user"},
	{"tablelog", "postgresql-%u-tablelog"},
	{"tdigest", "postgresql-%u-tdigest"},
	{"tds_fdw", "postgresql-%u-tds-fdw"},
	{"timescaledb", "postgresql-%u-timescaledb"},
	{"toastinfo", "postgresql-%u-toastinfo"},
	{"unit", "postgresql-%u-unit"},
	{"vector", "postgresql-%u-pgvector"},
	{"wal2json", "postgresql-%u-wal2json"},
};

/* What PostgreSQL itself brings; elsewhere than on Debian it is a package of its own. */
static const char contrib[] =
	" adminpack amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn "
	"earthdistance "
	"file_fdw fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime old_snapshot "
	"pageinspect pg_buffercache pg_freespacemap pg_logicalinspect pg_prewarm pg_stat_statements "
	"pg_surgery "
	"pg_trgm pg_visibility pg_walinspect pgcrypto pgrowlocks pgstattuple plpgsql postgres_fdw refint seg "
	"sslinfo tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp xml2 ";

bool rp_pg_package(struct rp_buf *out, const char *extension, unsigned major)
{
	for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++) {
		if (strcmp(packages[i].extension, extension) != 0)
			continue;
		const char *version = strstr(packages[i].package, "%u");
		rp_buf_add_mem(out, packages[i].package, (size_t)(version - packages[i].package));
		rp_buf_addf(out, "%u%s", major, version + 2);
		return true;
	}
	rp_autobuf word = RP_BUF_INIT(256);
	rp_buf_addf(&word, " %s ", extension);
	if (word.failed || strchr(extension, ' ') != NULL || strstr(contrib, rp_buf_text(&word)) == NULL)
		return false;
	rp_buf_add(out, "postgresql-contrib");
	return true;
}
