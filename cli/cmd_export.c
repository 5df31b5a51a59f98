#include <inttypes.h>
#include <string.h>

#include "commands.h"
#include "etas/io.h"
#include "etas/runner.h"
#include "outputs.h"
#include "run_session.h"
#include "talk.h"

static const command_usage usage = {
    .name = "etas export",
    .synopsis = "STORE -o FILE [OPTIONS]",
    .about =
        "Write the catalogues of a finished run, kept in its store, to files: the same bytes as\n"
        "the run itself writes in that format. The store is only read.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct export_options {
    output_options output;
    bool allow_missing;
} export_options;

static options_outcome parse(export_options *self, talk *t, int argc, char *argv[],
                             const char *arguments[])
{
    option_spec output_specs[OUTPUT_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_spec own[] = {
        {"allow-missing", 0, OPTION_FLAG, &self->allow_missing, NULL,
         "write also what there is of an incomplete run: missing catalogues are left\n"
         "out, ids renumbered, OUTPUT.missing.json lists them; the exit code stays 3"},
    };
    const option_table tables[] = {{OUTPUT_OPTIONS, output_specs},
                                   {sizeof own / sizeof *own, own},
                                   {TALK_OPTIONS, talk_specs},
                                   {0, NULL}};
    size_t n_arguments;
    options_outcome outcome;

    talk_init(t, "etas");
    output_options_table(&self->output, false, output_specs);
    talk_options(t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &n_arguments);
    return outcome == OPTIONS_RUN ? talk_start(t, &usage) : outcome;
}

/* An output that is the store would replace it. */
static options_outcome refuse_store(const outputs *files, const char *store)
{
    const char *const path = outputs_find_file(files, store);

    return path == NULL ? OPTIONS_RUN : options_complain(&usage, "%s is the run's store", path);
}

static void say_written(const talk *t, const outputs *files, const etas_export_summary *summary)
{
    for (size_t i = 0; i < files->n; i++)
        etas_log_write(&t->log, ETAS_LOG_INFO,
                       "%s (%s): %" PRIu64 " catalogues, %" PRIu64 " events, %" PRIu64
                       " catalogues without events",
                       files->specs[i].path, output_format_name(files->specs[i].format),
                       summary->n_catalogs, summary->n_events, summary->n_empty);
}

static int export_store(const char *path, const outputs *files, bool allow_missing, talk *t)
{
    writing_progress writing = {.t = t, .start = talk_seconds()};
    const etas_export_config how = {.n_outputs = files->n,
                                    .outputs = files->specs,
                                    .skip_missing = allow_missing,
                                    .interrupted = run_catch_signals(),
                                    .progress = show_writing,
                                    .progress_context = &writing};
    etas_export_summary summary = {0};
    etas_store *store = NULL;
    etas_store_run run = {0};
    etas_error err = {0};
    etas_status st = etas_store_open(&store, path, ETAS_STORE_READ, &err);
    int exit_code = 0;

    if (st == ETAS_OK)
        st = etas_store_run_get(store, &run, &err);
    if (st == ETAS_OK && etas_counts_is_blob(run.blob_len, run.blob) && files->grid->given != NULL)
        st = etas_fail(&err, ETAS_E_ARG, "%s counts on a grid of its own (leave %s away)", path,
                       files->grid->given);
    if (st == ETAS_OK) {
        st = etas_export(store, &how, &summary, &err);
        if (st != ETAS_OK)
            etas_error_in_file(&err, path);
    }
    talk_show_end(t);
    if (st == ETAS_OK)
        say_written(t, files, &summary);
    if (st == ETAS_OK && summary.n_catalogs < run.n_catalogs)
        st = etas_fail(&err, ETAS_E_INCOMPLETE,
                       "%s: %" PRIu64 " of %" PRIu64 " catalogues are missing, see %s.missing.json",
                       path, run.n_catalogs - summary.n_catalogs, run.n_catalogs,
                       files->specs[0].path);
    if (st == ETAS_E_IO && outputs_find_file(files, ETAS_STANDARD_OUTPUT) != NULL &&
        talk_reader_has_left())
        exit_code = 0;
    else if (st != ETAS_OK)
        exit_code = grid_options_fail(t, st, &err);
    etas_store_close(store);
    return exit_code;
}

int cmd_export(int argc, char *argv[])
{
    export_options options = {0};
    outputs files = {0};
    talk t = {0};
    const char *arguments[1];
    options_outcome outcome = parse(&options, &t, argc, argv, arguments);
    int exit_code = EXIT_USAGE;

    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    outcome = outputs_init(&files, &options.output, NULL, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = refuse_store(&files, arguments[0]);
    if (outcome == OPTIONS_RUN && options.allow_missing &&
        strcmp(files.specs[0].path, ETAS_STANDARD_OUTPUT) == 0)
        outcome = options_complain(&usage, "--allow-missing writes FILE.missing.json: -o must "
                                           "name a file");
    if (outcome == OPTIONS_RUN)
        exit_code = export_store(arguments[0], &files, options.allow_missing, &t);
    outputs_free(&files);
    return exit_code;
}
