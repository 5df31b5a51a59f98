#include <math.h>

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
    const run_options *options;
} simulate;

static etas_status make_plan(const simulate *s, etas_plan *out, run_phases *phases, etas_error *err)
{
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
        .allow_supercritical = s->options->allow_supercritical,
    };
    etas_status st = etas_region_area_km2(&cfg->region, cfg->earth_radius, &in.area_km2, err);

    if (st == ETAS_OK)
        st = etas_plan_build(&in, out, err);
    *phases = (run_phases){.plan_s = talk_seconds() - begin};
    return st;
}

static etas_status make_models(void *context, etas_mixture *out, run_phases *phases,
                               etas_error *err)
{
    const uint64_t once = 1;
    const etas_status st = etas_mixture_init(out, 1, &once, err);

    return st == ETAS_OK ? make_plan(context, out->plan, phases, err) : st;
}

int cmd_simulate(int argc, char *argv[])
{
    etas_config cfg = {0};
    run_options options = {0};
    simulate s = {.cfg = &cfg, .options = &options};
    talk t = {0};
    const run_command self = {.usage = &usage,
                              .use = ETAS_CONFIG_SIMULATE,
                              .options = &options,
                              .cfg = &cfg,
                              .t = &t,
                              .source = {make_models, &s}};

    return run_command_main(&self, argc, argv);
}
