/* Index s * parts + p is part p of the statistics of shard s, of one E-step. */
#include <string.h>

#include "codec/bytes.h"
#include "etas/array.h"
#include "math/dispatch.h"
#include "work/expect.h"
#include "work/work.h"

typedef struct expecter {
    uint8_t *blob;
    etas_expect_blob parts; /* points into it */
    const char *kernels;
    etas_expect_base *base; /* NULL until it is needed; or taken over by a later iteration */
    double **used;          /* by shard: cells in use, once known; goes with base */
    bool prepared;          /* base has this iteration's state */
    etas_statistics shard;  /* the latest one */
    size_t shard_number;
    bool shard_ready;
    uint8_t *record;
} expecter;

static void drop_base(expecter *self)
{
    for (size_t k = 0; self->used != NULL && k < self->base->n_shards; k++)
        etas_array_free((void **)&self->used[k]);
    etas_array_free((void **)&self->used);
    if (self->base != NULL)
        etas_expect_base_free(self->base);
    etas_array_free((void **)&self->base);
}

static void expect_close(void *handle)
{
    expecter *self = handle;

    drop_base(self);
    etas_statistics_free(&self->shard);
    etas_array_free((void **)&self->blob);
    etas_array_free((void **)&self->record);
    etas_array_free((void **)&self);
}

static etas_status expect_open(void **out, size_t len, const uint8_t blob[], const char *kernels,
                               etas_error *err)
{
    const etas_isa isa = etas_isa_named(kernels);
    expecter *self = NULL;
    etas_status st = etas_array_alloc((void **)&self, 1, sizeof *self);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->blob, len, 1);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&self->record, ETAS_EXPECT_RECORD_MAX, 1);
    if (st != ETAS_OK) {
        etas_fail(err, st, "out of memory for an E-step");
    } else if (isa == ETAS_ISA_UNSUPPORTED) {
        st = etas_fail(err, ETAS_E_ARG, "kernels \"%s\": unknown, or not on this CPU", kernels);
    } else {
        memcpy(self->blob, blob, len);
        self->kernels = etas_isa_name(isa);
        st = etas_expect_decode(len, self->blob, &self->parts, err);
    }
    if (st != ETAS_OK && self != NULL)
        expect_close(self);
    else
        *out = self;
    return st;
}

/* Catalogue, search tree and the pairs found so far go from one iteration to the next. */
static bool expect_inherit(void *handle, void *from)
{
    expecter *const self = handle, *const other = from;

    if (self->base != NULL || other->base == NULL ||
        self->parts.fixed_len != other->parts.fixed_len ||
        memcmp(self->parts.fixed, other->parts.fixed, self->parts.fixed_len) != 0)
        return false;
    self->base = other->base;
    self->used = other->used;
    other->base = NULL;
    other->used = NULL;
    other->prepared = other->shard_ready = false;
    return true;
}

static size_t expect_batch(const void *handle)
{
    (void)handle;
    return 1;
}

/* ---- making ---- */

