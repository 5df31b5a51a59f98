/** @file store.h  A run's crash-safe file (SQLite). The schema is in docs/store.md.
 *
 * One writer: opening takes the next epoch in one transaction; every later transaction checks that
 * the epoch is still its own and fails with E_SUPERSEDED otherwise.
 */
#ifndef ETAS_STORE_H
#define ETAS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "etas/api.h"
#include "etas/range.h"
#include "etas/status.h"

ETAS_API_BEGIN

#define ETAS_STORE_SCHEMA 2

/** A path that names no file: the store lives in memory and goes when it is closed. */
#define ETAS_STORE_MEMORY ":memory:"

/** A run's crash-safe file. */
typedef struct etas_store etas_store;

/** What a store is opened for. */
typedef enum etas_store_mode {
    ETAS_STORE_CREATE,  /**< E_EXISTS, naming --resume and --restart, when an unfinished one is
                           there; a finished one is replaced (an incomplete one is not: it can still
                           be resumed). A file that is not a store is never touched: E_CORRUPT */
    ETAS_STORE_RESUME,  /**< E_IO when there is none */
    ETAS_STORE_RESTART, /**< throw away what is there */
    ETAS_STORE_READ     /**< read only, takes no epoch */
} etas_store_mode;

/** What is fixed when a run is created. */
typedef struct etas_store_run {
    uint8_t id[16]; /**< random */
    uint64_t n_catalogs, first_catalog, seed;
    uint32_t algorithm;
    const char *config_text; /**< the configuration's bytes */
    const char *release;
    size_t blob_len;
    const uint8_t *blob;
    uint8_t blob_sha256[32];
} etas_store_run;

/** E_IO, E_CORRUPT or E_VERSION for a file that cannot be used, in words. */
ETAS_NODISCARD etas_status etas_store_open(etas_store **out, const char *path, etas_store_mode mode,
                                           etas_error *err);
void etas_store_close(etas_store *self);
/** The number of the driver that writes: a later one takes the store over. */
uint64_t etas_store_epoch(const etas_store *self);
/** Whether replacing it loses nothing: its run is complete, or it has none. */
bool etas_store_finished(const etas_store *self);

/** Once, right after ETAS_STORE_CREATE or RESTART. */
ETAS_NODISCARD etas_status etas_store_begin(etas_store *self, const etas_store_run *run,
                                            etas_error *err);
/** @p out points into the store until it is closed. */
ETAS_NODISCARD etas_status etas_store_run_get(etas_store *self, etas_store_run *out,
                                              etas_error *err);

/** A validated frame as it came. */
typedef struct etas_store_frame {
    uint64_t first;
    uint32_t count;
    size_t len;
    const uint8_t *bytes;
} etas_store_frame;

/** One row per task. */
typedef struct etas_store_task {
    uint64_t first, count, n_events, bytes;
    char host[64];
    uint32_t pid;
    int64_t start_ns;
    double wall_s, cpu_s;
    uint64_t peak_memory_bytes;
} etas_store_task;

/** Sums over tasks and the slowest of them, in falling order of wall_s (0: no entry). */
typedef struct etas_store_tally {
    uint64_t tasks, bytes;
    double wall_s, cpu_s;
    etas_store_task slowest[3];
} etas_store_tally;
/** One task more. */
void etas_store_tally_add(etas_store_tally *self, const etas_store_task *task);
/** Of every task row there is. */
ETAS_NODISCARD etas_status etas_store_tally_get(etas_store *self, etas_store_tally *out,
                                                etas_error *err);

/** Add frames and their task rows in one durable transaction. Catalogues that are covered already
 * are skipped; *n_new counts the new ones. */
ETAS_NODISCARD etas_status etas_store_add(etas_store *self, size_t n,
                                          const etas_store_frame frames[],
                                          const etas_store_task tasks[], uint64_t *n_new,
                                          etas_error *err);
/** What is stored; belongs to the store, changes with etas_store_add. */
const etas_ranges *etas_store_covered(const etas_store *self);

/** Catalogues that could not be made, with why; etas_store_dead leaves out what is stored. */
ETAS_NODISCARD etas_status etas_store_add_dead(etas_store *self, etas_range range, const char *why,
                                               etas_error *err);
/** Those that are not stored after all; free with etas_ranges_free. */
ETAS_NODISCARD etas_status etas_store_dead(etas_store *self, etas_ranges *out, etas_error *err);

/** Number that rises by one with every call, kept across resumes: the serial of a submission. */
ETAS_NODISCARD etas_status etas_store_next_serial(etas_store *self, uint64_t *out, etas_error *err);

/** Seconds spent in a phase: load, prepare, invert, plan, simulate, write. Adds up over resumes. */
ETAS_NODISCARD etas_status etas_store_add_phase(etas_store *self, const char *phase, double seconds,
                                                etas_error *err);
