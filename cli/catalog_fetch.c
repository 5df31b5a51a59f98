#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "catalog_commands.h"
#include "catalog_options.h"
#include "etas/fdsn.h"
#include "etas/io.h"

static const command_usage usage = {
    .name = "etas catalog fetch",
    .synopsis = "--fdsn SERVICE --start TIME -o FILE [OPTIONS]",
    .about = "Download a catalogue from an FDSN event web service, page by page. SERVICE is the\n"
             "name of a data centre (emsc, geonet, gfz, ingv, isc, ncedc, scedc, sed, usgs) or a\n"
             "URL, https://HOST or https://HOST/fdsnws/event/1. What has come is kept in\n"
             "FILE.pieces until all is there: the same command goes on after an interruption.\n"
             "Events are ordered by time; those that come twice are taken once.",
    .min_arguments = 0,
    .max_arguments = 0,
};

typedef struct session {
    const char *service, *output, *format, *box, *circle, *polygon;
    bool lonlat, restart;
    option_list extra;
    uint64_t page_size, retries;
    etas_fdsn_query query;
    etas_fdsn_fetch_config how;
    catalog_options input;
    etas_catalog_options reading;
    bool as_csv;
    etas_region region;
    etas_text url;
    double began;
    talk t;
} session;

enum { OWN_OPTIONS = 19 };

static void own_options(session *s, option_spec out[OWN_OPTIONS])
{
    const option_spec specs[OWN_OPTIONS] = {
        {"fdsn", 0, OPTION_TEXT, &s->service, "SERVICE", "name of a data centre, or a URL"},
        {"start", 0, OPTION_TIME, &s->query.start, "TIME", "events from TIME on"},
        {"end", 0, OPTION_TIME, &s->query.end, "TIME", "events until TIME (default: now)"},
        {"min-magnitude", 0, OPTION_NUMBER, &s->query.min_magnitude, "M",
         "events of magnitude M or more"},
        {"max-magnitude", 0, OPTION_NUMBER, &s->query.max_magnitude, "M",
         "events of magnitude M or less"},
        {"box", 0, OPTION_TEXT, &s->box, "S,N,W,E",
         "between latitudes S and N, longitudes W and E (W > E: across +-180)"},
        {"circle", 0, OPTION_TEXT, &s->circle, "LAT,LON,KM", "at most KM from there"},
        {"polygon", 0, OPTION_TEXT, &s->polygon, "FILE",
         "inside the region of a file (.npy, list, WKT, GeoJSON)"},
        {"lonlat", 0, OPTION_FLAG, &s->lonlat, NULL, "the region's file has the longitude first"},
        {"query", 0, OPTION_LIST, &s->extra, "KEY=VALUE",
         "one more parameter of the service, such as catalog=..., eventtype=...;\n"
         "may be given several times"},
        {"output", 'o', OPTION_TEXT, &s->output, "FILE",
         "the catalogue: .csv as catalogue CSV; .txt, .xml, .quakeml and .qml as FDSN\n"
         "text or QuakeML just as the service wrote it"},
        {"format", 0, OPTION_TEXT, &s->format, "text|xml",
         "what to ask the service for (default: by the file's ending; text for .csv)"},
        {"page-size", 0, OPTION_COUNT, &s->page_size, "N",
         "events to ask for at once (default: what suits the service, or 5000)"},
        {"restart", 0, OPTION_FLAG, &s->restart, NULL,
         "throw away the pieces of an earlier download"},
        {"retries", 0, OPTION_COUNT, &s->retries, "N", "tries behind the first (default 8)"},
        {"retry-wait", 0, OPTION_DURATION, &s->how.manners.first_wait_s, "TIME",
         "before the second try (default 1s), doubled each time; a service's own wish\n"
         "(Retry-After) goes before"},
        {"patience", 0, OPTION_DURATION, &s->how.manners.patience_s, "TIME",
         "most to wait for one page in all (default 15m)"},
        {"stall", 0, OPTION_DURATION, &s->how.manners.stall_s, "TIME",
         "give up a connection that carries nothing for so long (default 2m)"},
        {"cacert", 0, OPTION_TEXT, &s->how.manners.ca_file, "FILE",
         "certificates of the authorities to trust (PEM; default: the system's)"},
    };

    memcpy(out, specs, sizeof specs);
}

