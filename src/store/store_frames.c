#include <string.h>

#include "etas/array.h"
#include "store/store_private.h"

static etas_status damaged(const etas_store *self, etas_error *err)
{
    etas_fail(err, ETAS_E_CORRUPT, "the store's list of catalogues contradicts itself");
    etas_error_in_file(err, self->path);
    return ETAS_E_CORRUPT;
}

static bool plausible(int64_t first, int64_t count)
{
    return first >= 0 && count > 0 && (uint64_t)first < ETAS_MAX_CATALOGS &&
           (uint64_t)count <= ETAS_MAX_CATALOGS - (uint64_t)first;
}

etas_status etas_store_load_covered(etas_store *self, etas_error *err)
{
    sqlite3_stmt *q = NULL;
    etas_status st =
        etas_store_prepare(self, "SELECT first, count FROM part ORDER BY first", &q, err);
    uint64_t end = 0;
    int code = SQLITE_DONE;

    etas_ranges_free(&self->covered);
    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        const int64_t first = sqlite3_column_int64(q, 0), count = sqlite3_column_int64(q, 1);

        if (!plausible(first, count) || (uint64_t)first < end) {
            st = damaged(self, err);
            break;
        }
        end = (uint64_t)first + (uint64_t)count;
        st = etas_ranges_add(&self->covered, (etas_range){(uint64_t)first, (uint64_t)count});
        if (st != ETAS_OK)
            etas_fail(err, st, "out of memory for the store's ranges");
    }
    return etas_store_end(self, q, code, st, err);
}

const etas_ranges *etas_store_covered(const etas_store *self)
{
    return &self->covered;
}

/* ---- add ---- */

static etas_status prepare_once(etas_store *self, etas_error *err)
{
    static const char frame[] = "INSERT INTO frame (first, count, body) VALUES (?, ?, ?)";
    static const char part[] = "INSERT INTO part (first, count, frame) VALUES (?, ?, ?)";
    static const char task[] =
        "INSERT INTO task (first, count, events, bytes, host, pid, start_ns, wall_s, cpu_s, "
        "peak_memory_bytes, frame) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    etas_status st = ETAS_OK;

    if (self->add_frame == NULL)
        st = etas_store_prepare(self, frame, &self->add_frame, err);
    if (st == ETAS_OK && self->add_part == NULL)
        st = etas_store_prepare(self, part, &self->add_part, err);
    if (st == ETAS_OK && self->add_task == NULL)
        st = etas_store_prepare(self, task, &self->add_task, err);
    return st;
}

void etas_store_finalize_frames(etas_store *self)
{
    sqlite3_finalize(self->add_frame);
    sqlite3_finalize(self->add_part);
    sqlite3_finalize(self->add_task);
    self->add_frame = self->add_part = self->add_task = NULL;
}

etas_status etas_store_perform(etas_store *self, sqlite3_stmt *q, etas_error *err)
{
    const int code = sqlite3_step(q);
    etas_status st =
        code == SQLITE_DONE ? ETAS_OK : etas_store_fail(self, "write to the store", err);

    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return st;
}

static etas_status insert_frame(etas_store *self, const etas_store_frame *f, const etas_ranges *new,
                                int64_t *id, etas_error *err)
{
    etas_status st;

    sqlite3_bind_int64(self->add_frame, 1, (int64_t)f->first);
    sqlite3_bind_int64(self->add_frame, 2, f->count);
    sqlite3_bind_blob64(self->add_frame, 3, f->bytes, f->len, SQLITE_STATIC);
    st = etas_store_perform(self, self->add_frame, err);
    *id = sqlite3_last_insert_rowid(self->db);
    for (size_t i = 0; i < new->n &&st == ETAS_OK; i++) {
        sqlite3_bind_int64(self->add_part, 1, (int64_t) new->items[i].first);
        sqlite3_bind_int64(self->add_part, 2, (int64_t) new->items[i].count);
        sqlite3_bind_int64(self->add_part, 3, *id);
        st = etas_store_perform(self, self->add_part, err);
    }
    return st;
}

