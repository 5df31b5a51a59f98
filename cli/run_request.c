#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "etas/io.h"
#include "etas/text.h"
#include "fit.h"
#include "job_time.h"
#include "paths.h"
#include "run_request.h"

void run_options_init(run_options *self)
{
    *self = (run_options){.n_catalogs = OPTION_UNSET,
                          .processes = OPTION_UNSET,
                          .task_duration_s = 30,
                          .runtime_s = NAN,
                          .stop_at = INFINITY};
    redis_options_init(&self->redis);
}

void run_options_note(run_options *self, int argc, char *const argv[])
{
    self->again = again_command(argc, argv);
}

void run_options_start(run_options *self, const etas_log *log)
{
    self->stop_at = talk_seconds() + job_time_left_s(self->runtime_s, log);
}

void run_options_free(run_options *self)
{
    free(self->again);
    self->again = NULL;
}

void run_options_table(run_options *self, option_spec out[RUN_OPTIONS])
{
    const option_spec specs[RUN_OPTIONS] = {
        {"n-simulations", 'n', OPTION_COUNT, &self->n_catalogs, "N",
         "number of catalogues (default: n_simulations of the configuration)"},
        {"seed", 0, OPTION_TEXT, &self->seed_text, "S",
         "seed of the random numbers, 0 to 2^64-1 (default: the configuration's,\n"
         "else drawn and printed); the same model and seed give the same bytes"},
        {"distribute", 0, OPTION_TEXT, &self->distribute, "BACKEND",
         "auto, serial, processes or redis (auto: redis if a server is named or\n"
         "with --embedded, else processes; $ETAS_DISTRIBUTE changes auto)"},
        {"processes", 0, OPTION_COUNT, &self->processes, "N",
         "local worker processes (default: parallel of the configuration, else one\n"
         "per CPU)"},
        {"chunk-size", 0, OPTION_COUNT, &self->chunk_size, "N",
         "catalogues per task (default: adapted to --task-duration)"},
        {"task-duration", 0, OPTION_DURATION, &self->task_duration_s, "T",
         "wished length of a task (default 30s)"},
        {"runtime", 0, OPTION_DURATION, &self->runtime_s, "TIME",
         "store what is made after 30s, 15m, 2h, 0.5d, leave with 3, go on with --resume\n"
         "(default: in time for the end of a Slurm job, else never; 0: never)"},
        {"slot-memory", 0, OPTION_SIZE, &self->slot_memory, "SIZE",
         "the most memory of each local worker process, such as 512M or 2G: a catalogue\n"
         "that needs more is missing, and the machine does not run out of it"},
        {"embedded", 0, OPTION_FLAG, &self->embedded, NULL,
         "start a private Redis server and --processes workers for this run"},
        {"verify", 0, OPTION_POSITIVE, &self->verify, "FRACTION",
         "redis: have this share of the tasks made again on another host and compare;\n"
         "what a faulty host has made is named, thrown away and made again"},
        {"resume", 0, OPTION_FLAG, &self->resume, NULL,
         "go on with the unfinished run in OUTPUT.store (its model, its seed)"},
        {"restart", 0, OPTION_FLAG, &self->restart, NULL,
         "throw the unfinished run in OUTPUT.store away and start again"},
        {"only", 0, OPTION_TEXT, &self->only, "FIRST:COUNT",
         "make only these catalogues, the same as in the full run"},
        {"from-store", 0, OPTION_TEXT, &self->from_store, "STORE",
         "take model and seed from the store of another run instead of inverting"},
        {"allow-missing", 0, OPTION_FLAG, &self->allow_missing, NULL,
         "write the output also when catalogues could not be made: they are left out,\n"
         "ids renumbered, OUTPUT.missing.json lists them; the exit code stays 3"},
        {"allow-supercritical", 0, OPTION_FLAG, &self->allow_supercritical, NULL,
         "simulate although the branching ratio is not below one"},
        {"kernels", 0, OPTION_TEXT, &self->kernels, "K",
         "scalar, avx2 or avx512 (default: the fastest; results are the same)"},
        {"keep", 0, OPTION_TEXT, &self->keep, "WHAT",
         "what the run stores: events (default), counts (only what rates, summaries\n"
         "and counts are made of: less by far where catalogues are large) or both"},
        {"discard-store", 0, OPTION_FLAG, &self->discard_store, NULL,
         "remove OUTPUT.store after a complete run"},
    };

    memcpy(out, specs, sizeof specs);
}

