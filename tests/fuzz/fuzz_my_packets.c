/* SPDX-License-Identifier: MIT */
/* Whatever a client says, and in whatever pieces it comes: the same packets pass, and none that says something does so
 * unseen. */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/mysql/packets.h"
#include "verifier/util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	size_t passed;
	unsigned words;
	uint64_t commands, begun;
};

static struct outcome run(const uint8_t *said, size_t size, size_t piece)
{
	rp_autofree uint8_t *data = malloc(size + 1);
	struct rp_my_packets p = {0};
	struct rp_my_answers a = {0};
	struct outcome o = {0};
	if (data == NULL)
		return o;
	memcpy(data, said, size);
	for (size_t have = 0; have < size;) {
		size_t before = have;
		have = have + piece < size ? have + piece : size;
		rp_my_answers_pass(&a, data + before, have - before);
		for (;;) {
			enum rp_my_word word;
			size_t n = rp_my_packets_pass(&p, data + o.passed, have - o.passed, &word);
			if (n > have - o.passed)
				abort();
			o.passed += n;
			if (word == RP_MY_OTHER)
				break;
			o.words += (unsigned)word;
			n = rp_my_packets_admit(&p, data + o.passed, have - o.passed);
			if (n == 0 || n > have - o.passed)
				abort();
			o.passed += n;
		}
	}
	o.commands = p.commands;
	o.begun = a.begun;
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct outcome whole = run(data + 1, size - 1, size);
	struct outcome cut = run(data + 1, size - 1, data[0] % 97u + 1u);
	if (whole.passed != cut.passed || whole.words != cut.words || whole.commands != cut.commands ||
	    whole.begun != cut.begun)
		abort();
	return 0;
}
