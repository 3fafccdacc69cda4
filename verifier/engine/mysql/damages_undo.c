/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/damages.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/pins.h"
#include "verifier/util/buf.h"

/* Taking a damage back, and looking whether it is. What is not as it was would make the damages after it mean
 * nothing. */

/* The text of a thing, in what SHOW CREATE answers. */
static int show_text(struct rp_my_conn *c, const char *from, MYSQL_RES **ret, const char **ret_text,
		     struct rp_err **err)
{
	if (rp_my_query(c, from, ret, err) < 0)
		return -1;
	MYSQL_ROW row = mysql_fetch_row(*ret);
	const MYSQL_FIELD *fields = mysql_fetch_fields(*ret);
	for (unsigned i = 0; row != NULL && i < mysql_num_fields(*ret); i++)
		if (row[i] != NULL && (strncmp(fields[i].name, "Create ", 7) == 0 ||
				       strcmp(fields[i].name, "SQL Original Statement") == 0)) {
			*ret_text = row[i];
			return 0;
		}
	return rp_err_set(err, RP_ERR_OBJECT, "the server does not show how it was made");
}

int rp_my_add_inverse(struct rp_my_conn *c, const char *from, const char *line, struct rp_buf *to,
		      struct rp_err **err)
{
	rp_autorows *shown = NULL;
	const char *text = NULL;
	if (show_text(c, from, &shown, &text, err) < 0)
		return -1;
	if (line == NULL) {
		rp_buf_add(to, text);
		return 0;
	}
	/* Line breaks in what people wrote stand there as \n. */
	for (const char *at = strstr(text, "\n  "); at != NULL; at = strstr(at + 1, "\n  ")) {
		if (strncmp(at + 3, line, strlen(line)) != 0)
			continue;
		size_t len = strcspn(at + 3, "\n");
		rp_buf_add_mem(to, at + 3, len - (len > 0 && at[3 + len - 1] == ','));
		return 0;
	}
	return rp_err_set(err, RP_ERR_OBJECT, "the server shows it in a way that cannot be taken back");
}

static int describe(struct rp_my_conn *c, struct rp_survey **ret, struct rp_err **err)
{
	rp_auto(rp_survey) s = NULL;
	struct rp_identity who;
	struct rp_position at;
	if (rp_survey_new(&s, err) < 0 || rp_my_identify(&c->base, &who, &at, err) < 0 ||
	    rp_survey_identify(s, &who, &at, err) < 0 || rp_my_describe(&c->base, s, err) < 0 ||
	    rp_survey_finish(s, err) < 0)
		return -1;
	*ret = rp_take(s);
	return 0;
}

int rp_my_note_description(struct rp_my_conn *c, struct rp_err **err)
{
	if (c->spoilt != NULL)
		return 0;
	c->spoilt = calloc(1, sizeof *c->spoilt);
	if (c->spoilt == NULL)
		return rp_err_set(err, RP_ERR_NOMEM, "out of memory");
	return describe(c, &c->spoilt->was, err);
}

void rp_my_spoilt_free(struct rp_my_spoilt *s)
{
	if (s == NULL)
		return;
	rp_survey_free(s->was);
	rp_argv_done(&s->undo);
	free(s->settings);
	free(s);
}

static int is_as_it_was(struct rp_my_conn *c, struct rp_err **err)
{
	rp_auto(rp_survey) now = NULL;
	struct rp_differences d = {0};
	if (describe(c, &now, err) < 0 || rp_compare_objects(&d, c->spoilt->was, now, NULL, err) < 0)
		return -1;
	int r = 0;
	if (d.n > 0) {
		const struct rp_object *o = d.all[0].sealed != NULL ? d.all[0].sealed : d.all[0].found;
		r = rp_err_set(err, RP_ERR_ENGINE, "the %s '%s' is not what it was before", o->kind, o->name);
	}
	rp_differences_done(&d);
	return r;
}

static int roll_back(struct rp_my_conn *c, struct rp_err **err)
{
	rp_autofree char *warnings = NULL;
	c->spoilt->transaction = false;
	if (rp_my_exec(c, "ROLLBACK", err) < 0 ||
	    rp_my_value(c, "SELECT @@warning_count", &warnings, err) < 0)
		return -1;
	if (warnings == NULL || strcmp(warnings, "0") != 0)
		return rp_err_set(err, RP_ERR_ENGINE, "the server has not rolled back all of it");
	return 0;
}

static int run_inverses(struct rp_my_conn *c, struct rp_err **err)
{
	struct rp_my_spoilt *s = c->spoilt;
	if (s->undo.n > 0 && s->settings != NULL && rp_my_exec(c, s->settings, err) < 0)
		return -1;
	for (size_t i = s->undo.n; i-- > 0;)
		if (rp_my_exec(c, s->undo.v[i], err) < 0)
			return -1;
	return 0;
}

int rp_my_take_back(struct rp_my_conn *c, struct rp_err **err)
{
	struct rp_my_spoilt *s = c->spoilt;
	bool definition = s->undo.n > 0;
	int r = s->transaction ? roll_back(c, err) : run_inverses(c, err);
	rp_argv_done(&s->undo);
	free(rp_take(s->settings));
	if (r < 0 || rp_my_exec(c, "SET SESSION foreign_key_checks = 1", err) < 0 || rp_my_pin(c, err) < 0)
		return -1;
	return definition ? is_as_it_was(c, err) : 0;
}