static etas_status insert_task(etas_store *self, const etas_store_task *t, int64_t frame,
                               etas_error *err)
{
    sqlite3_stmt *const q = self->add_task;

    sqlite3_bind_int64(q, 1, (int64_t)t->first);
    sqlite3_bind_int64(q, 2, (int64_t)t->count);
    sqlite3_bind_int64(q, 3, (int64_t)t->n_events);
    sqlite3_bind_int64(q, 4, (int64_t)t->bytes);
    sqlite3_bind_text(q, 5, t->host, (int)strnlen(t->host, sizeof t->host), SQLITE_STATIC);
    sqlite3_bind_int64(q, 6, t->pid);
    sqlite3_bind_int64(q, 7, t->start_ns);
    sqlite3_bind_double(q, 8, t->wall_s);
    sqlite3_bind_double(q, 9, t->cpu_s);
    sqlite3_bind_int64(q, 10, (int64_t)t->peak_memory_bytes);
    sqlite3_bind_int64(q, 11, frame);
    return etas_store_perform(self, q, err);
}

/* Takes the ranges of @p known out of *piece, looking only at those near it. */
static etas_status take_out(etas_ranges *piece, etas_range whole, const etas_ranges *known)
{
    etas_status st = ETAS_OK;

    if (etas_ranges_overlap(known, whole) == 0)
        return ETAS_OK;
    for (size_t i = 0; i < known->n && st == ETAS_OK; i++)
        if (known->items[i].first < whole.first + whole.count &&
            known->items[i].first + known->items[i].count > whole.first)
            st = etas_ranges_subtract(piece, known->items[i]);
    return st;
}

etas_status etas_store_cover_room(etas_store *self, size_t n, etas_error *err)
{
    const etas_status st =
        etas_array_reserve((void **)&self->covered.items, &self->covered.capacity,
                           self->covered.n + n, sizeof *self->covered.items);

    return st == ETAS_OK ? st : etas_fail(err, st, "out of memory for the store's ranges");
}

/* Stores what is new of one frame and adds it to @p added. */
static etas_status add_one(etas_store *self, const etas_store_frame *f, const etas_store_task *task,
                           etas_ranges *added, etas_error *err)
{
    const etas_range whole = {f->first, f->count};
    etas_ranges new = {0};
    int64_t id = 0;
    etas_status st = etas_ranges_add(&new, whole);

    if (st == ETAS_OK)
        st = take_out(&new, whole, &self->covered);
    if (st == ETAS_OK)
        st = take_out(&new, whole, added);
    for (size_t i = 0; i < new.n &&st == ETAS_OK; i++)
        st = etas_ranges_add(added, new.items[i]);
    if (st != ETAS_OK)
        etas_fail(err, st, "out of memory for the store's ranges");
    if (st == ETAS_OK && new.n > 0)
        st = insert_frame(self, f, &new, &id, err);
    if (st == ETAS_OK && new.n > 0 && task != NULL)
        st = insert_task(self, task, id, err);
    etas_ranges_free(&new);
    return st;
}

etas_status etas_store_add(etas_store *self, size_t n, const etas_store_frame frames[],
                           const etas_store_task tasks[], uint64_t *n_new, etas_error *err)
{
    etas_ranges added = {0};
    etas_status st;

    *n_new = 0;
    for (size_t i = 0; i < n; i++)
        if (frames[i].first >= ETAS_MAX_CATALOGS || frames[i].count == 0 ||
            frames[i].count > ETAS_MAX_CATALOGS - frames[i].first)
            return etas_fail(err, ETAS_E_ARG, "a frame of no or of impossible catalogues");
    st = etas_store_enter(self, err);
    if (st != ETAS_OK)
        return st;
    st = prepare_once(self, err);
    for (size_t i = 0; i < n && st == ETAS_OK; i++)
        st = add_one(self, &frames[i], tasks != NULL ? &tasks[i] : NULL, &added, err);
    if (st == ETAS_OK)
        st = etas_store_cover_room(self, added.n, err);
    st = etas_store_leave(self, st, err);
    for (size_t i = 0; i < added.n && st == ETAS_OK; i++)
        st = etas_ranges_add(&self->covered, added.items[i]);
    if (st == ETAS_OK)
        *n_new = etas_ranges_total(&added);
    etas_ranges_free(&added);
    return st;
}

/* ---- read back ---- */

