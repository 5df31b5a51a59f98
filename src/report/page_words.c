/* The forecast in words, and its table of probabilities. */
#include <math.h>
#include <string.h>

#include "report/figure_text.h"
#include "report/page.h"

enum { MOST_SAID = 3 };

/* Magnitudes that people know: 3, 4, 5, or those that the forecast has. */
static size_t choose(const etas_report_forecast *f, size_t out[MOST_SAID])
{
    const etas_summary_axes *const axes = &f->axes;
    size_t n = 0;

    for (double m = 3; m <= 8 && n < MOST_SAID; m++)
        for (size_t j = 0; j < axes->n_thresholds && n < MOST_SAID; j++)
            if (fabs(axes->threshold[j] - m) < 1e-9)
                out[n++] = j;
    for (size_t j = 0; n == 0 && j < axes->n_thresholds && j < MOST_SAID; j++)
        out[j] = j;
    return n > 0 ? n : axes->n_thresholds < MOST_SAID ? axes->n_thresholds : MOST_SAID;
}

/* The simulation cannot tell it from 0. */
static bool is_below(const etas_summary_row *r)
{
    return !(r->averaged > r->averaged_error);
}

/* Twice the standard error above the estimate: at least two catalogues' worth. */
static double bound_of(const etas_summary_row *r)
{
    const double error = isnan(r->averaged_error) ? 1 : r->averaged_error;

    return fmin(1, r->averaged + 2 * error);
}

static bool is_rough(const etas_summary_row *r)
{
    return !is_below(r) && !(r->averaged_error < 0.3 * r->averaged);
}

static void say_horizon(etas_page *p, const etas_summary_row *r)
{
    char probability[ETAS_WORDS], often[ETAS_WORDS], days[ETAS_WORDS];

    if (is_below(r))
        etas_page_put(p, "<strong class=\"number\">below %s</strong> within %s",
                      etas_words_probability(bound_of(r), probability),
                      etas_words_days(r->days, days));
    else
        etas_page_put(p, "<strong class=\"number\">%s</strong> within %s (%s)",
                      etas_words_probability(r->averaged, probability),
                      etas_words_days(r->days, days), etas_words_frequency(r->averaged, often));
}

static void say_magnitude(etas_page *p, const etas_report_forecast *f, size_t j)
{
    const size_t n = f->axes.n_horizons;
    bool rough = false;

    etas_page_put(
        p, "<li>At least one of <strong>magnitude %g or larger</strong>: ", f->axes.threshold[j]);
    for (size_t h = 0; h < n; h++) {
        const etas_summary_row *const r = etas_report_row(f, j, h);

        etas_page_put(p, "%s", h == 0 ? "" : h + 1 == n ? " and " : ", ");
        say_horizon(p, r);
        rough = rough || is_rough(r);
    }
    etas_page_put(p, "%s.</li>\n",
                  rough ? "; the smallest are known only roughly from so few catalogues" : "");
}

static void say_range(etas_page *p, const etas_report_forecast *f)
{
    const etas_summary_row *const r = etas_report_row(f, 0, f->axes.n_horizons - 1);
    char days[ETAS_WORDS], low[ETAS_WORDS], high[ETAS_WORDS], mean[ETAS_WORDS], half[ETAS_WORDS];

    if (r->quantile[4] > r->quantile[0])
        etas_page_put(p, "<p>In the whole %s, <strong>between %s and %s earthquakes</strong>",
                      etas_words_days(r->days, days),
                      etas_words_count((uint64_t)r->quantile[0], low),
                      etas_words_count((uint64_t)r->quantile[4], high));
    else
        etas_page_put(p, "<p>In the whole %s, <strong>%s</strong>", etas_words_days(r->days, days),
                      etas_words_many((uint64_t)r->quantile[0], "earthquake", low));
    etas_page_put(
        p,
        " of magnitude %g or larger are expected. This is the 95\xc2\xa0%% range: at least 95 of "
        "100 simulated catalogues lie in it, fewer than 2.5 in 100 have less "
        "and at most 2.5 in 100 have more. Half of them have %s or less; the mean is %s.</p>\n",
        f->threshold, etas_words_count((uint64_t)r->quantile[2], half),
        etas_words_number(r->mean, mean));
}

static void say_usual(etas_page *p, const etas_report_forecast *f)
{
    const etas_plan *const plan = &f->model->plan[0];
    const bool cut = plan->filter_region && plan->region.n_rings > 0, goes_on = plan->history.n > 0;
    char n[ETAS_WORDS], from[32], to[32];

    (void)etas_time_format(plan->output_start, ' ', from);
    (void)etas_time_format(plan->end, ' ', to);
    etas_page_put(p, "<p>From %.16s to %.16s UTC%s. The numbers come from %s%s", from, to,
                  cut ? ", in the region drawn on the map" : "",
                  etas_words_many(f->n_catalogs,
                                  goes_on ? "simulated continuation" : "simulated catalogue", n),
                  goes_on ? " of the earthquake catalogue" : "");
    if (f->n_empty > 0)
        etas_page_put(p, "; %s of them without any earthquake", etas_words_count(f->n_empty, n));
    etas_page_put(p, ".</p>\n");
}

