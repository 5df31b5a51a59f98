#include "io/fdsn_query.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* Those that limit what they give at once say so: USGS 20000, INGV 15000. EMSC's pages beyond a
 * thousand events take it long. Of the former IRIS nothing is here: it has no event service any
 * more. */
static const etas_fdsn_service services[] = {
    {"emsc", "European-Mediterranean Seismological Centre",
     "https://www.seismicportal.eu/fdsnws/event/1/query", 1000},
    {"geonet", "GeoNet, New Zealand", "https://service.geonet.org.nz/fdsnws/event/1/query", 5000},
    {"gfz", "GEOFON, GFZ Potsdam", "https://geofon.gfz.de/fdsnws/event/1/query", 5000},
    {"ingv", "Istituto Nazionale di Geofisica e Vulcanologia, Italy",
     "https://webservices.ingv.it/fdsnws/event/1/query", 10000},
    {"isc", "International Seismological Centre", "https://www.isc.ac.uk/fdsnws/event/1/query",
     5000},
    {"ncedc", "Northern California Earthquake Data Center",
     "https://service.ncedc.org/fdsnws/event/1/query", 5000},
    {"scedc", "Southern California Earthquake Data Center",
     "https://service.scedc.caltech.edu/fdsnws/event/1/query", 5000},
    {"sed", "Swiss Seismological Service", "https://eida.ethz.ch/fdsnws/event/1/query", 5000},
    {"usgs", "United States Geological Survey", "https://earthquake.usgs.gov/fdsnws/event/1/query",
     20000},
};

const etas_fdsn_service *etas_fdsn_service_at(size_t i)
{
    return i < sizeof services / sizeof *services ? &services[i] : NULL;
}

const etas_fdsn_service *etas_fdsn_service_find(const char *name)
{
    const etas_fdsn_service *s;

    for (size_t i = 0; (s = etas_fdsn_service_at(i)) != NULL; i++)
        if (strcasecmp(s->name, name) == 0)
            return s;
    return NULL;
}

/* ---- areas ---- */

etas_fdsn_area etas_fdsn_globe(void)
{
    return (etas_fdsn_area){.radius_km = NAN};
}

static void add_box(etas_fdsn_area *self, const etas_fdsn_box *like, double west, double east)
{
    self->boxes[self->n_boxes++] = (etas_fdsn_box){like->south, like->north, west, east};
}

etas_status etas_fdsn_box_set(etas_fdsn_area *self, const etas_fdsn_box *box, etas_error *err)
{
    double west = box->west, east = box->east;

    if (!(box->south >= -90 && box->south < box->north && box->north <= 90))
        return etas_fail(err, ETAS_E_RANGE,
                         "latitudes %g to %g; expected two in [-90, 90], the southern one first",
                         box->south, box->north);
    if (!(fabs(west) <= 360 && fabs(east) <= 360) || west == east)
        return etas_fail(err, ETAS_E_RANGE,
                         "longitudes %g to %g; expected two different ones in [-360, 360]", west,
                         east);
    self->n_boxes = 0;
    if (east < west)
        east += 360;
    if (east - west >= 360) {
        add_box(self, box, -180, 180);
        return ETAS_OK;
    }
    while (west < -180) {
        west += 360;
        east += 360;
    }
    while (west >= 180) {
        west -= 360;
        east -= 360;
    }
    add_box(self, box, west, fmin(east, 180));
    if (east > 180)
        add_box(self, box, -180, east - 360);
    return ETAS_OK;
}

etas_status etas_fdsn_circle_set(etas_fdsn_area *self, double lat, double lon, double radius_km,
                                 etas_error *err)
{
    static const double degree = 3.14159265358979323846 / 180;
    const double angle =
        1.001 * radius_km / (ETAS_EARTH_RADIUS_KM * degree); /* room for rounding */
    const double reach = sin(angle * degree) / cos(lat * degree);
    const bool pole = fabs(lat) + angle >= 90 || !(reach < 1);
    const double across = pole ? 180 : asin(reach) / degree;
    const etas_fdsn_box box = {fmax(lat - angle, -90), fmin(lat + angle, 90), lon - across,
                               lon + across};

    if (!(fabs(lat) <= 90 && fabs(lon) <= 180))
        return etas_fail(err, ETAS_E_RANGE,
                         "centre %g, %g; expected a latitude in [-90, 90] and a longitude in "
                         "[-180, 180]",
                         lat, lon);
    if (!(radius_km > 0 && radius_km <= 20100))
        return etas_fail(err, ETAS_E_RANGE,
                         "a radius of %g km; expected more than 0, at most 20100", radius_km);
    self->lat = lat;
    self->lon = lon;
    self->radius_km = radius_km;
    return etas_fdsn_box_set(self, &box, err);
}

etas_status etas_fdsn_region_set(etas_fdsn_area *self, const etas_region *region, etas_error *err)
{
    const etas_fdsn_box box = {region->lat_min, region->lat_max, region->lon_min, region->lon_max};

    self->region = region;
    return etas_fdsn_box_set(self, &box, err);
}

bool etas_fdsn_area_contains(const etas_fdsn_area *self, double lat, double lon)
{
    if (isnan(lat) || isnan(lon))
        return self->n_boxes == 0;
    if (self->region != NULL)
        return etas_region_contains(self->region, lat, lon);
    return isnan(self->radius_km) || etas_distance_km(self->lat, self->lon, lat, lon,
                                                      ETAS_EARTH_RADIUS_KM) <= self->radius_km;
}

/* ---- URLs ---- */

