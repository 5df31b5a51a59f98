#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "bench_case.h"
#include "commands.h"
#include "etas/array.h"
#include "etas/codec.h"
#include "etas/kernels.h"
#include "etas/text.h"
#include "etas/version.h"
#include "forecast.h"
#include "table.h"
#include "watch.h"

enum { OWN_OPTIONS = 7, MOST_CASES = 24, MOST_SLOTS = 4096 };

static const command_usage usage = {
    .name = "etas bench",
    .synopsis = "[CONFIG] [OPTIONS]",
    .about =
        "Measure how fast this machine simulates the forecast of CONFIG (default: the example "
        "that\n"
        "comes with the program): in one process with each of the kernels, in 1, 2, 4, ...\n"
        "processes, and over a private Redis server; the shortest of some runs each. All of them\n"
        "must make the same catalogues. Nothing is written.",
    .max_arguments = 1,
};

typedef struct bench {
    uint64_t n_catalogs, processes, repeat;
    double seconds;
    const char *seed_text;
    bool json, allow_supercritical;
    const char *config_path;
    talk t;
    etas_log quiet; /* of the runs: what goes wrong alone */
    etas_config cfg;
    bench_workload work;
    uint8_t *blob; /* etas_array */
    size_t n_cases;
    bench_case cases[MOST_CASES];
} bench;

/* ---- the model ---- */

/* Beside the programs of an installation, or in the checkout of which this is a build. */
static char *find_example(void)
{
    static const char *const places[] = {"../share/etas/examples/forecast.json",
                                         "../../../examples/forecast.json"};
    char program[4096];
    const ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    char *slash, *found = NULL;

    if (len <= 0)
        return NULL;
    program[len] = '\0';
    slash = strrchr(program, '/');
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places && found == NULL; i++) {
        etas_text path = {0};

        if (etas_text_printf(&path, "%s/%s", program, places[i]) == ETAS_OK)
            found = realpath(path.data, NULL);
        etas_text_free(&path);
    }
    return found;
}

static etas_status make_model(bench *self, const char *path, etas_error *err)
{
    run_options options;
    forecast fc = {.cfg = &self->cfg, .options = &options, .t = &self->t};
    etas_mixture mixture = {0};
    run_phases phases;
    size_t len = 0;
    etas_status st = etas_config_load(&self->cfg, path, ETAS_CONFIG_FORECAST, &self->t.log, err);

    run_options_init(&options);
    options.allow_supercritical = self->allow_supercritical;
    fit_options_init(&fc.fit);
    free(self->cfg.data_path); /* the results of the inversion are not kept */
    self->cfg.data_path = NULL;
    if (st == ETAS_OK)
        st = forecast_make_models(&fc, &mixture, &phases, err);
    if (st == ETAS_OK)
        st = etas_mixture_encode(&mixture, &self->blob, &len, err);
    self->work.blob = self->blob;
    self->work.len = len;
    etas_mixture_free(&mixture);
    run_options_free(&options);
    return st;
}

/* ---- the cases ---- */

static const char *best_kernels(void)
{
    size_t n = 0;

    while (etas_kernels_here(n + 1) != NULL)
        n++;
    return etas_kernels_here(n);
}

static void add_case(bench *self, etas_backend backend, uint64_t slots, const char *kernels)
{
    if (self->n_cases < MOST_CASES)
        self->cases[self->n_cases++] =
            (bench_case){.backend = backend, .slots = (uint32_t)slots, .kernels = kernels};
}

/* The first one is what the others are compared with. */
static void list_cases(bench *self)
{
    const char *const best = best_kernels();

    add_case(self, ETAS_BACKEND_SERIAL, 1, best);
    for (size_t i = 0; etas_kernels_here(i) != best; i++)
        add_case(self, ETAS_BACKEND_SERIAL, 1, etas_kernels_here(i));
    for (uint64_t n = 1; n < self->processes; n *= 2)
        add_case(self, ETAS_BACKEND_PROCESSES, n, best);
    add_case(self, ETAS_BACKEND_PROCESSES, self->processes, best);
    add_case(self, ETAS_BACKEND_REDIS, self->processes, best);
}

static const char *backend_name(const bench_case *c)
{
    return c->backend == ETAS_BACKEND_SERIAL      ? "serial"
           : c->backend == ETAS_BACKEND_PROCESSES ? "processes"
                                                  : "embedded redis";
}

