/* Catalogues of mixtures: each is that of its own model, however ranges are cut. */
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

#include "etas/array.h"
#include "work/work.h"

enum { N_MODELS = 3, N_CATALOGS = 500 };
static const uint64_t SEED = 20210906;
static const uint64_t WEIGHT[N_MODELS] = {1, 4, 2};

typedef struct setting {
    etas_region region;
    etas_mixture mixture;
    uint8_t *blob;
    size_t len;
} setting;

/* Few, some and many events a catalogue. */
static void set_up(setting *s, bool with_parents)
{
    static const double background[N_MODELS] = {0.7, 12, 90};
    etas_error err = {0};

    *s = (setting){0};
    set_rectangle(&s->region, 46, 48, 7, 9);
    check_ok(etas_mixture_init(&s->mixture, N_MODELS, WEIGHT, &err), &err);
    for (size_t k = 0; k < N_MODELS; k++) {
        etas_plan_input in = bare_input();

        in.region = &s->region;
        in.filter_region = true;
        in.with_parents = with_parents;
        in.area_km2 = 1;
        in.theta.value[ETAS_LOG10_MU] = log10(background[k] / 100);
        set_branching(&in, 0.3 + 0.2 * (double)k);
        s->mixture.plan[k] = build_plan(&in);
    }
    check_ok(etas_mixture_encode(&s->mixture, &s->blob, &s->len, &err), &err);
}

static void tear_down(setting *s)
{
    etas_mixture_free(&s->mixture);
    etas_region_free(&s->region);
    etas_array_free((void **)&s->blob);
}

static void make(const setting *s, const char *kernels, uint64_t first, size_t count,
                 etas_payload *out)
{
    etas_work work = {0};
    etas_error err = {0};

    check_ok(etas_work_open(&work, s->len, s->blob, kernels, &err), &err);
    check_ok(work.kind->make(work.self, SEED, first, count, out, &err), &err);
    etas_work_close(&work);
}

/* Catalogue @p i of a, whose events begin at @p at_a, is catalogue @p j of b. */
static void same_catalog(const etas_events *a, size_t i, size_t at_a, const etas_events *b,
                         size_t j, size_t at_b)
{
    const size_t n = a->count[i];

    assert_int_equal(n, b->count[j]);
    if (n == 0)
        return;
    assert_memory_equal(a->time_ms + at_a, b->time_ms + at_b, n * sizeof *a->time_ms);
    assert_memory_equal(a->lat + at_a, b->lat + at_b, n * sizeof *a->lat);
    assert_memory_equal(a->lon + at_a, b->lon + at_b, n * sizeof *a->lon);
    assert_memory_equal(a->mag + at_a, b->mag + at_b, n * sizeof *a->mag);
    assert_memory_equal(a->generation + at_a, b->generation + at_b, n * sizeof *a->generation);
    assert_memory_equal(a->flags + at_a, b->flags + at_b, n * sizeof *a->flags);
    assert_int_equal(a->with_parents, b->with_parents);
    if (a->with_parents)
        assert_memory_equal(a->parent + at_a, b->parent + at_b, n * sizeof *a->parent);
}

static void catalogues_are_those_of_their_models(bool with_parents)
{
    etas_payload mixed = {.kind = ETAS_FRAME_EVENTS};
    size_t at = 0, at_single[N_MODELS] = {0}, had[N_MODELS] = {0};
    etas_events single[N_MODELS] = {{0}};
    etas_error err = {0};
    setting s;

    set_up(&s, with_parents);
    make(&s, NULL, 0, N_CATALOGS, &mixed);
    assert_int_equal(mixed.events.n_catalogs, N_CATALOGS);
    for (size_t k = 0; k < N_MODELS; k++) {
        etas_simulator *simulator = NULL;

        check_ok(etas_simulator_open(&simulator, &s.mixture.plan[k], NULL, &err), &err);
        check_ok(etas_simulator_run(simulator, SEED, 0, N_CATALOGS, &single[k], &err), &err);
        etas_simulator_close(simulator);
    }
    for (size_t i = 0; i < N_CATALOGS; i++) {
        const size_t turn = s.mixture.turn[i % s.mixture.period];

        same_catalog(&mixed.events, i, at, &single[turn], i, at_single[turn]);
        at += mixed.events.count[i];
        had[turn]++;
        for (size_t k = 0; k < N_MODELS; k++)
            at_single[k] += single[k].count[i];
    }
    assert_int_equal(at, mixed.events.n);
    assert_true(had[0] > 60 && had[1] > 3 * had[0] && had[2] > had[0] && had[2] < had[1]);
    for (size_t k = 0; k < N_MODELS; k++)
        etas_events_free(&single[k]);
    etas_payload_free(&mixed);
    tear_down(&s);
}

