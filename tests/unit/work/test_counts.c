/* What is kept of catalogues: the same from events and from records, and estimates that are right.
 */
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

#include "etas/array.h"
#include "etas/counts.h"
#include "work/work.h"

enum { N_SEEDS = 3 };

typedef struct setting {
    etas_region region;
    etas_plan plan;
    uint8_t turn;
    etas_mixture model;
    etas_forecast_grid grid;
    etas_cells cells;
    etas_summary_axes axes;
} setting;

/* A background in two by two degrees, and (with a ratio above 0) what it triggers. */
static void set_up(setting *s, double n_background, double ratio, double delta_m)
{
    etas_plan_input in = bare_input();
    etas_error err = {0};

    *s = (setting){.grid = etas_forecast_grid_default()};
    set_rectangle(&s->region, 46, 48, 7, 9);
    in.region = &s->region;
    in.filter_region = true;
    in.area_km2 = 1;
    in.delta_m = delta_m;
    in.theta.value[ETAS_LOG10_MU] = log10(n_background / 100);
    if (ratio > 0)
        set_branching(&in, ratio);
    else
        in.theta.value[ETAS_LOG10_K0] = -30;
    s->plan = build_plan(&in);
    s->model = (etas_mixture){.n = 1, .plan = &s->plan, .period = 1, .turn = &s->turn};
    check_ok(etas_cells_build(&s->cells, &s->grid, &s->model, &err), &err);
    check_ok(etas_summary_axes_build(&s->axes, 0, NULL, &s->model, &err), &err);
}

static void setting_free(setting *s)
{
    etas_plan_free(&s->plan);
    etas_region_free(&s->region);
    etas_cells_free(&s->cells);
}

static etas_counter *open_counter(const setting *s)
{
    const etas_counting what = {&s->model, &s->cells, &s->axes};
    etas_counter *counter = NULL;
    etas_error err = {0};

    check_ok(etas_counter_open(&counter, &what, &err), &err);
    return counter;
}

/* ---- estimates ---- */

/* Sums over catalogues of both estimates of one probability. */
typedef struct sums {
    double n, hit, chance, chance2, difference, variance, naive;
} sums;

static void add_catalog(sums *s, double number, double chance, double naive)
{
    const double hit = number > 0, difference = chance - hit;

    s->n++;
    s->hit += hit;
    s->chance += chance;
    s->chance2 += chance * chance;
    s->difference += difference;
    s->variance += chance * (1 - chance); /* of the difference, given everything else */
    s->naive += naive;
}

static double error_of(double n, double sum, double squares)
{
    return sqrt(fmax(squares - sum * sum / n, 0) / (n - 1) / n);
}

/* All thresholds and horizons of a model, n catalogues. */
static void estimate(const setting *s, uint64_t seed, size_t n, sums out[])
{
    const size_t n_sums = s->axes.n_thresholds * s->axes.n_horizons;
    etas_counter *counter = open_counter(s);
    etas_events e = simulate_range(&s->plan, NULL, seed, 0, n);
    etas_catalog_counts tally = {0};
    size_t at = 0;

    memset(out, 0, n_sums * sizeof *out);
    for (size_t b = 0; b < n; b++) {
        const etas_counted one = {&e, at, e.count[b], b};

        check_ok(etas_counter_count(counter, &one, &tally, NULL), NULL);
        assert_int_equal(tally.n_events, e.count[b]);
        for (size_t h = 0, k = 0; h < s->axes.n_horizons; h++)
            for (size_t j = 0; j < s->axes.n_thresholds; j++, k++) {
                const double share = exp(-s->plan.beta * (s->axes.threshold[j] - 3));
                const double all = tally.number[h * s->axes.n_thresholds];

                add_catalog(&out[k], tally.number[k], tally.chance[k], 1 - pow(1 - share, all));
            }
        at += e.count[b];
    }
    etas_catalog_counts_free(&tally);
    etas_counter_close(counter);
    etas_events_free(&e);
}

