/* The Swiss 30-day forecast against the reference package's 9,200 simulations. */
#include "swiss_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etas/simulation.h"

enum { N_CATALOGS = 100000, DAYS = SWISS_DAYS };

/* Mean and standard error of something that is counted per catalogue. */
typedef struct moments {
    double sum, square;
} moments;

static void add(moments *m, double x)
{
    m->sum += x;
    m->square += x * x;
}

static double mean_of(const moments *m)
{
    return m->sum / N_CATALOGS;
}

static double variance_of(const moments *m)
{
    return (m->square - m->sum * m->sum / N_CATALOGS) / (N_CATALOGS - 1);
}

static void check_z(const char *what, double got, double got_se, double want, double want_se)
{
    const double z = (got - want) / sqrt(got_se * got_se + want_se * want_se);

    print_message("%-28s %10.5f +- %.5f  reference %10.5f +- %.5f  z %+.2f\n", what, got, got_se,
                  want, want_se, z);
    if (!(fabs(z) < 4))
        fail_msg("%s: z = %g", what, z);
}

static void check_moments(const char *what, const moments *m, const json_t *want)
{
    check_z(what, mean_of(m), sqrt(variance_of(m) / N_CATALOGS), swiss_number_at(want, "mean"),
            swiss_number_at(want, "se"));
}

enum { MAGS = 5, GENERATIONS = 6 };

typedef struct tallies {
    moments number, zero, mag[MAGS], day[DAYS], generation[GENERATIONS], triggered, background;
    double fourth; /* central moment of the number, for the error of its variance */
} tallies;

static const char *const mag_names[MAGS] = {"2.5", "3.0", "3.5", "4.0", "5.0"};

static void tally_catalog(const etas_events *e, size_t from, size_t to, tallies *t)
{
    double mag[MAGS] = {0}, day[DAYS] = {0}, generation[GENERATIONS] = {0};

    for (size_t i = from; i < to; i++) {
        for (size_t k = 0; k < MAGS; k++)
            mag[k] += e->mag[i] >= strtod(mag_names[k], NULL) * 1e4 - 0.5;
        day[e->time_ms[i] / 86400000]++;
        if (e->generation[i] < GENERATIONS)
            generation[e->generation[i]]++;
    }
    add(&t->number, (double)(to - from));
    add(&t->zero, from == to);
    for (size_t k = 0; k < MAGS; k++)
        add(&t->mag[k], mag[k]);
    for (size_t d = 0; d < DAYS; d++)
        add(&t->day[d], day[d]);
    for (size_t g = 0; g < GENERATIONS; g++)
        add(&t->generation[g], generation[g]);
    add(&t->triggered, (double)(to - from) - generation[0]);
    t->fourth += pow((double)(to - from) - 2.81, 4);
}

static void check_days(const tallies *t, const json_t *reference)
{
    const json_t *days = json_object_get(reference, "mean_number_per_day_bin");

    assert_int_equal(json_array_size(days), DAYS);
    for (size_t d = 0; d < DAYS; d++) {
        char what[32];

        (void)snprintf(what, sizeof what, "day %zu", d + 1);
        check_moments(what, &t->day[d], json_array_get(days, d));
    }
}

static void swiss_forecasts_agree_with_the_reference(void **state)
{
    swiss_case *c = *state;
    const json_t *want = c->reference, *number = json_object_get(want, "number");
    tallies *t = calloc(1, sizeof *t);
    etas_simulator *sim = NULL;
    etas_events events = {0};
    etas_error err = {0};
    double p0, ref_p0, variance;
    size_t at = 0;

    assert_non_null(t);
    check_rel(c->plan.background.mean,
              swiss_number_at(json_object_get(want, "analytic"), "expected_n_background"), 1e-9);
    check_ok(etas_simulator_open(&sim, &c->plan, NULL, &err), &err);
    check_ok(etas_simulator_run(sim, 20220910, 0, N_CATALOGS, &events, &err), &err);
    for (size_t k = 0; k < N_CATALOGS; k++) {
        tally_catalog(&events, at, at + events.count[k], t);
        at += events.count[k];
    }
    assert_int_equal(at, events.n);

    variance = variance_of(&t->number);
    check_z("number of events", mean_of(&t->number), sqrt(variance / N_CATALOGS),
            swiss_number_at(number, "mean"), swiss_number_at(number, "mean_se"));
    check_z("variance of the number", variance,
            sqrt((t->fourth / N_CATALOGS - variance * variance) / N_CATALOGS),
            swiss_number_at(number, "variance"), swiss_number_at(number, "variance_se"));
    p0 = mean_of(&t->zero);
    ref_p0 = swiss_number_at(number, "fraction_zero");
    check_z("empty catalogues", p0, sqrt(p0 * (1 - p0) / N_CATALOGS), ref_p0,
            sqrt(ref_p0 * (1 - ref_p0) / swiss_number_at(want, "n_simulations")));
    for (size_t k = 0; k < MAGS; k++)
        check_moments(mag_names[k], &t->mag[k],
                      json_object_get(json_object_get(want, "mean_n_M_ge"), mag_names[k]));
    check_days(t, want);
    for (size_t g = 0; g < GENERATIONS; g++) {
        const char name[2] = {(char)('0' + g), '\0'};

        check_moments(name, &t->generation[g],
                      json_object_get(json_object_get(want, "mean_number_by_generation"), name));
    }
    check_moments("background", &t->generation[0], json_object_get(want, "background"));
    check_moments("triggered", &t->triggered, json_object_get(want, "triggered"));
    print_message("background share %.5f\n", t->generation[0].sum / t->number.sum);

    /* A converged prototype: mean 2.8091 +- 0.0035 over 400,000 catalogues, M >= 3 0.5142. */
    check_z("number, prototype", mean_of(&t->number), sqrt(variance / N_CATALOGS), 2.8091, 0.0035);
    check_z("empty, prototype", p0, sqrt(p0 * (1 - p0) / N_CATALOGS), 0.1085,
            sqrt(0.1085 * 0.8915 / 400000));
    check_z("M >= 3, prototype", mean_of(&t->mag[1]), sqrt(variance_of(&t->mag[1]) / N_CATALOGS),
            0.5142, sqrt(0.66 / 400000));

    free(t);
    etas_events_free(&events);
    etas_simulator_close(sim);
}

