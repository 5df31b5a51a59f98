#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "store/store_private.h"

static etas_status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return ETAS_E_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* a table or column that should be there is not */
        return ETAS_E_CORRUPT;
    case SQLITE_TOOBIG:
        return ETAS_E_LIMIT;
    default:
        return ETAS_E_IO;
    }
}

etas_status etas_store_fail(const etas_store *self, const char *what, etas_error *err)
{
    const int code = self->db != NULL ? sqlite3_extended_errcode(self->db) : SQLITE_NOMEM;
    const int system = self->db != NULL ? sqlite3_system_errno(self->db) : 0;
    const char *const why = self->db != NULL ? sqlite3_errmsg(self->db) : "out of memory";
    etas_status st = status_of(code);

    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        etas_fail(err, st, "cannot %s: the store is locked by another process", what);
    else if ((code & 0xff) == SQLITE_IOERR && system != 0)
        etas_fail(err, st, "cannot %s: %s (%s)", what, strerror(system), why);
    else if (st == ETAS_E_CORRUPT)
        etas_fail(err, st, "cannot %s: %s (--restart throws a damaged store away)", what, why);
    else
        etas_fail(err, st, "cannot %s: %s", what, why);
    etas_error_in_file(err, self->path);
    return st;
}

etas_status etas_store_exec(etas_store *self, const char *sql, const char *what, etas_error *err)
{
    return sqlite3_exec(self->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? ETAS_OK
               : etas_store_fail(self, what, err);
}

etas_status etas_store_prepare(etas_store *self, const char *sql, sqlite3_stmt **out,
                               etas_error *err)
{
    return sqlite3_prepare_v2(self->db, sql, -1, out, NULL) == SQLITE_OK
               ? ETAS_OK
               : etas_store_fail(self, "read the store", err);
}

etas_status etas_store_end(const etas_store *self, sqlite3_stmt *q, int code, etas_status st,
                           etas_error *err)
{
    if (st == ETAS_OK && code != SQLITE_DONE)
        st = etas_store_fail(self, "read the store", err);
    sqlite3_finalize(q);
    return st;
}

void etas_store_text(sqlite3_stmt *q, int column, size_t capacity, char out[])
{
    const char *const text = (const char *)sqlite3_column_text(q, column);

    etas_format(capacity, out, "%s", text != NULL ? text : "");
}

/* ---- meta ---- */

etas_status etas_store_meta_int(etas_store *self, const char *name, int64_t fallback, int64_t *out,
                                etas_error *err)
{
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_prepare(self, "SELECT value FROM meta WHERE name = ?", &q, err);
    int code;

    if (st != ETAS_OK)
        return st;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    code = sqlite3_step(q);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(q, 0);
    else if (code == SQLITE_DONE)
        *out = fallback;
    else
        st = etas_store_fail(self, "read the store", err);
    sqlite3_finalize(q);
    return st;
}

etas_status etas_store_meta_get(etas_store *self, const char *name, char **out, size_t *len,
                                etas_error *err)
{
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_prepare(self, "SELECT value FROM meta WHERE name = ?", &q, err);
    int code;

    *out = NULL;
    if (st != ETAS_OK)
        return st;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    code = sqlite3_step(q);
    if (code == SQLITE_ROW) {
        const void *const value = sqlite3_column_blob(q, 0);
        const size_t n = (size_t)sqlite3_column_bytes(q, 0);

        *out = malloc(n + 1);
        if (*out == NULL) {
            st = etas_fail(err, ETAS_E_NOMEM, "out of memory for \"%s\" of the store", name);
        } else {
            if (n > 0)
                memcpy(*out, value, n);
            (*out)[n] = '\0';
            if (len != NULL)
                *len = n;
        }
    } else if (code != SQLITE_DONE) {
        st = etas_store_fail(self, "read the store", err);
    }
    sqlite3_finalize(q);
    return st;
}

typedef struct meta_value {
    int type;
    int64_t number;
    size_t len;
    const void *bytes;
} meta_value;

static etas_status meta_put(etas_store *self, const char *name, const meta_value *value,
                            etas_error *err)
{
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_prepare(
        self, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", &q, err);

    if (st != ETAS_OK)
        return st;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    if (value->type == SQLITE_INTEGER)
        sqlite3_bind_int64(q, 2, value->number);
    else if (value->type == SQLITE_TEXT)
        sqlite3_bind_text64(q, 2, value->bytes, value->len, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_blob64(q, 2, value->bytes, value->len, SQLITE_STATIC);
    if (sqlite3_step(q) != SQLITE_DONE)
        st = etas_store_fail(self, "write to the store", err);
    sqlite3_finalize(q);
    return st;
}

etas_status etas_store_meta_put_int(etas_store *self, const char *name, int64_t value,
                                    etas_error *err)
{
    return meta_put(self, name, &(meta_value){.type = SQLITE_INTEGER, .number = value}, err);
}

etas_status etas_store_meta_put_text(etas_store *self, const char *name, const char *value,
                                     etas_error *err)
{
    return meta_put(self, name,
                    &(meta_value){.type = SQLITE_TEXT, .len = strlen(value), .bytes = value}, err);
}

etas_status etas_store_meta_put_blob(etas_store *self, const char *name, size_t len,
                                     const uint8_t bytes[], etas_error *err)
{
    return meta_put(self, name, &(meta_value){.type = SQLITE_BLOB, .len = len, .bytes = bytes},
                    err);
}

/* ---- transactions ---- */

etas_status etas_store_check_epoch(etas_store *self, etas_error *err)
{
    int64_t epoch = 0;
    int moved = 0;
    etas_status st;

    if (self->readonly)
        return ETAS_OK;
    if (sqlite3_file_control(self->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
        moved) {
        etas_fail(err, ETAS_E_SUPERSEDED,
                  "the store was removed or replaced while this driver was at work");
        etas_error_in_file(err, self->path);
        return ETAS_E_SUPERSEDED;
    }
    st = etas_store_meta_int(self, "epoch", 0, &epoch, err);
    if (st == ETAS_OK && epoch != (int64_t)self->epoch) {
        st = etas_fail(err, ETAS_E_SUPERSEDED,
                       "another driver has taken this run over (epoch %lld, ours was %llu)",
                       (long long)epoch, (unsigned long long)self->epoch);
        etas_error_in_file(err, self->path);
    }
    return st;
}

etas_status etas_store_enter(etas_store *self, etas_error *err)
{
    etas_status st;

    if (self->readonly) {
        etas_fail(err, ETAS_E_ARG, "the store is open for reading only");
        etas_error_in_file(err, self->path);
        return ETAS_E_ARG;
    }
    st = etas_store_exec(self, "BEGIN IMMEDIATE", "write to the store", err);
    if (st != ETAS_OK)
        return st;
    st = etas_store_check_epoch(self, err);
    return st == ETAS_OK ? ETAS_OK : etas_store_leave(self, st, err);
}

etas_status etas_store_leave(etas_store *self, etas_status st, etas_error *err)
{
    if (st == ETAS_OK)
        st = etas_store_exec(self, "COMMIT", "write to the store", err);
    if (st != ETAS_OK && !sqlite3_get_autocommit(self->db))
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}
