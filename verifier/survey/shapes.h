/* SPDX-License-Identifier: MIT */
#ifndef RP_SURVEY_SHAPES_H
#define RP_SURVEY_SHAPES_H

#include "verifier/survey/fields.h"

/* The survey's JSON, field by field; docs/manifest-format.md lists it for readers of other languages. */
extern const struct rp_shape rp_shape_survey, rp_shape_identity, rp_shape_position, rp_shape_method,
	rp_shape_object, rp_shape_relation, rp_shape_column, rp_shape_coverage;

#endif
