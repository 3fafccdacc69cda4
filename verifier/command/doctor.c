/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifier/command/commands.h"
#include "verifier/engine/db.h"
#include "verifier/engine/server.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/format.h"
#include "verifier/scratch/box.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

#define OUT_MAX	     (1u << 20)
#define SERVERS_MAX  100
#define SCRATCH_NAME "reprove-"
#define LEAST_FREE   (UINT64_C(1) << 30) /* an empty server and its log take a few hundred megabytes */

struct doctor_options {
	const char *tmpdir, *config;
};

/* A report under way, and whether a verification could begin here. */
struct examination {
	struct rp_buf *out;
	bool fit;
};

static const struct rp_option options[] = {
	{RP_OPTION_CONFIG, .at = offsetof(struct doctor_options, config)},
	{.name = "tmpdir",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 .at = offsetof(struct doctor_options, tmpdir),
	 .help = "Look there as well: what 'verify --tmpdir' would be told."},
	{0},
};
static const struct rp_example examples[] = {
	{"can this machine verify a backup", "reprove doctor"},
	{"what the configuration says of each target, after its mistakes are mended",
	 "reprove doctor --config reprove.yaml"},
	{0},
};

/* Programs of its own that a server of this version came with: only those that formats here make use of. */
static void tools(struct rp_buf *out, const struct rp_engine *e, const char *bindir)
{
	for (const struct rp_format *const *f = rp_formats; *f; f++) {
		rp_autobuf path = RP_BUF_INIT(64u << 10);

		/* Some are named by what the server is. */
		if (strcmp((*f)->engine, e->name) != 0 || !(*f)->dump || (*f)->dump[0][0] == '{')
			continue;
		rp_buf_addf(&path, "%s/%s", bindir, (*f)->dump[0]);
		if (access(rp_buf_text(&path), X_OK) < 0)
			rp_buf_addf(out, "    %s is missing there: 'seal --backup' needs it\n",
				    (*f)->dump[0]);
	}
}

/* The next version to ask for: "10.12" after "10.11.19"; "11" where that led to the same server again. */
static void step(char *wanted, size_t size, const char *version, bool same)
{
	char *end = NULL;
	unsigned long first = strtoul(version, &end, 10),
		      second = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	if (same)
		(void)snprintf(wanted, size, "%lu", first + 1);
	else
		(void)snprintf(wanted, size, "%lu.%lu", first, second + 1);
}

/* Each is the nearest one that is newer than the one before. Is there any? */
static bool servers(struct examination *x, const struct rp_engine *e)
{
	char wanted[64] = "1", last[64] = "";
	unsigned n = 0;

	rp_buf_addf(x->out, "servers of %s\n", e->name);
	for (unsigned asked = 0; asked < SERVERS_MAX; asked++) {
		struct rp_installation found = {0};
		rp_autoerr struct rp_err *err = NULL;
		const struct rp_identity like = {.engine = e->name, .version = wanted};

		if (e->hosting->choose(&found, &like, &err) < 0) {
			if (n == 0) {
				rp_buf_addf(x->out, "  none: %s\n", rp_err_text(err));
				if (rp_err_hint_text(err))
					rp_buf_addf(x->out, "  hint: %s\n", rp_err_hint_text(err));
			}
			break;
		}
		bool same = strcmp(found.version, last) == 0;
		if (!same) {
			rp_buf_add(x->out, "  ");
			rp_buf_add_plain(x->out, found.version);
			rp_buf_add(x->out, "  in ");
			rp_buf_add_plain(x->out, found.bindir);
			rp_buf_add(x->out, "\n");
			tools(x->out, e, found.bindir);
			n++;
		}
		(void)snprintf(last, sizeof(last), "%s", found.version);
		step(wanted, sizeof(wanted), last, same);
		rp_installation_done(&found);
	}
	return n > 0;
}

/* Tried as 'verify' does it: with the same flags, as the same user, with a server that is here. */
static bool box(struct examination *x, const struct rp_engine *e, struct rp_run *run)
{
	static const struct {
		enum rp_box_level level;
		const char *what;
	} levels[] = {
		{RP_BOX_NAMESPACES, "namespaces, by bubblewrap"},
		{RP_BOX_LANDLOCK, "Landlock and a filter of system calls"},
	};
	bool any = false;

	rp_buf_addf(x->out, "a box to restore %s in\n", e->name);
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		rp_autobuf why = RP_BUF_INIT(OUT_MAX);
		bool held = rp_box_try(levels[i].level, e, run, &why);

		rp_buf_addf(x->out, "  %s: ", levels[i].what);
		if (held)
			rp_buf_add(x->out, any ? "works, where the one above is not to be had\n" : "works\n");
		else
			rp_buf_add_plain(x->out, rp_buf_text(&why));
		rp_buf_add(x->out, held ? "" : "\n");
		any = any || held;
	}
	if (!any)
		rp_buf_add(x->out, "  hint: " RP_BOX_HINT "\n");
	return any;
}

