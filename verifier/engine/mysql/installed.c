/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/engine/mysql/hosting.h"
#include "verifier/survey/survey.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/proc.h"
#include "verifier/util/run.h"

/* Which MariaDB and MySQL are installed on this machine. Both vendors' servers and clients go by each other's file
 * names, so every program is asked who it is. */

#define rp_autoargv rp_cleanup(rp_argv_done) struct rp_argv
#define VERSION_NS  (INT64_C(10) * 1000000000)
/* From this one on, patch releases of MySQL 8.0 bring nothing new. */
#define MYSQL_SETTLED 80034U

static const struct vendor {
	const char *name, *server_package, *client_package;
	const char *clients[3]; /* by file name, the better one first */
} vendors[] = {
	[RP_MARIADB] = {"MariaDB", "mariadb-server-core", "mariadb-client", {"mariadb", "mysql", NULL}},
	[RP_MYSQL] = {"MySQL", "mysql-server", "mysql-client", {"mysql", NULL}},
};
static const char *const servers[] = {"mariadbd", "mysqld", NULL};
static const char *const clients[] = {"mariadb", "mysql", NULL};

const char *rp_my_vendor_name(enum rp_my_vendor vendor)
{
	return vendors[vendor].name;
}

bool rp_my_release(const char *version, enum rp_my_vendor *ret_vendor, unsigned *ret_release)
{
	struct rp_my_traits is;
	if (version == NULL || !rp_my_traits_of(version, &is))
		return false;
	*ret_vendor = is.vendor;
	*ret_release = is.version / 100 * 100;
	if (is.vendor == RP_MYSQL && *ret_release == 80000)
		*ret_release = is.version < MYSQL_SETTLED ? is.version : MYSQL_SETTLED;
	return true;
}

/* Who names directories in REPROVE_SERVERS means these and no others: of programs, or those above them. In this
 * order: of two of one version the first is taken. */
static void add_all(struct rp_argv *dirs)
{
	const char *named = getenv("REPROVE_SERVERS");
	if (named != NULL && named[0] != '\0') {
		rp_argv_add_path(dirs, named);
		return;
	}
	rp_argv_add(dirs, "/usr");		     /* the distributions' */
	rp_argv_add(dirs, "/usr/local");	     /* make install */
	rp_argv_add_glob(dirs, "/usr/local/mysql*"); /* the vendors' own archives */
	rp_argv_add_glob(dirs, "/usr/local/mariadb*");
	rp_argv_add_glob(dirs, "/opt/mysql*");
	rp_argv_add_glob(dirs, "/opt/mariadb*");
	rp_argv_add_path(dirs, getenv("PATH"));
}

/* Append the real paths of what goes by these names, each once. */
static void add_programs(struct rp_argv *found, const char *dir, const char *const *names)
{
	static const char *const below[] = {"", "/sbin", "/bin", "/libexec"};
	for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
		for (const char *const *name = names; *name != NULL; name++) {
			rp_autobuf path = RP_BUF_INIT(8 << 10);
			rp_buf_addf(&path, "%s%s/%s", dir, below[i], *name);
			rp_autofree char *real = access(rp_buf_text(&path), X_OK) == 0
							 ? realpath(rp_buf_text(&path), NULL)
							 : NULL;
			bool there = real == NULL;
			for (size_t j = 0; j < found->n && !there; j++)
				there = strcmp(found->v[j], real) == 0;
			if (!there)
				rp_argv_add(found, real);
		}
}

/* A script cannot be put into the box, which has no shell. */
static bool is_script(const char *path)
{
	char head[2] = "";
	rp_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, head, sizeof head) == sizeof head && head[0] == '#' && head[1] == '!';
}

/* "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for ..."; "mysql  Ver 9.7.4-2 for ..."; "mariadb  Ver 15.1 Distrib
 * 10.5.23-MariaDB, for ..."; "mariadb from 11.8.6-MariaDB, client 15.2 for ...". */
static char *version_in(const char *said)
{
	static const char *const marks[] = {" Distrib ", " from ", " Ver "};
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const char *at = strstr(said, marks[i]);
		struct rp_my_traits is;
		if (at == NULL)
			continue;
		at += strlen(marks[i]);
		rp_autofree char *version = strndup(at, strcspn(at, " ,\r\n"));
		if (version != NULL && rp_my_traits_of(version, &is))
			return rp_take(version);
	}
	return NULL;
}

static char *version_of(const char *path)
{
	rp_autoargv argv = {0};
	rp_argv_add(&argv, path);
	rp_argv_add(&argv, "--no-defaults");
	rp_argv_add(&argv, "--version");
	if (argv.failed)
		return NULL;
	struct rp_run soon = {.cancel_fd = -1, .deadline_ns = rp_run_clock_ms() * 1000000 + VERSION_NS};
	struct rp_program p = RP_PROGRAM_INIT;
	p.argv = argv.v;
	rp_autobuf out = RP_BUF_INIT(1024);
	if (rp_proc_run(&p, NULL, &out, NULL, &soon, NULL) != 0)
		return NULL;
	const char *said = rp_buf_text(&out);
	size_t n = strlen(path);
	return version_in(strncmp(said, path, n) == 0 ? said + n : said);
}

/* What is looked for. */
struct wish {
	enum rp_my_vendor vendor;
	bool any;	  /* of either vendor */
	unsigned release; /* at least; 0: the newest */
	bool server;	  /* and not its tools alone */
};

