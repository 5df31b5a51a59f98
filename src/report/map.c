#include "report/map.h"

#include <math.h>
#include <string.h>

#include "etas/geometry.h"
#include "report/colours.h"

static const double margin = 8, bar_height = 12;
static const etas_letters tick_letters = {.size = ETAS_SIZE_TICK, .ink = ETAS_INK_MUTED};
enum { N_LEVELS = 40 }; /* of colour: closer than an eye tells apart */

/* The rooms round the map. */
typedef struct rooms {
    double top, bottom, left, right;
} rooms;

static etas_plot_spec as_plot(const etas_map_spec *spec)
{
    return (etas_plot_spec){
        .title = spec->title, .n_legend = spec->n_legend, .legend = spec->legend};
}

static rooms rooms_of(const etas_map_spec *spec, double width, etas_theme theme)
{
    const etas_plot_spec head = as_plot(spec);
    rooms r = {.top = etas_plot_head(NULL, &head, width, theme),
               .left = margin + 52,
               .right = margin + 14,
               .bottom = margin + 1.6 * ETAS_SIZE_TICK};

    if (spec->colours != NULL)
        r.bottom += bar_height + 1.8 * ETAS_SIZE_TICK + 2.3 * ETAS_SIZE_TEXT;
    return r;
}

/* Width of the map over its height. */
static double aspect_of(const etas_map_spec *spec)
{
    const double middle = 0.5 * (spec->lat.low + spec->lat.high) * M_PI / 180;
    const double shrink = fmax(cos(middle), 0.05);

    return (spec->lon.high - spec->lon.low) * shrink / (spec->lat.high - spec->lat.low);
}

double etas_map_height(const etas_map_spec *spec, double width, etas_theme theme)
{
    const rooms r = rooms_of(spec, width, theme);
    const double want = (width - r.left - r.right) / aspect_of(spec);

    return r.top + fmin(want, 1.25 * width) + r.bottom;
}

/* "12.5°E" from a tick's "−167.5": by its meridian. */
static void degrees_text(etas_tick *tick, bool is_lat)
{
    const double value = is_lat ? tick->value : remainder(tick->value, 360);
    const char *const side = is_lat ? (value < 0 ? "S" : "N") : (value < 0 ? "W" : "E");
    const bool plain = fabs(value) < 1e-9 || (!is_lat && fabs(fabs(value) - 180) < 1e-9);
    const char *const point = strchr(tick->text, '.');
    const int decimals = point != NULL ? (int)strlen(point + 1) : 0;

    (void)etas_format(sizeof tick->text, tick->text, "%.*f\xc2\xb0%s", decimals, fabs(value),
                      plain ? "" : side);
}

static void draw_graticule(etas_map *self, bool is_lat)
{
    const etas_plot *const p = &self->plot;
    const double bottom = p->box.y + p->box.height, right = p->box.x + p->box.width;
    etas_letters spaced = tick_letters, how = tick_letters;
    etas_ticks ticks;

    /* The places of ticks are chosen for numbers; degrees are two letters longer. */
    spaced.size *= is_lat ? 1 : 1.5;
    etas_ticks_make(&ticks, is_lat ? &p->y : &p->x, &spaced, !is_lat);
    how.anchor = is_lat ? ETAS_ANCHOR_END : ETAS_ANCHOR_MIDDLE;
    for (size_t i = 0; i < ticks.n; i++) {
        etas_tick *const t = &ticks.tick[i];
        const double at = etas_scale_place(is_lat ? &p->y : &p->x, t->value);

        if (!t->major)
            continue;
        degrees_text(t, is_lat);
        if (is_lat) {
            etas_svg_line(p->svg, (double[]){p->box.x, at}, (double[]){right, at},
                          &(etas_pen){.stroke = ETAS_INK_GRID});
            etas_svg_text(p->svg, p->box.x - 5, at + 0.35 * how.size, &how, t->text);
        } else {
            etas_svg_line(p->svg, (double[]){at, bottom}, (double[]){at, p->box.y},
                          &(etas_pen){.stroke = ETAS_INK_GRID});
            etas_svg_text(p->svg, at, bottom + 1.25 * how.size, &how, t->text);
        }
    }
}

static void draw_colour_bar(etas_map *self, const etas_colour_scale *colours, const rooms *r)
{
    etas_svg *const svg = self->plot.svg;
    const double left = r->left, right = svg->width - margin - 14;
    const double top = svg->height - margin - 2.3 * ETAS_SIZE_TEXT - 1.8 * ETAS_SIZE_TICK + 8;
    const double step = (right - left) / N_LEVELS;
    const etas_scale scale = {colours->kind, colours->span, left, right};
    etas_letters how = tick_letters;
    etas_ticks ticks;

    etas_svg_open_crisp(svg);
    for (int k = 0; k < N_LEVELS; k++)
        etas_svg_rect(
            svg, &(etas_box){left + k * step, top, step + 0.3, bar_height},
            &(etas_pen){.fill = ETAS_INK_RGB, .rgb = etas_colour_map((k + 0.5) / N_LEVELS)});
    etas_svg_close(svg);
    etas_ticks_make(&ticks, &scale, &how, true);
    how.anchor = ETAS_ANCHOR_MIDDLE;
    for (size_t i = 0; i < ticks.n; i++) {
        const double x = etas_scale_place(&scale, ticks.tick[i].value), low = top + bar_height;

        etas_svg_line(svg, (double[]){x, low}, (double[]){x, low + (ticks.tick[i].major ? 4 : 2)},
                      &(etas_pen){.stroke = ETAS_INK_AXIS});
        if (ticks.tick[i].text[0] != '\0')
            etas_svg_text(svg, x, low + 4 + 1.05 * how.size, &how, ticks.tick[i].text);
    }
    etas_svg_text(
        svg, 0.5 * (left + right), svg->height - margin,
        &(etas_letters){.size = ETAS_SIZE_TEXT, .ink = ETAS_INK_TEXT, .anchor = ETAS_ANCHOR_MIDDLE},
        colours->title);
}

