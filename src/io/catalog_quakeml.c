/* QuakeML 1.1 and 1.2, Basic Event Description, by libxml2's push parser: events come by one at a
 * time, no tree is built, and a document type declaration, which alone could define entities, ends
 * the reading. */
#include <math.h>
#include <string.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include "etas/text.h"
#include "io/quakeml_event.h"

enum { CHUNK = 1 << 16, LONGEST_TEXT = 4096 };

/* The elements that mean something; each has one possible parent, so the current one is all that
 * has to be remembered. */
typedef enum element {
    OUTSIDE,
    QUAKEML,
    PARAMETERS,
    EVENT,
    EVENT_TYPE,
    PREFERRED_ORIGIN,
    PREFERRED_MAGNITUDE,
    ORIGIN,
    ORIGIN_TIME,
    LATITUDE,
    LONGITUDE,
    DEPTH,
    TIME_VALUE,
    LATITUDE_VALUE,
    LONGITUDE_VALUE,
    DEPTH_VALUE,
    MAGNITUDE,
    MAGNITUDE_MAG,
    MAGNITUDE_VALUE,
    MAGNITUDE_TYPE,
    MAGNITUDE_ORIGIN,
    N_ELEMENTS
} element;

static const struct {
    const char *name;
    element parent;
    bool has_text;
    const char *path; /* in messages */
} elements[N_ELEMENTS] = {
    [OUTSIDE] = {"", OUTSIDE, false, ""},
    [QUAKEML] = {"quakeml", OUTSIDE, false, "quakeml"},
    [PARAMETERS] = {"eventParameters", QUAKEML, false, "eventParameters"},
    [EVENT] = {"event", PARAMETERS, false, "event"},
    [EVENT_TYPE] = {"type", EVENT, true, "event/type"},
    [PREFERRED_ORIGIN] = {"preferredOriginID", EVENT, true, "event/preferredOriginID"},
    [PREFERRED_MAGNITUDE] = {"preferredMagnitudeID", EVENT, true, "event/preferredMagnitudeID"},
    [ORIGIN] = {"origin", EVENT, false, "event/origin"},
    [ORIGIN_TIME] = {"time", ORIGIN, false, "origin/time"},
    [LATITUDE] = {"latitude", ORIGIN, false, "origin/latitude"},
    [LONGITUDE] = {"longitude", ORIGIN, false, "origin/longitude"},
    [DEPTH] = {"depth", ORIGIN, false, "origin/depth"},
    [TIME_VALUE] = {"value", ORIGIN_TIME, true, "origin/time/value"},
    [LATITUDE_VALUE] = {"value", LATITUDE, true, ETAS_QUAKEML_LATITUDE},
    [LONGITUDE_VALUE] = {"value", LONGITUDE, true, ETAS_QUAKEML_LONGITUDE},
    [DEPTH_VALUE] = {"value", DEPTH, true, ETAS_QUAKEML_DEPTH},
    [MAGNITUDE] = {"magnitude", EVENT, false, "event/magnitude"},
    [MAGNITUDE_MAG] = {"mag", MAGNITUDE, false, "magnitude/mag"},
    [MAGNITUDE_VALUE] = {"value", MAGNITUDE_MAG, true, ETAS_QUAKEML_MAGNITUDE},
    [MAGNITUDE_TYPE] = {"type", MAGNITUDE, true, "magnitude/type"},
    [MAGNITUDE_ORIGIN] = {"originID", MAGNITUDE, true, "magnitude/originID"},
};

/* Bits of quakeml.seen that an origin or a magnitude does not begin anew. */
#define OF_EVENT                                                   \
    (UINT32_C(1) << EVENT_TYPE | UINT32_C(1) << PREFERRED_ORIGIN | \
     UINT32_C(1) << PREFERRED_MAGNITUDE)

typedef struct quakeml {
    const etas_catalog_reader *r;
    xmlParserCtxtPtr parser;
    etas_status status;
    element at;
    size_t n_skipped; /* open elements that mean nothing, the outermost inside `at` */
    uint32_t seen;    /* a bit per element that stood in the current event, origin, magnitude */
    uint64_t line;    /* of the text being read */
    bool has_parameters;
    etas_text text;           /* of the current element */
    etas_quakeml_event event; /* the current one */
} quakeml;

static uint64_t line_now(const quakeml *q)
{
    const int line = xmlSAX2GetLineNumber(q->parser);

    return line > 0 ? (uint64_t)line : 0;
}

