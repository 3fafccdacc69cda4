/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/choose.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "verifier/recovery/format.h"
#include "verifier/survey/survey.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

/* A place in a log: the file's number or the upper half, and what is within. */
struct place {
	bool known;
	uint64_t file, at;
};

struct choosing {
	struct rp_store *store;
	const struct rp_pick *pick;
	const struct rp_unwrapping *how;
	struct rp_choice *choice;
	struct place wanted, best; /* by position */
	ssize_t chosen;		   /* -1: none yet */
	unsigned alike; /* how much the chosen one is like the sealed files: 1 by name, 2 by size, too */
	size_t untold;	/* candidates that tell no position */
};

void rp_choice_done(struct rp_choice *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->all[i].id);
	free(c->all);
	free(c->seed);
	*c = (struct rp_choice){0};
}

/* "0/3000060". */
static bool parse_lsn(const char *text, struct place *ret)
{
	char *end = NULL;
	size_t high = strspn(text, "0123456789abcdefABCDEF");
	size_t low = text[high] == '/' ? strspn(text + high + 1, "0123456789abcdefABCDEF") : 0;
	if (high == 0 || high > 8 || low == 0 || low > 8 || text[high + 1 + low] != '\0')
		return false;
	*ret = (struct place){
		.known = true, .file = strtoull(text, &end, 16), .at = strtoull(text + high + 1, NULL, 16)};
	return true;
}

/* "mariadb-bin.000003:4567". */
static bool parse_binlog(const char *text, struct place *ret)
{
	const char *colon = strrchr(text, ':');
	const char *dot = colon;
	char number[24];
	struct place p = {.known = true};
	while (dot != NULL && dot > text && *dot != '.')
		dot--;
	if (dot == NULL || *dot != '.' || (size_t)(colon - dot) > sizeof number)
		return false;
	(void)snprintf(number, sizeof number, "%.*s", (int)(colon - dot - 1), dot + 1);
	if (!rp_parse_u64(number, 0, UINT64_MAX, &p.file) || !rp_parse_u64(colon + 1, 0, UINT64_MAX, &p.at))
		return false;
	*ret = p;
	return true;
}

/* How a position is asked for, what formats call it, how it is read. */
static const struct {
	const char *word, *fact;
	bool (*parse)(const char *text, struct place *ret);
} positions[] = {
	{"lsn:", "lsn", parse_lsn},
	{"binlog:", "binlog", parse_binlog},
};
#define POSITIONS (sizeof positions / sizeof positions[0])

static size_t position_kind(const char *text)
{
	size_t i = 0;
	while (i < POSITIONS && strncmp(text, positions[i].word, strlen(positions[i].word)) != 0)
		i++;
	return i;
}

int rp_pick_at(struct rp_pick *ret, const char *text, struct rp_err **err)
{
	struct place p;
	size_t i = position_kind(text);
	if (i < POSITIONS && positions[i].parse(text + strlen(positions[i].word), &p)) {
		ret->position = text;
		return 0;
	}
	ret->by_time = rp_time_parse(strncmp(text, "time:", 5) == 0 ? text + 5 : text, &ret->at_ms);
	if (ret->by_time)
		return 0;
	return rp_err_set(err, RP_ERR_USAGE,
			  "'%s' is no time like 2026-11-21T06:00:00Z, and no place in a log like "
			  "lsn:0/3000060 or binlog:FILE:POSITION",
			  text);
}

static bool is_before(struct place a, struct place b)
{
	return a.file != b.file ? a.file < b.file : a.at < b.at;
}

/* What a backup says of its place in the log. One that cannot be opened, or does not tell, has none. */
static struct place position_of(struct choosing *c, const struct rp_point *p)
{
	size_t kind = position_kind(c->pick->position);
	const struct rp_format *f = NULL;
	struct rp_identity id = {0};
	struct rp_position at = {0};
	struct place place = {0};
	rp_auto(rp_artifact) a = NULL;
	if (rp_artifact_open(&a, c->store, p, c->how, NULL) < 0 || rp_format_of(&f, a, NULL) < 0 ||
	    f->tell == NULL || f->tell(a, &id, &at, NULL) < 0)
		return place;
	const char *told = rp_position_fact(&at, positions[kind].fact);
	if (told == NULL || !positions[kind].parse(told, &place))
		place.known = false;
	return place;
}

