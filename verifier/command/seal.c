/* SPDX-License-Identifier: MIT */
#include "verifier/command/seal.h"

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "verifier/command/commands.h"
#include "verifier/scan/scan.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/machine.h"
#include "verifier/util/parse.h"
#include "verifier/util/run.h"

#define SKETCH_DEFAULT	 10240	     /* names about a hundred rows that differ */
#define SKETCHES_DEFAULT (16u << 20) /* of all relations: as much as a thousand large ones take */

static int read_filters(struct sealing *s, struct rp_err **err)
{
	const char **line = s->options->filters;
	size_t n = 0;

	while (line && line[n])
		n++;
	if (n && !s->options->backup)
		return rp_err_set(err, RP_ERR_USAGE, "needs --backup FILE to write to");
	s->filters = calloc(n + 1, sizeof(*s->filters));
	if (!s->filters)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (; s->n_filters < n; s->n_filters++) {
		if (rp_words_split(line[s->n_filters], &s->filters[s->n_filters], err) < 0) {
			s->n_filters++;
			return -1;
		}
	}
	return 0;
}

/* What can be wrong with the options is found before a server is asked for anything. */
static int prepare(struct sealing *s, struct rp_err **err)
{
	const struct seal_options *o = s->options;
	const struct rp_engine *engine = rp_engine_for(o->source);
	rp_autofree char *copy = strdup(o->manifest);

	if (!copy)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (!engine) {
		rp_err_set(err, RP_ERR_USAGE, "seal: '--source' is no URI of a database that is known here");
		return rp_err_hint(err, "postgresql://user@host/database");
	}
	if (o->command && !o->backup)
		return rp_err_set(err, RP_ERR_USAGE,
				  "seal: --backup-command needs --backup FILE to write to");
	if (o->format && !o->backup)
		return rp_err_set(err, RP_ERR_USAGE, "seal: --format needs --backup FILE to write to");
	if (o->format && o->command)
		return rp_err_set(
			err, RP_ERR_USAGE,
			"seal: --format does not go with --backup-command, which decides that itself");
	if (o->no_sketch && o->sketch)
		return rp_err_set(err, RP_ERR_USAGE, "seal: --sketch does not go with --no-sketch");
	if (o->backup && strcmp(o->backup, o->manifest) == 0)
		return rp_err_set(err, RP_ERR_USAGE, "seal: manifest and backup cannot be the same file");
	if (rp_signing_key(&s->key, "key", o->key, &o->signing, s->run, err) < 0 ||
	    rp_key_try(s->key, err) < 0)
		return rp_err_wrap(err, "seal");
	/* An hour's survey that cannot be written down is an hour lost. */
	const char *dir = dirname(copy);
	if (access(dir, W_OK | X_OK) < 0)
		return rp_err_sys(err, errno, "seal: write to '%s'", dir);
	if (read_filters(s, err) < 0)
		return rp_err_wrap(err, "seal: --backup-filter");
	if (rp_stamping_make(&s->stamping, &o->stamping, s->run, err) < 0)
		return rp_err_wrap(err, "seal");
	if (o->command && rp_words_split(o->command, &s->command, err) < 0)
		return rp_err_wrap(err, "seal: --backup-command");
	const struct rp_dump_wish wish = {.engine = engine,
					  .format = o->format,
					  .command = o->command ? (const char *const *)s->command.v : NULL,
					  .filters = s->filters,
					  .n_filters = s->n_filters,
					  .path = o->backup,
					  .jobs = (unsigned)rp_command_jobs(o->jobs)};
	if (o->backup && rp_dump_new(&s->dump, &wish, err) < 0)
		return rp_err_wrap(err, "seal");
	return 0;
}

/* That there was nothing to ask about is no news. */
static bool is_noted(const struct rp_finding *f)
{
	return f->verdict != RP_PASS && !(f->excused && f->looked == 0);
}

/* An answer that is no pass: the manifest says it for as long as it is kept. A verifier that hears it again from the
 * restored copy looks for these words: checks/run.c. */
static int note(struct sealing *s, const struct rp_finding *f, struct rp_err **err)
{
	rp_autobuf reason = RP_BUF_INIT(64 << 10);

	rp_buf_addf(&reason, "%s%s%s", f->object, f->object[0] ? ": " : "", f->message ? f->message : "");
	const struct rp_coverage class = {.what = f->check, .count = 1, .reason = rp_buf_text(&reason)};
	rp_log(s->run, RP_LOG_WARNING, "%s: %s", f->check, rp_buf_text(&reason));
	return rp_buf_check(&reason, err) < 0 ? -1 : rp_survey_add_coverage(s->survey, &class, err);
}

