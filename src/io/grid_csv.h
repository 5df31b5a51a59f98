/** @file grid_csv.h  Grids while their tables are read. */
#ifndef ETAS_IO_GRID_CSV_H
#define ETAS_IO_GRID_CSV_H

#include "etas/grid.h"
#include "io/csv.h"

/** Not fewer than the rows that this text has. */
size_t etas_csv_rows_at_most(const etas_text *text);

/** The next row, and its place from the columns of latitude and longitude. */
ETAS_NODISCARD etas_status etas_grid_next_place(etas_csv *csv, const size_t column[2], bool *more,
                                                double *lat, double *lon, etas_error *err);

/** etas_rate_grid_check with the file and the line of the row that is wrong. */
ETAS_NODISCARD etas_status etas_grid_check_lines(etas_rate_grid *self, const uint64_t line[],
                                                 const char *path, etas_error *err);

#endif
