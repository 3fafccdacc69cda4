/* SPDX-License-Identifier: MIT */
/* What a backup's superuser can bring: machine code. The server loads it, it runs before anything about it is checked,
 * and it tries everything. Told by ../hostile.in what there is to find, it writes into ../hostile.out what it got. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct told {
	int port, pid;
	char file[512], socket[512], write[512], touch[512];
};

static FILE *out;

static void got(const char *what, long r)
{
	(void)fprintf(out, "%s %s\n", what, r < 0 ? strerror(errno) : "GOT IT");
}

static void try_network(const struct told *t)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)t->port)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)snprintf(un.sun_path, sizeof un.sun_path, "%.100s", t->socket);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	got("tcp", fd < 0 ? -1 : connect(fd, (struct sockaddr *)&in, sizeof in));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	got("udp", fd < 0 ? -1 : sendto(fd, "x", 1, 0, (struct sockaddr *)&in, sizeof in));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	got("unix", fd < 0 ? -1 : connect(fd, (struct sockaddr *)&un, sizeof un));
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	got("datagram", fd < 0 ? -1 : sendto(fd, "x", 1, 0, (struct sockaddr *)&un, sizeof un));
	int two[2];
	got("pair", socketpair(AF_UNIX, SOCK_DGRAM, 0, two));
	got("packet", socket(AF_PACKET, SOCK_RAW, 0));
	got("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
}

static void try_files(const struct told *t)
{
	got("passwd", open("/etc/passwd", O_RDONLY | O_CLOEXEC));
	got("shadow", open("/etc/shadow", O_RDONLY | O_CLOEXEC));
	got("file", open(t->file, O_RDONLY | O_CLOEXEC));
	got("environ", open("/proc/1/environ", O_RDONLY | O_CLOEXEC));
	got("self", open("/proc/self/environ", O_RDONLY | O_CLOEXEC));
	got("write", open(t->write, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	got("tmp", open("/tmp/rp-hostile", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	got("shm", open("/dev/shm/rp-hostile", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	got("dev", open("/dev/rp-hostile", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	got("owner", open("../../owner", O_RDWR | O_CLOEXEC));
	got("settings", open("../../settings/pg_hba.conf", O_WRONLY | O_CLOEXEC));
	got("terminal", open("/dev/tty", O_RDWR | O_CLOEXEC));
}

static void try_programs(const struct told *t)
{
	char touch[600];
	(void)snprintf(touch, sizeof touch, "echo > %s", t->touch);
	const char *const ways[][4] = {{"/bin/sh", "-c", touch, NULL},
				       {"/usr/bin/sh", "-c", touch, NULL},
				       {"/bin/bash", "-c", touch, NULL},
				       {"/usr/bin/touch", t->touch, NULL},
				       {"../evil", t->touch, NULL}};
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			(void)execv(ways[i][0], (char *const *)(const void *)ways[i]);
			_exit(errno == 0 ? 255 : errno & 127);
		}
		int status = 0;
		(void)waitpid(pid, &status, 0);
		(void)fprintf(out, "program%zu %s\n", i,
			      WIFEXITED(status) && WEXITSTATUS(status) > 0 ? strerror(WEXITSTATUS(status))
									   : "GOT IT");
	}
}

static void try_others(const struct told *t)
{
	char buffer[16];
	struct {
		void *at;
		size_t len;
	} here = {buffer, 16}, there = {(void *)(size_t)4096, 16};
	got("signal", kill(t->pid, 0));
	got("trace", ptrace(PTRACE_SEIZE, t->pid, NULL, NULL));
	got("memory", syscall(SYS_process_vm_readv, t->pid, &here, 1, &there, 1, 0));
	got("namespace", unshare(CLONE_NEWUSER));
	got("ring", syscall(SYS_io_uring_setup, 1, buffer));
	got("kernel", syscall(SYS_bpf, 0, NULL, 0));
	got("keys", syscall(SYS_keyctl, 0, -3, 1));
	errno = ENOENT;
	got("variable", getenv("RP_CANARY") != NULL ? 0 : -1);
}

__attribute__((constructor)) static void run(void)
{
	struct told t = {0};
	FILE *in = fopen("../hostile.in", "re");
	if (in == NULL)
		return;
	int n = fscanf(in, "%d %d %511s %511s %511s %511s", &t.port, &t.pid, t.file, t.socket, t.write,
		       t.touch);
	(void)fclose(in);
	out = fopen("../hostile.out", "we");
	if (n != 6 || out == NULL)
		return;
	(void)setvbuf(out, NULL, _IONBF, 0);
	try_network(&t);
	try_files(&t);
	try_programs(&t);
	try_others(&t);
	(void)fprintf(out, "done\n");
	(void)fclose(out);
}
