/* SPDX-License-Identifier: MIT */
#include "verifier/util/memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/resource.h>

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

/* A limit of 0 would not do: the kernel heeds it for files only, and 1 for a program that takes core dumps, too. */
void rp_memory_dump_none(void)
{
	struct rlimit core = {0};
	if (getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur > 1) {
		core.rlim_cur = 1;
		(void)setrlimit(RLIMIT_CORE, &core);
	}
}
