/* Rates, counts and summaries as files, against counting by hand. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "etas/forecast_output.h"
#include "etas/text.h"
#include "io/histogram.h"
#include "support/scratch.h"
#include "unit/simulation/forecast_fixture.h"

enum { N_CATALOGS = 400, SOUTH = 46, WEST = 7, ROWS = 4, COLUMNS = 6 }; /* of half a degree */

typedef struct setting {
    etas_region region;
    etas_plan plan;
    uint8_t turn;
    etas_mixture model;
    etas_events events;
    etas_forecast_grid grid;
    etas_counts counts; /* of a run that keeps them */
} setting;

static double ends[] = {10, 25};

static void set_up(setting *s)
{
    etas_plan_input in = bare_input();
    etas_error err = {0};

    *s = (setting){.grid = etas_forecast_grid_default()};
    set_rectangle(&s->region, SOUTH, SOUTH + ROWS / 2, WEST, WEST + COLUMNS / 2);
    in.region = &s->region;
    in.filter_region = true;
    in.delta_m = 0.1;
    in.theta.value[ETAS_LOG10_MU] = log10(4.0 / 100);
    set_branching(&in, 0.5);
    s->plan = build_plan(&in);
    s->model = (etas_mixture){.n = 1, .plan = &s->plan, .period = 1, .turn = &s->turn};
    s->events = simulate_range(&s->plan, NULL, 9, 0, N_CATALOGS);
    assert_true(s->events.n > 1500);
    s->grid.dlat = s->grid.dlon = 0.5;
    s->grid.mag_last = 4;
    s->grid.n_times = 2;
    s->grid.time_days = ends;
    s->counts.grid = s->grid;
    check_ok(etas_summary_axes_build(&s->counts.axes, 0, NULL, &s->model, &err), &err);
    check_ok(etas_cells_build(&s->counts.cells, &s->grid, &s->model, &err), &err);
}

static void tear_down(setting *s)
{
    etas_cells_free(&s->counts.cells);
    etas_events_free(&s->events);
    etas_plan_free(&s->plan);
    etas_region_free(&s->region);
}

static void take_counts(const setting *s, etas_forecast_output *out)
{
    const etas_counting what = {&s->model, &s->counts.cells, &s->counts.axes};
    etas_counter *counter = NULL;
    etas_catalog_counts kept = {0};
    etas_records records = {0};
    size_t first = 0, byte = 0;
    etas_error err = {0};

    check_ok(etas_counter_open(&counter, &what, &err), &err);
    for (size_t b = 0; b < N_CATALOGS; b++) {
        const etas_counted one = {&s->events, first, s->events.count[b], b};

        check_ok(etas_counter_record(counter, &one, &records, &err), &err);
        first += one.n;
    }
    for (size_t b = 0; b < N_CATALOGS; b++) {
        check_ok(
            etas_counter_read(counter, b, records.length[b], records.bytes + byte, &kept, &err),
            &err);
        check_ok(etas_forecast_output_take_counts(out, b, &kept, &err), &err);
        byte += records.length[b];
    }
    etas_catalog_counts_free(&kept);
    etas_records_free(&records);
    etas_counter_close(counter);
}

static char *write_file(const setting *s, etas_forecast_format format, bool from_counts)
{
    const etas_forecast_spec spec = {
        .format = format, .path = scratch_path("rates"), .grid = from_counts ? NULL : &s->grid};
    const etas_forecast_about about = {.model = &s->model,
                                       .n_catalogs = N_CATALOGS,
                                       .seed = UINT64_MAX,
                                       .release = "0",
                                       .counts = from_counts ? &s->counts : NULL};
    etas_forecast_output *out = NULL;
    etas_error err = {0};
    size_t len, at = 0;
    char *text;

    check_ok(etas_forecast_output_open(&out, &spec, &about, &err), &err);
    if (from_counts)
        take_counts(s, out);
    for (size_t step = 1; !from_counts && at < N_CATALOGS; at += step, step = 3) {
        const etas_forecast_part part = {.events = &s->events,
                                         .at = at,
                                         .count = at + step <= N_CATALOGS ? step : N_CATALOGS - at,
                                         .catalog_id = at,
                                         .index = at};

        check_ok(etas_forecast_output_take(out, &part, &err), &err);
        step = part.count;
    }
    check_ok(etas_forecast_output_commit(out, &err), &err);
    etas_forecast_output_close(out);
    text = (char *)scratch_read(spec.path, &len);
    assert_non_null(text);
    text = realloc(text, len + 1);
    assert_non_null(text);
    text[len] = '\0';
    return text;
}

/* Events of a cell by whole numbers: half degrees, tenths of magnitudes from 3 to 4, milliseconds.
 */