unsigned rp_point_likeness(const struct rp_point *p, const struct rp_file *files, size_t n)
{
	unsigned alike = 2;
	if (n == 0 || p->n_files != n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(p->files[i].name, files[i].name) != 0)
			return 0;
		if (p->files[i].size != files[i].size)
			alike = 1;
	}
	return alike;
}

static const char *named(const struct rp_pick *pick)
{
	const char *which = pick->which;
	if (which == NULL || strcmp(which, "newest") == 0 || strcmp(which, "random") == 0 ||
	    strncmp(which, "random:", 7) == 0)
		return NULL;
	while (strncmp(which, "./", 2) == 0)
		which += 2;
	return which;
}

/* Is it a better one than what is chosen so far? They come newest first. */
static bool is_it(struct choosing *c, const struct rp_point *p)
{
	const struct rp_pick *pick = c->pick;
	if (named(pick) != NULL)
		return strcmp(p->id, named(pick)) == 0;
	if (pick->position != NULL) {
		struct place at = position_of(c, p);
		c->untold += !at.known;
		if (!at.known || is_before(c->wanted, at) || (c->chosen >= 0 && !is_before(c->best, at)))
			return false;
		c->best = at;
		return true;
	}
	if (pick->by_time)
		return c->chosen < 0 && p->taken_ms <= pick->at_ms;
	if (pick->which == NULL) {
		unsigned alike = rp_point_likeness(p, pick->sealed, pick->n_sealed);
		bool better = alike > c->alike || c->chosen < 0;
		c->alike = alike > c->alike ? alike : c->alike;
		return better;
	}
	return c->chosen < 0;
}

