/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/conn.h"
#include "verifier/engine/mysql/encoding.h"
#include "verifier/engine/mysql/literal.h"
#include "verifier/engine/mysql/part.h"
#include "verifier/engine/mysql/wire.h"
#include "verifier/util/buf.h"

/* What becomes of a value of MySQL's and MariaDB's: its encoding, as people write it, as SQL. No server. */

static size_t from_hex(uint8_t *ret, size_t cap, const char *hex)
{
	size_t n = strlen(hex) / 2;
	assert_true(n <= cap);
	for (size_t i = 0; i < n; i++) {
		char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		ret[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

static void every_known_type_has_an_encoding_and_no_other(void **state)
{
	(void)state;
	assert_string_equal(rp_my_encoding_of("bigint", "bigint(20)"), "int");
	assert_string_equal(rp_my_encoding_of("bigint", "bigint unsigned"), "uint");
	assert_string_equal(rp_my_encoding_of("int", "int(10) unsigned zerofill"), "uint");
	assert_string_equal(rp_my_encoding_of("year", "year(4)"), "uint");
	assert_string_equal(rp_my_encoding_of("float", "float unsigned"), "float");
	assert_string_equal(rp_my_encoding_of("timestamp", "timestamp(3)"), "datetime");
	assert_string_equal(rp_my_encoding_of("geomcollection", "geomcollection"), "bytes");
	assert_null(rp_my_encoding_of("xmltype", "xmltype"));
	assert_null(rp_my_encoding_of("", ""));
}

static void an_empty_member_of_an_enum_is_told_from_none(void **state)
{
	(void)state;
	assert_string_equal(rp_my_encoding_of("enum", "enum('a','b')"), "bytes");
	assert_string_equal(rp_my_encoding_of("enum", "enum('','b')"), "number");
	assert_string_equal(rp_my_encoding_of("enum", "enum('a','')"), "number");
	assert_string_equal(rp_my_encoding_of("set", "set('a','','c')"), "number");
	assert_string_equal(rp_my_encoding_of("enum", "enum('')"), "number");
	assert_string_equal(rp_my_encoding_of("enum", "enum('''','b')"), "bytes");
	assert_string_equal(rp_my_encoding_of("enum", "enum('x,'''',','y')"), "bytes");
	assert_string_equal(rp_my_encoding_of("enum", "enum('\\\\','b')"), "bytes");
	assert_string_equal(rp_my_encoding_of("enum", "enum('(''','b')"), "bytes");
	assert_string_equal(rp_my_encoding_of("enum", "enum('unsigned')"), "bytes");
}

static void members_are_read_without_their_quotes(void **state)
{
	(void)state;
	const char *at = "enum('a','it''s','\\\\\\0\\n,)')";
	char member[16];
	size_t len = 0;
	assert_int_equal(rp_my_next_member(&at, member, sizeof member, &len), 1);
	assert_int_equal(len, 1);
	assert_int_equal(rp_my_next_member(&at, member, sizeof member, &len), 1);
	assert_memory_equal(member, "it's", 4);
	assert_int_equal(rp_my_next_member(&at, member, 2, &len), 1);
	assert_int_equal(len, 5);
	assert_memory_equal(member, "\\\0", 2);
	assert_int_equal(rp_my_next_member(&at, member, sizeof member, &len), 0);
	at = "enum('a";
	assert_int_equal(rp_my_next_member(&at, member, sizeof member, &len), -1);
	at = "enum";
	assert_int_equal(rp_my_next_member(&at, member, sizeof member, &len), -1);
	at = "enum('a'";
	assert_int_equal(rp_my_next_member(&at, member, sizeof member, &len), 1);
	assert_int_equal(rp_my_next_member(&at, member, sizeof member, &len), -1);
}

static void a_column_of_another_type_is_not_read_as_the_sealed_one(void **state)
{
	(void)state;
	MYSQL_FIELD f = {.type = MYSQL_TYPE_LONG};
	assert_int_equal(rp_my_wire_of(&f, RP_MY_INT), RP_MY_WIRE_I32);
	assert_int_equal(rp_my_wire_of(&f, RP_MY_UINT), RP_MY_WIRE_N);
	assert_int_equal(rp_my_wire_of(&f, RP_MY_BYTES), RP_MY_WIRE_N);
	assert_int_equal(rp_my_wire_of(&f, RP_MY_DOUBLE), RP_MY_WIRE_N);
	assert_int_equal(rp_my_wire_of(&f, RP_MY_FORM_N), RP_MY_WIRE_N);
	f.flags = UNSIGNED_FLAG;
	assert_int_equal(rp_my_wire_of(&f, RP_MY_UINT), RP_MY_WIRE_U32);
	f.type = MYSQL_TYPE_YEAR;
	assert_int_equal(rp_my_wire_of(&f, RP_MY_UINT), RP_MY_WIRE_U16);
	f = (MYSQL_FIELD){.type = MYSQL_TYPE_VAR_STRING};
	assert_int_equal(rp_my_wire_of(&f, RP_MY_BYTES), RP_MY_WIRE_BYTES);
	assert_int_equal(rp_my_wire_of(&f, RP_MY_JSON), RP_MY_WIRE_N);
	assert_int_equal(rp_my_wire_of(&f, RP_MY_DECIMAL), RP_MY_WIRE_N);
	f.type = MYSQL_TYPE_TIMESTAMP;
	assert_int_equal(rp_my_wire_of(&f, RP_MY_DATETIME), RP_MY_WIRE_DATETIME);
	assert_int_equal(rp_my_wire_of(&f, RP_MY_DATE), RP_MY_WIRE_N);
}

/* One column: the packet's value and what becomes of it; NULL: it is malformed. */
static const struct {
	enum rp_my_wire wire;
	const char *packet, *value;
} values[] = {
	{RP_MY_WIRE_I8, "80", "ffffffffffffff80"},
	{RP_MY_WIRE_U8, "80", "0000000000000080"},
	{RP_MY_WIRE_I16, "feff", "fffffffffffffffe"},
	{RP_MY_WIRE_U16, "e807", "00000000000007e8"},
	{RP_MY_WIRE_I32, "000080ff", "ffffffffff800000"},
	{RP_MY_WIRE_U32, "ffffffff", "00000000ffffffff"},
	{RP_MY_WIRE_64, "0000000000000080", "8000000000000000"},
	{RP_MY_WIRE_64, "00000000000000", NULL},
	{RP_MY_WIRE_FLOAT, "0000c03f", "3fc00000"},
	{RP_MY_WIRE_DOUBLE, "0000000000000080", "8000000000000000"},
	{RP_MY_WIRE_DOUBLE, "010000000000f07f",
	 "7ff0000000000001"}, /* not a number, and not made another one */
	{RP_MY_WIRE_BYTES, "00", ""},
	{RP_MY_WIRE_BYTES, "03616200", "616200"},
	{RP_MY_WIRE_BYTES, "fc020061ff", "61ff"},
	{RP_MY_WIRE_BYTES, "fd02000061ff", "61ff"},
	{RP_MY_WIRE_BYTES, "fe020000000000000061ff", "61ff"},
	{RP_MY_WIRE_BYTES, "04616263", NULL}, /* longer than the packet */
	{RP_MY_WIRE_BYTES, "0261626364", NULL},
	{RP_MY_WIRE_BYTES, "", NULL},
	{RP_MY_WIRE_BYTES, "fb", NULL},
	{RP_MY_WIRE_BYTES, "ff", NULL},
	{RP_MY_WIRE_BYTES, "fc01", NULL},
	{RP_MY_WIRE_BYTES, "feffffffffffffffff", NULL},
	{RP_MY_WIRE_BYTES, "fe000000800000000061", NULL},
	{RP_MY_WIRE_DECIMAL, "063132332e3435", "3132332e3435"},
	{RP_MY_WIRE_DECIMAL, "073030302e353030", "302e353030"}, /* 000.500 */
	{RP_MY_WIRE_DECIMAL, "052d30302e35", "2d302e35"},
	{RP_MY_WIRE_DECIMAL, "0130", "30"},
	{RP_MY_WIRE_DECIMAL, "023030", "30"},
	{RP_MY_WIRE_DECIMAL, "00", NULL},
	{RP_MY_WIRE_DECIMAL, "012d", NULL},
	{RP_MY_WIRE_DECIMAL, "022e35", NULL},
	{RP_MY_WIRE_DECIMAL, "05312e322e33", NULL},
	{RP_MY_WIRE_DECIMAL, "033165 35", NULL},
	{RP_MY_WIRE_DATE, "00", "00000000"},
	{RP_MY_WIRE_DATE, "04e807021d", "07e8021d"},
	{RP_MY_WIRE_DATE, "07e807021d010203", NULL},
	{RP_MY_WIRE_DATETIME, "00", "0000000000000000000000"},
	{RP_MY_WIRE_DATETIME, "04e807021d", "07e8021d00000000000000"},
	{RP_MY_WIRE_DATETIME, "07e807021d010203", "07e8021d01020300000000"},
	{RP_MY_WIRE_DATETIME, "0be807021d01020340420f00", "07e8021d010203000f4240"},
	{RP_MY_WIRE_DATETIME, "05e807021d01", NULL},
	{RP_MY_WIRE_TIME, "00", "0000000000000000"},
	{RP_MY_WIRE_TIME, "080000000000000001", "00000000000f4240"},
	{RP_MY_WIRE_TIME, "080101000000000000", "ffffffebe228a000"}, /* a day before zero */
	{RP_MY_WIRE_TIME, "0c000000000000000001000000", "0000000000000001"},
	{RP_MY_WIRE_TIME, "080200000000000000", NULL},
	{RP_MY_WIRE_TIME, "0400000000", NULL},
	{RP_MY_WIRE_UUID, "2431323365343536372d653839622d313264332d413435362d343236363535343430303030",
	 "123e4567e89b12d3a456426655440000"},
	{RP_MY_WIRE_UUID, "2431323365343536372d653839622d313264332d413435362d34323636353534343030307a", NULL},
	{RP_MY_WIRE_UUID, "03313233", NULL},
	{RP_MY_WIRE_INET4, "093139322e302e322e31", "c0000201"},
	{RP_MY_WIRE_INET4, "033a3a31", NULL},
	{RP_MY_WIRE_INET6, "033a3a31", "00000000000000000000000000000001"},
	{RP_MY_WIRE_INET6, "093139322e302e322e31", NULL},
	{RP_MY_WIRE_INET6, "043a3a3100", NULL},
};

static void values_become_bytes_or_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		rp_autoerr struct rp_err *err = NULL;
		struct rp_my_line line = {0};
		uint8_t *packet = malloc(2 + 64), wanted[64]; /* its own, so that reading past it is seen */
		assert_non_null(packet);
		size_t len = from_hex(packet + 2, 64, values[i].packet) + 2;
		packet[0] = packet[1] = 0;
		packet = realloc(packet, len);
		assert_non_null(packet);
		int r = rp_my_wire_row(&line, &values[i].wire, 1, packet, len, &err);
		if ((r == 0) != (values[i].value != NULL))
			fail_msg("'%s': %d", values[i].packet, r);
		if (r == 0) {
			size_t n = from_hex(wanted, sizeof wanted, values[i].value);
			assert_int_equal(line.len, n + 4);
			assert_int_equal(line.bytes[3], n);
			assert_memory_equal(line.bytes + 4, wanted, n);
		} else {
			assert_int_equal(rp_err_kind(err), RP_ERR_ENGINE);
		}
		free(packet);
		free(line.bytes);
	}
}

static void nulls_are_bits_from_the_third_on(void **state)
{
	(void)state;
	rp_autoerr struct rp_err *err = NULL;
	struct rp_my_line line = {0};
	enum rp_my_wire wire[8];
	for (size_t i = 0; i < 8; i++)
		wire[i] = RP_MY_WIRE_U8;
	/* All but the first and the last, whose bit is in the second byte. */
	static const uint8_t packet[] = {0, 0xf8, 0x01, 7, 9};
	static const uint8_t wanted[] = {0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7};
	assert_int_equal(rp_my_wire_row(&line, wire, 8, packet, sizeof packet, &err), 0);
	assert_int_equal(line.len, 12 + 6 * 4 + 12);
	assert_memory_equal(line.bytes, wanted, sizeof wanted);
	for (size_t i = 12; i < 36; i++)
		assert_int_equal(line.bytes[i], 0xff);
	assert_int_equal(line.bytes[47], 9);
	/* A byte more, one less, no room for the bits, another first byte. */
	static const uint8_t longer[] = {0, 0xf8, 0x01, 7, 9, 9}, other[] = {1, 0xf8, 0x01, 7, 9};
	assert_int_equal(rp_my_wire_row(&line, wire, 8, longer, sizeof longer, NULL), -1);
	assert_int_equal(rp_my_wire_row(&line, wire, 8, packet, 4, NULL), -1);
	assert_int_equal(rp_my_wire_row(&line, wire, 8, packet, 2, NULL), -1);
	assert_int_equal(rp_my_wire_row(&line, wire, 8, packet, 0, NULL), -1);
	assert_int_equal(rp_my_wire_row(&line, wire, 8, other, sizeof other, NULL), -1);
	free(line.bytes);
}

static const struct {
	const char *type, *encoding, *value, *shown;
} shown[] = {
	{"int", "int", "fffffffffffffffd", "-3"},
	{"bigint unsigned", "uint", "ffffffffffffffff", "18446744073709551615"},
	{"year", "uint", "0000000000000000", "0000"},
	{"float", "float", "3dcccccd", "0.1"},
	{"float", "float", "4b800001", "16777218"},
	{"double", "double", "3fb999999999999a", "0.1"},
	{"double", "double", "3fd3333333333334", "0.30000000000000004"},
	{"double", "double", "8000000000000000", "-0"},
	{"double", "double", "7ff0000000000001", "0x7ff0000000000001"},
	{"decimal(10,3)", "decimal", "2d31322e353030", "-12.500"},
	{"decimal(10,3)", "decimal", "313b", "0x313b"},
	{"date", "date", "00000000", "0000-00-00"},
	{"datetime(6)", "datetime", "07e801020304050007a120", "2024-01-02 03:04:05.5"},
	{"timestamp", "datetime", "07e8010203040500000000", "2024-01-02 03:04:05+00"},
	{"time(2)", "time", "ffffffffffffd8f0", "-00:00:00.01"},
	{"time", "time", "fffffd40c230c640", "-838:59:59"},
	{"time", "time", "8000000000000000", "-2562047788:00:54.775808"},
	{"varchar(9) character set utf8mb4", "bytes", "c3a4", "\xc3\xa4"},
	{"varchar(9) character set latin1", "bytes", "e480", "\xc3\xa4\xe2\x82\xac"},
	{"varchar(9) character set ucs2", "bytes", "00e4", "\xc3\xa4"},
	{"varchar(9) character set utf16le", "bytes", "e400", "\xc3\xa4"},
	{"varchar(9) character set utf8mb4", "bytes", "c3", "0xc3"},
	{"varchar(9) character set utf8mb4", "bytes", "6107", "0x6107"},
	{"varchar(9) character set utf8mb4", "bytes", "", ""},
	{"varchar(9) character set dec8", "bytes", "61", "0x61"},
	{"varchar(9)", "bytes", "61", "0x61"},
	{"varbinary(9)", "bytes", "61", "0x61"},
	{"enum('x character set ucs2','b') character set latin1", "bytes", "62", "b"},
	{"enum('a','','c')", "number", "0000000000000003", "c (number 3)"},
	{"enum('a','','c')", "number", "0000000000000000", " (number 0)"},
	{"enum('a','','c')", "number", "0000000000000009", " (number 9)"},
	{"set('a','','c')", "number", "0000000000000005", "a,c (number 5)"},
	{"bit(3)", "bytes", "05", "b'101'"},
	{"bit(3)", "bytes", "0505", "0x0505"},
	{"bit(99)", "bytes", "05", "0x05"},
	{"point", "bytes", "e61000000101000000000000000000f03f0000000000000040", "POINT(1 2) of SRID 4326"},
	{"polygon", "bytes", "00000000", "0x00000000"},
	{"json", "json", "7b7d", "{}"},
	{"uuid", "uuid", "123e4567e89b12d3a456426655440000", "123e4567-e89b-12d3-a456-426655440000"},
	{"inet4", "inet4", "c0000201", "192.0.2.1"},
	{"inet6", "inet6", "00000000000000000000000000000001", "::1"},
	{"uuid", "uuid", "123e", "0x123e"},
	{"int", "int", "03", "0x03"},
	{"int", "unheard of", "03", "0x03"},
};

static void values_are_shown_as_people_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
		struct rp_column col = {.name = "c", .type = shown[i].type, .encoding = shown[i].encoding};
		rp_autobuf out = RP_BUF_INIT(1000);
		uint8_t value[64];
		struct rp_field f = {value, from_hex(value, sizeof value, shown[i].value)};
		rp_my_show(&col, &f, &out);
		assert_string_equal(rp_buf_text(&out), shown[i].shown);
		rp_buf_reset(&out);
		rp_my_show(&col, &(struct rp_field){0}, &out);
		assert_string_equal(rp_buf_text(&out), "NULL");
	}
}

