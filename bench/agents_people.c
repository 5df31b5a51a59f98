/* The driver and the agents of bench_agents, all real but for their slots. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "agents.h"
#include "etas/array.h"
#include "etas/codec.h"
#include "etas/runner.h"
#include "etas/simulation.h"
#include "etas/store.h"
#include "etas/text.h"

enum { STACK_BYTES = 512 << 10 };

void agents_must(etas_status st, const etas_error *err)
{
    char line[1024];

    if (st == ETAS_OK)
        return;
    (void)fprintf(stderr, "%s\n", etas_error_format(err, sizeof line, line));
    _exit(1);
}

void agents_nap(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds,
                         .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};

    while (nanosleep(&t, &t) != 0)
        continue;
}

etas_redis_options agents_server(void)
{
    etas_redis_options redis = etas_redis_options_default();

    redis.socket_path = agents_shared->options.socket;
    redis.port = (uint16_t)agents_shared->options.port;
    redis.host = "127.0.0.1";
    return redis;
}

/* ---- what they say: counted, and kept for whoever wonders ---- */

static FILE *log_file;

static void emit(void *context, etas_log_level level, const char *text)
{
    (void)context;
    if (level <= ETAS_LOG_WARN)
        atomic_fetch_add(&agents_shared->warnings, 1);
    (void)fprintf(log_file, "%s\n", text);
}

static const etas_log the_log = {.emit = emit, .max_level = ETAS_LOG_INFO};

static pid_t start_process(void)
{
    char path[4200];
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid < 0) {
        perror("fork");
        _exit(1);
    }
    if (pid > 0)
        return pid;
    etas_format(sizeof path, path, "%s/agents.log", agents_shared->options.dir);
    log_file = fopen(path, "a");
    if (log_file == NULL) {
        perror(path);
        _exit(1);
    }
    (void)setvbuf(log_file, NULL, _IOLBF, 0);
    return 0;
}

/* ---- the driver ---- */

/* 30 days of a busy California; only its blob matters here. */
static void make_blob(uint8_t **blob, size_t *len)
{
    static const double theta[ETAS_N_PARAMS] = {-6.1,  NAN,  -2.49, 1.69, -2.95,
                                                -0.03, 3.99, -0.35, 1.22, 0.51};
    static const double lat[] = {32, 32, 42, 42}, lon[] = {-125, -115, -115, -125};
    etas_plan_input in = {.beta = 2.302585092994046,
                          .m_ref = 2.6,
                          .delta_m = 0.1,
                          .m_max = 8,
                          .m_threshold = NAN,
                          .end = 30 * ETAS_NS_PER_DAY,
                          .output_start = ETAS_TIME_NONE,
                          .area_km2 = 960000,
                          .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                          .filter_region = true};
    etas_region region = {0};
    etas_plan plan = {0};
    etas_error err = {0};

    memcpy(in.theta.value, theta, sizeof theta);
    agents_must(etas_region_set_ring(&region, 4, lat, lon, &err), &err);
    in.region = &region;
    agents_must(etas_plan_build(&in, &plan, &err), &err);
    agents_must(etas_blob_encode(&plan, blob, len, &err), &err);
    etas_region_free(&region);
    etas_plan_free(&plan);
}

static etas_store *make_store(void)
{
    etas_store_run run = {.n_catalogs = agents_shared->n_parts * PART_CATALOGS,
                          .seed = 1,
                          .algorithm = ETAS_ALGORITHM_VERSION,
                          .config_text = "{}",
                          .release = "bench"};
    etas_store *store = NULL;
    uint8_t *blob = NULL;
    etas_error err = {0};

    make_blob(&blob, &run.blob_len);
    run.blob = blob;
    agents_must(etas_sha256(run.blob_len, blob, run.blob_sha256), NULL);
    if (getrandom(run.id, sizeof run.id, 0) != (ssize_t)sizeof run.id)
        _exit(1);
    etas_hex(sizeof run.id, run.id, agents_shared->run);
    agents_must(etas_store_open(&store, agents_shared->store_path, ETAS_STORE_RESTART, &err), &err);
    agents_must(etas_store_begin(store, &run, &err), &err);
    etas_array_free((void **)&blob);
    return store;
}

static void note_progress(void *context, const etas_progress *now)
{
    (void)context;
    atomic_store(&agents_shared->stored, now->stored);
}

pid_t agents_start_driver(void)
{
    const etas_runner_config cfg = {.backend = ETAS_BACKEND_REDIS,
                                    .chunk_size =
                                        (uint64_t)PART_CATALOGS * agents_shared->parts_per_chunk,
                                    .redis = agents_server(),
                                    .lease_s = agents_shared->options.lease_s,
                                    .lonely_s = 60,
                                    .log = &the_log,
                                    .progress = note_progress};
    const pid_t pid = start_process();
    etas_store *store;
    etas_run_report report = {0};
    etas_error err = {0};
    etas_status st;

    if (pid != 0)
        return pid;
    store = make_store();
    st = etas_run(store, &cfg, &report, &err);
    atomic_store(&agents_shared->stored, report.n_catalogs);
    atomic_store(&agents_shared->repeated, report.repeated);
    atomic_store(&agents_shared->driver_status, (int)st);
    agents_must(st, &err);
    etas_ranges_free(&report.missing);
    etas_store_close(store);
    _exit(0);
}

/* ---- the agents ---- */

typedef struct farmer {
    pthread_t thread;
    double start_s;
} farmer;

static void *one_agent(void *context)
{
    const farmer *const self = context;
    const etas_worker_config cfg = {.redis = agents_server(),
                                    .processes = agents_shared->options.slots,
                                    .runtime_s = INFINITY,
                                    .idle_timeout_s = INFINITY,
                                    .wake_fd = -1,
                                    .log = &the_log};
    etas_error err = {0};

    agents_nap(fmax(0, self->start_s - etas_clock_s()));
    agents_must(etas_worker_run(&cfg, &err), &err);
    return NULL;
}

pid_t agents_start_farm(uint32_t index, double start_s)
{
    const uint32_t n = agents_shared->options.agents / FARMS;
    const pid_t pid = start_process();
    pthread_attr_t small;
    farmer *all;

    if (pid != 0)
        return pid;
    agents_farm = index + 1;
    all = calloc(n, sizeof *all);
    if (all == NULL || pthread_attr_init(&small) != 0 ||
        pthread_attr_setstacksize(&small, STACK_BYTES) != 0)
        _exit(1);
    for (uint32_t i = 0; i < n; i++) {
        all[i].start_s = start_s + (double)i / n;
        if (pthread_create(&all[i].thread, &small, one_agent, &all[i]) != 0) {
            perror("pthread_create");
            _exit(1);
        }
    }
    for (uint32_t i = 0; i < n; i++)
        (void)pthread_join(all[i].thread, NULL);
    _exit(0);
}
