/** @file fit_figures.h  Pictures of how a fitted model agrees with its catalogue. */
#ifndef ETAS_FIT_FIGURES_H
#define ETAS_FIT_FIGURES_H

#include "etas/api.h"
#include "etas/figure.h"
#include "etas/fit_data.h"

ETAS_API_BEGIN

/** The figures of a fit. */
typedef enum etas_fit_figure {
    ETAS_FIT_TIME,         /**< the kernel in time */
    ETAS_FIT_SPACE,        /**< the kernel in space */
    ETAS_FIT_PRODUCTIVITY, /**< aftershocks by magnitude */
    ETAS_FIT_MAGNITUDES,   /**< how many events of which magnitude */
    ETAS_FIT_BACKGROUND,   /**< background events over time */
    ETAS_N_FIT_FIGURES
} etas_fit_figure;

/** "time", "space", "productivity", "magnitudes", "background". */
const char *etas_fit_figure_name(etas_fit_figure which);
/** ETAS_N_FIT_FIGURES when there is none of that name. */
etas_fit_figure etas_fit_figure_named(const char *name);

/** @p out starts as {0}; its name is "fit-time" and so on. E_NOMEM. */
ETAS_NODISCARD etas_status etas_fit_figure_draw(etas_figure *out, etas_fit_figure which,
                                                const etas_fit_data *data, etas_theme theme,
                                                etas_error *err);

ETAS_API_END

#endif