/* A machine without a Redis server has the other rows all the same. */
static bool may_lack(const bench_case *c, etas_status st)
{
    return c->backend == ETAS_BACKEND_REDIS && (st == ETAS_E_IO || st == ETAS_E_TIMEOUT);
}

static etas_status measure(bench *self, etas_error *err)
{
    for (size_t i = 0; i < self->n_cases; i++) {
        bench_case *const c = &self->cases[i];
        etas_error why = {0};
        char line[512];
        etas_status st;

        talk_show(
            &self->t,
            &(talk_progress){.what = "measuring", .done = i, .total = self->n_cases, .eta_s = NAN});
        st = bench_case_run(c, &self->work, &why);
        if (st == ETAS_OK && memcmp(c->digest, self->cases[0].digest, sizeof c->digest) != 0)
            st = etas_fail(&why, ETAS_E_CORRUPT, "other catalogues than %s with %s",
                           backend_name(&self->cases[0]), self->cases[0].kernels);
        if (st == ETAS_OK)
            continue;
        talk_show_end(&self->t);
        etas_error_format(&why, sizeof line, line);
        if (!may_lack(c, st))
            return etas_fail(err, st, "%s, %u slots, %s: %s", backend_name(c), c->slots, c->kernels,
                             line);
        etas_log_write(&self->t.log, ETAS_LOG_WARN, "%s is left out: %s", backend_name(c), line);
    }
    talk_show_end(&self->t);
    return ETAS_OK;
}

static etas_status run(bench *self, const char *path, etas_error *err)
{
    etas_status st = make_model(self, path, err);

    self->work.n_catalogs = self->n_catalogs;
    if (st == ETAS_OK && self->n_catalogs == OPTION_UNSET)
        st = bench_size(&self->work, best_kernels(), self->seconds, &self->work.n_catalogs, err);
    list_cases(self);
    return st == ETAS_OK ? measure(self, err) : st;
}

/* ---- the results ---- */

static double per_second(const bench *self, const bench_case *c)
{
    return (double)self->work.n_catalogs / c->seconds;
}

/* Of the slots: 1 when each is as fast as the serial run. */
static double efficiency(const bench *self, const bench_case *c)
{
    return self->cases[0].seconds / c->seconds / c->slots;
}

static etas_status print_table(const bench *self, const char *path, etas_error *err)
{
    static const table_column columns[] = {{"backend", true, 0},   {"slots", false, 0},
                                           {"kernels", true, 0},   {"seconds", false, 0},
                                           {"cat/s", false, 0},    {"events/s", false, 0},
                                           {"speed-up", false, 0}, {"efficiency", false, 0}};
    char number[TABLE_NUMBER], sha[65];
    table rows;
    etas_status st;

    printf(
        "%s: %" PRIu64 " catalogues, %" PRIu64 " events, seed %" PRIu64 ", the best of %u runs\n\n",
        path, self->work.n_catalogs, self->cases[0].n_events, self->work.seed, self->work.repeat);
    table_init(&rows, sizeof columns / sizeof *columns, columns);
    for (size_t i = 0; i < self->n_cases; i++) {
        const bench_case *const c = &self->cases[i];

        if (isnan(c->seconds))
            continue;
        table_add(&rows, "%s", backend_name(c));
        table_add(&rows, "%u", c->slots);
        table_add(&rows, "%s", c->kernels);
        table_add(&rows, "%s", table_seconds(c->seconds, number));
        table_add(&rows, "%s", table_rate(per_second(self, c), number));
        table_add(&rows, "%s", table_rate((double)c->n_events / c->seconds, number));
        table_add(&rows, "%.2f", self->cases[0].seconds / c->seconds);
        table_add(&rows, "%s", table_share(efficiency(self, c), 1, number));
    }
    st = table_print(&rows, 0, err);
    table_free(&rows);
    if (st == ETAS_OK)
        printf("\nall of them made the same catalogues (SHA-256 %.16s)\n",
               etas_hex(sizeof self->cases[0].digest, self->cases[0].digest, sha));
    return st;
}

static json_t *json_case(const bench *self, const bench_case *c)
{
    return json_pack("{s:s,s:i,s:s,s:f,s:f,s:f,s:f,s:f}", "backend", backend_name(c), "slots",
                     (int)c->slots, "kernels", c->kernels, "seconds", c->seconds, "catalogs_per_s",
                     per_second(self, c), "events_per_s", (double)c->n_events / c->seconds,
                     "speed_up", self->cases[0].seconds / c->seconds, "efficiency",
                     efficiency(self, c));
}

