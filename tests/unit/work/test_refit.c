#include "support/check.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "support/refit_fixture.h"
#include "work/work.h"

enum { SEED = 11 };

static etas_refit model;

static int make_model(void **state)
{
    (void)state;
    refit_make(&model);
    return 0;
}

static int free_model(void **state)
{
    (void)state;
    etas_refit_free(&model);
    return 0;
}

static etas_work open_work(const etas_refit *m, const char *kernels)
{
    uint8_t *blob = NULL;
    size_t len;
    etas_work work = {0};
    etas_error err = {0};

    check_ok(etas_refit_encode(m, &blob, &len, &err), &err);
    check_ok(etas_work_open(&work, len, blob, kernels, &err), &err);
    etas_array_free((void **)&blob);
    assert_ptr_equal(work.kind, &etas_work_refit);
    return work;
}

static void make(const etas_work *work, uint64_t first, size_t count, etas_payload *out)
{
    etas_error err = {0};

    out->kind = ETAS_FRAME_RECORDS;
    check_ok(work->kind->make(work->self, SEED, first, count, out, &err), &err);
    assert_int_equal(out->records.n, count);
}

static etas_refit_result first_of(const etas_payload *p)
{
    etas_refit_result r;

    assert_true(etas_refit_record_get(p->records.length[0], p->records.bytes, &r));
    return r;
}

static etas_refit_result one(const etas_refit *m, uint64_t index)
{
    etas_work work = open_work(m, NULL);
    etas_payload p = {0};
    etas_refit_result r;

    make(&work, index, 1, &p);
    r = first_of(&p);
    etas_payload_free(&p);
    etas_work_close(&work);
    return r;
}

static void a_refit_is_the_inversion_of_the_simulated_catalogue(void **state)
{
    (void)state;
    for (uint64_t index = 3; index < 6; index++) {
        const etas_refit_result r = one(&model, index);
        etas_inversion_config how = model.how;
        etas_inversion *inversion = NULL;
        etas_inversion_state s;
        etas_catalog catalog = {0};
        etas_error err = {0};

        catalog_of(&model.plan, SEED, index, &model.history, &catalog);
        how.n_threads = 2;
        check_ok(etas_inversion_open(&inversion, &catalog, &how, &err), &err);
        check_ok(etas_inversion_solve(inversion, &err), &err);
        s = etas_inversion_state_get(inversion);
        assert_int_equal(r.status, ETAS_REFIT_OK);
        assert_string_equal(r.note, "");
        for (size_t i = 0; i < ETAS_N_PARAMS; i++)
            if (i != ETAS_LOG10_IOTA)
                check_abs(r.theta.value[i], s.theta.value[i], 0);
        check_abs(r.beta, s.beta, 0);
        check_abs(r.n_hat, s.n_hat, 0);
        check_abs(r.branching_ratio, s.branching_ratio, 0);
        check_abs(r.log_likelihood, s.log_likelihood, 0);
        assert_int_equal(r.n_sources, catalog.n);
        assert_int_equal(r.n_targets, s.n_targets);
        assert_int_equal(r.n_iterations, s.n_iterations);
        assert_true(r.n_sources - r.n_targets == model.history.n);
        etas_inversion_close(inversion);
        etas_catalog_free(&catalog);
    }
}

static void how_a_range_is_cut_changes_no_byte(void **state)
{
    etas_work work = open_work(&model, NULL), scalar = open_work(&model, "scalar");
    etas_payload whole = {0}, part = {0};
    size_t at = 0;

    (void)state;
    make(&work, 20, 6, &whole);
    for (uint64_t i = 0; i < 6; i++) {
        make(&scalar, 20 + i, 1, &part);
        assert_int_equal(part.records.length[0], whole.records.length[i]);
        assert_memory_equal(part.records.bytes, whole.records.bytes + at, part.records.n_bytes);
        at += part.records.n_bytes;
    }
    etas_payload_free(&whole);
    etas_payload_free(&part);
    etas_work_close(&work);
    etas_work_close(&scalar);
}

static void refits_scatter_round_what_they_are_made_from(void **state)
{
    enum { N = 40 };
    static etas_refit_result results[N];
    etas_work work = open_work(&model, NULL);
    etas_payload p = {0};
    etas_bootstrap_summary s = {0};

    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        make(&work, i, 1, &p);
        results[i] = first_of(&p);
    }
    check_ok(etas_bootstrap_summarise(&model, N, results, &s, NULL), NULL);
    assert_true(s.n_status[ETAS_REFIT_OK] >= N - 4);
    for (size_t k = 0; k < ETAS_N_BOOTSTRAP; k++) {
        const etas_bootstrap_quantity *const q = &s.quantity[k];

        /* tau and rho are hardly determined by so few events */
        if (k == ETAS_LOG10_IOTA || k == ETAS_LOG10_TAU || k == ETAS_RHO || k == ETAS_LOG10_D)
            continue;
        assert_true(q->deviation > 0);
        if (!(fabs(q->bias) < 2 * q->deviation))
            fail_msg("%s: bias %g, deviation %g", etas_bootstrap_name(k), q->bias, q->deviation);
    }
    /* mu: counts of some 250 background events scatter by 1/sqrt(250), and edges lose a few */
    check_abs(s.quantity[ETAS_LOG10_MU].mean, s.quantity[ETAS_LOG10_MU].fitted, 0.1);
    assert_true(s.quantity[ETAS_LOG10_MU].deviation > 0.01 &&
                s.quantity[ETAS_LOG10_MU].deviation < 0.1);
    /* At the places of the real one, new background would cluster, and tau's refits leave. */
    assert_int_equal(model.plan.background.kind, ETAS_BACKGROUND_UNIFORM);
    etas_payload_free(&p);
    etas_work_close(&work);
}

