/* Models, stores and what is in them. */
#include "pool_helpers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/simulation.h"
#include "etas/text.h"
#include "support/check.h"

static const etas_params theta = {.value = {[ETAS_LOG10_IOTA] = NAN,
                                            [ETAS_LOG10_K0] = -2.6,
                                            [ETAS_A] = 1.7,
                                            [ETAS_LOG10_C] = -2.5,
                                            [ETAS_OMEGA] = -0.03,
                                            [ETAS_LOG10_TAU] = 3.5,
                                            [ETAS_LOG10_D] = -0.5,
                                            [ETAS_GAMMA] = 1.2,
                                            [ETAS_RHO] = 0.6}};

/* Many events are simulated and few are reported: work without much output. */
static void build_plan(const pool_model *model, etas_plan *plan)
{
    static const double lat[] = {40, 40, 48, 48}, lon[] = {5, 15, 15, 5};
    const etas_time day = ETAS_NS_PER_DAY;
    etas_region region = {0};
    etas_plan_input in = {.theta = theta,
                          .beta = 2.3,
                          .m_ref = 2.5,
                          .m_max = INFINITY,
                          .m_threshold = model->threshold > 0 ? model->threshold : 4.0,
                          .start = 0,
                          .end = 100 * day,
                          .output_start = 0,
                          .region = &region,
                          .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                          .gaussian_scale_deg = 0.1};
    etas_error err = {0};

    check_ok(etas_region_set_ring(&region, 4, lat, lon, &err), &err);
    check_ok(etas_region_area_km2(&region, ETAS_EARTH_RADIUS_KM, &in.area_km2, &err), &err);
    in.theta.value[ETAS_LOG10_MU] = log10(model->mean_background / (100 * in.area_km2));
    check_ok(etas_plan_build(&in, plan, &err), &err);
    if (model->max_events > 0)
        plan->max_events = model->max_events;
    etas_region_free(&region);
}

void pool_store_create(const char *path, const pool_model *model)
{
    etas_plan plan = {0};
    uint8_t *blob = NULL;
    etas_store *store;
    etas_store_run run = {.n_catalogs = model->n_catalogs,
                          .seed = model->seed,
                          .algorithm = ETAS_ALGORITHM_VERSION,
                          .config_text = "{}",
                          .release = "test"};
    etas_error err = {0};

    build_plan(model, &plan);
    check_ok(etas_blob_encode(&plan, &blob, &run.blob_len, &err), &err);
    run.blob = blob;
    check_ok(etas_sha256(run.blob_len, blob, run.blob_sha256), NULL);
    for (size_t i = 0; i < sizeof run.id; i++)
        run.id[i] = (uint8_t)rand();
    check_ok(etas_store_open(&store, path, ETAS_STORE_RESTART, &err), &err);
    check_ok(etas_store_begin(store, &run, &err), &err);
    etas_store_close(store);
    etas_array_free((void **)&blob);
    etas_plan_free(&plan);
}

etas_status pool_run(const char *path, const etas_runner_config *cfg, etas_error *err)
{
    etas_run_report report = {0};
    etas_store *store;
    etas_status st = etas_store_open(&store, path, ETAS_STORE_RESUME, err);

    if (st != ETAS_OK)
        return st;
    st = etas_run(store, cfg, &report, err);
    etas_ranges_free(&report.missing);
    etas_store_close(store);
    return st;
}

void pool_run_serially(const char *path)
{
    const etas_runner_config cfg = {
        .backend = ETAS_BACKEND_SERIAL, .processes = 1, .allow_missing = true};
    etas_error err = {0};
    const etas_status st = pool_run(path, &cfg, &err);

    if (st != ETAS_E_INCOMPLETE)
        check_ok(st, &err);
}

typedef struct digest {
    uint64_t hash, n_catalogs;
    etas_events events;
} digest;

static void mix(digest *d, size_t len, const void *bytes)
{
    const uint8_t *b = bytes;

    for (size_t i = 0; i < len; i++)
        d->hash = (d->hash ^ b[i]) * UINT64_C(0x100000001b3);
}

static etas_status digest_piece(void *context, const etas_store_frame *frame, etas_range part,
                                etas_error *err)
{
    digest *d = context;
    etas_frame_header header;
    size_t at = 0;
    const etas_status st = etas_frame_decode(frame->len, frame->bytes, &header, &d->events, err);

    if (st != ETAS_OK)
        return st;
    for (uint32_t i = 0; i < header.count; at += d->events.count[i], i++) {
        const uint64_t index = header.first + i;
        const size_t n = d->events.count[i];

        if (index < part.first || index - part.first >= part.count)
            continue;
        mix(d, sizeof index, &index);
        mix(d, n * sizeof d->events.time_ms[0], d->events.time_ms + at);
        mix(d, n * sizeof d->events.lat[0], d->events.lat + at);
        mix(d, n * sizeof d->events.lon[0], d->events.lon + at);
        mix(d, n * sizeof d->events.mag[0], d->events.mag + at);
        mix(d, n * sizeof d->events.generation[0], d->events.generation + at);
        d->n_catalogs++;
    }
    return ETAS_OK;
}

uint64_t pool_digest(const char *path, uint64_t *n_catalogs)
{
    digest d = {.hash = UINT64_C(0xcbf29ce484222325)};
    etas_store *store;
    etas_error err = {0};

    check_ok(etas_store_open(&store, path, ETAS_STORE_READ, &err), &err);
    check_ok(etas_store_each(store, digest_piece, &d, &err), &err);
    etas_store_close(store);
    etas_events_free(&d.events);
    *n_catalogs = d.n_catalogs;
    return d.hash;
}

/* Made once for the model that a test program uses again and again. */
static uint64_t serial_digest(const char *path, const pool_model *model, uint64_t *n_catalogs)
{
    static pool_model of;
    static uint64_t hash, n;
    char serial[160];

    if (of.n_catalogs != model->n_catalogs || of.seed != model->seed ||
        of.mean_background != model->mean_background || of.max_events != model->max_events ||
        of.threshold != model->threshold) {
        etas_format(sizeof serial, serial, "%s.serial", path);
        pool_store_create(serial, model);
        pool_run_serially(serial);
        hash = pool_digest(serial, &n);
        unlink(serial);
        of = *model;
    }
    *n_catalogs = n;
    return hash;
}

void pool_check_equals_serial(const char *path, const pool_model *model)
{
    uint64_t n, n_serial;
    const uint64_t hash = serial_digest(path, model, &n_serial);

    assert_true(pool_digest(path, &n) == hash);
    assert_int_equal(n, n_serial);
    if (model->max_events == 0)
        assert_int_equal(n, model->n_catalogs);
}

void pool_dead(const char *path, etas_ranges *out)
{
    etas_store *store;
    etas_error err = {0};

    check_ok(etas_store_open(&store, path, ETAS_STORE_READ, &err), &err);
    check_ok(etas_store_dead(store, out, &err), &err);
    etas_store_close(store);
}
