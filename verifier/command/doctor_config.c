/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "verifier/command/commands.h"
#include "verifier/config/config.h"
#include "verifier/util/arena.h"
#include "verifier/util/buf.h"

/* Up to where a token's URI may be shown; all of it, where no PIN stands in it. */
static size_t pin_at(const char *text)
{
	static const char name[] = "pin-value=";
	const char *pin = strncmp(text, "pkcs11:", 7) == 0 ? strstr(text, name) : NULL;

	return pin ? (size_t)(pin - text) + sizeof(name) - 1 : strlen(text);
}

/* A password has no place in a URI, and is not shown when it stands there all the same. */
static void value(struct rp_buf *out, const char *text)
{
	const char *host = strstr(text, "://");
	const char *at = host ? strchr(host + 3, '@') : NULL;
	const char *colon = at ? memchr(host + 3, ':', (size_t)(at - host - 3)) : NULL;
	rp_autobuf shown = RP_BUF_INIT(1u << 20);

	if (colon) {
		rp_buf_add_mem(&shown, text, (size_t)(colon - text));
		rp_buf_add(&shown, ":***");
		text = at;
	}
	size_t open = pin_at(text);
	rp_buf_add_mem(&shown, text, open);
	rp_buf_add(&shown, text[open] != '\0' ? "***" : "");
	rp_buf_add_plain(out, rp_buf_text(&shown));
}

/* Of an address that lets in whoever knows it, where it leads to. */
static void address(struct rp_buf *out, const char *text)
{
	const char *host = strstr(text, "://");
	size_t len = host ? (size_t)(host - text) + 3 : 0;
	rp_autobuf shown = RP_BUF_INIT(1u << 20);

	const char *end = text + len + strcspn(text + len, "/?#");
	const char *login = host ? memrchr(text + len, '@', (size_t)(end - text) - len) : NULL;
	rp_buf_add_mem(&shown, text, len);
	rp_buf_add_mem(&shown, login ? login + 1 : text + len,
		       (size_t)(end - (login ? login + 1 : text + len)));
	rp_buf_add_plain(out, host ? rp_buf_text(&shown) : "");
	rp_buf_add(out, "/***");
}

static void setting(struct rp_buf *out, const struct rp_setting *s, const char *whose)
{
	const struct rp_option *o = rp_option_configured(s->key);

	rp_buf_addf(out, "    %s: ", s->key);
	for (const char **v = s->values; *v; v++) {
		rp_buf_add(out, v > s->values ? ", " : "");
		if (o && o->secret)
			address(out, *v);
		else
			value(out, *v);
	}
	rp_buf_addf(out, "  (%sline %u)\n", whose, s->line);
}

/* What a run for this target would be told: its own settings, and the defaults that it does not change. */
static void target(struct rp_buf *out, const struct rp_config *c, const struct rp_settings *t)
{
	rp_buf_add(out, "  ");
	rp_buf_add_plain(out, t->name);
	rp_buf_add(out, "\n");
	for (size_t i = 0; i < t->n; i++)
		setting(out, &t->all[i], "");
	for (size_t i = 0; i < c->defaults.n; i++) {
		if (!rp_settings_find(t, c->defaults.all[i].key))
			setting(out, &c->defaults.all[i], "defaults, ");
	}
}

int rp_doctor_config(struct rp_buf *out, const char *path, struct rp_err **err)
{
	rp_auto(rp_arena) memory = NULL;
	struct rp_config c;

	if (rp_arena_new(&memory, err) < 0 || rp_config_load(&c, memory, path, err) < 0)
		return -1;
	rp_buf_add(out, "targets in ");
	rp_buf_add_plain(out, path);
	rp_buf_add(out, c.n_targets > 0 ? "\n" : ": none\n");
	for (size_t i = 0; i < c.n_targets; i++)
		target(out, &c, &c.targets[i]);
	return 0;
}
