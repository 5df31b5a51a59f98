#include "inversion/em.h"

#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/parallel.h"
#include "etas/special.h"
#include "math/dispatch.h"

/* A shard holds at least so many pairs; rates are computed for so many pairs at a time. */
enum { SHARD_PAIRS = 4096, MAX_SHARDS = 32, BATCH_PAIRS = 2048 };

/* Below so many pairs per thread, starting threads costs more than it saves. */
enum { PAIRS_PER_THREAD = 65536 };

typedef struct etas_em_shard {
    double n_hat, ln_rate, w_t;
} etas_em_shard;

static const etas_pair_kernels *const KERNELS[] = ETAS_ISA_TABLES(etas_pair_kernels_);

static size_t threads_for(const etas_em *self)
{
    const size_t useful = self->pairs.n_pairs / PAIRS_PER_THREAD + 1;

    return self->n_threads < useful ? self->n_threads : useful;
}

/* Cuts the targets into shards of about equal numbers of pairs. */
static void cut_shards(etas_em *self)
{
    const etas_pairs *p = &self->pairs;
    size_t target = 0;

    for (size_t shard = 0; shard < self->n_shards; shard++) {
        const size_t first_pair = p->n_pairs / self->n_shards * shard;

        while (target < p->n_targets && p->row_start[target] < first_pair)
            target++;
        self->shard_target[shard] = shard == 0 ? 0 : target;
    }
    self->shard_target[self->n_shards] = p->n_targets;
}

static etas_status em_alloc(etas_em *self)
{
    const struct {
        void **at;
        size_t count, size;
    } columns[] = {
        {(void **)&self->dm, self->n_sources, sizeof *self->dm},
        {(void **)&self->ln_productivity, self->n_sources, sizeof *self->ln_productivity},
        {(void **)&self->d_km2, self->n_sources, sizeof *self->d_km2},
        {(void **)&self->weight, self->pairs.n_pairs, sizeof *self->weight},
        {(void **)&self->expectation.l_hat, self->n_sources, sizeof(double)},
        {(void **)&self->expectation.p_background, self->pairs.n_targets, sizeof(double)},
        {(void **)&self->expectation.p_triggered, self->pairs.n_targets, sizeof(double)},
        {(void **)&self->shard_target, self->n_shards + 1, sizeof *self->shard_target},
        {(void **)&self->shard_l_hat, self->n_shards * self->n_sources, sizeof(double)},
        {(void **)&self->shard, self->n_shards, sizeof *self->shard},
        {(void **)&self->block_space, self->n_blocks, sizeof *self->block_space},
        {(void **)&self->block_delays, self->n_blocks, sizeof *self->block_delays},
    };

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const etas_status st = etas_array_alloc(columns[i].at, columns[i].count, columns[i].size);

        if (st != ETAS_OK)
            return st;
    }
    return ETAS_OK;
}

static etas_status check_contents(const etas_em *self, const etas_catalog *catalog,
                                  const etas_inversion_config *cfg, etas_error *err)
{
    if (catalog->n == 0)
        return etas_fail(err, ETAS_E_ARG, "the catalogue has no event to invert");
    if (catalog->time[catalog->n - 1] >= cfg->window_end)
        return etas_fail(err, ETAS_E_ARG, "the catalogue has events after the time window's end");
    if (self->pairs.n_targets == 0)
        return etas_fail(err, ETAS_E_ARG, "no event is inside the time window (all %zu are before)",
                         catalog->n);
    if (self->pairs.n_pairs == 0)
        return etas_fail(err, ETAS_E_ARG,
                         "no event has an earlier one near enough to have triggered it "
                         "(%zu events): triggering cannot be estimated",
                         catalog->n);
    return ETAS_OK;
}

