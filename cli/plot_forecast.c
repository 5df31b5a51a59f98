#include <string.h>

#include "etas/report.h"
#include "grid_options.h"
#include "paths.h"
#include "plot_commands.h"
#include "plot_output.h"
#include "stored_forecast.h"

static const command_usage usage = {
    .name = "etas plot forecast",
    .synopsis = "STORE|OUTPUT [OPTIONS]",
    .about = "Draw a run from its store (OUTPUT.store): where events are expected, how many, how\n"
             "their number grows, and of which magnitudes. A run that is not complete is drawn as\n"
             "far as it is.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct plot_job {
    talk t;
    plot_output output;
    catalog_options input;
    etas_catalog_options how;
    grid_request grid;
    const char *argument, *observed, *thresholds;
    char path[4096];
} plot_job;

static options_outcome check(plot_job *self)
{
    const char *names[ETAS_FORECAST_FIGURES];
    options_outcome outcome;

    for (size_t k = 0; k < ETAS_FORECAST_FIGURES; k++)
        names[k] = etas_forecast_figures[k].name;
    outcome = plot_output_check(&self->output, &usage, ETAS_FORECAST_FIGURES, names);
    if (outcome == OPTIONS_RUN)
        outcome = catalog_options_take(&self->input, &usage, NULL, &self->how);
    if (outcome == OPTIONS_RUN)
        outcome = grid_request_thresholds(&self->grid, self->thresholds, &usage);
    paths_find_store(self->argument, sizeof self->path, self->path);
    return outcome;
}

static options_outcome parse(plot_job *self, int argc, char *argv[])
{
    const option_spec own[] = {
        {"observed", 0, OPTION_TEXT, &self->observed, "CATALOGUE",
         "what happened: its events in the forecast's window and region are drawn too"},
        {"thresholds", 0, OPTION_TEXT, &self->thresholds, "M,M,...",
         "as for etas report; the first is the magnitude from which on events are drawn"},
    };
    option_spec output[PLOT_OUTPUT_OPTIONS], reading[CATALOG_OPTIONS], talking[TALK_OPTIONS];
    const option_table tables[] = {{PLOT_OUTPUT_OPTIONS, output},
                                   {sizeof own / sizeof *own, own},
                                   {CATALOG_OPTIONS, reading},
                                   {TALK_OPTIONS, talking},
                                   {0, NULL}};
    size_t n = 0;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    self->output.prefix = "forecast-";
    plot_output_table(&self->output,
                      "map, numbers, fan or magnitudes; may be given several times\n"
                      "(default: all)",
                      output);
    catalog_options_table(&self->input, reading);
    talk_options(&self->t, talking);
    outcome = options_parse(&usage, tables, argc, argv, &self->argument, &n);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, &usage);
    return outcome == OPTIONS_RUN ? check(self) : outcome;
}

static etas_status draw(const plot_job *self, const stored_forecast *forecast, etas_error *err)
{
    const etas_forecast_shown shown = {.forecast = forecast->forecast,
                                       .observed = stored_forecast_observed(forecast),
                                       .theme = plot_output_theme(&self->output)};
    etas_status st = ETAS_OK;

    for (size_t k = 0; k < ETAS_FORECAST_FIGURES && st == ETAS_OK; k++) {
        etas_figure figure = {0};

        if ((self->output.chosen >> k & 1) == 0)
            continue;
        st = etas_forecast_figures[k].draw(&shown, &figure, err);
        if (st == ETAS_OK)
            st = plot_output_write(&self->output, &figure, &self->t, err);
        etas_figure_free(&figure);
    }
    return st;
}

/* A run that keeps counts has thresholds of its own. */
static etas_status check_run(const plot_job *self, etas_store *store, etas_error *err)
{
    etas_store_run run;
    const etas_status st = etas_store_run_get(store, &run, err);

    if (st == ETAS_OK && self->thresholds != NULL && etas_counts_is_blob(run.blob_len, run.blob))
        return etas_fail(err, ETAS_E_ARG,
                         "%s counts with thresholds of its own (leave --thresholds away)",
                         self->path);
    return st;
}

static etas_status load_and_draw(plot_job *self, etas_error *err)
{
    static stored_forecast forecast;
    stored_source from = {.path = self->path,
                          .n_thresholds = self->grid.n_thresholds,
                          .threshold = self->grid.threshold,
                          .observed = self->observed,
                          .how = self->how};
    etas_store *store = NULL;
    etas_status st = etas_store_open(&store, self->path, ETAS_STORE_READ, err);

    from.store = store;
    if (st == ETAS_OK)
        st = check_run(self, store, err);
    if (st == ETAS_OK)
        st = stored_forecast_load(&forecast, &from, &self->t, err);
    if (st == ETAS_OK)
        st = draw(self, &forecast, err);
    stored_forecast_free(&forecast);
    etas_store_close(store);
    return st;
}

int plot_forecast(int argc, char *argv[])
{
    static plot_job self;
    etas_error err = {0};
    const options_outcome outcome = parse(&self, argc, argv);
    etas_status st;

    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    st = load_and_draw(&self, &err);
    return st == ETAS_OK ? 0 : talk_fail(&self.t, st, &err);
}