static options_outcome choose_seed(run_request *self, const run_options *o, const etas_config *cfg,
                                   const command_usage *usage)
{
    self->seed_drawn = o->seed_text == NULL && !cfg->has_seed;
    if (o->seed_text != NULL || self->seed_drawn)
        return options_seed(usage, o->seed_text, &self->seed);
    self->seed = cfg->seed;
    return OPTIONS_RUN;
}

static options_outcome choose_range(run_request *self, const run_options *o, const etas_config *cfg,
                                    const command_usage *usage)
{
    const char *colon;

    if (o->n_catalogs == 0)
        return options_complain(usage, "-n 0: at least one catalogue");
    self->n_catalogs = o->n_catalogs != OPTION_UNSET ? o->n_catalogs
                       : cfg->n_simulations > 0      ? cfg->n_simulations
                                                     : 1;
    if (o->only != NULL) {
        colon = strchr(o->only, ':');
        if (colon == NULL || !etas_parse_u64(o->only, (size_t)(colon - o->only), &self->first) ||
            !etas_parse_u64(colon + 1, strlen(colon + 1), &self->n_catalogs) ||
            self->n_catalogs == 0)
            return options_complain(usage, "--only: \"%s\" is not FIRST:COUNT", o->only);
    }
    if (self->n_catalogs > ETAS_MAX_CATALOGS || self->first > ETAS_MAX_CATALOGS - self->n_catalogs)
        return options_complain(usage, "at most 2^48 catalogues can be numbered");
    return OPTIONS_RUN;
}

static options_outcome check_verify(const run_request *self, const run_options *o,
                                    const command_usage *usage)
{
    static const char *const names[] = {
        [ETAS_BACKEND_SERIAL] = "serial", [ETAS_BACKEND_PROCESSES] = "processes"};

    if (o->verify > 1)
        return options_complain(usage,
                                "--verify: %g is not a share of the tasks, above 0 and at "
                                "most 1",
                                o->verify);
    if (o->verify > 0 && self->backend != ETAS_BACKEND_REDIS)
        return options_complain(usage,
                                "--verify needs workers on several hosts: --distribute "
                                "redis, not %s",
                                names[self->backend]);
    if (o->verify > 0 && o->embedded)
        return options_complain(usage, "--verify needs workers on several hosts: those of "
                                       "--embedded are all here");
    return OPTIONS_RUN;
}

static options_outcome choose_backend(run_request *self, const run_options *o,
                                      const etas_config *cfg, const command_usage *usage)
{
    const char *name = o->distribute != NULL ? o->distribute : getenv("ETAS_DISTRIBUTE");
    const bool server = o->redis.named;
    const char *from = o->distribute != NULL ? "--distribute" : "ETAS_DISTRIBUTE";

    self->embedded = o->embedded;
    self->chunk_size = o->chunk_size > 0 ? o->chunk_size : cfg->chunksize;
    if (o->processes == 0 || (o->processes > 100000 && o->processes != OPTION_UNSET))
        return options_complain(usage, "--processes is not within 1 .. 100000");
    self->processes = o->processes != OPTION_UNSET ? (uint32_t)o->processes
                      : cfg->parallel > 0          ? cfg->parallel
                                                   : available_cpus();
    if (!(o->task_duration_s > 0))
        return options_complain(usage, "--task-duration is not positive");
    if (name == NULL || *name == '\0' || strcmp(name, "auto") == 0) {
        if (server || o->embedded)
            self->backend = ETAS_BACKEND_REDIS;
        else
            self->backend = self->processes > 1 || o->slot_memory > 0 ? ETAS_BACKEND_PROCESSES
                                                                      : ETAS_BACKEND_SERIAL;
    } else if (strcmp(name, "serial") == 0) {
        self->backend = ETAS_BACKEND_SERIAL;
    } else if (strcmp(name, "processes") == 0) {
        self->backend = ETAS_BACKEND_PROCESSES;
    } else if (strcmp(name, "redis") == 0) {
        self->backend = ETAS_BACKEND_REDIS;
    } else {
        return options_complain(usage, "%s: \"%s\" is not auto, serial, processes or redis", from,
                                name);
    }
    if (o->slot_memory > 0 && self->backend == ETAS_BACKEND_SERIAL)
        return options_complain(usage, "--slot-memory is for worker processes: not with %s %s",
                                from, name);
    if (o->slot_memory > 0 && self->backend == ETAS_BACKEND_REDIS && !o->embedded)
        return options_complain(usage, "--slot-memory is for local worker processes: give it to "
                                       "the etas-redis-workers of the pool");
    if (o->embedded && o->redis.given)
        return options_complain(usage, "--embedded starts its own server: name no other");
    if (o->embedded && self->backend != ETAS_BACKEND_REDIS)
        return options_complain(usage, "--embedded needs the redis backend, not %s %s", from, name);
    return check_verify(self, o, usage);
}

