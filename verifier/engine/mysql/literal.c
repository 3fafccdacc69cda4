/* SPDX-License-Identifier: MIT */
#include "verifier/engine/mysql/literal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "verifier/engine/mysql/temporal.h"
#include "verifier/util/buf.h"

static bool begins(const char *text, const char *with)
{
	return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

bool rp_my_key_is_ordered(const struct rp_column *c)
{
	enum rp_my_form form = rp_my_form_of(c->encoding);
	if (form == RP_MY_BYTES)
		return begins(c->type, "char") || begins(c->type, "varchar") || begins(c->type, "binary") ||
		       begins(c->type, "varbinary") || begins(c->type, "bit") ||
		       begins(c->type, "tinytext") || begins(c->type, "text") ||
		       begins(c->type, "mediumtext") || begins(c->type, "longtext") ||
		       begins(c->type, "tinyblob") || begins(c->type, "blob") ||
		       begins(c->type, "mediumblob") || begins(c->type, "longblob");
	return form != RP_MY_FORM_N && form != RP_MY_NUMBER && form != RP_MY_JSON;
}

void rp_my_key_column(struct rp_my_key_column *ret, const struct rp_column *c, const char *charset)
{
	*ret = (struct rp_my_key_column){.column = c, .form = rp_my_form_of(c->encoding)};
	ret->is_bit = ret->form == RP_MY_BYTES && begins(c->type, "bit");
	ret->is_text =
		ret->form == RP_MY_BYTES && !ret->is_bit && charset != NULL && strcmp(charset, "binary") != 0;
	if (ret->is_text)
		(void)snprintf(ret->charset, sizeof ret->charset, "%s", charset);
}

uint64_t rp_my_big_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	while (len-- > 0)
		v = v << 8 | *p++;
	return v;
}

uint64_t rp_my_whole(const struct rp_field *f)
{
	return rp_my_big_endian(f->value, f->len);
}

double rp_my_real(const struct rp_field *f)
{
	uint64_t bits = rp_my_whole(f);
	double d = 0;
	if (f->len == 4) {
		uint32_t half = (uint32_t)bits;
		float small;
		memcpy(&small, &half, sizeof small);
		return (double)small;
	}
	memcpy(&d, &bits, sizeof d);
	return d;
}

/* Digits enough to be this very number, and an exponent, without which it would be a decimal. */
static void add_real(struct rp_buf *sql, double d)
{
	rp_buf_addf(sql, "%.17e", d);
}

static void add_time(struct rp_buf *sql, int64_t us)
{
	uint64_t all = us < 0 ? 0 - (uint64_t)us : (uint64_t)us, s = all / 1000000;
	rp_buf_addf(sql, "'%s%02llu:%02llu:%02llu.%06llu'", us < 0 ? "-" : "", (unsigned long long)(s / 3600),
		    (unsigned long long)(s / 60 % 60), (unsigned long long)(s % 60),
		    (unsigned long long)(all % 1000000));
}

static void add_moment(struct rp_buf *sql, const uint8_t *p, bool is_date)
{
	rp_buf_addf(sql, "'%04u-%02u-%02u", (unsigned)rp_my_big_endian(p, 2), p[2], p[3]);
	if (!is_date)
		rp_buf_addf(sql, " %02u:%02u:%02u.%06u", p[4], p[5], p[6],
			    (unsigned)rp_my_big_endian(p + 7, 4));
	rp_buf_add(sql, "'");
}

static void add_bytes(struct rp_buf *sql, const struct rp_my_key_column *k, const uint8_t *value, size_t len)
{
	if (k->is_text)
		rp_buf_addf(sql, "_%s ", k->charset);
	rp_buf_add(sql, "x'");
	rp_buf_add_hex(sql, value, len);
	rp_buf_add(sql, "'");
}

static void add_uuid(struct rp_buf *sql, const uint8_t *p)
{
	for (size_t i = 0; i < 16; i++) {
		rp_buf_add(sql, i == 0 ? "'" : i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
		rp_buf_add_hex(sql, p + i, 1);
	}
	rp_buf_add(sql, "'");
}

static void add_address(struct rp_buf *sql, const uint8_t *p, int family)
{
	char name[INET6_ADDRSTRLEN] = "";
	(void)inet_ntop(family, p, name, sizeof name);
	rp_buf_addf(sql, "'%s'", name);
}

static size_t size_of(enum rp_my_form form)
{
	static const size_t sizes[RP_MY_FORM_N] = {
		[RP_MY_INT] = 8,
		[RP_MY_UINT] = 8,
		[RP_MY_FLOAT] = 4,
		[RP_MY_DOUBLE] = 8,
		[RP_MY_TIME] = 8,
		[RP_MY_DATE] = RP_MY_DATE_LEN,
		[RP_MY_DATETIME] = RP_MY_DATETIME_LEN,
		[RP_MY_UUID] = 16,
		[RP_MY_INET4] = 4,
		[RP_MY_INET6] = 16,
	};
	return form < RP_MY_FORM_N ? sizes[form] : 0;
}

bool rp_my_is_value(const struct rp_my_key_column *k, const struct rp_field *f)
{
	size_t size = size_of(k->form);
	return f->value != NULL && (size == 0 || f->len == size) && (!k->is_bit || f->len <= 8);
}

/* Of a fixed size, which has been looked at. */
static void add_fixed(struct rp_buf *sql, enum rp_my_form form, const struct rp_field *f)
{
	if (form == RP_MY_INT)
		rp_buf_addf(sql, "%lld", (long long)(int64_t)rp_my_whole(f));
	else if (form == RP_MY_UINT)
		rp_buf_addf(sql, "%llu", (unsigned long long)rp_my_whole(f));
	else if (form == RP_MY_FLOAT || form == RP_MY_DOUBLE)
		add_real(sql, rp_my_real(f));
	else if (form == RP_MY_TIME)
		add_time(sql, (int64_t)rp_my_whole(f));
	else if (form == RP_MY_DATE || form == RP_MY_DATETIME)
		add_moment(sql, f->value, form == RP_MY_DATE);
	else if (form == RP_MY_UUID)
		add_uuid(sql, f->value);
	else
		add_address(sql, f->value, form == RP_MY_INET4 ? AF_INET : AF_INET6);
}

bool rp_my_add_literal(struct rp_buf *sql, const struct rp_my_key_column *k, const struct rp_field *f)
{
	if (!rp_my_is_value(k, f))
		return false;
	if (k->is_bit)
		rp_buf_addf(sql, "%llu", (unsigned long long)rp_my_whole(f));
	else if (k->form == RP_MY_BYTES)
		add_bytes(sql, k, f->value, f->len);
	else if (k->form == RP_MY_DECIMAL)
		rp_buf_add_mem(sql, f->value, f->len);
	else if (size_of(k->form) > 0)
		add_fixed(sql, k->form, f);
	else
		return false;
	return true;
}
