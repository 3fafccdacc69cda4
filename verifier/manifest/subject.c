/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/subject.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/manifest/json.h"
#include "verifier/util/arena.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/sha256.h"

/* Why a name may not stand in a manifest; NULL: it may. A name with ".." or a '/' in front would point at a
 * file outside of the artifact. */
static const char *name_fault(const char *name)
{
	if (*name == '\0')
		return "is empty";
	if (strlen(name) >= PATH_MAX)
		return "is too long";
	for (const char *part = name; part != NULL;) {
		size_t len = strcspn(part, "/");
		if (len == 0)
			return "has an empty part, or begins or ends with '/'";
		if ((len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.'))
			return "has a part '.' or '..'";
		part = part[len] == '/' ? part + len + 1 : NULL;
	}
	return NULL;
}

static int check_name(const char *name, enum rp_err_kind kind, struct rp_err **err)
{
	char shown[RP_SHOWN];
	const char *fault = name_fault(name);
	if (fault == NULL)
		return 0;
	return rp_err_set(err, kind, "the name of the artifact's file '%s' %s", rp_shown(shown, name), fault);
}

/* A set by name, made in passing: jansson's object is the hash table that is at hand. */
static int note_name(json_t *seen, const char *name, enum rp_err_kind kind, struct rp_err **err)
{
	char shown[RP_SHOWN];
	if (json_object_get(seen, name) != NULL)
		return rp_err_set(err, kind, "the artifact's file '%s' is there twice",
				  rp_shown(shown, name));
	if (json_object_set_new(seen, name, json_true()) < 0)
		return rp_err_set(err, kind, "the name of the artifact's file '%s' is not UTF-8",
				  rp_shown(shown, name));
	return 0;
}

static json_t *write_subject(const struct rp_file *f)
{
	char hex[RP_SHA256_HEX], size[24];
	rp_sha256_hex(f->sha256, hex);
	snprintf(size, sizeof size, "%" PRIu64, f->size);
	return json_pack("{s:s, s:{s:s}, s:{s:s}}", "name", f->name, "digest", "sha256", hex, "annotations",
			 "size", size);
}

json_t *rp_subjects_write(const struct rp_file *files, size_t n, struct rp_err **err)
{
	rp_autojson seen = json_object();
	rp_autojson list = json_array();
	for (size_t i = 0; i < n; i++) {
		if (check_name(files[i].name, RP_ERR_CONFIG, err) < 0 ||
		    note_name(seen, files[i].name, RP_ERR_CONFIG, err) < 0)
			return NULL;
		if (!files[i].digested) {
			char shown[RP_SHOWN];
			rp_err_set(err, RP_ERR_IO, "the artifact's file '%s' was not read to its end",
				   rp_shown(shown, files[i].name));
			return NULL;
		}
		if (json_array_append_new(list, write_subject(&files[i])) < 0) {
			rp_err_set(err, RP_ERR_NOMEM, "out of memory");
			return NULL;
		}
	}
	return rp_take(list);
}

static int read_subject(const json_t *from, struct rp_arena *memory, struct rp_file *to, struct rp_err **err)
{
	const json_t *name = NULL, *digest = NULL, *annotations = NULL, *sha256 = NULL, *size = NULL;
	const struct rp_json_field subject[] = {
		{"name", JSON_STRING, false, &name},
		{"digest", JSON_OBJECT, false, &digest},
		{"annotations", JSON_OBJECT, false, &annotations},
	};
	const struct rp_json_field digests[] = {{"sha256", JSON_STRING, false, &sha256}};
	const struct rp_json_field sizes[] = {{"size", JSON_STRING, false, &size}};
	if (rp_json_fields(from, "a subject", subject, 3, false, err) < 0 ||
	    rp_json_fields(digest, "the digest of a subject", digests, 1, false, err) < 0 ||
	    rp_json_fields(annotations, "the annotations of a subject", sizes, 1, false, err) < 0 ||
	    check_name(json_string_value(name), RP_ERR_TRUST, err) < 0)
		return -1;
	if (!rp_parse_hex(json_string_value(sha256), to->sha256, RP_SHA256_LEN))
		return rp_err_set(err, RP_ERR_TRUST, "'sha256' of a subject is not 64 lower-case digits");
	if (!rp_parse_u64(json_string_value(size), 0, UINT64_MAX, &to->size))
		return rp_err_set(err, RP_ERR_TRUST, "'size' of a subject is not a whole number");
	to->name = rp_arena_strdup(memory, json_string_value(name));
	to->digested = true;
	return to->name != NULL ? 0 : rp_err_set(err, RP_ERR_NOMEM, "out of memory");
}

static int by_name(const void *va, const void *vb)
{
	const struct rp_file *a = va, *b = vb;
	return strcmp(a->name, b->name);
}

int rp_subjects_read(const json_t *list, struct rp_arena *memory, struct rp_file **ret, size_t *ret_n,
		     struct rp_err **err)
{
	size_t n = json_array_size(list);
	rp_autojson seen = json_object();
	struct rp_file *files = rp_arena_array(memory, n > 0 ? n : 1, sizeof *files);
	if (files == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (read_subject(json_array_get(list, i), memory, &files[i], err) < 0 ||
		    note_name(seen, files[i].name, RP_ERR_TRUST, err) < 0)
			return -1;
	qsort(files, n, sizeof *files, by_name);
	*ret = files;
	*ret_n = n;
	return 0;
}
