/** @file catalog_reader.h  What the readers of catalogue formats share. */
#ifndef ETAS_IO_CATALOG_READER_H
#define ETAS_IO_CATALOG_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "etas/catalog_input.h"
#include "io/file.h"

/** A catalogue being read. On failure the readers leave what they had: the caller frees it. */
typedef struct etas_catalog_reader {
    const char *name; /**< of the file, in messages */
    const etas_catalog_options *options;
    etas_catalog *out;
    etas_catalog_summary *summary; /**< never NULL */
    etas_error *err;
} etas_catalog_reader;

/** Where a value stands, for messages; what is 0 or NULL is not said. */
typedef struct etas_place {
    uint64_t line, column;
    const char *key; /**< column or element */
} etas_place;

/** Records an error there; returns @p code. */
etas_status etas_catalog_fail(const etas_catalog_reader *r, const etas_place *at, etas_status code,
                              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** Text of the file, fit for a message: printable and short. @p out holds ETAS_EXCERPT bytes. */
enum { ETAS_EXCERPT = 48 };
const char *etas_excerpt(size_t len, const char text[], char out[ETAS_EXCERPT]);

/** E_RANGE unless the value is in [low, high]. */
ETAS_NODISCARD etas_status etas_catalog_check(const etas_catalog_reader *r, const etas_place *at,
                                              double value, double low, double high);
/** The same with the limits that every format has: latitude, longitude (degrees), magnitude, depth
 * (finite or NaN). */
ETAS_NODISCARD etas_status etas_catalog_check_lat(const etas_catalog_reader *r,
                                                  const etas_place *at, double value);
ETAS_NODISCARD etas_status etas_catalog_check_lon(const etas_catalog_reader *r,
                                                  const etas_place *at, double value);
ETAS_NODISCARD etas_status etas_catalog_check_mag(const etas_catalog_reader *r,
                                                  const etas_place *at, double value);
ETAS_NODISCARD etas_status etas_catalog_check_depth(const etas_catalog_reader *r,
                                                    const etas_place *at, double value);

/** An event with NaN and nothing where nothing is known yet. */
etas_event etas_event_blank(void);

/** Counts one more event of the file; whether its type is among those to keep. Others are counted
 * as skipped. */
bool etas_catalog_keeps(const etas_catalog_reader *r, size_t len, const char type[]);

/** Keeps the event that was counted last; without an id it gets its number in the file, from 0.
 * Counts its magnitude type unless that is empty. */
ETAS_NODISCARD etas_status etas_catalog_keep(const etas_catalog_reader *r, const etas_event *event,
                                             size_t len, const char magnitude_type[]);

/** Position of the name in a list "a, b,c", or SIZE_MAX; case and spaces round names do not
 * matter. */
size_t etas_list_find(const char *list, size_t len, const char name[]);
/** Names in the list, empty ones not counted. */
size_t etas_list_length(const char *list);

/** As etas_catalog_load, from what has been opened. */
ETAS_NODISCARD etas_status etas_catalog_read_input(etas_catalog *out, etas_input *from,
                                                   const etas_catalog_options *options,
                                                   etas_catalog_summary *summary, etas_error *err);

/** The readers. Those of whole texts get it without a byte order mark. */
ETAS_NODISCARD etas_status etas_catalog_read_quakeml(const etas_catalog_reader *r,
                                                     etas_input *from);

ETAS_NODISCARD etas_status etas_catalog_read_fdsn(const etas_catalog_reader *r, size_t len,
                                                  const char text[]);
ETAS_NODISCARD etas_status etas_catalog_read_zmap(const etas_catalog_reader *r, size_t len,
                                                  const char text[]);
ETAS_NODISCARD etas_status etas_catalog_read_csep(const etas_catalog_reader *r, size_t len,
                                                  const char text[]);
ETAS_NODISCARD etas_status etas_catalog_read_geojson(const etas_catalog_reader *r, size_t len,
                                                     const char text[]);

#endif
