#include "report_tests.h"

#include "etas/gridded_run.h"
#include "etas/observed.h"
#include "run_session.h"

/* More cells than that are no finer, only larger: of a globe. */
static const uint64_t most_cells = 20000000;
static const double coarse_deg = 1;

static etas_status open_run(etas_gridded_run *run, etas_store *store, etas_error *err)
{
    etas_forecast_grid grid = etas_forecast_grid_default();
    etas_status st = etas_gridded_run_open(run, store, &grid, err);

    if (st == ETAS_OK && run->cells->n > most_cells && run->cells->dlat < coarse_deg) {
        etas_gridded_run_close(run);
        *run = (etas_gridded_run){0};
        grid.dlat = grid.dlon = coarse_deg;
        st = etas_gridded_run_open(run, store, &grid, err);
    }
    run->interrupted = run_catch_signals();
    return st;
}

static etas_status test(report_tests *self, etas_gridded_run *run, const etas_observed *observed,
                        etas_error *err)
{
    const etas_gridded_source forecast = etas_gridded_run_source(run);
    etas_test_result all[ETAS_N_CONSISTENCY] = {{0}};
    etas_consistency_config cfg = {.test = {[ETAS_TEST_N] = true,
                                            [ETAS_TEST_M] = true,
                                            [ETAS_TEST_S] = true,
                                            [ETAS_TEST_PL] = true}};
    etas_expected expected = {0};
    etas_status st = etas_expected_init(&expected, run->cells->n_places, run->cells->n_mags, err);

    if (st == ETAS_OK)
        st = forecast.each(forecast.self, etas_expected_add, &expected, err);
    if (st == ETAS_OK)
        st = etas_consistency(&expected, &forecast, &observed->gridded, &cfg, all, err);
    for (size_t i = 0; i < ETAS_N_CONSISTENCY; i++)
        if (st == ETAS_OK && cfg.test[i])
            self->result[self->n++] = all[i];
        else
            etas_test_result_free(&all[i]);
    etas_expected_free(&expected);
    return st;
}

etas_status report_tests_run(report_tests *self, etas_store *store, const etas_catalog *observed,
                             etas_error *err)
{
    etas_gridded_run run = {0};
    etas_observed seen = {0};
    etas_status st = open_run(&run, store, err);

    if (st == ETAS_OK)
        st = etas_observed_build(&seen, observed, run.model, run.cells, err);
    if (st == ETAS_OK) {
        self->cell_deg = run.cells->dlat;
        st = test(self, &run, &seen, err);
    }
    etas_observed_free(&seen);
    etas_gridded_run_close(&run);
    return st;
}

void report_tests_free(report_tests *self)
{
    for (size_t i = 0; i < REPORT_TESTS; i++)
        etas_test_result_free(&self->result[i]);
    *self = (report_tests){0};
}