/* No event triggers: numbers are Poisson's, magnitudes Gutenberg and Richter's. */
static void without_triggering_the_probability_is_known(void **state)
{
    enum { CATALOGS = 10000 };
    setting s;
    sums *all;

    (void)state;
    set_up(&s, 6, 0, 0.1);
    all = calloc(s.axes.n_thresholds * s.axes.n_horizons, sizeof *all);
    assert_non_null(all);
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        estimate(&s, seed, CATALOGS, all);
        for (size_t h = 0, k = 0; h < s.axes.n_horizons; h++)
            for (size_t j = 0; j < s.axes.n_thresholds; j++, k++) {
                const double mean =
                    6 * s.axes.horizon_days[h] / 100 * exp(-2.3 * (s.axes.threshold[j] - 3));
                const double p = -expm1(-mean);
                const double error = error_of(CATALOGS, all[k].chance, all[k].chance2);

                check_abs(all[k].hit / CATALOGS, p, 4.5 * sqrt(p * (1 - p) / CATALOGS) + 1e-4);
                check_abs(all[k].chance / CATALOGS, p, 4.5 * error);
                if (j > 0 && h + 1 == s.axes.n_horizons) /* magnitudes are averaged out */
                    assert_true(error < sqrt(p * (1 - p) / CATALOGS));
            }
    }
    free(all);
    setting_free(&s);
}

/* With triggering large events have children: those without are small, which the share of the law
 * of magnitudes does not know. */
static void with_triggering_both_estimates_agree_and_a_naive_one_does_not(void **state)
{
    enum { CATALOGS = 10000 };
    static const struct {
        double n_background, ratio, delta_m;
    } cases[] = {{3, 0.9, 0.1}, {3, 0.5, 0}, {1, 0.7, 0.2}};
    setting s;
    double worst_naive = 0, gain = 0, n_gain = 0;

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        sums *all;

        set_up(&s, cases[c].n_background, cases[c].ratio, cases[c].delta_m);
        all = calloc(s.axes.n_thresholds * s.axes.n_horizons, sizeof *all);
        assert_non_null(all);
        for (uint64_t seed = 11; seed < 11 + N_SEEDS; seed++) {
            estimate(&s, seed, CATALOGS, all);
            for (size_t k = 0; k < s.axes.n_thresholds * s.axes.n_horizons; k++) {
                const double direct = all[k].hit / CATALOGS;
                const double error = sqrt(all[k].variance) / CATALOGS;
                const double own = error_of(CATALOGS, all[k].chance, all[k].chance2);
                const double other = sqrt(direct * (1 - direct) / (CATALOGS - 1));

                if (!(fabs(all[k].difference) / CATALOGS <= 4.5 * error + 4.0 / CATALOGS))
                    fail_msg("case %zu, sum %zu: %g directly, %g averaged, +- %g", c, k, direct,
                             all[k].chance / CATALOGS, error);
                assert_true(own <= other * 1.02 + 1e-9 || direct == 0);
                if (direct * CATALOGS > 30 && direct < 0.9) {
                    worst_naive =
                        fmax(worst_naive, (all[k].naive / CATALOGS - direct) / fmax(own, 1e-9));
                    gain += own > 0 ? other * other / (own * own) : 1;
                    n_gain++;
                }
            }
        }
        free(all);
        setting_free(&s);
    }
    print_message("variance of direct counts / averaged: %.3g on average; the naive estimate is "
                  "%.3g errors off\n",
                  gain / n_gain, worst_naive);
    assert_true(worst_naive > 6);
    assert_true(gain / n_gain > 1.1);
}

/* Half of the region has magnitudes from 3 to 5.5 in equal shares; there events are counted as they
 * are. The other model of the two takes every third catalogue. */
