/* Expected numbers of a forecast, and what the results of its tests are called. */
#include "etas/consistency.h"

#include <math.h>

#include "etas/array.h"
#include "evaluation/consistency_parts.h"

/* ---- names ---- */

static const struct {
    const char *key, *title, *class;
} NAMES[ETAS_N_TESTS] = {
    [ETAS_TEST_N] = {"n", "Catalog N-Test", "CatalogNumberTestResult"},
    [ETAS_TEST_M] = {"m", "M-Test", "CatalogMagnitudeTestResult"},
    [ETAS_TEST_S] = {"s", "S-Test", "CatalogSpatialTestResult"},
    [ETAS_TEST_PL] = {"pl", "PL-Test", "CatalogPseudolikelihoodTestResult"},
    [ETAS_TEST_RESAMPLED_M] = {"rm", "Resampled M-Test", "CatalogMagnitudeTestResult"},
    [ETAS_TEST_MLL] = {"mll", "MLL-Test", "CatalogMagnitudeTestResult"},
    [ETAS_TEST_T] = {"t", "Paired T-Test", "EvaluationResult"},
    [ETAS_TEST_W] = {"w", "W-Test", "EvaluationResult"},
    [ETAS_TEST_CALIBRATION] = {"calibration", "Calibration Test", "CalibrationTestResult"},
};

const char *etas_test_key(etas_test test)
{
    return NAMES[test].key;
}

const char *etas_test_title(etas_test test)
{
    return NAMES[test].title;
}

const char *etas_test_class(etas_test test)
{
    return NAMES[test].class;
}

const char *etas_test_status_name(etas_test_status status)
{
    static const char *const names[] = {"normal", "undersampled", "not-valid"};

    return names[status];
}

void etas_test_result_free(etas_test_result *self)
{
    etas_array_free((void **)&self->distribution);
    *self = (etas_test_result){0};
}

void etas_test_result_refuse(etas_test_result *out, etas_test test)
{
    etas_test_result_free(out);
    *out = (etas_test_result){.test = test,
                              .status = ETAS_TEST_NOT_VALID,
                              .n_quantiles = 2,
                              .quantile = {-1, -1},
                              .statistic = NAN};
}

/* ---- counts ---- */

etas_status etas_gridded_check(const etas_gridded *self, uint64_t n_cells, etas_error *err)
{
    for (size_t i = 0; i < self->n; i++)
        if (self->cell[i] >= n_cells || (i > 0 && self->cell[i] <= self->cell[i - 1]))
            return etas_fail(err, ETAS_E_RANGE,
                             "cell %llu of a catalogue: expected rising numbers below %llu",
                             (unsigned long long)self->cell[i], (unsigned long long)n_cells);
    return ETAS_OK;
}

uint64_t etas_gridded_events(const etas_gridded *self)
{
    uint64_t n = 0;

    for (size_t i = 0; i < self->n; i++)
        n += self->count[i];
    return n;
}

etas_status etas_expected_init(etas_expected *self, size_t n_places, size_t n_mags, etas_error *err)
{
    *self = (etas_expected){.n_places = n_places, .n_mags = n_mags};
    if (n_places == 0 || n_mags == 0 || n_places > SIZE_MAX / n_mags)
        return etas_fail(err, ETAS_E_ARG, "a grid of %zu places and %zu magnitudes", n_places,
                         n_mags);
    if (etas_array_alloc((void **)&self->cell, n_places * n_mags, sizeof *self->cell) != ETAS_OK ||
        etas_array_alloc((void **)&self->place, n_places, sizeof *self->place) != ETAS_OK ||
        etas_array_alloc((void **)&self->mag, n_mags, sizeof *self->mag) != ETAS_OK) {
        etas_expected_free(self);
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu places and %zu magnitudes",
                         n_places, n_mags);
    }
    return ETAS_OK;
}

void etas_expected_free(etas_expected *self)
{
    etas_array_free((void **)&self->cell);
    etas_array_free((void **)&self->place);
    etas_array_free((void **)&self->mag);
    *self = (etas_expected){0};
}

etas_status etas_expected_add(void *to, const etas_gridded *catalog, etas_error *err)
{
    etas_expected *const self = to;
    const etas_status st =
        etas_gridded_check(catalog, (uint64_t)self->n_places * self->n_mags, err);

    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < catalog->n; i++) {
        const size_t cell = (size_t)catalog->cell[i];

        self->cell[cell] += catalog->count[i];
        self->place[cell / self->n_mags] += catalog->count[i];
        self->mag[cell % self->n_mags] += catalog->count[i];
        self->n_events += catalog->count[i];
    }
    self->n_catalogs++;
    return ETAS_OK;
}
