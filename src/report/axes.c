#include "report/axes.h"

#include <math.h>

static const etas_letters tick_letters = {.size = ETAS_SIZE_TICK, .ink = ETAS_INK_MUTED};
static const etas_letters axis_letters = {
    .size = ETAS_SIZE_TEXT, .ink = ETAS_INK_TEXT, .anchor = ETAS_ANCHOR_MIDDLE};
static const double margin = 8, tick_length = 5;

/* Rows above the plot for the texts of milestones: each is centred on its line where it can be. */
typedef struct milestone_text {
    double left, width;
    size_t row;
} milestone_text;

static size_t place_milestones(const etas_plot *plot, const etas_plot_spec *spec,
                               milestone_text out[ETAS_MILESTONES_MOST])
{
    size_t rows = 0;

    for (size_t i = 0; i < spec->n_milestones; i++) {
        const etas_letters *const how = &tick_letters;
        milestone_text *const m = &out[i];
        const double at = etas_scale_place(&plot->x, spec->milestones[i].value);

        m->width = etas_text_width(how, spec->milestones[i].text);
        m->left = fmin(at - m->width / 2, plot->svg->width - margin - m->width);
        m->left = fmax(m->left, margin);
        m->row = 0;
        for (size_t k = 0; k < i; k++)
            if (out[k].row >= m->row && m->left < out[k].left + out[k].width + how->size &&
                out[k].left < m->left + m->width + how->size)
                m->row = out[k].row + 1;
        rows = m->row >= rows ? m->row + 1 : rows;
    }
    return rows;
}

static void draw_milestones(etas_plot *plot, const etas_plot_spec *spec,
                            const milestone_text texts[])
{
    const double row_height = 1.3 * ETAS_SIZE_TICK, bottom = plot->box.y + plot->box.height;

    for (size_t i = 0; i < spec->n_milestones; i++) {
        const etas_milestone *const m = &spec->milestones[i];
        const double at = etas_scale_place(&plot->x, m->value);
        const double base = plot->box.y - 4 - (double)texts[i].row * row_height;

        if (at >= plot->box.x && at <= plot->box.x + plot->box.width)
            etas_svg_line(plot->svg, (double[]){at, bottom}, (double[]){at, plot->box.y}, &m->pen);
        etas_svg_text(plot->svg, texts[i].left, base, &tick_letters, m->text);
    }
}

static double widest(const etas_ticks *ticks)
{
    double width = 0;

    for (size_t i = 0; i < ticks->n; i++)
        width = fmax(width, etas_text_width(&tick_letters, ticks->tick[i].text));
    return width;
}

static void draw_x_ticks(etas_plot *plot, const etas_axis *axis, const etas_ticks *ticks)
{
    const double bottom = plot->box.y + plot->box.height;
    etas_letters how = tick_letters;

    how.anchor = ETAS_ANCHOR_MIDDLE;
    for (size_t i = 0; i < ticks->n; i++) {
        const etas_tick *const t = &ticks->tick[i];
        const double x = etas_scale_place(&plot->x, t->value);
        const double end = bottom + (t->major ? tick_length : tick_length / 2);

        if (t->major && !axis->no_grid)
            etas_svg_line(plot->svg, (double[]){x, bottom}, (double[]){x, plot->box.y},
                          &(etas_pen){.stroke = ETAS_INK_GRID});
        etas_svg_line(plot->svg, (double[]){x, bottom}, (double[]){x, end},
                      &(etas_pen){.stroke = ETAS_INK_AXIS});
        if (t->text[0] != '\0')
            etas_svg_text(plot->svg, x, bottom + tick_length + 1.1 * how.size, &how, t->text);
    }
    if (axis->title != NULL)
        etas_svg_text(plot->svg, plot->box.x + plot->box.width / 2, plot->svg->height - margin,
                      &axis_letters, axis->title);
}