/* From the last part that begins at or before the range to the last that begins inside. */
static etas_status select_parts(etas_store *self, etas_range range, sqlite3_stmt **out,
                                etas_error *err)
{
    static const char sql[] = "SELECT p.first, p.count, f.first, f.count, f.body FROM part AS p "
                              "LEFT JOIN frame AS f ON f.id = p.frame WHERE p.first < ?2 "
                              "AND p.first >= (SELECT coalesce(max(first), 0) FROM part "
                              "WHERE first <= ?1) ORDER BY p.first";
    const etas_status st = etas_store_prepare(self, sql, out, err);

    if (st == ETAS_OK) {
        sqlite3_bind_int64(*out, 1, (int64_t)range.first);
        sqlite3_bind_int64(*out, 2, (int64_t)(range.first + range.count));
    }
    return st;
}

/* What @p range and @p part share, into *part; false: nothing. */
static bool clip(etas_range range, etas_range *part)
{
    const uint64_t first = part->first > range.first ? part->first : range.first;
    const uint64_t end = part->first + part->count, stop = range.first + range.count;

    *part = (etas_range){first, (end < stop ? end : stop) - first};
    return first < end && first < stop;
}

etas_status etas_store_find(etas_store *self, etas_range range, etas_store_visit visit,
                            void *context, etas_error *err)
{
    sqlite3_stmt *q = NULL;
    uint64_t end = 0;
    int code = SQLITE_DONE;
    etas_status st =
        range.first > ETAS_MAX_CATALOGS || range.count > ETAS_MAX_CATALOGS - range.first
            ? etas_fail(err, ETAS_E_ARG, "an impossible range of catalogues")
            : select_parts(self, range, &q, err);

    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        const int64_t first = sqlite3_column_int64(q, 0), count = sqlite3_column_int64(q, 1);
        const int64_t from = sqlite3_column_int64(q, 2), n = sqlite3_column_int64(q, 3);
        etas_store_frame frame;
        etas_range part = {(uint64_t)first, (uint64_t)count};

        if (!plausible(first, count) || !plausible(from, n) || n > UINT32_MAX ||
            (uint64_t)first < end || first < from || first + count > from + n) {
            st = damaged(self, err);
            break;
        }
        end = (uint64_t)first + (uint64_t)count;
        frame = (etas_store_frame){.first = (uint64_t)from, .count = (uint32_t)n};
        frame.bytes = sqlite3_column_blob(q, 4);
        frame.len = (size_t)sqlite3_column_bytes(q, 4);
        if (frame.bytes == NULL)
            st = damaged(self, err);
        else if (clip(range, &part))
            st = visit(context, &frame, part, err);
    }
    return etas_store_end(self, q, code, st, err);
}

etas_status etas_store_each(etas_store *self, etas_store_visit visit, void *context,
                            etas_error *err)
{
    return etas_store_find(self, (etas_range){0, ETAS_MAX_CATALOGS}, visit, context, err);
}

/* ---- dead ---- */

etas_status etas_store_add_dead(etas_store *self, etas_range range, const char *why,
                                etas_error *err)
{
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_enter(self, err);

    if (st != ETAS_OK)
        return st;
    st = etas_store_prepare(
        self, "INSERT OR REPLACE INTO dead (first, count, why) VALUES (?, ?, ?)", &q, err);
    if (st == ETAS_OK) {
        sqlite3_bind_int64(q, 1, (int64_t)range.first);
        sqlite3_bind_int64(q, 2, (int64_t)range.count);
        sqlite3_bind_text(q, 3, why, -1, SQLITE_STATIC);
        st = etas_store_perform(self, q, err);
    }
    sqlite3_finalize(q);
    return etas_store_leave(self, st, err);
}

etas_status etas_store_dead(etas_store *self, etas_ranges *out, etas_error *err)
{
    sqlite3_stmt *q = NULL;
    etas_status st =
        etas_store_prepare(self, "SELECT first, count FROM dead ORDER BY first", &q, err);
    int code = SQLITE_DONE;

    etas_ranges_free(out);
    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        const int64_t first = sqlite3_column_int64(q, 0), count = sqlite3_column_int64(q, 1);
        const etas_range r = {(uint64_t)first, (uint64_t)count};

        if (!plausible(first, count)) {
            st = damaged(self, err);
            break;
        }
        st = etas_ranges_add(out, r);
        if (st == ETAS_OK)
            st = take_out(out, r, &self->covered);
        if (st != ETAS_OK)
            etas_fail(err, st, "out of memory for the store's ranges");
    }
    return etas_store_end(self, q, code, st, err);
}
