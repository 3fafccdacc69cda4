/* SPDX-License-Identifier: MIT */
#ifndef RP_CHECKS_ANSWER_H
#define RP_CHECKS_ANSWER_H

#include "checks/check.h"

/* For this folder: what several checks need. */

/* A not-run that does not make the run a 2. The reason is one that an honest backup has, or that the user
 * chose; it stands in the report all the same. */
void rp_answer_excused(struct rp_findings *to, const char *object, enum rp_cause cause, uint64_t looked,
		       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* A pass that says what was expected and found, and more. */
void rp_answer_pass(struct rp_findings *to, const char *object, uint64_t looked, const char *value,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The engine of what was restored; NULL: nothing was. */
const struct rp_engine *rp_evidence_engine(const struct rp_evidence *e);
/* The sealed survey; NULL without a manifest. */
const struct rp_survey *rp_evidence_sealed(const struct rp_evidence *e);
/* Why the backup's format does not carry this object, or this fact of it; NULL: it does. */
/* Why the format has another value of this fact come back; NULL: it does not. */
const char *rp_evidence_resets(const struct rp_evidence *e, const struct rp_difference *d);
const char *rp_evidence_omits(const struct rp_evidence *e, const struct rp_object *sealed, const char *fact);
/* Is it an object that tells whose something is or who may do what, and nothing else, lost or gained on a server where a
 * restore has no such rights? */
bool rp_evidence_rights_lack(const struct rp_evidence *e, const struct rp_difference *d);
/* Is it an object more, of a sort that no such backup carries, on a server that the user named? Then it was there
 * before: the login's own role. On a private server nothing was there before. */
bool rp_evidence_servers_own(const struct rp_evidence *e, const struct rp_difference *d);
/* Why these columns come back changed from a faithful restore; NULL: at least one does not. */
const char *rp_evidence_loses(const struct rp_evidence *e, const struct rp_relation *sealed,
			      const bool *columns);
/* Why this relation comes back empty from a faithful restore; NULL: it does not, or it is not empty. */
const char *rp_evidence_lacks(const struct rp_evidence *e, const struct rp_relation *sealed,
			      const struct rp_relation *found);
/* The same, and nothing is lost by it: the engine itself throws such rows away. */
const char *rp_evidence_empties(const struct rp_evidence *e, const struct rp_relation *sealed,
				const struct rp_relation *found);

/* Why a difference between what was sealed and what is here may be no damage but another moment; static text. NULL: both
 * are of one. The first is about rows, and asked by those who compare them; the second about whatever was sealed, and the
 * runner asks it. */
const char *rp_evidence_apart(const struct rp_evidence *e);
const char *rp_evidence_elsewhere(const struct rp_evidence *e);

/* May the values of this column, which is part of a key, stand in a report? Reports are kept for years, and travel. */
bool rp_evidence_shows_key(const struct rp_evidence *e, const struct rp_column *c);

/* How many sealed objects a check's concern is about, and asking it. */
uint64_t rp_concern_expects(const struct rp_check *check, const struct rp_survey *sealed);
int rp_concern_ask(const struct rp_check *check, const struct rp_evidence *e, struct rp_findings *to,
		   uint64_t *ret_looked, struct rp_err **err);

/* The two sides of one sealed relation, when they can be compared; NULL when they cannot, and that is then
 * answered. */
const struct rp_relation *rp_relation_found(const struct rp_evidence *e, struct rp_findings *to,
					    const struct rp_relation *sealed);
uint64_t rp_relations_expected(const struct rp_survey *sealed);

/* rp_checks_run() with a list of its own, for tests. */
void rp_checks_ask(const struct rp_check *const list[], const struct rp_evidence *e,
		   struct rp_result *result);

#endif
