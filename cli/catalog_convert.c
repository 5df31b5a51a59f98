#include <stdio.h>

#include "catalog_commands.h"
#include "catalog_options.h"
#include "etas/io.h"
#include "paths.h"

static const command_usage usage = {
    .name = "etas catalog convert",
    .synopsis = "CATALOG [-o OUT.csv] [OPTIONS]",
    .about = "Write a catalogue of any format as catalogue CSV: id, latitude, longitude, time,\n"
             "magnitude, and depth (km), mc_current, x, y, z where it has them. Ids, the order of\n"
             "the file and every digit are kept; columns that mean nothing here are left out.",
    .min_arguments = 1,
    .max_arguments = 1,
};

static etas_status write_catalog(const char *path, const etas_catalog *catalog, etas_error *err)
{
    etas_output output = {0};
    etas_status st;

    st = etas_output_open(&output, path != NULL ? path : ETAS_STANDARD_OUTPUT, err);
    if (st == ETAS_OK)
        st = etas_catalog_write_csv(output.stream, catalog, err);
    if (st == ETAS_E_IO && output.stream == stdout)
        st = ETAS_OK; /* main tells of it, unless the reader has left */
    if (st == ETAS_OK)
        st = etas_output_commit(&output, err);
    etas_output_discard(&output);
    return st;
}

int catalog_convert(int argc, char *argv[])
{
    const char *output = NULL;
    const option_spec own[] = {
        {"output", 'o', OPTION_TEXT, &output, "OUT.csv", "the new file (default: stdout)"}};
    catalog_request request;
    etas_catalog_summary summary;
    etas_catalog catalog = {0};
    etas_error err = {0};
    options_outcome outcome = catalog_request_parse(&request, &usage, 1, own, argc, argv);
    etas_status st;

    if (outcome == OPTIONS_RUN && output != NULL && paths_are_same(output, request.path))
        outcome = options_complain(&usage, "%s is an input: an output would replace it", output);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    st = etas_catalog_load(&catalog, request.path, &request.how, &summary, &err);
    if (st == ETAS_OK) {
        catalog_options_warn(&summary, request.path, &request.t.log);
        st = write_catalog(output, &catalog, &err);
    }
    if (st == ETAS_OK)
        etas_log_write(&request.t.log, ETAS_LOG_INFO, "%s: %zu of %zu events, %s", request.path,
                       catalog.n, summary.n_events, etas_catalog_format_title(summary.format));
    etas_catalog_free(&catalog);
    return st == ETAS_OK ? 0 : talk_fail(&request.t, st, &err);
}
