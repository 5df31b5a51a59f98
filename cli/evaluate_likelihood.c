#include "etas/config.h"
#include "evaluate.h"
#include "options.h"
#include "talk.h"

static const command_usage usage = {
    .name = "etas evaluate",
    .synopsis = "CONFIG [OPTIONS]",
    .about = "The likelihood of the events of a test window, from timewindow_end to\n"
             "testwindow_end, under a set of parameters.",
    .min_arguments = 1,
    .max_arguments = 1,
};

int evaluate_likelihood(int argc, char *argv[])
{
    talk t = {0};
    etas_config cfg = {0};
    etas_error err = {0};
    option_spec talk_specs[TALK_OPTIONS];
    const option_table tables[] = {{TALK_OPTIONS, talk_specs}, {0, NULL}};
    const char *path;
    size_t n;
    options_outcome outcome;
    etas_status st;

    talk_init(&t, "etas");
    talk_options(&t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, &path, &n);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&t, &usage);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    st = etas_config_load(&cfg, path, ETAS_CONFIG_INVERT, &t.log, &err);
    if (st == ETAS_OK)
        st = etas_fail(&err, ETAS_E_UNSUPPORTED, "the likelihood is not computed yet");
    etas_config_free(&cfg);
    return talk_fail(&t, st, &err);
}