etas_status etas_fdsn_url(const char *text, etas_text *out, etas_error *err)
{
    static const char standard[] = "/fdsnws/event/1/query";
    const char *const host = strncasecmp(text, "http://", 7) == 0    ? text + 7
                             : strncasecmp(text, "https://", 8) == 0 ? text + 8
                                                                     : NULL;
    size_t len = strlen(text);
    const char *end;
    etas_status st;

    if (host == NULL || host[strspn(host, "/")] == '\0' || *host == '/')
        return etas_fail(err, ETAS_E_ARG, "\"%s\" is no service; expected a name or a URL", text);
    for (const char *c = host; *c != '\0'; c++)
        if (*c <= ' ' || *c == 0x7f || strchr("?#@", *c) != NULL)
            return etas_fail(err, ETAS_E_ARG,
                             "a URL with %s; expected https://HOST or https://HOST/fdsnws/event/1",
                             *c == '@'   ? "a user"
                             : *c <= ' ' ? "a space"
                                         : "parameters");
    while (text[len - 1] == '/')
        len--;
    end = text + len;
    if (len >= 6 && memcmp(end - 6, "/query", 6) == 0)
        st = etas_text_append(out, len, text);
    else if (strstr(host, "/fdsnws/event/") != NULL && end[-1] >= '0' && end[-1] <= '9')
        st = etas_text_printf(out, "%.*s/query", (int)len, text);
    else
        st = etas_text_printf(out, "%.*s%s", (int)len, text, standard);
    return st == ETAS_OK ? ETAS_OK : etas_fail(err, st, "out of memory");
}

etas_status etas_fdsn_check_extra(const char *text, etas_error *err)
{
    static const char *const own[] = {
        "starttime",    "start",  "endtime",      "end",    "minmagnitude", "minmag",
        "maxmagnitude", "maxmag", "minlatitude",  "minlat", "maxlatitude",  "maxlat",
        "minlongitude", "minlon", "maxlongitude", "maxlon", "limit",        "offset",
        "orderby",      "format", "nodata"};
    const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");

    if (len == 0 || text[len] != '=')
        return etas_fail(err, ETAS_E_ARG, "\"%s\" is not KEY=VALUE", text);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strlen(own[i]) == len && strncasecmp(own[i], text, len) == 0)
            return etas_fail(err, ETAS_E_ARG, "\"%s\" is a parameter that other options set",
                             own[i]);
    return ETAS_OK;
}

static etas_status put_number(etas_text *out, const char *key, double value)
{
    char text[32];

    if (isnan(value))
        return ETAS_OK;
    etas_format_double(value, text);
    return etas_text_printf(out, "&%s=%s", key, text);
}

/* To the second where that is exact: not every service knows fractions. */
static etas_status put_time(etas_text *out, const char *key, etas_time time)
{
    char text[32];
    const size_t len = etas_time_format(time, 'T', text);
    const bool whole = time % ETAS_NS_PER_S == 0;

    return etas_text_printf(out, "&%s=%.*s", key, (int)(whole ? len - 7 : len), text);
}

static etas_status put_encoded(etas_text *out, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_.~:,*";
    etas_status st = ETAS_OK;

    for (; *text != '\0' && st == ETAS_OK; text++)
        st = strchr(plain, *text) != NULL ? etas_text_append(out, 1, text)
                                          : etas_text_printf(out, "%%%02X", (unsigned char)*text);
    return st;
}

static etas_status put_extra(const etas_fdsn_query *self, etas_text *out)
{
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < self->n_extra && st == ETAS_OK; i++) {
        const char *const equals = strchr(self->extra[i], '=');

        st = etas_text_printf(out, "&%.*s=", (int)(equals - self->extra[i]), self->extra[i]);
        if (st == ETAS_OK)
            st = put_encoded(out, equals + 1);
    }
    return st;
}

static etas_status put_box(const etas_fdsn_query *self, size_t i, etas_text *out)
{
    const etas_fdsn_box *const b = &self->area.boxes[i];
    etas_status st = ETAS_OK;

    if (self->area.n_boxes == 0)
        return ETAS_OK;
    st = put_number(out, "minlatitude", b->south);
    if (st == ETAS_OK)
        st = put_number(out, "maxlatitude", b->north);
    if (st == ETAS_OK)
        st = put_number(out, "minlongitude", b->west);
    return st == ETAS_OK ? put_number(out, "maxlongitude", b->east) : st;
}

static etas_status put_page(const etas_fdsn_query *self, const etas_fdsn_page *page, etas_text *out)
{
    etas_status st = put_time(out, "starttime", page->start);

    if (st == ETAS_OK)
        st = put_time(out, "endtime", page->end);
    if (st == ETAS_OK)
        st = put_box(self, page->box, out);
    if (st == ETAS_OK)
        st = etas_text_printf(out, "&limit=%" PRIu32, self->page_size);
    if (st == ETAS_OK && page->offset > 1) /* services without offsets take the first page */
        st = etas_text_printf(out, "&offset=%" PRIu64, page->offset);
    return st;
}

etas_status etas_fdsn_query_url(const etas_fdsn_query *self, const etas_fdsn_page *page,
                                etas_text *out, etas_error *err)
{
    etas_status st = etas_text_printf(out, "%s?format=%s&orderby=time-asc", self->url,
                                      self->format == ETAS_FDSN_TEXT ? "text" : "xml");

    if (st == ETAS_OK)
        st = put_number(out, "minmagnitude", self->min_magnitude);
    if (st == ETAS_OK)
        st = put_number(out, "maxmagnitude", self->max_magnitude);
    if (st == ETAS_OK)
        st = put_extra(self, out);
    if (st == ETAS_OK && page != NULL)
        st = put_page(self, page, out);
    for (size_t i = 0; page == NULL && st == ETAS_OK && i < self->area.n_boxes; i++)
        st = put_box(self, i, out);
    return st == ETAS_OK ? ETAS_OK : etas_fail(err, st, "out of memory for the URL");
}
