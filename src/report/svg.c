#include "report/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/svg_ink.h"

static void put(etas_svg *self, const char *text)
{
    if (!self->failed && etas_text_append(self->out, strlen(text), text) != ETAS_OK)
        self->failed = true;
}

static void put_number(etas_svg *self, double x)
{
    char text[32];

    (void)etas_svg_number(x, text);
    put(self, text);
}

static void put_escaped(etas_svg *self, const char *text)
{
    if (!self->failed && etas_xml_escape(self->out, text) != ETAS_OK)
        self->failed = true;
}

static void put_attribute(etas_svg *self, const char *name, double x)
{
    put(self, " ");
    put(self, name);
    put(self, "=\"");
    put_number(self, x);
    put(self, "\"");
}

size_t etas_svg_number(double x, char out[32])
{
    /* Beyond it no view box reaches; a line that leaves it may end there. */
    const double far = 1e6;
    const long hundredths = lround(100 * (isfinite(x) ? fmax(-far, fmin(far, x)) : 0));
    const unsigned long size = (unsigned long)labs(hundredths);
    const char *const sign = hundredths < 0 ? "-" : "";
    const unsigned cents = (unsigned)(size % 100);

    if (cents == 0)
        return etas_format(32, out, "%s%lu", sign, size / 100);
    if (cents % 10 == 0)
        return etas_format(32, out, "%s%lu.%u", sign, size / 100, cents / 10);
    return etas_format(32, out, "%s%lu.%02u", sign, size / 100, cents);
}

/* The length of the UTF-8 character at @p s, or 0 where there is none that XML can hold. */
static size_t character_length(const char *s)
{
    const unsigned char *const b = (const unsigned char *)s;
    const size_t n = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    uint32_t code;

    if (n == 1)
        return b[0] >= 0x20 || b[0] == '\t' || b[0] == '\n' ? 1 : 0;
    if (n == 0 || b[0] > 0xf4)
        return 0;
    code = b[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xc0) != 0x80) /* also the text's end */
            return 0;
        code = code << 6 | (b[i] & 0x3f);
    }
    if ((n == 3 && code < 0x800) || (n == 4 && (code < 0x10000 || code > 0x10ffff)) ||
        (code >= 0xd800 && code < 0xe000) || code == 0xfffe || code == 0xffff)
        return 0;
    return n;
}

/* @p to stands at the start of a character or at the text's end. */
static etas_status escape(etas_text *out, const char *from, const char *to)
{
    etas_status st = ETAS_OK;

    while (from < to && st == ETAS_OK) {
        const size_t n = character_length(from);
        const char *const entity = n == 0         ? "\xef\xbf\xbd"
                                   : *from == '&' ? "&amp;"
                                   : *from == '<' ? "&lt;"
                                   : *from == '>' ? "&gt;"
                                   : *from == '"' ? "&quot;"
                                                  : NULL;

        st = entity != NULL ? etas_text_append(out, strlen(entity), entity)
                            : etas_text_append(out, n, from);
        from += n > 0 ? n : 1;
    }
    return st;
}

etas_status etas_xml_escape(etas_text *out, const char *text)
{
    return escape(out, text, text + strlen(text));
}

static void put_classes(etas_svg *self, const etas_pen *pen)
{
    put(self, " class=\"");
    if (pen->fill != ETAS_INK_RGB) {
        put(self, "f-");
        put(self, etas_ink_class(pen->fill));
    }
    if (pen->stroke != ETAS_INK_RGB) {
        put(self, pen->fill != ETAS_INK_RGB ? " s-" : "s-");
        put(self, etas_ink_class(pen->stroke));
    }
    put(self, "\"");
}

static void put_colour(etas_svg *self, const char *attribute, etas_ink ink, uint32_t rgb)
{
    char text[32];

    if (ink == ETAS_INK_NONE)
        (void)etas_format(sizeof text, text, " %s=\"none\"", attribute);
    else
        (void)etas_format(sizeof text, text, " %s=\"#%06x\"", attribute,
                          (unsigned)(ink == ETAS_INK_RGB ? rgb : etas_ink_rgb(ink, self->theme)));
    put(self, text);
}

