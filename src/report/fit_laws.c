/* Productivity, magnitudes and the background beside what the catalogue has. */
#include <math.h>

#include "etas/array.h"
#include "report/fit_parts.h"

etas_status etas_fit_draw_productivity(etas_figure *out, const etas_fit_data *data,
                                       etas_theme theme, etas_error *err)
{
    etas_fit_drawing d = {.spec = {.x = {.title = "Magnitude", .kind = ETAS_SCALE_LINEAR},
                                   .y = {.title = "Aftershocks per event", .kind = ETAS_SCALE_LOG}},
                          .columns = "magnitude,aftershocks_per_event",
                          .data_name = "weighted pairs",
                          .model_name = "in infinite time",
                          .expected_name = "expected here"};

    (void)etas_format(sizeof out->title, out->title, "Aftershocks by magnitude");
    (void)etas_format(
        sizeof out->text, out->text,
        "Direct aftershocks of magnitude %.1f or more per event, by the event's magnitude: the "
        "sums of the probabilities that later events are its aftershocks. The line is the model's "
        "number in infinite time, which grows as e^(alpha m) with alpha = %.3g; what is expected "
        "in this catalogue is the number within the time in which the catalogue can show them. "
        "Bars are the errors of counts.",
        data->m_ref, etas_params_alpha(&data->theta));
    for (size_t k = 0; k < data->n_groups; k++) {
        const etas_fit_group *const g = &data->group[k];
        const double n = (double)g->n_sources;

        if (g->n_sources == 0)
            continue;
        etas_series_add_bin(&d.data, (double[]){g->low, g->high}, g->mag, g->weight, 1 / n);
        etas_series_add(&d.expected, g->mag, g->expected / n);
        if (isfinite(g->lasting))
            etas_series_add(&d.model, g->mag, g->lasting / n);
    }
    return etas_fit_drawing_finish(out, &d, theme, err);
}

etas_status etas_fit_draw_magnitudes(etas_figure *out, const etas_fit_data *data, etas_theme theme,
                                     etas_error *err)
{
    char name[64];
    etas_fit_drawing d = {.spec = {.x = {.title = "Magnitude M", .kind = ETAS_SCALE_LINEAR},
                                   .y = {.title = "Events of at least M", .kind = ETAS_SCALE_LOG}},
                          .columns = "magnitude,events_at_or_above",
                          .data_name = "catalogue",
                          .model_name = name};

    (void)etas_format(sizeof name, name, "\xce\xb2 = %.3g (b = %.2f)", data->beta,
                      data->beta / log(10));
    (void)etas_format(sizeof out->title, out->title, "Magnitudes");
    (void)etas_format(
        sizeof out->text, out->text,
        "How many of the %zu target events have at least a magnitude, and how many are expected "
        "with beta = %.4g (b = %.3g), where each event's magnitude starts at its own completeness. "
        "Bars are the errors of counts; neighbours share most of their events.",
        data->n_targets, data->beta, data->beta / log(10));
    for (size_t k = 0; k < data->n_sizes; k++) {
        const etas_fit_size *const s = &data->size[k];
        const double next = k + 1 < data->n_sizes ? data->size[k + 1].low : s->low;

        if (s->n_above > 0)
            etas_series_add_bin(&d.data, (double[]){s->low, next}, s->low, (double)s->n_above, 1);
        etas_series_add(&d.model, s->low, s->expected);
    }
    return etas_fit_drawing_finish(out, &d, theme, err);
}

/* ---- the background over time ---- */

enum { N_STEPS = 100 }; /* of the line and the band */

/* A straight line from 0 to the sum, and where 95 of 100 constant backgrounds lie at any time: a
 * Poisson process whose end is known. */
typedef struct constant {
    double time[N_STEPS + 1], line[N_STEPS + 1], low[N_STEPS + 1], high[N_STEPS + 1];
} constant;

static void constant_make(constant *out, const etas_fit_data *data)
{
    const double total = data->n_targets > 0 ? data->background[data->n_targets - 1] : 0;
    const double start = (double)data->window_start / 1e9, end = (double)data->window_end / 1e9;

    for (size_t i = 0; i <= N_STEPS; i++) {
        const double share = (double)i / N_STEPS;
        const double error = 1.96 * sqrt(total * share * (1 - share));

        out->time[i] = start + share * (end - start);
        out->line[i] = share * total;
        out->low[i] = fmax(0, out->line[i] - error);
        out->high[i] = fmin(total, out->line[i] + error);
    }
}

