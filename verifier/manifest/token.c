/* SPDX-License-Identifier: MIT */
#include "verifier/manifest/token.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "verifier/manifest/key.h"
#include "verifier/util/error.h"
#include "verifier/util/secret.h"

/* Modules are loaded once. The token is opened for each signature anew: hours lie between them, and a session that is
 * left open is one that others can use. */

#define SLOTS_MAX 256

struct token {
	struct rp_signer signer;
	P11KitUri *uri;
	struct rp_secret *pin;	    /* owned; NULL: none */
	CK_FUNCTION_LIST **modules; /* those that are configured, NULL at the end; NULL: one */
	CK_FUNCTION_LIST *one[2];   /* the URI's own, with module-path */
};

static void token_free(struct rp_signer *s)
{
	struct token *t = (struct token *)s;
	if (t->modules != NULL)
		p11_kit_modules_finalize_and_release(t->modules);
	if (t->one[0] != NULL) {
		(void)p11_kit_module_finalize(t->one[0]);
		p11_kit_module_release(t->one[0]);
	}
	p11_kit_uri_free(t->uri);
	rp_secret_free(t->pin);
	free(t);
}

/* ---- The URI ---- */

/* Never shown: a PIN may stand in it. */
static int read_pin_source(struct token *t, struct rp_err **err)
{
	static const char scheme[] = "file:";
	const char *source = p11_kit_uri_get_pin_source(t->uri);
	if (p11_kit_uri_get_pin_value(t->uri) != NULL) {
		rp_err_set(err, RP_ERR_CONFIG,
			   "it has the PIN in it (pin-value), where everybody can read it");
		return rp_err_hint(err, "pin-source=file:/PATH, or an option: --key-passphrase-file FILE");
	}
	if (source == NULL || t->pin != NULL)
		return 0;
	if (strncmp(source, scheme, sizeof scheme - 1) == 0)
		source += sizeof scheme - 1;
	while (source[0] == '/' && source[1] == '/')
		source++;
	if (source[0] != '/')
		return rp_err_set(err, RP_ERR_CONFIG, "its pin-source is no file: expected file:/PATH");
	return rp_secret_of_file(&t->pin, source, err);
}

static int read_uri(struct token *t, const char *text, struct rp_err **err)
{
	t->uri = p11_kit_uri_new();
	if (t->uri == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	int how = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, t->uri);
	if (how != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(t->uri)) {
		rp_err_set(err, RP_ERR_CONFIG, "it is not understood%s%s", how != P11_KIT_URI_OK ? ": " : "",
			   how != P11_KIT_URI_OK ? p11_kit_uri_message(how) : "");
		return rp_err_hint(err, "'pkcs11:token=NAME;object=NAME', see RFC 7512; 'p11tool "
					"--list-tokens' or 'pkcs11-tool -L' tells the names");
	}
	return read_pin_source(t, err);
}

static const char *said(void)
{
	const char *message = p11_kit_message();
	return message != NULL ? message : "no reason is given";
}

static int load_modules(struct token *t, struct rp_err **err)
{
	const char *path = p11_kit_uri_get_module_path(t->uri);
	if (path == NULL) {
		t->modules = p11_kit_modules_load_and_initialize(0);
		return t->modules != NULL ? 0
					  : rp_err_set(err, RP_ERR_CONFIG,
						       "no PKCS#11 module can be loaded: %s", said());
	}
	CK_FUNCTION_LIST *m = p11_kit_module_load(path, 0);
	if (m == NULL)
		return rp_err_set(err, RP_ERR_CONFIG, "module '%s' cannot be loaded: %s", path, said());
	CK_RV rv = p11_kit_module_initialize(m);
	if (rv != CKR_OK) {
		p11_kit_module_release(m);
		return rp_err_set(err, RP_ERR_CONFIG, "module '%s' does not start: %s", path,
				  p11_kit_strerror(rv));
	}
	t->one[0] = m;
	return 0;
}

/* ---- The token ---- */

struct place {
	CK_FUNCTION_LIST *module;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	unsigned n; /* how many fit */
};

