/* Small catalogues whose likelihood can be written down. */
#include "likelihood_fixture.h"

static void three_events_give_closed_forms(void **state)
{
    world w = simple_world();
    const etas_event_score *e;
    double first, second, tail, ln_rate, ln_time;

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, 2, 3, 3.5);
    add(&w, 3, 5, 3);
    evaluate(&w);
    e = w.got.event;
    assert_int_equal(w.got.n, 2);
    assert_int_equal(e[0].row, 1);
    check_rel(e[0].rate, 1e-4 + at(4, 9) * h(6), 1e-13);
    check_rel(e[0].time_rate, 0.5 + everywhere(4) * h(6), 1e-13);
    first = 0.5 * 2 + everywhere(4) * h_integral(4, 6);
    check_rel(e[0].compensator, first, 1e-13);
    check_rel(e[0].ll, log(e[0].rate) - first, 1e-13);
    check_rel(e[0].p_background, 1e-4 / e[0].rate, 1e-13);
    assert_true(e[0].p_induced == 0);
    check_rel(e[0].u, 1 - exp(-first), 1e-13);
    check_rel(e[1].rate, 1e-4 + at(4, 25) * h(7) + at(3.5, 4) * h(1), 1e-13);
    check_rel(e[1].time_rate, 0.5 + everywhere(4) * h(7) + everywhere(3.5) * h(1), 1e-13);
    second = 0.5 + everywhere(4) * h_integral(6, 7) + everywhere(3.5) * h_integral(0, 1);
    check_rel(e[1].compensator, second, 1e-13);
    check_rel(e[1].tau, first + second, 1e-13);
    tail = 3.5 + everywhere(4) * h_integral(7, 14) + everywhere(3.5) * h_integral(1, 8) +
           everywhere(3) * h_integral(0, 7);
    check_rel(w.got.tail, tail, 1e-13);
    check_rel(w.got.compensator, first + second + tail, 1e-13);
    check_rel(w.got.background, 5, 1e-13);
    check_rel(w.got.triggered, first + second + tail - 5, 1e-13);
    ln_rate = log(e[0].rate) + log(e[1].rate);
    ln_time = log(e[0].time_rate) + log(e[1].time_rate);
    check_rel(w.got.log_likelihood, ln_rate - w.got.compensator, 1e-13);
    check_rel(w.got.model.tll, (ln_time - w.got.compensator) / 2, 1e-13);
    check_rel(w.got.model.sll, (ln_rate - ln_time) / 2, 1e-13);
    check_rel(w.got.model.nll, -w.got.log_likelihood / 2, 1e-13);
    check_rel(w.got.background_share, (e[0].p_background + e[1].p_background) / 2, 1e-13);
    free_world(&w);
}

static void the_poisson_process_has_the_training_windows_rate(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, -200, 0, 5); /* before the training window */
    add(&w, -100, 0, 4);
    add(&w, -50, 0, 3);
    add(&w, 1, 0, 3);
    add(&w, 2, 0, 3);
    add(&w, 3, 0, 3);
    evaluate(&w);
    assert_int_equal(w.got.n_train, 2);
    check_rel(w.got.poisson_rate, 2.0 / 100 / 5000, 1e-14);
    check_rel(w.got.poisson.tll, log(0.02) - 0.2 / 3, 1e-14);
    check_rel(w.got.poisson.sll, -log(5000), 1e-14);
    check_rel(w.got.poisson.nll, -(w.got.poisson.tll + w.got.poisson.sll), 1e-14);
    check_rel(w.got.gain, w.got.poisson.nll - w.got.model.nll, 1e-14);
    check_rel(w.got.time_gain + w.got.space_gain, w.got.gain, 1e-12);
    free_world(&w);
}

/* Events of one time do not trigger each other. */
static void ties_are_not_ordered(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, 2, 0, 5);
    add(&w, 2, 1, 5);
    evaluate(&w);
    for (size_t j = 0; j < 2; j++)
        check_rel(w.got.event[j].rate, 1e-4, 1e-13);
    assert_true(w.got.event[1].compensator == 0 && w.got.event[1].u == 0);
    check_rel(w.got.compensator, 5 + 2 * everywhere(5) * h_integral(0, 8), 1e-13);
    free_world(&w);
}

static void a_higher_magnitude_thins_the_rates(void **state)
{
    world w = simple_world(), above = simple_world();
    const double share = exp(-2 * 0.6);

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, 2, 3, 3.2);
    add(&w, 3, 5, 3.6);
    for (size_t i = 0; i < w.catalog.n; i++) {
        const etas_event e = etas_catalog_row(&w.catalog, i);

        check_ok(etas_catalog_append(&above.catalog, &e), NULL);
    }
    above.in.m_test = 3.6;
    evaluate(&w);
    evaluate(&above);
    assert_int_equal(above.got.n, 1);
    assert_int_equal(above.got.event[0].row, 2);
    check_rel(above.got.event[0].rate, share * w.got.event[1].rate, 1e-13);
    check_rel(above.got.event[0].time_rate, share * w.got.event[1].time_rate, 1e-13);
    check_rel(above.got.event[0].compensator, share * w.got.event[1].tau, 1e-13);
    check_rel(above.got.compensator, share * w.got.compensator, 1e-13);
    assert_int_equal(above.got.n_train, 1);
    free_world(&w);
    free_world(&above);
}

