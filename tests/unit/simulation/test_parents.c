/* Who triggered whom, and who triggered nobody. */
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

enum { N_PAST = 4, N_CATALOGS = 300 };

/* Events far apart. */
static const struct past {
    double age_days, lat, lon, mag;
} past[N_PAST] = {{0.5, 45, 7, 5.5}, {20, -30, 120, 6}, {4000, 0, -60, 3}, {3, 60, -150, 5.2}};

typedef struct world {
    etas_catalog history;
    etas_plan_input in;
} world;

/* About 20 background events per catalogue, and aftershocks of the past; everything reported. */
static void make_world(world *w, double omega, double log10_tau)
{
    *w = (world){.in = bare_input()};
    w->in.theta.value[ETAS_OMEGA] = omega;
    w->in.theta.value[ETAS_LOG10_TAU] = log10_tau;
    set_branching(&w->in, 0.7);
    w->in.theta.value[ETAS_LOG10_MU] = log10(0.2);
    w->in.with_parents = true;
    for (size_t i = 0; i < N_PAST; i++)
        add_past_event(&w->history, past[i].age_days, past[i].lat, past[i].lon, past[i].mag);
    w->in.history = &w->history;
}

static void free_world(world *w)
{
    etas_catalog_free(&w->history);
}

static double days_left(const etas_events *e, size_t i)
{
    return 100 - ((double)e->time_ms[i] + 0.5) / 86400e3;
}

/* Rows of the parents in the whole batch, or the codes below 0 as they are. */
static int64_t *rows_of_parents(const etas_events *e)
{
    int64_t *rows = malloc((e->n + 1) * sizeof *rows);
    size_t start = 0;

    assert_non_null(rows);
    for (size_t k = 0; k < e->n_catalogs; start += e->count[k++])
        for (size_t i = start; i < start + e->count[k]; i++) {
            assert_true(e->parent[i] < (int64_t)e->count[k]);
            assert_true(e->parent[i] >= -2 - (int32_t)N_PAST + 1);
            rows[i] = e->parent[i] < 0 ? e->parent[i] : (int64_t)start + e->parent[i];
        }
    return rows;
}

static void parents_come_before_their_children_and_one_generation_above(void **state)
{
    world w;
    etas_events e;
    int64_t *parent;
    size_t roots = 0;

    (void)state;
    make_world(&w, -0.1, 2.5);
    e = simulate(&w.in, N_CATALOGS);
    parent = rows_of_parents(&e);
    for (size_t i = 0; i < e.n; i++) {
        if (e.generation[i] == 0) {
            assert_int_equal(parent[i], -1);
            roots++;
        } else if (parent[i] >= 0) {
            assert_true(parent[i] < (int64_t)i);
            assert_true(e.time_ms[parent[i]] <= e.time_ms[i]);
            assert_int_equal(e.generation[parent[i]] + 1, e.generation[i]);
            assert_false(e.flags[parent[i]] & ETAS_EVENT_CHILDLESS);
        } else { /* everything is reported: nobody but the history is unknown */
            assert_true(parent[i] <= -2);
            assert_int_equal(e.generation[i], 1);
        }
    }
    check_count((double)roots, 20.0 * N_CATALOGS, "background");
    free(parent);
    etas_events_free(&e);
    free_world(&w);
}

/* Near it, and as many as it should have. */
static void every_past_event_has_its_own_children(void **state)
{
    world w;
    etas_events e;
    static const double mean[N_PAST] = {8, 4, 0.05, 6};
    double n[N_PAST] = {0}, near[N_PAST] = {0}, xi[N_PAST];

    (void)state;
    make_world(&w, -0.1, 2.5);
    for (size_t k = 0; k < N_PAST; k++) {
        const double age = etas_days_between(w.history.time[k], 0);

        xi[k] = mean[k] / etas_expected_aftershocks(&w.in.theta, past[k].mag - 3, age, age + 100);
    }
    w.in.xi = xi;
    e = simulate(&w.in, N_CATALOGS);
    for (size_t i = 0; i < e.n; i++) {
        const size_t which = (size_t)(-2 - e.parent[i]);

        if (e.parent[i] > -2)
            continue;
        n[which]++;
        near[which] += fabs(e.lat[i] * 1e-6 - past[which].lat) < 5 &&
                       fabs(e.lon[i] * 1e-6 - past[which].lon) < 10;
    }
    for (size_t k = 0; k < N_PAST; k++) {
        check_count(n[k], mean[k] * N_CATALOGS, "children of a past event");
        assert_true(near[k] >= 0.99 * n[k]);
    }
    etas_events_free(&e);
    free_world(&w);
}

