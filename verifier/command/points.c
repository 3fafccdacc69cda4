/* SPDX-License-Identifier: MIT */
#include "verifier/command/points.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/command/unwrapping.h"
#include "verifier/config/trust_store.h"
#include "verifier/recovery/artifact.h"
#include "verifier/recovery/choose.h"
#include "verifier/recovery/format.h"
#include "verifier/recovery/store.h"
#include "verifier/result/result.h"
#include "verifier/survey/survey.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define OUT_MAX	 (256u << 20)
#define TEXT_MAX (64u << 10)

struct points_options {
	const char *place, *manifests;
	const char **trust;
	struct unwrapping_options unwrapping;
	bool digest, json;
};

#define AT(member) .at = offsetof(struct points_options, member)
static const struct rp_option options[] = {
	{.name = "manifests",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(manifests),
	 .help = "Where the manifests are; beside the backups when it is not given."},
	{.name = "trust",
	 .type = RP_OPTION_FILES,
	 .value = "PUB",
	 AT(trust),
	 .help = "A public key whose signature counts. A backup is then called sealed only by a manifest that it has "
		 "signed; without it, signatures are not looked at. May be given more than once."},
	{.name = "digest",
	 .type = RP_OPTION_FLAG,
	 AT(digest),
	 .help = "Read every backup that a manifest names to its end, and call it sealed only when its SHA-256 is that of "
		 "the manifest. Without it names and sizes are compared."},
	RP_UNWRAPPING_OPTIONS(points_options, unwrapping),
	{.name = "json", .type = RP_OPTION_FLAG, AT(json), .help = "Print the list as JSON."},
	{0},
};
static const struct rp_operand place = {
	.value = "DIR",
	.help = "A directory of backups, with all below it; or one backup.",
	.type = RP_OPTION_DIR,
	AT(place),
	.required = true,
};
static const struct rp_example examples[] = {
	{"what lies there", "reprove points /backups/shop"},
	{"which of them are what a trusted key has sealed, byte for byte",
	 "reprove points --trust reprove.pub --digest /backups/shop"},
	{0},
};
static const struct rp_section sections[] = {
	{"WHAT IS LISTED",
	 "Each regular file below DIR, and each directory that is one backup (pg_dump's directory format, a base backup, "
	 "mydumper's output and so on), newest first. They are recognised by their content. The time is when the newest of a "
	 "backup's files was written. Manifests, keys, lists of digests, archived logs, links and pipes are counted at the "
	 "end. Hidden files are left out.\n\n"
	 "'sealed' says that a manifest is of a file of this name and size, no more. With --trust the manifest's signature "
	 "has been checked, with --digest the file's bytes. That a backup restores is told by reprove-verify(1) alone."},
	{0},
};

struct looking {
	const struct points_options *options;
	struct rp_store *store;
	struct unwrapping unwrapping;
	struct seals seals;
	struct listing_of list;
	struct rp_arena *memory;
	bool failed;
};

static const char *keep(struct looking *l, const char *text)
{
	const char *kept = text && *text ? rp_arena_strdup(l->memory, text) : NULL;

	l->failed = l->failed || (text && *text && !kept);
	return kept;
}

/* "gzip, openssl-enc", outermost first. */
static const char *wrappings(struct looking *l, const struct rp_artifact *a)
{
	rp_autobuf text = RP_BUF_INIT(TEXT_MAX);

	for (size_t i = 0; a->wrapped[i]; i++)
		rp_buf_addf(&text, "%s%s", i ? ", " : "", a->wrapped[i]);
	return keep(l, rp_buf_text(&text));
}

/* What a backup tells besides its identity: where it stands in a log, and which tool made it. */
static void tell_facts(struct looking *l, const struct rp_position *at, struct row *r)
{
	static const char *const places[] = {"lsn", "binlog", "gtid"};
	rp_autobuf position = RP_BUF_INIT(TEXT_MAX), tool = RP_BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < at->n_facts; i++) {
		bool is_place = false;
		for (size_t k = 0; k < sizeof(places) / sizeof(*places); k++)
			is_place = is_place || strcmp(at->facts[i].name, places[k]) == 0;
		struct rp_buf *to = is_place ? &position : &tool;
		rp_buf_addf(to, "%s%s %s", to->len ? ", " : "", at->facts[i].name, at->facts[i].value);
	}
	r->position = keep(l, rp_buf_text(&position));
	r->tool = keep(l, rp_buf_text(&tool));
}

static void note(struct looking *l, struct row *r, const struct rp_err *why)
{
	enum rp_err_kind kind = rp_err_kind(why);

	r->note = keep(l, rp_err_text(why));
	r->unseen = r->unseen || kind != RP_ERR_BACKUP;
}

