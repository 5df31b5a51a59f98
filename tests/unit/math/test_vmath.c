#include "support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmath_table.h"

enum { SPECIALS = 64, RANDOM = 20000, N = RANDOM + SPECIALS };

static double in_x[N], in_y[N];

static uint64_t bits_of(double x)
{
    uint64_t b;

    memcpy(&b, &x, sizeof b);
    /* Which NaN comes out is not promised. */
    return isnan(x) ? UINT64_C(0x7ff8000000000000) : b;
}

/* A small generator of its own, so that this test does not lean on what it tests. */
static uint64_t next_word(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static double next_uniform(uint64_t *state)
{
    return (double)(next_word(state) >> 11) * 0x1p-53;
}

static const double specials[] = {
    0.0,          -0.0,        1.0,           -1.0,         INFINITY,   -INFINITY,
    NAN,          0x1p-1074,   -0x1p-1074,    0x1p-1022,    -0x1p-1022, 0x1.fffffffffffffp-1023,
    0x1p-54,      -0x1p-54,    0x1p-53,       -0x1p-53,     0x1p-60,    0x1.fffffffffffffp1023,
    709.7827,     709.79,      710.0,         711.0,        1e10,       1e300,
    -708.4,       -744.4,      -745.13,       -745.14,      -746.0,     -1e10,
    -1e300,       -37.0,       -36.0,         -40.0,        0.5,        2.0,
    0.34657,      -0.34658,    0.70710678118, 1.4142135623, 3.14159265, 6.283185307179586,
    -6.283185307, 1.570796327, 4.71238898038, -0.999999,    0x1p52,     0x1p51 + 0.5,
    -0x1p52,      0x1p53,      -0.5,          0.25,         1e-300,     1e-20,
    3.0,          1e5,         -3.5,          0x1.fffffep-1};

static void fill_inputs(void)
{
    const size_t listed = sizeof specials / sizeof *specials;
    uint64_t state = 20250101;

    assert_true(listed <= SPECIALS);
    for (size_t i = 0; i < N; i++) {
        const uint64_t kind = next_word(&state) % 4;
        const double u = next_uniform(&state), v = next_uniform(&state);

        if (i < SPECIALS)
            in_x[i] = specials[i % listed];
        else if (kind == 0)
            in_x[i] = (u - 0.5) * 12.5;
        else if (kind == 1)
            in_x[i] = (u - 0.5) * 1500.0;
        else if (kind == 2)
            in_x[i] = ldexp(u + 0.5, (int)(v * 2140.0) - 1074);
        else
            in_x[i] = 1.0 + (u - 0.5) * ldexp(1.0, -(int)(v * 50.0));
        if (i >= SPECIALS && kind == 3) /* x^y all over the range, where log x needs every digit */
            in_y[i] = (next_uniform(&state) - 0.5) * 1300.0 / (in_x[i] - 1.0);
        else
            in_y[i] = i < SPECIALS ? specials[(i * 7 + 3) % listed] : (v - 0.5) * 80.0;
    }
}

static void every_instruction_set_gives_the_bits_of_the_scalar_one(void **state)
{
    static double want[N], got[N];
    static double x[SPECIALS * SPECIALS], y[SPECIALS * SPECIALS], want2[SPECIALS * SPECIALS],
        got2[SPECIALS * SPECIALS];
    int tables = 0;

    (void)state;
    for (size_t i = 0; i < SPECIALS * SPECIALS; i++) {
        x[i] = in_x[i / SPECIALS];
        y[i] = in_x[i % SPECIALS];
    }
    for (etas_isa isa = ETAS_ISA_AVX2; isa < ETAS_ISA_COUNT; isa++) {
        const vmath_table *table = vmath_table_get(isa);

        if (table == NULL) {
            print_message("%s: not on this CPU\n", etas_isa_name(isa));
            continue;
        }
        tables++;
        for (size_t f = 0; f < VMATH_COLUMNS; f++) {
            vmath_scalar.map[f](N, in_x, in_y, want);
            table->map[f](N, in_x, in_y, got);
            for (size_t i = 0; i < N; i++)
                if (bits_of(want[i]) != bits_of(got[i]))
                    fail_msg("%s %s(%a, %a): %a, scalar %a", etas_isa_name(isa), table->name[f],
                             in_x[i], in_y[i], got[i], want[i]);
            vmath_scalar.map[f](SPECIALS * SPECIALS, x, y, want2);
            table->map[f](SPECIALS * SPECIALS, x, y, got2);
            for (size_t i = 0; i < SPECIALS * SPECIALS; i++)
                if (bits_of(want2[i]) != bits_of(got2[i]))
                    fail_msg("%s %s(%a, %a): %a, scalar %a", etas_isa_name(isa), table->name[f],
                             x[i], y[i], got2[i], want2[i]);
        }
    }
    print_message("%d variants against scalar\n", tables);
}

static void tails_of_every_length_touch_nothing_beyond_them(void **state)
{
    (void)state;
    for (etas_isa isa = ETAS_ISA_SCALAR; isa < ETAS_ISA_COUNT; isa++) {
        const vmath_table *table = vmath_table_get(isa);

        for (size_t n = 0; table != NULL && n <= 40; n++) {
            for (size_t f = 0; f < VMATH_COLUMNS; f++) {
                double want[40], got[41];

                vmath_scalar.map[f](n, in_x + 5, in_y + 5, want);
                got[n] = 12345.0;
                table->map[f](n, in_x + 5, in_y + 5, got);
                assert_true(got[n] == 12345.0);
                for (size_t i = 0; i < n; i++)
                    assert_true(bits_of(want[i]) == bits_of(got[i]));
            }
            assert_true(bits_of(table->sum_exp(n, in_x + SPECIALS)) ==
                        bits_of(vmath_scalar.sum_exp(n, in_x + SPECIALS)));
        }
    }
}

/* Distance in units in the last place of the double nearest to the long double value. */
static double ulps(double got, long double want)
{
    const double near = (double)want;
    double ulp;

    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0.0 : HUGE_VAL;
    if (isinf(near) || isinf(got))
        return near == got ? 0.0 : HUGE_VAL;
    ulp = near == 0.0 ? 0x1p-1074 : nextafter(fabs(near), INFINITY) - fabs(near);
    return (double)(fabsl((long double)got - want) / ulp);
}

static long double log_of(long double x, long double y)
{
    (void)y;
    return logl(x);
}
static long double exp_of(long double x, long double y)
{
    (void)y;
    return expl(x);
}
static long double expm1_of(long double x, long double y)
{
    (void)y;
    return expm1l(x);
}
static long double log1p_of(long double x, long double y)
{
    (void)y;
    return log1pl(x);
}
static long double sin_of(long double x, long double y)
{
    (void)y;
    return sinl(x);
}
static long double cos_of(long double x, long double y)
{
    (void)y;
    return cosl(x);
}

/* Quarters off exactly: of 2 pi even long double has too few digits near its multiples. */
static long double sin_turns_of(long double x, long double y)
{
    const long double quarter = rintl(4 * x),
                      r = (x - quarter / 4) * 6.283185307179586476925286766559L;
    const long double part = fmodl(quarter, 2) == 0 ? sinl(r) : cosl(r);

    (void)y;
    return fmodl(fmodl(quarter, 4) + 4, 4) >= 2 ? -part : part;
}
static long double cos_turns_of(long double x, long double y)
{
    return sin_turns_of(x + 0.25L, y);
}
static long double atan2_degrees_of(long double x, long double y)
{
    return atan2l(y, x) * 57.295779513082320876798154814105L;
}

/* Angles that go round, and points in every direction from near an axis to the diagonal. */
static void turns_and_angles_stay_within_a_few_units_in_the_last_place(void **state)
{
    enum { FIRST = 13, MANY = 200000 };
    static double x[MANY], y[MANY], got[MANY];
    static long double (*const exact[])(long double, long double) = {sin_turns_of, cos_turns_of,
                                                                     atan2_degrees_of};
    uint64_t words = 7;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        const double u = next_uniform(&words), v = next_uniform(&words), w = next_uniform(&words);

        x[i] = (u - 0.5) * (i % 2 == 0 ? 2 : ldexp(1, (int)(60 * v) - 45));
        y[i] = i % 3 == 0 ? (v - 0.5) * 2 : (w - 0.5) * ldexp(2, -(int)(50 * v));
    }
    for (size_t f = 0; f < sizeof exact / sizeof *exact; f++) {
        double worst = 0;

        assert_string_equal(vmath_scalar.name[FIRST], "sin_turns");
        vmath_scalar.map[FIRST + f](MANY, x, y, got);
        for (size_t i = 0; i < MANY; i++) {
            worst = fmax(worst, ulps(got[i], exact[f](x[i], y[i])));
        }
        print_message("%-13s worst %.3f ulp\n", vmath_scalar.name[FIRST + f], worst);
        assert_true(worst < 3);
    }
}

