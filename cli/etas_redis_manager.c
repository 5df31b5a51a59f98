/* etas-redis-manager: looks at a pool and steers it. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "etas/array.h"
#include "etas/queue.h"
#include "etas/text.h"
#include "options.h"
#include "redis_options.h"
#include "talk.h"

enum { MAX_ARGUMENTS = 1024, OWN_OPTIONS = 5, PATIENCE_S = 10, DRIVER_GONE_S = 60 };

typedef struct manager {
    talk out;
    redis_options redis;
    etas_queue *queue;
    bool json, check, now, watch, version;
    size_t n;
    const char *arguments[MAX_ARGUMENTS]; /* after the command */
} manager;

static const command_usage usage = {
    .name = "etas-redis-manager",
    .synopsis = "COMMAND [AGENT...] [OPTIONS]",
    .about =
        "Commands:\n"
        "  info              who works, and how far the runs are\n"
        "  stop [AGENT...]   the agents registered now (or those named, by id or the start of\n"
        "                    it) finish their current chunks and leave; --now: give them back\n"
        "  reset-workers     forget every agent and queue again what they held; safe at any time\n"
        "  init              load the function library into the server",
    .max_arguments = MAX_ARGUMENTS};

/* ---- info ---- */

static double eta_s(const etas_run_info *run)
{
    const uint64_t done = run->meta.stored + run->dead;

    if (run->meta.n_catalogs <= done)
        return 0;
    return run->rate > 0 ? (double)(run->meta.n_catalogs - done) / run->rate : NAN;
}

static void format_eta(double seconds, size_t capacity, char out[])
{
    if (!isfinite(seconds))
        etas_format(capacity, out, "-");
    else if (seconds < 120)
        etas_format(capacity, out, "%.0f s", seconds);
    else if (seconds < 7200)
        etas_format(capacity, out, "%.0f min", seconds / 60);
    else
        etas_format(capacity, out, "%.1f h", seconds / 3600);
}

static const char *state_of(const etas_run_info *run)
{
    if (run->finished)
        return "finished";
    return run->cancelled ? "cancelled" : "open";
}

static void print_first_lines(const etas_pool_info *pool)
{
    char eta[32], state[80];

    if (pool->n_runs == 0)
        (void)printf("Workers=%" PRIu64 " Evaluations=%" PRIu64 " Progress=0/0 (no run)\n",
                     pool->live_slots, pool->simulated);
    for (size_t i = 0; i < pool->n_runs; i++) {
        const etas_run_info *run = &pool->runs[i];

        format_eta(eta_s(run), sizeof eta, eta);
        if (run->finished || run->cancelled)
            etas_format(sizeof state, state, "%s", state_of(run));
        else if (run->driver_silent_s > DRIVER_GONE_S)
            etas_format(sizeof state, state, "no driver for %.0f min", run->driver_silent_s / 60);
        else
            etas_format(sizeof state, state, "%.0f/s, ETA %s", run->rate, eta);
        (void)printf("Workers=%" PRIu64 " Evaluations=%" PRIu64 " Progress=%" PRIu64 "/%" PRIu64
                     " (run %.6s, %s)\n",
                     pool->live_slots, run->simulated, run->meta.stored, run->meta.n_catalogs,
                     run->meta.id, state);
    }
}

static void print_details(const manager *self, const etas_pool_info *pool)
{
    const char *name = self->redis.queue.pool != NULL ? self->redis.queue.pool : "default";

    (void)printf("pool \"%s\" at %s, Redis %s%s\n", name, etas_queue_host(self->queue),
                 pool->server_version, pool->paused ? ", paused" : "");
    (void)printf("agents: %" PRIu64 " (%" PRIu64 " busy, %" PRIu64 " idle), stale %" PRIu64
                 ", incompatible %" PRIu64 "\n",
                 pool->agents, pool->busy, pool->idle, pool->stale, pool->incompatible);
    for (size_t i = 0; i < pool->n_runs; i++) {
        const etas_run_info *run = &pool->runs[i];

        (void)printf("run %s (%s), driver on %s", run->meta.id, state_of(run),
                     run->meta.name[0] != '\0' ? run->meta.name : "an unknown host");
        if (!run->finished)
            (void)printf(" heard %.0f s ago", run->driver_silent_s);
        (void)printf("\n  catalogues: pending %" PRIu64 ", leased %" PRIu64 ", waiting for the "
                     "driver %" PRIu64 ", dead %" PRIu64 ", repeated %" PRIu64 "\n",
                     run->pending, run->leased, run->out, run->dead, run->repeated);
        (void)printf("  results held: %.1f of %.1f MiB%s\n", (double)run->out_bytes / 1048576.0,
                     (double)run->mark_bytes / 1048576.0,
                     run->conserved ? "" : "; the books do not balance");
    }
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *number_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *run_to_json(const etas_run_info *run)
{
    char seed[24];

    etas_format(sizeof seed, seed, "%" PRIu64, run->meta.seed); /* 64 bits: not all readers do */
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b}", "id",
        run->meta.id, "driver", run->meta.name, "state", state_of(run), "seed", seed, "model",
        run->meta.model_sha256, "epoch", count(run->meta.epoch), "total",
        count(run->meta.n_catalogs), "stored", count(run->meta.stored), "evaluations",
        count(run->simulated), "pending", count(run->pending), "leased", count(run->leased), "out",
        count(run->out), "dead", count(run->dead), "repeated", count(run->repeated), "out_bytes",
        count(run->out_bytes), "mark_bytes", count(run->mark_bytes), "rate",
        number_or_null(run->rate), "eta_s", number_or_null(eta_s(run)), "driver_silent_s",
        number_or_null(run->driver_silent_s), "conserved", run->conserved);
}

