/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "verifier/engine/mysql/brought.h"
#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/machine.h"
#include "verifier/util/parse.h"

/* A private MariaDB or MySQL server: how its files are made and how it is run. All settings stand on the command
 * line: no file of a person's, of this machine's or of a backup's is read for them. */

#define MIB	(UINT64_C(1) << 20)
#define SQL_MAX (16U << 20) /* MariaDB's own, with which its system tables are made: half a megabyte */

/* The server cannot put anything there. Nothing is in the one where files may be read. */
#define EMPTY	"empty"
#define PLUGINS "plugins"
#define FIRST	"first.sql"
#define LATER	"later.sql"

enum whose { OF_BOTH, OF_MARIADB, OF_MYSQL };

static const struct setting {
	const char *text;
	enum whose whose;
	unsigned from, until; /* versions, as in traits.h; 0: open */
	bool always;	      /* also for the server that makes its own tables */
} settings[] = {
	/* clang-format off */
	/* Nobody comes in but by the socket, and nothing goes out. */
	{"--skip-networking",                            OF_BOTH,    0, 0, true},
	{"--skip-name-resolve",                          OF_BOTH,    0, 0, false},
	{"--mysqlx=OFF",                                 OF_MYSQL,   0, 0, true},
	{"--skip-ssl",                                   OF_MARIADB, 0, 0, true},
	{"--auto-generate-certs=OFF",                    OF_MYSQL,   0, 0, true},
	{"--caching-sha2-password-auto-generate-rsa-keys=OFF", OF_MYSQL, 0, 0, true},
	{"--sha256-password-auto-generate-rsa-keys=OFF", OF_MYSQL,   0, 90000, true},
	{"--skip-slave-start",                           OF_MARIADB, 0, 0, true},
	{"--skip-replica-start",                         OF_MYSQL,   80026, 0, true},
	{"--skip-slave-start",                           OF_MYSQL,   0, 80026, true},
	{"--loose-feedback=OFF",                         OF_MARIADB, 0, 0, true},
	/* No code that is not a statement of ours, and no file but the data directory's. What is OFF could be turned
	 * on by who restores, had he the right; DISABLED, MariaDB makes no events and shows none. */
	{"--event-scheduler=OFF",                        OF_MARIADB, 0, 0, true},
	{"--event-scheduler=DISABLED",                   OF_MYSQL,   0, 0, true},
	{"--persisted-globals-load=OFF",                 OF_MYSQL,   80000, 0, true},
	{"--local-infile=0",                             OF_BOTH,    0, 0, true},
	{"--secure-file-priv=NULL",                      OF_MYSQL,   0, 0, true},
	{"--skip-symbolic-links",                        OF_MARIADB, 0, 0, true},
	/* Thrown away when it crashes, so nothing is written twice or waited for. */
	{"--skip-log-bin",                               OF_BOTH,    0, 0, true},
	{"--innodb-doublewrite=OFF",                     OF_BOTH,    0, 0, true},
	{"--innodb-flush-log-at-trx-commit=0",           OF_BOTH,    0, 0, true},
	{"--innodb-flush-method=nosync",                 OF_BOTH,    0, 0, true},
	{"--debug-no-sync",                              OF_MARIADB, 0, 0, true},
	{"--innodb-buffer-pool-dump-at-shutdown=OFF",    OF_BOTH,    0, 0, true},
	{"--innodb-buffer-pool-load-at-startup=OFF",     OF_BOTH,    0, 0, true},
	{"--innodb-use-native-aio=OFF",                  OF_BOTH,    0, 0, true},
	{"--innodb-io-capacity=2000",                    OF_BOTH,    0, 0, false},
	{"--skip-stack-trace",                           OF_BOTH,    0, 0, true},
	{"--performance-schema=OFF",                     OF_BOTH,    0, 0, false},
	/* A row may be as long as a dump can write it, and whoever reads rows may take his time. */
	{"--max-allowed-packet=1G",                      OF_BOTH,    0, 0, false},
	{"--net-read-timeout=86400",                     OF_BOTH,    0, 0, false},
	{"--net-write-timeout=86400",                    OF_BOTH,    0, 0, false},
	/* Indexes of tables that have no transactions are built in one go. */
	{"--key-buffer-size=64M",                        OF_BOTH,    0, 0, false},
	{"--myisam-sort-buffer-size=64M",                OF_BOTH,    0, 0, false},
	{"--aria-sort-buffer-size=64M",                  OF_MARIADB, 0, 0, false},
	/* What older servers took is taken, and said so where it does not come back as it was. */
	{"--innodb-strict-mode=OFF",                     OF_BOTH,    0, 0, false},
	{"--loose-innodb-read-only-compressed=OFF",      OF_MARIADB, 100600, 100700, false},
	{"--restrict-fk-on-non-standard-key=OFF",        OF_MYSQL,   80400, 0, false},
	{"--log-bin-trust-function-creators=ON",         OF_BOTH,    0, 0, false},
	/* A dump says of each column what its sealed server would have filled in. */
	{"--explicit-defaults-for-timestamp=ON",         OF_BOTH,    0, 0, false},
	{"--gtid-mode=OFF",                              OF_MYSQL,   0, 0, false},
	{"--enforce-gtid-consistency=OFF",               OF_MYSQL,   0, 0, false},
	/* The same on every machine. */
	{"--character-set-server=utf8mb4",               OF_BOTH,    0, 0, true},
	{"--default-time-zone=+00:00",                   OF_BOTH,    0, 0, false},
	{"--lc-messages=en_US",                          OF_BOTH,    0, 0, false},
	{"--log-warnings=1",                             OF_MARIADB, 0, 0, true},
	{"--log-error-verbosity=2",                      OF_MYSQL,   0, 0, true},
	/* clang-format on */
};

