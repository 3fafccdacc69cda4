/* SPDX-License-Identifier: MIT */
#include "verifier/util/memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static _Thread_local bool failed;

void rp_memory_forget(void)
{
	failed = false;
}

bool rp_memory_failed(void)
{
	return failed;
}

void *rp_memory_alloc(size_t size)
{
	void *p = malloc(size);
	failed |= p == NULL && size > 0;
	return p;
}

static void *crypto_alloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return rp_memory_alloc(size);
}

static void *crypto_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	void *p = realloc(old, size);
	failed |= p == NULL && size > 0;
	return p;
}

static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

void rp_memory_watch_crypto(void)
{
	(void)CRYPTO_set_mem_functions(crypto_alloc, crypto_realloc, crypto_free);
}