enum { BY_SIZE = 4, BY_TIME = 2 };

static size_t class_of(const etas_events *e, size_t i)
{
    static const int32_t limits[BY_SIZE - 1] = {33000, 36000, 42000};
    size_t size = 0;

    while (size < BY_SIZE - 1 && e->mag[i] >= limits[size])
        size++;
    return BY_TIME * size + (days_left(e, i) < 20);
}

/* Large and small, early and late ones: links that pair children with the wrong parents of the
 * right generation would level the classes out. */
static void simulated_parents_have_as_many_children_as_expected(void **state)
{
    world w;
    etas_events e;
    int64_t *parent;
    double n[BY_SIZE * BY_TIME] = {0}, mean[BY_SIZE * BY_TIME] = {0};

    (void)state;
    make_world(&w, -0.1, 2.5);
    e = simulate(&w.in, N_CATALOGS);
    parent = rows_of_parents(&e);
    for (size_t i = 0; i < e.n; i++) {
        mean[class_of(&e, i)] +=
            etas_expected_aftershocks(&w.in.theta, e.mag[i] * 1e-4 - 3, 0, days_left(&e, i));
        if (parent[i] >= 0)
            n[class_of(&e, (size_t)parent[i])]++;
    }
    for (size_t c = 0; c < BY_SIZE * BY_TIME; c++) {
        assert_true(n[c] > 50);
        check_count(n[c], mean[c], "children of a class of parents");
    }
    free(parent);
    etas_events_free(&e);
    free_world(&w);
}

/* An event without a taper and with everything reported is childless exactly if nobody names it. */
static void the_childless_are_those_whom_nobody_names(void **state)
{
    world w;
    etas_events e;
    int64_t *parent;
    bool *named;
    size_t n_named = 0;

    (void)state;
    make_world(&w, 0.2, INFINITY);
    e = simulate(&w.in, N_CATALOGS);
    parent = rows_of_parents(&e);
    named = calloc(e.n + 1, sizeof *named);
    assert_non_null(named);
    for (size_t i = 0; i < e.n; i++)
        if (parent[i] >= 0)
            named[parent[i]] = true;
    for (size_t i = 0; i < e.n; i++) {
        assert_int_equal((e.flags[i] & ETAS_EVENT_CHILDLESS) == 0, named[i]);
        n_named += named[i];
    }
    assert_true(n_named > 1000 && n_named < e.n - 1000);
    free(named);
    free(parent);
    etas_events_free(&e);
    free_world(&w);
}

/* Also with a taper, which throws children away after they were drawn: their parents are not
 * childless. exp(-mean) of the mean without the taper, over the time that is left. */
static void as_many_are_childless_as_have_no_child_by_chance(void **state)
{
    static const double log10_taus[] = {INFINITY, 0.5};

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        world w;
        etas_params untapered;
        etas_events e;
        double n[2] = {0}, mean[2] = {0}, variance[2] = {0};
        int64_t *parent;
        bool *named;
        size_t thrown_away = 0;

        make_world(&w, 0.2, log10_taus[c]);
        untapered = w.in.theta;
        untapered.value[ETAS_LOG10_TAU] = INFINITY;
        e = simulate(&w.in, N_CATALOGS);
        parent = rows_of_parents(&e);
        named = calloc(e.n + 1, sizeof *named);
        assert_non_null(named);
        for (size_t i = 0; i < e.n; i++) {
            const size_t large = e.mag[i] > 36000;
            const double left = fmin(days_left(&e, i), 40 * pow(10, log10_taus[c]));
            const double p =
                exp(-etas_expected_aftershocks(&untapered, e.mag[i] * 1e-4 - 3, 0, left));

            n[large] += (e.flags[i] & ETAS_EVENT_CHILDLESS) != 0;
            mean[large] += p;
            variance[large] += p * (1 - p);
            if (parent[i] >= 0)
                named[parent[i]] = true;
        }
        for (size_t k = 0; k < 2; k++) {
            assert_true(n[k] > 100);
            if (!(fabs(n[k] - mean[k]) < 4 * sqrt(variance[k])))
                fail_msg("%g childless, expected %g +- %g", n[k], mean[k], sqrt(variance[k]));
        }
        for (size_t i = 0; i < e.n; i++)
            thrown_away += !named[i] && (e.flags[i] & ETAS_EVENT_CHILDLESS) == 0;
        assert_true(c == 0 ? thrown_away == 0 : thrown_away > 1000);
        free(named);
        free(parent);
        etas_events_free(&e);
        free_world(&w);
    }
}