etas_status etas_em_init(etas_em *self, const etas_catalog *catalog,
                         const etas_inversion_config *cfg, etas_error *err)
{
    const etas_isa isa = etas_isa_named(cfg->kernels);
    etas_status st;

    if (isa == ETAS_ISA_UNSUPPORTED)
        return etas_fail(err, ETAS_E_ARG, "kernels \"%s\": unknown, or not on this CPU",
                         cfg->kernels);
    self->kernels = KERNELS[isa];
    self->n_threads = cfg->n_threads;
    self->estimator = cfg->estimator;
    self->window_days = etas_days_between(cfg->window_start, cfg->window_end);
    self->area_km2 = cfg->area_km2;
    self->three_dim = cfg->three_dim;
    self->bw_sq_km2 = cfg->bw_sq_km2;
    self->n_sources = catalog->n;
    st = etas_pairs_build(catalog, cfg, &self->pairs, err);
    if (st == ETAS_OK)
        st = check_contents(self, catalog, cfg, err);
    if (st != ETAS_OK)
        return st;
    self->n_shards = self->pairs.n_pairs / SHARD_PAIRS;
    self->n_shards = self->n_shards < 1 ? 1 : self->n_shards;
    self->n_shards = self->n_shards > MAX_SHARDS ? MAX_SHARDS : self->n_shards;
    self->n_blocks = (self->pairs.n_pairs + ETAS_EM_BLOCK - 1) / ETAS_EM_BLOCK;
    st = em_alloc(self);
    if (st == ETAS_OK)
        st = etas_time_mesh_build(&self->mesh, catalog->n, catalog->time, cfg->window_start,
                                  cfg->window_end);
    if (st != ETAS_OK)
        return etas_fail(err, st, "preparing the inversion: %s", etas_strerror(st));
    cut_shards(self);
    for (size_t i = 0; i < catalog->n; i++)
        self->dm[i] = catalog->mag[i] - (cfg->m_ref - 0.5 * cfg->delta_m);
    return ETAS_OK;
}

void etas_em_free(etas_em *self)
{
    void **columns[] = {(void **)&self->dm,
                        (void **)&self->zeta,
                        (void **)&self->xi,
                        (void **)&self->induced,
                        (void **)&self->kappa,
                        (void **)&self->smoothed,
                        (void **)&self->ln_productivity,
                        (void **)&self->d_km2,
                        (void **)&self->weight,
                        (void **)&self->expectation.l_hat,
                        (void **)&self->expectation.p_background,
                        (void **)&self->expectation.p_triggered,
                        (void **)&self->shard_target,
                        (void **)&self->shard_l_hat,
                        (void **)&self->shard,
                        (void **)&self->block_space,
                        (void **)&self->block_delays};

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        etas_array_free(columns[i]);
    etas_pairs_free(&self->pairs);
    etas_time_mesh_free(&self->mesh);
}

static double power10(double x)
{
    return etas_exp(x * M_LN10);
}

static etas_pair_sources source_columns(const etas_em *self)
{
    return (etas_pair_sources){
        .ln_productivity = self->ln_productivity, .d_km2 = self->d_km2, .dm = self->dm};
}

static etas_pair_decay decay_at(const etas_params *theta)
{
    const etas_omori omori = etas_params_omori(theta);

    return (etas_pair_decay){.c_days = omori.c_days,
                             .inv_tau = 1.0 / omori.tau_days,
                             .p = 1.0 + omori.omega,
                             .q = 1.0 + theta->value[ETAS_RHO]};
}

static void fill_sources(const etas_em *self, const etas_params *theta, double ln_productivity[],
                         double d_km2[])
{
    const double *v = theta->value;

    for (size_t i = 0; i < self->n_sources; i++) {
        ln_productivity[i] = v[ETAS_LOG10_K0] * M_LN10 + v[ETAS_A] * self->dm[i];
        d_km2[i] = etas_exp(v[ETAS_LOG10_D] * M_LN10 + v[ETAS_GAMMA] * self->dm[i]);
    }
}

