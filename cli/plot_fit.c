#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "etas/fit_figures.h"
#include "etas/io.h"
#include "fit.h"
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
    fit_options fit;
    plot_output output;
    const char *input, *catalog;
    char *found; /* the results in a folder */
    etas_config cfg;
    etas_params theta;
} plot_job;

static options_outcome parse(plot_job *self, int argc, char *argv[])
{
    const char *names[ETAS_N_FIT_FIGURES];
    const option_spec own[] = {
        {"catalog", 0, OPTION_TEXT, &self->catalog, "FILE",
         "the catalogue, in place of the one that the file names"},
        {"kernels", 0, OPTION_TEXT, &self->fit.kernels, "K",
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
    fit_options_init(&self->fit);
    plot_output_table(&self->output,
                      "time, space, productivity, magnitudes or background; may be\n"
                      "given several times (default: all)",
                      output);
    fit_options_table(&self->fit, fitting);
    talk_options(&self->t, talking);
    outcome = options_parse(&usage, tables, argc, argv, &self->input, &n);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = options_check_kernels(&usage, self->fit.kernels);
    for (etas_fit_figure k = 0; k < ETAS_N_FIT_FIGURES; k++)
        names[k] = etas_fit_figure_name(k);
    if (outcome == OPTIONS_RUN)
        outcome = plot_output_check(&self->output, &usage, ETAS_N_FIT_FIGURES, names);
    return outcome;
}

static int is_results(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);

    return strncmp(entry->d_name, "parameters_", 11) == 0 && len > 16 &&
           strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* A folder stands for the only results in it. */
static etas_status find_results(plot_job *self, etas_error *err)
{
    struct dirent **entries = NULL;
    struct stat info;
    etas_status st = ETAS_OK;
    int n;

    if (stat(self->input, &info) != 0 || !S_ISDIR(info.st_mode))
        return ETAS_OK;
    n = scandir(self->input, &entries, is_results, alphasort);
    if (n < 0)
        st = etas_fail(err, ETAS_E_IO, "cannot be read: %s", strerror(errno));
    else if (n == 0)
        st = etas_fail(err, ETAS_E_IO, "no parameters_<id>.json is in it");
    else if (n > 1)
        st = etas_fail(err, ETAS_E_ARG, "has results of %d inversions (%s, %s%s): name one of them",
                       n, entries[0]->d_name, entries[1]->d_name, n > 2 ? ", ..." : "");
    if (st != ETAS_OK) {
        (void)etas_error_in_file(err, self->input);
    } else {
        self->found = etas_results_path(self->input, entries[0]->d_name, "", "");
        self->input = self->found;
        if (self->found == NULL)
            st = etas_fail(err, ETAS_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return st;
}

/* Productivities and backgrounds of their own are not in the parameters: such a model is estimated
 * again, from where it was. */
static void start_from_estimate(plot_job *self)
{
    if (self->cfg.free_background || self->cfg.free_productivity)
        self->cfg.theta_0 = self->theta;
    else
        self->fit.at = &self->theta;
}

static etas_status load(plot_job *self, etas_error *err)
{
    bool has_estimate = false;
    etas_status st = find_results(self, err);

    if (st == ETAS_OK)
        st = etas_results_load_estimate(self->input, &self->theta, &has_estimate, err);
    /* Results say much that is no setting: no word about that. */
    if (st == ETAS_OK)
        st = etas_config_load(&self->cfg, self->input, ETAS_CONFIG_INVERT,
                              has_estimate ? NULL : &self->t.log, err);
    if (st == ETAS_OK && has_estimate)
        start_from_estimate(self);
    if (st == ETAS_OK && self->catalog != NULL) {
        free(self->cfg.fn_catalog);
        self->cfg.fn_catalog = strdup(self->catalog);
        if (self->cfg.fn_catalog == NULL)
            st = etas_fail(err, ETAS_E_NOMEM, "out of memory");
    }
    return st;
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
    etas_status st = fit_run(&f, &self->cfg, &self->fit, &self->t, err);

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
    st = load(&self, &err);
    if (st != ETAS_OK)
        code = talk_fail(&self.t, st, &err);
    else if (catalog_options_apply(&self.fit.input, &usage, &self.cfg) != OPTIONS_RUN)
        code = EXIT_USAGE;
    else if ((st = fit_and_draw(&self, &err)) != ETAS_OK)
        code = talk_fail(&self.t, st, &err);
    etas_config_free(&self.cfg);
    free(self.found);
    return code;
}
