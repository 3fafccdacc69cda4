/* SPDX-License-Identifier: MIT */
/* For manifest_openssl.sh: the manifest's library without a database. Only for tests. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/manifest_sample.h"
#include "verifier/manifest/statement.h"

enum { KEYS_MAX = 8 };

static int complain(const struct rp_err *err)
{
	fprintf(stderr, "%s\n", rp_err_text(err));
	if (rp_err_hint_text(err) != NULL)
		fprintf(stderr, "hint: %s\n", rp_err_hint_text(err));
	return rp_err_kind(err) == RP_ERR_TRUST ? 3 : 4;
}

static struct rp_manifest sample(struct rp_survey *survey)
{
	return (struct rp_manifest){
		.target = "shop", .sealed_ms = SAMPLE_SEALED_MS, .sequence = 42, .survey = survey};
}

/* payload: what is signed. */
static int payload(void)
{
	rp_auto(rp_survey) survey = sample_survey();
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_autoerr struct rp_err *err = NULL;
	const struct rp_manifest m = sample(survey);
	if (rp_statement_write(&text, &m, &err) < 0)
		return complain(err);
	return fwrite(text.s, 1, text.len, stdout) == text.len ? 0 : 2;
}

/* sign KEY...: a manifest. */
static int sign(char **paths, size_t n)
{
	rp_auto(rp_survey) survey = sample_survey();
	rp_autobuf text = RP_BUF_INIT(1 << 20);
	rp_autoerr struct rp_err *err = NULL;
	struct rp_key *keys[KEYS_MAX] = {0};
	const struct rp_manifest m = sample(survey);
	int r = 0;
	for (size_t i = 0; i < n && r == 0; i++)
		r = rp_key_load_private(&keys[i], paths[i], NULL, &err);
	r = r < 0 || rp_manifest_sign(&text, &m, keys, n, &err) < 0 ? complain(err) : 0;
	if (r == 0 && fwrite(text.s, 1, text.len, stdout) != text.len)
		r = 2;
	for (size_t i = 0; i < n; i++)
		rp_key_free(keys[i]);
	return r;
}

/* open FILE PUB...: prints the manifest's digest and who signed. */
static int open_file(const char *path, char **paths, size_t n)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_manifest) m = NULL;
	struct rp_key *keys[KEYS_MAX] = {0};
	struct rp_trusted_key trusted[KEYS_MAX] = {0};
	const struct rp_trust trust = {
		.keys = trusted, .n_keys = n, .threshold = 1, .target = "shop", .now_ms = SAMPLE_SEALED_MS};
	int r = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		r = rp_key_load_public(&keys[i], paths[i], &err);
		trusted[i] = (struct rp_trusted_key){.key = keys[i], .roles = RP_SIGNS_MANIFESTS};
	}
	r = r < 0 || rp_manifest_load(&m, path, &trust, &err) < 0 ? complain(err) : 0;
	if (r == 0) {
		printf("%s\n", m->sha256);
		for (size_t i = 0; i < m->n_signed_by; i++)
			printf("%s\n", m->signed_by[i]);
	}
	for (size_t i = 0; i < n; i++)
		rp_key_free(keys[i]);
	return r;
}

int main(int argc, char **argv)
{
	size_t n = argc > 2 ? (size_t)argc - 2 : 0;
	if (argc == 2 && strcmp(argv[1], "payload") == 0)
		return payload();
	if (n >= 1 && n <= KEYS_MAX && strcmp(argv[1], "sign") == 0)
		return sign(argv + 2, n);
	if (n >= 2 && n <= KEYS_MAX && strcmp(argv[1], "open") == 0)
		return open_file(argv[2], argv + 3, n - 1);
	fprintf(stderr, "usage: manifest_tool payload | sign KEY... | open FILE PUB...\n");
	return 4;
}
