#include "fit.h"

#include <math.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "etas/io.h"
#include "etas/text.h"
#include "magnitudes.h"
#include "run_session.h"
#include "version.h"

uint32_t available_cpus(void)
{
    cpu_set_t set;
    int n;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    n = CPU_COUNT(&set);
    return n > 0 ? (uint32_t)n : 1;
}

/* Half of the machine's memory; 0, no limit, where that is unknown. */
static uint64_t half_of_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

    return pages > 0 && page > 0 ? (uint64_t)pages / 2 * (uint64_t)page : 0;
}

void fit_options_init(fit_options *self)
{
    *self = (fit_options){.memory = half_of_memory(),
                          .tolerance = etas_inversion_config_default().tolerance};
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
    out[2] =
        (option_spec){"memory",
                      0,
                      OPTION_SIZE,
                      &self->memory,
                      "SIZE",
                      "for stored pairs, such as 512M or 2G; pairs beyond it are found anew\n"
                      "in every iteration (default: half of the machine's memory); refits of a\n"
                      "bootstrap keep all of theirs"};
    out[3] = (option_spec){"plain-em",      0,    OPTION_FLAG,
                           &self->plain_em, NULL, "iterate without acceleration"};
    catalog_options_table(&self->input, out + 4);
}

static etas_status fail_at_event(const etas_config *cfg, const etas_event *e, const char *what,
                                 etas_error *err)
{
    char time[32];

    etas_time_format(e->time, ' ', time);
    etas_fail(err, ETAS_E_RANGE,
              "event \"%.*s\" of %s has %s; \"bg_term\" needs a number that is not negative for "
              "every target",
              (int)(e->id_len < 40 ? e->id_len : 40), e->id, time, what);
    (void)etas_error_in_key(err, cfg->bg_term);
    return etas_error_in_file(err, cfg->fn_catalog);
}

/* The column that bg_term names, at the targets. */
static etas_status check_covariate(const etas_catalog *catalog, const etas_config *cfg,
                                   etas_error *err)
{
    double sum = 0;

    for (size_t i = 0; cfg->bg_term != NULL && i < catalog->n; i++) {
        const etas_event e = etas_catalog_row(catalog, i);

        if (e.time < cfg->timewindow_start ||
            (cfg->has_inner_region && !etas_region_contains(&cfg->inner_region, e.lat, e.lon)))
            continue;
        if (isnan(e.covariate))
            return fail_at_event(cfg, &e, "none", err);
        if (e.covariate < 0 || isinf(e.covariate))
            return fail_at_event(cfg, &e, e.covariate < 0 ? "a negative one" : "infinity", err);
        sum += e.covariate;
    }
    if (cfg->bg_term == NULL || sum > 0)
        return ETAS_OK;
    etas_fail(err, ETAS_E_RANGE, "no target has a value above 0, as \"bg_term\" needs");
    (void)etas_error_in_key(err, cfg->bg_term);
    return etas_error_in_file(err, cfg->fn_catalog);
}

static etas_status fail_empty(const etas_config *cfg, size_t n, etas_error *err)
{
    char at[64] = "at or above its completeness";

    if (cfg->mc_method == ETAS_MC_CONSTANT)
        etas_format(sizeof at, at, "from mc (%g) on", cfg->mc);
    etas_fail(err, ETAS_E_RANGE,
              "none of its %zu events is %s, between auxiliary_start and timewindow_end, and "
              "inside the region",
              n, at);
    return etas_error_in_file(err, cfg->fn_catalog);
}

/* All magnitudes are measured from here: not above any event's completeness. */
static void set_reference(fit *self, const etas_config *cfg, talk *t)
{
    self->m_ref = cfg->m_ref;
    for (size_t i = 0; i < self->catalog.n; i++)
        if (self->catalog.mc[i] < self->m_ref - 1e-9)
            self->m_ref = self->catalog.mc[i];
    if (self->m_ref < cfg->m_ref)
        etas_log_write(&t->log, ETAS_LOG_INFO,
                       "m_ref is lowered from %g to %g, the smallest completeness of an event",
                       cfg->m_ref, self->m_ref);
}

etas_status fit_region_size(const etas_config *cfg, double *size, etas_error *err)
{
    if (!cfg->has_hull)
        return etas_region_area_km2(&cfg->region, cfg->earth_radius, size, err);
    *size = cfg->hull.volume_km3;
    return ETAS_OK;
}

