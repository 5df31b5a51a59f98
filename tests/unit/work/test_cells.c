/* The cells of a grid: which there are, and which one an event is in. */
#include "etas/array.h"
#include "etas/counts.h"
#include "unit/simulation/forecast_fixture.h"

typedef struct setting {
    etas_region region;
    etas_plan plan;
    uint8_t turn;
    etas_mixture model;
} setting;

static void set_plan(setting *s, double delta_m, double m_threshold, double days)
{
    etas_plan_input in = bare_input();
    etas_error err = {0};

    in.m_ref = 2.3;
    in.delta_m = delta_m;
    in.m_threshold = m_threshold;
    in.end = (etas_time)(days * (double)ETAS_NS_PER_DAY);
    in.region = &s->region;
    set_branching(&in, 0.5);
    check_ok(etas_plan_build(&in, &s->plan, &err), &err);
    s->model = (etas_mixture){.n = 1, .plan = &s->plan, .period = 1, .turn = &s->turn};
}

static void set_triangle(setting *s, const double lat[3], const double lon[3])
{
    etas_error err = {0};

    check_ok(etas_region_set_ring(&s->region, 3, lat, lon, &err), &err);
}

static void setting_free(setting *s)
{
    etas_plan_free(&s->plan);
    etas_region_free(&s->region);
}

static etas_cells build(const setting *s, const etas_forecast_grid *grid)
{
    etas_cells cells = {0};
    etas_error err = {0};

    check_ok(etas_cells_build(&cells, grid, &s->model, &err), &err);
    return cells;
}

/* The cell of one event; places in 1e-6 degrees, magnitudes in 1e-4. */
static uint64_t find(const etas_cells *cells, int32_t lat, int32_t lon, int32_t mag, uint64_t ms)
{
    const etas_events one = {.n = 1, .time_ms = &ms, .lat = &lat, .lon = &lon, .mag = &mag};

    return etas_cells_find(cells, &one, 0);
}

static void cells_are_those_with_their_centre_inside(void **state)
{
    const etas_forecast_grid grid = etas_forecast_grid_default();
    setting s = {0};
    etas_cells c;

    (void)state;
    set_triangle(&s, (double[]){46, 47, 46}, (double[]){7, 7, 8.2});
    set_plan(&s, 0.1, 2.5, 30);
    c = build(&s, &grid);
    assert_int_equal(c.n_lat, 10);
    assert_int_equal(c.n_lon, 12);
    for (size_t j = 0, at = 0; j < 12; j++)
        for (size_t i = 0; i < 10; i++) {
            const double lat = 46 + 0.1 * (double)i, lon = 7 + 0.1 * (double)j;
            const bool inside = (lat + 0.05 - 46) + (lon + 0.05 - 7) / 1.2 <= 1;

            assert_true((c.place[j * 10 + i] != UINT32_MAX) == inside);
            if (!inside)
                continue;
            assert_int_equal(c.place[j * 10 + i], at);
            check_abs(c.west[at], lon, 1e-12);
            check_abs(c.south[at], lat, 1e-12);
            at++;
            assert_true(at <= c.n_places);
        }
    assert_int_equal(c.n_mags, 31);
    assert_true(c.mag[0] == 2.5 && c.mag[4] == 2.9 && c.mag[30] == 5.5);
    assert_int_equal(c.n_times, 1);
    assert_true(c.time_days[0] == 0 && c.time_days[1] == 30);
    assert_true(c.n == c.n_places * 31);
    /* decimals to the last bit: what a reader of the file would have */
    assert_true(c.south[0] == 46.0 && c.south[3] == 46.3 && c.west[10] == 7.1);
    etas_cells_free(&c);
    etas_cells_free(&c);
    setting_free(&s);
}

/* Every edge of the grid as a decimal number belongs to the cell above it, and one unit below it to
 * the one below: what floor without a tolerance gets wrong in many places. */