static void formats(struct rp_buf *out)
{
	rp_buf_add(out, "formats that are recognised\n");
	for (const struct rp_format *const *f = rp_formats; *f; f++)
		rp_buf_addf(out, "  %s\n", (*f)->name);
	for (const struct rp_wrapping *const *w = rp_wrappings; *w; w++) {
		rp_autofree char *path = (*w)->program ? rp_program_path((*w)->program) : NULL;
		rp_buf_addf(out, "  any of them in %s%s%s\n", (*w)->name,
			    !(*w)->program ? ""
			    : path	   ? ", by "
					   : ", but its program is not installed",
			    path ? path : "");
	}
}

enum state { IN_USE, LEFT_OVER, KEPT, NONE_OF_OURS };

/* 'owner' is locked as long as its run lives, 'keep' was put there by --keep. */
static enum state state_of(int dir, const char *name)
{
	rp_autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	rp_autoclose int owner =
		fd < 0 ? -1 : openat(fd, "owner", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (owner < 0)
		return NONE_OF_OURS;
	if (faccessat(fd, "keep", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return KEPT;
	/* Shared, and let go of at once: whoever reaps meanwhile finds it busy and comes again. */
	return flock(owner, LOCK_SH | LOCK_NB) < 0 ? IN_USE : LEFT_OVER;
}

static void scratches(struct rp_buf *out, const char *base, DIR *d)
{
	static const char *const says[] = {
		[IN_USE] = "in use by a run that is under way",
		[LEFT_OVER] = "left by a run that was killed; the next one removes it",
		[KEPT] = "kept by --keep; its server is yours to stop, the directory yours to remove",
	};

	for (const struct dirent *e; (e = readdir(d));) {
		enum state s = strncmp(e->d_name, SCRATCH_NAME, sizeof(SCRATCH_NAME) - 1) == 0
				       ? state_of(dirfd(d), e->d_name)
				       : NONE_OF_OURS;
		if (s == NONE_OF_OURS)
			continue;
		rp_buf_add(out, "  ");
		rp_buf_add_plain(out, base);
		rp_buf_add(out, "/");
		rp_buf_add_plain(out, e->d_name);
		rp_buf_addf(out, ": %s\n", says[s]);
	}
}

static void directory(struct examination *x, const char *base)
{
	rp_autoerr struct rp_err *err = NULL;
	char size[RP_TIME_TEXT];
	uint64_t bytes = 0;
	DIR *d = opendir(base);

	rp_buf_add(x->out, "  ");
	rp_buf_add_plain(x->out, base);
	if (!d || access(base, W_OK | X_OK) < 0 || rp_disk_free(base, &bytes, &err) < 0) {
		rp_buf_add(x->out, ": cannot be used\n");
		x->fit = false;
	} else {
		rp_size_format(bytes, size);
		rp_buf_addf(x->out, ": %s free%s\n", size, bytes < LEAST_FREE ? ", which is little" : "");
		scratches(x->out, base, d);
	}
	if (d)
		(void)closedir(d);
}

static void directories(struct examination *x, const char *under)
{
	const char *tmp = getenv("TMPDIR");

	rp_buf_add(x->out, "directories for private servers\n");
	if (under)
		directory(x, under);
	if (tmp && *tmp && strcmp(tmp, "/tmp") != 0)
		directory(x, tmp);
	directory(x, "/tmp");
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct doctor_options *o = call->options;
	rp_autobuf out = RP_BUF_INIT(OUT_MAX);
	struct examination x = {.out = &out, .fit = true};

	rp_version(&out);
	rp_buf_add(&out, "\n");
	if (o->config && rp_doctor_config(&out, o->config, err) < 0)
		return -1;
	bool any = false;
	for (const struct rp_engine *const *e = rp_engines; *e; e++) {
		if ((*e)->hosting && servers(&x, *e))
			any = box(&x, *e, call->run) || any;
	}
	x.fit = any;
	formats(&out);
	directories(&x, o->tmpdir);
	if (rp_command_print(&out, err) < 0)
		return -1;
	return x.fit ? 0 : 2;
}

const struct rp_command rp_command_doctor = {
	.name = "doctor",
	.summary = "Tell what this machine can do: servers, formats, room, and what earlier runs have left.",
	.about =
		"Changes nothing. The exit status is 0 when a verification could begin here, of one engine at "
		"least, and 2 when it could not.",
	.options = options,
	.size = sizeof(struct doctor_options),
	.examples = examples,
	.run = run,
};
