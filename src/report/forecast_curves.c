/* Numbers of events by catalogue, time and magnitude. */
#include <math.h>

#include "etas/array.h"
#include "etas/time.h"
#include "report/axes.h"
#include "report/forecast_figures.h"
#include "report/words.h"

const etas_forecast_figure etas_forecast_figures[ETAS_FORECAST_FIGURES] = {
    {"map", etas_forecast_draw_map},
    {"numbers", etas_forecast_draw_numbers},
    {"fan", etas_forecast_draw_fan},
    {"magnitudes", etas_forecast_draw_magnitudes}};

static const etas_pen observed_pen = {.stroke = ETAS_INK_2, .width = 2.5, .round = true};

static const char *window_of(const etas_report_forecast *f, char out[ETAS_WORDS])
{
    return etas_words_days(f->axes.horizon_days[f->axes.n_horizons - 1], out);
}

static etas_status no_memory(etas_error *err)
{
    return etas_fail(err, ETAS_E_NOMEM, "out of memory for a figure");
}

/* ---- numbers ---- */

enum { MOST_BARS = 50 };

typedef struct bars {
    size_t n;
    double width, edge[MOST_BARS + 2], share[MOST_BARS + 1];
    uint64_t above, limit; /* catalogues with more events than this */
} bars;

static uint32_t number_at(const etas_report_forecast *f, double share)
{
    double below = 0;

    for (size_t i = 0; i < f->n_numbers; i++) {
        below += (double)f->number[i].times;
        if (below >= share * (double)f->n_catalogs)
            return f->number[i].number;
    }
    return 0;
}

/* All but the last of the largest numbers, which would leave no room for the others. */
static void make_bars(bars *b, const etas_report_forecast *f, const etas_report_observed *seen)
{
    const double lowest = f->number[0].number, most = f->number[f->n_numbers - 1].number;
    double high = fmin(fmax(number_at(f, 0.99), 1), most), low = lowest < 0.3 * high ? 0 : lowest;

    if (seen != NULL && (double)seen->n <= 3 * high + 10)
        high = fmax(high, (double)seen->n);
    if (seen != NULL)
        low = fmin(low, (double)seen->n);
    high = fmax(high, low + 4);
    *b = (bars){.width = fmax(1, ceil((high - low + 1) / MOST_BARS))};
    b->n = (size_t)ceil((high - low + 1) / b->width);
    for (size_t k = 0; k <= b->n; k++)
        b->edge[k] = low - 0.5 + (double)k * b->width;
    b->limit = (uint64_t)(b->edge[b->n] - 0.5);
    for (size_t i = 0; i < f->n_numbers; i++) {
        const double at = floor((f->number[i].number - low) / b->width);

        if (f->number[i].number > b->limit)
            b->above += f->number[i].times;
        else
            b->share[(size_t)at] += 100 * (double)f->number[i].times / (double)f->n_catalogs;
    }
}

static void say_numbers(const etas_forecast_shown *shown, const bars *b, etas_figure *out)
{
    const etas_report_forecast *const f = shown->forecast;
    const etas_summary_row *const r = etas_report_row(f, 0, f->axes.n_horizons - 1);
    char window[ETAS_WORDS], mean[ETAS_WORDS], n[ETAS_WORDS], above[ETAS_WORDS], limit[ETAS_WORDS];
    size_t len = etas_format(
        sizeof out->text, out->text,
        "The numbers of earthquakes of magnitude %g or larger in %s, and how many of %s "
        "hold so many. Half of them have at most %g, the mean is %s; 95\xc2\xa0%% have "
        "between %g and %g.",
        f->threshold, window_of(f, window),
        etas_words_many(f->n_catalogs, "simulated catalogue", n), r->quantile[2],
        etas_words_number(r->mean, mean), r->quantile[0], r->quantile[4]);

    if (b->above > 0)
        len += etas_format(
            sizeof out->text - len, out->text + len, " Not shown: %s with more than %s.",
            etas_words_many(b->above, "catalogue", above), etas_words_count(b->limit, limit));
    if (shown->observed != NULL)
        (void)etas_format(sizeof out->text - len, out->text + len, " Observed: %zu.",
                          shown->observed->n);
}