static void put_pen(etas_svg *self, const etas_pen *pen)
{
    if (pen == NULL)
        return;
    if (self->theme == ETAS_THEME_PAGE &&
        (pen->fill != ETAS_INK_RGB || pen->stroke != ETAS_INK_RGB))
        put_classes(self, pen);
    if (self->theme != ETAS_THEME_PAGE || pen->fill == ETAS_INK_RGB)
        put_colour(self, "fill", pen->fill, pen->rgb);
    if (self->theme != ETAS_THEME_PAGE || pen->stroke == ETAS_INK_RGB)
        put_colour(self, "stroke", pen->stroke, pen->rgb);
    if (pen->width > 0 && pen->stroke != ETAS_INK_NONE)
        put_attribute(self, "stroke-width", pen->width);
    if (pen->opacity > 0)
        put_attribute(self, "opacity", pen->opacity);
    if (pen->dash != NULL) {
        put(self, " stroke-dasharray=\"");
        put(self, pen->dash);
        put(self, "\"");
    }
    if (pen->round)
        put(self, " stroke-linecap=\"round\" stroke-linejoin=\"round\"");
}

void etas_svg_begin(etas_svg *self, const etas_svg_head *head, etas_text *out)
{
    *self = (etas_svg){.out = out,
                       .id = head->id,
                       .theme = head->theme,
                       .width = head->width,
                       .height = head->height};
    put(self, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    put_number(self, head->width);
    put(self, " ");
    put_number(self, head->height);
    put(self, "\" role=\"img\" aria-labelledby=\"");
    put_escaped(self, head->id);
    put(self, "-title ");
    put_escaped(self, head->id);
    put(self, "-desc\" font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', "
              "sans-serif\">\n<title id=\"");
    put_escaped(self, head->id);
    put(self, "-title\">");
    put_escaped(self, head->title);
    put(self, "</title>\n<desc id=\"");
    put_escaped(self, head->id);
    put(self, "-desc\">");
    put_escaped(self, head->desc);
    put(self, "</desc>\n");
    if (head->theme != ETAS_THEME_PAGE)
        etas_svg_rect(self, &(etas_box){0, 0, head->width, head->height},
                      &(etas_pen){.fill = ETAS_INK_SURFACE});
}

etas_status etas_svg_end(etas_svg *self, etas_error *err)
{
    put(self, "</svg>\n");
    return self->failed ? etas_fail(err, ETAS_E_NOMEM, "no memory for the drawing %s", self->id)
                        : ETAS_OK;
}

void etas_svg_open(etas_svg *self, const etas_pen *pen, const char *title)
{
    put(self, "<g");
    put_pen(self, pen);
    put(self, ">");
    if (title != NULL) {
        put(self, "<title>");
        put_escaped(self, title);
        put(self, "</title>");
    }
    put(self, "\n");
}

void etas_svg_close(etas_svg *self)
{
    put(self, "</g>\n");
}

/* "#ID-clip3" without its number sign. */
static void put_clip_id(etas_svg *self)
{
    char number[32];

    (void)etas_format(sizeof number, number, "-clip%u", self->n_ids);
    put_escaped(self, self->id);
    put(self, number);
}

void etas_svg_open_clipped(etas_svg *self, const etas_box *box)
{
    self->n_ids++;
    put(self, "<clipPath id=\"");
    put_clip_id(self);
    put(self, "\">");
    etas_svg_rect(self, box, NULL);
    put(self, "</clipPath>\n<g clip-path=\"url(#");
    put_clip_id(self);
    put(self, ")\">\n");
}

void etas_svg_open_crisp(etas_svg *self)
{
    put(self, "<g shape-rendering=\"crispEdges\">\n");
}

void etas_svg_line(etas_svg *self, const double from[2], const double to[2], const etas_pen *pen)
{
    etas_svg_path_begin(self);
    etas_svg_move(self, from[0], from[1]);
    etas_svg_draw(self, to[0], to[1]);
    etas_svg_path_end(self, pen);
}

void etas_svg_rect(etas_svg *self, const etas_box *box, const etas_pen *pen)
{
    put(self, "<rect");
    put_attribute(self, "x", box->x);
    put_attribute(self, "y", box->y);
    put_attribute(self, "width", fmax(box->width, 0));
    put_attribute(self, "height", fmax(box->height, 0));
    put_pen(self, pen);
    put(self, "/>\n");
}

void etas_svg_circle(etas_svg *self, double x, double y, double radius, const etas_pen *pen)
{
    put(self, "<circle");
    put_attribute(self, "cx", x);
    put_attribute(self, "cy", y);
    put_attribute(self, "r", radius);
    put_pen(self, pen);
    put(self, "/>\n");
}

void etas_svg_path_begin(etas_svg *self)
{
    put(self, "<path d=\"");
}

static void put_point(etas_svg *self, const char *command, double x, double y)
{
    put(self, command);
    put_number(self, x);
    put(self, " ");
    put_number(self, y);
}

void etas_svg_move(etas_svg *self, double x, double y)
{
    put_point(self, "M", x, y);
}

void etas_svg_draw(etas_svg *self, double x, double y)
{
    put_point(self, "L", x, y);
}

void etas_svg_path_close(etas_svg *self)
{
    put(self, "z");
}

void etas_svg_path_end(etas_svg *self, const etas_pen *pen)
{
    put(self, "\"");
    put_pen(self, pen);
    put(self, "/>\n");
}

void etas_svg_path_end_even_odd(etas_svg *self, const etas_pen *pen)
{
    put(self, "\" fill-rule=\"evenodd");
    etas_svg_path_end(self, pen);
}

/* Raised and lowered letters: share of the size, and how far up in it. */
static const double small_size = 0.75, raised_by = 0.36, lowered_by = -0.22;

/* What follows "^{" or "_{" up to its brace, which is there; NULL: @p s starts no such part. */
static const char *part_end(const char *s)
{
    return (s[0] == '^' || s[0] == '_') && s[1] == '{' ? strchr(s + 2, '}') : NULL;
}

static void put_slice(etas_svg *self, const char *from, const char *to)
{
    if (!self->failed && escape(self->out, from, to) != ETAS_OK)
        self->failed = true;
}

static void put_marked(etas_svg *self, double size, const char *s)
{
    double shift = 0; /* of what stands before; a dy lasts until the next one */

    while (*s != '\0') {
        const char *const end = part_end(s), *to = s;

        if (end != NULL) {
            const double want = (*s == '^' ? raised_by : lowered_by) * size;

            put(self, "<tspan");
            put_attribute(self, "dy", shift - want);
            put_attribute(self, "font-size", small_size * size);
            put(self, ">");
            put_slice(self, s + 2, end);
            put(self, "</tspan>");
            shift = want;
            s = end + 1;
            continue;
        }
        while (*to != '\0' && part_end(to) == NULL)
            to++;
        if (shift != 0) {
            put(self, "<tspan");
            put_attribute(self, "dy", shift);
            put(self, ">");
        }
        put_slice(self, s, to);
        if (shift != 0)
            put(self, "</tspan>");
        shift = 0;
        s = to;
    }
}

void etas_svg_text(etas_svg *self, double x, double y, const etas_letters *how, const char *text)
{
    static const char *const anchors[] = {"start", "middle", "end"};

    put(self, "<text");
    put_attribute(self, "x", x);
    put_attribute(self, "y", y);
    put_attribute(self, "font-size", how->size);
    put_pen(self, &(etas_pen){.fill = how->ink});
    if (how->anchor != ETAS_ANCHOR_START) {
        put(self, " text-anchor=\"");
        put(self, anchors[how->anchor]);
        put(self, "\"");
    }
    if (how->bold)
        put(self, " font-weight=\"600\"");
    if (how->upwards) {
        put(self, " transform=\"rotate(-90 ");
        put_number(self, x);
        put(self, " ");
        put_number(self, y);
        put(self, ")\"");
    }
    put(self, ">");
    put_marked(self, how->size, text);
    put(self, "</text>\n");
}

/* Advances of ' ' to '~' in DejaVu Sans, the widest of the usual fonts, in hundredths of the size.
 */
static const unsigned char advance[] = {
    32, 41, 46, 84, 64, 96, 78, 28, 40,  40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79,
    61, 79, 70, 64, 62, 74, 69, 99, 69,  62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64,
    64, 28, 28, 58, 28, 98, 64, 62, 64,  64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84};

static double slice_width(const char *from, const char *to)
{
    double sum = 0;

    for (; from < to; from++) {
        const unsigned char c = (unsigned char)*from;

        if (c >= ' ' && c <= '~')
            sum += advance[c - ' '] / 100.0;
        else if ((c & 0xc0) != 0x80) /* a character beyond ASCII, once: signs as wide as '+' */
            sum += 0.84;
    }
    return sum;
}

double etas_text_width(const etas_letters *how, const char *text)
{
    const double bold = how->bold ? 1.12 : 1;
    double sum = 0;

    while (*text != '\0') {
        const char *const end = part_end(text), *to = text;

        if (end != NULL) {
            sum += small_size * slice_width(text + 2, end);
            text = end + 1;
            continue;
        }
        while (*to != '\0' && part_end(to) == NULL)
            to++;
        sum += slice_width(text, to);
        text = to;
    }
    return sum * how->size * bold;
}
