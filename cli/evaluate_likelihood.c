#include <math.h>
#include <stdio.h>
#include <string.h>

#include "etas/array.h"
#include "etas/config.h"
#include "etas/io.h"
#include "etas/likelihood.h"
#include "etas/likelihood_output.h"
#include "evaluate.h"
#include "fit.h"
#include "options.h"
#include "run_session.h"
#include "table.h"
#include "talk.h"

static const command_usage usage = {
    .name = "etas evaluate",
    .synopsis = "CONFIG [OPTIONS]",
    .about = "The log-likelihood of the events of a test window, from timewindow_end to\n"
             "testwindow_end, under a set of parameters: per event in all (nll), of times\n"
             "(tll) and of places (sll), the information gain over a homogeneous Poisson\n"
             "process, and whether the residuals in transformed time are those of the right\n"
             "model. The parameters are those of fn_inversion_output, or given ones, or\n"
             "estimated first. CONFIG may be a parameters_<id>.json itself.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct evaluation {
    talk t;
    etas_config cfg;
    fit_options options;
    const char *parameters, *directory;
    etas_time end;
    double m_test;
    bool json;
    fit events;           /* its catalogue alone: all until the end of the test window */
    fit fitted;           /* when the parameters are estimated */
    etas_results results; /* when they come from a file */
    double *lat, *lon, *weight;
    etas_likelihood_input in;
    const char *source; /* the file with the parameters; NULL: none */
    etas_likelihood result;
} evaluation;

/* ---- options ---- */

static options_outcome parse(evaluation *self, int argc, char *argv[], const char **path)
{
    const option_spec own[] = {
        {"parameters", 0, OPTION_TEXT, &self->parameters, "FILE",
         "parameters_<id>.json whose parameters are evaluated"},
        {"end", 0, OPTION_TIME, &self->end, "TIME", "end of the test window, for testwindow_end"},
        {"m-test", 0, OPTION_NUMBER, &self->m_test, "M",
         "test events from magnitude M on (default: the completeness in the window)"},
        {"output", 'o', OPTION_TEXT, &self->directory, "DIR",
         "write ll_scores.json and, event by event, augmented_catalog.csv"},
        {"json", 0, OPTION_FLAG, &self->json, NULL, "print JSON instead of a table"},
        {"kernels", 0, OPTION_TEXT, &self->options.kernels, "K",
         "of an inversion: scalar, avx2 or avx512"},
    };
    option_spec fit_specs[FIT_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {{sizeof own / sizeof *own, own},
                                   {FIT_OPTIONS, fit_specs},
                                   {TALK_OPTIONS, talk_specs},
                                   {0, NULL}};
    size_t n;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    fit_options_init(&self->options);
    fit_options_table(&self->options, fit_specs);
    talk_options(&self->t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, path, &n);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, &usage);
    return outcome == OPTIONS_RUN ? options_check_kernels(&usage, self->options.kernels) : outcome;
}

/* ---- the test window ---- */

static etas_status fail_key(const evaluation *self, const char *key, etas_status code,
                            const char *text, etas_error *err)
{
    etas_fail(err, code, "%s", text);
    (void)etas_error_in_key(err, key);
    return etas_error_in_file(err, self->cfg.path);
}

static etas_status choose_window(evaluation *self, etas_error *err)
{
    const etas_config *cfg = &self->cfg;

    if (cfg->mc_method == ETAS_MC_POSITIVE)
        return fail_key(self, "mc", ETAS_E_UNSUPPORTED,
                        "with \"positive\" the events themselves say from which magnitude on the "
                        "next one counts, and a window has no rate; evaluate the parameters "
                        "(--parameters) with a constant mc",
                        err);
    if (self->end == ETAS_TIME_NONE)
        self->end = cfg->testwindow_end;
    if (self->end == ETAS_TIME_NONE)
        return fail_key(self, "testwindow_end", ETAS_E_PARSE,
                        "missing; an evaluation needs this key, or --end", err);
    if (self->end <= cfg->timewindow_end)
        return fail_key(self, "timewindow_end", ETAS_E_RANGE, "is not before --end", err);
    return ETAS_OK;
}

