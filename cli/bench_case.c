#include "bench_case.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "talk.h"

/* ---- what was made ---- */

/* A chain over the catalogues in order: their digests so far and the next one's columns. */
typedef struct chain {
    uint8_t digest[32];
    uint8_t *bytes; /* etas_array */
    size_t capacity;
    etas_events events; /* of the frame that was decoded last */
} chain;

static void put(uint8_t **at, const void *column, size_t size, size_t first, size_t n)
{
    memcpy(*at, (const uint8_t *)column + first * size, n * size);
    *at += n * size;
}

static etas_status chain_add(chain *self, size_t first, uint32_t n, etas_error *err)
{
    const etas_events *const e = &self->events;
    const size_t per_event = sizeof *e->time_ms + sizeof *e->lat + sizeof *e->lon + sizeof *e->mag +
                             sizeof *e->generation + sizeof *e->flags;
    const size_t len = sizeof self->digest + sizeof n + n * per_event;
    uint8_t *at;

    if (etas_array_reserve((void **)&self->bytes, &self->capacity, len, 1) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "no memory for a catalogue of %u events", n);
    at = self->bytes;
    put(&at, self->digest, 1, 0, sizeof self->digest);
    put(&at, &n, sizeof n, 0, 1);
    put(&at, e->time_ms, sizeof *e->time_ms, first, n);
    put(&at, e->lat, sizeof *e->lat, first, n);
    put(&at, e->lon, sizeof *e->lon, first, n);
    put(&at, e->mag, sizeof *e->mag, first, n);
    put(&at, e->generation, sizeof *e->generation, first, n);
    put(&at, e->flags, sizeof *e->flags, first, n);
    if (etas_sha256(len, self->bytes, self->digest) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "libcrypto has no SHA-256");
    return ETAS_OK;
}

static etas_status chain_frame(void *context, const etas_store_frame *frame, etas_range part,
                               etas_error *err)
{
    chain *const self = context;
    const uint64_t skip = part.first - frame->first;
    etas_frame_header header;
    etas_status st = etas_frame_decode(frame->len, frame->bytes, &header, &self->events, err);
    size_t first = 0;

    for (uint64_t i = 0; st == ETAS_OK && i < skip + part.count; i++) {
        const uint32_t n = self->events.count[i];

        if (i >= skip)
            st = chain_add(self, first, n, err);
        first += n;
    }
    return st;
}

static etas_status digest_of(etas_store *store, uint8_t digest[32], etas_error *err)
{
    chain all = {0};
    const etas_status st = etas_store_each(store, chain_frame, &all, err);

    memcpy(digest, all.digest, sizeof all.digest);
    etas_events_free(&all.events);
    etas_array_free((void **)&all.bytes);
    return st;
}

/* ---- making it ---- */

static etas_status begin(etas_store **store, const bench_workload *work, uint64_t n,
                         etas_error *err)
{
    etas_store_run run = {.n_catalogs = n,
                          .seed = work->seed,
                          .algorithm = ETAS_ALGORITHM_VERSION,
                          .config_text = "",
                          .release = ETAS_RELEASE,
                          .blob_len = work->len,
                          .blob = work->blob};
    etas_status st = etas_sha256(work->len, work->blob, run.blob_sha256);

    if (st == ETAS_OK && getentropy(run.id, sizeof run.id) != 0)
        st = etas_fail(err, ETAS_E_IO, "the system gives no random numbers");
    if (st == ETAS_OK)
        st = etas_store_open(store, ETAS_STORE_MEMORY, ETAS_STORE_CREATE, err);
    return st == ETAS_OK ? etas_store_begin(*store, &run, err) : st;
}

/* One run of n catalogues. */
typedef struct measured {
    double seconds;
    uint64_t n_events;
    uint8_t digest[32];
} measured;

static etas_status make(const bench_case *self, const bench_workload *work, uint64_t n,
                        const char *socket, measured *out, etas_error *err)
{
    etas_runner_config how = {.backend = self->backend,
                              .processes = self->slots,
                              .task_duration_s = 30,
                              .kernels = self->kernels,
                              .redis = etas_redis_options_default(),
                              .lonely_s = 5,
                              .interrupted = work->interrupted,
                              .log = work->log};
    etas_run_report report = {0};
    etas_store *store = NULL;
    etas_status st = begin(&store, work, n, err);
    const double start = talk_seconds();

    how.redis.socket_path = socket;
    how.redis.log = work->log;
    if (st == ETAS_OK)
        st = etas_run(store, &how, &report, err);
    out->seconds = talk_seconds() - start;
    out->n_events = report.n_events;
    if (st == ETAS_OK)
        st = digest_of(store, out->digest, err);
    etas_ranges_free(&report.missing);
    etas_store_close(store);
    return st;
}

static etas_status repeat(bench_case *self, const bench_workload *work, const char *socket,
                          etas_error *err)
{
    etas_status st = ETAS_OK;

    for (uint32_t i = 0; i < work->repeat && st == ETAS_OK; i++) {
        measured now = {0};

        st = make(self, work, work->n_catalogs, socket, &now, err);
        if (st == ETAS_OK && i > 0 && memcmp(now.digest, self->digest, sizeof now.digest) != 0)
            st = etas_fail(err, ETAS_E_CORRUPT, "two runs made different catalogues");
        if (st != ETAS_OK)
            break;
        self->seconds = i == 0 ? now.seconds : fmin(self->seconds, now.seconds);
        self->n_events = now.n_events;
        memcpy(self->digest, now.digest, sizeof now.digest);
    }
    return st;
}

etas_status bench_case_run(bench_case *self, const bench_workload *work, etas_error *err)
{
    const etas_embedded_config pool = {
        .workers = self->slots, .kernels = self->kernels, .log = work->log};
    etas_embedded *embedded = NULL;
    measured first = {0};
    etas_status st;

    self->seconds = NAN;
    if (self->backend != ETAS_BACKEND_REDIS)
        return repeat(self, work, NULL, err);
    st = etas_embedded_open(&embedded, &pool, err);
    /* Server and workers are there before the clock starts. */
    if (st == ETAS_OK)
        st = make(self, work, 1, etas_embedded_socket(embedded), &first, err);
    if (st == ETAS_OK)
        st = repeat(self, work, etas_embedded_socket(embedded), err);
    etas_embedded_close(embedded);
    return st;
}

/* Shorter runs say little about the rate. */
#define PILOT_S 0.05

etas_status bench_size(const bench_workload *work, const char *kernels, double seconds,
                       uint64_t *n_catalogs, etas_error *err)
{
    const bench_case alone = {.backend = ETAS_BACKEND_SERIAL, .slots = 1, .kernels = kernels};
    measured now = {0};
    uint64_t n = 64;
    etas_status st = make(&alone, work, n, NULL, &now, err);
    double wanted;

    while (st == ETAS_OK && now.seconds < fmin(PILOT_S, seconds) && n < ETAS_MAX_CATALOGS / 4) {
        n *= 4;
        st = make(&alone, work, n, NULL, &now, err);
    }
    wanted = fmax(1, (double)n * seconds / now.seconds);
    *n_catalogs = wanted < (double)ETAS_MAX_CATALOGS ? (uint64_t)wanted : ETAS_MAX_CATALOGS;
    return st;
}
