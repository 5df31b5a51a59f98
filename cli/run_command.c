#include "run_model.h"

static options_outcome parse(const run_command *self, int argc, char *argv[],
                             const char *arguments[])
{
    option_spec output_specs[OUTPUT_OPTIONS];
    option_spec run_specs[RUN_OPTIONS], redis_specs[REDIS_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {
        {OUTPUT_OPTIONS, output_specs}, {RUN_OPTIONS, run_specs},   self->own,
        {REDIS_OPTIONS, redis_specs},   {TALK_OPTIONS, talk_specs}, {0, NULL}};
    size_t n_arguments;
    options_outcome outcome;

    talk_init(self->t, "etas");
    run_options_init(self->options);
    output_options_table(&self->options->output, output_specs);
    run_options_table(self->options, run_specs);
    redis_options_table(&self->options->redis, redis_specs);
    talk_options(self->t, talk_specs);
    outcome = options_parse(self->usage, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(self->t, self->usage);
    if (outcome == OPTIONS_RUN)
        outcome = options_check_kernels(self->usage, self->options->kernels);
    if (outcome == OPTIONS_RUN)
        outcome =
            redis_options_start(&self->options->redis, self->usage, argc, argv, &self->t->log);
    return outcome;
}

int run_command_main(const run_command *self, int argc, char *argv[])
{
    const char *arguments[1], *output;
    run_request request = {0};
    etas_error err = {0};
    const options_outcome outcome = parse(self, argc, argv, arguments);
    etas_status st;
    int exit_code = EXIT_USAGE;

    if (outcome != OPTIONS_RUN)
        return outcome == OPTIONS_DONE ? 0 : EXIT_USAGE;
    st = etas_config_load(self->cfg, arguments[0], self->use, &self->t->log, &err);
    output =
        self->use == ETAS_CONFIG_SIMULATE ? self->cfg->fn_store : self->cfg->fn_store_simulation;
    if (st != ETAS_OK)
        exit_code = talk_fail(self->t, st, &err);
    else if (run_request_init(&request, self->options, self->cfg, output, self->usage) ==
             OPTIONS_RUN)
        exit_code = run_model(self->options, &request, self->cfg, &self->source, self->t);
    run_request_free(&request);
    etas_config_free(self->cfg);
    return exit_code;
}
