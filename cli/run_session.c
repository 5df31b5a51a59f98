#include "run_session.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/io.h"
#include "etas/text.h"
#include "run_pool.h"
#include "version.h"

/* The only thing a signal handler of the driver does. */
static volatile sig_atomic_t interrupted;

/* The second signal ends a wait for a server that does not answer: what is stored is safe. */
static void on_signal(int number)
{
    static volatile sig_atomic_t seen;

    (void)number;
    if (seen)
        _exit(EXIT_INTERRUPTED);
    interrupted = seen = 1;
}

/* What batch systems send, in any number. */
static void on_notice(int number)
{
    (void)number;
    interrupted = 1;
}

const volatile sig_atomic_t *run_catch_signals(void)
{
    const struct sigaction act = {.sa_handler = on_signal}; /* no SA_RESTART: waits end early */
    const struct sigaction notice = {.sa_handler = on_notice};
    struct sigaction hangup;

    (void)sigaction(SIGUSR1, &notice, NULL);
    (void)sigaction(SIGUSR2, &notice, NULL);
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
    /* Those who ignore a hang-up (nohup), or use it (--log-file), mean it. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_DFL)
        (void)sigaction(SIGHUP, &act, NULL);
    return &interrupted;
}

/* Fail before the long work, not after it: can the outputs be written there? */
static etas_status probe_output(const run_request *request, etas_error *err)
{
    const char *const path = request->output;
    etas_output probe = {0};
    struct stat info;
    etas_status st;

    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return etas_fail(err, ETAS_E_ARG,
                         "%s is a device or pipe: the store of the run lies beside the output, "
                         "which must be a file",
                         path);
    st = etas_output_open(&probe, path, err);
    etas_output_discard(&probe);
    for (size_t i = 1; i < request->files.n && st == ETAS_OK; i++) {
        st = etas_output_open(&probe, request->files.specs[i].path, err);
        etas_output_discard(&probe);
    }
    return st;
}

/* ---- the blob and the store ---- */

static etas_status take_stored(run_session *s, etas_store *store, etas_error *err)
{
    etas_store_run run;
    etas_status st = etas_store_run_get(store, &run, err);

    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&s->blob, run.blob_len, 1);
    if (st != ETAS_OK)
        return st;
    memcpy(s->blob, run.blob, run.blob_len);
    memcpy(s->sha256, run.blob_sha256, sizeof s->sha256);
    s->len = run.blob_len;
    s->seed = run.seed;
    return s->job->take(s->job->context, s->len, s->blob, err);
}

static etas_status take_from_other_store(run_session *s, etas_error *err)
{
    etas_store *other = NULL;
    etas_status st = etas_store_open(&other, s->options->from_store, ETAS_STORE_READ, err);

    if (st == ETAS_OK)
        st = take_stored(s, other, err);
    etas_store_close(other);
    if (s->options->seed_text != NULL)
        s->seed = s->request->seed;
    return st;
}

static etas_status make_fresh(run_session *s, etas_error *err)
{
    etas_status st = s->job->make(s->job->context, &s->blob, &s->len, &s->phases, err);

    if (st == ETAS_OK)
        st = etas_sha256(s->len, s->blob, s->sha256);
    s->seed = s->request->seed;
    return st;
}

etas_status run_store_begin(etas_store **out, const char *path, etas_store_mode mode,
                            etas_store_run *run, etas_error *err)
{
    etas_status st = etas_sha256(run->blob_len, run->blob, run->blob_sha256);

    if (st == ETAS_OK)
        st = etas_store_open(out, path, mode, err);
    if (st == ETAS_OK && getentropy(run->id, sizeof run->id) != 0)
        st = etas_fail(err, ETAS_E_IO, "the system gives no random numbers");
    return st == ETAS_OK ? etas_store_begin(*out, run, err) : st;
}

static etas_status begin(run_session *s, etas_error *err)
{
    etas_store_run run = {.n_catalogs = s->request->n_catalogs,
                          .first_catalog = s->request->first,
                          .seed = s->seed,
                          .algorithm = ETAS_ALGORITHM_VERSION,
                          .config_text = s->cfg->text,
                          .release = version_full,
                          .blob_len = s->len,
                          .blob = s->blob};
    const struct {
        const char *name;
        double seconds;
    } phases[] = {{"load", s->phases.load_s},
                  {"prepare", s->phases.prepare_s},
                  {"invert", s->phases.invert_s},
                  {"plan", s->phases.plan_s}};
    char id[33];
    const etas_store_mode mode = s->options->restart ? ETAS_STORE_RESTART : ETAS_STORE_CREATE;
    etas_status st = run_store_begin(&s->store, s->request->store_path, mode, &run, err);

    if (st == ETAS_OK)
        talk_subject(s->t, "run", etas_hex(sizeof run.id, run.id, id));
    for (size_t i = 0; i < sizeof phases / sizeof *phases && st == ETAS_OK; i++)
        st = etas_store_add_phase(s->store, phases[i].name, phases[i].seconds, err);
    return st;
}