/* ---- options ---- */

/* Exactly @p n numbers with commas between them. */
static bool read_numbers(const char *text, size_t n, double out[])
{
    for (size_t i = 0; i < n; i++) {
        const size_t len = strcspn(text, ",");

        if (!etas_parse_double(text, len, &out[i]) || !isfinite(out[i]) ||
            (text[len] == ',') != (i + 1 < n))
            return false;
        text += len + 1;
    }
    return true;
}

static options_outcome complain_of(const char *option, const etas_error *err)
{
    return options_complain(&usage, "--%s: %s", option, err->text);
}

static options_outcome take_area(session *s)
{
    etas_fdsn_area *const area = &s->query.area;
    etas_error err = {0};
    double v[4];

    if ((s->box != NULL) + (s->circle != NULL) + (s->polygon != NULL) > 1)
        return options_complain(&usage, "--box, --circle or --polygon, not two of them");
    if (s->lonlat && s->polygon == NULL)
        return options_complain(&usage, "--lonlat belongs to --polygon");
    if (s->box != NULL) {
        if (!read_numbers(s->box, 4, v))
            return options_complain(&usage, "--box: \"%s\" is not S,N,W,E in degrees", s->box);
        if (etas_fdsn_box_set(area, &(etas_fdsn_box){v[0], v[1], v[2], v[3]}, &err) != ETAS_OK)
            return complain_of("box", &err);
    }
    if (s->circle != NULL) {
        if (!read_numbers(s->circle, 3, v))
            return options_complain(&usage, "--circle: \"%s\" is not LAT,LON,KM", s->circle);
        if (etas_fdsn_circle_set(area, v[0], v[1], v[2], &err) != ETAS_OK)
            return complain_of("circle", &err);
    }
    return OPTIONS_RUN;
}

static options_outcome take_service(session *s)
{
    const etas_fdsn_service *known;
    etas_error err = {0};

    if (s->service == NULL)
        return options_complain(&usage, "no service: use --fdsn NAME or URL");
    known = etas_fdsn_service_find(s->service);
    if (strcasecmp(s->service, "iris") == 0 || strcasecmp(s->service, "earthscope") == 0)
        return options_complain(&usage,
                                "--fdsn: %s has no event service any more; usgs and isc "
                                "have its events",
                                s->service);
    if (etas_fdsn_url(known != NULL ? known->url : s->service, &s->url, &err) != ETAS_OK)
        return complain_of("fdsn", &err);
    s->query.url = s->url.data;
    if (s->page_size == OPTION_UNSET)
        s->page_size = known != NULL ? known->page_size : 5000;
    if (s->page_size < 1 || s->page_size > 1000000)
        return options_complain(&usage, "--page-size: expected 1 to 1000000");
    s->query.page_size = (uint32_t)s->page_size;
    for (size_t i = 0; i < s->extra.n; i++)
        if (etas_fdsn_check_extra(s->extra.items[i], &err) != ETAS_OK)
            return complain_of("query", &err);
    s->query.n_extra = s->extra.n;
    s->query.extra = s->extra.items;
    return OPTIONS_RUN;
}

