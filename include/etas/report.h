/** @file report.h  A forecast for people: what a report shows of it, its pictures, the page. */
#ifndef ETAS_REPORT_H
#define ETAS_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/consistency.h"
#include "etas/figure.h"
#include "etas/forecast_output.h"
#include "etas/run_view.h"
#include "etas/status.h"
#include "etas/uncertainty.h"

ETAS_API_BEGIN

/* ---- gathering ---- */

/** What is shown of a forecast. */
typedef struct etas_report_forecast etas_report_forecast;
void etas_report_forecast_close(etas_report_forecast *self);

/** Gathers it in one pass; memory does not grow with the number of catalogues. */
typedef struct etas_report_gather etas_report_gather;

/** @p n_thresholds 0: the default of summaries; a run that keeps counts has its own. @p about is
 * borrowed, its model until the forecast is closed. */
ETAS_NODISCARD etas_status etas_report_gather_open(etas_report_gather **out,
                                                   const etas_forecast_about *about,
                                                   size_t n_thresholds, const double threshold[],
                                                   etas_error *err);
/** The next catalogues. */
ETAS_NODISCARD etas_status etas_report_gather_take(etas_report_gather *self,
                                                   const etas_forecast_part *part, etas_error *err);
/** The next catalogue of a run that keeps counts. */
ETAS_NODISCARD etas_status etas_report_gather_take_counts(etas_report_gather *self,
                                                          const etas_catalog_counts *counts,
                                                          etas_error *err);
/** E_RANGE without any catalogue. */
ETAS_NODISCARD etas_status etas_report_gather_finish(etas_report_gather *self,
                                                     etas_report_forecast **out, etas_error *err);
void etas_report_gather_close(etas_report_gather *self);

/** What was observed in a forecast's window and region from its lowest threshold on. Starts as {0}.
 */
typedef struct etas_report_observed {
    size_t n, n_in_file;
    double *days; /**< since the start of the output, rising */
    double *lat, *lon, *mag;
} etas_report_observed;

/** Of the events of @p catalog those that the forecast is about, in bins as its own. */
ETAS_NODISCARD etas_status etas_report_observed_select(etas_report_observed *out,
                                                       const etas_catalog *catalog,
                                                       const etas_report_forecast *forecast,
                                                       etas_error *err);
void etas_report_observed_free(etas_report_observed *self);

/* ---- pictures ---- */

/** What they are made of. */
typedef struct etas_forecast_shown {
    const etas_report_forecast *forecast;
    const etas_report_observed *observed; /**< NULL: none */
    etas_theme theme;
} etas_forecast_shown;

/** @p out starts as {0}; etas_figure_free in any case. */
typedef etas_status (*etas_forecast_draw)(const etas_forecast_shown *shown, etas_figure *out,
                                          etas_error *err);

/** All of them, by the names of their files: "map", "numbers", "fan", "magnitudes". */
enum { ETAS_FORECAST_FIGURES = 4 };
/** A figure of a forecast. */
typedef struct etas_forecast_figure {
    const char *name;
    etas_forecast_draw draw;
} etas_forecast_figure;
extern const etas_forecast_figure etas_forecast_figures[ETAS_FORECAST_FIGURES];

/* ---- the page ---- */

/** The inversion that a forecast came from. */
typedef struct etas_report_fit {
    const etas_uncertainty *uncertainty;
    size_t n_figures;
    const etas_figure *figures;
} etas_report_fit;

/** What a page is made of; everything is borrowed. Texts may hold anything. */
typedef struct etas_report_page {
    const etas_report_forecast *forecast;
    const etas_run_view *run;
    const char *name;                     /**< of the forecast; NULL: none */
    const char *store_path;               /**< as the user gave it */
    const char *again;                    /**< the command that makes this page */
    const etas_report_observed *observed; /**< NULL: none */
    const char *observed_path;
    size_t n_tests; /**< 0 without observed events */
    const etas_test_result *tests;
    double test_cell_deg;       /**< size of the cells of the tests' grid */
    const etas_report_fit *fit; /**< NULL: it was not asked for */
    etas_time now;
} etas_report_page;

/** One HTML page that needs nothing else: no network, no script to read it. Appends to @p out. */
ETAS_NODISCARD etas_status etas_report_page_write(const etas_report_page *in, etas_text *out,
                                                  etas_error *err);

ETAS_API_END

#endif
