#include "outputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "paths.h"

static const struct {
    const char *name;
    etas_forecast_format format;
    const char *ending; /* of files that have it by default */
} formats[] = {
    {"csep", ETAS_FORMAT_CSEP, ".csv"},
    {"reference", ETAS_FORMAT_REFERENCE, NULL},
    {"hdf5", ETAS_FORMAT_HDF5, ".h5"},
    {"hdf5", ETAS_FORMAT_HDF5, ".hdf5"},
    {"grid", ETAS_FORMAT_DAT, ".dat"},
    {"grid-csv", ETAS_FORMAT_RATES_CSV, NULL},
    {"grid-geojson", ETAS_FORMAT_RATES_GEOJSON, ".geojson"},
    {"summary", ETAS_FORMAT_SUMMARY_JSON, ".json"},
    {"summary-csv", ETAS_FORMAT_SUMMARY_CSV, NULL},
    {"counts", ETAS_FORMAT_COUNTS_CSV, NULL},
};
enum { N_FORMATS = sizeof formats / sizeof *formats };

static const char NAMES[] = "csep, reference, hdf5, grid, grid-csv, grid-geojson, summary, "
                            "summary-csv or counts";

void output_options_table(output_options *self, bool configured, option_spec out[OUTPUT_OPTIONS])
{
    const option_spec specs[FILE_OPTIONS] = {
        {"output", 'o', OPTION_TEXT, &self->path, "FILE",
         configured ? "forecast file: .csv for pyCSEP, .h5 for HDF5, .dat or .geojson for rates,\n"
                      ".json for a summary (default: the configuration's, in the reference layout)"
                    : "forecast file: .csv for pyCSEP, .h5 for HDF5, .dat or .geojson for rates,\n"
                      ".json for a summary"},
        {"format", 0, OPTION_TEXT, &self->format, "FORMAT",
         "format of it, whatever its ending: csep, reference, hdf5, grid, grid-csv,\n"
         "grid-geojson, summary, summary-csv, counts"},
        {"also", 0, OPTION_LIST, &self->also, "FILE[:FORMAT]",
         "one more file of the same catalogues; may be given several times"},
        {"columns", 0, OPTION_TEXT, &self->columns, "LIST",
         "extra columns of the reference layout: is_background,generation,parent; HDF5\n"
         "has all but parent anyway"},
    };

    memcpy(out, specs, sizeof specs);
    grid_options_table(&self->grid, out + FILE_OPTIONS);
}

const char *output_format_name(etas_forecast_format format)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (formats[i].format == format)
            return formats[i].name;
    return "?";
}

static bool find_format(const char *name, etas_forecast_format *out)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0) {
            *out = formats[i].format;
            return true;
        }
    return false;
}

/* By the path's ending; CSEP without any. */
static options_outcome guess_format(const char *path, const command_usage *usage,
                                    etas_forecast_format *out)
{
    const char *const slash = strrchr(path, '/');
    const char *const base = slash != NULL ? slash + 1 : path;
    const char *const dot = strrchr(base, '.');

    *out = ETAS_FORMAT_CSEP;
    if (dot == NULL || dot == base)
        return OPTIONS_RUN;
    for (size_t i = 0; i < N_FORMATS; i++)
        if (formats[i].ending != NULL && strcasecmp(formats[i].ending, dot) == 0) {
            *out = formats[i].format;
            return OPTIONS_RUN;
        }
    return options_complain(usage, "%s: the ending %s tells no format: name one of %s", path, dot,
                            NAMES);
}

/* @p len bytes of @p path. */
static options_outcome add(outputs *self, const char *path, size_t len, const command_usage *usage)
{
    char *const copy = strndup(path, len);

    if (copy == NULL)
        return options_complain(usage, "out of memory");
    self->paths[self->n] = copy;
    self->specs[self->n++].path = copy;
    if (len == 0)
        return options_complain(usage, "no output: use -o FILE");
    for (size_t i = 0; i + 1 < self->n; i++)
        if (paths_are_same(self->paths[i], copy))
            return strcmp(self->paths[i], copy) == 0
                       ? options_complain(usage, "%s is named twice as an output", copy)
                       : options_complain(usage,
                                          "%s and %s are the same file, named twice as an output",
                                          self->paths[i], copy);
    return OPTIONS_RUN;
}

static options_outcome add_first(outputs *self, const output_options *options, const char *fallback,
                                 const command_usage *usage)
{
    const char *const path = options->path != NULL ? options->path : fallback;
    etas_forecast_format *const format = &self->specs[0].format;
    options_outcome outcome;

    if (path == NULL)
        return options_complain(usage, "no output: use -o FILE");
    outcome = add(self, path, strlen(path), usage);
    if (outcome != OPTIONS_RUN)
        return outcome;
    if (options->format != NULL)
        return find_format(options->format, format)
                   ? OPTIONS_RUN
                   : options_complain(usage, "--format: \"%s\" is not %s", options->format, NAMES);
    *format = ETAS_FORMAT_REFERENCE;
    return options->path != NULL ? guess_format(path, usage, format) : OPTIONS_RUN;
}