static etas_status load_events(evaluation *self, etas_error *err)
{
    etas_config until_end = self->cfg; /* borrowed */

    until_end.timewindow_end = self->end;
    return fit_load(&self->events, &until_end, &self->t, err);
}

/* ---- the model ---- */

/* A catalogue may be binned otherwise than the one the model was fitted to: magnitudes count from
 * the lower edge of the first bin. */
static void take_reference(evaluation *self, double m_ref, double delta_m)
{
    self->in.m_ref = m_ref + 0.5 * (self->cfg.delta_m - delta_m);
    self->in.delta_m = self->cfg.delta_m;
}

static etas_status take_locations(evaluation *self, size_t n, etas_error *err)
{
    if (etas_array_alloc((void **)&self->lat, n, sizeof *self->lat) != ETAS_OK ||
        etas_array_alloc((void **)&self->lon, n, sizeof *self->lon) != ETAS_OK ||
        etas_array_alloc((void **)&self->weight, n, sizeof *self->weight) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the background of %zu events", n);
    self->in.smooth = (etas_smooth_background){.n = n,
                                               .lat = self->lat,
                                               .lon = self->lon,
                                               .weight = self->weight,
                                               .variance_km2 = self->cfg.bw_sq};
    return ETAS_OK;
}

static etas_status model_from_fit(evaluation *self, etas_error *err)
{
    const fit *f = &self->fitted;
    const etas_inversion_state *s = &f->state;
    etas_status st = fit_run(&self->fitted, &self->cfg, &self->options, &self->t, err);

    if (st == ETAS_OK)
        st = fit_save(f, &self->cfg, err);
    if (st != ETAS_OK)
        return st;
    self->in.theta = s->theta;
    self->in.beta = s->beta;
    take_reference(self, f->m_ref, self->cfg.delta_m);
    self->in.kappa = s->kappa;
    self->in.n_kappa = s->kappa != NULL ? s->n_sources : 0;
    if (!self->cfg.free_background)
        return ETAS_OK;
    st = take_locations(self, s->n_targets, err);
    for (size_t j = 0; st == ETAS_OK && j < s->n_targets; j++) {
        self->lat[j] = f->catalog.lat[s->target[j]];
        self->lon[j] = f->catalog.lon[s->target[j]];
        self->weight[j] = s->expectation->p_background[j] * (s->zeta != NULL ? s->zeta[j] : 1);
    }
    return st;
}

static etas_status model_from_file(evaluation *self, etas_error *err)
{
    etas_results *r = &self->results;
    etas_status st = etas_results_load_parameters(r, self->source, err);

    if (st == ETAS_OK && (r->free_background || r->free_productivity)) { /* more than parameters */
        etas_results_free(r);
        st = etas_results_load(r, self->source, &self->cfg, err);
    }
    if (st == ETAS_OK && r->theta.three_dim != self->cfg.three_dim)
        st = fail_key(self, "three_dim", ETAS_E_RANGE,
                      "the parameters are those of the other kind of model", err);
    if (st == ETAS_OK && r->induced && self->cfg.bg_term == NULL)
        st = fail_key(self, "bg_term", ETAS_E_PARSE,
                      "missing; the parameters have an induced term, whose shape this column is",
                      err);
    if (st != ETAS_OK)
        return st;
    self->in.theta = r->theta;
    self->in.beta = r->beta;
    take_reference(self, r->m_ref, r->delta_m);
    if (r->free_productivity) {
        self->in.kappa = r->kappa;
        self->in.n_kappa = r->n_sources;
    }
    if (!r->free_background)
        return ETAS_OK;
    st = take_locations(self, r->n_targets, err);
    for (size_t j = 0; st == ETAS_OK && j < r->n_targets; j++) {
        self->lat[j] = r->target_lat[j];
        self->lon[j] = r->target_lon[j];
        self->weight[j] = r->target_weight[j];
    }
    return st;
}

static etas_status make_model(evaluation *self, etas_error *err)
{
    const etas_config_model *given = &self->cfg.common;

    self->source = self->parameters != NULL ? self->parameters : self->cfg.fn_inversion_output;
    if (self->parameters == NULL && given->has_parameters) {
        self->in.theta = given->parameters;
        self->in.beta = given->beta;
        take_reference(self, given->parameters_m_ref, self->cfg.delta_m);
        self->source = self->cfg.path;
        return ETAS_OK;
    }
    return self->source != NULL ? model_from_file(self, err) : model_from_fit(self, err);
}

/* Productivities belong to the events they were fitted to. */
static etas_status check_kappa(const evaluation *self, etas_error *err)
{
    const etas_catalog *of = self->source != NULL ? &self->results.sources : &self->fitted.catalog;
    const etas_catalog *events = &self->events.catalog;

    for (size_t i = 0; i < self->in.n_kappa; i++)
        if (i >= events->n || events->time[i] != of->time[i] ||
            events->time[i] >= self->cfg.timewindow_end) {
            etas_fail(err, ETAS_E_RANGE,
                      "source %zu, which has a productivity of its own, is another event in %s",
                      i + 1, self->cfg.fn_catalog);
            return etas_error_in_file(err, self->source);
        }
    return ETAS_OK;
}

/* ---- output ---- */

static void print_head(const evaluation *self)
{
    const etas_likelihood *r = &self->result;
    char start[32], end[32];

    etas_time_format(self->in.test_start, ' ', start);
    etas_time_format(self->in.test_end, ' ', end);
    printf("%-18s %.19s to %.19s\n", "test window", start, end);
    printf("%-18s %zu with magnitude %.4g or more\n", "events", r->n, r->m_test);
    printf("%-18s %.6g (background %.6g", "expected", r->compensator, r->background);
    if (r->induced > 0)
        printf(", induced %.6g", r->induced);
    printf(", triggered %.6g)\n", r->triggered);
    if (r->n > 0)
        printf("%-18s %.4g\n", "background share", r->background_share);
    printf("%-18s %.12g\n", "log-likelihood", r->log_likelihood);
}

static etas_status print_scores(const etas_likelihood *r, etas_error *err)
{
    static const table_column columns[] = {
        {"per event", true, 0}, {"ETAS", false, 0}, {"Poisson", false, 0}, {"gain", false, 0}};
    const struct {
        const char *name;
        double model, poisson, gain;
    } rows[] = {{"nll", r->model.nll, r->poisson.nll, r->gain},
                {"tll", r->model.tll, r->poisson.tll, r->time_gain},
                {"sll", r->model.sll, r->poisson.sll, r->space_gain}};
    table t;
    etas_status st;

    table_init(&t, sizeof columns / sizeof *columns, columns);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        table_add(&t, "%s", rows[i].name);
        table_add(&t, "%.8f", rows[i].model);
        table_add(&t, "%.8f", rows[i].poisson);
        table_add(&t, "%.6f", rows[i].gain);
    }
    st = table_print(&t, 0, err);
    table_free(&t);
    return st;
}