/* Events tell everything that counts do: both is events. */
static options_outcome choose_keep(run_request *self, const run_options *o,
                                   const command_usage *usage)
{
    const char *const what = o->keep;

    self->keep_given = what != NULL;
    self->keeps_counts = what != NULL && strcmp(what, "counts") == 0;
    if (what != NULL && !self->keeps_counts && strcmp(what, "events") != 0 &&
        strcmp(what, "both") != 0)
        return options_complain(usage, "--keep: \"%s\" is not events, counts or both", what);
    for (size_t i = 0; self->keeps_counts && i < self->files.n; i++)
        if (!etas_forecast_format_from_counts(self->files.specs[i].format))
            return options_complain(usage, "--keep counts: %s in the format %s needs the events",
                                    self->files.specs[i].path,
                                    output_format_name(self->files.specs[i].format));
    return OPTIONS_RUN;
}

options_outcome run_request_init_at(run_request *self, const run_options *options,
                                    const etas_config *cfg, const char *output, const char *store,
                                    const command_usage *usage)
{
    options_outcome outcome;

    *self = (run_request){0};
    if (options->resume && (options->restart || options->from_store != NULL))
        return options_complain(usage, "--resume goes with neither --restart nor --from-store");
    self->output = strdup(output);
    self->store_path = strdup(store);
    if (self->output == NULL || self->store_path == NULL)
        return options_complain(usage, "out of memory");
    outcome = choose_seed(self, options, cfg, usage);
    if (outcome == OPTIONS_RUN)
        outcome = choose_range(self, options, cfg, usage);
    if (outcome == OPTIONS_RUN)
        outcome = choose_backend(self, options, cfg, usage);
    return outcome;
}

/* The configuration, what it names and the other run's store stay what they are. */
static options_outcome refuse_inputs(const outputs *files, const run_options *options,
                                     const etas_config *cfg, const command_usage *usage)
{
    const char *path = outputs_find_file(files, cfg->path);

    if (path == NULL)
        path = outputs_find_file(files, options->from_store);
    for (size_t i = 0; path == NULL && i < cfg->n_inputs; i++)
        path = outputs_find_file(files, cfg->inputs[i]);
    return path == NULL
               ? OPTIONS_RUN
               : options_complain(usage, "%s is an input: an output would replace it", path);
}

options_outcome run_request_init(run_request *self, const run_options *options,
                                 const etas_config *cfg, const char *default_output,
                                 const command_usage *usage)
{
    outputs files;
    options_outcome outcome = outputs_init(&files, &options->output, default_output, usage);
    etas_text store = {0};

    *self = (run_request){0};
    for (size_t i = 0; outcome == OPTIONS_RUN && i < files.n; i++)
        if (strcmp(files.specs[i].path, ETAS_STANDARD_OUTPUT) == 0)
            outcome = options_complain(usage, "-: the run's store lies beside its output, which "
                                              "must be a file; \"etas export STORE -o -\" writes "
                                              "it to stdout afterwards");
    if (outcome == OPTIONS_RUN && options->from_store == NULL && !options->resume)
        outcome =
            grid_request_check(files.grid, cfg->forecast_days,
                               isnan(cfg->m_threshold) ? cfg->m_ref : cfg->m_threshold, usage);
    if (outcome == OPTIONS_RUN &&
        etas_text_printf(&store, "%s.store", files.specs[0].path) != ETAS_OK)
        outcome = options_complain(usage, "out of memory");
    if (outcome == OPTIONS_RUN)
        outcome = run_request_init_at(self, options, cfg, files.specs[0].path, store.data, usage);
    for (size_t i = 0; outcome == OPTIONS_RUN && i < files.n; i++)
        if (paths_are_same(files.specs[i].path, store.data))
            outcome = options_complain(usage, "%s is the run's store", files.specs[i].path);
    if (outcome == OPTIONS_RUN)
        outcome = refuse_inputs(&files, options, cfg, usage);
    self->files = files;
    etas_text_free(&store);
    return outcome == OPTIONS_RUN ? choose_keep(self, options, usage) : outcome;
}

void run_request_free(run_request *self)
{
    free(self->output);
    free(self->store_path);
    outputs_free(&self->files);
    *self = (run_request){0};
}
