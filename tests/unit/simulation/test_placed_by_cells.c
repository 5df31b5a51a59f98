/* Background and induced events that are placed by the cells of grids. */
#include "unit/simulation/grid_fixture.h"

#include <string.h>

/* Nothing is triggered; @p mean background events per catalogue. */
static etas_plan_input silent_input(double mean)
{
    etas_plan_input in = bare_input();

    in.theta.value[ETAS_LOG10_K0] = -20;
    in.theta.value[ETAS_LOG10_MU] = mean > 0 ? log10(mean / 100) : -(double)INFINITY;
    return in;
}

static void cells_are_drawn_by_weight(void **state)
{
    etas_plan_input in = silent_input(300);
    double count[GRID_MAX] = {0};
    small_grid g;
    etas_events e;

    (void)state;
    set_grid(&g, (grid_frame){4, 5, 60, 5, 0.5, 0.5});
    for (size_t k = 0; k < g.grid.n; k++)
        g.weight[k] = k % 7 == 3 ? 0 : 1 + (double)(k * k % 23);
    in.background_grid = &g.grid;
    e = simulate(&in, 100);
    check_count((double)e.n, 300 * 100, "background");
    for (size_t i = 0; i < e.n; i++) {
        const size_t k = cell_of(&g.grid, &e, i, true);

        assert_true(k < g.grid.n && e.generation[i] == 0);
        assert_int_equal(e.flags[i] & ETAS_EVENT_INDUCED, 0);
        count[k]++;
    }
    check_shares(g.grid.n, count, g.weight, "cells");
    etas_events_free(&e);
}

/* One cell of 20 x 30 degrees: there area and degrees differ. */
static void check_inside(const etas_plan_input *in, double south, double west)
{
    const double to_rad = acos(-1) / 180, low = sin(south * to_rad);
    const double high = sin((south + 20) * to_rad);
    etas_events e = simulate(in, 100);
    double *sine = malloc(e.n * sizeof *sine), *east = malloc(e.n * sizeof *east);

    assert_true(sine != NULL && east != NULL);
    for (size_t i = 0; i < e.n; i++) {
        const double x = remainder(e.lon[i] * 1e-6 - (west + 15), 360) + 15;

        assert_true(e.lat[i] >= south * 1e6 && e.lat[i] <= (south + 20) * 1e6);
        assert_true(x >= -1e-9 && x <= 30 + 1e-9);
        assert_true(e.lon[i] >= -180000000 && e.lon[i] < 180000000);
        sine[i] = (sin(e.lat[i] * 1e-6 * to_rad) - low) / (high - low);
        east[i] = x / 30;
    }
    check_uniform(e.n, sine, "sine of the latitude");
    check_uniform(e.n, east, "longitude");
    free(sine);
    free(east);
    etas_events_free(&e);
}

static void a_place_is_uniform_by_area_inside_its_cell(void **state)
{
    static const double corners[][2] = {{60, 5},    {70, -100}, {-90, 40},
                                        {-10, 165}, {30, 340},  {10, -190}};

    (void)state;
    for (size_t k = 0; k < sizeof corners / sizeof *corners; k++) {
        etas_plan_input in = silent_input(300);
        small_grid g;

        set_grid(&g, (grid_frame){1, 1, corners[k][0], corners[k][1], 20, 30});
        in.background_grid = &g.grid;
        check_inside(&in, corners[k][0], corners[k][1]);
        in = silent_input(0);
        in.induced_grid = &g.grid;
        in.n_induced = 300;
        check_inside(&in, corners[k][0], corners[k][1]);
    }
}

/* At the poles half of a cell may be beyond them. */
static void cells_end_at_the_poles(void **state)
{
    etas_plan_input in = silent_input(100);
    small_grid g;
    etas_events e;

    (void)state;
    set_grid(&g, (grid_frame){1, 1, 89, 0, 2, 360});
    in.background_grid = &g.grid;
    e = simulate(&in, 20);
    for (size_t i = 0; i < e.n; i++)
        assert_true(e.lat[i] >= 89000000 && e.lat[i] <= 90000000);
    etas_events_free(&e);
}

/* Two cells of equal weight, half of one outside: it gets a third of the events if cell and place
 * are drawn anew, a half if only the place is. A third cell lies far away and changes nothing. */
