/* From simulated events to the file: frames, the store, CSV. Usage: bench_drain [EVENTS]. The store
 * and the files lie in a folder of their own below TMPDIR, which is removed again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "etas/array.h"
#include "etas/codec.h"
#include "etas/runner.h"
#include "etas/simulation.h"
#include "etas/store.h"
#include "etas/text.h"

enum { PER_FRAME = 300, EVENTS_PER_CATALOG = 140 }; /* frames of about 1 MB */

static char directory[4096], store_path[4200], file_path[4200];

static void tidy(void)
{
    (void)unlink(store_path);
    (void)unlink(file_path);
    (void)rmdir(directory);
}

static void check(etas_status st, const etas_error *err)
{
    char line[1024];

    if (st == ETAS_OK)
        return;
    (void)fprintf(stderr, "%s\n", etas_error_format(err, sizeof line, line));
    tidy();
    exit(1);
}

static void make_directory(void)
{
    const char *const tmp = getenv("TMPDIR");

    etas_format(sizeof directory, directory, "%s/etas-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(directory) == NULL) {
        perror(directory);
        exit(1);
    }
    etas_format(sizeof store_path, store_path, "%s/bench.store", directory);
    etas_format(sizeof file_path, file_path, "%s/bench.csv", directory);
}

/* 30 days of a busy California. */
static void make_plan(etas_plan *plan)
{
    static const double theta[ETAS_N_PARAMS] = {-6.1,  NAN,  -2.49, 1.69, -2.95,
                                                -0.03, 3.99, -0.35, 1.22, 0.51};
    const double lat[] = {32, 32, 42, 42}, lon[] = {-125, -115, -115, -125};
    etas_plan_input in = {.beta = 2.302585092994046,
                          .m_ref = 2.6,
                          .delta_m = 0.1,
                          .m_max = 8,
                          .m_threshold = NAN,
                          .start = INT64_C(1700000000) * ETAS_NS_PER_S,
                          .output_start = ETAS_TIME_NONE,
                          .area_km2 = 960000,
                          .earth_radius_km = ETAS_EARTH_RADIUS_KM,
                          .filter_region = true};
    etas_region region = {0};
    etas_error err = {0};

    in.end = in.start + 30 * ETAS_NS_PER_DAY;
    memcpy(in.theta.value, theta, sizeof theta);
    check(etas_region_set_ring(&region, 4, lat, lon, &err), &err);
    in.region = &region;
    in.theta.value[ETAS_LOG10_MU] = log10(EVENTS_PER_CATALOG / 2.0 / 30 / in.area_km2);
    check(etas_plan_build(&in, plan, &err), &err);
    etas_region_free(&region);
}

/* ---- frames ---- */

typedef struct frames_job {
    etas_events events, decoded;
    etas_frame_header header;
    uint8_t *bytes;
    size_t len;
} frames_job;

static void encode(void *context)
{
    frames_job *const self = context;

    check(etas_frame_encode(&self->header, &self->events, 0, self->bytes, &self->len), NULL);
}

static void decode(void *context)
{
    frames_job *const self = context;
    etas_frame_header header;
    etas_error err = {0};

    check(etas_frame_decode(self->len, self->bytes, &header, &self->decoded, &err), &err);
}

static void bench_frames(etas_simulator *sim)
{
    frames_job self = {.header = {.count = PER_FRAME, .compressed = true}};
    etas_error err = {0};
    double ns;

    check(etas_simulator_run(sim, 1, 0, PER_FRAME, &self.events, &err), &err);
    check(etas_array_alloc((void **)&self.bytes, etas_frame_bound(&self.events), 1), &err);
    for (int compressed = 0; compressed < 2; compressed++) {
        self.header.compressed = compressed != 0;
        ns = bench_ns_by(CLOCK_PROCESS_CPUTIME_ID, encode, &self, self.events.n);
        printf("frame of %zu events, %s: %.1f bytes/event, encode %.1f ns/event", self.events.n,
               compressed ? "compressed" : "raw", (double)self.len / (double)self.events.n, ns);
        ns = bench_ns_by(CLOCK_PROCESS_CPUTIME_ID, decode, &self, self.events.n);
        printf(", decode %.1f ns/event\n", ns);
    }
    etas_events_free(&self.events);
    etas_events_free(&self.decoded);
    etas_array_free((void **)&self.bytes);
}

