/* Free productivities: each past event has its own. */
#include "unit/simulation/forecast_fixture.h"

#include <string.h>

enum { N = 4 };

static void add_history(etas_catalog *history)
{
    add_past_event(history, 0.3, 10, 10, 5);
    add_past_event(history, 12, 20, 20, 6.2);
    add_past_event(history, 300, 30, 30, 7.1);
    add_past_event(history, 40, 40, 40, 3.3);
}

static void the_models_own_productivity_as_kappa_changes_nothing(void **state)
{
    etas_catalog history = {0};
    etas_plan_input in = bare_input();
    double kappa[N];
    etas_plan plain, free_one;

    (void)state;
    in.allow_supercritical = true;
    add_history(&history);
    in.history = &history;
    plain = build_plan(&in);
    for (size_t i = 0; i < N; i++)
        kappa[i] = pow(10, -1.9) * exp(1.9 * (history.mag[i] - 3));
    in.kappa = kappa;
    free_one = build_plan(&in);
    check_rel(free_one.history.mean, plain.history.mean, 1e-13);
    for (size_t i = 0; i < N; i++)
        check_abs(free_one.history.parents.keep[i], plain.history.parents.keep[i], 1e-12);
    etas_plan_free(&plain);
    etas_plan_free(&free_one);
    etas_catalog_free(&history);
}

/* kappa and xi against the expected number of children; children of children are none. */
static void children_are_as_many_as_kappa_says(void **state)
{
    static const double kappa[N] = {3, 0, 400, 0.7}, xi[N] = {1, 5, 0.5, 2};
    enum { N_CATALOGS = 4000 };
    etas_catalog history = {0};
    etas_plan_input in = bare_input();
    double count[N] = {0};
    etas_omori omori;
    etas_events e;

    (void)state;
    in.theta.value[ETAS_LOG10_K0] = -20;
    omori = etas_params_omori(&in.theta);
    add_history(&history);
    in.history = &history;
    in.kappa = kappa;
    in.xi = xi;
    in.with_parents = true;
    e = simulate(&in, N_CATALOGS);
    for (size_t i = 0; i < e.n; i++) {
        assert_int_equal(e.generation[i], 1);
        assert_in_range(-2 - e.parent[i], 0, N - 1);
        count[-2 - e.parent[i]]++;
    }
    assert_true(count[1] == 0);
    for (size_t i = 0; i < N; i++) {
        const double age = etas_days_between(history.time[i], in.start);
        const double scale = pow(10, -0.5) * exp(0.6 * (history.mag[i] - 3));
        const double mean = xi[i] * kappa[i] * acos(-1) / 1.5 * pow(scale, -1.5) *
                            etas_omori_integral(&omori, age, age + 100);

        if (kappa[i] > 0) {
            assert_true(mean * N_CATALOGS > 300);
            check_count(count[i], mean * N_CATALOGS, "children of one event");
        }
    }
    etas_events_free(&e);
    etas_catalog_free(&history);
}

static void kappas_that_cannot_be_are_refused(void **state)
{
    static const double bad[] = {-1e-9, NAN, INFINITY};
    etas_catalog history = {0};
    etas_plan_input in = bare_input();
    double kappa[N] = {0};
    etas_plan plan = {0};

    (void)state;
    set_branching(&in, 0.5);
    add_history(&history);
    in.history = &history;
    in.kappa = kappa;
    plan = build_plan(&in); /* all 0: a history without effect */
    assert_true(plan.history.n == 0 && plan.history.mean == 0);
    etas_plan_free(&plan);
    for (size_t k = 0; k < 3; k++) {
        etas_error err = {0};

        kappa[2] = bad[k];
        assert_int_equal(etas_plan_build(&in, &plan, &err), ETAS_E_RANGE);
        assert_non_null(strstr(err.text, "event 3 of the history has kappa"));
    }
    etas_catalog_free(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_models_own_productivity_as_kappa_changes_nothing),
        cmocka_unit_test(children_are_as_many_as_kappa_says),
        cmocka_unit_test(kappas_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
