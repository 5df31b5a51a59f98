/* Refits as bytes: the blob that says what is repeated, and the record of one. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "codec/bytes.h"
#include "etas/array.h"
#include "etas/bootstrap.h"
#include "etas/codec.h"

/* docs/formats-internal.md has the same tables. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_FLAGS = 6,
    AT_ALGORITHM = 8,
    AT_ESTIMATOR = 12,
    AT_BETA_METHOD = 14,
    AT_MAX_ITERATIONS = 16,
    AT_ALPHA_RULE = 20,
    AT_ZERO = 22,
    AT_START = 24,
    AT_END = 32,
    AT_NUMBERS = 40,
    AT_THETA = 120,
    AT_FIXED = 200,
    AT_N_HISTORY = 280,
    AT_PLAN_LENGTH = 288,
    AT_SECTIONS = 296
};
enum { REFIT_VERSION = 1, FLAG_REFERENCE_STOP = 1, FLAG_PLAIN_EM = 2, HISTORY_WIDTH = 32 };
static const uint8_t MAGIC[4] = {'E', 'T', 'R', 'F'};

static const size_t numbers[] = {
    offsetof(etas_refit, how.m_ref),
    offsetof(etas_refit, how.delta_m),
    offsetof(etas_refit, how.fixed.alpha),
    offsetof(etas_refit, how.area_km2),
    offsetof(etas_refit, how.earth_radius_km),
    offsetof(etas_refit, how.coppersmith_multiplier),
    offsetof(etas_refit, how.beta),
    offsetof(etas_refit, how.tolerance),
    offsetof(etas_refit, beta),
    offsetof(etas_refit, n_hat),
};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };
_Static_assert(AT_NUMBERS + 8 * N_NUMBERS == AT_THETA, "the table fills its place");
_Static_assert(AT_THETA + 8 * ETAS_N_PARAMS == AT_FIXED, "so do the parameters");
_Static_assert(AT_FIXED + 8 * ETAS_N_PARAMS == AT_N_HISTORY, "and those that are held");

/* ---- encode ---- */

static void put_header(const etas_refit *self, size_t plan_len, uint8_t out[AT_SECTIONS])
{
    memset(out, 0, AT_SECTIONS);
    memcpy(out + AT_MAGIC, MAGIC, sizeof MAGIC);
    put_u16(out + AT_VERSION, REFIT_VERSION);
    put_u16(out + AT_FLAGS, (uint16_t)((self->how.reference_stop ? FLAG_REFERENCE_STOP : 0) |
                                       (self->how.plain_em ? FLAG_PLAIN_EM : 0)));
    put_u32(out + AT_ALGORITHM, self->plan.algorithm);
    put_u16(out + AT_ESTIMATOR, (uint16_t)self->how.estimator);
    put_u16(out + AT_BETA_METHOD, (uint16_t)self->how.beta_method);
    put_u32(out + AT_MAX_ITERATIONS, self->how.max_iterations);
    put_u16(out + AT_ALPHA_RULE, (uint16_t)self->how.fixed.alpha_rule);
    put_u64(out + AT_START, (uint64_t)self->how.window_start);
    put_u64(out + AT_END, (uint64_t)self->how.window_end);
    put_members(out + AT_NUMBERS, self, N_NUMBERS, numbers);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        put_f64(out + AT_THETA + 8 * i, self->how.theta_0.value[i]);
        put_f64(out + AT_FIXED + 8 * i, self->how.fixed.value.value[i]);
    }
    put_u64(out + AT_N_HISTORY, self->history.n);
    put_u64(out + AT_PLAN_LENGTH, plan_len);
}

static uint8_t *put_column(size_t n, const double v[], uint8_t *out)
{
    for (size_t i = 0; i < n; i++, out += 8)
        put_f64(out, v[i]);
    return out;
}

etas_status etas_refit_encode(const etas_refit *self, uint8_t **out, size_t *len, etas_error *err)
{
    const etas_catalog *const h = &self->history;
    uint8_t *plan = NULL, *p;
    size_t plan_len = 0;
    etas_status st = etas_blob_encode(&self->plan, &plan, &plan_len, err);

    if (st != ETAS_OK)
        return st;
    *len = AT_SECTIONS + HISTORY_WIDTH * h->n + plan_len;
    st = etas_array_alloc((void **)out, *len, 1);
    if (st != ETAS_OK) {
        etas_fail(err, st, "no memory for a blob of %zu bytes", *len);
    } else {
        put_header(self, plan_len, *out);
        p = *out + AT_SECTIONS;
        for (size_t i = 0; i < h->n; i++, p += 8)
            put_u64(p, (uint64_t)h->time[i]);
        p = put_column(h->n, h->lat, p);
        p = put_column(h->n, h->lon, p);
        p = put_column(h->n, h->mag, p);
        memcpy(p, plan, plan_len);
    }
    etas_array_free((void **)&plan);
    return st;
}

