/* bench_agents: a pool of many agents on one redis-server. The agents are the real ones, a thread
 * each, on slots that only wait (agents.h); so is the driver, with its store. It goes through a
 * join storm, steady work, a reconnect storm and the loss of half the agents, and ends with 1 when
 * a catalogue is missing or the conservation law is broken.
 *
 *   bench_agents --socket PATH | --port N, --dir FOLDER [--agents N] [--slots N] [--task S]
 *                [--frame BYTES] [--steady S] [--lease S] [--reconnect] [--kill]
 */
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "agents.h"
#include "etas/text.h"

static const double part_wish_s = 5; /* an agent hands over what is finished so often */
static const double event_bytes = 12;

static agents_world *world;
static agents_options o = {
    .agents = 1000, .slots = 10, .task_s = 30, .frame_bytes = 10000, .steady_s = 60, .lease_s = 60};
static pid_t driver, farms[FARMS];
static redisContext *raw;
static etas_queue *queue;
static int broken;

static void tidy(void)
{
    for (int i = 0; i < FARMS; i++)
        if (farms[i] > 0)
            kill(farms[i], SIGKILL);
    if (driver > 0)
        kill(driver, SIGKILL);
    while (wait(NULL) > 0)
        continue;
    (void)unlink(world->store_path);
}

static void give_up(const char *why)
{
    (void)fprintf(stderr, "bench_agents: %s\n", why);
    tidy();
    exit(1);
}

static void must(etas_status st, const etas_error *err)
{
    char line[1024];

    if (st != ETAS_OK)
        give_up(etas_error_format(err, sizeof line, line));
}

/* False when the driver has ended. A farm never ends by itself. */
static bool at_work(void)
{
    for (int i = 0; i < FARMS; i++)
        if (farms[i] > 0 && waitpid(farms[i], NULL, WNOHANG) != 0)
            give_up("agents are gone");
    if (driver > 0 && waitpid(driver, NULL, WNOHANG) != 0)
        driver = 0;
    return driver > 0;
}

/* ---- watching ---- */