void etas_em_rates(const etas_em *self, const etas_params *theta, double ln_productivity[],
                   double d_km2[], double g[])
{
    const etas_pair_run all = {.n = self->pairs.n_pairs,
                               .source = self->pairs.source,
                               .time_days = self->pairs.time_days,
                               .r2_km2 = self->pairs.r2_km2};
    const etas_pair_sources columns = {.ln_productivity = ln_productivity, .d_km2 = d_km2};
    const etas_pair_decay decay = decay_at(theta);

    fill_sources(self, theta, ln_productivity, d_km2);
    self->kernels->rates(&all, &columns, &decay, g);
}

/* ---- expectation ---- */

typedef struct expect_job {
    etas_em *em;
    etas_pair_decay decay;
    double mu;
} expect_job;

/* One target: rates of its pairs (in em->weight) to probabilities. */
static void expect_target(const expect_job *job, size_t j, double l_hat[], etas_em_shard *sums)
{
    etas_em *em = job->em;
    const size_t begin = em->pairs.row_start[j], end = em->pairs.row_start[j + 1];
    const uint32_t *source = em->pairs.source;
    double rate = 0.0, triggered = 0.0;

    for (size_t k = begin; k < end; k++)
        rate += em->weight[k];
    rate += job->mu;
    for (size_t k = begin; k < end; k++) {
        const double w = em->weight[k] / rate;

        em->weight[k] = w;
        l_hat[source[k]] += w;
        triggered += w;
        sums->w_t += w * em->pairs.time_days[k];
    }
    em->expectation.p_background[j] = job->mu / rate;
    em->expectation.p_triggered[j] = triggered;
    sums->n_hat += em->expectation.p_background[j];
    sums->ln_rate += etas_ln(rate);
}

static void expect_shard(void *context, size_t shard)
{
    const expect_job *job = context;
    etas_em *em = job->em;
    const etas_pairs *p = &em->pairs;
    const etas_pair_sources sources = source_columns(em);
    double *l_hat = em->shard_l_hat + shard * em->n_sources;
    etas_em_shard sums = {0};
    size_t j = em->shard_target[shard];

    memset(l_hat, 0, em->n_sources * sizeof *l_hat);
    while (j < em->shard_target[shard + 1]) {
        const size_t first = p->row_start[j];
        size_t end = j + 1;
        etas_pair_run run;

        while (end < em->shard_target[shard + 1] && p->row_start[end] - first < BATCH_PAIRS)
            end++;
        run = (etas_pair_run){.n = p->row_start[end] - first,
                              .source = p->source + first,
                              .time_days = p->time_days + first,
                              .r2_km2 = p->r2_km2 + first};
        em->kernels->rates(&run, &sources, &job->decay, em->weight + first);
        for (; j < end; j++)
            expect_target(job, j, l_hat, &sums);
    }
    em->shard[shard] = sums;
}

static void gather_shards(etas_em *self)
{
    etas_expectation *e = &self->expectation;

    memset(e->l_hat, 0, self->n_sources * sizeof *e->l_hat);
    e->n_hat = self->sum_ln_rate = self->sum_w_t = 0.0;
    for (size_t shard = 0; shard < self->n_shards; shard++) {
        const double *part = self->shard_l_hat + shard * self->n_sources;

        for (size_t i = 0; i < self->n_sources; i++)
            e->l_hat[i] += part[i];
        e->n_hat += self->shard[shard].n_hat;
        self->sum_ln_rate += self->shard[shard].ln_rate;
        self->sum_w_t += self->shard[shard].w_t;
    }
    e->sum_l_hat = self->sum_l_dm = 0.0;
    for (size_t i = 0; i < self->n_sources; i++) {
        e->sum_l_hat += e->l_hat[i];
        self->sum_l_dm += e->l_hat[i] * self->dm[i];
    }
}

