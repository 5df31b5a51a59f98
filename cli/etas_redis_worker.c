/* etas-redis-worker: makes catalogues for whoever submits them to the pool. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <gsl/gsl_errno.h>

#include "etas/codec.h"
#include "etas/runner.h"
#include "job_time.h"
#include "options.h"
#include "redis_options.h"
#include "talk.h"
#include "version.h"

enum { MAX_PROCESSES = 4096, OWN_OPTIONS = 8, GRACE_S = 3 };

#define HOST_CHARACTERS                                    \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
    "0123456789._:+-"

static volatile sig_atomic_t signals_seen;
static int wake[2] = {-1, -1};

/* What batch systems send, in any number: the first one counts. */
static void on_notice(int number)
{
    const int saved = errno;

    (void)number;
    if (signals_seen == 0)
        signals_seen = 1;
    (void)!write(wake[1], "", 1);
    errno = saved;
}

static void on_signal(int number)
{
    static volatile sig_atomic_t n;
    const int saved = errno;

    (void)number;
    if (n < 2)
        n = n + 1;
    if (n > signals_seen)
        signals_seen = n;
    if (signals_seen == 2)
        (void)alarm(GRACE_S); /* it may be waiting for a server that does not answer */
    (void)!write(wake[1], "", 1);
    errno = saved;
}

static void on_alarm(int number)
{
    (void)number;
    _exit(EXIT_INTERRUPTED);
}

static bool watch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal}, last = {.sa_handler = on_alarm},
                           notice = {.sa_handler = on_notice};

    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    (void)signal(SIGPIPE, SIG_IGN);
    return sigaction(SIGALRM, &last, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0 &&
           sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGUSR1, &notice, NULL) == 0 &&
           sigaction(SIGUSR2, &notice, NULL) == 0;
}

/* CPUs that this process may use: a batch system gives fewer than the machine has. */
static uint64_t usable_cpus(void)
{
    cpu_set_t set;
    long n;

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (uint64_t)CPU_COUNT(&set);
    n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (uint64_t)n : 1;
}

typedef struct own_options {
    uint64_t processes, slot_memory;
    double runtime_s, idle_s, stall_s;
    const char *kernels, *host_name;
    bool version;
} own_options;

static const command_usage usage = {
    .name = "etas-redis-worker",
    .synopsis = "[OPTIONS]",
    .about = "Simulates catalogues for the forecasts of a pool: those that run now and those that\n"
             "come, until it is told to stop. May start before, during and after a forecast.\n"
             "SIGTERM or SIGINT: hand over what is finished, give back the rest, leave; the\n"
             "second one: leave at once."};

static options_outcome check(const own_options *own)
{
    if (own->processes == 0 || own->processes > MAX_PROCESSES)
        return options_complain(&usage, "--processes is not within 1 .. %d", MAX_PROCESSES);
    if (own->host_name != NULL && (strlen(own->host_name) > 63 || own->host_name[0] == '\0' ||
                                   own->host_name[strspn(own->host_name, HOST_CHARACTERS)] != '\0'))
        return options_complain(&usage, "--host-name: 1 to 63 letters, digits or any of . _ : + -");
    return options_check_kernels(&usage, own->kernels);
}

static int work(const own_options *own, const redis_options *redis, talk *out)
{
    uint8_t id[16];
    char hex[33];
    const etas_worker_config cfg = {.redis = redis->queue,
                                    .processes = (uint32_t)own->processes,
                                    .runtime_s = job_time_left_s(own->runtime_s, &out->log),
                                    .idle_timeout_s = own->idle_s,
                                    .stall_s = own->stall_s,
                                    .slot_memory_bytes = own->slot_memory,
                                    .kernels = own->kernels,
                                    .agent_id = id,
                                    .host_name = own->host_name,
                                    .signals = &signals_seen,
                                    .wake_fd = wake[0],
                                    .log = &out->log};
    etas_error err = {0};
    etas_status st;

    if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
        return talk_fail(out, etas_fail(&err, ETAS_E_IO, "no random bits for the agent's id"),
                         &err);
    talk_subject(out, "agent", etas_hex(sizeof id, id, hex));
    st = etas_worker_run(&cfg, &err);
    return st == ETAS_OK ? 0 : talk_fail(out, st, &err);
}

static int run(int argc, char *argv[])
{
    own_options own = {
        .processes = usable_cpus(), .runtime_s = NAN, .idle_s = INFINITY, .stall_s = 300};
    const option_spec own_specs[OWN_OPTIONS] = {
        {"processes", 'n', OPTION_COUNT, &own.processes, "N",
         "catalogues simulated at the same time (default: the CPUs it may use)"},
        {"runtime", 0, OPTION_DURATION, &own.runtime_s, "TIME",
         "leave after 30s, 15m, 2h, 0.5d (default: in time for the end of a Slurm job,\n"
         "else never; 0: never)"},
        {"idle-timeout", 0, OPTION_DURATION, &own.idle_s, "TIME",
         "leave after so long without work (default: never)"},
        {"stall", 0, OPTION_DURATION, &own.stall_s, "TIME",
         "end a process that makes no progress for so long (default 5m)"},
        {"slot-memory", 0, OPTION_SIZE, &own.slot_memory, "SIZE",
         "the most memory of each process, such as 512M or 2G: a catalogue that needs\n"
         "more fails, and the machine does not run out of it (default: no limit)"},
        {"host-name", 0, OPTION_TEXT, &own.host_name, "NAME",
         "what this machine is called in the pool (default: its host name); workers of\n"
         "one name count as one machine"},
        {"kernels", 0, OPTION_TEXT, &own.kernels, "SET",
         "scalar, avx2 or avx512 (default: the best of this CPU; the results are equal)"},
        {"version", 0, OPTION_FLAG, &own.version, NULL, "print the version and exit"}};
    option_spec redis_specs[REDIS_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {{OWN_OPTIONS, own_specs},
                                   {REDIS_OPTIONS, redis_specs},
                                   {TALK_OPTIONS - 1, talk_specs + 1}, /* without --progress */
                                   {0, NULL}};
    redis_options redis;
    talk out;
    size_t n_arguments = 0;
    options_outcome outcome;

    talk_init(&out, usage.name);
    talk_options(&out, talk_specs);
    redis_options_init(&redis);
    redis_options_table(&redis, redis_specs);
    outcome = options_parse(&usage, tables, argc, argv, NULL, &n_arguments);
    if (outcome == OPTIONS_RUN && own.version) {
        version_print_all(usage.name);
        return 0;
    }
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&out, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = redis_options_start(&redis, &usage, argc, argv, &out.log);
    if (outcome == OPTIONS_RUN)
        outcome = check(&own);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    if (!watch_signals()) {
        (void)fprintf(stderr, "%s: signals: %s\n", usage.name, strerror(errno));
        return 1;
    }
    return work(&own, &redis, &out);
}

int main(int argc, char *argv[])
{
    int exit_code;

    (void)gsl_set_error_handler_off(); /* it aborts, and slots have memory limits */
    if (etas_slot_main(argc, argv, &exit_code))
        return exit_code;
    talk_open_standard();
    return talk_close_stdout(usage.name, run(argc, argv));
}
