/* SPDX-License-Identifier: MIT */
#ifndef RP_CONFIG_YAML_H
#define RP_CONFIG_YAML_H

#include <cyaml/cyaml.h>

struct rp_err;

/* For this folder: a YAML file against a schema of libcyaml. What is wrong with it is RP_ERR_CONFIG with the file, what
 * was expected, and the line. expected: what an empty file lacks ("'waivers:' and a list"). */
int rp_yaml_load(cyaml_data_t **ret, const cyaml_schema_value_t *schema, const char *path,
		 const char *expected, struct rp_err **err);
void rp_yaml_free(const cyaml_schema_value_t *schema, cyaml_data_t *data); /* accepts NULL */

#endif
