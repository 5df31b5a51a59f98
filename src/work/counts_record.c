/* Records of catalogues: docs/formats-internal.md has the layout. */
#include <math.h>
#include <string.h>

#include "codec/bytes.h"
#include "etas/array.h"
#include "work/counter.h"

/* Of a catalogue with more events the sums are smaller than what they are made of. */
enum { LISTED_EVENTS = 64, VARINT_BYTES = 10, NUMBER_BYTES = 8 };

/* ---- numbers of seven bits a byte ---- */

static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

typedef struct reader {
    const uint8_t *p, *end;
    bool bad; /* it ended early, or a number is not written as it should be */
} reader;

static uint64_t get_varint(reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; r->p < r->end && shift < 64; shift += 7) {
        const uint8_t byte = *r->p++;

        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            r->bad |= byte == 0 && shift > 0;
            return v;
        }
    }
    r->bad = true;
    return 0;
}

static uint64_t left(const reader *r)
{
    return r->bad ? 0 : (uint64_t)(r->end - r->p);
}

/* ---- write ---- */

static uint8_t *put_cells(uint8_t *p, const etas_catalog_counts *t)
{
    uint64_t next = 0;

    p = put_varint(p, t->n_cells);
    for (size_t i = 0; i < t->n_cells; i++) {
        const bool many = t->count[i] > 1;

        p = put_varint(p, (t->cell[i] - next) << 1 | many);
        if (many)
            p = put_varint(p, t->count[i] - 2);
        next = t->cell[i] + 1;
    }
    return p;
}

static uint8_t *put_events(uint8_t *p, const etas_counter *self)
{
    uint64_t before = 0;

    for (size_t i = 0; i < self->n_events; i++) {
        const etas_counted_event *const e = &self->events[i];

        p = put_varint(p, e->time_ms - before);
        p = put_varint(p, (uint64_t)e->reached << 1 | e->childless);
        before = e->time_ms;
    }
    return p;
}

static uint8_t *put_sums(uint8_t *p, size_t n, const etas_catalog_counts *t)
{
    p = put_varint(p, n);
    for (size_t i = 0; i < n; i++)
        p = put_varint(p, t->number[i]);
    for (size_t i = 0; i < n; i++, p += NUMBER_BYTES)
        put_f64(p, t->chance[i]);
    return p;
}

etas_status etas_counter_record(etas_counter *self, const etas_counted *catalog, etas_records *out,
                                etas_error *err)
{
    const etas_summary_axes *const axes = self->what.axes;
    const size_t n_sums = axes->n_thresholds * axes->n_horizons;
    etas_catalog_counts *const t = &self->tally;
    uint8_t *p;
    etas_status st = etas_counter_take(self, catalog, t, err);

    if (st != ETAS_OK)
        return st;
    if (t->n_events > LISTED_EVENTS)
        etas_counter_sum_up(self, etas_counter_model_of(self, catalog->index), t);
    st = etas_array_reserve((void **)&self->bytes, &self->byte_capacity,
                            2 * VARINT_BYTES * (t->n_cells + LISTED_EVENTS + 2) +
                                (VARINT_BYTES + NUMBER_BYTES) * n_sums,
                            1);
    if (st == ETAS_OK) {
        p = put_cells(put_varint(self->bytes, t->n_events), t);
        p = t->n_events <= LISTED_EVENTS ? put_events(p, self) : put_sums(p, n_sums, t);
        st = etas_records_append(out, (size_t)(p - self->bytes), self->bytes);
    }
    return st == ETAS_OK ? st
                         : etas_fail(err, st, "the counts of catalogue %llu find no room",
                                     (unsigned long long)catalog->index);
}

/* ---- read ---- */

/* Every cell takes a byte at least, so that no more are believed than there are bytes. */
static bool get_cells(reader *r, uint64_t n_events, uint64_t n_cells, etas_catalog_counts *out)
{
    uint64_t next = 0, sum = 0;

    for (uint64_t i = 0; i < n_cells && !r->bad; i++) {
        const uint64_t v = get_varint(r);
        const uint64_t more = (v & 1) > 0 ? get_varint(r) : 0;
        const uint64_t count = (v & 1) > 0 ? more + 2 : 1;

        if (r->bad || more > UINT32_MAX - 2 || (v >> 1) >= UINT64_MAX / 2 - next ||
            count > n_events - sum)
            return false;
        if (out != NULL) {
            out->cell[i] = next + (v >> 1);
            out->count[i] = (uint32_t)count;
        }
        next += (v >> 1) + 1;
        sum += count;
    }
    return !r->bad;
}

