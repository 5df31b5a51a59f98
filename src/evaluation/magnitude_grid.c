#include <math.h>

#include "etas/completeness.h"
#include "etas/text.h"

static const double NOISE = 1e-6;
static const double MOSTLY = 0.99;
enum { CLEARLY = 30 }; /* fewer magnitudes may share a coarser grid by chance */

static size_t count_off(size_t n, const double mag[], double step)
{
    size_t off = 0;

    for (size_t i = 0; i < n; i++)
        off += !(fabs(mag[i] - step * floor(mag[i] / step + 0.5)) < NOISE);
    return off;
}

etas_magnitude_grid etas_magnitude_grid_of(size_t n, const double mag[], double delta_m)
{
    static const double steps[] = {0.5, 0.2, 0.1, 0.05, 0.01, 0.001};
    etas_magnitude_grid grid = {.n = n, .delta_m = delta_m};

    if (n == 0)
        return grid;
    if (delta_m > 0)
        grid.off_share = (double)count_off(n, mag, delta_m) / (double)n;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && grid.step == 0; i++)
        if ((double)count_off(n, mag, steps[i]) <= (1 - MOSTLY) * (double)n)
            grid.step = steps[i];
    return grid;
}

bool etas_magnitude_grid_misfit(const etas_magnitude_grid *self, size_t capacity, char out[])
{
    char looks[64];

    etas_format(sizeof looks, looks, self->step > 0 ? "multiples of %g" : "continuous values",
                self->step);
    if (self->off_share > 1 - MOSTLY) {
        etas_format(capacity, out,
                    "%.0f %% of the magnitudes are no multiples of delta_m %g; they look like %s",
                    100 * self->off_share, self->delta_m, looks);
        return true;
    }
    if (self->n < CLEARLY || self->step < 1.5 * self->delta_m || self->step == 0)
        return false;
    etas_format(capacity, out, "the magnitudes look like %s, but delta_m is %g", looks,
                self->delta_m);
    return true;
}
