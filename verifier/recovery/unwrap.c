/* SPDX-License-Identifier: MIT */
#include "verifier/recovery/unwrap.h"

#include "verifier/recovery/stage.h"
#include "verifier/util/argv.h"
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

/* Deflate's own ceiling is 1032 to 1. Other compressions go far beyond that with what repeats itself, honestly, so
 * what there is room for is allowed as well. */
#define RATIO 1100
#define SLACK (16U << 20)

static uint64_t most_of(uint64_t stored, const struct rp_unwrapping *how)
{
	uint64_t room = how != NULL ? how->room : 0;
	if (stored == 0)
		return room;
	uint64_t most = stored < UINT64_MAX / (2UL * RATIO) ? stored * RATIO + SLACK : UINT64_MAX;
	return most > room ? most : room;
}

struct layers {
	const struct rp_unwrapping *how;
	const char **wrapped; /* NULL: of no interest */
	size_t n;
	struct rp_layers *told; /* NULL: of no interest */
	uint64_t most; /* of each, for one that grows beyond all bounds can hold another that shrinks */
};

static int add(struct layers *l, const char *name, struct rp_err **err)
{
	if (l->n == RP_WRAPPED_MAX)
		return rp_err_set(err, RP_ERR_IO, "it is packed more than %d times, which is refused",
				  RP_WRAPPED_MAX);
	if (l->wrapped != NULL)
		l->wrapped[l->n] = name;
	l->n++;
	return 0;
}

/* Hash what comes out of the layer that was added last, if that is wanted. */
static int tally(struct layers *l, struct rp_stream **top, const char *name, struct rp_err **err)
{
	struct rp_stream *below = rp_take(*top);
	if (l->told == NULL) {
		*top = below;
		return 0;
	}
	struct rp_layer *layer = &l->told->all[l->told->n++];
	*layer = (struct rp_layer){.name = name};
	return rp_tally_new(top, below, layer, err);
}

/* Takes over 'below', also when it fails. */
static int unwrap_one(const struct rp_wrapping *w, struct rp_stream **ret, struct rp_stream *below,
		      const struct layers *l, struct rp_err **err)
{
	struct rp_stream *under = below, *over = NULL;
	if (!w->heavy)
		return w->unwrap(ret, below, l->how, err);
	if (rp_ahead_new(&under, below, err) < 0 || w->unwrap(&over, under, l->how, err) < 0)
		return -1;
	return rp_ahead_new(ret, over, err);
}

static int unwrap_all(struct layers *l, struct rp_stream **top, struct rp_err **err)
{
	const struct rp_wrapping *w;
	while ((w = wrapping_of(*top)) != NULL) {
		struct rp_stream *unwrapped = NULL;
		if (add(l, w->name, err) < 0 || unwrap_one(w, &unwrapped, rp_take(*top), l, err) < 0 ||
		    tally(l, &unwrapped, w->name, err) < 0 || rp_peek_new(top, unwrapped, l->most, err) < 0)
			return -1;
	}
	return 0;
}

static int filter_all(struct layers *l, struct rp_stream **bottom, struct rp_err **err)
{
	for (size_t i = 0; l->how != NULL && i < l->how->n_filters; i++) {
		struct rp_stream *unwrapped = NULL;
		if (add(l, "filter", err) < 0 ||
		    rp_filter_new(&unwrapped, rp_take(*bottom), &l->how->filters[i], l->how, err) < 0 ||
		    tally(l, &unwrapped, "filter", err) < 0)
			return -1;
		*bottom = unwrapped;
	}
	return 0;
}

static int unwrap(struct layers *l, struct rp_stream **ret, struct rp_stream *below, struct rp_err **err)
{
	rp_auto(rp_stream) bottom = below;
	rp_auto(rp_stream) top = NULL;
	if (filter_all(l, &bottom, err) < 0 || rp_peek_new(&top, rp_take(bottom), l->most, err) < 0 ||
	    unwrap_all(l, &top, err) < 0)
		return -1;
	*ret = rp_take(top);
	return 0;
}

int rp_unwrap(struct rp_stream **ret, struct rp_stream *below, uint64_t stored,
	      const struct rp_unwrapping *how, const char **wrapped, struct rp_err **err)
{
	struct layers l = {.how = how, .wrapped = wrapped, .most = most_of(stored, how)};
	return unwrap(&l, ret, below, err);
}

int rp_unwrap_layers(struct rp_stream *below, uint64_t stored, const struct rp_unwrapping *how,
		     struct rp_layers *ret, struct rp_err **err)
{
	struct layers l = {.how = how, .told = ret, .most = most_of(stored, how)};
	rp_auto(rp_stream) top = NULL;
	*ret = (struct rp_layers){0};
	if (unwrap(&l, &top, below, err) < 0 || rp_stream_drain(top, err) < 0)
		return -1;
	/* Who unpacks may stop at what he takes for the end. */
	for (size_t i = 0; i < ret->n; i++)
		if (rp_stream_drain(ret->all[i].stage, err) < 0)
			return -1;
	return 0;
}
