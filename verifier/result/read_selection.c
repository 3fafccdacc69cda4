/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <string.h>

#include "verifier/result/read.h"
#include "verifier/result/result.h"
#include "verifier/result/text.h"
#include "verifier/util/arena.h"

static int candidate(struct rp_reader *in, const json_t *object, struct rp_selected *ret)
{
	static const char *const names[] = {"name", "takenAt", "bytes", "aside", "chosen", NULL};
	if (rp_read_only(in, object, names) < 0 || rp_read_text(in, object, "name", false, &ret->name) < 0 ||
	    rp_read_moment(in, object, "takenAt", &ret->taken_ms) < 0 ||
	    rp_read_number(in, object, "bytes", UINT64_MAX, &ret->bytes) < 0 ||
	    rp_read_text(in, object, "aside", true, &ret->aside) < 0)
		return -1;
	return rp_read_boolean(in, object, "chosen", true, &ret->chosen);
}

int rp_read_selection(struct rp_reader *in, const json_t *object)
{
	static const char *const names[] = {"method", "seed", "seedBy", "candidates", NULL};
	struct rp_result *r = in->r;
	const char *method = NULL, *seed = NULL, *seed_by = NULL;
	const json_t *list = json_object_get(object, "candidates");
	if (object == NULL)
		return 0;
	in->part = "selection";
	in->index = 0;
	if (rp_read_only(in, object, names) < 0 || rp_read_text(in, object, "method", false, &method) < 0 ||
	    rp_read_text(in, object, "seed", true, &seed) < 0 ||
	    rp_read_text(in, object, "seedBy", true, &seed_by) < 0)
		return -1;
	if ((seed == NULL) != (seed_by == NULL))
		return rp_read_bad(in, "seedBy", "does not go with 'seed'");
	if (!json_is_array(list))
		return rp_read_bad(in, "candidates", "is not a list");
	/* As it stands there: who keeps a text once more cuts once more what was cut. */
	r->selection.method = method;
	r->selection.seed = seed;
	r->selection.seed_by = seed_by;
	in->part = "selection's candidates";
	for (in->index = 0; in->index < json_array_size(list); in->index++) {
		struct rp_selected one = {0};
		if (candidate(in, json_array_get(list, in->index), &one) < 0)
			return -1;
		struct rp_selection *s = &r->selection;
		struct rp_selected *all = rp_list_grow(&r->findings, s->all, s->n, &s->room, sizeof *all);
		if (all == NULL)
			return rp_err_set(in->err, RP_ERR_NOMEM, "out of memory");
		s->all = all;
		s->all[s->n++] = one;
	}
	in->part = NULL;
	return 0;
}