static void what_is_long_is_cut_and_says_so(void **state)
{
	(void)state;
	static uint8_t value[9001];
	rp_autobuf out = RP_BUF_INIT(20000);
	struct rp_column col = {.name = "c", .type = "text character set utf8mb4", .encoding = "bytes"};
	value[0] = 'a';
	for (size_t i = 1; i < sizeof value; i++)
		value[i] = i % 2 == 1 ? 0xc3 : 0xa4;
	rp_my_show(&col, &(struct rp_field){value, sizeof value}, &out);
	assert_int_equal(out.len, 4095 + strlen("... (9001 bytes)"));
	assert_non_null(strstr(out.s, "\xc3\xa4... (9001 bytes)"));
	col.type = "blob";
	rp_buf_reset(&out);
	rp_my_show(&col, &(struct rp_field){value, sizeof value}, &out);
	assert_int_equal(out.len, 2 + 4096 + strlen("... (9001 bytes)"));
}

static struct rp_my_key_column key(struct rp_column *col, const char *type, const char *encoding,
				   const char *charset)
{
	struct rp_my_key_column k;
	*col = (struct rp_column){.name = "k", .type = type, .encoding = encoding, .key = 1};
	rp_my_key_column(&k, col, charset);
	return k;
}

static const struct {
	const char *type, *encoding, *charset, *value, *sql;
} literals[] = {
	{"int", "int", NULL, "fffffffffffffffd", "-3"},
	{"bigint unsigned", "uint", NULL, "ffffffffffffffff", "18446744073709551615"},
	{"double", "double", NULL, "3ff8000000000000", "1.50000000000000000e+00"},
	{"decimal(9,2)", "decimal", NULL, "2d312e3530", "-1.50"},
	{"date", "date", NULL, "00000000", "'0000-00-00'"},
	{"datetime(6)", "datetime", NULL, "07e801020304050007a120", "'2024-01-02 03:04:05.500000'"},
	{"time", "time", NULL, "fffffd40c230c640", "'-838:59:59.000000'"},
	{"varchar(3)", "bytes", "latin1", "27e4", "_latin1 x'27e4'"},
	{"varbinary(3)", "bytes", "binary", "2700", "x'2700'"},
	{"bit(9)", "bytes", "binary", "0101", "257"},
	{"uuid", "uuid", NULL, "123e4567e89b12d3a456426655440000", "'123e4567-e89b-12d3-a456-426655440000'"},
	{"inet6", "inet6", NULL, "00000000000000000000000000000001", "'::1'"},
};

