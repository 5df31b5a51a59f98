/** @file text.h  Bounded formatting and strict number parsing; independent of the locale. */
#ifndef ETAS_TEXT_H
#define ETAS_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/status.h"

ETAS_API_BEGIN

/** snprintf that always terminates (capacity 0 writes nothing); returns the characters written. */
size_t etas_format(size_t capacity, char out[], const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** The same of a va_list. */
size_t etas_vformat(size_t capacity, char out[], const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/**
 * The whole of text[0..len) as one decimal number; spaces round it are allowed. Accepts what Python
 * writes (nan, NaN, inf, Infinity, exponents), refuses hexadecimal, trailing text and the empty
 * string. Correctly rounded. Returns false and leaves *out alone on bad text.
 */
bool etas_parse_double(const char *text, size_t len, double *out);
/** Decimal, with a sign if any, the whole text. */
bool etas_parse_i64(const char *text, size_t len, int64_t *out);
/** Decimal, without a sign, the whole text. */
bool etas_parse_u64(const char *text, size_t len, uint64_t *out);

/** Duration "30s", "15m", "2h", "0.5d", or plain seconds; non-negative and finite. */
bool etas_parse_duration(const char *text, double *seconds);

/** Shortest decimal that reads back to the same bits; "NaN", "Infinity", "-Infinity" as JSON from
 * Python has them. @p out holds at least 32 bytes. Returns the length. */
size_t etas_format_double(double value, char out[32]);

/** A growing byte buffer; starts as {0}, freed with etas_text_free (idempotent). */
typedef struct etas_text {
    char *data; /**< terminated by NUL when not NULL */
    size_t len, capacity;
} etas_text;

/** Adds bytes; a 0 always follows them. E_NOMEM changes nothing. */
ETAS_NODISCARD etas_status etas_text_append(etas_text *self, size_t len, const char bytes[]);
/** Adds formatted text, as etas_text_append. */
ETAS_NODISCARD etas_status etas_text_printf(etas_text *self, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void etas_text_free(etas_text *self);

ETAS_API_END

#endif
