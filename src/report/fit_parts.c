#include "report/fit_parts.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    etas_status (*draw)(etas_figure *out, const etas_fit_data *data, etas_theme theme,
                        etas_error *err);
} figures[ETAS_N_FIT_FIGURES] = {
    [ETAS_FIT_TIME] = {"time", etas_fit_draw_time},
    [ETAS_FIT_SPACE] = {"space", etas_fit_draw_space},
    [ETAS_FIT_PRODUCTIVITY] = {"productivity", etas_fit_draw_productivity},
    [ETAS_FIT_MAGNITUDES] = {"magnitudes", etas_fit_draw_magnitudes},
    [ETAS_FIT_BACKGROUND] = {"background", etas_fit_draw_background},
};

const char *etas_fit_figure_name(etas_fit_figure which)
{
    return figures[which].name;
}

etas_fit_figure etas_fit_figure_named(const char *name)
{
    etas_fit_figure which = 0;

    while (which < ETAS_N_FIT_FIGURES && strcmp(figures[which].name, name) != 0)
        which++;
    return which;
}

etas_status etas_fit_figure_draw(etas_figure *out, etas_fit_figure which, const etas_fit_data *data,
                                 etas_theme theme, etas_error *err)
{
    (void)etas_format(sizeof out->name, out->name, "fit-%s", figures[which].name);
    return figures[which].draw(out, data, theme, err);
}

void etas_series_add(etas_series *self, double x, double y)
{
    const size_t i = self->n;

    if (i == ETAS_SERIES_MOST)
        return;
    self->x[i] = x;
    self->y[i] = y;
    self->from[i] = self->to[i] = self->low[i] = self->high[i] = self->weight[i] = NAN;
    self->n++;
}

/* Limits of a count that hold its mean with 84 % on each side: Gehrels (1986), equations 9 and 12,
 * doi:10.1086/164079. */
static double count_low(double n)
{
    const double part = 1 - 1 / (9 * n) - 1 / (3 * sqrt(n));

    return n > 0.2 ? n * fmax(0, part * part * part) : 0;
}

static double count_high(double n)
{
    return n + 1 + sqrt(n + 0.75);
}

void etas_series_add_bin(etas_series *self, const double bin[2], double x, double weight,
                         double scale)
{
    const size_t i = self->n;

    etas_series_add(self, x, weight * scale);
    if (self->n == i)
        return;
    self->from[i] = bin[0];
    self->to[i] = bin[1];
    self->weight[i] = weight;
    if (!(weight > 0))
        return;
    self->low[i] = count_low(weight) * scale;
    self->high[i] = count_high(weight) * scale;
}

static etas_status put_csv(etas_text *csv, const char *name, const etas_series *s)
{
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < s->n && st == ETAS_OK; i++)
        st = etas_csv_row(csv, name, 7,
                          (double[]){s->x[i], s->y[i], s->from[i], s->to[i], s->low[i], s->high[i],
                                     s->weight[i]});
    return st;
}

/* All of the curves and of the data, but for values far below the least of the curves: those of
 * next to no weight. */
static void set_spans(etas_fit_drawing *d)
{
    const etas_series *const curves[] = {&d->model, &d->expected};
    etas_axis *const x = &d->spec.x, *const y = &d->spec.y;
    double least;

    x->span = y->span = ETAS_SPAN_NONE;
    for (size_t i = 0; i < 2; i++) {
        etas_span_add(&x->span, x->kind, curves[i]->n, curves[i]->x);
        etas_span_add(&y->span, y->kind, curves[i]->n, curves[i]->y);
    }
    least = y->span.low <= y->span.high ? 0.03 * y->span.low : 0;
    etas_span_add(&x->span, x->kind, d->data.n, d->data.from);
    etas_span_add(&x->span, x->kind, d->data.n, d->data.to);
    for (size_t i = 0; i < d->data.n; i++)
        if (d->data.y[i] >= least)
            etas_span_add(&y->span, y->kind, 1, &d->data.y[i]);
    x->span = etas_span_pad(x->span, x->kind, 0.02);
    y->span = etas_span_pad(y->span, y->kind, 0.05);
}

static void draw_plot(etas_svg *svg, const etas_fit_drawing *d, const etas_pen pens[3])
{
    const etas_band errors = {
        .n = d->data.n, .x = d->data.x, .low = d->data.low, .high = d->data.high};
    etas_plot plot;

    etas_plot_begin(&plot, svg, &d->spec);
    if (d->expected_name != NULL)
        etas_plot_line(&plot, d->expected.n, d->expected.x, d->expected.y, &pens[2]);
    etas_plot_line(&plot, d->model.n, d->model.x, d->model.y, &pens[1]);
    etas_plot_errors(&plot, &errors, &(etas_pen){.stroke = ETAS_INK_1, .width = 1.2});
    etas_plot_dots(&plot, d->data.n, d->data.x, d->data.y, 3, ETAS_INK_1);
    etas_plot_end(&plot);
}

etas_status etas_fit_drawing_finish(etas_figure *out, etas_fit_drawing *d, etas_theme theme,
                                    etas_error *err)
{
    const etas_pen pens[3] = {{.fill = ETAS_INK_1},
                              {.stroke = ETAS_INK_2, .width = 2, .round = true},
                              {.stroke = ETAS_INK_3, .width = 2, .dash = "6 4"}};
    const etas_legend_item legend[3] = {{d->data_name, ETAS_MARK_DOT, pens[0]},
                                        {d->model_name, ETAS_MARK_LINE, pens[1]},
                                        {d->expected_name, ETAS_MARK_LINE, pens[2]}};
    const etas_svg_head head = etas_figure_head(out, theme, ETAS_FIGURE_WIDTH, ETAS_FIGURE_HEIGHT);
    etas_svg svg;
    etas_status st;

    set_spans(d);
    d->spec.title = out->title;
    d->spec.n_legend = d->expected_name != NULL ? 3 : 2;
    d->spec.legend = legend;
    etas_svg_begin(&svg, &head, &out->svg);
    draw_plot(&svg, d, pens);
    st = etas_svg_end(&svg, err);
    if (st == ETAS_OK)
        st = etas_text_printf(&out->csv, "series,%s,from,to,low,high,weight\n", d->columns);
    if (st == ETAS_OK)
        st = put_csv(&out->csv, "data", &d->data);
    if (st == ETAS_OK)
        st = put_csv(&out->csv, "model", &d->model);
    if (st == ETAS_OK && d->expected_name != NULL)
        st = put_csv(&out->csv, "expected", &d->expected);
    return st == ETAS_OK ? st : etas_fail(err, st, "no memory for the figure %s", out->name);
}
