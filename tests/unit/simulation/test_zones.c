/* Magnitudes that are drawn from the table of the zone that an event lies in. */
#include "unit/simulation/grid_fixture.h"

#include <string.h>

enum { N_ZONES = 3, N_BINS = 12 };

/* Two rows of three cells of 20 x 40 degrees; of the six, one has no table and one is missing. */
typedef struct zones_fixture {
    small_grid map;
    uint32_t zone[GRID_MAX];
    size_t first[N_ZONES + 1];
    double mag[N_BINS], weight[N_BINS];
    etas_magnitude_zones zones;
} zones_fixture;

/* Bins of 0.5 between edges at 3, 3.5, 4, ... : falling weights, one bin, and one with gaps. */
static void set_zones(zones_fixture *z)
{
    static const uint32_t zone[] = {0, 1, UINT32_MAX, 2, 0};
    static const size_t first[] = {0, 5, 6, 12};
    static const double mag[] = {3.25, 3.75, 4.25, 4.75, 5.25, 6.25,
                                 3.25, 3.75, 4.25, 4.75, 5.25, 5.75};
    static const double weight[] = {50, 30, 15, 4, 1, 0.001, 0, 3, 0, 2, 5, 0};

    set_grid(&z->map, (grid_frame){2, 3, -20, 140, 20, 40});
    z->map.grid.n = 5;
    z->map.grid.weight = NULL;
    memcpy(z->zone, zone, sizeof zone);
    memcpy(z->first, first, sizeof first);
    memcpy(z->mag, mag, sizeof mag);
    memcpy(z->weight, weight, sizeof weight);
    z->zones = (etas_magnitude_zones){z->map.grid, z->zone,   N_ZONES,         z->first,
                                      z->mag,      z->weight, .bin_width = 0.5};
}

/* The share of a table's magnitudes below m. */
static double table_cdf(const zones_fixture *z, uint32_t table, double m)
{
    double below = 0, all = 0;

    for (size_t k = z->first[table]; k < z->first[table + 1]; k++) {
        const double inside = (m - (z->mag[k] - 0.25)) / 0.5;

        below += z->weight[k] * fmax(0, fmin(1, inside));
        all += z->weight[k];
    }
    return below / all;
}

/* Magnitudes to 1e-4, Gutenberg-Richter to 7. */
static etas_plan_input zones_input(const zones_fixture *z)
{
    etas_plan_input in = bare_input();

    in.m_max = 7;
    in.theta.value[ETAS_LOG10_MU] = 0; /* 100 events */
    in.theta.value[ETAS_RHO] = 0.6;    /* aftershocks leave the zones of their parents */
    in.theta.value[ETAS_GAMMA] = 0.9;
    in.theta.value[ETAS_LOG10_D] = 1;
    in.theta.value[ETAS_A] = 1.2;
    in.zones = z != NULL ? &z->zones : NULL;
    in.allow_supercritical = true;
    return in;
}

/* Of each table, and of Gutenberg-Richter elsewhere; of generation 0 alone, or of the others. */
static void check_magnitudes(const zones_fixture *z, const etas_events *e, bool later)
{
    double *u[N_ZONES + 1];
    size_t n[N_ZONES + 1] = {0};

    for (size_t t = 0; t <= N_ZONES; t++) {
        u[t] = malloc(e->n * sizeof *u[t]);
        assert_non_null(u[t]);
    }
    for (size_t i = 0; i < e->n; i++) {
        const size_t cell = cell_of(&z->map.grid, e, i, false);
        const uint32_t zone = cell < z->map.grid.n ? z->zone[cell] : UINT32_MAX;
        const size_t t = zone < N_ZONES ? zone : N_ZONES;
        const double m = e->mag[i] * 1e-4;

        if ((e->generation[i] > 0) != later)
            continue;
        u[t][n[t]++] =
            t < N_ZONES ? table_cdf(z, zone, m) : (1 - exp(-2.3 * (m - 3))) / (1 - exp(-2.3 * 4));
    }
    check_uniform(n[0], u[0], "first table");
    check_uniform(n[1], u[1], "second table");
    check_uniform(n[2], u[2], "third table");
    check_uniform(n[3], u[3], "Gutenberg and Richter elsewhere");
    for (size_t t = 0; t <= N_ZONES; t++)
        free(u[t]);
}