static etas_status numbers_csv(const etas_report_forecast *f, etas_text *csv)
{
    etas_status st = etas_text_printf(csv, "events,catalogues\n");

    for (size_t i = 0; i < f->n_numbers && st == ETAS_OK; i++)
        st =
            etas_csv_row(csv, NULL, 2, (double[]){f->number[i].number, (double)f->number[i].times});
    return st;
}

etas_status etas_forecast_draw_numbers(const etas_forecast_shown *shown, etas_figure *out,
                                       etas_error *err)
{
    const etas_report_forecast *const f = shown->forecast;
    const etas_summary_row *const r = etas_report_row(f, 0, f->axes.n_horizons - 1);
    char seen[32] = "", axis[96], window[ETAS_WORDS];
    etas_milestone mark = {.pen = observed_pen, .text = seen};
    etas_plot_spec spec = {.title = out->title, .milestones = &mark};
    const etas_pen pale = {.fill = ETAS_INK_1, .opacity = 0.12};
    const etas_pen solid = {.fill = ETAS_INK_1, .opacity = 0.85};
    const etas_legend_item legend[] = {{"catalogues", ETAS_MARK_BAND, solid},
                                       {"95 % of them", ETAS_MARK_BAND, pale}};
    etas_svg_head head;
    etas_svg svg;
    etas_plot plot;
    bars b;

    (void)etas_format(sizeof out->name, out->name, "numbers");
    (void)etas_format(sizeof out->title, out->title, "How many earthquakes");
    make_bars(&b, f, shown->observed);
    say_numbers(shown, &b, out);
    (void)etas_format(sizeof axis, axis, "earthquakes of M \xe2\x89\xa5 %g in %s", f->threshold,
                      window_of(f, window));
    spec.x = (etas_axis){axis, ETAS_SCALE_LINEAR, {b.edge[0], b.edge[b.n]}, true};
    spec.y = (etas_axis){"share of the catalogues (%)", ETAS_SCALE_LINEAR, {0, 0}, false};
    for (size_t k = 0; k < b.n; k++)
        spec.y.span.high = fmax(spec.y.span.high, 1.06 * b.share[k]);
    spec.legend = legend;
    spec.n_legend = 2;
    if (shown->observed != NULL && (double)shown->observed->n <= (double)b.limit) {
        (void)etas_format(sizeof seen, seen, "observed %zu", shown->observed->n);
        mark.value = (double)shown->observed->n;
        spec.n_milestones = 1;
    }
    head = etas_figure_head(out, shown->theme, ETAS_FIGURE_WIDTH, ETAS_FIGURE_HEIGHT);
    etas_svg_begin(&svg, &head, &out->svg);
    etas_plot_begin(&plot, &svg, &spec);
    etas_plot_band(&plot,
                   &(etas_band){2, (double[]){r->quantile[0] - 0.5, r->quantile[4] + 0.5},
                                (double[]){0, 0}, (double[]){spec.y.span.high, spec.y.span.high}},
                   &pale);
    etas_plot_bars(&plot, b.n, b.edge, b.share, &solid);
    if (spec.n_milestones > 0) /* over the bars */
        etas_plot_line(&plot, 2, (double[]){mark.value, mark.value},
                       (double[]){0, spec.y.span.high}, &observed_pen);
    etas_plot_end(&plot);
    return numbers_csv(f, &out->csv) == ETAS_OK ? etas_svg_end(&svg, err) : no_memory(err);
}

/* ---- fan ---- */

enum { LONG_DAYS = 1000 }; /* longer windows are counted in years */

