/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "verifier/manifest/json.h"
#include "verifier/manifest/manifest.h"
#include "verifier/manifest/policy.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"
#include "verifier/util/parse.h"

/* The last manifest that was proved, remembered per key, target and environment. Per key, because a stolen key
 * that signs a huge sequence must not lock out the others. */

#define SCHEMA	   "reprove/ratchet/v1"
#define RECORD_MAX (64u << 10)
#define LOCK_TRIES 200 /* of 50 ms */

struct record {
	bool found;
	uint64_t sequence;
	int64_t verified_ms; /* 0: a record of before this was kept */
	char manifest[RP_SHA256_HEX];
};

/* Named by a digest, for a target's name may have any character; what it is about stands inside. */
static int record_path(struct rp_buf *ret, const char *dir, const char *key_id, const struct rp_manifest *m,
		       struct rp_err **err)
{
	uint8_t digest[RP_SHA256_LEN];
	char hex[RP_SHA256_HEX];
	rp_autobuf about = RP_BUF_INIT(RP_MANIFEST_MAX);
	rp_buf_add(&about, key_id);
	rp_buf_add_mem(&about, m->target, strlen(m->target) + 1);
	rp_buf_add(&about, m->environment != NULL ? m->environment : "");
	if (rp_buf_check(&about, err) < 0)
		return -1;
	rp_sha256(about.s, about.len, digest);
	rp_sha256_hex(digest, hex);
	rp_buf_reset(ret);
	rp_buf_addf(ret, "%s/%s.json", dir, hex);
	return rp_buf_check(ret, err);
}

static int parse_record(struct record *ret, const struct rp_buf *text, const char *key_id,
			const struct rp_manifest *m, struct rp_err **err)
{
	static const struct rp_json_limits limits = {.depth = 4, .values = 64};
	rp_autojson json = NULL;
	const json_t *schema = NULL, *key = NULL, *target = NULL, *environment = NULL, *sequence = NULL,
		     *manifest = NULL, *verified = NULL;
	const struct rp_json_field fields[] = {
		{"schema", JSON_STRING, false, &schema},
		{"key", JSON_STRING, false, &key},
		{"target", JSON_STRING, false, &target},
		{"environment", JSON_STRING, true, &environment},
		{"sequence", JSON_STRING, false, &sequence},
		{"manifest", JSON_STRING, false, &manifest},
		{"verifiedAt", JSON_STRING, true, &verified},
	};
	uint8_t digest[RP_SHA256_LEN];
	if (rp_json_parse(&json, rp_buf_text(text), text->len, &limits, "it", err) < 0 ||
	    rp_json_fields(json, "it", fields, sizeof fields / sizeof *fields, false, err) < 0)
		return -1;
	const char *where = environment != NULL ? json_string_value(environment) : "";
	if (strcmp(json_string_value(schema), SCHEMA) != 0 ||
	    strcmp(where, m->environment != NULL ? m->environment : "") != 0 ||
	    strcmp(json_string_value(key), key_id) != 0 ||
	    strcmp(json_string_value(target), m->target) != 0 ||
	    !rp_parse_u64(json_string_value(sequence), 1, UINT64_MAX, &ret->sequence) ||
	    !rp_parse_hex(json_string_value(manifest), digest, sizeof digest) ||
	    (verified != NULL && !rp_time_parse(json_string_value(verified), &ret->verified_ms)))
		return rp_err_set(err, RP_ERR_TRUST, "it is not the record of this key and target");
	memcpy(ret->manifest, json_string_value(manifest), sizeof ret->manifest);
	ret->found = true;
	return 0;
}

/* RP_ERR_IO: cannot be read. RP_ERR_TRUST: was read, and is not what we wrote. */
static int read_record(struct record *ret, const char *dir, const char *key_id, const struct rp_manifest *m,
		       struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	rp_autobuf text = RP_BUF_INIT(RECORD_MAX);
	*ret = (struct record){0};
	if (record_path(&path, dir, key_id, m, err) < 0)
		return -1;
	if (access(rp_buf_text(&path), F_OK) < 0 && errno == ENOENT)
		return 0;
	if (rp_file_read(rp_buf_text(&path), &text, err) < 0)
		return -1;
	if (parse_record(ret, &text, key_id, m, err) == 0)
		return 0;
	rp_err_hint(err, "if you know why it is damaged, remove it: the next verification begins anew");
	return rp_err_wrap(err, "the record of the last manifest, '%s', is damaged", rp_buf_text(&path));
}

static int compare(const struct record *r, const struct rp_trust *trust, const struct rp_manifest *m,
		   struct rp_err **err)
{
	/* Naming exactly this one is how an older backup is verified on purpose. */
	if (!r->found || trust->expect_sha256 != NULL || m->sequence > r->sequence)
		return 0;
	if (m->sequence == r->sequence && strcmp(m->sha256, r->manifest) == 0)
		return 0;
	rp_err_set(err, RP_ERR_TRUST,
		   "its sequence is %" PRIu64 ", expected more than %" PRIu64
		   ": a newer one (%s) was verified before",
		   m->sequence, r->sequence, r->manifest);
	return rp_err_hint(err,
			   "an old manifest beside an old backup looks like this; to verify an older one on "
			   "purpose, name it: --expect-manifest %s",
			   m->sha256);
}

