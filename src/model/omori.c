/* Integrals of the time kernel exp(-t/tau) / (t + c)^(1 + omega). */
#include <math.h>
#include <stddef.h>

#include "etas/model.h"
#include "etas/special.h"

/* The difference of two incomplete gammas loses a factor two at most while the second is at most
 * this share of the first. */
static const double LARGEST_SHARE = 0.5;

/* Gauss-Legendre in v = ln((t + c) / (t0 + c)): on panels this wide 8 points are good to 1e-14
 * for what is left, windows that hold less than half of all that is to come. */
static const double PANEL_WIDTH = 1.5;

/* Integral of (t + c)^-(1 + omega) from t0, where t0 + c = a, up to t + c = a exp(span). */
static double untapered(double omega, double a, double span)
{
    const double head = etas_exp(-omega * etas_ln(a));

    if (fabs(omega) < 1e-100) /* the quotient's limit */
        return head * span;
    return head * (-etas_expm1(-omega * span) / omega);
}

/* Integral over v of exp(-omega v - a expm1(v) / tau): the kernel relative to its value at t0, per
 * panel in the order of the nodes. */
static double quadrature(const etas_omori *self, double a, double span)
{
    static const double node[4] = {0.18343464249564980, 0.52553240991632899, 0.79666647741362674,
                                   0.96028985649753623};
    static const double weight[4] = {0.36268378337836198, 0.31370664587788729, 0.22238103445337447,
                                     0.10122853629037626};
    const size_t panels = 1 + (size_t)(span / PANEL_WIDTH);
    const double half = 0.5 * span / (double)panels;
    double sum = 0;

    for (size_t k = 0; k < panels; k++) {
        const double middle = (double)(2 * k + 1) * half;

        for (size_t j = 0; j < 8; j++) {
            const double x = j % 2 == 0 ? node[j / 2] : -node[j / 2];
            const double v = middle + half * x;

            sum += weight[j / 2] * etas_exp(-self->omega * v - a / self->tau_days * etas_expm1(v));
        }
    }
    return half * sum;
}

static double tapered(const etas_omori *self, double t0, double t1)
{
    const double c = self->c_days, omega = self->omega, tau = self->tau_days;
    const double a = t0 + c;
    const double upper = etas_gamma_upper(-omega, a / tau);
    const double rest = isinf(t1) ? 0 : etas_gamma_upper(-omega, (t1 + c) / tau);

    if (rest <= LARGEST_SHARE * upper)
        return etas_exp(c / tau - omega * etas_ln(tau)) * (upper - rest);
    return etas_exp(-t0 / tau - omega * etas_ln(a)) *
           quadrature(self, a, etas_log1p((t1 - t0) / a));
}

double etas_omori_integral(const etas_omori *self, double t0_days, double t1_days)
{
    const double a = t0_days + self->c_days;

    if (t1_days <= t0_days)
        return 0;
    if (!isinf(self->tau_days))
        return tapered(self, t0_days, t1_days);
    if (!isinf(t1_days))
        return untapered(self->omega, a, etas_log1p((t1_days - t0_days) / a));
    return self->omega > 0 ? etas_exp(-self->omega * etas_ln(a)) / self->omega : (double)INFINITY;
}