static options_outcome take_format(session *s)
{
    static const struct {
        const char *ending;
        bool csv, xml;
    } endings[] = {{".csv", true, false},
                   {".txt", false, false},
                   {".xml", false, true},
                   {".quakeml", false, true},
                   {".qml", false, true}};
    const char *dot;
    bool xml = false, known = false;

    if (s->output == NULL)
        return options_complain(&usage, "no output: use -o FILE");
    if (strcmp(s->output, "-") == 0)
        return options_complain(&usage, "-o -: the pieces are kept beside a file; name one");
    dot = strrchr(s->output, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i].ending) == 0) {
            known = true;
            s->as_csv = endings[i].csv;
            xml = endings[i].xml;
        }
    if (!known)
        return options_complain(&usage,
                                "%s: expected a name that ends with .csv, .txt, .xml, "
                                ".quakeml or .qml",
                                s->output);
    if (s->format != NULL) {
        const bool asked = strcmp(s->format, "xml") == 0;

        if (!asked && strcmp(s->format, "text") != 0)
            return options_complain(&usage, "--format: \"%s\" is not text or xml", s->format);
        if (!s->as_csv && asked != xml)
            return options_complain(&usage, "--format %s does not fit %s", s->format, s->output);
        xml = asked;
    }
    s->query.format = xml ? ETAS_FDSN_XML : ETAS_FDSN_TEXT;
    return OPTIONS_RUN;
}

static options_outcome take_window(session *s)
{
    s->how.end_is_now = s->query.end == ETAS_TIME_NONE;
    if (s->query.start == ETAS_TIME_NONE)
        return options_complain(&usage, "no beginning: use --start TIME");
    if (s->how.end_is_now)
        s->query.end = (etas_time)time(NULL) * ETAS_NS_PER_S;
    if (s->query.end <= s->query.start)
        return options_complain(&usage, "--end is not after --start");
    if (s->query.max_magnitude < s->query.min_magnitude)
        return options_complain(&usage, "--max-magnitude %g lies below --min-magnitude %g",
                                s->query.max_magnitude, s->query.min_magnitude);
    if (s->retries > 1000)
        return options_complain(&usage, "--retries: expected at most 1000");
    s->how.manners.retries = (uint32_t)s->retries;
    s->how.restart = s->restart;
    s->how.output = s->output;
    return OPTIONS_RUN;
}

static options_outcome check_options(session *s)
{
    options_outcome outcome = take_service(s);

    if (outcome == OPTIONS_RUN)
        outcome = take_format(s);
    if (outcome == OPTIONS_RUN)
        outcome = take_window(s);
    if (outcome == OPTIONS_RUN)
        outcome = take_area(s);
    return outcome == OPTIONS_RUN ? catalog_options_take(&s->input, &usage, NULL, &s->reading)
                                  : outcome;
}

/* ---- fetching ---- */

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void show(void *context, const etas_fdsn_progress *now)
{
    session *const s = context;
    const double seconds = talk_seconds() - s->began;
    const double rate = seconds > 0 && now->n_requests > 0 ? now->days / seconds : 0;

    talk_show(&s->t,
              &(talk_progress){.what = "days",
                               .done = (uint64_t)now->days,
                               .total = (uint64_t)ceil(now->days_in_all),
                               .rate = rate,
                               .eta_s = rate > 0 ? (now->days_in_all - now->days) / rate : NAN});
}

/* As the readers of catalogues take it. */
static etas_status write_csv(session *s, const etas_fdsn_result *result, FILE *out, etas_error *err)
{
    etas_catalog_bytes document = {.name = s->output};
    etas_catalog_summary summary;
    etas_catalog catalog = {0};
    char *text = NULL;
    FILE *const memory = open_memstream(&text, &document.len);
    etas_status st = memory != NULL ? etas_fdsn_write(result, memory, err)
                                    : etas_fail(err, ETAS_E_NOMEM, "out of memory");

    if (memory != NULL && fclose(memory) != 0 && st == ETAS_OK)
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory for %zu events", result->n_events);
    document.bytes = text;
    s->reading.format = s->query.format == ETAS_FDSN_XML ? ETAS_CATALOG_QUAKEML : ETAS_CATALOG_FDSN;
    if (st == ETAS_OK)
        st = etas_catalog_read(&catalog, &document, &s->reading, &summary, err);
    if (st == ETAS_OK) {
        catalog_options_warn(&summary, s->output, &s->t.log);
        st = etas_catalog_write_csv(out, &catalog, err);
    }
    free(text);
    etas_catalog_free(&catalog);
    return st;
}

