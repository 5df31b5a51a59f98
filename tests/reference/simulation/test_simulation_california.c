/* 150 synthetic years of California against 250 runs of the reference package's generate_catalog.
 */
#include "support/check.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "etas/io.h"
#include "etas/simulation.h"

enum { N_CATALOGS = 200, MAG_BINS = 20 };

static const char *shared;

static const char *path_of(const char *name)
{
    static char path[4096];

    assert_true(snprintf(path, sizeof path, "%s/%s", shared, name) < (int)sizeof path);
    return path;
}

static double number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || !json_is_number(value))
        fail_msg("no number \"%s\"", key);
    return json_number_value(value);
}

static etas_time time_at(const json_t *object, const char *key)
{
    const json_t *text = json_object_get(object, key);
    etas_time out;

    check_ok(etas_time_parse(json_string_value(text), json_string_length(text), &out, NULL), NULL);
    return out;
}

/*
 * The reference measures magnitudes from m_ref - delta_m/2 for the number of aftershocks and from
 * m_ref for their distances. Here both are measured from m_ref - delta_m/2, so its catalogues have
 * a d that is smaller by exp(-gamma delta_m / 2), at the same productivity.
 */
static void narrow_as_the_reference(etas_params *theta, double delta_m)
{
    const double shift = -theta->value[ETAS_GAMMA] * delta_m / 2 / log(10);

    theta->value[ETAS_LOG10_D] += shift;
    theta->value[ETAS_LOG10_K0] += theta->value[ETAS_RHO] * shift;
}

static void build_plan(const json_t *reference, etas_plan *plan)
{
    const json_t *config = json_object_get(reference, "config");
    const json_t *theta = json_object_get(config, "parameters");
    etas_region region = {0};
    etas_error err = {0};
    etas_plan_input in = {.beta = number_at(config, "beta"),
                          .m_ref = number_at(config, "mc"),
                          .delta_m = number_at(config, "delta_m"),
                          .m_max = INFINITY,
                          .m_threshold = NAN,
                          .start = time_at(config, "burn_start"),
                          .end = time_at(config, "end"),
                          .output_start = ETAS_TIME_NONE,
                          .region = &region,
                          .area_km2 = number_at(reference, "area"),
                          .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                          .filter_region = true};

    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        in.theta.value[i] =
            i == ETAS_LOG10_IOTA ? NAN : number_at(theta, etas_param_name((etas_param)i));
    narrow_as_the_reference(&in.theta, in.delta_m);
    check_ok(etas_region_load(&region, path_of("data/california_shape.npy"), false, &err), &err);
    check_ok(etas_plan_build(&in, plan, &err), &err);
    check_rel(plan->branching_ratio, number_at(reference, "branching_ratio"), 1e-9);
    check_rel(plan->background.mean, number_at(reference, "analytic_expected_background_total"),
              1e-9);
    etas_region_free(&region);
}

typedef struct moments {
    double sum, square;
} moments;

static void add(moments *m, double x)
{
    m->sum += x;
    m->square += x * x;
}

static void check_moments(const char *what, const moments *m, const json_t *want)
{
    const double mean = m->sum / N_CATALOGS;
    const double se = sqrt((m->square / N_CATALOGS - mean * mean) / (N_CATALOGS - 1));
    const double ref = number_at(want, "mean"), ref_se = number_at(want, "se");
    const double z = (mean - ref) / sqrt(se * se + ref_se * ref_se);

    print_message("%-28s %10.3f +- %.3f  reference %10.3f +- %.3f  z %+.2f\n", what, mean, se, ref,
                  ref_se, z);
    if (!(fabs(z) < 4))
        fail_msg("%s: z = %g", what, z);
}

typedef struct tallies {
    moments total, after, background, background_after, generation, mag[MAG_BINS];
} tallies;

static void tally_catalog(const etas_events *e, uint64_t primary_ms, tallies *t)
{
    double after = 0, background = 0, background_after = 0, mag[MAG_BINS] = {0};
    uint16_t last = 0;

    for (size_t i = 0; i < e->n; i++) {
        const bool late = e->time_ms[i] >= primary_ms;
        const int32_t bin = (e->mag[i] - 36000) / 1000;

        assert_true(bin >= 0 && e->mag[i] % 1000 == 0);
        after += late;
        background += e->generation[i] == 0;
        background_after += late && e->generation[i] == 0;
        last = e->generation[i] > last ? e->generation[i] : last;
        if (late && bin < MAG_BINS)
            mag[bin]++;
    }
    add(&t->total, (double)e->n);
    add(&t->after, after);
    add(&t->background, background);
    add(&t->background_after, background_after);
    add(&t->generation, last);
    for (size_t b = 0; b < MAG_BINS; b++)
        add(&t->mag[b], mag[b]);
}

static void californian_catalogues_agree_with_the_reference(void **state)
{
    json_t *reference =
        json_load_file(path_of("vectors/generate_catalog.json"), JSON_DECODE_INT_AS_REAL, NULL);
    const json_t *mags;
    tallies *t = calloc(1, sizeof *t);
    etas_plan plan = {0};
    etas_simulator *sim = NULL;
    etas_events events = {0};
    etas_error err = {0};
    uint64_t primary_ms;

    (void)state;
    assert_non_null(reference);
    assert_non_null(t);
    build_plan(reference, &plan);
    primary_ms =
        (uint64_t)(time_at(json_object_get(reference, "config"), "primary_start") - plan.start) /
        (uint64_t)ETAS_NS_PER_MS;
    check_ok(etas_simulator_open(&sim, &plan, NULL, &err), &err);
    for (uint64_t k = 0; k < N_CATALOGS; k++) {
        check_ok(etas_simulator_run(sim, 1871, k, 1, &events, &err), &err);
        tally_catalog(&events, primary_ms, t);
    }
    check_moments("all", &t->total, json_object_get(reference, "stat_n_total_in_polygon"));
    check_moments("after the burn-in", &t->after,
                  json_object_get(reference, "stat_n_after_primary_start"));
    check_moments("background", &t->background,
                  json_object_get(reference, "stat_n_background_in_polygon"));
    check_moments("background after", &t->background_after,
                  json_object_get(reference, "stat_n_background_after_primary"));
    check_moments("last generation", &t->generation,
                  json_object_get(reference, "stat_max_generation"));
    mags = json_object_get(reference, "magnitude_histogram_mean_per_run_after_primary");
    for (int b = 0; b < MAG_BINS; b++) {
        char name[8];

        (void)snprintf(name, sizeof name, "%.1f", 3.6 + 0.1 * b);
        check_moments(name, &t->mag[b], json_object_get(mags, name));
    }
    etas_simulator_close(sim);
    etas_events_free(&events);
    etas_plan_free(&plan);
    json_decref(reference);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(californian_catalogues_agree_with_the_reference),
    };

    shared = getenv("ETAS_SHARED");
    if (shared == NULL || access(path_of("vectors/generate_catalog.json"), R_OK) != 0) {
        print_message("skipped: ETAS_SHARED does not name the folder of the reference vectors\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
