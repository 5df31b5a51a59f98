#include "evaluate_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "etas/text.h"
#include "table.h"
#include "watch.h"

/* ---- words ---- */

static const char *base_name(const char *path)
{
    const char *const slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static double mean_number(const etas_expected *e)
{
    return (double)e->n_events / (double)e->n_catalogs;
}

static void print_forecast(const char *title, const forecast_subject *f)
{
    printf("%-10s %s: %" PRIu64 " catalogues, %.6g events expected\n", title, f->path,
           f->expected.n_catalogs, mean_number(&f->expected));
}

static void print_frame(const evaluation_report *self)
{
    const etas_cells *const c = self->frame->cells;
    const etas_plan *const window = self->frame->model->plan;
    char from[32], to[32];

    from[etas_time_format(window->output_start, ' ', from) - 7] = '\0';
    to[etas_time_format(window->end, ' ', to) - 7] = '\0';
    printf("%-10s %s to %s, M >= %.12g; %zu cells of %g x %g degrees, %zu magnitude bins\n", "grid",
           from, to, c->mag[0], c->n_places, c->dlat, c->dlon, c->n_mags);
}

static void print_observed(const evaluation_report *self)
{
    const etas_observed *const o = self->observed;
    const struct {
        size_t n;
        const char *why;
    } others[] = {{o->n_time, "outside the time"},
                  {o->n_small, "too small"},
                  {o->n_region, "outside the region"},
                  {o->n_border, "in no cell"}};
    const char *before = "; not counted: ";

    printf("%-10s %s: %zu events", "observed", self->observed_path, o->n_events);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].n == 0)
            continue;
        printf("%s%zu %s", before, others[i].n, others[i].why);
        before = ", ";
    }
    printf("\n\n");
}

/* ---- tables ---- */

static const char *number(double x, char out[32])
{
    (void)etas_format(32, out, isnan(x) ? "-" : "%.6g", x);
    return out;
}

static void add_number(table *t, double x, bool valid)
{
    char text[32];

    table_add(t, "%s", valid ? number(x, text) : "-");
}

static void add_result(table *t, const etas_test_result *r)
{
    const bool valid = r->status != ETAS_TEST_NOT_VALID;

    table_add(t, "%s", etas_test_title(r->test));
    table_add(t, "%s", etas_test_status_name(r->status));
    table_add(t, "%" PRIu64, r->n_used);
    table_add(t, "%" PRIu64, r->n_left_out);
    add_number(t, r->statistic, true);
    for (size_t i = 0; i < r->n_quantiles; i++)
        add_number(t, r->quantile[i], valid);
}

static etas_status print_consistency(const evaluation_report *self, etas_error *err)
{
    static const table_column columns[] = {
        {"test", true, 0},       {"status", true, 0},  {"events", false, 0}, {"left out", false, 0},
        {"statistic", false, 0}, {"P(X>=)", false, 0}, {"P(X<=)", false, 0}};
    table t;
    etas_status st;

    table_init(&t, sizeof columns / sizeof *columns, columns);
    for (size_t i = 0; i < ETAS_N_CONSISTENCY; i++)
        if (self->made[i])
            add_result(&t, &self->result[i]);
    st = t.n > 0 ? table_print(&t, 0, err) : ETAS_OK;
    table_free(&t);
    return st;
}

static etas_status print_comparison(const evaluation_report *self, etas_error *err)
{
    static const table_column columns[] = {
        {"test", true, 0},      {"status", true, 0}, {"events", false, 0}, {"left out", false, 0},
        {"gain", false, 0},     {"from", false, 0},  {"to", false, 0},     {"t or z", false, 0},
        {"critical", false, 0}, {"p", false, 0}};
    const etas_test_result *const t_test = &self->result[ETAS_TEST_T];
    const etas_test_result *const w_test = &self->result[ETAS_TEST_W];
    table t;
    etas_status st;

    table_init(&t, sizeof columns / sizeof *columns, columns);
    for (const etas_test_result *r = t_test; r <= w_test; r++) {
        const bool valid = r->status != ETAS_TEST_NOT_VALID, is_t = r == t_test;

        table_add(&t, "%s", etas_test_title(r->test));
        table_add(&t, "%s", etas_test_status_name(r->status));
        table_add(&t, "%" PRIu64, r->n_used);
        table_add(&t, "%" PRIu64, r->n_left_out);
        add_number(&t, r->statistic, is_t);
        add_number(&t, valid && is_t ? r->distribution[0] : NAN, true);
        add_number(&t, valid && is_t ? r->distribution[1] : NAN, true);
        add_number(&t, is_t ? r->quantile[0] : r->statistic, valid);
        add_number(&t, r->quantile[1], valid && is_t);
        add_number(&t, r->quantile[0], valid && !is_t);
    }
    printf("\n");
    st = table_print(&t, 0, err);
    table_free(&t);
    return st;
}

etas_status evaluation_print(const evaluation_report *self, etas_error *err)
{
    etas_status st;

    print_forecast("forecast", self->forecast);
    if (self->against != NULL)
        print_forecast("against", self->against);
    print_frame(self);
    print_observed(self);
    st = print_consistency(self, err);
    return st == ETAS_OK && self->against != NULL ? print_comparison(self, err) : st;
}

