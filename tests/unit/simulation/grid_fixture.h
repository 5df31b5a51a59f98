/** @file grid_fixture.h  Small grids, and whether events are where they say. */
#ifndef ETAS_TESTS_GRID_FIXTURE_H
#define ETAS_TESTS_GRID_FIXTURE_H

#include "unit/simulation/forecast_fixture.h"

enum { GRID_MAX = 64 };

/** Cells from the corner in the south and west on. */
typedef struct grid_frame {
    size_t rows, columns;
    double south, west, dlat, dlon;
} grid_frame;

/** A grid with room of its own. */
typedef struct small_grid {
    etas_rate_grid grid;
    double lat[GRID_MAX], lon[GRID_MAX], weight[GRID_MAX];
} small_grid;

static inline void set_grid(small_grid *out, grid_frame of)
{
    out->grid = (etas_rate_grid){0, out->lat, out->lon, out->weight, of.dlat, of.dlon};
    assert_true(of.rows * of.columns <= GRID_MAX);
    for (size_t row = 0; row < of.rows; row++)
        for (size_t column = 0; column < of.columns; column++) {
            const size_t i = out->grid.n++;

            out->lat[i] = of.south + of.dlat * ((double)row + 0.5);
            out->lon[i] = of.west + of.dlon * ((double)column + 0.5);
            out->weight[i] = 1;
        }
}

/** The cell that a reported event lies in, by a search; grid->n if none. An edge is in the cell to
 * the north and east of it, or, with @p closed, in any of both. */
static inline size_t cell_of(const etas_rate_grid *grid, const etas_events *e, size_t i,
                             bool closed)
{
    const double slack = closed ? 1e-9 : -1e-9;
    const double lat = e->lat[i] * 1e-6, lon = e->lon[i] * 1e-6;

    for (size_t k = 0; k < grid->n; k++) {
        const double north = lat - (grid->lat[k] - grid->dlat / 2);
        const double east = remainder(lon - grid->lon[k], 360) + grid->dlon / 2;

        if (north > -1e-9 && north < grid->dlat + slack && east > -1e-9 &&
            east < grid->dlon + slack)
            return k;
    }
    return grid->n;
}

/** Pearson's chi-square of counts against shares, within 4.5 standard deviations of its mean. */
static inline void check_shares(size_t n, const double count[], const double share[],
                                const char *what)
{
    double total = 0, sum = 0, chi2 = 0, freedom = -1;

    for (size_t k = 0; k < n; k++) {
        total += count[k];
        sum += share[k];
    }
    assert_true(total > 1000);
    for (size_t k = 0; k < n; k++) {
        const double mean = total * share[k] / sum;

        if (share[k] == 0) {
            assert_true(count[k] == 0);
            continue;
        }
        assert_true(mean > 5);
        chi2 += (count[k] - mean) * (count[k] - mean) / mean;
        freedom += 1;
    }
    if (!(chi2 < freedom + 4.5 * sqrt(2 * freedom)))
        fail_msg("%s: chi-square %g for %g degrees of freedom", what, chi2, freedom);
}

#endif