void etas_map_begin(etas_map *self, etas_svg *svg, const etas_map_spec *spec)
{
    const rooms r = rooms_of(spec, svg->width, svg->theme);
    const etas_plot_spec head = as_plot(spec);
    const double height = svg->height - r.top - r.bottom;
    const double most = svg->width - r.left - r.right;
    const double width = fmin(most, height * aspect_of(spec));
    etas_box *const b = &self->plot.box;

    *self = (etas_map){.plot = {.svg = svg}};
    *b = (etas_box){r.left + (most - width) / 2, r.top, width, width / aspect_of(spec)};
    self->plot.x = (etas_scale){ETAS_SCALE_LINEAR, spec->lon, b->x, b->x + b->width};
    self->plot.y = (etas_scale){ETAS_SCALE_LINEAR, spec->lat, b->y + b->height, b->y};
    (void)etas_plot_head(svg, &head, svg->width, svg->theme);
    draw_graticule(self, true);
    draw_graticule(self, false);
    if (spec->colours != NULL)
        draw_colour_bar(self, spec->colours, &r);
    etas_svg_open_clipped(svg, b);
}

void etas_map_end(etas_map *self)
{
    etas_svg_close(self->plot.svg);
    etas_svg_rect(self->plot.svg, &self->plot.box, &(etas_pen){.stroke = ETAS_INK_AXIS});
}

/* The level of a value, or -1 for none. */
static int level_of(const etas_scale *scale, double value)
{
    if (!isfinite(value) || (scale->kind == ETAS_SCALE_LOG && value <= 0))
        return -1;
    return (int)fmax(0, fmin(N_LEVELS - 1, floor(etas_scale_place(scale, value))));
}

/* One path per colour. Edges are not smoothed, or the ground would shine through between cells. */
void etas_map_cells_draw(etas_map *self, const etas_map_cells *cells,
                         const etas_colour_scale *colours)
{
    const etas_scale levels = {colours->kind, colours->span, 0, N_LEVELS};
    const etas_scale *const x = &self->plot.x, *const y = &self->plot.y;

    etas_svg_open_crisp(self->plot.svg);
    for (int k = 0; k < N_LEVELS; k++) {
        bool any = false;

        for (size_t i = 0; i < cells->n; i++) {
            double left, right, top, bottom;

            if (level_of(&levels, cells->value[i]) != k)
                continue;
            left = etas_scale_place(x, cells->lon[i]);
            right = etas_scale_place(x, cells->lon[i] + cells->dlon);
            bottom = etas_scale_place(y, cells->lat[i]);
            top = etas_scale_place(y, cells->lat[i] + cells->dlat);
            if (!any)
                etas_svg_path_begin(self->plot.svg);
            any = true;
            etas_svg_move(self->plot.svg, left, bottom);
            etas_svg_draw(self->plot.svg, left, top);
            etas_svg_draw(self->plot.svg, right, top);
            etas_svg_draw(self->plot.svg, right, bottom);
            etas_svg_path_close(self->plot.svg);
        }
        if (any)
            etas_svg_path_end(
                self->plot.svg,
                &(etas_pen){.fill = ETAS_INK_RGB, .rgb = etas_colour_map((k + 0.5) / N_LEVELS)});
    }
    etas_svg_close(self->plot.svg);
}

static void draw_rings(etas_map *self, const etas_region *region, const etas_pen *pen)
{
    etas_svg *const svg = self->plot.svg;

    etas_svg_path_begin(svg);
    for (size_t r = 0; r < region->n_rings; r++) {
        for (size_t i = region->ring_start[r]; i < region->ring_start[r + 1]; i++) {
            const double x = etas_scale_place(&self->plot.x, region->lon[i]);
            const double y = etas_scale_place(&self->plot.y, region->lat[i]);

            if (i == region->ring_start[r])
                etas_svg_move(svg, x, y);
            else
                etas_svg_draw(svg, x, y);
        }
        etas_svg_path_close(svg);
    }
    etas_svg_path_end_even_odd(svg, pen);
}

void etas_map_region(etas_map *self, const etas_region *region, const etas_pen *pen)
{
    const etas_pen halo = {.stroke = ETAS_INK_SURFACE, .width = 2.5 * fmax(pen->width, 1)};

    if (region->n_rings == 0)
        return;
    draw_rings(self, region, &halo);
    draw_rings(self, region, pen);
}

void etas_map_points_draw(etas_map *self, const etas_map_points *points, const etas_pen *pen)
{
    etas_svg_open(self->plot.svg, pen, NULL);
    for (size_t i = 0; i < points->n; i++)
        etas_svg_circle(self->plot.svg, etas_scale_place(&self->plot.x, points->lon[i]),
                        etas_scale_place(&self->plot.y, points->lat[i]), points->radius[i], NULL);
    etas_svg_close(self->plot.svg);
}
