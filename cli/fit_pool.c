#include "fit_pool.h"

etas_status fit_pool_open(fit_pool *self, const run_options *options, const run_request *request,
                          const talk *t, etas_error *err)
{
    etas_runner_config how;
    etas_status st;

    if (request->backend == ETAS_BACKEND_SERIAL)
        return ETAS_OK;
    st = run_pool_open(&self->pool, options, request, t, err);
    how = self->pool.how;
    how.verify = 0; /* of what the fit is for */
    how.allow_missing = how.drain = false;
    return st == ETAS_OK ? etas_distribution_open(&self->distribution, &how, err) : st;
}

void fit_pool_close(fit_pool *self)
{
    etas_distribution_close(self->distribution);
    self->distribution = NULL;
    run_pool_close(&self->pool);
}
