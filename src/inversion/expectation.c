#include <math.h>
#include <string.h>

#include "etas/array.h"
#include "etas/parallel.h"
#include "etas/special.h"
#include "inversion/em_worker.h"

/* Rows go through the kernels in batches of so many pairs, for the sake of the cache. */
enum { BATCH_PAIRS = 1024 };

static double power10(double x)
{
    return etas_exp(x * M_LN10);
}

void etas_em_prepare(etas_em *self, const etas_params *theta)
{
    const double *v = theta->value;
    const etas_omori omori = etas_params_omori(theta);

    self->theta = *theta;
    self->mu = power10(v[ETAS_LOG10_MU]);
    self->iota = self->induced != NULL ? power10(v[ETAS_LOG10_IOTA]) : 0.0;
    self->decay = (etas_pair_decay){.c_days = omori.c_days,
                                    .inv_tau = 1.0 / omori.tau_days,
                                    .p = 1.0 + omori.omega,
                                    .q = 1.0 + v[ETAS_RHO]};
    for (size_t k = 0; k < self->layout.n_keys; k++) {
        const double dm = self->layout.key_dm[k];

        self->productivity[k] = etas_exp(v[ETAS_LOG10_K0] * M_LN10 + v[ETAS_A] * dm);
        self->d_km2[k] = etas_exp(v[ETAS_LOG10_D] * M_LN10 + v[ETAS_GAMMA] * dm);
    }
}

etas_status etas_em_statistics_init(const etas_em *self, size_t shard, etas_statistics *out)
{
    const size_t first = self->shard_block[shard] * ETAS_BLOCK_ROWS;
    const size_t past = self->shard_block[shard + 1] * ETAS_BLOCK_ROWS;
    const size_t end = past < self->n_targets ? past : self->n_targets;
    const etas_statistics_shape shape = {.first_target = first,
                                         .n_targets = end - first,
                                         .n_sources = end > first ? self->target[end - 1] : 0,
                                         .has_induced = self->induced != NULL,
                                         .has_mu = self->smoothed != NULL};

    return etas_statistics_init(out, &self->layout, &shape);
}

/* ---- rows ---- */

/* Consecutive rows of a block. */
typedef struct batch {
    etas_em *em;
    etas_em_worker *worker;
    etas_pair_batch pairs;
    size_t first_target, n_rows;
    etas_row row[ETAS_BLOCK_ROWS];
    double mu[ETAS_BLOCK_ROWS]; /* of the row's target */
    etas_far_sums far;
} batch;

/* Background of the rows, smoothed from that of the iteration before. */
static void smooth_background(batch *b)
{
    const etas_em *em = b->em;
    const double scale = 1.0 / (2.0 * M_PI * em->bw_sq_km2);
    double *share = b->worker->scratch;

    em->expect_kernels->gaussians(b->pairs.n, b->pairs.r2_km2, 0.5 / em->bw_sq_km2, share);
    for (size_t k = 0; k < b->n_rows; k++) {
        double sum = em->smoothed[em->target[b->first_target + k]];

        for (size_t i = b->row[k].first; i < b->row[k].first + b->row[k].n; i++)
            sum += em->smoothed[b->pairs.source[i]] * share[i];
        b->mu[k] = sum * scale / em->window_days;
    }
}

/* The hidden sources' factors by pair, or NULL. */
static const double *gather_xi(const batch *b)
{
    const double *xi = b->em->xi;
    double *out = b->worker->factor;

    if (xi == NULL)
        return NULL;
    for (size_t i = 0; i < b->pairs.n; i++)
        out[i] = xi[b->pairs.source[i]];
    for (size_t i = b->pairs.n; i < etas_whole_lanes(b->pairs.n); i++)
        out[i] = 1.0;
    return out;
}

/* Rates and probabilities of the rows; the weights are P_ij zeta_j, or P_ij. */
static void weigh_rows(batch *b, const double zeta[])
{
    const etas_em *em = b->em;
    const etas_source_columns sources = {.key = em->layout.key,
                                         .productivity =
                                             em->kappa != NULL ? em->kappa : em->productivity,
                                         .productivity_by_source = em->kappa != NULL,
                                         .d_km2 = em->d_km2,
                                         .base = em->layout.base};

    em->expect_kernels->rates(&b->pairs, &sources, &em->decay);
    for (size_t k = 0; k < b->n_rows; k++)
        b->mu[k] = em->mu;
    if (em->smoothed != NULL)
        smooth_background(b);
    for (size_t k = 0; k < b->n_rows; k++) {
        const size_t j = b->first_target + k;

        b->row[k].floor = b->mu[k] + (em->induced != NULL ? em->iota * em->induced[j] : 0.0);
        b->row[k].zeta = zeta != NULL ? zeta[j] : 1.0;
    }
    em->expect_kernels->sum_rows(&b->pairs, gather_xi(b), b->n_rows, b->row);
    em->expect_kernels->weigh(&b->pairs, em->decay.c_days, b->n_rows, b->row, &b->far);
}