/* ---- decode ---- */

static etas_status check_start(size_t len, const uint8_t bytes[], etas_error *err)
{
    if (len < AT_SECTIONS || memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
        return etas_fail(err, ETAS_E_CORRUPT, "this is not a refit blob");
    if (get_u16(bytes + AT_VERSION) != REFIT_VERSION)
        return etas_fail(err, ETAS_E_VERSION, "refit blob of version %u, this program reads %d",
                         get_u16(bytes + AT_VERSION), REFIT_VERSION);
    if (get_u32(bytes + AT_ALGORITHM) != ETAS_ALGORITHM_VERSION)
        return etas_fail(err, ETAS_E_VERSION,
                         "the refits are for algorithm version %u, this program computes version "
                         "%d",
                         (unsigned)get_u32(bytes + AT_ALGORITHM), ETAS_ALGORITHM_VERSION);
    if ((get_u16(bytes + AT_FLAGS) & ~(FLAG_REFERENCE_STOP | FLAG_PLAIN_EM)) != 0 ||
        get_u16(bytes + AT_ZERO) != 0)
        return etas_fail(err, ETAS_E_CORRUPT, "the refit blob has flags that are not known");
    return ETAS_OK;
}

static void get_header(const uint8_t bytes[], etas_refit *self)
{
    self->how = etas_inversion_config_default();
    self->how.reference_stop = (get_u16(bytes + AT_FLAGS) & FLAG_REFERENCE_STOP) != 0;
    self->how.plain_em = (get_u16(bytes + AT_FLAGS) & FLAG_PLAIN_EM) != 0;
    self->how.fixed.alpha_rule = (etas_alpha_rule)get_u16(bytes + AT_ALPHA_RULE);
    self->how.estimator = (etas_estimator)get_u16(bytes + AT_ESTIMATOR);
    self->how.beta_method = (etas_beta_method)get_u16(bytes + AT_BETA_METHOD);
    self->how.max_iterations = get_u32(bytes + AT_MAX_ITERATIONS);
    self->how.window_start = (etas_time)get_u64(bytes + AT_START);
    self->how.window_end = (etas_time)get_u64(bytes + AT_END);
    get_members(bytes + AT_NUMBERS, self, N_NUMBERS, numbers);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++) {
        self->how.theta_0.value[i] = get_f64(bytes + AT_THETA + 8 * i);
        self->how.fixed.value.value[i] = get_f64(bytes + AT_FIXED + 8 * i);
    }
}

static bool is_number(double x, double low)
{
    return isfinite(x) && x >= low;
}

/* What an inversion of any catalogue would refuse, and what does not fit together. */
static etas_status check_settings(const etas_refit *self, etas_error *err)
{
    const etas_inversion_config *const how = &self->how;
    const etas_plan *const plan = &self->plan;
    const double tiny = 1e-300;

    if (how->estimator > ETAS_ESTIMATOR_MLE || how->beta_method > ETAS_BETA_FIXED ||
        how->fixed.alpha_rule > ETAS_ALPHA_BETA ||
        (how->fixed.alpha_rule == ETAS_ALPHA_NUMBER && !is_number(how->fixed.alpha, -1e300)) ||
        how->window_start == ETAS_TIME_NONE || how->window_end <= how->window_start ||
        !is_number(how->m_ref, -100) || !is_number(how->delta_m, 0) ||
        !is_number(how->area_km2, tiny) || !is_number(how->earth_radius_km, tiny) ||
        !is_number(how->coppersmith_multiplier, 0) || !is_number(how->tolerance, tiny) ||
        (how->beta_method == ETAS_BETA_FIXED && !is_number(how->beta, tiny)) ||
        !isnan(how->theta_0.value[ETAS_LOG10_IOTA]))
        return etas_fail(err, ETAS_E_CORRUPT, "the refit blob has impossible settings");
    if (plan->start != how->window_start || plan->end != how->window_end ||
        plan->output_start != plan->start || !(plan->delta_m == how->delta_m))
        return etas_fail(err, ETAS_E_CORRUPT, "the refit blob's plan is not of its window");
    return etas_params_check(&how->theta_0, err);
}

static etas_status get_history(size_t n, const uint8_t bytes[], etas_refit *self, etas_error *err)
{
    etas_time before = INT64_MIN;

    for (size_t i = 0; i < n; i++) {
        const uint8_t *const p = bytes + 8 * i;
        const etas_event e = {.time = (etas_time)get_u64(p),
                              .lat = get_f64(p + 8 * n),
                              .lon = get_f64(p + 16 * n),
                              .mag = get_f64(p + 24 * n),
                              .mc = self->how.m_ref,
                              .depth = NAN,
                              .id = ""};

        if (e.time < before || e.time == ETAS_TIME_NONE || e.time >= self->how.window_start ||
            !(e.lat >= -90 && e.lat <= 90) || !(e.lon >= -360 && e.lon <= 360) ||
            !(e.mag >= -100 && e.mag <= 100))
            return etas_fail(err, ETAS_E_CORRUPT, "event %zu of the refit blob cannot be", i);
        if (etas_catalog_append(&self->history, &e) != ETAS_OK)
            return etas_fail(err, ETAS_E_NOMEM, "no memory for a history of %zu events", n);
        before = e.time;
    }
    return ETAS_OK;
}

