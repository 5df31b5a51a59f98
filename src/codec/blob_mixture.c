#include "etas/codec.h"

#include <string.h>

#include "codec/bytes.h"
#include "etas/array.h"

/* docs/formats-internal.md has the same table. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_MODELS = 6,
    AT_PERIOD = 8,
    AT_ZERO = 12,
    AT_LENGTH = 16,
    AT_LENGTHS = 24 /* of the models' blobs, which follow; then the turns */
};
enum { VERSION = 1, MAX_MODELS = 255, MAX_PERIOD = 65536 };
static const uint8_t MAGIC[4] = {'E', 'T', 'M', 'X'};

static etas_status refuse(etas_error *err, const char *what)
{
    return etas_fail(err, ETAS_E_CORRUPT, "the blob of several models is damaged: %s", what);
}

/* What is true of a mixture besides what is true of each plan. */
static etas_status check(const etas_mixture *mixture, etas_error *err)
{
    const etas_plan *first = mixture->plan;

    if (mixture->n == 0 || mixture->n > MAX_MODELS)
        return refuse(err, "number of models");
    if (mixture->period == 0 || mixture->period > MAX_PERIOD ||
        (mixture->n == 1 && mixture->period != 1))
        return refuse(err, "period");
    for (size_t i = 0; i < mixture->period; i++)
        if (mixture->turn[i] >= mixture->n)
            return refuse(err, "turns");
    for (size_t k = 1; k < mixture->n; k++) {
        const etas_plan *plan = &mixture->plan[k];

        if (plan->start != first->start || plan->end != first->end ||
            plan->output_start != first->output_start)
            return refuse(err, "the models' windows differ");
        if (plan->filter_region != first->filter_region ||
            plan->with_parents != first->with_parents)
            return refuse(err, "what is reported of the models differs");
    }
    return ETAS_OK;
}

/* ---- encode ---- */

typedef struct part {
    uint8_t *bytes;
    size_t len;
} part;

static void free_parts(part parts[MAX_MODELS])
{
    for (size_t k = 0; k < MAX_MODELS; k++)
        etas_array_free((void **)&parts[k].bytes);
}

static etas_status join(const etas_mixture *mixture, const part parts[MAX_MODELS], uint8_t **out,
                        size_t *len, etas_error *err)
{
    const size_t header = AT_LENGTHS + 8 * mixture->n;
    size_t total = header + mixture->period;
    uint8_t *p;

    for (size_t k = 0; k < mixture->n; k++)
        if (__builtin_add_overflow(total, parts[k].len, &total))
            return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu models", mixture->n);
    if (etas_array_alloc((void **)&p, total, 1) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu models of %zu bytes", mixture->n,
                         total);
    *out = p;
    *len = total;
    memcpy(p + AT_MAGIC, MAGIC, sizeof MAGIC);
    put_u16(p + AT_VERSION, VERSION);
    put_u16(p + AT_MODELS, (uint16_t)mixture->n);
    put_u32(p + AT_PERIOD, (uint32_t)mixture->period);
    put_u32(p + AT_ZERO, 0);
    put_u64(p + AT_LENGTH, total);
    for (size_t k = 0; k < mixture->n; k++)
        put_u64(p + AT_LENGTHS + 8 * k, parts[k].len);
    p += header;
    for (size_t k = 0; k < mixture->n; k++) {
        memcpy(p, parts[k].bytes, parts[k].len);
        p += parts[k].len;
    }
    memcpy(p, mixture->turn, mixture->period);
    return ETAS_OK;
}

etas_status etas_mixture_encode(const etas_mixture *mixture, uint8_t **out, size_t *len,
                                etas_error *err)
{
    part parts[MAX_MODELS] = {{0}};
    etas_status st = check(mixture, err);

    if (st != ETAS_OK)
        return st;
    if (mixture->n == 1)
        return etas_blob_encode(&mixture->plan[0], out, len, err);
    for (size_t k = 0; k < mixture->n && st == ETAS_OK; k++)
        st = etas_blob_encode(&mixture->plan[k], &parts[k].bytes, &parts[k].len, err);
    if (st == ETAS_OK)
        st = join(mixture, parts, out, len, err);
    free_parts(parts);
    return st;
}

/* ---- decode ---- */

static etas_status alloc(etas_mixture *self, size_t n, size_t period, etas_error *err)
{
    if (etas_array_alloc((void **)&self->plan, n, sizeof *self->plan) != ETAS_OK ||
        etas_array_alloc((void **)&self->turn, period, sizeof *self->turn) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for %zu models", n);
    self->n = n;
    self->period = period;
    return ETAS_OK;
}

static etas_status decode_one(size_t len, const uint8_t bytes[], etas_mixture *out, etas_error *err)
{
    const etas_status st = alloc(out, 1, 1, err);

    return st == ETAS_OK ? etas_blob_decode(len, bytes, &out->plan[0], err) : st;
}

static etas_status decode_several(size_t len, const uint8_t bytes[], etas_mixture *out,
                                  etas_error *err)
{
    size_t n, period, at, left;
    etas_status st;

    if (len < AT_LENGTHS)
        return refuse(err, "it is too short");
    if (get_u16(bytes + AT_VERSION) != VERSION)
        return etas_fail(err, ETAS_E_VERSION,
                         "blob of several models of version %u, this program reads %d",
                         get_u16(bytes + AT_VERSION), VERSION);
    n = get_u16(bytes + AT_MODELS);
    period = get_u32(bytes + AT_PERIOD);
    at = AT_LENGTHS + 8 * n;
    if (n < 2 || n > MAX_MODELS || get_u32(bytes + AT_ZERO) != 0 ||
        get_u64(bytes + AT_LENGTH) != len || at > len || period > len - at)
        return refuse(err, "its lengths are not those of its parts");
    st = alloc(out, n, period, err);
    left = len - at - period;
    for (size_t k = 0; k < n && st == ETAS_OK; k++) {
        const uint64_t part_len = get_u64(bytes + AT_LENGTHS + 8 * k);

        if (part_len > left)
            return refuse(err, "its lengths are not those of its parts");
        st = etas_blob_decode((size_t)part_len, bytes + at, &out->plan[k], err);
        at += (size_t)part_len;
        left -= (size_t)part_len;
    }
    if (st != ETAS_OK)
        return st;
    if (left != 0)
        return refuse(err, "its lengths are not those of its parts");
    memcpy(out->turn, bytes + at, period);
    return check(out, err);
}

etas_status etas_mixture_decode(size_t len, const uint8_t bytes[], etas_mixture *out,
                                etas_error *err)
{
    const bool several = len >= sizeof MAGIC && memcmp(bytes, MAGIC, sizeof MAGIC) == 0;
    etas_mixture fresh = {0};
    const etas_status st =
        several ? decode_several(len, bytes, &fresh, err) : decode_one(len, bytes, &fresh, err);

    if (st != ETAS_OK) {
        etas_mixture_free(&fresh);
        return st;
    }
    etas_mixture_free(out);
    *out = fresh;
    return ETAS_OK;
}
