#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "again.h"
#include "commands.h"
#include "etas/io.h"
#include "etas/report.h"
#include "grid_options.h"
#include "options.h"
#include "paths.h"
#include "report_fit.h"
#include "report_tests.h"
#include "stored_forecast.h"

static const command_usage usage = {
    .name = "etas report",
    .synopsis = "STORE|OUTPUT -o FILE.html [OPTIONS]",
    .about =
        "Write one page about a run, from its store (OUTPUT.store): the forecast in words,\n"
        "pictures, probabilities, the model, how the run went. The page needs no network and no\n"
        "other file, and every picture's numbers can be saved from it. A run that is not\n"
        "complete is shown as far as it is.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct report {
    talk t;
    const char *argument, *output, *observed, *thresholds;
    char *again;
    char path[4096];
    catalog_options input;
    etas_catalog_options how;
    grid_request grid;
    /* gathered */
    etas_store *store;
    stored_forecast forecast;
    etas_run_view view;
    report_tests tests;
    fit_source source; /* with a path: --fit */
    report_fit fit;
    char *name;
} report;

/* ---- options ---- */

static options_outcome check(report *self)
{
    options_outcome outcome = OPTIONS_RUN;

    if (self->output == NULL)
        return options_complain(&usage, "-o FILE.html is missing");
    paths_find_store(self->argument, sizeof self->path, self->path);
    if (paths_are_same(self->output, self->path))
        return options_complain(&usage, "%s is the run's store", self->output);
    if ((self->observed != NULL && paths_are_same(self->output, self->observed)) ||
        (self->source.path != NULL && paths_are_same(self->output, self->source.path)))
        return options_complain(&usage, "%s is an input: the page would replace it", self->output);
    outcome = catalog_options_take(&self->input, &usage, NULL, &self->how);
    return outcome == OPTIONS_RUN ? grid_request_thresholds(&self->grid, self->thresholds, &usage)
                                  : outcome;
}

static options_outcome parse(report *self, int argc, char *argv[])
{
    const option_spec own[] = {
        {"output", 'o', OPTION_TEXT, &self->output, "FILE", "the page"},
        {"observed", 0, OPTION_TEXT, &self->observed, "CATALOG",
         "what happened: its events in the forecast's window and region are drawn, and\n"
         "the forecast is tested with them"},
        {"fit", 0, OPTION_TEXT, &self->source.path, "FILE",
         "the configuration that was inverted, parameters_<id>.json of it or the folder\n"
         "of these: adds standard errors and pictures of the fit"},
        {"thresholds", 0, OPTION_TEXT, &self->thresholds, "M,M,...",
         "magnitudes of the probabilities (default: the lowest, and the whole and half\n"
         "ones above it); the first is that of the pictures"},
    };
    option_spec reading[CATALOG_OPTIONS], talking[TALK_OPTIONS];
    const option_table tables[] = {{sizeof own / sizeof *own, own},
                                   {CATALOG_OPTIONS, reading},
                                   {TALK_OPTIONS, talking},
                                   {0, NULL}};
    size_t n = 0;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    fit_options_init(&self->source.how);
    catalog_options_table(&self->input, reading);
    talk_options(&self->t, talking);
    self->again = again_quoted(argc, argv);
    outcome = options_parse(&usage, tables, argc, argv, &self->argument, &n);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, &usage);
    return outcome == OPTIONS_RUN ? check(self) : outcome;
}

/* ---- gathering ---- */

/* The configuration's "name"; that of a platform may have none. */
static char *name_of(const etas_store_run *run)
{
    json_t *const root =
        run->config_text != NULL ? json_loads(run->config_text, JSON_DECODE_ANY, NULL) : NULL;
    const char *const name = json_string_value(json_object_get(root, "name"));
    char *const out = name != NULL ? strdup(name) : NULL;

    json_decref(root);
    return out;
}

static etas_status check_thresholds(const report *self, etas_error *err)
{
    const etas_store_run *const run = &self->view.run;

    return self->thresholds != NULL && etas_counts_is_blob(run->blob_len, run->blob)
               ? etas_fail(err, ETAS_E_ARG,
                           "%s counts with thresholds of its own (leave --thresholds away)",
                           self->path)
               : ETAS_OK;
}

