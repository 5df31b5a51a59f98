#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog_options.h"
#include "etas/consistency.h"
#include "etas/io.h"
#include "evaluate.h"
#include "evaluate_print.h"
#include "forecast_subject.h"

static const command_usage usage = {
    .name = "etas evaluate",
    .synopsis = "FORECAST --observed CATALOGUE [OPTIONS]",
    .about =
        "Consistency tests of a forecast's catalogues against what was observed, as pyCSEP\n"
        "defines them, and with --against T- and W-test against a second forecast. FORECAST is\n"
        "a store, an output with its store beside it, or catalogues of any program in pyCSEP's\n"
        "CSV; for those --config, or --polygon, --start, --end and --mag-first, say where, when\n"
        "and from which magnitude on they hold.",
    .min_arguments = 1,
    .max_arguments = 1,
};

enum { BIN_OPTIONS = 4 }; /* of the grid options: cells and magnitude bins */

typedef struct evaluation {
    talk t;
    const char *forecast, *observed, *against, *tests, *name, *directory, *seed, *axes;
    bool json;
    subject_frame_options framing;
    grid_options grid;
    grid_request request;
    catalog_options catalog_options;
    etas_catalog_options how;
    etas_consistency_config cfg;
    forecast_subject subject[2];
    subject_frame frame;
    etas_catalog catalog;
    etas_observed counted;
    evaluation_report report;
} evaluation;

/* ---- options ---- */

static options_outcome take_tests(evaluation *self)
{
    const char *list = self->tests;

    if (list == NULL)
        return OPTIONS_RUN;
    memset(self->cfg.test, 0, sizeof self->cfg.test);
    while (list != NULL) {
        const char *const comma = strchr(list, ',');
        const size_t len = comma != NULL ? (size_t)(comma - list) : strlen(list);
        size_t i = 0;

        while (i < ETAS_N_CONSISTENCY && (strlen(etas_test_key((etas_test)i)) != len ||
                                          memcmp(etas_test_key((etas_test)i), list, len) != 0))
            i++;
        if (i == ETAS_N_CONSISTENCY)
            return options_complain(&usage, "--tests: \"%.*s\" is none of n, m, s, pl, rm, mll",
                                    (int)len, list);
        self->cfg.test[i] = true;
        list = comma != NULL ? comma + 1 : NULL;
    }
    return OPTIONS_RUN;
}

static options_outcome check(evaluation *self)
{
    options_outcome outcome = take_tests(self);

    if (outcome == OPTIONS_RUN && self->observed == NULL)
        outcome = options_complain(&usage, "--observed is missing: the catalogue to test against");
    if (outcome == OPTIONS_RUN && self->axes != NULL && strcmp(self->axes, "latlon") != 0 &&
        strcmp(self->axes, "lonlat") != 0)
        outcome = options_complain(&usage, "--polygon-axes \"%s\": expected latlon or lonlat",
                                   self->axes);
    if (outcome == OPTIONS_RUN && self->framing.delta_m < 0)
        outcome = options_complain(&usage, "--delta-m: %g is negative", self->framing.delta_m);
    self->framing.lonlat = self->axes != NULL && strcmp(self->axes, "lonlat") == 0;
    if (outcome == OPTIONS_RUN && self->seed != NULL)
        outcome = options_seed(&usage, self->seed, &self->cfg.seed);
    if (outcome == OPTIONS_RUN)
        outcome = grid_request_init(&self->request, &self->grid, &usage);
    return outcome == OPTIONS_RUN
               ? catalog_options_take(&self->catalog_options, &usage, NULL, &self->how)
               : outcome;
}

