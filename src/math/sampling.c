#include "etas/sampling.h"

#include <math.h>
#include <stdlib.h>

#include "math/poisson.h"

void etas_uniform_pair(uint64_t seed, const etas_address *address, double out[2])
{
    const v_words words = v_philox(seed, v_counter_at(address));

    out[0] = v_uniform(words.x[0]);
    out[1] = v_uniform(words.x[1]);
}

/* Weights times 2^shift: the largest lands in [1/2, 1), so that their sum cannot overflow. */
typedef struct scaled_weights {
    const double *weight;
    size_t n;
    int shift;
    v_double2 sum;
} scaled_weights;

static int weights_scale(size_t n, const double weight[], scaled_weights *out)
{
    double largest = 0.0;

    for (size_t i = 0; i < n; i++) {
        if (!(weight[i] >= 0.0) || isinf(weight[i]))
            return 0;
        largest = weight[i] > largest ? weight[i] : largest;
    }
    if (!(largest > 0.0))
        return 0;
    *out = (scaled_weights){.weight = weight, .n = n};
    (void)frexp(largest, &out->shift);
    out->shift = -out->shift;
    for (size_t i = 0; i < n; i++) {
        const v_double2 sum = v_two_sum(out->sum.high, ldexp(weight[i], out->shift));

        out->sum = v_two_sum(sum.high, sum.low + out->sum.low);
    }
    return 1;
}

/* n w_i / sum of w in twice the precision: the mean entry has 1. */
static v_double2 weight_share(const scaled_weights *w, size_t i)
{
    const v_double2 top = v_two_product(ldexp(w->weight[i], w->shift), (double)w->n);
    const double q = top.high / w->sum.high;
    const v_double2 back = v_two_product(q, w->sum.high);

    return v_two_sum(q, (((top.high - back.high) - back.low) + top.low - q * w->sum.low) /
                            w->sum.high);
}

static size_t next_light(const scaled_weights *w, size_t i)
{
    while (i < w->n && !(weight_share(w, i).high < 1.0))
        i++;
    return i;
}

static size_t next_heavy(const scaled_weights *w, size_t i)
{
    while (i < w->n && weight_share(w, i).high < 1.0)
        i++;
    return i;
}

/*
 * One sweep: the current heavy entry fills up light cells until less than its own cell is left of
 * it; then the next heavy entry fills up that. What is left is carried in twice the precision,
 * since a heavy entry may serve millions of cells.
 */
static void alias_fill(etas_alias *out, const scaled_weights *w)
{
    size_t light = next_light(w, 0), heavy = next_heavy(w, 0);
    v_double2 left = heavy < w->n ? weight_share(w, heavy) : (v_double2){0.0, 0.0};

    for (size_t i = 0; i < w->n; i++) {
        out->keep[i] = 1.0;
        out->other[i] = (uint32_t)i;
    }
    while (heavy < w->n) {
        const size_t next = left.high < 1.0 ? next_heavy(w, heavy + 1) : w->n;
        v_double2 share, sum;

        if (next < w->n) {
            out->keep[heavy] = left.high;
            out->other[heavy] = (uint32_t)next;
            share = weight_share(w, next);
            heavy = next;
        } else if (light < w->n) {
            /* Also when rounding left the last heavy entry a trifle short. */
            share = weight_share(w, light);
            out->keep[light] = share.high;
            out->other[light] = (uint32_t)heavy;
            light = next_light(w, light + 1);
        } else {
            break;
        }
        sum = v_two_sum(left.high, share.high);
        left = v_two_sum(sum.high - 1.0, sum.low + (left.low + share.low));
    }
}

etas_status etas_alias_build(etas_alias *out, size_t n, const double weight[])
{
    scaled_weights scaled;
    etas_alias built = {.n = n};

    if (n == 0 || n > UINT32_MAX || !weights_scale(n, weight, &scaled))
        return ETAS_E_ARG;
    built.keep = calloc(n, sizeof *built.keep);
    built.other = calloc(n, sizeof *built.other);
    if (built.keep == NULL || built.other == NULL) {
        etas_alias_free(&built);
        return ETAS_E_NOMEM;
    }
    alias_fill(&built, &scaled);
    *out = built;
    return ETAS_OK;
}

void etas_alias_free(etas_alias *self)
{
    free(self->keep);
    free(self->other);
    *self = (etas_alias){0};
}

uint32_t etas_alias_pick(const etas_alias *self, double u)
{
    const double scaled = u * (double)self->n;
    const size_t floor_cell = (size_t)scaled;
    const size_t cell = floor_cell < self->n ? floor_cell : self->n - 1;

    return scaled - (double)cell < self->keep[cell] ? (uint32_t)cell : self->other[cell];
}
