/* What a report gathers of a forecast, against counting by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/forecast_data.h"
#include "unit/simulation/forecast_fixture.h"

enum { N_CATALOGS = 300 };

typedef struct setting {
    etas_region region;
    etas_plan plan;
    uint8_t turn;
    etas_mixture model;
    etas_events events;
    etas_forecast_about about;
} setting;

/* Bins of 0.1 from 3; @p rate: events without parents per day. */
static void set_up(setting *s, double rate, double west)
{
    etas_plan_input in = bare_input();

    *s = (setting){0};
    set_rectangle(&s->region, 46, 48, west, west + 3);
    in.region = &s->region;
    in.filter_region = true;
    in.delta_m = 0.1;
    in.theta.value[ETAS_LOG10_MU] = log10(rate / 100);
    set_branching(&in, 0.5);
    s->plan = build_plan(&in);
    s->model = (etas_mixture){.n = 1, .plan = &s->plan, .period = 1, .turn = &s->turn};
    s->events = simulate_range(&s->plan, NULL, 11, 0, N_CATALOGS);
    s->about = (etas_forecast_about){.model = &s->model, .n_catalogs = N_CATALOGS};
}

static void tear_down(setting *s)
{
    etas_events_free(&s->events);
    etas_plan_free(&s->plan);
    etas_region_free(&s->region);
}

