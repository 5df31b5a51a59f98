#include <math.h>

#include "etas/array.h"
#include "etas/parallel.h"
#include "etas/special.h"
#include "inversion/em_worker.h"
#include "math/dispatch.h"

/* A shard holds at least so many pairs, where there is more than one; their number is a power of
 * two, which divides well among threads. */
enum { SHARD_PAIRS = 100000, MAX_SHARDS = 64 };

/* Below so many blocks, starting threads costs more than it saves. */
enum { BLOCKS_PER_THREAD = 32 };

enum { MAX_WORKERS = 256 };

static const etas_pair_kernels *const KERNELS[] = ETAS_ISA_TABLES(etas_pair_kernels_);
static const etas_expect_kernels *const EXPECT_KERNELS[] = ETAS_ISA_TABLES(etas_expect_kernels_);

/* ---- opening ---- */

/* All but what depends on the shards. */
static etas_status em_alloc(etas_em *self)
{
    const size_t time_nodes = self->layout.n_time_octaves * ETAS_NODES;
    const size_t space_nodes = self->layout.n_space_cells * self->layout.width * ETAS_NODES;
    const struct {
        void **at;
        size_t count, size;
    } columns[] = {
        {(void **)&self->productivity, self->layout.n_keys, sizeof *self->productivity},
        {(void **)&self->d_km2, self->layout.n_keys, sizeof *self->d_km2},
        {(void **)&self->class_d_km2, etas_space_classes(&self->layout), sizeof(double)},
        {(void **)&self->time_node, time_nodes, sizeof *self->time_node},
        {(void **)&self->time_weight, time_nodes, sizeof *self->time_weight},
        {(void **)&self->space_node, space_nodes, sizeof *self->space_node},
        {(void **)&self->space_weight, space_nodes, sizeof *self->space_weight},
        {(void **)&self->space_class, space_nodes, sizeof *self->space_class},
        {(void **)&self->worker, self->n_workers, sizeof *self->worker},
    };

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const etas_status st = etas_array_alloc(columns[i].at, columns[i].count, columns[i].size);

        if (st != ETAS_OK)
            return st;
    }
    for (size_t w = 0; w < self->n_workers; w++)
        atomic_flag_clear(&self->worker[w].busy);
    return ETAS_OK;
}

static etas_status check_contents(const etas_em *self, const etas_catalog *catalog,
                                  const etas_inversion_config *cfg, etas_error *err)
{
    if (catalog->n == 0)
        return etas_fail(err, ETAS_E_ARG, "the catalogue has no event to invert");
    if (catalog->time[catalog->n - 1] >= cfg->window_end)
        return etas_fail(err, ETAS_E_ARG, "the catalogue has events after the time window's end");
    if (self->n_targets == 0)
        return etas_fail(err, ETAS_E_ARG, "no event is inside the time window%s (all %zu are %s)",
                         cfg->inner_region == NULL ? "" : " and the inner region", catalog->n,
                         cfg->inner_region == NULL ? "before" : "outside");
    return ETAS_OK;
}

/* No two events are farther apart. */
static double largest_r2(const etas_catalog *catalog, const etas_inversion_config *cfg)
{
    const double *const columns[] = {catalog->x, catalog->y, catalog->z};
    double square = 0.0;

    if (!cfg->three_dim)
        return M_PI * M_PI * cfg->earth_radius_km * cfg->earth_radius_km * 1.001;
    for (size_t k = 0; k < 3; k++) {
        double low = columns[k][0], high = low;

        for (size_t i = 1; i < catalog->n; i++) {
            low = fmin(low, columns[k][i]);
            high = fmax(high, columns[k][i]);
        }
        square += (high - low) * (high - low);
    }
    return square * 1.001;
}

static etas_status build_layout(etas_em *self, const etas_catalog *catalog,
                                const etas_inversion_config *cfg)
{
    const etas_moment_range range = {.time_days = ETAS_FAR_DAYS,
                                     .r2_km2 = largest_r2(catalog, cfg),
                                     .reach_km2 = self->pairs.search.reach_km2};
    etas_status st = etas_array_alloc((void **)&self->dm, catalog->n, sizeof *self->dm);

    for (size_t i = 0; i < catalog->n && st == ETAS_OK; i++)
        self->dm[i] = catalog->mag[i] - (cfg->m_ref - 0.5 * cfg->delta_m);
    return st == ETAS_OK ? etas_moment_layout_build(&self->layout, catalog->n, self->dm, &range)
                         : st;
}