static etas_status print_residuals(const etas_likelihood *r, etas_error *err)
{
    static const table_column columns[] = {
        {"residuals", true, 0}, {"KS distance", false, 0}, {"p", false, 0}};
    table t;
    etas_status st;

    table_init(&t, sizeof columns / sizeof *columns, columns);
    table_add(&t, "transformed times");
    table_add(&t, "%.6f", r->tau.distance);
    table_add(&t, "%.4g", r->tau.p);
    table_add(&t, "intervals");
    table_add(&t, "%.6f", r->u.distance);
    table_add(&t, "%.4g", r->u.p);
    st = table_print(&t, 0, err);
    table_free(&t);
    return st;
}

static etas_status show(const evaluation *self, etas_error *err)
{
    const etas_likelihood_report report = {
        .in = &self->in, .result = &self->result, .parameters_from = self->source};
    etas_status st =
        self->directory != NULL ? etas_likelihood_save(&report, self->directory, err) : ETAS_OK;

    if (st != ETAS_OK)
        return st;
    if (self->json)
        return etas_likelihood_write_json(stdout, &report, err);
    print_head(self);
    if (self->result.n == 0)
        return ETAS_OK;
    puts("");
    st = print_scores(&self->result, err);
    puts("");
    return st == ETAS_OK ? print_residuals(&self->result, err) : st;
}

