/* SPDX-License-Identifier: MIT */
#include "tests/unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verifier/scratch/box.h"
#include "verifier/scratch/watch.h"
#include "verifier/util/argv.h"
#include "verifier/util/buf.h"
#include "verifier/util/error.h"

/* What the box is made of, without starting anything in it. */

static char *program[] = {(char[]){"/usr/lib/x/bin/server"}, (char[]){"-D"}, (char[]){"/s/srv/data"}, NULL};

static char *line_for(const struct rp_leave *leave)
{
	struct rp_box box = {.level = RP_BOX_NAMESPACES, .bwrap = (char[]){"/usr/bin/bwrap"}};
	struct rp_argv line = {0};
	rp_autobuf text = RP_BUF_INIT(64 << 10);
	rp_argv_add(&box.reads, "/usr/lib/x");
	rp_argv_add(&box.links, "usr/lib");
	rp_argv_add(&box.links, "/lib");
	rp_bubblewrap_line(&line, &box, leave, program, "/s/srv", 7, 8);
	assert_false(line.failed);
	rp_buf_add(&text, " ");
	for (size_t i = 0; i < line.n; i++)
		rp_buf_addf(&text, "%s ", line.v[i]);
	rp_argv_done(&line);
	rp_argv_done(&box.reads);
	rp_argv_done(&box.links);
	return rp_buf_take(&text);
}

static void has(const char *line, const char *words, bool wanted)
{
	if ((strstr(line, words) != NULL) != wanted)
		fail_msg("'%s' is %s in:%s", words, wanted ? "not" : "there", line);
}

static void a_servers_box_has_nothing_that_it_does_not_need(void **state)
{
	(void)state;
	const char *const reads[] = {"/s/settings", NULL};
	const struct rp_leave leave = {.reads = reads, .writes = "/s/srv", .serves = true};
	char *line = line_for(&leave);
	static const char *const there[] = {" --unshare-user ",
					    " --unshare-ipc ",
					    " --unshare-pid ",
					    " --unshare-net ",
					    " --unshare-uts ",
					    " --uid 65534 --gid 65534 ",
					    " --die-with-parent ",
					    " --new-session ",
					    " --cap-drop ALL ",
					    " --as-pid-1 ",
					    " --seccomp 7 ",
					    " --info-fd 8 ",
					    " --ro-bind-try /usr/lib/x /usr/lib/x ",
					    " --symlink usr/lib /lib ",
					    " --ro-bind /usr/lib/x/bin/server /usr/lib/x/bin/server ",
					    " --ro-bind-try /s/settings /s/settings ",
					    " --bind /s/srv /s/srv --remount-ro /dev --remount-ro / ",
					    " --chdir /s/srv -- /usr/lib/x/bin/server -D /s/srv/data "};
	static const char *const nowhere[] = {" --proc ",    " /proc ",	   " --share-net ", " /bin ", "/sh ",
					      " --dev-bind", " --tmpfs ",  " /etc ",	    " /usr ", " / / ",
					      " --cap-add ", " --setenv ", " /tmp ",	    " /run "};
	for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
		has(line, there[i], true);
	for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
		has(line, nowhere[i], false);
	/* One directory that can be written, and nothing read-only over it. */
	assert_null(strstr(strstr(line, " --bind ") + 1, " --bind "));
	assert_true(strstr(line, " --bind ") > strstr(line, " --ro-bind-try /s/settings"));
	free(line);
}

static void a_tool_writes_nowhere_and_a_network_is_had_for_the_asking_alone(void **state)
{
	(void)state;
	struct rp_leave leave = {.connects = true};
	char *line = line_for(&leave);
	has(line, " --bind ", false);
	has(line, " --unshare-net ", true);
	has(line, " --as-pid-1 ", false);
	free(line);
	leave.network = true;
	line = line_for(&leave);
	has(line, " --unshare-net ", false);
	has(line, " --unshare-user ", true);
	free(line);
}

static void only_what_is_to_be_kept_outlives_us(void **state)
{
	(void)state;
	const struct rp_leave leave = {.serves = true, .lasts = true};
	char *line = line_for(&leave);
	has(line, " --die-with-parent ", false);
	free(line);
}

/* The filter, run as the kernel runs it. */
static unsigned decided(const struct rp_leave *leave, const struct seccomp_data *call)
{
	struct sock_fprog *f = rp_seccomp_filter(leave, NULL);
	assert_non_null(f);
	unsigned a = 0, at = 0;
	for (;; at++) {
		assert_true(at < f->len);
		const struct sock_filter *i = &f->filter[at];
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k + sizeof a <= sizeof *call);
			memcpy(&a, (const char *)call + i->k, sizeof a);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K: {
			unsigned k = i->k;
			rp_seccomp_free(f);
			return k;
		}
		default:
			fail_msg("instruction %#x", i->code);
		}
	}
}

static unsigned arch_of(void)
{
	const struct rp_leave leave = {0};
	struct sock_fprog *f = rp_seccomp_filter(&leave, NULL);
	assert_non_null(f);
	unsigned arch = f->filter[1].k;
	rp_seccomp_free(f);
	return arch;
}

#define DENIED(e) (SECCOMP_RET_ERRNO | (e))

