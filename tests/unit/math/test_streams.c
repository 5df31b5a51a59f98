/* Are neighbouring addresses independent of each other? Statistical tests of the streams that one
 * sees by counting up any one field of an address, after the manner of PractRand and TestU01. The
 * seeds are fixed, so what passes once passes always. */
#include "support/check.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "etas/sampling.h"

enum { N = 1 << 18 };

/* One p-value in a million is beyond it, and some 200 are computed. */
static const double SMALLEST = 1e-6;

typedef enum field {
    CATALOG,
    HIGH_CATALOG,
    GENERATION,
    EVENT,
    PURPOSE,
    DRAW,
    SEED,
    N_FIELDS
} field;

static const char *const names[N_FIELDS] = {"catalogue", "catalogue's high bits", "generation",
                                            "event",     "purpose and event",     "draw",
                                            "seed"};

static void fill(field which, double u[2][N])
{
    for (uint64_t i = 0; i < N; i++) {
        etas_address at = {.catalog = 12, .generation = 3, .event = 7, .purpose = 4, .draw = 1};
        uint64_t seed = 20220910;
        double pair[2];

        switch (which) {
        case CATALOG:
            at.catalog = i;
            break;
        case HIGH_CATALOG:
            at.catalog = i << 30;
            break;
        case GENERATION: /* 16 bits of it, then the next event */
            at.generation = (uint16_t)i;
            at.event = (uint32_t)(i >> 16);
            break;
        case EVENT:
            at.event = (uint32_t)i;
            break;
        case PURPOSE:
            at.purpose = (uint8_t)i;
            at.event = (uint32_t)(i >> 8);
            break;
        case DRAW:
            at.draw = (uint32_t)i;
            break;
        default:
            seed = i;
        }
        etas_uniform_pair(seed, &at, pair);
        u[0][i] = pair[0];
        u[1][i] = pair[1];
    }
}

/* Neither too large nor too small to be chance. */
static void check_p(const char *test, const char *stream, double p)
{
    if (!(p > SMALLEST && p < 1 - SMALLEST))
        fail_msg("%s, counting up the %s: p = %g", test, stream, p);
}

static double chi_square_p(size_t n, const double count[], double expected)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (count[i] - expected) * (count[i] - expected) / expected;
    return gsl_cdf_chisq_Q(sum, (double)(n - 1));
}

/* Eight bits of each number, from bit @p from below the point on. */
static double bits_p(const double u[N], int from)
{
    double count[256] = {0};

    for (size_t i = 0; i < N; i++)
        count[(unsigned)floor(ldexp(u[i], from + 8)) & 255]++;
    return chi_square_p(256, count, N / 256.0);
}

static unsigned cell_of(double x, unsigned n)
{
    return (unsigned)(x * n);
}

/* Pairs of numbers on a square of 32 x 32 cells. */
static double pairs_p(const double x[], const double y[], size_t n)
{
    static double count[1024];

    for (size_t k = 0; k < 1024; k++)
        count[k] = 0;
    for (size_t i = 0; i < n; i++)
        count[cell_of(x[i], 32) * 32 + cell_of(y[i], 32)]++;
    return chi_square_p(1024, count, (double)n / 1024);
}

static double correlation_p(const double x[], const double y[], size_t n)
{
    const double r = gsl_stats_correlation(x, 1, y, 1, n);

    return gsl_cdf_ugaussian_Q(r * sqrt((double)n));
}