etas_status fit_read(const etas_config *cfg, talk *t, etas_catalog *out, etas_error *err)
{
    const etas_catalog_wanted want = {.mc = cfg->mc_method == ETAS_MC_COLUMN,
                                      .three_dim = cfg->three_dim,
                                      .space_unit_in_meters = cfg->space_unit_in_meters,
                                      .covariate = cfg->bg_term};
    etas_catalog_summary summary;
    const etas_status st = etas_config_catalog(cfg, cfg->fn_catalog, &want, out, &summary, err);

    if (st == ETAS_OK)
        catalog_options_warn(&summary, cfg->fn_catalog, &t->log);
    return st;
}

etas_status fit_load(fit *self, const etas_config *cfg, talk *t, etas_error *err)
{
    const double start = talk_seconds();
    const etas_selection how = {.start = cfg->auxiliary_start,
                                .end = cfg->timewindow_end,
                                .region = &cfg->region,
                                .hull = cfg->has_hull ? &cfg->hull : NULL,
                                .delta_m = cfg->delta_m,
                                .mc_method = cfg->mc_method,
                                .mc = cfg->mc};
    etas_catalog raw = {0};
    const etas_catalog *const events = self->events != NULL ? self->events : &raw;
    etas_status st = self->events != NULL ? ETAS_OK : fit_read(cfg, t, &raw, err);

    self->load_s = talk_seconds() - start;
    self->n_loaded = events->n;
    self->m_ref = cfg->m_ref;
    if (st == ETAS_OK && self->area_km2 == 0)
        st = fit_region_size(cfg, &self->area_km2, err);
    if (st == ETAS_OK) {
        st = etas_catalog_select(events, &how, &self->catalog, err);
        if (st != ETAS_OK)
            (void)etas_error_in_file(err, cfg->fn_catalog);
    }
    if (st == ETAS_OK && self->catalog.n > 0 && self->events == NULL)
        magnitudes_check_grid(&raw, cfg->delta_m, cfg->fn_catalog, &t->log);
    etas_catalog_free(&raw);
    self->prepare_s = talk_seconds() - start - self->load_s;
    return st;
}

