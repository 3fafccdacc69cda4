/* SPDX-License-Identifier: MIT */
#include <archive.h>
#include <curl/curl.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <mysql.h>
#include <openssl/crypto.h>
#include <xxhash.h>
#include <zlib.h>

#include "verifier/command/built.h"
#include "verifier/command/options.h"
#include "verifier/util/buf.h"

int64_t rp_built_ms(void)
{
	return (int64_t)RP_BUILT_S * 1000;
}

/* As loaded, not as compiled against: it is what a report's reader wants to know. */
void rp_version(struct rp_buf *out)
{
	int pq = PQlibVersion();
	unsigned xxh = XXH_versionNumber();

	rp_buf_addf(out, "reprove %s\n", RP_VERSION);
	if (pq >= 100000)
		rp_buf_addf(out, "libpq %d.%d\n", pq / 10000, pq % 10000);
	else
		rp_buf_addf(out, "libpq %d.%d.%d\n", pq / 10000, pq / 100 % 100, pq % 100);
	rp_buf_addf(out, "libmariadb %s\n", mysql_get_client_info());
	rp_buf_addf(out, "OpenSSL %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
	rp_buf_addf(out, "jansson %s\n", jansson_version_str());
	rp_buf_addf(out, "xxHash %u.%u.%u\n", xxh / 10000, xxh / 100 % 100, xxh % 100);
	rp_buf_addf(out, "zlib %s\n", zlibVersion());
	rp_buf_addf(out, "libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
	rp_buf_addf(out, "libarchive %d.%d.%d\n", archive_version_number() / 1000000,
		    archive_version_number() / 1000 % 1000, archive_version_number() % 1000);
}