/* The next rows of a block from @p *row on, as many as a batch takes. */
static etas_status next_batch(const etas_pair_block *block, size_t *row, batch *out)
{
    const size_t first = block->row_start[*row];
    size_t end = *row + 1;
    etas_status st;

    while (end < block->n_rows && block->row_start[end + 1] - first <= BATCH_PAIRS)
        end++;
    out->first_target = block->first_target + *row;
    out->n_rows = end - *row;
    for (size_t k = 0; k < out->n_rows; k++)
        out->row[k] = (etas_row){.first = block->row_start[*row + k] - first,
                                 .n = block->row_start[*row + k + 1] - block->row_start[*row + k],
                                 .n_far = block->n_far[*row + k]};
    *row = end;
    st = etas_em_worker_reserve(out->worker, block->row_start[end] - first);
    out->pairs = (etas_pair_batch){.n = block->row_start[end] - first,
                                   .time_days = block->time_days + first,
                                   .r2_km2 = block->r2_km2 + first,
                                   .source = block->source + first,
                                   .g = out->worker->g,
                                   .log2_tc = out->worker->log2_tc,
                                   .base = out->worker->base};
    return st;
}

/* ---- shards ---- */

static void count_rows(const batch *b, etas_statistics *out)
{
    double rate[ETAS_BLOCK_ROWS], ln_rate[ETAS_BLOCK_ROWS];

    for (size_t k = 0; k < b->n_rows; k++)
        rate[k] = b->row[k].rate;
    b->em->expect_kernels->logarithms(b->n_rows, rate, ln_rate);
    for (size_t k = 0; k < b->n_rows; k++) {
        const etas_row *row = &b->row[k];
        const size_t j = b->first_target + k - out->shape.first_target;

        out->p_background[j] = b->mu[k] / row->rate;
        out->p_triggered[j] = row->triggered;
        out->sums->n_hat += out->p_background[j] * row->zeta;
        out->sums->w_t += row->weight_sum;
        out->sums->ln_rate += ln_rate[k];
        if (out->mu != NULL)
            out->mu[j] = b->mu[k];
        if (out->p_induced == NULL)
            continue;
        out->p_induced[j] = (row->floor - b->mu[k]) / row->rate;
        out->sums->i_hat += out->p_induced[j] * row->zeta;
    }
}

/* Delays that are not far, in the moments' bins: copied together first. */
static void bin_delays(const batch *b)
{
    double *time_days = b->worker->scratch, *weight = b->worker->factor;
    size_t n = 0;

    for (size_t k = 0; k < b->n_rows; k++) {
        const etas_row *row = &b->row[k];
        const size_t from = row->first + row->n_far, near = row->n - row->n_far;

        memcpy(time_days + n, b->pairs.time_days + from, near * sizeof *time_days);
        memcpy(weight + n, b->pairs.g + from, near * sizeof *weight);
        n += near;
    }
    for (size_t i = n; i < etas_whole_lanes(n); i++)
        time_days[i] = weight[i] = 0.0;
    etas_moments_add_delays(&b->worker->moments, b->em->expect_kernels, n, time_days, weight);
}

static void count_pairs(const batch *b, etas_statistics *out)
{
    const etas_em *em = b->em;
    const etas_weighted_pairs pairs = {.n = b->pairs.n,
                                       .r2_km2 = b->pairs.r2_km2,
                                       .weight = b->pairs.g,
                                       .source = b->pairs.source,
                                       .base = b->pairs.base,
                                       .scratch = b->worker->scratch,
                                       .base_scratch = b->worker->base_scratch};

    for (size_t i = 0; i < pairs.n; i++)
        out->l_hat[pairs.source[i]] += pairs.weight[i];
    out->sums->far.log2_tc += b->far.log2_tc;
    for (size_t k = 0; k < ETAS_FAR_POWERS; k++)
        out->sums->far.power[k] += b->far.power[k];
    bin_delays(b);
    etas_moments_add_distances(&b->worker->moments, &em->layout, em->expect_kernels, &pairs);
    for (size_t i = 0; i < pairs.n && !out->cells_known; i++)
        out->used[etas_moment_cell(&em->layout, pairs.source[i], pairs.r2_km2[i])] = 1.0;
}

