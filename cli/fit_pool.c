#include "fit_pool.h"

#include "run_session.h"

etas_status fit_pool_open(fit_pool *self, const run_options *options, const run_request *request,
                          const talk *t, etas_error *err)
{
    etas_runner_config how = {.backend = request->backend,
                              .processes = request->processes,
                              .task_duration_s = options->task_duration_s,
                              .slot_memory_bytes = options->slot_memory,
                              .kernels = options->kernels,
                              .redis = options->redis.queue,
                              .interrupted = run_catch_signals(),
                              .log = &t->log};
    etas_status st = ETAS_OK;

    if (request->backend == ETAS_BACKEND_SERIAL)
        return ETAS_OK;
    if (request->embedded) {
        const etas_embedded_config pool = {.workers = request->processes,
                                           .slot_memory_bytes = options->slot_memory,
                                           .kernels = options->kernels,
                                           .log = &t->log};

        st = etas_embedded_open(&self->embedded, &pool, err);
        how.redis = etas_redis_options_default(); /* not what the environment says of others */
        if (st == ETAS_OK)
            how.redis.socket_path = etas_embedded_socket(self->embedded);
    }
    if (st == ETAS_OK)
        st = etas_distribution_open(&self->distribution, &how, err);
    return st;
}

void fit_pool_close(fit_pool *self)
{
    etas_distribution_close(self->distribution);
    etas_embedded_close(self->embedded);
    *self = (fit_pool){0};
}