static double cpu_s(pid_t pid)
{
    clockid_t clock;
    struct timespec t = {0};

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static redisReply *ask(const char *fmt, ...)
{
    va_list ap;
    redisReply *reply;

    va_start(ap, fmt);
    reply = redisvCommand(raw, fmt, ap);
    va_end(ap);
    if (reply == NULL)
        give_up(raw->errstr);
    return reply;
}

static double ask_number(const char *fmt, const char *name)
{
    redisReply *const reply = ask(fmt, name);
    const double value = reply->type == REDIS_REPLY_INTEGER ? (double)reply->integer
                         : reply->str != NULL               ? strtod(reply->str, NULL)
                                                            : 0;

    freeReplyObject(reply);
    return value;
}

static double info(const char *name)
{
    redisReply *const reply = ask("INFO");
    const char *const at = strstr(reply->str, name);
    const double value = at != NULL ? strtod(at + strlen(name), NULL) : 0;

    freeReplyObject(reply);
    return value;
}

static void check_law(const char *when)
{
    etas_audit audit = {0};
    etas_error err = {0};

    must(etas_queue_audit(queue, world->run, &audit, &err), &err);
    if (audit.exists && !audit.conserved) {
        printf("BROKEN %s: the conservation law\n", when);
        broken = 1;
    }
    etas_audit_free(&audit);
}

typedef struct phase_start {
    agents_phase phase;
    double at_s, server_s, driver_s, farms_s;
} phase_start;

static pid_t server_pid;

static double farms_cpu_s(void)
{
    double sum = 0;

    for (int i = 0; i < FARMS; i++)
        sum += farms[i] > 0 ? cpu_s(farms[i]) : 0;
    return sum;
}

static phase_start begin_phase(agents_phase phase)
{
    atomic_store(&world->phase, phase);
    return (phase_start){phase, etas_clock_s(), cpu_s(server_pid), cpu_s(driver), farms_cpu_s()};
}

static void end_phase(const phase_start *start, const char *name)
{
    static const char *const calls[CALLS] = {
        "hello", "claim",    "beat",    "commit", "reap",
        "bye",   "run beat", "collect", "ack",    "commit to stored"};
    const double took = etas_clock_s() - start->at_s;

    printf("%s: %.1f s; cores used by the server %.2f, the driver %.2f, all agents %.2f\n", name,
           took, (cpu_s(server_pid) - start->server_s) / took,
           (cpu_s(driver) - start->driver_s) / took, (farms_cpu_s() - start->farms_s) / took);
    printf("  %-18s %9s %9s %9s %9s %9s\n", "", "number", "per s", "p50 ms", "p99 ms", "max ms");
    for (int i = 0; i < CALLS; i++) {
        const agents_histogram *const h = &world->histograms[start->phase][i];
        const uint64_t n = atomic_load(&h->count);

        if (n > 0)
            printf("  %-18s %9llu %9.1f %9.2f %9.2f %9.2f\n", calls[i], (unsigned long long)n,
                   (double)n / took, agents_quantile_ms(h, 0.5), agents_quantile_ms(h, 0.99),
                   1e-3 * (double)atomic_load(&h->max_us));
    }
    check_law(name);
    (void)fflush(stdout);
}

static uint64_t hellos(agents_phase phase)
{
    return atomic_load(&world->histograms[phase][CALL_HELLO].count);
}

static double lapse(double start_s)
{
    return etas_clock_s() - start_s;
}

/* ---- the phases ---- */

static void join(void)
{
    const double before = info("used_memory:"), clients = info("connected_clients:");
    const double slots = (double)o.agents * o.slots;
    phase_start start = begin_phase(PHASE_JOIN);
    double all_s = 0, busy_s;

    for (uint32_t i = 0; i < FARMS; i++)
        farms[i] = agents_start_farm(i, start.at_s + 0.2);
    start.at_s += 0.2;
    while ((double)atomic_load(&world->claims) < slots && at_work()) {
        if (all_s == 0 && hellos(PHASE_JOIN) >= o.agents)
            all_s = lapse(start.at_s);
        agents_nap(0.02);
    }
    busy_s = lapse(start.at_s);
    end_phase(&start, "join");
    printf("  all said hello after %.2f s, all %.0f slots had work after %.2f s\n",
           all_s > 0 ? all_s : busy_s, slots, busy_s);
    printf("  server memory %.1f MB, %.1f MB before; %.0f connections, %.1f kB each\n",
           info("used_memory:") / 1e6, before / 1e6, info("connected_clients:"),
           info("mem_clients_normal:") / 1e3 / fmax(1, info("connected_clients:") - clients));
}

static void steady(void)
{
    const phase_start start = begin_phase(PHASE_STEADY);
    const uint64_t claims = atomic_load(&world->claims), commits = atomic_load(&world->commits),
                   bytes = atomic_load(&world->bytes);
    double peak = 0;

    while (lapse(start.at_s) < o.steady_s && at_work()) {
        peak = fmax(peak, info("used_memory:"));
        agents_nap(0.5);
    }
    printf("\n");
    end_phase(&start, "steady");
    printf("  %.1f chunks and %.1f results a second, %.1f MB/s; server memory at most %.1f MB\n",
           (double)(atomic_load(&world->claims) - claims) / lapse(start.at_s),
           (double)(atomic_load(&world->commits) - commits) / lapse(start.at_s),
           (double)(atomic_load(&world->bytes) - bytes) / 1e6 / lapse(start.at_s), peak / 1e6);
}

/* Every connection is cut at once. */
static void reconnect(void)
{
    const phase_start start = begin_phase(PHASE_RECONNECT);
    double all_s;

    freeReplyObject(ask("CLIENT KILL TYPE normal SKIPME yes"));
    while (hellos(PHASE_RECONNECT) < o.agents && lapse(start.at_s) < 120 && at_work())
        agents_nap(0.02);
    all_s = lapse(start.at_s);
    printf("\n");
    etas_queue_disconnect(queue);
    end_phase(&start, "reconnect");
    printf("  all said hello again after %.2f s\n", all_s);
}

/* The last farm vanishes; what it held at that moment is followed. */
static void lose_agents(void)
{
    const uint32_t gone = FARMS;
    uint64_t n = 0, held = 1, left = 1, *lost = calloc(world->n_parts, sizeof *lost);
    double taken_s = 0;
    const phase_start start = begin_phase(PHASE_LOSS);

    if (lost == NULL)
        give_up("out of memory");
    kill(farms[gone - 1], SIGKILL);
    (void)waitpid(farms[gone - 1], NULL, 0);
    farms[gone - 1] = 0;
    for (uint64_t i = 0; i < world->n_parts; i++)
        if (atomic_load(&world->parts[i].holder) == gone &&
            atomic_load(&world->parts[i].stored) == 0)
            lost[n++] = i;
    while (left > 0 && lapse(start.at_s) < 20 * (o.lease_s + o.task_s) && at_work()) {
        held = left = 0;
        for (uint64_t i = 0; i < n; i++) {
            const bool waits = atomic_load(&world->parts[lost[i]].stored) == 0;

            left += waits;
            held += waits && atomic_load(&world->parts[lost[i]].holder) == gone;
        }
        if (taken_s == 0 && held == 0)
            taken_s = lapse(start.at_s);
        agents_nap(0.02);
    }
    printf("\n");
    printf("loss: %u agents vanished with %llu parts; claimed again after %.1f s, stored after "
           "%.1f s\n",
           o.agents / FARMS, (unsigned long long)n, taken_s, lapse(start.at_s));
    end_phase(&start, "loss");
    free(lost);
}

/* Until the driver has everything, then the agents are told to leave. */
static void finish(void)
{
    const phase_start start = begin_phase(PHASE_REST);
    uint64_t missing = 0, marked = 0, law_at = 0;
    double gone_s;
    etas_error err = {0};

    while (at_work()) {
        agents_nap(0.1);
        if (++law_at % 50 == 0)
            check_law("at the end");
    }
    printf("\nthe rest: %.1f s until the driver had everything\n", lapse(start.at_s));
    gone_s = etas_clock_s();
    must(etas_queue_stop(queue, false, 0, NULL, &marked, &err), &err);
    for (int i = 0; i < FARMS; i++)
        if (farms[i] > 0 && waitpid(farms[i], NULL, 0) > 0)
            farms[i] = 0;
    printf("%llu agents told to stop: all gone after %.1f s\n", (unsigned long long)marked,
           lapse(gone_s));
    for (uint64_t i = 0; i < world->n_parts; i++)
        missing += atomic_load(&world->parts[i].stored) == 0;
    printf("%llu catalogues of %llu stored, %llu of them came more than once; %llu warnings\n",
           (unsigned long long)atomic_load(&world->stored),
           (unsigned long long)(world->n_parts * PART_CATALOGS),
           (unsigned long long)atomic_load(&world->repeated),
           (unsigned long long)atomic_load(&world->warnings));
    if (missing > 0 || atomic_load(&world->driver_status) != ETAS_OK ||
        atomic_load(&world->stored) != world->n_parts * PART_CATALOGS ||
        ask_number("ZCARD %s", "etas:{default}:v1:leases") > 0 ||
        ask_number("ZCARD %s", "etas:{default}:v1:held") > 0) {
        printf("BROKEN: %llu parts are missing, or something was left behind\n",
               (unsigned long long)missing);
        broken = 1;
    }
}

/* ---- the start ---- */

static void read_options(int argc, char **argv)
{
    static const struct option names[] = {{"socket", 1, NULL, 's'},
                                          {"port", 1, NULL, 'p'},
                                          {"dir", 1, NULL, 'd'},
                                          {"agents", 1, NULL, 'a'},
                                          {"slots", 1, NULL, 'n'},
                                          {"task", 1, NULL, 't'},
                                          {"frame", 1, NULL, 'f'},
                                          {"steady", 1, NULL, 'y'},
                                          {"lease", 1, NULL, 'l'},
                                          {"kill", 0, &o.kill, 1},
                                          {"reconnect", 0, &o.reconnect, 1},
                                          {0}};
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) >= 0)
        switch (c) {
        case 's':
            o.socket = optarg;
            break;
        case 'p':
            o.port = (uint32_t)atoi(optarg);
            break;
        case 'd':
            o.dir = optarg;
            break;
        case 'a':
            o.agents = (uint32_t)atoi(optarg) / FARMS * FARMS;
            break;
        case 'n':
            o.slots = (uint32_t)atoi(optarg);
            break;
        case 't':
            o.task_s = strtod(optarg, NULL);
            break;
        case 'f':
            o.frame_bytes = strtod(optarg, NULL);
            break;
        case 'y':
            o.steady_s = strtod(optarg, NULL);
            break;
        case 'l':
            o.lease_s = strtod(optarg, NULL);
            break;
        case 0:
            break;
        default:
            exit(2);
        }
    if ((o.socket == NULL && o.port == 0) || o.dir == NULL || o.agents == 0 || o.slots == 0) {
        (void)fprintf(stderr, "usage: bench_agents --socket PATH | --port N, --dir FOLDER ...\n");
        exit(2);
    }
}

