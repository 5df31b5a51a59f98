#include "report/scale.h"

#include <math.h>

void etas_span_add(etas_span *self, etas_scale_kind kind, size_t n, const double values[])
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]) || (kind == ETAS_SCALE_LOG && values[i] <= 0))
            continue;
        self->low = fmin(self->low, values[i]);
        self->high = fmax(self->high, values[i]);
    }
}

etas_span etas_span_pad(etas_span self, etas_scale_kind kind, double share)
{
    const bool is_log = kind == ETAS_SCALE_LOG;
    double pad;

    if (!(self.low <= self.high))
        self = is_log ? (etas_span){1, 10} : (etas_span){0, 1};
    if (is_log) {
        pad = self.high > self.low * 1.01 ? pow(self.high / self.low, share) : 2;
        return (etas_span){self.low / pad, self.high * pad};
    }
    pad = share * (self.high - self.low);
    if (!(self.high - self.low > 1e-9 * fmax(fabs(self.low), fabs(self.high))))
        pad = self.high != 0 ? 0.1 * fabs(self.high) : 1;
    return (etas_span){self.low - pad, self.high + pad};
}

double etas_scale_place(const etas_scale *self, double value)
{
    const double low = self->span.low, high = self->span.high;
    double share;

    if (self->kind != ETAS_SCALE_LOG)
        share = (value - low) / (high - low);
    else
        share = value > 0 ? log(value / low) / log(high / low) : -100;
    return self->from + share * (self->to - self->from);
}
