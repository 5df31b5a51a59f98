#include "inversion/em_worker.h"

#include "etas/array.h"

etas_status etas_em_worker_take(etas_em *em, etas_em_worker **out)
{
    etas_em_worker *self = em->worker;
    etas_status st = ETAS_OK;

    while (atomic_flag_test_and_set(&self->busy))
        self = self + 1 < em->worker + em->n_workers ? self + 1 : em->worker;
    *out = self;
    if (self->ready)
        return ETAS_OK;
    etas_search_scratch_free(&self->search);
    etas_moments_free(&self->moments);
    st = etas_search_scratch_init(&self->search, em->n_sources);
    if (st == ETAS_OK)
        st = etas_moments_init(&self->moments, &em->layout);
    self->ready = st == ETAS_OK;
    return st;
}

void etas_em_worker_give(etas_em_worker *self)
{
    atomic_flag_clear(&self->busy);
}

void etas_em_worker_free(etas_em_worker *self)
{
    void **columns[] = {(void **)&self->g,      (void **)&self->log2_tc,
                        (void **)&self->factor, (void **)&self->scratch,
                        (void **)&self->base,   (void **)&self->base_scratch};

    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        etas_array_free(columns[k]);
    etas_search_scratch_free(&self->search);
    etas_moments_free(&self->moments);
    self->ready = false;
}

etas_status etas_em_worker_reserve(etas_em_worker *self, size_t n)
{
    const size_t need = etas_whole_lanes(n) + ETAS_LANES;
    const struct {
        void **at;
        size_t *capacity, size;
    } columns[] = {
        {(void **)&self->g, &self->g_capacity, sizeof *self->g},
        {(void **)&self->log2_tc, &self->log2_capacity, sizeof *self->log2_tc},
        {(void **)&self->factor, &self->factor_capacity, sizeof *self->factor},
        {(void **)&self->scratch, &self->scratch_capacity, sizeof *self->scratch},
        {(void **)&self->base, &self->base_capacity, sizeof *self->base},
        {(void **)&self->base_scratch, &self->base_scratch_capacity, sizeof *self->base_scratch},
    };
    etas_status st = ETAS_OK;

    for (size_t k = 0; k < sizeof columns / sizeof *columns && st == ETAS_OK; k++)
        st = etas_array_reserve(columns[k].at, columns[k].capacity, need, columns[k].size);
    return st;
}
