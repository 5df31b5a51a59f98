/* How a run goes: read by others than its driver. */
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "store/store_private.h"

etas_status etas_store_state_get(etas_store *self, etas_store_state *out, etas_error *err)
{
    static const struct {
        const char *name;
        etas_store_state state;
    } names[] = {{"running", ETAS_STORE_RUNNING},
                 {"complete", ETAS_STORE_COMPLETE},
                 {"incomplete", ETAS_STORE_INCOMPLETE}};
    char *text = NULL;
    etas_status st;

    *out = ETAS_STORE_NEW;
    if (self->fresh)
        return ETAS_OK;
    st = etas_store_meta_get(self, "state", &text, NULL, err);
    for (size_t i = 0; text != NULL && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(text, names[i].name) == 0)
            *out = names[i].state;
    free(text);
    return st;
}

static void read_task(sqlite3_stmt *q, etas_store_task *out)
{
    *out = (etas_store_task){.first = (uint64_t)sqlite3_column_int64(q, 0),
                             .count = (uint64_t)sqlite3_column_int64(q, 1),
                             .n_events = (uint64_t)sqlite3_column_int64(q, 2),
                             .bytes = (uint64_t)sqlite3_column_int64(q, 3),
                             .pid = (uint32_t)sqlite3_column_int64(q, 5),
                             .start_ns = sqlite3_column_int64(q, 6),
                             .wall_s = sqlite3_column_double(q, 7),
                             .cpu_s = sqlite3_column_double(q, 8),
                             .peak_memory_bytes = (uint64_t)sqlite3_column_int64(q, 9)};
    etas_store_text(q, 4, sizeof out->host, out->host);
}

etas_status etas_store_each_task(etas_store *self, etas_store_task_visit visit, void *context,
                                 etas_error *err)
{
    static const char sql[] = "SELECT first, count, events, bytes, host, pid, start_ns, wall_s, "
                              "cpu_s, peak_memory_bytes, verified_by FROM task ORDER BY frame";
    sqlite3_stmt *q = NULL;
    int code = SQLITE_DONE;
    etas_status st = ETAS_OK;

    if (self->fresh)
        return ETAS_OK;
    st = etas_store_prepare(self, sql, &q, err);
    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        etas_store_task task;
        char verified_by[sizeof task.host];

        read_task(q, &task);
        etas_store_text(q, 10, sizeof verified_by, verified_by);
        st = visit(context, &task, verified_by, err);
    }
    return etas_store_end(self, q, code, st, err);
}

etas_status etas_store_phases(etas_store *self, etas_store_phase **items, size_t *n,
                              etas_error *err)
{
    static const char sql[] =
        "SELECT name, seconds FROM phase ORDER BY CASE name WHEN 'load' THEN 0 WHEN 'prepare' THEN "
        "1 WHEN 'invert' THEN 2 WHEN 'plan' THEN 3 WHEN 'simulate' THEN 4 WHEN 'write' THEN 5 ELSE "
        "6 END, name";
    sqlite3_stmt *q = NULL;
    size_t capacity = 0;
    int code = SQLITE_DONE;
    etas_status st = ETAS_OK;

    *items = NULL;
    *n = 0;
    if (self->fresh)
        return ETAS_OK;
    st = etas_store_prepare(self, sql, &q, err);
    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        st = etas_array_reserve((void **)items, &capacity, *n + 1, sizeof **items);
        if (st != ETAS_OK) {
            etas_fail(err, st, "out of memory for the store's phases");
            break;
        }
        etas_store_text(q, 0, sizeof(*items)[*n].name, (*items)[*n].name);
        (*items)[(*n)++].seconds = sqlite3_column_double(q, 1);
    }
    return etas_store_end(self, q, code, st, err);
}

etas_status etas_store_deaths(etas_store *self, etas_store_death **items, size_t *n,
                              etas_error *err)
{
    static const char sql[] = "SELECT first, count, why FROM dead ORDER BY first";
    sqlite3_stmt *q = NULL;
    size_t capacity = 0;
    int code = SQLITE_DONE;
    etas_status st = ETAS_OK;

    *items = NULL;
    *n = 0;
    if (self->fresh)
        return ETAS_OK;
    st = etas_store_prepare(self, sql, &q, err);
    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        const etas_range range = {(uint64_t)sqlite3_column_int64(q, 0),
                                  (uint64_t)sqlite3_column_int64(q, 1)};

        if (etas_ranges_overlap(&self->covered, range) == range.count)
            continue; /* made since */
        st = etas_array_reserve((void **)items, &capacity, *n + 1, sizeof **items);
        if (st != ETAS_OK) {
            etas_fail(err, st, "out of memory for the store's dead");
            break;
        }
        (*items)[*n].range = range;
        etas_store_text(q, 2, sizeof(*items)[*n].why, (*items)[*n].why);
        (*n)++;
    }
    return etas_store_end(self, q, code, st, err);
}
