/** @file outputs.h  Which files a run's catalogues go to, and in which formats. Shared by forecast,
 * simulate and export. */
#ifndef ETAS_CLI_OUTPUTS_H
#define ETAS_CLI_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/forecast_output.h"
#include "grid_options.h"
#include "options.h"
#include "talk.h"

typedef struct output_options {
    const char *path;    /**< NULL: the configuration's */
    const char *format;  /**< of path; NULL: by its ending */
    const char *columns; /**< extra columns of the reference layout */
    option_list also;    /**< FILE or FILE:FORMAT */
    grid_options grid;
} output_options;

enum { FILE_OPTIONS = 4, OUTPUT_OPTIONS = FILE_OPTIONS + GRID_OPTIONS };
/** @p configured: the help tells that the configuration names a file too. */
void output_options_table(output_options *self, bool configured, option_spec out[OUTPUT_OPTIONS]);

/** Whether a run has to be made with parents for its columns. */
bool output_options_want_parent(const output_options *self);

/** The first is the one of -o. Starts as {0}; outputs_free is idempotent. */
typedef struct outputs {
    size_t n;
    etas_forecast_spec specs[1 + OPTION_LIST_MOST];
    char *paths[1 + OPTION_LIST_MOST]; /**< owned */
    grid_request *grid;                /**< owned; what the specs point to */
} outputs;

/** Usage with a message for formats that are not known, options that contradict each other, a file
 * that is named twice. Without a path of its own the first output is @p fallback (NULL: there must
 * be a path) in the reference layout. */
options_outcome outputs_init(outputs *self, const output_options *options, const char *fallback,
                             const command_usage *usage);
void outputs_free(outputs *self);

/** The path of the first output that is the file at @p path, under whatever name; NULL: none. */
const char *outputs_find_file(const outputs *self, const char *path);

/** For etas_export_config: shows how far it is. */
typedef struct writing_progress {
    talk *t;
    double start;     /**< talk_seconds() */
    const char *what; /**< NULL: "writing" */
} writing_progress;
void show_writing(void *writing, uint64_t done, uint64_t total);

/** "csep". */
const char *output_format_name(etas_forecast_format format);

#endif