static struct wish wish_for(const struct rp_identity *like, bool server)
{
	struct wish w = {.any = true, .server = server};
	uint64_t number;
	if (like == NULL || like->version == NULL)
		return w;
	if (rp_my_release(like->version, &w.vendor, &w.release))
		w.any = false;
	else if (rp_parse_u64(like->version, 0, 99, &number)) /* "doctor" counts up */
		w.release = (unsigned)number * 10000;
	return w;
}

struct found {
	enum rp_my_vendor vendor;
	unsigned release;
	struct rp_installation is;
};

static void found_done(struct found *f)
{
	rp_installation_done(&f->is);
}

/* The wanted release, else the nearest newer one; the newest when none is wanted. */
static bool is_better(const struct found *have, const struct found *best, const struct wish *w)
{
	if (have->release < w->release || (!w->any && have->vendor != w->vendor))
		return false;
	if (best->is.version == NULL)
		return true;
	return w->release == 0 ? have->release > best->release : have->release < best->release;
}

static char *directory_of(const char *path)
{
	return strndup(path, (size_t)(strrchr(path, '/') - path));
}

/* Beside the server, or in the bin/ beside its directory. */
static void find_client(struct found *f)
{
	static const char *const where[] = {"", "/../bin"};
	rp_autofree char *dir = directory_of(f->is.server);
	for (size_t i = 0; dir != NULL && i < sizeof where / sizeof where[0]; i++)
		for (const char *const *name = vendors[f->vendor].clients; *name != NULL; name++) {
			rp_autobuf path = RP_BUF_INIT(8 << 10);
			rp_buf_addf(&path, "%s%s", dir, where[i]);
			rp_autofree char *bindir = realpath(rp_buf_text(&path), NULL);
			rp_buf_addf(&path, "/%s", *name);
			if (bindir == NULL || access(rp_buf_text(&path), X_OK) < 0 ||
			    is_script(rp_buf_text(&path)))
				continue;
			f->is.bindir = rp_take(bindir);
			f->is.tool = *name;
			return;
		}
}

/* What this program is, and whether it can be made use of: why not goes to 'seen'. */
static bool look_at(const char *path, const struct wish *w, struct found *ret, struct rp_buf *seen)
{
	rp_cleanup(found_done) struct found f = {0};
	f.is.version = version_of(path);
	if (f.is.version == NULL || !rp_my_release(f.is.version, &f.vendor, &f.release))
		return false;
	rp_buf_addf(seen, "%s%s %.*s", seen->len > 0 ? ", " : "", vendors[f.vendor].name,
		    (int)strspn(f.is.version, "0123456789."), f.is.version);
	if (is_script(path)) {
		rp_buf_add(seen, " (a script, where its program is needed)");
		return false;
	}
	if (w->server) {
		f.is.server = strdup(path);
		if (f.is.server != NULL)
			find_client(&f);
	} else {
		/* By the name under which it is this vendor's. */
		f.is.bindir = directory_of(path);
		f.is.tool = strcmp(strrchr(path, '/') + 1, "mariadb") == 0 ? clients[0] : clients[1];
	}
	if (f.is.bindir == NULL) {
		rp_buf_addf(seen, " (without the package '%s')", vendors[f.vendor].client_package);
		return false;
	}
	*ret = f;
	f = (struct found){0};
	return true;
}

static int find(struct rp_installation *ret, const struct wish *w, struct rp_buf *seen, struct rp_err **err)
{
	rp_autoargv dirs = {0};
	rp_autoargv programs = {0};
	add_all(&dirs);
	for (size_t i = 0; i < dirs.n; i++)
		add_programs(&programs, dirs.v[i], w->server ? servers : clients);
	if (dirs.failed || programs.failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	rp_cleanup(found_done) struct found best = {0};
	for (size_t i = 0; i < programs.n; i++) {
		rp_cleanup(found_done) struct found one = {0};
		if (!look_at(programs.v[i], w, &one, seen) || !is_better(&one, &best, w))
			continue;
		found_done(&best);
		best = one;
		one = (struct found){0};
	}
	*ret = best.is;
	best.is = (struct rp_installation){0};
	return 0;
}

static int find_or_say(struct rp_installation *ret, const struct rp_identity *like, bool server,
		       struct rp_err **err)
{
	const struct wish w = wish_for(like, server);
	const struct vendor *v = &vendors[w.vendor];
	rp_autobuf seen = RP_BUF_INIT(16 << 10);
	if (find(ret, &w, &seen, err) < 0)
		return -1;
	if (ret->bindir != NULL)
		return 0;
	const char *what = server ? "" : "client of ";
	const char *others = seen.len > 0 ? rp_buf_text(&seen) : "none";
	if (w.any)
		rp_err_set(err, RP_ERR_ENGINE, "no %sMariaDB or MySQL is installed here (found: %s)", what,
			   others);
	else
		rp_err_set(err, RP_ERR_ENGINE, "no %s%s %u.%u or newer is installed here (found: %s)", what,
			   v->name, w.release / 10000, w.release / 100 % 100, others);
	return rp_err_hint(err,
			   "install the package '%s'%s%s%s, or name the directory that it lies in in "
			   "REPROVE_SERVERS",
			   server ? v->server_package : v->client_package, server ? " and '" : "",
			   server ? v->client_package : "", server ? "'" : "");
}

int rp_my_choose(struct rp_installation *ret, const struct rp_identity *sealed, struct rp_err **err)
{
	return find_or_say(ret, sealed, true, err);
}

int rp_my_tools(struct rp_installation *ret, const struct rp_identity *server, struct rp_err **err)
{
	return find_or_say(ret, server, false, err);
}