static void keys_are_written_so_that_they_cannot_be_misread(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
		struct rp_column col;
		struct rp_my_key_column k =
			key(&col, literals[i].type, literals[i].encoding, literals[i].charset);
		rp_autobuf sql = RP_BUF_INIT(1000);
		uint8_t value[64];
		struct rp_field f = {value, from_hex(value, sizeof value, literals[i].value)};
		assert_true(rp_my_key_is_ordered(&col));
		assert_true(rp_my_add_literal(&sql, &k, &f));
		assert_string_equal(rp_buf_text(&sql), literals[i].sql);
		f.len--;
		rp_buf_reset(&sql);
		/* Of a fixed size, and not of that size. */
		bool varies = k.form == RP_MY_BYTES || k.form == RP_MY_DECIMAL;
		assert_int_equal(rp_my_add_literal(&sql, &k, &f), varies);
	}
}

static void what_is_sorted_otherwise_than_compared_is_not_cut(void **state)
{
	(void)state;
	static const char *const not_these[] = {"enum('a')", "set('a')", "vector(3)", "point"};
	for (size_t i = 0; i < sizeof not_these / sizeof not_these[0]; i++)
		assert_false(
			rp_my_key_is_ordered(&(struct rp_column){.type = not_these[i], .encoding = "bytes"}));
	assert_false(rp_my_key_is_ordered(&(struct rp_column){.type = "enum('')", .encoding = "number"}));
	assert_false(rp_my_key_is_ordered(&(struct rp_column){.type = "int", .encoding = "unheard of"}));
	assert_false(rp_my_key_is_ordered(&(struct rp_column){.type = "int"}));
}