/* A source that was complete from 3.5 on only stands for hidden ones, and so does an event of the
 * Poisson process. */
static void hidden_events_are_made_up_for(void **state)
{
    world w = simple_world();
    const double alpha = 2 - 0.5, xi = exp((2 - alpha) * 0.5);

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, 2, 3, 3.2);
    w.catalog.mc[0] = 3.5;
    evaluate(&w);
    assert_true(w.got.m_test == 3);
    check_rel(w.got.event[0].rate, 1e-4 + xi * at(4, 9) * h(6), 1e-13);
    check_rel(w.got.triggered,
              xi * everywhere(4) * h_integral(4, 14) + everywhere(3.2) * h_integral(0, 8), 1e-13);
    check_rel(w.got.poisson_rate, exp(2 * 0.5) / 100 / 5000, 1e-13);
    free_world(&w);
}

static void the_test_window_is_complete_from_one_magnitude_on(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, 2, 0, 3.2);
    add(&w, 3, 0, 4);
    w.catalog.mc[1] = 3.5;
    evaluate(&w);
    assert_true(w.got.m_test == 3.5 && w.got.n == 1);
    etas_likelihood_free(&w.got);
    w.in.m_test = 3.2;
    refuse(&w, ETAS_E_RANGE, "complete only from 3.5 on");
    w.in.m_test = 2.9;
    w.catalog.mc[1] = 2.9;
    w.catalog.mc[0] = 2.9;
    refuse(&w, ETAS_E_RANGE, "no events below 3");
    free_world(&w);
}

static void events_may_have_their_own_productivity(void **state)
{
    static const double kappa[] = {0.7, 0};
    world w = simple_world();

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, -3, 0, 6);
    add(&w, 2, 3, 3.2);
    add(&w, 3, 3, 3.2);
    w.in.n_kappa = 2;
    w.in.kappa = kappa;
    evaluate(&w);
    check_rel(w.got.event[0].time_rate, 0.5 + 0.7 * PI / d_of(4) * h(6), 1e-13);
    check_rel(w.got.event[1].time_rate, 0.5 + 0.7 * PI / d_of(4) * h(7) + everywhere(3.2) * h(1),
              1e-13);
    free_world(&w);
}

static void a_background_of_gaussians_has_their_rate(void **state)
{
    static const double lat[] = {0, 0}, weight[] = {3, 1};
    const double lon[] = {1 / DEGREE_KM, 500 / DEGREE_KM};
    world w = simple_world();

    (void)state;
    add(&w, 2, 3, 3.2);
    w.in.smooth = (etas_smooth_background){
        .n = 2, .lat = lat, .lon = lon, .weight = weight, .variance_km2 = 4};
    evaluate(&w);
    check_rel(w.got.event[0].rate, 3.0 / 100 * exp(-0.5 * 4 / 4) / (2 * PI * 4), 1e-12);
    check_rel(w.got.event[0].time_rate, 4.0 / 100, 1e-14);
    check_rel(w.got.background, 4.0 / 100 * 10, 1e-14);
    assert_true(w.got.event[0].p_background == 1);
    etas_likelihood_free(&w.got);
    w.in.theta.three_dim = true;
    refuse(&w, ETAS_E_UNSUPPORTED, "Gaussians");
    free_world(&w);
}

/* Relative to the covariate's mean in the training window. */
static void the_induced_term_follows_its_covariate(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, -4, 1000, 3);
    add(&w, -3, 1000, 3);
    add(&w, 2, 0, 3);
    w.catalog.covariate[0] = 1;
    w.catalog.covariate[1] = 3;
    w.catalog.covariate[2] = 5;
    w.in.theta.value[ETAS_LOG10_IOTA] = -3;
    evaluate(&w);
    check_rel(w.got.event[0].rate, 1e-4 + 1e-3 * 5 / 2, 1e-9); /* and a little, triggered far off */
    check_rel(w.got.event[0].p_induced * w.got.event[0].rate, 2.5e-3, 1e-13);
    check_rel(w.got.induced, 1e-3 * 5000 * 10, 1e-13);
    check_rel(w.got.compensator, w.got.background + w.got.induced + w.got.triggered, 1e-14);
    etas_likelihood_free(&w.got);
    w.catalog.covariate[2] = -1;
    refuse(&w, ETAS_E_RANGE, "bg_term");
    w.catalog.covariate[2] = NAN;
    refuse(&w, ETAS_E_RANGE, "bg_term");
    w.catalog.covariate[2] = 1;
    w.catalog.covariate[0] = w.catalog.covariate[1] = 0;
    refuse(&w, ETAS_E_RANGE, "training window");
    free_world(&w);
}