/* The name of a character set alone meant another collation before 11.5, and what was made then means it still. */
#define NAMES_CHANGED	 110500U
#define NAMES_CAN_CHANGE 110200U

static uint64_t clamp(uint64_t n, uint64_t least, uint64_t most)
{
	return n < least ? least : n > most ? most : n;
}

static void add_settings(struct rp_argv *to, const struct rp_my_traits *is, bool making)
{
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		const struct setting *s = &settings[i];
		if ((s->whose == OF_MARIADB && is->vendor != RP_MARIADB) ||
		    (s->whose == OF_MYSQL && is->vendor != RP_MYSQL) || is->version < s->from ||
		    (s->until != 0 && is->version >= s->until) || (making && !s->always))
			continue;
		rp_argv_add(to, s->text);
	}
}

/* The log is as large when the server makes its tables as it is later, or it would be made anew. */
static void add_sizes(struct rp_argv *to, const struct rp_my_traits *is, const struct rp_place *p)
{
	uint64_t pool = clamp(rp_memory_size() / 8, 128 * MIB, 2048 * MIB) / MIB;
	uint64_t redo = clamp(p->disk / 32, 64 * MIB, 1024 * MIB) / MIB;
	rp_argv_addf(to, "--innodb-buffer-pool-size=%lluM", (unsigned long long)pool);
	if (is->vendor == RP_MARIADB)
		/* Else eight terabytes of addresses. */
		rp_argv_addf(to, "--loose-innodb-buffer-pool-size-max=%lluM", (unsigned long long)pool);
	rp_argv_addf(to, "--innodb-%s=%lluM",
		     is->vendor == RP_MYSQL && is->version >= 80030 ? "redo-log-capacity" : "log-file-size",
		     (unsigned long long)redo);
}

/* Whether names of tables are told apart by case: once and for all, when a server is made. 2 is for file systems that
 * do not tell them apart, and this one does. */
static void add_case(struct rp_argv *to, const struct rp_survey *sealed)
{
	const struct rp_object *server =
		sealed != NULL ? rp_survey_object(sealed, RP_MY_KIND_DATABASE, RP_MY_SERVER) : NULL;
	const char *value = server != NULL ? rp_object_fact(server, RP_MY_FACT_CASE) : NULL;
	rp_argv_addf(to, "--lower-case-table-names=%d", value != NULL && strcmp(value, "1") == 0);
}

static void add_names(struct rp_argv *to, const struct rp_my_traits *is, const struct rp_survey *sealed)
{
	struct rp_my_traits was;
	if (is->vendor == RP_MARIADB && is->version >= NAMES_CAN_CHANGE && sealed != NULL &&
	    sealed->identity.version != NULL && rp_my_traits_of(sealed->identity.version, &was) &&
	    was.vendor == RP_MARIADB && was.version < NAMES_CHANGED)
		rp_argv_add(to, "--character-set-collations=");
}