static int count_by_hand(const setting *s, int row, int column, int mag, double from, double to)
{
    const etas_events *const e = &s->events;
    int n = 0;

    for (size_t i = 0; i < e->n; i++) {
        const int m = (e->mag[i] - 30000) / 1000;
        const double day = (double)e->time_ms[i] / 86400e3;

        n += (e->lat[i] - SOUTH * 1000000) / 500000 == row &&
             (e->lon[i] - WEST * 1000000) / 500000 == column && (m < 10 ? m : 10) == mag &&
             day >= from && day < to;
    }
    return n;
}

static void csep1_has_a_line_for_every_cell_with_magnitudes_fastest(void **state)
{
    setting s;
    char *text, *line, *rest = NULL;
    double sum = 0;
    int n_lines = 0;

    (void)state;
    set_up(&s);
    text = write_file(&s, ETAS_FORMAT_DAT, false);
    for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const int mag = n_lines % 11, row = n_lines / 11 % ROWS, column = n_lines / 11 / ROWS;
        double v[10];
        char *at = line;

        for (int i = 0; i < 10; i++)
            v[i] = strtod(at, &at);
        assert_int_equal(*at, '\0');
        check_abs(v[0], WEST + 0.5 * column, 0);
        check_abs(v[1], WEST + 0.5 * (column + 1), 0);
        check_abs(v[2], SOUTH + 0.5 * row, 0);
        check_abs(v[3], SOUTH + 0.5 * (row + 1), 0);
        assert_true(v[4] == 0 && v[5] == 30 && v[9] == 1);
        check_abs(v[6], (30 + mag) / 10.0, 0);
        check_abs(v[7], mag < 10 ? (31 + mag) / 10.0 : 10, 0);
        check_abs(v[8], count_by_hand(&s, row, column, mag, 0, 100) / (double)N_CATALOGS, 0);
        sum += v[8];
        n_lines++;
    }
    assert_int_equal(n_lines, ROWS * COLUMNS * 11);
    check_rel(sum * N_CATALOGS, (double)s.events.n, 1e-12);
    free(text);
    tear_down(&s);
}

static void rates_by_interval_add_up(void **state)
{
    static const double edges[] = {0, 10, 25, 100};
    setting s;
    char *text, *line, *rest = NULL;
    int n_lines = -1;

    (void)state;
    set_up(&s);
    text = write_file(&s, ETAS_FORMAT_RATES_CSV, false);
    for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const int cell = n_lines % (ROWS * COLUMNS * 11), t = n_lines / (ROWS * COLUMNS * 11);
        double v[9];
        char *at = line;

        if (n_lines++ < 0) {
            assert_string_equal(
                line, "day_first,day_last,lon_min,lon_max,lat_min,lat_max,mag_min,mag_max,rate");
            continue;
        }
        for (int i = 0; i < 9; i++, at += *at == ',')
            v[i] = strtod(at, &at);
        assert_int_equal(*at, '\0');
        assert_true(v[0] == edges[t] && v[1] == edges[t + 1]);
        assert_true(cell % 11 < 10 ? v[7] < 5 : isinf(v[7]));
        check_abs(v[8],
                  count_by_hand(&s, cell / 11 % ROWS, cell / 11 / ROWS, cell % 11, edges[t],
                                edges[t + 1]) /
                      (double)N_CATALOGS,
                  0);
    }
    assert_int_equal(n_lines, 3 * ROWS * COLUMNS * 11);
    free(text);
    tear_down(&s);
}

static void geojson_has_a_polygon_for_every_cell(void **state)
{
    setting s;
    char *text;
    json_error_t why;
    json_t *all;
    const json_t *features;

    (void)state;
    set_up(&s);
    text = write_file(&s, ETAS_FORMAT_RATES_GEOJSON, false);
    all = json_loads(text, 0, &why);
    assert_non_null(all);
    features = json_object_get(all, "features");
    assert_int_equal(json_array_size(features), ROWS * COLUMNS);
    assert_int_equal(json_array_size(json_object_get(all, "magnitudes")), 11);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        const json_t *const f = json_array_get(features, (size_t)i);
        const json_t *const p = json_object_get(f, "properties");
        const json_t *const ring =
            json_array_get(json_object_get(json_object_get(f, "geometry"), "coordinates"), 0);
        const json_t *const third = json_array_get(ring, 2);
        int sum = 0;

        assert_int_equal(json_array_size(ring), 5);
        assert_true(json_equal(json_array_get(ring, 0), json_array_get(ring, 4)));
        check_abs(json_number_value(json_array_get(third, 0)), WEST + 0.5 * (i / ROWS + 1), 0);
        check_abs(json_number_value(json_array_get(third, 1)), SOUTH + 0.5 * (i % ROWS + 1), 0);
        for (int k = 0; k < 11; k++) {
            const int n = count_by_hand(&s, i % ROWS, i / ROWS, k, 0, 100);

            check_abs(json_number_value(json_array_get(json_object_get(p, "rates"), (size_t)k)),
                      n / (double)N_CATALOGS, 0);
            sum += n;
        }
        check_abs(json_number_value(json_object_get(p, "rate")), sum / (double)N_CATALOGS, 0);
    }
    json_decref(all);
    free(text);
    tear_down(&s);
}