/* Curves with their beginning, where nothing has happened yet. */
typedef struct curves {
    size_t n;
    double *time, *mean, *quantile[ETAS_FAN_QUANTILES];
    double *edge, *seen; /* the observed steps */
} curves;

static void curves_free(curves *c)
{
    etas_array_free((void **)&c->time);
    etas_array_free((void **)&c->mean);
    for (size_t q = 0; q < ETAS_FAN_QUANTILES; q++)
        etas_array_free((void **)&c->quantile[q]);
    etas_array_free((void **)&c->edge);
    etas_array_free((void **)&c->seen);
}

/* After a zero. */
static etas_status prepend(double **out, size_t n, const double values[])
{
    const etas_status st = etas_array_alloc((void **)out, n + 1, sizeof **out);

    for (size_t i = 0; i < n && st == ETAS_OK; i++)
        (*out)[i + 1] = values[i];
    return st;
}

/* In units of so many days. */
static etas_status curves_make(curves *c, const etas_forecast_shown *shown, double unit)
{
    const etas_report_fan *const fan = &shown->forecast->fan;
    const etas_report_observed *const o = shown->observed;
    const size_t n = o != NULL ? o->n : 0;
    etas_status st = prepend(&c->time, fan->n, fan->days);

    c->n = fan->n + 1;
    if (st == ETAS_OK)
        st = prepend(&c->mean, fan->n, fan->mean);
    for (size_t q = 0; q < ETAS_FAN_QUANTILES && st == ETAS_OK; q++)
        st = prepend(&c->quantile[q], fan->n, fan->quantile[q]);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&c->edge, n + 2, sizeof *c->edge);
    if (st == ETAS_OK)
        st = etas_array_alloc((void **)&c->seen, n + 1, sizeof *c->seen);
    for (size_t i = 0; i <= n && st == ETAS_OK; i++) {
        c->edge[i + 1] = i < n ? o->days[i] : fan->days[fan->n - 1];
        c->edge[i + 1] /= unit;
        c->seen[i] = (double)i;
    }
    for (size_t i = 0; i < c->n && st == ETAS_OK; i++)
        c->time[i] /= unit;
    return st;
}

static void say_fan(const etas_forecast_shown *shown, etas_figure *out)
{
    const etas_report_forecast *const f = shown->forecast;
    char window[ETAS_WORDS];
    size_t len = etas_format(
        sizeof out->text, out->text,
        "Numbers of earthquakes of magnitude %g or larger from the start of the forecast to each "
        "moment of its %s. At any moment half of the simulated catalogues lie in the dark band and "
        "90\xc2\xa0%% in the light one; the line is the number that half of them do not exceed.",
        f->threshold, window_of(f, window));

    if (f->of_counts)
        len += etas_format(sizeof out->text - len, out->text + len,
                           " The run keeps counts: the numbers are known at the marked times and "
                           "joined by straight lines.");
    if (shown->observed != NULL)
        (void)etas_format(sizeof out->text - len, out->text + len,
                          " The stepped line is what was observed.");
}

static etas_status fan_csv(const etas_forecast_shown *shown, etas_text *csv)
{
    const etas_report_fan *const fan = &shown->forecast->fan;
    const etas_report_observed *const o = shown->observed;
    size_t seen = 0;
    etas_status st =
        etas_text_printf(csv, "days,mean,q5,q25,q50,q75,q95%s\n", o != NULL ? ",observed" : "");

    for (size_t i = 0; i < fan->n && st == ETAS_OK; i++) {
        double row[ETAS_FAN_QUANTILES + 3] = {fan->days[i], fan->mean[i]};

        for (size_t q = 0; q < ETAS_FAN_QUANTILES; q++)
            row[q + 2] = fan->quantile[q][i];
        while (o != NULL && seen < o->n && o->days[seen] < fan->days[i])
            seen++;
        row[ETAS_FAN_QUANTILES + 2] = (double)seen;
        st = etas_csv_row(csv, NULL, ETAS_FAN_QUANTILES + 2 + (o != NULL), row);
    }
    return st;
}

