/** @file figure.h  A drawing with its words and its numbers. */
#ifndef ETAS_FIGURE_H
#define ETAS_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/text.h"

ETAS_API_BEGIN

/** Where a drawing's colours come from. */
typedef enum etas_theme {
    ETAS_THEME_PAGE,  /**< the page's style sheet, in light, dark and print; no background */
    ETAS_THEME_LIGHT, /**< its own: a file */
    ETAS_THEME_DARK
} etas_theme;

/** Starts as {0}; etas_figure_free is idempotent. */
typedef struct etas_figure {
    char name[32];  /**< of its file, and of ids in the drawing: "time" */
    char title[96]; /**< "Time to aftershocks" */
    char text[600]; /**< what is drawn and how to read it; the drawing's description too */
    etas_text svg;
    etas_text csv; /**< what is drawn, as numbers: a line of names, then rows */
} etas_figure;

void etas_figure_free(etas_figure *self);

/** Whether PNG can be made: librsvg was there when this library was built, and is there now. */
bool etas_figure_can_png(void);
/** The drawing, of a theme with colours of its own, as a PNG file that is so many pixels wide.
 * Appends to @p out. E_UNSUPPORTED without the library, E_LIMIT for a size that it refuses. */
ETAS_NODISCARD etas_status etas_figure_png(const etas_figure *self, uint32_t width, etas_text *out,
                                           etas_error *err);

ETAS_API_END

#endif
