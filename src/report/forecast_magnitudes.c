/* Numbers of events by magnitude. */
#include <math.h>

#include "etas/array.h"
#include "report/axes.h"
#include "report/forecast_figures.h"
#include "report/words.h"

/* Of the observed events, how many reach each magnitude. */
static double seen_above(const etas_report_observed *o, double mag)
{
    double n = 0;

    for (size_t i = 0; o != NULL && i < o->n; i++)
        n += o->mag[i] > mag - 1e-6;
    return n;
}

static etas_status fill_csv(const etas_forecast_shown *shown, const double seen[], etas_text *csv)
{
    const etas_report_mags *const m = &shown->forecast->mags;
    const bool any = shown->observed != NULL;
    etas_status st = etas_text_printf(csv, "magnitude,mean,q2.5,q97.5%s\n", any ? ",observed" : "");

    for (size_t k = 0; k < m->n && st == ETAS_OK; k++)
        st = etas_csv_row(csv, NULL, any ? 5 : 4,
                          (double[]){m->mag[k], m->mean[k], m->low[k], m->high[k], seen[k]});
    return st;
}

static etas_span numbers_span(const etas_report_mags *m, const double seen[])
{
    etas_span s = ETAS_SPAN_NONE;

    etas_span_add(&s, ETAS_SCALE_LOG, m->n, m->mean);
    etas_span_add(&s, ETAS_SCALE_LOG, m->n, m->high);
    etas_span_add(&s, ETAS_SCALE_LOG, m->n, seen);
    s.low = fmin(s.low, 0.5);
    return etas_span_pad(s, ETAS_SCALE_LOG, 0.04);
}

/* A band needs an upper end: where hardly any catalogue has an event it lies below 1, where there
 * is nothing. */
static void draw_band(etas_plot *plot, const etas_report_mags *m, const etas_pen *pen)
{
    size_t n = 0;

    while (n < m->n && m->high[n] > 0)
        n++;
    if (n > 1)
        etas_plot_band(plot, &(etas_band){n, m->mag, m->low, m->high}, pen);
}

static void say(const etas_forecast_shown *shown, etas_figure *out)
{
    const etas_report_forecast *const f = shown->forecast;
    char window[ETAS_WORDS];
    const size_t len = etas_format(
        sizeof out->text, out->text,
        "Earthquakes of a magnitude or a larger one in %s: their mean number per simulated "
        "catalogue (line), and the range that holds 95\xc2\xa0%% of the catalogues (band, down to "
        "0 where "
        "it reaches the bottom).",
        etas_words_days(f->axes.horizon_days[f->axes.n_horizons - 1], window));

    if (shown->observed != NULL)
        (void)etas_format(sizeof out->text - len, out->text + len,
                          shown->observed->n > 0 ? " Dots are the observed numbers."
                                                 : " Nothing was observed.");
}

static etas_status draw(const etas_forecast_shown *shown, const double seen[], etas_figure *out,
                        etas_error *err)
{
    const etas_report_mags *const m = &shown->forecast->mags;
    const etas_pen band = {.fill = ETAS_INK_1, .opacity = 0.2};
    const etas_pen line = {.stroke = ETAS_INK_1, .width = 2, .round = true};
    const etas_legend_item legend[] = {{"mean", ETAS_MARK_LINE, line},
                                       {"95 % of the catalogues", ETAS_MARK_BAND, band},
                                       {"observed", ETAS_MARK_DOT, {.fill = ETAS_INK_2}}};
    const etas_span mags = {m->mag[0], m->n > 1 ? m->mag[m->n - 1] : m->mag[0] + 1};
    const etas_plot_spec spec = {
        .title = out->title,
        .x = {"magnitude M", ETAS_SCALE_LINEAR, etas_span_pad(mags, ETAS_SCALE_LINEAR, 0.02),
              false},
        .y = {"earthquakes of M or larger", ETAS_SCALE_LOG, numbers_span(m, seen), false},
        .legend = legend,
        .n_legend = shown->observed != NULL ? 3 : 2};
    const etas_svg_head head =
        etas_figure_head(out, shown->theme, ETAS_FIGURE_WIDTH, ETAS_FIGURE_HEIGHT);
    etas_svg svg;
    etas_plot plot;

    etas_svg_begin(&svg, &head, &out->svg);
    etas_plot_begin(&plot, &svg, &spec);
    draw_band(&plot, m, &band);
    etas_plot_line(&plot, m->n, m->mag, m->mean, &line);
    if (shown->forecast->of_counts)
        etas_plot_dots(&plot, m->n, m->mag, m->mean, 3, ETAS_INK_1);
    if (shown->observed != NULL)
        etas_plot_dots(&plot, m->n, m->mag, seen, 3.5, ETAS_INK_2);
    etas_plot_end(&plot);
    return etas_svg_end(&svg, err);
}

etas_status etas_forecast_draw_magnitudes(const etas_forecast_shown *shown, etas_figure *out,
                                          etas_error *err)
{
    const etas_report_mags *const m = &shown->forecast->mags;
    double *seen = NULL;
    etas_status st = etas_array_alloc((void **)&seen, m->n, sizeof *seen);

    (void)etas_format(sizeof out->name, out->name, "magnitudes");
    (void)etas_format(sizeof out->title, out->title, "How large they are");
    say(shown, out);
    for (size_t k = 0; k < m->n && st == ETAS_OK; k++)
        seen[k] = seen_above(shown->observed, m->mag[k]);
    if (st == ETAS_OK)
        st = fill_csv(shown, seen, &out->csv);
    st = st == ETAS_OK ? draw(shown, seen, out, err)
                       : etas_fail(err, st, "out of memory for a figure");
    etas_array_free((void **)&seen);
    return st;
}
