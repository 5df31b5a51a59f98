#include <stdlib.h>

#include "etas/model_input.h"
#include "run_model.h"

/* CONFIG, unless there is something to read in its place. */
static options_outcome check_arguments(const run_command *self, size_t n)
{
    if (self->model_input == NULL || (*self->model_input == NULL) == (n == 1))
        return OPTIONS_RUN;
    return options_complain(self->usage, n == 1 ? "--model-input takes the place of CONFIG"
                                                : "CONFIG or --model-input FILE is missing");
}

static options_outcome parse(const run_command *self, int argc, char *argv[],
                             const char *arguments[])
{
    option_spec output_specs[OUTPUT_OPTIONS];
    option_spec run_specs[RUN_OPTIONS], redis_specs[REDIS_OPTIONS], talk_specs[TALK_OPTIONS];
    /* a table without options is the last: that may be the command's own */
    const option_table tables[] = {{OUTPUT_OPTIONS, output_specs},
                                   {RUN_OPTIONS, run_specs},
                                   {REDIS_OPTIONS, redis_specs},
                                   {TALK_OPTIONS, talk_specs},
                                   self->own,
                                   {0, NULL}};
    size_t n_arguments;
    options_outcome outcome;

    talk_init(self->t, "etas");
    run_options_init(self->options);
    run_options_note(self->options, argc, argv);
    output_options_table(&self->options->output, true, output_specs);
    run_options_table(self->options, run_specs);
    redis_options_table(&self->options->redis, redis_specs);
    talk_options(self->t, talk_specs);
    outcome = options_parse(self->usage, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = check_arguments(self, n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(self->t, self->usage);
    if (outcome == OPTIONS_RUN)
        outcome = options_check_kernels(self->usage, self->options->kernels);
    if (outcome == OPTIONS_RUN)
        outcome =
            redis_options_start(&self->options->redis, self->usage, argc, argv, &self->t->log);
    if (outcome == OPTIONS_RUN)
        run_options_start(self->options, &self->t->log);
    return outcome;
}

/* *output: where a platform looks for the forecast, or NULL; it gets pyCSEP's layout wherever it
 * goes. */
static etas_status load(const run_command *self, const char *config, char **output, etas_error *err)
{
    const bool is_input = self->model_input != NULL && *self->model_input != NULL;
    etas_model_input input = {0};
    etas_status st;

    if (!is_input)
        return etas_config_load(self->cfg, config, self->use, &self->t->log, err);
    st = etas_model_input_load(&input, *self->model_input, &self->t->log, err);
    *self->cfg = input.config;
    *output = input.output;
    if (st == ETAS_OK && self->options->output.path == NULL)
        self->options->output.path = *output != NULL ? *output : self->cfg->fn_store_simulation;
    return st;
}

int run_command_main(const run_command *self, int argc, char *argv[])
{
    const char *arguments[1] = {NULL}, *output;
    char *expected = NULL;
    run_request request = {0};
    etas_error err = {0};
    const options_outcome outcome = parse(self, argc, argv, arguments);
    etas_status st;
    int exit_code = EXIT_USAGE;

    if (outcome != OPTIONS_RUN) {
        run_options_free(self->options);
        return options_exit_code(outcome);
    }
    st = load(self, arguments[0], &expected, &err);
    output =
        self->use == ETAS_CONFIG_SIMULATE ? self->cfg->fn_store : self->cfg->fn_store_simulation;
    if (st != ETAS_OK)
        exit_code = talk_fail(self->t, st, &err);
    else if ((self->catalog == NULL ||
              catalog_options_apply(self->catalog, self->usage, self->cfg) == OPTIONS_RUN) &&
             run_request_init(&request, self->options, self->cfg, output, self->usage) ==
                 OPTIONS_RUN)
        exit_code = run_model(self->options, &request, self->cfg, &self->source, self->t);
    run_request_free(&request);
    run_options_free(self->options);
    etas_config_free(self->cfg);
    free(expected);
    return exit_code;
}