/** Small facts by name (text); the getter answers NULL in *value when absent, else a string to be
 * freed with free(). */
ETAS_NODISCARD etas_status etas_store_set(etas_store *self, const char *name, const char *value,
                                          etas_error *err);
/** The text under that name, NULL for none; free with free(). */
ETAS_NODISCARD etas_status etas_store_get(etas_store *self, const char *name, char **value,
                                          etas_error *err);
/** Checks the epoch; call before the final rename of an output. */
ETAS_NODISCARD etas_status etas_store_check_epoch(etas_store *self, etas_error *err);
/** Marks the run's end: "complete", or "incomplete" (it may be resumed to try the rest again). */
ETAS_NODISCARD etas_status etas_store_finish(etas_store *self, const char *state, etas_error *err);

/** Calls visit(context, frame, part) for every stored piece in order of its first catalogue; part
 * says which catalogues of the frame to use. Stops at the first status that is not ETAS_OK. */
typedef etas_status (*etas_store_visit)(void *context, const etas_store_frame *frame,
                                        etas_range part, etas_error *err);
/** Visits everything that is stored. */
ETAS_NODISCARD etas_status etas_store_each(etas_store *self, etas_store_visit visit, void *context,
                                           etas_error *err);
/** The same for what is stored of @p range; the parts lie within it. */
ETAS_NODISCARD etas_status etas_store_find(etas_store *self, etas_range range,
                                           etas_store_visit visit, void *context, etas_error *err);

/* ---- who made what, and who can be believed ---- */

/** A task whose frame is in the store. */
typedef struct etas_store_made {
    uint64_t id; /**< rises with every frame that is added, until a host is distrusted */
    uint64_t first, count;
    char host[64];
    char verified_by[64]; /**< host that has made the same again; "" so far none */
} etas_store_made;
/** Up to @p capacity tasks with ids above @p after, by rising ids. */
ETAS_NODISCARD etas_status etas_store_made_after(etas_store *self, uint64_t after, size_t capacity,
                                                 etas_store_made out[], size_t *n, etas_error *err);
/** Notes items[i].verified_by for each of these tasks in one durable transaction. */
ETAS_NODISCARD etas_status etas_store_verified(etas_store *self, size_t n,
                                               const etas_store_made items[], etas_error *err);

/** A host whose results were found to be wrong. */
typedef struct etas_store_fault {
    char host[64], release[24];
    uint64_t index;   /**< something that it made wrong */
    uint64_t removed; /**< what it had made and was taken out for it */
} etas_store_fault;
/** Takes everything that fault->host has made out of the store, and what its word has verified is
 * verified no more, in one durable transaction that notes the fault. *removed (starts as {0}): what
 * is missing now. fault->removed is not read. */
ETAS_NODISCARD etas_status etas_store_distrust(etas_store *self, const etas_store_fault *fault,
                                               etas_ranges *removed, etas_error *err);
/** Hosts distrusted so far, by name; *items is an etas_array of *n. */
ETAS_NODISCARD etas_status etas_store_faults(etas_store *self, etas_store_fault **items, size_t *n,
                                             etas_error *err);

/* ---- how a run goes, or went: also of a store that somebody writes to ---- */

/** How far a store's run is. */
typedef enum etas_store_state {
    ETAS_STORE_NEW,       /**< its run has not begun */
    ETAS_STORE_RUNNING,   /**< or left before its end */
    ETAS_STORE_COMPLETE,  /**< everything is there */
    ETAS_STORE_INCOMPLETE /**< everything but what is dead */
} etas_store_state;
/** Reads that state. */
ETAS_NODISCARD etas_status etas_store_state_get(etas_store *self, etas_store_state *out,
                                                etas_error *err);

/** Calls visit(context, task, verified_by) for every task whose frame is in the store, as they
 * came; verified_by is "" so far none. Stops at the first status that is not ETAS_OK. */
typedef etas_status (*etas_store_task_visit)(void *context, const etas_store_task *task,
                                             const char *verified_by, etas_error *err);
/** Visits every task. */
ETAS_NODISCARD etas_status etas_store_each_task(etas_store *self, etas_store_task_visit visit,
                                                void *context, etas_error *err);

/** A phase of a run and how long it took. */
typedef struct etas_store_phase {
    char name[24];
    double seconds;
} etas_store_phase;
/** In the order in which a run goes through them; *items is an etas_array of *n. */
ETAS_NODISCARD etas_status etas_store_phases(etas_store *self, etas_store_phase **items, size_t *n,
                                             etas_error *err);

/** Catalogues that are dead, and why. */
typedef struct etas_store_death {
    etas_range range;
    char why[288];
} etas_store_death;
/** What could not be made and is not stored; *items is an etas_array of *n. */
ETAS_NODISCARD etas_status etas_store_deaths(etas_store *self, etas_store_death **items, size_t *n,
                                             etas_error *err);

ETAS_API_END

#endif
