#include "bootstrap.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/bootstrap.h"
#include "etas/io.h"
#include "etas/text.h"
#include "run_session.h"

void bootstrap_options_init(bootstrap_options *self)
{
    run_options_init(&self->run);
}

void bootstrap_options_table(bootstrap_options *self, option_spec out[BOOTSTRAP_OPTIONS])
{
    run_options *const run = &self->run;
    const option_spec specs[BOOTSTRAP_OPTIONS] = {
        {"bootstrap", 0, OPTION_COUNT, &run->n_catalogs, "B",
         "simulate B catalogues from the fitted parameters, invert each, and report how\n"
         "the parameters scatter"},
        {"seed", 0, OPTION_TEXT, &run->seed_text, "S",
         "seed of the simulated catalogues (default: the configuration's, else drawn\n"
         "and printed); the same model and seed give the same refits"},
        {"distribute", 0, OPTION_TEXT, &run->distribute, "BACKEND",
         "who refits, and, where it is given, who computes the fit's E-steps: auto,\n"
         "serial, processes or redis (auto: redis if a server is named or with\n"
         "--embedded, else processes; $ETAS_DISTRIBUTE changes auto)"},
        {"processes", 0, OPTION_COUNT, &run->processes, "N",
         "local worker processes (default: parallel of the configuration, else one\n"
         "per CPU)"},
        {"chunk-size", 0, OPTION_COUNT, &run->chunk_size, "N",
         "refits per task (default: adapted to their speed)"},
        {"runtime", 0, OPTION_DURATION, &run->runtime_s, "TIME",
         "store the refits made after 30s, 15m, 2h, 0.5d, leave with 3, go on with\n"
         "--resume (default: in time for the end of a Slurm job, else never; 0: never)"},
        {"slot-memory", 0, OPTION_SIZE, &run->slot_memory, "SIZE",
         "the most memory of each local worker process, such as 512M or 2G"},
        {"embedded", 0, OPTION_FLAG, &run->embedded, NULL,
         "start a private Redis server and --processes workers for this run"},
        {"verify", 0, OPTION_POSITIVE, &run->verify, "FRACTION",
         "redis: have this share of the tasks made again on another host and compare"},
        {"resume", 0, OPTION_FLAG, &run->resume, NULL,
         "go on with the unfinished refits in bootstrap_<id>.store, without inverting\n"
         "the catalogue again"},
        {"restart", 0, OPTION_FLAG, &run->restart, NULL,
         "throw the unfinished refits in bootstrap_<id>.store away and start again"},
        {"allow-missing", 0, OPTION_FLAG, &run->allow_missing, NULL,
         "write the results also when refits killed the processes that made them;\n"
         "the exit code stays 3"},
        {"allow-supercritical", 0, OPTION_FLAG, &run->allow_supercritical, NULL,
         "simulate although the branching ratio is not below one"},
        {"discard-store", 0, OPTION_FLAG, &run->discard_store, NULL,
         "remove bootstrap_<id>.store after a complete run"},
    };

    memcpy(out, specs, sizeof specs);
}

options_outcome bootstrap_options_check(const bootstrap_options *self, const command_usage *usage)
{
    const run_options *const run = &self->run;
    const bool spread = run->distribute != NULL;
    const struct {
        const char *name;
        bool given;
    } others[] = {
        {"--seed belongs to --bootstrap", run->seed_text != NULL},
        {"--chunk-size belongs to --bootstrap", run->chunk_size > 0},
        {"--verify belongs to --bootstrap", run->verify > 0},
        {"--runtime belongs to --bootstrap", !isnan(run->runtime_s)},
        {"--resume belongs to --bootstrap", run->resume},
        {"--restart belongs to --bootstrap", run->restart},
        {"--allow-missing belongs to --bootstrap", run->allow_missing},
        {"--allow-supercritical belongs to --bootstrap", run->allow_supercritical},
        {"--discard-store belongs to --bootstrap", run->discard_store},
        {"--processes belongs to --bootstrap or --distribute",
         run->processes != OPTION_UNSET && !spread},
        {"--slot-memory belongs to --bootstrap or --distribute", run->slot_memory > 0 && !spread},
        {"--embedded belongs to --bootstrap or --distribute", run->embedded && !spread},
        {"a Redis server belongs to --bootstrap or --distribute",
         redis_options_given(&run->redis) && !spread}};

    if (run->n_catalogs == 0)
        return options_complain(usage, "--bootstrap 0: at least one refit");
    for (size_t i = 0; i < sizeof others / sizeof *others && run->n_catalogs == OPTION_UNSET; i++)
        if (others[i].given)
            return options_complain(usage, "%s", others[i].name);
    return OPTIONS_RUN;
}

/* ---- making ---- */

typedef struct bootstrap {
    const bootstrap_job *job;
    char *csv, *store, *parameters; /* paths */
    etas_refit refit;
    etas_refit_result *results;
    size_t n, capacity;
    etas_bootstrap_summary summary;
} bootstrap;

static void bootstrap_free(bootstrap *self)
{
    free(self->csv);
    free(self->store);
    free(self->parameters);
    etas_refit_free(&self->refit);
    etas_array_free((void **)&self->results);
}

