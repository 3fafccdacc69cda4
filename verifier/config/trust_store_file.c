/* SPDX-License-Identifier: MIT */
#include "verifier/config/trust_store_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/config/yaml.h"
#include "verifier/manifest/stamp.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"

#define KEYS_MAX	1000
#define TEXT_MOST	1000
#define AUTHORITIES_MAX 100

/* As they stand in the file. */
struct written_key {
	char *file, *owner, *targets, *from, *until, *revoked;
	char **roles;
	unsigned roles_count;
};
struct written_policy {
	char *targets, *max_age, *environment, *ledger, *stamp, *old_keys;
	unsigned signatures;
};
struct written_authority {
	char *file, *owner;
};
struct file {
	struct written_key *keys;
	unsigned keys_count;
	struct written_policy *policies;
	unsigned policies_count;
	struct written_authority *stamps;
	unsigned stamps_count;
};

#define OPTIONAL_TEXT(key, type, member)                                                                     \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, TEXT_MOST)

static const cyaml_schema_value_t role = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, 32)};
static const cyaml_schema_field_t key_fields[] = {
	CYAML_FIELD_STRING_PTR("file", CYAML_FLAG_POINTER, struct written_key, file, 1, PATH_MAX - 1),
	CYAML_FIELD_SEQUENCE("roles", CYAML_FLAG_POINTER, struct written_key, roles, &role, 1, 3),
	OPTIONAL_TEXT("owner", struct written_key, owner),
	OPTIONAL_TEXT("targets", struct written_key, targets),
	OPTIONAL_TEXT("from", struct written_key, from),
	OPTIONAL_TEXT("until", struct written_key, until),
	OPTIONAL_TEXT("revoked", struct written_key, revoked),
	CYAML_FIELD_END};
static const cyaml_schema_value_t one_key = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct written_key, key_fields)};
static const cyaml_schema_field_t policy_fields[] = {
	CYAML_FIELD_STRING_PTR("targets", CYAML_FLAG_POINTER, struct written_policy, targets, 1, TEXT_MOST),
	CYAML_FIELD_UINT("signatures", CYAML_FLAG_OPTIONAL, struct written_policy, signatures),
	OPTIONAL_TEXT("max-age", struct written_policy, max_age),
	OPTIONAL_TEXT("environment", struct written_policy, environment),
	OPTIONAL_TEXT("ledger", struct written_policy, ledger),
	OPTIONAL_TEXT("stamp", struct written_policy, stamp),
	OPTIONAL_TEXT("old-keys", struct written_policy, old_keys),
	CYAML_FIELD_END};
static const cyaml_schema_value_t one_policy = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct written_policy, policy_fields)};
static const cyaml_schema_field_t authority_fields[] = {
	CYAML_FIELD_STRING_PTR("file", CYAML_FLAG_POINTER, struct written_authority, file, 1, PATH_MAX - 1),
	OPTIONAL_TEXT("owner", struct written_authority, owner), CYAML_FIELD_END};
static const cyaml_schema_value_t one_authority = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct written_authority, authority_fields)};
static const cyaml_schema_field_t top[] = {
	CYAML_FIELD_SEQUENCE("keys", CYAML_FLAG_POINTER, struct file, keys, &one_key, 1, KEYS_MAX),
	CYAML_FIELD_SEQUENCE("policies", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, policies,
			     &one_policy, 0, KEYS_MAX),
	CYAML_FIELD_SEQUENCE("stamps", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, stamps,
			     &one_authority, 0, AUTHORITIES_MAX),
	CYAML_FIELD_END};
static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, top)};

static void let_go(struct file **f)
{
	rp_yaml_free(&schema, *f);
}

/* ---- From what is written to what is meant ---- */

static const struct {
	const char *name;
	unsigned role;
} roles[] = {{"manifest", RP_SIGNS_MANIFESTS}, {"result", RP_SIGNS_RESULTS}, {"review", RP_SIGNS_REVIEWS}};