/* Can be believed what the source says of itself? */
static int doubt(struct sealing *s, struct rp_err **err)
{
	int done = 0;

	for (const struct rp_engine_test *t = rp_db_engine(s->db)->tests; t && t->name && done == 0; t++) {
		struct rp_findings said = {0};
		rp_autoerr struct rp_err *why = NULL;

		if (!t->of_source)
			continue;
		rp_ask(&said, t->name, t->severity);
		if (t->run(rp_db_conn(s->db, 0), s->survey, &said, &why) < 0)
			rp_answer_error(&said, "", why);
		s->unanswered |= why != NULL;
		done = rp_run_check(s->run, err);
		for (size_t i = 0; i < said.n && done == 0; i++)
			done = is_noted(&said.all[i]) ? note(s, &said.all[i], err) : 0;
		rp_findings_done(&said);
	}
	return done;
}

/* What both say of where the source stood must be the same, or they are of two moments. */
static int compare_positions(const struct rp_position *sealed, const struct rp_position *told,
			     struct rp_err **err)
{
	for (size_t i = 0; i < told->n_facts; i++) {
		const struct rp_fact *f = &told->facts[i];
		const char *is = rp_position_fact(sealed, f->name);
		if (!is || strcmp(is, f->value) == 0)
			continue;
		rp_err_set(
			err, RP_ERR_ENGINE,
			"the backup is of another moment than the survey: its %s is '%.200s', and not '%.200s'",
			f->name, f->value, is);
		return rp_err_hint(err, "seal again; the backup's command must begin one transaction, once");
	}
	return 0;
}

/* The backup's own header is asked, as verify will read it. */
static int check_header(struct sealing *s, struct rp_err **err)
{
	rp_auto(rp_store) store = NULL;
	rp_auto(rp_point) point = NULL;
	rp_auto(rp_artifact) artifact = NULL;
	const struct rp_format *f = NULL;
	struct rp_identity of;
	struct rp_position at = {0};
	size_t n;

	if (strcmp(s->options->backup, "-") == 0)
		return 0;
	if (rp_store_open(&store, s->options->backup, s->run, err) < 0 ||
	    rp_store_choose(store, "newest", &point, &n, err) < 0 ||
	    rp_artifact_open(&artifact, store, point, NULL, err) < 0)
		return -1;
	/* What a person's own command wrapped it into need not be known here. */
	if (rp_format_of(&f, artifact, NULL) < 0 || !f->tell)
		return 0;
	return f->tell(artifact, &of, &at, err) < 0 ? -1 : compare_positions(&s->survey->position, &at, err);
}

static int gather(struct sealing *s, struct rp_err **err)
{
	const struct seal_options *o = s->options;
	const struct rp_scan_wish wish = {
		.sketch_bytes = o->no_sketch ? 0
				: o->sketch  ? (uint32_t)o->sketch
					     : SKETCH_DEFAULT,
		.all_sketches = o->all_sketches ? (size_t)o->all_sketches : SKETCHES_DEFAULT,
		.whole_keys = !o->fingerprint_keys,
		/* Without a backup's digest nothing less than this is a proof against somebody who forges rows. A
		 * physical backup is made by others, and has none here. */
		.strong = o->backup == NULL || o->physical,
	};

	rp_run_phase(s->run, "connect", 0, "");
	int (*open)(struct rp_db **, const char *, unsigned, struct rp_guest *, struct rp_run *,
		    struct rp_err **) = o->physical ? rp_db_open_pinpointed : rp_db_open;
	if (open(&s->db, o->source, rp_command_jobs(o->jobs), rp_dump_guest(s->dump), s->run, err) < 0)
		return rp_err_wrap(err, "seal");
	s->held_ms = rp_db_held_ms(s->db);
	rp_run_phase(s->run, "survey", 0, "");
	if (rp_survey_take(&s->survey, s->db, &wish, err) < 0)
		return rp_err_wrap(err, "seal");
	if (doubt(s, err) < 0)
		return rp_err_wrap(err, "seal");
	if (s->dump) {
		rp_run_phase(s->run, "backup", 0, "");
		rp_dump_heed(s->dump, s->run);
		if (rp_dump_finish(s->dump, &s->made, err) < 0 || check_header(s, err) < 0)
			return rp_err_wrap(err, "seal");
	}
	/* Sequences stand outside the snapshot: what the dump has lies between then and now. */
	const struct rp_engine *engine = rp_db_engine(s->db);
	if (engine->reread && engine->reread(rp_db_conn(s->db, 0), s->survey, err) < 0)
		return rp_err_wrap(err, "seal");
	return 0;
}

