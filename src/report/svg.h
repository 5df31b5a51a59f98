/** @file svg.h  Drawings as SVG text: elements, escaping, measured text, colours by their role.
 *
 * A drawing in a page names its colours by classes that etas_svg_css defines for light, dark and
 * print; one in a file of its own carries them. Coordinates are in units of the view box.
 */
#ifndef ETAS_REPORT_SVG_H
#define ETAS_REPORT_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/figure.h"
#include "etas/status.h"
#include "etas/text.h"

/* clang-format off */
/** name, class, light, dark: what a colour is for. Text has 4.5:1 and lines 3:1 against the
 * surface, but for grid and track, which may be overlooked; colour-blind people tell 1 to 4 apart. */
#define ETAS_INK_MAP(X)                         \
    X(SURFACE, "surface", 0xffffff, 0x1b212a)   \
    X(TEXT,    "text",    0x1b2430, 0xe4e8ee)   \
    X(MUTED,   "muted",   0x566173, 0x9aa7b8)   \
    X(AXIS,    "axis",    0x7a8595, 0x7d899a)   \
    X(GRID,    "grid",    0xe1e5ea, 0x303945)   \
    X(TRACK,   "track",   0xc9d0d9, 0x4a5667)   \
    X(1,       "one",     0x1f5fae, 0x74aef0)   \
    X(2,       "two",     0xc2410c, 0xff9457)   \
    X(3,       "three",   0x0b7a63, 0x45c9a5)   \
    X(4,       "four",    0x7b3fa0, 0xc79be8)   \
    X(GOOD,    "good",    0x17713a, 0x6fcf97)   \
    X(BAD,     "bad",     0xa8201a, 0xff8a80)
/* clang-format on */

typedef enum etas_ink {
    ETAS_INK_NONE,
#define X(name, class_name, light, dark) ETAS_INK_##name,
    ETAS_INK_MAP(X)
#undef X
        ETAS_INK_RGB /**< the pen's own colour, the same in all themes */
} etas_ink;

typedef struct etas_pen {
    etas_ink stroke, fill;
    double width;     /**< of the stroke; 0: 1 */
    double opacity;   /**< 0: 1 */
    const char *dash; /**< as stroke-dasharray; NULL: solid */
    bool round;       /**< ends and corners; without length a line is a dot */
    uint32_t rgb;     /**< 0xrrggbb of ETAS_INK_RGB */
} etas_pen;

typedef struct etas_box {
    double x, y, width, height;
} etas_box;

typedef struct etas_svg_head {
    const char *id;           /**< starts those inside; unique in a page */
    const char *title, *desc; /**< what is shown, and what it says: read to who does not see it */
    double width, height;
    etas_theme theme;
} etas_svg_head;

/** A drawing in progress. What fails (memory) is remembered and told by etas_svg_end. */
typedef struct etas_svg {
    etas_text *out;
    const char *id;
    etas_theme theme;
    double width, height;
    unsigned n_ids;
    bool failed;
} etas_svg;

/** Appends to @p out. */
void etas_svg_begin(etas_svg *self, const etas_svg_head *head, etas_text *out);
ETAS_NODISCARD etas_status etas_svg_end(etas_svg *self, etas_error *err);

/** The classes' colours as style sheet of a page: custom properties, light, dark and in print; the
 * attribute data-theme (light, dark) of the page decides before the reader's settings. */
ETAS_NODISCARD etas_status etas_svg_css(etas_text *out);

/** A group with the pen of all in it; @p title (NULL: none) is shown under the pointer. */
void etas_svg_open(etas_svg *self, const etas_pen *pen, const char *title);
void etas_svg_close(etas_svg *self);
/** A group of which only what lies in the box is seen; closed by etas_svg_close. */
void etas_svg_open_clipped(etas_svg *self, const etas_box *box);
/** A group whose edges are not smoothed, for areas that meet; closed by etas_svg_close. */
void etas_svg_open_crisp(etas_svg *self);

/** NULL as pen: that of the group. */
void etas_svg_line(etas_svg *self, const double from[2], const double to[2], const etas_pen *pen);
void etas_svg_rect(etas_svg *self, const etas_box *box, const etas_pen *pen);
void etas_svg_circle(etas_svg *self, double x, double y, double radius, const etas_pen *pen);

/** Parts of one path. */
void etas_svg_path_begin(etas_svg *self);
void etas_svg_move(etas_svg *self, double x, double y);
void etas_svg_draw(etas_svg *self, double x, double y);
void etas_svg_path_close(etas_svg *self);
void etas_svg_path_end(etas_svg *self, const etas_pen *pen);
/** The same; a ring inside a ring is a hole. */
void etas_svg_path_end_even_odd(etas_svg *self, const etas_pen *pen);

typedef enum etas_anchor { ETAS_ANCHOR_START, ETAS_ANCHOR_MIDDLE, ETAS_ANCHOR_END } etas_anchor;

typedef struct etas_letters {
    double size;
    etas_ink ink;
    etas_anchor anchor;
    bool bold, upwards; /**< upwards: turned by 90 degrees */
} etas_letters;

/** One line of text with its base line at y; "10^{-3}" and "P_{ij}" raise and lower. */
void etas_svg_text(etas_svg *self, double x, double y, const etas_letters *how, const char *text);

/** An upper bound of the text's width in the fonts that are usual, in units of the view box. */
double etas_text_width(const etas_letters *how, const char *text);

/** @p x with at most two decimals, as short as may be; whatever the locale. Not finite: 0.
 * @p out holds 32 bytes. Returns the length. */
size_t etas_svg_number(double x, char out[32]);

/** @p text with XML's special characters as entities; what XML cannot hold becomes U+FFFD. */
ETAS_NODISCARD etas_status etas_xml_escape(etas_text *out, const char *text);

#endif
