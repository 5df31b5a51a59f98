#include "etas/likelihood.h"

#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "etas/parallel.h"
#include "etas/special.h"
#include "evaluation/likelihood_sources.h"
#include "evaluation/sum.h"

/* Magnitudes this close are one, but for rounding. */
static const double SAME_MAGNITUDE = 1e-9;

enum { BLOCK_EVENTS = 8 };

typedef struct evaluation {
    const etas_likelihood_input *in;
    etas_likelihood *out;
    etas_sources sources;
    double share;    /* of the events above m_ref that are above m_test */
    double mu, iota; /* of tested events per day and km^2; iota times the covariate's ratio */
    double background, induced; /* tested events per day everywhere */
    double mean_covariate;
    double (*smooth_at)[3]; /* places of the smooth background */
} evaluation;

/* ---- checks ---- */

static etas_status check_numbers(const etas_likelihood_input *in, etas_error *err)
{
    if (in->train_start >= in->test_start || in->test_start >= in->test_end)
        return etas_fail(err, ETAS_E_ARG, "the windows are empty");
    if (!(in->area_km2 > 0) || isinf(in->area_km2) || !(in->earth_radius_km > 0))
        return etas_fail(err, ETAS_E_ARG, "the area is %g on a sphere of radius %g", in->area_km2,
                         in->earth_radius_km);
    if (!(in->beta > 0) || !isfinite(in->m_ref) || !(in->delta_m >= 0))
        return etas_fail(err, ETAS_E_ARG, "beta %g, m_ref %g, delta_m %g", in->beta, in->m_ref,
                         in->delta_m);
    if (in->smooth.n > 0 && !(in->smooth.variance_km2 > 0))
        return etas_fail(err, ETAS_E_ARG, "a background of Gaussians of variance %g",
                         in->smooth.variance_km2);
    if (in->smooth.n > 0 && in->theta.three_dim)
        return etas_fail(err, ETAS_E_UNSUPPORTED,
                         "a background of Gaussians is one of the plane, not of space");
    return in->n_kappa > in->catalog->n
               ? etas_fail(err, ETAS_E_ARG, "more productivities than events")
               : etas_params_check(&in->theta, err);
}

static etas_status check_events(const etas_likelihood_input *in, etas_error *err)
{
    const etas_catalog *c = in->catalog;

    for (size_t i = 0; i < c->n; i++) {
        if (!isfinite(c->mag[i]) || !isfinite(c->mc[i]))
            return etas_fail(err, ETAS_E_ARG, "event %zu has magnitude %g and completeness %g",
                             i + 1, c->mag[i], c->mc[i]);
        if (i > 0 && c->time[i] < c->time[i - 1])
            return etas_fail(err, ETAS_E_ARG, "the catalogue is not sorted by time (row %zu)",
                             i + 1);
        if (c->time[i] >= in->test_end)
            return etas_fail(err, ETAS_E_ARG, "event %zu is after the test window", i + 1);
        if (in->theta.three_dim && !(isfinite(c->x[i]) && isfinite(c->y[i]) && isfinite(c->z[i])))
            return etas_fail(err, ETAS_E_ARG, "event %zu has no x, y, z", i + 1);
    }
    for (size_t i = 0; i < in->n_kappa; i++)
        if (!(in->kappa[i] >= 0) || isinf(in->kappa[i]))
            return etas_fail(err, ETAS_E_ARG, "event %zu has productivity %g", i + 1, in->kappa[i]);
    return ETAS_OK;
}

/* ---- which events ---- */

static bool is_inside(const etas_likelihood_input *in, size_t row)
{
    return in->inner_region == NULL ||
           etas_region_contains(in->inner_region, in->catalog->lat[row], in->catalog->lon[row]);
}

static etas_status fail_incomplete(const etas_likelihood_input *in, size_t row, double m_test,
                                   etas_error *err)
{
    const etas_event e = etas_catalog_row(in->catalog, row);
    char time[32];

    etas_time_format(e.time, ' ', time);
    return etas_fail(err, ETAS_E_RANGE,
                     "the catalogue is complete only from %g on at event \"%.*s\" of %s, so events "
                     "cannot be tested from %g on",
                     e.mc, (int)(e.id_len < 40 ? e.id_len : 40), e.id, time, m_test);
}