/* Signed, and read back as a verifier will: a manifest that cannot be opened must not be found out in a year. */
static int sign(struct sealing *s, struct rp_buf *ret, struct rp_err **err)
{
	rp_auto(rp_manifest) back = NULL;
	char host[RP_HOST_NAME];

	rp_host_name(host);
	s->target = s->options->target ? s->options->target : s->survey->identity.database;
	s->sealed_ms = rp_time_now_ms();
	struct rp_manifest m = {.target = s->target,
				.environment = s->options->environment,
				.host = host[0] ? host : NULL,
				.sealed_ms = s->sealed_ms,
				.sequence = (uint64_t)s->sealed_ms,
				.files = s->made.files,
				.n_files = s->made.n_files,
				.survey = s->survey};
	const struct rp_trusted_key own = {.key = s->key, .roles = RP_SIGNS_MANIFESTS};
	const struct rp_trust trust = {
		.keys = &own, .n_keys = 1, .threshold = 1, .target = s->target, .now_ms = s->sealed_ms};

	if (rp_manifest_sign(ret, &m, &s->key, 1, err) < 0)
		return rp_err_wrap(err, "sign");
	if (rp_manifest_open(&back, rp_buf_text(ret), ret->len, &trust, err) < 0)
		return rp_err_wrap(err, "read back what was signed");
	memcpy(s->sha256, back->sha256, sizeof(s->sha256));
	return 0;
}

static int put_down(const struct sealing *s, const struct rp_buf *envelope, struct rp_err **err)
{
	return rp_file_replace(s->options->manifest, rp_buf_text(envelope), envelope->len, 0600, err);
}

/* A manifest without its stamp is worth more than none: it has been written before an authority is waited for. */
static void stamp(struct sealing *s, struct rp_buf *envelope)
{
	rp_autoerr struct rp_err *err = NULL;

	if (!rp_stamping_wanted(&s->stamping.how) ||
	    (rp_stamping_envelope(&s->stamping, envelope, &s->stamps, &err) == 0 &&
	     put_down(s, envelope, &err) == 0))
		return;
	s->unstamped = true;
	s->stamps = 0;
	rp_err_wrap(&err, "seal: the manifest bears no time stamp");
	rp_err_hint(&err, "'reprove stamp %s' adds it when the authority can be reached",
		    s->options->manifest);
	rp_command_complain(err);
}

static int write_manifest(struct sealing *s, struct rp_err **err)
{
	rp_autobuf envelope = RP_BUF_INIT(RP_MANIFEST_MAX);

	rp_run_phase(s->run, "sign", 0, "");
	if (sign(s, &envelope, err) < 0 || put_down(s, &envelope, err) < 0) {
		rp_err_wrap(err, "seal: manifest '%s'", s->options->manifest);
		if (s->made.n_files)
			rp_err_hint(err, "the backup '%s' was written, and has no manifest",
				    s->options->backup);
		return -1;
	}
	stamp(s, &envelope);
	return 0;
}

static int seal(struct sealing *s, struct rp_err **err)
{
	if (prepare(s, err) < 0 || gather(s, err) < 0 || write_manifest(s, err) < 0 ||
	    rp_seal_tell(s, err) < 0)
		return -1;
	return rp_seal_unsurveyed(s->survey) || s->unanswered || s->unstamped ? 2 : 0;
}

static int run(const struct rp_call *call, struct rp_err **err)
{
	const struct seal_options *o = call->options;
	struct sealing s = {.options = o, .run = call->run, .began_ms = rp_run_clock_ms()};

	if (o->timeout_ms)
		call->run->deadline_ns = (rp_run_clock_ms() + o->timeout_ms) * 1000000;
	int status = seal(&s, err);
	/* The snapshot is let go of before the tool that reads it is stopped: either order ends it. */
	rp_db_close(s.db);
	rp_dump_free(s.dump);
	rp_survey_free(s.survey);
	rp_made_done(&s.made);
	rp_argv_done(&s.command);
	for (size_t i = 0; i < s.n_filters; i++)
		rp_argv_done(&s.filters[i]);
	free(s.filters);
	rp_stamping_done(&s.stamping);
	rp_key_free(s.key);
	return status;
}

const struct rp_command rp_command_seal = {
	.name = "seal",
	.summary = "Survey a database in its backup's own snapshot, and sign what was found.",
	.about =
		"Opens one snapshot, starts the backup in it, and surveys the database meanwhile: every "
		"schema object, and for every relation how many rows there are and digests of rows and "
		"columns. What was found is signed and written as a manifest, together with the backup's "
		"SHA-256. On PostgreSQL writers are not held up; on MariaDB and MySQL for the few "
		"milliseconds in which all connections take their snapshot, and the summary says how many.\n\n"
		"The exit status is 0 when all of it was surveyed, and 2 when something was not or anything "
		"went wrong.",
	.options = rp_seal_options,
	.operand = &rp_seal_target,
	.size = sizeof(struct seal_options),
	.examples = rp_seal_examples,
	.sections = rp_seal_sections,
	.run = run,
};
