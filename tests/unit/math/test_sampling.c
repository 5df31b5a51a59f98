#include "support/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <Random123/philox.h>

#include "etas/sampling.h"
#include "math/vphilox.h"
#include "vmath_table.h"

/* The calls of calloc that still succeed; negative: all of them. */
static int callocs_left = -1;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
    if (callocs_left == 0)
        return NULL;
    callocs_left -= callocs_left > 0;
    return __real_calloc(n, size);
}

enum { SEED_COUNT = 64, BLOCKS = 37 };

static void philox_gives_the_published_known_answers(void **state)
{
    /* Salmon et al. (2011), the kat_vectors file of their library. */
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    (void)state;
    for (etas_isa isa = ETAS_ISA_SCALAR; isa < ETAS_ISA_COUNT; isa++) {
        const vmath_table *table = vmath_table_get(isa);

        for (size_t i = 0; table != NULL && i < sizeof known / sizeof *known; i++) {
            const uint32_t *want = known[i].want;
            uint64_t words[2];
            double u[2];

            table->philox(1, known[i].key[0] | (uint64_t)known[i].key[1] << 32, known[i].counter,
                          words, u);
            assert_int_equal(words[0], want[0] | (uint64_t)want[1] << 32);
            assert_int_equal(words[1], want[2] | (uint64_t)want[3] << 32);
        }
    }
}

static double uniform_of(uint64_t x)
{
    const double u = ((double)(x >> 11) + 0.5) * 0x1p-53;

    return u < 1.0 ? u : 1.0 - 0x1p-53;
}

static void every_variant_of_philox_is_that_of_random123(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < SEED_COUNT; s++) {
        const uint64_t seed = (s + 1) * UINT64_C(0x9E3779B97F4A7C15);
        const uint32_t start[4] = {(uint32_t)(s * 77777777), (uint32_t)(seed >> 7), UINT32_MAX - 5,
                                   (uint32_t)(s << 24 | (0xfffffb + s))};
        uint64_t want[2 * BLOCKS];

        for (uint32_t i = 0; i < BLOCKS; i++) {
            const philox4x32_ctr_t at = {{start[0], start[1], start[2] + i, start[3] + i}};
            const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
            const philox4x32_ctr_t out = philox4x32(at, key);

            want[2 * i] = out.v[0] | (uint64_t)out.v[1] << 32;
            want[2 * i + 1] = out.v[2] | (uint64_t)out.v[3] << 32;
        }
        for (etas_isa isa = ETAS_ISA_SCALAR; isa < ETAS_ISA_COUNT; isa++) {
            const vmath_table *table = vmath_table_get(isa);

            for (size_t n = 0; table != NULL && n <= BLOCKS; n++) {
                uint64_t words[2 * BLOCKS];
                double u[2 * BLOCKS];

                table->philox(n, seed, start, words, u);
                assert_memory_equal(words, want, 2 * n * sizeof *words);
                for (size_t i = 0; i < 2 * n; i++)
                    assert_true(u[i] == uniform_of(want[i]));
            }
        }
    }
}

static void uniforms_stay_inside_the_open_interval(void **state)
{
    (void)state;
    assert_true(v_uniform(0) == 0x1p-54);
    assert_true(v_uniform(UINT64_MAX) == 1.0 - 0x1p-53);
    assert_true(v_uniform(UINT64_MAX - 2048) == 1.0 - 0x1p-52);
    assert_true(v_uniform(UINT64_C(1) << 63) == 0.5);
}

static void an_address_becomes_the_documented_counter(void **state)
{
    const etas_address at = {.catalog = UINT64_C(0xabcd12345678),
                             .generation = 0x4321,
                             .event = 0xfedcba98,
                             .purpose = 0x7e,
                             .draw = 0x654321};
    const philox4x32_ctr_t counter = {{0x12345678, 0x4321abcd, 0xfedcba98, 0x7e654321}};
    const philox4x32_key_t key = {{0x89abcdef, 0x01234567}};
    const philox4x32_ctr_t out = philox4x32(counter, key);
    double u[2];

    (void)state;
    etas_uniform_pair(UINT64_C(0x0123456789abcdef), &at, u);
    assert_true(u[0] == uniform_of(out.v[0] | (uint64_t)out.v[1] << 32));
    assert_true(u[1] == uniform_of(out.v[2] | (uint64_t)out.v[3] << 32));
}