static int read_roles(const struct written_key *k, unsigned *ret, struct rp_err **err)
{
	*ret = 0;
	for (unsigned i = 0; i < k->roles_count; i++) {
		unsigned found = 0;
		for (size_t r = 0; r < sizeof(roles) / sizeof(*roles); r++)
			found |= strcmp(roles[r].name, k->roles[i]) == 0 ? roles[r].role : 0;
		if (!found)
			return rp_err_set(
				err, RP_ERR_CONFIG,
				"the key '%s' has the role '%s': expected manifest, result or review",
				k->file, k->roles[i]);
		*ret |= found;
	}
	return rp_roles_clash(*ret)
		       ? rp_err_set(err, RP_ERR_CONFIG, "the key '%s' %s", k->file, rp_roles_clash(*ret))
		       : 0;
}

/* A day begins at its midnight, UTC. */
static int read_time(const char *key, const char *name, const char *text, int64_t *ret, struct rp_err **err)
{
	char full[64];

	if (!text)
		return 0;
	(void)snprintf(full, sizeof(full), "%s%s", text, strlen(text) == 10 ? "T00:00:00Z" : "");
	if (rp_time_parse(full, ret) && *ret > 0)
		return 0;
	return rp_err_set(err, RP_ERR_CONFIG, "the key '%s': '%s: %s' is no day (2027-03-31) and no time",
			  key, name, text);
}

/* Paths start where the store is. */
static int path_of(const char *store, const char *file, struct rp_buf *ret, struct rp_err **err)
{
	const char *slash = strrchr(store, '/');

	if (slash && file[0] != '/')
		rp_buf_add_mem(ret, store, (size_t)(slash - store) + 1);
	rp_buf_add(ret, file);
	return rp_buf_check(ret, err);
}

static int load_key(const char *store, const struct written_key *k, struct rp_key **ret, struct rp_err **err)
{
	rp_autobuf path = RP_BUF_INIT(PATH_MAX);

	if (path_of(store, k->file, &path, err) < 0 || rp_trust_guarded(rp_buf_text(&path), err) < 0)
		return -1;
	return rp_key_load_public(ret, rp_buf_text(&path), err);
}

static int take_key(struct rp_trust_store *to, struct rp_arena *memory, const char *store,
		    const struct written_key *k, struct rp_err **err)
{
	struct rp_trusted_key *t = &to->trusted[to->n];

	*t = (struct rp_trusted_key){.targets = rp_arena_strdup(memory, k->targets),
				     .owner = rp_arena_strdup(memory, k->owner)};
	if ((k->targets && !t->targets) || (k->owner && !t->owner))
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (read_roles(k, &t->roles, err) < 0 || read_time(k->file, "from", k->from, &t->from_ms, err) < 0 ||
	    read_time(k->file, "until", k->until, &t->until_ms, err) < 0 ||
	    read_time(k->file, "revoked", k->revoked, &t->revoked_ms, err) < 0 ||
	    load_key(store, k, &to->keys[to->n], err) < 0)
		return -1;
	t->key = to->keys[to->n++];
	if (t->from_ms && t->until_ms && t->until_ms <= t->from_ms)
		return rp_err_set(err, RP_ERR_CONFIG,
				  "the key '%s': it is trusted until %s, which is not after %s", k->file,
				  k->until, k->from);
	return 0;
}

static int take_authorities(struct rp_trust_store *to, const char *store, const struct file *f,
			    struct rp_err **err)
{
	to->authorities = calloc(f->stamps_count + 1, sizeof(*to->authorities));
	if (!to->authorities)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < f->stamps_count; i++) {
		rp_autobuf path = RP_BUF_INIT(PATH_MAX);
		if (path_of(store, f->stamps[i].file, &path, err) < 0 ||
		    rp_authority_load(&to->authorities[i], rp_buf_text(&path), f->stamps[i].owner, err) < 0)
			return -1;
		to->n_authorities++;
	}
	return 0;
}