static void background_plot(etas_svg *svg, const etas_figure *out, const etas_fit_data *data,
                            const constant *line, const double seconds[])
{
    const etas_pen pens[3] = {{.stroke = ETAS_INK_1, .width = 2},
                              {.stroke = ETAS_INK_2, .width = 2, .dash = "6 4"},
                              {.fill = ETAS_INK_2, .opacity = 0.2}};
    const etas_legend_item legend[3] = {{"background events", ETAS_MARK_LINE, pens[0]},
                                        {"constant rate", ETAS_MARK_LINE, pens[1]},
                                        {"95 % at any time", ETAS_MARK_BAND, pens[2]}};
    const etas_span span =
        etas_span_pad((etas_span){0, fmax(line->high[N_STEPS], 1e-6)}, ETAS_SCALE_LINEAR, 0.04);
    const etas_plot_spec spec = {
        .title = out->title,
        .x = {.kind = ETAS_SCALE_TIME, .span = {line->time[0], line->time[N_STEPS]}},
        .y = {.title = "Background events so far",
              .kind = ETAS_SCALE_LINEAR,
              .span = {0, span.high}},
        .n_legend = 3,
        .legend = legend};
    etas_plot plot;

    etas_plot_begin(&plot, svg, &spec);
    etas_plot_band(&plot, &(etas_band){N_STEPS + 1, line->time, line->low, line->high}, &pens[2]);
    etas_plot_line(&plot, N_STEPS + 1, line->time, line->line, &pens[1]);
    etas_plot_line(&plot, data->n_targets, seconds, data->background, &pens[0]);
    etas_plot_end(&plot);
}

static etas_status background_csv(etas_figure *out, const etas_fit_data *data, const constant *line)
{
    etas_status st = etas_text_printf(&out->csv, "series,days,background_events,low,high\n");

    for (size_t j = 0; j < data->n_targets && st == ETAS_OK; j++)
        st = etas_csv_row(&out->csv, "data", 4,
                          (double[]){data->time_days[j], data->background[j], NAN, NAN});
    for (size_t i = 0; i <= N_STEPS && st == ETAS_OK; i++)
        st = etas_csv_row(&out->csv, "constant", 4,
                          (double[]){(line->time[i] - line->time[0]) / 86400, line->line[i],
                                     line->low[i], line->high[i]});
    return st;
}

etas_status etas_fit_draw_background(etas_figure *out, const etas_fit_data *data, etas_theme theme,
                                     etas_error *err)
{
    const double start = (double)data->window_start / 1e9;
    constant line;
    double *seconds = NULL;
    etas_svg_head head;
    etas_svg svg;
    etas_status st = etas_array_alloc((void **)&seconds, data->n_targets, sizeof *seconds);

    if (st != ETAS_OK)
        return etas_fail(err, st, "no memory for the figure %s", out->name);
    constant_make(&line, data);
    for (size_t j = 0; j < data->n_targets; j++)
        seconds[j] = start + data->time_days[j] * 86400;
    (void)etas_format(sizeof out->title, out->title, "Background events over time");
    (void)etas_format(
        sizeof out->text, out->text,
        "The sum of the probabilities that target events are background, from the window's start "
        "on: %.4g of %zu targets. The model's background is constant in time: a straight line. "
        "Where the sum leaves the band, the rate of background events changes more than chance "
        "explains, or the catalogue's completeness does.",
        line.line[N_STEPS], data->n_targets);
    head = etas_figure_head(out, theme, ETAS_FIGURE_WIDTH, ETAS_FIGURE_HEIGHT);
    etas_svg_begin(&svg, &head, &out->svg);
    background_plot(&svg, out, data, &line, seconds);
    st = etas_svg_end(&svg, err);
    if (st == ETAS_OK) {
        st = background_csv(out, data, &line);
        if (st != ETAS_OK)
            etas_fail(err, st, "no memory for the figure %s", out->name);
    }
    etas_array_free((void **)&seconds);
    return st;
}