static void angles_of_the_axes_and_the_origin_are_exact(void **state)
{
    static const double x[] = {1, 1, 0, -0.0, -1, -1, 0, 0, 0, -0.0, 1, -1, -3, 5e-324, 1e300};
    static const double y[] = {0, -0.0, 2, 2, 0, -0.0, -2, 0, -0.0, 0, 1, 1, -3, 0, -1e300};
    static const double want[] = {0,    -0.0, 90, 90,  180,  -180, -90, 0,
                                  -0.0, 0,    45, 135, -135, 0,    -45};
    double got[sizeof want / sizeof *want];

    (void)state;
    vmath_scalar.map[15](sizeof want / sizeof *want, x, y, got);
    assert_memory_equal(got, want, sizeof want);
}

/* Extended precision where long double has it (x86); elsewhere the limit allows for its error. */
static void errors_stay_within_a_few_units_in_the_last_place(void **state)
{
    static long double (*const exact[])(long double, long double) = {
        exp_of, expm1_of, log_of, log1p_of, powl, sin_of, cos_of};
    static const double limit[] = {1.0, 2.0, 1.0, 1.0, 2.0, 1.0, 1.0};

    (void)state;
    for (size_t f = 0; f < sizeof limit / sizeof *limit; f++) {
        static double got[N];
        double worst = 0.0, worst_x = 0.0, worst_y = 0.0;

        vmath_scalar.map[f](N, in_x, in_y, got);
        for (size_t i = 0; i < N; i++) {
            double off;

            if ((f >= 5 && !(fabs(in_x[i]) <= 6.2831853071795865)) || (f == 4 && in_x[i] < 0.0))
                continue;
            off = ulps(got[i], exact[f](in_x[i], in_y[i]));
            if (off > worst) {
                worst = off;
                worst_x = in_x[i];
                worst_y = in_y[i];
            }
        }
        print_message("%-6s worst %.3f ulp at %a, %a\n", vmath_scalar.name[f], worst, worst_x,
                      worst_y);
        if (!(worst <= limit[f]))
            fail_msg("%s is %.3f ulp off at (%a, %a)", vmath_scalar.name[f], worst, worst_x,
                     worst_y);
    }
}

