#include "etas/array.h"
#include "etas/plan.h"

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static etas_status period_of(size_t n, const uint64_t weight[], uint64_t *divisor, size_t *period,
                             etas_error *err)
{
    uint64_t common = 0, sum = 0;

    if (n < 1 || n > ETAS_MIXTURE_MAX_MODELS)
        return etas_fail(err, ETAS_E_RANGE, "%zu models; a mixture has 1 to %d", n,
                         ETAS_MIXTURE_MAX_MODELS);
    for (size_t k = 0; k < n; k++) {
        if (weight[k] == 0)
            return etas_fail(err, ETAS_E_RANGE, "model %zu has the weight 0", k + 1);
        common = common_divisor(common, weight[k]);
    }
    *divisor = common > 0 ? common : 1;
    for (size_t k = 0; k < n; k++) {
        const uint64_t share = weight[k] / *divisor;

        if (share > ETAS_MIXTURE_MAX_PERIOD - sum)
            return etas_fail(err, ETAS_E_RANGE,
                             "the weights of the models, without their common divisor, add up to "
                             "more than %d",
                             ETAS_MIXTURE_MAX_PERIOD);
        sum += share;
    }
    *period = (size_t)sum;
    return ETAS_OK;
}

/* How far each model is behind, times the period, in @p behind. */
static void deal_turns(size_t n, const uint64_t weight[], uint64_t divisor, int64_t behind[],
                       etas_mixture *self)
{
    for (size_t turn = 0; turn < self->period; turn++) {
        size_t most = 0;

        for (size_t k = 0; k < n; k++) {
            behind[k] += (int64_t)(weight[k] / divisor);
            if (behind[k] > behind[most])
                most = k;
        }
        behind[most] -= (int64_t)self->period;
        self->turn[turn] = (uint8_t)most;
    }
}

etas_status etas_mixture_init(etas_mixture *self, size_t n, const uint64_t weight[],
                              etas_error *err)
{
    int64_t *behind = NULL;
    uint64_t divisor = 1;
    etas_status st = period_of(n, weight, &divisor, &self->period, err);

    if (st != ETAS_OK)
        return st;
    if (etas_array_alloc((void **)&self->plan, n, sizeof *self->plan) != ETAS_OK ||
        etas_array_alloc((void **)&self->turn, self->period, sizeof *self->turn) != ETAS_OK ||
        etas_array_alloc((void **)&behind, n, sizeof *behind) != ETAS_OK) {
        etas_mixture_free(self);
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu models", n);
    }
    self->n = n;
    deal_turns(n, weight, divisor, behind, self);
    etas_array_free((void **)&behind);
    return ETAS_OK;
}
