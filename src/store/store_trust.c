/* Who made what, what others have made again, and hosts that cannot be believed. */
#include "etas/array.h"
#include "store/store_private.h"

etas_status etas_store_made_after(etas_store *self, uint64_t after, size_t capacity,
                                  etas_store_made out[], size_t *n, etas_error *err)
{
    static const char sql[] = "SELECT frame, first, count, host, verified_by FROM task "
                              "WHERE frame > ? ORDER BY frame LIMIT ?";
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_prepare(self, sql, &q, err);
    int code = SQLITE_DONE;

    *n = 0;
    if (st != ETAS_OK)
        return st;
    sqlite3_bind_int64(q, 1, (int64_t)after);
    sqlite3_bind_int64(q, 2, (int64_t)capacity);
    while (*n < capacity && (code = sqlite3_step(q)) == SQLITE_ROW) {
        etas_store_made *const task = &out[(*n)++];

        task->id = (uint64_t)sqlite3_column_int64(q, 0);
        task->first = (uint64_t)sqlite3_column_int64(q, 1);
        task->count = (uint64_t)sqlite3_column_int64(q, 2);
        etas_store_text(q, 3, sizeof task->host, task->host);
        etas_store_text(q, 4, sizeof task->verified_by, task->verified_by);
    }
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        st = etas_store_fail(self, "read the store", err);
    sqlite3_finalize(q);
    return st;
}

etas_status etas_store_verified(etas_store *self, size_t n, const etas_store_made items[],
                                etas_error *err)
{
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_enter(self, err);

    if (st != ETAS_OK)
        return st;
    st = etas_store_prepare(self, "UPDATE task SET verified_by = ? WHERE frame = ?", &q, err);
    for (size_t i = 0; i < n && st == ETAS_OK; i++) {
        sqlite3_bind_text(q, 1, items[i].verified_by, -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 2, (int64_t)items[i].id);
        st = etas_store_perform(self, q, err);
    }
    sqlite3_finalize(q);
    return etas_store_leave(self, st, err);
}

/* ---- distrust ---- */

static etas_status made_by(etas_store *self, const char *host, etas_ranges *out, etas_error *err)
{
    static const char sql[] = "SELECT first, count FROM part WHERE frame IN "
                              "(SELECT frame FROM task WHERE host = ?) ORDER BY first";
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_prepare(self, sql, &q, err);
    int code = SQLITE_DONE;

    if (st == ETAS_OK)
        sqlite3_bind_text(q, 1, host, -1, SQLITE_STATIC);
    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        st = etas_ranges_add(out, (etas_range){(uint64_t)sqlite3_column_int64(q, 0),
                                               (uint64_t)sqlite3_column_int64(q, 1)});
        if (st != ETAS_OK)
            etas_fail(err, st, "out of memory for the store's ranges");
    }
    return etas_store_end(self, q, code, st, err);
}

static etas_status note_fault(etas_store *self, const etas_store_fault *fault, uint64_t removed,
                              etas_error *err)
{
    static const char sql[] = "INSERT INTO faulty (host, release, example, removed) "
                              "VALUES (?, ?, ?, ?) ON CONFLICT (host) "
                              "DO UPDATE SET removed = removed + excluded.removed";
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_prepare(self, sql, &q, err);

    if (st == ETAS_OK) {
        sqlite3_bind_text(q, 1, fault->host, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 2, fault->release, -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 3, (int64_t)fault->index);
        sqlite3_bind_int64(q, 4, (int64_t)removed);
        st = etas_store_perform(self, q, err);
    }
    sqlite3_finalize(q);
    return st;
}

static etas_status take_out_of(etas_store *self, const char *host, etas_error *err)
{
    static const char *const steps[] = {
        "DELETE FROM part WHERE frame IN (SELECT frame FROM task WHERE host = ?)",
        "DELETE FROM frame WHERE id IN (SELECT frame FROM task WHERE host = ?)",
        "DELETE FROM task WHERE host = ?",
        "UPDATE task SET verified_by = NULL WHERE verified_by = ?",
    };
    etas_status st = ETAS_OK;

    for (size_t i = 0; i < sizeof steps / sizeof *steps && st == ETAS_OK; i++) {
        sqlite3_stmt *q = NULL;

        st = etas_store_prepare(self, steps[i], &q, err);
        if (st == ETAS_OK) {
            sqlite3_bind_text(q, 1, host, -1, SQLITE_STATIC);
            st = etas_store_perform(self, q, err);
        }
        sqlite3_finalize(q);
    }
    return st;
}

etas_status etas_store_distrust(etas_store *self, const etas_store_fault *fault,
                                etas_ranges *removed, etas_error *err)
{
    etas_ranges *const covered = &self->covered;
    etas_status st = etas_store_enter(self, err);

    if (st != ETAS_OK)
        return st;
    st = made_by(self, fault->host, removed, err);
    if (st == ETAS_OK)
        st = take_out_of(self, fault->host, err);
    if (st == ETAS_OK)
        st = note_fault(self, fault, etas_ranges_total(removed), err);
    if (st == ETAS_OK)
        st = etas_store_cover_room(self, removed->n, err);
    st = etas_store_leave(self, st, err);
    for (size_t i = 0; i < removed->n && st == ETAS_OK; i++)
        st = etas_ranges_subtract(covered, removed->items[i]);
    return st;
}

etas_status etas_store_faults(etas_store *self, etas_store_fault **items, size_t *n,
                              etas_error *err)
{
    static const char sql[] = "SELECT host, release, example, removed FROM faulty ORDER BY host";
    sqlite3_stmt *q = NULL;
    size_t capacity = 0;
    int code = SQLITE_DONE;
    etas_status st = etas_store_prepare(self, sql, &q, err);

    *items = NULL;
    *n = 0;
    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        etas_store_fault *fault;

        st = etas_array_reserve((void **)items, &capacity, *n + 1, sizeof **items);
        if (st != ETAS_OK) {
            etas_fail(err, st, "out of memory for the store's hosts");
            break;
        }
        fault = &(*items)[(*n)++];
        etas_store_text(q, 0, sizeof fault->host, fault->host);
        etas_store_text(q, 1, sizeof fault->release, fault->release);
        fault->index = (uint64_t)sqlite3_column_int64(q, 2);
        fault->removed = (uint64_t)sqlite3_column_int64(q, 3);
    }
    st = etas_store_end(self, q, code, st, err);
    if (st != ETAS_OK) {
        etas_array_free((void **)items);
        *n = 0;
    }
    return st;
}