static bool fits(const struct token *t, CK_FUNCTION_LIST *m)
{
	const char *wanted = p11_kit_uri_get_module_name(t->uri);
	rp_autofree char *is = p11_kit_module_get_name(m);
	CK_INFO info;
	return (wanted == NULL || (is != NULL && strcmp(is, wanted) == 0)) && m->C_GetInfo(&info) == CKR_OK &&
	       p11_kit_uri_match_module_info(t->uri, &info);
}

static void look_into(const struct token *t, CK_FUNCTION_LIST *m, struct place *ret)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	if (!fits(t, m) || m->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK)
		return;
	for (CK_ULONG i = 0; i < n; i++) {
		CK_SLOT_INFO slot;
		CK_TOKEN_INFO info;
		if (m->C_GetSlotInfo(slots[i], &slot) != CKR_OK ||
		    m->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
		    !p11_kit_uri_match_slot_info(t->uri, &slot) ||
		    !p11_kit_uri_match_token_info(t->uri, &info))
			continue;
		*ret = (struct place){.module = m, .slot = slots[i], .info = info, .n = ret->n + 1};
	}
}

static int find_token(const struct token *t, struct place *ret, struct rp_err **err)
{
	CK_FUNCTION_LIST *const *all = t->modules != NULL ? t->modules : t->one;
	for (; *all != NULL; all++)
		look_into(t, *all, ret);
	if (ret->n == 1)
		return 0;
	rp_err_set(err, RP_ERR_CONFIG, "%u tokens fit, expected one", ret->n);
	return rp_err_hint(err, ret->n == 0
					? "is it there? 'pkcs11-tool -L' lists tokens; ?module-path=/PATH.so "
					  "names the module of one that is not configured"
					: "say which one: token=NAME or serial=NUMBER");
}

static int log_in(const struct token *t, const struct rp_token_session *s, const struct place *at,
		  CK_USER_TYPE user, struct rp_err **err)
{
	bool pad = (at->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	if ((at->info.flags & CKF_LOGIN_REQUIRED) == 0)
		return 0;
	if (t->pin == NULL && !pad) {
		rp_err_set(err, RP_ERR_CONFIG, "it wants a PIN, and none is given");
		return rp_err_hint(err,
				   "--key-passphrase-file FILE, or -fd, -credential, -env; or pin-source in "
				   "the URI");
	}
	/* Cryptoki takes what it does not change as if it could. */
	union {
		const char *given;
		CK_UTF8CHAR *taken;
	} pin = {.given = t->pin != NULL ? rp_secret_text(t->pin) : NULL};
	CK_RV rv =
		s->module->C_Login(s->session, user, pin.taken, t->pin != NULL ? rp_secret_len(t->pin) : 0);
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return 0;
	if (rv != CKR_PIN_INCORRECT && rv != CKR_PIN_LEN_RANGE && rv != CKR_PIN_INVALID)
		return rp_err_set(err, RP_ERR_CONFIG, "it lets nobody in: %s", p11_kit_strerror(rv));
	rp_err_set(err, RP_ERR_CONFIG, "the PIN is wrong");
	return rp_err_hint(err, "it was tried once; most tokens lock themselves after a few wrong ones");
}

static int find_key(const struct token *t, struct rp_token_session *s, struct rp_err **err)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE like[3] = {{CKA_CLASS, &class, sizeof class}};
	CK_ATTRIBUTE_TYPE named[] = {CKA_ID, CKA_LABEL};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 1;
	for (size_t i = 0; i < 2; i++) {
		const CK_ATTRIBUTE *a = p11_kit_uri_get_attribute(t->uri, named[i]);
		if (a != NULL)
			like[n++] = *a;
	}
	int fit = rp_token_find(s, like, n, found, 2, err);
	if (fit == 1) {
		CK_ULONG len = 0;
		rp_autofree CK_BBOOL *each = rp_token_value(s, found[0], CKA_ALWAYS_AUTHENTICATE, &len);
		s->key = found[0];
		s->each_time = each != NULL && len == sizeof *each && *each != CK_FALSE;
		return 0;
	}
	if (fit >= 0) {
		rp_err_set(err, RP_ERR_CONFIG, "%s on the token, expected one",
			   fit == 0 ? "no private key fits" : "several private keys fit");
		rp_err_hint(err,
			    "'pkcs11-tool --login --list-objects' lists them; object=NAME or id=%%01 says "
			    "which one");
	}
	return -1;
}