static bool get_events(reader *r, size_t n, etas_counted_event out[])
{
    uint64_t time = 0;

    for (size_t i = 0; i < n; i++) {
        const uint64_t gap = get_varint(r), kind = get_varint(r);

        if (r->bad || gap > UINT64_MAX / 2 - time || kind >> 1 > ETAS_MAX_THRESHOLDS)
            return false;
        time += gap;
        if (out != NULL)
            out[i] = (etas_counted_event){
                .time_ms = time, .reached = (uint32_t)(kind >> 1), .childless = (kind & 1) > 0};
    }
    return true;
}

static bool get_sums(reader *r, uint64_t n_events, etas_catalog_counts *out)
{
    const uint64_t n = get_varint(r);

    if (r->bad || n > ETAS_MAX_THRESHOLDS * ETAS_MAX_HORIZONS)
        return false;
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t number = get_varint(r);

        if (r->bad || number > n_events)
            return false;
        if (out != NULL)
            out->number[i] = (uint32_t)number;
    }
    if (left(r) < NUMBER_BYTES * n)
        return false;
    for (uint64_t i = 0; i < n; i++, r->p += NUMBER_BYTES) {
        const double chance = get_f64(r->p);

        if (!(chance >= 0 && chance <= 1) || (chance == 0 && signbit(chance)))
            return false;
        if (out != NULL)
            out->chance[i] = chance;
    }
    return true;
}

static bool get_start(reader *r, uint64_t *n_events, uint64_t *n_cells)
{
    *n_events = get_varint(r);
    *n_cells = get_varint(r);
    return !r->bad && *n_events <= UINT32_MAX && *n_cells <= *n_events && *n_cells <= left(r);
}

bool etas_counts_is_record(size_t len, const uint8_t bytes[])
{
    reader r = {bytes, bytes + len, false};
    uint64_t n_events, n_cells;

    return get_start(&r, &n_events, &n_cells) && get_cells(&r, n_events, n_cells, NULL) &&
           (n_events <= LISTED_EVENTS ? get_events(&r, (size_t)n_events, NULL)
                                      : get_sums(&r, n_events, NULL)) &&
           r.p == r.end;
}

/* What only the grid and the axes tell. */
static bool fits(const etas_counter *self, uint64_t n_sums, const etas_catalog_counts *t)
{
    const etas_summary_axes *const axes = self->what.axes;

    if (t->n_cells > 0 && t->cell[t->n_cells - 1] >= self->what.cells->n)
        return false;
    if (t->n_events > LISTED_EVENTS)
        return n_sums == axes->n_thresholds * axes->n_horizons;
    for (size_t i = 0; i < self->n_events; i++)
        if (self->events[i].reached > axes->n_thresholds)
            return false;
    return true;
}

static etas_status take_record(etas_counter *self, reader *r, bool *fitting,
                               etas_catalog_counts *out)
{
    uint64_t n_cells, n_sums = 0;
    bool good, listed;

    *fitting = false;
    if (!get_start(r, &out->n_events, &n_cells))
        return ETAS_OK;
    listed = out->n_events <= LISTED_EVENTS;
    self->n_events = listed ? (size_t)out->n_events : 0;
    if (etas_catalog_counts_reserve(out, (size_t)n_cells) != ETAS_OK ||
        etas_array_reserve((void **)&self->events, &self->event_capacity, self->n_events,
                           sizeof *self->events) != ETAS_OK)
        return ETAS_E_NOMEM;
    out->n_cells = (size_t)n_cells;
    good = get_cells(r, out->n_events, n_cells, out);
    if (good && listed) {
        good = get_events(r, self->n_events, self->events);
    } else if (good) {
        reader again = *r;

        n_sums = get_varint(&again);
        good = get_sums(r, out->n_events, out);
    }
    *fitting = good && r->p == r->end && fits(self, n_sums, out);
    return ETAS_OK;
}

etas_status etas_counter_read(etas_counter *self, uint64_t index, size_t len, const uint8_t bytes[],
                              etas_catalog_counts *out, etas_error *err)
{
    reader r = {bytes, bytes + len, false};
    bool fitting;

    if (take_record(self, &r, &fitting, out) != ETAS_OK)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the counts of catalogue %llu",
                         (unsigned long long)index);
    if (!fitting)
        return etas_fail(err, ETAS_E_CORRUPT, "the counts of catalogue %llu are damaged",
                         (unsigned long long)index);
    if (out->n_events <= LISTED_EVENTS)
        etas_counter_sum_up(self, etas_counter_model_of(self, index), out);
    return ETAS_OK;
}