static etas_status add_fit(report *self, etas_error *err)
{
    const etas_status st = fit_source_load(&self->source, &self->t, err);

    return st == ETAS_OK ? report_fit_run(&self->fit, &self->source, self->forecast.about.model,
                                          &self->t, err)
                         : st;
}

static etas_status gather(report *self, etas_error *err)
{
    stored_source from = {.path = self->path,
                          .n_thresholds = self->grid.n_thresholds,
                          .threshold = self->grid.threshold,
                          .observed = self->observed,
                          .how = self->how};
    etas_status st = etas_store_open(&self->store, self->path, ETAS_STORE_READ, err);

    from.store = self->store;
    if (st == ETAS_OK)
        st = etas_run_view_read(&self->view, self->store, err);
    if (st == ETAS_OK)
        st = check_thresholds(self, err);
    if (st == ETAS_OK)
        st = stored_forecast_load(&self->forecast, &from, &self->t, err);
    if (st == ETAS_OK && self->observed != NULL && self->view.stored >= self->view.run.n_catalogs)
        st = report_tests_run(&self->tests, self->store, &self->forecast.catalog, err);
    if (st == ETAS_OK && self->source.path != NULL)
        st = add_fit(self, err);
    self->name = st == ETAS_OK ? name_of(&self->view.run) : NULL;
    return st;
}

/* ---- writing ---- */

static etas_status write_page(const report *self, etas_error *err)
{
    const etas_report_page page = {
        .forecast = self->forecast.forecast,
        .run = &self->view,
        .name = self->name,
        .store_path = self->path,
        .again = self->again,
        .observed = stored_forecast_observed(&self->forecast),
        .observed_path = self->observed,
        .n_tests = self->tests.n,
        .tests = self->tests.result,
        .test_cell_deg = self->tests.cell_deg,
        .fit = self->source.path != NULL ? &self->fit.shown : NULL,
        .now = (etas_time)time(NULL) * ETAS_NS_PER_S,
    };
    etas_text text = {0};
    etas_output out = {0};
    etas_status st = etas_report_page_write(&page, &text, err);

    if (st == ETAS_OK)
        st = etas_output_open(&out, self->output, err);
    if (st == ETAS_OK)
        (void)fwrite(text.data, 1, text.len, out.stream); /* the commit tells what failed */
    if (st == ETAS_OK)
        st = etas_output_commit(&out, err);
    etas_output_discard(&out);
    if (st == ETAS_OK)
        etas_log_write(&self->t.log, ETAS_LOG_INFO, "%s: %.1f KiB", self->output,
                       (double)text.len / 1024);
    etas_text_free(&text);
    return st;
}

static etas_status make(report *self, etas_error *err)
{
    const etas_run_view *const v = &self->view;
    etas_output probe = {0};
    etas_status st = etas_output_open(&probe, self->output, err); /* before the long part */

    etas_output_discard(&probe);
    if (st == ETAS_OK)
        st = gather(self, err);
    if (st == ETAS_OK && v->stored < v->run.n_catalogs)
        etas_log_write(&self->t.log, ETAS_LOG_WARN,
                       "%s: %llu of %llu catalogues are missing, the page says so", self->path,
                       (unsigned long long)(v->run.n_catalogs - v->stored),
                       (unsigned long long)v->run.n_catalogs);
    return st == ETAS_OK ? write_page(self, err) : st;
}

int cmd_report(int argc, char *argv[])
{
    static report self;
    etas_error err = {0};
    etas_status st = ETAS_OK;
    const options_outcome outcome = parse(&self, argc, argv);

    if (outcome == OPTIONS_RUN)
        st = make(&self, &err);
    report_fit_free(&self.fit);
    fit_source_free(&self.source);
    report_tests_free(&self.tests);
    stored_forecast_free(&self.forecast);
    etas_run_view_free(&self.view);
    etas_store_close(self.store);
    free(self.name);
    free(self.again);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    return st == ETAS_OK ? 0 : talk_fail(&self.t, st, &err);
}
