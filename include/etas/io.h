/** @file io.h  Files in and out. Every output is written to a temporary name beside its target,
 * flushed, and renamed: a reader never sees half of one, a failure leaves what was there. */
#ifndef ETAS_IO_H
#define ETAS_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "etas/api.h"
#include "etas/bootstrap.h"
#include "etas/catalog.h"
#include "etas/catalog_input.h"
#include "etas/config.h"
#include "etas/inversion.h"
#include "etas/log.h"
#include "etas/text.h"
#include "etas/uncertainty.h"

ETAS_API_BEGIN

/** The catalogue as CSV that reads back to the same bits: id, latitude, longitude, time, magnitude,
 * then depth, mc_current and x, y, z (km) where an event has them. E_IO. */
ETAS_NODISCARD etas_status etas_catalog_write_csv(FILE *out, const etas_catalog *self,
                                                  etas_error *err);

/** The catalogue in a format that etas_catalog_load reads: the same ids, times, places, depths and
 * magnitudes, but for what a format has no place for. GeoJSON has microseconds, ZMAP no ids; ids in
 * QuakeML get "smi:local/" before them unless they have a scheme. E_RANGE for an id that a format
 * cannot hold; E_ARG for ETAS_CATALOG_AUTO; E_IO. */
ETAS_NODISCARD etas_status etas_catalog_write(FILE *out, const etas_catalog *self,
                                              etas_catalog_format format, etas_error *err);

/** A column of numbers for a table, one per row; NaN is an empty field. */
typedef struct etas_csv_column {
    const char *name;
    size_t n;
    const double *values;
} etas_csv_column;

/** Copies the CSV text byte for byte, except that @p column replaces the one of its name, or
 * follows the last one. E_ARG when the text has not column->n rows; E_IO. */
ETAS_NODISCARD etas_status etas_csv_write_column(FILE *out, size_t len, const char text[],
                                                 const etas_csv_column *column, etas_error *err);

/** The bytes of a regular file or a pipe, followed by a NUL. @p out starts as {0} and stays so on
 * failure. E_IO with the system's reason and the path. */
ETAS_NODISCARD etas_status etas_file_read(const char *path, etas_text *out, etas_error *err);

/**
 * Region from a file, whose content tells its format: .npy of shape (N, 2), format 1 to 3, floats
 * or integers of either byte order, C or Fortran order; a JSON or Python-style list of [lat, lon]
 * pairs, also as NumPy prints arrays; WKT POLYGON or MULTIPOLYGON; GeoJSON Polygon, MultiPolygon,
 * or features of them. @p lonlat: arrays and lists have lon first, as WKT and GeoJSON always have.
 * E_PARSE, E_RANGE as etas_region_set_ring and etas_region_set_polygons. @p out starts as {0} and
 * stays so on failure.
 */
ETAS_NODISCARD etas_status etas_region_load(etas_region *out, const char *path, bool lonlat,
                                            etas_error *err);
/** The same from memory. */
ETAS_NODISCARD etas_status etas_region_read(etas_region *out, size_t len, const char bytes[],
                                            bool lonlat, etas_error *err);

/** A file being written. Starts as {0}. Write through stream, or by name into the temporary file,
 * then commit or discard. A device or pipe is written to as it is (temporary is NULL then); a
 * symbolic link stays one; the standard output stays open, and whoever ends the program closes it
 * and tells of failures there. */
typedef struct etas_output {
    FILE *stream;
    char *path, *temporary;
} etas_output;

/** As a path of an output: the program's standard output. A file of this name is "./-". */
#define ETAS_STANDARD_OUTPUT "-"
/** Creates missing directories of @p path. E_IO with the system's reason. */
ETAS_NODISCARD etas_status etas_output_open(etas_output *self, const char *path, etas_error *err);
/** Flush and sync: most of what may fail in a commit, which does it too. E_IO as there. */
ETAS_NODISCARD etas_status etas_output_sync(etas_output *self, etas_error *err);
/** Flush, sync, rename, sync the folder. E_IO with the failing step and the system's reason, also
 * for a write that failed earlier; then the temporary file is removed. */
