#include <math.h>
#include <stdio.h>

#include "catalog_commands.h"
#include "catalog_options.h"
#include "etas/completeness.h"
#include "etas/io.h"

static const command_usage usage = {
    .name = "etas catalog info",
    .synopsis = "CATALOG [OPTIONS]",
    .about = "Say what a catalogue holds: format, events, what is skipped and why, the span of\n"
             "time, magnitudes and places.",
    .min_arguments = 1,
    .max_arguments = 1,
};

/* Least and greatest of the values that are known, and how many are not. */
typedef struct extent {
    double low, high;
    size_t n_unknown;
} extent;

static extent extent_of(size_t n, const double values[])
{
    extent e = {INFINITY, -INFINITY, 0};

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
    const extent e = extent_of(n, values);
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

static void print_time(const etas_catalog *c)
{
    etas_time first = c->time[0], last = c->time[0];
    bool sorted = true;
    char from[32], to[32];

    for (size_t i = 1; i < c->n; i++) {
        first = c->time[i] < first ? c->time[i] : first;
        last = c->time[i] > last ? c->time[i] : last;
        sorted &= c->time[i - 1] <= c->time[i];
    }
    etas_time_format(first, ' ', from);
    etas_time_format(last, ' ', to);
    printf("%-16s %s to %s%s\n", "time", from, to, sorted ? "" : ", not in this order");
}

static void print_magnitudes(const etas_catalog *c, const etas_catalog_summary *s)
{
    const double step = etas_magnitude_grid_of(c->n, c->mag, 0).step;
    char types[900];

    print_extent("magnitude", "", c->n, c->mag);
    if (step > 0)
        printf("%-16s %g\n", "magnitude_step", step);
    etas_tally_print(&s->magnitude_types, sizeof types, types);
    if (s->magnitude_types.n > 0)
        printf("%-16s %s\n", "magnitude_types", types);
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

static void print_catalog(const etas_catalog *c, const etas_catalog_summary *s)
{
    printf("%-16s %s\n%-16s %zu of %zu\n", "format", etas_catalog_format_title(s->format), "events",
           c->n, s->n_events);
    print_skipped(s);
    if (c->n == 0)
        return;
    print_time(c);
    print_magnitudes(c, s);
    print_extent("latitude", "", c->n, c->lat);
    print_extent("longitude", "", c->n, c->lon);
    print_extent("depth", " km", c->n, c->depth);
    print_extent("mc_current", "", c->n, c->mc);
    print_extent("x", "", c->n, c->x);
    print_extent("y", "", c->n, c->y);
    print_extent("z", "", c->n, c->z);
}

int catalog_info(int argc, char *argv[])
{
    catalog_request request;
    etas_catalog_summary summary;
    etas_catalog catalog = {0};
    etas_error err = {0};
    const options_outcome outcome = catalog_request_parse(&request, &usage, 0, NULL, argc, argv);
    etas_status st;

    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    st = etas_catalog_load(&catalog, request.path, &request.how, &summary, &err);
    if (st == ETAS_OK)
        print_catalog(&catalog, &summary);
    etas_catalog_free(&catalog);
    return st == ETAS_OK ? 0 : talk_fail(&request.t, st, &err);
}
