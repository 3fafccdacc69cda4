/* SPDX-License-Identifier: MIT */
#include "verifier/util/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/util/parse.h"

#define REDRAW_MS 250
#define LINE_MS	  30000
#define BAR_WIDTH 24

struct rp_progress {
	pthread_mutex_t lock; /* held while something is printed */
	_Atomic uint64_t done, next_ms;
	uint64_t total;
	int64_t began_ms;
	char phase[32], unit[16];
	bool terminal, quiet, drawn;
	enum rp_level most;
};

struct rp_progress *rp_progress_new(void)
{
	struct rp_progress *p = calloc(1, sizeof *p);
	if (p == NULL)
		return NULL;
	(void)pthread_mutex_init(&p->lock, NULL);
	const char *term = getenv("TERM");
	p->terminal = isatty(STDERR_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
	p->most = RP_LOG_INFO;
	return p;
}

static void take_away(struct rp_progress *p)
{
	if (p->drawn)
		(void)fputs("\r\033[K", stderr);
	p->drawn = false;
}

void rp_progress_free(struct rp_progress *p)
{
	if (p == NULL)
		return;
	take_away(p);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

void rp_progress_choose(struct rp_progress *p, enum rp_level most, bool quiet)
{
	p->most = most;
	p->quiet = quiet;
}

bool rp_progress_wants(const struct rp_progress *p, enum rp_level level)
{
	return level <= p->most;
}

void rp_progress_say(struct rp_progress *p, enum rp_level level, const char *line)
{
	static const char *const prefix[] = {"error: ", "warning: ", "", "debug: "};
	if (p != NULL) {
		(void)pthread_mutex_lock(&p->lock);
		take_away(p);
	}
	(void)fprintf(stderr, "reprove: %s%s\n", prefix[level], line);
	if (p != NULL)
		(void)pthread_mutex_unlock(&p->lock);
}

void rp_progress_phase(struct rp_progress *p, const char *phase, uint64_t total, const char *unit)
{
	(void)pthread_mutex_lock(&p->lock);
	take_away(p);
	(void)snprintf(p->phase, sizeof p->phase, "%s", phase != NULL ? phase : "");
	(void)snprintf(p->unit, sizeof p->unit, "%s", unit != NULL ? unit : "");
	p->total = total;
	p->began_ms = rp_run_clock_ms();
	atomic_store(&p->done, 0);
	atomic_store(&p->next_ms, (uint64_t)p->began_ms + (p->terminal ? REDRAW_MS : LINE_MS));
	(void)pthread_mutex_unlock(&p->lock);
}

/* "survey  [########........]  41 %  2,050,000 rows  812,000 rows/s  3.6 s left" */
static void draw(struct rp_progress *p, uint64_t done, int64_t now)
{
	char count[RP_TIME_TEXT], rate_text[RP_TIME_TEXT], left[RP_TIME_TEXT], bar[BAR_WIDTH + 1];
	int64_t ms = now - p->began_ms > 0 ? now - p->began_ms : 1;
	uint64_t rate = done * 1000 / (uint64_t)ms;
	bool bytes = strcmp(p->unit, "bytes") == 0;
	(bytes ? rp_size_format : rp_count_format)(done, count);
	(bytes ? rp_size_format : rp_count_format)(rate, rate_text);
	(void)fprintf(stderr, "%s%-8s ", p->terminal ? "\r\033[K" : "reprove: ", p->phase);
	if (p->total > 0 && p->terminal) {
		size_t full = done >= p->total ? BAR_WIDTH : (size_t)(done * BAR_WIDTH / p->total);
		memset(bar, '.', BAR_WIDTH);
		memset(bar, '#', full);
		bar[BAR_WIDTH] = '\0';
		(void)fprintf(stderr, "[%s] ", bar);
	}
	if (p->total > 0)
		(void)fprintf(stderr, "%3u %%  ",
			      done >= p->total ? 100U : (unsigned)(done * 100 / p->total));
	(void)fprintf(stderr, "%s%s%s  %s%s%s/s", count, bytes ? "" : " ", bytes ? "" : p->unit, rate_text,
		      bytes ? "" : " ", bytes ? "" : p->unit);
	if (p->total > done && rate > 0) {
		rp_length_format((int64_t)((p->total - done) * 1000 / rate), left);
		(void)fprintf(stderr, "  about %s left", left);
	}
	(void)fputs(p->terminal ? "" : "\n", stderr);
	p->drawn = p->terminal;
}

void rp_progress_add(struct rp_progress *p, uint64_t more)
{
	uint64_t done = atomic_fetch_add_explicit(&p->done, more, memory_order_relaxed) + more;
	if (p->quiet || p->phase[0] == '\0')
		return;
	int64_t now = rp_run_clock_ms();
	uint64_t due = atomic_load_explicit(&p->next_ms, memory_order_relaxed);
	/* Whoever moves the time on draws; the others go on with their work. */
	if ((uint64_t)now < due ||
	    !atomic_compare_exchange_strong(&p->next_ms, &due,
					    (uint64_t)now + (p->terminal ? REDRAW_MS : LINE_MS)))
		return;
	(void)pthread_mutex_lock(&p->lock);
	draw(p, done, now);
	(void)pthread_mutex_unlock(&p->lock);
}
