/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "verifier/engine/engine.h"
#include "verifier/engine/mysql/relay.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"
#include "verifier/util/run.h"

/* Client and server are both played here; between them stands the relay. */
static struct world {
	char dir[64], to[96], by[96];
	int listening; /* the server's */
	struct rp_my_relay *relay;
	int client, server;
} w;
static struct rp_run run = {.cancel_fd = -1};
static struct rp_guest guest;
static unsigned announced = 1;

static int listen_on(const char *path, struct sockaddr_un *un)
{
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(un->sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)un, sizeof *un), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static int client(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	memcpy(un.sun_path, w.by, strlen(w.by) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
	return fd;
}

static int begin(void **state)
{
	(void)state;
	struct sockaddr_un to, by;
	memcpy(w.dir, "/tmp/rp-relay-XXXXXX", 21);
	assert_non_null(mkdtemp(w.dir));
	(void)snprintf(w.to, sizeof w.to, "%s/to", w.dir);
	(void)snprintf(w.by, sizeof w.by, "%s/by", w.dir);
	w.listening = listen_on(w.to, &to);
	int fd = listen_on(w.by, &by);
	assert_int_equal(
		rp_my_relay_new(&w.relay, fd, (struct sockaddr *)&to, sizeof to, NULL, announced, NULL), 0);
	w.client = client();
	w.server = accept(w.listening, NULL, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	rp_my_relay_free(w.relay);
	(void)close(w.client);
	(void)close(w.server);
	(void)close(w.listening);
	(void)unlink(w.to);
	(void)unlink(w.by);
	(void)rmdir(w.dir);
	return 0;
}

static void say(int fd, unsigned number, const char *body, size_t len)
{
	char all[256] = {(char)len, 0, 0, (char)number};
	memcpy(all + 4, body, len);
	assert_int_equal(write(fd, all, len + 4), len + 4);
}

static void ask(int fd, const char *sql)
{
	char body[200] = "\x03";
	memcpy(body + 1, sql, strlen(sql));
	say(fd, 0, body, strlen(sql) + 1);
}

/* How many bytes come within a moment. */
static size_t hears(int fd, size_t wanted)
{
	char buf[4096];
	size_t n = 0;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (n < wanted && poll(&p, 1, 2000) > 0) {
		ssize_t r = read(fd, buf, sizeof buf);
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	return n;
}

static bool is_silent(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, 100) == 0;
}

static void log_in(void)
{
	say(w.server, 0, "greeting", 8);
	assert_int_equal(hears(w.client, 12), 12);
	say(w.client, 1, "\x01\x02\0\0me", 6);
	assert_int_equal(hears(w.server, 10), 10);
	say(w.server, 2, "\0ok", 3);
	assert_int_equal(hears(w.client, 7), 7);
}

static int await(enum rp_my_stage stage, unsigned ms, struct rp_err **err)
{
	return rp_my_relay_await(w.relay, stage, ms, &guest, &run, err);
}

static void come_to_the_gate(void)
{
	log_in();
	ask(w.client, "START TRANSACTION");
	assert_int_equal(await(RP_MY_AT_GATE, 5000, NULL), 0);
}

static void expect(enum rp_my_stage stage, unsigned ms, const char *text)
{
	rp_autoerr struct rp_err *err = NULL;
	assert_int_equal(await(stage, ms, &err), -1);
	assert_non_null(strstr(rp_err_text(err), text));
}

static void a_transaction_waits_until_it_is_let_in(void **state)
{
	(void)state;
	come_to_the_gate();
	assert_true(is_silent(w.server));
	rp_my_relay_open(w.relay);
	assert_int_equal(hears(w.server, 22), 22);
	expect(RP_MY_INSIDE, 50, "did not begin");
	say(w.server, 1, "\0ok", 3);
	assert_int_equal(await(RP_MY_SETTLED, 5000, NULL), 0);
	assert_int_equal(hears(w.client, 7), 7);
}

static void an_earlier_answer_is_not_taken_for_the_transactions(void **state)
{
	(void)state;
	log_in();
	ask(w.client, "SET a");
	ask(w.client, "SET b");
	ask(w.client, "START TRANSACTION");
	assert_int_equal(await(RP_MY_AT_GATE, 5000, NULL), 0);
	rp_my_relay_open(w.relay);
	assert_int_equal(hears(w.server, 42), 42);
	say(w.server, 1, "\0ok", 3);
	say(w.server, 1, "\0ok", 3);
	expect(RP_MY_INSIDE, 150, "did not begin");
	say(w.server, 1, "\0ok", 3);
	assert_int_equal(await(RP_MY_INSIDE, 5000, NULL), 0);
}

static void a_lock_of_the_tools_own_is_waited_for(void **state)
{
	(void)state;
	log_in();
	ask(w.client, "FLUSH TABLES WITH READ LOCK");
	assert_int_equal(await(RP_MY_AT_GATE, 5000, NULL), 0);
	rp_my_relay_open(w.relay);
	assert_int_equal(hears(w.server, 32), 32);
	say(w.server, 1, "\0ok", 3);
	ask(w.client, "START TRANSACTION");
	assert_int_equal(hears(w.server, 22), 22);
	say(w.server, 1, "\0ok", 3);
	assert_int_equal(await(RP_MY_INSIDE, 5000, NULL), 0);
	expect(RP_MY_SETTLED, 50, "did not begin");
	ask(w.client, "UNLOCK TABLES");
	assert_int_equal(hears(w.server, 18), 18);
	say(w.server, 1, "\0ok", 3);
	assert_int_equal(await(RP_MY_SETTLED, 5000, NULL), 0);
}

static void a_second_transaction_is_refused(void **state)
{
	(void)state;
	come_to_the_gate();
	int second = client();
	int other = accept(w.listening, NULL, NULL);
	say(second, 1, "\x01\x02\0\0me", 6);
	ask(second, "START TRANSACTION");
	expect(RP_MY_INSIDE, 5000, "begins a second transaction");
	assert_int_equal(hears(second, 1), 0);
	(void)close(second);
	(void)close(other);
}

/* A reader of the tool's, which logs in and begins; its end at the server's side. */
static int join(int *ret_other)
{
	int fd = client();
	*ret_other = accept(w.listening, NULL, NULL);
	say(*ret_other, 0, "greeting", 8);
	assert_int_equal(hears(fd, 12), 12);
	say(fd, 1, "\x01\x02\0\0me", 6);
	assert_int_equal(hears(*ret_other, 10), 10);
	say(*ret_other, 2, "\0ok", 3);
	assert_int_equal(hears(fd, 7), 7);
	ask(fd, "START TRANSACTION");
	return fd;
}

static int begin_three(void **state)
{
	announced = 3;
	int r = begin(state);
	announced = 1;
	return r;
}

static void as_many_transactions_as_were_announced_are_let_in(void **state)
{
	(void)state;
	int others[3], readers[3];
	come_to_the_gate();
	readers[0] = join(&others[0]);
	assert_true(is_silent(others[0]));
	rp_my_relay_open(w.relay);
	assert_int_equal(hears(w.server, 22), 22);
	say(w.server, 1, "\0ok", 3);
	assert_int_equal(hears(others[0], 22), 22);
	readers[1] = join(&others[1]);
	assert_int_equal(hears(others[1], 22), 22);
	say(others[1], 1, "\0ok", 3);
	expect(RP_MY_INSIDE, 100, "did not begin");
	say(others[0], 1, "\0ok", 3);
	assert_int_equal(await(RP_MY_SETTLED, 5000, NULL), 0);
	readers[2] = join(&others[2]);
	assert_int_equal(hears(readers[2], 1), 0);
	for (int i = 0; i < 3; i++) {
		(void)close(readers[i]);
		(void)close(others[i]);
	}
}

static void what_begins_under_a_lock_of_the_tools_own_is_let_in(void **state)
{
	(void)state;
	int others[2], readers[2];
	log_in();
	ask(w.client, "FLUSH TABLES WITH READ LOCK");
	assert_int_equal(await(RP_MY_AT_GATE, 5000, NULL), 0);
	rp_my_relay_open(w.relay);
	assert_int_equal(hears(w.server, 32), 32);
	readers[0] = join(&others[0]);
	assert_true(is_silent(others[0])); /* the lock is not there yet */
	say(w.server, 1, "\0ok", 3);
	assert_int_equal(hears(others[0], 22), 22);
	ask(w.client, "UNLOCK TABLES");
	assert_true(is_silent(w.server)); /* it has not begun */
	say(others[0], 1, "\0ok", 3);
	assert_int_equal(hears(w.server, 18), 18);
	say(w.server, 1, "\0ok", 3);
	assert_int_equal(await(RP_MY_SETTLED, 5000, NULL), 0);
	readers[1] = join(&others[1]);
	assert_int_equal(hears(readers[1], 1), 0);
	for (int i = 0; i < 2; i++) {
		(void)close(readers[i]);
		(void)close(others[i]);
	}
}

static void a_tool_that_hides_what_it_says_is_refused(void **state)
{
	(void)state;
	say(w.client, 1, "\x01\x08\0\0", 4);
	expect(RP_MY_AT_GATE, 5000, "begins TLS");
}

static void a_tool_that_locks_tables_is_refused(void **state)
{
	(void)state;
	log_in();
	ask(w.client, "LOCK TABLES a READ");
	expect(RP_MY_AT_GATE, 5000, "locks tables one by one");
}

static void a_tool_that_never_begins_is_not_waited_for_without_end(void **state)
{
	(void)state;
	log_in();
	expect(RP_MY_AT_GATE, 200, "began no transaction within");
}

static void a_tool_that_leaves_at_the_gate_is_told(void **state)
{
	(void)state;
	come_to_the_gate();
	(void)close(w.client);
	expect(RP_MY_INSIDE, 10000, "closed its connection");
}

static int dead(struct rp_guest *g, struct rp_err **err)
{
	(void)g;
	return rp_err_set(err, RP_ERR_ENGINE, "it died of something");
}

static void a_guest_that_died_says_why(void **state)
{
	(void)state;
	guest.check = dead;
	expect(RP_MY_AT_GATE, 5000, "it died of something");
	guest.check = NULL;
}

static void *pour(void *ctx)
{
	static char chunk[1 << 16];
	for (unsigned i = 0; i < 1024; i++)
		if (write(w.server, chunk, sizeof chunk) != sizeof chunk)
			break;
	(void)ctx;
	(void)shutdown(w.server, SHUT_WR);
	return NULL;
}

static void a_backup_passes_whole_and_its_end_is_seen(void **state)
{
	(void)state;
	static char buf[1 << 16];
	pthread_t thread;
	uint64_t n = 0;
	come_to_the_gate();
	rp_my_relay_open(w.relay);
	assert_int_equal(hears(w.server, 22), 22);
	assert_int_equal(pthread_create(&thread, NULL, pour, NULL), 0);
	for (ssize_t r; (r = read(w.client, buf, sizeof buf)) > 0;)
		n += (uint64_t)r;
	assert_int_equal(n, 64u << 20);
	(void)pthread_join(thread, NULL);
}

#define RELAYED(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAYED(a_transaction_waits_until_it_is_let_in),
		RELAYED(an_earlier_answer_is_not_taken_for_the_transactions),
		RELAYED(a_lock_of_the_tools_own_is_waited_for),
		RELAYED(a_second_transaction_is_refused),
		cmocka_unit_test_setup_teardown(as_many_transactions_as_were_announced_are_let_in,
						begin_three, end),
		RELAYED(what_begins_under_a_lock_of_the_tools_own_is_let_in),
		RELAYED(a_tool_that_hides_what_it_says_is_refused),
		RELAYED(a_tool_that_locks_tables_is_refused),
		RELAYED(a_tool_that_never_begins_is_not_waited_for_without_end),
		RELAYED(a_tool_that_leaves_at_the_gate_is_told),
		RELAYED(a_guest_that_died_says_why),
		RELAYED(a_backup_passes_whole_and_its_end_is_seen),
	};
	return cmocka_run_group_tests_name("my_relay", tests, NULL, NULL);
}