static etas_status make_blob(void *context, uint8_t **blob, size_t *len, run_phases *phases,
                             etas_error *err)
{
    bootstrap *const self = context;
    const etas_config *const cfg = self->job->cfg;
    fit f = {0};
    double start;
    etas_status st = self->job->fit(self->job->context, &f, err);

    start = talk_seconds();
    if (st == ETAS_OK) {
        const etas_refit_input in = {.catalog = &f.catalog,
                                     .how = &f.how,
                                     .state = &f.state,
                                     .region = &cfg->region,
                                     .m_max = isnan(cfg->m_max) ? INFINITY : cfg->m_max,
                                     .allow_supercritical =
                                         self->job->options->run.allow_supercritical};

        st = etas_refit_build(&in, &self->refit, err);
    }
    if (st == ETAS_OK)
        st = etas_refit_encode(&self->refit, blob, len, err);
    *phases = (run_phases){f.load_s, f.prepare_s, f.invert_s, talk_seconds() - start};
    fit_free(&f);
    return st;
}

static etas_status take_blob(void *context, size_t len, const uint8_t blob[], etas_error *err)
{
    bootstrap *const self = context;

    return etas_refit_decode(len, blob, &self->refit, err);
}

/* ---- results ---- */

static etas_status take_record(void *context, uint64_t index, size_t len, const uint8_t bytes[],
                               etas_error *err)
{
    bootstrap *const self = context;
    etas_status st = etas_array_reserve((void **)&self->results, &self->capacity, self->n + 1,
                                        sizeof *self->results);

    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the refits");
    if (!etas_refit_record_get(len, bytes, &self->results[self->n]))
        return etas_fail(err, ETAS_E_CORRUPT, "the record of refit %" PRIu64 " is damaged", index);
    self->results[self->n++].index = index;
    return ETAS_OK;
}

static etas_status write_results(void *context, run_session *s, etas_error *err)
{
    bootstrap *const self = context;
    etas_status st = etas_records_each(s->store, take_record, self, err);

    if (st == ETAS_OK)
        st = etas_bootstrap_summarise(&self->refit, self->n, self->results, &self->summary, err);
    if (st != ETAS_OK)
        return st;
    self->summary.seed = s->seed;
    self->summary.n_refits = s->request->n_catalogs;
    self->summary.n_missing = self->summary.n_refits - self->n;
    st = etas_store_check_epoch(s->store, err);
    if (st == ETAS_OK)
        st = etas_bootstrap_save_csv(self->csv, self->n, self->results, err);
    if (st == ETAS_OK)
        st = etas_results_add_bootstrap(self->parameters, &self->refit, &self->summary, self->csv,
                                        err);
    return st;
}

static void print_quantity(const char *name, const etas_bootstrap_quantity *q)
{
    printf("%-16s %10.5g", name, q->fitted);
    if (q->n == 0) {
        printf("          -\n");
        return;
    }
    printf(" %10.5g %10.3g", q->mean, q->bias);
    if (q->n > 1)
        printf(" %10.4g", q->deviation);
    else
        printf(" %10s", "-");
    for (size_t k = 0; k < ETAS_N_BOOTSTRAP_QUANTILES; k++)
        printf(" %10.5g", q->quantile[k]);
    putchar('\n');
}

static void print_results(void *context, const run_session *session)
{
    const bootstrap *const self = context;
    const etas_bootstrap_summary *const s = &self->summary;

    (void)session;
    printf("\nbootstrap        %" PRIu64 " refits, %" PRIu64 " converged, seed %" PRIu64 "\n",
           s->n_refits, s->n_status[ETAS_REFIT_OK], s->seed);
    for (etas_refit_status k = ETAS_REFIT_OK + 1; k < ETAS_N_REFIT_STATUS; k++)
        if (s->n_status[k] > 0)
            printf("failed           %" PRIu64 ": %s\n", s->n_status[k], etas_refit_status_text(k));
    if (s->n_missing > 0)
        printf("missing          %" PRIu64 "\n", s->n_missing);
    printf("%-16s %10s %10s %10s %10s", "", "fitted", "mean", "bias", "std");
    for (size_t k = 0; k < ETAS_N_BOOTSTRAP_QUANTILES; k++)
        printf(" %9.4g%%", 100 * etas_bootstrap_probability[k]);
    putchar('\n');
    for (size_t k = 0; k < ETAS_N_BOOTSTRAP; k++)
        if (k != ETAS_LOG10_IOTA)
            print_quantity(etas_bootstrap_name(k), &s->quantity[k]);
    printf("quantiles are linear between order statistics (type 7); refits: %s\n", self->csv);
}

/* ---- */

int bootstrap_main(const bootstrap_job *job)
{
    const char *const id = job->cfg->id;
    bootstrap self = {.job = job,
                      .csv = etas_results_path(job->directory, "bootstrap_", id, ".csv"),
                      .store = etas_results_path(job->directory, "bootstrap_", id, ".store"),
                      .parameters = etas_results_path(job->directory, "parameters_", id, ".json")};
    const run_job what = {.doing = "refitting",
                          .things = "refits",
                          .count_hint = "give --bootstrap the number of the run to resume it",
                          .context = &self,
                          .make = make_blob,
                          .take = take_blob,
                          .write = write_results,
                          .tell = print_results};
    run_request request = {0};
    run_session session = {.options = &job->options->run,
                           .request = &request,
                           .cfg = job->cfg,
                           .job = &what,
                           .t = job->t};
    int code = EXIT_USAGE;

    if (self.csv == NULL || self.store == NULL || self.parameters == NULL)
        (void)options_complain(job->usage, "out of memory");
    else if (run_request_init_at(&request, &job->options->run, job->cfg, self.csv, self.store,
                                 job->usage) == OPTIONS_RUN)
        code = run_session_main(&session);
    run_request_free(&request);
    bootstrap_free(&self);
    return code;
}
