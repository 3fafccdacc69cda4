/* SPDX-License-Identifier: MIT */
#include "verifier/command/unwrapping.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/command/passphrase.h"
#include "verifier/util/argv.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/parse.h"
#include "verifier/util/secret.h"

#define ITERATIONS_MAX 100000000 /* a minute or so */

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static int read_passwords(struct unwrapping *u, const struct unwrapping_options *o, struct rp_err **err)
{
	const char **const lists[RP_PASSPHRASE_WAYS] = {
		[RP_BY_FILE] = o->passphrase_files,
		[RP_BY_FD] = o->passphrase_fds,
		[RP_BY_CREDENTIAL] = o->passphrase_credentials,
		[RP_BY_VARIABLE] = o->passphrase_variables,
	};
	size_t n = 0;

	for (size_t i = 0; i < RP_PASSPHRASE_WAYS; i++)
		n += count(lists[i]);
	u->passwords = calloc(n + 1, sizeof(*u->passwords));
	if (!u->passwords)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < RP_PASSPHRASE_WAYS; i++) {
		for (const char **text = lists[i]; text && *text; text++) {
			if (rp_passphrase_read(&u->passwords[u->how.n_passwords], "",
					       (enum rp_passphrase_way)i, *text, err) < 0)
				return -1;
			u->how.n_passwords++;
		}
	}
	u->how.passwords = u->passwords;
	return 0;
}

static int read_filters(struct unwrapping *u, const struct unwrapping_options *o, struct rp_err **err)
{
	size_t n = count(o->filters);

	u->filters = calloc(n + 1, sizeof(*u->filters));
	if (!u->filters)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	u->how.filters = u->filters;
	for (; u->how.n_filters < n; u->how.n_filters++) {
		if (rp_words_split(o->filters[u->how.n_filters], &u->filters[u->how.n_filters], err) < 0) {
			u->how.n_filters++;
			return rp_err_wrap(err, "--filter");
		}
	}
	return 0;
}

static int no_kdf(const char *text, struct rp_err **err)
{
	rp_err_set(err, RP_ERR_USAGE, "'%s' is no key derivation of 'openssl enc'", text);
	return rp_err_hint(err, "pbkdf2, pbkdf2:ITERATIONS, pbkdf2:ITERATIONS:DIGEST or bytes-to-key:DIGEST");
}

int rp_unwrapping_kdf(struct rp_unwrapping *ret, char **ret_digest, const char *text, struct rp_err **err)
{
	static const char old[] = "bytes-to-key";
	rp_autofree char *copy = strdup(text);
	char *rest = copy;
	uint64_t iterations;

	if (!copy)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	const char *kind = strsep(&rest, ":");
	ret->openssl.bytes_to_key = strcmp(kind, old) == 0;
	if (!ret->openssl.bytes_to_key) {
		if (strcmp(kind, "pbkdf2") != 0)
			return no_kdf(text, err);
		const char *number = strsep(&rest, ":");
		if (number && !rp_parse_u64(number, 1, ITERATIONS_MAX, &iterations))
			return no_kdf(text, err);
		ret->openssl.iterations = number ? (unsigned)iterations : 0;
	}
	if (rest && (!*rest || strchr(rest, ':')))
		return no_kdf(text, err);
	*ret_digest = rest ? strdup(rest) : NULL;
	if (rest && !*ret_digest)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	ret->openssl.digest = *ret_digest;
	return 0;
}

int rp_unwrapping_make(struct unwrapping *ret, const struct unwrapping_options *o, struct rp_run *run,
		       struct rp_err **err)
{
	*ret = (struct unwrapping){.how = {.run = run,
					   .identities = o->identities,
					   .gnupghome = o->gnupghome,
					   .openssl.cipher = o->openssl_cipher}};
	if (o->openssl_kdf && rp_unwrapping_kdf(&ret->how, &ret->digest, o->openssl_kdf, err) < 0)
		return rp_err_wrap(err, "--openssl-kdf");
	return read_passwords(ret, o, err) < 0 || read_filters(ret, o, err) < 0 ? -1 : 0;
}

void rp_unwrapping_done(struct unwrapping *u)
{
	for (size_t i = 0; i < u->how.n_passwords; i++)
		rp_secret_free(u->passwords[i]);
	for (size_t i = 0; i < u->how.n_filters; i++)
		rp_argv_done(&u->filters[i]);
	free(u->passwords);
	free(u->filters);
	free(u->digest);
	*u = (struct unwrapping){0};
}