/* Probability of each entry that the table really draws, from the cells. */
static void check_alias(size_t n, const double weight[], double tol)
{
    etas_alias alias = {0};
    long double *share = calloc(n, sizeof *share), sum = 0.0L;

    assert_non_null(share);
    check_ok(etas_alias_build(&alias, n, weight), NULL);
    assert_int_equal(alias.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(alias.keep[i] >= 0.0 && alias.keep[i] <= 1.0);
        assert_true(alias.other[i] < n);
        share[i] += alias.keep[i];
        share[alias.other[i]] += 1.0L - (long double)alias.keep[i];
        sum += weight[i];
    }
    for (size_t i = 0; i < n; i++)
        check_abs((double)(share[i] / (long double)n), (double)(weight[i] / sum), tol);
    for (size_t i = 0; i < n; i++)
        if (weight[i] == 0.0)
            assert_true(share[i] == 0.0L);
        else
            check_rel((double)(share[i] / (long double)n), (double)(weight[i] / sum), 1e-14);
    free(share);
    etas_alias_free(&alias);
    etas_alias_free(&alias);
    assert_null(alias.keep);
}

static void alias_tables_hold_exactly_the_given_probabilities(void **state)
{
    enum { MANY = 100000 };
    static double weight[MANY];
    const etas_address start = {.purpose = 9};

    (void)state;
    check_alias(1, (const double[]){3.0}, 1e-15);
    check_alias(2, (const double[]){0.0, 1e-320}, 1e-15);
    check_alias(3, (const double[]){1e308, 1.7e308, 1e308}, 1e-15);
    check_alias(5, (const double[]){1.0, 1.0, 1.0, 1.0, 1.0}, 1e-15);
    check_alias(6, (const double[]){0.0, 5.0, 0.0, 1e-9, 0.0, 2.0}, 1e-15);
    for (size_t i = 0; i < MANY; i++) {
        etas_address at = start;
        double u[2];

        at.event = (uint32_t)i;
        etas_uniform_pair(4, &at, u);
        weight[i] = u[0];
    }
    check_alias(MANY, weight, 1e-15);
    weight[777] = 1e7; /* one entry serves all the others */
    check_alias(MANY, weight, 1e-15);
    for (size_t i = 0; i < MANY; i++)
        weight[i] = pow(weight[i], 12.0);
    check_alias(MANY, weight, 1e-15);
}

static void alias_picks_follow_cells_and_never_take_weight_zero(void **state)
{
    enum { CELLS = 7, STEPS = 70000 };
    const double weight[CELLS] = {0.0, 1.0, 2.0, 0.0, 4.0, 6.0, 1.0};
    size_t seen[CELLS] = {0};
    etas_alias alias = {0};

    (void)state;
    check_ok(etas_alias_build(&alias, CELLS, weight), NULL);
    for (size_t i = 0; i < STEPS; i++)
        seen[etas_alias_pick(&alias, ((double)i + 0.5) / STEPS)]++;
    for (size_t i = 0; i < CELLS; i++)
        check_abs((double)seen[i], weight[i] / 14.0 * STEPS, CELLS);
    assert_int_equal(seen[0] + seen[3], 0);
    assert_true(etas_alias_pick(&alias, 1.0 - 0x1p-53) < CELLS);
    assert_true(weight[etas_alias_pick(&alias, 0x1p-54)] > 0.0);
    etas_alias_free(&alias);
}

static void alias_tables_refuse_weights_that_are_none(void **state)
{
    const double bad[][2] = {{1.0, -1.0}, {NAN, 1.0}, {1.0, INFINITY}, {0.0, 0.0}};
    etas_alias alias = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(etas_alias_build(&alias, 2, bad[i]), ETAS_E_ARG);
    assert_int_equal(etas_alias_build(&alias, 0, bad[0]), ETAS_E_ARG);
    assert_null(alias.keep);
}

static void a_failed_allocation_is_reported_and_leaves_nothing_behind(void **state)
{
    const double weight[] = {1.0, 2.0};
    etas_alias alias = {0};

    (void)state;
    for (int left = 0; left < 2; left++) {
        etas_status status;

        callocs_left = left;
        status = etas_alias_build(&alias, 2, weight);
        callocs_left = -1;
        assert_int_equal(status, ETAS_E_NOMEM);
        assert_true(alias.keep == NULL && alias.other == NULL && alias.n == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_known_answers),
        cmocka_unit_test(every_variant_of_philox_is_that_of_random123),
        cmocka_unit_test(uniforms_stay_inside_the_open_interval),
        cmocka_unit_test(an_address_becomes_the_documented_counter),
        cmocka_unit_test(alias_tables_hold_exactly_the_given_probabilities),
        cmocka_unit_test(alias_picks_follow_cells_and_never_take_weight_zero),
        cmocka_unit_test(alias_tables_refuse_weights_that_are_none),
        cmocka_unit_test(a_failed_allocation_is_reported_and_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
