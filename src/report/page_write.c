/* The whole page. */
#include <string.h>

#include "report/page.h"
#include "report/svg.h"

static void put_bytes(etas_page *p, size_t len, const unsigned char bytes[])
{
    if (etas_text_append(p->out, len, (const char *)bytes) != ETAS_OK)
        p->failed = true;
}

static const char *name_of(const etas_report_page *in)
{
    return in->name != NULL && in->name[0] != '\0' ? in->name : "Earthquake forecast";
}

/* Nothing from elsewhere: also where the texts of a run would like to. */
static void put_head(etas_page *p, const etas_report_page *in)
{
    etas_page_put(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<meta name=\"generator\" content=\"etas " ETAS_RELEASE "\">\n"
                     "<link rel=\"icon\" href=\"data:,\">\n<title>");
    etas_page_text(p, name_of(in));
    etas_page_put(p, "</title>\n<style>\n");
    if (etas_svg_css(p->out) != ETAS_OK)
        p->failed = true;
    put_bytes(p, etas_page_css_len, etas_page_css);
    etas_page_put(p, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#forecast\">To the "
                     "forecast</a>\n");
}

static void put_state(etas_page *p, const etas_report_page *in)
{
    const etas_run_view *const v = in->run;
    char a[ETAS_WORDS], b[ETAS_WORDS];

    if (v->stored >= v->run.n_catalogs)
        return;
    etas_page_put(p,
                  "<div class=\"note\" role=\"note\"><p><strong>The run is not complete "
                  "(%s):</strong> %s of its %s "
                  "catalogues are there",
                  etas_store_state_name(v->state), etas_words_count(v->stored, a),
                  etas_words_count(v->run.n_catalogs, b));
    if (v->n_dead > 0)
        etas_page_put(p, ", %s could not be made", etas_words_count(v->n_dead, a));
    etas_page_put(p, ". Large catalogues take longest, so those that are missing may be larger "
                     "than the others and this page may show too few earthquakes.</p></div>\n");
}

static void put_top(etas_page *p, const etas_report_page *in)
{
    etas_page_put(p, "<header>\n<div class=\"top\"><h1>");
    etas_page_text(p, name_of(in));
    etas_page_put(p,
                  "</h1></div>\n<nav aria-label=\"Contents\"><ul>\n"
                  "<li><a href=\"#forecast\">Forecast</a></li>\n"
                  "<li><a href=\"#pictures\">Pictures</a></li>\n"
                  "<li><a href=\"#probabilities\">Probabilities</a></li>\n"
                  "<li><a href=\"#model\">Model</a></li>\n"
                  "<li><a href=\"#fit\">Fit</a></li>\n%s"
                  "<li><a href=\"#run\">Run</a></li>\n"
                  "<li><a href=\"#provenance\">Provenance</a></li>\n</ul></nav>\n",
                  in->observed != NULL ? "<li><a href=\"#tests\">Tests</a></li>\n" : "");
    put_state(p, in);
    etas_page_put(p, "</header>\n<main>\n");
}

static etas_status put_pictures(etas_page *p, const etas_report_page *in, etas_error *err)
{
    const etas_forecast_shown shown = {in->forecast, in->observed, ETAS_THEME_PAGE};
    etas_status st = ETAS_OK;

    etas_page_section(p, "pictures", "The forecast in pictures");
    etas_page_put(p, "<div class=\"figures\">\n");
    for (size_t i = 0; i < ETAS_FORECAST_FIGURES && st == ETAS_OK; i++) {
        etas_figure figure = {0};

        st = etas_forecast_figures[i].draw(&shown, &figure, err);
        if (st == ETAS_OK)
            etas_page_figure(p, &figure);
        etas_figure_free(&figure);
    }
    etas_page_put(p, "</div>\n");
    etas_page_section_end(p);
    return st;
}

etas_status etas_report_page_write(const etas_report_page *in, etas_text *out, etas_error *err)
{
    etas_page p = {.out = out};
    etas_status st;

    put_head(&p, in);
    put_top(&p, in);
    etas_page_words(&p, in);
    st = put_pictures(&p, in, err);
    etas_page_probabilities(&p, in);
    etas_page_parameters(&p, in);
    etas_page_fit(&p, in);
    etas_page_tests(&p, in);
    etas_page_run(&p, in);
    etas_page_provenance(&p, in);
    etas_page_put(&p, "</main>\n<script>\n");
    put_bytes(&p, etas_page_js_len, etas_page_js);
    etas_page_put(&p, "</script>\n</body>\n</html>\n");
    if (st == ETAS_OK && p.failed)
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for the page");
    return st;
}
