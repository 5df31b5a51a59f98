/* An E-step is a run of its own, in a store in memory, whose indices are parts of the shards'
 * statistics. What lives from one to the next: slots here, agents and their slots in a pool, and in
 * each slot the catalogue and the pairs that it has found. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/plan.h"
#include "etas/runner.h"
#include "runner/slots.h"
#include "work/expect.h"

/* As of the processes backend. */
static const double stall_s = 300;

/* A slot that can keep less pairs than this spends its time in finding them. */
static const size_t least_memory = (size_t)64 << 20;

struct etas_distribution {
    etas_runner_config cfg;
    etas_log log; /* without what is said of every run */
    etas_slots *slots;
    const etas_catalog *catalog;
    etas_inversion_config how;
    uint8_t *fixed; /* of the blobs of this inversion */
    size_t fixed_len;
};

etas_status etas_distribution_open(etas_distribution **out, const etas_runner_config *cfg,
                                   etas_error *err)
{
    etas_distribution *const self = calloc(1, sizeof *self);
    const uint32_t n = cfg->processes > 0 ? cfg->processes : 1;
    etas_status st = ETAS_OK;

    *out = NULL;
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the distribution");
    self->cfg = *cfg;
    if (cfg->log != NULL) {
        self->log = *cfg->log;
        if (self->log.max_level > ETAS_LOG_WARN)
            self->log.max_level = ETAS_LOG_WARN;
    }
    self->cfg.log = self->cfg.redis.log = &self->log;
    self->cfg.progress = NULL;
    self->cfg.brief = true;
    if (cfg->backend == ETAS_BACKEND_PROCESSES) {
        const etas_slots_config slots = {.n = n,
                                         .kernels = cfg->kernels,
                                         .stall_s = stall_s,
                                         .compress = false,
                                         .memory_bytes = cfg->slot_memory_bytes,
                                         .log = &self->log};

        st = etas_slots_open(&self->slots, &slots, err);
        self->cfg.slots = self->slots;
    }
    if (st != ETAS_OK)
        etas_distribution_close(self);
    else
        *out = self;
    return st;
}

void etas_distribution_close(etas_distribution *self)
{
    if (self == NULL)
        return;
    etas_slots_close(self->slots);
    etas_array_free((void **)&self->fixed);
    free(self);
}

/* ---- one E-step ---- */

static etas_status begin(const etas_distribution *self, const etas_em *em, etas_store **out,
                         etas_error *err)
{
    etas_store_run run = {.n_catalogs = em->n_shards * etas_expect_parts(em),
                          .algorithm = ETAS_ALGORITHM_VERSION,
                          .config_text = "",
                          .release = ETAS_RELEASE};
    uint8_t *blob = NULL;
    etas_status st =
        etas_expect_encode(self->fixed_len, self->fixed, em, &blob, &run.blob_len, err);

    run.blob = blob;
    if (st == ETAS_OK)
        st = etas_sha256(run.blob_len, blob, run.blob_sha256);
    if (st == ETAS_OK && getrandom(run.id, sizeof run.id, 0) != sizeof run.id)
        st = etas_fail(err, ETAS_E_IO, "the system gives no random numbers");
    if (st == ETAS_OK)
        st = etas_store_open(out, ETAS_STORE_MEMORY, ETAS_STORE_CREATE, err);
    if (st == ETAS_OK)
        st = etas_store_begin(*out, &run, err);
    etas_array_free((void **)&blob);
    return st;
}

typedef struct reader {
    etas_em *em;
    size_t parts;
    uint64_t next;
} reader;

static etas_status take_record(void *context, uint64_t index, size_t len, const uint8_t bytes[],
                               etas_error *err)
{
    reader *const self = context;
    etas_statistics *const shard = &self->em->shard[index / self->parts];

    if (index != self->next++ ||
        !etas_expect_record_get(len, bytes, (size_t)(index % self->parts), shard))
        return etas_fail(err, ETAS_E_CORRUPT, "shard %llu came back as another one",
                         (unsigned long long)(index / self->parts));
    return ETAS_OK;
}

static etas_status compute(void *context, etas_em *em, etas_error *err)
{
    etas_distribution *const self = context;
    reader r = {.em = em, .parts = etas_expect_parts(em)};
    etas_runner_config cfg = self->cfg;
    etas_store *store = NULL;
    etas_run_report report = {0};
    etas_status st = ETAS_OK;

    if (self->fixed == NULL)
        st = etas_expect_encode_fixed(self->catalog, &self->how, em, &self->fixed, &self->fixed_len,
                                      err);
    if (st == ETAS_OK)
        st = begin(self, em, &store, err);
    cfg.chunk_size = r.parts; /* a shard is computed once, whoever gets it */
    if (st == ETAS_OK)
        st = etas_run(store, &cfg, &report, err);
    etas_ranges_free(&report.missing);
    if (st == ETAS_OK)
        st = etas_records_each(store, take_record, &r, err);
    if (st == ETAS_OK && r.next != em->n_shards * r.parts)
        st = etas_fail(err, ETAS_E_CORRUPT, "shards are missing");
    etas_store_close(store);
    return st;
}

void etas_distribution_apply(etas_distribution *self, const etas_catalog *catalog,
                             etas_inversion_config *how)
{
    const uint64_t limit = self->cfg.slot_memory_bytes;
    size_t share = how->memory_bytes / (self->cfg.processes > 0 ? self->cfg.processes : 1);

    how->compute = compute;
    how->compute_context = self;
    self->catalog = catalog;
    self->how = *how;
    if (limit > 0 && (how->memory_bytes == 0 || share > limit / 2))
        share = (size_t)(limit / 2);
    if (how->memory_bytes != 0 || limit > 0)
        self->how.memory_bytes = share > least_memory ? share : least_memory;
    etas_array_free((void **)&self->fixed);
}