static void say_resumed(const run_session *s, const etas_store_run *run)
{
    const uint64_t stored = etas_ranges_total(etas_store_covered(s->store));

    etas_log_write(&s->t->log, ETAS_LOG_INFO, "resuming: %" PRIu64 " of %" PRIu64 " %s are stored",
                   stored, run->n_catalogs, s->job->things);
    if (run->config_text != NULL && strcmp(run->config_text, s->cfg->text) != 0)
        etas_log_write(&s->t->log, ETAS_LOG_WARN,
                       "%s has changed since the run began: the stored model is used",
                       s->cfg->path);
}

static etas_status resume(run_session *s, etas_error *err)
{
    etas_store_run run;
    char id[33];
    etas_status st = etas_store_open(&s->store, s->request->store_path, ETAS_STORE_RESUME, err);

    if (st == ETAS_OK)
        st = take_stored(s, s->store, err);
    if (st == ETAS_OK)
        st = etas_store_run_get(s->store, &run, err);
    if (st != ETAS_OK)
        return st;
    talk_subject(s->t, "run", etas_hex(sizeof run.id, run.id, id));
    if (s->options->only != NULL &&
        (s->request->first != run.first_catalog || s->request->n_catalogs != run.n_catalogs))
        return etas_fail(err, ETAS_E_ARG,
                         "%s: the run has catalogues %" PRIu64 ":%" PRIu64
                         " (leave --only away to resume it)",
                         s->request->store_path, run.first_catalog, run.n_catalogs);
    if (s->options->n_catalogs != OPTION_UNSET && s->options->n_catalogs != run.n_catalogs)
        return etas_fail(err, ETAS_E_ARG, "%s: the run has %" PRIu64 " %s, not %" PRIu64 " (%s)",
                         s->request->store_path, run.n_catalogs, s->job->things,
                         s->options->n_catalogs, s->job->count_hint);
    if (s->options->seed_text != NULL && s->request->seed != run.seed)
        return etas_fail(err, ETAS_E_ARG,
                         "%s: the run has seed %" PRIu64 " (leave --seed away to resume it)",
                         s->request->store_path, run.seed);
    say_resumed(s, &run);
    return ETAS_OK;
}

/* An unfinished run is found before the inversion, not after it. */
static etas_status refuse_unfinished(const run_session *s, etas_error *err)
{
    etas_store *there = NULL;
    struct stat info;
    etas_status st = ETAS_OK;

    if (s->options->restart || stat(s->request->store_path, &info) != 0 ||
        (S_ISREG(info.st_mode) && info.st_size == 0))
        return ETAS_OK;
    st = etas_store_open(&there, s->request->store_path, ETAS_STORE_READ, err);
    if (st == ETAS_OK && !etas_store_finished(there))
        st = etas_fail(err, ETAS_E_EXISTS,
                       "%s holds an unfinished run: go on with --resume, or throw it away with "
                       "--restart",
                       s->request->store_path);
    etas_store_close(there);
    return st;
}

static etas_status prepare(run_session *s, etas_error *err)
{
    char sha[65];
    etas_status st;

    if (s->options->resume)
        return resume(s, err);
    st = refuse_unfinished(s, err);
    if (st != ETAS_OK)
        return st;
    st = s->options->from_store != NULL ? take_from_other_store(s, err) : make_fresh(s, err);
    if (st == ETAS_OK && interrupted)
        st = etas_fail(err, ETAS_E_INTERRUPTED, "interrupted before the simulation");
    if (st == ETAS_OK)
        st = begin(s, err);
    if (st == ETAS_OK)
        etas_log_write(&s->t->log, ETAS_LOG_INFO, "model %.16s, seed %" PRIu64 "%s",
                       etas_hex(32, s->sha256, sha), s->seed,
                       s->request->seed_drawn && s->options->from_store == NULL
                           ? " (drawn; --seed repeats the run)"
                           : "");
    return st;
}

/* ---- making ---- */

static void on_progress(void *context, const etas_progress *now)
{
    run_session *const s = context;

    talk_show(s->t, &(talk_progress){.what = s->job->doing,
                                     .done = now->stored,
                                     .total = now->total,
                                     .workers = now->workers,
                                     .rate = now->rate,
                                     .eta_s = now->eta_s});
}

static etas_status simulate(run_session *s, etas_error *err)
{
    run_pool pool = {0};
    const double start = talk_seconds();
    etas_status st;

    if (start >= s->options->stop_at)
        return etas_fail(err, ETAS_E_RUNTIME, "the runtime was over before the first result");
    st = run_pool_open(&pool, s->options, s->request, s->t, err);
    pool.how.progress = on_progress;
    pool.how.progress_context = s;
    if (isfinite(s->options->stop_at))
        pool.how.runtime_s = s->options->stop_at - start;
    if (st == ETAS_OK)
        st = etas_run(s->store, &pool.how, &s->report, err);
    talk_show_end(s->t);
    run_pool_close(&pool);
    s->simulate_s = talk_seconds() - start;
    return st;
}

