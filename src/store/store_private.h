/** @file store_private.h  What the store's files share. */
#ifndef ETAS_SRC_STORE_STORE_PRIVATE_H
#define ETAS_SRC_STORE_STORE_PRIVATE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "etas/store.h"

#define ETAS_STORE_APPLICATION_ID 0x45544153 /* "ETAS" */

struct etas_store {
    sqlite3 *db;
    char *path;
    bool readonly, finished;
    bool fresh; /* it has no tables: left behind by a program that died at its first step */
    uint64_t epoch;
    etas_ranges covered;
    sqlite3_stmt *add_frame, *add_part, *add_task; /* prepared on first use */
    etas_store_run run;                            /* once it has been read */
    bool run_known;
    char *config_text, *release;
    uint8_t *blob;
};

/** What SQLite just said, as ours; @p what is the deed that failed. */
etas_status etas_store_fail(const etas_store *self, const char *what, etas_error *err);

ETAS_NODISCARD etas_status etas_store_exec(etas_store *self, const char *sql, const char *what,
                                           etas_error *err);
ETAS_NODISCARD etas_status etas_store_prepare(etas_store *self, const char *sql, sqlite3_stmt **out,
                                              etas_error *err);
/** One step of a statement that gives nothing back; it can then be bound and run again. */
ETAS_NODISCARD etas_status etas_store_perform(etas_store *self, sqlite3_stmt *q, etas_error *err);
/** The end of a statement that was read until @p code came: an error if that is not its last row's.
 */
ETAS_NODISCARD etas_status etas_store_end(const etas_store *self, sqlite3_stmt *q, int code,
                                          etas_status st, etas_error *err);
/** A column of text, cut to what fits; "" for none. */
void etas_store_text(sqlite3_stmt *q, int column, size_t capacity, char out[]);
/** The value of a row of meta that is an integer; @p fallback when there is no such row. */
ETAS_NODISCARD etas_status etas_store_meta_int(etas_store *self, const char *name, int64_t fallback,
                                               int64_t *out, etas_error *err);
ETAS_NODISCARD etas_status etas_store_meta_put_int(etas_store *self, const char *name,
                                                   int64_t value, etas_error *err);
ETAS_NODISCARD etas_status etas_store_meta_put_text(etas_store *self, const char *name,
                                                    const char *value, etas_error *err);
ETAS_NODISCARD etas_status etas_store_meta_put_blob(etas_store *self, const char *name, size_t len,
                                                    const uint8_t bytes[], etas_error *err);
/** *out is malloc'd and terminated, NULL when there is no such row; *len may be NULL. */
ETAS_NODISCARD etas_status etas_store_meta_get(etas_store *self, const char *name, char **out,
                                               size_t *len, etas_error *err);

/** Start a transaction that may write, and see that the epoch is still ours. */
ETAS_NODISCARD etas_status etas_store_enter(etas_store *self, etas_error *err);
/** End it: commit when @p st is ETAS_OK, else roll back; returns the first thing that went wrong.
 */
ETAS_NODISCARD etas_status etas_store_leave(etas_store *self, etas_status st, etas_error *err);

/** Read which catalogues are there. */
ETAS_NODISCARD etas_status etas_store_load_covered(etas_store *self, etas_error *err);
/** Room for @p n more ranges of them before a commit, so that nothing can go wrong after it. */
ETAS_NODISCARD etas_status etas_store_cover_room(etas_store *self, size_t n, etas_error *err);
void etas_store_finalize_frames(etas_store *self);

/** Whether SQLite's write-ahead log works on the file system of @p path: not on one that several
 * machines share. */
bool etas_store_is_local(const char *path);

#endif