static void outside_the_region_cell_and_place_are_drawn_anew(void **state)
{
    for (int induced = 0; induced < 2; induced++) {
        etas_plan_input in = silent_input(induced ? 0 : 300);
        etas_region region = {0};
        double cut = 0;
        small_grid g;
        etas_events e;

        (void)state;
        set_rectangle(&region, 0, 1, 0, 3);
        set_grid(&g, (grid_frame){1, 3, 0, 0, 1, 2});
        g.lon[2] = 101;
        g.weight[2] = 1e6;
        in.region = &region;
        *(induced ? &in.induced_grid : &in.background_grid) = &g.grid;
        in.n_induced = induced ? 300 : 0;
        e = simulate(&in, 100);
        check_count((double)e.n, 300 * 100, "none is lost");
        for (size_t i = 0; i < e.n; i++) {
            assert_true(e.lon[i] <= 3000000 && e.lat[i] >= 0 && e.lat[i] <= 1000000);
            cut += e.lon[i] > 2000000;
        }
        check_count(cut, (double)e.n / 3, "the cell on the border");
        etas_events_free(&e);
        etas_region_free(&region);
    }
}

static void induced_events_have_their_own_number_places_and_flag(void **state)
{
    etas_plan_input in = silent_input(40);
    double n_induced = 0, n_background = 0, square = 0;
    small_grid here, there;
    etas_events e;
    double *u;
    size_t row = 0, n_times = 0;

    (void)state;
    set_grid(&here, (grid_frame){2, 2, 10, 10, 1, 1});
    set_grid(&there, (grid_frame){2, 2, -20, -30, 0.5, 0.5});
    in.background_grid = &here.grid;
    in.induced_grid = &there.grid;
    in.n_induced = 17.5;
    e = simulate(&in, 1500);
    u = malloc(e.n * sizeof *u);
    assert_non_null(u);
    for (size_t c = 0; c < e.n_catalogs; c++) {
        double mine = 0;

        for (size_t k = 0; k < e.count[c]; k++, row++) {
            const bool induced = (e.flags[row] & ETAS_EVENT_INDUCED) != 0;

            assert_int_equal(e.generation[row], 0);
            assert_int_equal(e.flags[row] & ETAS_EVENT_CHILDLESS, ETAS_EVENT_CHILDLESS);
            assert_true(cell_of(induced ? &there.grid : &here.grid, &e, row, true) < 4);
            if (induced)
                u[n_times++] = ((double)e.time_ms[row] + 0.5) / (100 * 86400e3);
            mine += induced;
            n_background += !induced;
        }
        n_induced += mine;
        square += (mine - 17.5) * (mine - 17.5);
    }
    check_count(n_induced, 17.5 * 1500, "induced");
    check_count(n_background, 40.0 * 1500, "background");
    check_abs(square / 1500, 17.5, 4 * sqrt((2 * 17.5 * 17.5 + 17.5) / 1500)); /* Poisson */
    check_uniform(n_times, u, "times of induced events");
    free(u);
    etas_events_free(&e);
}

/* The background of a catalogue is the same with and without them. */
static void induced_events_leave_the_background_alone(void **state)
{
    etas_plan_input in = silent_input(40);
    etas_events plain = simulate(&in, 50), both;
    size_t found = 0;
    small_grid g;

    (void)state;
    set_grid(&g, (grid_frame){1, 1, 0, 0, 1, 1});
    in.induced_grid = &g.grid;
    in.n_induced = 30;
    both = simulate(&in, 50);
    assert_true(both.n > plain.n + 1000);
    for (size_t i = 0; i < both.n; i++) {
        if ((both.flags[i] & ETAS_EVENT_INDUCED) != 0)
            continue;
        assert_true(found < plain.n);
        assert_true(both.time_ms[i] == plain.time_ms[found]);
        assert_true(both.lat[i] == plain.lat[found] && both.lon[i] == plain.lon[found]);
        assert_true(both.mag[i] == plain.mag[found]);
        found++;
    }
    assert_int_equal(found, plain.n);
    etas_events_free(&plain);
    etas_events_free(&both);
}

/* Their magnitudes are Gutenberg-Richter's and they have aftershocks like any other event, which
 * are not induced themselves. */
