#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog_options.h"
#include "commands.h"
#include "etas/array.h"
#include "etas/completeness.h"
#include "etas/io.h"
#include "fit.h"
#include "magnitudes.h"
#include "mc_candidates.h"
#include "talk.h"

static const command_usage usage = {
    .name = "etas estimate-mc",
    .synopsis = "CATALOG [OPTIONS]",
    .about =
        "Find the completeness magnitude: the smallest candidate from which on the magnitudes\n"
        "follow the Gutenberg-Richter law. For each candidate, beta is estimated (Tinti &\n"
        "Mulargia 1987), the Kolmogorov-Smirnov distance measured, and p is the share of\n"
        "samples from the fitted law that are at least as far away; the first with p >= 0.05\n"
        "wins. CATALOG is a catalogue or a one-dimensional .npy file of magnitudes; with\n"
        "--config it may be left away.",
    .min_arguments = 0,
    .max_arguments = 1,
};

typedef struct session {
    const char *path, *config_path, *region_path, *list, *seed_text;
    bool lonlat, json;
    etas_time start, end;
    double delta_m;
    uint64_t samples, threads, seed;
    catalog_options input;
    mc_range range;
    etas_completeness_config how;
    talk t;
    etas_config cfg;
    etas_catalog catalog;
    etas_region region;
    double *candidates;
    etas_completeness_test *tests;
    size_t winner;
} session;

enum { OWN_OPTIONS = 17 };

static void own_options(session *s, option_spec out[OWN_OPTIONS])
{
    const option_spec specs[OWN_OPTIONS] = {
        {"config", 0, OPTION_TEXT, &s->config_path, "CONFIG",
         "take catalogue, window (auxiliary_start to timewindow_end), region and delta_m\n"
         "from there, where no option says otherwise; it needs no other key"},
        {"start", 0, OPTION_TIME, &s->start, "TIME", "use events from TIME on"},
        {"end", 0, OPTION_TIME, &s->end, "TIME", "use events before TIME"},
        {"region", 0, OPTION_TEXT, &s->region_path, "FILE", "use events inside this region"},
        {"lonlat", 0, OPTION_FLAG, &s->lonlat, NULL, "the region's file has the longitude first"},
        {"delta-m", 0, OPTION_NUMBER, &s->delta_m, "X",
         "bin width of the magnitudes, 0 if they are continuous (default: their step)"},
        {"mc", 0, OPTION_TEXT, &s->list, "M,M,...", "the candidates, ascending"},
        {"mc-min", 0, OPTION_NUMBER, &s->range.low, "M",
         "first candidate (default: the most frequent magnitude)"},
        {"mc-max", 0, OPTION_NUMBER, &s->range.high, "M", "last candidate (default: --min-events)"},
        {"mc-step", 0, OPTION_POSITIVE, &s->range.step, "X",
         "from one to the next (default: delta_m, or 0.1)"},
        {"min-events", 0, OPTION_COUNT, &s->range.min_events, "N",
         "the last candidate has N events or more (default 50)"},
        {"beta", 0, OPTION_POSITIVE, &s->how.beta, "X", "test this beta instead of estimating it"},
        {"p-pass", 0, OPTION_POSITIVE, &s->how.p_pass, "P",
         "smallest p that passes (default 0.05)"},
        {"samples", 0, OPTION_COUNT, &s->samples, "N", "samples for each p (default 10000)"},
        {"seed", 0, OPTION_TEXT, &s->seed_text, "S",
         "seed of the samples, 0 to 2^64-1 (default: drawn and printed)"},
        {"threads", 0, OPTION_COUNT, &s->threads, "N", "default: one per CPU; changes no result"},
        {"json", 0, OPTION_FLAG, &s->json, NULL, "print JSON instead of a table"},
    };

    for (size_t i = 0; i < OWN_OPTIONS; i++)
        out[i] = specs[i];
}

static options_outcome check_options(session *s)
{
    etas_catalog_options how;

    if (s->list != NULL && (!isnan(s->range.low) || !isnan(s->range.high) || !isnan(s->range.step)))
        return options_complain(&usage, "--mc or --mc-min, --mc-max and --mc-step, not both");
    if (s->range.low > s->range.high)
        return options_complain(&usage, "--mc-min %g is above --mc-max %g", s->range.low,
                                s->range.high);
    if (s->start != ETAS_TIME_NONE && s->end != ETAS_TIME_NONE && s->end <= s->start)
        return options_complain(&usage, "--end is not after --start");
    if (s->path == NULL && s->config_path == NULL)
        return options_complain(&usage, "usage: %s %s", usage.name, usage.synopsis);
    if (catalog_options_take(&s->input, &usage, NULL, &how) != OPTIONS_RUN)
        return OPTIONS_USAGE;
    return options_seed(&usage, s->seed_text, &s->seed);
}

