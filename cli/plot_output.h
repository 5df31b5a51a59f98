/** @file plot_output.h  Figures into files, one each or all into a folder: what the plot commands
 * share. */
#ifndef ETAS_CLI_PLOT_OUTPUT_H
#define ETAS_CLI_PLOT_OUTPUT_H

#include <stdbool.h>

#include "etas/figure.h"
#include "options.h"
#include "talk.h"

/** Starts as {0}. */
typedef struct plot_output {
    const char *path, *format;
    option_list wanted; /**< names of figures */
    uint64_t width;
    bool csv, dark;
    const char *prefix; /**< of files in a folder, before the figure's name; NULL: none */
    /* settled by plot_output_check */
    bool to_file; /**< path is the file of one figure */
    bool png;
    uint64_t chosen; /**< bit k: figure k */
} plot_output;

enum { PLOT_OUTPUT_OPTIONS = 6 };
/** @p names: what --help says of --figure. */
void plot_output_table(plot_output *self, const char *names, option_spec out[PLOT_OUTPUT_OPTIONS]);

/** Usage for what contradicts itself or names no figure; of the @p n figures (at most 64) of these
 * names those that are wanted are chosen, all when none is named. */
options_outcome plot_output_check(plot_output *self, const command_usage *usage, size_t n,
                                  const char *const names[]);

/** Of a file. */
etas_theme plot_output_theme(const plot_output *self);

/** Writes the figure and, if that is wished, its numbers beside it. E_IO. */
ETAS_NODISCARD etas_status plot_output_write(const plot_output *self, const etas_figure *figure,
                                             const talk *t, etas_error *err);

#endif
