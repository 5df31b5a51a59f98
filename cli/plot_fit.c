#include "etas/fit_figures.h"
#include "fit_source.h"
#include "plot_commands.h"
#include "plot_output.h"

static const command_usage usage = {
    .name = "etas plot fit",
    .synopsis = "CONFIG|RESULTS|FOLDER [OPTIONS]",
    .about =
        "Draw how the fitted model agrees with its catalogue: kernels in time and space and\n"
        "productivity beside the pairs weighted by their probability of being one, magnitudes,\n"
        "and the background over time. RESULTS is parameters_<id>.json of an inversion, FOLDER\n"
        "one that holds it: its estimate is taken. A CONFIG is inverted first.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct plot_job {
    talk t;
    fit_source source;
    plot_output output;
} plot_job;

static options_outcome parse(plot_job *self, int argc, char *argv[])
{
    const char *names[ETAS_N_FIT_FIGURES];
    const option_spec own[] = {
        {"catalog", 0, OPTION_TEXT, &self->source.catalog, "FILE",
         "the catalogue, in place of the one that the file names"},
        {"kernels", 0, OPTION_TEXT, &self->source.how.kernels, "K",
         "scalar, avx2 or avx512 (default: the fastest; results are the same)"},
    };
    option_spec output[PLOT_OUTPUT_OPTIONS], fitting[FIT_OPTIONS], talking[TALK_OPTIONS];
    const option_table tables[] = {{PLOT_OUTPUT_OPTIONS, output},
                                   {sizeof own / sizeof *own, own},
                                   {FIT_OPTIONS, fitting},
                                   {TALK_OPTIONS, talking},
                                   {0, NULL}};
    size_t n = 0;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    fit_options_init(&self->source.how);
    plot_output_table(&self->output,
                      "time, space, productivity, magnitudes or background; may be\n"
                      "given several times (default: all)",
                      output);
    fit_options_table(&self->source.how, fitting);
    talk_options(&self->t, talking);
    outcome = options_parse(&usage, tables, argc, argv, &self->source.path, &n);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = options_check_kernels(&usage, self->source.how.kernels);
    for (etas_fit_figure k = 0; k < ETAS_N_FIT_FIGURES; k++)
        names[k] = etas_fit_figure_name(k);
    if (outcome == OPTIONS_RUN)
        outcome = plot_output_check(&self->output, &usage, ETAS_N_FIT_FIGURES, names);
    return outcome;
}

static etas_status draw(const plot_job *self, const etas_fit_data *data, etas_error *err)
{
    etas_status st = ETAS_OK;

    for (etas_fit_figure k = 0; k < ETAS_N_FIT_FIGURES && st == ETAS_OK; k++) {
        etas_figure figure = {0};

        if ((self->output.chosen >> k & 1) == 0)
            continue;
        st = etas_fit_figure_draw(&figure, k, data, plot_output_theme(&self->output), err);
        if (st == ETAS_OK)
            st = plot_output_write(&self->output, &figure, &self->t, err);
        etas_figure_free(&figure);
    }
    return st;
}

static etas_status fit_and_draw(plot_job *self, etas_error *err)
{
    fit f = {0};
    etas_fit_data data = {0};
    etas_status st = fit_run(&f, &self->source.cfg, &self->source.how, &self->t, err);

    if (st == ETAS_OK)
        st = etas_fit_data_gather(&data, f.inversion, &f.catalog, &f.how, err);
    if (st == ETAS_OK)
        st = draw(self, &data, err);
    etas_fit_data_free(&data);
    fit_free(&f);
    return st;
}

int plot_fit(int argc, char *argv[])
{
    plot_job self = {0};
    etas_error err = {0};
    const options_outcome outcome = parse(&self, argc, argv);
    etas_status st;
    int code = 0;

    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    st = fit_source_load(&self.source, &self.t, &err);
    if (st != ETAS_OK)
        code = talk_fail(&self.t, st, &err);
    else if (catalog_options_apply(&self.source.how.input, &usage, &self.source.cfg) != OPTIONS_RUN)
        code = EXIT_USAGE;
    else if ((st = fit_and_draw(&self, &err)) != ETAS_OK)
        code = talk_fail(&self.t, st, &err);
    fit_source_free(&self.source);
    return code;
}