ETAS_NODISCARD etas_status etas_output_commit(etas_output *self, etas_error *err);
/** Removes the temporary file; harmless after a commit. */
void etas_output_discard(etas_output *self);

/** DIRECTORY/BEFOREIDAFTER, the name of a file of results, to be freed with free(); NULL when out
 * of memory. @p directory NULL or "": the current one. */
char *etas_results_path(const char *directory, const char *before, const char *id,
                        const char *after);

/** What etas_results_save writes. */
typedef struct etas_results_input {
    const etas_config *config;
    const char *directory;       /**< made when missing; NULL or "": the current one */
    const etas_catalog *catalog; /**< the prepared one */
    const etas_inversion_state *state;
    etas_inversion *pairs_of; /**< NULL, or what the state is of: its pairs go into a file too */
    const etas_uncertainty *uncertainty; /**< NULL, or with diagnostics: their keys as well */
    const etas_diagnostics *diagnostics;
    double area_km2;
    double m_ref; /**< of the model: the configuration's, or lower */
    double invert_seconds;
    const char *revision; /**< of the program that made them; NULL or "": not known */
} etas_results_input;

/** parameters_ID.json, trig_and_bg_probs_ID.csv, sources_ID.csv and, on request,
 * pij_ID.csv with the reference's keys and columns and ours behind them. The parameters, which
 * name the others, appear last. */
ETAS_NODISCARD etas_status etas_results_save(const etas_results_input *in, etas_error *err);

/** A row per refit, in the order given. */
ETAS_NODISCARD etas_status etas_bootstrap_save_csv(const char *path, size_t n,
                                                   const etas_refit_result results[],
                                                   etas_error *err);
/**
 * Puts the summary into the file @p path (parameters_ID.json as etas_results_save wrote it) as
 * its last key "bootstrap", in place of one that is there; the rest stays as it is. @p csv: the
 * file with the refits, named there. E_RANGE when the file has other parameters than @p fit.
 */
ETAS_NODISCARD etas_status etas_results_add_bootstrap(const char *path, const etas_refit *fit,
                                                      const etas_bootstrap_summary *summary,
                                                      const char *csv, etas_error *err);

/** What an inversion's files hold, ours or the reference's. Starts as {0}. */
typedef struct etas_results {
    etas_params theta;
    double beta, m_ref, delta_m, area_km2, n_hat, i_hat;
    etas_mc_method mc_method;
    double mc; /**< with ETAS_MC_CONSTANT, else NaN */
    bool free_background, free_productivity, induced;
    etas_time auxiliary_start, timewindow_start, timewindow_end;
    etas_region region;
    size_t n_targets;
    double *target_lat, *target_lon, *target_weight; /**< P_background * zeta_plus_1 */
    double *target_mu, *target_p_induced;            /**< NaN where the file has none */
    size_t n_sources;
    double *xi_plus_1;    /**< per source row */
    double *kappa;        /**< per source row; NaN without free_productivity */
    etas_catalog sources; /**< in file order, taken from the catalogue by id */
} etas_results;

/**
 * @p path: parameters_ID.json. The other files are looked for at the paths it names, beside it,
 * and beside it without their folders; the catalogue, which has the places of the sources, also
 * through @p config (NULL: none). Without a column xi_plus_1, which the reference does not write,
 * it is computed from the parameters. E_PARSE when a source is not in the catalogue or has another
 * time or magnitude there; E_UNSUPPORTED for results in three dimensions.
 */
ETAS_NODISCARD etas_status etas_results_load(etas_results *self, const char *path,
                                             const etas_config *config, etas_error *err);
/** The parameters' file alone, also in three dimensions (then without a region); the arrays stay
 * empty. */
ETAS_NODISCARD etas_status etas_results_load_parameters(etas_results *self, const char *path,
                                                        etas_error *err);
void etas_results_free(etas_results *self);

/** The estimate in a file as parameters_<id>.json; *has false: another kind of JSON file, such as a
 * configuration. E_PARSE, E_IO. */
ETAS_NODISCARD etas_status etas_results_load_estimate(const char *path, etas_params *theta,
                                                      bool *has, etas_error *err);

ETAS_API_END

#endif