/* Ones among the 52 highest bits of each number. */
static double weights_p(const double u[N])
{
    enum { LOW = 16, HIGH = 36 }; /* the tails together */
    double count[HIGH - LOW + 1] = {0}, sum = 0;

    for (size_t i = 0; i < N; i++) {
        const int ones = __builtin_popcountll((unsigned long long)floor(ldexp(u[i], 52)));

        count[(ones < LOW ? LOW : ones > HIGH ? HIGH : ones) - LOW]++;
    }
    for (int k = LOW; k <= HIGH; k++) {
        double p = 0;

        for (int j = k == LOW ? 0 : k; j <= (k == HIGH ? 52 : k); j++)
            p += exp(lgamma(53) - lgamma(j + 1.0) - lgamma(53.0 - j) - 52 * M_LN2);
        sum += (count[k - LOW] - N * p) * (count[k - LOW] - N * p) / (N * p);
    }
    return gsl_cdf_chisq_Q(sum, HIGH - LOW);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Marsaglia's birthday spacings: 2^12 days of a year of 2^31, equal spacings are Poisson with mean
 * 2^36 / 2^33 = 8 per group. */
static double spacings_p(const double u[N])
{
    enum { DAYS = 1 << 12 };
    static double day[DAYS], spacing[DAYS];
    double equal = 0;

    for (size_t group = 0; group < N / DAYS; group++) {
        for (size_t i = 0; i < DAYS; i++)
            day[i] = floor(ldexp(u[group * DAYS + i], 31));
        qsort(day, DAYS, sizeof *day, compare);
        for (size_t i = 0; i + 1 < DAYS; i++)
            spacing[i] = day[i + 1] - day[i];
        qsort(spacing, DAYS - 1, sizeof *spacing, compare);
        for (size_t i = 0; i + 2 < DAYS; i++)
            equal += spacing[i] == spacing[i + 1];
    }
    return gsl_cdf_poisson_Q((unsigned)equal, 8.0 * N / DAYS);
}

/* Lengths of the gaps between numbers below 1/16: geometric. */
static double gaps_p(const double u[N])
{
    enum { LONGEST = 60 };
    double count[LONGEST + 1] = {0}, n = 0, sum = 0, left = 1;
    size_t since = 0;

    for (size_t i = 0; i < N; i++, since++) {
        if (u[i] >= 1.0 / 16)
            continue;
        count[since < LONGEST ? since : LONGEST]++;
        n++;
        since = (size_t)-1;
    }
    for (size_t k = 0; k <= LONGEST; k++) {
        const double p = k < LONGEST ? left / 16 : left;

        sum += (count[k] - n * p) * (count[k] - n * p) / (n * p);
        left -= left / 16;
    }
    return gsl_cdf_chisq_Q(sum, LONGEST);
}

static void check_stream(const char *name, const double u[N])
{
    for (int from = 0; from <= 44; from += 4)
        check_p("bits", name, bits_p(u, from));
    check_p("successive pairs", name, pairs_p(u, u + 1, N - 1));
    check_p("pairs with one between", name, pairs_p(u, u + 2, N - 2));
    check_p("pairs at a distance of 256", name, pairs_p(u, u + 256, N - 256));
    check_p("serial correlation", name, correlation_p(u, u + 1, N - 1));
    check_p("weights", name, weights_p(u));
    check_p("birthday spacings", name, spacings_p(u));
    check_p("gaps", name, gaps_p(u));
}

static void streams_in_every_direction_look_random(void **state)
{
    static double u[2][N];

    (void)state;
    for (field which = 0; which < N_FIELDS; which++) {
        fill(which, u);
        check_stream(names[which], u[0]);
        check_stream(names[which], u[1]);
        check_p("both words of an address", names[which], pairs_p(u[0], u[1], N));
        check_p("their correlation", names[which], correlation_p(u[0], u[1], N));
    }
}

static void streams_of_different_fields_are_independent(void **state)
{
    static double all[N_FIELDS][2][N];

    (void)state;
    for (field which = 0; which < N_FIELDS; which++)
        fill(which, all[which]);
    for (field a = 0; a < N_FIELDS; a++)
        for (field b = 0; b < a; b++) {
            check_p(names[a], names[b], pairs_p(all[a][0], all[b][0], N));
            check_p(names[a], names[b], correlation_p(all[a][0], all[b][1], N));
        }
}

/* The tests themselves: a poor generator must not pass. */
static void a_congruential_generator_is_found_out(void **state)
{
    static double u[N];
    uint64_t x = 1;
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        x = (x * 65539) & 0x7fffffff; /* RANDU */
        u[i] = ldexp((double)x + 0.5, -31);
    }
    for (int from = 0; from <= 44; from += 4)
        refused += !(bits_p(u, from) > SMALLEST && bits_p(u, from) < 1 - SMALLEST);
    assert_true(refused > 0);
    assert_false(spacings_p(u) > SMALLEST && spacings_p(u) < 1 - SMALLEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_in_every_direction_look_random),
        cmocka_unit_test(streams_of_different_fields_are_independent),
        cmocka_unit_test(a_congruential_generator_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
