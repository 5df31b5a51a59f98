#include <math.h>
#include <stdio.h>

#include "catalog_commands.h"
#include "catalog_info.h"
#include "catalog_options.h"
#include "etas/io.h"

static const command_usage usage = {
    .name = "etas catalog info",
    .synopsis = "CATALOG [OPTIONS]",
    .about =
        "Say what a catalogue holds: format, events, what is skipped and why, the span of\n"
        "time, magnitudes and places; a histogram of the magnitudes, pairs of events that may\n"
        "be one, the longest intervals without events, and from which magnitude on it may be\n"
        "complete, with b.",
    .min_arguments = 1,
    .max_arguments = 1,
};

catalog_extent catalog_extent_of(size_t n, const double values[])
{
    catalog_extent e = {INFINITY, -INFINITY, 0};

    for (size_t i = 0; i < n; i++) {
        e.n_unknown += isnan(values[i]) ? 1 : 0;
        e.low = fmin(e.low, values[i]);
        e.high = fmax(e.high, values[i]);
    }
    return e;
}

/* Nothing at all when every value is unknown. */
static void print_extent(const char *name, const char *unit, size_t n, const double values[])
{
    const catalog_extent e = catalog_extent_of(n, values);
    char low[32], high[32];

    if (e.n_unknown == n)
        return;
    etas_format_double(e.low, low);
    etas_format_double(e.high, high);
    printf("%-16s %s to %s%s", name, low, high, unit);
    if (e.n_unknown > 0)
        printf(", %zu unknown", e.n_unknown);
    printf("\n");
}

static void print_time(const catalog_survey *v)
{
    char from[32], to[32];

    etas_time_format(v->first, ' ', from);
    etas_time_format(v->last, ' ', to);
    printf("%-16s %s to %s%s\n", "time", from, to, v->sorted ? "" : ", not in this order");
}

static void print_magnitudes(const etas_catalog *c, const etas_catalog_summary *s,
                             const catalog_survey *v)
{
    char types[900];

    print_extent("magnitude", "", c->n, c->mag);
    if (v->grid.step > 0)
        printf("%-16s %g\n", "magnitude_step", v->grid.step);
    if (v->grid.off_share > 0)
        printf("%-16s %.0f magnitudes (%.3g %%) are no multiples of %g\n", "off_the_grid",
               v->grid.off_share * (double)c->n, 100 * v->grid.off_share, v->grid.delta_m);
    etas_tally_print(&s->magnitude_types, sizeof types, types);
    if (s->magnitude_types.n > 0)
        printf("%-16s %s\n", "magnitude_types", types);
}

/* ---- what may be wrong with it, and how complete it may be ---- */

static void print_test(const char *name, const etas_completeness_test *t, const char *how)
{
    if (isnan(t->mc))
        return;
    printf("%-16s %.4g by %s: %zu events", name, t->mc, how, t->n);
    if (!isnan(t->b_value))
        printf(", b %.3f", t->b_value);
    if (!isnan(t->b_error))
        printf(" +- %.3f", t->b_error);
    if (!isnan(t->p))
        printf(", p %.2g", t->p);
    printf("\n");
}

static void print_pairs(const etas_catalog *c, const catalog_survey *v)
{
    char time[32];

    if (v->n_pairs == 0)
        return;
    printf("%-16s %zu pairs within %g s, %g km and %g in magnitude\n", "duplicates?", v->n_pairs,
           SURVEY_PAIR_SECONDS, SURVEY_PAIR_KM, SURVEY_PAIR_MAG);
    for (size_t i = 0; i < v->n_listed; i++) {
        const survey_pair *const p = &v->pair[i];
        const etas_event a = etas_catalog_row(c, p->first), b = etas_catalog_row(c, p->second);

        etas_time_format(a.time, ' ', time);
        printf("%-16s %s: %.*s and %.*s, %.3g s, %.3g km, magnitudes %g and %g\n", "", time,
               (int)(a.id_len < 60 ? a.id_len : 60), a.id, (int)(b.id_len < 60 ? b.id_len : 60),
               b.id, p->seconds, p->km, a.mag, b.mag);
    }
}

