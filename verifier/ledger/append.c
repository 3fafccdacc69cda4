/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verifier/ledger/inside.h"
#include "verifier/manifest/envelope.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

/* An entry counts from the moment its file has its name: what it records is there before. A run that is killed in
 * between leaves a recorded file without an entry, which the next run replaces. */
static int put_down(struct rp_ledger *l, const struct rp_entry *e, const struct rp_buf *recorded,
		    const struct rp_buf *envelope, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	if (recorded != NULL &&
	    (rp_ledger_path(l, "results", e->number, &path, err) < 0 ||
	     rp_file_replace(rp_buf_text(&path), recorded->s, recorded->len, 0600, err) < 0))
		return -1;
	if (rp_ledger_path(l, "entries", e->number, &path, err) < 0)
		return -1;
	if (access(rp_buf_text(&path), F_OK) == 0 || errno != ENOENT)
		return rp_err_set(err, RP_ERR_IO, "'%s' is there already", rp_buf_text(&path));
	return rp_file_replace(rp_buf_text(&path), envelope->s, envelope->len, 0600, err);
}

static int append(struct rp_ledger *l, struct rp_entry *e, const struct rp_buf *recorded, struct rp_key *key,
		  struct rp_buf *envelope, struct rp_err **err)
{
	rp_autobuf payload = RP_BUF_INIT(RP_ENTRY_MAX);
	struct rp_head head;
	uint8_t digest[RP_SHA256_LEN];
	if (rp_ledger_head(l, &head, err) < 0)
		return -1;
	e->number = head.number + 1;
	memcpy(e->previous, head.sha256, sizeof e->previous);
	memcpy(e->ledger, l->id, sizeof e->ledger);
	if (rp_entry_write(&payload, e, err) < 0 ||
	    rp_envelope_write(envelope, payload.s, payload.len, &key, 1, err) < 0)
		return -1;
	rp_sha256(payload.s, payload.len, digest);
	rp_sha256_hex(digest, e->sha256);
	return put_down(l, e, recorded, envelope, err);
}

int rp_ledger_append(struct rp_ledger *l, struct rp_entry *e, const struct rp_buf *recorded,
		     struct rp_key *key, struct rp_buf *ret_envelope, struct rp_err **err)
{
	char name[] = "result.json";
	rp_autobuf envelope = RP_BUF_INIT(2 * RP_ENTRY_MAX);
	rp_autoclose int lock = -1;
	if (recorded != NULL) {
		e->recorded = (struct rp_file){.name = name, .size = recorded->len, .digested = true};
		rp_sha256(recorded->s, recorded->len, e->recorded.sha256);
	}
	int r = rp_ledger_lock(l, &lock, err) < 0 ? -1 : append(l, e, recorded, key, &envelope, err);
	e->recorded.name = NULL;
	if (r < 0)
		return rp_err_wrap(err, "write to the ledger '%s'", l->dir);
	if (ret_envelope != NULL)
		rp_buf_add_mem(ret_envelope, envelope.s, envelope.len);
	return 0;
}

static int put_stamped(const struct rp_ledger *l, uint64_t number, const struct rp_buf *envelope,
		       struct rp_err **err)
{
	rp_auto(rp_envelope) is = NULL;
	rp_auto(rp_envelope) becomes = NULL;
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	if (rp_ledger_envelope(l, number, &is, err) < 0 ||
	    rp_envelope_read(&becomes, envelope->s, envelope->len, err) < 0)
		return -1;
	if (is->pae_len != becomes->pae_len || memcmp(is->pae, becomes->pae, is->pae_len) != 0)
		return rp_err_set(err, RP_ERR_TRUST, "entry %" PRIu64 " is not what was stamped", number);
	if (rp_ledger_path(l, "entries", number, &path, err) < 0)
		return -1;
	return rp_file_replace(rp_buf_text(&path), envelope->s, envelope->len, 0600, err);
}

int rp_ledger_put_stamped(struct rp_ledger *l, uint64_t number, const struct rp_buf *envelope,
			  struct rp_err **err)
{
	rp_autoclose int lock = -1;
	if (rp_ledger_lock(l, &lock, err) < 0 || put_stamped(l, number, envelope, err) < 0)
		return rp_err_wrap(err, "write to the ledger '%s'", l->dir);
	return 0;
}
