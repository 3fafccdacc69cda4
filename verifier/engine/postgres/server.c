/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/fd.h"
#include "verifier/util/machine.h"

/* A private PostgreSQL server: how its files are made and how it is run. */

#define MIB (UINT64_C(1) << 20)
/* Tables are cut at 1 GB, or whatever power of two a server was built with; nobody needs more than this. */
#define FILE_MAX (UINT64_C(16) << 30)

static int create(const struct rp_place *p, struct rp_argv *ret, char **ret_input, struct rp_err **err)
{
	(void)ret_input;
	rp_argv_addf(ret, "%s/initdb", p->with.bindir);
	rp_argv_addf(ret, "--pgdata=%s", p->data);
	rp_argv_addf(ret, "--username=%s", p->admin);
	/* The sealed database is made with its own locale; this one's is the same on every machine. */
	rp_argv_add(ret, "--encoding=UTF8");
	rp_argv_add(ret, "--locale=C.UTF-8");
	/* Whoever gets into the socket's directory is us or its server. */
	rp_argv_add(ret, "--auth=trust");
	rp_argv_add(ret, "--data-checksums");
	rp_argv_add(ret, "--no-sync");
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

static int write_setting_file(const struct rp_place *p, const char *name, const char *text,
			      struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(8 << 10);
	rp_buf_addf(&path, "%s/%s", p->settings, name);
	/* Nothing in them is secret, and the server's user is another one than us. */
	return rp_buf_check(&path, err) < 0
		       ? -1
		       : rp_file_replace(rp_buf_text(&path), text, strlen(text), 0644, err);
}

/* Only what lets people in: all settings stand on the command line, where neither a file in the data directory
 * (postgresql.auto.conf, read wherever the other one lies) nor ALTER SYSTEM overrides them. */
int rp_pg_configure(const struct rp_place *p, struct rp_err **err)
{
	if (write_setting_file(p, "postgresql.conf", "# Settings are given on the command line.\n", err) <
		    0 ||
	    write_setting_file(p, "pg_hba.conf", "local all all trust\n", err) < 0 ||
	    write_setting_file(p, "pg_ident.conf", "# Nobody is mapped.\n", err) < 0)
		return rp_err_wrap(err, "configure the scratch server");
	return 0;
}

static const struct setting {
	const char *name, *value;
	unsigned from; /* major version that knows it first; 0: all */
} settings[] = {
	/* Nobody comes in but by the socket, and nothing goes out. */
	{"listen_addresses", "", 0},
	{"port", RP_PG_PORT, 0},
	{"unix_socket_permissions", "0700", 0},
	{"ssl", "off", 0},
	{"archive_mode", "off", 0},
	{"max_wal_senders", "0", 0},
	{"max_logical_replication_workers", "0", 0}, /* subscriptions of the backup stay idle */
	{"max_prepared_transactions", "0", 0},
	{"external_pid_file", "", 0},
	/* No code at start or login that is not the server's own. */
	{"shared_preload_libraries", "", 0},
	{"session_preload_libraries", "", 0},
	{"local_preload_libraries", "", 0},
	{"event_triggers", "off", 17},
	{"allow_alter_system", "off", 17},
	/* Thrown away when it crashes, so nothing is written twice or waited for; a backend's crash ends the
	 * server, because what comes up after it is not what was restored. */
	{"fsync", "off", 0},
	{"full_page_writes", "off", 0},
	{"synchronous_commit", "off", 0},
	{"wal_level", "minimal", 0},
	{"checkpoint_timeout", "1d", 0},
	{"restart_after_crash", "off", 0},
	/* Rows move in bulk, and each is read once. */
	{"autovacuum", "off", 0},
	{"jit", "off", 0},
	{"max_locks_per_transaction", "1024", 0}, /* thousands of tables in one transaction */
	/* No memory outside the process and its directory: /dev/shm is small in containers, and what lies there
	 * outlives a kill. */
	{"dynamic_shared_memory_type", "mmap", 0},
	{"huge_pages", "off", 0},
	/* Its log is read by us, in English, and must not hold rows. */
	{"log_destination", "stderr", 0},
	{"logging_collector", "off", 0},
	{"log_min_messages", "warning", 0},
	{"log_min_error_statement", "panic", 0},
	{"log_statement", "none", 0},
	{"log_line_prefix", "", 0},
	{"lc_messages", "C", 0},
	{"log_timezone", "UTC", 0},
	{"timezone", "UTC", 0},
};

static uint64_t clamp(uint64_t n, uint64_t least, uint64_t most)
{
	return n < least ? least : n > most ? most : n;
}

static void add_mib(struct rp_argv *argv, const char *name, uint64_t bytes)
{
	rp_argv_add(argv, "-c");
	rp_argv_addf(argv, "%s=%lluMB", name, (unsigned long long)(bytes / MIB));
}

static void add_path(struct rp_argv *argv, const char *name, const char *dir, const char *file)
{
	rp_argv_add(argv, "-c");
	rp_argv_addf(argv, "%s=%s%s", name, dir, file);
}

void rp_pg_settings(const struct rp_place *p, struct rp_argv *ret)
{
	unsigned major = rp_pg_release(p->with.version);
	add_path(ret, "config_file", p->settings, "/postgresql.conf");
	add_path(ret, "hba_file", p->settings, "/pg_hba.conf");
	add_path(ret, "ident_file", p->settings, "/pg_ident.conf");
	add_path(ret, "unix_socket_directories", p->socket, "");
	add_path(ret, "cluster_name", p->name, "");
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		if (major < settings[i].from)
			continue;
		rp_argv_add(ret, "-c");
		rp_argv_addf(ret, "%s=%s", settings[i].name, settings[i].value);
	}
	uint64_t bytes = rp_memory_size();
	add_mib(ret, "shared_buffers", clamp(bytes / 16, 32 * MIB, 512 * MIB));
	add_mib(ret, "maintenance_work_mem", clamp(bytes / 32, 64 * MIB, 512 * MIB));
	add_mib(ret, "max_wal_size", clamp(p->disk / 8, 64 * MIB, 8192 * MIB));
	/* Of two of one name the last one holds. */
	for (const char *const *word = p->besides; word != NULL && *word != NULL; word++) {
		rp_argv_add(ret, "-c");
		rp_argv_add(ret, *word);
	}
}

