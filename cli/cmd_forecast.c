#include "commands.h"
#include "forecast.h"

static const command_usage usage = {
    .name = "etas forecast",
    .synopsis = "CONFIG | --model-input FILE [OPTIONS]",
    .about = "Estimate the model's parameters (or load them, key fn_inversion_output, or take "
             "those that\n"
             "are given, keys parameters, standard_parameters, models), then simulate possible\n"
             "continuations of the catalogue from timewindow_end on.\n"
             "Results are kept in OUTPUT.store while they come in, so a run that was\n"
             "interrupted goes on with --resume.",
    .min_arguments = 0,
    .max_arguments = 1,
};

int cmd_forecast(int argc, char *argv[])
{
    etas_config cfg = {0};
    run_options options = {0};
    talk t = {0};
    forecast fc = {.cfg = &cfg, .options = &options, .t = &t};
    const char *model_input = NULL;
    option_spec own[FIT_OPTIONS + 1];
    const run_command self = {.usage = &usage,
                              .use = ETAS_CONFIG_FORECAST,
                              .own = {sizeof own / sizeof *own, own},
                              .model_input = &model_input,
                              .options = &options,
                              .cfg = &cfg,
                              .t = &t,
                              .catalog = &fc.fit.input,
                              .source = {forecast_make_models, &fc}};

    fit_options_init(&fc.fit);
    fit_options_table(&fc.fit, own);
    own[FIT_OPTIONS] = (option_spec){
        "model-input",
        0,
        OPTION_TEXT,
        &model_input,
        "FILE",
        "run what a platform asks for: a HERMES model input (JSON) or the arguments of\n"
        "a floatCSEP model; in pyCSEP's layout"};
    return run_command_main(&self, argc, argv);
}