void etas_page_words(etas_page *p, const etas_report_page *in)
{
    const etas_report_forecast *const f = in->forecast;
    size_t said[MOST_SAID];
    const size_t n = choose(f, said);

    etas_page_section(p, "forecast", "The forecast in words");
    etas_page_put(p, "<div class=\"card lead\">\n");
    say_usual(p, f);
    etas_page_put(p, "<ul>\n");
    for (size_t k = 0; k < n; k++)
        say_magnitude(p, f, said[k]);
    etas_page_put(p, "</ul>\n");
    say_range(p, f);
    if (in->observed != NULL)
        etas_page_put(p,
                      "<p>Observed, as far as the catalogue that was given reaches: "
                      "<strong>%zu</strong>.</p>\n",
                      in->observed->n);
    etas_page_put(p, "</div>\n<p class=\"quiet\">\xe2\x80\x9c"
                     "About 1 in 20\xe2\x80\x9d means: of 20 situations like this one, about one "
                     "is followed by such an earthquake. A forecast of this kind says how "
                     "likely earthquakes are; it predicts none.</p>\n");
    etas_page_section_end(p);
}

/* ---- the table ---- */

static void put_cell(etas_page *p, const etas_summary_row *r)
{
    char probability[ETAS_WORDS], error[ETAS_WORDS];

    if (is_below(r)) {
        etas_page_put(p, "<td class=\"number\">below %s</td>",
                      etas_words_probability(bound_of(r), probability));
        return;
    }
    etas_page_put(p, "<td class=\"number\">%s<small>\xc2\xb1 %s</small></td>",
                  etas_words_probability(r->averaged, probability),
                  isnan(r->averaged_error) ? "-"
                                           : etas_words_probability(r->averaged_error, error));
}

static bool fill_csv(const etas_report_forecast *f, etas_text *csv)
{
    etas_status st =
        etas_text_printf(csv, "magnitude,days,n_catalogs,mean,q2.5,q16,q50,q84,q97.5,probability,"
                              "probability_error,averaged,averaged_error,n_certain\n");

    for (size_t j = 0; j < f->axes.n_thresholds; j++)
        for (size_t h = 0; h < f->axes.n_horizons && st == ETAS_OK; h++) {
            const etas_summary_row *const r = etas_report_row(f, j, h);
            double row[4 + ETAS_SUMMARY_QUANTILES + 5] = {r->magnitude, r->days,
                                                          (double)r->n_catalogs, r->mean};

            memcpy(row + 4, r->quantile, sizeof r->quantile);
            memcpy(row + 4 + ETAS_SUMMARY_QUANTILES,
                   (double[]){r->probability, r->error, r->averaged, r->averaged_error,
                              (double)r->n_certain},
                   5 * sizeof *row);
            st = etas_csv_row(csv, NULL, sizeof row / sizeof *row, row);
        }
    return st == ETAS_OK;
}

static void put_rows(etas_page *p, const etas_report_forecast *f)
{
    const size_t n = f->axes.n_horizons;

    for (size_t j = 0; j < f->axes.n_thresholds; j++) {
        const etas_summary_row *const whole = etas_report_row(f, j, n - 1);
        char mean[ETAS_WORDS], low[ETAS_WORDS], high[ETAS_WORDS];

        etas_page_put(p, "<tr><th scope=\"row\" class=\"number\">M \xe2\x89\xa5 %g</th>",
                      f->axes.threshold[j]);
        for (size_t h = 0; h < n; h++)
            put_cell(p, etas_report_row(f, j, h));
        etas_page_put(p, "<td class=\"number\">%s</td><td class=\"number\">%s to %s</td></tr>\n",
                      etas_words_number(whole->mean, mean),
                      etas_words_count((uint64_t)whole->quantile[0], low),
                      etas_words_count((uint64_t)whole->quantile[4], high));
    }
}

void etas_page_probabilities(etas_page *p, const etas_report_page *in)
{
    const etas_report_forecast *const f = in->forecast;
    const size_t n = f->axes.n_horizons;
    char head[512], days[ETAS_WORDS];
    size_t len = etas_format(sizeof head, head, "<Magnitude");
    etas_text csv = {0};

    for (size_t h = 0; h < n; h++)
        len += etas_format(sizeof head - len, head + len, "|within %s",
                           etas_words_days(f->axes.horizon_days[h], days));
    (void)etas_format(sizeof head - len, head + len, "|mean number in %s|95\xc2\xa0%% range",
                      etas_words_days(f->axes.horizon_days[n - 1], days));
    etas_page_section(p, "probabilities", "Probabilities");
    etas_page_table(p,
                    "Probability of at least one earthquake of a magnitude or a larger one, with "
                    "its standard error",
                    head);
    put_rows(p, f);
    etas_page_table_end(p);
    if (!fill_csv(f, &csv))
        p->failed = true;
    else
        etas_page_csv(p, "summary", &csv);
    etas_text_free(&csv);
    etas_page_put(p, "<p class=\"quiet\">The probabilities are averaged over the magnitudes that "
                     "the model could have given to events without aftershocks, which scatters "
                     "less than the share of catalogues (in the CSV as <code>probability</code>). "
                     "The standard error is that of the simulation: more catalogues make it "
                     "smaller. How uncertain the model itself is, it does not say. "
                     "\xe2\x80\x9c"
                     "Below\xe2\x80\x9d: too rare for so many catalogues; the number is the "
                     "estimate and two standard errors.</p>\n");
    etas_page_section_end(p);
}