static void zones_and_mixtures_are_averaged_rightly(void **state)
{
    enum { CATALOGS = 9000 };
    double lat[] = {46.5, 46.5, 47.5, 47.5}, lon[] = {7.5, 8.5, 7.5, 8.5};
    uint32_t zone[] = {0, UINT32_MAX, 0, UINT32_MAX};
    size_t first[] = {0, 26};
    double mag[26], weight[26];
    etas_magnitude_zones zones = {.map = {.n = 4, .lat = lat, .lon = lon, .dlat = 1, .dlon = 1},
                                  .zone = zone,
                                  .n_zones = 1,
                                  .first = first,
                                  .mag = mag,
                                  .weight = weight,
                                  .bin_width = 0.1};
    etas_plan plans[2] = {{0}};
    uint8_t turns[3] = {0, 1, 0};
    setting s = {.grid = etas_forecast_grid_default()};
    etas_plan_input in = bare_input();
    etas_error err = {0};
    etas_counter *counter = NULL;
    etas_catalog_counts kept = {0};
    sums all[ETAS_MAX_THRESHOLDS * ETAS_MAX_HORIZONS] = {{0}};
    const etas_counting what = {&s.model, NULL, &s.axes};
    size_t n_sums, at[2] = {0}, averaged = 0;
    etas_events e[2];

    (void)state;
    for (size_t i = 0; i < 26; i++) {
        mag[i] = 3 + 0.1 * (double)i;
        weight[i] = 1;
    }
    set_rectangle(&s.region, 46, 48, 7, 9);
    in.region = &s.region;
    in.filter_region = true;
    in.delta_m = 0.1;
    in.allow_supercritical = true;
    in.theta.value[ETAS_LOG10_MU] = log10(2.0 / 100);
    set_branching(&in, 0.2);
    in.zones = &zones;
    plans[0] = build_plan(&in);
    in.zones = NULL;
    in.beta = 1.8;
    in.m_max = 6.5;
    plans[1] = build_plan(&in);
    s.model = (etas_mixture){.n = 2, .plan = plans, .period = 3, .turn = turns};
    check_ok(etas_summary_axes_build(&s.axes, 0, NULL, &s.model, &err), &err);
    n_sums = s.axes.n_thresholds * s.axes.n_horizons;
    check_ok(etas_counter_open(&counter, &what, &err), &err);
    for (size_t k = 0; k < 2; k++)
        e[k] = simulate_range(&plans[k], NULL, 21 + k, 0, CATALOGS);
    for (size_t b = 0; b < CATALOGS; b++) {
        const size_t k = turns[b % 3];
        const etas_counted one = {&e[k], at[k], e[k].count[b], b};

        check_ok(etas_counter_count(counter, &one, &kept, &err), &err);
        for (size_t i = 0; i < n_sums; i++)
            add_catalog(&all[i], kept.number[i], kept.chance[i], 0);
        averaged += kept.chance[n_sums - s.axes.n_thresholds + 1] > 0 &&
                    kept.chance[n_sums - s.axes.n_thresholds + 1] < 1;
        at[0] += e[0].count[b];
        at[1] += e[1].count[b];
    }
    assert_true(averaged > CATALOGS / 10);
    for (size_t i = 0; i < n_sums; i++)
        if (!(fabs(all[i].difference) <= 4.5 * sqrt(all[i].variance) + 4))
            fail_msg("sum %zu: %g catalogues, %g averaged, +- %g", i, all[i].hit, all[i].chance,
                     sqrt(all[i].variance));
    etas_catalog_counts_free(&kept);
    etas_counter_close(counter);
    for (size_t k = 0; k < 2; k++) {
        etas_events_free(&e[k]);
        etas_plan_free(&plans[k]);
    }
    etas_region_free(&s.region);
}

/* ---- records ---- */

static void same_tally(const setting *s, const etas_catalog_counts *a, const etas_catalog_counts *b)
{
    const size_t n = s->axes.n_thresholds * s->axes.n_horizons;

    assert_int_equal(a->n_events, b->n_events);
    assert_int_equal(a->n_cells, b->n_cells);
    if (a->n_cells > 0) {
        assert_memory_equal(a->cell, b->cell, a->n_cells * sizeof *a->cell);
        assert_memory_equal(a->count, b->count, a->n_cells * sizeof *a->count);
    }
    assert_memory_equal(a->number, b->number, n * sizeof *a->number);
    assert_memory_equal(a->chance, b->chance, n * sizeof *a->chance);
}