static void look_at(struct looking *l, const struct rp_point *p, struct row *r)
{
	rp_autoerr struct rp_err *why = NULL;
	rp_auto(rp_artifact) a = NULL;
	const struct rp_format *f = NULL;
	struct rp_identity id = {0};
	struct rp_position at = {0};

	if (rp_artifact_open(&a, l->store, p, &l->unwrapping.how, &why) < 0) {
		note(l, r, why);
		return;
	}
	r->wrapped = wrappings(l, a);
	if (rp_format_of(&f, a, &why) < 0) {
		note(l, r, why);
	} else {
		r->format = f->name;
		r->engine = f->engine;
		if (f->tell && f->tell(a, &id, &at, &why) < 0)
			note(l, r, why);
		r->server = keep(l, id.version);
		r->database = keep(l, id.database);
		tell_facts(l, &at, r);
	}
	rp_autoerr struct rp_err *unread = NULL;
	const struct seal *seal = seals_of(&l->seals, p, l->options->digest ? a : NULL, &r->how, &unread);
	if (unread)
		note(l, r, unread);
	if (seal) {
		r->sealed = seal->name;
		r->target = seal->target;
	} else if (r->how && !r->note) {
		r->note = r->how;
	}
}

static int list_one(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct looking *l = ctx;
	struct listing_of *list = &l->list;

	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct row *all = reallocarray(list->all, room, sizeof(*all));
		if (!all)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		list->all = all;
		list->room = room;
	}
	struct row r = {.name = keep(l, p->id),
			.taken_ms = p->taken_ms,
			.bytes = p->size,
			.files = p->n_files,
			.aside = p->aside   ? p->aside
				 : p->fault ? NULL
					    : rp_point_beside(l->store, p)};
	if (!r.aside)
		look_at(l, p, &r);
	if (l->failed || !r.name)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	list->all[list->n++] = r;
	return 0;
}

static int gather(struct looking *l, const struct rp_trust *trust, struct rp_run *run, struct rp_err **err)
{
	const struct points_options *o = l->options;
	rp_auto(rp_store) beside = NULL;

	l->seals = (struct seals){.store = l->store, .memory = l->memory, .trust = trust};
	if (!o->manifests)
		return seals_gather(&l->seals, err);
	if (rp_store_open(&beside, o->manifests, run, err) < 0)
		return -1;
	l->seals.store = beside;
	return seals_gather(&l->seals, err);
}

static int print(struct looking *l, struct rp_err **err)
{
	rp_autobuf out = RP_BUF_INIT(OUT_MAX);

	l->list.place = l->options->place;
	l->list.refused = l->seals.refused;
	l->list.refusal = l->seals.refusal;
	if (!l->options->json)
		points_for_people(&l->list, &out);
	else if (points_for_scripts(&l->list, &out, err) < 0)
		return -1;
	if (rp_command_print(&out, err) < 0)
		return -1;
	for (size_t i = 0; i < l->list.n; i++) {
		if (l->list.all[i].unseen)
			return RP_INCONCLUSIVE;
	}
	return 0;
}

static int look(struct looking *l, struct rp_run *run, struct rp_err **err)
{
	struct rp_trust_store store = {0};
	int status = -1;

	if (rp_unwrapping_make(&l->unwrapping, &l->options->unwrapping, run, err) < 0 ||
	    rp_arena_new(&l->memory, err) < 0 || rp_store_open(&l->store, l->options->place, run, err) < 0)
		return -1;
	if (rp_trust_store_add_all(&store, l->memory, l->options->trust, RP_SIGNS_MANIFESTS, err) < 0) {
		rp_trust_store_done(&store);
		return -1;
	}
	struct rp_trust trust = {.threshold = 1, .any_target = true, .now_ms = rp_time_now_ms()};
	rp_trust_store_lend(&store, &trust);
	if (gather(l, l->options->trust ? &trust : NULL, run, err) == 0 &&
	    l->store->driver->list(l->store, list_one, l, err) == 0)
		status = print(l, err);
	rp_trust_store_done(&store);
	return status;
}

static int run_points(const struct rp_call *call, struct rp_err **err)
{
	struct looking l = {.options = call->options};
	int status = look(&l, call->run, err);

	free(l.seals.all);
	free(l.list.all);
	rp_store_close(l.store);
	rp_unwrapping_done(&l.unwrapping);
	rp_arena_free(l.memory);
	return status < 0 ? rp_err_wrap(err, "points") : status;
}

const struct rp_command rp_command_points = {
	.name = "points",
	.summary = "List the backups in a directory: what they are, and which are sealed.",
	.about =
		"Recognises backups by their content and says of each its format, the versions of server and tool, its size "
		"and time, how it is compressed or encrypted, and whether a manifest is of it. Nothing is restored.\n\n"
		"Ends with 2 when something could not be looked at; that a file is no backup of a known format is an "
		"answer.",
	.options = options,
	.operand = &place,
	.size = sizeof(struct points_options),
	.examples = examples,
	.sections = sections,
	.run = run_points,
};
