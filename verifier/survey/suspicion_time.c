/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "verifier/survey/suspicion.h"
#include "verifier/util/buf.h"

#define MINUTE_US INT64_C(60000000)
#define DAY_US	  (24 * 60 * MINUTE_US)

/* From the first of March of the year 0 to that of another one: a leap day is then the last of its year. */
static int64_t days_before(int64_t year)
{
	return 365 * year + year / 4 - year / 100 + year / 400;
}
/* ... and to 1970. */
#define MARCH_TO_1970 719468

/* Months from March on: 31, 30, 31, 30, 31 days, and so again. */
static int64_t days_to_month(unsigned from_march)
{
	return (153 * (int64_t)from_march + 2) / 5;
}

bool rp_days_of(int year, unsigned month, unsigned day, int64_t *ret)
{
	static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
		return false;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (day > lengths[month - 1] + (month == 2 && leap))
		return false;
	int64_t of_march = month < 3 ? year - 1 : year;
	*ret = days_before(of_march) + days_to_month((month + 9) % 12) + (int64_t)day - 1 - MARCH_TO_1970;
	return true;
}

bool rp_days_to(int64_t days, int *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t since = days + MARCH_TO_1970;
	if (days < -MARCH_TO_1970 || days > 3000000)
		return false;
	int64_t year = since * 400 / 146097;
	while (days_before(year) > since)
		year--;
	while (days_before(year + 1) <= since)
		year++;
	since -= days_before(year);
	unsigned month = 0;
	while (month < 11 && days_to_month(month + 1) <= since)
		month++;
	*ret_day = (unsigned)(since - days_to_month(month)) + 1;
	*ret_month = (month + 2) % 12 + 1;
	*ret_year = (int)(month < 10 ? year : year + 1);
	return *ret_year >= 1 && *ret_year <= 9999;
}

/* Places where the clock is put forward an hour in summer, as the law has been since 1996 and 2007. */
struct summer {
	const char *where;
	bool european; /* else North American */
	int first, n;  /* hours from UTC in winter, from here on */
};
static const struct summer summers[] = {{"Europe", true, -1, 4}, {"North America", false, -9, 6}};

static int64_t sunday(int year, unsigned month, unsigned on_or_after)
{
	int64_t day = 0;
	(void)rp_days_of(year, month, on_or_after, &day);
	return day + 6 - (day + 3 + 7 * INT64_C(1000000)) % 7; /* 1970-01-01 was a Thursday */
}

static bool is_summer(const struct summer *s, int hours, int64_t us)
{
	int64_t day = us / DAY_US - (us % DAY_US < 0), hour = INT64_C(60) * MINUTE_US;
	/* In January it may be one off, and then it is winter in either year. */
	int year = (int)(1970 + day * 400 / 146097);
	if (year < 1970 || year > 9999)
		return false;
	if (s->european)
		return us >= sunday(year, 3, 25) * DAY_US + hour && us < sunday(year, 10, 25) * DAY_US + hour;
	return us >= sunday(year, 3, 8) * DAY_US + (2 - hours) * hour &&
	       us < sunday(year, 11, 1) * DAY_US + (1 - hours) * hour;
}

/* 56 quarters of an hour to either side, a day to either side, then zones, each to either side. */
#define STEADY	   112u
#define ZONES_FROM 114u

static int64_t steady_minutes(unsigned way)
{
	int64_t size = way < STEADY ? 15 * (1 + way / 2) : 24 * 60;
	return way % 2 == 0 ? size : -size;
}

struct zone {
	const struct summer *summer;
	int hours;
	bool local_found; /* local time stands where UTC was; else UTC was taken for local time */
};

static struct zone zone_of(unsigned way)
{
	int i = (int)(way - ZONES_FROM) / 2;
	const struct summer *s = summers;
	for (; i >= s->n; s++)
		i -= s->n;
	return (struct zone){s, s->first + i, way % 2 == 0};
}

static bool overflows(int64_t us)
{
	return us > INT64_MAX - 2 * DAY_US || us < INT64_MIN + 2 * DAY_US;
}

int64_t rp_time_undo(unsigned way, int64_t found_us)
{
	int64_t hour = 60 * MINUTE_US;
	if (overflows(found_us))
		return found_us;
	if (way < ZONES_FROM)
		return found_us - steady_minutes(way) * MINUTE_US;
	struct zone z = zone_of(way);
	int64_t offset = z.hours * hour;
	if (!z.local_found)
		return found_us + offset + (is_summer(z.summer, z.hours, found_us) ? hour : 0);
	int64_t if_summer = found_us - offset - hour;
	return is_summer(z.summer, z.hours, if_summer) ? if_summer : if_summer + hour;
}

static void add_span(struct rp_buf *out, int64_t minutes)
{
	long long size = llabs(minutes), hours = size / 60, rest = size % 60;
	if (size == 24 * 60)
		rp_buf_add(out, "1 day");
	else if (hours > 0)
		rp_buf_addf(out, "%lld hour%s", hours, hours == 1 ? "" : "s");
	if (rest > 0)
		rp_buf_addf(out, "%s%lld minutes", hours > 0 ? " " : "", rest);
	rp_buf_add(out, minutes < 0 ? " earlier" : " later");
}

void rp_time_tell(unsigned way, struct rp_buf *out)
{
	struct zone z = {0};
	int64_t minutes = 0;
	if (way < ZONES_FROM) {
		minutes = steady_minutes(way);
	} else {
		z = zone_of(way);
		minutes = 60 * (z.local_found ? z.hours : -z.hours);
	}
	rp_buf_add(out, "every value is ");
	if (minutes != 0) {
		add_span(out, minutes);
		rp_buf_add(out, " than sealed");
	} else {
		rp_buf_add(out, "as sealed");
	}
	if (z.summer == NULL)
		return;
	int64_t in_summer = minutes + (z.local_found ? 60 : -60);
	rp_buf_add(out, ", in summer ");
	if (in_summer != 0)
		add_span(out, in_summer);
	else
		rp_buf_add(out, "as sealed");
	rp_buf_addf(out, ": a time zone of %s", z.summer->where);
}

int64_t rp_date_undo(unsigned way, int64_t found_days)
{
	return way == 0 ? found_days - 1 : found_days + 1;
}

void rp_date_tell(unsigned way, struct rp_buf *out)
{
	rp_buf_addf(out, "every date is 1 day %s than sealed", way == 0 ? "later" : "earlier");
}