static int consider(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct choosing *c = ctx;
	struct rp_choice *choice = c->choice;
	if (choice->n == choice->room) {
		size_t room = choice->room > 0 ? choice->room * 2 : 16;
		struct rp_candidate *all = reallocarray(choice->all, room, sizeof *all);
		if (all == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		choice->all = all;
		choice->room = room;
	}
	struct rp_candidate one = {
		.id = strdup(p->id), .taken_ms = p->taken_ms, .bytes = p->size, .aside = p->aside};
	if (one.id == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	/* What was named itself is taken at its word. */
	if (one.aside == NULL && (p->path == NULL || strcmp(p->id, p->path) != 0))
		one.aside = rp_point_beside(c->store, p);
	choice->all[choice->n++] = one;
	if (one.aside != NULL)
		return 0;
	choice->population++;
	if (is_it(c, p))
		c->chosen = (ssize_t)choice->n - 1;
	return 0;
}

size_t rp_choose_by_seed(const char *seed, size_t n)
{
	uint8_t digest[RP_SHA256_LEN];
	uint64_t number = 0;
	rp_sha256(seed, strlen(seed), digest);
	for (size_t i = 0; i < 8; i++)
		number = number << 8 | digest[i];
	return n > 0 ? (size_t)(number % n) : 0;
}

/* Where a seed comes from that nobody has named. */
static int draw_seed(const struct rp_pick *pick, struct rp_choice *choice, struct rp_err **err)
{
	uint8_t bytes[RP_SHA256_LEN];
	char text[RP_SHA256_HEX];
	if (pick->seed != NULL) {
		choice->seed = strdup(pick->seed);
		choice->seed_by = pick->seed_by;
		return choice->seed != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return rp_err_sys(err, errno, "draw a random number");
	rp_sha256_hex(bytes, text);
	choice->seed = strndup(text, 32);
	choice->seed_by = "drawn by this program";
	return choice->seed != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int by_id(const void *va, const void *vb, void *ctx)
{
	const size_t *a = va, *b = vb;
	const struct rp_choice *choice = ctx;
	return strcmp(choice->all[*a].id, choice->all[*b].id);
}

/* By name and not by time: a touched file must not change what a seed chooses. */
static int draw(struct choosing *c, struct rp_err **err)
{
	struct rp_choice *choice = c->choice;
	const char *seed = strchr(c->pick->which, ':');
	size_t n = 0;
	if (seed != NULL) {
		choice->seed = strdup(seed + 1);
		choice->seed_by = "chosen by the operator";
	} else if (draw_seed(c->pick, choice, err) < 0) {
		return -1;
	}
	rp_autofree size_t *order = calloc(choice->n + 1, sizeof *order);
	if (choice->seed == NULL || order == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < choice->n; i++)
		if (choice->all[i].aside == NULL)
			order[n++] = i;
	if (n > 0)
		qsort_r(order, n, sizeof *order, by_id, choice);
	c->chosen = n > 0 ? (ssize_t)order[rp_choose_by_seed(choice->seed, n)] : -1;
	return 0;
}

static const char *method_of(const struct choosing *c)
{
	const struct rp_pick *pick = c->pick;
	if (named(pick) != NULL)
		return "by name";
	if (pick->position != NULL)
		return "by position";
	if (pick->by_time)
		return "by time";
	if (pick->which != NULL)
		return strcmp(pick->which, "newest") == 0 ? "newest" : "random";
	if (c->choice->population == 1)
		return "the only one";
	return c->alike > 0 ? "by its manifest" : "newest";
}

static int none(const struct choosing *c, struct rp_err **err)
{
	const struct rp_pick *pick = c->pick;
	const struct rp_choice *choice = c->choice;
	char at[RP_TIME_TEXT];
	if (choice->population == 0) {
		rp_err_set(err, RP_ERR_IO, "there is no backup to choose from");
		return choice->n == 0 ? -1
				      : rp_err_hint(err, "what is there is '%s', %s", choice->all[0].id,
						    choice->all[0].aside);
	}
	if (pick->by_time) {
		rp_time_format(pick->at_ms, at);
		return rp_err_set(err, RP_ERR_USAGE, "all of %zu backups are newer than %s",
				  choice->population, at);
	}
	if (pick->position != NULL)
		return rp_err_set(
			err, RP_ERR_USAGE,
			"none of %zu backups is of '%s' or before (%zu of them do not tell their position)",
			choice->population, pick->position, c->untold);
	rp_err_set(err, RP_ERR_USAGE, "none of %zu backups is '%s'", choice->population, named(pick));
	return rp_err_hint(err, "'reprove points DIR' lists them");
}

int rp_choose(struct rp_store *s, const struct rp_pick *pick, const struct rp_unwrapping *how,
	      struct rp_point **ret, struct rp_choice *ret_choice, struct rp_err **err)
{
	struct choosing c = {.store = s, .pick = pick, .how = how, .choice = ret_choice, .chosen = -1};
	*ret_choice = (struct rp_choice){0};
	if (pick->position != NULL) {
		size_t kind = position_kind(pick->position);
		if (kind == POSITIONS ||
		    !positions[kind].parse(pick->position + strlen(positions[kind].word), &c.wanted))
			return rp_err_set(err, RP_ERR_USAGE, "'%s' is no place in a log", pick->position);
	}
	if (s->driver->list(s, consider, &c, err) < 0)
		return -1;
	ret_choice->method = method_of(&c);
	if (pick->which != NULL && strncmp(pick->which, "random", 6) == 0 && named(pick) == NULL &&
	    draw(&c, err) < 0)
		return -1;
	if (c.chosen < 0)
		return none(&c, err);
	ret_choice->all[c.chosen].chosen = true;
	ret_choice->by_default =
		pick->which == NULL && !pick->by_time && pick->position == NULL && c.alike == 0;
	return rp_store_choose(s, ret_choice->all[c.chosen].id, ret, NULL, err);
}
