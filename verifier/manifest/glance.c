/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/manifest/envelope.h"
#include "verifier/manifest/json.h"
#include "verifier/manifest/manifest.h"
#include "verifier/manifest/subject.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

#define GLANCE_MAX (32u << 20) /* so many bytes of JSON take ten times as much memory */

/* Keys are sorted, so that the subjects are the last member. Within a string the quotes would have a '\' before them. */
static const char *find_subjects(const struct rp_envelope *e)
{
	static const char key[] = "\"subject\":[";
	const size_t n = sizeof key - 1;
	const char *payload = (const char *)e->payload;
	for (size_t at = e->payload_len; at >= n; at--)
		if (memcmp(payload + at - n, key, n) == 0)
			return payload + at - 1;
	return NULL;
}

int rp_manifest_glance(const char *path, struct rp_arena *memory, struct rp_file **ret, size_t *ret_n,
		       struct rp_err **err)
{
	static const struct rp_json_limits limits = {.depth = 8, .values = 8u << 20};
	rp_autobuf bytes = RP_BUF_INIT(GLANCE_MAX);
	rp_auto(rp_envelope) e = NULL;
	rp_autojson list = NULL;
	if (rp_file_read(path, &bytes, err) < 0 ||
	    rp_envelope_read(&e, rp_buf_text(&bytes), bytes.len, err) < 0)
		return -1;
	const char *at = find_subjects(e);
	if (at == NULL)
		return rp_err_set(err, RP_ERR_TRUST, "it names no files");
	/* Behind it comes the statement's own bracket and nothing else. */
	size_t len = (size_t)((const char *)e->payload + e->payload_len - at) - 1;
	if (rp_json_parse(&list, at, len, &limits, "the list of its files", err) < 0)
		return -1;
	return rp_subjects_read(list, memory, ret, ret_n, err);
}