static void background_in_zones_has_their_magnitudes(void **state)
{
    etas_plan_input in;
    zones_fixture z;
    etas_events e;

    (void)state;
    set_zones(&z);
    in = zones_input(&z);
    in.theta.value[ETAS_LOG10_K0] = -20;
    e = simulate(&in, 600);
    check_count((double)e.n, 60000, "background");
    check_magnitudes(&z, &e, false);
    etas_events_free(&e);
}

/* What decides is the place of the aftershock, not that of its parent. */
static void aftershocks_have_the_magnitudes_of_where_they_are(void **state)
{
    etas_plan_input in;
    zones_fixture z;
    etas_catalog history = {0};
    etas_events e;
    static const double xi[] = {500, 200};
    size_t moved = 0;

    (void)state;
    set_zones(&z);
    in = zones_input(&z);
    in.theta.value[ETAS_LOG10_K0] = -2.3;
    add_past_event(&history, 1, -0.5, 179.5, 8); /* at the corner of four cells */
    add_past_event(&history, 1, 5, 30, 8);
    in.history = &history;
    in.xi = xi;
    e = simulate(&in, 60);
    for (size_t i = 0; i < e.n; i++)
        moved += e.generation[i] > 0 && cell_of(&z.map.grid, &e, i, false) != 0;
    assert_true(moved > 5000);
    check_magnitudes(&z, &e, true);
    etas_events_free(&e);
    etas_catalog_free(&history);
}

/* Zones change magnitudes and what follows from them, nothing else. */
static void generation_0_is_the_same_but_for_its_magnitudes(void **state)
{
    etas_plan_input in;
    zones_fixture z;
    etas_events with, without;

    (void)state;
    set_zones(&z);
    in = zones_input(&z);
    in.theta.value[ETAS_LOG10_K0] = -20;
    with = simulate(&in, 20);
    in.zones = NULL;
    without = simulate(&in, 20);
    assert_int_equal(with.n, without.n);
    assert_memory_equal(with.time_ms, without.time_ms, with.n * sizeof *with.time_ms);
    assert_memory_equal(with.lat, without.lat, with.n * sizeof *with.lat);
    for (size_t i = 0; i < with.n; i++) {
        const size_t cell = cell_of(&z.map.grid, &with, i, false);

        if (cell == z.map.grid.n || z.zone[cell] == UINT32_MAX)
            assert_int_equal(with.mag[i], without.mag[i]);
    }
    etas_events_free(&with);
    etas_events_free(&without);
}

/* Reported in steps of the bins' width, the centres of the bins have the weights of the table. */
static void reported_magnitudes_are_those_of_the_table(void **state)
{
    static const double mag[] = {3, 3.1, 3.2, 3.3, 3.4}, weight[] = {10, 0, 5, 3, 2};
    etas_plan_input in;
    zones_fixture z;
    double count[5] = {0};
    etas_events e;

    (void)state;
    set_zones(&z);
    memcpy(z.mag, mag, sizeof mag);
    memcpy(z.weight, weight, sizeof weight);
    z.zones.n_zones = 1;
    z.zones.bin_width = 0.1;
    memset(z.zone, 0, sizeof z.zone);
    set_grid(&z.map, (grid_frame){2, 2, -90, -180, 90, 180});
    z.zones.map = z.map.grid;
    in = zones_input(&z);
    in.theta.value[ETAS_LOG10_K0] = -20;
    in.delta_m = 0.1;
    e = simulate(&in, 600);
    for (size_t i = 0; i < e.n; i++) {
        const int k = (e.mag[i] - 30000) / 1000;

        assert_true(e.mag[i] % 1000 == 0 && k >= 0 && k < 5);
        count[k]++;
    }
    check_shares(5, count, weight, "bins of the table");
    etas_events_free(&e);
}

