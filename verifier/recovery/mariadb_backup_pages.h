/* SPDX-License-Identifier: MIT */
#ifndef RP_RECOVERY_MARIADB_BACKUP_PAGES_H
#define RP_RECOVERY_MARIADB_BACKUP_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_err;
struct rp_run;

/* InnoDB's pages carry checksums, and a server looks at those of pages that it reads. Here all are looked at: a page that
 * nobody reads today is damage all the same, and a server that meets a bad one may end. */

/* Is this page as it was written, or never written? By the checksum of MariaDB 10.5 and later ("full_crc32"). Pure. */
bool rp_mb_page_is_good(const uint8_t *page, size_t size);

/* Every page of every tablespace below the directory 'fd', a prepared backup. RP_ERR_BACKUP names the first bad one and
 * counts the others. *ret_pages: how many were looked at; *ret_files: tablespaces whose pages have another kind of
 * checksum (of older servers, compressed by InnoDB), which are left to the server. */
int rp_mb_pages_check(int fd, uint64_t *ret_pages, unsigned *ret_files, struct rp_run *run,
		      struct rp_err **err);

#endif
