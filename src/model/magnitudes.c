#include <math.h>
#include <stddef.h>

#include "etas/model.h"
#include "etas/special.h"

/* Neumaier's compensated sum. */
typedef struct total {
    double sum, lost;
} total;

static void total_add(total *self, double x)
{
    const double sum = self->sum + x;

    self->lost += fabs(self->sum) >= fabs(x) ? (self->sum - sum) + x : (x - sum) + self->sum;
    self->sum = sum;
}

static double beta_of_mean(double mean, double delta_m)
{
    return delta_m > 0 ? etas_log1p(delta_m / mean) / delta_m : 1 / mean;
}

double etas_beta_tinti_mulargia(size_t n, const double mag[], const double mc[], double delta_m)
{
    total excess = {0};

    if (n == 0)
        return NAN;
    for (size_t i = 0; i < n; i++)
        total_add(&excess, mag[i] - mc[i]);
    return beta_of_mean((excess.sum + excess.lost) / (double)n, delta_m);
}

double etas_beta_positive(size_t n, const double mag[], double delta_m)
{
    total excess = {0};
    size_t n_positive = 0;

    for (size_t i = 1; i < n; i++) {
        const double rise = mag[i] - mag[i - 1];

        if (rise > 0.5 * delta_m) {
            total_add(&excess, rise - delta_m);
            n_positive++;
        }
    }
    if (n_positive == 0)
        return NAN;
    return beta_of_mean((excess.sum + excess.lost) / (double)n_positive, delta_m);
}

double etas_rupture_length_km(double mag)
{
    return etas_pow(10, 0.59 * mag - 2.44);
}
