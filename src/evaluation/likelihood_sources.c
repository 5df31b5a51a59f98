#include "evaluation/likelihood_sources.h"

#include <math.h>

#include "etas/array.h"
#include "etas/special.h"
#include "evaluation/sum.h"
#include "geometry/sphere.h"

/* ---- columns ---- */

void etas_place_of(double lat_deg, double lon_deg, double out[3])
{
    out[0] = lat_deg;
    out[1] = lon_deg;
    out[2] = etas_cos_lat(lat_deg);
}

static void fill_places(etas_sources *self)
{
    const etas_catalog *c = self->catalog;

    for (size_t i = 0; i < c->n; i++) {
        double at[3] = {0};

        if (self->three_dim) {
            at[0] = c->x[i];
            at[1] = c->y[i];
            at[2] = c->z[i];
        } else {
            etas_place_of(c->lat[i], c->lon[i], at);
        }
        self->a[i] = at[0];
        self->b[i] = at[1];
        self->c[i] = at[2];
    }
}

/* xi: what an event stands for beyond itself, where smaller ones are hidden. */
static void fill_strengths(etas_sources *self, const etas_likelihood_input *in, double share)
{
    const double *v = in->theta.value;
    const etas_catalog *c = self->catalog;
    const double exponent = etas_space_exponent(self->three_dim, v[ETAS_RHO]);
    const double ln_norm = etas_space_normalisation(self->three_dim, v[ETAS_RHO]).ln;
    const double ln_k0 = v[ETAS_LOG10_K0] * M_LN10, ln_d = v[ETAS_LOG10_D] * M_LN10;
    const double hidden = in->beta - etas_params_alpha(&in->theta);

    for (size_t i = 0; i < c->n; i++) {
        const double dm = c->mag[i] - (in->m_ref - 0.5 * in->delta_m);
        const double xi = c->mc[i] != in->m_ref ? etas_exp(hidden * (c->mc[i] - in->m_ref)) : 1;
        const double k = i < in->n_kappa ? in->kappa[i] : etas_exp(ln_k0 + v[ETAS_A] * dm);
        const double ln_d_i = ln_d + v[ETAS_GAMMA] * dm;

        self->d_km2[i] = etas_exp(ln_d_i);
        self->k[i] = share * xi * k;
        self->k_time[i] = self->k[i] * etas_exp(ln_norm - exponent * ln_d_i);
    }
}

etas_status etas_sources_init(etas_sources *self, const etas_likelihood_input *in, double share)
{
    double **const columns[] = {&self->k, &self->k_time, &self->d_km2,
                                &self->a, &self->b,      &self->c};

    self->catalog = in->catalog;
    self->three_dim = in->theta.three_dim;
    self->radius_km = in->earth_radius_km;
    self->omori = etas_params_omori(&in->theta);
    self->inv_tau = 1 / self->omori.tau_days;
    self->q = 1 + in->theta.value[ETAS_RHO];
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++) {
        const etas_status st =
            etas_array_alloc((void **)columns[k], in->catalog->n, sizeof **columns[k]);

        if (st != ETAS_OK)
            return st;
    }
    fill_places(self);
    fill_strengths(self, in, share);
    return ETAS_OK;
}

void etas_sources_free(etas_sources *self)
{
    double **const columns[] = {&self->k, &self->k_time, &self->d_km2,
                                &self->a, &self->b,      &self->c};

    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        etas_array_free((void **)columns[k]);
}

void etas_sources_place(const etas_sources *self, size_t row, double out[3])
{
    out[0] = self->a[row];
    out[1] = self->b[row];
    out[2] = self->c[row];
}

/* ---- sums ---- */

static double square_of_sine_of_half(double difference_deg)
{
    double sine, cosine;

    etas_sincos_degrees(0.5 * difference_deg, &sine, &cosine);
    return sine * sine;
}

double etas_sources_r2(const etas_sources *self, const double x[3], const double y[3])
{
    const double d[3] = {x[0] - y[0], x[1] - y[1], x[2] - y[2]};

    if (self->three_dim)
        return d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    return etas_square_of_haversine(
        square_of_sine_of_half(d[0]) + x[2] * y[2] * square_of_sine_of_half(d[1]), self->radius_km);
}

/* The time kernel h integrated over the last @p length days before @p delay, where it is @p value.
 * Shortly before a long delay h hardly changes: its Taylor series there has terms B_k / (k + 1)!
 * with B_k = length^k |h^(k)| / h, which follow from s h' = -(p + s/tau) h, s = delay + c. */
static double integral_before(const etas_sources *self, double delay, double length, double value)
{
    static const double SHORT = 1.0 / 32;
    const double s = delay + self->omori.c_days;
    const double p = 1 + self->omori.omega, y = length / s, z = length * self->inv_tau;
    double before = 0, term = 1, factorial = 1, sum = 1;

    if (y > SHORT || z > SHORT)
        return etas_omori_integral(&self->omori, delay - length, delay);
    for (int k = 0; term > 1e-17 * factorial; k++) {
        const double next = ((p + k) * y + z) * term - k * y * z * before;

        before = term;
        term = next;
        factorial *= k + 2;
        sum += term / factorial;
    }
    return value * length * sum;
}

etas_triggered etas_sources_sum(const etas_sources *self, etas_time since, etas_time time,
                                const double place[3])
{
    const etas_time *const t = self->catalog->time;
    const double p = 1 + self->omori.omega, length = etas_days_between(since, time);
    etas_sum rate = {0}, time_rate = {0}, compensator = {0};

    for (size_t i = 0; i < self->catalog->n && t[i] < time; i++) {
        const double delay = etas_days_between(t[i], time);
        const double value =
            etas_exp(-p * etas_ln(delay + self->omori.c_days) - delay * self->inv_tau);
        const double at[3] = {self->a[i], self->b[i], self->c[i]};

        etas_sum_add(&time_rate, self->k_time[i] * value);
        etas_sum_add(&compensator,
                     self->k_time[i] * integral_before(self, delay, fmin(length, delay), value));
        if (place != NULL)
            etas_sum_add(&rate, self->k[i] * value *
                                    etas_exp(-self->q * etas_ln(etas_sources_r2(self, at, place) +
                                                                self->d_km2[i])));
    }
    return (etas_triggered){etas_sum_get(&rate), etas_sum_get(&time_rate),
                            etas_sum_get(&compensator)};
}