/* Everything but the shards. */
static etas_status open_parts(etas_em *self, const etas_catalog *catalog,
                              const etas_inversion_config *cfg, etas_error *err)
{
    const etas_isa isa = etas_isa_named(cfg->kernels);
    etas_status st;

    if (isa == ETAS_ISA_UNSUPPORTED)
        return etas_fail(err, ETAS_E_ARG, "kernels \"%s\": unknown, or not on this CPU",
                         cfg->kernels);
    self->kernels = KERNELS[isa];
    self->expect_kernels = EXPECT_KERNELS[isa];
    self->n_threads = cfg->n_threads;
    self->n_workers = cfg->n_threads < 1 ? 1 : cfg->n_threads;
    self->n_workers = self->n_workers > MAX_WORKERS ? MAX_WORKERS : self->n_workers;
    self->estimator = cfg->estimator;
    self->window_days = etas_days_between(cfg->window_start, cfg->window_end);
    self->area_km2 = cfg->area_km2;
    self->three_dim = cfg->three_dim;
    self->bw_sq_km2 = cfg->bw_sq_km2;
    self->n_sources = catalog->n;
    st = etas_pair_store_open(&self->pairs, catalog, cfg, self->expect_kernels, err);
    if (st != ETAS_OK)
        return st;
    self->n_targets = self->pairs.search.n_targets;
    self->target = self->pairs.search.target;
    st = check_contents(self, catalog, cfg, err);
    if (st != ETAS_OK)
        return st;
    st = build_layout(self, catalog, cfg);
    if (st == ETAS_OK)
        st = em_alloc(self);
    if (st == ETAS_OK)
        st = etas_windows_build(&self->windows, catalog->n, catalog->time, self->dm,
                                cfg->window_start, cfg->window_end);
    return st == ETAS_OK ? ETAS_OK
                         : etas_fail(err, st, "preparing the inversion: %s", etas_strerror(st));
}

/* ---- shards ---- */

typedef struct count_job {
    etas_em *em;
    size_t *n_pairs; /* by block, then where its pairs start */
    _Atomic int status;
} count_job;

static void count_block(void *context, size_t block)
{
    count_job *job = context;
    etas_em_worker *worker = NULL;
    etas_pair_block pairs;
    etas_status st = etas_em_worker_take(job->em, &worker);

    if (st == ETAS_OK)
        st = etas_pair_store_get(&job->em->pairs, block, &worker->search, &pairs);
    if (st == ETAS_OK)
        job->n_pairs[block] = pairs.row_start[pairs.n_rows];
    else
        job->status = (int)st;
    etas_em_worker_give(worker);
}

/* Every block's number of pairs; finds them all and keeps those that fit. */
static etas_status count_pairs(count_job *job)
{
    etas_em *const self = job->em;
    const size_t useful = self->pairs.n_blocks / BLOCKS_PER_THREAD + 1;
    const size_t n_threads = self->n_workers < useful ? self->n_workers : useful;

    etas_parallel_for(n_threads, self->pairs.n_blocks, count_block, job);
    for (size_t b = 0; b < self->pairs.n_blocks; b++)
        self->n_pairs += job->n_pairs[b];
    return (etas_status)job->status;
}

/* Cuts the blocks into shards of about equal numbers of pairs. */
static etas_status cut_shards(etas_em *self, const size_t n_pairs[])
{
    size_t block = 0, before = 0;
    etas_status st;

    self->n_shards = 1;
    while (self->n_shards < MAX_SHARDS && self->n_pairs / (2 * self->n_shards) >= SHARD_PAIRS)
        self->n_shards *= 2;
    st = etas_array_alloc((void **)&self->shard_block, self->n_shards + 1,
                          sizeof *self->shard_block);
    for (size_t shard = 0; shard < self->n_shards && st == ETAS_OK; shard++) {
        const size_t first_pair = self->n_pairs / self->n_shards * shard;

        while (block < self->pairs.n_blocks && before + n_pairs[block] / 2 < first_pair)
            before += n_pairs[block++];
        self->shard_block[shard] = shard == 0 ? 0 : block;
    }
    if (st == ETAS_OK)
        self->shard_block[self->n_shards] = self->pairs.n_blocks;
    return st;
}

etas_status etas_em_init(etas_em *self, const etas_catalog *catalog,
                         const etas_inversion_config *cfg, etas_error *err)
{
    count_job job = {.em = self, .status = ETAS_OK};
    etas_status st = open_parts(self, catalog, cfg, err);

    if (st != ETAS_OK)
        return st;
    st = etas_array_alloc((void **)&job.n_pairs, self->pairs.n_blocks, sizeof *job.n_pairs);
    if (st == ETAS_OK)
        st = count_pairs(&job);
    if (st == ETAS_OK && self->n_pairs == 0)
        st = etas_fail(err, ETAS_E_ARG,
                       "no event has an earlier one near enough to have triggered it "
                       "(%zu events): triggering cannot be estimated",
                       catalog->n);
    if (st == ETAS_OK)
        st = cut_shards(self, job.n_pairs);
    etas_array_free((void **)&job.n_pairs);
    return st == ETAS_OK ? ETAS_OK : etas_fail(err, st, "finding the pairs: %s", etas_strerror(st));
}

