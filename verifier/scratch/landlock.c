/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifier/scratch/box.h"
#include "verifier/util/cleanup.h"
#include "verifier/util/error.h"

/* Where namespaces cannot be had: the kernel refuses this process and its children every file that no rule names.
 * The only program that can be executed is the one that is started, and its loader. */

/* Newer than the oldest kernel headers we are built with. */
#define ACCESS_TRUNCATE	 (UINT64_C(1) << 14)
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND_TCP	 (UINT64_C(1) << 0)
#define NET_CONNECT_TCP	 (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT	 (UINT64_C(1) << 0)
#define SCOPE_SIGNAL	 (UINT64_C(1) << 1)

struct ruleset {
	uint64_t files, net, scoped;
};

#define READ	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define EXECUTE (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE)
#define DEVICE	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)
#define OF_FILES                                                                                             \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |         \
	 ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)
/* No devices, and nothing that is executed. */
#define CHANGE                                                                                               \
	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                              \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |        \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |         \
	 LANDLOCK_ACCESS_FS_REFER | ACCESS_TRUNCATE)

/* What each version of the kernel's interface can forbid. */
static struct ruleset forbids(long version, const struct rp_leave *leave)
{
	struct ruleset r = {.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
	if (version >= 2)
		r.files |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		r.files |= ACCESS_TRUNCATE;
	if (version >= 5)
		r.files |= ACCESS_IOCTL_DEV;
	if (version >= 4 && !leave->network)
		r.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 6)
		r.scoped = SCOPE_SIGNAL | (leave->network ? 0 : SCOPE_ABSTRACT);
	return r;
}

static size_t size_for(long version)
{
	return version >= 6   ? sizeof(struct ruleset)
	       : version >= 4 ? offsetof(struct ruleset, scoped)
			      : offsetof(struct ruleset, net);
}

/* What is not there, or not for us to see, the program in the box does not see either. */
static int allow(int rules, const struct ruleset *r, const char *path, uint64_t access, struct rp_err **err)
{
	rp_autoclose int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR
			       ? 0
			       : rp_err_sys(err, errno, "open '%s'", path);
	if (!S_ISDIR(st.st_mode))
		access &= OF_FILES;
	const struct landlock_path_beneath_attr rule = {.allowed_access = access & r->files, .parent_fd = fd};
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return rp_err_sys(err, errno, "a rule for '%s'", path);
	return 0;
}

/* The loader that the kernel executes in a program's place; "" when it needs none. */
static int find_loader(const char *program, char *ret, size_t size, struct rp_err **err)
{
	rp_autoclose int fd = open(program, O_RDONLY | O_CLOEXEC);
	ElfW(Ehdr) head;
	ret[0] = '\0';
	if (fd < 0)
		return rp_err_sys(err, errno, "open '%s'", program);
	if (pread(fd, &head, sizeof head, 0) != sizeof head || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_phentsize != sizeof(ElfW(Phdr)))
		return rp_err_set(err, RP_ERR_ENGINE, "'%s' is no program of this machine's kind", program);
	for (unsigned i = 0; i < head.e_phnum; i++) {
		ElfW(Phdr) part;
		if (pread(fd, &part, sizeof part, (off_t)(head.e_phoff + i * sizeof part)) != sizeof part)
			break;
		if (part.p_type != PT_INTERP || part.p_filesz >= size)
			continue;
		ssize_t n = pread(fd, ret, part.p_filesz, (off_t)part.p_offset);
		ret[n > 0 ? n : 0] = '\0';
		break;
	}
	return 0;
}

static int allow_all(int rules, const struct ruleset *r, const struct rp_box *box,
		     const struct rp_leave *leave, const char *program, struct rp_err **err)
{
	char loader[4096];
	if (find_loader(program, loader, sizeof loader, err) < 0)
		return -1;
	for (size_t i = 0; i < box->reads.n; i++)
		if (allow(rules, r, box->reads.v[i], READ, err) < 0)
			return -1;
	for (const char *const *path = leave->reads; path != NULL && *path != NULL; path++)
		if (allow(rules, r, *path, READ, err) < 0)
			return -1;
	if (allow(rules, r, program, EXECUTE, err) < 0 ||
	    (loader[0] != '\0' && allow(rules, r, loader, EXECUTE, err) < 0) ||
	    allow(rules, r, "/dev/null", DEVICE, err) < 0 || allow(rules, r, "/dev/zero", DEVICE, err) < 0 ||
	    allow(rules, r, "/dev/urandom", READ, err) < 0)
		return -1;
	if (leave->terminal && allow(rules, r, "/dev/tty", DEVICE | ACCESS_IOCTL_DEV, err) < 0)
		return -1;
	return leave->writes != NULL ? allow(rules, r, leave->writes, CHANGE, err) : 0;
}

int rp_landlock_rules(const struct rp_box *box, const struct rp_leave *leave, const char *program,
		      struct rp_err **err)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return rp_err_sys(err, version == 0 ? ENOSYS : errno, "this kernel has no Landlock");
	struct ruleset r = forbids(version, leave);
	rp_autoclose int rules = (int)syscall(SYS_landlock_create_ruleset, &r, size_for(version), 0);
	if (rules < 0)
		return rp_err_sys(err, errno, "Landlock rules");
	if (allow_all(rules, &r, box, leave, program, err) < 0)
		return rp_err_wrap(err, "Landlock");
	return rp_take_fd(&rules);
}

int rp_landlock_enter(int rules)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, rules, 0);
}
