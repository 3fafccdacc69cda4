/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/engine/mysql/hosting.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Where an installation's files are, and which of them a server and its tools need to see. Not more: what stands here
 * can be read by whatever a backup brings. */

/* The directory above the one that the program lies in, once links are followed: the server finds its own files from
 * there. */
char *rp_my_base(const struct rp_installation *with)
{
	char *real = realpath(with->server != NULL ? with->server : with->bindir, NULL);
	for (int up = with->server != NULL ? 0 : 1; real != NULL && up < 2; up++) {
		char *slash = strrchr(real, '/');
		if (slash != NULL)
			*slash = '\0';
	}
	return real;
}

char *rp_my_share(const char *base)
{
	static const char *const names[] = {"share/mysql", "share/mariadb", "share"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		rp_autobuf path = RP_BUF_INIT(8 << 10);
		rp_autobuf messages = RP_BUF_INIT(8 << 10);
		rp_buf_addf(&path, "%s/%s", base, names[i]);
		rp_buf_addf(&messages, "%s/english/errmsg.sys", rp_buf_text(&path));
		if (access(rp_buf_text(&messages), R_OK) == 0)
			return rp_buf_take(&path);
	}
	return NULL;
}

int rp_my_parts(const struct rp_installation *with, struct rp_argv *ret, struct rp_err **err)
{
	/* Where everybody's files are, only its own: and of those not its plugins, which no scratch loads. */
	static const char *const shared[] = {"share/mysql", "share/mariadb", "lib/mysql/private",
					     "lib64/mysql/private"};
	/* Unpacked in a place of its own, it may have brought libraries and a loader. */
	static const char *const alone[] = {"lib", "lib64", "share"};
	rp_autofree char *base = rp_my_base(with);
	if (base == NULL)
		return rp_err_set(err, RP_ERR_ENGINE, "no MariaDB or MySQL in '%s'", with->bindir);
	bool is_shared = strcmp(base, "/usr") == 0 || strcmp(base, "/usr/local") == 0;
	const char *const *names = is_shared ? shared : alone;
	size_t n = is_shared ? sizeof shared / sizeof shared[0] : sizeof alone / sizeof alone[0];
	for (size_t i = 0; i < n; i++)
		rp_argv_addf(ret, "%s/%s", base, names[i]);
	return ret->failed ? rp_err_set(err, RP_ERR_NOMEM, "out of memory") : 0;
}
