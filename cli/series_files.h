/** @file series_files.h  The folder of a series: its settings, its table, which says how far it is,
 * and what else it leaves. */
#ifndef ETAS_CLI_SERIES_FILES_H
#define ETAS_CLI_SERIES_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "series_settings.h"

/** Starts as {.folder = -1, .table = -1, .times = -1}; series_files_close is idempotent. */
typedef struct series_files {
    int folder; /**< open and locked: nobody else adds rows */
    int table, times;
    char *settings_path, *table_path, *times_path, *summary_path, *stores_path;
    uint64_t n_rows; /**< in the table */
    int64_t len;     /**< of the table in bytes */
} series_files;

/** The one of these files that is the file at @p path, under whatever name; NULL: none. */
const char *series_files_find(const series_files *self, const char *path);

/** What the folder is opened for. */
typedef enum series_opening {
    SERIES_BEGIN,   /**< E_EXISTS when there is a series already */
    SERIES_RESUME,  /**< E_IO when there is none */
    SERIES_RESTART, /**< what is there goes */
    SERIES_LOOK     /**< for one date: nothing is written, and there need not be a series */
} series_opening;

/** The names, made of @p directory. */
ETAS_NODISCARD etas_status series_files_init(series_files *self, const char *directory,
                                             etas_error *err);
void series_files_close(series_files *self);

/**
 * Locks the folder, and begins or finds the series in it, which must match (series_settings.h). A
 * last line that was not written to its end is cut off, every other must be the row of its date
 * (E_CORRUPT).
 */
ETAS_NODISCARD etas_status series_files_open(series_files *self, series_opening how,
                                             const char *directory, const series_begin *begin,
                                             etas_error *err);
/** The folder of the stores that are kept. */
ETAS_NODISCARD etas_status series_files_make_stores(const series_files *self, etas_error *err);
/** Of a series that has no rows nothing stays behind. */
void series_files_undo(const series_files *self, const char *directory);
/** Adds @p row, safe from the end of this process and of the machine when it returns ETAS_OK. */
ETAS_NODISCARD etas_status series_files_add(series_files *self, const series_settings *settings,
                                            const series_row *row, etas_error *err);

#endif
