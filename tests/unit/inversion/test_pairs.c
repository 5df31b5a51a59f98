#include "small_catalog.h"

#include "inversion/pair_search.h"
#include "math/dispatch.h"

/* All rows one after the other. */
typedef struct all_pairs {
    size_t n_targets, n_pairs;
    uint32_t *target;
    size_t *row_start;
    uint32_t *source;
    double *time_days, *r2_km2;
} all_pairs;

static const etas_expect_kernels *const KERNELS[] = ETAS_ISA_TABLES(etas_expect_kernels_);

static void append_block(const etas_pair_block *block, all_pairs *out)
{
    const size_t n = block->row_start[block->n_rows];

    out->source = realloc(out->source, (out->n_pairs + n + 1) * sizeof *out->source);
    out->time_days = realloc(out->time_days, (out->n_pairs + n + 1) * sizeof *out->time_days);
    out->r2_km2 = realloc(out->r2_km2, (out->n_pairs + n + 1) * sizeof *out->r2_km2);
    assert_true(out->source != NULL && out->time_days != NULL && out->r2_km2 != NULL);
    memcpy(out->source + out->n_pairs, block->source, n * sizeof *out->source);
    memcpy(out->time_days + out->n_pairs, block->time_days, n * sizeof *out->time_days);
    memcpy(out->r2_km2 + out->n_pairs, block->r2_km2, n * sizeof *out->r2_km2);
    for (size_t k = 0; k <= block->n_rows; k++)
        out->row_start[block->first_target + k] = out->n_pairs + block->row_start[k];
    out->n_pairs += n;
}

static void find_all(const etas_catalog *c, const etas_inversion_config *cfg, all_pairs *out)
{
    etas_pair_search search = {0};
    etas_search_scratch scratch = {0};
    etas_error err = {0};

    *out = (all_pairs){0};
    check_ok(etas_pair_search_open(&search, c, cfg, KERNELS[etas_isa_named(cfg->kernels)], &err),
             &err);
    check_ok(etas_search_scratch_init(&scratch, c->n), NULL);
    out->n_targets = search.n_targets;
    out->target = malloc((c->n + 1) * sizeof *out->target);
    out->row_start = calloc(c->n + 1, sizeof *out->row_start);
    assert_true(out->target != NULL && out->row_start != NULL);
    memcpy(out->target, search.target, search.n_targets * sizeof *out->target);
    for (size_t first = 0; first < search.n_targets; first += ETAS_BLOCK_ROWS) {
        const size_t left = search.n_targets - first;
        etas_pair_block block;

        check_ok(etas_pair_search_find(&search, first,
                                       left < ETAS_BLOCK_ROWS ? left : ETAS_BLOCK_ROWS, &scratch,
                                       &block),
                 NULL);
        append_block(&block, out);
    }
    etas_search_scratch_free(&scratch);
    etas_pair_search_free(&search);
    etas_pair_search_free(&search);
}

static void free_all(all_pairs *self)
{
    free(self->target);
    free(self->row_start);
    free(self->source);
    free(self->time_days);
    free(self->r2_km2);
}

static double distance_km(const etas_catalog *c, size_t i, size_t j, double radius)
{
    const double rad = acos(-1) / 180;
    const double dlat = sin((c->lat[j] - c->lat[i]) * rad / 2);
    const double dlon = sin((c->lon[j] - c->lon[i]) * rad / 2);
    const double h = dlat * dlat + cos(c->lat[i] * rad) * cos(c->lat[j] * rad) * dlon * dlon;

    return 2 * radius * asin(sqrt(h));
}