static void the_filter_decides_as_it_says(void **state)
{
	(void)state;
	static const struct rp_leave server = {.serves = true}, tool = {.connects = true},
				     remote = {.connects = true, .network = true};
	const struct {
		const struct rp_leave *who;
		int call;
		unsigned long long arg0, arg1;
		unsigned expected;
	} cases[] = {
		{&server, SYS_read, 0, 0, SECCOMP_RET_ALLOW},
		{&server, SYS_execve, 0, 0, SECCOMP_RET_ALLOW},
		{&server, SYS_connect, 0, 0, DENIED(EACCES)},
		{&tool, SYS_connect, 0, 0, SECCOMP_RET_ALLOW},
		{&server, SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, SECCOMP_RET_ALLOW},
		{&server, SYS_socket, AF_UNIX, SOCK_DGRAM, DENIED(EACCES)},
		{&server, SYS_socket, AF_INET, SOCK_STREAM, DENIED(EAFNOSUPPORT)},
		{&server, SYS_socket, AF_INET6, SOCK_DGRAM, DENIED(EAFNOSUPPORT)},
		{&server, SYS_socket, AF_NETLINK, SOCK_STREAM, DENIED(EAFNOSUPPORT)},
		{&tool, SYS_socket, AF_INET, SOCK_STREAM, DENIED(EAFNOSUPPORT)},
		{&tool, SYS_socketpair, AF_UNIX, SOCK_DGRAM, DENIED(EACCES)},
		{&tool, SYS_socketpair, AF_UNIX, SOCK_STREAM, SECCOMP_RET_ALLOW},
		{&remote, SYS_socket, AF_INET, SOCK_STREAM, SECCOMP_RET_ALLOW},
		{&remote, SYS_connect, 0, 0, SECCOMP_RET_ALLOW},
		{&server, SYS_clone, 0x1200011, 0, SECCOMP_RET_ALLOW},
		{&server, SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, DENIED(EPERM)},
		{&server, SYS_clone3, 0, 0, DENIED(ENOSYS)},
		{&server, SYS_unshare, CLONE_NEWUSER, 0, DENIED(EPERM)},
		{&server, SYS_io_uring_setup, 0, 0, DENIED(ENOSYS)},
		{&server, SYS_ptrace, 0, 0, DENIED(EPERM)},
		{&server, SYS_ioctl, 0, 0x5412, DENIED(EPERM)}, /* TIOCSTI */
		{&server, SYS_ioctl, 0, 0x5413, SECCOMP_RET_ALLOW},
		{&remote, SYS_bpf, 0, 0, DENIED(EPERM)},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct seccomp_data call = {
			.nr = cases[i].call, .arch = arch_of(), .args = {cases[i].arg0, cases[i].arg1}};
		if (decided(cases[i].who, &call) != cases[i].expected)
			fail_msg("case %zu: %#x", i, decided(cases[i].who, &call));
	}
	const struct seccomp_data foreign = {.nr = SYS_read, .arch = arch_of() ^ 1};
	assert_int_equal(decided(&server, &foreign), SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
	const struct seccomp_data x32 = {.nr = 0x40000000 | SYS_read, .arch = arch_of()};
	assert_int_equal(decided(&server, &x32), DENIED(ENOSYS));
#endif
}

static bool tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		(void)close(fd);
	return done;
}

static bool map_user(uid_t uid, gid_t gid)
{
	char user[64], group[64];
	(void)snprintf(user, sizeof user, "0 %u 1\n", (unsigned)uid);
	(void)snprintf(group, sizeof group, "0 %u 1\n", (unsigned)gid);
	return tell("/proc/self/uid_map", user) && tell("/proc/self/setgroups", "deny") &&
	       tell("/proc/self/gid_map", group);
}

/* In a process of its own with a small disk of its own. */
static int watched(const char *dir, size_t fill)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
	    (uid != 0 && !map_user(uid, gid)) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", dir, "tmpfs", 0, "size=32m") < 0)
		return 77;
	pid_t server = fork();
	if (server == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)pause();
		_exit(0);
	}
	int pidfd = (int)syscall(SYS_pidfd_open, server, 0);
	struct rp_watch *w = NULL;
	if (rp_watch_start(&w, dir, 32 << 20, pidfd, SIGKILL, NULL) < 0)
		return 1;
	char path[256], *zeros = calloc(1, 1 << 20);
	(void)snprintf(path, sizeof path, "%s/fill", dir);
	FILE *f = fopen(path, "we");
	for (size_t i = 0; zeros != NULL && f != NULL && i < fill; i++)
		if (fwrite(zeros, 1 << 20, 1, f) != 1)
			return 2;
	if (f == NULL || fflush(f) != 0)
		return 3;
	usleep(500000);
	int status = 0;
	bool dead = waitpid(server, &status, WNOHANG) == server;
	bool said = rp_watch_killed(w) > 0;
	rp_watch_stop(w);
	if (!dead)
		(void)kill(server, SIGKILL);
	(void)fclose(f);
	free(zeros);
	(void)close(pidfd);
	return dead != said ? 4 : dead ? 100 : 0;
}

static void a_server_that_fills_the_disk_is_stopped(void **state)
{
	(void)state;
	static const struct {
		size_t mib;
		int expected;
	} cases[] = {{16, 0}, {30, 100}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char dir[] = "/tmp/rp-watch-test-XXXXXX";
		assert_non_null(mkdtemp(dir));
		pid_t pid = fork();
		if (pid == 0)
			_exit(watched(dir, cases[i].mib));
		int status = 0;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(rmdir(dir), 0);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == 77)
			skip();
		assert_int_equal(WEXITSTATUS(status), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_servers_box_has_nothing_that_it_does_not_need),
		cmocka_unit_test(a_tool_writes_nowhere_and_a_network_is_had_for_the_asking_alone),
		cmocka_unit_test(only_what_is_to_be_kept_outlives_us),
		cmocka_unit_test(the_filter_decides_as_it_says),
		cmocka_unit_test(a_server_that_fills_the_disk_is_stopped),
	};
	return cmocka_run_group_tests_name("box", tests, NULL, NULL);
}