/* ---- JSON ---- */

static json_t *real_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *forecast_json(const char *name, const forecast_subject *f)
{
    return json_pack("{s:s, s:s, s:I, s:o}", "name", name, "file", f->path, "n_catalogs",
                     (json_int_t)f->expected.n_catalogs, "expected",
                     real_or_null(mean_number(&f->expected)));
}

static json_t *observed_json(const evaluation_report *self)
{
    const etas_observed *const o = self->observed;

    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "file", self->observed_path, "n_events",
                     (json_int_t)o->n_events, "n_outside_time", (json_int_t)o->n_time,
                     "n_too_small", (json_int_t)o->n_small, "n_outside_region",
                     (json_int_t)o->n_region, "n_in_no_cell", (json_int_t)o->n_border);
}

static json_t *result_json(const etas_test_result *r)
{
    json_t *const quantile = r->n_quantiles == 2 ? json_pack("[o, o]", real_or_null(r->quantile[0]),
                                                             real_or_null(r->quantile[1]))
                                                 : real_or_null(r->quantile[0]);
    json_t *const out =
        json_pack("{s:s, s:s, s:o, s:o, s:I, s:I}", "name", etas_test_title(r->test), "status",
                  etas_test_status_name(r->status), "quantile", quantile, "observed_statistic",
                  real_or_null(r->statistic), "n_used", (json_int_t)r->n_used, "n_left_out",
                  (json_int_t)r->n_left_out);

    if (out != NULL && r->test == ETAS_TEST_T && r->n == 2)
        (void)json_object_set_new(out, "interval",
                                  json_pack("[f, f]", r->distribution[0], r->distribution[1]));
    return out;
}

etas_status evaluation_print_json(const evaluation_report *self, etas_error *err)
{
    json_t *const tests = json_array();
    json_t *const root =
        json_pack("{s:o, s:o, s:o}", "forecast", forecast_json(self->sim_name, self->forecast),
                  "observed", observed_json(self), "tests", tests);

    if (root != NULL && self->against != NULL)
        (void)json_object_set_new(root, "against",
                                  forecast_json(self->against_name, self->against));
    for (size_t i = 0; root != NULL && i < ETAS_N_TESTS; i++)
        if (self->made[i])
            (void)json_array_append_new(tests, result_json(&self->result[i]));
    return watch_print_json(0, root, err);
}

/* ---- files ---- */

typedef struct span {
    double low, high;
} span;

static span span_of(const etas_observed *o, const double values[])
{
    span s = {INFINITY, -INFINITY};

    for (size_t i = 0; i < o->n_events; i++) {
        s.low = fmin(s.low, values[o->row[i]]);
        s.high = fmax(s.high, values[o->row[i]]);
    }
    return s;
}

/* As pyCSEP prints a catalogue. */
static void describe(const evaluation_report *self, size_t capacity, char out[])
{
    const etas_observed *const o = self->observed;
    const etas_catalog *const c = self->catalog;
    const span lat = span_of(o, c->lat), lon = span_of(o, c->lon), mag = span_of(o, c->mag);
    etas_time first = INT64_MAX, last = INT64_MIN;
    char from[32] = "None", to[32] = "None", places[160] = "";

    for (size_t i = 0; i < o->n_events; i++) {
        const etas_time t = c->time[o->row[i]];

        first = t < first ? t : first;
        last = t > last ? t : last;
    }
    if (o->n_events > 0) {
        etas_time_format(first, ' ', from);
        etas_time_format(last, ' ', to);
        (void)etas_format(sizeof places, places,
                          "\n\n        Latitude: (%.3f, %.3f)\n        Longitude: (%.3f, %.3f)"
                          "\n\n        Min Mw: %.3f\n        Max Mw: %.3f",
                          lat.low, lat.high, lon.low, lon.high, mag.low, mag.high);
    }
    (void)etas_format(capacity, out,
                      "\n        Name: %s\n\n        Start Date: %s\n        End Date: %s%s"
                      "\n\n        Event Count: %zu\n        ",
                      base_name(self->observed_path), from, to, places, o->n_events);
}

etas_status test_result_save_in(const char *directory, const etas_test_result *result,
                                const etas_test_about *about, etas_error *err)
{
    char *const path = etas_results_path(directory, "", etas_test_key(result->test), "_test.json");
    etas_status st;

    if (path == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for a file name");
    st = etas_test_result_save(path, result, about, err);
    free(path);
    return st;
}

etas_status evaluation_save(const evaluation_report *self, const char *directory, etas_error *err)
{
    char repr[1024];
    etas_test_about about = {.sim_name = self->sim_name,
                             .obs_name = base_name(self->observed_path),
                             .obs_repr = repr,
                             .min_mw = self->frame->cells->mag[0]};
    etas_status st = ETAS_OK;

    describe(self, sizeof repr, repr);
    for (size_t i = 0; i < ETAS_N_TESTS && st == ETAS_OK; i++) {
        if (!self->made[i])
            continue;
        about.against_name = i < ETAS_N_CONSISTENCY ? NULL : self->against_name;
        st = test_result_save_in(directory, &self->result[i], &about, err);
    }
    return st;
}
