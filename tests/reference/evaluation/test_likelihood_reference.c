/* The likelihood of the Californian test window, 2007 to 2021, against exact integrals. */
#include "support/check.h"
#include "support/vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etas/io.h"
#include "etas/likelihood.h"

typedef struct world {
    json_t *vectors;
    etas_catalog catalog;
    etas_likelihood_input in;
    etas_likelihood got;
} world;

static const char *data_path(const char *file, char out[512])
{
    (void)snprintf(out, 512, "%s/data/%s", getenv("ETAS_SHARED"), file);
    return out;
}

static etas_time time_of(const char *text)
{
    etas_time out;

    check_ok(etas_time_parse(text, strlen(text), &out, NULL), NULL);
    return out;
}

static double number(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (!json_is_number(value))
        fail_msg("no number %s", key);
    return json_number_value(value);
}

static void load(world *self)
{
    etas_catalog all = {0};
    etas_region region = {0};
    etas_error err = {0};
    etas_likelihood_input *in = &self->in;
    json_t *theta = json_object_get(self->vectors, "final_parameters");
    char path[512];

    *in = (etas_likelihood_input){.train_start = time_of("1981-01-01"),
                                  .test_start = time_of("2007-01-01"),
                                  .test_end = time_of("2021-01-01"),
                                  .m_ref = 3.6,
                                  .delta_m = 0.1,
                                  .m_test = NAN,
                                  .beta = number(self->vectors, "beta"),
                                  .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                                  .n_threads = 2};
    for (etas_param k = 0; k < ETAS_N_PARAMS; k++) {
        json_t *value = json_object_get(theta, etas_param_name(k));

        in->theta.value[k] = json_is_number(value) ? json_number_value(value) : NAN;
    }
    check_ok(etas_catalog_load(&all, data_path("example_catalog.csv", path), NULL, NULL, &err),
             &err);
    check_ok(etas_region_load(&region, data_path("california_shape.npy", path), false, &err), &err);
    check_ok(etas_region_area_km2(&region, in->earth_radius_km, &in->area_km2, &err), &err);
    check_ok(etas_catalog_select(&all,
                                 &(etas_selection){.start = time_of("1971-01-01"),
                                                   .end = in->test_end,
                                                   .region = &region,
                                                   .delta_m = in->delta_m,
                                                   .mc_method = ETAS_MC_CONSTANT,
                                                   .mc = in->m_ref},
                                 &self->catalog, &err),
             &err);
    etas_region_free(&region);
    etas_catalog_free(&all);
    in->catalog = &self->catalog;
    check_ok(etas_likelihood_evaluate(in, &self->got, &err), &err);
}

static world *the_world;

static void scores_are_those_of_the_exact_integrals(void **state)
{
    json_t *want = json_object_get(the_world->vectors, "full_compensator_exact_mc_minus_half_bin");
    const etas_likelihood *got = &the_world->got;

    (void)state;
    assert_int_equal(got->n, 1151);
    assert_int_equal(the_world->catalog.n, 4454);
    check_rel(got->model.nll, number(want, "nll"), 1e-12);
    check_rel(got->model.tll, number(want, "tll"), 1e-12);
    check_rel(got->model.sll, number(want, "sll"), 1e-12);
    check_rel(got->compensator, number(want, "compensator"), 1e-12);
    check_rel(got->background, number(want, "background_part"), 1e-12);
    check_rel(got->triggered, number(want, "triggered_part"), 1e-12);
    check_rel(got->log_likelihood / 1151, got->model.tll + got->model.sll, 1e-13);
}

/* The vectors' own process is fitted from auxiliary_start on; ours from timewindow_start. */
static void the_poisson_process_is_that_of_the_training_window(void **state)
{
    json_t *want =
        json_object_get(json_object_get(the_world->vectors, "exact_integral"), "Poisson");
    const etas_likelihood *got = &the_world->got;

    (void)state;
    assert_int_equal(got->n_train, 2350);
    check_abs(got->poisson.tll, -2.495999185744, 1e-12);
    check_rel(got->poisson.sll, number(want, "sll"), 1e-14);
    check_rel(got->gain, got->poisson.nll - got->model.nll, 1e-13);
    check_rel(got->gain, got->time_gain + got->space_gain, 1e-13);
}

/* Their first interval starts elsewhere. They subtract radians, where close events lose digits, and
 * incomplete gammas of the ends of an interval, where old sources do: 1e-11 is what they hold. */
static void the_first_events_are_scored_alike(void **state)
{
    json_t *list = json_object_get(
        json_object_get(the_world->vectors, "exact_integral_with_mc_minus_half_bin"),
        "first20_test_events");
    json_t *want;
    size_t j;

    (void)state;
    assert_int_equal(json_array_size(list), 20);
    json_array_foreach(list, j, want)
    {
        const etas_event_score *got = &the_world->got.event[j];

        check_rel(got->rate, number(want, "lambd"), 1e-11);
        check_rel(got->time_rate, number(want, "lambd_star"), 1e-12);
        if (j > 0)
            check_rel(got->compensator, number(want, "int_lambd"), 1e-11);
    }
}

static void intervals_and_tail_make_up_the_window(void **state)
{
    const etas_likelihood *got = &the_world->got;
    double sum = 0;

    (void)state;
    for (size_t j = 0; j < got->n; j++)
        sum += got->event[j].compensator;
    check_rel(sum + got->tail, got->compensator, 1e-12);
    check_rel(got->event[got->n - 1].tau, sum, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_exact_integrals),
        cmocka_unit_test(the_poisson_process_is_that_of_the_training_window),
        cmocka_unit_test(the_first_events_are_scored_alike),
        cmocka_unit_test(intervals_and_tail_make_up_the_window),
    };
    world w = {.vectors = vectors_load("evaluation.json")};
    int failed;

    if (w.vectors == NULL)
        return VECTORS_SKIPPED;
    load(&w);
    the_world = &w;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_decref(w.vectors);
    etas_likelihood_free(&w.got);
    etas_catalog_free(&w.catalog);
    return failed;
}