/* What both the server that makes its tables and the one that serves are told. */
static int add_all(const struct rp_place *p, bool making, struct rp_argv *ret, struct rp_my_traits *ret_is,
		   struct rp_err **err)
{
	rp_autofree char *base = rp_my_base(&p->with);
	rp_autofree char *share = base != NULL ? rp_my_share(base) : NULL;
	if (!rp_my_traits_of(p->with.version, ret_is) || base == NULL || share == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "'%s': what belongs to it is not where it should be",
				  p->with.server);
	rp_argv_add(ret, p->with.server);
	rp_argv_add(ret, "--no-defaults"); /* counts only when it comes first */
	rp_argv_addf(ret, "--basedir=%s", base);
	rp_argv_addf(ret, "--lc-messages-dir=%s", share);
	rp_argv_addf(ret, "--character-sets-dir=%s/charsets", share);
	rp_argv_addf(ret, "--datadir=%s", p->data);
	rp_argv_addf(ret, "--tmpdir=%s", p->socket);
	rp_argv_addf(ret, "--pid-file=%s/pid", p->socket);
	add_settings(ret, ret_is, making);
	add_sizes(ret, ret_is, p);
	add_case(ret, p->sealed);
	return 0;
}

static int write_setting_file(const struct rp_place *p, const char *name, const struct rp_buf *text,
			      char **ret_path, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(8 << 10);
	rp_buf_addf(&path, "%s/%s", p->settings, name);
	if (rp_buf_check(text, err) < 0 || rp_buf_check(&path, err) < 0)
		return -1;
	/* Nothing in it is secret, and the server's user is another one than us. */
	if (rp_file_replace(rp_buf_text(&path), rp_buf_text(text), text->len, 0644, err) < 0)
		return -1;
	*ret_path = rp_buf_take(&path);
	return 0;
}

/* MariaDB's system tables, as its own script makes them, which is one for a shell. A statement ends with its line. */
static int add_tables(struct rp_buf *sql, const char *share, struct rp_err **err)
{
	static const struct {
		const char *name;
		bool needed;
	} files[] = {{"system_tables", true}, {"performance_tables", false}, {"system_tables_data", true}};
	rp_buf_add(sql, "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n");
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		rp_autobuf text = RP_BUF_INIT(SQL_MAX);
		rp_autobuf path = RP_BUF_INIT(8 << 10);
		rp_autoerr struct rp_err *why = NULL;
		bool there = false;
		static const char *const prefixes[] = {"mariadb", "mysql"};
		for (size_t j = 0; j < sizeof prefixes / sizeof prefixes[0] && !there; j++) {
			rp_buf_reset(&path);
			rp_buf_addf(&path, "%s/%s_%s.sql", share, prefixes[j], files[i].name);
			rp_err_free(rp_take(why));
			there = rp_file_read(rp_buf_text(&path), &text, &why) == 0;
		}
		if (!there && files[i].needed)
			return rp_err_set(err, RP_ERR_ENGINE, "the server's own tables: %s",
					  rp_err_text(why));
		rp_buf_add_mem(sql, rp_buf_text(&text), text.len);
		rp_buf_add(sql, "\n");
	}
	return 0;
}

/* Nobody but the account of ours may log in: it has a name that a dump does not guess. Views of the server's own run
 * as the one that is left. */
static void add_account(struct rp_buf *sql, const struct rp_my_traits *is, const char *admin)
{
	if (is->vendor == RP_MYSQL) {
		rp_buf_addf(sql,
			    "DROP USER 'root'@'localhost';\nCREATE USER '%s'@'localhost' IDENTIFIED BY '';\n"
			    "GRANT ALL PRIVILEGES ON *.* TO '%s'@'localhost' WITH GRANT OPTION;\n",
			    admin, admin);
		return;
	}
	rp_buf_addf(
		sql,
		"DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys';\n"
		"DELETE FROM mysql.proxies_priv;\nDELETE FROM mysql.db;\n"
		"INSERT INTO mysql.global_priv VALUES ('localhost', '%s', '{\"access\":18446744073709551615,"
		"\"plugin\":\"mysql_native_password\",\"authentication_string\":\"\"}');\n",
		admin);
}