/* FILE:FORMAT; a colon before what is no format belongs to the file's name. */
static options_outcome add_more(outputs *self, const char *text, const command_usage *usage)
{
    const char *const colon = strrchr(text, ':');
    etas_forecast_format *const format = &self->specs[self->n].format;
    const bool named = colon != NULL && find_format(colon + 1, format);
    const options_outcome outcome =
        add(self, text, named ? (size_t)(colon - text) : strlen(text), usage);

    return outcome == OPTIONS_RUN && !named ? guess_format(text, usage, format) : outcome;
}

/* ---- columns ---- */

/* The next name of a list, which moves on; its length, 0 at the end. */
static size_t next_column(const char **list, const char **name)
{
    const size_t len = *list != NULL ? strcspn(*list, ",") : 0;

    *name = *list;
    if (*list != NULL)
        *list = (*list)[len] == ',' ? *list + len + 1 : NULL;
    return len;
}

static bool is_column(const char *known, const char *name, size_t len)
{
    return strlen(known) == len && strncmp(name, known, len) == 0;
}

bool output_options_want_parent(const output_options *self)
{
    const char *list = self->columns, *name;

    while (list != NULL) {
        const size_t len = next_column(&list, &name);

        if (is_column("parent", name, len))
            return true;
    }
    return false;
}

static options_outcome read_columns(const char *list, const command_usage *usage,
                                    etas_forecast_spec *out)
{
    const struct {
        const char *name;
        bool *with;
    } known[] = {{"is_background", &out->with_is_background},
                 {"generation", &out->with_generation},
                 {"parent", &out->with_parent}};

    while (list != NULL && *list != '\0') {
        const char *name;
        const size_t len = next_column(&list, &name);
        bool found = false;

        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (is_column(known[i].name, name, len))
                found = *known[i].with = true;
        if (!found)
            return options_complain(
                usage, "--columns: \"%.*s\" is not is_background, generation or parent", (int)len,
                name);
    }
    return OPTIONS_RUN;
}

/* What all specs share. */
static options_outcome choose_grid(outputs *self, const grid_options *options,
                                   const command_usage *usage)
{
    bool any = false;

    self->grid = malloc(sizeof *self->grid);
    if (self->grid == NULL)
        return options_complain(usage, "out of memory");
    if (grid_request_init(self->grid, options, usage) != OPTIONS_RUN)
        return OPTIONS_USAGE;
    for (size_t i = 0; i < self->n; i++) {
        etas_forecast_spec *const spec = &self->specs[i];

        any |= etas_forecast_format_from_counts(spec->format);
        spec->grid = &self->grid->grid;
        spec->n_thresholds = self->grid->n_thresholds;
        spec->threshold = self->grid->threshold;
    }
    return any || self->grid->given == NULL
               ? OPTIONS_RUN
               : options_complain(usage, "%s belongs to the formats of rates, counts and summaries",
                                  self->grid->given);
}

static options_outcome choose_columns(outputs *self, const char *list, const command_usage *usage)
{
    bool any = false;

    if (list == NULL)
        return OPTIONS_RUN;
    for (size_t i = 0; i < self->n; i++) {
        etas_forecast_spec *const spec = &self->specs[i];
        const bool hdf5 = spec->format == ETAS_FORMAT_HDF5; /* has the others anyway */

        if (!hdf5 && spec->format != ETAS_FORMAT_REFERENCE)
            continue;
        if (read_columns(list, usage, spec) != OPTIONS_RUN)
            return OPTIONS_USAGE;
        any |= !hdf5 || !(spec->with_is_background || spec->with_generation);
    }
    return any ? OPTIONS_RUN
               : options_complain(usage, "--columns belongs to --format reference, and parent to "
                                         "hdf5");
}

options_outcome outputs_init(outputs *self, const output_options *options, const char *fallback,
                             const command_usage *usage)
{
    options_outcome outcome;

    *self = (outputs){0};
    outcome = add_first(self, options, fallback, usage);
    for (size_t i = 0; i < options->also.n && outcome == OPTIONS_RUN; i++)
        outcome = add_more(self, options->also.items[i], usage);
    if (outcome == OPTIONS_RUN)
        outcome = choose_grid(self, &options->grid, usage);
    return outcome == OPTIONS_RUN ? choose_columns(self, options->columns, usage) : outcome;
}

const char *outputs_find_file(const outputs *self, const char *path)
{
    for (size_t i = 0; path != NULL && i < self->n; i++)
        if (paths_are_same(self->paths[i], path))
            return self->paths[i];
    return NULL;
}

void outputs_free(outputs *self)
{
    for (size_t i = 0; i < self->n; i++)
        free(self->paths[i]);
    free(self->grid);
    *self = (outputs){0};
}

void show_writing(void *writing, uint64_t done, uint64_t total)
{
    const writing_progress *const self = writing;
    const double seconds = talk_seconds() - self->start;
    const double rate = seconds > 0 ? (double)done / seconds : 0;

    talk_show(self->t, &(talk_progress){.what = self->what != NULL ? self->what : "writing",
                                        .done = done,
                                        .total = total,
                                        .rate = rate,
                                        .eta_s = rate > 0 ? (double)(total - done) / rate : NAN});
}