/* From which magnitude on events are tested. */
static etas_status choose_magnitude(const etas_likelihood_input *in, double *m_test,
                                    etas_error *err)
{
    const etas_catalog *c = in->catalog;
    size_t worst = c->n;

    for (size_t i = 0; i < c->n; i++)
        if (c->time[i] >= in->test_start && is_inside(in, i) &&
            (worst == c->n || c->mc[i] > c->mc[worst]))
            worst = i;
    *m_test = in->m_test;
    if (isnan(*m_test))
        *m_test = worst < c->n ? c->mc[worst] : in->m_ref;
    if (worst < c->n && c->mc[worst] > *m_test + SAME_MAGNITUDE)
        return fail_incomplete(in, worst, *m_test, err);
    if (*m_test < in->m_ref - SAME_MAGNITUDE)
        return etas_fail(err, ETAS_E_RANGE,
                         "the model knows no events below %g, so they cannot be tested from %g on",
                         in->m_ref, *m_test);
    return ETAS_OK;
}

static bool is_tested(const etas_likelihood_input *in, double m_test, size_t row)
{
    return in->catalog->mag[row] >= m_test - SAME_MAGNITUDE && is_inside(in, row);
}

static etas_status choose_events(const etas_likelihood_input *in, etas_likelihood *out)
{
    const etas_catalog *c = in->catalog;
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++)
        n += c->time[i] >= in->test_start && is_tested(in, out->m_test, i);
    if (n > 0 && etas_array_alloc((void **)&out->event, n, sizeof *out->event) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < c->n; i++)
        if (c->time[i] >= in->test_start && is_tested(in, out->m_test, i))
            out->event[out->n++].row = (uint32_t)i;
    return ETAS_OK;
}

/* ---- the background ---- */

/* The covariate is relative to its mean over the events that the model was trained on. */
static etas_status take_covariate(evaluation *self, etas_error *err)
{
    const etas_likelihood_input *in = self->in;
    const etas_catalog *c = in->catalog;
    etas_sum sum = {0};
    size_t n = 0;

    if (isnan(in->theta.value[ETAS_LOG10_IOTA]))
        return ETAS_OK;
    for (size_t i = 0; i < c->n; i++) {
        if (c->time[i] < in->train_start || !is_inside(in, i))
            continue;
        if (!(c->covariate[i] >= 0) || isinf(c->covariate[i]))
            return etas_fail(err, ETAS_E_RANGE,
                             "the induced term's column (bg_term) is %g for event %zu; it must be "
                             "a number that is not negative",
                             c->covariate[i], i + 1);
        if (c->time[i] >= in->test_start)
            continue;
        etas_sum_add(&sum, c->covariate[i]);
        n++;
    }
    self->mean_covariate = etas_sum_get(&sum) / (double)n;
    return self->mean_covariate > 0
               ? ETAS_OK
               : etas_fail(err, ETAS_E_RANGE,
                           "the induced term's column (bg_term) is 0 in the whole training window");
}

static etas_status prepare_background(evaluation *self)
{
    const etas_likelihood_input *in = self->in;
    const double *v = in->theta.value;
    const etas_smooth_background *s = &in->smooth;
    const double train_days = etas_days_between(in->train_start, in->test_start);
    etas_sum weight = {0};

    self->mu = self->share * etas_exp(v[ETAS_LOG10_MU] * M_LN10);
    self->background = self->mu * in->area_km2;
    if (!isnan(v[ETAS_LOG10_IOTA])) {
        self->iota = self->share * etas_exp(v[ETAS_LOG10_IOTA] * M_LN10);
        self->induced = self->iota * in->area_km2;
    }
    if (s->n == 0)
        return ETAS_OK;
    if (etas_array_alloc((void **)&self->smooth_at, s->n, sizeof *self->smooth_at) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t i = 0; i < s->n; i++) {
        etas_place_of(s->lat[i], s->lon[i], self->smooth_at[i]);
        etas_sum_add(&weight, s->weight[i]);
    }
    self->background = self->share * etas_sum_get(&weight) / train_days;
    return ETAS_OK;
}

