#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "catalog_commands.h"
#include "catalog_options.h"
#include "etas/io.h"
#include "paths.h"

static const command_usage usage = {
    .name = "etas catalog convert",
    .synopsis = "CATALOG [-o OUT] [OPTIONS]",
    .about =
        "Write a catalogue of any format in any format, all of it or a part. Ids, the order of\n"
        "the file and every digit are kept. Catalogue CSV has id, latitude, longitude, time,\n"
        "magnitude, and depth (km), mc_current, x, y, z where there are any; the others have\n"
        "no place for the last four, and ZMAP none for ids.",
    .min_arguments = 1,
    .max_arguments = 1,
};

typedef struct session {
    catalog_request request;
    const char *output, *format_text, *region_path;
    bool lonlat;
    etas_time start, end;
    double min_magnitude, max_magnitude;
    etas_catalog_format format;
    etas_region region;
} session;

enum { OWN_OPTIONS = 8 };

static void own_options(session *s, option_spec out[OWN_OPTIONS])
{
    const option_spec specs[OWN_OPTIONS] = {
        {"output", 'o', OPTION_TEXT, &s->output, "OUT", "the new file (default: stdout)"},
        {"format", 0, OPTION_TEXT, &s->format_text, "FORMAT",
         "csv, csep, fdsn, quakeml, geojson or zmap (default: by the file's ending,\n"
         ".txt fdsn, .xml, .qml, .quakeml quakeml, .json, .geojson geojson, .dat,\n"
         ".zmap zmap, and csv for .csv and all others)"},
        {"start", 0, OPTION_TIME, &s->start, "TIME", "events from TIME on"},
        {"end", 0, OPTION_TIME, &s->end, "TIME", "events before TIME"},
        {"min-magnitude", 0, OPTION_NUMBER, &s->min_magnitude, "M",
         "events of magnitude M or more"},
        {"max-magnitude", 0, OPTION_NUMBER, &s->max_magnitude, "M",
         "events of magnitude M or less"},
        {"region", 0, OPTION_TEXT, &s->region_path, "FILE", "events inside this region"},
        {"lonlat", 0, OPTION_FLAG, &s->lonlat, NULL, "the region's file has the longitude first"},
    };

    memcpy(out, specs, sizeof specs);
}

static etas_catalog_format format_by_ending(const char *path)
{
    static const struct {
        const char *ending;
        etas_catalog_format format;
    } endings[] = {{".txt", ETAS_CATALOG_FDSN},     {".xml", ETAS_CATALOG_QUAKEML},
                   {".qml", ETAS_CATALOG_QUAKEML},  {".quakeml", ETAS_CATALOG_QUAKEML},
                   {".json", ETAS_CATALOG_GEOJSON}, {".geojson", ETAS_CATALOG_GEOJSON},
                   {".dat", ETAS_CATALOG_ZMAP},     {".zmap", ETAS_CATALOG_ZMAP}};
    const char *const dot = path != NULL ? strrchr(path, '.') : NULL;

    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i].ending) == 0)
            return endings[i].format;
    return ETAS_CATALOG_CSV;
}

static options_outcome check_options(session *s)
{
    s->format = format_by_ending(s->output);
    if (s->format_text != NULL &&
        (!etas_catalog_format_parse(s->format_text, &s->format) || s->format == ETAS_CATALOG_AUTO))
        return options_complain(&usage,
                                "--format: \"%s\" is not csv, csep, fdsn, quakeml, geojson or zmap",
                                s->format_text);
    if (s->start != ETAS_TIME_NONE && s->end != ETAS_TIME_NONE && s->end <= s->start)
        return options_complain(&usage, "--end is not after --start");
    if (s->max_magnitude < s->min_magnitude)
        return options_complain(&usage, "--max-magnitude %g lies below --min-magnitude %g",
                                s->max_magnitude, s->min_magnitude);
    if (s->lonlat && s->region_path == NULL)
        return options_complain(&usage, "--lonlat belongs to --region");
    if (s->output != NULL && paths_are_same(s->output, s->request.path))
        return options_complain(&usage, "%s is an input: an output would replace it", s->output);
    return OPTIONS_RUN;
}

/* ---- a part of it ---- */