static void records_say_what_events_say(void **state)
{
    static const double sizes[] = {0.5, 4, 55, 400};

    (void)state;
    for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
        setting s;
        etas_counter *counter;
        etas_catalog_counts from_events = {0}, from_record = {0};
        etas_records records = {0};
        etas_events e;
        etas_error err = {0};
        size_t at = 0, byte = 0, listed = 0;

        set_up(&s, sizes[c], 0.3, 0.1);
        counter = open_counter(&s);
        e = simulate_range(&s.plan, NULL, 5, 100, 200);
        for (size_t b = 0; b < 200; b++) {
            const etas_counted one = {&e, at, e.count[b], 100 + b};

            check_ok(etas_counter_record(counter, &one, &records, &err), &err);
            at += e.count[b];
        }
        at = 0;
        for (size_t b = 0; b < 200; b++) {
            const etas_counted one = {&e, at, e.count[b], 100 + b};
            const size_t len = records.length[b];

            assert_true(etas_counts_is_record(len, records.bytes + byte));
            for (size_t cut = 0; cut < len && cut < 40; cut++)
                assert_false(etas_counts_is_record(cut, records.bytes + byte));
            check_ok(
                etas_counter_read(counter, 100 + b, len, records.bytes + byte, &from_record, &err),
                &err);
            check_ok(etas_counter_count(counter, &one, &from_events, &err), &err);
            same_tally(&s, &from_events, &from_record);
            listed += e.count[b] <= 64;
            at += e.count[b];
            byte += len;
        }
        assert_true(c == 2 ? listed > 10 && listed < 190 : listed == (c < 2 ? 200 : 0));
        etas_records_free(&records);
        etas_events_free(&e);
        etas_catalog_counts_free(&from_events);
        etas_catalog_counts_free(&from_record);
        etas_counter_close(counter);
        setting_free(&s);
    }
}

/* Bytes that mean nothing on this grid. */
static void records_of_another_grid_are_damaged(void **state)
{
    static const struct {
        size_t len;
        uint8_t bytes[12];
    } bad[] = {
        {0, {0}},
        {1, {0}},
        {3, {0, 0, 0}},                               /* a byte too many */
        {2, {0x80, 0}},                               /* a number that is longer than it needs be */
        {3, {1, 2, 0}},                               /* more cells than events */
        {4, {1, 0, 0, 120}},                          /* reaches 60 thresholds */
        {8, {1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0}}, /* far beyond the grid; ends early */
        {9, {1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0}},
        {5, {1, 1, 1, 0, 0}},                         /* two events in a cell of one event in all */
        {3, {70, 0, 5}},                              /* sums that are not there */
        {12, {70, 0, 1, 71, 0, 0, 0, 0, 0, 0, 0, 0}}, /* more events in a sum than there are */
        {12, {70, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f}}, /* a chance that is none */
        {12, {70, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0}},       /* one sum is too few */
    };
    setting s;
    etas_counter *counter;
    etas_catalog_counts tally = {0};

    (void)state;
    set_up(&s, 4, 0.3, 0.1);
    counter = open_counter(&s);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        etas_error err = {0};

        if (etas_counter_read(counter, 7, bad[i].len, bad[i].bytes, &tally, &err) != ETAS_E_CORRUPT)
            fail_msg("record %zu is believed", i);
        assert_non_null(strstr(err.text, "7"));
    }
    check_ok(etas_counter_read(counter, 7, 2, (const uint8_t[]){0, 0}, &tally, NULL), NULL);
    assert_int_equal(tally.n_events, 0);
    for (size_t k = 0; k < s.axes.n_thresholds * s.axes.n_horizons; k++)
        assert_true(tally.number[k] == 0 && tally.chance[k] == 0);
    etas_catalog_counts_free(&tally);
    etas_counter_close(counter);
    setting_free(&s);
}

/* ---- the work ---- */

static void encode(const setting *s, size_t model_len, const uint8_t model[], uint8_t **blob,
                   size_t *len)
{
    const etas_counts_input in = {&s->grid, &s->axes, model_len, model};
    etas_error err = {0};

    check_ok(etas_counts_encode(&in, blob, len, &err), &err);
}