static void list_missing(const run_session *s)
{
    const etas_ranges *missing = &s->report.missing;
    enum { SHOWN = 10 };

    for (size_t i = 0; i < missing->n && i < SHOWN; i++)
        etas_log_write(&s->t->log, ETAS_LOG_WARN, "missing: %s %" PRIu64 " to %" PRIu64,
                       s->job->things, missing->items[i].first,
                       missing->items[i].first + missing->items[i].count - 1);
    if (missing->n > SHOWN)
        etas_log_write(&s->t->log, ETAS_LOG_WARN, "missing: and %zu more ranges",
                       missing->n - SHOWN);
}

static void say_phases(const run_session *s)
{
    const run_phases *p = &s->phases;

    etas_log_write(&s->t->log, ETAS_LOG_INFO,
                   "seconds: load %.3f, prepare %.3f, invert %.3f, plan %.3f, simulate %.3f, "
                   "write %.3f",
                   p->load_s, p->prepare_s, p->invert_s, p->plan_s, s->simulate_s, s->write_s);
}

/* The run is in the store, whole or as whole as it gets: write it out and close the books. */
static etas_status finish(run_session *s, bool complete, etas_error *err)
{
    const double start = talk_seconds();
    etas_status st = s->job->write(s->job->context, s, err);

    s->write_s = talk_seconds() - start;
    if (st == ETAS_OK)
        st = etas_store_add_phase(s->store, "write", s->write_s, err);
    if (st == ETAS_OK)
        st = etas_store_finish(s->store, complete ? "complete" : "incomplete", err);
    if (st == ETAS_OK) {
        say_phases(s);
        s->job->tell(s->job->context, s);
    }
    return st;
}

static etas_status run_and_finish(run_session *s, etas_error *err)
{
    etas_error at_end = {0};
    etas_status written, st = simulate(s, err);

    written = etas_store_add_phase(s->store, "simulate", s->simulate_s, &at_end);
    if (st == ETAS_OK && written == ETAS_OK)
        return finish(s, true, err);
    if (st == ETAS_OK) {
        *err = at_end;
        return written;
    }
    if (st != ETAS_E_INCOMPLETE)
        return st;
    list_missing(s);
    if (!s->options->allow_missing)
        return st;
    at_end = (etas_error){0};
    written = finish(s, false, &at_end);
    if (written != ETAS_OK) {
        *err = at_end;
        return written;
    }
    return st;
}

static void remove_store(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char name[4096];

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        etas_format(sizeof name, name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

/* What becomes of the store: a run that failed keeps it only when there is something to go on
 * with, and another driver's is not touched. */
static void settle_store(run_session *s, etas_status st)
{
    const uint64_t stored = s->store != NULL ? etas_ranges_total(etas_store_covered(s->store)) : 0;
    const bool ours = s->store != NULL && st != ETAS_E_SUPERSEDED;
    const bool empty = stored == 0 && !s->options->resume && st != ETAS_E_RUNTIME;
    etas_store_run run;

    if (ours && st != ETAS_OK && !empty && etas_store_run_get(s->store, &run, NULL) == ETAS_OK)
        etas_log_write(&s->t->log, st == ETAS_E_RUNTIME ? ETAS_LOG_WARN : ETAS_LOG_INFO,
                       "%" PRIu64 " of %" PRIu64 " %s are stored in %s: go on with --resume",
                       stored, run.n_catalogs, s->job->things, s->request->store_path);
    etas_store_close(s->store);
    if (ours && (st == ETAS_OK ? s->options->discard_store : empty))
        remove_store(s->request->store_path);
}

/* A line of the log has room for it. */
enum { LONGEST_COMMAND = 1000 };

void run_say_again(const run_options *options, const talk *t)
{
    etas_log_write(&t->log, ETAS_LOG_WARN, "go on with: %s",
                   options->again != NULL && strlen(options->again) < LONGEST_COMMAND
                       ? options->again
                       : "the same command and --resume");
}

int run_session_main(run_session *s)
{
    etas_error err = {0};
    etas_status st;
    int code;

    (void)run_catch_signals();
    st = probe_output(s->request, &err);
    if (st == ETAS_OK && s->options->slot_memory > 0)
        st = etas_slot_memory_check(s->options->slot_memory, &err);
    if (st == ETAS_OK)
        st = prepare(s, &err);
    if (st == ETAS_OK)
        st = run_and_finish(s, &err);
    settle_store(s, st);
    etas_array_free((void **)&s->blob);
    etas_ranges_free(&s->report.missing);
    code = st == ETAS_OK ? 0 : grid_options_fail(s->t, st, &err);
    if (st == ETAS_E_RUNTIME)
        run_say_again(s->options, s->t);
    return code;
}