static int compare_numbers(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Numbers per catalogue of one threshold and horizon, sorted. */
static void numbers_by_hand(const setting *s, double magnitude, double days, int out[N_CATALOGS])
{
    size_t at = 0;

    for (size_t b = 0; b < N_CATALOGS; b++) {
        out[b] = 0;
        for (size_t k = 0; k < s->events.count[b]; k++, at++)
            out[b] += s->events.mag[at] >= (int)(magnitude * 1e4) - 500 &&
                      (double)s->events.time_ms[at] < days * 86400e3;
    }
    qsort(out, N_CATALOGS, sizeof *out, compare_numbers);
}

static void a_summary_has_numbers_and_their_quantiles(void **state)
{
    static const int place[] = {10, 64, 200, 336, 390}; /* of 400, counted from 1 */
    setting s;
    char *text;
    json_error_t why;
    json_t *all;
    const json_t *rows;

    (void)state;
    set_up(&s);
    text = write_file(&s, ETAS_FORMAT_SUMMARY_JSON, false);
    all = json_loads(text, 0, &why);
    assert_non_null(all);
    assert_string_equal(json_string_value(json_object_get(all, "seed")), "18446744073709551615");
    assert_int_equal(json_number_value(json_object_get(all, "n_catalogs")), N_CATALOGS);
    rows = json_object_get(all, "summary");
    assert_int_equal(json_array_size(rows), 11 * 4); /* 3 to 8; 1, 7, 30 and 100 days */
    for (size_t r = 0; r < json_array_size(rows); r++) {
        static const double days[] = {1, 7, 30, 100};
        const json_t *const row = json_array_get(rows, r);
        const double magnitude = json_number_value(json_object_get(row, "magnitude"));
        const double mean = json_number_value(json_object_get(row, "mean"));
        const double share = json_number_value(json_object_get(row, "probability"));
        int numbers[N_CATALOGS];
        double sum = 0, hits = 0;

        check_abs(magnitude, 3 + 0.5 * (double)(r / 4), 0);
        check_abs(json_number_value(json_object_get(row, "days")), days[r % 4], 0);
        numbers_by_hand(&s, magnitude, days[r % 4], numbers);
        for (size_t b = 0; b < N_CATALOGS; b++) {
            sum += numbers[b];
            hits += numbers[b] > 0;
        }
        check_rel(mean, sum / N_CATALOGS, 1e-15);
        check_rel(share, hits / N_CATALOGS, 1e-15);
        check_rel(json_number_value(json_object_get(row, "probability_error")),
                  sqrt(share * (1 - share) / (N_CATALOGS - 1)), 1e-12);
        for (size_t q = 0; q < 5; q++)
            assert_true(json_number_value(json_array_get(json_object_get(row, "numbers"), q)) ==
                        numbers[place[q] - 1]);
        assert_true(json_number_value(json_object_get(row, "averaged")) > 0);
        assert_true(json_number_value(json_object_get(row, "averaged_error")) >= 1.0 / N_CATALOGS);
        assert_true(json_number_value(json_object_get(row, "n_certain")) <= hits);
        if (r < 4) /* nothing to average over */
            check_rel(json_number_value(json_object_get(row, "averaged")), share, 1e-12);
        else
            check_abs(json_number_value(json_object_get(row, "averaged")), share,
                      5 * json_number_value(json_object_get(row, "averaged_error")));
    }
    json_decref(all);
    free(text);
    tear_down(&s);
}

static void counts_give_the_same_files_as_events(void **state)
{
    static const etas_forecast_format formats[] = {
        ETAS_FORMAT_DAT,          ETAS_FORMAT_RATES_CSV,   ETAS_FORMAT_RATES_GEOJSON,
        ETAS_FORMAT_SUMMARY_JSON, ETAS_FORMAT_SUMMARY_CSV, ETAS_FORMAT_COUNTS_CSV};
    setting s;

    (void)state;
    set_up(&s);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char *const events = write_file(&s, formats[i], false);
        char *const counts = write_file(&s, formats[i], true);

        assert_true(etas_forecast_format_from_counts(formats[i]));
        assert_true(strlen(events) > 1000);
        assert_string_equal(events, counts);
        free(events);
        free(counts);
    }
    assert_false(etas_forecast_format_from_counts(ETAS_FORMAT_CSEP));
    assert_false(etas_forecast_format_from_counts(ETAS_FORMAT_HDF5));
    tear_down(&s);
}

