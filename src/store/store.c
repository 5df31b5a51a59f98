#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/text.h"
#include "store/store_private.h"

enum { BUSY_MS = 30000 };

static const char schema[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE frame (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, count INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE TABLE part (first INTEGER PRIMARY KEY, count INTEGER NOT NULL,"
    " frame INTEGER NOT NULL REFERENCES frame(id));"
    "CREATE TABLE task (frame INTEGER PRIMARY KEY REFERENCES frame(id), first INTEGER NOT NULL,"
    " count INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL, host TEXT NOT NULL,"
    " pid INTEGER NOT NULL, start_ns INTEGER NOT NULL, wall_s REAL NOT NULL, cpu_s REAL NOT NULL,"
    " peak_memory_bytes INTEGER NOT NULL, verified_by TEXT);"
    "CREATE TABLE faulty (host TEXT PRIMARY KEY, release TEXT NOT NULL, example INTEGER NOT NULL,"
    " removed INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE phase (name TEXT PRIMARY KEY, seconds REAL NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE dead (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, why TEXT NOT NULL);";

/* ---- the file ---- */

typedef enum file_kind { FILE_NONE, FILE_OURS, FILE_FOREIGN } file_kind;

/* Looks at the file's first bytes without SQLite: a file that is not ours is never opened by it. An
 * empty file counts as none. */
static etas_status look_at(const char *path, file_kind *out, etas_error *err)
{
    uint8_t head[100];
    ssize_t n;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    *out = FILE_NONE;
    if (fd < 0 && errno == ENOENT)
        return ETAS_OK;
    n = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (n < 0) {
        etas_fail(err, ETAS_E_IO, "cannot read the store: %s", strerror(errno));
        etas_error_in_file(err, path);
    }
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return ETAS_E_IO;
    if (n > 0)
        *out = n == (ssize_t)sizeof head && memcmp(head, "SQLite format 3", 16) == 0 &&
                       memcmp(head + 68, "ETAS", 4) == 0
                   ? FILE_OURS
                   : FILE_FOREIGN;
    return ETAS_OK;
}

static etas_status refuse(const char *path, etas_status st, const char *why, etas_error *err)
{
    etas_fail(err, st, "%s", why);
    etas_error_in_file(err, path);
    return st;
}

static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal", ""};
    char name[4096];

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (etas_format(sizeof name, name, "%s%s", path, suffixes[i]) < sizeof name - 1)
            unlink(name);
}

/* ---- opening ---- */

static etas_status connect_to(etas_store *self, int flags, etas_error *err)
{
    if (sqlite3_open_v2(self->path, &self->db, flags | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
        return etas_store_fail(self, "open the store", err);
    sqlite3_busy_timeout(self->db, BUSY_MS);
    return ETAS_OK;
}

static etas_status pragma_int(etas_store *self, const char *sql, int64_t *out, etas_error *err)
{
    sqlite3_stmt *q = NULL;
    etas_status st = etas_store_prepare(self, sql, &q, err);

    if (st == ETAS_OK && sqlite3_step(q) == SQLITE_ROW)
        *out = sqlite3_column_int64(q, 0);
    else if (st == ETAS_OK)
        st = etas_store_fail(self, "read the store", err);
    sqlite3_finalize(q);
    return st;
}

/* A damaged or unknown file must be noticed before it is used. *fresh: it has no tables yet. */
static etas_status check_schema(etas_store *self, bool *fresh, etas_error *err)
{
    int64_t version = 0;
    etas_status st = pragma_int(self, "PRAGMA user_version", &version, err);

    *fresh = version == 0;
    if (st == ETAS_OK && version != 0 && version != ETAS_STORE_SCHEMA) {
        etas_fail(
            err, ETAS_E_VERSION,
            "the store has schema %lld, this program reads schema %d: use the release of etas "
            "that made it",
            (long long)version, ETAS_STORE_SCHEMA);
        etas_error_in_file(err, self->path);
        st = ETAS_E_VERSION;
    }
    return st;
}

static etas_status load_state(etas_store *self, etas_error *err)
{
    char *state = NULL;
    etas_status st = etas_store_meta_get(self, "state", &state, NULL, err);

    if (st == ETAS_OK)
        self->finished =
            state == NULL || strcmp(state, "complete") == 0 || strcmp(state, "new") == 0;
    free(state);
    return st;
}

/* The write-ahead log makes a transaction cost no flush; a power cut may then take the last ones
 * away, which costs their catalogues' time and nothing else. What must not be taken back, the epoch
 * and the end of the run, is flushed (be_durable). */
static etas_status set_journal(etas_store *self, etas_error *err)
{
    const bool wal = etas_store_is_local(self->path);

    return etas_store_exec(self,
                           wal ? "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=4096;"
                                 "PRAGMA journal_size_limit=67108864; PRAGMA synchronous=NORMAL"
                               : "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL",
                           "prepare the store", err);
}

static etas_status be_durable(etas_store *self, bool durable, etas_error *err)
{
    return durable || !etas_store_is_local(self->path)
               ? etas_store_exec(self, "PRAGMA synchronous=FULL", "prepare the store", err)
               : etas_store_exec(self, "PRAGMA synchronous=NORMAL", "prepare the store", err);
}

/* Takes the next epoch, making the tables first where there are none. */
static etas_status take_epoch(etas_store *self, uint64_t after, etas_error *err)
{
    bool fresh;
    int64_t epoch = (int64_t)after;
    etas_status st = be_durable(self, true, err);

    if (st == ETAS_OK)
        st = etas_store_exec(self, "BEGIN IMMEDIATE", "write to the store", err);
    if (st != ETAS_OK)
        return st;
    st = check_schema(self, &fresh, err);
    if (st == ETAS_OK && fresh) {
        char version[64];

        etas_format(sizeof version, version, "PRAGMA user_version=%d", ETAS_STORE_SCHEMA);
        st = etas_store_exec(self, schema, "make the store", err);
        if (st == ETAS_OK)
            st = etas_store_exec(self, version, "make the store", err);
        if (st == ETAS_OK)
            st = etas_store_meta_put_text(self, "state", "new", err);
    } else if (st == ETAS_OK) {
        st = etas_store_meta_int(self, "epoch", 0, &epoch, err);
    }
    if (st == ETAS_OK)
        st = etas_store_meta_put_int(self, "epoch", epoch + 1, err);
    st = etas_store_leave(self, st, err);
    if (st != ETAS_OK)
        return st;
    self->fresh = false;
    self->epoch = (uint64_t)epoch + 1;
    return be_durable(self, false, err);
}

/* What a file of ours that is there holds. */
static etas_status inspect(etas_store *self, etas_error *err)
{
    etas_status st = check_schema(self, &self->fresh, err);

    self->finished = true;
    return st == ETAS_OK && !self->fresh ? load_state(self, err) : st;
}

static etas_status open_writer(etas_store *self, bool create, uint64_t after, etas_error *err)
{
    char sql[64];
    etas_status st =
        connect_to(self, SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0), err);

    /* The mark goes into the file before anything else, so that it is known for ours from then on.
     */
    etas_format(sizeof sql, sql, "PRAGMA application_id=%d", ETAS_STORE_APPLICATION_ID);
    if (st == ETAS_OK && create)
        st = etas_store_exec(self, sql, "make the store", err);
    if (st == ETAS_OK)
        st = inspect(self, err);
    if (st == ETAS_OK)
        st = set_journal(self, err);
    if (st == ETAS_OK)
        st = take_epoch(self, after, err);
    return st == ETAS_OK ? etas_store_load_covered(self, err) : st;
}

static etas_status open_reader(etas_store *self, etas_error *err)
{
    etas_status st = connect_to(self, SQLITE_OPEN_READONLY, err);

    self->readonly = true;
    if (st == ETAS_OK)
        st = inspect(self, err);
    return st == ETAS_OK && !self->fresh ? etas_store_load_covered(self, err) : st;
}

static void disconnect(etas_store *self)
{
    etas_store_finalize_frames(self);
    sqlite3_close(self->db);
    self->db = NULL;
}

/* Whoever still writes to the store that is to go is superseded first. */
static etas_status supersede(etas_store *self, bool restart, uint64_t *epoch, etas_error *err)
{
    etas_status st = connect_to(self, SQLITE_OPEN_READWRITE, err);

    if (st == ETAS_OK)
        st = inspect(self, err);
    if (st == ETAS_OK && !restart && !self->finished)
        return refuse(self->path, ETAS_E_EXISTS,
                      "the store holds an unfinished run: go on with --resume, or throw it away "
                      "with --restart",
                      err);
    if (st == ETAS_OK)
        st = take_epoch(self, 0, err);
    *epoch = self->epoch;
    self->epoch = 0;
    return st;
}

/* CREATE and RESTART. A damaged store, or one of another schema, goes only when asked for. */
static etas_status replace(etas_store *self, file_kind kind, bool restart, etas_error *err)
{
    uint64_t after = 0;

    if (kind == FILE_OURS) {
        etas_error old = {0};
        const etas_status st = supersede(self, restart, &after, &old);

        if (st != ETAS_OK && !(restart && (st == ETAS_E_CORRUPT || st == ETAS_E_VERSION))) {
            if (err != NULL && err->code == ETAS_OK)
                *err = old;
            return st;
        }
        disconnect(self);
        remove_files(self->path);
    }
    return open_writer(self, true, after, err);
}

etas_status etas_store_open(etas_store **out, const char *path, etas_store_mode mode,
                            etas_error *err)
{
    const bool old = mode == ETAS_STORE_RESUME || mode == ETAS_STORE_READ;
    file_kind kind;
    etas_store *self;
    etas_status st = look_at(path, &kind, err);

    *out = NULL;
    if (st != ETAS_OK)
        return st;
    if (kind == FILE_FOREIGN)
        return refuse(path, ETAS_E_CORRUPT,
                      "this file is not a store of etas (or its first bytes are damaged); it is "
                      "left alone",
                      err);
    if (kind == FILE_NONE && old)
        return refuse(path, ETAS_E_IO, "there is no store here", err);
    self = calloc(1, sizeof *self);
    if (self != NULL)
        self->path = strdup(path);
    if (self == NULL || self->path == NULL) {
        free(self);
        return etas_fail(err, ETAS_E_NOMEM, "out of memory for the store");
    }
    if (mode == ETAS_STORE_READ)
        st = open_reader(self, err);
    else if (mode == ETAS_STORE_RESUME)
        st = open_writer(self, false, 0, err);
    else
        st = replace(self, kind, mode == ETAS_STORE_RESTART, err);
    if (st != ETAS_OK)
        etas_store_close(self);
    else
        *out = self;
    return st;
}

void etas_store_close(etas_store *self)
{
    if (self == NULL)
        return;
    etas_store_finalize_frames(self);
    /* At rest a store is one plain file, which can be copied, and read where writing is forbidden;
     * while others have it open it stays as it is. */
    if (self->db != NULL && self->epoch != 0) {
        sqlite3_busy_timeout(self->db, 0);
        sqlite3_exec(self->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    }
    disconnect(self);
    etas_ranges_free(&self->covered);
    free(self->config_text);
    free(self->release);
    free(self->blob);
    free(self->path);
    free(self);
}

uint64_t etas_store_epoch(const etas_store *self)
{
    return self->epoch;
}

bool etas_store_finished(const etas_store *self)
{
    return self->finished;
}

etas_status etas_store_finish(etas_store *self, const char *state, etas_error *err)
{
    etas_status st = ETAS_OK;

    if (strcmp(state, "complete") != 0 && strcmp(state, "incomplete") != 0)
        return etas_fail(err, ETAS_E_ARG, "a run ends complete or incomplete, not \"%s\"", state);
    if (!self->readonly)
        st = be_durable(self, true, err);
    if (st == ETAS_OK)
        st = etas_store_enter(self, err);
    if (st != ETAS_OK)
        return st;
    st = etas_store_leave(self, etas_store_meta_put_text(self, "state", state, err), err);
    if (st != ETAS_OK)
        return st;
    self->finished = strcmp(state, "complete") == 0;
    return be_durable(self, false, err);
}
