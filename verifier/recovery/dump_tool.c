/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "verifier/engine/server.h"
#include "verifier/recovery/dump.h"
#include "verifier/recovery/format.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* Shown at most of one line of the tool's. */
#define PLAIN_MAX (64 << 10)

const char *rp_dump_fact(const struct rp_fact *how, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(how[i].name, name) == 0)
			return how[i].value;
	return NULL;
}

/* "custom" of "pg_dump custom"; a name of one word is all of it. */
static const char *last_word(const char *name)
{
	const char *space = strrchr(name, ' ');
	return space != NULL ? space + 1 : name;
}

/* A command of a person's own that begins with the same tool: then its talk is known. */
static bool runs_tool_of(const char *const *command, const struct rp_format *f)
{
	if (command == NULL || command[0] == NULL)
		return false;
	const char *slash = strrchr(command[0], '/');
	return strcmp(slash != NULL ? slash + 1 : command[0], f->dump[0]) == 0;
}

int rp_dump_format(const struct rp_dump_wish *wish, const struct rp_format **ret, struct rp_err **err)
{
	rp_autobuf known = RP_BUF_INIT(4096);
	*ret = NULL;
	for (const struct rp_format *const *f = rp_formats; *f != NULL; f++) {
		if ((*f)->dump == NULL || strcmp((*f)->engine, wish->engine->name) != 0)
			continue;
		rp_buf_addf(&known, "%s%s", known.len > 0 ? ", " : "", last_word((*f)->name));
		bool named = wish->format != NULL ? strcmp(last_word((*f)->name), wish->format) == 0
						  : runs_tool_of(wish->command, *f);
		if (named) {
			*ret = *f;
			return 0;
		}
		if (*ret == NULL && wish->format == NULL)
			*ret = *f;
	}
	if (*ret != NULL || (wish->command != NULL && wish->command[0] != NULL))
		return 0;
	if (known.len == 0)
		return rp_err_set(err, RP_ERR_USAGE,
				  "there is no way to back up '%s' that is known here; name a command",
				  wish->engine->name);
	return rp_err_set(err, RP_ERR_USAGE, "'%s' is no format that is made of '%s' here; there are %s",
			  wish->format, wish->engine->name, rp_buf_text(&known));
}

/* The tools of the server's own version, where it says which that is and they are here; else what PATH has. */
int rp_dump_find(const struct rp_engine *engine, bool own, struct rp_argv *argv, const struct rp_fact *how,
		 size_t n, struct rp_err **err)
{
	const struct rp_hosting *h = engine->hosting;
	const struct rp_identity id = {.engine = engine->name, .version = rp_dump_fact(how, n, "version")};
	if (strchr(argv->v[0], '/') != NULL || id.version == NULL || h == NULL)
		return 0;
	rp_cleanup(rp_installation_done) struct rp_installation with = {0};
	/* A user's own command may need no tool of ours. */
	if (h->tools(&with, &id, own ? NULL : err) < 0)
		return own ? 0 : -1;
	rp_autofree char *path = NULL;
	if (asprintf(&path, "%s/%s", with.bindir, argv->v[0]) < 0) {
		path = NULL;
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	if (access(path, X_OK) == 0) {
		free(argv->v[0]);
		argv->v[0] = rp_take(path);
	}
	return 0;
}

/* Our whole environment, for a person's passwords and certificates are found through it; over that, what the address
 * of the source says; over that, where the survey is in fact connected: an address may name several hosts. */
int rp_dump_environment(const struct rp_engine *engine, const struct rp_format *format, struct rp_argv *ret,
			const struct rp_fact *how, size_t n, struct rp_err **err)
{
	const struct rp_hosting *h = engine->hosting;
	const char *uri = rp_dump_fact(how, n, "uri");
	rp_cleanup(rp_argv_done) struct rp_argv address = {0};
	for (char **v = environ; *v != NULL; v++)
		rp_argv_add(ret, *v);
	if (uri != NULL && h != NULL && h->environment(uri, &address, err) < 0)
		return -1;
	for (size_t i = 0; i < address.n; i++)
		if (strncmp(address.v[i], "PATH=", 5) != 0)
			rp_dump_replace(ret, address.v[i]);
	return rp_dump_variables(ret, format != NULL ? format->dump_environment : NULL, how, n, err);
}

int rp_dump_complain(const char *how, const char *said, size_t len, struct rp_err **err)
{
	rp_autofree char *first = strndup(said, len);
	rp_autobuf plain = RP_BUF_INIT(PLAIN_MAX);
	rp_buf_add_plain(&plain, first != NULL ? first : "");
	return rp_err_set(err, RP_ERR_ENGINE, "the backup's command failed: %s%s%s", how,
			  plain.len > 0 ? ": " : "", rp_buf_text(&plain));
}

/* Line by line, for tools that end well after something was left out. */
const char *rp_dump_after_warnings(const char *said, bool (*harmless)(const char *, size_t))
{
	for (const char *line = said; harmless != NULL && *line != '\0';) {
		size_t len = strcspn(line, "\n");
		if (!harmless(line, len))
			return line;
		line += len + (line[len] == '\n');
	}
	return said;
}

static bool is_expected(const char *line, size_t len, const char *const *expected)
{
	for (; expected != NULL && *expected != NULL; expected++)
		if (memmem(line, len, *expected, strlen(*expected)) != NULL)
			return true;
	return false;
}

int rp_dump_judge(const char *said, bool (*harmless)(const char *, size_t), const char *const *expected,
		  struct rp_run *run, struct rp_err **err)
{
	for (const char *line = said; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		if (!harmless(line, len))
			return rp_dump_complain("it ended well, but said", line, len, err);
		if (len > 0 && run != NULL && !is_expected(line, len, expected))
			rp_log(run, RP_LOG_WARNING, "backup: %.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	return 0;
}