static void an_edge_belongs_to_the_cell_above_it(void **state)
{
    const etas_forecast_grid grid = etas_forecast_grid_default();
    setting s = {0};
    etas_cells c;
    int naive_errs = 0;

    (void)state;
    set_plan(&s, 0.1, 2.3, 30);
    c = build(&s, &grid);
    assert_int_equal(c.n_places, 3600 * 1800);
    for (int32_t k = 0; k < 3600; k++) {
        const int32_t lon = -180000000 + 100000 * k;

        assert_int_equal(find(&c, 0, lon, 23000, 0), ((uint64_t)k * 1800 + 900) * 31);
        assert_int_equal(find(&c, 0, lon + 99999, 23000, 0), ((uint64_t)k * 1800 + 900) * 31);
        naive_errs += (int32_t)floor((lon / 1e6 + 180) / 0.1) != k;
    }
    assert_true(naive_errs > 100);
    for (int32_t k = 0; k < 1800; k++) {
        const int32_t lat = -90000000 + 100000 * k;

        assert_int_equal(find(&c, lat, 0, 23000, 0), ((uint64_t)1800 * 1800 + (uint64_t)k) * 31);
        assert_int_equal(find(&c, lat + 99999, 0, 23000, 0),
                         ((uint64_t)1800 * 1800 + (uint64_t)k) * 31);
    }
    for (int32_t k = 0; k < 80; k++) {
        const uint64_t bin = k < 30 ? (uint64_t)k : 30;

        assert_int_equal(find(&c, 0, 0, 23000 + 1000 * k, 0), find(&c, 0, 0, 23000, 0) + bin);
        assert_int_equal(find(&c, 0, 0, 23999 + 1000 * k, 0), find(&c, 0, 0, 23000, 0) + bin);
    }
    assert_true(find(&c, 0, 0, 22999, 0) == UINT64_MAX);
    assert_true(find(&c, 90000000, 0, 23000, 0) == UINT64_MAX); /* the pole is above every cell */
    etas_cells_free(&c);
    setting_free(&s);
}

static void a_region_across_the_antimeridian_has_its_cells_side_by_side(void **state)
{
    const etas_forecast_grid grid = etas_forecast_grid_default();
    setting s = {0};
    etas_cells c;
    etas_error err = {0};
    const double lat[] = {-20, -19, -19, -20}, lon[] = {179, 179, -179, -179};

    (void)state;
    check_ok(etas_region_set_ring(&s.region, 4, lat, lon, &err), &err);
    set_plan(&s, 0.1, 2.3, 30);
    c = build(&s, &grid);
    assert_int_equal(c.n_places, 20 * 10);
    assert_int_equal(find(&c, -20000000, 179000000, 23000, 0), 0);
    assert_int_equal(find(&c, -20000000, 179900000, 23000, 0), 9 * 10 * 31);
    assert_int_equal(find(&c, -20000000, -180000000, 23000, 0), 10 * 10 * 31);
    assert_int_equal(find(&c, -20000000, -179100000, 23000, 0), 19 * 10 * 31);
    assert_true(find(&c, -20000000, -178900000, 23000, 0) == UINT64_MAX);
    assert_true(find(&c, -20000000, 178900000, 23000, 0) == UINT64_MAX);
    for (size_t p = 0; p < c.n_places; p++)
        assert_true(c.west[p] >= -180 && c.west[p] < 180);
    assert_true(c.west[90] == 179.9 && c.west[100] == -180);
    etas_cells_free(&c);
    setting_free(&s);
}

static void intervals_end_where_they_are_told_to_and_the_last_with_the_window(void **state)
{
    etas_forecast_grid grid = etas_forecast_grid_default();
    double ends[] = {1, 7};
    setting s = {0};
    etas_cells c;
    uint64_t per_interval;

    (void)state;
    set_triangle(&s, (double[]){46, 47, 46}, (double[]){7, 7, 8.2});
    set_plan(&s, 0, 2.3, 30);
    grid.n_times = 2;
    grid.time_days = ends;
    grid.dmag = 0.5;
    grid.mag_first = 2;
    grid.mag_last = 4;
    c = build(&s, &grid);
    assert_int_equal(c.n_times, 3);
    assert_int_equal(c.n_mags, 5);
    per_interval = c.n_places * 5;
    assert_int_equal(find(&c, 46000000, 7000000, 23000, 0), 0);
    assert_int_equal(find(&c, 46000000, 7000000, 23000, 86400000 - 1), 0);
    assert_int_equal(find(&c, 46000000, 7000000, 23000, 86400000), per_interval);
    assert_int_equal(find(&c, 46000000, 7000000, 23000, 7 * 86400000 - 1), per_interval);
    assert_int_equal(find(&c, 46000000, 7000000, 99000, 7 * 86400000), 2 * per_interval + 4);
    assert_int_equal(find(&c, 46000000, 7000000, 23000, UINT64_C(30) * 86400000), 2 * per_interval);
    etas_cells_free(&c);
    ends[1] = 30;
    c = build(&s, &grid);
    assert_int_equal(c.n_times, 2);
    etas_cells_free(&c);
    setting_free(&s);
}

