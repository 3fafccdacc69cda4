/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glob.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verifier/engine/mysql/address.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"
#include "verifier/util/fd.h"

/* libmariadb reads option files within the very call that connects, and takes from them what runs code or loads it
 * (init-command, plugin-dir). So they are read here: the same files, groups and quoting, and only the words that
 * say where a server is and how one logs in. */

#define FILE_MAX  (1u << 20)
#define DEPTH_MAX 10

static const struct {
	enum rp_my_key key;
	const char *word;
} words[] = {
	{RP_MY_KEY_USER, "user"},	  {RP_MY_KEY_PASSWORD, "password"},
	{RP_MY_KEY_HOST, "host"},	  {RP_MY_KEY_PORT, "port"},
	{RP_MY_KEY_SOCKET, "socket"},	  {RP_MY_KEY_SSL_MODE, "ssl-mode"},
	{RP_MY_KEY_SSL_CA, "ssl-ca"},	  {RP_MY_KEY_SSL_CAPATH, "ssl-capath"},
	{RP_MY_KEY_SSL_CERT, "ssl-cert"}, {RP_MY_KEY_SSL_KEY, "ssl-key"},
	{RP_MY_KEY_SSL_CRL, "ssl-crl"},	  {RP_MY_KEY_SSL_CIPHER, "ssl-cipher"},
};

struct reading {
	struct rp_my_address *into; /* what is read later replaces what was read earlier */
	const char *path;
	unsigned depth;
};

static bool is_ours(const char *group, size_t len)
{
	static const char *const groups[] = {"client", "client-mariadb", "client-mysql", "client-server",
					     "reprove"};
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if (strlen(groups[i]) == len && strncmp(groups[i], group, len) == 0)
			return true;
	return false;
}

/* '-' and '_' are the same there, and "loose-" in front means nothing to us. */
static bool is_word(const char *text, size_t len, const char *word)
{
	if (len > 6 && (strncmp(text, "loose-", 6) == 0 || strncmp(text, "loose_", 6) == 0)) {
		text += 6;
		len -= 6;
	}
	if (strlen(word) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((text[i] == '_' ? '-' : text[i]) != word[i])
			return false;
	return true;
}

/* Quotes around all of it go; so does what a '#' begins outside of them; backslashes mean what they mean in the
 * vendors' files. */
static char *value_of(const char *text, size_t len)
{
	static const char from[] = "btnrs\\", to[] = "\b\t\n\r \\";
	char quote = len > 0 && (text[0] == '\'' || text[0] == '"') ? text[0] : '\0';
	char *out = malloc(len + 1);
	size_t n = 0, kept = 0;
	if (out == NULL)
		return NULL;
	for (size_t i = quote != '\0'; i < len && !(quote != '\0' && text[i] == quote); i++) {
		if (quote == '\0' && text[i] == '#')
			break;
		const char *escaped = text[i] == '\\' && i + 1 < len ? strchr(from, text[i + 1]) : NULL;
		bool doubled = quote != '\0' && text[i] == '\\' && i + 1 < len && text[i + 1] == quote;
		out[n++] = escaped != NULL ? to[escaped - from] : doubled ? quote : text[i];
		i += escaped != NULL || doubled;
		if (quote != '\0' || escaped != NULL || (text[i] != ' ' && text[i] != '\t'))
			kept = n; /* blanks before a comment are not part of it */
	}
	out[kept] = '\0';
	return out;
}

static int take_line(struct reading *r, const char *line, size_t len, struct rp_err **err)
{
	const char *is = memchr(line, '=', len);
	size_t n = is != NULL ? (size_t)(is - line) : len;
	while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!is_word(line, n, words[i].word))
			continue;
		const char *v = is != NULL ? is + 1 : line + len;
		while (v < line + len && (*v == ' ' || *v == '\t'))
			v++;
		char *value = value_of(v, (size_t)(line + len - v));
		if (value == NULL)
			return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		free(r->into->v[words[i].key]);
		r->into->v[words[i].key] = value;
	}
	return 0;
}

static int read_file(struct reading *r, const char *path, bool must, struct rp_err **err);

static int by_name(const char *dir, struct reading *r, struct rp_err **err)
{
	rp_autobuf pattern = RP_BUF_INIT(4096);
	for (const char *p = dir; *p != '\0'; p++) {
		if (strchr("*?[\\", *p) != NULL)
			rp_buf_add(&pattern, "\\");
		rp_buf_add_mem(&pattern, p, 1);
	}
	rp_buf_add(&pattern, "/*.cnf");
	if (rp_buf_check(&pattern, err) < 0)
		return -1;
	glob_t found = {0};
	int status = glob(rp_buf_text(&pattern), 0, NULL, &found);
	int result = status == GLOB_NOSPACE ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
	for (size_t i = 0; result == 0 && status == 0 && i < found.gl_pathc; i++)
		result = read_file(r, found.gl_pathv[i], false, err);
	globfree(&found);
	return result;
}

