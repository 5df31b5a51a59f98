/** @file forecast_figures.h  Pictures of a forecast. */
#ifndef ETAS_REPORT_FORECAST_FIGURES_H
#define ETAS_REPORT_FORECAST_FIGURES_H

#include "report/figure_text.h"
#include "report/forecast_data.h"

ETAS_NODISCARD etas_status etas_forecast_draw_map(const etas_forecast_shown *shown,
                                                  etas_figure *out, etas_error *err);
ETAS_NODISCARD etas_status etas_forecast_draw_numbers(const etas_forecast_shown *shown,
                                                      etas_figure *out, etas_error *err);
ETAS_NODISCARD etas_status etas_forecast_draw_fan(const etas_forecast_shown *shown,
                                                  etas_figure *out, etas_error *err);
ETAS_NODISCARD etas_status etas_forecast_draw_magnitudes(const etas_forecast_shown *shown,
                                                         etas_figure *out, etas_error *err);

#endif