static const struct {
	const char *type, *encoding, *charset, *from, *to, *middle; /* NULL: none is known */
} middles[] = {
	{"int", "int", NULL, "fffffffffffffffe", "0000000000000002", "0000000000000000"},
	{"int", "int", NULL, "8000000000000000", "7fffffffffffffff", "ffffffffffffffff"},
	{"int", "int", NULL, "0000000000000001", "0000000000000002", NULL},
	{"int", "int", NULL, "0000000000000002", "0000000000000001", NULL},
	{"int", "uint", NULL, "0000000000000000", "ffffffffffffffff", "7fffffffffffffff"},
	{"double", "double", NULL, "3ff0000000000000", "4008000000000000", "4000000000000000"},
	{"double", "double", NULL, "3ff0000000000000", "3ff0000000000001", NULL},
	{"float", "float", NULL, "3f800000", "40400000", "40000000"},
	{"decimal(9,2)", "decimal", NULL, "312e3030", "392e3030", "35"},
	{"decimal(9,2)", "decimal", NULL, "312e3030", "312e3030", NULL},
	{"date", "date", NULL, "07e80101", "07e80103", "07e80102"},
	{"date", "date", NULL, "00000000", "0fa00000", "07d00101"},
	{"time", "time", NULL, "ffffffffffffffff", "0000000000000005", "0000000000000002"},
	{"varbinary(3)", "bytes", "binary", "6161", "6163",
	 "61620000000000"
	 "00"},
	{"varchar(9)", "bytes", "utf8mb4", "6b31", "6b33", "6b32202020202020"},
	{"varchar(9)", "bytes", "utf8mb4", "c3a431", "c3a433", "c3a432202020202020"},
	{"varchar(9)", "bytes", "utf8mb4", "c3a4", "c3b6", NULL},
	{"varchar(9)", "bytes", "utf16", "0031", "0039", NULL},
	{"varchar(9)", "bytes", "gbk", "31", "39", NULL},
	{"bit(3)", "bytes", "binary", "01", "05", "03"},
	{"inet4", "inet4", NULL, "0a000000", "0a000010", "0a000008"},
	{"inet4", "inet4", NULL, "0a00", "0a000010", NULL},
};

