#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "catalog_commands.h"
#include "catalog_options.h"
#include "etas/array.h"
#include "etas/completeness.h"
#include "etas/io.h"
#include "magnitudes.h"

static const command_usage usage = {
    .name = "etas catalog completeness",
    .synopsis = "CATALOG [--mc M] [-o OUT.csv] [OPTIONS]",
    .about = "Copy a catalogue and give it the column mc_current: per event the background level\n"
             "or, after large shocks, mc(M, t) = M - 4.5 - 0.75 log10(t / 1 day) (Helmstetter,\n"
             "Kagan & Jackson 2006) while that is higher; of several shocks the highest counts.\n"
             "Everything else stays as it is; other formats than CSV become CSV. A configuration "
             "uses it with \"mc\": \"var\".",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct session {
    catalog_request request;
    const char *output;
    double mc, delta_m;
    bool everywhere;
    etas_shock_completeness relation;
} session;

enum { OWN_OPTIONS = 9 };

static void own_options(session *s, option_spec out[OWN_OPTIONS])
{
    const option_spec specs[OWN_OPTIONS] = {
        {"mc", 0, OPTION_NUMBER, &s->mc, "M",
         "background level (default: the catalogue's own mc_current)"},
        {"output", 'o', OPTION_TEXT, &s->output, "OUT.csv", "the new catalogue (default: stdout)"},
        {"shock-magnitude", 0, OPTION_NUMBER, &s->relation.shock_magnitude, "M",
         "smallest shock that counts (default 5: smaller ones raise a background of 2\n"
         "for less than a quarter of an hour)"},
        {"rupture-lengths", 0, OPTION_POSITIVE, &s->relation.rupture_lengths, "N",
         "a shock reaches N lengths of its rupture (default 3; 10^(0.59 M - 2.44) km,\n"
         "Wells & Coppersmith 1994)"},
        {"everywhere", 0, OPTION_FLAG, &s->everywhere, NULL, "a shock reaches the whole catalogue"},
        {"offset", 0, OPTION_NUMBER, &s->relation.offset, "X", "instead of 4.5"},
        {"slope", 0, OPTION_POSITIVE, &s->relation.slope, "X", "instead of 0.75"},
        {"delta-m", 0, OPTION_NUMBER, &s->delta_m, "X",
         "round up to multiples of X (default: the step of the magnitudes; 0: not)"},
        {"earth-radius", 0, OPTION_POSITIVE, &s->relation.earth_radius_km, "KM",
         "radius for the distances (default 6378.1)"},
    };

    for (size_t i = 0; i < OWN_OPTIONS; i++)
        out[i] = specs[i];
}

static etas_status background_levels(const session *s, const etas_catalog *c, double levels[],
                                     etas_error *err)
{
    size_t n_without = 0;

    for (size_t i = 0; i < c->n; i++) {
        levels[i] = isnan(s->mc) ? c->mc[i] : s->mc;
        n_without += isnan(levels[i]) ? 1 : 0;
    }
    if (n_without == 0)
        return ETAS_OK;
    etas_fail(err, ETAS_E_RANGE,
              "%zu of %zu events have no completeness (column mc_current); --mc gives them one",
              n_without, c->n);
    (void)etas_error_in_file(err, s->request.path);
    return ETAS_E_RANGE;
}

static void say_summary(const session *s, const etas_catalog *c, const double before[],
                        const double mc[])
{
    size_t n_shocks = 0, n_raised = 0, n_hidden = 0;
    double highest = -INFINITY;

    for (size_t i = 0; i < c->n; i++) {
        n_shocks += c->mag[i] >= s->relation.shock_magnitude - 1e-9;
        n_raised += mc[i] - before[i] > fmax(s->relation.delta_m - 1e-6, 1e-9); /* not rounded up */
        n_hidden += etas_magnitude_round(c->mag[i], s->relation.delta_m) < mc[i] - 1e-9;
        highest = fmax(highest, mc[i]);
    }
    etas_log_write(&s->request.t.log, ETAS_LOG_INFO,
                   "%zu events, %zu shocks of magnitude %g or more: completeness raised for %zu, "
                   "highest %.4g; %zu events lie below it",
                   c->n, n_shocks, s->relation.shock_magnitude, n_raised, highest, n_hidden);
}

static etas_status write_catalog(const session *s, const etas_text *text,
                                 const etas_csv_column *column, etas_error *err)
{
    etas_output output = {0};
    etas_status st;

    st = etas_output_open(&output, s->output != NULL ? s->output : ETAS_STANDARD_OUTPUT, err);
    if (st == ETAS_OK)
        st = etas_csv_write_column(output.stream, text->len, text->data, column, err);
    if (st == ETAS_E_IO && output.stream == stdout)
        st = ETAS_OK; /* main tells of it, unless the reader has left */
    if (st == ETAS_OK)
        st = etas_output_commit(&output, err);
    etas_output_discard(&output);
    return st;
}

/* Another format as CSV, whose text gets the column then. */
static etas_status convert(const etas_catalog *catalog, etas_text *text, etas_error *err)
{
    char *written = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&written, &len);
    etas_status st = out != NULL ? etas_catalog_write_csv(out, catalog, err) : ETAS_E_NOMEM;

    text->len = 0;
    if (out != NULL && fclose(out) != 0 && st == ETAS_OK)
        st = ETAS_E_NOMEM;
    if (st == ETAS_OK)
        st = etas_text_append(text, len, written);
    free(written);
    return st == ETAS_OK ? ETAS_OK : etas_fail(err, st, "out of memory for %zu events", catalog->n);
}