static void draw_y_ticks(etas_plot *plot, const etas_axis *axis, const etas_ticks *ticks)
{
    const double left = plot->box.x, right = left + plot->box.width;
    etas_letters how = tick_letters, turned = axis_letters;

    how.anchor = ETAS_ANCHOR_END;
    turned.upwards = true;
    for (size_t i = 0; i < ticks->n; i++) {
        const etas_tick *const t = &ticks->tick[i];
        const double y = etas_scale_place(&plot->y, t->value);
        const double end = left - (t->major ? tick_length : tick_length / 2);

        if (t->major && !axis->no_grid)
            etas_svg_line(plot->svg, (double[]){left, y}, (double[]){right, y},
                          &(etas_pen){.stroke = ETAS_INK_GRID});
        etas_svg_line(plot->svg, (double[]){left, y}, (double[]){end, y},
                      &(etas_pen){.stroke = ETAS_INK_AXIS});
        if (t->text[0] != '\0')
            etas_svg_text(plot->svg, left - tick_length - 3, y + 0.35 * how.size, &how, t->text);
    }
    if (axis->title != NULL)
        etas_svg_text(plot->svg, margin + 0.8 * turned.size, plot->box.y + plot->box.height / 2,
                      &turned, axis->title);
}

static void set_places(etas_plot *self)
{
    self->x.from = self->box.x;
    self->x.to = self->box.x + self->box.width;
    self->y.from = self->box.y + self->box.height;
    self->y.to = self->box.y;
}

/* The title of the y axis stands upwards along the plot; where that is too short, it is drawn
 * beyond it, so the plot is made no shorter than the caller's letters need. */
static void lay_out(etas_plot *self, const etas_plot_spec *spec, double top, etas_ticks *ticks,
                    milestone_text texts[])
{
    const double bottom = self->svg->height - margin -
                          (spec->x.title != NULL ? 1.5 * ETAS_SIZE_TEXT : 0) - tick_length -
                          1.1 * ETAS_SIZE_TICK;
    const double title_width = spec->y.title != NULL ? 1.4 * ETAS_SIZE_TEXT : 0;
    size_t rows;

    self->box = (etas_box){margin, top, self->svg->width - 2 * margin, bottom - top};
    set_places(self);
    etas_ticks_make(ticks, &self->y, &tick_letters, false);
    self->box.x = margin + title_width + widest(ticks) + tick_length + 3;
    self->box.width = self->svg->width - 2 * margin - self->box.x;
    set_places(self);
    rows = place_milestones(self, spec, texts);
    if (rows > 0) {
        const double more = (double)rows * 1.3 * ETAS_SIZE_TICK + 2;

        self->box.y += more;
        self->box.height -= more;
        set_places(self);
        etas_ticks_make(ticks, &self->y, &tick_letters, false);
    }
}

/* The last text below the plot may need more room than there is beside it. */
static void make_x_ticks(etas_plot *self, etas_ticks *ticks)
{
    etas_ticks_make(ticks, &self->x, &tick_letters, true);
    for (size_t i = ticks->n; i-- > 0;) {
        const etas_tick *const t = &ticks->tick[i];
        const double end =
            etas_scale_place(&self->x, t->value) + etas_text_width(&tick_letters, t->text) / 2;

        if (t->text[0] == '\0')
            continue;
        if (end > self->svg->width - 1) {
            self->box.width -= end - (self->svg->width - 1);
            set_places(self);
            etas_ticks_make(ticks, &self->x, &tick_letters, true);
        }
        return;
    }
}

void etas_plot_begin(etas_plot *self, etas_svg *svg, const etas_plot_spec *spec)
{
    const double top = etas_plot_head(svg, spec, svg->width, svg->theme);
    milestone_text texts[ETAS_MILESTONES_MOST];
    etas_ticks ticks_x, ticks_y;

    *self = (etas_plot){.svg = svg,
                        .x = {.kind = spec->x.kind, .span = spec->x.span},
                        .y = {.kind = spec->y.kind, .span = spec->y.span}};
    lay_out(self, spec, top, &ticks_y, texts);
    make_x_ticks(self, &ticks_x);
    draw_x_ticks(self, &spec->x, &ticks_x);
    draw_y_ticks(self, &spec->y, &ticks_y);
    draw_milestones(self, spec, texts);
    etas_svg_open_clipped(svg, &self->box);
}

void etas_plot_end(etas_plot *self)
{
    const etas_box *const b = &self->box;

    etas_svg_close(self->svg);
    etas_svg_path_begin(self->svg);
    etas_svg_move(self->svg, b->x, b->y);
    etas_svg_draw(self->svg, b->x, b->y + b->height);
    etas_svg_draw(self->svg, b->x + b->width, b->y + b->height);
    etas_svg_path_end(self->svg, &(etas_pen){.stroke = ETAS_INK_AXIS});
}