static void print_gaps(const catalog_survey *v)
{
    for (size_t i = 0; i < v->n_gaps; i++) {
        char from[32];

        etas_time_format(v->gap[i].from, ' ', from);
        printf("%-16s %.4g days after %.19s, %.3g times the mean, p %.2g\n",
               i == 0 ? "longest_gaps" : "", v->gap[i].days, from, v->gap[i].days / v->mean_days,
               v->gap[i].p);
    }
}

static void print_histogram(const catalog_survey *v)
{
    enum { WIDEST = 50 };
    static const char bar[WIDEST + 1] = "##################################################";
    size_t most = 1;

    for (size_t k = 0; k < SURVEY_BINS; k++)
        most = v->count[k] > most ? v->count[k] : most;
    printf("%-16s %9s\n", "from_magnitude", "events");
    for (size_t k = 0; k < SURVEY_BINS; k++)
        if (v->count[k] > 0)
            printf("%16g %9zu %.*s\n", SURVEY_BIN_LOW + (double)k * SURVEY_BIN_WIDTH, v->count[k],
                   (int)(v->count[k] * WIDEST / most), bar);
}

static void print_skipped(const etas_catalog_summary *s)
{
    char types[900];

    etas_tally_print(&s->skipped_types, sizeof types, types);
    if (s->skipped_types.n > 0)
        printf("%-16s %zu by type: %s\n", "skipped", etas_tally_sum(&s->skipped_types), types);
    if (s->n_no_magnitude > 0)
        printf("%-16s %zu without a magnitude\n", "skipped", s->n_no_magnitude);
    if (s->n_no_preferred > 0)
        printf("%-16s %zu with several magnitudes, none of them preferred\n", "skipped",
               s->n_no_preferred);
    if (s->n_no_place > 0)
        printf("%-16s %zu without a time or a place\n", "skipped", s->n_no_place);
}

static void print_catalog(const etas_catalog *c, const etas_catalog_summary *s,
                          const catalog_survey *v)
{
    printf("%-16s %s\n%-16s %zu of %zu\n", "format", etas_catalog_format_title(s->format), "events",
           c->n, s->n_events);
    print_skipped(s);
    if (c->n == 0)
        return;
    print_time(v);
    print_magnitudes(c, s, v);
    print_extent("latitude", "", c->n, c->lat);
    print_extent("longitude", "", c->n, c->lon);
    print_extent("depth", " km", c->n, c->depth);
    print_extent("mc_current", "", c->n, c->mc);
    print_extent("x", "", c->n, c->x);
    print_extent("y", "", c->n, c->y);
    print_extent("z", "", c->n, c->z);
    print_test("mc", &v->curvature, "maximum curvature + 0.2");
    print_test("mc", &v->ks, "Kolmogorov-Smirnov");
    print_pairs(c, v);
    print_gaps(v);
    print_histogram(v);
}

int catalog_info(int argc, char *argv[])
{
    bool json = false;
    double delta_m = NAN;
    const option_spec own[] = {
        {"delta-m", 0, OPTION_NUMBER, &delta_m, "X",
         "bin width of the magnitudes, 0 if they are continuous (default: their step)"},
        {"json", 0, OPTION_FLAG, &json, NULL, "print JSON"}};
    catalog_request request;
    etas_catalog_summary summary;
    catalog_survey survey;
    etas_catalog catalog = {0};
    etas_error err = {0};
    options_outcome outcome = catalog_request_parse(&request, &usage, 2, own, argc, argv);
    etas_status st;

    if (outcome == OPTIONS_RUN && !isnan(delta_m) && !(delta_m == 0 || delta_m >= 0.001))
        outcome = options_complain(&usage, "--delta-m: %g; expected 0, or 0.001 or more", delta_m);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    st = etas_catalog_load(&catalog, request.path, &request.how, &summary, &err);
    if (st == ETAS_OK && catalog.n > 0)
        st = catalog_survey_make(&survey, &catalog, delta_m, &err);
    if (st == ETAS_OK && json)
        st = catalog_info_print_json(&catalog, &summary, catalog.n > 0 ? &survey : NULL, &err);
    else if (st == ETAS_OK)
        print_catalog(&catalog, &summary, &survey);
    etas_catalog_free(&catalog);
    return st == ETAS_OK ? 0 : talk_fail(&request.t, st, &err);
}