/* Work for all phases and a bit: what is lost with its agents is made again by the others. */
static uint64_t parts_needed(uint32_t per_chunk)
{
    const double slots = (double)o.agents * o.slots;
    const double lasting = 2 + o.task_s + o.steady_s + (o.reconnect ? 4 : 0);
    const double alone = o.kill ? 1.2 * o.lease_s + 2 * o.task_s : 0;

    return (uint64_t)(slots * (lasting + 0.5 * alone) / o.task_s + slots) * per_chunk;
}

static void make_world(void)
{
    const uint32_t per_chunk = (uint32_t)fmax(1, round(o.task_s / part_wish_s));
    const uint64_t n = parts_needed(per_chunk);
    const size_t size = sizeof *world + n * sizeof world->parts[0];

    world = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (world == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    agents_shared = world;
    world->options = o;
    world->parts_per_chunk = per_chunk;
    world->events_per_part = (uint32_t)(o.frame_bytes / event_bytes);
    world->n_parts = n;
    world->driver_status = -1;
    etas_format(sizeof world->store_path, world->store_path, "%s/agents.store", o.dir);
}

int main(int argc, char **argv)
{
    struct rlimit files;
    etas_redis_options redis;
    etas_error err = {0};

    read_options(argc, argv);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    make_world();
    raw = o.socket != NULL ? redisConnectUnix(o.socket) : redisConnect("127.0.0.1", (int)o.port);
    if (raw == NULL || raw->err != 0)
        give_up("cannot connect to the server");
    redis = agents_server();
    must(etas_queue_open(&queue, &redis, &err), &err);
    must(etas_queue_check(queue, &err), &err);
    server_pid = (pid_t)info("process_id:");
    printf("%u agents of %u slots; chunks of %g s in %u parts of about %.1f kB; lease %g s\n",
           o.agents, o.slots, o.task_s, world->parts_per_chunk, o.frame_bytes * 1e-3, o.lease_s);
    driver = agents_start_driver();
    join();
    steady();
    if (o.reconnect)
        reconnect();
    if (o.kill)
        lose_agents();
    finish();
    tidy();
    etas_queue_close(queue);
    redisFree(raw);
    return broken;
}
