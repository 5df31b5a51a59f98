/** @file em_worker.h  The rooms in which threads compute shards. */
#ifndef ETAS_INVERSION_EM_WORKER_H
#define ETAS_INVERSION_EM_WORKER_H

#include "inversion/em.h"

/** A free one, made ready; there are as many as threads. E_NOMEM leaves @p out for _give. */
ETAS_NODISCARD etas_status etas_em_worker_take(etas_em *em, etas_em_worker **out);
void etas_em_worker_give(etas_em_worker *self);
void etas_em_worker_free(etas_em_worker *self);

/** Room for a batch of @p n pairs. */
ETAS_NODISCARD etas_status etas_em_worker_reserve(etas_em_worker *self, size_t n);

#endif
