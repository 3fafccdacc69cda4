/* SPDX-License-Identifier: MIT */
#include "verifier/util/http.h"

#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

#define URL_MAX	    4096
#define DROPPED_MAX (64u << 10) /* an answer that nobody reads and that does not end */
#define PAUSE_MAX_S 8

static void drop_url(CURLU **u)
{
	curl_url_cleanup(*u);
	*u = NULL;
}
#define rp_autourl rp_cleanup(drop_url) CURLU *

static void drop_part(char **s)
{
	curl_free(*s);
	*s = NULL;
}
#define rp_autopart rp_cleanup(drop_part) char *

static void drop_list(struct curl_slist **l)
{
	curl_slist_free_all(*l);
	*l = NULL;
}

/* ---- Addresses ---- */

static bool is_this_machine(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0;
}

static int parse(CURLU **ret, const char *url, struct rp_err **err)
{
	rp_autourl u = curl_url();
	rp_autopart host = NULL;

	if (!u)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK || !*host)
		return rp_err_set(err, RP_ERR_USAGE, "this is no address; expected 'https://HOST/...'");
	*ret = rp_take(u);
	return 0;
}

static int admit(CURLU *u, bool plain, bool *ret_tls, struct rp_err **err)
{
	rp_autopart scheme = NULL;
	rp_autopart host = NULL;

	if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	*ret_tls = strcmp(scheme, "https") == 0;
	if (*ret_tls)
		return 0;
	if (strcmp(scheme, "http") != 0)
		return rp_err_set(err, RP_ERR_USAGE, "'%s://' cannot be sent to; expected 'https://'",
				  scheme);
	if (plain || is_this_machine(host))
		return 0;
	return rp_err_set(
		err, RP_ERR_USAGE,
		"expected 'https://%s/...': what goes over a network by http can be read and changed "
		"there",
		host);
}

int rp_http_check(const char *url, bool plain, struct rp_err **err)
{
	rp_autourl u = NULL;
	bool tls;

	return parse(&u, url, err) < 0 ? -1 : admit(u, plain, &tls, err);
}

char *rp_http_host(const char *url)
{
	rp_autourl u = NULL;
	rp_autopart host = NULL;

	if (parse(&u, url, NULL) < 0 || curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return NULL;
	return strdup(host);
}

int rp_http_extend(char **ret, const char *url, const char *ending, const char *query, struct rp_err **err)
{
	rp_autourl u = NULL;
	rp_autopart path = NULL;
	rp_autopart whole = NULL;
	rp_autobuf longer = RP_BUF_INIT(URL_MAX);

	if (parse(&u, url, err) < 0)
		return -1;
	if (curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	size_t len = strlen(path);
	if (*ending && len > 0 && path[len - 1] == '/')
		len--;
	rp_buf_add_mem(&longer, path, len);
	rp_buf_add(&longer, ending);
	if (rp_buf_check(&longer, err) < 0)
		return -1;
	if (curl_url_set(u, CURLUPART_PATH, rp_buf_text(&longer), 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_QUERY, query, CURLU_APPENDQUERY) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_URL, &whole, 0) != CURLUE_OK || !(*ret = strdup(whole)))
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return 0;
}

/* ---- One attempt ---- */

struct answer {
	struct rp_buf *into; /* NULL: dropped */
	size_t dropped;
};

static size_t take(const char *data, size_t size, size_t n, void *ctx)
{
	struct answer *a = ctx;
	size_t len = size * n;

	if (a->into) {
		rp_buf_add_mem(a->into, data, len);
		return a->into->failed ? 0 : len;
	}
	a->dropped += len;
	return a->dropped > DROPPED_MAX ? 0 : len;
}

static void prepare(CURL *c, const struct rp_http *q, CURLU *to, bool tls, struct curl_slist *headers,
		    struct answer *answer)
{
	(void)curl_easy_setopt(c, CURLOPT_CURLU, to);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (q->ca)
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, q->ca);
	/* What may go to this machine in the clear must not be handed to a proxy. */
	if (!tls && !q->plain)
		(void)curl_easy_setopt(c, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	if (q->body) {
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body);
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->len);
	}
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "reprove");
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)q->timeout_ms);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, answer);
}

/* A certificate that is not trusted will be no other one in a second. */
static bool is_hopeless(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
	       code == CURLE_UNSUPPORTED_PROTOCOL;
}

static int judge(CURLcode code, long status, const struct answer *a, const char *why, bool *ret_again,
		 struct rp_err **err)
{
	bool endless = code == CURLE_WRITE_ERROR;

	*ret_again = !endless && code != CURLE_OK && !is_hopeless(code);
	if (endless && a->into)
		return rp_err_set(err, RP_ERR_IO, "the answer is longer than %zu bytes", a->into->max);
	/* One that nobody reads has said yes or no at its beginning. */
	if (code != CURLE_OK && !endless)
		return rp_err_set(err, RP_ERR_IO, "%s", *why ? why : curl_easy_strerror(code));
	if (status >= 200 && status < 300)
		return 0;
	*ret_again = status >= 500 || status == 429;
	if (status >= 300 && status < 400)
		return rp_err_set(err, RP_ERR_IO,
				  "answered %ld, a redirect, which is not followed: name the right address",
				  status);
	return rp_err_set(err, RP_ERR_IO, "answered %ld", status);
}

static int attempt(const struct rp_http *q, CURLU *to, bool tls, struct curl_slist *headers,
		   struct rp_buf *into, bool *ret_again, struct rp_err **err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct answer answer = {.into = into};
	long status = 0;
	CURL *c = curl_easy_init();

	*ret_again = false;
	if (!c)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	if (into)
		rp_buf_reset(into);
	prepare(c, q, to, tls, headers, &answer);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	CURLcode code = curl_easy_perform(c);
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(c);
	return judge(code, status, &answer, why, ret_again, err);
}

/* ---- All of them ---- */

static int headers_of(const struct rp_http *q, struct curl_slist **ret, struct rp_err **err)
{
	for (const char *const *h = q->headers; h && *h; h++) {
		struct curl_slist *longer = strpbrk(*h, "\r\n") ? NULL : curl_slist_append(*ret, *h);
		if (!longer)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory, or a header of two lines");
		*ret = longer;
	}
	return 0;
}

int rp_http(const struct rp_http *q, struct rp_buf *answer, struct rp_err **err)
{
	rp_autourl to = NULL;
	rp_cleanup(drop_list) struct curl_slist *headers = NULL;
	rp_autoerr struct rp_err *why = NULL;
	bool tls = false, again = true;

	if (parse(&to, q->url, err) < 0 || admit(to, q->plain, &tls, err) < 0 ||
	    headers_of(q, &headers, err) < 0)
		return -1;
	for (unsigned i = 0; i < q->attempts && again; i++) {
		rp_err_freep(&why);
		if (i > 0)
			(void)nanosleep(&(struct timespec){.tv_sec = i < PAUSE_MAX_S ? i : PAUSE_MAX_S},
					NULL);
		if (attempt(q, to, tls, headers, answer, &again, &why) == 0)
			return 0;
	}
	return rp_err_again(err, why);
}
