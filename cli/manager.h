/** @file manager.h  The commands of etas-redis-manager. Each prints its answer on stdout and
 * returns an exit code; what goes wrong is said on stderr. */
#ifndef ETAS_CLI_MANAGER_H
#define ETAS_CLI_MANAGER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "etas/queue.h"
#include "redis_options.h"
#include "talk.h"

enum {
    MANAGER_ARGUMENTS = 1024,
    MANAGER_PATIENCE_S = 10, /**< for an answer: somebody watches */
    MANAGER_DRIVER_GONE_S = 60
};

typedef struct manager {
    talk out;
    redis_options redis;
    etas_queue *queue;
    bool json, check, now, version;
    size_t n;
    const char *arguments[MANAGER_ARGUMENTS]; /**< after the command */
} manager;

int manager_info(manager *self);
int manager_stop(manager *self);
int manager_reset_workers(manager *self);
int manager_init_server(manager *self);
int manager_pause(manager *self);
int manager_resume(manager *self);
int manager_cancel(manager *self);
int manager_retry(manager *self);
int manager_purge(manager *self);

/** The pool's name, for people. */
const char *manager_pool_name(const manager *self);
/** "open", "cancelled" or "finished". */
const char *manager_run_state(const etas_run_info *run);
/** Seconds until the run is complete at its present rate; NaN unknown. */
double manager_run_eta_s(const etas_run_info *run);

/** info --json of @p pool as it stands; NULL: out of memory. */
json_t *manager_info_json(const manager *self, const etas_pool_info *pool);
/** Prints and frees @p root; false when memory was out (also for NULL). */
bool manager_print_json(json_t *root);

#endif
