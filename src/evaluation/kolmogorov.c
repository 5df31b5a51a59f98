/* The distribution of Kolmogorov and Smirnov's distance, as Simard & L'Ecuyer (2011,
 * doi:10.18637/jss.v039.i11) divide the work. */
#include <math.h>

#include "etas/likelihood.h"
#include "etas/special.h"

static const double PI = 3.14159265358979323846;

/* Beyond this n d^2 both-sided is twice one-sided, to 1e-7 of a p of 7e-4 and better. */
static const double FAR = 4;

enum {
    MOST_EXACT = 2000,
    MOST_ROWS = 181 /* 2 k - 1 for k = 1 + sqrt(FAR * MOST_EXACT) */
};

/* ---- far out: twice Smirnov's one-sided probability ---- */

static double twice_one_sided(double n, double d)
{
    const double last = floor(n * (1 - d));
    double sum = 0;

    for (double j = 0; j <= last; j++) {
        const double below = d + j / n, above = 1 - below;
        const double ln_choose = etas_lgamma(n + 1) - etas_lgamma(j + 1) - etas_lgamma(n - j + 1);

        if (above > 0)
            sum += etas_exp(ln_choose + (j - 1) * etas_ln(below) + (n - j) * etas_ln(above));
    }
    return fmin(2 * d * sum, 1);
}

/* ---- exact: Durbin's matrix H as Marsaglia, Tsang & Wang (2003, doi:10.18637/jss.v008.i18) ----
 */

/* H[i][j] = 1 / (i - j + 1)!, but for its first column and its last row. */
typedef struct durbin {
    size_t m;
    double inverse_factorial[MOST_ROWS + 1];
    double column[MOST_ROWS], row[MOST_ROWS];
} durbin;

/* For n d = k - h. */
static void durbin_init(durbin *self, size_t k, double h)
{
    const size_t m = 2 * k - 1;
    double *const f = self->inverse_factorial;
    double power = h;

    self->m = m;
    f[0] = 1;
    for (size_t i = 1; i <= m; i++)
        f[i] = f[i - 1] / (double)i;
    for (size_t i = 0; i < m; i++, power *= h) {
        self->column[i] = (1 - power) * f[i + 1];
        self->row[m - 1 - i] = self->column[i];
    }
    /* The corner, of which both take their share. */
    power /= h;
    self->row[0] = (1 - 2 * power + (2 * h > 1 ? etas_pow(2 * h - 1, (double)m) : 0)) * f[m];
}

/* out = v H. */
static void durbin_multiply(const durbin *self, const double v[], double out[])
{
    const size_t m = self->m;
    double sum = v[m - 1] * self->row[0];

    for (size_t i = 0; i + 1 < m; i++)
        sum += v[i] * self->column[i];
    out[0] = sum;
    for (size_t j = 1; j < m; j++) {
        sum = v[m - 1] * self->row[j];
        for (size_t i = j - 1; i + 1 < m; i++)
            sum += v[i] * self->inverse_factorial[i - j + 1];
        out[j] = sum;
    }
}

/* n! / n^n times the middle of H^n. */
static double exact_cdf(size_t n, double d)
{
    const double count = (double)n;
    const size_t k = (size_t)(count * d) + 1;
    const double step = etas_exp((etas_lgamma(count + 1) - count * etas_ln(count)) / count);
    double v[MOST_ROWS] = {0}, next[MOST_ROWS];
    durbin h;

    durbin_init(&h, k, (double)k - count * d);
    v[k - 1] = 1;
    for (size_t i = 0; i < n; i++) {
        durbin_multiply(&h, v, next);
        for (size_t j = 0; j < h.m; j++)
            v[j] = step * next[j];
    }
    return v[k - 1];
}

/* ---- many values: Pelz & Good (1976), with terms to n^(-3/2) ---- */

/* The sums over half-odd and whole numbers; the terms of the former are e^(-PI^2 x^2 / (2 z^2)). */
static double pelz_good(double n, double d)
{
    enum { MOST_TERMS = 40 };
    const double root_n = sqrt(n), z = root_n * d;
    const double z2 = z * z, z3 = z2 * z, z4 = z2 * z2, z6 = z4 * z2;
    const double root_half_pi = sqrt(PI / 2);
    double sum[4] = {0}, whole[2] = {0};

    for (int k = 0; k < MOST_TERMS; k++) {
        const double x2 = PI * PI * (k + 0.5) * (k + 0.5), y2 = PI * PI * k * k;
        const double e = 2 * etas_exp(-x2 / (2 * z2)), f = 2 * etas_exp(-y2 / (2 * z2));

        sum[0] += e;
        sum[1] += (x2 - z2) * e;
        sum[2] += (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * x2 + (1 - 2 * z2) * x2 * x2) * e;
        sum[3] += ((5 - 30 * z2) * x2 * x2 * x2 + (212 * z4 - 60 * z2) * x2 * x2 +
                   (135 * z4 - 96 * z6) * x2 - 30 * z6 - 90 * z4 * z4) *
                  e;
        whole[0] += y2 * f;
        whole[1] += (3 * z2 * y2 - y2 * y2) * f;
    }
    return root_half_pi * (sum[0] / z + sum[1] / (6 * z4 * root_n) +
                           (sum[2] / (72 * z6 * z) - whole[0] / (36 * z3)) / n +
                           (sum[3] / (6480 * z6 * z4) + whole[1] / (216 * z6)) / (n * root_n));
}

/* ---- */

double etas_ks_p(size_t n, double distance)
{
    const double count = (double)n;
    double cdf;

    if (n == 0 || isnan(distance))
        return NAN;
    if (distance >= 1)
        return 0;
    if (2 * count * distance <= 1)
        return 1;
    if (count * distance * distance >= FAR)
        return twice_one_sided(count, distance);
    cdf = n <= MOST_EXACT ? exact_cdf(n, distance) : pelz_good(count, distance);
    return fmin(fmax(1 - cdf, 0), 1);
}

etas_ks etas_ks_uniform(size_t n, const double u[])
{
    double distance = 0;

    for (size_t i = 0; i < n; i++)
        distance =
            fmax(distance, fmax(u[i] - (double)i / (double)n, (double)(i + 1) / (double)n - u[i]));
    return n > 0 ? (etas_ks){distance, etas_ks_p(n, distance)} : (etas_ks){NAN, NAN};
}