/* rho = 1.5: the integral over space is pi^(3/2) Gamma(1) / Gamma(2.5) / D = 4 pi / 3 / D. */
static void space_has_three_dimensions_too(void **state)
{
    world w = simple_world();

    (void)state;
    add(&w, -4, 0, 4);
    add(&w, 2, 3, 3.2);
    w.in.theta.three_dim = true;
    w.in.theta.value[ETAS_RHO] = 1.5;
    evaluate(&w);
    check_rel(w.got.event[0].rate, 1e-4 + k_of(4) * pow(9 + d_of(4), -2.5) * h(6), 1e-13);
    check_rel(w.got.event[0].time_rate, 0.5 + k_of(4) * 4 * PI / 3 / d_of(4) * h(6), 1e-12);
    etas_likelihood_free(&w.got);
    w.catalog.z[0] = NAN;
    refuse(&w, ETAS_E_ARG, "x, y, z");
    free_world(&w);
}

static void events_outside_the_inner_region_only_trigger(void **state)
{
    const double lat[] = {-1, -1, 1, 1}, lon[] = {-0.01, 1, 1, -0.01};
    etas_region inner = {0};
    world w = simple_world();

    (void)state;
    check_ok(etas_region_set_ring(&inner, 4, lat, lon, NULL), NULL);
    add(&w, -1, -3, 3.5); /* not among those the Poisson process counts */
    add(&w, 1, -3, 3.5);
    add(&w, 2, 0, 3);
    w.in.inner_region = &inner;
    evaluate(&w);
    assert_int_equal(w.got.n, 1);
    assert_int_equal(w.got.n_train, 0);
    check_rel(w.got.event[0].rate, 1e-4 + at(3.5, 9) * (h(3) + h(1)), 1e-13);
    check_rel(w.got.event[0].compensator,
              1 + everywhere(3.5) * (h_integral(1, 3) + h_integral(0, 1)), 1e-13);
    etas_region_free(&inner);
    free_world(&w);
}

/* ---- the edges ---- */

static void a_window_without_events_has_no_mean(void **state)
{
    world w = simple_world();

    (void)state;
    evaluate(&w);
    assert_int_equal(w.got.n, 0);
    check_rel(w.got.compensator, 5, 1e-13);
    check_rel(w.got.tail, 5, 1e-13);
    check_rel(w.got.log_likelihood, -5, 1e-13);
    assert_true(isnan(w.got.model.nll) && isnan(w.got.poisson.nll) && isnan(w.got.gain));
    assert_true(isnan(w.got.tau.p) && isnan(w.got.u.p) && isnan(w.got.background_share));
    free_world(&w);
}

static void nonsense_is_refused(void **state)
{
    world w = simple_world();
    volatile sig_atomic_t stop = 1;

    (void)state;
    add(&w, 2, 0, 3);
    add(&w, 1, 0, 3);
    refuse(&w, ETAS_E_ARG, "not sorted");
    w.catalog.time[1] = 3 * ETAS_NS_PER_DAY;
    w.catalog.mc[0] = NAN;
    refuse(&w, ETAS_E_ARG, "completeness");
    w.catalog.mc[0] = 3;
    w.catalog.time[1] = w.in.test_end;
    refuse(&w, ETAS_E_ARG, "after the test window");
    w.catalog.time[1] = 3 * ETAS_NS_PER_DAY;
    w.in.area_km2 = 0;
    refuse(&w, ETAS_E_ARG, "area");
    w.in.area_km2 = 1;
    w.in.beta = 0;
    refuse(&w, ETAS_E_ARG, "beta");
    w.in.beta = 2;
    w.in.theta.value[ETAS_RHO] = 0;
    refuse(&w, ETAS_E_RANGE, "not within");
    w.in.theta.value[ETAS_RHO] = 1;
    w.in.n_kappa = 3;
    refuse(&w, ETAS_E_ARG, "productivities");
    w.in.n_kappa = 0;
    w.in.train_start = 0;
    refuse(&w, ETAS_E_ARG, "windows");
    w.in.train_start = -1;
    w.in.interrupted = &stop;
    refuse(&w, ETAS_E_INTERRUPTED, "interrupted");
    free_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_events_give_closed_forms),
        cmocka_unit_test(the_poisson_process_has_the_training_windows_rate),
        cmocka_unit_test(ties_are_not_ordered),
        cmocka_unit_test(a_higher_magnitude_thins_the_rates),
        cmocka_unit_test(hidden_events_are_made_up_for),
        cmocka_unit_test(the_test_window_is_complete_from_one_magnitude_on),
        cmocka_unit_test(events_may_have_their_own_productivity),
        cmocka_unit_test(a_background_of_gaussians_has_their_rate),
        cmocka_unit_test(the_induced_term_follows_its_covariate),
        cmocka_unit_test(space_has_three_dimensions_too),
        cmocka_unit_test(events_outside_the_inner_region_only_trigger),
        cmocka_unit_test(a_window_without_events_has_no_mean),
        cmocka_unit_test(nonsense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
