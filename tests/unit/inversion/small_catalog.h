/** @file small_catalog.h  Clustered catalogues for the tests, made by a generator of their own. */
#ifndef ETAS_TESTS_SMALL_CATALOG_H
#define ETAS_TESTS_SMALL_CATALOG_H

#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/inversion.h"

enum { SMALL_AUXILIARY_DAYS = 200, SMALL_WINDOW_DAYS = 800 };

static inline double small_uniform(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return (double)(*x >> 11) * 0x1p-53 + 0x1p-54;
}

static inline void small_add(etas_catalog *out, double days, double lat, double lon, double mag)
{
    char id[8] = "e";
    const etas_event row = {.time = (etas_time)(days * 86400e9),
                            .lat = lat,
                            .lon = lon,
                            .mag = mag,
                            .mc = 2.0,
                            .depth = NAN,
                            .id = id,
                            .id_len = 1};

    check_ok(etas_catalog_append(out, &row), NULL);
}

static inline int small_by_time(const void *a, const void *b)
{
    const etas_event *x = a, *y = b;

    return (x->time > y->time) - (x->time < y->time);
}

/* Mother events with clusters that decay like 1/t and 1/r; magnitudes 2.0, 2.1, ... */
static inline void small_catalog(size_t n, uint64_t seed, etas_catalog *out)
{
    uint64_t x = seed;
    double days = 0, lat = 0, lon = 0;
    etas_catalog drawn = {0};
    etas_event *rows = calloc(n, sizeof *rows);

    assert_non_null(rows);
    for (size_t i = 0; i < n; i++) {
        const double mag = 2.0 + 0.1 * floor(-log(small_uniform(&x)) / 0.23);

        if (i % 4 == 0) {
            days = (SMALL_AUXILIARY_DAYS + SMALL_WINDOW_DAYS - 1) * small_uniform(&x);
            lat = 46 + 2 * small_uniform(&x);
            lon = 7 + 3 * small_uniform(&x);
        }
        const double delay = i % 4 == 0 ? 0 : 1e-3 * exp(12 * small_uniform(&x));
        const double r = i % 4 == 0 ? 0 : 0.002 * exp(3 * small_uniform(&x));
        const double at = fmod(days + delay, SMALL_AUXILIARY_DAYS + SMALL_WINDOW_DAYS - 1);
        const double angle = 6.28 * small_uniform(&x);

        small_add(&drawn, at, lat + r * cos(angle), lon + r * sin(angle), mag);
    }
    for (size_t i = 0; i < n; i++)
        rows[i] = etas_catalog_row(&drawn, i);
    qsort(rows, n, sizeof *rows, small_by_time);
    for (size_t i = 0; i < n; i++)
        check_ok(etas_catalog_append(out, &rows[i]), NULL);
    free(rows);
    etas_catalog_free(&drawn);
}

static inline etas_inversion_config small_config(void)
{
    etas_inversion_config cfg = etas_inversion_config_default();

    cfg.window_start = SMALL_AUXILIARY_DAYS * ETAS_NS_PER_DAY;
    cfg.window_end = (SMALL_AUXILIARY_DAYS + SMALL_WINDOW_DAYS) * ETAS_NS_PER_DAY;
    cfg.m_ref = 2.0;
    cfg.delta_m = 0.1;
    cfg.area_km2 = 5e4;
    cfg.coppersmith_multiplier = 200;
    cfg.theta_0.value[ETAS_LOG10_MU] = -6;
    return cfg;
}

#endif