static etas_status expect_block(batch *b, size_t block, etas_statistics *out)
{
    etas_pair_block pairs;
    etas_status st = etas_pair_store_get(&b->em->pairs, block, &b->worker->search, &pairs);

    for (size_t row = 0; st == ETAS_OK && row < pairs.n_rows;) {
        st = next_batch(&pairs, &row, b);
        if (st != ETAS_OK)
            break;
        weigh_rows(b, b->em->zeta);
        count_rows(b, out);
        count_pairs(b, out);
    }
    return st;
}

etas_status etas_em_shard_expect(etas_em *self, size_t shard, etas_statistics *out)
{
    batch b = {.em = self};
    etas_status st = etas_em_worker_take(self, &b.worker);

    etas_statistics_zero(out);
    for (size_t block = self->shard_block[shard];
         block < self->shard_block[shard + 1] && st == ETAS_OK; block++)
        st = expect_block(&b, block, out);
    if (st == ETAS_OK) {
        etas_moments_finish(&b.worker->moments, &self->layout, self->expect_kernels, out->used,
                            out->time, out->space);
        out->cells_known = true;
    } else {
        b.worker->ready = false; /* its bins are not empty */
    }
    etas_em_worker_give(b.worker);
    return st;
}

/* ---- gathering ---- */

static void list_nodes(etas_em *self)
{
    const etas_moment_layout *layout = &self->layout;
    const etas_statistics *total = &self->total;
    size_t n = 0;

    for (size_t octave = 0; octave < layout->n_time_octaves; octave++)
        for (size_t k = 0; k < ETAS_NODES; k++, n++) {
            self->time_node[n] = etas_moment_node(layout, octave, k);
            self->time_weight[n] = total->time[octave][k];
        }
    self->n_time_nodes = n;
    n = 0;
    for (size_t group = 0; group < layout->n_groups; group++) {
        for (size_t cell = layout->group_cell[group]; cell < layout->group_cell[group + 1];
             cell++) {
            if (total->used[cell] == 0.0)
                continue;
            for (size_t k = 0; k < layout->width * ETAS_NODES; k++, n++) {
                self->space_node[n] =
                    etas_moment_node(layout, cell - layout->group_cell[group], k % ETAS_NODES);
                self->space_class[n] = (uint32_t)(group * layout->width + k / ETAS_NODES);
                self->space_weight[n] =
                    total->space[cell * layout->width + k / ETAS_NODES][k % ETAS_NODES];
            }
        }
    }
    self->n_space_nodes = n;
}

static etas_status reserve_total(etas_em *self)
{
    const etas_statistics_shape shape = {.n_targets = self->n_targets,
                                         .n_sources = self->n_sources,
                                         .has_induced = self->induced != NULL,
                                         .has_mu = self->smoothed != NULL};

    return self->total.flat != NULL ? ETAS_OK
                                    : etas_statistics_init(&self->total, &self->layout, &shape);
}

bool etas_em_has_likelihood(const etas_em *self)
{
    return self->zeta == NULL && self->xi == NULL && self->kappa == NULL && self->smoothed == NULL;
}

static void fill_expectation(etas_em *self)
{
    const etas_statistics *total = &self->total;
    etas_expectation *e = &self->expectation;

    *e = (etas_expectation){.n_hat = total->sums->n_hat,
                            .i_hat = total->sums->i_hat,
                            .log_likelihood = NAN,
                            .l_hat = total->l_hat,
                            .p_background = total->p_background,
                            .p_induced = total->p_induced,
                            .p_triggered = total->p_triggered,
                            .mu = total->mu};
    self->sum_l_dm = 0.0;
    for (size_t i = 0; i < self->n_sources; i++) {
        e->sum_l_hat += e->l_hat[i];
        self->sum_l_dm += e->l_hat[i] * self->dm[i];
    }
    self->sum_w_t = total->sums->w_t;
    self->sum_ln_rate = total->sums->ln_rate;
    self->far_c_days = self->decay.c_days;
    if (etas_em_has_likelihood(self))
        e->log_likelihood = self->sum_ln_rate -
                            (self->mu + self->iota) * self->area_km2 * self->window_days -
                            etas_em_expected_total(self, &self->theta);
}

