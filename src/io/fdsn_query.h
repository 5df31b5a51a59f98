/** @file fdsn_query.h  The URL of a page. */
#ifndef ETAS_IO_FDSN_QUERY_H
#define ETAS_IO_FDSN_QUERY_H

#include "etas/fdsn.h"

/** A part of a query that is asked for at once. */
typedef struct etas_fdsn_page {
    size_t box; /**< of the area; 0 for the globe too */
    etas_time start, end;
    uint64_t offset; /**< of its first event, from 1 */
} etas_fdsn_page;

/** Appends it, percent-encoded; without @p page all parameters but window, limit and offset. */
ETAS_NODISCARD etas_status etas_fdsn_query_url(const etas_fdsn_query *self,
                                               const etas_fdsn_page *page, etas_text *out,
                                               etas_error *err);

#endif
