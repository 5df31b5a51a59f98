#include "commands.h"
#include "forecast.h"

static const command_usage usage = {
    .name = "etas simulate",
    .synopsis = "CONFIG [OPTIONS]",
    .about = "Simulate catalogues from given parameters, without a history: background uniform in\n"
             "the region from burn_start on, events reported from primary_start to end.",
    .min_arguments = 1,
    .max_arguments = 1,
};

int cmd_simulate(int argc, char *argv[])
{
    etas_config cfg = {0};
    run_options options = {0};
    talk t = {0};
    forecast fc = {.cfg = &cfg, .options = &options, .t = &t};
    const run_command self = {.usage = &usage,
                              .use = ETAS_CONFIG_SIMULATE,
                              .options = &options,
                              .cfg = &cfg,
                              .t = &t,
                              .source = {simulation_make_models, &fc}};

    return run_command_main(&self, argc, argv);
}