/* What is left is what an inversion calls its sources. */
static etas_status prepare(fit *self, const etas_config *cfg, talk *t, etas_error *err)
{
    etas_status st = fit_load(self, cfg, t, err);

    if (st == ETAS_OK && self->catalog.n == 0)
        st = fail_empty(cfg, self->n_loaded, err);
    if (st == ETAS_OK)
        st = check_covariate(&self->catalog, cfg, err);
    if (st == ETAS_OK)
        set_reference(self, cfg, t);
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

static etas_inversion_config inversion_config(const fit *self, const etas_config *cfg,
                                              const fit_options *options)
{
    etas_inversion_config how = etas_inversion_config_default();

    how.window_start = cfg->timewindow_start;
    how.window_end = cfg->timewindow_end;
    how.m_ref = self->m_ref;
    how.delta_m = cfg->delta_m;
    how.area_km2 = self->area_km2;
    how.earth_radius_km = cfg->earth_radius;
    how.coppersmith_multiplier = cfg->coppersmith_multiplier;
    how.estimator = cfg->estimator;
    how.beta_method = cfg->beta_method;
    how.beta = cfg->beta;
    how.theta_0 = options->at != NULL ? *options->at : cfg->theta_0;
    how.fixed = cfg->fixed;
    how.inner_region = cfg->has_inner_region ? &cfg->inner_region : NULL;
    how.three_dim = cfg->three_dim;
    how.free_background = cfg->free_background;
    how.bw_sq_km2 = cfg->bw_sq;
    how.free_productivity = cfg->free_productivity;
    how.induced = cfg->bg_term != NULL;
    how.plain_em = options->plain_em;
    how.memory_bytes = (size_t)options->memory;
    how.reference_stop = cfg->reference_stop;
    how.tolerance = options->tolerance;
    how.n_threads = options->threads > 0 ? (size_t)options->threads : available_cpus();
    how.kernels = options->kernels;
    return how;
}

/* What is known about the estimate beside its values; what is odd about it as warnings. */
static etas_status judge(fit *self, const etas_config *cfg, talk *t, etas_error *err)
{
    const etas_status st =
        etas_inversion_uncertainty(self->inversion, cfg->m_max, &self->uncertainty, err);

    if (st != ETAS_OK)
        return st;
    etas_inversion_diagnose(self->inversion, cfg->m_max, &self->uncertainty, &self->diagnostics);
    for (size_t i = 0; i < self->diagnostics.n_warnings; i++)
        etas_log_write(&t->log, ETAS_LOG_WARN, "%s", self->diagnostics.warning[i]);
    return ETAS_OK;
}

static etas_status invert(fit *self, talk *t, etas_error *err)
{
    const double start = talk_seconds();
    etas_status st = etas_inversion_open(&self->inversion, &self->catalog, &self->how, err);

    if (st == ETAS_OK)
        st = etas_inversion_solve(self->inversion, err);
    if (st != ETAS_OK)
        return st;
    self->state = etas_inversion_state_get(self->inversion);
    self->invert_s = talk_seconds() - start;
    etas_log_write(&t->log, ETAS_LOG_INFO,
                   "inverted %zu sources, %zu targets, %zu pairs in %.3g s: %u iterations, "
                   "distance to the fixed point %.1e",
                   self->state.n_sources, self->state.n_targets, self->state.n_pairs,
                   self->invert_s, self->state.n_iterations, self->state.distance);
    return ETAS_OK;
}

static etas_status estimate(fit *self, const etas_config *cfg, const fit_options *options, talk *t,
                            etas_error *err)
{
    etas_status st;

    say_estimator(cfg, t);
    st = invert(self, t, err);
    return st == ETAS_OK && !options->estimates_only ? judge(self, cfg, t, err) : st;
}

static etas_status expect_at(fit *self, const etas_params *theta, etas_error *err)
{
    etas_status st = etas_inversion_open(&self->inversion, &self->catalog, &self->how, err);

    if (st == ETAS_OK)
        st = etas_inversion_expect(self->inversion, theta, err);
    if (st == ETAS_OK)
        self->state = etas_inversion_state_get(self->inversion);
    return st;
}

etas_status fit_run(fit *self, const etas_config *cfg, const fit_options *options, talk *t,
                    etas_error *err)
{
    etas_status st = prepare(self, cfg, t, err);

    if (st != ETAS_OK)
        return st;
    self->how = inversion_config(self, cfg, options);
    self->how.interrupted = run_catch_signals();
    if (options->distribution != NULL)
        etas_distribution_apply(options->distribution, &self->catalog, &self->how);
    if (options->check != NULL)
        st = options->check(&self->catalog, &self->how, err);
    if (st == ETAS_OK && options->at != NULL)
        st = expect_at(self, options->at, err);
    else if (st == ETAS_OK)
        st = estimate(self, cfg, options, t, err);
    if (st == ETAS_E_INTERRUPTED) {
        *err = (etas_error){0};
        return etas_fail(err, st, "interrupted in the inversion: nothing was written");
    }
    if (st != ETAS_OK)
        (void)etas_error_in_file(err, cfg->path);
    return st;
}

etas_status fit_cut(fit *self, double m_ref, etas_error *err)
{
    static const double SAME_MAGNITUDE = 1e-9;
    const etas_catalog *all = &self->catalog;
    etas_catalog kept = {0};
    etas_status st = ETAS_OK;

    for (size_t i = 0; st == ETAS_OK && i < all->n; i++) {
        etas_event e = etas_catalog_row(all, i);

        e.mc = fmax(e.mc, m_ref);
        if (e.mag >= e.mc - SAME_MAGNITUDE)
            st = etas_catalog_append(&kept, &e);
    }
    if (st != ETAS_OK) {
        etas_catalog_free(&kept);
        return etas_fail(err, st, "no memory for a history of %zu events", all->n);
    }
    etas_catalog_free(&self->catalog);
    self->catalog = kept;
    return ETAS_OK;
}

etas_status fit_save(const fit *self, const etas_config *cfg, etas_error *err)
{
    const etas_results_input results = {.config = cfg,
                                        .directory = cfg->data_path,
                                        .catalog = &self->catalog,
                                        .state = &self->state,
                                        .uncertainty = &self->uncertainty,
                                        .diagnostics = &self->diagnostics,
                                        .area_km2 = self->area_km2,
                                        .m_ref = self->m_ref,
                                        .invert_seconds = self->invert_s,
                                        .revision = version_revision};

    return cfg->data_path != NULL ? etas_results_save(&results, err) : ETAS_OK;
}

void fit_free(fit *self)
{
    etas_inversion_close(self->inversion);
    self->inversion = NULL;
    etas_catalog_free(&self->catalog);
}