/* One word that means something; without it: no. */
static int read_word(const struct written_policy *p, const char *name, const char *text, const char *word,
		     bool *ret, struct rp_err **err)
{
	*ret = text != NULL;
	if (!text || strcmp(text, word) == 0)
		return 0;
	return rp_err_set(err, RP_ERR_CONFIG, "the policy of '%s': '%s: %s': expected '%s', or nothing",
			  p->targets, name, text, word);
}

/* What a policy asks of stamps. Without an authority none would ever hold. */
static int take_rule(struct rp_stamp_rule *to, const struct rp_trust_policy *of,
		     const struct written_policy *p, size_t n_authorities, struct rp_err **err)
{
	to->targets = of->targets;
	if (read_word(p, "stamp", p->stamp, "required", &to->required, err) < 0 ||
	    read_word(p, "old-keys", p->old_keys, "stamped", &to->old_keys, err) < 0)
		return -1;
	if ((!to->required && !to->old_keys) || n_authorities > 0)
		return 0;
	rp_err_set(err, RP_ERR_CONFIG, "the policy of '%s' asks for time stamps, and no authority is named",
		   p->targets);
	return rp_err_hint(err, "stamps: a list of {file: CERTIFICATES.pem}");
}

static int take_policy(struct rp_trust_policy *to, struct rp_arena *memory, const struct written_policy *p,
		       struct rp_err **err)
{
	*to = (struct rp_trust_policy){.targets = rp_arena_strdup(memory, p->targets),
				       .signatures = p->signatures,
				       .environment = rp_arena_strdup(memory, p->environment),
				       .ledger = rp_arena_strdup(memory, p->ledger)};
	if (!to->targets || (p->environment && !to->environment) || (p->ledger && !to->ledger))
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (p->max_age && (!rp_parse_duration(p->max_age, &to->max_age_ms) || to->max_age_ms <= 0))
		return rp_err_set(err, RP_ERR_CONFIG,
				  "the policy of '%s': 'max-age: %s' is no length of time such as 36h or 7d",
				  p->targets, p->max_age);
	return 0;
}

int rp_trust_store_file(struct rp_trust_store *to, struct rp_arena *memory, const char *path,
			struct rp_err **err)
{
	rp_cleanup(let_go) struct file *f = NULL;

	struct stat st;

	if (stat(path, &st) < 0)
		return rp_err_sys(err, errno, "'%s'", path);
	/* The configuration's, named by an option, too. */
	if (to->inode != 0 && st.st_dev == to->device && st.st_ino == to->inode)
		return 0;
	if (to->n_policies > 0)
		return rp_err_set(err, RP_ERR_CONFIG, "'%s': another store has policies already", path);
	to->device = st.st_dev;
	to->inode = st.st_ino;
	if (rp_yaml_load((cyaml_data_t **)&f, &schema, path, "'keys:' and a list", err) < 0 ||
	    rp_trust_store_room(to, f->keys_count, err) < 0)
		return -1;
	for (unsigned i = 0; i < f->keys_count; i++) {
		if (take_key(to, memory, path, &f->keys[i], err) < 0)
			return rp_err_wrap(err, "'%s'", path);
	}
	if (to->n_authorities > 0 && f->stamps_count > 0)
		return rp_err_set(err, RP_ERR_CONFIG, "'%s': another store has 'stamps' already", path);
	if (f->stamps_count > 0 && take_authorities(to, path, f, err) < 0)
		return rp_err_wrap(err, "'%s'", path);
	struct rp_trust_policy *policies = rp_arena_array(memory, f->policies_count + 1, sizeof(*policies));
	struct rp_stamp_rule *rules = rp_arena_array(memory, f->policies_count + 1, sizeof(*rules));
	if (!policies || !rules)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < f->policies_count; i++) {
		if (take_policy(&policies[i], memory, &f->policies[i], err) < 0 ||
		    take_rule(&rules[i], &policies[i], &f->policies[i], to->n_authorities, err) < 0)
			return rp_err_wrap(err, "'%s'", path);
	}
	to->policies = policies;
	to->stamp_rules = rules;
	to->n_policies = f->policies_count;
	return 0;
}
