#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "etas/array.h"
#include "etas/io.h"
#include "etas/simulation.h"
#include "fit.h"
#include "run_model.h"
#include "talk.h"

static const command_usage usage = {
    .name = "etas forecast",
    .synopsis = "CONFIG [OPTIONS]",
    .about =
        "Estimate the model's parameters (or load them, key fn_inversion_output), then simulate\n"
        "possible continuations of the catalogue from timewindow_end on.\n"
        "Results are kept in OUTPUT.store while they come in, so a run that was\n"
        "interrupted goes on with --resume.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct forecast {
    const etas_config *cfg;
    const run_options *options;
    fit_options fit;
    talk *t;
} forecast;

static etas_plan_input common_input(const etas_config *cfg)
{
    const double days = cfg->forecast_days;

    return (etas_plan_input){
        .m_max = isnan(cfg->m_max) ? INFINITY : cfg->m_max,
        .m_threshold = cfg->m_threshold,
        .start = cfg->timewindow_end,
        .end = cfg->timewindow_end + (etas_time)llround(days * (double)ETAS_NS_PER_DAY),
        .output_start = cfg->timewindow_end,
        .earth_radius_km = cfg->earth_radius,
        .filter_region = cfg->filter_polygon,
        .gaussian_scale_deg = cfg->gaussian_scale,
    };
}

/* Locations of the background: the targets, weighted by their probability of being background and
 * by the targets that each stands for. */
typedef struct locations {
    double *lat, *lon, *weight;
} locations;

static void locations_free(locations *l)
{
    etas_array_free((void **)&l->lat);
    etas_array_free((void **)&l->lon);
    etas_array_free((void **)&l->weight);
}

static etas_status locations_of(const fit *f, locations *l)
{
    const size_t n = f->state.n_targets;

    if (etas_array_alloc((void **)&l->lat, n, sizeof *l->lat) != ETAS_OK ||
        etas_array_alloc((void **)&l->lon, n, sizeof *l->lon) != ETAS_OK ||
        etas_array_alloc((void **)&l->weight, n, sizeof *l->weight) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t j = 0; j < n; j++) {
        const uint32_t row = f->state.target[j];

        l->lat[j] = f->catalog.lat[row];
        l->lon[j] = f->catalog.lon[row];
        l->weight[j] =
            f->state.expectation->p_background[j] * (f->state.zeta != NULL ? f->state.zeta[j] : 1);
    }
    return ETAS_OK;
}

static etas_status plan_from_fit(const forecast *fc, etas_plan *out, run_phases *phases,
                                 etas_error *err)
{
    const etas_config *cfg = fc->cfg;
    etas_plan_input in = common_input(cfg);
    locations l = {0};
    fit f = {0};
    double start = 0;
    etas_status st = fit_run(&f, cfg, &fc->fit, fc->t, err);

    if (st == ETAS_OK && cfg->data_path != NULL) {
        const etas_results_input results = {.config = cfg,
                                            .directory = cfg->data_path,
                                            .catalog = &f.catalog,
                                            .state = &f.state,
                                            .area_km2 = f.area_km2,
                                            .m_ref = f.m_ref,
                                            .invert_seconds = f.invert_s};

        st = etas_results_save(&results, err);
    }
    start = talk_seconds();
    if (st == ETAS_OK)
        st = locations_of(&f, &l);
    if (st == ETAS_OK) {
        in.theta = f.state.theta;
        in.beta = f.state.beta;
        in.m_ref = f.m_ref;
        in.delta_m = cfg->delta_m;
        in.region = &cfg->region;
        in.area_km2 = f.area_km2;
        in.history = &f.catalog;
        in.xi = f.state.xi;
        in.n_locations = f.state.n_targets;
        in.location_lat = l.lat;
        in.location_lon = l.lon;
        in.location_weight = l.weight;
        in.allow_supercritical = fc->options->allow_supercritical;
        st = etas_plan_build(&in, out, err);
    }
    *phases = (run_phases){f.load_s, f.prepare_s, f.invert_s, talk_seconds() - start};
    locations_free(&l);
    fit_free(&f);
    return st;
}

/* What these results have and a simulation lacks. */
static etas_status refuse_results(const etas_results *r, const char *path, etas_error *err)
{
    const char *key = r->induced ? "bg_term" : r->free_productivity ? "free_productivity" : NULL;

    if (key == NULL)
        return ETAS_OK;
    etas_fail(err, ETAS_E_UNSUPPORTED, "simulations from such results are not supported yet");
    (void)etas_error_in_key(err, key);
    return etas_error_in_file(err, path);
}

static etas_status plan_from_results(const forecast *fc, etas_plan *out, run_phases *phases,
                                     etas_error *err)
{
    const etas_config *cfg = fc->cfg;
    const double start = talk_seconds();
    double loaded;
    etas_plan_input in = common_input(cfg);
    etas_results r = {0};
    etas_status st = etas_results_load(&r, cfg->fn_inversion_output, cfg, err);

    if (st == ETAS_OK)
        st = refuse_results(&r, cfg->fn_inversion_output, err);
    loaded = talk_seconds();
    if (st == ETAS_OK) {
        in.theta = r.theta;
        in.beta = r.beta;
        in.m_ref = r.m_ref;
        in.delta_m = r.delta_m;
        in.region = &r.region;
        in.area_km2 = r.area_km2;
        in.history = &r.sources;
        in.xi = r.xi_plus_1;
        in.n_locations = r.n_targets;
        in.location_lat = r.target_lat;
        in.location_lon = r.target_lon;
        in.location_weight = r.target_weight;
        in.allow_supercritical = fc->options->allow_supercritical;
        st = etas_plan_build(&in, out, err);
    }
    *phases = (run_phases){.load_s = loaded - start, .plan_s = talk_seconds() - loaded};
    etas_results_free(&r);
    return st;
}

static etas_status make_models(void *context, etas_mixture *out, run_phases *phases,
                               etas_error *err)
{
    const uint64_t once = 1;
    forecast *fc = context;
    const etas_status st = etas_mixture_init(out, 1, &once, err);

    if (st != ETAS_OK)
        return st;
    fc->fit.kernels = fc->options->kernels;
    return fc->cfg->fn_inversion_output != NULL ? plan_from_results(fc, out->plan, phases, err)
                                                : plan_from_fit(fc, out->plan, phases, err);
}

int cmd_forecast(int argc, char *argv[])
{
    etas_config cfg = {0};
    run_options options = {0};
    talk t = {0};
    forecast fc = {.cfg = &cfg, .options = &options, .t = &t};
    option_spec own[FIT_OPTIONS + 1];
    const run_command self = {.usage = &usage,
                              .use = ETAS_CONFIG_FORECAST,
                              .own = {sizeof own / sizeof *own, own},
                              .options = &options,
                              .cfg = &cfg,
                              .t = &t,
                              .source = {make_models, &fc}};

    fit_options_init(&fc.fit);
    fit_options_table(&fc.fit, own);
    own[FIT_OPTIONS] = (option_spec){"model-input", 0, OPTION_LATER, NULL, "FILE", NULL};
    return run_command_main(&self, argc, argv);
}