static double background_at(const evaluation *self, const double place[3])
{
    const etas_likelihood_input *in = self->in;
    const etas_smooth_background *s = &in->smooth;
    const double train_days = etas_days_between(in->train_start, in->test_start);
    etas_sum sum = {0};

    if (s->n == 0)
        return self->mu;
    for (size_t i = 0; i < s->n; i++) {
        const double r2 =
            etas_sources_r2(&self->sources, (const double *)self->smooth_at[i], place);

        etas_sum_add(&sum, s->weight[i] * etas_exp(-0.5 * r2 / s->variance_km2));
    }
    return self->share * etas_sum_get(&sum) / (2 * M_PI * s->variance_km2 * train_days);
}

/* ---- one event ---- */

static void score_event(const evaluation *self, size_t j)
{
    etas_event_score *const e = &self->out->event[j];
    const etas_catalog *c = self->in->catalog;
    const etas_time time = c->time[e->row];
    const etas_time since = j > 0 ? c->time[e[-1].row] : self->in->test_start;
    etas_triggered triggered;
    double place[3], mu, iota;

    etas_sources_place(&self->sources, e->row, place);
    triggered = etas_sources_sum(&self->sources, since, time, place);
    mu = background_at(self, place);
    iota = self->iota > 0 ? self->iota * (c->covariate[e->row] / self->mean_covariate) : 0;
    e->rate = mu + iota + triggered.rate;
    e->time_rate = self->background + self->induced + triggered.time_rate;
    e->compensator =
        (self->background + self->induced) * etas_days_between(since, time) + triggered.compensator;
    e->ll = etas_ln(e->rate) - e->compensator;
    e->p_background = e->rate > 0 ? mu / e->rate : NAN;
    e->p_induced = e->rate > 0 ? iota / e->rate : NAN;
    e->u = -etas_expm1(-e->compensator);
}

static bool is_interrupted(const etas_likelihood_input *in)
{
    return in->interrupted != NULL && *in->interrupted != 0;
}

static void score_block(void *context, size_t block)
{
    const evaluation *self = context;

    if (is_interrupted(self->in))
        return;
    for (size_t j = block * BLOCK_EVENTS; j < (block + 1) * BLOCK_EVENTS && j < self->out->n; j++)
        score_event(self, j);
}

/* ---- sums over events ---- */

/* The number of events whose rate the Poisson process has, those hidden where completeness was
 * higher than now included. */
static double trained_events(const evaluation *self, size_t *n)
{
    const etas_likelihood_input *in = self->in;
    const etas_catalog *c = in->catalog;
    const double m_test = self->out->m_test;
    etas_sum sum = {0};

    *n = 0;
    for (size_t i = 0; i < c->n && c->time[i] < in->test_start; i++) {
        if (c->time[i] < in->train_start || !is_tested(in, m_test, i))
            continue;
        etas_sum_add(&sum, c->mc[i] > m_test + SAME_MAGNITUDE
                               ? etas_exp(in->beta * (c->mc[i] - m_test))
                               : 1);
        (*n)++;
    }
    return etas_sum_get(&sum);
}

static void fit_poisson(evaluation *self)
{
    const etas_likelihood_input *in = self->in;
    etas_likelihood *out = self->out;
    const double train_days = etas_days_between(in->train_start, in->test_start);
    const double test_days = etas_days_between(in->test_start, in->test_end);
    const double per_day = trained_events(self, &out->n_train) / train_days;

    out->poisson_rate = per_day / in->area_km2;
    out->poisson = (etas_scores){NAN, NAN, NAN};
    if (out->n == 0)
        return;
    out->poisson.tll = etas_ln(per_day) - per_day * test_days / (double)out->n;
    out->poisson.sll = -etas_ln(in->area_km2);
    out->poisson.nll = -(out->poisson.tll + out->poisson.sll);
}

