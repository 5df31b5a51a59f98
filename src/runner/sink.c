#include "runner/sink.h"

#include <string.h>

#include "etas/array.h"
#include "etas/text.h"
#include "runner/clock.h"

/* A transaction when so much waits, or for so long. */
enum { FLUSH_BYTES = 8 << 20 };
static const double flush_s = 0.5;

etas_status etas_sink_open(etas_sink *self, etas_store *store, const etas_store_run *run,
                           etas_error *err)
{
    const etas_ranges *const covered = etas_store_covered(store);
    etas_status st;

    *self = (etas_sink){.store = store, .run = run};
    self->kind = etas_work_kind_of(run->blob_len, run->blob);
    if (self->kind == NULL)
        return etas_fail(err, ETAS_E_VERSION, "the run is of a kind that this program cannot make");
    self->payload.kind = self->kind->frames;
    self->whole = (etas_range){run->first_catalog, run->n_catalogs};
    st = etas_ranges_add(&self->todo, self->whole);
    for (size_t i = 0; i < covered->n && st == ETAS_OK; i++) {
        st = etas_ranges_add(&self->taken, covered->items[i]);
        if (st == ETAS_OK)
            st = etas_ranges_subtract(&self->todo, covered->items[i]);
    }
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for the run's ranges");
    return etas_store_tally_get(store, &self->tally, err);
}

const etas_store_tally *etas_sink_tally(const etas_sink *self)
{
    return &self->tally;
}

void etas_sink_close(etas_sink *self)
{
    etas_ranges_free(&self->taken);
    etas_ranges_free(&self->todo);
    etas_payload_free(&self->payload);
    etas_array_free((void **)&self->bytes);
    etas_array_free((void **)&self->entries);
    etas_array_free((void **)&self->frames);
    etas_array_free((void **)&self->tasks);
    *self = (etas_sink){0};
}

/* The decoder knows what catalogues are; what a record is depends on the work. */
static bool are_records(const etas_sink *self)
{
    const etas_records *const r = &self->payload.records;
    size_t at = 0;

    for (size_t i = 0; self->kind->is_record != NULL && i < r->n; i++) {
        if (!self->kind->is_record(r->length[i], r->bytes + at))
            return false;
        at += r->length[i];
    }
    return true;
}

/* Whether a frame is whole and belongs here; the reason otherwise. */
typedef struct judgement {
    etas_frame_header header;
    bool valid;
    char why[200];
} judgement;

static etas_status validate(etas_sink *self, size_t len, const uint8_t bytes[], judgement *out,
                            etas_error *err)
{
    etas_frame_header *const header = &out->header;
    etas_error detail = {0};
    const etas_status st = etas_payload_decode(&self->payload, len, bytes, header, &detail);

    *out->why = '\0';
    out->valid = false;
    if (st == ETAS_E_NOMEM)
        return etas_fail(err, st, "out of memory for a result frame");
    if (st != ETAS_OK)
        etas_error_format(&detail, sizeof out->why, out->why);
    else if (memcmp(header->run, self->run->id, sizeof header->run) != 0)
        etas_format(sizeof out->why, out->why, "the frame is of another run");
    else if (header->first < self->whole.first || header->count > self->whole.count ||
             header->first - self->whole.first > self->whole.count - header->count)
        etas_format(sizeof out->why, out->why, "%s %llu to %llu are not the run's",
                    self->kind->many, (unsigned long long)header->first,
                    (unsigned long long)header->first + header->count - 1);
    else if (!are_records(self))
        etas_format(sizeof out->why, out->why, "the frame's records are not of the run's kind");
    else
        out->valid = true;
    return ETAS_OK;
}

/* Room for one more of everything, so that keeping the frame cannot fail half-way. */
static etas_status make_room(etas_sink *self, size_t len)
{
    etas_status st = ETAS_OK;

    if (len > SIZE_MAX - self->len)
        return ETAS_E_NOMEM;
    st = etas_array_reserve((void **)&self->bytes, &self->capacity, self->len + len, 1);
    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&self->entries, &self->entry_capacity, self->n + 1,
                                sizeof *self->entries);
    return st;
}