/* What the configuration says where no option does. */
static etas_status take_config(session *s, etas_error *err)
{
    etas_status st;

    if (s->config_path == NULL)
        return ETAS_OK;
    st = etas_config_load(&s->cfg, s->config_path, ETAS_CONFIG_CATALOG, &s->t.log, err);
    if (st == ETAS_OK && s->cfg.three_dim) {
        st = etas_fail(err, ETAS_E_UNSUPPORTED, "events are selected on the map here");
        (void)etas_error_in_key(err, "three_dim");
    }
    if (st == ETAS_OK && s->path == NULL && s->cfg.fn_catalog == NULL) {
        st = etas_fail(err, ETAS_E_PARSE, "missing; without CATALOG it names the catalogue");
        (void)etas_error_in_key(err, "fn_catalog");
    }
    if (st != ETAS_OK) {
        (void)etas_error_in_file(err, s->config_path);
        return st;
    }
    if (s->path == NULL)
        s->path = s->cfg.fn_catalog;
    if (s->start == ETAS_TIME_NONE)
        s->start = s->cfg.auxiliary_start;
    if (s->end == ETAS_TIME_NONE)
        s->end = s->cfg.timewindow_end;
    if (isnan(s->delta_m))
        s->delta_m = s->cfg.delta_m;
    return ETAS_OK;
}

/* What of the catalogue lies in the window and the region. */
static etas_status cut(session *s, const etas_catalog *all, etas_error *err)
{
    const etas_selection how = {.start = s->start,
                                .end = s->end != ETAS_TIME_NONE ? s->end : INT64_MAX,
                                .region = s->region_path != NULL ? &s->region : &s->cfg.region,
                                .mc = -INFINITY};
    etas_status st = etas_catalog_select(all, &how, &s->catalog, err);

    if (st == ETAS_OK && s->catalog.n == 0)
        st = etas_fail(err, ETAS_E_RANGE, "none of its %zu events is in the window and the region",
                       all->n);
    return st;
}

static etas_status load(session *s, etas_error *err)
{
    const bool whole = s->start == ETAS_TIME_NONE && s->end == ETAS_TIME_NONE &&
                       s->region_path == NULL && s->cfg.region.n_rings == 0;
    etas_catalog_options how;
    etas_catalog_summary summary;
    etas_catalog all = {0};
    etas_status st = ETAS_OK;

    (void)catalog_options_take(&s->input, &usage, &s->cfg, &how); /* has been checked */
    if (s->region_path != NULL)
        st = etas_region_load(&s->region, s->region_path, s->lonlat, err);
    if (st == ETAS_OK)
        st = etas_catalog_load_magnitudes(&all, s->path, &how, &summary, err);
    if (st == ETAS_OK)
        catalog_options_warn(&summary, s->path, &s->t.log);
    if (st != ETAS_OK)
        return st;
    if (all.n == 0)
        st = etas_fail(err, ETAS_E_RANGE, "there are no events");
    else if (whole) {
        s->catalog = all;
        all = (etas_catalog){0};
    } else if (all.time[0] == ETAS_TIME_NONE)
        st = etas_fail(err, ETAS_E_UNSUPPORTED,
                       "magnitudes alone: a window and a region need a catalogue");
    else
        st = cut(s, &all, err);
    if (st != ETAS_OK)
        (void)etas_error_in_file(err, s->path);
    etas_catalog_free(&all);
    return st;
}

/* ---- results ---- */

static void print_number(const char *key, double value, const char *after)
{
    char text[32] = "null";

    if (!isnan(value))
        etas_format_double(value, text);
    printf("\"%s\": %s%s", key, text, after);
}

static void print_test_json(const etas_completeness_test *t)
{
    print_number("mc", t->mc, ", ");
    printf("\"n\": %zu, ", t->n);
    print_number("b_value", t->b_value, ", ");
    print_number("b_error", t->b_error, ", ");
    print_number("beta", t->beta, ", ");
    print_number("ks", t->ks, ", ");
    print_number("p", t->p, "");
}

static void print_json(const session *s)
{
    printf("{\n  \"n\": %zu,\n  ", s->catalog.n);
    print_number("delta_m", s->how.delta_m, ",\n");
    printf("  \"samples\": %zu,\n  \"seed\": %" PRIu64 ",\n  ", s->how.n_samples, s->how.seed);
    print_number("p_pass", s->how.p_pass, ",\n");
    printf("  \"candidates\": [");
    for (size_t i = 0; i < s->how.n_candidates; i++) {
        printf("%s\n    {", i > 0 ? "," : "");
        print_test_json(&s->tests[i]);
        printf(", \"pass\": %s}", s->tests[i].passes ? "true" : "false");
    }
    printf("\n  ],\n  \"winner\": ");
    if (s->winner == SIZE_MAX) {
        printf("null\n}\n");
        return;
    }
    printf("{");
    print_test_json(&s->tests[s->winner]);
    printf("}\n}\n");
}

static const char *cell(double value, int decimals, char out[32])
{
    if (isnan(value))
        return "-";
    etas_format(32, out, "%.*f", decimals, value);
    return out;
}