etas_status etas_refit_decode(size_t len, const uint8_t bytes[], etas_refit *out, etas_error *err)
{
    etas_refit self = {0};
    uint64_t n, plan_len;
    etas_status st = check_start(len, bytes, err);

    if (st != ETAS_OK)
        return st;
    n = get_u64(bytes + AT_N_HISTORY);
    plan_len = get_u64(bytes + AT_PLAN_LENGTH);
    if (n > (len - AT_SECTIONS) / HISTORY_WIDTH ||
        plan_len != len - AT_SECTIONS - HISTORY_WIDTH * (size_t)n)
        return etas_fail(err, ETAS_E_CORRUPT,
                         "the refit blob is damaged: %zu bytes are not what its tables need", len);
    get_header(bytes, &self);
    st = etas_blob_decode((size_t)plan_len, bytes + (len - (size_t)plan_len), &self.plan, err);
    if (st == ETAS_OK)
        st = check_settings(&self, err);
    if (st == ETAS_OK)
        st = get_history((size_t)n, bytes + AT_SECTIONS, &self, err);
    if (st != ETAS_OK) {
        etas_refit_free(&self);
        return st;
    }
    etas_refit_free(out);
    *out = self;
    return ETAS_OK;
}

/* ---- the record of one refit ---- */

enum {
    REC_STATUS = 0,
    REC_ITERATIONS = 4,
    REC_SOURCES = 8,
    REC_TARGETS = 16,
    REC_PAIRS = 24,
    REC_THETA = 32,
    REC_BETA = 112,
    REC_N_HAT = 120,
    REC_BRANCHING = 128,
    REC_LIKELIHOOD = 136,
    REC_DISTANCE = 144,
    REC_NOTE = 152
};
_Static_assert(REC_NOTE + sizeof((etas_refit_result *)0)->note <= ETAS_REFIT_RECORD_MAX, "room");

size_t etas_refit_record_put(const etas_refit_result *self, uint8_t out[ETAS_REFIT_RECORD_MAX])
{
    const size_t note = strnlen(self->note, sizeof self->note - 1);

    put_u32(out + REC_STATUS, (uint32_t)self->status);
    put_u32(out + REC_ITERATIONS, self->n_iterations);
    put_u64(out + REC_SOURCES, self->n_sources);
    put_u64(out + REC_TARGETS, self->n_targets);
    put_u64(out + REC_PAIRS, self->n_pairs);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        put_f64(out + REC_THETA + 8 * i, self->theta.value[i]);
    put_f64(out + REC_BETA, self->beta);
    put_f64(out + REC_N_HAT, self->n_hat);
    put_f64(out + REC_BRANCHING, self->branching_ratio);
    put_f64(out + REC_LIKELIHOOD, self->log_likelihood);
    put_f64(out + REC_DISTANCE, self->distance);
    memcpy(out + REC_NOTE, self->note, note);
    return REC_NOTE + note;
}

bool etas_refit_record_get(size_t len, const uint8_t bytes[], etas_refit_result *out)
{
    *out = (etas_refit_result){0};
    if (len < REC_NOTE || len - REC_NOTE >= sizeof out->note ||
        get_u32(bytes + REC_STATUS) >= ETAS_N_REFIT_STATUS)
        return false;
    for (size_t i = REC_NOTE; i < len; i++)
        if (bytes[i] < ' ' || bytes[i] > '~')
            return false;
    out->status = (etas_refit_status)get_u32(bytes + REC_STATUS);
    out->n_iterations = get_u32(bytes + REC_ITERATIONS);
    out->n_sources = get_u64(bytes + REC_SOURCES);
    out->n_targets = get_u64(bytes + REC_TARGETS);
    out->n_pairs = get_u64(bytes + REC_PAIRS);
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        out->theta.value[i] = get_f64(bytes + REC_THETA + 8 * i);
    out->beta = get_f64(bytes + REC_BETA);
    out->n_hat = get_f64(bytes + REC_N_HAT);
    out->branching_ratio = get_f64(bytes + REC_BRANCHING);
    out->log_likelihood = get_f64(bytes + REC_LIKELIHOOD);
    out->distance = get_f64(bytes + REC_DISTANCE);
    memcpy(out->note, bytes + REC_NOTE, len - REC_NOTE);
    return true;
}
