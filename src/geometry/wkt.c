#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "etas/text.h"
#include "geometry/polygon_geos.h"
#include "geometry/polygon_set.h"

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Past @p word when it stands at @p text, whatever its case, else NULL. */
static const char *skip_word(const char *text, const char *word)
{
    const size_t n = strlen(word);

    return strncasecmp(text, word, n) == 0 && !isalnum((unsigned char)text[n]) ? text + n : NULL;
}

bool etas_is_wkt(const char *text)
{
    static const char *const types[] = {"POLYGON", "MULTIPOLYGON"};
    static const char *const more[] = {"Z", "M", "ZM", "EMPTY"};
    const char *at = NULL;

    text = skip_space(text);
    if (strncasecmp(text, "SRID=", 5) == 0)
        return true;
    for (size_t i = 0; at == NULL && i < sizeof types / sizeof *types; i++)
        at = skip_word(text, types[i]);
    if (at == NULL)
        return false;
    at = skip_space(at);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        const char *rest = skip_word(at, more[i]);

        if (rest != NULL)
            at = skip_space(rest);
    }
    return *at == '(' || *at == '\0';
}

/* "SRID=4326;" may stand before it, as in PostGIS. */
static etas_status skip_srid(const char **text, etas_error *err)
{
    const char *at = skip_space(*text);
    size_t n;

    *text = at;
    if (strncasecmp(at, "SRID=", 5) != 0)
        return ETAS_OK;
    n = strspn(at + 5, "0123456789");
    if (at[5 + n] != ';')
        return etas_fail(err, ETAS_E_PARSE, "malformed WKT: expected \"SRID=4326;\"");
    if (n != 4 || strncmp(at + 5, "4326", 4) != 0)
        return etas_fail(err, ETAS_E_PARSE,
                         "coordinates in SRID %.*s; expected longitude and latitude (SRID 4326)",
                         (int)(n < 12 ? n : 12), at + 5);
    *text = at + 5 + n + 1;
    return ETAS_OK;
}

/* GEOS reads one geometry and ignores what follows. */
static etas_status check_end(const char *text, etas_error *err)
{
    const char *at = text;
    size_t depth = 0;

    for (; *at != '\0'; at++) {
        depth += *at == '(';
        if (*at == ')' && depth-- <= 1)
            break;
    }
    at = *at == ')' ? skip_space(at + 1) : at;
    if (*at != '\0')
        return etas_fail(err, ETAS_E_PARSE, "malformed WKT: found '%.20s' after the polygon", at);
    return ETAS_OK;
}

typedef struct message {
    char text[160];
} message;

static void keep_message(const char *text, void *context)
{
    message *kept = context;
    const char *colon = strstr(text, "Exception: ");

    etas_format(sizeof kept->text, kept->text, "%s",
                colon != NULL ? colon + strlen("Exception: ") : text);
}

etas_status etas_polygons_read_wkt(etas_polygons *out, const char *text, etas_error *err)
{
    message why = {"out of memory"};
    GEOSContextHandle_t geos = NULL;
    GEOSWKTReader *reader = NULL;
    GEOSGeometry *geometry = NULL;
    etas_polygons fresh = {0};
    etas_status st = skip_srid(&text, err);

    if (st != ETAS_OK)
        return st;
    if (!etas_is_wkt(text)) /* GEOS knows more, and follows collections as deep as they go */
        return etas_fail(err, ETAS_E_PARSE, "malformed WKT: expected POLYGON or MULTIPOLYGON");
    geos = GEOS_init_r();
    if (geos == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "no memory to read a polygon");
    GEOSContext_setErrorMessageHandler_r(geos, keep_message, &why);
    reader = GEOSWKTReader_create_r(geos);
    geometry = reader != NULL ? GEOSWKTReader_read_r(geos, reader, text) : NULL;
    if (geometry == NULL)
        st = etas_fail(err, ETAS_E_PARSE, "malformed WKT: %s", why.text);
    else
        st = check_end(text, err);
    if (st == ETAS_OK) {
        st = etas_polygons_add_geometry(geos, geometry, &fresh);
        if (st != ETAS_OK)
            etas_fail(err, st, "no memory for the polygon");
    }
    GEOSGeom_destroy_r(geos, geometry);
    GEOSWKTReader_destroy_r(geos, reader);
    GEOS_finish_r(geos);
    if (st != ETAS_OK) {
        etas_polygons_free(&fresh);
        return st;
    }
    etas_polygons_free(out);
    *out = fresh;
    return ETAS_OK;
}