static void add_up(evaluation *self)
{
    const etas_likelihood_input *in = self->in;
    etas_likelihood *out = self->out;
    const double n = (double)out->n, days = etas_days_between(in->test_start, in->test_end);
    const etas_time last =
        out->n > 0 ? in->catalog->time[out->event[out->n - 1].row] : in->test_start;
    etas_sum ln_rate = {0}, ln_time_rate = {0}, ln_space = {0}, share = {0}, compensator = {0};

    out->background = self->background * days;
    out->induced = self->induced * days;
    out->triggered =
        etas_sources_sum(&self->sources, in->test_start, in->test_end, NULL).compensator;
    out->compensator = out->background + out->induced + out->triggered;
    out->tail = (self->background + self->induced) * etas_days_between(last, in->test_end) +
                etas_sources_sum(&self->sources, last, in->test_end, NULL).compensator;
    for (size_t j = 0; j < out->n; j++) {
        etas_event_score *const e = &out->event[j];
        const double ln = etas_ln(e->rate), ln_time = etas_ln(e->time_rate);

        etas_sum_add(&compensator, e->compensator);
        e->tau = etas_sum_get(&compensator);
        etas_sum_add(&ln_rate, ln);
        etas_sum_add(&ln_time_rate, ln_time);
        etas_sum_add(&ln_space, ln - ln_time);
        etas_sum_add(&share, e->p_background);
    }
    out->log_likelihood = etas_sum_get(&ln_rate) - out->compensator;
    out->background_share = etas_sum_get(&share) / n;
    out->model.tll = (etas_sum_get(&ln_time_rate) - out->compensator) / n;
    out->model.sll = etas_sum_get(&ln_space) / n;
    out->model.nll = -(out->model.tll + out->model.sll);
    if (out->n == 0) /* nothing to take a mean of, not even of what did not happen */
        out->model = (etas_scores){NAN, NAN, NAN};
}

static int ascending(const void *pa, const void *pb)
{
    const double a = *(const double *)pa, b = *(const double *)pb;

    return (a > b) - (a < b);
}

static etas_status test_residuals(etas_likelihood *out)
{
    double *sample = NULL;

    if (etas_array_alloc((void **)&sample, out->n, sizeof *sample) != ETAS_OK)
        return ETAS_E_NOMEM;
    for (size_t j = 0; j < out->n; j++)
        sample[j] = fmin(out->event[j].tau / out->compensator, 1);
    out->tau = etas_ks_uniform(out->n, sample);
    for (size_t j = 0; j < out->n; j++)
        sample[j] = out->event[j].u;
    qsort(sample, out->n, sizeof *sample, ascending);
    out->u = etas_ks_uniform(out->n, sample);
    etas_array_free((void **)&sample);
    return ETAS_OK;
}

/* ---- */

static etas_status evaluate(evaluation *self, etas_error *err)
{
    const etas_likelihood_input *in = self->in;
    etas_likelihood *out = self->out;
    etas_status st = take_covariate(self, err);

    if (st == ETAS_OK)
        st = choose_magnitude(in, &out->m_test, err);
    if (st != ETAS_OK)
        return st;
    self->share = fabs(out->m_test - in->m_ref) > SAME_MAGNITUDE
                      ? etas_exp(-in->beta * (out->m_test - in->m_ref))
                      : 1;
    st = choose_events(in, out);
    if (st == ETAS_OK)
        st = etas_sources_init(&self->sources, in, self->share);
    if (st == ETAS_OK)
        st = prepare_background(self);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the likelihood of %zu events", in->catalog->n);
    etas_parallel_for(in->n_threads, (out->n + BLOCK_EVENTS - 1) / BLOCK_EVENTS, score_block, self);
    if (is_interrupted(in))
        return etas_fail(err, ETAS_E_INTERRUPTED, "interrupted in the evaluation");
    add_up(self);
    fit_poisson(self);
    out->gain = out->poisson.nll - out->model.nll;
    out->time_gain = out->model.tll - out->poisson.tll;
    out->space_gain = out->model.sll - out->poisson.sll;
    st = test_residuals(out);
    return st == ETAS_OK
               ? ETAS_OK
               : etas_fail(err, st, "out of memory for the residuals of %zu events", out->n);
}

etas_status etas_likelihood_evaluate(const etas_likelihood_input *in, etas_likelihood *out,
                                     etas_error *err)
{
    evaluation self = {.in = in, .out = out};
    etas_status st = check_numbers(in, err);

    if (st == ETAS_OK)
        st = check_events(in, err);
    if (st == ETAS_OK)
        st = evaluate(&self, err);
    etas_sources_free(&self.sources);
    etas_array_free((void **)&self.smooth_at);
    if (st != ETAS_OK)
        etas_likelihood_free(out);
    return st;
}

void etas_likelihood_free(etas_likelihood *self)
{
    etas_array_free((void **)&self->event);
    *self = (etas_likelihood){0};
}
