#include "io/fdsn_index.h"

#include <stdlib.h>
#include <string.h>

#include "etas/array.h"

typedef struct etas_fdsn_slot {
    uint64_t hash;
    size_t at, len; /* of the id in ids; an empty slot has len 0 */
} slot;

uint64_t etas_fdsn_hash(size_t len, const char bytes[])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static slot *find_slot(const etas_fdsn_index *self, uint64_t hash, size_t len, const char id[])
{
    size_t i = (size_t)hash & (self->slots - 1);

    while (self->slot[i].len > 0 && (self->slot[i].hash != hash || self->slot[i].len != len ||
                                     memcmp(self->ids.data + self->slot[i].at, id, len) != 0))
        i = (i + 1) & (self->slots - 1);
    return &self->slot[i];
}

/* At most half of the slots are taken. */
static etas_status make_room(etas_fdsn_index *self)
{
    const size_t before = self->slots, slots = before > 0 ? 2 * before : 1024;
    slot *const old = self->slot;
    slot *bigger = NULL;

    if (2 * (self->n_ids + 1) <= before)
        return ETAS_OK;
    if (etas_array_alloc((void **)&bigger, slots, sizeof *bigger) != ETAS_OK)
        return ETAS_E_NOMEM;
    self->slot = bigger;
    self->slots = slots;
    for (size_t k = 0; k < before; k++)
        if (old[k].len > 0)
            *find_slot(self, old[k].hash, old[k].len, self->ids.data + old[k].at) = old[k];
    free(old);
    return ETAS_OK;
}

static etas_status add_id(etas_fdsn_index *self, size_t len, const char id[], bool *is_new)
{
    const uint64_t hash = etas_fdsn_hash(len, id);
    etas_status st = make_room(self);
    slot *s;

    if (st != ETAS_OK)
        return st;
    s = find_slot(self, hash, len, id);
    *is_new = s->len == 0;
    if (!*is_new)
        return ETAS_OK;
    st = etas_text_append(&self->ids, len, id);
    if (st != ETAS_OK)
        return st;
    *s = (slot){hash, self->ids.len - len, len};
    self->n_ids++;
    return ETAS_OK;
}

static etas_status add_event(etas_fdsn_index *self, const etas_fdsn_event *e, size_t i)
{
    etas_status st = etas_array_reserve((void **)&self->entry, &self->capacity, self->n + 1,
                                        sizeof *self->entry);

    if (st == ETAS_OK)
        self->entry[self->n++] = (etas_fdsn_entry){e->time, self->n_pages, i};
    return st;
}

etas_status etas_fdsn_index_add(etas_fdsn_index *self, const etas_fdsn_page *page,
                                const etas_fdsn_events *events, const etas_fdsn_area *area,
                                size_t *n_new)
{
    etas_status st = etas_array_reserve((void **)&self->page, &self->page_capacity,
                                        self->n_pages + 1, sizeof *self->page);

    *n_new = 0;
    for (size_t i = 0; st == ETAS_OK && i < events->n; i++) {
        const etas_fdsn_event *const e = &events->event[i];
        const bool named = e->id_len > 0;
        bool is_new = false;

        st = add_id(self, named ? e->id_len : e->raw_len,
                    events->text.data + (named ? e->id : e->raw), &is_new);
        *n_new += is_new;
        self->n_twice += !is_new;
        if (st != ETAS_OK || !is_new)
            continue;
        if (etas_fdsn_area_contains(area, e->lat, e->lon))
            st = add_event(self, e, i);
        else
            self->n_outside++;
    }
    if (st == ETAS_OK)
        self->page[self->n_pages++] = *page;
    return st;
}

static int by_time(const void *a, const void *b)
{
    const etas_fdsn_entry *const x = a, *const y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->page != y->page)
        return x->page < y->page ? -1 : 1;
    return (x->event > y->event) - (x->event < y->event);
}

void etas_fdsn_index_sort(etas_fdsn_index *self)
{
    if (self->n > 0)
        qsort(self->entry, self->n, sizeof *self->entry, by_time);
}

void etas_fdsn_index_free(etas_fdsn_index *self)
{
    etas_array_free((void **)&self->entry);
    etas_array_free((void **)&self->page);
    etas_array_free((void **)&self->slot);
    etas_text_free(&self->ids);
    *self = (etas_fdsn_index){0};
}
