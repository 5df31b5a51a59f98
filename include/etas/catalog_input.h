/** @file catalog_input.h  Earthquake catalogues from files: the content tells the format.
 *
 *     csv      the reference package's: a header, the id first, the others by name
 *     csep     pyCSEP's: lon,lat,mag,time_string,depth,catalog_id,event_id
 *     fdsn     FDSN event text: #EventID|Time|Latitude|Longitude|...
 *     quakeml  QuakeML 1.1 or 1.2, Basic Event Description
 *     geojson  a FeatureCollection of Points as the USGS writes it
 *     zmap     lon lat year month day magnitude depth hour minute [second]; decimal years too
 */
#ifndef ETAS_CATALOG_INPUT_H
#define ETAS_CATALOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "etas/api.h"
#include "etas/catalog.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** The formats that catalogues are read in. */
typedef enum etas_catalog_format {
    ETAS_CATALOG_AUTO, /**< by content */
    ETAS_CATALOG_CSV,
    ETAS_CATALOG_CSEP,
    ETAS_CATALOG_FDSN,
    ETAS_CATALOG_QUAKEML,
    ETAS_CATALOG_GEOJSON,
    ETAS_CATALOG_ZMAP,
    ETAS_N_CATALOG_FORMATS
} etas_catalog_format;

/** "auto", "csv", ... as options and configurations have them. */
const char *etas_catalog_format_name(etas_catalog_format format);
/** What they are called in a sentence: "QuakeML". */
const char *etas_catalog_format_title(etas_catalog_format format);
/** False for another text, which leaves *out alone. */
bool etas_catalog_format_parse(const char *text, etas_catalog_format *out);
/** "auto, csv, csep, ..." */
#define ETAS_CATALOG_FORMAT_NAMES "auto, csv, csep, fdsn, quakeml, geojson, zmap"

/** What a configuration asks of its catalogue beyond the columns that every catalogue has. */
typedef struct etas_catalog_wanted {
    bool mc;                     /**< mc_current must be there */
    bool three_dim;              /**< x, y and z must be there, latitude and longitude need not */
    double space_unit_in_meters; /**< of x, y and z, which are kept in km */
    const char *covariate;       /**< a column that must be there (bg_term), or NULL */
} etas_catalog_wanted;

/** Nothing, and kilometres: 1000 m. */
etas_catalog_wanted etas_catalog_wanted_default(void);

/** Starts as {0}. Lists are separated by commas, case and spaces
 * round a name do not matter. */
typedef struct etas_catalog_options {
    const etas_catalog_wanted *want; /**< NULL: nothing */
    etas_catalog_format format;
    /** Types of events to keep where the format has them: "earthquake,quarry blast"; "none" stands
     * for events without a type, "all" for every event. NULL: "earthquake,none". */
    const char *event_types;
    /** QuakeML: the magnitude of an event that prefers none is the first of these types. */
    const char *magnitude_types;
} etas_catalog_options;

enum { ETAS_TALLY_NAMES = 32, ETAS_TALLY_LENGTH = 40 };

/** How often each name occurred, in the order of appearance; when there are too many names, the
 * last entry is "others". Starts as {0}. */
typedef struct etas_tally {
    size_t n;
    struct {
        char name[ETAS_TALLY_LENGTH]; /**< cut to fit; printable */
        size_t count;
    } entry[ETAS_TALLY_NAMES];
} etas_tally;

/** All that was counted, under whichever name. */
size_t etas_tally_sum(const etas_tally *self);
/** "16 induced or triggered event, 10 quarry blast", as much of it as fits. */
size_t etas_tally_print(const etas_tally *self, size_t capacity, char out[]);

/** What a file held beside the events that were kept. */
typedef struct etas_catalog_summary {
    etas_catalog_format format;
    size_t n_events;          /**< in the file */
    size_t n_no_magnitude;    /**< skipped: it has none */
    size_t n_no_preferred;    /**< skipped: several magnitudes, none preferred or of a type asked */
    size_t n_no_place;        /**< skipped: no time or no place */
    etas_tally skipped_types; /**< skipped: not among the event types to keep */
    etas_tally magnitude_types; /**< of the events kept, where the format tells */
} etas_catalog_summary;

/** A catalogue in memory; @p name stands for the file in messages. */
typedef struct etas_catalog_bytes {
    const char *name;
    size_t len;
    const char *bytes;
} etas_catalog_bytes;

/**
 * Events in the order of the file. QuakeML is read in pieces, other formats as a whole. Of an event
 * in QuakeML: the magnitude that preferredMagnitudeID names, else the first of the first of
 * options->magnitude_types that it has, else its only one; time and place of the origin that
 * preferredOriginID names, else the one that magnitude names, else the first. Depths are km, NaN
 * where there is none. An event without an id gets its number in the file, from 0 (catalogue CSV:
 * none).
 *
 * E_IO; E_PARSE and E_RANGE with file, line and column or element, what was found and what was
 * expected, also for a compressed file and for columns that options->want needs and the format does
 * not have. @p options NULL: the default. @p summary may be NULL. @p out starts as {0} and stays so
 * on failure.
 */
ETAS_NODISCARD etas_status etas_catalog_load(etas_catalog *out, const char *path,
                                             const etas_catalog_options *options,
                                             etas_catalog_summary *summary, etas_error *err);
/** The same from memory. */
ETAS_NODISCARD etas_status etas_catalog_read(etas_catalog *out, const etas_catalog_bytes *from,
                                             const etas_catalog_options *options,
                                             etas_catalog_summary *summary, etas_error *err);

/**
 * Catalogue CSV alone, from memory: a header row, the first column is the id whatever its name,
 * then by name and in any order latitude, longitude, time, magnitude and, optional, mc_current,
 * depth and all three of x, y, z; other columns are ignored. Optional fields may be empty, which is
 * NaN. E_PARSE, E_RANGE with file, line, column and the name of the column, the key that needs a
 * column that is missing, or the name of another format. @p name stands for the file in messages,
 * @p want NULL: the default. @p out starts as {0} and stays so on failure.
 */
ETAS_NODISCARD etas_status etas_catalog_read_csv(etas_catalog *out, size_t len, const char text[],
                                                 const char *name, const etas_catalog_wanted *want,
                                                 etas_error *err);

/** As etas_catalog_load, or the magnitudes alone from a one-dimensional .npy file: such events have
 * the time ETAS_TIME_NONE, no id and NaN for everything else. */
ETAS_NODISCARD etas_status etas_catalog_load_magnitudes(etas_catalog *out, const char *path,
                                                        const etas_catalog_options *options,
                                                        etas_catalog_summary *summary,
                                                        etas_error *err);

ETAS_API_END

#endif
