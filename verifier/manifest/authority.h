/* SPDX-License-Identifier: MIT */
#ifndef RP_MANIFEST_AUTHORITY_H
#define RP_MANIFEST_AUTHORITY_H

#include <stdint.h>

#include <openssl/types.h>

#include "verifier/manifest/stamp.h"

/* For the check of a stamp; stamp.h says how an authority is had. Its certificates, good if they were when the stamp was
 * made. A new store each time, for the time is part of it. NULL: no memory. */
X509_STORE *rp_authority_store(const struct rp_authority *a, int64_t when_ms);

#endif
