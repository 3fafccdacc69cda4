/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/engine/mysql/catalog.h"
#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/fd.h"
#include "verifier/util/run.h"

/* A private server's directory of plugins is ours, and empty: what is not there nobody loads. Those few go into it
 * without which a sealed database cannot be made again at all, when it needs them: the vendor's own files, of this
 * very installation, that compute or keep rows and do nothing else. */

#define PLUGIN_MAX (64U << 20)

static const struct plugin {
	const char *file;
	enum rp_my_vendor vendor;
	const char *engine;	  /* tables that are kept by it */
	const char *functions[3]; /* that stand in definitions */
	const char *component;	  /* it is one, and this installs it */
} plugins[] = {
	{"ha_archive.so", RP_MARIADB, "ARCHIVE", {NULL}, NULL},
	{"ha_blackhole.so", RP_MARIADB, "BLACKHOLE", {NULL}, NULL},
	/* Part of every server before 9.6. */
	{"component_classic_hashing.so",
	 RP_MYSQL,
	 NULL,
	 {"md5(", "sha(", "sha1("},
	 "INSTALL COMPONENT 'file://component_classic_hashing'"},
};
#define N_PLUGINS (sizeof plugins / sizeof plugins[0])

static bool is_named_in(const struct rp_object *o, const struct plugin *p)
{
	const char *engine = rp_object_fact(o, RP_MY_FACT_ENGINE);
	if (p->engine != NULL && engine != NULL && strcasecmp(engine, p->engine) == 0)
		return true;
	for (size_t i = 0; i < sizeof p->functions / sizeof p->functions[0]; i++)
		if (p->functions[i] != NULL && o->definition != NULL &&
		    strcasestr(o->definition, p->functions[i]) != NULL)
			return true;
	return false;
}

static bool is_needed(const struct rp_survey *sealed, const struct plugin *p)
{
	for (size_t i = 0; sealed != NULL && i < sealed->n_objects; i++)
		if (is_named_in(&sealed->objects[i], p))
			return true;
	return false;
}

/* Where this installation has it, if it does. false: it may be built in, or the server says what it misses. */
static bool find(const char *base, const char *file, struct rp_buf *ret)
{
	static const char *const places[] = {"lib/mysql/plugin", "lib64/mysql/plugin", "lib/plugin",
					     "lib64/plugin"};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		rp_buf_reset(ret);
		rp_buf_addf(ret, "%s/%s/%s", base, places[i], file);
		if (access(rp_buf_text(ret), R_OK) == 0)
			return true;
	}
	return false;
}

static int copy(const char *from, const char *dir, const char *file, struct rp_err **err)
{
	rp_autobuf all = RP_BUF_INIT(PLUGIN_MAX);
	rp_autobuf to = RP_BUF_INIT(8 << 10);
	rp_buf_addf(&to, "%s/%s", dir, file);
	return rp_file_read(from, &all, err) < 0 || rp_buf_check(&to, err) < 0
		       ? -1
		       : rp_file_replace(rp_buf_text(&to), rp_buf_text(&all), all.len, 0644, err);
}

int rp_my_plugins_bring(const struct rp_place *p, const char *dir, struct rp_err **err)
{
	struct rp_my_traits is;
	rp_autofree char *base = rp_my_base(&p->with);
	if (rp_dir_make(dir, 0755, err) < 0)
		return -1;
	if (base == NULL || !rp_my_traits_of(p->with.version, &is))
		return 0;
	for (size_t i = 0; i < N_PLUGINS; i++) {
		rp_autobuf path = RP_BUF_INIT(8 << 10);
		if (plugins[i].vendor == is.vendor && is_needed(p->sealed, &plugins[i]) &&
		    find(base, plugins[i].file, &path) &&
		    copy(rp_buf_text(&path), dir, plugins[i].file, err) < 0)
			return -1;
	}
	return 0;
}

void rp_my_plugins_load(const char *dir, struct rp_argv *line)
{
	for (size_t i = 0; i < N_PLUGINS; i++) {
		rp_autobuf path = RP_BUF_INIT(8 << 10);
		rp_buf_addf(&path, "%s/%s", dir, plugins[i].file);
		if (plugins[i].component == NULL && access(rp_buf_text(&path), R_OK) == 0)
			rp_argv_addf(line, "--plugin-load-add=%s", plugins[i].file);
	}
}

void rp_my_plugins_install(struct rp_my_conn *c, const struct rp_survey *sealed)
{
	for (size_t i = 0; i < N_PLUGINS; i++) {
		rp_autoerr struct rp_err *why = NULL;
		if (plugins[i].component == NULL || plugins[i].vendor != c->is.vendor ||
		    !is_needed(sealed, &plugins[i]))
			continue;
		/* An older server has all that is in it without; where it is missed, the restore says by what. */
		if (rp_my_exec(c, plugins[i].component, &why) < 0)
			rp_log(c->base.run, RP_LOG_DEBUG, "%s: %s", plugins[i].component, rp_err_text(why));
	}
}
