/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/store.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/recovery/members.h"
#include "verifier/util/error.h"

void rp_point_free(struct rp_point *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_files; i++)
		rp_file_done(&p->files[i]);
	for (size_t i = 0; i < p->n_empty; i++)
		free(p->empty[i]);
	free(p->files);
	free(p->empty);
	free(p->fault);
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

int rp_point_copy(struct rp_point **ret, const struct rp_point *p, struct rp_err **err)
{
	bool failed = false;
	rp_auto(rp_point) copy = calloc(1, sizeof *copy);
	if (copy == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*copy = *p;
	copy->id = copy_text(p->id, &failed);
	copy->path = copy_text(p->path, &failed);
	copy->fault = copy_text(p->fault, &failed);
	copy->files = calloc(p->n_files + 1, sizeof *copy->files);
	copy->empty = calloc(p->n_empty + 1, sizeof *copy->empty);
	copy->n_files = copy->files != NULL ? p->n_files : 0;
	copy->n_empty = copy->empty != NULL ? p->n_empty : 0;
	for (size_t i = 0; i < copy->n_files; i++) {
		copy->files[i] = p->files[i];
		copy->files[i].name = copy_text(p->files[i].name, &failed);
	}
	for (size_t i = 0; i < copy->n_empty; i++)
		copy->empty[i] = copy_text(p->empty[i], &failed);
	if (failed || copy->files == NULL || copy->empty == NULL)
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
	if (n == 0 && d->claims != NULL && d->claims(uri))
		return true;
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

int rp_store_open_whole(struct rp_store **ret, const char *path, struct rp_run *run, struct rp_err **err)
{
	return rp_store_directory_open(ret, path, true, run, err);
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
	if (p->aside != NULL)
		return 0;
	c->population++;
	if (c->chosen == NULL && (c->newest || strcmp(p->id, c->which) == 0))
		return rp_point_copy(&c->chosen, p, err);
	return 0;
}

int rp_store_choose(struct rp_store *s, const char *which, struct rp_point **ret, size_t *ret_population,
		    struct rp_err **err)
{
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
