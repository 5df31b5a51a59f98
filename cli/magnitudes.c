#include "magnitudes.h"

#include <math.h>

#include "etas/completeness.h"

void magnitudes_check_grid(const etas_catalog *catalog, double delta_m, const char *path,
                           const etas_log *log)
{
    const etas_magnitude_grid grid = etas_magnitude_grid_of(catalog->n, catalog->mag, delta_m);
    char text[200];

    if (etas_magnitude_grid_misfit(&grid, sizeof text, text))
        etas_log_write(log, ETAS_LOG_WARN, "%s: %s", path, text);
}

double magnitudes_delta_m(const etas_catalog *catalog, double given, const etas_log *log)
{
    double step;

    if (!isnan(given))
        return given;
    step = etas_magnitude_grid_of(catalog->n, catalog->mag, 0).step;
    etas_log_write(log, ETAS_LOG_INFO, "delta_m %g: the magnitudes look %s (--delta-m overrides)",
                   step, step > 0 ? "like its multiples" : "continuous");
    return step;
}