/* ---- the store ---- */

static etas_store *make_store(etas_simulator *sim, const etas_plan *plan, uint64_t n_catalogs)
{
    etas_store_run run = {.n_catalogs = n_catalogs,
                          .seed = 1,
                          .algorithm = ETAS_ALGORITHM_VERSION,
                          .config_text = "{}",
                          .release = "bench"};
    etas_events events = {0};
    etas_error err = {0};
    etas_store *store = NULL;
    uint8_t *bytes = NULL, *blob = NULL;
    size_t capacity = 0;

    check(etas_blob_encode(plan, &blob, &run.blob_len, &err), &err);
    run.blob = blob;
    check(etas_sha256(run.blob_len, run.blob, run.blob_sha256), NULL);
    check(etas_store_open(&store, store_path, ETAS_STORE_CREATE, &err), &err);
    check(etas_store_begin(store, &run, &err), &err);
    for (uint64_t at = 0; at < n_catalogs; at += PER_FRAME) {
        etas_frame_header header = {.first = at, .count = PER_FRAME, .compressed = true};
        etas_store_frame frame = {.first = at, .count = PER_FRAME};
        uint64_t n_new;

        check(etas_simulator_run(sim, 1, at, PER_FRAME, &events, &err), &err);
        check(etas_array_reserve((void **)&bytes, &capacity, etas_frame_bound(&events), 1), &err);
        check(etas_frame_encode(&header, &events, 0, bytes, &frame.len), &err);
        frame.bytes = bytes;
        check(etas_store_add(store, 1, &frame, NULL, &n_new, &err), &err);
    }
    etas_array_free((void **)&blob);
    etas_array_free((void **)&bytes);
    etas_events_free(&events);
    return store;
}

/* ---- the file ---- */

static void bench_export(etas_store *store, const etas_forecast_spec *spec)
{
    enum { RUNS = 5 };
    const etas_export_config cfg = {.n_outputs = 1, .outputs = spec};
    const char *const layout = spec->format == ETAS_FORMAT_CSEP ? "csep" : "reference";
    double cpu_ns = INFINITY, wall_ns = INFINITY;
    etas_export_summary sum = {0};
    struct stat made = {0};
    struct rusage usage;

    for (int i = 0; i < RUNS; i++) {
        const double wall = bench_now_ns(), cpu = bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        etas_error err = {0};

        check(etas_export(store, &cfg, &sum, &err), &err);
        wall_ns = fmin(wall_ns, bench_now_ns() - wall);
        cpu_ns = fmin(cpu_ns, bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    }
    (void)stat(spec->path, &made);
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%-9s to %-9s: %llu events, CPU %5.1f ns/event, wall %5.1f ns/event", layout,
           made.st_size > 0 ? "a file" : "/dev/null", (unsigned long long)sum.n_events,
           cpu_ns / (double)sum.n_events, wall_ns / (double)sum.n_events);
    if (made.st_size > 0)
        printf(", %.0f MB, CPU %.0f MB/s, wall %.0f MB/s", (double)made.st_size * 1e-6,
               (double)made.st_size * 1e3 / cpu_ns, (double)made.st_size * 1e3 / wall_ns);
    printf("; peak memory %ld MiB\n", usage.ru_maxrss / 1024);
}

int main(int argc, char *argv[])
{
    const double wanted = argc > 1 ? strtod(argv[1], NULL) : 2e6;
    etas_simulator *sim = NULL;
    etas_store *store;
    etas_plan plan = {0};
    etas_error err = {0};

    make_plan(&plan);
    check(etas_simulator_open(&sim, &plan, NULL, &err), &err);
    bench_frames(sim);
    make_directory();
    store =
        make_store(sim, &plan, (uint64_t)(wanted / EVENTS_PER_CATALOG / PER_FRAME + 1) * PER_FRAME);
    for (int layout = 0; layout < 2; layout++)
        for (int to_file = 0; to_file < 2; to_file++) {
            const etas_forecast_spec spec = {.path = to_file ? file_path : "/dev/null",
                                             .format = layout == 0 ? ETAS_FORMAT_CSEP
                                                                   : ETAS_FORMAT_REFERENCE};

            bench_export(store, &spec);
        }
    etas_store_close(store);
    etas_simulator_close(sim);
    etas_plan_free(&plan);
    tidy();
    return 0;
}