static void a_run_makes_the_records_of_its_catalogues(void **state)
{
    static const char *const kernels[] = {NULL, "scalar"};
    double ends[] = {1, 7};
    setting s;
    uint8_t *model = NULL, *blob = NULL;
    size_t model_len, len;
    etas_error err = {0};
    etas_counts counts = {0};
    etas_payload whole = {.kind = ETAS_FRAME_RECORDS}, part = {.kind = ETAS_FRAME_RECORDS};

    (void)state;
    set_up(&s, 4, 0.5, 0.1);
    s.grid.n_times = 2;
    s.grid.time_days = ends;
    check_ok(etas_mixture_encode(&s.model, &model, &model_len, &err), &err);
    encode(&s, model_len, model, &blob, &len);
    assert_true(etas_counts_is_blob(len, blob));
    assert_false(etas_counts_is_blob(model_len, model));
    check_ok(etas_counts_decode(len, blob, &counts, &err), &err);
    assert_int_equal(counts.axes.n_thresholds, s.axes.n_thresholds);
    assert_memory_equal(counts.axes.threshold, s.axes.threshold, 8 * s.axes.n_thresholds);
    assert_int_equal(counts.cells.n_times, 3);
    assert_int_equal(counts.cells.n_places, s.cells.n_places);
    assert_int_equal(etas_counts_model_at(&counts), len - model_len);
    for (size_t i = 0; i < 2; i++) {
        etas_work work = {0};
        size_t at = 0;

        check_ok(etas_work_open(&work, len, blob, kernels[i], &err), &err);
        assert_true(work.kind == &etas_work_counts);
        check_ok(work.kind->make(work.self, 3, 0, 50, &whole, &err), &err);
        assert_int_equal(whole.records.n, 50);
        for (uint64_t b = 0; b < 50; b++) {
            check_ok(work.kind->make(work.self, 3, b, 1, &part, &err), &err);
            assert_int_equal(part.records.length[0], whole.records.length[b]);
            assert_memory_equal(part.records.bytes, whole.records.bytes + at,
                                part.records.length[0]);
            at += part.records.length[0];
        }
        etas_work_close(&work);
    }
    etas_payload_free(&whole);
    etas_payload_free(&part);
    etas_counts_free(&counts);
    etas_array_free((void **)&model);
    etas_array_free((void **)&blob);
    setting_free(&s);
}

static void blobs_that_cannot_be_are_refused(void **state)
{
    setting s;
    uint8_t *model = NULL, *blob = NULL;
    size_t model_len, len;
    etas_error err = {0};
    static const size_t zeroed[] = {0, 4, 8, 16, 24, 40, 72};

    (void)state;
    set_up(&s, 4, 0.5, 0.1);
    check_ok(etas_mixture_encode(&s.model, &model, &model_len, &err), &err);
    encode(&s, model_len, model, &blob, &len);
    for (size_t i = 0; i < sizeof zeroed / sizeof *zeroed; i++) {
        etas_counts counts = {0};
        uint8_t *copy = malloc(len);

        assert_non_null(copy);
        memcpy(copy, blob, len);
        memset(copy + zeroed[i], 0, 2);
        memset(copy + zeroed[i] + 2, 0, zeroed[i] < 16 ? 0 : 6);
        assert_true(etas_counts_decode(len, copy, &counts, NULL) != ETAS_OK);
        free(copy);
    }
    for (size_t cut = 0; cut < len; cut += cut < 100 ? 1 : 37) {
        etas_counts counts = {0};
        uint8_t *copy = malloc(cut > 0 ? cut : 1);

        assert_non_null(copy);
        memcpy(copy, blob, cut);
        assert_true(etas_counts_decode(cut, copy, &counts, NULL) != ETAS_OK);
        free(copy);
    }
    etas_array_free((void **)&model);
    etas_array_free((void **)&blob);
    setting_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_triggering_the_probability_is_known),
        cmocka_unit_test(with_triggering_both_estimates_agree_and_a_naive_one_does_not),
        cmocka_unit_test(zones_and_mixtures_are_averaged_rightly),
        cmocka_unit_test(records_say_what_events_say),
        cmocka_unit_test(records_of_another_grid_are_damaged),
        cmocka_unit_test(a_run_makes_the_records_of_its_catalogues),
        cmocka_unit_test(blobs_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