/* Bins between multiples of delta_m: the last half bin is reported one step lower. */
static void no_reported_magnitude_is_beyond_the_table(void **state)
{
    static const double steps[] = {0, 0.1, 0.2, 0.5};
    zones_fixture z;

    (void)state;
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        etas_plan_input in;
        etas_events e;
        int32_t most = 0;
        etas_plan plan;

        set_zones(&z);
        z.zones.n_zones = 1;
        z.mag[0] = 3.25 + 0.07;
        z.first[1] = 1; /* from 3.07 to 3.57 */
        memset(z.zone, 0, sizeof z.zone);
        set_grid(&z.map, (grid_frame){1, 1, -90, -180, 180, 360});
        z.zones.map = z.map.grid;
        in = zones_input(&z);
        in.m_max = 3.2; /* bounds Gutenberg-Richter alone */
        in.theta.value[ETAS_LOG10_K0] = -20;
        in.delta_m = steps[k];
        e = simulate(&in, 100);
        for (size_t i = 0; i < e.n; i++)
            most = e.mag[i] > most ? e.mag[i] : most;
        assert_int_equal(most, k == 0 ? 35699 : k == 2 ? 34000 : 35000);
        plan = build_plan(&in);
        check_abs(plan.m_max, most * 1e-4, 1e-9);
        etas_plan_free(&plan);
        etas_events_free(&e);
    }
}

/* A table that reaches below mc gives what is above it. */
static void tables_are_cut_at_the_smallest_magnitude(void **state)
{
    etas_plan_input in;
    zones_fixture z;
    etas_events e;
    size_t n = 0;
    double *u;

    (void)state;
    set_zones(&z);
    in = zones_input(&z);
    in.m_ref = 3.6; /* in the second bin */
    in.m_threshold = 0;
    in.theta.value[ETAS_LOG10_K0] = -20;
    e = simulate(&in, 600);
    u = malloc(e.n * sizeof *u);
    assert_non_null(u);
    for (size_t i = 0; i < e.n; i++) {
        const double below = table_cdf(&z, 0, 3.6);

        assert_true(e.mag[i] >= 36000);
        if (cell_of(&z.map.grid, &e, i, false) % 4 == 0) /* cells 0 and 4 are in zone 0 */
            u[n++] = (table_cdf(&z, 0, e.mag[i] * 1e-4) - below) / (1 - below);
    }
    check_uniform(n, u, "what is left of the table");
    free(u);
    etas_events_free(&e);
}

/* ---- plans ---- */

/* A table of one narrow bin is a magnitude; its events have G(m) children. */
static void the_largest_branching_ratio_is_judged(void **state)
{
    etas_plan_input in;
    zones_fixture z;
    etas_error err = {0};
    etas_plan plan = {0};
    const char *why;
    double gutenberg, at_6;

    (void)state;
    set_zones(&z);
    in = zones_input(&z);
    set_branching(&in, 0.2);
    check_ok(etas_plan_build(&in, &plan, &err), &err);
    at_6 = etas_expected_aftershocks(&in.theta, 3, 0, INFINITY); /* 6 to 6.5: the second table */
    assert_true(plan.branching_ratio > at_6);
    assert_true(plan.branching_ratio < etas_expected_aftershocks(&in.theta, 3.5, 0, INFINITY));
    /* mean of e^(alpha dm) over the bin, by Simpson's rule on 200 panels */
    {
        const double alpha = etas_params_alpha(&in.theta), h = 0.5 / 400;
        double sum = 0;

        for (int i = 0; i <= 400; i++)
            sum += exp(alpha * i * h) * (i == 0 || i == 400 ? 1 : i % 2 == 1 ? 4 : 2);
        check_rel(plan.branching_ratio, at_6 * sum * h / 3 / 0.5, 1e-10);
    }
    in.allow_supercritical = false;
    in.theta.value[ETAS_LOG10_K0] += log10(1.001 / plan.branching_ratio);
    assert_true(etas_branching_ratio(&in.theta, in.beta, 4, &why) < 0.9);
    etas_plan_free(&plan);
    assert_int_equal(etas_plan_build(&in, &plan, &err), ETAS_E_SUPERCRITICAL);
    assert_non_null(strstr(err.text, "1.001"));

    memset(z.zone, 0, sizeof z.zone); /* small magnitudes: Gutenberg-Richter's is larger */
    z.zones.n_zones = 1;
    z.first[1] = 1;
    in.theta.value[ETAS_LOG10_K0] -= 1;
    gutenberg = etas_branching_ratio(&in.theta, in.beta, 4, &why);
    err = (etas_error){0};
    check_ok(etas_plan_build(&in, &plan, &err), &err);
    check_rel(plan.branching_ratio, gutenberg, 1e-15);
    etas_plan_free(&plan);
}