static etas_status load(session *s, etas_text *text, etas_catalog *catalog, etas_error *err)
{
    etas_catalog_summary summary;
    etas_status st = etas_file_read(s->request.path, text, err);

    if (st == ETAS_OK)
        st = etas_catalog_read(catalog,
                               &(etas_catalog_bytes){s->request.path, text->len, text->data},
                               &s->request.how, &summary, err);
    if (st != ETAS_OK)
        return st;
    catalog_options_warn(&summary, s->request.path, &s->request.t.log);
    return summary.format == ETAS_CATALOG_CSV ? ETAS_OK : convert(catalog, text, err);
}

static etas_status run(session *s, etas_error *err)
{
    etas_text text = {0};
    etas_catalog catalog = {0};
    double *levels = NULL, *mc = NULL;
    etas_status st = load(s, &text, &catalog, err);

    if (st == ETAS_OK &&
        (etas_array_alloc((void **)&levels, catalog.n, sizeof *levels) != ETAS_OK ||
         etas_array_alloc((void **)&mc, catalog.n, sizeof *mc) != ETAS_OK))
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu events", catalog.n);
    if (st == ETAS_OK)
        st = background_levels(s, &catalog, levels, err);
    if (st == ETAS_OK) {
        s->relation.delta_m = magnitudes_delta_m(&catalog, s->delta_m, &s->request.t.log);
        magnitudes_check_grid(&catalog, s->relation.delta_m, s->request.path, &s->request.t.log);
        st = etas_completeness_after_shocks(&catalog, levels, &s->relation, mc, err);
    }
    if (st == ETAS_OK) {
        const etas_csv_column column = {"mc_current", catalog.n, mc};

        st = write_catalog(s, &text, &column, err);
    }
    if (st == ETAS_OK)
        say_summary(s, &catalog, levels, mc);
    etas_array_free((void **)&levels);
    etas_array_free((void **)&mc);
    etas_catalog_free(&catalog);
    etas_text_free(&text);
    return st;
}

int catalog_completeness(int argc, char *argv[])
{
    session s = {.mc = NAN, .delta_m = NAN, .relation = etas_shock_completeness_default()};
    option_spec own[OWN_OPTIONS];
    etas_error err = {0};
    options_outcome outcome;
    etas_status st;

    own_options(&s, own);
    outcome = catalog_request_parse(&s.request, &usage, OWN_OPTIONS, own, argc, argv);
    if (outcome == OPTIONS_RUN && !isnan(s.delta_m) && s.delta_m < 0)
        outcome = options_complain(&usage, "--delta-m: %g is negative", s.delta_m);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    if (s.everywhere)
        s.relation.rupture_lengths = INFINITY;
    st = run(&s, &err);
    return st == ETAS_OK ? 0 : talk_fail(&s.request.t, st, &err);
}