static options_outcome parse(evaluation *self, int argc, char *argv[])
{
    subject_frame_options *const f = &self->framing;
    const option_spec own[] = {
        {"observed", 0, OPTION_TEXT, &self->observed, "CATALOGUE",
         "what was observed; events outside region, time and magnitudes do not count"},
        {"against", 0, OPTION_TEXT, &self->against, "FORECAST",
         "compare the two by what they expect where events were observed"},
        {"tests", 0, OPTION_TEXT, &self->tests, "T,...",
         "of n, m, s, pl, rm (resampled m) and mll (default: all)"},
        {"output", 'o', OPTION_TEXT, &self->directory, "DIR",
         "write n_test.json and so on, pyCSEP's results with all statistics"},
        {"json", 0, OPTION_FLAG, &self->json, NULL, "print JSON instead of a table"},
        {"name", 0, OPTION_TEXT, &self->name, "NAME",
         "of the forecast in results (default: its file's name)"},
        {"seed", 0, OPTION_TEXT, &self->seed, "S", "of the samples of rm and mll (default 0)"},
        {"samples", 0, OPTION_COUNT, &self->cfg.n_samples, "N",
         "of rm and mll (default: as many as catalogues)"},
        {"config", 0, OPTION_TEXT, &f->config, "FILE",
         "CSV: the forecast's configuration, for region, time and magnitudes"},
        {"polygon", 0, OPTION_TEXT, &f->polygon, "FILE",
         "CSV: region (.npy, WKT, GeoJSON or a list of points)"},
        {"polygon-axes", 0, OPTION_TEXT, &self->axes, "A",
         "latlon (default) or lonlat, of points in .npy and lists"},
        {"start", 0, OPTION_TIME, &f->start, "TIME", "CSV: begin of the forecast"},
        {"end", 0, OPTION_TIME, &f->end, "TIME", "CSV: its end"},
        {"delta-m", 0, OPTION_NUMBER, &f->delta_m, "X",
         "CSV: observed magnitudes are rounded to multiples of X (default: the\n"
         "configuration's delta_m; without one as they are)"},
        {"n-catalogs", 0, OPTION_COUNT, &f->n_catalogs, "N",
         "CSV: number of catalogues, when the last ones have no events and no rows"},
    };
    option_spec grid_specs[GRID_OPTIONS], catalog_specs[CATALOG_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {{sizeof own / sizeof *own, own},
                                   {BIN_OPTIONS, grid_specs},
                                   {CATALOG_OPTIONS, catalog_specs},
                                   {TALK_OPTIONS, talk_specs},
                                   {0, NULL}};
    size_t n;
    options_outcome outcome;

    self->cfg = etas_consistency_config_default();
    *f = (subject_frame_options){.start = ETAS_TIME_NONE, .end = ETAS_TIME_NONE, .delta_m = NAN};
    talk_init(&self->t, "etas");
    grid_options_table(&self->grid, grid_specs);
    catalog_options_table(&self->catalog_options, catalog_specs);
    talk_options(&self->t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, &self->forecast, &n);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, &usage);
    return outcome == OPTIONS_RUN ? check(self) : outcome;
}

/* ---- */

static etas_status refuse_grid(const evaluation *self, const forecast_subject *s, etas_error *err)
{
    if (s->store == NULL || s->run.cells != &s->run.kept.cells || self->request.given == NULL)
        return ETAS_OK;
    return etas_fail(err, ETAS_E_ARG, "%s counts on a grid of its own (leave %s away)", s->path,
                     self->request.given);
}

static etas_status open_subjects(evaluation *self, etas_error *err)
{
    const char *const paths[] = {self->forecast, self->against};
    const size_t n = self->against != NULL ? 2 : 1;
    etas_status st = ETAS_OK;

    self->framing.grid = &self->request.grid;
    self->framing.log = &self->t.log;
    for (size_t i = 0; i < n && st == ETAS_OK; i++) {
        self->subject[i].t = &self->t;
        st = subject_open(&self->subject[i], paths[i], &self->framing, err);
        if (st == ETAS_OK)
            st = refuse_grid(self, &self->subject[i], err);
    }
    if (st == ETAS_OK)
        st = subject_frame_build(&self->frame, n, self->subject, &self->framing, err);
    return st;
}

static etas_status observe(evaluation *self, etas_error *err)
{
    etas_catalog_summary summary = {0};
    etas_status st = etas_catalog_load(&self->catalog, self->observed, &self->how, &summary, err);

    if (st != ETAS_OK)
        return st;
    catalog_options_warn(&summary, self->observed, &self->t.log);
    return etas_observed_build(&self->counted, &self->catalog, self->frame.model, self->frame.cells,
                               err);
}

