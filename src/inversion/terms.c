#include "inversion/terms.h"

#include <math.h>

#include "etas/array.h"
#include "etas/special.h"

/* Completeness this close to the reference magnitude is it, but for rounding. */
static const double SAME_MAGNITUDE = 1e-9;

/* Where P_background starts. */
static const double FIRST_BACKGROUND = 0.1;

static etas_status fill_hidden(etas_em *em, const etas_catalog *catalog, double m_ref, double beta,
                               etas_error *err)
{
    bool varies = false;
    etas_status st;

    for (size_t i = 0; i < catalog->n; i++) {
        if (!isfinite(catalog->mc[i]))
            return etas_fail(err, ETAS_E_ARG, "event %zu has no completeness magnitude", i + 1);
        varies = varies || fabs(catalog->mc[i] - m_ref) > SAME_MAGNITUDE;
    }
    if (!varies)
        return ETAS_OK;
    st = etas_array_alloc((void **)&em->zeta, em->n_targets, sizeof *em->zeta);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&em->xi, em->n_sources, sizeof *em->xi);
    if (st != ETAS_OK)
        return etas_fail(err, st, "hidden events: %s", etas_strerror(st));
    for (size_t j = 0; j < em->n_targets; j++)
        em->zeta[j] = etas_exp(beta * (catalog->mc[em->target[j]] - m_ref));
    return ETAS_OK;
}

void etas_terms_hide_sources(etas_em *em, const etas_catalog *catalog, double m_ref, double beta,
                             const etas_params *theta)
{
    const double slope = beta - etas_params_alpha(theta);

    for (size_t i = 0; em->xi != NULL && i < em->n_sources; i++)
        em->xi[i] = etas_exp(slope * (catalog->mc[i] - m_ref));
}

static etas_status fill_induced(etas_em *em, const etas_catalog *catalog, etas_error *err)
{
    const size_t n = em->n_targets;
    double sum = 0.0;
    etas_status st = etas_array_alloc((void **)&em->induced, n, sizeof *em->induced);

    if (st != ETAS_OK)
        return etas_fail(err, st, "the induced term: %s", etas_strerror(st));
    for (size_t j = 0; j < n; j++) {
        const size_t row = em->target[j];
        const double x = catalog->covariate[row];

        if (!(x >= 0.0) || isinf(x))
            return etas_fail(err, ETAS_E_RANGE,
                             "the induced term's column (bg_term) is %g for event %.*s; it must "
                             "not be negative",
                             x, (int)etas_catalog_row(catalog, row).id_len,
                             etas_catalog_row(catalog, row).id);
        em->induced[j] = x;
        sum += x;
    }
    if (!(sum > 0.0) || isinf(sum))
        return etas_fail(err, ETAS_E_RANGE,
                         "the induced term's column (bg_term) adds up to %g over the targets", sum);
    for (size_t j = 0; j < n; j++)
        em->induced[j] = em->induced[j] / sum * (double)n;
    return ETAS_OK;
}

/* The reference package's start, without k0 and one bin off. */
static etas_status fill_productivity(etas_em *em, double a, double delta_m, etas_error *err)
{
    const etas_status st = etas_array_alloc((void **)&em->kappa, em->n_sources, sizeof *em->kappa);

    if (st != ETAS_OK)
        return etas_fail(err, st, "free productivities: %s", etas_strerror(st));
    for (size_t i = 0; i < em->n_sources; i++)
        em->kappa[i] = etas_exp(a * (em->dm[i] - delta_m));
    return ETAS_OK;
}

static etas_status fill_background(etas_em *em, etas_error *err)
{
    const etas_status st =
        etas_array_alloc((void **)&em->smoothed, em->n_sources, sizeof *em->smoothed);

    if (st != ETAS_OK)
        return etas_fail(err, st, "the free background: %s", etas_strerror(st));
    for (size_t j = 0; j < em->n_targets; j++)
        em->smoothed[em->target[j]] = FIRST_BACKGROUND;
    return ETAS_OK;
}