/* The rarest magnitudes are those that matter most. */
static void shares_of_rare_magnitudes_keep_their_digits(void **state)
{
    static const double weight[] = {7e3, 2, 1e-9, 3e-15, 1e-17};
    etas_plan_input in;
    zones_fixture z;
    etas_plan plan;
    double above = 0;

    (void)state;
    set_zones(&z);
    memcpy(z.weight, weight, sizeof weight);
    in = zones_input(&z);
    plan = build_plan(&in);
    assert_int_equal(plan.zones.first[1], 6);
    for (size_t k = 5; k > 0; k--) {
        check_rel(plan.zones.dm[k], 0.5 * (double)k, 1e-15);
        check_rel(plan.zones.above[k], above / 7002.000000001, 1e-14);
        above += weight[k - 1];
    }
    assert_true(plan.zones.above[0] == 1 && plan.zones.dm[0] == 0);
    etas_plan_free(&plan);
}

static void refuse(const zones_fixture *z, etas_status code, const char *says)
{
    const etas_plan_input in = zones_input(z);
    etas_plan plan = {0};
    etas_error err = {0};

    assert_int_equal(etas_plan_build(&in, &plan, &err), code);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    assert_true(plan.zones.zone == NULL && plan.zones.dm == NULL);
}

static void zones_that_cannot_be_are_refused(void **state)
{
    zones_fixture z;

    (void)state;
    set_zones(&z), z.mag[3] = 4.85;
    refuse(&z, ETAS_E_RANGE, "zone 1: magnitude 4.85");
    set_zones(&z), z.mag[6] = NAN;
    refuse(&z, ETAS_E_RANGE, "zone 3");
    set_zones(&z), z.weight[7] = -1;
    refuse(&z, ETAS_E_RANGE, "zone 3: the weight of magnitude 3.75");
    set_zones(&z), z.weight[2] = INFINITY;
    refuse(&z, ETAS_E_RANGE, "zone 1: the weight");
    set_zones(&z), z.weight[5] = 0;
    refuse(&z, ETAS_E_RANGE, "zone 2: its weights");
    set_zones(&z), z.mag[5] = 2.75; /* up to mc */
    refuse(&z, ETAS_E_RANGE, "zone 2: its weights above magnitude 3");
    set_zones(&z), z.first[1] = z.first[2] = 6;
    refuse(&z, ETAS_E_RANGE, "zone 1: magnitude 6.25");
    set_zones(&z), z.first[1] = 7;
    refuse(&z, ETAS_E_ARG, "zone 2: its table ends");
    set_zones(&z), z.zones.bin_width = 0;
    refuse(&z, ETAS_E_RANGE, "width");
    set_zones(&z), z.zone[4] = 3;
    refuse(&z, ETAS_E_RANGE, "cell 5 of the map");
    set_zones(&z), z.map.lat[1] = NAN;
    refuse(&z, ETAS_E_RANGE, "cell 2 of the map");
    set_zones(&z), z.zones.map.dlat = 0;
    refuse(&z, ETAS_E_RANGE, "size");
    set_zones(&z), z.zones.map.dlat = z.zones.map.dlon = 1e-3;
    refuse(&z, ETAS_E_LIMIT, "cells");
}

static void zones_without_tables_are_none(void **state)
{
    etas_plan_input in;
    zones_fixture z;
    etas_plan plan;

    (void)state;
    set_zones(&z);
    z.zones.n_zones = 0;
    in = zones_input(&z);
    plan = build_plan(&in);
    assert_true(plan.zones.n == 0 && plan.zones.zone == NULL && plan.m_max == 7);
    etas_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(background_in_zones_has_their_magnitudes),
        cmocka_unit_test(aftershocks_have_the_magnitudes_of_where_they_are),
        cmocka_unit_test(generation_0_is_the_same_but_for_its_magnitudes),
        cmocka_unit_test(reported_magnitudes_are_those_of_the_table),
        cmocka_unit_test(no_reported_magnitude_is_beyond_the_table),
        cmocka_unit_test(tables_are_cut_at_the_smallest_magnitude),
        cmocka_unit_test(the_largest_branching_ratio_is_judged),
        cmocka_unit_test(shares_of_rare_magnitudes_keep_their_digits),
        cmocka_unit_test(zones_that_cannot_be_are_refused),
        cmocka_unit_test(zones_without_tables_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