static void keep(etas_sink *self, size_t len, const uint8_t bytes[],
                 const etas_frame_header *header)
{
    etas_sink_entry *const e = &self->entries[self->n];

    *e = (etas_sink_entry){.at = self->len};
    e->frame = (etas_store_frame){.first = header->first, .count = header->count, .len = len};
    e->task = (etas_store_task){.first = header->first,
                                .count = header->count,
                                .n_events = header->n_events,
                                .bytes = len,
                                .pid = header->task.pid,
                                .start_ns = header->task.start_ns,
                                .wall_s = header->task.wall_s,
                                .cpu_s = header->task.cpu_s,
                                .peak_memory_bytes = header->task.peak_memory_bytes};
    etas_format(sizeof e->task.host, e->task.host, "%.*s", (int)sizeof header->task.host - 1,
                header->task.host);
    memcpy(self->bytes + self->len, bytes, len);
    if (self->n == 0)
        self->since_s = etas_clock_s();
    self->len += len;
    self->n++;
}

etas_status etas_sink_frame(etas_sink *self, size_t len, const uint8_t bytes[], bool *valid,
                            char why[200], etas_error *err)
{
    judgement found;
    const etas_frame_header *const header = &found.header;
    etas_range range;
    uint64_t known;
    etas_status st = validate(self, len, bytes, &found, err);

    *valid = found.valid;
    if (why != NULL)
        memcpy(why, found.why, sizeof found.why);
    if (st != ETAS_OK || !*valid)
        return st;
    range = (etas_range){header->first, header->count};
    known = etas_ranges_overlap(&self->taken, range);
    self->repeated += known;
    if (known == header->count)
        return ETAS_OK;
    st = make_room(self, len);
    if (st == ETAS_OK)
        st = etas_ranges_add(&self->taken, range);
    if (st == ETAS_OK)
        st = etas_ranges_subtract(&self->todo, range);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for a result frame");
    keep(self, len, bytes, header);
    self->n_events += header->n_events;
    return etas_sink_tick(self, err);
}

etas_status etas_sink_dead(etas_sink *self, etas_range range, const char *why, etas_error *err)
{
    etas_status st;

    if (etas_ranges_overlap(&self->todo, range) == 0)
        return ETAS_OK;
    st = etas_store_add_dead(self->store, range, why, err);
    if (st != ETAS_OK)
        return st;
    st = etas_ranges_subtract(&self->todo, range);
    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for the run's ranges");
}

etas_status etas_sink_flush(etas_sink *self, etas_error *err)
{
    uint64_t n_new;
    etas_status st;

    if (self->n == 0)
        return ETAS_OK;
    st = etas_array_reserve((void **)&self->frames, &self->frame_capacity, self->n,
                            sizeof *self->frames);
    if (st == ETAS_OK)
        st = etas_array_reserve((void **)&self->tasks, &self->task_capacity, self->n,
                                sizeof *self->tasks);
    if (st != ETAS_OK)
        return etas_fail(err, st, "out of memory for %zu result frames", self->n);
    for (size_t i = 0; i < self->n; i++) {
        self->frames[i] = self->entries[i].frame;
        self->frames[i].bytes = self->bytes + self->entries[i].at;
        self->tasks[i] = self->entries[i].task;
    }
    st = etas_store_add(self->store, self->n, self->frames, self->tasks, &n_new, err);
    if (st != ETAS_OK)
        return st;
    for (size_t i = 0; i < self->n;
         i++) /* each had something new, or it would not have been kept */
        etas_store_tally_add(&self->tally, &self->tasks[i]);
    self->n = self->len = 0;
    return ETAS_OK;
}

etas_status etas_sink_distrust(etas_sink *self, const etas_store_fault *fault, etas_error *err)
{
    etas_ranges removed = {0};
    etas_status st = etas_sink_flush(self, err);

    if (st == ETAS_OK)
        st = etas_store_distrust(self->store, fault, &removed, err);
    if (st == ETAS_OK)
        st = etas_store_tally_get(self->store, &self->tally, err);
    for (size_t i = 0; i < removed.n && st == ETAS_OK; i++) {
        st = etas_ranges_subtract(&self->taken, removed.items[i]);
        if (st == ETAS_OK)
            st = etas_ranges_add(&self->todo, removed.items[i]);
        if (st != ETAS_OK)
            etas_fail(err, st, "out of memory for the run's ranges");
    }
    etas_ranges_free(&removed);
    return st;
}

etas_status etas_sink_tick(etas_sink *self, etas_error *err)
{
    return self->n > 0 && (self->len >= FLUSH_BYTES || etas_clock_s() - self->since_s >= flush_s)
               ? etas_sink_flush(self, err)
               : ETAS_OK;
}
