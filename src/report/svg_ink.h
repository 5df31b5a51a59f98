/** @file svg_ink.h  Colours of the roles. */
#ifndef ETAS_REPORT_SVG_INK_H
#define ETAS_REPORT_SVG_INK_H

#include "report/svg.h"

/** "none", "text", ...: after "f-" (fill) and "s-" (stroke) the class in a page. */
const char *etas_ink_class(etas_ink ink);
/** 0xrrggbb in a file of its own. */
uint32_t etas_ink_rgb(etas_ink ink, etas_theme theme);

#endif
