/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <jansson.h>

#include "verifier/survey/survey.h"
#include "verifier/util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The predicate of a manifest whose signature holds, but whose signer may be anybody. What is read can be
 * written, and what is written can be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rp_autoerr struct rp_err *err = NULL;
	rp_auto(rp_survey) s = NULL;
	rp_auto(rp_survey) again = NULL;
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	json_t *written = NULL;
	if (json != NULL && rp_survey_from_json(&s, json, &err) == 0 &&
	    (rp_survey_to_json(s, &written, &err) < 0 || rp_survey_from_json(&again, written, &err) < 0))
		abort();
	json_decref(json);
	json_decref(written);
	return 0;
}