/* Every pair by trying all of them. */
static void check_against_all(const etas_catalog *c, const etas_inversion_config *cfg,
                              const all_pairs *got)
{
    size_t k = 0, target = 0;

    for (size_t j = 0; j < c->n; j++) {
        if (c->time[j] < cfg->window_start)
            continue;
        assert_int_equal(got->target[target], j);
        assert_int_equal(got->row_start[target], k);
        for (size_t i = 0; i < c->n; i++) {
            const double r = distance_km(c, i, j, cfg->earth_radius_km);
            const double reach = pow(10, 0.59 * c->mag[i] - 2.44) * cfg->coppersmith_multiplier;

            if (c->time[i] >= c->time[j] || r > reach)
                continue;
            assert_true(k < got->n_pairs);
            assert_int_equal(got->source[k], i);
            check_abs(got->r2_km2[k], r * r, 1e-9 * (r * r + 1e-6));
            check_rel(got->time_days[k], (double)(c->time[j] - c->time[i]) / 86400e9, 1e-15);
            k++;
        }
        target++;
    }
    assert_int_equal(got->n_pairs, k);
    assert_int_equal(got->n_targets, target);
    assert_int_equal(got->row_start[target], k);
}

static void pairs_are_those_of_a_search_through_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        etas_catalog c = {0};
        all_pairs pairs;
        etas_inversion_config cfg = small_config();

        small_catalog(150, seed * 0x9e3779b97f4a7c15u, &c);
        cfg.coppersmith_multiplier = seed % 2 ? 100 : 3000;
        find_all(&c, &cfg, &pairs);
        assert_true(pairs.n_pairs > 50);
        check_against_all(&c, &cfg, &pairs);
        free_all(&pairs);
        etas_catalog_free(&c);
    }
}

/* The whole globe: reaches of a quarter of it and more, both sides of the date line, poles. */
static void pairs_across_the_globe_are_found(void **state)
{
    uint64_t x = 17;
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    all_pairs pairs;

    (void)state;
    for (size_t i = 0; i < 300; i++)
        small_add(&c, 100 + 2 * (double)i, i % 50 == 3 ? 90 : 180 * small_uniform(&x) - 90,
                  i % 3 == 0 ? 180 - 1e-3 * small_uniform(&x) : 360 * small_uniform(&x) - 180,
                  5 + 0.1 * floor(40 * small_uniform(&x)));
    for (int k = 0; k < 3; k++) {
        cfg.kernels = k == 0 ? "scalar" : NULL;
        cfg.coppersmith_multiplier = k == 1 ? 1e9 : 100;
        find_all(&c, &cfg, &pairs);
        check_against_all(&c, &cfg, &pairs);
        free_all(&pairs);
    }
    etas_catalog_free(&c);
}

static void targets_lie_in_the_inner_region(void **state)
{
    const double lat[] = {46.5, 46.5, 47.5, 47.5}, lon[] = {7.5, 9, 9, 7.5};
    etas_region inner = {0};
    etas_catalog c = {0};
    etas_inversion_config cfg = small_config();
    all_pairs all, some;
    size_t j = 0;

    (void)state;
    check_ok(etas_region_set_ring(&inner, 4, lat, lon, NULL), NULL);
    small_catalog(400, 99, &c);
    cfg.coppersmith_multiplier = 3000;
    find_all(&c, &cfg, &all);
    cfg.inner_region = &inner;
    find_all(&c, &cfg, &some);
    assert_in_range(some.n_targets, 20, all.n_targets - 20);
    for (size_t k = 0; k < all.n_targets; k++) { /* their rows are the same as without it */
        const uint32_t row = all.target[k];
        const size_t n = all.row_start[k + 1] - all.row_start[k];

        if (!etas_region_contains(&inner, c.lat[row], c.lon[row]))
            continue;
        assert_int_equal(some.target[j], row);
        assert_int_equal(some.row_start[j + 1] - some.row_start[j], n);
        assert_memory_equal(some.source + some.row_start[j], all.source + all.row_start[k],
                            n * sizeof *all.source);
        assert_memory_equal(some.r2_km2 + some.row_start[j], all.r2_km2 + all.row_start[k],
                            n * sizeof *all.r2_km2);
        j++;
    }
    assert_int_equal(j, some.n_targets);
    free_all(&all);
    free_all(&some);
    etas_region_free(&inner);
    etas_catalog_free(&c);
}