static const etas_pen wide_band = {.fill = ETAS_INK_1, .opacity = 0.18},
                      narrow_band = {.fill = ETAS_INK_1, .opacity = 0.35},
                      median_line = {.stroke = ETAS_INK_1, .width = 2, .round = true},
                      mean_line = {.stroke = ETAS_INK_TEXT, .width = 1.5, .dash = "5 4"};

static void draw_fan(etas_plot *plot, const curves *c, const etas_forecast_shown *shown)
{
    etas_plot_band(plot, &(etas_band){c->n, c->time, c->quantile[0], c->quantile[4]}, &wide_band);
    etas_plot_band(plot, &(etas_band){c->n, c->time, c->quantile[1], c->quantile[3]}, &narrow_band);
    etas_plot_line(plot, c->n, c->time, c->quantile[2], &median_line);
    etas_plot_line(plot, c->n, c->time, c->mean, &mean_line);
    if (shown->forecast->of_counts)
        etas_plot_dots(plot, c->n, c->time, c->quantile[2], 3.5, ETAS_INK_1);
    if (shown->observed != NULL)
        etas_plot_steps(plot, shown->observed->n + 1, c->edge, c->seen, &observed_pen);
}

etas_status etas_forecast_draw_fan(const etas_forecast_shown *shown, etas_figure *out,
                                   etas_error *err)
{
    const etas_report_forecast *const f = shown->forecast;
    const etas_legend_item legend[] = {{"90 %", ETAS_MARK_BAND, wide_band},
                                       {"50 %", ETAS_MARK_BAND, narrow_band},
                                       {"median", ETAS_MARK_LINE, median_line},
                                       {"mean", ETAS_MARK_LINE, mean_line},
                                       {"observed", ETAS_MARK_LINE, observed_pen}};
    etas_plot_spec spec = {
        .title = out->title, .legend = legend, .n_legend = shown->observed != NULL ? 5 : 4};
    char axis[96], time[32], days[64];
    etas_svg_head head;
    etas_svg svg;
    etas_plot plot;
    curves c = {0};
    const double unit = f->fan.days[f->fan.n - 1] > LONG_DAYS ? 365.25 : 1;
    etas_status st = curves_make(&c, shown, unit);

    (void)etas_format(sizeof out->name, out->name, "fan");
    (void)etas_format(sizeof out->title, out->title, "How the numbers grow");
    say_fan(shown, out);
    (void)etas_format(sizeof axis, axis, "earthquakes of M \xe2\x89\xa5 %g so far", f->threshold);
    (void)etas_time_format(f->model->plan[0].output_start, ' ', time);
    (void)etas_format(sizeof days, days, "%s since %.16s UTC", unit > 1 ? "years" : "days", time);
    spec.x = (etas_axis){days, ETAS_SCALE_LINEAR, {0, f->fan.days[f->fan.n - 1] / unit}, false};
    spec.y = (etas_axis){axis, ETAS_SCALE_LINEAR, {0, 1}, false};
    if (st == ETAS_OK) {
        const double top = fmax(c.quantile[4][c.n - 1], c.mean[c.n - 1]);

        spec.y.span.high =
            1.05 * fmax(fmax(top, 4), shown->observed != NULL ? (double)shown->observed->n : 0);
        head = etas_figure_head(out, shown->theme, ETAS_FIGURE_WIDTH, ETAS_FIGURE_HEIGHT);
        etas_svg_begin(&svg, &head, &out->svg);
        etas_plot_begin(&plot, &svg, &spec);
        draw_fan(&plot, &c, shown);
        etas_plot_end(&plot);
        st = fan_csv(shown, &out->csv);
    }
    curves_free(&c);
    return st == ETAS_OK ? etas_svg_end(&svg, err) : no_memory(err);
}