/* What is not known is not inside; limits of magnitude forgive the last bit. */
static bool is_wanted(const session *s, const etas_event *e)
{
    return (s->start == ETAS_TIME_NONE || e->time >= s->start) &&
           (s->end == ETAS_TIME_NONE || e->time < s->end) &&
           (isnan(s->min_magnitude) || e->mag >= s->min_magnitude - 1e-9) &&
           (isnan(s->max_magnitude) || e->mag <= s->max_magnitude + 1e-9) &&
           (s->region_path == NULL || etas_region_contains(&s->region, e->lat, e->lon));
}

/* Keeps the order. */
static etas_status cut(const session *s, etas_catalog *catalog, etas_error *err)
{
    etas_catalog part = {0};
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < catalog->n && st == ETAS_OK; i++) {
        const etas_event e = etas_catalog_row(catalog, i);

        if (is_wanted(s, &e))
            st = etas_catalog_append(&part, &e);
    }
    if (st != ETAS_OK) {
        etas_catalog_free(&part);
        return etas_fail(err, st, "out of memory for %zu events", catalog->n);
    }
    etas_catalog_free(catalog);
    *catalog = part;
    return ETAS_OK;
}

static void warn_of_losses(const session *s, const etas_catalog *c)
{
    const struct {
        const char *name;
        const double *values;
    } columns[] = {{"mc_current", c->mc}, {"x, y and z", c->x}};

    for (size_t k = 0; k < 2 && s->format != ETAS_CATALOG_CSV; k++)
        for (size_t i = 0; i < c->n; i++)
            if (!isnan(columns[k].values[i])) {
                etas_log_write(&s->request.t.log, ETAS_LOG_WARN, "%s: %s has no place for %s",
                               s->output != NULL ? s->output : "stdout",
                               etas_catalog_format_title(s->format), columns[k].name);
                break;
            }
}

static etas_status write_catalog(const session *s, const etas_catalog *catalog, etas_error *err)
{
    etas_output output = {0};
    etas_status st =
        etas_output_open(&output, s->output != NULL ? s->output : ETAS_STANDARD_OUTPUT, err);

    if (st == ETAS_OK)
        st = etas_catalog_write(output.stream, catalog, s->format, err);
    if (st == ETAS_E_IO && output.stream == stdout)
        st = ETAS_OK; /* main tells of it, unless the reader has left */
    if (st == ETAS_OK)
        st = etas_output_commit(&output, err);
    etas_output_discard(&output);
    return st;
}

static etas_status run(session *s, etas_error *err)
{
    const char *const path = s->request.path;
    etas_catalog_summary summary;
    etas_catalog catalog = {0};
    etas_status st = ETAS_OK;

    if (s->region_path != NULL)
        st = etas_region_load(&s->region, s->region_path, s->lonlat, err);
    if (st == ETAS_OK)
        st = etas_catalog_load(&catalog, path, &s->request.how, &summary, err);
    if (st == ETAS_OK) {
        catalog_options_warn(&summary, path, &s->request.t.log);
        st = cut(s, &catalog, err);
    }
    if (st == ETAS_OK) {
        warn_of_losses(s, &catalog);
        st = write_catalog(s, &catalog, err);
    }
    if (st == ETAS_OK)
        etas_log_write(&s->request.t.log, ETAS_LOG_INFO, "%s: %zu of %zu events, %s", path,
                       catalog.n, summary.n_events, etas_catalog_format_title(summary.format));
    etas_catalog_free(&catalog);
    return st;
}

int catalog_convert(int argc, char *argv[])
{
    session s = {
        .start = ETAS_TIME_NONE, .end = ETAS_TIME_NONE, .min_magnitude = NAN, .max_magnitude = NAN};
    option_spec own[OWN_OPTIONS];
    etas_error err = {0};
    options_outcome outcome;
    etas_status st;

    own_options(&s, own);
    outcome = catalog_request_parse(&s.request, &usage, OWN_OPTIONS, own, argc, argv);
    if (outcome == OPTIONS_RUN)
        outcome = check_options(&s);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    st = run(&s, &err);
    etas_region_free(&s.region);
    return st == ETAS_OK ? 0 : talk_fail(&s.request.t, st, &err);
}
