/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifier/scratch/box.h"
#include "verifier/util/error.h"

/* The filter of system calls: a short program that the kernel runs at each of them. What it lets pass always is
 * remembered by the kernel, so a row costs nothing more.
 *
 * It denies what no server or restore tool needs and what has led out of boxes before; and to a server every
 * connection: Landlock alone would let it log in to another server's socket. */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_PPC64LE
#else
#define ARCH 0
#endif

/* ENOSYS where a library knows another way and takes it. */
static const struct denied {
	unsigned call;
	unsigned errnum;
} denied[] = {
	/* Work that is done past this filter. */
	{SYS_io_uring_setup, ENOSYS},
	{SYS_io_uring_enter, ENOSYS},
	{SYS_io_uring_register, ENOSYS},
	/* Its flags lie in memory, where a filter cannot look; clone() is asked instead. */
	{SYS_clone3, ENOSYS},
	/* Namespaces and mounts: with them a process makes itself root of something. */
	{SYS_unshare, EPERM},
	{SYS_setns, EPERM},
	{SYS_mount, EPERM},
	{SYS_umount2, EPERM},
	{SYS_pivot_root, EPERM},
	{SYS_chroot, EPERM},
	{SYS_open_tree, EPERM},
	{SYS_move_mount, EPERM},
	{SYS_fsopen, EPERM},
	{SYS_fsmount, EPERM},
	/* Other processes of the same user. */
	{SYS_ptrace, EPERM},
	{SYS_process_vm_readv, EPERM},
	{SYS_process_vm_writev, EPERM},
	{SYS_pidfd_getfd, EPERM},
	{SYS_kcmp, EPERM},
	/* Files by other names than their paths. */
	{SYS_open_by_handle_at, EPERM},
	{SYS_name_to_handle_at, EPERM},
	/* Keys of the user's, and the kernel's own machinery. */
	{SYS_add_key, EPERM},
	{SYS_request_key, EPERM},
	{SYS_keyctl, EPERM},
	{SYS_bpf, EPERM},
	{SYS_perf_event_open, EPERM},
	{SYS_userfaultfd, EPERM},
	{SYS_init_module, EPERM},
	{SYS_finit_module, EPERM},
	{SYS_kexec_load, EPERM},
	{SYS_syslog, EPERM},
};

#define CALL		      offsetof(struct seccomp_data, nr)
#define ARG(n)		      (offsetof(struct seccomp_data, args) + (n) * sizeof(__u64)) /* low half: little endian only */
#define LOAD(at)	      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(at))
#define MASK(bits)	      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (unsigned)(bits))
#define SKIP_IF(value, n)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), (n), 0)
#define SKIP_UNLESS(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), 0, (n))
#define SKIP_BELOW(value, n)  BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (unsigned)(value), 0, (n))
#define DENY(e)		      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)(e)&SECCOMP_RET_DATA))
#define ALLOW		      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL		      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

#define PROGRAM_MAX (2 * sizeof denied / sizeof denied[0] + 64)

static void add(struct sock_fprog *f, const struct sock_filter *some, size_t n)
{
	for (size_t i = 0; i < n; i++)
		f->filter[f->len++] = some[i];
}
#define ADD(f, ...)                                                                                          \
	do {                                                                                                 \
		const struct sock_filter some_[] = {__VA_ARGS__};                                            \
		add(f, some_, sizeof some_ / sizeof some_[0]);                                               \
	} while (0)

/* Calls in the manner of another processor have other numbers. */
static void add_beginning(struct sock_fprog *f)
{
	ADD(f, LOAD(offsetof(struct seccomp_data, arch)), SKIP_IF(ARCH, 1), KILL, LOAD(CALL));
#ifdef __x86_64__
	ADD(f, SKIP_BELOW(0x40000000U, 1), DENY(ENOSYS)); /* x32 */
#endif
}

/* Streams between processes of this machine and no others: a datagram is sent without any connect(). */
static void add_sockets(struct sock_fprog *f, const struct rp_leave *leave)
{
	if (!leave->connects)
		ADD(f, SKIP_UNLESS(SYS_connect, 1), DENY(EACCES));
	if (leave->network)
		return;
	for (int i = 0; i < 2; i++)
		ADD(f, SKIP_UNLESS(i == 0 ? SYS_socket : SYS_socketpair, 8), LOAD(ARG(0)),
		    SKIP_IF(AF_UNIX, 1), DENY(EAFNOSUPPORT), LOAD(ARG(1)), MASK(0xf), SKIP_IF(SOCK_STREAM, 1),
		    DENY(EACCES), ALLOW);
}

/* A terminal that somebody else reads from; a user namespace. */
static void add_arguments(struct sock_fprog *f)
{
	ADD(f, SKIP_UNLESS(SYS_ioctl, 5), LOAD(ARG(1)), SKIP_IF(TIOCSTI, 2), SKIP_IF(TIOCLINUX, 1), ALLOW,
	    DENY(EPERM));
	ADD(f, SKIP_UNLESS(SYS_clone, 5), LOAD(ARG(0)), MASK(CLONE_NEWUSER), SKIP_IF(0, 1), DENY(EPERM),
	    ALLOW);
}

struct sock_fprog *rp_seccomp_filter(const struct rp_leave *leave, struct rp_err **err)
{
	if (ARCH == 0) {
		rp_err_set(err, RP_ERR_ENGINE, "system calls are not filtered on this kind of processor");
		return NULL;
	}
	struct sock_fprog *f = calloc(1, sizeof *f + PROGRAM_MAX * sizeof *f->filter);
	if (f == NULL) {
		rp_err_set(err, RP_ERR_NOMEM, "out of memory");
		return NULL;
	}
	f->filter = (struct sock_filter *)(f + 1);
	add_beginning(f);
	for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++)
		ADD(f, SKIP_UNLESS(denied[i].call, 1), DENY(denied[i].errnum));
	add_sockets(f, leave);
	add_arguments(f);
	ADD(f, ALLOW);
	return f;
}

void rp_seccomp_free(struct sock_fprog *f)
{
	free(f);
}

int rp_seccomp_enter(const struct sock_fprog *f)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, f);
}