static etas_report_forecast *gather(const setting *s, size_t step)
{
    etas_report_gather *g = NULL;
    etas_report_forecast *out = NULL;
    etas_error err = {0};

    check_ok(etas_report_gather_open(&g, &s->about, 0, NULL, &err), &err);
    for (size_t at = 0; at < N_CATALOGS; at += step) {
        const etas_forecast_part part = {.events = &s->events,
                                         .at = at,
                                         .count = at + step <= N_CATALOGS ? step : N_CATALOGS - at,
                                         .catalog_id = at,
                                         .index = at};

        check_ok(etas_report_gather_take(g, &part, &err), &err);
    }
    check_ok(etas_report_gather_finish(g, &out, &err), &err);
    etas_report_gather_close(g);
    return out;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorted numbers per catalogue of events before @p days from @p mag on; their sum. */
static double count_all(const setting *s, double days, double mag, double numbers[N_CATALOGS])
{
    size_t i = 0;
    double sum = 0;

    for (size_t b = 0; b < N_CATALOGS; b++) {
        numbers[b] = 0;
        for (const size_t end = i + s->events.count[b]; i < end; i++)
            numbers[b] += (double)s->events.time_ms[i] < days * 86400e3 &&
                          s->events.mag[i] / ETAS_MAG_UNITS > mag - 1e-9;
        sum += numbers[b];
    }
    qsort(numbers, N_CATALOGS, sizeof *numbers, by_value);
    return sum;
}

/* The smallest that at least this share does not exceed. */
static double quantile(const double sorted[N_CATALOGS], unsigned permille)
{
    size_t i = 0;

    while ((i + 1) * 1000 < permille * (size_t)N_CATALOGS)
        i++;
    return sorted[i];
}

static void check_fan(const setting *s, const etas_report_forecast *f)
{
    double numbers[N_CATALOGS];

    assert_int_equal(f->fan.n, ETAS_FAN_TIMES);
    for (size_t i = 0; i < f->fan.n; i++) {
        check_rel(f->fan.mean[i] * N_CATALOGS, count_all(s, f->fan.days[i], 3, numbers), 1e-12);
        for (size_t q = 0; q < ETAS_FAN_QUANTILES; q++)
            check_abs(f->fan.quantile[q][i], quantile(numbers, etas_fan_permille[q]), 0);
    }
    check_abs(f->fan.days[f->fan.n - 1], s->plan.window_days, 0);
}

static void check_mags(const setting *s, const etas_report_forecast *f)
{
    double numbers[N_CATALOGS];

    assert_true(f->mags.n > 20);
    for (size_t k = 0; k < f->mags.n; k++) {
        check_abs(f->mags.mag[k], 3 + (double)k / 10, 1e-12);
        check_rel(f->mags.mean[k] * N_CATALOGS + 1,
                  1 + count_all(s, s->plan.window_days, f->mags.mag[k], numbers), 1e-12);
        check_abs(f->mags.low[k], quantile(numbers, 25), 0);
        check_abs(f->mags.high[k], quantile(numbers, 975), 0);
    }
}

static void check_numbers(const setting *s, const etas_report_forecast *f)
{
    double numbers[N_CATALOGS];
    size_t at = 0;

    (void)count_all(s, INFINITY, 3, numbers);
    for (size_t i = 0; i < f->n_numbers; i++)
        for (uint64_t k = 0; k < f->number[i].times; k++)
            check_abs(f->number[i].number, numbers[at++], 0);
    assert_int_equal(at, N_CATALOGS);
}

static double sum_of_map(const etas_report_map *map)
{
    double sum = 0;

    for (size_t i = 0; i < (size_t)map->n_lat * map->n_lon; i++)
        sum += isnan(map->rate[i]) ? 0 : map->rate[i];
    return sum;
}

static void check_map(const setting *s, const etas_report_forecast *f)
{
    const etas_report_map *const map = &f->map;
    double *const by_hand = calloc((size_t)map->n_lat * map->n_lon, sizeof *by_hand);

    assert_non_null(by_hand);
    assert_true((size_t)map->n_lat * map->n_lon <= 3 * ETAS_REPORT_MAP_CELLS / 2);
    for (size_t i = 0; i < s->events.n; i++) {
        const double lat = s->events.lat[i] / ETAS_DEGREE_UNITS;
        double lon = s->events.lon[i] / ETAS_DEGREE_UNITS;
        size_t row, column;

        lon += lon < map->lon0 ? 360 : 0;
        row = (size_t)floor((lat - map->lat0) / map->dlat + 1e-9);
        column = (size_t)floor((lon - map->lon0) / map->dlon + 1e-9);
        by_hand[column * map->n_lat + row]++;
    }
    for (size_t i = 0; i < (size_t)map->n_lat * map->n_lon; i++)
        check_abs(map->rate[i] * N_CATALOGS, by_hand[i], 1e-9);
    free(by_hand);
}

static void a_report_counts_as_hands_do(void **state)
{
    setting s;
    etas_report_forecast *f;

    (void)state;
    set_up(&s, 4, 7);
    assert_true(s.events.n > 1000);
    f = gather(&s, 7);
    assert_int_equal(f->n_catalogs, N_CATALOGS);
    assert_int_equal(f->n_events, s.events.n);
    assert_false(f->of_counts);
    check_abs(f->threshold, 3, 0);
    check_fan(&s, f);
    check_mags(&s, f);
    check_numbers(&s, f);
    check_map(&s, f);
    etas_report_forecast_close(f);
    tear_down(&s);
}

static void parts_of_any_size_give_the_same(void **state)
{
    setting s;
    etas_report_forecast *a, *b;

    (void)state;
    set_up(&s, 1, 7);
    a = gather(&s, 1);
    b = gather(&s, N_CATALOGS);
    assert_memory_equal(a->row, b->row, a->axes.n_thresholds * a->axes.n_horizons * sizeof *a->row);
    assert_memory_equal(a->fan.mean, b->fan.mean, a->fan.n * sizeof(double));
    assert_memory_equal(a->mags.high, b->mags.high, a->mags.n * sizeof(double));
    assert_int_equal(a->n_numbers, b->n_numbers);
    etas_report_forecast_close(a);
    etas_report_forecast_close(b);
    tear_down(&s);
}

static void few_events_make_few_cells(void **state)
{
    setting s;
    etas_report_forecast *f;

    (void)state;
    set_up(&s, 0.002, 7);
    assert_true(s.events.n < 100);
    f = gather(&s, 50);
    assert_true(f->map.n_lat * f->map.n_lon <= 100);
    check_rel(sum_of_map(&f->map) * N_CATALOGS, (double)s.events.n, 1e-9);
    assert_true(f->n_empty > 0);
    etas_report_forecast_close(f);
    tear_down(&s);
}

static void a_region_across_the_antimeridian_is_one_map(void **state)
{
    setting s;
    etas_report_forecast *f;

    (void)state;
    set_up(&s, 2, 178.5);
    f = gather(&s, 50);
    check_map(&s, f);
    check_rel(sum_of_map(&f->map) * N_CATALOGS, (double)s.events.n, 1e-9);
    etas_report_forecast_close(f);
    tear_down(&s);
}

static void no_catalogue_is_no_report(void **state)
{
    setting s;
    etas_report_gather *g = NULL;
    etas_report_forecast *out = NULL;
    etas_error err = {0};

    (void)state;
    set_up(&s, 1, 7);
    check_ok(etas_report_gather_open(&g, &s.about, 0, NULL, &err), &err);
    assert_int_equal(etas_report_gather_finish(g, &out, &err), ETAS_E_RANGE);
    etas_report_gather_close(g);
    etas_report_forecast_close(out);
    tear_down(&s);
}

static void counts_tell_the_same_at_horizons_and_thresholds(void **state)
{
    setting s;
    etas_counts kept = {.grid = etas_forecast_grid_default()};
    etas_counting what;
    etas_counter *counter = NULL;
    etas_catalog_counts one = {0};
    etas_report_gather *g = NULL;
    etas_report_forecast *a, *b = NULL;
    size_t first = 0, window;
    etas_error err = {0};

    (void)state;
    set_up(&s, 3, 7);
    a = gather(&s, 10);
    check_ok(etas_summary_axes_build(&kept.axes, 0, NULL, &s.model, &err), &err);
    check_ok(etas_cells_build(&kept.cells, &kept.grid, &s.model, &err), &err);
    what = (etas_counting){&s.model, &kept.cells, &kept.axes};
    s.about.counts = &kept;
    check_ok(etas_counter_open(&counter, &what, &err), &err);
    check_ok(etas_report_gather_open(&g, &s.about, 0, NULL, &err), &err);
    for (size_t k = 0; k < N_CATALOGS; k++) {
        const etas_counted c = {&s.events, first, s.events.count[k], k};

        check_ok(etas_counter_count(counter, &c, &one, &err), &err);
        check_ok(etas_report_gather_take_counts(g, &one, &err), &err);
        first += c.n;
    }
    check_ok(etas_report_gather_finish(g, &b, &err), &err);
    assert_true(b->of_counts);
    assert_memory_equal(a->row, b->row, a->axes.n_thresholds * a->axes.n_horizons * sizeof *a->row);
    assert_int_equal(b->fan.n, b->axes.n_horizons);
    assert_int_equal(b->mags.n, b->axes.n_thresholds);
    window = b->axes.n_horizons - 1;
    check_abs(b->fan.mean[window], a->fan.mean[a->fan.n - 1], 0);
    for (size_t q = 0; q < ETAS_FAN_QUANTILES; q++)
        check_abs(b->fan.quantile[q][window], a->fan.quantile[q][a->fan.n - 1], 0);
    for (size_t j = 0; j < b->mags.n; j++) {
        const size_t k = (size_t)floor((b->mags.mag[j] - 3) * 10 + 0.5);

        check_abs(b->mags.mean[j], a->mags.mean[k], 0);
        check_abs(b->mags.high[j], a->mags.high[k], 0);
    }
    etas_report_gather_close(g);
    etas_counter_close(counter);
    etas_catalog_counts_free(&one);
    etas_cells_free(&kept.cells);
    etas_report_forecast_close(a);
    etas_report_forecast_close(b);
    tear_down(&s);
}

static void observed_events_are_those_the_forecast_is_about(void **state)
{
    setting s;
    etas_catalog c = {0};
    etas_report_observed o = {0};
    etas_report_forecast *f;
    etas_error err = {0};
    const struct {
        double days, lat, lon, mag;
        bool belongs;
    } rows[] = {{3, 47, 8, 3.5, true},    {-0.001, 47, 8, 3.5, false}, {1e4, 47, 8, 3.5, false},
                {1, 45.9, 8, 3.5, false}, {1, 47, 8 - 360, 3.5, true}, {2, 47, 8, 2.94, false},
                {2, 47, 8, 2.96, true},   {0, 46.5, 9.9, 3, true},     {1.5, 47, 10.1, 9, false},
                {0.5, 47, 8, NAN, false}};

    (void)state;
    set_up(&s, 1, 7);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const etas_event e = {.time = s.plan.output_start +
                                      (etas_time)(rows[i].days * (double)ETAS_NS_PER_DAY),
                              .lat = rows[i].lat,
                              .lon = rows[i].lon,
                              .mag = rows[i].mag,
                              .id = ""};

        check_ok(etas_catalog_append(&c, &e), NULL);
    }
    f = gather(&s, 50);
    check_ok(etas_report_observed_select(&o, &c, f, &err), &err);
    assert_int_equal(o.n, 4);
    assert_int_equal(o.n_in_file, sizeof rows / sizeof *rows);
    check_abs(o.days[0], 0, 0);
    check_abs(o.days[1], 1, 1e-9);
    check_abs(o.mag[2], 3, 1e-9);
    check_abs(o.days[3], 3, 1e-9);
    etas_report_observed_free(&o);
    etas_report_forecast_close(f);
    etas_catalog_free(&c);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_counts_as_hands_do),
        cmocka_unit_test(parts_of_any_size_give_the_same),
        cmocka_unit_test(few_events_make_few_cells),
        cmocka_unit_test(a_region_across_the_antimeridian_is_one_map),
        cmocka_unit_test(counts_tell_the_same_at_horizons_and_thresholds),
        cmocka_unit_test(no_catalogue_is_no_report),
        cmocka_unit_test(observed_events_are_those_the_forecast_is_about),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