static bool print_json(const manager *self, const etas_pool_info *pool)
{
    json_t *runs = json_array(), *root;
    char *text;
    bool ok = true;

    for (size_t i = 0; i < pool->n_runs; i++)
        ok = json_array_append_new(runs, run_to_json(&pool->runs[i])) == 0 && ok;
    root = json_pack("{s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "pool",
                     self->redis.queue.pool != NULL ? self->redis.queue.pool : "default", "server",
                     etas_queue_host(self->queue), "redis", pool->server_version, "paused",
                     pool->paused, "workers", count(pool->live_slots), "agents",
                     count(pool->agents), "busy", count(pool->busy), "idle", count(pool->idle),
                     "stale", count(pool->stale), "incompatible", count(pool->incompatible),
                     "evaluations", count(pool->simulated), "runs", runs);
    text = ok && root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    if (text != NULL)
        (void)puts(text);
    ok = text != NULL;
    free(text);
    json_decref(root);
    return ok;
}

static int info(manager *self)
{
    etas_pool_info pool = {0};
    etas_error err = {0};
    etas_status st = etas_queue_info(self->queue, &pool, &err);
    int code = 0;

    if (st == ETAS_OK && self->json && !print_json(self, &pool))
        st = ETAS_E_NOMEM;
    if (st != ETAS_OK) {
        code = talk_fail(&self->out, st, &err);
    } else if (!self->json) {
        print_first_lines(&pool);
        print_details(self, &pool);
    }
    for (size_t i = 0; code == 0 && self->check && i < pool.n_runs; i++)
        if (!pool.runs[i].conserved)
            code = talk_fail(&self->out,
                             etas_fail(&err, ETAS_E_CORRUPT, "run %.6s breaks the conservation law",
                                       pool.runs[i].meta.id),
                             &err);
    etas_pool_info_free(&pool);
    return code;
}

/* ---- the others ---- */

/* The registered agent that @p text names, whole or by its start. */
static etas_status find_agent(size_t n, const etas_agent_info agents[], const char *text,
                              const char **id, etas_error *err)
{
    const size_t len = strlen(text);
    size_t hits = 0;

    for (size_t i = 0; i < n; i++)
        if (strncmp(agents[i].agent.id, text, len) == 0) {
            *id = agents[i].agent.id;
            hits++;
        }
    if (hits == 1)
        return ETAS_OK;
    return etas_fail(err, ETAS_E_ARG, hits == 0 ? "no agent \"%s\"" : "several agents \"%s...\"",
                     text);
}

static int stop(manager *self)
{
    etas_agent_info *agents = NULL;
    size_t n = 0;
    uint64_t marked = 0;
    etas_error err = {0};
    etas_status st = ETAS_OK;

    if (self->n > 0)
        st = etas_queue_agents(self->queue, &agents, &n, &err);
    for (size_t i = 0; st == ETAS_OK && i < self->n; i++)
        st = find_agent(n, agents, self->arguments[i], &self->arguments[i], &err);
    if (st == ETAS_OK)
        st = etas_queue_stop(self->queue, self->now, self->n, self->arguments, &marked, &err);
    etas_array_free((void **)&agents);
    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("told %" PRIu64 " agents to stop%s\n", marked, self->now ? " now" : "");
    return 0;
}

