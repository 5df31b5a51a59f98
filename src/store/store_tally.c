#include <string.h>

#include "store/store_private.h"

enum { SLOWEST = sizeof((etas_store_tally *)0)->slowest / sizeof(etas_store_task) };

void etas_store_tally_add(etas_store_tally *self, const etas_store_task *task)
{
    size_t at = SLOWEST;

    self->tasks++;
    self->bytes += task->bytes;
    self->wall_s += task->wall_s;
    self->cpu_s += task->cpu_s;
    while (at > 0 && task->wall_s > self->slowest[at - 1].wall_s)
        at--;
    if (at == SLOWEST)
        return;
    memmove(self->slowest + at + 1, self->slowest + at,
            (SLOWEST - 1 - at) * sizeof self->slowest[0]);
    self->slowest[at] = *task;
}

etas_status etas_store_tally_get(etas_store *self, etas_store_tally *out, etas_error *err)
{
    static const char sql[] =
        "SELECT first, count, bytes, wall_s, cpu_s, host FROM task ORDER BY rowid";
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_prepare(self, sql, &q, err);
    int code = SQLITE_DONE;

    *out = (etas_store_tally){0};
    while (st == ETAS_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        etas_store_task task = {.first = (uint64_t)sqlite3_column_int64(q, 0),
                                .count = (uint64_t)sqlite3_column_int64(q, 1),
                                .bytes = (uint64_t)sqlite3_column_int64(q, 2),
                                .wall_s = sqlite3_column_double(q, 3),
                                .cpu_s = sqlite3_column_double(q, 4)};

        etas_store_text(q, 5, sizeof task.host, task.host);
        etas_store_tally_add(out, &task);
    }
    return etas_store_end(self, q, code, st, err);
}
