/* What lies in fresh memory decides nothing: kernels read in whole vectors, past what is theirs. */
#include "unit/inversion/small_catalog.h"

static int filling;

int __real_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    const int status = __real_posix_memalign(out, alignment, size);

    if (status == 0)
        memset(*out, filling, size); /* 0xff is NaN */
    return status;
}

typedef struct option {
    bool hidden, searched, free_background, three_dim;
} option;

static void add_rows(const etas_catalog *plain, const option *o, etas_catalog *out)
{
    for (size_t i = 0; i < plain->n; i++) {
        etas_event row = etas_catalog_row(plain, i);

        row.mc = o->hidden && i % 3 == 0 ? row.mag : 2.0;
        row.x = row.lon * 75;
        row.y = row.lat * 111;
        row.z = -(double)(i % 10);
        check_ok(etas_catalog_append(out, &row), NULL);
    }
}

/* l_hat of all sources, then P_background of all targets. */
static double *expected(const etas_catalog *c, const option *o, const char *kernels, int fill,
                        size_t *n)
{
    etas_inversion_config cfg = small_config();
    etas_inversion *inversion = NULL;
    etas_error err = {0};
    double *out;

    filling = fill;
    cfg.theta_0.value[ETAS_RHO] = 0.8;
    cfg.beta_method = ETAS_BETA_FIXED;
    cfg.beta = 2.3;
    cfg.kernels = kernels;
    cfg.memory_bytes = o->searched ? 1 : 0;
    cfg.free_background = o->free_background;
    cfg.three_dim = o->three_dim;
    check_ok(etas_inversion_open(&inversion, c, &cfg, &err), &err);
    check_ok(etas_inversion_expect(inversion, &cfg.theta_0, &err), &err);
    const etas_inversion_state s = etas_inversion_state_get(inversion);
    *n = s.n_sources + s.n_targets;
    out = calloc(*n, sizeof *out);
    assert_non_null(out);
    memcpy(out, s.expectation->l_hat, s.n_sources * sizeof *out);
    memcpy(out + s.n_sources, s.expectation->p_background, s.n_targets * sizeof *out);
    etas_inversion_close(inversion);
    return out;
}

static void check_option(const option *o, const char *kernels)
{
    for (size_t events = 20; events < 60; events++) {
        etas_catalog plain = {0}, c = {0};
        size_t n, again;
        double *clean, *dirty;

        filling = 0;
        small_catalog(events, events * 0x9e3779b97f4a7c15u, &plain);
        add_rows(&plain, o, &c);
        clean = expected(&c, o, kernels, 0, &n);
        dirty = expected(&c, o, kernels, 0xff, &again);
        assert_int_equal(n, again);
        assert_memory_equal(clean, dirty, n * sizeof *clean);
        for (size_t i = 0; i < n; i++)
            assert_true(isfinite(clean[i]));
        free(clean);
        free(dirty);
        etas_catalog_free(&plain);
        etas_catalog_free(&c);
    }
}

static void fresh_memory_does_not_reach_the_expectation(void **state)
{
    static const option options[] = {{.hidden = false},
                                     {.hidden = true},
                                     {.hidden = true, .searched = true},
                                     {.free_background = true},
                                     {.hidden = true, .free_background = true, .searched = true},
                                     {.three_dim = true, .searched = true},
                                     {.three_dim = true, .hidden = true}};

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        check_option(&options[i], "scalar");
        check_option(&options[i], NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_memory_does_not_reach_the_expectation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