etas_status etas_em_expect(etas_em *self, const etas_params *theta, etas_error *err)
{
    expect_job job = {
        .em = self, .decay = decay_at(theta), .mu = power10(theta->value[ETAS_LOG10_MU])};

    fill_sources(self, theta, self->ln_productivity, self->d_km2);
    etas_parallel_for(threads_for(self), self->n_shards, expect_shard, &job);
    gather_shards(self);
    self->expectation.log_likelihood = self->sum_ln_rate -
                                       job.mu * self->area_km2 * self->window_days -
                                       etas_em_expected_total(self, theta);
    if (!isfinite(self->expectation.log_likelihood) || !isfinite(self->expectation.n_hat))
        return etas_fail(err, ETAS_E_RANGE,
                         "the parameters give a rate that is zero or not finite");
    return ETAS_OK;
}

double etas_em_expected_total(etas_em *self, const etas_params *theta)
{
    const double *v = theta->value;
    const etas_omori omori = etas_params_omori(theta);
    const double ln_k = v[ETAS_LOG10_K0] * M_LN10 + etas_ln(M_PI / v[ETAS_RHO]) -
                        v[ETAS_RHO] * v[ETAS_LOG10_D] * M_LN10;
    const double alpha = v[ETAS_A] - v[ETAS_RHO] * v[ETAS_GAMMA];
    double total = 0.0;

    etas_time_mesh_evaluate(&self->mesh, self->kernels, &omori);
    for (size_t i = 0; i < self->n_sources; i++)
        total += etas_exp(ln_k + alpha * self->dm[i]) * etas_time_mesh_value(&self->mesh, i);
    return total;
}

/* ---- sums over all pairs ---- */

typedef struct sums_job {
    etas_em *em;
    double c_days;
} sums_job;

static etas_pair_run block_run(const etas_em *em, size_t block)
{
    const size_t at = block * ETAS_EM_BLOCK, left = em->pairs.n_pairs - at;

    return (etas_pair_run){.n = left < ETAS_EM_BLOCK ? left : ETAS_EM_BLOCK,
                           .source = em->pairs.source + at,
                           .time_days = em->pairs.time_days + at,
                           .r2_km2 = em->pairs.r2_km2 + at,
                           .weight = em->weight + at};
}

static void space_block(void *context, size_t block)
{
    const sums_job *job = context;
    const etas_pair_run run = block_run(job->em, block);
    const etas_pair_sources sources = source_columns(job->em);

    job->em->kernels->space(&run, &sources, &job->em->block_space[block]);
}

etas_space_sums etas_em_space_sums(etas_em *self, double ln_d, double gamma)
{
    sums_job job = {.em = self};
    etas_space_sums out = {0};

    for (size_t i = 0; i < self->n_sources; i++)
        self->d_km2[i] = etas_exp(ln_d + gamma * self->dm[i]);
    etas_parallel_for(threads_for(self), self->n_blocks, space_block, &job);
    for (size_t b = 0; b < self->n_blocks; b++) {
        const etas_space_sums *part = &self->block_space[b];

        out.ln_r2d += part->ln_r2d;
        for (size_t k = 0; k < 2; k++)
            out.s[k] += part->s[k];
        for (size_t k = 0; k < 3; k++)
            out.ss[k] += part->ss[k];
    }
    return out;
}

static void delay_block(void *context, size_t block)
{
    const sums_job *job = context;
    const etas_pair_run run = block_run(job->em, block);

    job->em->kernels->delays(&run, job->c_days, &job->em->block_delays[block]);
}

etas_delay_sums etas_em_delay_sums(etas_em *self, double c_days)
{
    sums_job job = {.em = self, .c_days = c_days};
    etas_delay_sums out = {0};

    etas_parallel_for(threads_for(self), self->n_blocks, delay_block, &job);
    for (size_t b = 0; b < self->n_blocks; b++) {
        out.ln_tc += self->block_delays[b].ln_tc;
        out.p += self->block_delays[b].p;
        out.pp += self->block_delays[b].pp;
    }
    return out;
}
