/* SPDX-License-Identifier: MIT */
/* Preloaded into one process: the n-th call of one function fails there. Says how many calls there were, and
 * where the one that failed came from.
 *
 *     RP_FAULT=NAME:N      the n-th call fails, once
 *     RP_FAULT=NAME:N+     and every later one, too: a full disk stays full
 *     RP_FAULT_LOG=FILE    "fired ..." with a backtrace when it happens; "count NAME N" at the end
 *
 * Calls are counted across a fork() until the child executes: what is done in between can fail like all else. The
 * settings are taken out of the environment, so nothing that is executed is ever touched. */
#undef _FILE_OFFSET_BITS /* open() and open64() are both wanted here */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSIDE static _Thread_local __attribute__((tls_model("initial-exec")))
#define REAL(name)                                                                                           \
	__extension__({                                                                                      \
		static __typeof__(&(name)) f;                                                                \
		if (f == NULL)                                                                               \
			look_up(#name, &f, sizeof f);                                                        \
		f;                                                                                           \
	})

enum fault {
	ALLOCATION,
	CONNECT,
	FORK,
	FSYNC,
	FTRUNCATE,
	MKDIR,
	OPEN,
	PIPE,
	POLL,
	QUERY,
	ANSWER,
	READ,
	RENAME,
	SHORT,
	STDERR,
	THREAD,
	WRITE,
	FAULTS,
};

static const struct {
	const char *name;
	int error;
} faults[FAULTS] = {
	[ALLOCATION] = {"allocation", ENOMEM},
	[CONNECT] = {"connect", ECONNREFUSED},
	[FORK] = {"fork", EAGAIN},
	[FSYNC] = {"fsync", EIO},
	[FTRUNCATE] = {"ftruncate", EIO},
	[MKDIR] = {"mkdir", ENOSPC},
	[OPEN] = {"open", ENOSPC}, /* for writing */
	[PIPE] = {"pipe", EMFILE}, /* eventfd() too */
	[POLL] = {"poll", ENOMEM},
	[QUERY] = {"query", 0},	  /* the connection is cut before a query is sent */
	[ANSWER] = {"answer", 0}, /* and before an answer is read */
	[READ] = {"read", EIO},
	[RENAME] = {"rename", EIO},
	[SHORT] = {"short", 0}, /* a write that writes half */
	[STDERR] = {"stderr", EIO},
	[THREAD] = {"thread", EAGAIN},
	[WRITE] = {"write", ENOSPC},
};

struct shared {
	_Atomic unsigned long calls[FAULTS];
};
static struct shared *shared;
static enum fault chosen = FAULTS;
static unsigned long from, to;
static char log_path[4096];
static pid_t who;
INSIDE bool inside;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static void look_up(const char *name, void *ret, size_t size)
{
	bool before = inside;
	inside = true;
	void *f = dlsym(RTLD_NEXT, name);
	memcpy(ret, &f, size);
	inside = before;
}

static void say(const char *line, bool with_trace)
{
	int fd =
		(int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	(void)!syscall(SYS_write, fd, line, strlen(line));
	if (with_trace) {
		void *frames[48];
		backtrace_symbols_fd(frames, backtrace(frames, 48), fd);
	}
	(void)syscall(SYS_close, fd);
}

static bool fails(enum fault f)
{
	if (shared == NULL || inside)
		return false;
	unsigned long n = atomic_fetch_add(&shared->calls[f], 1) + 1;
	if (f != chosen || n < from || n > to)
		return false;
	if (n == from) {
		char line[128];
		inside = true;
		(void)snprintf(line, sizeof line, "fired %s %lu%s\n", faults[f].name, n,
			       getpid() == who ? "" : " in a child");
		say(line, true);
		inside = false;
	}
	errno = faults[f].error;
	return true;
}

static void crashed(int sig)
{
	inside = true;
	say("crashed\n", true);
	(void)raise(sig); /* the handler is taken away */
}

static void tell_crashes(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	struct sigaction act = {.sa_handler = crashed, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		(void)sigaction(signals[i], &act, NULL);
}

static void __attribute__((constructor)) begin(void)
{
	const char *spec = getenv("RP_FAULT"), *log = getenv("RP_FAULT_LOG");
	void *frames[4];
	inside = true;
	tell_crashes();
	who = getpid();
	(void)snprintf(log_path, sizeof log_path, "%s", log != NULL ? log : "/dev/null");
	for (int f = 0; spec != NULL && f < FAULTS; f++) {
		size_t len = strlen(faults[f].name);
		if (strncmp(spec, faults[f].name, len) != 0 || spec[len] != ':')
			continue;
		chosen = (enum fault)f;
		from = strtoul(spec + len + 1, NULL, 10);
		to = strchr(spec, '+') != NULL ? (unsigned long)-1 : from;
	}
	(void)unsetenv("LD_PRELOAD");
	(void)unsetenv("RP_FAULT");
	(void)unsetenv("RP_FAULT_LOG");
	(void)backtrace(frames, 4); /* loads what it needs */
	/* What is called between fork() and exec is looked up now: no lock may be waited for then. */
	(void)!write(-1, "", 0);
	(void)!read(-1, frames, 0);
	(void)close(open("/dev/null", O_RDONLY | O_CLOEXEC));
	(void)close(open64("/dev/null", O_RDONLY | O_CLOEXEC));
	(void)fsync(-1);
	void *p = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	inside = false;
	if (p != MAP_FAILED)
		shared = p;
}

static void __attribute__((destructor)) end(void)
{
	if (shared == NULL || getpid() != who)
		return;
	inside = true;
	for (int f = 0; f < FAULTS; f++) {
		char line[128];
		(void)snprintf(line, sizeof line, "count %s %lu\n", faults[f].name,
			       atomic_load(&shared->calls[f]));
		say(line, false);
	}
}

void *malloc(size_t size)
{
	return fails(ALLOCATION) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(ALLOCATION) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails(ALLOCATION) ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > (size_t)-1 / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, n * size);
}

int posix_memalign(void **ret, size_t align, size_t size)
{
	void *p = fails(ALLOCATION) ? NULL : __libc_memalign(align, size);
	if (p == NULL)
		return ENOMEM;
	*ret = p;
	return 0;
}

void *aligned_alloc(size_t align, size_t size)
{
	return fails(ALLOCATION) ? NULL : __libc_memalign(align, size);
}

ssize_t write(int fd, const void *data, size_t len)
{
	if (fails(fd == STDERR_FILENO ? STDERR : WRITE))
		return -1;
	/* Nine bytes and more: an eventfd takes eight or nothing. */
	if (len > 8 && fd != STDERR_FILENO && fails(SHORT))
		len /= 2;
	return REAL(write)(fd, data, len);
}

ssize_t read(int fd, void *data, size_t len)
{
	return fails(READ) ? -1 : REAL(read)(fd, data, len);
}

int fsync(int fd)
{
	return fails(FSYNC) ? -1 : REAL(fsync)(fd);
}

int rename(const char *old, const char *new)
{
	return fails(RENAME) ? -1 : REAL(rename)(old, new);
}

int ftruncate(int fd, off_t len)
{
	return fails(FTRUNCATE) ? -1 : REAL(ftruncate)(fd, len);
}

int ftruncate64(int fd, off64_t len)
{
	return fails(FTRUNCATE) ? -1 : REAL(ftruncate64)(fd, len);
}

int mkdir(const char *path, mode_t mode)
{
	return fails(MKDIR) ? -1 : REAL(mkdir)(path, mode);
}

char *mkdtemp(char *template)
{
	return fails(MKDIR) ? NULL : REAL(mkdtemp)(template);
}

int mkostemp(char *template, int flags)
{
	return fails(OPEN) ? -1 : REAL(mkostemp)(template, flags);
}

int mkostemp64(char *template, int flags)
{
	return fails(OPEN) ? -1 : REAL(mkostemp64)(template, flags);
}

static bool opens_for_writing(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
}

#define MODE_OF(flags)                                                                                       \
	mode_t mode = 0;                                                                                     \
	if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {                                                        \
		va_list ap;                                                                                  \
		va_start(ap, flags);                                                                         \
		mode = va_arg(ap, mode_t);                                                                   \
		va_end(ap);                                                                                  \
	}

int open(const char *path, int flags, ...)
{
	MODE_OF(flags)
	return opens_for_writing(flags) && fails(OPEN) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	MODE_OF(flags)
	return opens_for_writing(flags) && fails(OPEN) ? -1 : REAL(open64)(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	MODE_OF(flags)
	return opens_for_writing(flags) && fails(OPEN) ? -1 : REAL(openat)(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...)
{
	MODE_OF(flags)
	return opens_for_writing(flags) && fails(OPEN) ? -1 : REAL(openat64)(at, path, flags, mode);
}

pid_t fork(void)
{
	return fails(FORK) ? -1 : REAL(fork)();
}

int pipe2(int ends[2], int flags)
{
	return fails(PIPE) ? -1 : REAL(pipe2)(ends, flags);
}

int eventfd(unsigned int initial, int flags)
{
	return fails(PIPE) ? -1 : REAL(eventfd)(initial, flags);
}

int connect(int fd, __CONST_SOCKADDR_ARG to_whom, socklen_t len)
{
	return fails(CONNECT) ? -1 : REAL(connect)(fd, to_whom, len);
}

int poll(struct pollfd *fds, nfds_t n, int ms)
{
	return fails(POLL) ? -1 : REAL(poll)(fds, n, ms);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	return fails(THREAD) ? EAGAIN : REAL(pthread_create)(thread, attr, fn, arg);
}

static void cut(PGconn *c)
{
	int fd = PQsocket(c);
	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
}

int PQsendQueryParams(PGconn *c, const char *sql, int n, const Oid *types, const char *const *values,
		      const int *lengths, const int *formats, int format)
{
	if (fails(QUERY))
		cut(c);
	return REAL(PQsendQueryParams)(c, sql, n, types, values, lengths, formats, format);
}

int PQconsumeInput(PGconn *c)
{
	if (fails(ANSWER))
		cut(c);
	return REAL(PQconsumeInput)(c);
}