static etas_status build_base(expecter *self, etas_error *err)
{
    etas_expect_base *base;
    etas_status st = etas_array_alloc((void **)&self->base, 1, sizeof *self->base);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for an E-step");
    base = self->base;
    st = etas_expect_base_decode(self->parts.fixed_len, self->parts.fixed, base, err);
    base->how.kernels = self->kernels;
    if (st == ETAS_OK)
        st = etas_em_init_shards(&base->em, &base->catalog, &base->how, base->n_shards,
                                 base->shard_block, err);
    if (st == ETAS_OK && base->em.n_targets != self->parts.n_targets)
        st = etas_fail(err, ETAS_E_CORRUPT, "the E-step's catalogue has %zu targets, not %zu",
                       base->em.n_targets, self->parts.n_targets);
    if (st == ETAS_OK &&
        etas_array_alloc((void **)&self->used, base->n_shards, sizeof *self->used) != ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for an E-step");
    if (st != ETAS_OK)
        drop_base(self);
    return st;
}

/* Theta, and the optional inputs into the arrays that em owns. */
static etas_status prepare(expecter *self, etas_error *err)
{
    etas_em *const em = &self->base->em;

    for (size_t k = 0; k < ETAS_EXPECT_INPUTS; k++) {
        double **const to = etas_expect_input(em, k);
        const size_t n = self->parts.n_input[k];

        if (self->parts.input[k] == NULL) {
            etas_array_free((void **)to);
            continue;
        }
        if (*to == NULL && etas_array_alloc((void **)to, n, sizeof **to) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "out of memory for an E-step");
        for (size_t i = 0; i < n; i++)
            (*to)[i] = get_f64(self->parts.input[k] + 8 * i);
    }
    etas_em_prepare(em, &self->parts.theta);
    self->prepared = true;
    return ETAS_OK;
}

/* Which cells a shard's pairs use never changes; finding it out costs as much as the rest. */
static etas_status keep_used(expecter *self, size_t shard)
{
    const size_t n = self->shard.n_space_cells;
    etas_status st;

    if (self->used[shard] != NULL)
        return ETAS_OK;
    st = etas_array_alloc((void **)&self->used[shard], n, sizeof(double));
    if (st == ETAS_OK)
        memcpy(self->used[shard], self->shard.used, n * sizeof(double));
    return st;
}

static etas_status compute(expecter *self, size_t shard, etas_error *err)
{
    etas_em *const em = &self->base->em;
    etas_status st;

    self->shard_ready = false;
    etas_statistics_free(&self->shard);
    st = etas_em_statistics_init(em, shard, &self->shard);
    if (st == ETAS_OK && self->used[shard] != NULL) {
        memcpy(self->shard.used, self->used[shard], self->shard.n_space_cells * sizeof(double));
        self->shard.cells_known = true;
    }
    if (st == ETAS_OK)
        st = etas_em_shard_expect(em, shard, &self->shard);
    if (st == ETAS_OK)
        st = keep_used(self, shard);
    if (st != ETAS_OK)
        return etas_fail(err, st, "shard %zu: %s", shard, etas_strerror(st));
    self->shard_number = shard;
    self->shard_ready = true;
    return ETAS_OK;
}

static etas_status make_one(expecter *self, uint64_t index, etas_records *out, etas_error *err)
{
    const size_t parts = self->parts.parts;
    const uint64_t shard = index / parts;
    etas_status st = ETAS_OK;

    if (shard >= self->parts.n_shards)
        return etas_fail(err, ETAS_E_ARG, "the E-step has no shard %llu",
                         (unsigned long long)shard);
    if (self->base == NULL)
        st = build_base(self, err);
    if (st == ETAS_OK && !self->prepared)
        st = prepare(self, err);
    if (st == ETAS_OK && (!self->shard_ready || self->shard_number != shard))
        st = compute(self, (size_t)shard, err);
    if (st != ETAS_OK)
        return st;
    st = etas_records_append(
        out, etas_expect_record_put(&self->shard, (size_t)(index % parts), self->record),
        self->record);
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for a record");
}

static etas_status expect_make(void *handle, uint64_t seed, uint64_t first, size_t count,
                               etas_payload *out, etas_error *err)
{
    etas_status st = ETAS_OK;

    (void)seed;
    etas_payload_clear(out);
    for (size_t i = 0; st == ETAS_OK && i < count; i++)
        st = make_one(handle, first + i, &out->records, err);
    return st;
}

const etas_work_kind etas_work_expect = {.magic = {'E', 'T', 'E', 'X'},
                                         .frames = ETAS_FRAME_RECORDS,
                                         .one = "part",
                                         .many = "parts of an E-step",
                                         .open = expect_open,
                                         .close = expect_close,
                                         .inherit = expect_inherit,
                                         .batch = expect_batch,
                                         .make = expect_make,
                                         .is_record = etas_expect_record_check};