etas_status etas_em_init_shards(etas_em *self, const etas_catalog *catalog,
                                const etas_inversion_config *cfg, size_t n_shards,
                                const size_t shard_block[], etas_error *err)
{
    etas_status st = open_parts(self, catalog, cfg, err);

    if (st != ETAS_OK)
        return st;
    for (size_t k = 0; k < n_shards; k++)
        if (shard_block[k] > shard_block[k + 1] || shard_block[k + 1] > self->pairs.n_blocks)
            return etas_fail(err, ETAS_E_ARG, "shard %zu is no part of the catalogue", k);
    st = etas_array_alloc((void **)&self->shard_block, n_shards + 1, sizeof *self->shard_block);
    if (st != ETAS_OK)
        return etas_fail(err, st, "preparing the shards: %s", etas_strerror(st));
    self->n_shards = n_shards;
    for (size_t k = 0; k <= n_shards; k++)
        self->shard_block[k] = shard_block[k];
    return ETAS_OK;
}

void etas_em_free(etas_em *self)
{
    void **columns[] = {
        (void **)&self->dm,          (void **)&self->productivity, (void **)&self->d_km2,
        (void **)&self->class_d_km2, (void **)&self->time_node,    (void **)&self->time_weight,
        (void **)&self->space_node,  (void **)&self->space_weight, (void **)&self->space_class,
        (void **)&self->worker,      (void **)&self->shard_block,  (void **)&self->shard,
        (void **)&self->zeta,        (void **)&self->xi,           (void **)&self->induced,
        (void **)&self->kappa,       (void **)&self->smoothed};

    for (size_t w = 0; w < self->n_workers && self->worker != NULL; w++)
        etas_em_worker_free(&self->worker[w]);
    for (size_t k = 0; k < self->n_shards && self->shard != NULL; k++)
        etas_statistics_free(&self->shard[k]);
    etas_statistics_free(&self->total);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        etas_array_free(columns[i]);
    etas_pair_store_free(&self->pairs);
    etas_moment_layout_free(&self->layout);
    etas_windows_free(&self->windows);
}

/* ---- sums for the maximisation ---- */

double etas_em_expected_total(etas_em *self, const etas_params *theta)
{
    const etas_omori omori = etas_params_omori(theta);

    return etas_windows_total(&self->windows, self->kernels, &omori, etas_params_alpha(theta)) *
           etas_exp(etas_params_ln_productivity(theta));
}

etas_space_sums etas_em_space_sums(etas_em *self, double ln_d, double gamma)
{
    const etas_pair_run nodes = {.n = self->n_space_nodes,
                                 .source = self->space_class,
                                 .r2_km2 = self->space_node,
                                 .weight = self->space_weight};
    const etas_pair_sources classes = {.d_km2 = self->class_d_km2, .dm = self->layout.class_dm};
    etas_space_sums out;

    for (size_t c = 0; c < etas_space_classes(&self->layout); c++)
        self->class_d_km2[c] = etas_exp(ln_d + gamma * self->layout.class_dm[c]);
    self->kernels->space(&nodes, &classes, &out);
    return out;
}

/* Adds the pairs that are in no time bin, by their series in c - c0 (expect_kernels.h). */
static void add_far(const etas_em *em, double c_days, etas_delay_sums *out)
{
    const etas_far_sums *far = &em->total.sums->far;
    const double away = c_days - em->far_c_days;
    double power = 1.0, ln_tc = far->log2_tc * M_LN2, inverse = 0.0, square = 0.0;

    for (size_t k = 0; k < ETAS_FAR_POWERS; k++) {
        const double term = power * far->power[k]; /* sum w (-away)^k / (t + c0)^(k + 1) */

        ln_tc += term * away / (double)(k + 1);
        inverse += term;
        if (k + 1 < ETAS_FAR_POWERS)
            square += (double)(k + 1) * power * far->power[k + 1];
        power *= -away;
    }
    out->ln_tc += ln_tc;
    out->p += c_days * inverse;
    out->pp += c_days * inverse - c_days * c_days * square;
}

etas_delay_sums etas_em_delay_sums(etas_em *self, double c_days)
{
    const etas_pair_run nodes = {
        .n = self->n_time_nodes, .time_days = self->time_node, .weight = self->time_weight};
    etas_delay_sums out;

    self->kernels->delays(&nodes, c_days, &out);
    add_far(self, c_days, &out);
    return out;
}
