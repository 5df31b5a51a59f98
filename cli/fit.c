#include "fit.h"

#include <math.h>
#include <sched.h>
#include <string.h>

#include "etas/io.h"

uint32_t available_cpus(void)
{
    cpu_set_t set;
    int n;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    n = CPU_COUNT(&set);
    return n > 0 ? (uint32_t)n : 1;
}

void fit_options_init(fit_options *self)
{
    *self = (fit_options){.tolerance = etas_inversion_config_default().tolerance};
}

void fit_options_table(fit_options *self, option_spec out[FIT_OPTIONS])
{
    out[0] = (option_spec){"threads",      0,   OPTION_COUNT,
                           &self->threads, "N", "threads of the inversion (default: one per CPU)"};
    out[1] = (option_spec){"tolerance",
                           0,
                           OPTION_POSITIVE,
                           &self->tolerance,
                           "EPS",
                           "stop when no parameter is further than EPS from the fixed point\n"
                           "(default 1e-7)"};
}

/* Loads and selects: what is left is what an inversion calls its sources. */
static etas_status prepare(fit *self, const etas_config *cfg, etas_error *err)
{
    const double start = talk_seconds();
    const etas_selection how = {.start = cfg->auxiliary_start,
                                .end = cfg->timewindow_end,
                                .region = &cfg->region,
                                .delta_m = cfg->delta_m,
                                .mc = cfg->mc};
    etas_catalog raw = {0};
    etas_status st = etas_catalog_load_csv(&raw, cfg->fn_catalog, err);

    self->load_s = talk_seconds() - start;
    if (st == ETAS_OK)
        st = etas_region_area_km2(&cfg->region, cfg->earth_radius, &self->area_km2, err);
    if (st == ETAS_OK)
        st = etas_catalog_select(&raw, &how, &self->catalog, err);
    if (st == ETAS_OK && self->catalog.n == 0) {
        st = etas_fail(err, ETAS_E_RANGE,
                       "none of its %zu events is from mc (%g) on, between auxiliary_start and "
                       "timewindow_end, and inside the region",
                       raw.n, cfg->mc);
        (void)etas_error_in_file(err, cfg->fn_catalog);
    }
    etas_catalog_free(&raw);
    self->prepare_s = talk_seconds() - start - self->load_s;
    return st;
}

static void say_estimator(const etas_config *cfg, talk *t)
{
    if (!cfg->estimator_given)
        etas_log_write(
            &t->log, ETAS_LOG_INFO,
            "estimator \"reference\": the Python package's answers; \"estimator\": \"mle\" "
            "in the configuration maximises the likelihood, which mostly lengthens the "
            "taper and raises the branching ratio");
}

etas_status fit_run(fit *self, const etas_config *cfg, const fit_options *options, talk *t,
                    etas_error *err)
{
    etas_inversion_config how = etas_inversion_config_default();
    double start;
    etas_status st = prepare(self, cfg, err);

    if (st != ETAS_OK)
        return st;
    how.window_start = cfg->timewindow_start;
    how.window_end = cfg->timewindow_end;
    how.m_ref = cfg->mc;
    how.delta_m = cfg->delta_m;
    how.area_km2 = self->area_km2;
    how.earth_radius_km = cfg->earth_radius;
    how.coppersmith_multiplier = cfg->coppersmith_multiplier;
    how.estimator = cfg->estimator;
    how.beta_method = cfg->beta_method;
    how.beta = cfg->beta;
    if (cfg->has_theta_0)
        how.theta_0 = cfg->theta_0;
    how.reference_stop = cfg->reference_stop;
    how.tolerance = options->tolerance;
    how.n_threads = options->threads > 0 ? (size_t)options->threads : available_cpus();
    how.kernels = options->kernels;
    say_estimator(cfg, t);
    start = talk_seconds();
    st = etas_inversion_open(&self->inversion, &self->catalog, &how, err);
    if (st == ETAS_OK)
        st = etas_inversion_solve(self->inversion, err);
    if (st != ETAS_OK) {
        (void)etas_error_in_file(err, cfg->path);
        return st;
    }
    self->state = etas_inversion_state_get(self->inversion);
    self->invert_s = talk_seconds() - start;
    etas_log_write(&t->log, ETAS_LOG_INFO,
                   "inverted %zu sources, %zu targets, %zu pairs in %.3g s: %u iterations, "
                   "distance to the fixed point %.1e",
                   self->state.n_sources, self->state.n_targets, self->state.n_pairs,
                   self->invert_s, self->state.n_iterations, self->state.distance);
    return ETAS_OK;
}

void fit_free(fit *self)
{
    etas_inversion_close(self->inversion);
    self->inversion = NULL;
    etas_catalog_free(&self->catalog);
}