/* ---- space ---- */

enum { MAX_CELLS = 4096 };

static size_t cell_of(const json_t *edges, double x)
{
    const size_t n = json_array_size(edges);

    for (size_t i = 0; i + 1 < n; i++)
        if (x < json_number_value(json_array_get(edges, i + 1)))
            return i;
    return n - 2;
}

static double width_of(const json_t *edges, size_t i, double low, double high)
{
    const double from = json_number_value(json_array_get(edges, i));
    const double to = json_number_value(json_array_get(edges, i + 1));

    return fmax(0, fmin(to, high) - fmax(from, low)) / (high - low);
}

/*
 * The reference places 6.12 % of its background events uniformly in degrees over the bounding box
 * (it gives up on a catalogue's places when too few fall inside), so the same is mixed into ours.
 * Ours has 11 times its catalogues, so nearly all of the error is its own.
 */
static void places_agree_with_the_reference(void **state)
{
    swiss_case *c = *state;
    const json_t *space = json_object_get(c->reference, "spatial");
    const json_t *lat_edges = json_object_get(space, "lat_edges");
    const json_t *lon_edges = json_object_get(space, "lon_edges");
    const size_t rows = json_array_size(lat_edges) - 1, columns = json_array_size(lon_edges) - 1;
    const etas_region *box = &c->region;
    const double uniform = 0.0612, n_ref = swiss_number_at(c->reference, "n_simulations");
    static double triggered[MAX_CELLS], background[MAX_CELLS];
    double n_background = 0, chi2 = 0;
    size_t n_cells = 0;
    etas_simulator *sim = NULL;
    etas_events e = {0};

    assert_true(rows * columns <= MAX_CELLS);
    check_ok(etas_simulator_open(&sim, &c->plan, NULL, NULL), NULL);
    check_ok(etas_simulator_run(sim, 7, 0, N_CATALOGS, &e, NULL), NULL);
    for (size_t i = 0; i < e.n; i++) {
        const size_t cell =
            cell_of(lat_edges, e.lat[i] * 1e-6) * columns + cell_of(lon_edges, e.lon[i] * 1e-6);

        (e.generation[i] == 0 ? background : triggered)[cell] += 1.0 / N_CATALOGS;
        n_background += e.generation[i] == 0 ? 1.0 / N_CATALOGS : 0;
    }
    for (size_t i = 0; i < rows * columns; i++) {
        const size_t row = i / columns, column = i % columns;
        const double share = width_of(lat_edges, row, box->lat_min, box->lat_max) *
                             width_of(lon_edges, column, box->lon_min, box->lon_max);
        const double ours =
            triggered[i] + (1 - uniform) * background[i] + uniform * n_background * share;
        const json_t *means = json_object_get(space, "mean_per_cell_rows_lat");
        const json_t *errors = json_object_get(space, "se_per_cell_rows_lat");
        const double ref = json_number_value(json_array_get(json_array_get(means, row), column));
        const double se = json_number_value(json_array_get(json_array_get(errors, row), column));

        if (ref * n_ref < 8)
            continue;
        chi2 += (ours - ref) * (ours - ref) / (se * se * (1 + n_ref / N_CATALOGS));
        n_cells++;
    }
    print_message("space: chi2 %.1f in %zu cells\n", chi2, n_cells);
    assert_true(n_cells > 100);
    assert_true(fabs(chi2 - (double)n_cells) < 3 * sqrt(2 * (double)n_cells));
    etas_simulator_close(sim);
    etas_events_free(&e);
}

/* README of the vectors: the reference expects 0.5709131543941214 in the window. */
static void the_history_triggers_as_many_as_the_analytic_number(void **state)
{
    swiss_case *c = *state;
    const double want = swiss_number_at(json_object_get(c->reference, "analytic"),
                                        "expected_direct_aftershocks_of_catalog_in_window");
    double sum = 0;

    for (size_t i = 0; i < c->history.n; i++) {
        const double age = etas_days_between(c->history.time[i], c->plan.start);

        sum += etas_expected_aftershocks(&c->plan.theta, c->history.mag[i] - c->plan.mc, age,
                                         age + DAYS);
    }
    check_rel(sum, want, 1e-9);
    /* the untapered mean is a little above it */
    assert_true(c->plan.history.mean > want && c->plan.history.mean < 1.01 * want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swiss_forecasts_agree_with_the_reference),
        cmocka_unit_test(places_agree_with_the_reference),
        cmocka_unit_test(the_history_triggers_as_many_as_the_analytic_number),
    };
    const int missing = swiss_case_missing();

    return missing != 0 ? missing
                        : cmocka_run_group_tests(tests, swiss_case_setup, swiss_case_teardown);
}