static void count(void *context)
{
    ++*(unsigned *)context;
}

static void a_refit_that_takes_long_gives_signs_of_life(void **state)
{
    etas_work work = open_work(&model, NULL);
    etas_payload p = {0};
    unsigned signs = 0;

    (void)state;
    etas_work_watch(&work, count, &signs);
    make(&work, 1, 1, &p);
    assert_true(signs >= first_of(&p).n_iterations);
    etas_payload_free(&p);
    etas_work_close(&work);
}

static void what_fails_is_a_record_that_says_why(void **state)
{
    const uint64_t max_events = model.plan.max_events;
    const uint32_t max_iterations = model.how.max_iterations;
    const double background = model.plan.background.mean;
    etas_refit_result r;

    (void)state;
    model.plan.max_events = 10;
    r = one(&model, 0);
    assert_int_equal(r.status, ETAS_REFIT_TOO_MANY);
    assert_true(isnan(r.theta.value[ETAS_A]) && isnan(r.beta) && r.note[0] != '\0');
    model.plan.max_events = max_events;

    model.how.max_iterations = 2;
    r = one(&model, 0);
    assert_int_equal(r.status, ETAS_REFIT_NO_CONVERGENCE);
    assert_true(isnan(r.theta.value[ETAS_A]) && r.note[0] != '\0');
    assert_true(r.n_targets > 100);
    model.how.max_iterations = max_iterations;

    model.plan.background.mean = 1e-9;
    model.plan.history.mean = 1e-9;
    r = one(&model, 0);
    assert_int_equal(r.status, ETAS_REFIT_TOO_FEW);
    assert_true(r.note[0] != '\0');
    model.plan.background.mean = background;
}

static void options_without_a_simulation_are_refused_by_name(void **state)
{
    fitted f;
    etas_refit out = {0};
    etas_refit_input in;

    (void)state;
    fitted_make(&f);
    in = fitted_input(&f);
    for (int which = 0; which < 6; which++) {
        static const char *const names[] = {"free_background", "free_productivity",  "three_dim",
                                            "bg_term",         "inner_shape_coords", "mc"};
        etas_inversion_config how = f.how;
        etas_error err = {0};

        how.free_background = which == 0;
        how.free_productivity = which == 1;
        how.three_dim = which == 2;
        how.induced = which == 3;
        how.inner_region = which == 4 ? &f.region : NULL;
        if (which == 5)
            f.catalog.mc[7] = 2.5;
        in.how = &how;
        assert_int_equal(etas_refit_build(&in, &out, &err), ETAS_E_UNSUPPORTED);
        assert_string_equal(err.key, names[which]);
    }
    etas_refit_free(&out);
    fitted_free(&f);
}

static void a_supercritical_model_needs_leave(void **state)
{
    fitted f;
    etas_refit out = {0};
    etas_refit_input in;
    etas_error err = {0};

    (void)state;
    fitted_make(&f);
    f.state.theta.value[ETAS_LOG10_K0] += 1;
    in = fitted_input(&f);
    assert_int_equal(etas_refit_build(&in, &out, &err), ETAS_E_SUPERCRITICAL);
    in.allow_supercritical = true;
    err = (etas_error){0};
    check_ok(etas_refit_build(&in, &out, &err), &err);
    assert_true(out.plan.max_events < 20000);
    etas_refit_free(&out);
    fitted_free(&f);
}

static void bytes_of_no_kind_open_nothing(void **state)
{
    static const uint8_t bytes[] = "ETXX and more than enough of it";
    etas_work work = {0};

    (void)state;
    assert_null(etas_work_kind_of(sizeof bytes, bytes));
    assert_null(etas_work_kind_of(3, (const uint8_t *)"ETBL"));
    assert_ptr_equal(etas_work_kind_of(4, (const uint8_t *)"ETBL"), &etas_work_simulate);
    assert_int_equal(etas_work_open(&work, sizeof bytes, bytes, NULL, NULL), ETAS_E_CORRUPT);
    etas_work_close(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refit_is_the_inversion_of_the_simulated_catalogue),
        cmocka_unit_test(how_a_range_is_cut_changes_no_byte),
        cmocka_unit_test(refits_scatter_round_what_they_are_made_from),
        cmocka_unit_test(a_refit_that_takes_long_gives_signs_of_life),
        cmocka_unit_test(what_fails_is_a_record_that_says_why),
        cmocka_unit_test(options_without_a_simulation_are_refused_by_name),
        cmocka_unit_test(a_supercritical_model_needs_leave),
        cmocka_unit_test(bytes_of_no_kind_open_nothing),
    };

    return cmocka_run_group_tests(tests, make_model, free_model);
}