static etas_status print_json(const bench *self, const char *path, etas_error *err)
{
    char sha[65];
    json_t *const rows = json_array();

    for (size_t i = 0; i < self->n_cases; i++)
        if (!isnan(self->cases[i].seconds))
            (void)json_array_append_new(rows, json_case(self, &self->cases[i]));
    return watch_print_json(
        0,
        json_pack("{s:s,s:s,s:I,s:I,s:s,s:i,s:s,s:o}", "version", etas_version(), "config", path,
                  "n_catalogs", (json_int_t)self->work.n_catalogs, "n_events",
                  (json_int_t)self->cases[0].n_events, "sha256",
                  etas_hex(sizeof self->cases[0].digest, self->cases[0].digest, sha), "repeat",
                  (int)self->work.repeat, "seed", self->seed_text != NULL ? self->seed_text : "1",
                  "cases", rows),
        err);
}

/* ---- */

static options_outcome check(bench *self)
{
    if (self->n_catalogs == 0 ||
        (self->n_catalogs != OPTION_UNSET && self->n_catalogs > ETAS_MAX_CATALOGS))
        return options_complain(&usage, "-n is not within 1 .. 2^48");
    if (self->processes == 0 || self->processes > MOST_SLOTS)
        return options_complain(&usage, "--processes is not within 1 .. %d", MOST_SLOTS);
    if (self->repeat == 0 || self->repeat > 1000)
        return options_complain(&usage, "--repeat is not within 1 .. 1000");
    if (!(self->seconds > 0))
        return options_complain(&usage, "--seconds is not positive");
    self->work.repeat = (uint32_t)self->repeat;
    return options_seed(&usage, self->seed_text != NULL ? self->seed_text : "1", &self->work.seed);
}

static options_outcome parse(bench *self, int argc, char *argv[])
{
    const option_spec own[OWN_OPTIONS] = {
        {"n-simulations", 'n', OPTION_COUNT, &self->n_catalogs, "N",
         "catalogues of each run (default: what takes --seconds in one process)"},
        {"seconds", 0, OPTION_DURATION, &self->seconds, "TIME",
         "length of a run in one process (default 1s)"},
        {"processes", 0, OPTION_COUNT, &self->processes, "N",
         "the most processes (default: one per CPU)"},
        {"repeat", 0, OPTION_COUNT, &self->repeat, "K", "runs of each, the shortest counts (3)"},
        {"seed", 0, OPTION_TEXT, &self->seed_text, "S", "seed of the catalogues (default 1)"},
        {"allow-supercritical", 0, OPTION_FLAG, &self->allow_supercritical, NULL,
         "simulate although the branching ratio is not below one"},
        {"json", 0, OPTION_FLAG, &self->json, NULL, "as JSON"},
    };
    option_spec talk_specs[TALK_OPTIONS];
    const option_table tables[] = {{OWN_OPTIONS, own}, {TALK_OPTIONS, talk_specs}, {0, NULL}};
    size_t n_arguments = 0;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    talk_options(&self->t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, &self->config_path, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = check(self);
    return outcome == OPTIONS_RUN ? talk_start(&self->t, &usage) : outcome;
}

int cmd_bench(int argc, char *argv[])
{
    bench self = {.n_catalogs = OPTION_UNSET,
                  .processes = available_cpus(),
                  .repeat = 3,
                  .seconds = 1,
                  .work = {.interrupted = run_catch_signals()}};
    const options_outcome outcome = parse(&self, argc, argv);
    char *example = NULL;
    const char *path;
    etas_error err = {0};
    etas_status st;

    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    self.quiet = self.t.log;
    if (self.quiet.max_level == ETAS_LOG_INFO)
        self.quiet.max_level = ETAS_LOG_WARN;
    self.work.log = &self.quiet;
    if (self.config_path == NULL)
        example = find_example();
    path = self.config_path != NULL ? self.config_path : example;
    st = path != NULL ? run(&self, path, &err)
                      : etas_fail(&err, ETAS_E_IO,
                                  "the example that comes with the program is not there: name a "
                                  "configuration");
    if (st == ETAS_OK)
        st = self.json ? print_json(&self, path, &err) : print_table(&self, path, &err);
    etas_config_free(&self.cfg);
    etas_array_free((void **)&self.blob);
    free(example);
    return st == ETAS_OK ? 0 : talk_fail(&self.t, st, &err);
}