static void induced_events_trigger(void **state)
{
    etas_plan_input in = bare_input();
    double first = 0, later = 0;
    small_grid g;
    etas_events e;
    size_t n = 0;
    double *u;

    (void)state;
    in.m_max = 6;
    in.theta.value[ETAS_OMEGA] = 0.5; /* all aftershocks come at once */
    in.theta.value[ETAS_LOG10_C] = -6;
    in.theta.value[ETAS_LOG10_TAU] = 0.5;
    set_branching(&in, 0.4);
    set_grid(&g, (grid_frame){1, 1, 45, 7, 1, 1});
    in.induced_grid = &g.grid;
    in.n_induced = 50;
    e = simulate(&in, 400);
    u = malloc(e.n * sizeof *u);
    assert_non_null(u);
    for (size_t i = 0; i < e.n; i++) {
        const bool induced = (e.flags[i] & ETAS_EVENT_INDUCED) != 0;

        assert_true(induced == (e.generation[i] == 0));
        if (induced) {
            u[n++] = (1 - exp(-2.3 * (e.mag[i] * 1e-4 - 3))) / (1 - exp(-2.3 * 3));
            first++;
        } else {
            later++;
        }
    }
    check_uniform(n, u, "magnitudes of induced events");
    check_count(first, 50 * 400, "induced");
    check_rel(later / first, 0.4 / 0.6, 0.06);
    free(u);
    etas_events_free(&e);
}

static void refuse(const etas_plan_input *in, etas_status code, const char *says)
{
    etas_plan plan = {0};
    etas_error err = {0};
    char line[1024];

    assert_int_equal(etas_plan_build(in, &plan, &err), code);
    etas_error_format(&err, sizeof line, line);
    if (strstr(line, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", line, says);
    etas_plan_free(&plan);
}

static void grids_that_cannot_be_are_refused(void **state)
{
    etas_plan_input in = silent_input(1);
    etas_region region = {0};
    etas_plan plan;
    small_grid g;

    (void)state;
    set_grid(&g, (grid_frame){2, 2, 10, 10, 1, 1});
    in.n_induced = 3;
    refuse(&in, ETAS_E_ARG, "grid of where");
    in.n_induced = -1;
    in.induced_grid = &g.grid;
    refuse(&in, ETAS_E_RANGE, "n_induced");
    in.n_induced = NAN;
    refuse(&in, ETAS_E_RANGE, "n_induced");
    in.n_induced = 0;
    g.lat[0] = 91; /* is not looked at */
    plan = build_plan(&in);
    assert_int_equal(plan.induced.cells.n, 0);
    etas_plan_free(&plan);
    in.background_grid = &g.grid;
    refuse(&in, ETAS_E_RANGE, "cell 1 of the grid of the background");
    set_grid(&g, (grid_frame){2, 2, 10, 10, 1, 1});
    g.weight[2] = -1;
    refuse(&in, ETAS_E_RANGE, "weights of the grid of the background");
    g.weight[2] = INFINITY;
    refuse(&in, ETAS_E_RANGE, "weights of the grid of the background");
    memset(g.weight, 0, sizeof g.weight);
    refuse(&in, ETAS_E_RANGE, "no cell of the grid of the background");
    set_grid(&g, (grid_frame){2, 2, 10, 10, 1, 1});
    g.grid.weight = NULL;
    refuse(&in, ETAS_E_ARG, "no weights");
    set_grid(&g, (grid_frame){2, 2, 10, 10, 1, 1});
    g.grid.dlon = 0;
    refuse(&in, ETAS_E_RANGE, "size");
    set_grid(&g, (grid_frame){2, 2, 10, 10, 1, 1});
    set_rectangle(&region, 20, 21, 10, 11);
    in.region = &region;
    refuse(&in, ETAS_E_RANGE, "no cell of the grid of the background in the region");
    etas_region_free(&region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_drawn_by_weight),
        cmocka_unit_test(a_place_is_uniform_by_area_inside_its_cell),
        cmocka_unit_test(cells_end_at_the_poles),
        cmocka_unit_test(outside_the_region_cell_and_place_are_drawn_anew),
        cmocka_unit_test(induced_events_have_their_own_number_places_and_flag),
        cmocka_unit_test(induced_events_leave_the_background_alone),
        cmocka_unit_test(induced_events_trigger),
        cmocka_unit_test(grids_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