static void grids_that_cannot_be_are_refused(void **state)
{
    setting s = {0};
    double times[] = {5, 5};

    (void)state;
    set_triangle(&s, (double[]){46, 47, 46}, (double[]){7, 7, 8.2});
    set_plan(&s, 0.1, 2.3, 30);
    for (int i = 0; i < 14; i++) {
        etas_forecast_grid g = etas_forecast_grid_default();
        etas_cells c = {0};
        etas_error err = {0};
        etas_status st;

        g.n_times = i >= 10 && i < 13 ? 2 : 0;
        g.time_days = times;
        switch (i) {
        case 0:
            g.dlat = 0;
            break;
        case 1:
            g.dlon = -1;
            break;
        case 2:
            g.dlat = NAN;
            break;
        case 3:
            g.dmag = 0;
            break;
        case 4:
            g.mag_last = 1;
            break;
        case 5:
            g.mag_last = 5.55;
            break;
        case 6:
            g.mag_first = INFINITY;
            break;
        case 7:
            g.depth_first = 30;
            break;
        case 8:
            g.dlat = g.dlon = 1e-7;
            break;
        case 9:
            g.dmag = 1e-3;
            g.mag_last = 100.3;
            break;
        case 10:
            break;
        case 11:
            times[0] = 0;
            break;
        case 12:
            times[0] = 4;
            times[1] = 31;
            break;
        default:
            g.dlat = 180;
            break; /* the one cell has its centre at the equator */
        }
        st = etas_cells_build(&c, &g, &s.model, &err);
        if (st != ETAS_E_RANGE && st != ETAS_E_LIMIT)
            fail_msg("grid %d: %s", i, etas_strerror(st));
        assert_true(err.text[0] != '\0');
        assert_null(c.place);
    }
    setting_free(&s);
}

static void a_summary_has_its_thresholds_and_horizons(void **state)
{
    static const double own[] = {3, 4, 5.5}, unsorted[] = {4, 4}, low[] = {2, 3};
    setting s = {0};
    etas_summary_axes a;
    etas_error err = {0};

    (void)state;
    set_plan(&s, 0.1, 2.3, 30);
    check_ok(etas_summary_axes_build(&a, 0, NULL, &s.model, &err), &err);
    assert_int_equal(a.n_thresholds, 13);
    assert_true(a.threshold[0] == 2.3 && a.threshold[1] == 2.5 && a.threshold[2] == 3 &&
                a.threshold[12] == 8);
    assert_int_equal(a.n_horizons, 3);
    assert_true(a.horizon_days[0] == 1 && a.horizon_days[1] == 7 && a.horizon_days[2] == 30);
    check_ok(etas_summary_axes_build(&a, 3, own, &s.model, &err), &err);
    assert_int_equal(a.n_thresholds, 3);
    assert_int_equal(etas_summary_axes_build(&a, 2, unsorted, &s.model, &err), ETAS_E_RANGE);
    assert_int_equal(etas_summary_axes_build(&a, 2, low, &s.model, NULL), ETAS_E_RANGE);
    setting_free(&s);
    set_plan(&s, 0.1, 3, 1000);
    check_ok(etas_summary_axes_build(&a, 0, NULL, &s.model, NULL), NULL);
    assert_true(a.n_thresholds == 11 && a.threshold[0] == 3 && a.threshold[1] == 3.5);
    assert_true(a.n_horizons == 5 && a.horizon_days[3] == 365.25 && a.horizon_days[4] == 1000);
    setting_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_those_with_their_centre_inside),
        cmocka_unit_test(an_edge_belongs_to_the_cell_above_it),
        cmocka_unit_test(a_region_across_the_antimeridian_has_its_cells_side_by_side),
        cmocka_unit_test(intervals_end_where_they_are_told_to_and_the_last_with_the_window),
        cmocka_unit_test(grids_that_cannot_be_are_refused),
        cmocka_unit_test(a_summary_has_its_thresholds_and_horizons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
