/* Consistency tests, in words. */
#include <math.h>

#include "report/page.h"
#include "report/test_figures.h"

/* How unusual the observation is among the catalogues, by the tail that counts. */
static double tail_of(const etas_test_result *r)
{
    switch (r->test) {
    case ETAS_TEST_N:
        return fmin(1, 2 * fmin(r->quantile[0], r->quantile[1]));
    case ETAS_TEST_M:
    case ETAS_TEST_RESAMPLED_M:
    case ETAS_TEST_MLL:
        return r->quantile[0]; /* large: far from the forecast's magnitudes */
    default:
        return r->quantile[1]; /* small: unlikely places */
    }
}

static const char *question(etas_test test)
{
    switch (test) {
    case ETAS_TEST_N:
        return "Were as many observed as expected?";
    case ETAS_TEST_M:
    case ETAS_TEST_RESAMPLED_M:
    case ETAS_TEST_MLL:
        return "Do their magnitudes go with the forecast?";
    case ETAS_TEST_S:
        return "Were they where they were expected?";
    default:
        return "Do number and places go together with the forecast?";
    }
}

static void put_row(etas_page *p, const etas_test_result *r)
{
    const bool valid = r->status != ETAS_TEST_NOT_VALID;
    char statistic[ETAS_WORDS], low[ETAS_WORDS], high[ETAS_WORDS], tail[ETAS_WORDS];

    etas_page_put(p, "<tr><th scope=\"row\">%s</th><td class=\"words\">%s</td>",
                  etas_test_title(r->test), question(r->test));
    if (!valid) {
        etas_page_put(p, "<td>\xe2\x80\x93</td><td>\xe2\x80\x93</td><td>\xe2\x80\x93</td>"
                         "<td class=\"words\">nothing to test</td></tr>\n");
        return;
    }
    etas_page_put(p, "<td class=\"number\">%s</td><td class=\"number\">%s</td>",
                  etas_words_number(r->statistic, statistic),
                  etas_words_number(r->quantile[0], low));
    etas_page_put(p, "<td class=\"number\">%s</td><td class=\"words\">",
                  etas_words_number(r->quantile[1], high));
    if (tail_of(r) < 0.05)
        etas_page_put(p,
                      "<span class=\"bad\">does not pass</span>: only %s of the catalogues are as "
                      "unusual",
                      etas_words_probability(tail_of(r), tail));
    else
        etas_page_put(p, "<span class=\"good\">passes</span>");
    if (r->n_left_out > 0)
        etas_page_put(p, "; %llu observed where no catalogue has any, left out",
                      (unsigned long long)r->n_left_out);
    etas_page_put(p, "</td></tr>\n");
}

/* The number has a picture already. */
static void put_pictures(etas_page *p, const etas_report_page *in)
{
    etas_page_put(p, "<div class=\"figures\">\n");
    for (size_t i = 0; i < in->n_tests; i++) {
        const etas_test_result *const r = &in->tests[i];
        etas_figure figure = {0};

        if (r->test == ETAS_TEST_N || r->status == ETAS_TEST_NOT_VALID || r->n == 0 ||
            !isfinite(r->statistic))
            continue;
        if (etas_test_draw(r, ETAS_THEME_PAGE, &figure, NULL) == ETAS_OK)
            etas_page_figure(p, &figure);
        else
            p->failed = true;
        etas_figure_free(&figure);
    }
    etas_page_put(p, "</div>\n");
}

static void put_tests(etas_page *p, const etas_report_page *in)
{
    etas_page_table(p, "Consistency tests",
                    "<Test|<asks|statistic|P(X \xe2\x89\xa5 observed)|P(X \xe2\x89\xa4 observed)|"
                    "<result at the 5 % level");
    for (size_t i = 0; i < in->n_tests; i++)
        put_row(p, &in->tests[i]);
    etas_page_table_end(p);
    etas_page_put(
        p,
        "<p class=\"quiet\">Each test compares one number of the observation with the same "
        "number of every simulated catalogue, on cells of %g\xc2\xb0; P is the share of the "
        "catalogues whose number X is at least, or at most, the observed one. ",
        in->test_cell_deg);
    etas_page_put(p, "A good forecast fails each test in one of twenty windows: a single failure "
                     "says little, many say that the forecast is wrong in what the test asks. The "
                     "definitions are those of pyCSEP.</p>\n");
    put_pictures(p, in);
}

void etas_page_tests(etas_page *p, const etas_report_page *in)
{
    if (in->observed == NULL)
        return;
    etas_page_section(p, "tests", "Forecast and observation");
    etas_page_put(p, "<p>%zu of the %zu events of <code>", in->observed->n,
                  in->observed->n_in_file);
    etas_page_text(p, in->observed_path);
    etas_page_put(p,
                  "</code> lie in the forecast\xe2\x80\x99s window and region, from magnitude %g "
                  "on.</p>\n",
                  in->forecast->threshold);
    if (in->n_tests > 0)
        put_tests(p, in);
    else
        etas_page_put(p, "<p>The tests need all catalogues, and some are missing.</p>\n");
    etas_page_section_end(p);
}
