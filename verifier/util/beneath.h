/* SPDX-License-Identifier: MIT */
#ifndef RP_UTIL_BENEATH_H
#define RP_UTIL_BENEATH_H

#include <stdbool.h>
#include <sys/types.h>

/* Files below a directory by names that a stranger chose. No link is followed, neither on the way nor at the end, and
 * nothing leads upwards: each part is opened by itself, below the one before. That is what openat2() does with
 * RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS, and it works where containers forbid that call. */

#define RP_BENEATH_MAX 4096 /* bytes of a name */

/* Is it relative, without "." and "..", empty parts and control characters, and no longer than that? */
bool rp_beneath_name(const char *name);

/* The directory that 'name' is in, and in *ret_leaf the last part of name; make: directories that are missing are made
 * (0700). -1 with errno; ELOOP and ENOTDIR: a link, or no directory, is in the way. */
int rp_beneath_parent(int dirfd, const char *name, bool make, const char **ret_leaf);
/* As openat(), O_CLOEXEC and O_NOFOLLOW always. -1 with errno. */
int rp_beneath_open(int dirfd, const char *name, int flags, mode_t mode);
/* A new file (0600) with the directories above it. -1 with errno; EEXIST: it is there already. */
int rp_beneath_create(int dirfd, const char *name);

#endif