etas_status etas_em_gather(etas_em *self, etas_error *err)
{
    const etas_expectation *e = &self->expectation;
    etas_status st = reserve_total(self);

    if (st != ETAS_OK)
        return etas_fail(err, st, "the expectation step: %s", etas_strerror(st));
    etas_statistics_zero(&self->total);
    etas_statistics_add(&self->total, self->n_workers, self->n_shards, self->shard);
    list_nodes(self);
    fill_expectation(self);
    etas_windows_weigh(&self->windows, e->l_hat);
    if (!isfinite(e->n_hat) || !isfinite(self->sum_ln_rate) || !isfinite(e->sum_l_hat) ||
        (etas_em_has_likelihood(self) && !isfinite(e->log_likelihood)))
        return etas_fail(err, ETAS_E_RANGE,
                         "the parameters give a rate that is zero or not finite");
    return ETAS_OK;
}

/* ---- all shards ---- */

typedef struct expect_job {
    etas_em *em;
    _Atomic int status;
} expect_job;

static void expect_shard(void *context, size_t shard)
{
    expect_job *job = context;
    const etas_status st = etas_em_shard_expect(job->em, shard, &job->em->shard[shard]);

    if (st != ETAS_OK)
        job->status = (int)st;
}

/* The shards' statistics, made at the first E-step, when the optional inputs are known. */
static etas_status reserve_shards(etas_em *self)
{
    etas_status st = ETAS_OK;

    if (self->shard == NULL)
        st = etas_array_alloc((void **)&self->shard, self->n_shards, sizeof *self->shard);
    for (size_t k = 0; k < self->n_shards && st == ETAS_OK; k++)
        if (self->shard[k].flat == NULL)
            st = etas_em_statistics_init(self, k, &self->shard[k]);
    return st;
}

etas_status etas_em_expect(etas_em *self, const etas_params *theta, etas_error *err)
{
    expect_job job = {.em = self, .status = ETAS_OK};
    etas_status st = reserve_shards(self);

    etas_em_prepare(self, theta);
    if (st == ETAS_OK && self->compute != NULL) {
        st = self->compute(self->compute_context, self, err);
    } else if (st == ETAS_OK) {
        etas_parallel_for(self->n_workers, self->n_shards, expect_shard, &job);
        st = (etas_status)job.status;
    }
    if (st != ETAS_OK)
        return etas_fail(err, st, "the expectation step: %s", etas_strerror(st));
    return etas_em_gather(self, err);
}

/* ---- visiting ---- */

static etas_status visit_batch(batch *b, etas_pair_visitor visitor, void *context, etas_error *err)
{
    etas_status st = ETAS_OK;

    weigh_rows(b, NULL);
    for (size_t k = 0; k < b->n_rows && st == ETAS_OK; k++) {
        const size_t first = b->row[k].first;
        const etas_pair_row row = {.number = b->first_target + k,
                                   .n = b->row[k].n,
                                   .source = b->pairs.source + first,
                                   .time_days = b->pairs.time_days + first,
                                   .r2_km2 = b->pairs.r2_km2 + first,
                                   .p = b->pairs.g + first,
                                   .rate = b->row[k].rate};

        st = visitor(context, &row, err);
    }
    return st;
}

static etas_status visit_blocks(etas_em *self, size_t block, size_t end, etas_pair_visitor visitor,
                                void *context, etas_error *err)
{
    batch b = {.em = self};
    etas_status st = etas_em_worker_take(self, &b.worker);

    for (; block < end && st == ETAS_OK; block++) {
        etas_pair_block pairs;

        st = etas_pair_store_get(&self->pairs, block, &b.worker->search, &pairs);
        for (size_t row = 0; st == ETAS_OK && row < pairs.n_rows;) {
            st = next_batch(&pairs, &row, &b);
            if (st == ETAS_OK)
                st = visit_batch(&b, visitor, context, err);
        }
    }
    etas_em_worker_give(b.worker);
    return st == ETAS_OK ? ETAS_OK
                         : etas_fail(err, st, "visiting the pairs: %s", etas_strerror(st));
}

etas_status etas_em_visit(etas_em *self, etas_pair_visitor visitor, void *context, etas_error *err)
{
    return visit_blocks(self, 0, self->pairs.n_blocks, visitor, context, err);
}

etas_status etas_em_visit_shard(etas_em *self, size_t shard, etas_pair_visitor visitor,
                                void *context, etas_error *err)
{
    return visit_blocks(self, self->shard_block[shard], self->shard_block[shard + 1], visitor,
                        context, err);
}
