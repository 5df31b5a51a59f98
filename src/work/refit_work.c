/* Index b is a refit: catalogue b of the fitted model, inverted like the real one. */
#include <math.h>

#include "etas/array.h"
#include "etas/bootstrap.h"
#include "etas/simulation.h"
#include "inversion/em.h"
#include "math/dispatch.h"
#include "work/work.h"

typedef struct refitter {
    etas_refit model;
    etas_simulator *simulator;
    etas_events events;   /* of one simulated catalogue */
    etas_catalog catalog; /* the history and what was simulated */
    etas_work_alive alive;
    void *alive_context;
} refitter;

static void refit_close(void *handle)
{
    refitter *self = handle;

    etas_simulator_close(self->simulator);
    etas_refit_free(&self->model);
    etas_events_free(&self->events);
    etas_catalog_free(&self->catalog);
    etas_array_free((void **)&self);
}

static void refit_watch(void *handle, etas_work_alive alive, void *context)
{
    refitter *const self = handle;

    self->alive = alive;
    self->alive_context = context;
}

/* An E-step in this thread, with a sign of life from time to time. */
static etas_status expect(void *context, etas_em *em, etas_error *err)
{
    const refitter *const self = context;
    etas_status st = ETAS_OK;

    for (size_t shard = 0; shard < em->n_shards && st == ETAS_OK; shard++) {
        if (self->alive != NULL)
            self->alive(self->alive_context);
        st = etas_em_shard_expect(em, shard, &em->shard[shard]);
    }
    return st == ETAS_OK ? st : etas_fail(err, st, "an E-step: %s", etas_strerror(st));
}

static etas_status refit_open(void **out, size_t len, const uint8_t blob[], const char *kernels,
                              etas_error *err)
{
    refitter *self = NULL;
    etas_status st = etas_array_alloc((void **)&self, 1, sizeof *self);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the refits");
    st = etas_refit_decode(len, blob, &self->model, err);
    if (st == ETAS_OK)
        st = etas_simulator_open(&self->simulator, &self->model.plan, kernels, err);
    if (st != ETAS_OK) {
        refit_close(self);
        return st;
    }
    self->model.how.compute = expect;
    self->model.how.compute_context = self;
    self->model.how.kernels = etas_isa_name(etas_isa_named(kernels));
    *out = self;
    return ETAS_OK;
}

static size_t refit_batch(const void *handle)
{
    (void)handle;
    return 1;
}

/* Simulated events in the units of catalogues, magnitudes on the very numbers of the real one. */
static etas_event event_at(const refitter *self, size_t i)
{
    const etas_events *const e = &self->events;
    const etas_inversion_config *const how = &self->model.how;

    return (etas_event){.time =
                            how->window_start + (etas_time)e->time_ms[i] * (ETAS_NS_PER_S / 1000),
                        .lat = e->lat[i] / ETAS_DEGREE_UNITS,
                        .lon = e->lon[i] / ETAS_DEGREE_UNITS,
                        .mag = etas_magnitude_round(e->mag[i] / ETAS_MAG_UNITS, how->delta_m),
                        .mc = how->m_ref,
                        .depth = NAN,
                        .id = ""};
}

static etas_status make_catalog(refitter *self, etas_error *err)
{
    const etas_catalog *const history = &self->model.history;
    etas_status st = ETAS_OK;

    etas_catalog_free(&self->catalog);
    for (size_t i = 0; st == ETAS_OK && i < history->n; i++) {
        const etas_event e = etas_catalog_row(history, i);

        st = etas_catalog_append(&self->catalog, &e);
    }
    for (size_t i = 0; st == ETAS_OK && i < self->events.n; i++) {
        const etas_event e = event_at(self, i);

        st = etas_catalog_append(&self->catalog, &e);
    }
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for a simulated catalogue");
}

