/* Events of QuakeML as the elements they are, by libxml2's reader: one event at a time is a tree.
 * The push parser of catalog_quakeml.c has accepted the document: no declarations, one root. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include <libxml/xmlreader.h>

#include "io/fdsn_events.h"

static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* The next child of this name from @p node on; NULL: there is none. */
static const xmlNode *next_named(const xmlNode *node, const char *name)
{
    while (node != NULL && !is_element(node, name))
        node = node->next;
    return node;
}

/* Text inside @p parent/name[/value], to be freed; NULL: none. */
static xmlChar *text_of(const xmlNode *parent, const char *name, bool in_value)
{
    const xmlNode *node = next_named(parent->children, name);

    if (node != NULL && in_value)
        node = next_named(node->children, "value");
    return node != NULL ? xmlNodeGetContent(node) : NULL;
}

static const xmlNode *origin_of(const xmlNode *event)
{
    const xmlNode *const first = next_named(event->children, "origin");
    const xmlNode *found = NULL;
    xmlChar *const preferred = text_of(event, "preferredOriginID", false);

    for (const xmlNode *o = first; preferred != NULL && o != NULL && found == NULL;
         o = next_named(o->next, "origin")) {
        xmlChar *const id = xmlGetNoNsProp(o, (const xmlChar *)"publicID");

        if (id != NULL && xmlStrEqual(id, preferred))
            found = o;
        xmlFree(id);
    }
    xmlFree(preferred);
    return found != NULL ? found : first;
}

static double number_in(const xmlNode *origin, const char *name)
{
    xmlChar *const text = text_of(origin, name, true);
    double value = NAN;

    if (text != NULL)
        (void)etas_parse_double((const char *)text, strlen((const char *)text), &value);
    xmlFree(text);
    return value;
}

static etas_time time_in(const xmlNode *origin)
{
    xmlChar *const text = text_of(origin, "time", true);
    const char *const begin = text != NULL ? (const char *)text : "";
    const size_t lead = strspn(begin, " \t\r\n");
    size_t len = strlen(begin);
    etas_time time = ETAS_TIME_NONE;

    while (len > lead && strchr(" \t\r\n", begin[len - 1]) != NULL)
        len--;
    if (etas_time_parse(begin + lead, len - lead, &time, NULL) != ETAS_OK)
        time = ETAS_TIME_NONE;
    xmlFree(text);
    return time;
}

static etas_status append(etas_text *text, const xmlChar *bytes, size_t *at, size_t *len)
{
    *at = text->len;
    *len = bytes != NULL ? strlen((const char *)bytes) : 0;
    return etas_text_append(text, *len, bytes != NULL ? (const char *)bytes : "");
}

static etas_status add_event(etas_fdsn_events *self, xmlTextReaderPtr reader)
{
    const xmlNode *const node = xmlTextReaderExpand(reader);
    const xmlNode *const origin = node != NULL ? origin_of(node) : NULL;
    xmlChar *const raw = node != NULL ? xmlTextReaderReadOuterXml(reader) : NULL;
    xmlChar *const id = node != NULL ? xmlGetNoNsProp(node, (const xmlChar *)"publicID") : NULL;
    etas_fdsn_event e = {.time = ETAS_TIME_NONE, .lat = NAN, .lon = NAN};
    etas_status st = raw != NULL ? ETAS_OK : ETAS_E_NOMEM;

    if (origin != NULL) {
        e.time = time_in(origin);
        e.lat = number_in(origin, "latitude");
        e.lon = number_in(origin, "longitude");
    }
    if (st == ETAS_OK)
        st = append(&self->text, id, &e.id, &e.id_len);
    if (st == ETAS_OK)
        st = append(&self->text, raw, &e.raw, &e.raw_len);
    if (st == ETAS_OK)
        st = etas_fdsn_events_add(self, &e);
    xmlFree(id);
    xmlFree(raw);
    return st;
}

etas_status etas_fdsn_events_read_xml(etas_fdsn_events *self, size_t len, const char bytes[],
                                      etas_error *err)
{
    xmlTextReaderPtr reader;
    etas_status st = ETAS_OK;
    int more;

    if (len > INT_MAX)
        return etas_fail(err, ETAS_E_LIMIT, "a page of %zu bytes", len);
    reader = xmlReaderForMemory(bytes, (int)len, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                    XML_PARSE_HUGE);
    if (reader == NULL)
        return ETAS_E_NOMEM;
    more = xmlTextReaderRead(reader);
    while (st == ETAS_OK && more == 1) {
        const bool event = xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT &&
                           xmlTextReaderDepth(reader) == 2 &&
                           strcmp((const char *)xmlTextReaderConstLocalName(reader), "event") == 0;

        if (event)
            st = add_event(self, reader);
        if (st == ETAS_OK)
            more = event ? xmlTextReaderNext(reader) : xmlTextReaderRead(reader);
    }
    if (st == ETAS_OK && more < 0)
        st = etas_fail(err, ETAS_E_PARSE, "the answer is no XML"); /* the reader took it */
    xmlFreeTextReader(reader);
    return st;
}
