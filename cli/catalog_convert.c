#include <stdio.h>

#include "catalog_commands.h"
#include "catalog_options.h"
#include "etas/io.h"
#include "talk.h"

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

    if (path == NULL)
        return etas_catalog_write_csv(stdout, catalog, err);
    st = etas_output_open(&output, path, err);
    if (st == ETAS_OK)
        st = etas_catalog_write_csv(output.stream, catalog, err);
    if (st == ETAS_OK)
        st = etas_output_commit(&output, err);
    etas_output_discard(&output);
    return st;
}

int catalog_convert(int argc, char *argv[])
{
    const char *arguments[1], *output = NULL;
    catalog_options input = {0};
    etas_catalog_options how;
    etas_catalog_summary summary;
    etas_catalog catalog = {0};
    talk t;
    option_spec own[] = {
        {"output", 'o', OPTION_TEXT, &output, "OUT.csv", "the new file (default: stdout)"}};
    option_spec input_specs[CATALOG_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {
        {1, own}, {CATALOG_OPTIONS, input_specs}, {TALK_OPTIONS, talk_specs}, {0, NULL}};
    etas_error err = {0};
    size_t n_arguments;
    options_outcome outcome;
    etas_status st;

    talk_init(&t, "etas");
    catalog_options_table(&input, input_specs);
    talk_options(&t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&t, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = catalog_options_take(&input, &usage, NULL, &how);
    if (outcome != OPTIONS_RUN)
        return outcome == OPTIONS_DONE ? 0 : EXIT_USAGE;
    st = etas_catalog_load(&catalog, arguments[0], &how, &summary, &err);
    if (st == ETAS_OK) {
        catalog_options_warn(&summary, arguments[0], &t.log);
        st = write_catalog(output, &catalog, &err);
    }
    if (st == ETAS_OK)
        etas_log_write(&t.log, ETAS_LOG_INFO, "%s: %zu of %zu events, %s", arguments[0], catalog.n,
                       summary.n_events, etas_catalog_format_title(summary.format));
    etas_catalog_free(&catalog);
    return st == ETAS_OK ? 0 : talk_fail(&t, st, &err);
}
