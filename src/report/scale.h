/** @file scale.h  From values to places on an axis, and where its ticks stand. */
#ifndef ETAS_REPORT_SCALE_H
#define ETAS_REPORT_SCALE_H

#include "report/svg.h"

typedef enum etas_scale_kind {
    ETAS_SCALE_LINEAR,
    ETAS_SCALE_LOG,
    ETAS_SCALE_TIME /**< seconds since 1970-01-01 UTC, years 1678 to 2261 */
} etas_scale_kind;

/** Values low to high; starts as ETAS_SPAN_NONE. */
typedef struct etas_span {
    double low, high;
} etas_span;
#define ETAS_SPAN_NONE ((etas_span){INFINITY, -INFINITY})

/** Widens to hold the finite ones among the values; on a logarithmic scale those above 0. */
void etas_span_add(etas_span *self, etas_scale_kind kind, size_t n, const double values[]);
/** The span with @p share of its length more at both ends; something to draw in where there is
 * none. */
etas_span etas_span_pad(etas_span self, etas_scale_kind kind, double share);

typedef struct etas_scale {
    etas_scale_kind kind;
    etas_span span;  /**< low < high; logarithmic: low > 0 */
    double from, to; /**< the places of low and high */
} etas_scale;

/** Also of values outside the span; logarithmic: what is not above 0 lies far beyond the low end.
 */
double etas_scale_place(const etas_scale *self, double value);

enum { ETAS_TICKS_MOST = 128, ETAS_TICK_TEXT = 32 };

typedef struct etas_tick {
    double value;
    bool major;
    char text[ETAS_TICK_TEXT]; /**< "" for a minor one; may hold "10^{3}" */
} etas_tick;

/** Ascending. */
typedef struct etas_ticks {
    size_t n;
    etas_tick tick[ETAS_TICKS_MOST];
} etas_ticks;

/** As close as texts of these letters, beside each other (@p beside) or one above the other, do not
 * come near each other. */
void etas_ticks_make(etas_ticks *out, const etas_scale *scale, const etas_letters *how,
                     bool beside);

#endif