static void each_catalogue_is_that_of_its_model(void **state)
{
    (void)state;
    catalogues_are_those_of_their_models(false);
}

static void parents_come_along(void **state)
{
    (void)state;
    catalogues_are_those_of_their_models(true);
}

static void how_a_range_is_cut_and_computed_changes_nothing(void **state)
{
    static const size_t cuts[] = {0, 1, 2, 9, 100, 101, 333, N_CATALOGS};
    etas_payload whole = {.kind = ETAS_FRAME_EVENTS}, part = {.kind = ETAS_FRAME_EVENTS};
    etas_work work = {0};
    etas_error err = {0};
    size_t at = 0;
    setting s;

    (void)state;
    set_up(&s, false);
    make(&s, "scalar", 0, N_CATALOGS, &whole);
    check_ok(etas_work_open(&work, s.len, s.blob, NULL, &err), &err);
    assert_ptr_equal(work.kind, &etas_work_mixture);
    assert_true(work.kind->batch(work.self) >= 1);
    for (size_t c = 0; c + 1 < sizeof cuts / sizeof *cuts; c++) {
        const size_t count = cuts[c + 1] - cuts[c];
        size_t at_part = 0;

        check_ok(work.kind->make(work.self, SEED, cuts[c], count, &part, &err), &err);
        assert_int_equal(part.events.n_catalogs, count);
        for (size_t i = 0; i < count; i++) {
            same_catalog(&part.events, i, at_part, &whole.events, cuts[c] + i, at);
            at_part += part.events.count[i];
            at += part.events.count[i];
        }
        assert_int_equal(at_part, part.events.n);
    }
    assert_int_equal(at, whole.events.n);
    etas_work_close(&work);
    etas_payload_free(&whole);
    etas_payload_free(&part);
    tear_down(&s);
}

/* Its range counts all the same; the turn depends on the index of the catalogue, not on the range.
 */
static void a_model_fills_its_own_turns_only(void **state)
{
    etas_simulator *simulator = NULL;
    etas_events some = {0};
    etas_error err = {0};
    etas_turns which;
    setting s;

    (void)state;
    set_up(&s, false);
    which = (etas_turns){.period = s.mixture.period,
                         .turn = s.mixture.turn,
                         .mine = 2,
                         .seed = SEED,
                         .first = 3,
                         .count = 40};
    check_ok(etas_simulator_open(&simulator, &s.mixture.plan[2], NULL, &err), &err);
    check_ok(etas_simulator_run_turns(simulator, &which, &some, &err), &err);
    assert_int_equal(some.n_catalogs, 40);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(some.count[i] > 0, s.mixture.turn[(3 + i) % s.mixture.period] == 2);
    check_ok(etas_simulator_run(simulator, SEED, 3, 40, &some, &err), &err);
    for (size_t i = 0; i < 40; i++)
        assert_true(some.count[i] > 0); /* turns are forgotten */
    which.mine = 3;
    assert_int_equal(etas_simulator_run_turns(simulator, &which, &some, &err), ETAS_E_ARG);
    etas_simulator_close(simulator);
    etas_events_free(&some);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_catalogue_is_that_of_its_model),
        cmocka_unit_test(parents_come_along),
        cmocka_unit_test(how_a_range_is_cut_and_computed_changes_nothing),
        cmocka_unit_test(a_model_fills_its_own_turns_only),
    };

    return cmocka_run_group_tests_name("mixtures", tests, NULL, NULL);
}
