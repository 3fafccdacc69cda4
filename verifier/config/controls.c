/* SPDX-License-Identifier: MIT */
#include "verifier/config/controls.h"

#include "verifier/config/yaml.h"
#include "verifier/util/arena.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define CONTROLS_MAX 500
#define TEXT_MOST    1000

/* As they stand in the file. */
struct written {
	char *framework, *id, *asks;
};
struct file {
	struct written *controls;
	unsigned controls_count;
};

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_STRING_PTR("framework", CYAML_FLAG_POINTER, struct written, framework, 1, TEXT_MOST),
	CYAML_FIELD_STRING_PTR("id", CYAML_FLAG_POINTER, struct written, id, 1, TEXT_MOST),
	CYAML_FIELD_STRING_PTR("asks", CYAML_FLAG_POINTER, struct written, asks, 1, TEXT_MOST),
	CYAML_FIELD_END};
static const cyaml_schema_value_t one = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct written, fields)};
static const cyaml_schema_field_t top[] = {
	CYAML_FIELD_SEQUENCE("controls", CYAML_FLAG_POINTER, struct file, controls, &one, 1, CONTROLS_MAX),
	CYAML_FIELD_END};
static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, top)};

static void let_go(struct file **f)
{
	rp_yaml_free(&schema, *f);
}

int rp_controls_load(const struct rp_control_note **ret, size_t *ret_n, struct rp_arena *memory,
		     const char *path, struct rp_err **err)
{
	rp_cleanup(let_go) struct file *f = NULL;

	if (rp_yaml_load((cyaml_data_t **)&f, &schema, path, "'controls:' and a list", err) < 0)
		return -1;
	struct rp_control_note *all = rp_arena_array(memory, f->controls_count, sizeof(*all));
	for (unsigned i = 0; all && i < f->controls_count; i++) {
		all[i] = (struct rp_control_note){.framework =
							  rp_arena_strdup(memory, f->controls[i].framework),
						  .id = rp_arena_strdup(memory, f->controls[i].id),
						  .asks = rp_arena_strdup(memory, f->controls[i].asks)};
		if (!all[i].framework || !all[i].id || !all[i].asks)
			all = NULL;
	}
	if (!all)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret = all;
	*ret_n = f->controls_count;
	return 0;
}