static void a_middle_is_guessed_where_that_is_possible(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof middles / sizeof middles[0]; i++) {
		struct rp_column col;
		struct rp_my_key_column k =
			key(&col, middles[i].type, middles[i].encoding, middles[i].charset);
		rp_autobuf half = RP_BUF_INIT(1000);
		uint8_t a[64], b[64], wanted[64];
		struct rp_field from = {a, from_hex(a, sizeof a, middles[i].from)};
		struct rp_field to = {b, from_hex(b, sizeof b, middles[i].to)};
		bool known = rp_my_middle(&half, &k, &from, &to);
		if (known != (middles[i].middle != NULL))
			fail_msg("%s: from %s to %s: %d", middles[i].type, middles[i].from, middles[i].to,
				 known);
		if (!known)
			continue;
		size_t n = from_hex(wanted, sizeof wanted, middles[i].middle);
		assert_int_equal(half.len, n);
		assert_memory_equal(half.s, wanted, n);
	}
}

static void a_bound_is_spelt_out_column_by_column_or_refused(void **state)
{
	(void)state;
	struct rp_column columns[] = {{.name = "v"}, {.name = "b`", .key = 2}, {.name = "a", .key = 1}};
	struct rp_relation r = {.source = "`d`.`t`", .columns = columns, .n_columns = 3};
	rp_autobuf sql = RP_BUF_INIT(1000);
	assert_int_equal(rp_my_add_bound(&sql, &r, "PRIMARY:7,_utf8mb4 x'2761'", false, NULL), 0);
	assert_string_equal(rp_buf_text(&sql), "((`a` > 7) OR (`a` = 7 AND `b``` >= _utf8mb4 x'2761'))");
	rp_buf_reset(&sql);
	assert_int_equal(rp_my_add_bound(&sql, &r, "-7,'2024-01-01 10:00:00.000000'", true, NULL), 0);
	assert_string_equal(rp_buf_text(&sql),
			    "((`a` < -7) OR (`a` = -7 AND `b``` < '2024-01-01 10:00:00.000000'))");
	rp_buf_reset(&sql);
	assert_int_equal(rp_my_add_bound(&sql, &r, "1.5e+00", true, NULL), 0);
	assert_string_equal(rp_buf_text(&sql), "((`a` < 1.5e+00))");
	static const char *const none[] = {
		"",	"PRIMARY:", ",",	"1,",	     "1,2,3",	"1 OR 1=1", "x'6'",
		"x'61", "'a'b'",    "'x' OR '", "_utf8 '1'", "_x y'1'", "''",	    "1;",
		"`a`",	"sleep(1)", "_utf8mb4", "_",	     "x",
	};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		if (rp_my_add_bound(&sql, &r, none[i], false, NULL) == 0)
			fail_msg("'%s' was taken for a bound", none[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_known_type_has_an_encoding_and_no_other),
		cmocka_unit_test(an_empty_member_of_an_enum_is_told_from_none),
		cmocka_unit_test(members_are_read_without_their_quotes),
		cmocka_unit_test(a_column_of_another_type_is_not_read_as_the_sealed_one),
		cmocka_unit_test(values_become_bytes_or_are_refused),
		cmocka_unit_test(nulls_are_bits_from_the_third_on),
		cmocka_unit_test(values_are_shown_as_people_write_them),
		cmocka_unit_test(what_is_long_is_cut_and_says_so),
		cmocka_unit_test(keys_are_written_so_that_they_cannot_be_misread),
		cmocka_unit_test(what_is_sorted_otherwise_than_compared_is_not_cut),
		cmocka_unit_test(a_middle_is_guessed_where_that_is_possible),
		cmocka_unit_test(a_bound_is_spelt_out_column_by_column_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