/* What went wrong belongs to the catalogue, unless memory is short: then it is the process's. */
static etas_status failed(etas_refit_result *out, etas_refit_status what, const etas_error *why,
                          etas_error *err)
{
    if (why->code == ETAS_E_NOMEM)
        return etas_fail(err, ETAS_E_NOMEM, "%s", why->text);
    out->status = what;
    etas_error_format(why, sizeof out->note, out->note);
    for (char *c = out->note; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return ETAS_OK;
}

static void take_state(const etas_inversion *inversion, etas_refit_result *out)
{
    const etas_inversion_state s = etas_inversion_state_get(inversion);

    out->n_iterations = s.n_iterations;
    out->n_sources = s.n_sources;
    out->n_targets = s.n_targets;
    out->n_pairs = s.n_pairs;
    out->distance = s.distance;
    if (out->status != ETAS_REFIT_OK)
        return;
    out->theta = s.theta;
    out->beta = s.beta;
    out->n_hat = s.n_hat;
    out->branching_ratio = s.branching_ratio;
    out->log_likelihood = s.log_likelihood;
}

static etas_status invert(const refitter *self, etas_refit_result *out, etas_error *err)
{
    etas_inversion *inversion = NULL;
    etas_error why = {0};
    etas_status st = etas_inversion_open(&inversion, &self->catalog, &self->model.how, &why),
                told = ETAS_OK;

    if (st != ETAS_OK)
        return failed(out, ETAS_REFIT_TOO_FEW, &why, err);
    st = etas_inversion_solve(inversion, &why);
    if (st != ETAS_OK)
        told = failed(out, st == ETAS_E_CONVERGE ? ETAS_REFIT_NO_CONVERGENCE : ETAS_REFIT_DIVERGED,
                      &why, err);
    take_state(inversion, out);
    etas_inversion_close(inversion);
    return told;
}

static etas_status refit_one(refitter *self, uint64_t seed, uint64_t index, etas_refit_result *out,
                             etas_error *err)
{
    etas_error why = {0};
    etas_status st = etas_simulator_run(self->simulator, seed, index, 1, &self->events, &why);

    *out = (etas_refit_result){
        .beta = NAN, .n_hat = NAN, .branching_ratio = NAN, .log_likelihood = NAN, .distance = NAN};
    for (size_t i = 0; i < ETAS_N_PARAMS; i++)
        out->theta.value[i] = NAN;
    if (st == ETAS_E_LIMIT)
        return failed(out, ETAS_REFIT_TOO_MANY, &why, err);
    if (st != ETAS_OK)
        return etas_fail(err, st, "%s", why.text);
    st = make_catalog(self, err);
    return st == ETAS_OK ? invert(self, out, err) : st;
}

static etas_status refit_make(void *handle, uint64_t seed, uint64_t first, size_t count,
                              etas_payload *out, etas_error *err)
{
    refitter *const self = handle;
    uint8_t bytes[ETAS_REFIT_RECORD_MAX];
    etas_status st = ETAS_OK;

    etas_payload_clear(out);
    for (size_t i = 0; st == ETAS_OK && i < count; i++) {
        etas_refit_result result;

        st = refit_one(self, seed, first + i, &result, err);
        if (st == ETAS_OK &&
            etas_records_append(&out->records, etas_refit_record_put(&result, bytes), bytes) !=
                ETAS_OK)
            st = etas_fail(err, ETAS_E_NOMEM, "out of memory for a record");
    }
    return st;
}

static bool is_refit(size_t len, const uint8_t bytes[])
{
    etas_refit_result result;

    return etas_refit_record_get(len, bytes, &result);
}

const etas_work_kind etas_work_refit = {.magic = {'E', 'T', 'R', 'F'},
                                        .frames = ETAS_FRAME_RECORDS,
                                        .one = "refit",
                                        .many = "refits",
                                        .open = refit_open,
                                        .close = refit_close,
                                        .watch = refit_watch,
                                        .batch = refit_batch,
                                        .make = refit_make,
                                        .is_record = is_refit};
