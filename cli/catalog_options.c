#include "catalog_options.h"

#include <stdlib.h>
#include <string.h>

void catalog_options_table(catalog_options *self, option_spec out[CATALOG_OPTIONS])
{
    out[0] = (option_spec){"input-format",
                           0,
                           OPTION_TEXT,
                           &self->format,
                           "F",
                           "of the catalogue: csv, csep, fdsn, quakeml, geojson or zmap\n"
                           "(default: what its content looks like)"};
    out[1] = (option_spec){"event-types",
                           0,
                           OPTION_TEXT,
                           &self->event_types,
                           "T,T,...",
                           "types of events to keep; none: without a type, all: every event\n"
                           "(default \"earthquake,none\")"};
    out[2] = (option_spec){
        "magnitude-types", 0,
        OPTION_TEXT,       &self->magnitude_types,
        "T,T,...",         "QuakeML: the first of these where an event prefers no magnitude"};
}

/* A list without names. */
static bool is_blank(const char *list)
{
    return list != NULL && list[strspn(list, " ,")] == '\0';
}

options_outcome catalog_options_take(const catalog_options *self, const command_usage *usage,
                                     const etas_config *cfg, etas_catalog_options *out)
{
    *out = cfg != NULL ? etas_config_catalog_options(cfg, NULL) : (etas_catalog_options){0};
    if (self->format != NULL && !etas_catalog_format_parse(self->format, &out->format))
        return options_complain(usage, "--input-format \"%s\": expected one of %s", self->format,
                                ETAS_CATALOG_FORMAT_NAMES);
    if (is_blank(self->event_types) || is_blank(self->magnitude_types))
        return options_complain(usage, "--%s names no type",
                                is_blank(self->event_types) ? "event-types" : "magnitude-types");
    if (self->event_types != NULL)
        out->event_types = self->event_types;
    if (self->magnitude_types != NULL)
        out->magnitude_types = self->magnitude_types;
    return OPTIONS_RUN;
}

static bool replace(const char *text, char **out)
{
    char *copy = text != NULL ? strdup(text) : NULL;

    if (text == NULL)
        return true;
    free(*out);
    *out = copy;
    return copy != NULL;
}

options_outcome catalog_options_apply(const catalog_options *self, const command_usage *usage,
                                      etas_config *cfg)
{
    etas_catalog_options taken = {0};
    const options_outcome outcome = catalog_options_take(self, usage, cfg, &taken);

    if (outcome != OPTIONS_RUN)
        return outcome;
    cfg->input_format = taken.format;
    if (replace(self->event_types, &cfg->event_types) &&
        replace(self->magnitude_types, &cfg->magnitude_types))
        return OPTIONS_RUN;
    return options_complain(usage, "out of memory");
}

void catalog_options_warn(const etas_catalog_summary *summary, const char *path,
                          const etas_log *log)
{
    const struct {
        size_t n;
        const char *why;
    } reasons[] = {{summary->n_no_magnitude, "have no magnitude"},
                   {summary->n_no_preferred,
                    "have several magnitudes and prefer none (magnitude_types says which)"},
                   {summary->n_no_place, "have no time or no place"}};
    char types[600];

    if (summary->skipped_types.n > 0) {
        etas_tally_print(&summary->skipped_types, sizeof types, types);
        etas_log_write(log, ETAS_LOG_WARN,
                       "%s: %zu of %zu events are skipped by type (event_types says which): %s",
                       path, etas_tally_sum(&summary->skipped_types), summary->n_events, types);
    }
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].n > 0)
            etas_log_write(log, ETAS_LOG_WARN, "%s: %zu of %zu events are skipped: they %s", path,
                           reasons[i].n, summary->n_events, reasons[i].why);
}

options_outcome catalog_request_parse(catalog_request *self, const command_usage *usage, size_t n,
                                      const option_spec own[], int argc, char *argv[])
{
    catalog_options input = {0};
    option_spec input_specs[CATALOG_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {
        {n, own}, {CATALOG_OPTIONS, input_specs}, {TALK_OPTIONS, talk_specs}, {0, NULL}};
    size_t n_arguments;
    options_outcome outcome;

    talk_init(&self->t, "etas");
    catalog_options_table(&input, input_specs);
    talk_options(&self->t, talk_specs);
    outcome = options_parse(usage, own != NULL ? tables : tables + 1, argc, argv, &self->path,
                            &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&self->t, usage);
    if (outcome == OPTIONS_RUN)
        outcome = catalog_options_take(&input, usage, NULL, &self->how);
    return outcome;
}
