/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_SORT_H
#define RP_SURVEY_SORT_H

#include "verifier/survey/survey.h"
#include "verifier/util/error.h"

/* The order of everything in a survey, in one place: sorting, looking up and comparing must agree. Byte order,
 * whatever the locale. */
int rp_object_order(const struct rp_object *a, const struct rp_object *b);

/* What rp_survey_finish() does; kind is of the error when two things have one name: an engine's fault when a
 * survey is taken, the manifest's when it is read. */
int rp_survey_sort(struct rp_survey *s, enum rp_err_kind kind, struct rp_err **err);

#endif
