/** @file fdsn_index.h  Which events the pages have, each once. */
#ifndef ETAS_IO_FDSN_INDEX_H
#define ETAS_IO_FDSN_INDEX_H

#include "io/fdsn_events.h"
#include "io/fdsn_query.h"

typedef struct etas_fdsn_entry {
    etas_time time;
    size_t page, event; /**< which event of which page */
} etas_fdsn_entry;

/** Starts as {0}; etas_fdsn_index_free is idempotent. */
typedef struct etas_fdsn_index {
    size_t n, capacity;
    etas_fdsn_entry *entry; /**< those in the area */
    size_t n_pages, page_capacity;
    etas_fdsn_page *page;
    size_t n_twice, n_outside;
    etas_text ids;       /**< of all events, one behind the other */
    size_t n_ids, slots; /**< slots is a power of two */
    struct etas_fdsn_slot *slot;
} etas_fdsn_index;

/** Adds a page; *n_new events have ids that no page before had. Events without an id are compared
 * whole. */
ETAS_NODISCARD etas_status etas_fdsn_index_add(etas_fdsn_index *self, const etas_fdsn_page *page,
                                               const etas_fdsn_events *events,
                                               const etas_fdsn_area *area, size_t *n_new);
/** By time; events of one time stay in the order of the pages. */
void etas_fdsn_index_sort(etas_fdsn_index *self);
void etas_fdsn_index_free(etas_fdsn_index *self);

/** FNV-1a. */
uint64_t etas_fdsn_hash(size_t len, const char bytes[]);

#endif