static etas_status write_output(session *s, const etas_fdsn_result *result, etas_error *err)
{
    etas_output output = {0};
    etas_status st = etas_output_open(&output, s->output, err);

    if (st == ETAS_OK)
        st = s->as_csv ? write_csv(s, result, output.stream, err)
                       : etas_fdsn_write(result, output.stream, err);
    if (st == ETAS_OK)
        st = etas_output_commit(&output, err);
    etas_output_discard(&output);
    return st;
}

static void say_result(const session *s, const etas_fdsn_result *r)
{
    char from[32], to[32];

    etas_time_format(s->query.start, 'T', from);
    etas_time_format(r->end, 'T', to);
    etas_log_write(&s->t.log, ETAS_LOG_INFO,
                   "%s: %zu events from %s, %.19s to %.19s; %zu requests, %zu pieces from before, "
                   "%zu events came twice, %zu outside the area",
                   s->output, r->n_events, s->query.url, from, to, r->n_requests, r->n_pieces,
                   r->n_twice, r->n_outside);
    if (r->n_events == 0)
        etas_log_write(&s->t.log, ETAS_LOG_WARN, "%s: the service has no such events", s->output);
}

static etas_status run(session *s, etas_error *err)
{
    etas_fdsn_result result = {0};
    etas_status st = ETAS_OK;

    if (s->polygon != NULL) {
        st = etas_region_load(&s->region, s->polygon, s->lonlat, err);
        if (st == ETAS_OK)
            st = etas_fdsn_region_set(&s->query.area, &s->region, err);
    }
    s->began = talk_seconds();
    if (st == ETAS_OK)
        st = etas_fdsn_fetch(&result, &s->query, &s->how, err);
    talk_show_end(&s->t);
    if (st == ETAS_OK)
        st = write_output(s, &result, err);
    if (st == ETAS_OK)
        st = etas_fdsn_forget(&result, err);
    if (st == ETAS_OK)
        say_result(s, &result);
    else if (result.n_requests + result.n_pieces > 0)
        etas_log_write(&s->t.log, ETAS_LOG_WARN,
                       "%zu events are kept in %s.pieces; the same command goes on from there",
                       result.n_events, s->output);
    etas_fdsn_free(&result);
    return st;
}

int catalog_fetch(int argc, char *argv[])
{
    const struct sigaction action = {.sa_handler = stop};
    session s = {.page_size = OPTION_UNSET,
                 .query = {.start = ETAS_TIME_NONE,
                           .end = ETAS_TIME_NONE,
                           .min_magnitude = NAN,
                           .max_magnitude = NAN,
                           .area = etas_fdsn_globe()},
                 .how = {.manners = etas_fdsn_manners_default(), .progress = show}};
    option_spec own[OWN_OPTIONS], input_specs[CATALOG_OPTIONS], talk_specs[TALK_OPTIONS];
    const option_table tables[] = {
        {OWN_OPTIONS, own},
        {CATALOG_OPTIONS - 1, input_specs + 1}, /* all but the format, which was asked for */
        {TALK_OPTIONS, talk_specs},
        {0, NULL}};
    const char *arguments[1];
    size_t n_arguments;
    etas_error err = {0};
    options_outcome outcome;
    etas_status st = ETAS_OK;

    s.retries = s.how.manners.retries;
    s.how.log = &s.t.log;
    s.how.context = &s;
    s.how.stop = &stopped;
    talk_init(&s.t, "etas");
    own_options(&s, own);
    catalog_options_table(&s.input, input_specs);
    talk_options(&s.t, talk_specs);
    outcome = options_parse(&usage, tables, argc, argv, arguments, &n_arguments);
    if (outcome == OPTIONS_RUN)
        outcome = talk_start(&s.t, &usage);
    if (outcome == OPTIONS_RUN)
        outcome = check_options(&s);
    if (outcome == OPTIONS_RUN) {
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        st = run(&s, &err);
    }
    etas_region_free(&s.region);
    etas_text_free(&s.url);
    if (outcome != OPTIONS_RUN)
        return options_exit_code(outcome);
    return st == ETAS_OK ? 0 : talk_fail(&s.t, st, &err);
}
