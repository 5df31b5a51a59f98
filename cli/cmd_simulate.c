#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "etas/simulation.h"
#include "fit.h"
#include "run_model.h"
#include "talk.h"

static const command_usage usage = {
    .name = "etas simulate",
    .synopsis = "CONFIG [OPTIONS]",
    .about = "Simulate catalogues from given parameters, without a history: background uniform in\n"
             "the region from burn_start on, events reported from primary_start to end.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct simulate {
    const etas_config *cfg;
    bool allow_supercritical;
} simulate;

static etas_status make_plan(void *context, etas_plan *out, run_phases *phases, etas_error *err)
{
    const simulate *s = context;
    const etas_config *cfg = s->cfg;
    const double begin = talk_seconds();
    etas_plan_input in = {
        .theta = cfg->theta_0,
        .beta = cfg->beta,
        .m_ref = cfg->mc,
        .delta_m = cfg->delta_m,
        .m_max = isnan(cfg->m_max) ? INFINITY : cfg->m_max,
        .m_threshold = cfg->m_threshold,
        .start = cfg->burn_start,
        .end = cfg->end,
        .output_start = cfg->primary_start,
        .region = &cfg->region,
        .earth_radius_km = cfg->earth_radius,
        .filter_region = cfg->filter_polygon,
        .gaussian_scale_deg = cfg->gaussian_scale,
        .allow_supercritical = s->allow_supercritical,
    };
    etas_status st = etas_region_area_km2(&cfg->region, cfg->earth_radius, &in.area_km2, err);

    if (st == ETAS_OK)
        st = etas_plan_build(&in, out, err);
    *phases = (run_phases){.plan_s = talk_seconds() - begin};
    return st;
}

int cmd_simulate(int argc, char *argv[])
{
    const char *arguments[1], *kernels = NULL;
    size_t n_arguments;
    simulate s = {0};
    run_options options;
    run_request request = {0};
    option_spec run_specs[RUN_OPTIONS], redis_specs[REDIS_OPTIONS], talk_specs[TALK_OPTIONS];
    talk t;
    const option_spec own[] = {
        {"allow-supercritical", 0, OPTION_FLAG, &s.allow_supercritical, NULL,
         "simulate although the branching ratio is not below one"},
        {"kernels", 0, OPTION_TEXT, &kernels, "K",
         "scalar, avx2 or avx512 (default: the fastest; results are the same)"},
    };
    const option_table tables[] = {{RUN_OPTIONS, run_specs},
                                   {sizeof own / sizeof *own, own},
                                   {REDIS_OPTIONS, redis_specs},
                                   {TALK_OPTIONS, talk_specs}};
    etas_error err = {0};
    etas_config cfg = {0};
    options_outcome outcome;
    etas_status st;
    int exit_code = EXIT_USAGE;

    talk_init(&t, "etas");
    run_options_init(&options);
    run_options_table(&options, run_specs);
    redis_options_table(&options.redis, redis_specs);
    talk_options(&t, talk_specs);
    outcome = options_parse(&usage, 4, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&t, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = redis_options_start(&options.redis, &usage, argc, argv, &t.log);
    if (outcome != OPTIONS_RUN)
        return outcome == OPTIONS_DONE ? 0 : EXIT_USAGE;

    st = etas_config_load(&cfg, arguments[0], ETAS_CONFIG_SIMULATE, &t.log, &err);
    if (st != ETAS_OK) {
        etas_config_free(&cfg);
        return talk_fail(&t, st, &err);
    }
    s.cfg = &cfg;
    options.kernels = kernels;
    if (run_request_init(&request, &options, &cfg, cfg.fn_store, &usage) == OPTIONS_RUN)
        exit_code = run_model(&options, &request, &cfg, &(run_source){make_plan, &s}, &t);
    run_request_free(&request);
    etas_config_free(&cfg);
    return exit_code;
}
