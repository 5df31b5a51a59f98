#include "report/test_figures.h"

#include <math.h>
#include <stdlib.h>

#include "etas/array.h"
#include "report/axes.h"
#include "report/words.h"

enum { N_BARS = 40 };

typedef struct bars {
    double edge[N_BARS + 1], share[N_BARS];
    size_t n_outside; /* values beyond the bars */
} bars;

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Bars hold all but the outermost values, and the observed one. */
static etas_status make_bars(bars *b, const etas_test_result *r)
{
    double *sorted = NULL, low, high;
    const size_t n = r->n;
    etas_status st = etas_array_alloc((void **)&sorted, n, sizeof *sorted);
    etas_span span;

    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        sorted[i] = r->distribution[i];
    qsort(sorted, n, sizeof *sorted, by_value);
    low = fmin(n > 0 ? sorted[n / 200] : r->statistic, r->statistic);
    high = fmax(n > 0 ? sorted[n - 1 - n / 200] : r->statistic, r->statistic);
    etas_array_free((void **)&sorted);
    span = etas_span_pad((etas_span){low, high}, ETAS_SCALE_LINEAR, 0.02);
    *b = (bars){.n_outside = 0};
    for (size_t k = 0; k <= N_BARS; k++)
        b->edge[k] = span.low + (span.high - span.low) * (double)k / N_BARS;
    for (size_t i = 0; i < n; i++) {
        const double at = (r->distribution[i] - span.low) / (span.high - span.low) * N_BARS;

        if (at >= 0 && at < N_BARS)
            b->share[(size_t)at] += 100 / (double)n;
        else
            b->n_outside++;
    }
    return ETAS_OK;
}

static const char *statistic_of(etas_test test)
{
    switch (test) {
    case ETAS_TEST_N:
        return "number of events";
    case ETAS_TEST_M:
    case ETAS_TEST_RESAMPLED_M:
        return "distance of the magnitudes from the forecast\xe2\x80\x99s";
    case ETAS_TEST_MLL:
        return "log-likelihood ratio of the magnitudes";
    case ETAS_TEST_S:
        return "log-likelihood of the places";
    default:
        return "log-likelihood of number and places";
    }
}

static etas_status fill_csv(const bars *b, etas_text *csv)
{
    etas_status st = etas_text_printf(csv, "from,to,percent\n");

    for (size_t k = 0; k < N_BARS && st == ETAS_OK; k++)
        st = etas_csv_row(csv, NULL, 3, (double[]){b->edge[k], b->edge[k + 1], b->share[k]});
    return st;
}

static void say(const etas_test_result *r, const bars *b, etas_figure *out)
{
    char n[ETAS_WORDS], seen[ETAS_WORDS], more[ETAS_WORDS];
    const size_t len =
        etas_format(sizeof out->text, out->text, "The %s in %s (bars), and as observed: %s.",
                    statistic_of(r->test), etas_words_many(r->n, "simulated catalogue", n),
                    etas_words_number(r->statistic, seen));

    (void)etas_format(sizeof out->name, out->name, "test-%s", etas_test_key(r->test));
    (void)etas_format(sizeof out->title, out->title, "%s", etas_test_title(r->test));
    if (b->n_outside > 0)
        (void)etas_format(sizeof out->text - len, out->text + len, " Not shown: %s.",
                          etas_words_many(b->n_outside, "extreme catalogue", more));
}

etas_status etas_test_draw(const etas_test_result *r, etas_theme theme, etas_figure *out,
                           etas_error *err)
{
    const etas_milestone mark = {
        r->statistic, "observed", {.stroke = ETAS_INK_2, .width = 2.5, .round = true}};
    etas_plot_spec spec = {.title = out->title, .n_milestones = 1, .milestones = &mark};
    etas_svg_head head;
    etas_svg svg;
    etas_plot plot;
    bars b;
    etas_status st = make_bars(&b, r);

    if (st == ETAS_OK)
        st = fill_csv(&b, &out->csv);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for a figure");
    say(r, &b, out);
    spec.x =
        (etas_axis){statistic_of(r->test), ETAS_SCALE_LINEAR, {b.edge[0], b.edge[N_BARS]}, true};
    spec.y = (etas_axis){"catalogues (%)", ETAS_SCALE_LINEAR, {0, 1}, false};
    for (size_t k = 0; k < N_BARS; k++)
        spec.y.span.high = fmax(spec.y.span.high, 1.06 * b.share[k]);
    head = etas_figure_head(out, theme, ETAS_FIGURE_WIDTH, 0.75 * ETAS_FIGURE_HEIGHT);
    etas_svg_begin(&svg, &head, &out->svg);
    etas_plot_begin(&plot, &svg, &spec);
    etas_plot_bars(&plot, N_BARS, b.edge, b.share,
                   &(etas_pen){.fill = ETAS_INK_1, .opacity = 0.85});
    etas_plot_line(&plot, 2, (double[]){r->statistic, r->statistic},
                   (double[]){0, spec.y.span.high}, &mark.pen);
    etas_plot_end(&plot);
    return etas_svg_end(&svg, err);
}