static int serve(const struct rp_place *p, struct rp_argv *ret, struct rp_err **err)
{
	rp_argv_add(ret, p->with.server);
	rp_argv_add(ret, "-D");
	rp_argv_add(ret, p->data);
	rp_pg_settings(p, ret);
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

/* Time zones, locales, dictionaries, and what languages and libraries that extensions bring read of their own. */
static const char *const reads[] = {
	"/usr/share/zoneinfo",
	"/usr/lib/locale",
	"/usr/share/i18n",
	"/usr/share/postgresql-common",
	"/var/cache/postgresql/dicts",
	"/usr/share/hunspell",
	"/usr/share/myspell",
	"/usr/share/proj",
	"/usr/share/gdal",
	"/usr/share/perl",
	"/usr/share/perl5",
	"/usr/lib/python3",
	"/usr/lib/tcltk",
	"/usr/share/tcltk",
	NULL,
};
/* Debian makes it for its servers, and nothing else runs as it. */
static const char *const users[] = {"postgres", NULL};

const struct rp_hosting rp_pg_hosting = {
	.reads = reads,
	.parts = rp_pg_parts,
	.file_max = FILE_MAX,
	.users = users,
	.quit = SIGQUIT,
	.stop = SIGINT,
	.credentials = rp_pg_credentials,
	.choose = rp_pg_choose,
	.tools = rp_pg_tools,
	.create = create,
	.configure = rp_pg_configure,
	.serve = serve,
	.uri = rp_pg_uri,
	.within = rp_pg_within,
	.environment = rp_pg_environment,
	.lend = rp_pg_lend,
	.reach = rp_pg_reach,
	.explain = rp_pg_explain,
	.complaint = rp_pg_complaint,
	.excuses = rp_pg_excuses,
	.takes = rp_pg_takes,
	.claim = rp_pg_claim,
	.drop = rp_pg_drop,
	.keep = rp_pg_keep,
	.reap = rp_pg_reap,
	.stage = rp_pg_stage,
	.admit = rp_pg_admit,
	.inherit = rp_pg_inherit,
	.furnish = rp_pg_furnish,
};