static void print_table(const session *s)
{
    char text[5][32];

    printf("%8s %9s %8s %8s %13s %13s %8s  pass\n", "mc", "n", "b", "b_error", "beta", "KS", "p");
    for (size_t i = 0; i < s->how.n_candidates; i++) {
        const etas_completeness_test *t = &s->tests[i];

        printf("%8.6g %9zu %8s %8s %13s %13s %8s  %s\n", t->mc, t->n, cell(t->b_value, 4, text[0]),
               cell(t->b_error, 4, text[1]), cell(t->beta, 10, text[2]), cell(t->ks, 10, text[3]),
               cell(t->p, 4, text[4]),
               isnan(t->p) ? "-"
               : t->passes ? "yes"
                           : "no");
    }
    if (s->winner == SIZE_MAX) {
        puts("winner: none");
        return;
    }
    {
        const etas_completeness_test *t = &s->tests[s->winner];

        printf("winner: mc %.6g, b %s", t->mc, cell(t->b_value, 4, text[0]));
        if (!isnan(t->b_error))
            printf(" +- %s (Shi & Bolt 1982)", cell(t->b_error, 4, text[1]));
        printf(", beta %.6g, p %.4g, %zu of %zu magnitudes\n", t->beta, t->p, t->n, s->catalog.n);
    }
}

static etas_status test_candidates(session *s, etas_error *err)
{
    etas_completeness_config *how = &s->how;
    etas_status st;

    how->delta_m = magnitudes_delta_m(&s->catalog, s->delta_m, &s->t.log);
    how->n_samples = (size_t)s->samples;
    how->seed = s->seed;
    how->n_threads = s->threads > 0 ? (size_t)s->threads : available_cpus();
    magnitudes_check_grid(&s->catalog, how->delta_m, s->path, &s->t.log);
    st = s->list != NULL ? mc_candidates_parse(s->list, &s->candidates, &how->n_candidates, err)
                         : mc_candidates_choose(&s->catalog, how->delta_m, &s->range,
                                                &s->candidates, &how->n_candidates, err);
    if (st != ETAS_OK)
        return st;
    how->candidate = s->candidates;
    st = etas_array_alloc((void **)&s->tests, how->n_candidates, sizeof *s->tests);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu candidates", how->n_candidates);
    if (s->seed_text == NULL)
        etas_log_write(&s->t.log, ETAS_LOG_INFO, "seed %" PRIu64 " (drawn; --seed repeats the run)",
                       s->seed);
    return etas_completeness_estimate(s->catalog.n, s->catalog.mag, how, s->tests, &s->winner, err);
}

static int run(session *s)
{
    etas_error err = {0};
    etas_status st = take_config(s, &err);

    if (st == ETAS_OK)
        st = load(s, &err);
    if (st == ETAS_OK) {
        st = test_candidates(s, &err);
        if (st == ETAS_E_ARG) /* a number outside its domain: it came from the command line */
            return options_complain(&usage, "%s", err.text) == OPTIONS_USAGE ? EXIT_USAGE : 1;
        if (st != ETAS_OK)
            (void)etas_error_in_file(&err, s->path);
    }
    if (st != ETAS_OK)
        return talk_fail(&s->t, st, &err);
    if (s->json)
        print_json(s);
    else
        print_table(s);
    if (s->winner != SIZE_MAX)
        return 0;
    st = etas_fail(&err, ETAS_E_RANGE, "no candidate passes with p >= %g", s->how.p_pass);
    (void)etas_error_in_file(&err, s->path);
    return talk_fail(&s->t, st, &err);
}

int cmd_estimate_mc(int argc, char *argv[])
{
    const char *arguments[1];
    session s = {.start = ETAS_TIME_NONE,
                 .end = ETAS_TIME_NONE,
                 .delta_m = NAN,
                 .range = mc_range_default(),
                 .how = etas_completeness_config_default()};
    option_spec own[OWN_OPTIONS], input_specs[CATALOG_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {
        {OWN_OPTIONS, own}, {CATALOG_OPTIONS, input_specs}, {TALK_OPTIONS, talk_specs}, {0, NULL}};
    size_t n_arguments;
    options_outcome outcome;
    int exit_code = EXIT_USAGE;

    s.samples = s.how.n_samples;
    talk_init(&s.t, "etas");
    own_options(&s, own);
    catalog_options_table(&s.input, input_specs);
    talk_options(&s.t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&s.t, &usage);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    s.path = n_arguments > 0 ? arguments[0] : NULL;
    if (outcome == OPTIONS_RUN)
        outcome = check_options(&s);
    if (outcome == OPTIONS_RUN)
        exit_code = run(&s);
    etas_array_free((void **)&s.tests);
    etas_array_free((void **)&s.candidates);
    etas_region_free(&s.region);
    etas_catalog_free(&s.catalog);
    etas_config_free(&s.cfg);
    return exit_code;
}