static void distances_in_space_are_straight(void **state)
{
    uint64_t rng = 3;
    etas_catalog c = {0};
    etas_pair_search search = {0};
    etas_inversion_config cfg = small_config();
    etas_error err = {0};
    all_pairs pairs;
    size_t k = 0;

    (void)state;
    cfg.three_dim = true;
    small_catalog(300, 6, &c);
    c.z[7] = NAN;
    assert_int_equal(etas_pair_search_open(&search, &c, &cfg, KERNELS[0], &err), ETAS_E_ARG);
    assert_non_null(strstr(err.text, "x, y, z"));
    for (size_t i = 0; i < c.n; i++) {
        c.x[i] = 20 * small_uniform(&rng);
        c.y[i] = -5 + 10 * small_uniform(&rng);
        c.z[i] = i % 5 == 0 ? 0 : 3 * small_uniform(&rng);
    }
    find_all(&c, &cfg, &pairs);
    for (size_t t = 0; t < pairs.n_targets; t++) {
        const size_t j = pairs.target[t];

        for (size_t i = 0; i < j; i++) {
            const double x = c.x[i] - c.x[j], y = c.y[i] - c.y[j], z = c.z[i] - c.z[j];
            const double reach = pow(10, 0.59 * c.mag[i] - 2.44) * cfg.coppersmith_multiplier;

            if (c.time[i] >= c.time[j] || sqrt(x * x + y * y + z * z) > reach)
                continue;
            assert_int_equal(pairs.source[k], i);
            check_rel(pairs.r2_km2[k++], x * x + y * y + z * z, 1e-15);
        }
        assert_int_equal(pairs.row_start[t + 1], k);
    }
    assert_true(k > 1000);
    free_all(&pairs);
    etas_catalog_free(&c);
}

static void equal_times_make_no_pair(void **state)
{
    etas_catalog c = {0};
    all_pairs pairs;
    const etas_inversion_config cfg = small_config();

    (void)state;
    for (size_t i = 0; i < 3; i++)
        small_add(&c, 300, 47, 8, 3);
    small_add(&c, 301, 47, 8, 3);
    find_all(&c, &cfg, &pairs);
    assert_int_equal(pairs.n_targets, 4);
    assert_int_equal(pairs.n_pairs, 3);
    assert_int_equal(pairs.row_start[3], 0);
    for (size_t k = 0; k < 3; k++) {
        check_abs(pairs.r2_km2[k], 0, 0);
        check_rel(pairs.time_days[k], 1, 1e-15);
    }
    free_all(&pairs);
    etas_catalog_free(&c);
}

static void an_event_at_the_window_s_start_is_a_target(void **state)
{
    etas_catalog c = {0};
    all_pairs pairs;
    const etas_inversion_config cfg = small_config();

    (void)state;
    small_add(&c, SMALL_AUXILIARY_DAYS - 1, 47, 8, 3);
    small_add(&c, SMALL_AUXILIARY_DAYS, 47, 8, 3);
    find_all(&c, &cfg, &pairs);
    assert_int_equal(pairs.n_targets, 1);
    assert_int_equal(pairs.target[0], 1);
    assert_int_equal(pairs.n_pairs, 1);
    free_all(&pairs);
    etas_catalog_free(&c);
}

static void a_catalogue_out_of_order_is_refused(void **state)
{
    etas_catalog c = {0};
    etas_pair_search search = {0};
    const etas_inversion_config cfg = small_config();
    etas_error err = {0};

    (void)state;
    small_add(&c, 400, 47, 8, 3);
    small_add(&c, 300, 47, 8, 3);
    assert_int_equal(etas_pair_search_open(&search, &c, &cfg, KERNELS[0], &err), ETAS_E_ARG);
    assert_non_null(strstr(err.text, "sorted by time"));
    etas_catalog_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_those_of_a_search_through_all),
        cmocka_unit_test(pairs_across_the_globe_are_found),
        cmocka_unit_test(targets_lie_in_the_inner_region),
        cmocka_unit_test(distances_in_space_are_straight),
        cmocka_unit_test(equal_times_make_no_pair),
        cmocka_unit_test(an_event_at_the_window_s_start_is_a_target),
        cmocka_unit_test(a_catalogue_out_of_order_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