/* Whoever sets the clock back makes an old manifest young and an expired key good. */
static int check_clock(const struct record *r, const struct rp_trust *trust, struct rp_err **err)
{
	char then[RP_TIME_TEXT], now[RP_TIME_TEXT];
	if (r->verified_ms <= trust->now_ms + RP_CLOCK_SKEW_MS)
		return 0;
	rp_time_format(r->verified_ms, then);
	rp_time_format(trust->now_ms, now);
	rp_err_set(err, RP_ERR_IO, "a manifest of this target was verified here at %s, and now it is only %s",
		   then, now);
	return rp_err_hint(err, "the clock was set back: set it right, then try again");
}

/* Why what we remember there is worth nothing, or will be; NULL: it is fine. */
static const char *directory_fault(const char *dir, char *ret, size_t size)
{
	rp_autoerr struct rp_err *err = NULL;
	struct stat st;
	if (rp_dir_make(dir, 0700, &err) < 0)
		snprintf(ret, size, "what was verified before cannot be remembered: %s", rp_err_text(err));
	else if (access(dir, R_OK | W_OK | X_OK) < 0 || stat(dir, &st) < 0)
		snprintf(ret, size, "what was verified before cannot be remembered: '%s': %s", dir,
			 strerrordesc_np(errno));
	else if ((st.st_mode & S_IWOTH) != 0)
		snprintf(ret, size,
			 "what was verified before may have been changed: everybody can write to '%s'", dir);
	else
		return NULL;
	return ret;
}

static int say(struct rp_manifest *m, const char *why, struct rp_err **err)
{
	m->replay = rp_arena_strdup(m->memory, why);
	return m->replay != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static bool has_stand_in(const struct rp_trust *trust)
{
	return trust->expect_sha256 != NULL || trust->min_sequence != 0 || trust->not_older_than_ms != 0;
}

int rp_policy_replay(const struct rp_trust *trust, struct rp_manifest *m, struct rp_err **err)
{
	char why[PATH_MAX + 256];
	if (trust->ratchet == NULL)
		return has_stand_in(trust)
			       ? 0
			       : say(m, "nothing is remembered of manifests that were verified before", err);
	const char *fault = directory_fault(trust->ratchet, why, sizeof why);
	bool seen = false;
	for (size_t i = 0; i < m->n_signed_by; i++) {
		rp_autoerr struct rp_err *unread = NULL;
		struct record r = {0};
		if (read_record(&r, trust->ratchet, m->signed_by[i], m, &unread) < 0) {
			if (rp_err_kind(unread) == RP_ERR_TRUST) {
				rp_err_set(err, RP_ERR_TRUST, "%s", rp_err_text(unread));
				return rp_err_hint(err, "%s", rp_err_hint_text(unread));
			}
			snprintf(why, sizeof why, "what was verified before cannot be read: %s",
				 rp_err_text(unread));
			fault = why;
		}
		if (check_clock(&r, trust, err) < 0 || compare(&r, trust, m, err) < 0)
			return -1;
		seen |= r.found;
	}
	if (has_stand_in(trust))
		return 0;
	if (fault != NULL)
		return say(m, fault, err);
	m->first_use = !seen;
	return seen ? 0 : say(m, "no manifest of this target and key was verified here before", err);
}

static int take_lock(const char *dir, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);
	rp_buf_addf(&path, "%s/lock", dir);
	if (rp_buf_check(&path, err) < 0)
		return -1;
	rp_autoclose int fd = open(rp_buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return rp_err_sys(err, errno, "open '%s'", rp_buf_text(&path));
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || i == LOCK_TRIES)
			return rp_err_sys(err, errno, "lock '%s'", rp_buf_text(&path));
		(void)nanosleep(&(struct timespec){.tv_nsec = 50L * 1000 * 1000}, NULL);
	}
	return rp_take_fd(&fd);
}

static int write_record(const char *path, const char *key_id, const struct rp_manifest *m, int64_t now_ms,
			struct rp_err **err)
{
	char sequence[24], now[RP_TIME_TEXT];
	snprintf(sequence, sizeof sequence, "%" PRIu64, m->sequence);
	rp_time_format(now_ms, now);
	rp_autojson json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s*}", "schema", SCHEMA, "key", key_id,
				     "target", m->target, "sequence", sequence, "manifest", m->sha256,
				     "verifiedAt", now, "environment", m->environment);
	rp_autofree char *text = json != NULL ? json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
	if (text == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return rp_file_replace(path, text, strlen(text), 0600, err);
}

int rp_trust_advance(const struct rp_trust *trust, const struct rp_manifest *m, struct rp_err **err)
{
	if (trust->ratchet == NULL)
		return 0;
	if (rp_dir_make(trust->ratchet, 0700, err) < 0)
		return rp_err_wrap(err, "remember the manifest");
	rp_autoclose int lock = take_lock(trust->ratchet, err);
	if (lock < 0)
		return rp_err_wrap(err, "remember the manifest");
	for (size_t i = 0; i < m->n_signed_by; i++) {
		rp_autobuf path = RP_BUF_INIT(PATH_MAX);
		struct record r = {0};
		/* Another run may have gone further since we looked; back it never goes. */
		if (read_record(&r, trust->ratchet, m->signed_by[i], m, err) < 0 ||
		    record_path(&path, trust->ratchet, m->signed_by[i], m, err) < 0)
			return rp_err_wrap(err, "remember the manifest");
		if (r.found && r.sequence > m->sequence)
			continue;
		if (write_record(rp_buf_text(&path), m->signed_by[i], m, trust->now_ms, err) < 0)
			return rp_err_wrap(err, "remember the manifest");
	}
	return 0;
}
