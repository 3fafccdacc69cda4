/* SPDX-License-Identifier: MIT */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/postgres/conn.h"
#include "verifier/engine/postgres/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Which files of this machine a PostgreSQL server and its tools need to see. Not more: what stands here can be read
 * by whatever a backup brings. */

#define DEBIAN "/lib/postgresql/"

/* 0 and the directory above the programs, as it is once links are followed: the server finds its own files from
 * there. */
static char *home_of(const struct rp_installation *with)
{
	static const char *const programs[] = {"postgres", "pg_restore"};
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		rp_autobuf path = RP_BUF_INIT(8 << 10);
		rp_buf_addf(&path, "%s/%s", with->bindir, programs[i]);
		char *real = realpath(rp_buf_text(&path), NULL);
		for (int up = 0; real != NULL && up < 2; up++) {
			char *slash = strrchr(real, '/');
			if (slash != NULL)
				*slash = '\0';
		}
		if (real != NULL)
			return real;
	}
	return NULL;
}

/* ROOT/usr/lib/postgresql/17: of /usr only what is PostgreSQL's; of another root, where somebody has unpacked
 * packages, their libraries and loader, too. */
static void add_debian(struct rp_argv *ret, const char *home, size_t root)
{
	const char *version = home + root + sizeof DEBIAN - 1;
	rp_argv_addf(ret, "%s/lib", home);
	rp_argv_addf(ret, "%.*s/share/postgresql/%s", (int)root, home, version);
	if (strncmp(home, "/usr/", 5) == 0 && root == 4)
		return;
	rp_argv_addf(ret, "%.*s/lib", (int)root, home);
	rp_argv_addf(ret, "%.*s/lib64", (int)root, home);
	rp_argv_addf(ret, "%.*s/share", (int)root, home);
}

/* Procedures in Python read its library, whose directory is named after its version. */
static void add_python(struct rp_argv *ret)
{
	glob_t found;
	if (glob("/usr/lib/python3.*", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			rp_argv_add(ret, found.gl_pathv[i]);
	globfree(&found);
}

int rp_pg_parts(const struct rp_installation *with, struct rp_argv *ret, struct rp_err **err)
{
	rp_autofree char *home = home_of(with);
	if (home == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "no PostgreSQL in '%s'", with->bindir);
	const char *debian = strstr(home, DEBIAN);
	if (debian != NULL && strchr(debian + sizeof DEBIAN - 1, '/') == NULL) {
		add_debian(ret, home, (size_t)(debian - home));
	} else if (strcmp(home, "/usr") == 0 || strcmp(home, "/usr/local") == 0) {
		/* Everybody's files are there. */
		static const char *const ours[] = {"lib/postgresql", "lib64/pgsql", "share/postgresql",
						   "share/pgsql"};
		for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
			rp_argv_addf(ret, "%s/%s", home, ours[i]);
	} else {
		rp_argv_addf(ret, "%s/lib", home);
		rp_argv_addf(ret, "%s/lib64", home);
		rp_argv_addf(ret, "%s/share", home);
	}
	add_python(ret);
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}

/* What names are looked up in, and whose certificates count. */
static const char *const network[] = {"/etc/resolv.conf",
				      "/etc/hosts",
				      "/etc/nsswitch.conf",
				      "/etc/host.conf",
				      "/etc/gai.conf",
				      "/etc/services",
				      "/etc/ssl/certs",
				      "/etc/ssl/openssl.cnf",
				      "/etc/pki/tls",
				      "/etc/krb5.conf",
				      "/etc/krb5.conf.d",
				      "/usr/share/ca-certificates",
				      NULL};

static void add_if_path(struct rp_argv *ret, const char *path)
{
	if (path != NULL && path[0] == '/')
		rp_argv_add(ret, path);
}

static void add_files_of(PGconn *pg, struct rp_argv *ret)
{
	static const char *const names[] = {"passfile",	   "sslcert", "sslkey",
					    "sslrootcert", "sslcrl",  "sslcrldir"};
	PQconninfoOption *all = PQconninfo(pg);
	for (const PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (strcmp(o->keyword, names[i]) == 0)
				add_if_path(ret, o->val);
	PQconninfoFree(all);
}

/* Where libpq looks by itself when it is told nothing. */
static void add_credentials(struct rp_argv *ret)
{
	static const char *const at_home[] = {".pgpass", ".postgresql", ".pg_service.conf"};
	static const char *const variables[] = {"PGPASSFILE", "PGSERVICEFILE", "PGSYSCONFDIR"};
	const char *home = getenv("HOME"), *ticket = getenv("KRB5CCNAME");
	for (size_t i = 0; home != NULL && home[0] == '/' && i < sizeof at_home / sizeof at_home[0]; i++)
		rp_argv_addf(ret, "%s/%s", home, at_home[i]);
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		add_if_path(ret, getenv(variables[i]));
	if (ticket != NULL)
		add_if_path(ret, strncmp(ticket, "FILE:", 5) == 0 ? ticket + 5 : ticket);
}

int rp_pg_reach(struct rp_conn *c, bool credentials, struct rp_argv *ret_paths, bool *ret_network,
		struct rp_err **err)
{
	PGconn *pg = rp_pg_of(c)->pg;
	const char *host = PQhost(pg);
	/* The one socket, for its directory may be /tmp. An abstract one has no file, and belongs to the network. */
	*ret_network = host == NULL || host[0] != '/';
	if (!*ret_network)
		rp_argv_addf(ret_paths, "%s/.s.PGSQL.%s", host, PQport(pg));
	for (const char *const *path = network; *ret_network && *path != NULL; path++)
		rp_argv_add(ret_paths, *path);
	add_files_of(pg, ret_paths);
	if (credentials)
		add_credentials(ret_paths);
	return ret_paths->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}