static void close_session(struct rp_token_session *s)
{
	if (s->session == CK_INVALID_HANDLE)
		return;
	(void)s->module->C_Logout(s->session);
	(void)s->module->C_CloseSession(s->session);
}

static int open_session(const struct token *t, struct rp_token_session *s, struct place *at,
			struct rp_err **err)
{
	if (find_token(t, at, err) < 0)
		return -1;
	s->module = at->module;
	CK_RV rv = s->module->C_OpenSession(at->slot, CKF_SERIAL_SESSION, NULL, NULL, &s->session);
	if (rv != CKR_OK) {
		s->session = CK_INVALID_HANDLE;
		return rp_err_set(err, RP_ERR_IO, "it does not open: %s", p11_kit_strerror(rv));
	}
	return log_in(t, s, at, CKU_USER, err) < 0 || find_key(t, s, err) < 0 ? -1 : 0;
}

/* ---- The signature ---- */

static int ask(struct rp_signer *signer, const struct rp_key *k, const void *data, size_t data_len,
	       uint8_t *ret, size_t *len, struct rp_err **err)
{
	const struct token *t = (const struct token *)signer;
	rp_cleanup(close_session) struct rp_token_session s = {.session = CK_INVALID_HANDLE};
	struct place at = {0};
	/* Every token can do ECDSA over a digest, and few can hash megabytes. */
	CK_MECHANISM how = {.mechanism = k->digest != NULL ? CKM_ECDSA : CKM_EDDSA};
	uint8_t digest[RP_SHA256_LEN];
	union {
		const void *given;
		CK_BYTE *taken;
	} text = {.given = data};
	CK_ULONG text_len = data_len, n = *len;
	if (k->digest != NULL) {
		rp_sha256(data, data_len, digest);
		text.given = digest;
		text_len = sizeof digest;
	}
	if (open_session(t, &s, &at, err) < 0)
		return rp_err_wrap(err, "token");
	CK_RV rv = s.module->C_SignInit(s.session, &how, s.key);
	if (rv == CKR_OK && s.each_time && log_in(t, &s, &at, CKU_CONTEXT_SPECIFIC, err) < 0)
		return rp_err_wrap(err, "token");
	if (rv == CKR_OK)
		rv = s.module->C_Sign(s.session, text.taken, text_len, ret, &n);
	if (rv != CKR_OK)
		return rp_err_set(err, RP_ERR_IO, "token: it does not sign: %s", p11_kit_strerror(rv));
	*len = n;
	return 0;
}

static int open_key(struct token *t, const char *uri, struct rp_key **ret, struct rp_err **err)
{
	rp_cleanup(close_session) struct rp_token_session s = {.session = CK_INVALID_HANDLE};
	struct place at = {0};
	EVP_PKEY *half = NULL;
	if (read_uri(t, uri, err) < 0 || load_modules(t, err) < 0 || open_session(t, &s, &at, err) < 0 ||
	    rp_token_public(&s, &half, err) < 0)
		return -1;
	return rp_key_of(ret, half, err);
}

int rp_key_on_token(struct rp_key **ret, const char *uri, struct rp_secret *pin, struct rp_err **err)
{
	struct token *t = calloc(1, sizeof *t);
	rp_auto(rp_key) k = NULL;
	if (t == NULL) {
		rp_secret_free(pin);
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	}
	*t = (struct token){.signer = {.what = "the token", .sign = ask, .free = token_free}, .pin = pin};
	rp_key_guard_memory();
	if (open_key(t, uri, &k, err) < 0) {
		token_free(&t->signer);
		/* A PIN that somebody put into it stands behind the question mark. */
		return rp_err_wrap(err, "key '%.*s'", (int)strcspn(uri, "?"), uri);
	}
	k->signer = &t->signer;
	*ret = rp_take(k);
	return 0;
}