/* ---- */

static etas_status evaluate(evaluation *self, etas_error *err)
{
    const etas_config *cfg = &self->cfg;
    const double start = talk_seconds();
    etas_status st;

    self->in.catalog = &self->events.catalog;
    self->in.train_start = cfg->timewindow_start;
    self->in.test_start = cfg->timewindow_end;
    self->in.test_end = self->end;
    self->in.inner_region = cfg->has_inner_region ? &cfg->inner_region : NULL;
    self->in.m_test = self->m_test;
    self->in.area_km2 = self->events.area_km2;
    self->in.earth_radius_km = cfg->earth_radius;
    self->in.n_threads =
        self->options.threads > 0 ? (size_t)self->options.threads : available_cpus();
    self->in.interrupted = run_catch_signals();
    st = etas_likelihood_evaluate(&self->in, &self->result, err);
    if (st == ETAS_OK)
        etas_log_write(&self->t.log, self->result.n > 0 ? ETAS_LOG_INFO : ETAS_LOG_WARN,
                       "%zu events in the test window and %zu before it, evaluated in %.3g s",
                       self->result.n, self->result.n_train, talk_seconds() - start);
    else if (st == ETAS_E_RANGE && cfg->fn_catalog != NULL)
        (void)etas_error_in_file(err, cfg->fn_catalog);
    return st;
}

static etas_status run(evaluation *self, etas_error *err)
{
    etas_status st = choose_window(self, err);

    if (st == ETAS_OK)
        st = load_events(self, err);
    if (st == ETAS_OK)
        st = make_model(self, err);
    if (st == ETAS_OK)
        st = fit_cut(&self->events, self->in.m_ref, err);
    if (st == ETAS_OK)
        st = check_kappa(self, err);
    if (st == ETAS_OK)
        st = evaluate(self, err);
    return st == ETAS_OK ? show(self, err) : st;
}

static void evaluation_free(evaluation *self)
{
    etas_likelihood_free(&self->result);
    etas_array_free((void **)&self->lat);
    etas_array_free((void **)&self->lon);
    etas_array_free((void **)&self->weight);
    etas_results_free(&self->results);
    fit_free(&self->fitted);
    fit_free(&self->events);
    etas_config_free(&self->cfg);
}

int evaluate_likelihood(int argc, char *argv[])
{
    evaluation self = {.end = ETAS_TIME_NONE, .m_test = NAN};
    const char *path;
    etas_error err = {0};
    etas_status st;
    int code;
    const options_outcome outcome = parse(&self, argc, argv, &path);

    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    st = etas_config_load(&self.cfg, path, ETAS_CONFIG_EVALUATE, &self.t.log, &err);
    if (st != ETAS_OK)
        return talk_fail(&self.t, st, &err);
    if (catalog_options_apply(&self.options.input, &usage, &self.cfg) != OPTIONS_RUN) {
        code = EXIT_USAGE;
    } else {
        st = run(&self, &err);
        code = st == ETAS_OK ? 0 : talk_fail(&self.t, st, &err);
    }
    evaluation_free(&self);
    return code;
}