static etas_status test(evaluation *self, etas_error *err)
{
    evaluation_report *const r = &self->report;
    const etas_gridded observed = self->counted.gridded;
    const etas_comparison pair = {&self->subject[0].expected, &self->subject[1].expected, &observed,
                                  0.05};
    etas_gridded_source source;
    etas_status st = subject_expect(&self->subject[0], &self->frame, err);

    if (st == ETAS_OK && self->against != NULL)
        st = subject_expect(&self->subject[1], &self->frame, err);
    if (st != ETAS_OK)
        return st;
    source = subject_source(&self->subject[0]);
    st = etas_consistency(&self->subject[0].expected, &source, &observed, &self->cfg, r->result,
                          err);
    if (st != ETAS_OK)
        return etas_error_in_file(err, self->subject[0].path);
    memcpy(r->made, self->cfg.test, sizeof self->cfg.test);
    if (self->against == NULL)
        return ETAS_OK;
    r->made[ETAS_TEST_T] = r->made[ETAS_TEST_W] = true;
    st = etas_comparison_t(&pair, &r->result[ETAS_TEST_T], err);
    return st == ETAS_OK ? etas_comparison_w(&pair, &r->result[ETAS_TEST_W], err) : st;
}

static void warn(const evaluation *self)
{
    const etas_test_result *const w = &self->report.result[ETAS_TEST_W];

    if (self->report.made[ETAS_TEST_W] && w->status != ETAS_TEST_NOT_VALID && w->n_used < 10)
        etas_log_write(&self->t.log, ETAS_LOG_WARN,
                       "W-test: the normal approximation is poor for less than 10 events");
    for (size_t i = 0; i < 2; i++) {
        const etas_csep_forecast *const f = &self->subject[i].file;

        if (f->path != NULL && f->n_events > f->n_counted)
            etas_log_write(&self->t.log, ETAS_LOG_INFO,
                           "%s: %llu of %llu events lie outside time, cells or magnitudes", f->path,
                           (unsigned long long)(f->n_events - f->n_counted),
                           (unsigned long long)f->n_events);
    }
}

static etas_status say(evaluation *self, etas_error *err)
{
    evaluation_report *const r = &self->report;
    etas_status st = ETAS_OK;

    r->forecast = &self->subject[0];
    r->against = self->against != NULL ? &self->subject[1] : NULL;
    r->frame = &self->frame;
    r->sim_name = self->name != NULL ? self->name : self->subject[0].name;
    r->against_name = self->subject[1].name;
    r->observed_path = self->observed;
    r->catalog = &self->catalog;
    r->observed = &self->counted;
    warn(self);
    if (self->directory != NULL)
        st = evaluation_save(r, self->directory, err);
    if (st == ETAS_OK)
        st = self->json ? evaluation_print_json(r, err) : evaluation_print(r, err);
    return st;
}

int evaluate_forecast(int argc, char *argv[])
{
    evaluation *const self = calloc(1, sizeof *self);
    etas_error err = {0};
    options_outcome outcome;
    etas_status st;
    int exit_code = 0;

    if (self == NULL)
        return 1;
    outcome = parse(self, argc, argv);
    if (outcome != OPTIONS_RUN) {
        free(self);
        return options_exit_code(outcome);
    }
    st = open_subjects(self, &err);
    if (st == ETAS_OK)
        st = observe(self, &err);
    if (st == ETAS_OK)
        st = test(self, &err);
    talk_show_end(&self->t);
    if (st == ETAS_OK)
        st = say(self, &err);
    if (st != ETAS_OK)
        exit_code = talk_fail(&self->t, st, &err);
    for (size_t i = 0; i < ETAS_N_TESTS; i++)
        etas_test_result_free(&self->report.result[i]);
    subject_frame_free(&self->frame);
    subject_close(&self->subject[0]);
    subject_close(&self->subject[1]);
    etas_catalog_free(&self->catalog);
    etas_observed_free(&self->counted);
    free(self);
    return exit_code;
}
