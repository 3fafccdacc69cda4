/* SPDX-License-Identifier: MIT */
#include "verifier/config/waivers.h"

#include <stdio.h>
#include <string.h>

#include "verifier/config/yaml.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define WAIVERS_MAX 1000
#define TEXT_MOST   1000
#define YEAR_MS	    (INT64_C(366) * 24 * 60 * 60 * 1000)

/* As they stand in the file. */
struct written {
	char *check, *object, *reason, *owner, *until;
};
struct file {
	struct written *waivers;
	unsigned waivers_count;
};

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_STRING_PTR("check", CYAML_FLAG_POINTER, struct written, check, 1, TEXT_MOST),
	CYAML_FIELD_STRING_PTR("object", CYAML_FLAG_POINTER, struct written, object, 0, TEXT_MOST),
	CYAML_FIELD_STRING_PTR("reason", CYAML_FLAG_POINTER, struct written, reason, 1, TEXT_MOST),
	CYAML_FIELD_STRING_PTR("owner", CYAML_FLAG_POINTER, struct written, owner, 1, TEXT_MOST),
	CYAML_FIELD_STRING_PTR("until", CYAML_FLAG_POINTER, struct written, until, 10, 32),
	CYAML_FIELD_END};
static const cyaml_schema_value_t one = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct written, fields)};
static const cyaml_schema_field_t top[] = {
	CYAML_FIELD_SEQUENCE("waivers", CYAML_FLAG_POINTER, struct file, waivers, &one, 0, WAIVERS_MAX),
	CYAML_FIELD_END};
static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, top)};

/* A day ends when the next one begins, anywhere: noon is nobody's. */
static bool read_until(const char *text, int64_t *ret)
{
	char full[64];

	(void)snprintf(full, sizeof(full), "%s%s", text, strlen(text) == 10 ? "T23:59:59Z" : "");
	return rp_time_parse(full, ret);
}

static int take(struct rp_waiver *to, const struct written *from, struct rp_arena *memory, int64_t now_ms,
		struct rp_err **err)
{
	*to = (struct rp_waiver){.check = rp_arena_strdup(memory, from->check),
				 .object = rp_arena_strdup(memory, from->object),
				 .reason = rp_arena_strdup(memory, from->reason),
				 .owner = rp_arena_strdup(memory, from->owner)};
	if (!to->check || !to->object || !to->reason || !to->owner)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (!read_until(from->until, &to->until_ms))
		return rp_err_set(err, RP_ERR_CONFIG,
				  "the waiver of %s for '%s': 'until: %s' is no day (2027-03-31)",
				  from->check, from->object, from->until);
	if (to->until_ms - now_ms > YEAR_MS)
		return rp_err_set(
			err, RP_ERR_CONFIG,
			"the waiver of %s for '%s' lasts until %s, and none may last longer than a year",
			from->check, from->object, from->until);
	return 0;
}

static void let_go(struct file **f)
{
	rp_yaml_free(&schema, *f);
}

int rp_waivers_load(const struct rp_waiver **ret, size_t *ret_n, struct rp_arena *memory, const char *path,
		    int64_t now_ms, struct rp_err **err)
{
	rp_cleanup(let_go) struct file *f = NULL;

	if (rp_yaml_load((cyaml_data_t **)&f, &schema, path, "'waivers:' and a list", err) < 0)
		return -1;
	struct rp_waiver *all = rp_arena_array(memory, f->waivers_count + 1, sizeof(*all));
	if (!all)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < f->waivers_count; i++) {
		if (take(&all[i], &f->waivers[i], memory, now_ms, err) < 0)
			return rp_err_wrap(err, "'%s'", path);
	}
	*ret = all;
	*ret_n = f->waivers_count;
	return 0;
}
