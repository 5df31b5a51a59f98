#include "small_catalog.h"

#include "inversion/em.h"

/* Sums of the M-step over the pairs themselves, in long double. */
typedef struct direct_sums {
    const etas_em *em;
    long double c_days, ln_d, gamma; /* in */
    long double weight, ln_tc, p, pp, ln_r2d, s[2], ss[3];
} direct_sums;

static etas_status add_row(void *context, const etas_pair_row *row, etas_error *err)
{
    direct_sums *sum = context;
    const double zeta = sum->em->zeta != NULL ? sum->em->zeta[row->number] : 1;

    (void)err;
    for (size_t k = 0; k < row->n; k++) {
        const long double w = (long double)row->p[k] * zeta, dm = sum->em->dm[row->source[k]];
        const long double tc = row->time_days[k] + sum->c_days, p = sum->c_days / tc;
        const long double d = expl(sum->ln_d + sum->gamma * dm), s = d / (row->r2_km2[k] + d);

        sum->weight += w;
        sum->ln_tc += w * logl(tc);
        sum->p += w * p;
        sum->pp += w * p * (1 - p);
        sum->ln_r2d += w * logl(row->r2_km2[k] + d);
        for (int i = 0; i < 2; i++)
            sum->s[i] += w * s * powl(dm, i);
        for (int i = 0; i < 3; i++)
            sum->ss[i] += w * s * (1 - s) * powl(dm, i);
    }
    return ETAS_OK;
}

/* Values to 1e-12 of their own size or the weights', derivatives to 1e-11. */
static void check_delays(etas_em *em, double log10_c)
{
    const double c = pow(10, log10_c);
    direct_sums want = {.em = em, .c_days = c};
    const etas_delay_sums got = etas_em_delay_sums(em, c);

    check_ok(etas_em_visit(em, add_row, &want, NULL), NULL);
    const double w = (double)want.weight;
    check_abs(got.ln_tc, (double)want.ln_tc, 1e-12 * (w + fabs((double)want.ln_tc)));
    check_abs(got.p, (double)want.p, 1e-11 * w);
    check_abs(got.pp, (double)want.pp, 1e-11 * w);
}

static void check_distances(etas_em *em, double log10_d, double gamma)
{
    direct_sums want = {.em = em, .ln_d = log10_d * M_LN10, .gamma = gamma};
    const etas_space_sums got = etas_em_space_sums(em, log10_d * M_LN10, gamma);

    check_ok(etas_em_visit(em, add_row, &want, NULL), NULL);
    const double w = (double)want.weight;
    check_abs(got.ln_r2d, (double)want.ln_r2d, 1e-12 * (w + fabs((double)want.ln_r2d)));
    for (int i = 0; i < 2; i++)
        check_abs(got.s[i], (double)want.s[i], 1e-11 * w);
    for (int i = 0; i < 3; i++)
        check_abs(got.ss[i], (double)want.ss[i], 3e-11 * w);
}

static void open_em(const etas_catalog *c, double multiplier, const char *kernels, etas_em *em)
{
    etas_inversion_config cfg = small_config();
    etas_error err = {0};

    cfg.coppersmith_multiplier = multiplier;
    cfg.kernels = kernels;
    check_ok(etas_em_init(em, c, &cfg, &err), &err);
    check_ok(etas_em_expect(em, &cfg.theta_0, &err), &err);
}

/* No two magnitudes alike. */
static void spread_magnitudes(etas_catalog *c)
{
    uint64_t x = 9;

    for (size_t i = 0; i < c->n; i++)
        c->mag[i] += 0.1 * small_uniform(&x);
}

static void sums_over_nodes_are_those_over_pairs(void **state)
{
    (void)state;
    for (int continuous = 0; continuous < 2; continuous++) {
        etas_catalog c = {0};
        etas_em em = {0};

        small_catalog(900, 4711, &c);
        c.lat[800] = c.lat[799]; /* a distance of nothing, and a delay of a nanosecond */
        c.lon[800] = c.lon[799];
        c.time[800] = c.time[799] + 1;
        if (continuous)
            spread_magnitudes(&c);
        open_em(&c, 1000, NULL, &em);
        assert_int_equal(em.layout.width, continuous ? 8 : 1);
        for (int k = 0; k <= 16; k++)
            check_delays(&em, -8 + 0.5 * k);
        for (int k = 0; k <= 7; k++)
            for (int g = 0; g <= 6; g++)
                check_distances(&em, -4 + k, -1 + g);
        etas_em_free(&em);
        etas_catalog_free(&c);
    }
}

/* Catalogues with magnitudes of two decimals are classes still; what is between two of them is not
 * asked for. */
static void classes_and_cells_give_the_same_sums(void **state)
{
    etas_catalog c = {0}, moved = {0};
    etas_em classes = {0}, cells = {0};

    (void)state;
    small_catalog(700, 12, &c);
    small_catalog(700, 12, &moved);
    for (size_t i = 0; i < moved.n; i++)
        moved.mag[i] += 1e-12 * (double)i; /* many values, hardly changed */
    open_em(&c, 300, NULL, &classes);
    open_em(&moved, 300, NULL, &cells);
    assert_int_equal(classes.layout.width, 1);
    assert_int_equal(cells.layout.width, 8);
    assert_int_equal(classes.n_pairs, cells.n_pairs);
    const etas_space_sums a = etas_em_space_sums(&classes, -1, 1.3);
    const etas_space_sums b = etas_em_space_sums(&cells, -1, 1.3);
    check_rel(a.ln_r2d, b.ln_r2d, 1e-9);
    check_rel(a.s[1], b.s[1], 1e-9);
    etas_em_free(&classes);
    etas_em_free(&cells);
    etas_catalog_free(&c);
    etas_catalog_free(&moved);
}

static void the_far_past_is_expanded_about_any_c(void **state)
{
    static const double first[] = {-8, -2, 0};
    etas_catalog c = {0};
    etas_em em = {0};

    (void)state;
    small_catalog(300, 5, &c);
    open_em(&c, 1000, NULL, &em);
    for (size_t k = 0; k < sizeof first / sizeof *first; k++) {
        etas_params theta = small_config().theta_0;

        theta.value[ETAS_LOG10_C] = first[k];
        check_ok(etas_em_expect(&em, &theta, NULL), NULL);
        check_delays(&em, 0);
        check_delays(&em, -3);
        check_delays(&em, -8);
    }
    etas_em_free(&em);
    etas_catalog_free(&c);
}

static void the_layout_bears_one_event_and_one_size(void **state)
{
    const double dm[] = {0.05, 0.05, 0.05}, reach[] = {0, 1e-3, 0};
    const etas_moment_range range = {.time_days = 32, .r2_km2 = 1e-3, .reach_km2 = reach};
    etas_moment_layout layout = {0};

    (void)state;
    check_ok(etas_moment_layout_build(&layout, 3, dm, &range), NULL);
    assert_int_equal(layout.n_groups, 1);
    assert_int_equal(layout.n_keys, 1);
    assert_true(etas_moment_cell(&layout, 1, 1e-3) < layout.n_space_cells);
    assert_int_equal(etas_moment_cell(&layout, 1, 0), 0);
    etas_moment_layout_free(&layout);
    etas_moment_layout_free(&layout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_over_nodes_are_those_over_pairs),
        cmocka_unit_test(classes_and_cells_give_the_same_sums),
        cmocka_unit_test(the_far_past_is_expanded_about_any_c),
        cmocka_unit_test(the_layout_bears_one_event_and_one_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
