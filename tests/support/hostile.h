/** @file hostile.h  Bytes as somebody else might send them. */
#ifndef ETAS_TESTS_HOSTILE_H
#define ETAS_TESTS_HOSTILE_H

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

/** A copy of its own, so that a sanitizer sees one byte too far; to be freed. */
static inline uint8_t *exact_copy(size_t len, const uint8_t bytes[])
{
    uint8_t *const exact = malloc(len > 0 ? len : 1);

    assert_non_null(exact);
    memcpy(exact, bytes, len);
    return exact;
}

/** @p decode takes these bytes; fewer of them, and one more, are corrupt. */
static inline void check_length_matters(size_t len, const uint8_t bytes[],
                                        etas_status (*decode)(size_t len, const uint8_t bytes[]))
{
    uint8_t *const longer = malloc(len + 1);

    assert_non_null(longer);
    memcpy(longer, bytes, len);
    longer[len] = 0;
    for (size_t n = 0; n < len; n++)
        assert_int_equal(decode(n, longer), ETAS_E_CORRUPT);
    check_ok(decode(len, longer), NULL);
    assert_int_equal(decode(len + 1, longer), ETAS_E_CORRUPT);
    free(longer);
}

#endif
