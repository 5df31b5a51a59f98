#include "run_pool.h"

#include "run_session.h"

/* The workers of an embedded server are there by then, unless something is wrong. */
#define EMBEDDED_START_S 5.0

static etas_status embed(run_pool *self, const run_options *options, uint32_t workers,
                         const talk *t, etas_error *err)
{
    const etas_embedded_config pool = {.workers = workers,
                                       .slot_memory_bytes = options->slot_memory,
                                       .kernels = options->kernels,
                                       .log = &t->log};
    const etas_status st = etas_embedded_open(&self->embedded, &pool, err);

    if (st != ETAS_OK)
        return st;
    self->how.redis = etas_redis_options_default(); /* not what the environment says of others */
    self->how.redis.log = &t->log;
    self->how.redis.socket_path = etas_embedded_socket(self->embedded);
    self->how.lonely_s = EMBEDDED_START_S;
    self->how.drain = true;
    return ETAS_OK;
}

etas_status run_pool_open(run_pool *self, const run_options *options, const run_request *request,
                          const talk *t, etas_error *err)
{
    self->how = (etas_runner_config){.backend = request->backend,
                                     .processes = request->processes,
                                     .chunk_size = request->chunk_size,
                                     .task_duration_s = options->task_duration_s,
                                     .slot_memory_bytes = options->slot_memory,
                                     .verify = options->verify,
                                     .kernels = options->kernels,
                                     .redis = options->redis.queue,
                                     .allow_missing = options->allow_missing,
                                     .interrupted = run_catch_signals(),
                                     .log = &t->log};
    return request->embedded ? embed(self, options, request->processes, t, err) : ETAS_OK;
}

etas_status run_pool_keep(run_pool *self, etas_error *err)
{
    etas_status st = ETAS_OK;

    if (self->how.backend == ETAS_BACKEND_PROCESSES)
        st = etas_local_slots_open(&self->slots, &self->how, err);
    self->how.slots = self->slots;
    return st;
}

void run_pool_close(run_pool *self)
{
    etas_local_slots_close(self->slots);
    etas_embedded_close(self->embedded);
    *self = (run_pool){0};
}
