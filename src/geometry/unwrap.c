#include "geometry/unwrap.h"

#include <math.h>
#include <stdbool.h>

/* An edge that spans half the globe may miss 180 by what its ends were rounded. */
static const double HALF_TURN = 180 + 1e-9;

/* The turns that the edge needs to run the short way. */
static int turns_of(double from, double to, bool keep_full_turns)
{
    const double d = to - from;

    if (fabs(d) <= HALF_TURN || (keep_full_turns && fabs(d) == 360))
        return 0;
    return (int)(d > 0 ? -ceil((d - HALF_TURN) / 360) : ceil((-d - HALF_TURN) / 360));
}

static bool closes(size_t n, const double lon[], bool keep_full_turns)
{
    int turns = 0;

    for (size_t i = 0; i < n; i++)
        turns += turns_of(lon[i], lon[(i + 1) % n], keep_full_turns);
    return turns == 0;
}

static void extent(size_t n, const double lon[], double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        *low = fmin(*low, lon[i]);
        *high = fmax(*high, lon[i]);
    }
}

etas_status etas_ring_unwrap(size_t n, double lon[], etas_error *err)
{
    const bool keep = closes(n, lon, true);
    double before = lon[0], low, high, back = 0;
    int turns = 0;

    if (!keep && !closes(n, lon, false))
        return etas_fail(err, ETAS_E_PARSE,
                         "the polygon goes round a pole: its edges, each taken the short way, do "
                         "not close; cut it along a meridian, as in (60, 180), (90, 180), (90, "
                         "-180), (60, -180)");
    for (size_t i = 0; i < n; i++) {
        const double here = lon[i];

        turns += turns_of(before, here, keep);
        if (turns != 0)
            lon[i] = here + 360 * turns;
        before = here;
    }
    extent(n, lon, &low, &high);
    if (high - low > 360)
        return etas_fail(err, ETAS_E_RANGE,
                         "the polygon spans %.10g degrees of longitude, more than the globe has",
                         high - low);
    while (high > 360 || low < -360) {
        back = high > 360 ? -360 : 360;
        for (size_t i = 0; i < n; i++)
            lon[i] += back;
        low += back;
        high += back;
    }
    return ETAS_OK;
}