etas_status etas_terms_init(etas_em *em, const etas_catalog *catalog,
                            const etas_inversion_config *cfg, double beta, etas_error *err)
{
    etas_status st = fill_hidden(em, catalog, cfg->m_ref, beta, err);

    if (st == ETAS_OK && cfg->induced)
        st = fill_induced(em, catalog, err);
    if (st == ETAS_OK && cfg->free_productivity)
        st = fill_productivity(em, cfg->theta_0.value[ETAS_A], cfg->delta_m, err);
    if (st == ETAS_OK && cfg->free_background)
        st = fill_background(em, err);
    return st;
}

/* ---- free productivity ---- */

/* Over the targets: how their kappa lean on dm, beyond what k e^(a dm) with the same sum does;
 * falls with a. The slope of it and that k too. */
typedef struct lean {
    double value, slope, k;
} lean;

static lean lean_at(const etas_em *em, double a)
{
    double kappa = 0.0, kappa_dm = 0.0, e = 0.0, e_dm = 0.0, e_dm2 = 0.0;

    for (size_t j = 0; j < em->n_targets; j++) {
        const size_t i = em->target[j];
        const double dm = em->dm[i], growth = etas_exp(a * dm);

        kappa += em->kappa[i];
        kappa_dm += em->kappa[i] * dm;
        e += growth;
        e_dm += growth * dm;
        e_dm2 += growth * dm * dm;
    }
    return (lean){.value = kappa_dm - kappa * e_dm / e,
                  .slope = -kappa * (e_dm2 / e - e_dm / e * (e_dm / e)),
                  .k = kappa / e};
}

/* Newton's method inside a shrinking bracket. */
static double regress(const etas_em *em)
{
    double low = 0.0, high = ETAS_LARGEST_SLOPE, a = 0.5 * ETAS_LARGEST_SLOPE;

    if (!(lean_at(em, low).value > 0.0))
        return low;
    if (!(lean_at(em, high).value < 0.0))
        return high;
    for (int k = 0; k < 100; k++) {
        const lean at = lean_at(em, a);
        double next = a - at.value / at.slope;

        if (at.value > 0.0)
            low = a;
        else
            high = a;
        if (!(next > low && next < high))
            next = 0.5 * (low + high);
        if (fabs(next - a) <= 1e-15 * ETAS_LARGEST_SLOPE)
            return next;
        a = next;
    }
    return a;
}

etas_status etas_terms_free_productivity(etas_em *em, const etas_constraints *box,
                                         etas_params *theta, etas_error *err)
{
    const etas_omori omori = etas_params_omori(theta);
    const double rho = theta->value[ETAS_RHO], gamma = theta->value[ETAS_GAMMA];
    const double e = etas_space_exponent(em->three_dim, rho);
    const double ln_k =
        etas_space_normalisation(em->three_dim, rho).ln - e * theta->value[ETAS_LOG10_D] * M_LN10;
    double k;

    theta->value[ETAS_A] = etas_constraints_hold(box, ETAS_A) ? box->low[ETAS_A] : regress(em);
    k = lean_at(em, theta->value[ETAS_A]).k;
    if (!(k > 0.0))
        return etas_fail(err, ETAS_E_CONVERGE,
                         "no target has aftershocks left: free productivities cannot be estimated");
    theta->value[ETAS_LOG10_K0] =
        etas_constraints_hold(box, ETAS_LOG10_K0) ? box->low[ETAS_LOG10_K0] : etas_ln(k) / M_LN10;
    etas_windows_evaluate(&em->windows, em->kernels, &omori);
    etas_windows_values(&em->windows, em->kappa); /* what stood there is not needed any more: */
    for (size_t i = 0; i < em->n_sources; i++) {
        /* kappa l_hat / G: kappa cancels, and one that is 0 has no children. */
        const double unit = etas_exp(ln_k - e * gamma * em->dm[i]) * em->kappa[i];

        em->kappa[i] = unit > 0.0 ? em->expectation.l_hat[i] / unit : 0.0;
    }
    return ETAS_OK;
}

void etas_terms_free_background(etas_em *em)
{
    for (size_t j = 0; em->smoothed != NULL && j < em->n_targets; j++)
        em->smoothed[em->target[j]] = em->expectation.p_background[j];
}
