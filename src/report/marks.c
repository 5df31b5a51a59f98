/* What is drawn between the axes of a plot. */
#include <math.h>

#include "report/axes.h"

static bool is_drawn(const etas_scale *scale, double value)
{
    return isfinite(value) && (scale->kind != ETAS_SCALE_LOG || value > 0);
}

/* A line that takes points and leaves out those that would not be seen. */
typedef struct line_state {
    etas_svg *svg;
    bool drawing;
    double x, y;  /* the last point drawn */
    bool waiting; /* a point was left out, so that the line has not ended there */
    double wait_x, wait_y;
} line_state;

static const double too_near = 0.2;

static void line_to(line_state *s, double x, double y)
{
    if (!s->drawing) {
        etas_svg_move(s->svg, x, y);
    } else if (fabs(x - s->x) < too_near && fabs(y - s->y) < too_near) {
        s->waiting = true;
        s->wait_x = x;
        s->wait_y = y;
        return;
    } else {
        etas_svg_draw(s->svg, x, y);
    }
    s->drawing = true;
    s->waiting = false;
    s->x = x;
    s->y = y;
}

static void line_end(line_state *s)
{
    if (s->waiting)
        etas_svg_draw(s->svg, s->wait_x, s->wait_y);
    s->drawing = s->waiting = false;
}

void etas_plot_line(etas_plot *self, size_t n, const double x[], const double y[],
                    const etas_pen *pen)
{
    line_state s = {.svg = self->svg};

    etas_svg_path_begin(self->svg);
    for (size_t i = 0; i < n; i++)
        if (is_drawn(&self->x, x[i]) && is_drawn(&self->y, y[i]))
            line_to(&s, etas_scale_place(&self->x, x[i]), etas_scale_place(&self->y, y[i]));
        else
            line_end(&s);
    line_end(&s);
    etas_svg_path_end(self->svg, pen);
}

/* Where bars stand, and where the value 0 of a step line lies. */
static double floor_of(const etas_plot *self)
{
    const double zero = etas_scale_place(&self->y, 0);

    return self->y.kind != ETAS_SCALE_LOG && self->y.span.low < 0 ? zero : self->y.from;
}

static double place_or_floor(const etas_plot *self, double y)
{
    return is_drawn(&self->y, y) ? etas_scale_place(&self->y, y) : floor_of(self);
}

void etas_plot_steps(etas_plot *self, size_t n, const double edge[], const double y[],
                     const etas_pen *pen)
{
    line_state s = {.svg = self->svg};

    etas_svg_path_begin(self->svg);
    for (size_t i = 0; i < n; i++) {
        const double at = place_or_floor(self, y[i]);

        if (!is_drawn(&self->x, edge[i]) || !is_drawn(&self->x, edge[i + 1]) || isnan(y[i])) {
            line_end(&s);
            continue;
        }
        line_to(&s, etas_scale_place(&self->x, edge[i]), at);
        line_to(&s, etas_scale_place(&self->x, edge[i + 1]), at);
    }
    line_end(&s);
    etas_svg_path_end(self->svg, pen);
}

void etas_plot_bars(etas_plot *self, size_t n, const double edge[], const double y[],
                    const etas_pen *pen)
{
    const double base = floor_of(self);

    etas_svg_path_begin(self->svg);
    for (size_t i = 0; i < n; i++) {
        const double left = etas_scale_place(&self->x, edge[i]);
        const double right = etas_scale_place(&self->x, edge[i + 1]);
        const double thin = fmin(1, 0.12 * (right - left)); /* between two bars */

        if (!is_drawn(&self->y, y[i]) || y[i] == 0)
            continue;
        etas_svg_move(self->svg, left + thin / 2, base);
        etas_svg_draw(self->svg, left + thin / 2, etas_scale_place(&self->y, y[i]));
        etas_svg_draw(self->svg, right - thin / 2, etas_scale_place(&self->y, y[i]));
        etas_svg_draw(self->svg, right - thin / 2, base);
        etas_svg_path_close(self->svg);
    }
    etas_svg_path_end(self->svg, pen);
}

static bool band_is_drawn(const etas_plot *self, const etas_band *band, size_t i)
{
    return is_drawn(&self->x, band->x[i]) && !isnan(band->low[i]) && !isnan(band->high[i]) &&
           is_drawn(&self->y, band->high[i]);
}

void etas_plot_band(etas_plot *self, const etas_band *band, const etas_pen *pen)
{
    etas_svg_path_begin(self->svg);
    for (size_t i = 0, end; i < band->n; i = end + 1) {
        line_state s = {.svg = self->svg};

        for (end = i; end < band->n && band_is_drawn(self, band, end); end++)
            line_to(&s, etas_scale_place(&self->x, band->x[end]),
                    etas_scale_place(&self->y, band->high[end]));
        for (size_t k = end; k-- > i;)
            line_to(&s, etas_scale_place(&self->x, band->x[k]), place_or_floor(self, band->low[k]));
        line_end(&s);
        if (end > i)
            etas_svg_path_close(self->svg);
    }
    etas_svg_path_end(self->svg, pen);
}

void etas_plot_dots(etas_plot *self, size_t n, const double x[], const double y[], double radius,
                    etas_ink ink)
{
    etas_svg_path_begin(self->svg);
    for (size_t i = 0; i < n; i++) {
        double at_x, at_y;

        if (!is_drawn(&self->x, x[i]) || !is_drawn(&self->y, y[i]))
            continue;
        at_x = etas_scale_place(&self->x, x[i]);
        at_y = etas_scale_place(&self->y, y[i]);
        etas_svg_move(self->svg, at_x, at_y); /* a line without length has round ends */
        etas_svg_draw(self->svg, at_x, at_y);
    }
    etas_svg_path_end(self->svg, &(etas_pen){.stroke = ink, .width = 2 * radius, .round = true});
}

void etas_plot_errors(etas_plot *self, const etas_band *bars, const etas_pen *pen)
{
    etas_svg_path_begin(self->svg);
    for (size_t i = 0; i < bars->n; i++) {
        const double x = etas_scale_place(&self->x, bars->x[i]);

        if (!band_is_drawn(self, bars, i))
            continue;
        etas_svg_move(self->svg, x, place_or_floor(self, bars->low[i]));
        etas_svg_draw(self->svg, x, etas_scale_place(&self->y, bars->high[i]));
    }
    etas_svg_path_end(self->svg, pen);
}

void etas_plot_text(etas_plot *self, double x, double y, const etas_letters *how, const char *text)
{
    etas_svg_text(self->svg, etas_scale_place(&self->x, x), etas_scale_place(&self->y, y), how,
                  text);
}