static int reset_workers(manager *self)
{
    uint64_t agents = 0, catalogs = 0;
    etas_error err = {0};
    const etas_status st = etas_queue_reset(self->queue, &agents, &catalogs, &err);

    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("forgot %" PRIu64 " agents; %" PRIu64 " catalogues are pending again\n", agents,
                 catalogs);
    return 0;
}

static int init_server(manager *self)
{
    etas_error err = {0};
    const etas_status st = etas_queue_check(self->queue, &err);

    if (st != ETAS_OK)
        return talk_fail(&self->out, st, &err);
    (void)printf("the function library is loaded at %s\n", etas_queue_host(self->queue));
    return 0;
}

typedef struct command {
    const char *name;
    int (*run)(manager *self); /* NULL: not supported yet */
    bool takes_agents;
} command;

static const command commands[] = {
    {"info", info, false},        {"stop", stop, true},     {"reset-workers", reset_workers, false},
    {"init", init_server, false}, {"workers", NULL, false}, {"runs", NULL, false},
    {"pause", NULL, false},       {"resume", NULL, false},  {"cancel", NULL, true},
    {"dead", NULL, true},         {"retry", NULL, true},    {"purge", NULL, true},
    {"doctor", NULL, false}};

static const command *find_command(const manager *self, const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const command *c = &commands[i];

        if (strcmp(c->name, name) != 0)
            continue;
        if (c->run == NULL)
            (void)options_complain(&usage, "%s is not supported yet", name);
        else if (self->n > 0 && !c->takes_agents)
            (void)options_complain(&usage, "%s takes no argument (\"%s\")", name,
                                   self->arguments[0]);
        else
            return c;
        return NULL;
    }
    (void)options_complain(&usage, "unknown command \"%s\"", name);
    return NULL;
}

/* Parses everything; what is left to do is *run, or nothing. */
static options_outcome start(manager *self, int argc, char *argv[], const command **run)
{
    const option_spec own[OWN_OPTIONS] = {
        {"json", 0, OPTION_FLAG, &self->json, NULL, "info: as JSON"},
        {"check", 0, OPTION_FLAG, &self->check, NULL,
         "info: exit 1 when a run's catalogues do not add up"},
        {"now", 0, OPTION_FLAG, &self->now, NULL, "stop: give back the current chunks"},
        {"watch", 0, OPTION_LATER, &self->watch, NULL, NULL},
        {"version", 0, OPTION_FLAG, &self->version, NULL, "print the version and exit"}};
    option_spec redis[REDIS_OPTIONS], talking[TALK_OPTIONS];
    const option_table tables[] = {
        {OWN_OPTIONS, own}, {REDIS_OPTIONS, redis}, {TALK_OPTIONS - 1, talking + 1}, {0, NULL}};
    const char *arguments[MAX_ARGUMENTS];
    options_outcome outcome;

    talk_init(&self->out, usage.name);
    talk_options(&self->out, talking);
    redis_options_init(&self->redis);
    redis_options_table(&self->redis, redis);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &self->n);
    if (outcome == OPTIONS_RUN && self->version) {
        (void)printf("%s %s\n", usage.name, ETAS_RELEASE);
        return OPTIONS_DONE;
    }
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->out, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = redis_options_start(&self->redis, &usage, argc, argv, &self->out.log);
    if (outcome != OPTIONS_RUN)
        return outcome;
    if (self->n == 0) {
        (void)options_complain(&usage, "which command?");
        return OPTIONS_USAGE;
    }
    self->n--;
    memcpy(self->arguments, arguments + 1, self->n * sizeof arguments[0]);
    *run = find_command(self, arguments[0]);
    return *run != NULL ? OPTIONS_RUN : OPTIONS_USAGE;
}

static int manage(int argc, char *argv[])
{
    static manager self;
    const command *run = NULL;
    etas_error err = {0};
    etas_status st;
    int code;

    switch (start(&self, argc, argv, &run)) {
    case OPTIONS_RUN:
        break;
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_USAGE:
        return EXIT_USAGE;
    }
    self.redis.queue.command_timeout_s = PATIENCE_S; /* somebody watches */
    st = etas_queue_open(&self.queue, &self.redis.queue, &err);
    if (st == ETAS_E_ARG) {
        (void)options_complain(&usage, "%s", err.text);
        return EXIT_USAGE;
    }
    code = st == ETAS_OK ? run->run(&self) : talk_fail(&self.out, st, &err);
    etas_queue_close(self.queue);
    return code;
}

int main(int argc, char *argv[])
{
    (void)signal(SIGPIPE, SIG_IGN);
    talk_open_standard();
    return talk_close_stdout(usage.name, manage(argc, argv));
}