/* The first failure ends the reading: nothing is called back after it. */
static void stop(quakeml *q, etas_status st)
{
    if (q->status != ETAS_OK)
        return;
    q->status = st;
    xmlStopParser(q->parser);
}

static void stop_memory(quakeml *q)
{
    stop(q, etas_fail(q->r->err, ETAS_E_NOMEM, "out of memory after %zu events", q->r->out->n));
}

/* ---- texts ---- */

static etas_quakeml_text keep_text(quakeml *q, size_t len, const char text[])
{
    etas_quakeml_text kept = {0};

    if (etas_quakeml_event_add_text(&q->event, len, text, &kept) != ETAS_OK)
        stop_memory(q);
    return kept;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- the end of an element with text ---- */

/* Stays NaN for an empty element. */
static etas_status take_number(const quakeml *q, etas_quakeml_number *out)
{
    const etas_place at = {.line = q->line, .key = elements[q->at].path};
    char shown[ETAS_EXCERPT];

    out->line = q->line;
    if (q->text.len == 0 || etas_parse_double(q->text.data, q->text.len, &out->value))
        return ETAS_OK;
    return etas_catalog_fail(q->r, &at, ETAS_E_PARSE, "\"%s\" is not a number",
                             etas_excerpt(q->text.len, q->text.data, shown));
}

static etas_status take_time(const quakeml *q, etas_time *out)
{
    const etas_place at = {.line = q->line, .key = elements[q->at].path};
    etas_error why = {0};

    if (q->text.len == 0 || etas_time_parse(q->text.data, q->text.len, out, &why) == ETAS_OK)
        return ETAS_OK;
    return etas_catalog_fail(q->r, &at, ETAS_E_PARSE, "%s", why.text);
}

static void trim(etas_text *text)
{
    size_t lead = 0;

    while (text->len > 0 && is_space(text->data[text->len - 1]))
        text->len--;
    while (lead < text->len && is_space(text->data[lead]))
        lead++;
    text->len -= lead;
    if (lead > 0)
        memmove(text->data, text->data + lead, text->len);
}

static void take_text(quakeml *q)
{
    etas_quakeml_event *const e = &q->event;
    etas_quakeml_origin *o = e->n_origins > 0 ? &e->origins[e->n_origins - 1] : NULL;
    etas_quakeml_magnitude *m = e->n_magnitudes > 0 ? &e->magnitudes[e->n_magnitudes - 1] : NULL;
    etas_quakeml_text *out = NULL;
    etas_status st = ETAS_OK;

    trim(&q->text);
    switch (q->at) {
    case EVENT_TYPE:
        out = &e->type;
        break;
    case PREFERRED_ORIGIN:
        out = &e->preferred_origin;
        break;
    case PREFERRED_MAGNITUDE:
        out = &e->preferred_magnitude;
        break;
    case MAGNITUDE_TYPE:
        out = &m->type;
        break;
    case MAGNITUDE_ORIGIN:
        out = &m->origin;
        break;
    case TIME_VALUE:
        st = take_time(q, &o->time);
        break;
    case LATITUDE_VALUE:
        st = take_number(q, &o->lat);
        break;
    case LONGITUDE_VALUE:
        st = take_number(q, &o->lon);
        break;
    case DEPTH_VALUE:
        st = take_number(q, &o->depth_m);
        break;
    default:
        st = take_number(q, &m->mag);
        break; /* MAGNITUDE_VALUE, the only one left */
    }
    if (st != ETAS_OK)
        stop(q, st);
    else if (out != NULL)
        *out = keep_text(q, q->text.len, q->text.len > 0 ? q->text.data : "");
}

/* ---- the beginning of an element ---- */

/* Without a DTD libxml2 leaves "&#38;" in attributes where the file has an ampersand. */
static etas_quakeml_text keep_attribute(quakeml *q, const char *text, const char *end)
{
    static const char ampersand[] = "&#38;";
    const size_t n = sizeof ampersand - 1;
    etas_quakeml_text kept = {q->event.texts.len, 0};

    while (text < end) {
        const bool escaped = (size_t)(end - text) >= n && memcmp(text, ampersand, n) == 0;
        const etas_quakeml_text one = keep_text(q, 1, text);

        kept.len += one.len;
        text += escaped ? n : 1;
    }
    return kept;
}

static etas_quakeml_text public_id(quakeml *q, int n, const xmlChar **attributes)
{
    for (int i = 0; i < n; i++) {
        const xmlChar **a = attributes + (ptrdiff_t)5 * i; /* name, prefix, URI, value, its end */

        if (a[1] == NULL && strcmp((const char *)a[0], "publicID") == 0)
            return keep_attribute(q, (const char *)a[3], (const char *)a[4]);
    }
    return (etas_quakeml_text){0};
}

static void begin_event(quakeml *q, int n, const xmlChar **attributes)
{
    etas_quakeml_event_clear(&q->event);
    q->seen = 0;
    q->event.id = public_id(q, n, attributes);
}

static void begin_origin(quakeml *q, int n, const xmlChar **attributes)
{
    const etas_quakeml_text id = public_id(q, n, attributes);

    q->seen &= OF_EVENT;
    if (etas_quakeml_event_add_origin(&q->event) != ETAS_OK)
        stop_memory(q);
    else
        q->event.origins[q->event.n_origins - 1].id = id;
}

static void begin_magnitude(quakeml *q, int n, const xmlChar **attributes)
{
    const etas_quakeml_text id = public_id(q, n, attributes);

    q->seen &= OF_EVENT;
    if (etas_quakeml_event_add_magnitude(&q->event) != ETAS_OK)
        stop_memory(q);
    else
        q->event.magnitudes[q->event.n_magnitudes - 1].id = id;
}

static void begin_text(quakeml *q, element e)
{
    const etas_place at = {.line = line_now(q), .key = elements[e].path};

    q->line = at.line;
    q->text.len = 0;
    if ((q->seen & UINT32_C(1) << e) != 0)
        stop(q, etas_catalog_fail(q->r, &at, ETAS_E_PARSE, "this element stands here twice"));
    q->seen |= UINT32_C(1) << e;
}

static bool is_bed(const xmlChar *uri)
{
    return uri == NULL || strcmp((const char *)uri, "http://quakeml.org/xmlns/bed/1.2") == 0 ||
           strcmp((const char *)uri, "http://quakeml.org/xmlns/bed/1.1") == 0;
}

/* OUTSIDE when it means nothing here. */
static element find_element(const quakeml *q, const char *name)
{
    for (int e = QUAKEML; e < N_ELEMENTS; e++)
        if (elements[e].parent == q->at && strcmp(elements[e].name, name) == 0)
            return (element)e;
    return OUTSIDE;
}

/* What is no QuakeML is said where it shows: at the root or at eventParameters. */
static void stop_foreign(quakeml *q, const char *name, const xmlChar *uri)
{
    const etas_place at = {.line = line_now(q)};
    char shown[ETAS_EXCERPT];

    if (q->at == OUTSIDE)
        stop(q, etas_catalog_fail(q->r, &at, ETAS_E_PARSE,
                                  "the root element is <%s>; expected QuakeML, <quakeml>",
                                  etas_excerpt(strlen(name), name, shown)));
    else
        stop(q,
             etas_catalog_fail(q->r, &at, ETAS_E_PARSE,
                               "eventParameters in the namespace \"%s\"; expected "
                               "\"http://quakeml.org/xmlns/bed/1.2\", \".../1.1\" or none",
                               etas_excerpt(strlen((const char *)uri), (const char *)uri, shown)));
}

static void on_start(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
                     int n_namespaces, const xmlChar **namespaces, int n, int n_defaulted,
                     const xmlChar **attributes)
{
    quakeml *const q = context;
    const element e = q->n_skipped == 0 ? find_element(q, (const char *)local) : OUTSIDE;

    (void)prefix;
    (void)n_namespaces;
    (void)namespaces;
    (void)n_defaulted;
    if (q->status != ETAS_OK)
        return;
    if (q->at == OUTSIDE ? e == OUTSIDE : e == PARAMETERS && !is_bed(uri)) {
        stop_foreign(q, (const char *)local, uri);
        return;
    }
    if (e == OUTSIDE || (e != QUAKEML && !is_bed(uri))) {
        q->n_skipped++;
        return;
    }
    if (e == EVENT)
        begin_event(q, n, attributes);
    else if (e == ORIGIN)
        begin_origin(q, n, attributes);
    else if (e == MAGNITUDE)
        begin_magnitude(q, n, attributes);
    else if (elements[e].has_text)
        begin_text(q, e);
    q->has_parameters |= e == PARAMETERS;
    q->at = e;
}

static void on_end(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    quakeml *const q = context;
    etas_status st = ETAS_OK;

    (void)local;
    (void)prefix;
    (void)uri;
    if (q->status != ETAS_OK)
        return;
    if (q->n_skipped > 0) {
        q->n_skipped--;
        return;
    }
    if (elements[q->at].has_text)
        take_text(q);
    else if (q->at == EVENT)
        st = etas_quakeml_event_end(&q->event, q->r);
    if (st != ETAS_OK)
        stop(q, st);
    q->at = elements[q->at].parent;
}

static void on_text(void *context, const xmlChar *text, int len)
{
    quakeml *const q = context;
    const etas_place at = {.line = q->line, .key = elements[q->at].path};

    if (q->status != ETAS_OK || q->n_skipped > 0 || !elements[q->at].has_text)
        return;
    if (q->text.len + (size_t)len > LONGEST_TEXT)
        stop(q, etas_catalog_fail(q->r, &at, ETAS_E_LIMIT, "more than %d bytes of text",
                                  LONGEST_TEXT));
    else if (etas_text_append(&q->text, (size_t)len, (const char *)text) != ETAS_OK)
        stop_memory(q);
}

static void on_doctype(void *context, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    quakeml *const q = context;
    const etas_place at = {.line = line_now(q)};
    char shown[ETAS_EXCERPT];

    (void)external;
    (void)system;
    stop(q, etas_catalog_fail(
                q->r, &at, ETAS_E_PARSE,
                "a document type declaration, <!DOCTYPE %s>; expected QuakeML, which has none",
                etas_excerpt(strlen((const char *)name), (const char *)name, shown)));
}

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_seen;
#else
typedef xmlError *error_seen;
#endif

/* Only what makes the text ill-formed counts; a prefix without a namespace does not. */
static void on_error(void *context, error_seen e)
{
    quakeml *const q = context;
    const etas_place at = {.line = e->line > 0 ? (uint64_t)e->line : 0,
                           .column = e->int2 > 0 ? (uint64_t)e->int2 : 0};
    const size_t len = e->message != NULL ? strcspn(e->message, "\n") : 0;

    if (e->level != XML_ERR_FATAL || q->status != ETAS_OK)
        return;
    if (e->code == XML_ERR_NO_MEMORY) {
        stop_memory(q);
        return;
    }
    stop(q, etas_catalog_fail(q->r, &at, ETAS_E_PARSE, "not well-formed XML: %.*s",
                              (int)(len < 200 ? len : 200), len > 0 ? e->message : ""));
}

static etas_status feed(quakeml *q, etas_input *from)
{
    char chunk[CHUNK];
    size_t got = 1;
    etas_status st = ETAS_OK;

    while (st == ETAS_OK && q->status == ETAS_OK && got > 0) {
        st = etas_input_read(from, sizeof chunk, chunk, &got, q->r->err);
        if (st == ETAS_OK && xmlParseChunk(q->parser, chunk, (int)got, got == 0) != 0 &&
            q->status == ETAS_OK && q->parser->wellFormed == 0)
            stop(q, etas_fail(q->r->err, ETAS_E_PARSE, "not well-formed XML"));
    }
    if (st == ETAS_OK)
        st = q->status;
    if (st == ETAS_OK && !q->has_parameters)
        st = etas_fail(q->r->err, ETAS_E_PARSE,
                       "there is no <eventParameters>; expected a catalogue in QuakeML");
    return st;
}

etas_status etas_catalog_read_quakeml(const etas_catalog_reader *r, etas_input *from)
{
    xmlSAXHandler calls = {.initialized = XML_SAX2_MAGIC,
                           .internalSubset = on_doctype,
                           .startElementNs = on_start,
                           .endElementNs = on_end,
                           .characters = on_text,
                           .cdataBlock = on_text,
                           .serror = on_error};
    quakeml q = {.r = r};
    etas_status st;

    q.parser = xmlCreatePushParserCtxt(&calls, &q, NULL, 0, NULL);
    if (q.parser == NULL)
        return etas_fail(r->err, ETAS_E_NOMEM, "out of memory for %s", r->name);
    (void)xmlCtxtUseOptions(q.parser, XML_PARSE_NONET);
    st = feed(&q, from);
    xmlFreeDoc(q.parser->myDoc);
    q.parser->myDoc = NULL;
    xmlFreeParserCtxt(q.parser);
    etas_text_free(&q.text);
    etas_quakeml_event_free(&q.event);
    if (st != ETAS_OK)
        (void)etas_error_in_file(r->err, r->name);
    return st;
}