static int include(struct reading *r, const char *line, size_t len, struct rp_err **err)
{
	bool dir = len > 11 && strncmp(line, "!includedir", 11) == 0;
	if (!dir && !(len > 8 && strncmp(line, "!include", 8) == 0))
		return 0;
	if (r->depth >= DEPTH_MAX)
		return rp_err_set(err, RP_ERR_CONFIG, "option file '%s' includes itself, or too many",
				  r->path);
	size_t skip = dir ? 11 : 8;
	while (skip < len && (line[skip] == ' ' || line[skip] == '\t'))
		skip++;
	rp_autofree char *path = strndup(line + skip, len - skip);
	if (path == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	const char *above = r->path;
	r->depth++;
	int result = dir ? by_name(path, r, err) : read_file(r, path, true, err);
	r->depth--;
	r->path = above;
	return result;
}

static int read_text(struct reading *r, const char *text, struct rp_err **err)
{
	bool ours = false;
	for (const char *p = text; *p != '\0'; p += *p == '\n') {
		p += strspn(p, " \t\r");
		size_t len = strcspn(p, "\n");
		const char *line = p;
		p += len;
		while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
			len--;
		if (len == 0 || line[0] == '#' || line[0] == ';')
			continue;
		if (line[0] == '!') {
			if (include(r, line, len, err) < 0)
				return -1;
		} else if (line[0] == '[') {
			const char *end = memchr(line, ']', len);
			if (end == NULL)
				return rp_err_set(err, RP_ERR_CONFIG, "option file '%s': a '[' is not closed",
						  r->path);
			ours = is_ours(line + 1, (size_t)(end - line - 1));
		} else if (ours && take_line(r, line, len, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* A file that everybody can write to is ignored, as the vendors' clients do: it says who gets a password. */
static int read_file(struct reading *r, const char *path, bool must, struct rp_err **err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return must ? rp_err_set(err, RP_ERR_CONFIG, "option file '%s': %s", path, strerror(errno))
			    : 0;
	if (!S_ISREG(st.st_mode) || (st.st_mode & S_IWOTH) != 0) {
		if (!must)
			return 0;
		return rp_err_set(err, RP_ERR_CONFIG, "option file '%s' is %s", path,
				  S_ISREG(st.st_mode) ? "writable by everybody" : "no regular file");
	}
	rp_autobuf text = RP_BUF_INIT(FILE_MAX);
	rp_autoerr struct rp_err *why = NULL;
	if (rp_file_read(path, &text, &why) < 0)
		return rp_err_kind(why) == RP_ERR_NOMEM || must
			       ? rp_err_set(err, rp_err_kind(why), "option file: %s", rp_err_text(why))
			       : 0;
	r->path = path;
	return read_text(r, rp_buf_text(&text), err);
}

int rp_my_options_read(const char *text, struct rp_my_address *into, struct rp_err **err)
{
	struct reading r = {.into = into, .path = "text", .depth = DEPTH_MAX};
	return read_text(&r, text, err);
}

static int read_usual(struct reading *r, struct rp_err **err)
{
	static const char *const usual[] = {"/etc/my.cnf", "/etc/mysql/my.cnf"};
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (read_file(r, usual[i], false, err) < 0)
			return -1;
	static const char *const in[][2] = {
		{"MARIADB_HOME", "my.cnf"}, {"MYSQL_HOME", "my.cnf"}, {"HOME", ".my.cnf"}};
	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		const char *dir = getenv(in[i][0]);
		if (dir == NULL || dir[0] != '/')
			continue;
		rp_autobuf path = RP_BUF_INIT(4096);
		rp_buf_addf(&path, "%s/%s", dir, in[i][1]);
		if (rp_buf_check(&path, err) < 0 || read_file(r, rp_buf_text(&path), false, err) < 0)
			return -1;
	}
	return 0;
}

/* Where the URI says where the server is, nothing else does. */
static int fill_in(struct rp_my_address *a, const struct rp_my_address *said, struct rp_err **err)
{
	bool located = a->v[RP_MY_KEY_HOST] != NULL || a->v[RP_MY_KEY_SOCKET] != NULL ||
		       a->v[RP_MY_KEY_PORT] != NULL;
	bool port_too = a->v[RP_MY_KEY_HOST] != NULL && a->v[RP_MY_KEY_SOCKET] == NULL &&
			strcmp(a->v[RP_MY_KEY_HOST], "localhost") != 0;
	const char *host = a->v[RP_MY_KEY_HOST] != NULL ? a->v[RP_MY_KEY_HOST] : said->v[RP_MY_KEY_HOST];
	bool local = rp_my_address_is_local(a) && (host == NULL || strcmp(host, "localhost") == 0);
	for (unsigned i = 0; i < RP_MY_KEYS; i++) {
		bool fits = true;
		if (i == RP_MY_KEY_HOST)
			fits = !located;
		else if (i == RP_MY_KEY_PORT)
			fits = !local && (port_too || !located);
		else if (i == RP_MY_KEY_SOCKET)
			fits = local;
		if (fits && rp_my_address_default(a, i, said->v[i], err) < 0)
			return -1;
	}
	return 0;
}

int rp_my_address_complete(struct rp_my_address *a, struct rp_err **err)
{
	rp_autoaddress said = {0};
	struct reading r = {.into = &said};
	if (a->v[RP_MY_KEY_NO_DEFAULTS] == NULL) {
		const char *file = a->v[RP_MY_KEY_DEFAULTS_FILE];
		if ((file != NULL ? read_file(&r, file, true, err) : read_usual(&r, err)) < 0)
			return -1;
		/* The environment speaks where files do not. */
		if (rp_my_address_default(&said, RP_MY_KEY_PASSWORD, getenv("MYSQL_PWD"), err) < 0 ||
		    rp_my_address_default(&said, RP_MY_KEY_SOCKET, getenv("MYSQL_UNIX_PORT"), err) < 0 ||
		    rp_my_address_default(&said, RP_MY_KEY_PORT, getenv("MYSQL_TCP_PORT"), err) < 0)
			return -1;
	}
	if (rp_my_address_default(&said, RP_MY_KEY_SOCKET, MARIADB_UNIX_ADDR, err) < 0)
		return -1;
	return fill_in(a, &said, err);
}