static bool is_same_event(const etas_events *a, size_t i, const etas_events *b, size_t k)
{
    return a->time_ms[i] == b->time_ms[k] && a->lat[i] == b->lat[k] && a->lon[i] == b->lon[k] &&
           a->mag[i] == b->mag[k] && a->generation[i] == b->generation[k];
}

/* Row by row of the whole catalogues, place by place of those that show a part of them. */
static void what_is_not_reported_is_nobody_s_parent(void **state)
{
    world w;
    etas_events all, some;
    size_t all_start = 0, start = 0, hidden = 0;

    (void)state;
    make_world(&w, -0.1, 2.5);
    all = simulate(&w.in, N_CATALOGS);
    w.in.m_threshold = 3.4;
    w.in.output_start = 2 * ETAS_NS_PER_DAY;
    some = simulate(&w.in, N_CATALOGS);
    assert_true(some.n > 1000 && some.n < all.n / 2);
    for (size_t k = 0; k < N_CATALOGS; k++) {
        int32_t *place = malloc((all.count[k] + 1) * sizeof *place);
        int32_t shown = 0;

        assert_non_null(place);
        for (size_t i = 0; i < all.count[k]; i++)
            place[i] = shown < (int32_t)some.count[k] &&
                               is_same_event(&all, all_start + i, &some, start + (size_t)shown)
                           ? shown++
                           : -1;
        assert_int_equal(shown, some.count[k]);
        for (size_t i = 0; i < all.count[k]; i++) {
            const int32_t parent = all.parent[all_start + i];

            if (place[i] < 0)
                continue;
            assert_int_equal(some.parent[start + (size_t)place[i]],
                             parent >= 0 ? place[parent] : parent);
            assert_int_equal(some.flags[start + (size_t)place[i]], all.flags[all_start + i]);
            hidden += parent >= 0 && place[parent] < 0;
        }
        free(place);
        all_start += all.count[k];
        start += some.count[k];
    }
    assert_true(hidden > 100);
    etas_events_free(&all);
    etas_events_free(&some);
    free_world(&w);
}

static void parents_cost_no_other_column_a_change(void **state)
{
    world w;
    etas_events with, without;

    (void)state;
    make_world(&w, -0.1, 2.5);
    with = simulate(&w.in, 50);
    w.in.with_parents = false;
    without = simulate(&w.in, 50);
    assert_null(without.parent);
    assert_int_equal(with.n, without.n);
    assert_memory_equal(with.flags, without.flags, with.n);
    for (size_t i = 0; i < with.n; i++)
        assert_true(is_same_event(&with, i, &without, i));
    etas_events_free(&with);
    etas_events_free(&without);
    free_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parents_come_before_their_children_and_one_generation_above),
        cmocka_unit_test(every_past_event_has_its_own_children),
        cmocka_unit_test(simulated_parents_have_as_many_children_as_expected),
        cmocka_unit_test(the_childless_are_those_whom_nobody_names),
        cmocka_unit_test(as_many_are_childless_as_have_no_child_by_chance),
        cmocka_unit_test(what_is_not_reported_is_nobody_s_parent),
        cmocka_unit_test(parents_cost_no_other_column_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
