/* SPDX-License-Identifier: MIT */
#include "verifier/command/population.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/config/config.h"
#include "verifier/ledger/history.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* The target's own word, or else the defaults'. */
static const struct rp_setting *setting(const struct rp_config *c, const struct rp_settings *t,
					const char *key)
{
	const struct rp_setting *own = rp_settings_find(t, key);

	return own ? own : rp_settings_find(&c->defaults, key);
}

static bool is_same_directory(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

static int full_path(const struct rp_config *c, const char *path, struct rp_arena *memory, const char **ret,
		     struct rp_err **err)
{
	rp_autobuf full = RP_BUF_INIT(64u << 10);

	rp_buf_addf(&full, "%s%s%s", path[0] == '/' ? "" : c->base, path[0] == '/' ? "" : "/", path);
	if (rp_buf_check(&full, err) < 0)
		return -1;
	*ret = rp_arena_strdup(memory, rp_buf_text(&full));
	return *ret ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int take(struct rp_wanted_target *to, const struct rp_config *c, const struct rp_settings *t,
		const char *ledger, struct rp_arena *memory, struct rp_err **err)
{
	const struct rp_setting *due = setting(c, t, "due"), *kept = setting(c, t, "ledger");
	const struct rp_setting *excluded = rp_settings_find(t, "excluded");

	*to = (struct rp_wanted_target){.name = t->name, .excluded = excluded ? excluded->values[0] : NULL};
	/* Options are checked when they are read; this is the same text. */
	if (due && !rp_parse_duration(due->values[0], &to->due_ms))
		return rp_err_set(err, RP_ERR_CONFIG, "'%s', line %u: '%s' is no time as 92d", c->path,
				  due->line, due->values[0]);
	if (!ledger || !kept)
		return 0;
	if (full_path(c, kept->values[0], memory, &to->elsewhere, err) < 0)
		return -1;
	if (is_same_directory(ledger, to->elsewhere))
		to->elsewhere = NULL;
	return 0;
}

int rp_wanted_targets_load(struct rp_wanted_targets *ret, struct rp_arena *memory, const char *path,
			   const char *ledger, struct rp_err **err)
{
	struct rp_config c;

	*ret = (struct rp_wanted_targets){.path = path ? path : getenv("REPROVE_CONFIG")};
	if (!ret->path || !*ret->path) {
		ret->path = NULL;
		return 0;
	}
	if (rp_config_load(&c, memory, ret->path, err) < 0)
		return -1;
	ret->all = rp_arena_array(memory, c.n_targets + 1, sizeof(*ret->all));
	if (!ret->all)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (; ret->n < c.n_targets; ret->n++) {
		if (take(&ret->all[ret->n], &c, &c.targets[ret->n], ledger, memory, err) < 0)
			return -1;
	}
	return 0;
}

const struct rp_wanted_target *rp_wanted_target(const struct rp_wanted_targets *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(w->all[i].name, name) == 0)
			return &w->all[i];
	}
	return NULL;
}

const char *rp_target_state(const struct rp_wanted_target *w, const struct rp_target_history *t,
			    int64_t due_ms, int64_t now_ms)
{
	if (w && w->excluded)
		return "excluded";
	if (w && w->elsewhere)
		return "kept in another ledger";
	if (!t || t->n == 0)
		return "never run";
	if (t->open > 0)
		return "failed";
	if (due_ms ? rp_history_overdue(t, due_ms, now_ms) : false)
		return "overdue";
	return t->last_pass ? "proved" : "untold";
}
