/* bench_queue SOCKET PID, or PORT PID [CACERT]: calls per second of one client of a fresh
 * redis-server on that unix socket or port of localhost (with TLS), and what each costs server and
 * client in processor time, which other users of the machine do not disturb. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "etas/queue.h"

enum { CHUNKS = 20000, FRAME = 10000, SLOTS = 12 };

static etas_queue *queue;
static etas_run_meta run = {.id = "0123456789abcdef0123456789abcdef",
                            .name = "bench",
                            .epoch = 1,
                            .n_catalogs = UINT64_C(1) << 40,
                            .algorithm = 1,
                            .chunk_size = 1,
                            .task_duration_s = 30,
                            .max_attempts = 3,
                            .max_lost = 10,
                            .mark_bytes = UINT64_C(1) << 40,
                            .lease_s = 600};
static etas_agent agent = {.id = "fedcba9876543210fedcba9876543210",
                           .host = "bench",
                           .slots = SLOTS,
                           .algorithm = 1,
                           .release = "0"};
static etas_lease leases[CHUNKS];
static uint8_t frame[FRAME];

static void must(etas_status st, const etas_error *err)
{
    char text[1024];

    if (st == ETAS_OK)
        return;
    (void)fprintf(stderr, "%s\n", etas_error_format(err, sizeof text, text));
    exit(1);
}

static void begin(void)
{
    const etas_range all = {0, run.n_catalogs};
    etas_run_state state;
    etas_error err = {0};

    memset(run.model_sha256, 'a', 64);
    must(etas_queue_check(queue, &err), &err);
    must(etas_queue_run_beat(queue, &run, &state, &err), &err);
    must(etas_queue_model_put(queue, run.model_sha256, sizeof frame, frame, &err), &err);
    must(etas_queue_submit(queue, &run, 1, 1, &all, &err), &err);
    must(etas_queue_hello(queue, &agent, 0, NULL, &err), &err);
}

static void claims(void)
{
    const etas_claim_request request = {.remaining_s = INFINITY};
    etas_error err = {0};
    etas_claim claim;

    for (size_t i = 0; i < CHUNKS; i++) {
        must(etas_queue_claim(queue, &agent, &request, &claim, &err), &err);
        leases[i] = claim.lease;
    }
}

static void beats(void)
{
    etas_verdict verdicts[SLOTS];
    etas_beat beat = {.verdicts = verdicts};
    etas_error err = {0};

    for (size_t i = 0; i + SLOTS <= CHUNKS; i += SLOTS)
        must(etas_queue_beat(queue, &agent, SLOTS, leases + i, &beat, &err), &err);
}

static void reaps(void)
{
    etas_error err = {0};

    for (int i = 0; i < 1000; i++)
        must(etas_queue_reap(queue, &err), &err);
}

static void commits(void)
{
    const etas_commit what = {.count = 1, .len = sizeof frame, .bytes = frame};
    etas_verdict verdict;
    etas_error err = {0};

    for (size_t i = 0; i < CHUNKS; i++)
        must(etas_queue_commit(queue, &agent, &leases[i], &what, &verdict, &err), &err);
}

static void audits(void)
{
    etas_error err = {0};
    etas_audit audit;

    for (int i = 0; i < 20; i++) {
        must(etas_queue_audit(queue, run.id, &audit, &err), &err);
        etas_audit_free(&audit);
    }
}

static void collects(void)
{
    static etas_ack acks[1000];
    etas_collected *items;
    etas_error err = {0};
    size_t n, n_acks;

    do {
        must(etas_queue_collect(queue, &run, 1 << 23, &items, &n, &err), &err);
        n_acks = n;
        for (size_t i = 0; i < n; i++)
            acks[i] = (etas_ack){items[i].first, items[i].count, items[i].checksum, false};
        etas_queue_collected_free(&items, &n);
        must(etas_queue_ackout(queue, &run, n_acks, acks, &err), &err);
    } while (n_acks > 0);
}

static char schedstat[64];

static double server_ns(void)
{
    FILE *file = fopen(schedstat, "r");
    char line[128] = "";

    if (file != NULL) {
        if (fgets(line, sizeof line, file) == NULL)
            line[0] = '\0';
        (void)fclose(file);
    }
    return strtod(line, NULL);
}

static double own_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void row(const char *what, void (*body)(void), double calls)
{
    const double start = bench_now_ns(), server = server_ns(), own = own_ns();

    body();
    printf("%-44s %8.0f /s %10.1f us %10.1f us\n", what, calls / ((bench_now_ns() - start) * 1e-9),
           (server_ns() - server) * 1e-3 / calls, (own_ns() - own) * 1e-3 / calls);
}

int main(int argc, char **argv)
{
    etas_redis_options options = etas_redis_options_default();
    etas_error err = {0};

    if (argc < 3 || argc > 4) {
        (void)fprintf(stderr, "usage: bench_queue SOCKET|PORT PID [CACERT]\n");
        return 2;
    }
    (void)snprintf(schedstat, sizeof schedstat, "/proc/%s/schedstat", argv[2]);
    if (strchr(argv[1], '/') != NULL)
        options.socket_path = argv[1];
    else
        options.port = (uint16_t)strtoul(argv[1], NULL, 10);
    options.tls = argc == 4;
    options.ca_file = argc == 4 ? argv[3] : NULL;
    must(etas_queue_open(&queue, &options, &err), &err);
    begin();
    row("claims", claims, CHUNKS);
    row("beats of 12 leases, 20,000 leases there", beats, (double)CHUNKS / SLOTS);
    row("reaps that find nothing, 20,000 leases", reaps, 1000);
    row("audits of 20,000 leases", audits, 20);
    row("commits of 10 kB", commits, CHUNKS);
    row("audits of 20,000 results", audits, 20);
    row("results collected and acked", collects, CHUNKS);
    must(etas_queue_run_finish(queue, &run, &err), &err);
    etas_queue_close(queue);
    return 0;
}
