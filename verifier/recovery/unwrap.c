/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/unwrap.h"

#include "verifier/recovery/stage.h"
#include "verifier/util/error.h"

static const struct rp_wrapping *wrapping_of(const struct rp_stream *peek)
{
	const uint8_t *head;
	size_t len;
	rp_peek_head(peek, &head, &len);
	const struct rp_wrapping *best = NULL;
	int highest = 0;
	for (const struct rp_wrapping *const *w = rp_wrappings; *w != NULL; w++) {
		int bid = (*w)->bid(head, len);
		if (bid > highest) {
			highest = bid;
			best = *w;
		}
	}
	return best;
}

int rp_unwrap(struct rp_stream **ret, struct rp_stream *below, uint64_t stored,
	      const struct rp_unwrapping *how, const char **wrapped, struct rp_err **err)
{
	rp_auto(rp_stream) top = NULL;
	if (rp_peek_new(&top, below, err) < 0)
		return -1;
	const struct rp_wrapping *w;
	for (size_t layer = 0; (w = wrapping_of(top)) != NULL; layer++) {
		if (layer == RP_WRAPPED_MAX)
			return rp_err_set(err, RP_ERR_IO, "it is packed more than %d times, which is refused",
					  RP_WRAPPED_MAX);
		if (wrapped != NULL)
			wrapped[layer] = w->name;
		struct rp_stream *unwrapped = NULL;
		if (w->unwrap(&unwrapped, rp_take(top), how, err) < 0 ||
		    rp_peek_new(&top, unwrapped, err) < 0)
			return -1;
	}
	if (stored > 0)
		rp_peek_limit(top, stored);
	*ret = rp_take(top);
	return 0;
}