static void the_short_forms_give_the_bits_of_the_full_ones_in_their_domain(void **state)
{
    static double full[N], brief[N];

    (void)state;
    for (size_t pass = 0; pass < 2; pass++) {
        const size_t f = pass == 0 ? 0 : 2;

        assert_string_equal(vmath_scalar.name[f], pass == 0 ? "exp" : "log");
        assert_string_equal(vmath_scalar.name[11 + pass], pass == 0 ? "exp_normal" : "log_normal");
        vmath_scalar.map[f](N, in_x, in_y, full);
        vmath_scalar.map[11 + pass](N, in_x, in_y, brief);
        for (size_t i = 0; i < N; i++)
            if (pass == 0 ? fabs(in_x[i]) <= 708.0 : (in_x[i] > 0.0 && isnormal(in_x[i])))
                assert_true(bits_of(full[i]) == bits_of(brief[i]));
    }
}

static void names_of_instruction_sets_are_the_documented_ones(void **state)
{
    const etas_isa best = etas_isa_best();

    (void)state;
    assert_int_equal(etas_isa_named("scalar"), ETAS_ISA_SCALAR);
    assert_int_equal(etas_isa_named("portable"), ETAS_ISA_SCALAR);
    assert_int_equal(etas_isa_named(NULL), best);
    assert_int_equal(etas_isa_named(""), best);
    assert_int_equal(etas_isa_named("auto"), best);
    assert_int_equal(etas_isa_named(etas_isa_name(best)), best);
    assert_int_equal(etas_isa_named("AVX2"), ETAS_ISA_UNSUPPORTED);
    assert_int_equal(etas_isa_named("unsupported"), ETAS_ISA_UNSUPPORTED);
    assert_int_equal(etas_isa_named("sse"), ETAS_ISA_UNSUPPORTED);
    for (etas_isa isa = ETAS_ISA_SCALAR; isa < ETAS_ISA_COUNT; isa++)
        assert_true(etas_isa_named(etas_isa_name(isa)) == isa || isa > best);
}

static int setup(void **state)
{
    (void)state;
    fill_inputs();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_set_gives_the_bits_of_the_scalar_one),
        cmocka_unit_test(tails_of_every_length_touch_nothing_beyond_them),
        cmocka_unit_test(the_short_forms_give_the_bits_of_the_full_ones_in_their_domain),
        cmocka_unit_test(names_of_instruction_sets_are_the_documented_ones),
        cmocka_unit_test(turns_and_angles_stay_within_a_few_units_in_the_last_place),
        cmocka_unit_test(angles_of_the_axes_and_the_origin_are_exact),
        cmocka_unit_test(errors_stay_within_a_few_units_in_the_last_place),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