int rp_my_create(const struct rp_place *p, struct rp_argv *ret, char **ret_input, struct rp_err **err)
{
	struct rp_my_traits is;
	rp_autobuf sql = RP_BUF_INIT(SQL_MAX);
	rp_autofree char *path = NULL;
	if (add_all(p, true, ret, &is, err) < 0)
		return -1;
	if (is.vendor == RP_MARIADB) {
		rp_autofree char *base = rp_my_base(&p->with);
		rp_autofree char *share = base != NULL ? rp_my_share(base) : NULL;
		if (share == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		if (add_tables(&sql, share, err) < 0)
			return -1;
	}
	add_account(&sql, &is, p->admin);
	if (write_setting_file(p, FIRST, &sql, &path, err) < 0)
		return -1;
	if (is.vendor == RP_MYSQL) {
		rp_argv_add(ret, "--initialize-insecure");
		rp_argv_addf(ret, "--init-file=%s", path);
	} else {
		rp_argv_add(ret, "--bootstrap");
		*ret_input = rp_take(path);
	}
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

/* The accounts of a data directory that was brought are the backup's: nobody of ours can log in. What the server runs
 * by itself when it starts, before it lets anybody in, makes an administrator, whose name nobody guesses; no other
 * account is touched, and no switch lets everybody in meanwhile. A statement ends with its line. */
static int let_us_in(const struct rp_place *p, struct rp_err **err)
{
	struct rp_my_brought brought;
	rp_autobuf sql = RP_BUF_INIT(4096);
	rp_autofree char *path = NULL;
	int is = rp_my_brought_read(p->data, &brought, err);
	if (is <= 0)
		return is;
	rp_buf_addf(&sql,
		    "CREATE OR REPLACE USER '%s'@'localhost' IDENTIFIED VIA mysql_native_password USING '';\n"
		    "GRANT ALL PRIVILEGES ON *.* TO '%s'@'localhost' WITH GRANT OPTION;\n",
		    p->admin, p->admin);
	return write_setting_file(p, LATER, &sql, &path, err);
}

static int add_brought(struct rp_argv *to, const struct rp_place *p, struct rp_err **err)
{
	struct rp_my_brought b;
	int is = rp_my_brought_read(p->data, &b, err);
	if (is <= 0)
		return is;
	rp_argv_addf(to, "--init-file=%s/" LATER, p->settings);
	rp_my_brought_add(&b, to);
	return 0;
}

int rp_my_configure(const struct rp_place *p, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(8 << 10);
	rp_autobuf plugins = RP_BUF_INIT(8 << 10);
	rp_buf_addf(&path, "%s/" EMPTY, p->settings);
	rp_buf_addf(&plugins, "%s/" PLUGINS, p->settings);
	if (rp_buf_check(&path, err) < 0 || rp_buf_check(&plugins, err) < 0 ||
	    rp_dir_make(rp_buf_text(&path), 0755, err) < 0 ||
	    rp_my_plugins_bring(p, rp_buf_text(&plugins), err) < 0 || let_us_in(p, err) < 0)
		return rp_err_wrap(err, "configure the scratch server");
	return 0;
}

int rp_my_serve(const struct rp_place *p, struct rp_argv *ret, struct rp_err **err)
{
	struct rp_my_traits is;
	if (add_all(p, false, ret, &is, err) < 0)
		return -1;
	rp_argv_addf(ret, "--socket=%s/" RP_MY_SOCKET, p->socket);
	rp_autobuf plugins = RP_BUF_INIT(8 << 10);
	rp_buf_addf(&plugins, "%s/" PLUGINS, p->settings);
	rp_argv_addf(ret, "--plugin-dir=%s", rp_buf_text(&plugins));
	rp_my_plugins_load(rp_buf_text(&plugins), ret);
	if (is.vendor == RP_MARIADB)
		rp_argv_addf(ret, "--secure-file-priv=%s/" EMPTY, p->settings);
	add_names(ret, &is, p->sealed);
	if (add_brought(ret, p, err) < 0)
		return -1;
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}
