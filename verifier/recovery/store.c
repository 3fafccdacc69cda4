/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/store.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/util/error.h"

void rp_point_free(struct rp_point *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_files; i++)
		rp_file_done(&p->files[i]);
	free(p->files);
	free(p->id);
	free(p->path);
	free(p);
}

static char *copy_text(const char *s, bool *failed)
{
	char *copy = s != NULL ? strdup(s) : NULL;
	*failed = *failed || (s != NULL && copy == NULL);
	return copy;
}

static int point_copy(struct rp_point **ret, const struct rp_point *p, struct rp_err **err)
{
	rp_auto(rp_point) copy = calloc(1, sizeof *copy);
	struct rp_file *files = calloc(p->n_files + 1, sizeof *files);
	if (copy == NULL || files == NULL) {
		free(files);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	bool failed = false;
	*copy = (struct rp_point){.id = copy_text(p->id, &failed),
				  .path = copy_text(p->path, &failed),
				  .taken_ms = p->taken_ms,
				  .size = p->size,
				  .files = files,
				  .n_files = p->n_files};
	for (size_t i = 0; i < p->n_files; i++) {
		files[i] = p->files[i];
		files[i].name = copy_text(p->files[i].name, &failed);
	}
	if (failed)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = rp_take(copy);
	return 0;
}

/* "s3" of "s3://bucket/shop"; 0: a plain path. */
static size_t scheme_length(const char *uri)
{
	const char *end = strstr(uri, "://");
	size_t n = end != NULL ? (size_t)(end - uri) : 0;
	return n > 0 && memchr(uri, '/', n) == NULL ? n : 0;
}

static bool has_scheme(const struct rp_store_driver *d, const char *uri, size_t n)
{
	for (const char *const *s = d->schemes; *s != NULL; s++)
		if (strlen(*s) == n && strncmp(*s, uri, n) == 0)
			return true;
	return false;
}

int rp_store_open(struct rp_store **ret, const char *uri, struct rp_run *run, struct rp_err **err)
{
	size_t n = scheme_length(uri);
	for (const struct rp_store_driver *const *d = rp_store_drivers; *d != NULL; d++)
		if (has_scheme(*d, uri, n))
			return (*d)->open(ret, uri, run, err);
	return rp_err_set(err, RP_ERR_USAGE, "'%.*s' is no kind of store that is known here", (int)n, uri);
}

void rp_store_close(struct rp_store *s)
{
	if (s != NULL)
		s->driver->close(s);
}

struct choice {
	const char *which;
	bool newest;
	struct rp_point *chosen;
	size_t population;
};

static int consider(void *ctx, const struct rp_point *p, struct rp_err **err)
{
	struct choice *c = ctx;
	c->population++;
	if (c->chosen == NULL && (c->newest || strcmp(p->id, c->which) == 0))
		return point_copy(&c->chosen, p, err);
	return 0;
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

int rp_store_choose(struct rp_store *s, const char *which, struct rp_point **ret, size_t *ret_population,
		    struct rp_err **err)
{
	if (begins(which, "random:") || begins(which, "at:"))
		return rp_err_set(err, RP_ERR_USAGE, "choosing a backup by '%s' is not supported yet", which);
	struct choice c = {.which = which, .newest = strcmp(which, "newest") == 0};
	int r = s->driver->list(s, consider, &c, err);
	rp_auto(rp_point) chosen = c.chosen;
	if (r < 0)
		return -1;
	if (c.population == 0)
		return rp_err_set(err, RP_ERR_IO, "there is no backup to choose from");
	if (chosen == NULL)
		return rp_err_set(err, RP_ERR_USAGE, "none of %zu backups is '%s'", c.population, which);
	*ret = rp_take(chosen);
	if (ret_population != NULL)
		*ret_population = c.population;
	return 0;
}
