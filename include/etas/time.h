/** @file time.h  Event times: integer nanoseconds since 1970-01-01T00:00:00 UTC, no leap seconds.
 */
#ifndef ETAS_TIME_H
#define ETAS_TIME_H

#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** Nanoseconds since 1970-01-01 UTC, without leap seconds. */
typedef int64_t etas_time;

#define ETAS_TIME_NONE  INT64_MIN /**< "not given" */
#define ETAS_NS_PER_MS  INT64_C(1000000)
#define ETAS_NS_PER_S   INT64_C(1000000000)
#define ETAS_NS_PER_DAY INT64_C(86400000000000)

/**
 * ISO 8601: YYYY-MM-DD, optionally followed by ' ' or 'T' and HH:MM[:SS[.f{1,9}]] and 'Z' or
 * +hh:mm / -hh:mm. No zone means UTC. Years 1678 to 2261 (what 64 bits of nanoseconds hold).
 * E_PARSE with what was expected; err->column is the 1-based position inside @p text.
 */
ETAS_NODISCARD etas_status etas_time_parse(const char *text, size_t len, etas_time *out,
                                           etas_error *err);

/** "YYYY-MM-DD<sep>HH:MM:SS.ffffff" (microseconds, rounded down); @p out holds 32 bytes. */
size_t etas_time_format(etas_time t, char sep, char out[32]);

/** Days from @p from to @p to: (to - from) as an exact integer, then divided by 86400e9. */
static inline double etas_days_between(etas_time from, etas_time to)
{
    return (double)(to - from) / 86400e9;
}

ETAS_API_END

#endif
