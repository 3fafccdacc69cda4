/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/encoding.h"

#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/util/buf.h"

static const char *const words[RP_MY_FORM_N] = {
	[RP_MY_INT] = "int",	   [RP_MY_UINT] = "uint",	  [RP_MY_FLOAT] = "float",
	[RP_MY_DOUBLE] = "double", [RP_MY_DECIMAL] = "decimal",	  [RP_MY_DATE] = "date",
	[RP_MY_TIME] = "time",	   [RP_MY_DATETIME] = "datetime", [RP_MY_BYTES] = "bytes",
	[RP_MY_JSON] = "json",	   [RP_MY_NUMBER] = "number",	  [RP_MY_UUID] = "uuid",
	[RP_MY_INET4] = "inet4",   [RP_MY_INET6] = "inet6",
};

/* DATA_TYPE on every version of both vendors. MariaDB's JSON is a longtext, its compressed columns are called what
 * they are without compression. */
static const struct {
	const char *data_type;
	enum rp_my_form form;
} types[] = {
	{"tinyint", RP_MY_INT},
	{"smallint", RP_MY_INT},
	{"mediumint", RP_MY_INT},
	{"int", RP_MY_INT},
	{"bigint", RP_MY_INT},
	{"year", RP_MY_UINT},
	{"float", RP_MY_FLOAT},
	{"double", RP_MY_DOUBLE},
	{"decimal", RP_MY_DECIMAL},
	{"date", RP_MY_DATE},
	{"time", RP_MY_TIME},
	{"datetime", RP_MY_DATETIME},
	{"timestamp", RP_MY_DATETIME},
	{"char", RP_MY_BYTES},
	{"varchar", RP_MY_BYTES},
	{"tinytext", RP_MY_BYTES},
	{"text", RP_MY_BYTES},
	{"mediumtext", RP_MY_BYTES},
	{"longtext", RP_MY_BYTES},
	{"binary", RP_MY_BYTES},
	{"varbinary", RP_MY_BYTES},
	{"tinyblob", RP_MY_BYTES},
	{"blob", RP_MY_BYTES},
	{"mediumblob", RP_MY_BYTES},
	{"longblob", RP_MY_BYTES},
	{"bit", RP_MY_BYTES},
	{"enum", RP_MY_BYTES},
	{"set", RP_MY_BYTES},
	{"vector", RP_MY_BYTES},
	{"geometry", RP_MY_BYTES},
	{"point", RP_MY_BYTES},
	{"linestring", RP_MY_BYTES},
	{"polygon", RP_MY_BYTES},
	{"multipoint", RP_MY_BYTES},
	{"multilinestring", RP_MY_BYTES},
	{"multipolygon", RP_MY_BYTES},
	{"geometrycollection", RP_MY_BYTES},
	{"geomcollection", RP_MY_BYTES},
	{"json", RP_MY_JSON},
	{"uuid", RP_MY_UUID},
	{"inet4", RP_MY_INET4},
	{"inet6", RP_MY_INET6},
};

enum rp_my_form rp_my_form_of(const char *word)
{
	unsigned form = 0;
	while (form < RP_MY_FORM_N && (word == NULL || strcmp(words[form], word) != 0))
		form++;
	return (enum rp_my_form)form;
}

/* One character of a quoted text: how many bytes it takes there. 0: it is the closing quote, or nothing is left. */
static size_t one_character(const char *p, char *ret)
{
	if (*p == '\'') {
		*ret = '\'';
		return p[1] == '\'' ? 2 : 0;
	}
	if (*p == '\\' && p[1] != '\0') {
		*ret = p[1] == '0' ? '\0' : p[1] == 'n' ? '\n' : p[1] == 'r' ? '\r' : p[1];
		return 2;
	}
	*ret = *p;
	return *p != '\0';
}

int rp_my_next_member(const char **at, char *ret, size_t cap, size_t *ret_len)
{
	const char *p = *at;
	size_t len = 0, n = 0;
	char c = 0;
	if (*p == 'e' || *p == 's') /* the type's name */
		p += strcspn(p, "(");
	if (*p == ')')
		return 0;
	if ((*p != '(' && *p != ',') || p[1] != '\'')
		return -1;
	for (p += 2; (n = one_character(p, &c)) > 0; p += n) {
		if (len < cap)
			ret[len] = c;
		len++;
	}
	if (*p != '\'')
		return -1;
	*at = p + 1;
	*ret_len = len;
	return 1;
}

/* A member that is empty has the same text as number 0, which is no member: what is stored, outside strict modes, for
 * a value that is none of them. */
static bool has_empty_member(const char *column_type)
{
	size_t len = 1;
	while (rp_my_next_member(&column_type, NULL, 0, &len) > 0)
		if (len == 0)
			return true;
	return false;
}

const char *rp_my_encoding_of(const char *data_type, const char *column_type)
{
	enum rp_my_form form = RP_MY_FORM_N;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].data_type, data_type) == 0)
			form = types[i].form;
	if (form == RP_MY_INT && strstr(column_type, "unsigned") != NULL)
		form = RP_MY_UINT;
	if ((strcmp(data_type, "enum") == 0 || strcmp(data_type, "set") == 0) &&
	    has_empty_member(column_type))
		form = RP_MY_NUMBER;
	return form < RP_MY_FORM_N ? words[form] : NULL;
}

int rp_my_encode(struct rp_buf *sql, const struct rp_column *col, struct rp_err **err)
{
	enum rp_my_form form = rp_my_form_of(col->encoding);
	if (form == RP_MY_FORM_N)
		return rp_err_set(err, RP_ERR_OBJECT,
				  "column '%s' has the encoding '%s', which is not known here", col->name,
				  col->encoding != NULL ? col->encoding : "");
	/* Nothing but the column itself is asked for, wherever that is enough: the server hands on what it has. */
	rp_buf_add(sql, form == RP_MY_NUMBER ? "CAST(" : "");
	rp_my_add_name(sql, col->name);
	rp_buf_add(sql, form == RP_MY_NUMBER ? " AS UNSIGNED)" : "");
	return 0;
}

struct rp_order rp_my_order(const char *word)
{
	static const struct rp_order orders[RP_MY_FORM_N + 1] = {
		[RP_MY_INT] = {RP_ORDER_SIGNED, 8},	 [RP_MY_UINT] = {RP_ORDER_UNSIGNED, 8},
		[RP_MY_NUMBER] = {RP_ORDER_UNSIGNED, 8}, [RP_MY_UUID] = {RP_ORDER_UNSIGNED, 16},
		[RP_MY_INET4] = {RP_ORDER_UNSIGNED, 4},	 [RP_MY_INET6] = {RP_ORDER_UNSIGNED, 16},
		[RP_MY_BYTES] = {RP_ORDER_BYTES, 0},
	};
	return orders[rp_my_form_of(word)];
}