static void counts_by_catalogue_add_up_and_have_the_empty_ones(void **state)
{
    setting s;
    char *text, *line, *rest = NULL;
    uint64_t sum = 0, next = 0, empty = 0, n_empty = 0;
    bool header = true;

    (void)state;
    set_up(&s);
    for (size_t b = 0; b < N_CATALOGS; b++)
        n_empty += s.events.count[b] == 0;
    text = write_file(&s, ETAS_FORMAT_COUNTS_CSV, false);
    for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const uint64_t id = strtoull(line, NULL, 10);

        if (header) {
            assert_string_equal(line, "catalog_id,day_first,lon_min,lat_min,mag_min,number");
            header = false;
            continue;
        }
        assert_true(id == next || id + 1 == next);
        next = id + 1;
        empty += strstr(line, ",,,,,0") != NULL;
        sum += strtoull(strrchr(line, ',') + 1, NULL, 10);
    }
    assert_int_equal(next, N_CATALOGS);
    assert_int_equal(sum, s.events.n);
    assert_int_equal(empty, n_empty);
    assert_true(n_empty > 0);
    free(text);
    tear_down(&s);
}

/* Small and large numbers, against a sorted list. */
static void quantiles_are_exact_for_any_numbers(void **state)
{
    enum { N = 5000 };
    static const unsigned permille[] = {1, 25, 160, 500, 840, 975, 1000};
    static int numbers[N];
    etas_histogram h = {0};
    uint64_t draw = 1, sum = 0;
    uint32_t got[7];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        draw = draw * UINT64_C(6364136223846793005) + 1442695040888963407u;
        numbers[i] =
            (int)((draw >> 40) % (i % 2 == 0 ? 3000 : 16000000) % (i % 5 == 0 ? 7 : 1u << 30));
        sum += (uint64_t)numbers[i];
        check_ok(etas_histogram_add(&h, (uint32_t)numbers[i]), NULL);
    }
    qsort(numbers, N, sizeof *numbers, compare_numbers);
    check_ok(etas_histogram_quantiles(&h, 7, permille, got), NULL);
    for (size_t q = 0; q < 7; q++)
        assert_int_equal(got[q], numbers[(permille[q] * N + 999) / 1000 - 1]);
    assert_int_equal(h.n, N);
    assert_int_equal(h.sum, sum);
    etas_histogram_free(&h);
    etas_histogram_free(&h);
}

static void events_and_counts_are_not_mixed(void **state)
{
    const etas_forecast_spec csep = {.format = ETAS_FORMAT_CSEP, .path = scratch_path("x.csv")};
    const etas_forecast_spec dat = {.format = ETAS_FORMAT_DAT, .path = scratch_path("x.dat")};
    etas_forecast_output *out = NULL;
    etas_catalog_counts none = {0};
    setting s;
    etas_forecast_about about;

    (void)state;
    set_up(&s);
    about = (etas_forecast_about){.model = &s.model, .n_catalogs = 1, .counts = &s.counts};
    assert_int_equal(etas_forecast_output_open(&out, &csep, &about, NULL), ETAS_E_ARG);
    check_ok(etas_forecast_output_open(&out, &dat, &about, NULL), NULL);
    assert_int_equal(etas_forecast_output_take(
                         out, &(etas_forecast_part){.events = &s.events, .count = 1}, NULL),
                     ETAS_E_ARG);
    etas_forecast_output_close(out);
    about.counts = NULL;
    check_ok(etas_forecast_output_open(&out, &dat, &about, NULL), NULL);
    assert_int_equal(etas_forecast_output_take_counts(out, 0, &none, NULL), ETAS_E_ARG);
    assert_int_equal(etas_forecast_output_commit(out, NULL), ETAS_E_RANGE); /* no catalogue */
    etas_forecast_output_close(out);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csep1_has_a_line_for_every_cell_with_magnitudes_fastest),
        cmocka_unit_test(rates_by_interval_add_up),
        cmocka_unit_test(geojson_has_a_polygon_for_every_cell),
        cmocka_unit_test(a_summary_has_numbers_and_their_quantiles),
        cmocka_unit_test(counts_give_the_same_files_as_events),
        cmocka_unit_test(counts_by_catalogue_add_up_and_have_the_empty_ones),
        cmocka_unit_test(quantiles_are_exact_for_any_numbers),
        cmocka_unit_test(events_and_counts_are_not_mixed),
    };
    int failed;

    scratch_open();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_close();
    return failed;
}
