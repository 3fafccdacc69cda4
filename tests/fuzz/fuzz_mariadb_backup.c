/* SPDX-License-Identifier: MIT */
/* The small files of text that a backup of mariadb-backup's says of itself what it is with. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/brought.h"
#include "verifier/recovery/mariadb_backup.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read and written anew is read as the same. */
static void read_settings(const char *text, size_t size)
{
	struct rp_my_brought b, again;
	rp_autobuf written = RP_BUF_INIT(4096);
	if (rp_my_brought_parse(text, size, &b, NULL) < 0)
		return;
	rp_my_brought_write(&b, &written);
	if (rp_buf_check(&written, NULL) < 0 ||
	    rp_my_brought_parse(rp_buf_text(&written), written.len, &again, NULL) < 0 ||
	    again.page_size != b.page_size || again.undo_tablespaces != b.undo_tablespaces ||
	    strcmp(again.data_file_path, b.data_file_path) != 0 || again.plugin[0] != '\0')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct rp_mb_checkpoints at;
	struct rp_mb_info info;
	struct rp_binlog_position position;
	if (rp_mb_checkpoints_parse(text, size, &at, NULL) == 0 && at.from > at.to)
		abort();
	rp_mb_info_parse(text, size, &info);
	if (rp_mb_position_parse(text, size, &position) && position.at < 4)
		abort();
	read_settings(text, size);
	return 0;
}
