/* SPDX-License-Identifier: MIT */
#include "verifier/util/machine.h"

#include <string.h>
#include <unistd.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

uint64_t rp_memory_size(void)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	rp_autobuf text = RP_BUF_INIT(64);
	uint64_t limit;
	if (rp_file_read("/sys/fs/cgroup/memory.max", &text, NULL) == 0 && text.len > 0) {
		text.s[strcspn(text.s, "\n")] = '\0';
		if (rp_parse_u64(text.s, 1, UINT64_MAX, &limit) && limit < bytes)
			return limit;
	}
	return bytes;
}

void rp_host_name(char ret[RP_HOST_NAME])
{
	ret[0] = ret[RP_HOST_NAME - 1] = '\0';
	if (gethostname(ret, RP_HOST_NAME - 1) < 0)
		ret[0] = '\0';
}
