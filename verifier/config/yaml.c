/* SPDX-License-Identifier: MIT */
#include "verifier/config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define FILE_MAX (1u << 20)

/* The library tells what is wrong line by line: what, then where. */
static void __attribute__((format(printf, 3, 0)))
hear(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	char line[512];
	struct rp_buf *said = ctx;

	(void)level;
	(void)vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	if (said->len + sizeof(line) >= said->max || strstr(line, "Backtrace"))
		return;
	rp_buf_add(said, said->len ? ", " : "");
	rp_buf_add_plain(said, line + strspn(line, " "));
}

int rp_yaml_load(cyaml_data_t **ret, const cyaml_schema_value_t *schema, const char *path,
		 const char *expected, struct rp_err **err)
{
	rp_autobuf text = RP_BUF_INIT(FILE_MAX);
	rp_autobuf said = RP_BUF_INIT(16u << 10);
	const cyaml_config_t config = {.log_fn = hear,
				       .log_ctx = &said,
				       .mem_fn = cyaml_mem,
				       .log_level = CYAML_LOG_WARNING,
				       .flags = CYAML_CFG_NO_ALIAS};

	if (rp_file_read(path, &text, err) < 0)
		return -1;
	cyaml_err_t r =
		cyaml_load_data((const uint8_t *)rp_buf_text(&text), text.len, &config, schema, ret, NULL);
	if (r == CYAML_OK && *ret)
		return 0;
	if (r == CYAML_OK)
		return rp_err_set(err, RP_ERR_CONFIG, "'%s': there is nothing in it: expected %s", path,
				  expected);
	return rp_err_set(err, r == CYAML_ERR_OOM ? RP_ERR_NOMEM : RP_ERR_CONFIG, "'%s': %s%s%s", path,
			  cyaml_strerror(r), said.len ? ": " : "", rp_buf_text(&said));
}

void rp_yaml_free(const cyaml_schema_value_t *schema, cyaml_data_t *data)
{
	const cyaml_config_t config = {.mem_fn = cyaml_mem};

	if (data)
		(void)cyaml_free(&config, schema, data, 0);
}
